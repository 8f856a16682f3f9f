"""The HTML report: whole, linked, harmless, asking for nothing."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

from l2t.report.detail import detailed
from l2t.report.formats.html import render
from l2t.report.report import Report
from l2t.report.section import Grid, Section
from l2t.store.state import State

VOID = {"meta", "img", "br", "hr", "link"}


class Page(HTMLParser):
    """Elements, ids, links and texts of a page; fails where an element is not closed in its order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.cells: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [value for name, value in attrs if name in ("href", "src", "action", "srcset")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data


def test_every_number_leads_to_the_runs_behind_it(mixed: Report) -> None:
    page = Page(render(mixed))
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)
    text = render(mixed)
    for table in mixed.tables:
        for entry in table.entries:
            assert all(f"l2t show {run}" in text for run in entry.runs)


def test_the_numbers_are_those_of_the_report(mixed: Report) -> None:
    cells = [cell.replace("\u2007", "") for cell in Page(render(mixed)).cells]
    for table in mixed.tables:
        for entry in table.entries:
            if entry.summary.mean is not None:
                assert any(cell.startswith(f"{entry.summary.mean:.1f}") for cell in cells)


def test_it_asks_for_nothing_from_outside(mixed: Report) -> None:
    figure = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><path id="a"/></svg>'
    text = render(mixed, [("A figure", "what it shows", figure)])
    page = Page(text)
    assert all(link.startswith(("#", "data:image/svg+xml,")) for link in page.links)
    assert "link" not in page.tags
    assert "default-src 'none'" in text
    assert not re.search(r"@import|url\(", text)


def test_hostile_texts_are_only_texts(runs) -> None:
    runs.add("scratch", [50.0], dataset="folder:/tmp/</h2><script>alert(1)</script>\x1b[31m")
    runs.add("ufm", [None], State.FAILED)
    report = detailed(runs.report())
    cell = '"><img src=x onerror=alert(1)>'
    grid = Grid(cell, ("a", cell), (("b", cell),), sentences=(cell,), bold=frozenset({(0, 1)}))
    text = render(replace(report, sections=(Section("costs", cell, [grid], {}),)), [(cell, cell, "<svg>\"'</svg>")])
    page = Page(text)
    assert page.tags.count("script") == 1
    assert page.tags.count("img") == 1
    assert "\x1b" not in text


def test_a_report_of_the_largest_size_stays_small(runs) -> None:
    for shots in range(1, 16):
        for number, method in enumerate(("scratch", "ufm", "l2tww", "l2twww")):
            runs.add(method, [50 + number + seed / 10 for seed in range(30)], shots=shots)
    assert len(render(detailed(runs.report())).encode()) < 1_000_000


def _luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_words_stand_out_in_light_and_dark() -> None:
    style = files("l2t.report.formats.html").joinpath("style.css").read_text("utf-8")
    modes = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{([^}]*)\}", style)]
    assert len(modes) == 2
    for colours in modes:
        for words in ("ink", "muted", "link"):
            for ground in ("paper", "hover"):
                light, dark = sorted((_luminance(colours[words]), _luminance(colours[ground])), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5
