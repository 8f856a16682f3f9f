"""Every method against the baseline, asked in three more ways: permutation test, equivalence, Bayesian answer."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from l2t.report.compare import pairs
from l2t.report.report import LEVEL, Comparison, Entry, Table
from l2t.report.section import Grid
from l2t.report.words import bracketed, listed, p_value, shots_title
from l2t.stats import NoTest, PValue, ThreeWay, bayes, holm, permutation, tost


@dataclass(frozen=True)
class Asked:
    """One entry against the baseline's of the same column."""

    dataset: str
    entry: Entry
    comparison: Comparison
    permutation: PValue | NoTest
    """Is there a difference of means?"""
    equivalence: PValue | NoTest
    """Is the difference of means within ±rope?"""
    bayes: ThreeWay | NoTest
    """Worse, practically equivalent or better, over pairs of one seed."""
    permutation_adjusted: float | None = None
    """After Holm's correction over all permutation tests of the family."""
    equivalence_adjusted: float | None = None
    """After Holm's correction over all equivalence tests of the family."""


def against(table: Table, rope: float, step: Callable[[str], None]) -> list[Asked]:
    """The comparisons of a table, by shots, then by row, not corrected. step: called after each."""
    bases = {entry.shots: entry for entry in table.entries if entry.row == table.baseline}
    found = []
    for entry in sorted(table.entries, key=lambda entry: (entry.shots, table.rows.index(entry.row))):
        if entry.comparison is None:
            continue
        base = bases[entry.shots]
        shared: ThreeWay | NoTest = NoTest("seeds share neither subset nor start")
        if entry.comparison.paired is not None:
            shared = bayes(*pairs(entry, base), rope)
        means = permutation(entry.values, base.values)
        equal = tost(entry.values, base.values, rope)
        found.append(Asked(table.dataset, entry, entry.comparison, means, equal, shared))
        step(f"{table.title}: permutation tests")
    return found


def corrected(found: Sequence[Asked], family: str) -> list[Asked]:
    """With Holm's correction, permutation and equivalence tests each a family of their own: over "all" of the report,
    or over those of each "dataset"."""
    means = _holm([(_family(one, family), one.permutation) for one in found])
    equal = _holm([(_family(one, family), one.equivalence) for one in found])
    return [
        replace(one, permutation_adjusted=mean, equivalence_adjusted=same)
        for one, mean, same in zip(found, means, equal, strict=True)
    ]


def _family(one: Asked, family: str) -> str:
    return one.dataset if family == "dataset" else "all"


def _holm(tests: Sequence[tuple[str, PValue | NoTest]]) -> list[float | None]:
    families: dict[str, list[float]] = {}
    for name, test in tests:
        if isinstance(test, PValue):
            families.setdefault(name, []).append(test.p)
    adjusted = {name: iter(holm(values)) for name, values in families.items()}
    return [next(adjusted[name]) if isinstance(test, PValue) else None for name, test in tests]


def grid(table: Table, found: Sequence[Asked], rope: float) -> Grid:
    """A line a comparison. Bold: adjusted p below 0.05, and what is 95 % likely; brackets: planned runs are missing."""
    rows, bold = [], set()
    for number, one in enumerate(found):
        rows.append((str(one.entry.shots), one.entry.row, *_p_values(one), *_chances(one.bayes)))
        if not one.comparison.interim:
            bold |= {(number, 2 + index) for index, stands_out in enumerate(_outstanding(one)) if stands_out}
    return Grid(
        f"{table.heading}, {table.metric}: against {table.baseline}",
        ("shots", "method", "perm. p", "Holm", f"±{rope:g} p", "Holm", "worse", "equal", "better"),
        tuple(rows),
        left=frozenset({0, 1}),
        bold=frozenset(bold),
        sentences=tuple(_sentences(found, f"±{rope:g} p")),
    )


def _p_values(one: Asked) -> Iterator[str]:
    for test, adjusted in (
        (one.permutation, one.permutation_adjusted),
        (one.equivalence, one.equivalence_adjusted),
    ):
        yield bracketed(one.comparison, p_value(test.p)) if isinstance(test, PValue) else "–"
        yield "–" if adjusted is None else bracketed(one.comparison, p_value(adjusted))


def _chances(answer: ThreeWay | NoTest) -> tuple[str, str, str]:
    if isinstance(answer, NoTest):
        return "–", "–", "–"
    return _chance(answer.worse), _chance(answer.equivalent), _chance(answer.better)


def _chance(value: float) -> str:
    if value < 0.0005:
        return "<0.001"
    return f"{value:.3f}" if value < 0.9995 else ">0.999"


def _outstanding(one: Asked) -> Iterator[bool]:
    for adjusted in (one.permutation_adjusted, one.equivalence_adjusted):
        yield False
        yield adjusted is not None and adjusted < LEVEL
    if isinstance(one.bayes, ThreeWay):
        yield from (chance > 1 - LEVEL for chance in (one.bayes.worse, one.bayes.equivalent, one.bayes.better))


def _sentences(found: Sequence[Asked], equivalence: str) -> Iterator[str]:
    for heading, tests in (
        ("perm. p", [one.permutation for one in found]),
        (equivalence, [one.equivalence for one in found]),
    ):
        named = Counter(f"{test.test}, {test.method}" for test in tests if isinstance(test, PValue))
        if named:
            yield f"{heading}: " + "; ".join(f"{name} ({count})" for name, count in named.items()) + "."
    answers = dict.fromkeys(one.bayes.method for one in found if isinstance(one.bayes, ThreeWay))
    if answers:
        yield f"worse, equal, better: probabilities, {', '.join(answers)}, over runs of one seed."
    missing: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for kind, results in (
        ("permutation test", [one.permutation for one in found]),
        ("equivalence test", [one.equivalence for one in found]),
        ("Bayesian answer", [one.bayes for one in found]),
    ):
        reasons: dict[str, list[str]] = {}
        for one, result in zip(found, results, strict=True):
            if isinstance(result, NoTest):
                place = f"{one.entry.row} at {shots_title(one.entry.shots)}"
                reasons.setdefault(result.reason, []).append(place)
        for reason, places in reasons.items():
            missing.setdefault((reason, tuple(places)), []).append(kind)
    for (why, where), kinds in missing.items():
        yield f"No {' and no '.join(kinds)} for {listed(where)}: {why}."


def data(found: Sequence[Asked]) -> list[dict[str, Any]]:
    """The same as JSON values."""
    return [
        {
            "shots": one.entry.shots,
            "row": one.entry.row,
            "n": one.entry.summary.n,
            "baseline": one.comparison.baseline,
            "interim": one.comparison.interim,
            "permutation": asdict(one.permutation) | {"p_holm": one.permutation_adjusted},
            "equivalence": asdict(one.equivalence) | {"p_holm": one.equivalence_adjusted},
            "bayes": asdict(one.bayes),
        }
        for one in found
    ]
