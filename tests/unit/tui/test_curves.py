"""Metrics are followed as they grow, and reduced without losing what a plot shows."""

import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from l2t.store.folder import JobFolder
from tui.curves import MetricsReader, decimate, groups, mean_and_band, smooth

NUMBERS = st.floats(-1e6, 1e6)
ROWS = st.fixed_dictionaries(
    {"epoch": st.integers(0, 12)}, optional={"loss": NUMBERS, "accuracy": NUMBERS, "lr": st.none() | st.just("x")}
)
LINES = st.lists(
    ROWS.map(lambda row: json.dumps(row).encode()) | st.sampled_from([b'{"epoch":3,"lo', b"[1]", b"", b"\xff", b"7"])
)


def read_all(reader: MetricsReader, limit: int = 1 << 16) -> None:
    while reader.poll(limit):
        pass


def expected(path: Path, name: str) -> list[tuple[float, float]]:
    rows = JobFolder(path.parent).read_metrics()
    return [(row["epoch"], row[name]) for row in rows if isinstance(row.get(name), float)]


@given(LINES, st.lists(st.integers(0, 400)), st.integers(150, 400))
def test_a_file_read_in_pieces_gives_what_the_folder_gives(lines: list[bytes], cuts: list[int], limit: int) -> None:
    data = b"".join(line + b"\n" for line in lines)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.jsonl"
        reader = MetricsReader(path)
        for cut in [*sorted(cuts), len(data)]:
            path.write_bytes(data[:cut])
            reader.poll(limit)
        read_all(reader, limit)
        for name in ("loss", "accuracy", "lr"):
            assert list(zip(*reader.series(name), strict=True)) == expected(path, name)


@given(LINES, LINES)
def test_a_file_that_starts_over_is_read_anew(old: list[bytes], new: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.jsonl"
        reader = MetricsReader(path)
        path.write_bytes(b"".join(line + b"\n" for line in [b'{"attempt":"old"}', *old]))
        read_all(reader)
        path.unlink()
        assert not reader.poll()
        path.write_bytes(b"".join(line + b"\n" for line in [b'{"attempt":"new"}', *new]))
        read_all(reader)
        assert list(zip(*reader.series("loss"), strict=True)) == expected(path, "loss")


def test_a_line_longer_than_a_chunk_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"epoch":1,"loss":1.0}\n{"epoch":2,"x":"' + "y" * 500 + '"}\n{"epoch":3,"loss":3.0}\n')
    reader = MetricsReader(path)
    read_all(reader, 100)
    assert list(reader.series("loss")[0]) == [1, 3]


def test_a_long_training_is_thinned(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(f'{{"epoch":{epoch},"loss":0.5}}\n' for epoch in range(45_000)))
    reader = MetricsReader(path)
    read_all(reader)
    xs, _ = reader.series("loss")
    assert 10_000 < len(xs) <= 20_000
    assert xs[-1] > 44_990


@given(st.lists(NUMBERS, min_size=1, max_size=300), st.integers(1, 40))
def test_decimation_keeps_each_columns_extremes(ys: list[float], columns: int) -> None:
    xs = list(range(len(ys)))
    kept_x, kept_y = decimate(xs, ys, columns)
    points = list(zip(kept_x, kept_y, strict=True))
    assert len(points) <= 2 * columns
    assert all(ys[int(x)] == y for x, y in points)
    assert list(kept_x) == sorted(set(kept_x))
    assert min(kept_y) == min(ys)
    assert max(kept_y) == max(ys)


@given(st.lists(NUMBERS, max_size=50), st.floats(0, 0.99))
def test_smoothing_stays_within_the_values_so_far(ys: list[float], factor: float) -> None:
    for at, value in enumerate(smooth(ys, factor)):
        seen = ys[: at + 1]
        assert min(seen) - 1e-6 <= value <= max(seen) + 1e-6


def test_the_band_is_the_sample_standard_deviation_at_common_epochs() -> None:
    found = mean_and_band([((0, 1, 2), (1.0, 2.0, 3.0)), ((0, 1), (3.0, 2.0))])
    assert (list(found.xs), list(found.ys), found.runs) == ([0, 1], [2.0, 2.0], 2)
    assert abs(found.highs[0] - found.ys[0] - 2**0.5) < 1e-12
    assert list(mean_and_band([((0, 1, 2), (1.0, 2.0, 3.0)), ((0, 1), (3.0, 2.0))], 0.5).xs) == [0, 1, 2]
    assert mean_and_band([]).runs == 0


def test_metrics_are_grouped_and_what_is_unknown_is_not_lost() -> None:
    found = groups(["loss", "ce", "accuracy", "lr", "mine"])
    assert [(group.title, list(group.names)) for group in found] == [
        ("loss", ["loss", "ce"]),
        ("accuracy", ["accuracy"]),
        ("learning rate", ["lr"]),
        ("other", ["mine"]),
    ]
