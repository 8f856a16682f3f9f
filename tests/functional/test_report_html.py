"""The HTML report in a browser, with figures: what it asks for, how it sorts, how it fits a phone and paper."""

import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import chromium
import pytest

from l2t.spec import RunSpec, SourceRef
from l2t.store.rows import Owner, Submission
from l2t.store.store import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium.PROGRAM is None, reason="chromium is not installed (apt-get install chromium)"),
]

L2T = str(Path(sys.executable).with_name("l2t"))
SOURCE = SourceRef(hash="ab" * 8, name="tinyimagenet-200", model="resnet32", outputs=200)
MEANS = {"scratch": 8.0, "ufm": 60.0, "l2tww": 100.0, "l2twww": 75.0}
"""Of one, two and three digits: sorted as texts they stand in another order."""


@pytest.fixture
def page(tmp_path: Path, make_run: Callable[..., RunSpec]) -> Path:
    """A report of 160 runs, four of them missing, as the command writes it."""
    rng = random.Random(1)
    specs = [
        make_run(method=method, shots=shots, seed=seed, source=None if method == "scratch" else SOURCE)
        for method in MEANS
        for shots in (5, 10, 20, 50)
        for seed in range(10)
    ]
    owner = Owner("box", "boot", 1, 1)
    with Store.open(tmp_path / "home") as store:
        store.submit(Submission("l2t run", "demo", 10, specs))
        for spec in specs[:-4]:
            job = store.claim(owner)
            assert job is not None
            accuracy = min(100.0, rng.gauss(MEANS[spec.method], 1))
            store.finish(job.id, owner, {"accuracy": accuracy, "parameters": 61514, "steps": 9}, 75.0, 250_000_000)
    file = tmp_path / "report.html"
    subprocess.run([L2T, "report", "--provenance", "--out", str(file)], check=True, timeout=120)
    return file


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[chromium.Chromium]:
    """Fails a test whose page asks for anything but itself, or complains."""
    with chromium.Chromium(tmp_path / "profile") as opened:
        yield opened
        assert {url.partition("#")[0] for url in opened.requests} == {(tmp_path / "report.html").as_uri()}
        assert opened.complaints == []


def column(browser: chromium.Chromium, index: int) -> list[str]:
    """Texts of a column of the first table, as it stands now."""
    cells = f"[...document.querySelectorAll('.matrix tbody tr')].map(row => row.cells[{index}].textContent)"
    texts: list[str] = browser.evaluate(cells)
    return texts


def test_pressing_a_heading_sorts_numbers_as_numbers_up_down_and_back(browser, page: Path) -> None:
    browser.open(page)
    methods = list(MEANS)
    assert column(browser, 0) == methods
    heading = ".matrix th:nth-child(2)"
    orders = [sorted(MEANS, key=lambda method: MEANS[method])]
    orders += [orders[0][::-1], methods]
    for order, state in zip(orders, ("ascending", "descending", None), strict=True):
        browser.click(f"{heading} button")
        assert column(browser, 0) == order
        assert browser.evaluate(f"document.querySelector({json.dumps(heading)}).ariaSort") == state


def test_the_keyboard_sorts_too(browser, page: Path) -> None:
    browser.open(page)
    browser.evaluate("document.querySelector('.matrix th:nth-child(1) button').focus()")
    browser.press("Tab")
    browser.press("Enter")
    assert column(browser, 0) == sorted(MEANS, key=lambda method: MEANS[method])


def test_a_number_leads_to_its_runs_and_opens_them(browser, page: Path) -> None:
    browser.open(page)
    link = ".matrix tbody tr:nth-child(2) td a"
    target = browser.evaluate(f"document.querySelector('{link}').hash.slice(1)")
    assert not browser.evaluate(f"document.getElementById('{target}').open")
    browser.click(link)
    assert browser.evaluate(f"document.getElementById('{target}').open")
    shown = browser.evaluate(f"document.getElementById('{target}').innerText")
    assert len(re.findall(r"l2t show [0-9a-f]{16}\b", shown)) == 10


def test_an_address_with_a_fragment_opens_the_list(browser, page: Path) -> None:
    browser.open(page, fragment="#r1-0-5")
    assert browser.evaluate("document.getElementById('r1-0-5').open")


def test_figures_are_drawn(browser, page: Path) -> None:
    browser.open(page)
    widths = browser.evaluate("[...document.images].map(image => image.complete ? image.naturalWidth : 0)")
    assert widths
    assert min(widths) > 100


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone(browser, page: Path, dark: bool) -> None:
    browser.open(page, width=375, height=800, dark=dark)
    browser.evaluate("document.querySelectorAll('details').forEach(list => { list.open = true })")
    assert browser.evaluate("document.documentElement.scrollWidth") <= 375
    wider = "[...document.querySelectorAll('.scroll')].filter(box => box.scrollWidth > box.clientWidth).length"
    assert browser.evaluate(wider) > 0


def test_it_is_dark_where_the_reader_is_and_light_on_paper(browser, page: Path) -> None:
    brightness = "getComputedStyle(document.body).color.match(/\\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b)"
    browser.open(page)
    assert browser.evaluate(brightness) < 150
    browser.open(page, dark=True)
    assert browser.evaluate(brightness) > 600
    browser.ask(
        "Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}]
    )
    assert browser.evaluate(brightness) < 150


def test_it_prints_without_the_closed_lists(browser, page: Path) -> None:
    browser.open(page)
    printed = browser.pdf()
    assert printed.startswith(b"%PDF-")
    pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 3 <= pages <= 12
    browser.evaluate("document.querySelectorAll('details').forEach(list => { list.open = true })")
    assert len(re.findall(rb"/Type\s*/Page\b", browser.pdf())) > pages
