"""What `l2t report` and its figures are of: the tables, and what stands beside them, as options say it."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.selecting import Chosen
from cli.working import working
from l2t import paths
from l2t.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from l2t.report.report import Report
    from l2t.report.section import Section

TABLES, PARTS = "Tables", "Beside the tables"


class Family(StrEnum):
    """Which tests Holm's correction runs over."""

    ALL = "all"
    DATASET = "dataset"


class MetricName(StrEnum):
    """What the tables are of."""

    LAST = "last"
    BEST_VAL = "best-val"
    RARE_CLASS = "rare-class"


class Reading(StrEnum):
    """What a published ± is."""

    INTERVAL = "interval"
    SD = "sd"


@dataclass(frozen=True)
class Layout:
    """What the tables are of and what is compared, as options say it."""

    metric: Annotated[
        MetricName,
        typer.Option(
            rich_help_panel=TABLES,
            help="Accuracy after the last epoch or at the one best on validation, or the rare class's recall.",
        ),
    ] = MetricName.LAST
    baseline: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=TABLES, metavar="METHOD", help="Row to compare with. Default: l2tww, else scratch."
        ),
    ] = None
    family: Annotated[
        Family,
        typer.Option(
            rich_help_panel=TABLES, help="Correct p-values over all tests of the report, or over each data set's."
        ),
    ] = Family.ALL
    split_by: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=TABLES,
            help="Give runs that differ in this setting (method.beta, train.lr, device) rows of their own.",
            metavar="SETTING",
        ),
    ] = None

    def tables(self, chosen: Chosen) -> "Report":
        """The report of the chosen runs, without sections."""
        from l2t.report.build import build

        return build(
            chosen.rows,
            chosen.specs,
            chosen.planned,
            self.baseline,
            self.family.value,
            self.split_by or (),
            self.metric.value,
        )


@dataclass(frozen=True)
class Parts:
    """What stands beside the tables, as options say it."""

    brief: Annotated[
        bool,
        typer.Option(
            "--brief",
            rich_help_panel=PARTS,
            help="Without bootstrap intervals, effect sizes, provenance and figures: quick.",
        ),
    ] = False
    against: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=PARTS,
            metavar="NAME",
            help="Published numbers beside ours: thesis, or a CSV file with its columns.",
        ),
    ] = None
    plus_minus: Annotated[
        Reading, typer.Option(rich_help_panel=PARTS, help="What the published ± is: half a 95 % interval, or an sd.")
    ] = Reading.INTERVAL
    published_n: Annotated[
        int, typer.Option(rich_help_panel=PARTS, min=2, help="Runs behind each published number.")
    ] = 30
    all_tests: Annotated[
        bool,
        typer.Option(
            "--all-tests",
            rich_help_panel=PARTS,
            help="Kruskal-Wallis, Friedman, ranks, IQM, improvement, permutation, equivalence, Bayes.",
        ),
    ] = False
    rope: Annotated[
        float,
        typer.Option(rich_help_panel=PARTS, metavar="POINTS", help="Differences up to this are practically none."),
    ] = 1.0
    power: Annotated[
        float | None,
        typer.Option(
            rich_help_panel=PARTS,
            metavar="POINTS",
            help="What these seeds can find, how many find POINTS, and the commands that add them.",
        ),
    ] = None
    per_class: Annotated[bool, typer.Option("--per-class", rich_help_panel=PARTS, help="Accuracy of each class.")] = (
        False
    )
    costs: Annotated[
        bool, typer.Option("--costs", rich_help_panel=PARTS, help="Time, parameters and peak memory of each method.")
    ] = False
    provenance: Annotated[
        bool,
        typer.Option(
            "--provenance", rich_help_panel=PARTS, help="Code, machines, data and source networks, each with its runs."
        ),
    ] = False

    @property
    def asked(self) -> list[str]:
        """The options for sections that are given."""
        given = {
            "--against": self.against is not None,
            "--all-tests": self.all_tests,
            "--power": self.power is not None,
            "--per-class": self.per_class,
            "--costs": self.costs,
            "--provenance": self.provenance,
        }
        return [option for option, is_given in given.items() if is_given]

    def sections(self, made: "Report", chosen: Chosen, selection: str) -> "Iterator[Section]":
        """The sections that are asked for, in the order in which they stand."""
        home = paths.home()
        if self.against is not None:
            from l2t.report.published.shipped import published
            from l2t.report.sections.published import against

            yield against(made, chosen.specs, published(self.against), self.plus_minus.value, self.published_n)
        if self.all_tests:
            from l2t.report.sections.all_tests import all_tests

            with working("tests") as progress:
                yield all_tests(made, self.rope, lambda done, total, what: progress(what, done, total))
        if self.power is not None:
            from l2t.report.sections.power import power

            with Store.read(home) as store:  # all of them: seeds that the selection leaves out are taken, too
                everything = store.runs()
            yield power(made, chosen.specs, everything, self.power)
        if self.per_class:
            from l2t.report.sections.per_class import per_class

            yield per_class(home, made, chosen.specs)
        if self.costs:
            from l2t.report.sections.costs import costs

            yield costs(home, made, chosen.rows)
        if not self.brief or self.provenance:
            from l2t.report.sections.provenance import provenance

            origin = provenance(home, chosen.rows, chosen.specs, selection)
            yield origin if self.provenance else replace(origin, grids=origin.grids[:1])
