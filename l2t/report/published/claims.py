"""Printed comparisons of two methods, and those that can be computed from printed means, beside ours."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from l2t.report import words
from l2t.report.published.judge import from_means
from l2t.report.published.table import Claim, Printed, Published, Reading
from l2t.report.report import LEVEL, Comparison, Entry, Table
from l2t.report.section import Grid
from l2t.stats import NoTest, PValue, benjamini_hochberg, difference, holm, mann_whitney

PAIRS = (("l2twww", "l2tww"), ("l2twww", "ufm"))
"""Comparisons that are looked at: what the thesis tests, and what it does not."""

Matched = Sequence[tuple[Table, Sequence[tuple[Entry, Printed]]]]
"""Our tables that have printed cells, and each of their entries with its printed number."""


@dataclass(frozen=True)
class Beside:
    """One comparison, as printed and as ours."""

    table: Table
    shots: int
    row: str
    """Label of our row of the first method."""
    printed: float
    """Difference as it is printed, else of the printed means; percentage points."""
    claim: Claim | None
    means: PValue | NoTest
    """Computed from the printed means."""
    ours: Comparison
    """Mann–Whitney U, two-sided, Holm-corrected over the pair's."""


def beside(
    matched: Matched, published: Published, pair: tuple[str, str], reading: Reading, runs: int
) -> tuple[list[Grid], dict[str, Any]]:
    """The comparison of a pair of methods in all matched tables, a grid, and the same as JSON values; no grid where
    nothing of it is both printed and run. runs: behind each printed mean."""
    found = _corrected(
        [one for table, cells in matched for one in _found(table, cells, published, pair, reading, runs)]
    )
    claims = published.claims if pair == PAIRS[0] else ()
    data = {
        "minuend": pair[0],
        "subtrahend": pair[1],
        "comparisons": [_plain(one) for one in found],
        "printed": multiplicity([claim.p for claim in claims]),
        "from_means": multiplicity(_from_all_means(published, pair, reading, runs)),
    }
    return [_grid(found, published, pair, runs, data)] if found else [], data


def multiplicity(p: Sequence[float]) -> dict[str, int]:
    """How many p-values there are, and how many are below 0.05: as they are, after Holm's correction over them, after
    Benjamini and Hochberg's."""
    corrected = {"below": p, "holm": holm(p), "benjamini_hochberg": benjamini_hochberg(p)}
    return {"tests": len(p)} | {name: sum(one < LEVEL for one in values) for name, values in corrected.items()}


def printed_claims(published: Published) -> str:
    """What corrections leave of the printed p-values."""
    counted = multiplicity([claim.p for claim in published.claims])
    return (
        f"Of the {counted['tests']} p-values that {published.title} prints (l2twww against l2tww, not corrected)"
        f" {counted['below']} are below {LEVEL}; Holm over them leaves {counted['holm']}, Benjamini–Hochberg"
        f" {counted['benjamini_hochberg']}."
    )


def _found(
    table: Table,
    cells: Sequence[tuple[Entry, Printed]],
    published: Published,
    pair: tuple[str, str],
    reading: Reading,
    runs: int,
) -> Iterator[Beside]:
    """Of each number of shots every row of the one method with every row of the other."""
    claims = {(claim.dataset, claim.shots): claim for claim in published.claims} if pair == PAIRS[0] else {}
    for entry, printed in cells:
        if printed.rare or printed.method != pair[0]:
            continue
        for base, other in cells:
            if (other.shots, other.method) != (printed.shots, pair[1]):
                continue
            claim = claims.get((printed.dataset, printed.shots))
            yield Beside(
                table=table,
                shots=printed.shots,
                row=entry.row,
                printed=claim.difference if claim else printed.accuracy - other.accuracy,
                claim=claim,
                means=_means(printed, other, reading, runs),
                ours=Comparison(
                    baseline=base.row,
                    difference=difference(entry.values, base.values),
                    test=mann_whitney(entry.values, base.values),
                    adjusted=None,
                    paired=None,
                    interim=bool(entry.missing or base.missing),
                ),
            )


def _corrected(found: Sequence[Beside]) -> list[Beside]:
    adjusted = iter(holm([one.ours.test.p for one in found if isinstance(one.ours.test, PValue)]))
    return [
        replace(one, ours=replace(one.ours, adjusted=next(adjusted))) if isinstance(one.ours.test, PValue) else one
        for one in found
    ]


def _means(one: Printed, other: Printed, reading: Reading, runs: int) -> PValue | NoTest:
    return from_means(one.accuracy, one.sd(reading, runs), other.accuracy, other.sd(reading, runs), runs)


def _from_all_means(published: Published, pair: tuple[str, str], reading: Reading, runs: int) -> list[float]:
    """The p-values that printed means of the pair give, of the whole publication."""
    known = {(one.dataset, one.shots, one.method): one for one in published.cells if not one.rare}
    tests = [
        _means(one, known[dataset, shots, pair[1]], reading, runs)
        for (dataset, shots, method), one in known.items()
        if method == pair[0] and (dataset, shots, pair[1]) in known
    ]
    return [test.p for test in tests if isinstance(test, PValue)]


def _grid(
    found: Sequence[Beside], published: Published, pair: tuple[str, str], runs: int, data: dict[str, Any]
) -> Grid:
    claimed = any(one.claim for one in found)
    plain = all((one.row, one.ours.baseline) == pair for one in found)
    rows = []
    for one in found:
        place = one.table.title if plain else f"{one.table.title}, {one.row} − {one.ours.baseline}"
        cells = [place, str(one.shots), words.signed(one.printed)]
        cells += [one.claim.text if one.claim else "–"] if claimed else []
        cells += [words.p_value(one.means.p) if isinstance(one.means, PValue) else "–"]
        rows.append((*cells, words.difference(one.ours), words.p_raw(one.ours), "*" * one.ours.significant))
    return Grid(
        " − ".join(pair) + ("" if claimed else f": no test of it is printed in {published.title}"),
        ("data set", "shots", "printed", *["p printed"] * claimed, "p means", "ours (95 %)", "p", "*"),
        tuple(rows),
        left=frozenset({0, 1}),
        sentences=tuple(_sentences(found, published, runs, data)),
    )


def _sentences(found: Sequence[Beside], published: Published, runs: int, data: dict[str, Any]) -> Iterator[str]:
    tests = sum(isinstance(one.ours.test, PValue) for one in found)
    yield (
        f"p: Mann–Whitney U two-sided, of our runs, not corrected; * below {LEVEL} after Holm over"
        f" {tests} test{'s' * (tests != 1)}."
    )
    means = data["from_means"]
    if means["tests"]:
        yield (
            f"p means: Welch's t, two-sided, of two printed means of {runs} runs with the spread of their ±: computed"
            f" from printed means, not printed, not corrected. Of the {means['tests']} in {published.title}"
            f" {means['below']} are below {LEVEL}, Holm over them leaves {means['holm']}."
        )
    reasons: dict[str, list[str]] = {}
    for one in found:
        if isinstance(one.ours.test, NoTest):
            place = f"{one.table.title} at {words.shots_title(one.shots)}"
            reasons.setdefault(one.ours.test.reason, []).append(place)
    for reason, places in reasons.items():
        yield f"No test for {words.listed(places)}: {reason}."


def _plain(one: Beside) -> dict[str, Any]:
    return {
        "dataset": one.table.dataset,
        "target": one.table.target,
        "source": one.table.source,
        "training": one.table.training,
        "shots": one.shots,
        "row": one.row,
        "printed_difference": one.printed,
        "printed_p": one.claim.text if one.claim else None,
        "from_means": asdict(one.means),
        "ours": asdict(one.ours),
    }
