"""A report as tidy CSV: a line an entry, every number in a column of its own, empty where there is none."""

import csv
import io
from typing import Any

from l2t.printable import printable
from l2t.report.report import Entry, Report, Table
from l2t.stats import Estimate, PValue


def render(report: Report) -> str:
    """All entries of all tables. Accuracies and differences in percent, as they are: not rounded."""
    lines = [_line(report, table, entry) for table in report.tables for entry in table.entries]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return "\n".join(map(printable, text.getvalue().splitlines())) + "\n"


COLUMNS = (
    *("dataset", "target", "source", "training", "metric", "method", "row", "shots", "cell"),
    *("planned", "done", "failed", "running", "waiting", "cancelled", "late"),
    *("n", "mean", "sd", "median", "interval_low", "interval_high", "confidence", "best"),
    *("baseline", "difference", "difference_low", "difference_high"),
    *(
        "test",
        "test_method",
        "statistic",
        "p",
        "p_adjusted",
        "correction",
        "tests",
        "interim",
        "significant",
        "no_test",
    ),
    *("paired_test", "paired_method", "paired_statistic", "paired_p", "no_paired_test"),
    *("bootstrap_low", "bootstrap_high", "p_best_adjusted", "near_best", "p_benjamini_hochberg", "p_greater"),
    *("a12", "a12_low", "a12_high", "cliffs_delta", "cliffs_delta_low", "cliffs_delta_high"),
)


def _line(report: Report, table: Table, entry: Entry) -> dict[str, Any]:
    summary = entry.summary
    line: dict[str, Any] = {
        "dataset": table.dataset,
        "target": table.target,
        "source": table.source,
        "training": table.training,
        "metric": table.metric,
        "interval_low": summary.low,
        "interval_high": summary.high,
    }
    line |= {name: getattr(entry, name) for name in ("method", "row", "shots", "cell", "planned", "done", "failed")}
    line |= {name: getattr(entry, name) for name in ("running", "waiting", "cancelled", "late", "best")}
    line |= {name: getattr(summary, name) for name in ("n", "mean", "sd", "median", "confidence")}
    line |= {"p_best_adjusted": entry.from_best, "near_best": entry.near_best}
    if isinstance(entry.bootstrap, Estimate):
        line |= {"bootstrap_low": entry.bootstrap.low, "bootstrap_high": entry.bootstrap.high}
    found = entry.comparison
    if found is None:
        return line
    line |= {"baseline": found.baseline, "interim": found.interim, "significant": found.significant}
    if found.difference is not None:
        line["difference"] = found.difference.value
        line |= {"difference_low": found.difference.low, "difference_high": found.difference.high}
    if isinstance(found.test, PValue):
        line |= {"test": found.test.test, "test_method": found.test.method}
        line |= {"statistic": found.test.statistic, "p": found.test.p, "p_adjusted": found.adjusted}
        line |= {"correction": f"Holm ({report.family})", "tests": report.family_size(table.dataset)}
    else:
        line["no_test"] = found.test.reason
    if isinstance(found.paired, PValue):
        line |= {"paired_test": found.paired.test, "paired_method": found.paired.method}
        line |= {"paired_statistic": found.paired.statistic, "paired_p": found.paired.p}
    elif found.paired is not None:
        line["no_paired_test"] = found.paired.reason
    line["p_benjamini_hochberg"] = found.discovered
    if isinstance(found.greater, PValue):
        line["p_greater"] = found.greater.p
    for name, effect in (("a12", found.a12), ("cliffs_delta", found.delta)):
        if isinstance(effect, Estimate):
            line |= {name: effect.value, f"{name}_low": effect.low, f"{name}_high": effect.high}
    return line
