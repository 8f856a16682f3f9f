"""One iteration of every method over a plain forward-and-backward of the network it trains.

    OMP_NUM_THREADS=1 python bench/methods.py [--repeats 5] [--batch 50] [METHOD …]

VGG-9 ← ResNet-32 with random weights at 32×32, 5 classes, one CPU thread, float32, one process; methods that train the
source's architecture are compared with that. Every method is timed in turn, `repeats` rounds; ratios are taken within a
round, so that a machine that slows down meanwhile slows both. What every iteration has beside forward-and-backward: the
source's forward pass, for methods that use one, and the optimiser's step; the rest is the method's own.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from setups import CLASSES, make_method

from l2t.methods.method import Batch, Method, cross_entropy
from l2t.methods.registry import methods

SIZE = 32
SOURCE, TARGET = "resnet32", "vgg9"


def forward_and_backward(method: Method, batch: Batch) -> Callable[[], object]:
    """The target network alone, in training mode."""
    target = method.setup.target.train().requires_grad_(True)

    def run() -> object:
        logits, _ = target(batch.images)
        return torch.autograd.grad(cross_entropy(logits, batch.labels), list(target.parameters()))

    return run


def source_forward(method: Method, batch: Batch) -> Callable[[], object]:
    def run() -> object:
        with torch.no_grad():
            return method.setup.source(batch.images)

    return run


def optimiser(method: Method) -> Callable[[], object]:
    grads = {name: torch.zeros_like(value) for name, value in method.theta.items()}
    sgd = method.sgd(0.0)

    def run() -> object:
        with torch.no_grad():
            return sgd.step(method.theta, method.buffers, grads)

    return run


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def line(name: str, ratios: list[float], parts: dict[str, float]) -> str:
    spread = f"({min(ratios):.2f}–{max(ratios):.2f})"
    middle = statistics.median(ratios)
    own = middle - 1 - sum(parts.values())
    shares = ", ".join(f"{what} {share:.2f}" for what, share in (parts | {"own": own}).items())
    return f"  {name:20} {middle:6.2f}  {spread:15} 1 + {shares}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="METHOD", default=list(methods))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batch", type=int, default=50)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(arguments.batch, 3, SIZE, SIZE, generator=generator)
    batch = Batch(images, torch.randint(0, CLASSES, (arguments.batch,), generator=generator))
    made = {name: make_method(name, source=SOURCE, target=TARGET, size=SIZE) for name in arguments.names}
    # The networks that are compared with have weights of their own, so that no method's state is touched.
    plain = {
        name: forward_and_backward(make_method(name, source=SOURCE, target=TARGET, size=SIZE), batch) for name in made
    }
    iteration: dict[str, list[float]] = {name: [] for name in made}
    ratios: dict[str, list[float]] = {name: [] for name in made}
    for round_ in range(arguments.repeats + 1):
        for name, method in made.items():
            base, step = seconds(plain[name]), seconds(lambda method=method: method.step(batch, 0.01))
            if round_:  # the first round warms up
                iteration[name].append(step)
                ratios[name].append(step / base)
    print(f"batch {arguments.batch}, one thread, median of {arguments.repeats} (min–max), over forward-and-backward")
    for name, method in made.items():
        base = statistics.median(seconds(plain[name]) for _ in range(3))
        parts = {}
        if method.setup.source is not None and not methods.get(name).same_architecture:
            parts["source"] = statistics.median(seconds(source_forward(method, batch)) for _ in range(3)) / base
        parts["optimiser"] = statistics.median(seconds(optimiser(method)) for _ in range(3)) / base
        print(line(name, ratios[name], parts))
    if {"l2tww", "l2twww"} <= made.keys():
        pairs = zip(iteration["l2twww"], iteration["l2tww"], strict=True)
        within = sorted(www / ww for www, ww in pairs)
        print(f"l2twww / l2tww: {statistics.median(within):.3f} ({within[0]:.3f}–{within[-1]:.3f})")


if __name__ == "__main__":
    main()
