"""What happens to a job once it is queued: claimed, told of progress, ended, or found dead."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from l2t.store.database import Database
from l2t.store.folder import JobFolder
from l2t.store.rows import Job, Owner, Summary
from l2t.store.state import ClaimLostError, Reason, State
from l2t.store.transitions import move

ATTEMPTS = 3
"""Attempts that got no further than the one before, after which a job whose process died fails."""

# A claim is the owner's only: a process that was taken for dead finds its job gone, and leaves it alone.
_OWNED = "id = :id AND (host, boot_id, pid, start_ticks) = (:host, :boot_id, :pid, :start_ticks)"
_RELEASED = dict.fromkeys(("host", "boot_id", "pid", "start_ticks", "heartbeat"))

_NEXT = """number = (
    SELECT number FROM jobs AS next WHERE state = 'queued' {of_sweep} AND NOT EXISTS (
        SELECT 1 FROM needs JOIN jobs AS made ON made.number = needed
        WHERE needs.number = next.number AND made.state <> 'done'
    ) ORDER BY priority DESC, position LIMIT 1
)"""
_OF_SWEEP = "AND EXISTS (SELECT 1 FROM sweep_jobs WHERE sweep = :sweep AND sweep_jobs.number = next.number)"


class Lifecycle(Database):
    """The part of the store that workers use. Every method that names an owner raises ClaimLostError where the job is
    no longer that owner's, and changes nothing then."""

    def claim(self, owner: Owner, sweep: str | None = None) -> Job | None:
        """Take the next job whose needs are done, of one sweep or of all; None where there is none at present."""
        now = time.time()
        with self._transaction():
            claimed = move(
                self._connection,
                [State.QUEUED],
                State.RUNNING,
                _NEXT.format(of_sweep="" if sweep is None else _OF_SWEEP),
                {} if sweep is None else {"sweep": sweep},
                _columns(owner) | {"heartbeat": now, "claimed": now, "finished": None, "reason": None, "message": None},
                returning="number, id, kind, name, attempts, redo",
            )
            if not claimed:
                return None
            number, id, kind, name, attempts, redo = claimed[0]
            self._all("UPDATE jobs SET attempts = attempts + 1 WHERE number = ?", [number])
            spec: str = self._all("SELECT spec FROM specs WHERE number = ?", [number])[0][0]
        return Job(id, kind, name, attempts + 1, bool(redo), spec)

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

    def fail(self, job_id: str, owner: Owner, reason: Reason, message: str) -> None:
        """The job failed; so does what waits for it."""
        with self._transaction():
            self._failed(State.RUNNING, _OWNED, {"id": job_id} | _columns(owner), reason, message)

    def interrupt(self, job_id: str, owner: Owner, message: str = "on request") -> None:
        """The job stopped where it was asked to, and goes back to the queue. Never counts against the limit."""
        with self._transaction():
            where, values = _OWNED, {"id": job_id} | _columns(owner)
            columns = {"reason": Reason.STOPPED, "message": message}
            if not move(self._connection, [State.RUNNING], State.INTERRUPTED, where, values, columns):
                raise _lost(job_id)
            self._requeue(job_id)

    def reconcile(self, alive: Callable[[Owner, float], bool]) -> int:
        """Bring running jobs whose owner is dead to where their folders say they are; returns their number.

        A job with a result is done. Any other goes back to the queue, or fails where ATTEMPTS attempts in a row got
        no further than the one before. alive: whether an owner lives, given the time of its last heartbeat.
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
                with self._transaction():
                    # The result of a forced job whose old attempt is not archived yet is that old attempt's.
                    self._bury(id, owner, None if redo else folder.read_result(), folder)
            except ClaimLostError:
                continue  # another process was first
            moved += 1
        return moved

    def _bury(self, job_id: str, owner: Owner, result: Mapping[str, Any] | None, folder: JobFolder) -> None:
        message = f"its process (pid {owner.pid} on {owner.host}) died"
        columns = {"reason": Reason.LOST, "message": message}
        where, values = _OWNED, {"id": job_id} | _columns(owner)
        returning = "epoch, reached, stalled"
        moved = move(self._connection, [State.RUNNING], State.INTERRUPTED, where, values, columns, returning)
        if not moved:
            raise _lost(job_id)
        if result is not None:
            self._done(State.INTERRUPTED, "id = :id", {"id": job_id}, result, *folder.read_attempts())
            return
        epoch, reached, stalled = moved[0]
        stalled = 0 if epoch > reached else stalled + 1
        self._all("UPDATE jobs SET reached = ?, stalled = ? WHERE id = ?", [max(epoch, reached), stalled, job_id])
        if stalled < ATTEMPTS:
            self._requeue(job_id)
            return
        message = f"its process died {stalled} times in a row without getting past epoch {max(epoch, reached)}"
        self._failed(State.INTERRUPTED, "id = :id", {"id": job_id}, Reason.CRASHED, message)

    def _requeue(self, job_id: str) -> None:
        move(self._connection, [State.INTERRUPTED], State.QUEUED, "id = :id", {"id": job_id}, _RELEASED)

    def _done(
        self,
        expected: State,
        where: str,
        values: Mapping[str, Any],
        result: Mapping[str, Any],
        seconds: float | None,
        peak_memory: int | None,
    ) -> None:
        columns = _RELEASED | {"finished": time.time(), "reason": None, "message": None}
        moved = move(self._connection, [expected], State.DONE, where, values, columns, "number, kind")
        if not moved:
            raise _lost(values["id"])
        number, kind = moved[0]
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
            " SELECT id, kind, name, json_extract(spec, '$.model'), json_extract(spec, '$.dataset'),"
            " json_extract(spec, '$.classes'), 'trained', ?, ?, ?"
            " FROM jobs JOIN specs USING (number) WHERE number = ?",
            (summary.accuracy, seconds, time.time(), number),
        )

    def _failed(self, expected: State, where: str, values: Mapping[str, Any], reason: Reason, message: str) -> None:
        columns = _RELEASED | {"finished": time.time(), "reason": reason, "message": message}
        moved = move(self._connection, [expected], State.FAILED, where, values, columns, "number, kind, name")
        if not moved:
            raise _lost(values["id"])
        number, kind, name = moved[0]
        move(
            self._connection,
            [State.QUEUED],
            State.FAILED,
            "number IN (SELECT number FROM needs WHERE needed = :needed)",
            {"needed": number},
            {"finished": time.time(), "reason": Reason.ARTEFACT, "message": f"its {kind} {name} failed: {message}"},
        )


def _columns(owner: Owner) -> dict[str, str | int]:
    return {"host": owner.host, "boot_id": owner.boot_id, "pid": owner.pid, "start_ticks": owner.start_ticks}


def _lost(job_id: str) -> ClaimLostError:
    return ClaimLostError(f"{job_id} is no longer this process's: it was taken for dead or cancelled")
