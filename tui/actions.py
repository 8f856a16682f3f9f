"""The one registry of what a user can do: keys, footer, `?` help, command palette and keymap file are made from it.

**Adding an action** is one line here and a method `action_NAME` (its id with "-" as "_") on the screen it belongs to.
The text is written once: `title` stands in the footer and the palette, `help` in the `?` screen.
Keys leave out the prefixes of tmux and screen (ctrl+b, ctrl+a) and what terminals keep for themselves (ctrl+z, ctrl+s).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType

from l2t.errors import UsageError, unknown

EVERYWHERE = "everywhere"
TABLES = "tables"
"""Moving in a table, wherever one has the focus."""


@dataclass(frozen=True)
class Action:
    """Something that a key does."""

    id: str
    """Name in the keymap file; the method is `action_` and this with "_"."""
    keys: str
    """Keys as Textual names them, comma-separated."""
    title: str
    """One or two words."""
    help: str
    """One sentence."""
    where: str
    """The screen it belongs to, `EVERYWHERE` or `TABLES`."""
    footer: bool = True
    """Whether the footer shows it."""
    writes: bool = False
    """Whether it changes the store; refused with --read-only."""
    first: bool = False
    """Whether its keys are its own even where a line of text has the focus."""

    @property
    def method(self) -> str:
        """Name of the method without `action_`."""
        return self.id.replace("-", "_")


ACTIONS = (
    Action("matrix", "1", "Matrix", "Methods × (data set, shots): the answer as it forms.", EVERYWHERE, False),
    Action("queue", "2", "Queue", "Every run: running, waiting, failed, done.", EVERYWHERE, False),
    Action("new-sweep", "3,n", "New sweep", "Choose what to run, see what it takes, queue it.", EVERYWHERE, False),
    Action("devices", "4", "Devices", "GPUs, CPU, slots, and the supervisor that works in them.", EVERYWHERE, False),
    Action("report", "5", "Report", "Tables and tests of what is done, to read and to export.", EVERYWHERE, False),
    Action("back", "escape,backspace", "Back", "Leave this screen.", EVERYWHERE, False),
    Action("freeze", "f5", "Freeze", "Stop or go on refreshing the screen.", EVERYWHERE, False),
    Action("rate", "f6", "Rate", "Refresh faster or slower: every 0.5, 1, 2, 5 s.", EVERYWHERE, False),
    Action("theme", "f7", "Theme", "Dark, light, the terminal's own colours.", EVERYWHERE, False),
    Action("palette", "ctrl+p,colon", "Palette", "Find any action by its name.", EVERYWHERE),
    Action("help", "question_mark,f1", "Help", "All keys of this screen.", EVERYWHERE),
    Action("quit", "q,ctrl+q", "Quit", "Close the screen. Runs and supervisor go on.", EVERYWHERE),
    #
    Action("up", "up,k", "Up", "One line up.", TABLES, False),
    Action("down", "down,j", "Down", "One line down.", TABLES, False),
    Action("left", "left,h", "Left", "One column to the left.", TABLES, False),
    Action("right", "right,l", "Right", "One column to the right.", TABLES, False),
    Action("page-up", "pageup,ctrl+u", "Page up", "One page up.", TABLES, False),
    Action("page-down", "pagedown,ctrl+d", "Page down", "One page down.", TABLES, False),
    Action("first", "home,g", "First", "To the first line.", TABLES, False),
    Action("last", "end,G", "Last", "To the last line.", TABLES, False),
    Action("open", "enter", "Open", "Open what the cursor is on.", TABLES),
    #
    Action("next-table", "right_square_bracket,tab", "Next table", "Other target, source or training.", "matrix"),
    Action("previous-table", "left_square_bracket,shift+tab", "Previous table", "The one before.", "matrix", False),
    Action("measure", "m", "Figures", "Show mean ± interval, difference, p-value or counts.", "matrix"),
    Action("cell-queue", "r", "Its runs", "The runs of this cell in the queue.", "matrix"),
    #
    Action("seed-curves", "o", "Curves", "Learning curves of the cell: mean and band over its seeds.", "cell"),
    Action("retry-cell", "R", "Retry failed", "Try the cell's failed runs again.", "cell", writes=True),
    #
    Action("filter", "slash", "Filter", "Show some runs: method=l2tww shots=5 state=failed.", "queue"),
    Action("next-state", "right_square_bracket,tab", "State", "All, running, waiting, failed or done runs.", "queue"),
    Action("previous-state", "left_square_bracket,shift+tab", "State back", "The choice before.", "queue", False),
    Action("sort", "s", "Sort", "Sort by the next column.", "queue", False),
    Action("reverse", "S", "Reverse", "Turn the order round.", "queue", False),
    Action("mark", "space", "Mark", "Mark or unmark the run; actions then take all marked ones.", "queue"),
    Action("mark-all", "a", "Mark all", "Mark all runs that the filter shows, or none.", "queue", False),
    Action("overlay-marked", "o", "Overlay", "Curves of the marked runs in one plot; of many of one cell the mean.",
           "queue", False),
    Action("pause", "p", "Pause", "Let no worker begin them; twice: also checkpoint what runs.", "queue", writes=True),
    Action("resume", "u", "Resume", "Let paused runs go on.", "queue", False, True),
    Action("cancel", "c", "Cancel", "Give them up, after a question.", "queue", writes=True),
    Action("retry", "r", "Retry", "Queue failed and cancelled runs again.", "queue", False, True),
    Action("raise", "plus", "Sooner", "Priority one higher.", "queue", False, True),
    Action("lower", "minus", "Later", "Priority one lower.", "queue", False, True),
    Action("tag", "t", "Tags", "Add tags, or take them away with a minus before them.", "queue", False, True),
    Action("note", "e", "Note", "Write a note on them.", "queue", False, True),
    Action("clear", "D", "Clear", "Forget failed and cancelled runs, after a question.", "queue", False, True),
    #
    Action("next-view", "tab", "View", "Curves, meta-weights, log, specification.", "run"),
    Action("previous-view", "shift+tab", "View back", "The view before.", "run", False),
    Action("next-plot", "m", "Quantity", "Loss, accuracy, learning rate.", "run"),
    Action("log-scale", "y", "Log scale", "Logarithmic or linear y axis.", "run"),
    Action("smooth", "s", "Smooth", "More smoothing, then none again.", "run"),
    Action("zoom-in", "plus", "Zoom in", "Half as many epochs.", "run", False),
    Action("zoom-out", "minus", "Zoom out", "Twice as many epochs.", "run", False),
    Action("pan-left", "H", "Earlier", "Move to earlier epochs.", "run", False),
    Action("pan-right", "L", "Later", "Move to later epochs.", "run", False),
    Action("cursor-left", "left,h", "Cursor left", "Values at an earlier epoch.", "run", False),
    Action("cursor-right", "right,l", "Cursor right", "Values at a later epoch.", "run", False),
    Action("whole", "0", "Whole", "All epochs, no cursor.", "run", False),
    Action("overlay", "o", "Overlay", "Lay the cell's other seeds over it: mean and band.", "run"),
    Action("compare", "v", "Compare", "What differs from another run.", "run"),
    Action("search", "slash", "Search", "Find text in the log.", "run", False),
    Action("next-match", "n,ctrl+n", "Next match", "The next line of the log that was searched for.", "run", False),
    Action("previous-match", "N", "Match before", "The line before that was searched for.", "run", False),
    Action("follow", "f", "Follow", "Stay at the log's end, or stop.", "run", False),
    Action("next-epoch", "period", "Epoch", "Meta-weights at the next epoch that has them.", "run"),
    Action("previous-epoch", "comma", "Epoch before", "Meta-weights one epoch earlier.", "run", False),
    Action("play", "space", "Play", "Run through the epochs, or stop.", "run"),
    Action("next-pair", "right_square_bracket", "Pair", "Weights of the next pair of layers.", "run"),
    Action("previous-pair", "left_square_bracket", "Pair before", "Weights of the pair before.", "run", False),
    Action("next-image", "i", "Image", "The mean of the probe, or one of its images.", "run"),
    #
    Action("submit", "f2,ctrl+r", "Queue it", "Queue the sweep.", "sweep", writes=True),
    Action("submit-up", "f3", "Start it", "Queue it, and start a supervisor where none works.", "sweep", writes=True),
    Action("copy-line", "f4", "Copy line", "Copy the l2t run line that does the same.", "sweep"),
    Action("next-field", "tab", "Next field", "The field below; what has been begun is completed first.", "sweep",
           False, first=True),
    Action("previous-field", "shift+tab", "Field before", "The field above.", "sweep", False, first=True),
    Action("choice-down", "down", "Choices", "Into the choices beside the field, and down in them.", "sweep", False,
           first=True),
    Action("choice-up", "up", "Choices up", "Up in the choices, and out of them.", "sweep", False, first=True),
    Action("take", "enter", "Take", "Take the choice, or take it back; without one, the field below.", "sweep", False,
           first=True),
    Action("leave", "escape", "Leave", "Leave the choices, then the form; what stands there is kept.", "sweep", False,
           first=True),
    Action("preview-down", "pagedown", "More cells", "The cells further down.", "sweep", False, first=True),
    Action("preview-up", "pageup", "Cells back", "The cells further up.", "sweep", False, first=True),
    #
    Action("supervisor-up", "u", "Start", "Start the supervisor: it works on the queue in the background.", "devices",
           writes=True),
    Action("supervisor-down", "d", "Stop", "End the supervisor after what runs now.", "devices", writes=True),
    Action("supervisor-down-now", "D", "Stop now", "Checkpoint what runs, then end.", "devices", writes=True),
    #
    Action("recompute", "r", "Compute", "Compute it again, of all that has ended by now.", "report"),
    Action("report-filter", "slash", "Filter", "A report of some runs: method=l2tww,ufm shots=5.", "report"),
    Action("baseline", "b", "Baseline", "The row that the others are compared with.", "report"),
    Action("metric", "m", "Metric", "Accuracy after the last epoch, at the one best on validation, or the rare class.",
           "report", False),
    Action("family", "f", "Family", "Correct p-values over all tests, or over each data set's.", "report", False),
    Action("brief", "v", "Brief", "Without bootstrap intervals, effect sizes and provenance, or with them.", "report",
           False),
    Action("sections", "s", "Sections", "What stands beside the tables: costs per-class against=thesis all-tests.",
           "report"),
    Action("export", "e", "Export", "Write it to a file, as its name ends: .html .md .tex .csv .json.", "report"),
    Action("stop-report", "escape", "Stop", "Stop what is computed, else leave this screen.", "report", False),
)  # fmt: skip
"""All of them, in the order of footer and help."""


def of(where: str) -> list[Action]:
    """The actions of one screen, without those that are everywhere."""
    return [action for action in ACTIONS if action.where == where]


def bindings(where: str) -> list[BindingType]:
    """Textual's bindings of one screen (or `EVERYWHERE`, `TABLES`)."""
    return [
        Binding(
            action.keys,
            action.method,
            action.title,
            show=action.footer,
            priority=action.first,
            id=action.id,
            tooltip=action.help,
        )
        for action in of(where)
    ]


_KEY = re.compile(r"\s*[^\W\d_]\w*(\+\w+)*\s*|\s*[!-+\--~]\s*")
"""A key as Textual names it ("ctrl+x", "slash"), or a character."""


def checked_keymap(keys: Mapping[str, object]) -> dict[str, str]:
    """A keymap as the user's file has it: action → keys, comma-separated. UsageError for an action there is none of,
    and for what are no keys."""
    known = {action.id for action in ACTIONS}
    for name, value in keys.items():
        if name not in known:
            raise unknown("action", name, known, "the ? screen")
        if not isinstance(value, str) or not all(map(_KEY.fullmatch, value.split(","))):
            raise UsageError(f"keys of {name}: {value!r} names no keys. Example: {name} = 'x,ctrl+x'")
    return {name: str(value) for name, value in keys.items()}


def shadowed(keys: Mapping[str, str], wheres: Iterable[str]) -> list[str]:
    """Keys that two actions of these places claim, as sentences."""
    claimed: dict[str, str] = {}
    found = []
    for where in wheres:
        for action in of(where):
            for key in keys.get(action.id, action.keys).split(","):
                other = claimed.setdefault(key.strip(), action.id)
                if other != action.id:
                    found.append(f"{key.strip()} is {other} and {action.id}")
    return found
