"""What the feed reads for the view of a run's meta-weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from l2t.store.folder import JobFolder
from l2t.store.meta_weights import Image, Weights
from l2t.store.plain import RefusedError
from l2t.store.state import State
from l2t.store.traces import Traces
from tui.feed import Reader

NONE_YET = "No meta-weights yet: the first are written when the run begins to train."
NO_METHOD = "{method} learns no meta-weights. l2tww and l2twww do."
NO_TRACES = "This run kept no traces of its meta-weights; l2t run --force trains it again and keeps them."


@dataclass(frozen=True)
class WeightsData:
    """Meta-weights of a run at one epoch."""

    note: str = ""
    """Why there is nothing to show, and what to do: a sentence; empty where there is."""
    epochs: tuple[int, ...] = ()
    """Those to choose from: of the probe's mean, or of its images where one of them is shown."""
    images: tuple[Image, ...] = ()
    pairs: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    epoch: int | None = None
    """Which is shown."""
    image: int | None = None
    """Which image is shown; None for the mean of all."""
    weights: Weights | None = None
    layers: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """λ of each pair over the epochs, of the probe's mean."""
    skipped: tuple[str, ...] = ()
    """Archives that cannot be used, and why."""


@dataclass(frozen=True)
class WeightsView:
    """Meta-weights of a run. epoch: as wanted, of which the one that was kept last before it is read; None: the newest.
    image: of the probe; None: the mean of all."""

    run: str
    epoch: int | None = None
    image: int | None = None
    kept: dict[str, Traces] = field(default_factory=dict, compare=False, repr=False)
    """Archives that were read, by run: handed on to the next view of the run, so that scrubbing reads no file twice.
    Only the feed's thread looks into it."""
    files: bool = field(default=True, init=False)

    def read(self, reader: Reader) -> WeightsData:
        traces = self.kept.setdefault(self.run, Traces(JobFolder.of(reader.home, "run", self.run)))
        try:
            if not traces.renew():
                return WeightsData(self._why(reader))
        except RefusedError as error:
            return WeightsData(f"The traces cannot be read: {error}.")
        # A damaged archive of images is known to be so once it was read.
        for image in dict.fromkeys((self.image, None)):
            epochs = traces.epochs if image is None else traces.image_epochs
            while epochs:
                epoch = max((each for each in epochs if self.epoch is None or each <= self.epoch), default=epochs[0])
                weights = traces.at(epoch, image)
                if weights is not None:
                    layers = traces.layer_weights()
                    return WeightsData(
                        "",
                        epochs,
                        traces.images,
                        traces.pairs,
                        traces.kinds,
                        epoch,
                        image,
                        weights,
                        layers,
                        traces.notes,
                    )
                epochs = tuple(each for each in epochs if each != epoch)
        return WeightsData(f"The traces cannot be read: {'; '.join(traces.notes)}.", skipped=traces.notes)

    def _why(self, reader: Reader) -> str:
        from l2t.methods.meta_config import MetaConfig

        run = reader.store.run(self.run)
        if not MetaConfig.model_fields.keys() - MetaConfig.later <= run.spec.options.keys():
            return NO_METHOD.format(method=run.row.method)
        return NO_TRACES if run.row.state is State.DONE else NONE_YET
