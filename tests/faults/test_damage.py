"""Bytes of the main database overwritten at seeded places: a clear error or right answers, and a rebuild mends it."""

import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from prepared import OWNER, jobs_of, table, work

from l2t.errors import L2tError, StoreError
from l2t.spec import RunSpec, SourceSpec
from l2t.store import filter
from l2t.store.check import Mend, check
from l2t.store.database import DamagedError
from l2t.store.rebuild import rebuild
from l2t.store.rows import Submission
from l2t.store.store import Store

RUNS, DONE = 24, 20


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a home with a source and most of its runs done, some tagged, the rest in the queue."""
    return tmp_path_factory.mktemp("whole") / "home"


@pytest.fixture
def home(whole: Path, tmp_path: Path, make_run: Callable[..., RunSpec], make_source: Callable[..., SourceSpec]) -> Path:
    """A copy of it."""
    if not whole.exists():
        runs, source = jobs_of(make_run, make_source, RUNS)
        with Store.open(whole) as store:
            store.submit(Submission("l2t run", "demo", RUNS, runs, [source]))
            store.tag(filter.parse(["seed=0-9"]), add=["first"])
            store.annotate(filter.parse(["seed=3"]), "look")
            work(store, DONE)
    shutil.copytree(whole, tmp_path / "home")
    return tmp_path / "home"


def overwrite(path: Path, draw: random.Random) -> None:
    """What bad sectors, a careless program or a broken copy do: a few stretches of other bytes, or the end missing."""
    data = bytearray(path.read_bytes())
    if draw.random() < 0.1:
        del data[draw.randrange(1, len(data)) :]
    for _ in range(draw.randrange(1, 4)):
        length = draw.choice([1, 16, 512, 4096, 20_000])
        start = draw.randrange(len(data))
        filling = draw.choice([bytes(length), b"\xff" * length, draw.randbytes(length)])
        data[start : start + length] = filling[: len(data) - start]
    path.write_bytes(data)


def everything(home: Path) -> object:
    """All that a face asks for."""
    with Store.read(home) as store:
        return (
            store.runs(),
            store.runs(filter.parse(["state=done"]), order="-accuracy"),
            store.count(),
            store.sweeps(),
            store.sources(),
            store.artefacts(),
            [store.run(row.id) for row in store.runs(limit=3)],
            store.specs(),
        )


@pytest.mark.parametrize("seed", [*range(40), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(40, 400))])
def test_a_damaged_database_is_named_and_a_rebuild_mends_it(home: Path, seed: int) -> None:
    before, answers = table(home), everything(home)
    overwrite(home / "l2t.db", random.Random(seed))
    try:
        same: bool | L2tError = everything(home) == answers
    except L2tError as error:
        same = error
    assert same is True or isinstance(same, DamagedError) or not check(home).good
    if isinstance(same, DamagedError):
        assert "l2t store rebuild" in str(same)
    with suppress(StoreError), Store.open(home) as store:  # whoever works meets nothing but a StoreError either
        job = store.claim(OWNER)
        if job is not None:
            store.interrupt(job.id, OWNER)
    rebuilt = rebuild(home)
    after = table(home)
    done = {id: row for id, row in before.items() if row[0] == "done"}
    assert {id: row for id, row in after.items() if row[0] == "done"} == done
    assert len(after) + rebuilt.unknown == RUNS
    assert after.keys() <= before.keys()
    with Store.read(home) as store:
        assert {row.seed: (row.tags, row.note) for row in store.runs() if row.seed == 3} == {3: (("first",), "look")}
        assert len(store.artefacts()) == 1
    checked = check(home)
    assert checked.good, checked.findings
    assert all(finding.mend is not Mend.REBUILD for finding in checked.findings)
    with Store.open(home) as store:
        assert len(work(store)) == len(after) - len(done)
