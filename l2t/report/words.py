"""What stands around a table in words, the same in every format: its title, its numbers, the meaning under it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from l2t.report.report import LEVEL, Comparison, Entry, Report, Table
from l2t.stats import Estimate, NoTest, PValue


def common_n(table: Table) -> int | None:
    """Runs behind every entry, where that is the same number and all that were planned; else None."""
    numbers = {(entry.summary.n, entry.planned) for entry in table.entries}
    n, planned = next(iter(numbers))
    full = len(table.entries) == len(table.rows) * len(table.shots)
    return n if len(numbers) == 1 and n == planned and full else None


def title(table: Table) -> str:
    """The line above the table, with the unit and the meaning of ±."""
    n = common_n(table)
    counted = f"n = {n}" if n is not None else "n in brackets"
    return f"{table.heading}, {table.metric} % ± 95 % interval, {counted}"


def shots_title(shots: int) -> str:
    return f"{shots} shots" if shots != 1 else "1 shot"


def mean(entry: Entry) -> str:
    return "–" if entry.summary.mean is None else f"{entry.summary.mean:.1f}"


def half_width(entry: Entry) -> str:
    """What stands after ±; empty where there is no interval."""
    return "" if entry.summary.half_width is None else f"{entry.summary.half_width:.1f}"


def n(entry: Entry) -> str:
    """Runs behind the entry, of how many where some are missing: "30", "12/30"."""
    return str(entry.planned) if entry.summary.n == entry.planned else f"{entry.summary.n}/{entry.planned}"


def marks(entry: Entry) -> str:
    """ "*" where it differs from the baseline, "≈" where it is not significantly different from the best."""
    star = "*" if entry.comparison is not None and entry.comparison.significant else ""
    return star + ("≈" if entry.near_best else "")


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def difference(comparison: Comparison) -> str:
    """ "−3.9 (−6.1 … −1.7)", in percentage points."""
    found = comparison.difference
    if found is None:
        return "–"
    if found.low is None or found.high is None:
        return signed(found.value)
    return f"{signed(found.value)} ({signed(found.low)} … {signed(found.high)})"


def signed(value: float) -> str:
    """ "+2.2", "−3.9", "0.0"."""
    text = f"{value:+.1f}"
    return text.replace("-", "−") if float(text) else "0.0"


def p_raw(comparison: Comparison) -> str:
    """The uncorrected p-value, in brackets where it is interim."""
    return bracketed(comparison, p_value(comparison.test.p)) if isinstance(comparison.test, PValue) else "–"


def p_adjusted(comparison: Comparison) -> str:
    """The corrected p-value, with its star, in brackets where it is interim."""
    if comparison.adjusted is None:
        return "–"
    return bracketed(comparison, p_value(comparison.adjusted)) + (" *" if comparison.significant else "")


def p_discovered(comparison: Comparison) -> str:
    """The p-value corrected for the share of false findings, in brackets where it is interim."""
    return "–" if comparison.discovered is None else bracketed(comparison, p_value(comparison.discovered))


def p_other(comparison: Comparison, test: PValue | NoTest | None) -> str:
    """The p-value of another test of this comparison, in brackets where it is interim."""
    return bracketed(comparison, p_value(test.p)) if isinstance(test, PValue) else "–"


def interval(estimate: Estimate | NoTest | None) -> str:
    """ "69.9 … 75.6"."""
    if not isinstance(estimate, Estimate) or estimate.low is None or estimate.high is None:
        return "–"
    return f"{estimate.low:.1f} … {estimate.high:.1f}"


def effect(estimate: Estimate | NoTest | None) -> str:
    """ "0.71 (0.55 … 0.83)", in [−1, 1]."""
    if not isinstance(estimate, Estimate):
        return "–"
    ends = [estimate.value, *(end for end in (estimate.low, estimate.high) if end is not None)]
    value, *bounds = [f"{end:.2f}".replace("-", "−") for end in ends]
    return f"{value} ({' … '.join(bounds)})" if bounds else value


def bracketed(comparison: Comparison, text: str) -> str:
    """The text, in brackets where the comparison is interim."""
    return f"({text})" if comparison.interim else text


def p_value(value: float) -> str:
    """ "0.0123", "<0.0001"."""
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"


def how_tested(table: Table) -> list[str]:
    """The sentences under the details: how their p-values were computed."""
    compared = [entry.comparison for entry in table.entries if entry.comparison is not None]
    methods = Counter(found.test.method for found in compared if isinstance(found.test, PValue))
    sentences = []
    if methods:
        sentences.append("p: " + ", ".join(f"{method} ({count})" for method, count in sorted(methods.items())) + ".")
    if any(isinstance(found.paired, PValue) for found in compared):
        sentences.append(
            "Runs of one seed share subset and start, so the samples are dependent: p paired (Wilcoxon signed-rank,"
            " uncorrected) is the sharper test, the unpaired one is the thesis's."
        )
    return sentences


def effects_meaning(table: Table) -> list[str]:
    """The sentences under the effects: what their columns are."""
    methods = {entry.bootstrap.method for entry in table.entries if isinstance(entry.bootstrap, Estimate)}
    sentences = [f"Interval of the mean: {method}." for method in sorted(methods)]
    if any(entry.comparison is not None and entry.comparison.a12 is not None for entry in table.entries):
        sentences.append(
            f"p greater: one-sided Mann–Whitney, is it better than {table.baseline} (the thesis's reading),"
            " uncorrected; p BH: two-sided, Benjamini–Hochberg over the same tests as Holm. A12: how often a run of the"
            f" row exceeds one of {table.baseline}, Cliff's δ = 2 · A12 − 1."
        )
    return sentences


def meaning(report: Report, table: Table) -> list[str]:
    """The sentences under the table: what differs, by which test, what is missing."""
    return [
        *_compared(report, table),
        *_near_best(table),
        *_untested(table),
        *_counted(table),
        *_unusual(table),
        *table.notes,
    ]


def _compared(report: Report, table: Table) -> Iterator[str]:
    compared = [entry.comparison for entry in table.entries if entry.comparison is not None]
    tested = [comparison for comparison in compared if isinstance(comparison.test, PValue)]
    if not tested:
        return
    size = report.family_size(table.dataset)
    tests = f"{size} tests" if size > 1 else "1 test"
    how = f"Mann–Whitney U two-sided, Holm over {tests}, p < {LEVEL}"
    final = [comparison for comparison in tested if not comparison.interim]
    if any(comparison.significant for comparison in final):
        yield f"* differs from {table.baseline} ({how})."
    elif final:
        yield f"None differs from {table.baseline} ({how})."
    if len(final) < len(tested):
        which = "p-values in brackets are" if final else f"All p-values against {table.baseline} are"
        yield f"{which} interim, without stars: planned runs are missing" + ("." if final else f" ({how}).")


def _near_best(table: Table) -> Iterator[str]:
    tests = sum(entry.from_best is not None for entry in table.entries)
    if any(entry.near_best for entry in table.entries):
        yield (
            "≈ is not significantly different from the best of its column (the same test, Holm over"
            f" {tests} {'test' if tests == 1 else 'tests'} of this table)."
        )


def _untested(table: Table) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    compared = [entry for entry in table.entries if entry.comparison is not None]
    for entry in compared:
        if entry.comparison is not None and not isinstance(entry.comparison.test, PValue):
            place = f"{entry.row} at {shots_title(entry.shots)}"
            reasons.setdefault(entry.comparison.test.reason, []).append(place)
    for reason, places in reasons.items():
        where = "" if len(places) == len(compared) else f" for {listed(places)}"
        yield f"No test against {table.baseline}{where}: {reason}."


def listed(places: Sequence[str]) -> str:
    """The first four places, and how many more there are."""
    return ", ".join(places[:4]) + (f" and {len(places) - 4} more" if len(places) > 4 else "")


def _counted(table: Table) -> Iterator[str]:
    failed = sum(entry.failed for entry in table.entries)
    if failed:
        reasons: Counter[str] = Counter()
        for entry in table.entries:
            reasons.update(entry.reasons)
        why = ", ".join(
            reason.replace("_", " ") + (f" {count}" if len(reasons) > 1 else "") for reason, count in reasons.items()
        )
        yield f"{_further(failed)} failed ({why})."
    unmeasured = sum(entry.done - len(entry.values) for entry in table.entries)
    if unmeasured:
        yield f"{_further(unmeasured)} ended without a finite {table.metric}, which is left out."
    states = ("running", "waiting", "cancelled")
    counts = {state: sum(getattr(entry, state) for entry in table.entries) for state in states}
    counts["not selected"] = sum(entry.missing for entry in table.entries) - sum(counts.values())
    parts = [f"{count} {state}" for state, count in counts.items() if count]
    if parts:
        yield f"Runs still missing: {', '.join(parts)}."


def _further(count: int) -> str:
    return f"{count} further runs" if count > 1 else "1 further run"


def _unusual(table: Table) -> Iterator[str]:
    for entry in table.entries:
        if entry.summary.n > 1 and entry.summary.note:
            yield f"{entry.row} at {shots_title(entry.shots)}: {entry.summary.note}."
