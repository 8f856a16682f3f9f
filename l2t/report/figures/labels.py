"""What panels and captions say about the tables that they draw."""

from collections.abc import Iterable, Sequence

from l2t.report.report import Entry, Table


def tested(tables: Iterable[Table]) -> list[Table]:
    """The tables without those that are another measure of the same cells (the rare class's recall)."""
    found: dict[frozenset[str], Table] = {}
    for table in tables:
        found.setdefault(frozenset(entry.cell for entry in table.entries), table)
    return list(found.values())


def titles(tables: Sequence[Table]) -> list[str]:
    """A title for each panel: the data set, and in a second line what else is not the same in all tables."""
    parts = [
        (
            table.target if table.source is None else f"{table.target} ← {table.source}",
            table.training,
            table.metric,
        )
        for table in tables
    ]
    differing = [index for index in range(3) if len({part[index] for part in parts}) > 1]
    return [
        "\n".join([table.title, *([", ".join(part[index] for index in differing)] if differing else [])])
        for table, part in zip(tables, parts, strict=True)
    ]


def about(tables: Sequence[Table]) -> str:
    """Which data sets, networks and trainings: "Digits, VGG-small ← ResNet-8 (glyphs), 50 epochs"."""
    return "; ".join(dict.fromkeys(table.heading for table in tables))


def interim(entries: Iterable[Entry]) -> str:
    """A sentence where planned runs are missing, else nothing; with a blank before it."""
    return " Planned runs are missing: interim." if any(entry.missing for entry in entries) else ""


def runs_of(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Ids of the runs behind the entries, each once."""
    return tuple(dict.fromkeys(run for entry in entries for run in entry.runs))
