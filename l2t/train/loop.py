"""The training loop. It knows no method by name.

All randomness of an epoch comes from streams keyed by the epoch, so a training goes on from any step with nothing but
the method's state: a checkpoint and the spec determine the rest, bit for bit.
"""

import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from l2t.data.augment import Draws, augment, draw, normalise
from l2t.methods.method import Batch, Method
from l2t.spec.settings import TrainSettings
from l2t.store.folder import JobFolder
from l2t.streams import Streams
from l2t.train import checkpoint
from l2t.train.control import Control, Interrupted
from l2t.train.evaluate import count_hits, measure
from l2t.train.material import Material
from l2t.train.recorder import Recorder
from l2t.train.schedule import batch_sizes, epochs_needed, evenly, learning_rate
from l2t.train.trace import Snapshots, find, values

CHECKPOINT_SECONDS = 60.0


class Loop:
    """One training of one method on one material.

    padding: black border of the random crop, pixels; flip: whether images are mirrored at random; trace: elements to
    follow (see trace.py). Writes metrics, traces and checkpoints into the folder, and goes on from a checkpoint there.
    """

    def __init__(
        self,
        method: Method,
        material: Material,
        train: TrainSettings,
        streams: Streams,
        padding: int,
        flip: bool,
        folder: JobFolder,
        control: Control,
        trace: tuple[str, ...] = (),
    ) -> None:
        self.method, self.material, self.train, self.streams = method, material, train, streams
        self.padding, self.flip = padding, flip
        self.folder, self.control = folder, control
        self.sizes = batch_sizes(len(material.train), train.batch)
        self.epochs = epochs_needed(train.epochs, train.min_steps, len(self.sizes))
        self.elements = find(trace, method)
        self.snapshots = Snapshots(self.epochs)
        self.measured_at = evenly(train.eval_points, self.epochs)
        self.epoch = self.step = 0
        self.sums: dict[str, Tensor] = {}
        self.best: dict[str, Any] | None = None

    def run(self) -> None:
        """Train to the end. Raises Interrupted, after a checkpoint, where the worker is asked to stop; DivergedError
        where a value is not finite."""
        resumed = self._restore()
        recorder = Recorder(self.folder, self.control, self.epochs)
        try:
            if not resumed:
                self._record(recorder, {}, {})
            saved = time.monotonic()
            while self.epoch < self.epochs:
                for batch in self._batches():
                    self._sum(self.method.step(batch, self._lr()), len(batch.labels))
                    self.step += 1
                    stop = self.control.stop_requested()
                    if stop or time.monotonic() - saved >= CHECKPOINT_SECONDS:
                        recorder.sync()
                        self._save()
                        saved = time.monotonic()
                    if stop:
                        raise Interrupted
                self._end_epoch(recorder)
            recorder.sync()
        finally:
            recorder.close()

    def _lr(self) -> float:
        if self.method.schedule == "constant":
            return self.train.lr
        return learning_rate(self.train.lr, self.epoch, self.epochs, self.train.lr_offset)

    def _batches(self) -> Iterator[Batch]:
        """The rest of the present epoch's batches, from `self.step` on."""
        data = self.material.train
        device = data.labels.device
        order = torch.randperm(len(data), generator=self.streams.generator("order", self.epoch))
        drawn = draw(len(data), self.padding, self.flip, self.streams.generator("augment", self.epoch))
        # One copy an epoch, which the host does not wait for.
        packed = torch.stack([order, drawn.dy, drawn.dx, drawn.flip.long()])
        if device.type == "cuda":
            packed = packed.pin_memory()
        order, dy, dx, flip = packed.to(device, non_blocking=True)
        draws = Draws(dy, dx, flip.bool())
        for indices in torch.split(order, self.sizes)[self.step :]:
            images = normalise(augment(data.images[indices], draws[indices], self.padding))
            yield Batch(images, data.labels[indices])

    def _sum(self, metrics: dict[str, Tensor], images: int) -> None:
        for name, value in metrics.items():
            term = value if name == "hits" else value * images
            self.sums[name] = self.sums[name] + term if name in self.sums else term

    def _end_epoch(self, recorder: Recorder) -> None:
        images = len(self.material.train)
        lr = self._lr()
        self.epoch, self.step = self.epoch + 1, 0
        means = {name: value / images for name, value in self.sums.items() if name != "hits"}
        counted = {"train_accuracy": (self.sums["hits"], images)} if self.method.classifies else {}
        self.sums = {}
        if self.method.classifies and self.epoch in self.measured_at:
            curve = self.material.curve
            counted["accuracy"] = count_hits(self.method.logits, curve), len(curve)
            if self.material.validation is not None:
                counted["val_accuracy"] = self._validate(), len(self.material.validation)
        self._record(recorder, means, counted, lr)

    def _validate(self) -> Tensor:
        """Hits on the validation split; the best epoch's test accuracy is kept beside the last one's."""
        assert self.material.validation is not None
        hits = count_hits(self.method.logits, self.material.validation)
        accuracy = 100 * int(hits) / len(self.material.validation)
        if self.best is None or accuracy > self.best["val_accuracy"]:
            test = 100 * int(count_hits(self.method.logits, self.material.test)) / len(self.material.test)
            self.best = {"epoch": self.epoch, "val_accuracy": accuracy, "accuracy": test}
        return hits

    def _record(
        self,
        recorder: Recorder,
        means: dict[str, Tensor],
        counted: dict[str, tuple[Tensor, int]],
        lr: float | None = None,
    ) -> None:
        snapshot = self.snapshots.take(self.method, self.material.train.first(), self.epoch)
        if snapshot is not None:
            self.folder.write_trace(self.epoch, snapshot)
        known: dict[str, Any] = {"epoch": self.epoch, "step": self.epoch * len(self.sizes)}
        if lr is not None:
            known["lr"] = lr
        recorder.add(known, means | self.method.drift() | values(self.elements, self.method), counted)

    def _save(self) -> None:
        checkpoint.save(
            self.folder.checkpoint,
            {
                "method": self.method.state_dict(),
                "epoch": self.epoch,
                "step": self.step,
                "sums": self.sums,
                "best": self.best,
            },
        )

    def _restore(self) -> bool:
        state = checkpoint.load(self.folder.checkpoint)
        if state is None or not state.keys() >= {"method", "epoch", "step", "sums", "best"}:
            return False
        recorded = {row["epoch"] for row in self.folder.read_metrics()}
        if not recorded.issuperset(range(state["epoch"] + 1)):  # a damaged file: only the start gives these rows again
            return False
        device = self.material.train.labels.device
        self.method.load_state_dict(state["method"])
        self.epoch, self.step = state["epoch"], state["step"]
        self.sums = {name: value.to(device) for name, value in state["sums"].items()}
        self.best = state["best"]
        return True

    def result(self, classes: int) -> dict[str, Any]:
        """What the trained network is worth, as plain JSON values: the whole test set, counts by class, steps. Of what
        classifies nothing the steps alone."""
        found = measure(self.method.logits, self.material.test, classes) if self.method.classifies else {}
        found |= {"epochs": self.epochs, "steps": self.epochs * len(self.sizes)}
        if self.best is not None:
            found["best_val"] = self.best
        return found
