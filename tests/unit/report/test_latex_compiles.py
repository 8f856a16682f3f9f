"""The LaTeX of a report compiles, with booktabs and siunitx."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from l2t.report.formats.latex import render
from l2t.report.report import Report
from l2t.report.section import Grid, Section
from l2t.report.sections.all_tests import all_tests

pytestmark = pytest.mark.slow

DOCUMENT = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage[landscape,margin=1cm]{geometry}
\usepackage{booktabs}
\usepackage{siunitx}
\begin{document}
\small
%s
\end{document}
"""


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_it_compiles(tmp_path: Path, mixed: Report) -> None:
    odd = Grid(
        "100 % of #1_{x}~^$&", ("a_b", "n"), (("−1.5 ≈ χ² ≥ δ ± …", "1"), ("<b>", "−12.25")), bold=frozenset({(0, 0)})
    )
    sections = (all_tests(mixed), Section("odd", "Odd & ends", [odd, Grid("", (), (), sentences=("Only words.",))], {}))
    (tmp_path / "report.tex").write_text(DOCUMENT % render(replace(mixed, sections=sections)), encoding="utf-8")
    result = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:]
    assert "Missing character" not in result.stdout
    assert (tmp_path / "report.pdf").stat().st_size > 10_000
