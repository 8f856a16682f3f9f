"""How far first-order hypergradients are from exact ones, over the training of a run.

    l2t queue add …                            (any run of l2tww or l2twww; its data and source must be there)
    python bench/hypergradient.py HOME RUN [--every 1] [--steps 1,2,3]

Trains the run again, beside its folder, with its own settings. Every so many iterations, and for each number T of
virtual steps, φ's exact and first-order gradient are taken from the same state on the same batch. Prints, over these,
the median (min–max) of ‖first-order − exact‖ / ‖exact‖, of the cosine between both and of their lengths' ratio, for all
of φ and for each part, and what an iteration takes.
"""

import argparse
import copy
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from l2t.methods.meta import MetaMatched
from l2t.methods.method import Batch
from l2t.store.folder import JobFolder
from l2t.store.store import Store
from l2t.train.run import train_run

Key = tuple[int, str, str]
"""T, part of φ, what is measured."""


class Unattended:
    """Control of a training that nobody watches."""

    def stop_requested(self) -> bool:
        return False

    def progress(self, epoch: int, epochs: int, metrics: dict[str, Any]) -> None:
        print(f"\r{epoch} of {epochs} epochs", end="", flush=True)


def gradients(method: MetaMatched, batch: Batch, lr: float, **changes: object) -> tuple[dict[str, Tensor], float]:
    """φ's gradient, by part, after one iteration from the present state with other options; seconds it took."""
    state, config = copy.deepcopy(method.state_dict()), method.config
    method.config = config.model_copy(update=changes)
    began = time.perf_counter()
    step(method, batch, lr)
    took = time.perf_counter() - began
    found: dict[str, list[Tensor]] = defaultdict(list)
    for name, parameter in method.phi.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None
            found[name.partition(".")[0]].append(parameter.grad.double().flatten())
            found["all"].append(found[name.partition(".")[0]][-1])
    method.config = config
    method.load_state_dict(state)
    return {part: torch.cat(grads) for part, grads in found.items()}, took


step = MetaMatched.step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("run")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--steps", default="1,2,3")
    arguments = parser.parse_args()
    with Store.read(arguments.home) as store:
        spec = store.run(arguments.run).spec
    values: dict[Key, list[float]] = defaultdict(list)
    iterations = 0

    def measured(method: MetaMatched, batch: Batch, lr: float) -> dict[str, Tensor]:
        nonlocal iterations
        if iterations % arguments.every == 0:
            for steps in map(int, arguments.steps.split(",")):
                exact, slow = gradients(method, batch, lr, virtual_steps=steps, hypergradient="exact")
                first, fast = gradients(method, batch, lr, virtual_steps=steps, hypergradient="first-order")
                values[steps, "", "seconds, exact"].append(slow)
                values[steps, "", "seconds, first-order"].append(fast)
                for part, grad in exact.items():
                    length = grad.norm().item()
                    values[steps, part, "difference"].append((first[part] - grad).norm().item() / length)
                    values[steps, part, "cosine"].append(torch.cosine_similarity(first[part], grad, 0).item())
                    values[steps, part, "length"].append(first[part].norm().item() / length)
        iterations += 1
        return step(method, batch, lr)

    MetaMatched.step = measured  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        result = train_run(spec, JobFolder(Path(folder)), arguments.home, Unattended())
    print(f"\r{spec.name}: {iterations} iterations, accuracy {result['accuracy']:.1f} %")
    for (steps, part, what), numbers in values.items():
        middle, low, high = statistics.median(numbers), min(numbers), max(numbers)
        print(f"T = {steps}  {part:6} {what:20} {middle:9.4f}  ({low:.4f} – {high:.4f})")


if __name__ == "__main__":
    main()
