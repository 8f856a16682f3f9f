"""The HTML report in a real browser: it sorts, opens what is linked, fits a phone, prints, and complains of nothing."""

from pathlib import Path

import pytest
from chromium import PROGRAM, Chromium

from l2t.report.formats.html import render
from l2t.report.report import Report

pytestmark = [pytest.mark.slow, pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")]

COLUMN = "[...document.querySelectorAll('.matrix')[0].tBodies[0].rows].map(row => row.cells[1].textContent.trim())"


@pytest.fixture
def page(tmp_path: Path, mixed: Report) -> Path:
    file = tmp_path / "report.html"
    file.write_text(render(mixed), encoding="utf-8")
    return file


def test_it_sorts_by_mouse_and_keyboard(tmp_path: Path, page: Path) -> None:
    with Chromium(tmp_path / "profile") as browser:
        browser.open(page)
        before = browser.evaluate(COLUMN)
        browser.click(".matrix th:nth-child(2) button")
        assert browser.evaluate("document.querySelector('.matrix th:nth-child(2)').ariaSort") == "ascending"
        rising = browser.evaluate(COLUMN)
        browser.press("Enter")  # the heading has the focus
        falling = browser.evaluate(COLUMN)
        browser.press("Enter")
        assert browser.evaluate(COLUMN) == before
        numbers = [float(cell.split()[0].strip("\u2007")) for cell in falling if cell[:1].isdigit()]
        assert numbers == sorted(numbers, reverse=True)
        assert len(numbers) > 2
        assert sorted(rising) == sorted(before)
        assert browser.complaints == []


def test_a_number_opens_the_list_of_its_runs(tmp_path: Path, page: Path) -> None:
    with Chromium(tmp_path / "profile") as browser:
        browser.open(page)
        assert browser.evaluate("document.querySelectorAll('.runs details[open]').length") == 0
        browser.click(".matrix td a")
        assert browser.evaluate("document.querySelectorAll('.runs details[open]').length") == 1
        assert browser.evaluate("document.querySelector('.runs details[open]').innerText").count("l2t show") > 0


@pytest.mark.parametrize("width", [375, 1200])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_the_window_and_asks_for_nothing(tmp_path: Path, page: Path, width: int, dark: bool) -> None:
    with Chromium(tmp_path / "profile") as browser:
        browser.open(page, width, dark=dark)
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
        assert browser.requests == [page.as_uri()]
        assert browser.complaints == []
        ground = browser.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(23, 24, 27)") == dark
        assert browser.pdf().startswith(b"%PDF")
