"""Which images a run sees: few-shot subset, validation split, evaluation subset. Loaded by workers only (torch).

All three are prefixes of one order: a permutation of each class, dealt round by round (`deal`).
"""

import torch
from torch import Tensor

from l2t.data.base import shot_counts, validation_count


def deal(labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """All images dealt like cards: the first of every class's permutation (classes in the order of their labels), then
    the second of every class, and so on. A class that runs out is passed over.

    labels: int64 [images]. Returns indices into it and the round, from 0, each was dealt in: int64 [images].
    """
    classes = int(labels.max()) + 1
    rounds = torch.empty_like(labels)
    for label in range(classes):
        members = torch.nonzero(labels == label).flatten()
        rounds[members[torch.randperm(len(members), generator=generator)]] = torch.arange(len(members))
    order = torch.argsort(rounds * classes + labels)
    return order, rounds[order]


def few_shot(
    labels: Tensor, shots: int, generator: torch.Generator, rare_class: int | None = None, rare_images: int = 10
) -> Tensor:
    """Indices of a class-balanced subset of `shots` images a class, in the order of `deal`.

    Nested: k shots are the first k × classes entries of any larger subset from an equal generator, so an image keeps
    its position. rare_class: the class (a label) that is cut to its first `rare_images`; the others stay as they are.
    labels: int64 [images] of the pool, every class at least once. Raises UsageError where a class has too few images.
    """
    wanted = shot_counts(torch.bincount(labels).tolist(), shots, rare_class, rare_images, "the pool")
    order, rounds = deal(labels, generator)
    return order[rounds < torch.tensor(wanted)[labels[order]]]


def pool_and_validation(labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The official training set parted for `select=val`: indices of the pool and of the validation split, ascending.

    The validation split has `validation_count` images of each class. generator: one and the same for all runs, so that
    all seeds and methods are selected on the same images.
    """
    order, rounds = deal(labels, generator)
    counts = [validation_count(count) for count in torch.bincount(labels).tolist()]
    validation = rounds < torch.tensor(counts)[labels[order]]
    return order[~validation].sort().values, order[validation].sort().values


def evaluation_subset(labels: Tensor, images: int, generator: torch.Generator) -> Tensor:
    """Indices of at most `images` test images, as balanced as they can be, ascending; all where there are no more.

    generator: one and the same for all runs.
    """
    order, _ = deal(labels, generator)
    return order[:images].sort().values
