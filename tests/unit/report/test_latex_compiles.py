"""The LaTeX of a report compiles, with booktabs and siunitx."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from l2t.report.detail import detailed
from l2t.report.formats.latex import render
from l2t.report.report import Report
from l2t.report.section import Grid, Section
from l2t.report.sections.all_tests import all_tests

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed"),
]

DOCUMENT = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage[%s]{geometry}
\usepackage{booktabs}
\usepackage{siunitx}
\begin{document}
%s
\end{document}
"""
PAPER = "a4paper,margin=2cm"
OVERFULL = re.compile(r"Overfull .hbox .([0-9.]+)pt too wide")


def compiled(folder: Path, body: str, geometry: str) -> str:
    """What pdflatex says; fails where it finds an error."""
    (folder / "report.tex").write_text(DOCUMENT % (geometry, body), encoding="utf-8")
    result = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:]
    assert "Missing character" not in result.stdout
    assert (folder / "report.pdf").stat().st_size > 10_000
    return result.stdout


def test_it_compiles(tmp_path: Path, mixed: Report) -> None:
    odd = Grid(
        "100 % of #1_{x}~^$&", ("a_b", "n"), (("−1.5 ≈ χ² ≥ δ ± …", "1"), ("<b>", "−12.25")), bold=frozenset({(0, 0)})
    )
    sections = (all_tests(mixed), Section("odd", "Odd & ends", [odd, Grid("", (), (), sentences=("Only words.",))], {}))
    compiled(tmp_path, render(replace(mixed, sections=sections)), "landscape,margin=1cm")


def test_its_tables_fit_a_page_of_a4(tmp_path: Path, mixed: Report) -> None:
    log = compiled(tmp_path, render(detailed(mixed)), PAPER)
    assert all(float(points) <= 20 for points in OVERFULL.findall(log))
    assert "Float too large" not in log


def test_nine_rows_at_five_shots_lose_no_line(tmp_path: Path, runs) -> None:
    for shots in (5, 10, 20, 30, 50):
        for number, beta in enumerate((0.1, 0.2, 0.5, 1.0)):
            for method in ("ufm", "l2tww"):
                values = [50 + shots / 2 + number + seed * 0.7 for seed in range(10)]
                runs.add(method, values, shots=shots, options={"beta": beta})
        runs.add("scratch", [50.0 + seed for seed in range(10)], shots=shots)
    report = runs.report(split_by=["method.beta"], baseline="l2tww beta=0.5")
    log = compiled(tmp_path, render(detailed(report)), PAPER)
    assert all(float(points) <= 20 for points in OVERFULL.findall(log))
    assert "Float too large" not in log
