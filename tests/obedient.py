"""A training's control for tests that call the engine in their own process."""

from typing import Any


class Obedient:
    """A control that stops a training after so many steps, or never."""

    def __init__(self, steps: int | None = None) -> None:
        self.left = steps
        self.told: list[tuple[int, int]] = []

    def stop_requested(self) -> bool:
        if self.left is not None:
            self.left -= 1
        return self.left == 0

    def progress(self, epoch: int, epochs: int, metrics: dict[str, Any]) -> None:
        self.told.append((epoch, epochs))
