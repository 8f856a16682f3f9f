"""What the Report screen asks `l2t report` for, and how its answer is read. Knows no screen, and imports no statistics:
they are computed in the process of that command."""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.style import Style

from l2t.errors import UsageError, unknown
from l2t.printable import printable
from l2t.store.filter import is_filter, split

METRICS = ("last", "best-val", "rare-class")
FAMILIES = ("all", "dataset")
ENDINGS = (".html", ".md", ".tex", ".csv", ".json")
"""Files that a report is exported to, by what their names end in."""
NARROWEST = 20
"""Columns below which `l2t report` fits nothing."""
PARTS = {
    "against": "thesis",
    "plus-minus": "sd",
    "published-n": "30",
    "all-tests": "",
    "rope": "1",
    "power": "2",
    "per-class": "",
    "costs": "",
    "provenance": "",
    "split-by": "train.lr",
}
"""Options of `l2t report` that add something, with an example of their value; "" for those that take none."""


@dataclass(frozen=True)
class Asked:
    """What a report is of, as its options say it."""

    filter: str = ""
    """In the language of `l2t ls`; empty: all runs."""
    baseline: str = ""
    """Row to compare with; empty: the command's default."""
    metric: str = METRICS[0]
    family: str = FAMILIES[0]
    brief: bool = False
    parts: str = ""
    """What stands beside the tables: names of PARTS, with their values."""

    @classmethod
    def possible(cls, found: object) -> "Asked":
        """What was kept of one as JSON; what cannot be asked for is as at first."""
        known: Mapping[str, Any] = found if isinstance(found, dict) else {}
        kept = {name: value for name, value in known.items() if _POSSIBLE.get(name, lambda _: False)(value)}
        return replace(cls(), **kept)

    def arguments(self) -> list[str]:
        """The command: `l2t` and these make the report. UsageError for parts that there are none of."""
        words = ["report", "--metric", self.metric, "--family", self.family]
        words += [f"--filter={self.filter}"] if self.filter else []
        words += [f"--baseline={self.baseline}"] if self.baseline else []
        words += ["--brief"] if self.brief else []
        return [*words, *read_parts(self.parts)]

    def head(self) -> str:
        """The same for people."""
        words = [
            self.filter or "all runs",
            f"baseline {self.baseline or 'by default'}",
            f"metric {self.metric}",
            f"family {self.family}",
            "brief" if self.brief else "full",
        ]
        return printable("   ".join([*words, f"with {self.parts}"] if self.parts else words))


def read_parts(line: str) -> list[str]:
    """Options of `l2t report` for a line like "costs per-class against=thesis". UsageError for other names, and where a
    value is missing or too much."""
    options = []
    for word in split(line):
        name, equals, value = word.partition("=")
        if name not in PARTS:
            raise unknown("section", name, PARTS, "l2t report --help")
        if bool(value) != bool(PARTS[name]) or (equals and not value):
            raise UsageError(f"{name} takes a value: {name}={PARTS[name]}" if PARTS[name] else f"{name} takes no value")
        options += [f"--{name}={value}" if value else f"--{name}"]
    return options


def _are_parts(line: str) -> bool:
    try:
        read_parts(line)
    except UsageError:
        return False
    return line.isprintable()


_POSSIBLE: Mapping[str, Callable[[Any], bool]] = {
    "filter": lambda line: isinstance(line, str) and is_filter(line),
    "baseline": lambda row: isinstance(row, str) and row.isprintable(),
    "metric": METRICS.__contains__,
    "family": FAMILIES.__contains__,
    "brief": lambda brief: isinstance(brief, bool),
    "parts": lambda line: isinstance(line, str) and _are_parts(line),
}


def target(line: str) -> Path:
    """The file that a report is exported to, as an absolute path. UsageError where none can be written there."""
    try:
        path = Path.cwd() / Path(line.strip()).expanduser()
        if path.suffix not in ENDINGS:
            raise UsageError(f"a file's name ends in {' '.join(ENDINGS)}, which says its format")
        if path.is_dir():
            raise UsageError(f"{path} is a folder: a file in it?")
        if not path.parent.is_dir():
            raise UsageError(f"there is no folder {path.parent}")
    except (OSError, RuntimeError) as error:  # too long a name, no such user
        raise UsageError(f"{line.strip()}: {error}") from error
    return path


class Running:
    """A command that can be ended from another thread than the one that waits for it, even before it has begun."""

    def __init__(self) -> None:
        self.ended = False
        self._process: subprocess.Popen[bytes] | None = None

    def started(self, process: "subprocess.Popen[bytes]") -> None:
        """Told by the thread that waits."""
        self._process = process
        if self.ended:
            process.terminate()

    def end(self) -> None:
        """Nobody wants its answer any more."""
        self.ended = True
        if self._process is not None:
            self._process.terminate()


STYLED = re.compile(r"\x1b\[([0-9;]*)m")
COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
STYLES = {
    "1": Style(bold=True),
    "2": Style(dim=True),
    "3": Style(italic=True),
    "4": Style(underline=True),
    "7": Style(reverse=True),
    **{f"3{number}": Style(color=name) for number, name in enumerate(COLOURS)},
    **{f"9{number}": Style(color=f"bright_{name}") for number, name in enumerate(COLOURS)},
}
"""What `l2t report` writes on a terminal of 16 colours, by its code."""


def pieces(line: str) -> Iterator[tuple[str, Style]]:
    """The parts of a line with their styles. Control characters that are no style come out escaped."""
    style = Style()
    for number, part in enumerate(STYLED.split(line)):
        if number % 2 == 0:
            if part:
                yield printable(part), style
            continue
        for code in part.split(";"):
            style = style + STYLES[code] if code in STYLES else Style() if code in ("", "0") else style


def columns(line: str) -> int:
    """Columns that a line takes."""
    return sum(cell_len(text) for text, _ in pieces(line))
