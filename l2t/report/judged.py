"""What statistics say of one cell, as a face shows it. Plain, so that it can be kept and sent; no scipy."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Judged:
    """A cell in a table, in the numbers of `l2t report`."""

    table: tuple[str, str | None, str]
    """Target, source (None where no method of the table uses one) and training: as the table's heading names them."""
    cell: str
    half: float | None
    """Half the width of the 95 % interval of the mean, percentage points."""
    baseline: bool
    """Whether the others of its table are compared with it."""
    difference: float | None
    """Mean minus the baseline's, percentage points."""
    p: float | None
    """Mann–Whitney U, two-sided, not corrected; None where there is no test."""
    adjusted: float | None
    """p after Holm's correction over all tests of the report."""
    interim: bool
    """Whether planned runs of a side are missing."""
    note: str
    """Why there is no test."""
