"""The recorded home laid out as if it were at work now.

The archive holds finished and failed runs only. What is made up here, and nothing else: all times are moved so that the
last kept ending was a few seconds ago (the dates in `log.txt` stay those of the recording); of the sweep that was asked
for last only some runs are shown as done, two as running, one as cancelled, three as paused, the others as queued; a
few tags and notes; and this process stands for the supervisor and its two workers, and is called the demo.
"""

import tarfile
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from l2t.jobs.lock import HomeLock
from l2t.jobs.owner import current
from l2t.jobs.status import SlotStatus, Snapshot, write_snapshot
from l2t.store.filter import parse
from l2t.store.folder import JobFolder
from l2t.store.state import State
from l2t.store.store import Store
from l2t.store.transitions import move
from tui.demo.recording import Recording

ARCHIVE = Path(__file__).with_name("home.tar.xz")
SHOWN_DONE = 10
"""Runs of the last sweep that are shown as done."""
RUNNING_AT = (0.7, 0.4)
"""How far the running ones are, as parts of their epochs; one each slot."""
CANCELLED = 1
PAUSED = 3
AGO = 4.0
"""Seconds since the last run ended."""
_NO_RESULT = ("accuracy", "best_val", "rare_recall", "parameters", "steps", "seconds", "peak_memory")
_NOT_BEGUN = dict.fromkeys(("claimed", "finished", "ending")) | {"epoch": 0, "attempts": 0}


class _Stage(Store):
    """The store of the demo, with changes that only a play needs."""

    def last_sweep(self) -> list[str]:
        """Ids of the runs of the sweep that was asked for last, in the order of asking."""
        sweep = self.sweeps()[0].id
        return [row.id for row in self.runs(parse([f"sweep={sweep}"]))]

    def rewind(self, ids: list[str]) -> None:
        """Let finished runs be queued, as if they had never begun."""
        with self._transaction():
            for id in ids:
                moved = move(self._connection, [State.DONE], State.QUEUED, "id = :id", {"id": id}, _NOT_BEGUN)
                columns = ", ".join(f"{name} = NULL" for name in _NO_RESULT)
                self._all(f"UPDATE runs SET {columns} WHERE number = ?", moved[0])
            self._all("UPDATE endings SET last = (SELECT coalesce(max(ending), 0) FROM jobs)")
            self._all("UPDATE endings SET told = last")

    def shift(self, now: float) -> None:
        """Move all times so that the last ending was AGO seconds before `now`."""
        by = now - AGO - float(self._one("SELECT max(finished) FROM jobs"))
        tables = {"jobs": ("created", "claimed", "finished"), "sweeps": ("created", "asked"), "artefacts": ("created",)}
        tables |= {"cells": ("finished",)}
        with self._transaction():
            for table, columns in tables.items():
                self._all(f"UPDATE {table} SET {', '.join(f'{name} = {name} + {by!r}' for name in columns)}")

    def date(self, now: float, begun: dict[str, float]) -> None:
        """Set the times of what this process did just now. begun: when each running run began."""
        with self._transaction():
            self._all("UPDATE jobs SET finished = ? WHERE state = 'cancelled'", [now - AGO])
            for id, at in begun.items():
                self._all("UPDATE jobs SET claimed = ?, heartbeat = ? WHERE id = ?", [at, now, id])
            self._all(
                "UPDATE cells SET finished = (SELECT max(finished) FROM jobs JOIN runs USING (number)"
                " WHERE runs.cell = cells.cell)"
            )


class _DemoLock(HomeLock):
    def since(self, at: float) -> None:
        """Tell another time than the present as that of its beginning."""
        self.holder = replace(self.holder, since=at, beat=at)
        self._write()


class Demo:
    """An unpacked home, which this process holds until it is closed. The folder is the caller's to remove."""

    def __init__(self, folder: Path, now: float | None = None) -> None:
        """folder: empty or missing; nothing is written elsewhere. now: what the times are relative to, seconds since
        1970; the present by default."""
        now = time.time() if now is None else now
        self.recorded = folder / "recorded"
        """The recordings of what is not done yet, by id."""
        self.home = unpack(folder, now)
        self._lock = _DemoLock(self.home, "demo")
        try:
            with Store.read(self.home) as store:
                running = store.running()
                self._lock.since(min((job.created for job in running), default=now))
                self.tell([(job.id, job.name) for job in running])
        except BaseException:
            self.close()
            raise

    def tell(self, busy: list[tuple[str, str]]) -> None:
        """Tell readers what the slots work on. busy: id and name of each running job, in the order of the slots."""
        slots = []
        for number in range(len(RUNNING_AT)):
            id, name = busy[number] if number < len(busy) else (None, None)
            slots.append(SlotStatus(f"cpu {number}", "cpu", None, self._lock.holder.owner.pid, id, name))
        write_snapshot(self.home, Snapshot(self._lock.holder, "working", None, slots, ()))

    def close(self) -> None:
        """Release the home."""
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def unpack(folder: Path, now: float) -> Path:
    """Lay the home out in `folder`, which is empty or missing; returns its path, inside. Nobody holds it yet."""
    home, recorded = folder / "home", folder / "recorded"
    recorded.mkdir(mode=0o700, parents=True)
    home.mkdir(mode=0o700)
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(home, filter="data")
    with _Stage.open(home) as store:
        left = store.last_sweep()[SHOWN_DONE:]
        store.rewind(left)
        for id in left:
            JobFolder.of(home, "run", id).path.rename(recorded / id)
        store.shift(now)
        begun = {}
        for part in RUNNING_AT:
            id, at = _run_until(store, recorded, part)
            begun[id] = now - at
        _mark(store, left[len(RUNNING_AT) :])
        store.date(now, begun)
    return home


def _run_until(store: Store, recorded: Path, part: float) -> tuple[str, float]:
    """Claim the next run and play it so far; returns its id and the seconds that this took when it was recorded."""
    job = store.claim(current())
    if job is None:
        raise ValueError("the recording holds too few runs")
    recording, folder = Recording(recorded / job.id), JobFolder.of(store.home, "run", job.id)
    epochs = recording.files.last_epoch()
    epoch = round(part * epochs)
    recording.begin(folder)
    recording.play(folder, -1, epoch)
    store.progress(job.id, current(), epoch, epochs)
    return job.id, recording.elapsed(epoch)


def _mark(store: Store, waiting: list[str]) -> None:
    """Cancel and pause some runs, and give some tags and notes. waiting: ids in the order of their turn."""
    *_, cancelled = waiting
    store.cancel(parse([f"id={cancelled}"]))
    for id in waiting[-CANCELLED - PAUSED : -CANCELLED]:
        store.pause(parse([f"id={id}"]))
    store.tag(parse(["seed=0", "state=done"]), add=["first-look"])
    store.annotate(parse(["state=failed"]), "a learning rate of 1000, to see what diverging looks like")
    store.annotate(parse(["state=cancelled"]), "not needed: the cell is clear without it")
