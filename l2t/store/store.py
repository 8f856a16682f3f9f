"""The store, as every face and process sees it."""

from pathlib import Path
from types import TracebackType
from typing import Self

from l2t.store.artefacts import Artefacts
from l2t.store.cells import Cells
from l2t.store.database import connect, connect_reading
from l2t.store.followers import Followers
from l2t.store.paging import Paging
from l2t.store.queue import Queueing


class Store(Queueing, Followers, Paging, Cells, Artefacts):
    """All that is known about the jobs of one home: asking for them (`submit.py`), what happens to them
    (`lifecycle.py`), changes of the queue (`queue.py`), tags and notes (`marks.py`), who follows (`followers.py`),
    questions (`queries.py`), long tables (`paging.py`), cells (`cells.py`) and what runs share (`artefacts.py`). A
    thread opens its own.

    Raises StoreError from any method where the disk is full, or the database is damaged or locked for long.
    """

    @classmethod
    def open(cls, home: Path) -> Self:
        """The store of `home`, created where it is missing.

        Raises StoreError where the folder cannot be made or written, or where its store is newer or damaged.
        """
        return cls(home, connect(home))

    @classmethod
    def read(cls, home: Path, patience: float | None = None) -> Self:
        """The store of `home` for reading only; where there is none, an empty one in memory. Nothing is created.

        patience: seconds to wait for another process's transaction; half a minute by default.
        Raises StoreError where it cannot be read, is newer or damaged; LockedError after `patience`.
        """
        return cls(home, connect_reading(home, patience))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
