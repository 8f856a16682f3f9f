"""What statistics say of one cell, as a face shows it. Plain, so that it can be kept and sent; no scipy."""

from dataclasses import dataclass

Place = tuple[str, str | None, str]
"""A table: target, source (None where no method of the table uses one) and training, as its heading names them."""


@dataclass(frozen=True)
class Judged:
    """A cell in a table, in the numbers of `l2t report`: percent, and percentage points."""

    table: Place
    cell: str
    digest: str
    """Of its results (`CellRow.digest`): they may be others now."""
    row: str
    """Label of its row."""
    n: int
    """Runs with a finite accuracy; all numbers are of these."""
    planned: int
    late: int
    """Runs asked for when results of the cell were known already."""
    mean: float | None
    sd: float | None
    median: float | None
    half: float | None
    """Half the width of the 95 % interval of the mean."""
    baseline: bool
    """Whether the others of its table are compared with it."""
    against: str | None
    """Row that its table compares with; None where there is none."""
    difference: float | None
    """Mean minus the baseline's."""
    low: float | None
    """Lower end of the difference's 95 % interval (Welch)."""
    high: float | None
    test: str
    """Name of the test that gave p; empty where there is none."""
    p: float | None
    """Two-sided, not corrected; None where there is no test."""
    adjusted: float | None
    """p after Holm's correction over all tests of the report."""
    tests: int
    """How many those are."""
    paired: float | None
    """p of Wilcoxon's signed-rank test over the common seeds, not corrected; None where it was not made."""
    unpaired: str
    """Why it was not made; empty, too, where seeds share nothing."""
    interim: bool
    """Whether planned runs of a side are missing."""
    note: str
    """Why there is no test."""
