"""An engine without torch for the tests of store, workers and loop: deterministic, resumable, and able to go wrong.

Options of a run: `sleep` (seconds an epoch), `fail` (how it ends at epoch `at`: diverged, invalid, memory, crash, disk,
kill, once: kill in the first attempt only).
"""

import errno
import hashlib
import io
import json
import os
import signal
import time
import zipfile
from pathlib import Path
from typing import Any

from l2t.errors import DivergedError, UsageError
from l2t.jobs.engine import Engine
from l2t.spec import ArtefactSpec, RunSpec, SourceSpec
from l2t.store import files
from l2t.store.files import write_atomic
from l2t.store.folder import JobFolder
from l2t.train.control import Control, Interrupted

EVERY = 3
"""Epochs between two checkpoints."""


def train(identity: str, epochs: int, options: dict[str, Any], folder: JobFolder, control: Control) -> dict[str, Any]:
    epoch, value = 0, identity
    resumed = folder.checkpoint.exists()
    if resumed:
        epoch, value = json.loads(folder.checkpoint.read_bytes())
        if not {row["epoch"] for row in folder.read_metrics()}.issuperset(range(1, epoch + 1)):
            epoch, value = 0, identity
    with folder.metrics_writer() as metrics:
        while epoch < epochs:
            if control.stop_requested():
                metrics.sync()
                write_atomic(folder.checkpoint, json.dumps([epoch, value]).encode())
                raise Interrupted
            if epoch == options.get("at", 0):
                go_wrong(options.get("fail", ""), folder)
            time.sleep(options.get("sleep", 0.0))
            value = hashlib.sha256(value.encode()).hexdigest()
            epoch += 1
            row = {"epoch": epoch, "loss": int(value[:4], 16) / 65536}
            metrics.append(row)
            if epoch % EVERY == 0:
                metrics.sync()
                write_atomic(folder.checkpoint, json.dumps([epoch, value]).encode())
            control.progress(epoch, epochs, row)
        metrics.sync()
    return {"accuracy": int(value[:8], 16) / 2**32 * 100, "steps": epochs, "parameters": 7, "final": value}


def archived(text: str) -> bytes:
    """A file of weights with another content: an archive with checksums, the same for the same text."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("weights"), text)
    return file.getvalue()


def go_wrong(how: str, folder: JobFolder) -> None:
    if how == "diverged":
        raise DivergedError("loss is nan in epoch 1")
    if how == "invalid":
        raise UsageError("too many shots")
    if how == "memory":
        raise MemoryError
    if how == "crash":
        raise ZeroDivisionError("first line\nlast line")
    if how == "disk":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder.metrics))
    if how == "kill" or (how == "once" and "attempt 2" not in folder.log.read_text()):
        os.kill(os.getpid(), signal.SIGKILL)


def run(spec: RunSpec, folder: JobFolder, home: Path, control: Control) -> dict[str, Any]:
    if spec.source is not None:
        result = JobFolder.of(home, "source", spec.source.hash).read_result()
        assert result is not None, "a run began before its source was done"
    return train(spec.id, spec.train.epochs, spec.options, folder, control)


def source(spec: SourceSpec, folder: JobFolder, control: Control) -> dict[str, Any]:
    how = {"fail": spec.dataset} if spec.dataset in ("diverged", "kill") else {"sleep": 0.02}
    result = train(spec.id, spec.train.epochs, how, folder, control)
    write_atomic(folder.weights, archived(result["final"]))
    return result


def artefact(spec: ArtefactSpec, folder: JobFolder, home: Path, control: Control) -> dict[str, Any]:
    for needed in spec.needs:
        assert JobFolder.of(home, "artefact", needed).read_result(), "an artefact began before what it needs was done"
    result = train(spec.id, spec.train.epochs, spec.options, folder, control)
    write_atomic(folder.weights, archived(result["final"]))
    return result


def check(device: str) -> None:
    """A device that fails as long as the file TINY_BROKEN exists."""
    if "TINY_BROKEN" in os.environ and Path(os.environ["TINY_BROKEN"]).exists():
        raise RuntimeError(f"{device} has fallen off the bus")


def fill_disk(path: Path, number: int) -> None:
    """Let every write of this process fail with that error, half done, as long as `path` exists."""
    real = files._write

    def write(descriptor: int, data: bytes | memoryview) -> None:
        if path.exists():
            os.write(descriptor, bytes(data[: len(data) // 2]))
            raise OSError(number, os.strerror(number))
        real(descriptor, data)

    files._write = write


def load() -> Engine:
    if "TINY_DISK_FULL" in os.environ:
        fill_disk(Path(os.environ["TINY_DISK_FULL"]), int(os.environ["TINY_DISK_ERROR"]))
    return Engine(
        run, source, artefact, check, lambda spec: {"fingerprint": {"cpu": os.environ.get("TINY_CPU", "tiny")}}
    )
