"""Wanting one sweep to be worked on now, and seeing that somebody does: another process where one holds the home, else
this one.

What `l2t run` does in the foreground; a face polls it and draws.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from l2t.jobs.lock import HeldError, Holder, HomeLock, holder, last_holder
from l2t.jobs.owner import current
from l2t.jobs.slots import SlotSettings
from l2t.jobs.status import read_snapshot
from l2t.jobs.supervisor import GRACE_SECONDS, Supervisor
from l2t.jobs.watch import SweepStatus, SweepWatch
from l2t.spec.run import Device
from l2t.store.store import Store


@dataclass(frozen=True, slots=True)
class Followed:
    """How a followed sweep stands, and who works on it."""

    status: SweepStatus
    holder: Holder | None
    """Who works on it; None where nobody does at the moment."""
    here: bool
    """Whether that is this process."""
    draining: bool
    """The holder begins nothing new, and ends after what runs."""
    problem: str | None
    """Why the holder begins nothing new for now."""
    down: bool
    """The supervisor that worked on it was ended by `l2t down`: nobody is to go on."""


class Follower:
    """Follows one sweep. A context manager: leaving it stops what this process's own workers still run.

    device: the kind that its jobs need; slots: where to work if it is this process that does; engine: import string of
    what gives workers their engine.
    """

    def __init__(
        self, home: Path, sweep: str, device: Device, slots: SlotSettings, engine: str = "l2t.jobs.engine:load"
    ) -> None:
        self._home = home
        self._sweep = sweep
        self._device = device
        self._slots = slots
        self._engine = engine
        self._watch = SweepWatch(home, sweep)
        self._seen: Holder | None = None
        self._down = False
        self._lock: HomeLock | None = None
        self._supervisor: Supervisor | None = None
        self._work = ExitStack()
        try:
            with Store.open(home) as store:
                store.follow(sweep, current())
        except BaseException:
            self._watch.close()
            raise

    @property
    def here(self) -> bool:
        """Whether it is this process that works."""
        return self._supervisor is not None

    @property
    def holder(self) -> Holder | None:
        """Who works, or worked last."""
        return self._seen

    def poll(self) -> Followed:
        """Work, or see who does, or take over from who did; and tell how the sweep stands. Call it twice a second."""
        status = self._watch.poll()
        if status.finished:
            return Followed(status, self._seen, self.here, False, None, False)
        if self._supervisor is None:
            self._look()
        if self._supervisor is not None:
            self._supervisor.poll()
        shown = read_snapshot(self._home)
        if shown is None or self._seen is None or shown.holder.owner != self._seen.owner:
            return Followed(status, self._seen, self.here, False, None, self._down)
        problem = shown.problem or shown.lacks(self._device)
        return Followed(status, self._seen, self.here, shown.doing == "draining", problem, self._down)

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Let this process's workers checkpoint and end; kill those that take longer than `grace` seconds."""
        if self._supervisor is not None and self._lock is not None:
            self._lock.ending = "stopped"
            self._supervisor.stop(grace)

    def close(self) -> None:
        """Stop what runs here, release the home, and want the sweep no more."""
        try:
            self._work.close()
        finally:
            self._watch.close()
            with Store.open(self._home) as store:
                store.unfollow(self._sweep, current())

    def _look(self) -> None:
        """See who holds the home; take it where nobody does, and not because it was to be so."""
        found = holder(self._home)
        if found is not None:
            self._seen = found
            return
        last = last_holder(self._home)
        if self._seen is not None and last is not None and last.owner == self._seen.owner and last.ended == "down":
            self._down = True
            return
        try:
            self._lock = self._work.enter_context(HomeLock(self._home, "run"))
        except HeldError:
            return  # another was faster, and is seen at the next poll
        self._seen = self._lock.holder
        self._supervisor = self._work.enter_context(
            Supervisor(self._lock, self._slots, followed=True, engine=self._engine)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
