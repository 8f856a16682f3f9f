"""What the progress of a sweep says."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.progress_bar import ProgressBar

from cli.follow import describe_work
from cli.live import LiveView
from l2t.jobs.follower import Followed
from l2t.jobs.watch import SweepStatus, SweepWatch
from l2t.spec import ArtefactSpec, RunSpec, TrainSettings
from l2t.store.rows import Owner, Submission
from l2t.store.state import Reason
from l2t.store.store import Store

OWNER = Owner("box", "boot", 100, 12345)


def stands(home: Path, runs: list[RunSpec], crashes: int) -> SweepStatus:
    """How a sweep stands of which this many jobs have crashed."""
    with Store.open(home) as store:
        sweep = store.submit(Submission("l2t run", "demo", 1, runs)).sweep
        for _ in range(crashes):
            job = store.claim(OWNER)
            assert job is not None
            store.fail(job.id, OWNER, Reason.CRASHED, "RuntimeError: odd")
    with SweepWatch(home, sweep) as watch:
        return watch.poll()


@pytest.mark.parametrize(
    ("crashes", "said"),
    [
        (0, ""),
        (1, "attempt 1 of scratch digits 5 shots seed 0 failed (RuntimeError: odd): it is tried again soon"),
        (
            3,
            "attempt 1 of scratch digits 5 shots seed 0 failed (RuntimeError: odd): it and 2 more are tried again soon",
        ),
    ],
)
def test_what_has_crashed_and_waits_for_another_try_is_told(
    crashes: int, said: str, tmp_path: Path, make_run: Callable[..., RunSpec]
) -> None:
    status = stands(tmp_path, [make_run(seed) for seed in range(3)], crashes)
    assert describe_work(Followed(status, None, True, False, None, False)) == said


def test_the_bar_counts_what_phases_make(tmp_path: Path, make_run: Callable[..., RunSpec]) -> None:
    made = ArtefactSpec(phase="teacher", name="teacher", options={}, train=TrainSettings(epochs=1))
    sweep = [make_run(artefacts=(made.ref,))]
    with Store.open(tmp_path) as store:
        submitted = store.submit(Submission("l2t run", "demo", 1, sweep, [made]))
        job = store.claim(OWNER)
        assert job is not None
        store.finish(job.id, OWNER, {}, 1.0, 1)
    with SweepWatch(tmp_path, submitted.sweep) as watch:
        bar = next(LiveView()._bar(watch.poll()).columns[0].cells)
    assert isinstance(bar, ProgressBar)
    assert (bar.completed, bar.total) == (1, 2)
