"""fsp against its formula read image by image and position by position, float64."""

from dataclasses import replace

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

from l2t.errors import UsageError
from l2t.matching.pairs import Pair
from l2t.methods.fsp.config import flows
from l2t.methods.fsp.method import pooled
from l2t.methods.method import Method
from l2t.methods.registry import methods
from l2t.models.registry import models
from l2t.spec import TrainSettings

pytestmark = pytest.mark.usefixtures("double_precision")

LR = 0.05


def halved(fmap: Tensor) -> Tensor:
    """The largest of each 2×2 block."""
    corners = [fmap[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]
    return torch.stack(corners).amax(0)


def matrix(first: Tensor, second: Tensor) -> Tensor:
    """Of one image's maps [channels, height, width], the first twice as large."""
    first = halved(first)
    side = first.shape[1]
    total = torch.zeros(len(first), len(second))
    for row in range(side):
        for column in range(side):
            total = total + torch.outer(first[:, row, column], second[:, row, column])
    return total / side**2


def formula(method: Method, theta: dict[str, Tensor], images: Tensor) -> Tensor:
    sources, targets = read_source(method, images)[1], read_target(method, theta, images)[1]
    mapped = [
        functional.conv2d(fmap, theta[f"adapters.maps.{tap}.weight"], theta[f"adapters.maps.{tap}.bias"])
        for tap, fmap in enumerate(targets)
    ]
    total = torch.zeros(())
    for before, after in ((0, 1), (1, 2)):
        for image in range(len(images)):
            wanted = matrix(sources[before][image], sources[after][image])
            found = matrix(mapped[before][image], mapped[after][image])
            total = total + ((wanted - found) ** 2).mean() / len(images)
    return total


@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_it_takes_sgd_steps_on_the_formula(weight: float) -> None:
    method = make_method("fsp", methods.get("fsp")(weight=weight))
    theta, sgd = optimiser(method, LR)
    for batch in batches(3):
        metrics = method.step(batch, LR)
        ce = functional.cross_entropy(read_target(method, theta, batch.images)[0], batch.labels)
        matching = formula(method, theta, batch.images)
        descend(sgd, ce + weight * matching)
        expected = {"loss": ce + weight * matching, "ce": ce, "matching": matching}
        del metrics["hits"]
        torch.testing.assert_close(metrics, {key: value.detach() for key, value in expected.items()}, rtol=1e-9, atol=0)
    torch.testing.assert_close(
        method.theta, {key: value.detach() for key, value in theta.items()}, rtol=1e-8, atol=1e-12
    )


def test_the_matrices_reach_adapters_and_features_and_not_the_classifier() -> None:
    method = make_method("fsp")
    expected = {name for name in method.theta if not name.startswith("target.classifier")}
    assert reached(method, batches(1)[0], "matching") == expected


def test_the_pairs_of_the_thesiss_networks() -> None:
    first, second, third = Pair(4, 0), Pair(9, 1), Pair(14, 2)
    assert flows(models.get("resnet32"), models.get("vgg9")) == ((first, second), (second, third))


def test_a_network_of_one_stage_is_refused_by_name() -> None:
    single = replace(models.get("resnet8"), stages=(2,))
    with pytest.raises(UsageError, match="ResNet-8 has one stage only"):
        flows(single, models.get("vgg9"))


@pytest.mark.parametrize(("size", "side"), [(16, 8), (9, 3), (5, 5), (28, 10), (7, 4), (5, 3)])
def test_pooling_equals_torchs_own_with_its_gradient(size: int, side: int) -> None:
    generator = torch.Generator().manual_seed(0)
    ours = torch.randn(2, 3, size, size, generator=generator).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    weights = torch.randn(2, 3, side, side, generator=generator)
    mine, expected = pooled(ours, side), functional.adaptive_max_pool2d(theirs, side)
    assert torch.equal(mine, expected)
    (mine * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-12, atol=0)


def test_maps_of_odd_sizes_and_of_one_size_go_too() -> None:
    for source, target in (("resnet8", "lenet5"), ("vgg-small", "vit-tiny")):
        metrics = make_method("fsp", source=source, target=target, size=32).step(batches(1, 32)[0], LR)
        assert torch.isfinite(metrics["loss"])


def test_the_source_is_left_as_it_is() -> None:
    assert source_stays(make_method("fsp"))


def test_in_bf16_the_loss_is_float32_and_near_that_of_full_precision() -> None:
    torch.set_default_dtype(torch.float32)
    batch = batches(1)[0]
    coarse = make_method("fsp", train=TrainSettings(precision="bf16")).step(batch, LR)
    fine = make_method("fsp").step(batch, LR)
    assert coarse["loss"].dtype == coarse["matching"].dtype == torch.float32
    # bf16 has 8 bits
    torch.testing.assert_close(coarse["matching"], fine["matching"], rtol=0.02, atol=0)
