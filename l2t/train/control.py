"""How a training talks to whoever runs it: when to stop, how far it is. Torch-free, so that faces can import it."""

from typing import Any, Protocol


class Interrupted(Exception):  # noqa: N818 - not an error: the training stopped where it was asked to
    """The training wrote a checkpoint and stopped, because it was asked to."""


class Control(Protocol):
    """What a training asks of the worker that runs it."""

    def stop_requested(self) -> bool:
        """Whether to checkpoint and raise `Interrupted`; asked after every step, so it must be cheap."""

    def progress(self, epoch: int, epochs: int, metrics: dict[str, Any]) -> None:
        """Told after finished epochs, at most twice a second: epochs done, epochs planned, the last epoch's metrics."""
