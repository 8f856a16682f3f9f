"""The points (one per run) that a request expands to."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from l2t.errors import UsageError
from l2t.methods.registry import methods
from l2t.spec.blocks import choose_blocks
from l2t.spec.recipe import SourceTable
from l2t.spec.request import SweepRequest
from l2t.spec.variants import Variant, read_overrides, variants

MOST_RUNS = 1_000_000


@dataclass(frozen=True)
class Point:
    """One run, its names not yet looked up."""

    method: str
    dataset: str
    shots: int
    seed: int
    source: str | SourceTable | None
    """None for methods that use none."""
    target: str | None
    """None: the source's architecture, which the method trains."""
    settings: Variant
    trace: tuple[str, ...]


def expand(request: SweepRequest) -> tuple[Point, ...]:
    """All points of the request, each once: column (data set, shots) after column, in it seed after seed.

    So all methods finish their first seeds first, and tables fill evenly.
    Raises UsageError for what is unknown, missing or more than a million runs.
    """
    recipe = request.recipe
    blocks = choose_blocks(request)
    seeds = request.seeds or recipe.seeds
    if not blocks or not seeds:
        what = "--seeds" if blocks else "--method, --dataset or --shots"
        raise UsageError(f"recipe {recipe.name} does not say everything: give {what} as well")
    asked = tuple(dict.fromkeys(method for block in blocks for method in block.methods))
    overrides = read_overrides(request.settings, asked)
    targets = request.targets or (recipe.target,)
    sources: Sequence[str | SourceTable | None] = request.sources or (recipe.source,)

    groups = []  # block, method, variants, pairs of source and target: everything but column and seed
    for block in blocks:
        for method in block.methods:
            config = methods.get(method)
            own = sources if config.needs_source else (None,)
            trained = (None,) if config.same_architecture and not request.targets else targets
            networks = list(itertools.product(own, trained))
            groups.append((block, method, variants(method, recipe, block.table, overrides), networks))
    count = sum(len(list(block.columns())) * len(networks) * len(chosen) for block, _, chosen, networks in groups)
    if count * len(seeds) > MOST_RUNS:
        raise UsageError(f"this asks for more than {MOST_RUNS:,} runs, which is taken for a slip of the hand")

    points: dict[tuple[object, ...], Point] = {}
    for block, method, chosen, networks in groups:
        trace = request.trace or block.table.trace
        for (dataset, shots), seed, settings, (source, target) in itertools.product(
            block.columns(), seeds, chosen, networks
        ):
            identity = (dataset, shots, seed, method, str(source), target, settings.key)
            points.setdefault(identity, Point(method, dataset, shots, seed, source, target, settings, trace))
    columns = {column: number for number, column in enumerate(dict.fromkeys(key[:2] for key in points))}
    order = {seed: number for number, seed in enumerate(seeds)}
    return tuple(sorted(points.values(), key=lambda point: (columns[point.dataset, point.shots], order[point.seed])))
