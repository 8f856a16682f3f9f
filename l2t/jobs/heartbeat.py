"""What a training hears from and tells its worker: requests to stop, progress, and a heartbeat while a step is long."""

import sqlite3
import threading
import time
from types import TracebackType
from typing import Any, Self

from l2t.errors import StoreError
from l2t.store.rows import Job, Owner
from l2t.store.state import ClaimLostError, Request
from l2t.store.store import Store

BEAT_SECONDS = 20.0
LOOK_SECONDS = 0.5
"""Between two looks whether the job is to be paused or cancelled."""
PROGRESS_SECONDS = 0.5
"""Least time between two notes of progress in the store."""


class Heartbeat:
    """The `Control` of one attempt. While it is open, a thread tells the store that the process lives, and asks it
    whether somebody wants the job paused or cancelled.

    Both methods raise ClaimLostError where the job is another process's by now: the training ends there, its files
    untouched from then on.
    """

    def __init__(self, store: Store, owner: Owner, job: Job, stop: threading.Event) -> None:
        self._store = store
        self._owner = owner
        self._id = job.id
        self._stop = stop
        self._requested = self._lost = False
        self._told = -PROGRESS_SECONDS
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def stop_requested(self) -> bool:
        if self._lost:
            raise ClaimLostError(f"{self._id} is no longer this process's")
        return self._requested or self._stop.is_set()

    def progress(self, epoch: int, epochs: int, metrics: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self._told >= PROGRESS_SECONDS:
            self._told = now
            self._store.progress(self._id, self._owner, epoch, epochs)

    def _watch(self) -> None:
        while not self._over.is_set():
            try:
                with Store.open(self._store.home) as store:  # a connection belongs to its thread
                    self._look(store)
            except ClaimLostError:
                self._lost = True
                return
            except (StoreError, OSError, sqlite3.Error):  # full or locked: the training meets that too, and tells
                self._over.wait(LOOK_SECONDS)

    def _look(self, store: Store) -> None:
        beat = time.monotonic()
        while not self._over.wait(LOOK_SECONDS):
            self._requested = store.requested(self._id, self._owner) in (Request.PAUSE, Request.CANCEL)
            if time.monotonic() - beat >= BEAT_SECONDS:
                store.heartbeat(self._id, self._owner)
                beat = time.monotonic()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
