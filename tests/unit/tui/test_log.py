"""A log's rows, searched and wrapped. How it follows: tests/functional/test_tui_runs.py."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from l2t.printable import printable
from tui.widgets.log import Log, _wrapped


@given(st.text().map(printable), st.integers(2, 40))
def test_rows_are_the_line_in_pieces_that_fit(line: str, width: int) -> None:
    rows = _wrapped(7, line, width)
    assert "".join(text for _, _, text in rows) == line
    assert all(cell_len(text) <= width for _, _, text in rows)
    assert all(at == 7 and line[start : start + len(text)] == text for at, start, text in rows)


@given(st.text("ab ", max_size=12), st.text("ab", min_size=1, max_size=3), st.integers(2, 6))
def test_what_is_marked_changes_no_character(line: str, sought: str, width: int) -> None:
    log = Log()
    log._lines, log._rows = (line,), _wrapped(0, line, width)
    log.find(sought)
    for at, start, text in log._rows:
        assert "".join(part for part, _ in log._marked(at, start, text)) == text
