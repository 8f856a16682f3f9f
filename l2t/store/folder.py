"""Paths and files of one job: a run's folder `runs/ID/`, an artefact's `artefacts/HASH/`.

The state of a job can be read from its folder alone: an fsynced `result.json` is what makes it done.
"""

import shutil
from pathlib import Path
from typing import Any, Self

from l2t.store.files import LineWriter, make_folder, move, read_json, read_lines, write_atomic, write_json

_PARENTS = {"run": "runs", "source": "artefacts", "artefact": "artefacts"}


class JobFolder:
    """The files of one job. Made at claim, mode 0700."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spec = path / "spec.json"
        self.env = path / "env.json"
        self.metrics = path / "metrics.jsonl"
        self.timing = path / "timing.jsonl"
        self.traces = path / "traces"
        self.checkpoint = path / "checkpoint.pt"
        self.weights = path / "weights.pt"
        self.log = path / "log.txt"
        self.result = path / "result.json"

    @classmethod
    def of(cls, home: Path, kind: str, id: str) -> Self:
        """The folder of a job in this home: `runs/ID` for a run, `artefacts/ID` for anything that runs share."""
        return cls(home / _PARENTS[kind] / id)

    def make(self) -> None:
        """Create the folder where it is missing."""
        make_folder(self.path)

    def read_result(self) -> dict[str, Any] | None:
        """The result, or None while the job is not done."""
        return read_json(self.result)

    def read_metrics(self) -> list[dict[str, Any]]:
        """One row an epoch, in order: of an epoch written twice (resumed) the last row counts."""
        rows = {row["epoch"]: row for row in read_lines(self.metrics) if isinstance(row.get("epoch"), int)}
        return [rows[epoch] for epoch in sorted(rows)]

    def last_epoch(self) -> int:
        """The greatest epoch that metrics were written of; 0 before the first."""
        return max((row["epoch"] for row in self.read_metrics()), default=0)

    def write_trace(self, epoch: int, data: bytes) -> None:
        """Store the observed tensors of one epoch, an npz archive; a resumed run writes the same bits again."""
        self.traces.mkdir(mode=0o700, exist_ok=True)
        write_atomic(self.traces / f"{epoch:06d}.npz", data)

    def metrics_writer(self) -> LineWriter:
        return LineWriter(self.metrics)

    def timing_writer(self) -> LineWriter:
        return LineWriter(self.timing)

    def begin_attempt(self, attempt: int) -> None:
        """Note that an attempt begins; until `write_attempt` its time is known by its epochs' "elapsed" only."""
        with self.timing_writer() as writer:
            writer.append({"begun": attempt})

    def write_attempt(self, attempt: int, seconds: float, peak_memory: int) -> None:
        """Note what one attempt took: seconds, and its process's peak memory in bytes."""
        with self.timing_writer() as writer:
            writer.append({"attempt": attempt, "seconds": seconds, "peak_memory": peak_memory})

    def read_attempts(self) -> tuple[float | None, int | None]:
        """Seconds of all attempts and the highest peak memory noted, in bytes; None where nothing is noted.

        An attempt whose process was killed counts with the time of the last epoch that it noted, and no memory.
        """
        seconds: list[float] = []
        peaks: list[int] = []
        elapsed = 0.0
        for row in (*read_lines(self.timing), {"begun": None}):
            if "attempt" in row:
                seconds.append(_amount(row.get("seconds")))
                peaks.append(int(_amount(row.get("peak_memory"))))
                elapsed = 0.0
            elif "begun" in row:
                seconds += [elapsed] if elapsed else []
                elapsed = 0.0
            else:
                elapsed = _amount(row.get("elapsed"))
        return sum(seconds) if seconds else None, max(peaks, default=None)

    def archive(self) -> None:
        """Move the files of an old attempt to `.archive/ID/N/` beside the folder, N counting from 1."""
        if not self.path.exists():
            return
        parent = self.path.parent / ".archive" / self.path.name
        make_folder(parent)
        number = 1 + max((int(path.name) for path in parent.iterdir() if path.name.isdecimal()), default=0)
        move(self.path, parent / str(number))

    def restart(self) -> None:
        """Remove what an attempt left that cannot be gone on with: checkpoint, metrics, traces. Log and times stay."""
        for path in (self.checkpoint, self.metrics, self.weights):
            path.unlink(missing_ok=True)
        if self.traces.exists():
            shutil.rmtree(self.traces)

    def write_result(self, result: dict[str, Any]) -> None:
        """Make the job done."""
        write_json(self.result, result)


def _amount(value: Any) -> float:
    """A number of a file that anybody may have written; 0 for what is none."""
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e15 else 0.0
