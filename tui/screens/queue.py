"""Every run: what runs, waits, failed or is done; filtered, sorted, marked, and acted upon."""

from collections.abc import Callable
from time import monotonic

from textual.app import ComposeResult
from textual.widgets import Static

from l2t.errors import UsageError
from l2t.printable import printable
from l2t.store.filter import HELP, Filter, ids, parse
from l2t.store.paging import ORDERS
from l2t.store.rows import Changed, RunRow
from l2t.store.store import Store
from l2t.words import duration
from tui.feed import Frame
from tui.runs import HEADS, RunsView, Window, lines_of, words
from tui.screen import L2TScreen
from tui.screens.prompt import Confirm, Prompt
from tui.widgets.table import Table
from tui.words import counted

TWICE = 10.0
"""Seconds within which pausing again means now."""
MARKING = 10.0
"""Seconds within which marks on all runs that are shown come; actions pressed before do nothing."""
STATES = ("", "state=running", "state=queued,paused,interrupted", "state=failed,cancelled", "state=done")
GREATEST_FIRST = ("finished", "accuracy", "priority", "created")
"""Orders that begin at their end."""
NAMES = ("all", "running", "waiting", "failed", "done")
EMPTY = "No runs yet.\n\n3  chooses what to run and queues it."
NONE = "No run meets this filter.\n\n/  changes it, ] shows runs of other states."


class QueueScreen(L2TScreen):
    """The table of runs."""

    NAME = "queue"

    def __init__(self) -> None:
        super().__init__()
        self._left = ""
        self._state = 0
        self._where = (0, 60)
        self._window: Window | None = None
        self._read: tuple[str, ...] = ()
        self._paused: tuple[frozenset[str], float] = (frozenset(), 0.0)
        self._marking = float("-inf")
        """Until when marks are waited for, of the monotonic clock."""

    def body(self) -> ComposeResult:
        yield Static("", classes="title", id="title", markup=False)
        yield Table(HEADS, EMPTY, id="runs")
        yield Static("", classes="foot", id="foot", markup=False)

    def on_mount(self) -> None:
        if self.l2t.memory.states in NAMES:
            self._state = NAMES.index(self.l2t.memory.states)
        self.table.sorted = self.l2t.memory.order
        self.table.focus()

    @property
    def table(self) -> Table:
        return self.query_one("#runs", Table)

    @property
    def asked(self) -> tuple[str, ...]:
        """The words of the filter, with the state that is shown."""
        try:
            typed = words(self.l2t.memory.filter)
        except UsageError:
            typed = ()
        return (*typed, STATES[self._state]) if STATES[self._state] else typed

    def view(self) -> RunsView:
        return RunsView(self.asked, self.l2t.memory.order, *self._where)

    def show(self, frame: Frame) -> None:
        before, self._left = self._left, _left_in_all(frame)
        self.table.say(self._nothing(frame))
        if not isinstance(frame.data, Window):
            if before != self._left:
                self._head()
            return
        self._window, self._read = frame.data, self.asked
        self.table.fill(frame.data.first, lines_of(frame.data), frame.data.total)
        self._head()

    def _nothing(self, frame: Frame) -> str:
        """What is said where no line is."""
        first = [] if frame.overview is None else [job for job in frame.overview.running if job.kind != "run"]
        if self.asked == ("state=running",) and first:
            made = "\n".join(f"{job.name}  epoch {job.epoch}/{job.epochs}" for job in first)
            return printable(f"No run yet: what runs need is made first.\n\n{made}")
        return NONE if self.asked else EMPTY

    def _head(self) -> None:
        states = "  ".join(f"[{name}]" if at == self._state else name for at, name in enumerate(NAMES))
        total = self._window.total if self._window else 0
        typed = f"   / {self.l2t.memory.filter}" if self.l2t.memory.filter else ""
        self.query_one("#title", Static).update(printable(f"{states}   {counted(total, 'run')}{typed}"), layout=False)
        marked = len(self.table.marked)
        order = self.l2t.memory.order
        by = "in the order of their turn" if order == "queue" else f"by {order.lstrip('-')}"
        many = f"{counted(marked, 'run')} marked: actions take these" if marked else ""
        parts = (many, f"sorted {by}{', greatest first' * order.startswith('-')}", self._left)
        self.query_one("#foot", Static).update("   ".join(filter(None, parts)), layout=False)

    def _renew(self, anew: bool = True) -> None:
        """Other runs, or another order: from the top."""
        if anew:
            self._where = (0, 60)
            self.table.go(0)
        self._head()
        self.watch_anew()

    def on_table_wanted(self, message: Table.Wanted) -> None:
        self._where = (message.first, message.count)
        self.watch_anew()

    def on_table_opened(self, message: Table.Opened) -> None:
        from tui.screens.run import RunScreen

        self.app.push_screen(RunScreen(message.key))

    def on_table_sorted(self, message: Table.Sorted) -> None:
        before = self.l2t.memory.order
        self._sort(f"-{message.by}" if before == message.by else message.by)

    def action_next_state(self) -> None:
        self._turn(1)

    def action_previous_state(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        self._state = (self._state + by) % len(STATES)
        self.l2t.memory.states = NAMES[self._state] if self._state else ""
        self._renew()

    def action_sort(self) -> None:
        order = self.l2t.memory.order.lstrip("-")
        at = ORDERS.index(order) if order in ORDERS else -1
        following = ORDERS[(at + 1) % len(ORDERS)]
        self._sort(f"-{following}" if following in GREATEST_FIRST else following)

    def action_reverse(self) -> None:
        order = self.l2t.memory.order
        self._sort(order[1:] if order.startswith("-") else f"-{order}")

    def _sort(self, order: str) -> None:
        self.l2t.memory.order = self.table.sorted = order
        self._renew()

    def action_filter(self) -> None:
        self._ask_filter(self.l2t.memory.filter, f"{HELP} sweep=ID tag=NAME; empty: all")

    def _ask_filter(self, before: str, hint: str) -> None:
        def chosen(line: str | None) -> None:
            if line is None:
                return
            try:
                words(line)
            except UsageError as error:
                self._ask_filter(line, printable(str(error)))
                return
            self.l2t.memory.filter = line.strip()
            self.table.mark(frozenset())
            self._renew()

        self.ask(Prompt("Show runs", before, hint), chosen)

    def action_mark(self) -> None:
        line = self.table.line
        if line is not None:
            self.table.mark(self.table.marked ^ {line.key})
            self.table.action_down()
            self._head()

    def action_mark_all(self) -> None:
        if self.table.marked:
            self.table.mark(frozenset())
            self._head()
            return
        condition = parse(self.asked)

        def marked(keys: frozenset[str]) -> None:
            self._marking = float("-inf")
            self.table.mark(keys)
            self._head()

        self._marking = monotonic() + MARKING
        self.read(lambda store: frozenset(row.id for row in store.runs(condition)), marked)

    @property
    def _keys(self) -> frozenset[str]:
        """The marked runs, else the one under the cursor; none while other runs are chosen than those that are seen."""
        if self.table.marked:
            return self.table.marked
        if monotonic() < self._marking:  # not the one under the cursor, where all were meant
            return frozenset()
        return frozenset({self.table.line.key} if self.table.line and self._read == self.asked else ())

    @property
    def _known(self) -> dict[str, RunRow]:
        return {row.id: row for row in self._window.rows} if self._window else {}

    def _change(self, keys: frozenset[str], call: Callable[[Store, Filter], Changed], word: str) -> None:
        """keys: taken when the user decided; the lines may have moved since."""
        if not keys:
            return
        chosen, what = ids(keys), self._named(keys)

        def told(changed: Changed) -> None:
            one = len(keys) == 1
            parts = [word if one else f"{counted(changed.changed, 'run')} {word}"] if changed.changed else []
            parts += ["runs to its end first" if one else f"{changed.finishing} running end first"] * (
                changed.finishing > 0
            )
            parts += ["asked to stop" if one else f"{changed.asked} running asked to stop"] * (changed.asked > 0)
            self.notify(f"{what}: {', '.join(parts) or f'cannot be {word} now'}", markup=False, timeout=3)

        self.write(lambda store: call(store, chosen), told)

    def _named(self, keys: frozenset[str]) -> str:
        """Which run it is, or how many."""
        row = self._known.get(next(iter(keys))) if len(keys) == 1 else None
        if row is None:
            return counted(len(keys), "run")
        return printable(f"{row.method}, {row.dataset}, {counted(row.shots, 'shot')}, seed {row.seed}")

    def action_pause(self) -> None:
        keys, (before, when) = self._keys, self._paused
        again = keys == before and monotonic() - when < TWICE
        self._paused = (keys, monotonic())
        self._change(keys, lambda store, runs: store.pause(runs, now=again), "paused")

    def action_resume(self) -> None:
        self._paused = (frozenset(), 0.0)
        self._change(self._keys, lambda store, runs: store.resume(runs), "queued again")

    def action_retry(self) -> None:
        self._change(self._keys, lambda store, runs: store.retry(runs), "queued again")

    def action_cancel(self) -> None:
        self._ask(
            "Cancel {what}? What runs stops at its next step; retry queues it again.",
            lambda store, runs: store.cancel(runs),
            "cancelled",
        )

    def action_clear(self) -> None:
        self._ask(
            "Forget {what}, where failed or cancelled? Folders stay in runs/.archive.",
            lambda store, runs: store.clear(runs),
            "forgotten",
        )

    def _ask(self, question: str, call: Callable[[Store, Filter], Changed], word: str) -> None:
        keys = self._keys
        if not keys:
            return
        said = question.format(what=self._named(keys))
        self.ask(Confirm(said), lambda yes: self._change(keys, call, word) if yes else None)

    def action_raise(self) -> None:
        self._prioritise(1)

    def action_lower(self) -> None:
        self._prioritise(-1)

    def _prioritise(self, by: int) -> None:
        word = f"given a {'higher' if by > 0 else 'lower'} priority"
        self._change(self._keys, lambda store, runs: store.reprioritise(runs, by), word)

    def action_tag(self) -> None:
        keys = self._keys

        def chosen(line: str | None) -> None:
            tags = line.split() if line else []
            add, take = [tag for tag in tags if tag[0] != "-"], [tag[1:] for tag in tags if tag[0] == "-" and tag[1:]]
            if tags:
                self._change(keys, lambda store, runs: store.tag(runs, add, take), "tagged")

        self.ask(Prompt("Tags", hint="pilot paper -old"), chosen)

    def action_note(self) -> None:
        keys = self._keys
        row = self._known.get(next(iter(keys))) if len(keys) == 1 else None

        def chosen(text: str | None) -> None:
            if text is not None:
                self._change(keys, lambda store, runs: store.annotate(runs, text or None), "noted")

        before = row.note if row else None
        self.ask(Prompt("Note", before or "", "one line; empty takes it away"), chosen)

    def action_overlay_marked(self) -> None:
        keys = self._keys
        if len(keys) == 1:
            from tui.screens.run import RunScreen

            self.app.push_screen(RunScreen(next(iter(keys))))
        elif keys:
            from tui.screens.overlay import OverlayScreen

            self.app.push_screen(OverlayScreen(frozenset(keys), self.l2t.memory.order))


def _left_in_all(frame: Frame) -> str:
    """How long all sweeps still take, where somebody works on them: "about 3 h left in 2 slots"."""
    seen = frame.overview
    if seen is None or seen.doing != "working" or not seen.sweeps:
        return ""
    known = [progress.eta for progress in seen.sweeps if progress.eta is not None]
    if not known:
        return ""
    how = "about" if len(known) == len(seen.sweeps) else "more than"
    return f"{how} {duration(sum(known))} left in {counted(len(seen.slots), 'slot')}"
