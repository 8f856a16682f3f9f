"""A report as JSON: the fields of its dataclasses, and the sentences that stand under each table."""

import json
from dataclasses import asdict

from l2t.report import words
from l2t.report.report import Report


def render(report: Report) -> str:
    """Keys are the names of the fields of Report, Table, Entry, Comparison and of the results of l2t.stats.

    `sections` has the values of every section by its name.
    A test that was not made is `{"reason": …}` instead of `{"test": …, "p": …}`.
    """
    value = asdict(report)
    for plain, table in zip(value["tables"], report.tables, strict=True):
        plain["heading"] = words.title(table)
        plain["meaning"] = [*words.meaning(report, table), *words.how_tested(table)]
        for line, entry in zip(plain["entries"], table.entries, strict=True):
            line["near_best"] = entry.near_best
            line["summary"]["half_width"] = entry.summary.half_width
            if entry.comparison is not None:
                line["comparison"]["significant"] = entry.comparison.significant
    value["sections"] = {section.name: section.data for section in report.sections}
    return json.dumps(value, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
