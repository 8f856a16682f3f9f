"""From finished runs to tables that compare methods. `build` makes one `Report`, `formats` draws it.

Reads rows and specifications as plain values; opens no store and, but for `weights`, no folder. Imports scipy only
where a test or an interval is computed.
"""

from l2t.report.build import build
from l2t.report.report import Comparison, Entry, Report, Table

__all__ = ["Comparison", "Entry", "Report", "Table", "build"]
