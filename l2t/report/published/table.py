"""A published table: a CSV of means and what stands after their ±, checked before anything is compared with it."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from l2t.data.registry import FOLDER
from l2t.errors import UsageError

IMBALANCED = "-imbalanced"
"""Ends the name of a data set whose number is the recall of the class that was cut ("stl10-imbalanced")."""
STATUSES = ("read", "derived", "doubtful")
"""As printed; computed from other printed numbers; a digit is unsure."""
REQUIRED = ("table", "dataset", "shots", "method", "accuracy", "plus_minus")
COLUMNS = (*REQUIRED, "status")
CLAIMS = ("table", "dataset", "shots", "difference_l2twww_minus_l2tww", "p_value")
LARGEST = 1 << 20
"""Bytes of a file that is read: some 20,000 numbers."""

Reading = Literal["interval", "sd"]
"""What stands after ±: half of a 95 % interval of the mean, or a standard deviation."""


@dataclass(frozen=True)
class Printed:
    """One printed number."""

    table: str
    dataset: str
    """A name of the data set registry, without "-imbalanced"."""
    rare: bool
    """Whether it is the recall of a class that was cut."""
    shots: int
    method: str
    accuracy: float
    """Percent."""
    plus_minus: float | None
    """Percentage points; None where nothing is printed."""
    status: str
    """One of STATUSES."""

    def sd(self, reading: Reading, runs: int) -> float | None:
        """Standard deviation of one of the `runs` behind the mean, percentage points; None where no ± is printed."""
        if self.plus_minus is None or reading == "sd":
            return self.plus_minus
        from scipy.special import stdtrit

        return float(self.plus_minus / stdtrit(runs - 1, 0.975) * runs**0.5)


@dataclass(frozen=True)
class Claim:
    """One printed comparison: l2twww against l2tww."""

    table: str
    dataset: str
    shots: int
    difference: float
    """Percentage points."""
    text: str
    """The p-value as it is printed: "0.044", ">0.05"."""

    @property
    def p(self) -> float:
        """The largest p-value that is printed so, where it is rounded to 0; 1 where it says only ">0.05"."""
        if self.text.startswith(">"):
            return 1.0
        return float(self.text) or 0.5 * 10.0 ** -len(self.text.partition(".")[2])


@dataclass(frozen=True)
class Published:
    """All numbers of one publication."""

    name: str
    """What `--against` takes."""
    title: str
    """In a sentence: "the thesis", the file's name."""
    cells: Sequence[Printed]
    claims: Sequence[Claim] = ()


def read(path: Path) -> list[Printed]:
    """The numbers of a CSV file with the columns table, dataset, shots, method, accuracy, plus_minus and, where a
    reader shall be warned, status.

    accuracy and plus_minus: percent, 0 to 100; plus_minus may be empty. No data set, shots and method stand there
    twice. UTF-8, with or without a byte order mark, with any line ends.
    Raises UsageError with file, line, column and what to do.
    """
    printed: list[Printed] = []
    lines: dict[tuple[str, int, str], int] = {}
    for line in _lines(path, REQUIRED, COLUMNS):
        name = line.text("dataset")
        dataset = name.removesuffix(IMBALANCED)
        if dataset.startswith(FOLDER) or not dataset:
            raise line.error("dataset", f"{name!r} is no published data set: give a name of l2t data list")
        cell = Printed(
            table=line.text("table"),
            dataset=dataset,
            rare=name.endswith(IMBALANCED),
            shots=line.shots(),
            method=line.text("method"),
            accuracy=line.percent("accuracy"),
            plus_minus=line.percent("plus_minus") if line.values["plus_minus"] else None,
            status=line.values.get("status") or STATUSES[0],
        )
        if cell.status not in STATUSES:
            raise line.error("status", f"{cell.status!r} is none of {', '.join(STATUSES)}: give one, or leave it empty")
        first = lines.setdefault((name, cell.shots, cell.method), line.number)
        if first != line.number:
            raise line.error(
                "method",
                f"{cell.method} on {name} at {cell.shots} shots stands on line {first} already: remove one of the two",
            )
        printed.append(cell)
    return printed


def read_claims(path: Path) -> list[Claim]:
    """The printed comparisons of a CSV file with the columns CLAIMS. Raises UsageError as `read`."""
    claims = []
    for line in _lines(path, CLAIMS, CLAIMS):
        text = line.values["p_value"]
        if not re.fullmatch(r">?(0\.[0-9]{1,9}|1)", text):
            raise line.error("p_value", f"{text!r} is no p-value: give 0.044 or >0.05")
        difference = line.number_of(CLAIMS[3], -100)
        claims.append(Claim(line.text("table"), line.text("dataset"), line.shots(), difference, text))
    return claims


@dataclass(frozen=True)
class _Line:
    """One line of a file, by column, and the errors that name both."""

    file: str
    number: int
    values: dict[str, str]

    def error(self, column: str, what: str) -> UsageError:
        return UsageError(f"{self.file}, line {self.number}, {column}: {what}")

    def text(self, column: str) -> str:
        value = self.values[column]
        if not (0 < len(value) <= 100 and value.isprintable()):
            raise self.error(column, "give a name of 1 to 100 printable characters")
        return value

    def shots(self) -> int:
        value = self.values["shots"]
        if not re.fullmatch(r"[1-9][0-9]{0,5}", value):
            raise self.error("shots", f"{value[:40]!r} is no number of images: give 1 to 999999")
        return int(value)

    def percent(self, column: str) -> float:
        return self.number_of(column, 0)

    def number_of(self, column: str, least: int) -> float:
        value = self.values[column]
        number = float(value) if re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,15})?", value) else None
        if number is None or not least <= number <= 100:
            raise self.error(column, f"{value[:40]!r} is no percentage: give a number from {least} to 100, like 24.64")
        return number


def _lines(path: Path, required: Sequence[str], known: Sequence[str]) -> Iterator[_Line]:
    """The lines under the header, blank ones left out. UsageError for a file that is no such table."""
    name = str(path)
    reader = csv.reader(io.StringIO(_contents(path), newline=""), strict=True)
    columns = ", ".join(known)
    try:
        header = [title.strip() for title in next(reader, [])]
        if not any(header):
            raise UsageError(f"{name}, line 1: the file is empty: begin with the columns {columns}")
        for title in header:
            if title not in known or header.count(title) > 1:
                what = "stands there twice" if title in known else "is no column of a published table"
                raise UsageError(f"{name}, line 1: {title[:40]!r} {what}: the columns are {columns}")
        for title in required:
            if title not in header:
                raise UsageError(f"{name}, line 1: the column {title} is missing: the columns are {columns}")
        some = False
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                raise UsageError(
                    f"{name}, line {reader.line_num}: {len(row)} values for {len(header)} columns: give one each"
                    " (quote a text that has a comma)"
                )
            yield _Line(name, reader.line_num, dict(zip(header, map(str.strip, row), strict=True)))
            some = True
    except csv.Error as error:
        raise UsageError(f"{name}, line {reader.line_num}: no CSV ({error}): separate values by commas") from error
    if not some:
        raise UsageError(f"{name}, line 2: no numbers under the header: give a line for each")


def _contents(path: Path) -> str:
    try:
        if not path.is_file():
            what = "is no file" if path.exists() else "is not there"
            raise UsageError(f"{path} {what}: give the name of a CSV file, or thesis")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read ({error}): give the name of a CSV file, or thesis") from error
    if len(data) > LARGEST:
        raise UsageError(f"{path} has more than {LARGEST >> 20} MiB, which no published table has: give a smaller one")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}, line {line}: not in UTF-8: save the file with that encoding") from error
