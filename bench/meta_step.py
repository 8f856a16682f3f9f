"""One iteration of l2tww beside other ways to compute it and beside its bound.

    OMP_NUM_THREADS=1 python bench/meta_step.py [--repeats 5] [--batch 50]

VGG-9 ← ResNet-32 with random weights, 10 classes, one CPU thread, float32, one process; every variant is timed in turn,
`repeats` rounds, medians. The ratios are what counts: absolute times depend on the machine and on who else uses it.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from oracles.meta import Problem, kept_graph, replay
from oracles.networks import Named

from l2t.methods.method import Batch, Method, Setup, cross_entropy
from l2t.methods.registry import methods
from l2t.models.registry import models
from l2t.registry import load_object
from l2t.spec.settings import TrainSettings
from l2t.streams import Streams

UNITS = 29
"""METHODS.md: 9T + 11 for T = 2, in forward passes of the target network."""


def make(name: str, batch: int, dtype: torch.dtype) -> tuple[Method, Batch]:
    """A method on random networks, and a batch of random images."""
    torch.set_default_dtype(dtype)
    generator = torch.Generator().manual_seed(0)
    source_info, target_info = models.get("resnet32"), models.get("vgg9")
    source = load_object(source_info.build)(source_info, 200, generator).eval().requires_grad_(False)
    images = torch.randn(batch, 3, 32, 32, generator=generator)
    setup = Setup(
        target=load_object(target_info.build)(target_info, 10, generator),
        target_info=target_info,
        source=source,
        source_info=source_info,
        config=methods.get(name)(),
        train=TrainSettings(),
        size=32,
        streams=Streams(0),
        probe=images[:8],
    )
    method = load_object(methods.get(name).implementation)(setup)
    torch.set_default_dtype(torch.float32)
    return method, Batch(images, torch.randint(0, 10, (batch,), generator=generator))


def problem_of(method: Method, batch: Batch) -> Problem:
    setup = method.setup
    state = setup.source.state_dict()
    return Problem(setup.source_info, setup.target_info, state, method.pairs, batch.images, batch.labels, 0.1)


def variants(size: int) -> dict[str, Callable[[], object]]:
    """Name → one iteration; each has its own method, so that all start alike."""
    (ours, batch), (which, _) = (make(name, size, torch.float32) for name in ("l2tww", "l2twww"))
    plain, _ = make("l2tww", size, torch.float32)
    problem = problem_of(plain, batch)
    phi = dict(plain.phi.named_parameters())

    def iteration(hypergradient: Callable[..., Named]) -> Callable[[], object]:
        knobs = {name: value.detach().clone().requires_grad_() for name, value in phi.items()}
        adam = torch.optim.Adam(knobs.values(), lr=1e-4, weight_decay=1e-4)

        def run() -> None:
            theta, buffers = problem.real_step(plain.theta, plain.buffers, knobs)
            for name, grad in hypergradient(problem, theta, buffers, knobs).items():
                knobs[name].grad = grad
            adam.step()

        return run

    def target() -> object:
        theta = {name: value.requires_grad_() for name, value in plain.theta.items()}
        logits, _ = plain.setup.target(batch.images)
        return torch.autograd.grad(cross_entropy(logits, batch.labels), list(plain.setup.target.parameters())), theta

    def source() -> object:
        with torch.no_grad():
            return plain.source(batch.images)

    return {
        "l2tww": lambda: ours.step(batch, 0.1),
        "l2twww": lambda: which.step(batch, 0.1),
        "kept graph": iteration(kept_graph),
        "replay": iteration(replay),
        "target": target,
        "source": source,
    }


def same_hypergradient(size: int) -> float:
    """Largest relative difference between our hypergradient and the kept graph's, float64."""
    method, batch = make("l2tww", size, torch.float64)
    phi = {name: value.detach().clone() for name, value in method.phi.named_parameters()}
    problem = problem_of(method, batch)
    theta, buffers = problem.real_step(method.theta, method.buffers, phi)
    expected = kept_graph(problem, theta, buffers, phi)
    method.step(batch, 0.1)
    return max(
        ((value.grad - expected[name]).norm() / expected[name].norm()).item()
        for name, value in method.phi.named_parameters()
    )


def peak_memory(name: str, size: int) -> float:
    """Peak memory of a process that does two iterations of a variant alone, MB."""
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import torch; torch.set_num_threads(1)\n"
        "import meta_step\n"
        f"run = meta_step.variants({size})[{name!r}]; run(); run()\n"
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])"
    )
    return int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batch", type=int, default=50)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    runs = variants(arguments.batch)
    times: dict[str, list[float]] = {name: [] for name in runs}
    for round_ in range(arguments.repeats + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if round_:  # the first round warms up
                times[name].append(time.perf_counter() - start)
    median = {name: statistics.median(values) for name, values in times.items()}
    bound = UNITS / 3 * median["target"] + median["source"]
    print(f"vgg9 ← resnet32, batch {arguments.batch}, one thread, median of {arguments.repeats} (min–max), seconds")
    for name, values in times.items():
        print(f"  {name:12} {median[name]:7.3f}  ({min(values):.3f}–{max(values):.3f})")
    print(f"  {'bound':12} {bound:7.3f}  (29/3 target forward-and-backwards + one source forward)")
    print("ratios")
    for other in ("kept graph", "replay"):
        print(f"  l2tww / {other:12} {median['l2tww'] / median[other]:.2f}")
    print(f"  l2tww / bound        {median['l2tww'] / bound:.2f}")
    print(f"  l2tww / target       {median['l2tww'] / median['target']:.1f}")
    print(f"  l2twww / l2tww       {median['l2twww'] / median['l2tww']:.2f}")
    print(f"hypergradient against the kept graph, float64: {same_hypergradient(8):.1e} relative")
    print("peak memory, MB: " + ", ".join(f"{n} {peak_memory(n, arguments.batch):.0f}" for n in list(runs)[:4]))


if __name__ == "__main__":
    main()
