"""What a training hears from and tells its worker: the stop request, progress, and a heartbeat while a step is long."""

import threading
import time
from types import TracebackType
from typing import Any, Self

from l2t.errors import StoreError
from l2t.store.rows import Job, Owner
from l2t.store.state import ClaimLostError
from l2t.store.store import Store

BEAT_SECONDS = 20.0
PROGRESS_SECONDS = 0.5
"""Least time between two notes of progress in the store."""


class Heartbeat:
    """The `Control` of one attempt. While it is open, a thread tells the store that the process lives.

    `progress` raises ClaimLostError where the job is another process's by now: the training ends there, its files
    untouched from then on.
    """

    def __init__(self, store: Store, owner: Owner, job: Job, stop: threading.Event) -> None:
        self._store = store
        self._owner = owner
        self._id = job.id
        self._stop = stop
        self._told = -PROGRESS_SECONDS
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def stop_requested(self) -> bool:
        return self._stop.is_set()

    def progress(self, epoch: int, epochs: int, metrics: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self._told >= PROGRESS_SECONDS:
            self._told = now
            self._store.progress(self._id, self._owner, epoch, epochs)

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            try:
                with Store.open(self._store.home) as store:  # a connection belongs to its thread
                    store.heartbeat(self._id, self._owner)
            except ClaimLostError:
                return  # the training learns it from `progress`
            except StoreError:
                continue  # full or locked for now: the training meets that too, and is the one to tell

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
