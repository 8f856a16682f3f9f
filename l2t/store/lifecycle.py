"""What happens to a job once it is queued: claimed, told of progress, ended, or found dead."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from l2t.store.database import Database, storable
from l2t.store.folder import JobFolder
from l2t.store.rows import Job, Owner, Summary
from l2t.store.state import ClaimLostError, Reason, Request, State
from l2t.store.transitions import move

if TYPE_CHECKING:
    from l2t.spec.run import Device

BACKOFF_SECONDS = 10.0
"""Before the second attempt at the same place; six times as long before the next."""
DISK_SECONDS = 30.0
"""Before another attempt after a full disk."""
FAR_SECONDS = 600.0
"""Ten times the longest wait there is."""
NEAR = 200
"""Jobs of one device, in the order of their turn, among which one that somebody follows is looked for first."""
CAP = 64
"""Jobs of one device up to which `claimable` counts."""

DEVICES: tuple[Device, ...] = ("cpu", "cuda")


def _never(owner: Owner) -> bool:
    """No death is forgiven."""
    return False


def _silent(job: str, error: OSError) -> None:
    """Nobody is told."""


ATTEMPTS = 3
"""Attempts that got no further than the one before, after which a job whose process died fails."""

# A claim is the owner's only: a process that was taken for dead finds its job gone, and leaves it alone.
_OWNED = "id = :id AND (host, boot_id, pid, start_ticks) = (:host, :boot_id, :pid, :start_ticks)"
_RELEASED = dict.fromkeys(("host", "boot_id", "pid", "start_ticks", "heartbeat"))

# A time further in the future than FAR_SECONDS was noted before the clock was set back: it no longer counts.
_READY = """state = 'queued' AND waits = 0 AND device = '{device}'
    AND (not_before IS NULL OR not_before NOT BETWEEN :now AND :now + :far)"""
_ORDER = "ORDER BY priority DESC, position, number"
_FIRST = f"SELECT number FROM jobs WHERE {_READY} {_ORDER} LIMIT 1"

# Jobs of followed sweeps are among the first in the queue as a rule, so these are looked at, in the index, before all
# jobs of followed sweeps are: there may be thousands, most of them done. CROSS: these first, however many others wait.
_NEAR = f"""(SELECT near, EXISTS (
        SELECT 1 FROM sweep_jobs WHERE number = near AND sweep IN (SELECT sweep FROM followers)
    ) AS wanted FROM (SELECT number AS near FROM jobs WHERE {_READY} {_ORDER} LIMIT {NEAR}))"""
_FAR = f"""FROM sweep_jobs CROSS JOIN jobs USING (number)
    WHERE sweep IN (SELECT sweep FROM followers) AND {_READY}"""
_FIRST_FOLLOWED = f"""coalesce(
    (SELECT near FROM {_NEAR} WHERE wanted LIMIT 1),
    CASE WHEN (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE {_READY} LIMIT {NEAR})) = {NEAR}
        THEN (SELECT number {_FAR} {_ORDER} LIMIT 1) END
)"""


class Lifecycle(Database):
    """The part of the store that workers use. Every method that names an owner raises ClaimLostError where the job is
    no longer that owner's, and changes nothing then."""

    def claim(self, owner: Owner, device: Device | None = None, followed: bool = False) -> Job | None:
        """Take the next job whose needs are done; None where there is none at present.

        device: only jobs for this kind of device; followed: only jobs of sweeps that somebody follows.
        """
        now = time.time()
        with self._transaction():
            claimed = move(
                self._connection,
                [State.QUEUED],
                State.RUNNING,
                _next([device] if device else DEVICES, followed),
                {"now": now, "far": FAR_SECONDS},
                _columns(owner)
                | {"heartbeat": now, "claimed": now, "finished": None, "reason": None, "message": None}
                | {"request": None, "not_before": None},
                returning="number, id, kind, name, attempts, redo, device",
            )
            if not claimed:
                return None
            number, id, kind, name, attempts, redo, kind_of_device = claimed[0]
            self._all("UPDATE jobs SET attempts = attempts + 1 WHERE number = ?", [number])
            spec: str = self._one("SELECT spec FROM specs WHERE number = ?", [number])
            asked = self._all(
                "SELECT command FROM sweeps JOIN sweep_jobs ON sweep = id WHERE number = ? ORDER BY asked DESC LIMIT 1",
                [number],
            )
        command: str = asked[0][0] if asked else ""
        return Job(id, kind, name, attempts + 1, bool(redo), spec, command, kind_of_device)

    def claimable(self, followed: bool = False) -> dict[Device, int]:
        """By kind of device, how many jobs could be claimed now, counted up to CAP."""
        return {device: self._claimable(device, followed) for device in DEVICES}

    def _claimable(self, device: Device, followed: bool) -> int:
        values = {"now": time.time(), "far": FAR_SECONDS}
        jobs = f"SELECT 1 FROM jobs WHERE {_READY} LIMIT {CAP}"
        if followed:
            near = f"SELECT count(*), coalesce(sum(wanted), 0) FROM {_NEAR}"
            ready, wanted = self._all(near.format(device=device), values)[0]
            if ready < NEAR or wanted >= CAP:
                return min(int(wanted), CAP)
            jobs = f"SELECT DISTINCT number {_FAR} LIMIT {CAP}"
        found: int = self._one(f"SELECT count(*) FROM ({jobs.format(device=device)})", values)
        return found

    def requested(self, job_id: str, owner: Owner) -> Request | None:
        """What somebody asks of the job's worker."""
        found = self._all(
            f"SELECT request FROM jobs WHERE state = 'running' AND {_OWNED}", {"id": job_id} | _columns(owner)
        )
        if not found:
            raise _lost(job_id)
        return Request(found[0][0]) if found[0][0] else None

    def archived(self, job_id: str, owner: Owner) -> None:
        """Note that the old attempt of a forced job is out of the way: what its folder holds from now on is its own."""
        if not self._all(f"UPDATE jobs SET redo = 0 WHERE {_OWNED} RETURNING number", {"id": job_id} | _columns(owner)):
            raise _lost(job_id)

    def progress(self, job_id: str, owner: Owner, epoch: int, epochs: int) -> None:
        """Tell that `epoch` of `epochs` are done. A heartbeat too."""
        self._beat("epoch = :epoch, epochs = :epochs,", job_id, owner, {"epoch": epoch, "epochs": epochs})

    def heartbeat(self, job_id: str, owner: Owner) -> None:
        """Tell that the job's process lives."""
        self._beat("", job_id, owner, {})

    def _beat(self, changes: str, job_id: str, owner: Owner, values: Mapping[str, Any]) -> None:
        found = self._all(
            f"UPDATE jobs SET {changes} heartbeat = :now WHERE state = 'running' AND {_OWNED} RETURNING number",
            {"id": job_id, "now": time.time()} | _columns(owner) | dict(values),
        )
        if not found:
            raise _lost(job_id)

    def finish(
        self, job_id: str, owner: Owner, result: Mapping[str, Any], seconds: float | None, peak_memory: int | None
    ) -> None:
        """The job is done: its `result.json` is on disk. seconds: of all attempts; peak_memory: bytes."""
        with self._transaction():
            self._done(State.RUNNING, _OWNED, {"id": job_id} | _columns(owner), result, seconds, peak_memory)

    def fail(self, job_id: str, owner: Owner, reason: Reason, message: str) -> State:
        """The job's attempt failed; returns where the job is now.

        A crash, and lack of memory on a GPU, which others may have taken, are tried again after a while, until ATTEMPTS
        attempts in a row got no further than the one before. A full disk is no fault of the job's and never counts.
        Anything else is final, and fails what waits for the job too.
        """
        where, values, message = _OWNED, {"id": job_id} | _columns(owner), storable(message)
        with self._transaction():
            found = self._all(
                f"SELECT kind, device, request, waits FROM jobs WHERE state = 'running' AND {where}", values
            )
            if not found:
                raise _lost(job_id)
            kind, device, request, waits = found[0]
            again = reason in (Reason.CRASHED, Reason.DISK) or (reason is Reason.OUT_OF_MEMORY and device == "cuda")
            if reason is Reason.INVALID and waits:  # what it needs was forced after its claim, and is made again
                move(self._connection, [State.RUNNING], State.INTERRUPTED, where, values, {"message": message})
                return self._requeue(job_id, request)
            if not again:
                self._failed(State.RUNNING, where, values, reason, message)
                return State.FAILED
            columns = {"reason": reason, "message": message}
            move(self._connection, [State.RUNNING], State.INTERRUPTED, where, values, columns)
            if reason is Reason.DISK:
                return self._requeue(job_id, request, DISK_SECONDS)
            stalled, _ = self._judge(job_id, JobFolder.of(self.home, kind, job_id))
            if stalled < ATTEMPTS or request == Request.CANCEL:
                return self._requeue(job_id, request, BACKOFF_SECONDS * 6 ** max(0, stalled - 1))
            self._failed(State.INTERRUPTED, "id = :id", {"id": job_id}, reason, message)
            return State.FAILED

    def interrupt(self, job_id: str, owner: Owner, message: str = "on request") -> State:
        """The job stopped where it was asked to: it is paused or cancelled where somebody asked for that, else back in
        the queue. Never counts against the limit. Returns where the job is now."""
        with self._transaction():
            where, values = _OWNED, {"id": job_id} | _columns(owner)
            columns = {"reason": Reason.STOPPED, "message": storable(message)}
            moved = move(self._connection, [State.RUNNING], State.INTERRUPTED, where, values, columns, "request")
            if not moved:
                raise _lost(job_id)
            return self._requeue(job_id, moved[0][0])

    def reconcile(
        self,
        alive: Callable[[Owner, float], bool],
        forgiven: Callable[[Owner], bool] = _never,
        unreadable: Callable[[str, OSError], None] = _silent,
    ) -> int:
        """Bring running jobs whose owner is dead to where their folders say they are; returns their number.

        A job with a result is done. Any other goes back to the queue (is paused or cancelled where somebody asked for
        that), or fails where ATTEMPTS attempts in a row got no further than the one before. alive: whether an owner
        lives, given the time of its last heartbeat; forgiven: whether a death is not held against the job; unreadable:
        told the id of a job whose folder cannot be read, and why. It is left as it is, to be looked at again.
        """
        rows = self._all(
            "SELECT id, kind, redo, host, boot_id, pid, start_ticks, heartbeat FROM jobs WHERE state = 'running'"
        )
        moved = 0
        for id, kind, redo, host, boot_id, pid, ticks, heartbeat in rows:
            owner = Owner(host, boot_id, pid, ticks)
            if alive(owner, heartbeat):
                continue
            folder = JobFolder.of(self.home, kind, id)
            try:
                # The result of a forced job whose old attempt is not archived yet is that old attempt's.
                result = None if redo else folder.read_result()
                with self._transaction():
                    self._bury(id, owner, result, folder, forgiven(owner))
                moved += 1
                if result is not None:
                    folder.checkpoint.unlink(missing_ok=True)
            except ClaimLostError:
                continue  # another process was first
            except OSError as error:
                unreadable(id, error)
        return moved

    def tell(self, ending: int) -> None:
        """Note that the endings up to this one were told to whoever is to hear of them. Never goes back."""
        self._all("UPDATE endings SET told = max(told, min(?, last))", [ending])

    def disk_is_back(self) -> None:
        """Let what waits because of a full disk wait no longer."""
        self._all("UPDATE jobs SET not_before = NULL WHERE state = 'queued' AND reason = 'disk'")

    def _bury(
        self, job_id: str, owner: Owner, result: Mapping[str, Any] | None, folder: JobFolder, forgiven: bool
    ) -> None:
        message = f"its process (pid {owner.pid} on {owner.host}) died"
        columns = {"reason": Reason.LOST, "message": message}
        where, values = _OWNED, {"id": job_id} | _columns(owner)
        moved = move(self._connection, [State.RUNNING], State.INTERRUPTED, where, values, columns, "request")
        if not moved:
            raise _lost(job_id)
        request = moved[0][0]
        if result is not None:
            self._done(State.INTERRUPTED, "id = :id", {"id": job_id}, result, *folder.read_attempts())
            return
        if forgiven:
            self._requeue(job_id, request)
            return
        stalled, furthest = self._judge(job_id, folder)
        if stalled < ATTEMPTS or request == Request.CANCEL:
            self._requeue(job_id, request, BACKOFF_SECONDS * 6 ** (stalled - 2) if stalled > 1 else 0.0)
            return
        message = f"its process died {stalled} times in a row without getting past epoch {furthest}"
        self._failed(State.INTERRUPTED, "id = :id", {"id": job_id}, Reason.CRASHED, message)

    def _judge(self, job_id: str, folder: JobFolder) -> tuple[int, int]:
        """Note how far an attempt that ended badly got; returns the attempts in a row that got no further than the one
        before, and the furthest epoch. The folder may know of epochs that the store was not told of."""
        epoch, reached, stalled = self._all("SELECT epoch, reached, stalled FROM jobs WHERE id = ?", [job_id])[0]
        epoch = max(epoch, folder.last_epoch())
        stalled = 0 if epoch > reached else stalled + 1
        furthest = max(epoch, reached)
        self._all("UPDATE jobs SET reached = ?, stalled = ? WHERE id = ?", [furthest, stalled, job_id])
        return stalled, furthest

    def _requeue(self, job_id: str, request: str | None, wait: float = 0.0) -> State:
        """Put an interrupted job where it belongs: back in the queue, for later where it is to wait, or where somebody
        asked it to be. Returns that state."""
        where, values = "id = :id", {"id": job_id}
        free = _RELEASED | {"request": None}
        if request == Request.CANCEL:
            ended = move(self._connection, [State.INTERRUPTED], State.CANCELLED, where, values, free | _now(), "number")
            self._number_ends(ended)
            return State.CANCELLED
        columns = free | {"not_before": time.time() + wait if wait else None}
        move(self._connection, [State.INTERRUPTED], State.QUEUED, where, values, columns)
        if lost := self._all(
            "SELECT made.kind, made.name, made.message FROM needs JOIN jobs AS made ON made.number = needed"
            " JOIN jobs ON jobs.number = needs.number WHERE jobs.id = ? AND made.state IN ('failed', 'cancelled')",
            [job_id],
        ):  # its source was forced meanwhile, and failed
            kind, name, why = lost[0]
            message = f"its {kind} {name} failed: {why or 'it was cancelled'}"
            self._failed(State.QUEUED, where, values, Reason.ARTEFACT, message)
            return State.FAILED
        if request in (Request.PAUSE, Request.HOLD):
            move(self._connection, [State.QUEUED], State.PAUSED, where, values, {})
            return State.PAUSED
        return State.QUEUED

    def _number_ends(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Give jobs that have ended, their numbers first in each row, the next endings."""
        for row in rows:
            last = self._one("UPDATE endings SET last = last + 1 RETURNING last")
            self._all("UPDATE jobs SET ending = ? WHERE number = ?", [last, row[0]])

    def _done(
        self,
        expected: State,
        where: str,
        values: Mapping[str, Any],
        result: Mapping[str, Any],
        seconds: float | None,
        peak_memory: int | None,
    ) -> None:
        columns = _RELEASED | _now() | {"reason": None, "message": None, "request": None}
        moved = move(self._connection, [expected], State.DONE, where, values, columns, "number, kind")
        if not moved:
            raise _lost(values["id"])
        self._number_ends(moved)
        number, kind = moved[0]
        self._all(
            "UPDATE jobs SET waits = waits - 1 WHERE number IN (SELECT number FROM needs WHERE needed = ?)", [number]
        )
        self._all("UPDATE jobs SET epoch = epochs WHERE number = ?", [number])
        summary = Summary.of(result)
        if kind == "run":
            self._all(
                "UPDATE runs SET accuracy = ?, best_val = ?, rare_recall = ?, parameters = ?, steps = ?, seconds = ?,"
                " peak_memory = ? WHERE number = ?",
                (
                    *(summary.accuracy, summary.best_val, summary.rare_recall, summary.parameters, summary.steps),
                    *(seconds, peak_memory, number),
                ),
            )
            return
        self._all(
            "INSERT OR REPLACE INTO artefacts"
            " SELECT id, kind, name, coalesce(json_extract(spec, '$.model'), ''),"
            " coalesce(json_extract(spec, '$.dataset'), ''), coalesce(json_extract(spec, '$.classes'), 0),"
            " 'trained', ?, ?, ?"
            " FROM jobs JOIN specs USING (number) WHERE number = ?",
            (summary.accuracy, seconds, time.time(), number),
        )

    def _failed(self, expected: State, where: str, values: Mapping[str, Any], reason: Reason, message: str) -> None:
        columns = _RELEASED | _now() | {"reason": reason, "message": message, "request": None}
        moved = move(self._connection, [expected], State.FAILED, where, values, columns, "number, kind, name")
        if not moved:
            raise _lost(values["id"])
        self._number_ends(moved)
        for number, kind, name in moved:
            self._fail_dependents(number, f"its {kind} {name} failed: {message}")

    def _fail_dependents(self, number: int, message: str) -> None:
        """Fail what waits for a job, paused or not, and what waits for that."""
        where, values = "number IN (SELECT number FROM needs WHERE needed = :needed)", {"needed": number}
        columns = _now() | {"reason": Reason.ARTEFACT, "message": message}
        move(self._connection, [State.PAUSED], State.QUEUED, where, values, {})
        waiting = move(self._connection, [State.QUEUED], State.FAILED, where, values, columns)
        self._number_ends(waiting)
        for (dependent,) in waiting:
            self._fail_dependents(dependent, message)


def _next(devices: Iterable[Device], followed: bool) -> str:
    """The condition of the job whose turn it is: the first of each device is found in the index, without sorting."""
    firsts = [(_FIRST_FOLLOWED if followed else f"({_FIRST})").format(device=device) for device in devices]
    return f"number = (SELECT number FROM jobs WHERE number IN ({', '.join(firsts)}) {_ORDER} LIMIT 1)"


def _now() -> dict[str, float]:
    return {"finished": time.time()}


def _columns(owner: Owner) -> dict[str, str | int]:
    return {"host": owner.host, "boot_id": owner.boot_id, "pid": owner.pid, "start_ticks": owner.start_ticks}


def _lost(job_id: str) -> ClaimLostError:
    return ClaimLostError(f"{job_id} is no longer this process's: it was taken for dead or cancelled")
