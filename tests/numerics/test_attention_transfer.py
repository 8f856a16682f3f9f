"""attention-transfer against its formula read image by image, float64."""

import pytest
import torch
from oracles.small import (
    descend,
    optimiser,
    reached,
    read_source,
    read_target,
    source_stays,
)
from setups import batches, make_method
from torch import Tensor
from torch.nn import functional

from l2t.methods.attention_transfer.method import attention, unit
from l2t.methods.method import Method
from l2t.methods.registry import methods
from l2t.spec import TrainSettings

pytestmark = pytest.mark.usefixtures("double_precision")

LR = 0.05
ONE_TO_ONE = [(0, 0), (1, 1), (2, 2)]
ALL = [(source, target) for source in range(3) for target in range(3)]


def q(fmap: Tensor, side: int) -> Tensor:
    """One image's map [channels, height, width], its attention as a list of positions at length 1."""
    strength = torch.zeros(fmap.shape[1:])
    for channel in fmap:
        strength = strength + channel**2 / len(fmap)
    if fmap.shape[1] != side:
        strength = functional.interpolate(strength[None, None], (side, side), mode="bilinear", align_corners=False)
    positions = strength.flatten()
    return positions / (positions**2).sum().sqrt()


def formula(method: Method, theta: dict[str, Tensor], images: Tensor, pairs: list[tuple[int, int]], how: str) -> Tensor:
    sources, targets = read_source(method, images)[1], read_target(method, theta, images)[1]
    total = torch.zeros(())
    for source, target in pairs:
        side = targets[target].shape[2]
        for wanted, found in zip(sources[source], targets[target], strict=True):
            difference = q(wanted, side) - q(found, side)
            squares = (difference**2).sum()
            total = total + (squares if how == "mean" else squares.sqrt() / 2) / side**2 / len(images)
    return total


@pytest.mark.parametrize("reduction", ["mean", "norm"])
@pytest.mark.parametrize(("form", "pairs"), [("one-to-one", ONE_TO_ONE), ("all", ALL), ("single", [(2, 2)])])
def test_it_takes_sgd_steps_on_the_formula(reduction: str, form: str, pairs: list[tuple[int, int]]) -> None:
    method = make_method("attention-transfer", methods.get("attention-transfer")(reduction=reduction, pairs=form))
    theta, sgd = optimiser(method, LR)
    for batch in batches(3):
        metrics = method.step(batch, LR)
        logits = read_target(method, theta, batch.images)[0]
        ce = functional.cross_entropy(logits, batch.labels)
        matching = formula(method, theta, batch.images, pairs, reduction)
        descend(sgd, ce + 1000 * matching)
        expected = {"loss": ce + 1000 * matching, "ce": ce, "matching": matching}
        hits = metrics.pop("hits")
        torch.testing.assert_close(metrics, {key: value.detach() for key, value in expected.items()}, rtol=1e-9, atol=0)
        assert hits == sum(int(row.argmax()) == label for row, label in zip(logits, batch.labels, strict=True))
    torch.testing.assert_close(
        method.theta, {key: value.detach() for key, value in theta.items()}, rtol=1e-8, atol=1e-12
    )


def test_where_a_map_is_dead_nothing_is_undefined() -> None:
    maps = torch.zeros(2, 4, 3, 3, requires_grad=True)
    with torch.no_grad():
        maps[0] += 1
    for norm in (2, 1):
        difference = unit(attention(maps)) - torch.full((2, 9), 1 / 3)
        (grad,) = torch.autograd.grad(torch.linalg.vector_norm(difference, dim=1).pow(norm).mean(), maps)
        assert torch.isfinite(grad).all()


def test_the_attention_loss_reaches_all_that_lies_before_the_last_pair_and_nothing_else() -> None:
    method = make_method("attention-transfer")
    assert reached(method, batches(1)[0], "matching") == {name for name in method.theta if "features" in name}
    first = make_method("attention-transfer", methods.get("attention-transfer")(pairs="single"), target="vgg9", size=32)
    found = reached(first, batches(1, 32)[0], "matching")
    assert {name.split(".")[2] for name in found} == {"0", "1", "3", "4", "6", "7", "8", "9"}


def test_the_source_is_left_as_it_is() -> None:
    assert source_stays(make_method("attention-transfer"))


def test_in_bf16_the_loss_is_float32_and_near_that_of_full_precision() -> None:
    torch.set_default_dtype(torch.float32)
    batch = batches(1)[0]
    coarse = make_method("attention-transfer", train=TrainSettings(precision="bf16")).step(batch, LR)
    fine = make_method("attention-transfer").step(batch, LR)
    assert coarse["loss"].dtype == coarse["matching"].dtype == torch.float32
    # bf16 has 8 bits
    torch.testing.assert_close(coarse["matching"], fine["matching"], rtol=0.02, atol=0)
