"""Where runs are computed: the supervisor, the machine, slots and what runs in them; GPUs left alone, and why."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from l2t.errors import L2tError
from l2t.jobs.gauges import Gauges
from l2t.jobs.lock import Holder, holder
from l2t.jobs.overview import Overview
from l2t.printable import printable
from l2t.store.state import State
from l2t.words import duration
from tui.devices import Machine, Machines
from tui.feed import Frame, View
from tui.screen import L2TScreen
from tui.screens.prompt import Confirm
from tui.widgets.spark import Meters
from tui.widgets.table import Head, Line, Table
from tui.words import counted

HEADS = (
    Head("slot"),
    Head("device", drop=2),
    Head("worker pid", right=True, drop=1),
    Head("works on", narrow=30),
    Head("epoch", right=True),
    Head("since", right=True),
)
EMPTY = """No slots: no supervisor works here.

u  starts one. It works on the queue in the background, also after the
   screen is closed. In a shell, l2t up takes options: GPUs, slots."""


class DevicesScreen(L2TScreen):
    """Supervisor, machine and slots."""

    NAME = "devices"
    DEFAULT_CSS = """
    DevicesScreen #machine { height: auto; max-height: 50%; scrollbar-size-vertical: 1; }
    DevicesScreen.-tall #machine { margin: 1 0; }
    DevicesScreen .told { height: auto; padding: 0 1; text-style: dim; display: none; }
    DevicesScreen #waits { max-height: 20%; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]  # noqa: RUF012 - as Textual declares it

    def __init__(self) -> None:
        super().__init__()
        self._view = Machines(Gauges())
        self._overview: Overview | None = None
        self._jobs: dict[str, str | None] = {}
        self._made: dict[str, str] = {}

    def body(self) -> ComposeResult:
        yield Static("", classes="title", id="title", markup=False)
        with VerticalScroll(id="machine"):
            yield Meters(id="meters")
            yield Static("", classes="told", id="unknown", markup=False)
        yield Table(HEADS, EMPTY, id="slots")
        yield Static("", classes="told", id="waits", markup=False)

    def on_mount(self) -> None:
        self.query_one(Meters).ink = self.l2t.ink
        self.query_one(Table).focus()

    def view(self) -> View:
        return self._view

    def show(self, frame: Frame) -> None:
        if isinstance(frame.data, Machine):
            self.query_one(Meters).show(frame.data.meters)
            self._tell("#unknown", frame.data.unknown)
        overview = frame.overview
        if overview is None:
            return
        self._tell("#title", printable(_who(overview, frame.now)))
        if overview is self._overview:  # else the seconds of `since` would draw the whole table at every look
            return
        self._overview = overview
        self._jobs = {slot.name: slot.job for slot in overview.slots}
        self._made = {job.id: job.name for job in overview.running if job.kind != "run"}
        lines = _lines(overview, frame.now)
        self.query_one(Table).fill(0, lines, len(lines))
        waits = [f"some runs wait: {why}" for why in overview.lacks]
        self._tell("#waits", "\n".join(map(printable, [*waits, *_left_alone(overview)])))

    def _tell(self, where: str, text: str) -> None:
        """Show this text there; nothing stands where there is none."""
        place = self.query_one(where, Static)
        if place.content != text:
            place.update(text)
            place.display = bool(text)

    def on_table_opened(self, message: Table.Opened) -> None:
        if (job := self._jobs.get(message.key)) is None:
            return
        if job in self._made:
            what = f"{self._made[job]} is made for runs: l2t logs {job[:8]} -f follows it"
            self.notify(printable(what), markup=False, timeout=8)
        else:
            from tui.screens.run import RunScreen

            self.app.push_screen(RunScreen(job))

    def action_supervisor_up(self) -> None:
        self._supervise(_up)

    def action_supervisor_down(self) -> None:
        self._supervise(lambda home, _: _down(home, now=False))

    def action_supervisor_down_now(self) -> None:
        question = "Stop what runs now? It writes a checkpoint and goes on from there later."

        def answered(yes: bool | None) -> None:
            if yes:
                self._supervise(lambda home, _: _down(home, now=True))

        self.ask(Confirm(question), answered)

    def _supervise(self, work: Callable[[Path, Holder | None], str]) -> None:
        """Ask something of whoever holds the home, and show what `work` says, in a thread of its own."""
        if self.l2t.read_only:
            self.notify("read-only: nothing is changed", severity="warning", timeout=3)
            return
        home = self.l2t.home

        def whole() -> None:
            try:
                found = holder(home)
                said = "the demo computes nothing" if found and found.mode == "demo" else work(home, found)
            except (L2tError, OSError) as error:
                said = str(error)
            self.l2t.feed.look()
            self.app.call_from_thread(self.app.notify, printable(said), markup=False)

        self.run_worker(whole, thread=True, exit_on_error=False, group="supervisor")


def _up(home: Path, found: Holder | None) -> str:
    """See that a supervisor works; says how."""
    from l2t.jobs.daemon import go_on, start
    from l2t.jobs.slots import cores
    from l2t.settings import read_settings

    if found is not None and found.mode == "run":
        return f"{found.description} works here: it has to end first"
    if found is not None and go_on(home, found):
        return f"{found.description} works here"
    return f"up: {start(home, read_settings(home).slots(cores())).description}"


def _down(home: Path, now: bool) -> str:
    """Ask the supervisor to end; says whether it does."""
    from l2t.jobs.daemon import ask_down

    if ask_down(home, now) is None:
        return "no supervisor works here"
    return "it ends" if now else "it ends after what runs"


def _who(overview: Overview, now: float) -> str:
    found = overview.holder
    if found is None:
        died = "; the last was killed, or the machine went down" if overview.died else ""
        # Those that it worked on go on with the next one.
        left = sum(overview.runs[state] for state in (State.QUEUED, State.RUNNING, State.INTERRUPTED))
        waiting = f", {counted(left, 'run')} wait{'s' * (left == 1)}" if left else ""
        return f"nobody works here{waiting}{died}"
    doing = {"draining": ", ends after what runs", "paused": f", paused: {overview.problem}"}.get(
        overview.doing or "", ""
    )
    return f"{found.description}, since {duration(now - found.since)}{doing}"


def _left_alone(overview: Overview) -> Iterator[str]:
    """GPUs without a slot, those with the same reason together."""
    names: dict[str, list[str]] = defaultdict(list)
    for name, why in overview.closed:
        names[why].append(name)
    for why, alike in names.items():
        several = [name.partition(" (")[0] for name in alike]
        yield f"{alike[0]} is left alone: {why}" if len(alike) == 1 else f"{', '.join(several)} are left alone: {why}"


def _lines(overview: Overview, now: float) -> list[Line]:
    jobs = {job.id: job for job in overview.running}
    lines = []
    for slot in overview.slots:
        job = jobs.get(slot.job or "")
        lines.append(
            Line(
                slot.name,
                (
                    slot.name,
                    slot.device,
                    str(slot.pid) if slot.pid else "",
                    slot.job_name or ("idle" if slot.pid else ""),
                    f"{job.epoch}/{job.epochs}" if job and job.epochs else "",
                    duration(now - job.claimed) if job and job.claimed else "",
                ),
            )
        )
    return lines
