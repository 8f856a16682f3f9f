"""Training and data settings that every method shares (METHODS.md, "The protocol every method shares")."""

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from l2t.spec.base import Model


class TrainSettings(Model):
    """How a network is trained and evaluated."""

    epochs: Annotated[int, Ge(1)] = 200
    """Passes over the few-shot subset, N. Thesis 5.4: 200."""
    min_steps: Annotated[int, Ge(0)] = 0
    """At least this many optimiser steps: raises the number of epochs where the subset is small. 0: epochs as given."""
    batch: Annotated[int, Ge(2)] = 128
    """Images a step; the last smaller batch is kept, one of a single image joins the previous. Thesis code: 128."""
    lr: Annotated[float, Gt(0)] = 0.1
    """Learning rate α at the start of the cosine. Thesis 5.4: 0.1."""
    lr_offset: Literal[0, 1] = 0
    """0: epochs count n = 0 … N−1 in the cosine (thesis); 1: n = 1 … N, so that the last epoch's rate is 0 (code)."""
    momentum: Annotated[float, Ge(0), Lt(1)] = 0.9
    """Momentum of SGD, without Nesterov. Thesis 5.4: 0.9."""
    weight_decay: Annotated[float, Ge(0)] = 1e-4
    """L2 decay on all parameters, biases and batch norm included. Thesis code: 1e-4."""
    select: Literal["last", "val"] = "last"
    """val: also evaluate on 10 % of the official training set, disjoint from the subset's pool, each time accuracy is
    measured, and store the epoch that is best on it beside the last one."""
    precision: Literal["fp32", "tf32", "bf16"] = "fp32"
    """Arithmetic: fp32 with TF32 off; tf32 on CUDA; bf16 autocast for methods without unrolling."""
    pairing: Literal["shared", "independent"] = "shared"
    """shared: methods at one seed have the same subset, start, order and augmentation; independent: none in common."""
    threads: Annotated[int, Ge(1)] = 1
    """CPU threads of a run. Part of its identity: sums change in the last bits with the number of threads."""
    eval_points: Annotated[int, Ge(1), Le(100_000)] = 10
    """Evenly spaced epochs at which the curve's accuracy is measured, the last one included."""
    eval_images: Annotated[int, Ge(1)] = 1000
    """Test images of those measurements (a fixed balanced subset); the end always uses the whole test set."""


class DataSettings(Model):
    """How images reach the networks and which of them a run sees."""

    size: Annotated[int, Ge(8), Le(224)] = 32
    """Height and width after the antialiased bilinear resize, pixels."""
    padding: Annotated[int, Ge(0), Le(224)] | None = None
    """Black border before the random crop, pixels. Default: the data set's own (4; digits 2)."""
    flip: bool | None = None
    """Random horizontal flip. Default: the data set's own (digits and characters are never flipped)."""
    subset: Literal["per-seed", "fixed"] = "per-seed"
    """per-seed: the few-shot subset is redrawn for each seed; fixed: all seeds use the subset of seed 0."""
    rare_class: Annotated[int, Ge(0)] | None = None
    """Index of a class cut to its first `rare_images` images (thesis table 4); its recall is reported."""
    rare_images: Annotated[int, Ge(1)] = 10
    """Images left of the rare class. Thesis table 4: 10."""
