"""What a report says, apart from how it is drawn. Every format is made from these dataclasses; JSON is their fields."""

from collections.abc import Mapping
from dataclasses import dataclass

from l2t.report.section import Section
from l2t.stats import Difference, Estimate, NoTest, PValue, Summary

LEVEL = 0.05
"""Adjusted p-value below which a difference gets a star."""


@dataclass(frozen=True)
class Comparison:
    """One entry against the baseline's entry of the same table and shots."""

    baseline: str
    """Row that it is compared with."""
    difference: Difference | None
    """Mean minus the baseline's mean, percentage points, with Welch's 95 % interval."""
    test: PValue | NoTest
    """Mann–Whitney U of the two samples, not corrected."""
    adjusted: float | None
    """p after Holm's correction over the report's family of tests; None where no test was made."""
    paired: PValue | NoTest | None
    """Wilcoxon signed-rank over the common seeds, not corrected; None where seeds share nothing."""
    interim: bool
    """Whether planned runs of a side are still missing: then p is shown, but never a star."""
    discovered: float | None = None
    """p after Benjamini and Hochberg's correction (share of false findings) over the same family."""
    greater: PValue | NoTest | None = None
    """Mann–Whitney U, one-sided: is the row better than the baseline (the thesis's reading)? Not corrected. This and
    what follows is None where it was not asked for (`detail`)."""
    a12: Estimate | NoTest | None = None
    """How often a run of the row exceeds one of the baseline, in [0, 1]."""
    delta: Estimate | NoTest | None = None
    """Cliff's δ, in [−1, 1]: 2 · A12 − 1."""

    @property
    def significant(self) -> bool:
        """Whether the entry gets a star."""
        return not self.interim and self.adjusted is not None and self.adjusted < LEVEL


@dataclass(frozen=True)
class Entry:
    """One cell of a table: runs that differ only in their seed."""

    row: str
    """Label of its row: the method, with what `--split-by` adds."""
    method: str
    shots: int
    cell: str
    """Content hash that these runs share."""
    planned: int
    """Runs of the cell that were asked for, selected or not."""
    done: int
    failed: int
    running: int
    waiting: int
    """Queued, paused and interrupted."""
    cancelled: int
    reasons: Mapping[str, int]
    """Failed runs by reason ("diverged")."""
    late: int
    """Runs asked for when results of the cell were known already."""
    runs: tuple[str, ...]
    """Ids of the runs behind `values`."""
    seeds: tuple[int, ...]
    """Seeds of the runs behind `values`."""
    values: tuple[float, ...]
    """The metric of each done run that has a finite one, in the order of seeds, percent."""
    summary: Summary
    best: bool
    """Whether its mean is the largest of its column, where there is more than one."""
    comparison: Comparison | None
    """None for the baseline itself and where there is no baseline to compare with."""
    from_best: float | None = None
    """p against the best of its column, Holm-corrected over the table (`near_best`); None for the best itself and where
    no test was made."""
    bootstrap: Estimate | NoTest | None = None
    """Mean with its BCa interval; None where it was not asked for (`detail`)."""

    @property
    def missing(self) -> int:
        """Planned runs that neither ended well nor failed."""
        return max(0, self.planned - self.done - self.failed)

    @property
    def near_best(self) -> bool:
        """Whether it is not significantly different from the best of its column."""
        return self.from_best is not None and self.from_best >= LEVEL


@dataclass(frozen=True)
class Table:
    """Methods × shots on one data set, with one target, source and training."""

    dataset: str
    """As the store names it."""
    title: str
    """As tables name it ("CIFAR-10")."""
    target: str
    source: str | None
    """Source network; None where no method of the table uses one."""
    training: str
    """How long was trained ("200 epochs")."""
    metric: str
    """What the numbers are ("accuracy", "recall of class 8"), in percent."""
    baseline: str | None
    """Row that the others are compared with."""
    rows: tuple[str, ...]
    shots: tuple[int, ...]
    entries: tuple[Entry, ...]
    """Those that have runs, by row, then by shots."""
    notes: tuple[str, ...]
    """What a reader must know, sentences."""

    def entry(self, row: str, shots: int) -> Entry | None:
        """The entry at this place, where there are runs."""
        return next((entry for entry in self.entries if (entry.row, entry.shots) == (row, shots)), None)

    @property
    def heading(self) -> str:
        """Data set, networks and training in one line."""
        networks = self.target if self.source is None else f"{self.target} ← {self.source}"
        return f"{self.title}, {networks}, {self.training}"


@dataclass(frozen=True)
class Report:
    """Everything `l2t report` says."""

    tables: tuple[Table, ...]
    family: str
    """What Holm's correction runs over: "all" tests of the report, or those of each "dataset"."""
    tests: Mapping[str, int]
    """Tests made, by data set."""
    sections: tuple[Section, ...] = ()
    """What stands after the tables, as it was asked for."""

    def family_size(self, dataset: str) -> int:
        """Number of tests that a p-value of this data set is corrected for."""
        return self.tests.get(dataset, 0) if self.family == "dataset" else sum(self.tests.values())
