"""Rows of runs → the report: which run stands in which entry of which table, what is compared with what."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from l2t.errors import L2tError, UsageError, unknown
from l2t.report.cells import Cell, ambiguous_sources, check_split, differing, gather, label
from l2t.report.compare import compare, correct
from l2t.report.entries import entry_of, mark_best
from l2t.report.report import Entry, Report, Table
from l2t.report.titles import Metric, dataset_title, metric_title, model_title, source_title, training_title
from l2t.stats import PValue
from l2t.store.rows import RunRow
from l2t.store.state import State

if TYPE_CHECKING:
    from l2t.methods.base import MethodConfig

Key = tuple[Any, ...]


def build(
    rows: Iterable[RunRow],
    specs: Mapping[str, Mapping[str, Any]],
    planned: Mapping[str, int],
    baseline: str | None = None,
    family: Literal["all", "dataset"] = "all",
    split_by: Sequence[str] = (),
    metric: Metric = "last",
) -> Report:
    """Compare the methods of `rows` on each data set, target, source and length of training.

    specs: specification of each cell, as JSON values; planned: runs asked for of each cell, whether in `rows` or not.
    baseline: label of the row to compare with (default: l2tww, else scratch). family: what Holm's correction runs over.
    split_by: settings ("method.beta") whose values make rows of their own.
    metric: what the tables are of; "last" has tables of the recall, too, where a rare class was cut.
    Raises UsageError where runs that differ in more than the seed meet in one entry, and for an unknown baseline or
    setting.
    """
    cells = gather(rows, specs, planned)
    check_split(cells, split_by)
    ambiguous = ambiguous_sources(cells)
    tables = [
        table
        for key, members in by_table(cells).items()
        for table in _tables(key, _without_cancelled(members, split_by), split_by, metric, ambiguous)
    ]
    known = dict.fromkeys(row for table in tables for row in table.rows)
    if baseline is not None and baseline not in known and tables:
        raise unknown("row to compare with", baseline, known, "l2t report")
    compared = correct([compare(_with_baseline(table, baseline), _paired(cells)) for table in tables], family)
    tests: Counter[str] = Counter()
    for table in compared:
        tests[table.dataset] += sum(
            entry.comparison is not None and isinstance(entry.comparison.test, PValue) for entry in table.entries
        )
    return Report(tuple(compared), family, dict(tests))


def by_table(cells: Sequence[Cell]) -> dict[Key, list[Cell]]:
    """Cells by the table they stand in; those without a source in every table that is theirs but for the source."""
    common = {cell.hash: _key(cell) for cell in cells}
    sources: dict[Key, dict[str, None]] = {}
    for cell in cells:
        known = sources.setdefault(common[cell.hash], {})
        if "source.hash" in cell.settings:
            known[cell.settings["source.hash"]] = None
    tables: dict[Key, list[Cell]] = {}
    for cell in sorted(cells, key=lambda cell: common[cell.hash]):
        key = common[cell.hash]
        own = [cell.settings["source.hash"]] if "source.hash" in cell.settings else sources[key] or [""]
        for source in own:
            tables.setdefault((*key, source), []).append(cell)
    return tables


def _key(cell: Cell) -> Key:
    settings = cell.settings
    rare = settings["data.rare_class"]
    return (
        cell.first.dataset,
        same_architecture(cell.first.method),
        cell.first.target,
        settings["train.epochs"],
        settings["train.min_steps"],
        -1 if rare is None else rare,
        0 if rare is None else settings["data.rare_images"],
    )


def config_of(method: str) -> "type[MethodConfig] | None":
    """What the registry knows of the method; None of one that it does not have."""
    from l2t.methods.registry import methods

    try:
        return methods.get(method)
    except (L2tError, ImportError):
        return None


def same_architecture(method: str) -> bool:
    """Whether the method trains the source's own architecture; False for one that the registry does not have."""
    config = config_of(method)
    return config is not None and config.same_architecture


def made_first(method: str) -> tuple[str, ...]:
    """The phases that the method has before its runs."""
    config = config_of(method)
    return () if config is None else config.makes


def baselines(table: Table) -> tuple[str, ...]:
    """Methods that the table's others are compared with where nothing else is asked for: the first that it has."""
    return ("finetune",) if all(same_architecture(entry.method) for entry in table.entries) else ("l2tww", "scratch")


def _without_cancelled(cells: Sequence[Cell], split_by: Sequence[str]) -> list[Cell]:
    """The cells, without those whose runs were all cancelled where another one has their place."""
    taken = {
        (label(cell, split_by), cell.first.shots)
        for cell in cells
        if any(row.state is not State.CANCELLED for row in cell.rows)
    }
    return [
        cell
        for cell in cells
        if (label(cell, split_by), cell.first.shots) not in taken
        or any(row.state is not State.CANCELLED for row in cell.rows)
    ]


def _tables(
    key: Key, cells: Sequence[Cell], split_by: Sequence[str], asked: Metric, ambiguous: Collection[str]
) -> Iterator[Table]:
    """The table of the metric and, where a rare class was cut, that of its recall."""
    _refuse_mixed(cells, split_by)
    settings = cells[0].settings
    sourced = next((cell for cell in cells if cell.first.source is not None), None)
    labels = sorted({label(cell, split_by) for cell in cells}, key=row_order)
    metrics: list[Metric] = [] if asked == "rare-class" else [asked]
    if settings["data.rare_class"] is not None and asked != "best-val":
        metrics.append("rare-class")
    for metric in metrics:
        entries = [entry_of(cell, label(cell, split_by), metric) for cell in cells]
        yield Table(
            dataset=key[0],
            title=dataset_title(key[0]),
            target=model_title(cells[0].first.target),
            source=source_title(sourced.settings, str(sourced.first.source), ambiguous) if sourced else None,
            training=training_title(settings),
            metric=metric_title(settings, metric),
            baseline=None,
            rows=tuple(labels),
            shots=tuple(sorted({entry.shots for entry in entries})),
            entries=mark_best(sorted(entries, key=lambda entry: (labels.index(entry.row), entry.shots))),
            notes=(*_notes(cells, entries), *_same_architecture(cells), *_made_once(cells, split_by)),
        )


def _refuse_mixed(cells: Sequence[Cell], split_by: Sequence[str]) -> None:
    places: dict[tuple[str, int], list[Cell]] = {}
    for cell in cells:
        places.setdefault((label(cell, split_by), cell.first.shots), []).append(cell)
    mixed = {place: members for place, members in places.items() if len(members) > 1}
    for (row, shots), members in mixed.items():
        keys = differing(members)
        what = "; ".join(
            f"{key} ({', '.join(f'{value}: {_counted(runs)}' for value, runs in values.items())})"
            for key, values in keys.items()
        )
        raise UsageError(
            f"runs of {row} on {dataset_title(members[0].first.dataset)} at {shots} shots differ in more than the"
            f" seed: {what}. Give them rows of their own with --split-by {next(iter(keys))}, or choose by sweep, tag"
            " or state" + (f" ({len(mixed)} entries are so)" if len(mixed) > 1 else "")
        )


def _counted(runs: int) -> str:
    return f"{runs} run{'s' * (runs != 1)}"


def row_order(row: str) -> tuple[int, str]:
    """Rows stand in the order of the method registry, methods it does not have after them."""
    from l2t.methods.registry import methods

    names = list(methods)
    method = row.split(" ")[0]
    return (names.index(method) if method in names else len(names), row)


def _notes(cells: Sequence[Cell], entries: Sequence[Entry]) -> Iterator[str]:
    own = ("method", "phase", "shots", "source")
    for key, values in differing(cells).items():
        if not key.startswith(own) and not (key.startswith("packages.") and len(values.keys() - {"–"}) == 1):
            yield f"The rows are not alike in {key}: {', '.join(values)}."
    late = sum(entry.late for entry in entries)
    if late:
        these = f"{_counted(late)} {'were' if late > 1 else 'was'}"
        yield f"{these} asked for when results of the same cell were known already: p-values take n as planned."


def _same_architecture(cells: Sequence[Cell]) -> Iterator[str]:
    """What the group of methods that train the source's architecture costs, by row, from its finished runs."""
    if not same_architecture(cells[0].first.method):
        return
    yield "Same architecture as the source: not ranked against methods that train another target network."
    by_method: dict[str, list[RunRow]] = {}
    for cell in cells:
        by_method.setdefault(cell.first.method, []).extend(row for row in cell.rows if row.state is State.DONE)
    for method, done in by_method.items():
        parameters = sorted({row.parameters for row in done if row.parameters is not None})
        seconds = [row.seconds for row in done if row.seconds is not None]
        if parameters and seconds:
            numbers = " or ".join(f"{number:,}" for number in parameters)
            phases = "".join(f", without its {phase} network" for phase in made_first(method))
            yield f"{method}: {numbers} parameters, mean time of a run {fmean(seconds):,.1f} s{phases}."


def _made_once(cells: Sequence[Cell], split_by: Sequence[str]) -> Iterator[str]:
    """Which rows rest on a network that was made once for all seeds."""
    once: dict[str, dict[str, None]] = {}
    for cell in cells:
        for phase in cell.made_once:
            once.setdefault(phase, {})[label(cell, split_by)] = None
    for phase, rows in once.items():
        yield f"One {phase} network for all seeds of {', '.join(rows)}: the intervals leave out its variance."


def _with_baseline(table: Table, asked: str | None) -> Table:
    """The table with the row that its others are compared with, or with a note why there is none."""
    if len(table.rows) == 1 and asked is None:
        return table
    if asked in table.rows:
        return replace(table, baseline=asked)
    usual = baselines(table)
    nothing = f"neither {' nor '.join(usual)} is here" if len(usual) > 1 else f"{usual[0]} is not here"
    note = nothing if asked is None else f"{asked} has no runs here"
    for method in usual if asked is None else ():
        rows = {entry.row for entry in table.entries if entry.method == method}
        if len(rows) == 1:
            return replace(table, baseline=rows.pop())
        if rows:
            note = f"{method} has {len(rows)} rows"
            break
    return replace(table, notes=(*table.notes, f"No comparison: {note}; --baseline names another row."))


def _paired(cells: Sequence[Cell]) -> frozenset[str]:
    """Hashes of the cells whose seeds share subset and start with those of other methods."""
    return frozenset(cell.hash for cell in cells if cell.settings["train.pairing"] == "shared")
