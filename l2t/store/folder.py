"""Paths and files of one job: a run's folder `runs/ID/`, an artefact's `artefacts/HASH/`.

The state of a job can be read from its folder alone: an fsynced `result.json` is what makes it done.
"""

import json
from pathlib import Path
from typing import Any

from l2t.store.files import LineWriter, read_lines, write_atomic, write_json


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

    def make(self) -> None:
        """Create the folder where it is missing."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def read_result(self) -> dict[str, Any] | None:
        """The result, or None while the job is not done."""
        try:
            value = json.loads(self.result.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    def read_metrics(self) -> list[dict[str, Any]]:
        """One row an epoch, in order: of an epoch written twice (resumed) the last row counts."""
        rows = {row["epoch"]: row for row in read_lines(self.metrics) if isinstance(row.get("epoch"), int)}
        return [rows[epoch] for epoch in sorted(rows)]

    def write_trace(self, epoch: int, data: bytes) -> None:
        """Store the observed tensors of one epoch, an npz archive; a resumed run writes the same bits again."""
        self.traces.mkdir(mode=0o700, exist_ok=True)
        write_atomic(self.traces / f"{epoch:06d}.npz", data)

    def metrics_writer(self) -> LineWriter:
        return LineWriter(self.metrics)

    def timing_writer(self) -> LineWriter:
        return LineWriter(self.timing)

    def write_result(self, result: dict[str, Any]) -> None:
        """Make the job done."""
        write_json(self.result, result)
