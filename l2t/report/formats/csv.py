"""A report as tidy CSV: a line an entry, every number in a column of its own, empty where there is none."""

import csv
import io
from typing import Any

from l2t.printable import printable
from l2t.report.report import Entry, Report, Table
from l2t.stats import PValue


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
    return line
