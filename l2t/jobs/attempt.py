"""One attempt at one job: its folder made ready, the engine called, the end told to the store."""

import threading
import time
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from pydantic import ValidationError

from l2t.errors import StoreError, UsageError
from l2t.jobs.engine import Engine, Result
from l2t.jobs.failure import classify
from l2t.jobs.heartbeat import Heartbeat
from l2t.jobs.memory import peak, reset_peak
from l2t.registry import check_packages
from l2t.spec import ArtefactSpec, RunSpec, SourceSpec
from l2t.store.files import append_text, read_json, write_json
from l2t.store.folder import JobFolder
from l2t.store.rows import Job, Owner
from l2t.store.state import ClaimLostError, Reason, State
from l2t.store.store import Store
from l2t.train.control import Control, Interrupted

Spec = RunSpec | SourceSpec | ArtefactSpec


class After(Enum):
    """What a worker does after an attempt."""

    NEXT = "take the next job"
    RECYCLE = "end: a crash may have left anything behind, a spoilt CUDA context for one"
    WAIT = "end: the disk takes nothing"


def attempt(store: Store, owner: Owner, job: Job, engine: Engine, stop: threading.Event) -> After:
    """Compute a claimed job and tell the store how it ended: done, failed, or interrupted because `stop` was set or
    somebody asked for it to be paused or cancelled.

    Any error of the job is its failure; an error of the store passes, and leaves the job to `Store.reconcile`. Where
    the claim was lost meanwhile the job is another process's, and nothing is told.
    """
    folder = JobFolder.of(store.home, job.kind, job.id)
    with suppress(ClaimLostError):
        try:
            with Heartbeat(store, owner, job, stop) as control:
                _compute(store, owner, job, folder, engine, control)
        except Interrupted:
            state = store.interrupt(job.id, owner)
            _log(folder, f"attempt {job.attempts} stopped on request: {state}")
        except StoreError:
            raise
        except Exception as error:
            reason, message = classify(error)
            _log(folder, f"attempt {job.attempts} failed ({reason})\n{traceback.format_exc()}")
            if store.fail(job.id, owner, reason, message) is State.QUEUED:
                _log(folder, f"attempt {job.attempts} will be followed by another")
            if reason is Reason.DISK:
                return After.WAIT
            return After.RECYCLE if reason in (Reason.CRASHED, Reason.OUT_OF_MEMORY) else After.NEXT
    return After.NEXT


def _compute(store: Store, owner: Owner, job: Job, folder: JobFolder, engine: Engine, control: Control) -> None:
    if job.redo:
        folder.archive()
        store.archived(job.id, owner)
    folder.make()
    result = folder.read_result()
    if result is None:  # else an earlier attempt died after its last write: the job is done
        result = _train(store, job, folder, engine, control)
    folder.checkpoint.unlink(missing_ok=True)
    store.finish(job.id, owner, result, *folder.read_attempts())


def _train(store: Store, job: Job, folder: JobFolder, engine: Engine, control: Control) -> Result:
    """Call the engine, and write the result: from then on the job is done, whatever happens."""
    try:
        spec = job.spec()
    except ValidationError as error:
        raise UsageError(f"{job.name} was asked for by another version of l2t; ask for it again") from error
    check_packages(spec.packages)
    how = "on from its checkpoint" if _prepare(folder, spec, job.command, engine, store.home) else "from the start"
    _log(folder, f"attempt {job.attempts}: {job.name}, {how}")
    reset_peak()
    folder.begin_attempt(job.attempts)
    started = time.monotonic()
    try:
        if isinstance(spec, RunSpec):
            result = engine.run(spec, folder, store.home, control)
        elif isinstance(spec, SourceSpec):
            result = engine.source(spec, folder, control)
        else:
            result = engine.artefact(spec, folder, store.home, control)
    finally:
        folder.write_attempt(job.attempts, time.monotonic() - started, peak(spec.device))
    folder.write_result(result)
    _log(folder, f"attempt {job.attempts} done")
    return result


def _prepare(folder: JobFolder, spec: Spec, command: str, engine: Engine, home: Path) -> bool:
    """Write what is computed and where; returns whether there is a checkpoint to go on from. On another fingerprint it
    would give other bits: start over."""
    environment = engine.environment(spec) | {"asked": command}
    if isinstance(spec, RunSpec) and spec.needs:
        used = ([spec.source] if spec.source else []) + [*spec.artefacts]
        results = {ref.name: JobFolder.of(home, "artefact", ref.hash).read_result() or {} for ref in used}
        environment |= {"source_weights": {name: made.get("weights") for name, made in results.items()}}
    before = read_json(folder.env) or {}
    resumes = folder.checkpoint.exists() and before.get("fingerprint") == environment["fingerprint"]
    if not resumes:
        folder.restart()
    write_json(folder.spec, spec.model_dump(mode="json"))
    write_json(folder.env, environment)
    return resumes


def _log(folder: JobFolder, text: str) -> None:
    """Add to the job's log. A full disk is told by the job's failure, not by its log."""
    with suppress(OSError):
        append_text(folder.log, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {text.rstrip()}\n")
