import pytest

from cli import working
from cli.working import describe


def test_downloads_count_bytes_and_everything_else_counts_images():
    assert describe("download cifar-10-binary.tar.gz", 12_300_000, 170_000_000) == "12.3 MB of 170.0 MB"
    assert describe("verify cifar-10-binary.tar.gz", 512, 0) == "512 B"
    assert describe("decode images", 500, 10_000) == "500 of 10000"


def test_without_a_terminal_quick_work_says_nothing_and_long_work_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    with working.working("digits") as progress:
        progress("decode images", 1, 2)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(working, "QUIET_SECONDS", 0.0)
    with working.working("digits") as progress:
        progress("decode images", 1, 2)
    assert capsys.readouterr() == ("", "l2t: digits: decode images 1 of 2\n")


def test_on_a_terminal_the_bars_are_gone_when_the_work_is_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with working.working("[odd] name") as progress:
        progress("download x", 0, 0)
        progress("download x", 5, 10)
    out, err = capsys.readouterr()
    assert out == ""
    assert "[odd] name: download x" in err
    assert "5 B of 10 B" in err
