"""A store, and the words to fill it with."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from l2t.spec import RunSpec, SourceSpec
from l2t.store.rows import Owner, Submission, Submitted
from l2t.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as store:
        yield store


@pytest.fixture
def owner() -> Owner:
    return Owner("box", "boot", 100, 12345)


@pytest.fixture
def submit(store: Store) -> Callable[..., Submitted]:
    def submit(runs: Sequence[RunSpec] = (), sources: Sequence[SourceSpec] = (), force: bool = False) -> Submitted:
        return store.submit(Submission("l2t run", "demo", 30, runs, sources, force))

    return submit
