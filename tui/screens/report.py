"""The report: the tables and tests of `l2t report`, computed by that command, to read and to export."""

import re
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Static

from l2t.errors import UsageError
from l2t.printable import printable
from l2t.store.filter import HELP
from l2t.store.state import State
from tui.command import Answer, answer, aside
from tui.feed import Frame
from tui.report import ENDINGS, FAMILIES, METRICS, NARROWEST, PARTS, Asked, Running, read_parts, target
from tui.runs import words
from tui.screen import L2TScreen
from tui.screens.prompt import Confirm, Prompt
from tui.widgets.styled import Styled

SETTLED = 0.4
"""Seconds without another choice, or another width, after which it is computed."""
ENDED = (State.DONE, State.FAILED, State.CANCELLED)
EMPTY = "No runs yet.\n\n3  chooses what to run and queues it. The report is of those that are done."
SPLIT = re.compile(r"--split-by ([\w.-]+)")
"""The setting that the command advises to split rows by."""
CHANGES = "/  other runs   b  baseline   m  metric   s  sections   r  computes again"


@dataclass(frozen=True)
class Shown:
    """What the text on the screen is of."""

    asked: Asked
    columns: int
    ended: tuple[int, ...]
    """Runs that had ended, by how."""
    when: str


class ReportScreen(L2TScreen):
    """The text of `l2t report`, and what it is of."""

    NAME = "report"

    def __init__(self) -> None:
        super().__init__()
        self._ended: tuple[int, ...] | None = None
        self._shown: Shown | None = None
        self._computing: tuple[Running, Shown] | None = None
        self._exporting: tuple[Running, Path] | None = None
        self._waiting: Timer | None = None
        self._file = ""
        self._said = ""

    def body(self) -> ComposeResult:
        yield Static("", classes="title", id="head", markup=False)
        yield Static("", classes="foot", id="said", markup=False)
        yield Styled(id="text")

    def on_mount(self) -> None:
        self.text.focus()
        self._tell()

    def on_unmount(self) -> None:
        for each in (self._computing, self._exporting):
            if each is not None:
                each[0].end()

    @property
    def busy(self) -> bool:
        return super().busy or self._ended is None or self._computing is not None

    @property
    def asked(self) -> Asked:
        return self.l2t.memory.report

    @property
    def text(self) -> Styled:
        return self.query_one("#text", Styled)

    def show(self, frame: Frame) -> None:
        first, self._ended = self._ended is None, tuple(frame.counts[state] for state in ENDED)
        if first:
            self._compute()
        self._tell()

    def on_styled_resized(self) -> None:
        wanted = self._computing[1] if self._computing else self._shown
        if wanted is not None and wanted.columns != self._columns:
            self._soon()

    @property
    def _columns(self) -> int:
        return max(self.text.room, NARROWEST)

    def _choose(self, asked: Asked) -> None:
        """Another report."""
        self.l2t.memory.report = asked
        self._soon()
        self._tell()

    def _soon(self) -> None:
        """Compute it once nothing else is chosen."""
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(SETTLED, self._compute)

    def _compute(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None
        if self._computing is not None:
            self._computing[0].end()
        wanted = Shown(self.asked, self._columns, self._ended or (), time.strftime("%Y-%m-%d %H:%M"))
        running = Running()
        self._computing = (running, wanted)
        self._said = ""
        arguments = [*self.asked.arguments(), f"--width={wanted.columns}"]
        self._ask(running, arguments, partial(self._computed, running, wanted))
        self._tell()

    def _ask(self, running: Running, arguments: list[str], then: Callable[[Answer], None]) -> None:
        """Run `l2t ARGUMENTS` aside; `then` gets the answer, unless it is ended or the screen has gone."""
        home = self.l2t.home

        def told(found: Answer) -> None:
            if self.is_attached and not running.ended:
                then(found)

        aside(self.l2t, lambda: answer(home, arguments, running.started, NO_COLOR="", FORCE_COLOR="1"), told)

    def _computed(self, running: Running, wanted: Shown, found: Answer) -> None:
        anew = self._shown is None or self._shown.asked != wanted.asked
        self._computing, self._shown = None, wanted
        if found.code == 0 and found.out.strip():
            lines = found.out.rstrip("\n").split("\n")
            self._said = found.said
        elif not sum(self._ended or ()) and found.code == 0 and not wanted.asked.filter:
            lines = EMPTY.split("\n")
        else:
            why = found.said or f"l2t report was ended by signal {-found.code}"
            split = SPLIT.search(why)
            here = (f"Here: s, then split-by={split[1]}", "") if split else ()
            lines = [part for line in (why, "", *here, CHANGES) for part in textwrap.wrap(line, wanted.columns) or [""]]
        self.text.show(lines, anew)
        self._tell()

    def _tell(self) -> None:
        """Head: what is asked for, and where it was exported to. Below: how old the text is, and what goes on."""
        head = self.asked.head()
        if self._file:
            head += f"\nexported to {self._file}"
        parts = []
        if self._exporting is not None:
            parts.append(f"writing {printable(self._exporting[1].name)} … (Esc cancels)")
        if self._computing is not None:
            parts.append("computing … (Esc cancels)")
        if self._shown is not None:
            other = " of other choices: r computes these" * (self._shown.asked != self.asked and not self._computing)
            parts.append(f"as of {self._shown.when}{other}")
            if self._ended != self._shown.ended and self._computing is None:
                parts.append("runs ended since: r computes again")
        elif self._computing is None:
            parts.append("r computes it")
        parts += [self._said] if self._said else []
        for where, text in (("#head", head), ("#said", "   ".join(parts))):
            place = self.query_one(where, Static)
            if place.content != text:
                place.update(text)

    def action_recompute(self) -> None:
        self._compute()

    def action_stop_report(self) -> None:
        if self._exporting is not None:
            self._exporting[0].end()
            self._exporting = None
        elif self._computing is not None:
            self._computing[0].end()
            self._computing = None
        else:
            self.app.call_later(self.app.run_action, "back")
            return
        self._tell()

    def _prompt(self, title: str, value: str, hint: str, taken: Callable[[str], None]) -> None:
        """Ask for a line until `taken` raises no UsageError."""

        def chosen(line: str | None) -> None:
            if line is None:
                return
            try:
                taken(line.strip())
            except UsageError as error:
                self._prompt(title, line, printable(str(error)), taken)

        self.ask(Prompt(title, value, hint), chosen)

    def action_report_filter(self) -> None:
        def taken(line: str) -> None:
            words(line)
            self._choose(replace(self.asked, filter=line))

        self._prompt("Report of runs", self.asked.filter, f"{HELP} sweep=ID tag=NAME; empty: all", taken)

    def action_baseline(self) -> None:
        def ask(methods: list[str]) -> None:
            hint = f"a row: {', '.join(map(printable, methods))}; empty: l2tww, else scratch"
            self._prompt(
                "Compare with", self.asked.baseline, hint, lambda line: self._choose(replace(self.asked, baseline=line))
            )

        self.read(lambda store: sorted({cell.method for cell in store.cells()}), ask)

    def action_metric(self) -> None:
        self._choose(replace(self.asked, metric=METRICS[(METRICS.index(self.asked.metric) + 1) % len(METRICS)]))

    def action_family(self) -> None:
        self._choose(replace(self.asked, family=FAMILIES[(FAMILIES.index(self.asked.family) + 1) % len(FAMILIES)]))

    def action_brief(self) -> None:
        self._choose(replace(self.asked, brief=not self.asked.brief))

    def action_sections(self) -> None:
        def taken(line: str) -> None:
            read_parts(line)
            self._choose(replace(self.asked, parts=line))

        known = " ".join(f"{name}={example}" if example else name for name, example in PARTS.items())
        self._prompt("Beside the tables", self.asked.parts, f"some of: {known}", taken)

    def action_export(self) -> None:
        def taken(line: str) -> None:
            path = target(line)
            if path.exists():
                question = printable(f"{path} is there already. Replace it?")
                self.ask(Confirm(question), lambda yes: self._export(path) if yes else None)
            else:
                self._export(path)

        hint = f"{' '.join(ENDINGS)}: the ending says the format"
        self._prompt("Export to a file", self._file or "report.html", hint, taken)

    def _export(self, path: Path) -> None:
        if self._exporting is not None:
            self._exporting[0].end()
        running = Running()
        self._exporting = (running, path)
        self._ask(running, [*self.asked.arguments(), f"--out={path}"], partial(self._exported, path))
        self._tell()

    def _exported(self, path: Path, found: Answer) -> None:
        self._exporting = None
        if found.code == 0:
            self._file = printable(str(path))
            self.notify(f"exported to {self._file}", markup=False, timeout=8)
        else:
            why = found.said or f"l2t report was ended by signal {-found.code}"
            self.notify(f"not exported: {why}", severity="error", markup=False, timeout=8)
        self._tell()
