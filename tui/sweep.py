"""What the form of a new sweep asks, the command line it stands for, and what a dry run says of it."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from l2t.printable import printable
from l2t.words import duration, size
from tui.words import counted


@dataclass(frozen=True)
class Field:
    """A line of the form: an option of `l2t run`."""

    option: str
    title: str
    hint: str
    """What may stand there, one or two sentences."""
    separator: str = ""
    """What stands between its entries; empty: it takes one."""


FIELDS = (
    Field("recipe", "recipe", "Named settings, below all other fields: demo, thesis, ablation, or a TOML file."),
    Field("method", "methods", "Transfer methods, comma-separated. Empty: those of the recipe.", ","),
    Field("dataset", "data sets", "Target data sets, comma-separated, or folder:PATH for your own images.", ","),
    Field("shots", "shots", "Training images of each class: 5 or 5,10,30.", ","),
    Field("seeds", "seeds", "A count (30: seeds 0 to 29), or 0-29, or 3,7.", ","),
    Field("source", "source", "Source networks to imitate, by name or hash (l2t source list).", ","),
    Field("target", "target", "Architectures that are trained.", ","),
    Field("epochs", "epochs", "Passes over the training images: 50, or 50,100 for a sweep. Empty: the recipe's.", ","),
    Field("set", "options", "KEY=VALUES, a blank between two: method.beta=0.5,1 train.lr=0.01. Several values are a "
          "sweep.", " "),
    Field("tag", "tags", "Names to find these runs by: pilot,paper.", ","),
    Field("priority", "priority", "Higher is begun first, whatever else waits; 0 as a rule."),
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """Something that a field takes."""

    text: str
    """As it is written there."""
    words: str = ""
    """What it is, in a few words."""
    help: str = ""
    """All there is to say of it."""
    values: tuple[str, ...] | None = None
    """Of an option, which is written with its value: the words that it takes, if it takes words."""


def arguments(values: Mapping[str, str]) -> list[str]:
    """Options of `l2t run` and `l2t queue add` for what stands in the form. ValueError for an open quote."""
    found: list[str] = []
    for field in FIELDS:
        text = values.get(field.option, "").strip()
        if not text:
            continue
        if field.option == "set":
            for word in shlex.split(text):
                found += ["--set", word]
        else:
            found += [f"--{field.option}", text]
    return found


def command_line(values: Mapping[str, str]) -> str:
    """The `l2t run` line that does the same. ValueError as of `arguments`."""
    return shlex.join(["l2t", "run", *arguments(values)])


def last_entry(field: Field, text: str) -> tuple[str, str]:
    """The text of a field in two: what stands before its last entry, and that entry, which is being written."""
    if not field.separator:
        return "", text
    before, separator, last = text.rpartition(field.separator)
    kept = last.lstrip()
    return before + separator + last[: len(last) - len(kept)], kept


def entries(field: Field, text: str) -> list[str]:
    """The entries that stand in a field."""
    return [entry.strip() for entry in (text.split(field.separator) if field.separator else [text]) if entry.strip()]


def offered(field: Field, text: str, choices: Sequence[Choice]) -> tuple[list[Choice], bool]:
    """The choices for the entry that is being written, and whether it is the beginning of one of them (or of what
    stands behind its dot).

    All of them where nothing has been begun, or what stands there fits none or is one of them.
    """
    last = last_entry(field, text)[1]
    if not last or last.endswith("=") or last in [choice.text for choice in choices]:
        return list(choices), False
    begun = [choice for choice in choices if choice.text.startswith(last) or f".{last}" in choice.text]
    within = [choice for choice in choices if last in choice.text and choice not in begun]
    return (begun + within or list(choices)), bool(begun)


def taking(field: Field, text: str, choice: Choice, choices: Sequence[Choice]) -> str:
    """The text of a field after a choice: put in the place of what is being written, else added; taken away where it
    stands there already."""
    if not field.separator:
        return choice.text
    if field.option == "set":
        return last_entry(field, text)[0] + choice.text
    there = entries(field, text)
    if choice.text in there:
        return field.separator.join(entry for entry in there if entry != choice.text)
    last = last_entry(field, text)[1]
    if last and last not in [other.text for other in choices] and any(last in other.text for other in choices):
        there = there[:-1]
    return field.separator.join([*there, choice.text])


def option_of(text: str, options: Sequence[Choice]) -> Choice | None:
    """The option whose value is being written."""
    name, sign, _ = text.rpartition(" ")[2].partition("=")
    return next((option for option in options if sign and option.text == f"{name}="), None)


def values_of(text: str, option: Choice) -> list[Choice]:
    """What may be written for the value of an option, behind those that it has already."""
    before, comma, _ = text.rpartition(" ")[2].partition("=")[2].rpartition(",")
    return [Choice(f"{option.text}{before}{comma}{value}", help=option.help) for value in option.values or ()]


@dataclass(frozen=True)
class DryRun:
    """What a dry run found."""

    left: int
    """Runs that are still to be done."""
    disk: int
    """Bytes."""
    said: tuple[str, ...]
    """For people: runs; time and disk; what is missing."""
    cells: tuple[str, ...]
    """The table of its cells, the first line its heads."""


def read_dry_run(out: str) -> DryRun:
    """What a dry run's JSON says. ValueError, KeyError or TypeError for what is none."""
    found = json.loads(out)
    runs, cells = found["runs"], found["cells"]
    lines = [f"{counted(runs['all'], 'run')} in {counted(len(cells), 'cell')}: {_parts(runs)}"]
    if runs["left"]:
        basis = "from runs done here" if found["measured"] else "rough: no runs done here to go by"
        time, slots = duration(max(1.0, found["seconds"])), counted(found["workers"], "slot")
        lines.append(f"about {time} in {slots} ({basis}), {size(found['disk_bytes'])} on disk")
    lines += [f"missing: {what}" for what in found["missing"]]
    lines += [f"source {source['name']} is trained first" for source in found["sources"] if source["state"] != "done"]
    said, table = tuple(map(printable, lines)), tuple(map(printable, _table(cells)))
    return DryRun(runs["left"], found["disk_bytes"], said, table)


def left_of(runs: Mapping[str, int]) -> int:
    """Runs that are still to be done, of a submission's counts."""
    return sum(runs[name] for name in PARTS if name != "done")


PARTS = {"new": "new", "done": "done already", "waiting": "waiting", "running": "running", "retried": "again"}


def _parts(runs: Mapping[str, int]) -> str:
    return ", ".join(f"{runs[name]:,} {word}" for name, word in PARTS.items() if runs[name]) or "nothing"


def _table(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """The cells, as `l2t run --dry-run` lists them."""
    counts = ("runs", "new", "done", "failed", "waiting")
    rows = [["data set", "shots", "method", *counts, "settings"]]
    for cell in cells:
        numbers = [f"{cell[name]:,}" if cell[name] else "–" for name in counts]
        rows.append([cell["dataset"], str(cell["shots"]), cell["method"], *numbers, cell["settings"]])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        parts = [
            text.ljust(width) if at in (0, 2, len(row) - 1) else text.rjust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(parts).rstrip())
    return lines
