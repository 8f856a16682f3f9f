"""Metrics on their way from the device to the disk.

Rows wait on the device and are fetched together, at most twice a second, so that no step waits for the host.
"""

import math
import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from l2t.errors import DivergedError
from l2t.store.folder import JobFolder
from l2t.train.control import Control

FLUSH_SECONDS = 0.5


@dataclass(frozen=True)
class _Row:
    known: dict[str, Any]
    counted: dict[str, int]
    names: list[str]
    values: Tensor


class Recorder:
    """Writes `metrics.jsonl` and `timing.jsonl`, tells the worker how far the training is, and notices divergence."""

    def __init__(self, folder: JobFolder, control: Control, epochs: int) -> None:
        self._metrics = folder.metrics_writer()
        self._timing = folder.timing_writer()
        self._control = control
        self._epochs = epochs
        self._waiting: list[_Row] = []
        self._started = self._flushed = time.monotonic()

    def add(self, known: dict[str, Any], measured: dict[str, Tensor], counted: dict[str, tuple[Tensor, int]]) -> None:
        """One epoch's row. known: plain values, "epoch" among them; measured: scalars on the device; counted: name →
        (images classified rightly, images), written as a percentage."""
        tensors = {name: value.double() for name, value in measured.items()}
        tensors |= {name: hits.double() for name, (hits, _) in counted.items()}
        names = list(tensors)
        totals = {name: total for name, (_, total) in counted.items()}
        values = torch.stack(list(tensors.values())) if tensors else torch.empty(0)
        self._waiting.append(_Row(known, totals, names, values))
        if time.monotonic() - self._flushed >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what waits. Raises DivergedError, after the rows before it, where a value is not finite."""
        rows: list[dict[str, Any]] = []
        bad: str | None = None
        for row in self._waiting:
            values = dict(zip(row.names, row.values.tolist(), strict=True))
            bad = next((name for name, value in values.items() if not math.isfinite(value)), None)
            if bad is not None:
                bad = f"{bad} is {values[bad]} at epoch {row.known['epoch']} of {self._epochs}"
                break
            percentages = {name: 100 * values.pop(name) / total for name, total in row.counted.items()}
            rows.append(row.known | values | percentages)
        self._waiting.clear()
        self._flushed = time.monotonic()
        self._metrics.append(*rows)
        if rows:
            self._timing.append({"epoch": rows[-1]["epoch"], "elapsed": self._flushed - self._started})
            self._control.progress(rows[-1]["epoch"], self._epochs, rows[-1])
        if bad is not None:
            raise DivergedError(bad)

    def sync(self) -> None:
        """`flush`, and let the rows survive a power cut: a checkpoint or a result that counts on them follows."""
        self.flush()
        self._metrics.sync()

    def close(self) -> None:
        self._metrics.close()
        self._timing.close()
