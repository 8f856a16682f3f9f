"""What the Report screen asks `l2t report` for, and how it reads the answer."""

import subprocess
import sys
from pathlib import Path

import pytest
from rich.style import Style

from cli.report import ENDINGS as FORMATS
from cli.report_options import Family, MetricName
from l2t.errors import UsageError
from tui.report import ENDINGS, FAMILIES, METRICS, PARTS, Asked, Running, columns, pieces, read_parts, target


def test_choices_are_those_of_the_command() -> None:
    assert set(ENDINGS) == set(FORMATS)
    assert set(METRICS) == {*MetricName}
    assert set(FAMILIES) == {*Family}


def test_what_is_asked_for_is_options_and_a_line_for_people() -> None:
    asked = Asked("method=ufm shots=5", "ufm", "best-val", "dataset", True, "costs power=2")
    assert asked.arguments() == [
        *("report", "--metric", "best-val", "--family", "dataset", "--filter=method=ufm shots=5"),
        *("--baseline=ufm", "--brief", "--costs", "--power=2"),
    ]
    assert asked.head().split("   ")[0] == "method=ufm shots=5"
    assert "\x1b" not in Asked("note=\x1b[2J").head()
    assert Asked().head().startswith("all runs   baseline by default")


def test_what_was_kept_and_cannot_be_asked_for_is_as_at_first() -> None:
    good = {"filter": "shots=5", "baseline": "ufm", "metric": "best-val", "family": "dataset", "parts": "costs"}
    assert Asked.possible(good | {"brief": True}) == Asked(**good, brief=True)
    for bad in ("\x1b[2J", "nosuch=1", "'", "\ud800", None, 1, ["last"], {}):
        found = dict.fromkeys(("filter", "metric", "family", "brief", "parts"), bad)
        assert Asked.possible(found | {"baseline": 3}) == Asked()
    assert Asked.possible({"baseline": "\x1b", "nosuch": "x"}) == Asked.possible(None) == Asked()


def test_every_part_is_an_option_of_the_command() -> None:
    line = " ".join(f"{name}={example}" if example else name for name, example in PARTS.items())
    options = [option.partition("=")[0] for option in read_parts(line)]
    code = "import sys; sys.argv = ['l2t', 'report', '--help']; from cli.app import main; main()"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert options
    assert [option for option in options if option not in shown] == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nosuch", 'no section "nosuch"'),
        ("cost", "costs"),
        ("costs=3", "takes no value"),
        ("costs=", "takes no value"),
        ("power", "power=2"),
        ("against=", "against=thesis"),
    ],
)
def test_parts_that_cannot_be_meant_are_said(line: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        read_parts(line)
    assert says in str(error.value)


def test_a_file_is_written_where_its_name_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert target(" report.html ") == tmp_path / "report.html"
    assert target("~/a b.tex") == tmp_path / "a b.tex"
    (tmp_path / "folder.md").mkdir()
    for line, says in (
        ("report", "ends in .html"),
        ("", "ends in"),
        ("folder.md", "is a folder"),
        ("no/such.md", "no folder"),
        ("x" * 300 + ".md", "too long"),
        ("~nosuchuser/x.md", "home"),
    ):
        with pytest.raises(UsageError) as error:
            target(line)
        assert says in str(error.value), line


def test_styles_are_read_and_other_control_characters_are_escaped() -> None:
    line = "a\x1b[1mb\x1b[32mc\x1b[0md\x1b[2J\x07\x1b[38;5;9me"
    assert list(pieces(line)) == [
        ("a", Style()),
        ("b", Style(bold=True)),
        ("c", Style(bold=True, color="green")),
        ("d\\x1b[2J\\x07", Style()),
        ("e", Style()),
    ]
    assert columns("\x1b[1m手書き\x1b[0m ±") == 8


@pytest.mark.parametrize("before", [True, False])
def test_a_command_is_ended_even_before_it_has_begun(before: bool) -> None:
    running = Running()
    if before:
        running.end()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        running.started(process)
        if not before:
            running.end()
        assert process.wait(timeout=10) < 0
    running.end()
