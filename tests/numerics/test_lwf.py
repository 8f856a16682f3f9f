"""lwf against its formula in plain exponentials, float64."""

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
from setups import SOURCE_CLASSES, batches, make_method
from torch import Tensor
from torch.nn import functional

from l2t.methods.method import Method
from l2t.methods.registry import methods
from l2t.spec import TrainSettings

pytestmark = pytest.mark.usefixtures("double_precision")

LR = 0.05


def formula(method: Method, theta: dict[str, Tensor], images: Tensor, temperature: float) -> Tensor:
    second = theta | {f"target.classifier.{part}": theta[f"old.{part}"] for part in ("weight", "bias")}
    wanted, found = read_source(method, images)[0], read_target(method, second, images)[0]
    total = torch.zeros(())
    for source, target in zip(wanted, found, strict=True):
        p, o = (source / temperature).exp(), (target / temperature).exp()
        total = total - ((p / p.sum()) * (o / o.sum()).log()).sum() / len(images)
    return total


@pytest.mark.parametrize(
    ("options", "temperature", "factor", "weight"),
    [
        ({}, 2.0, 1.0, 1.0),
        ({"temperature": 3.0, "weight": 4.0}, 3.0, 1.0, 4.0),
        ({"temperature": 3.0, "t_squared": True}, 3.0, 9.0, 1.0),
    ],
)
def test_it_takes_sgd_steps_on_the_formula(
    options: dict[str, object], temperature: float, factor: float, weight: float
) -> None:
    method = make_method("lwf", methods.get("lwf")(**options))
    theta, sgd = optimiser(method, LR)
    for batch in batches(3):
        metrics = method.step(batch, LR)
        ce = functional.cross_entropy(read_target(method, theta, batch.images)[0], batch.labels)
        matching = factor * formula(method, theta, batch.images, temperature)
        descend(sgd, ce + weight * matching)
        expected = {"loss": ce + weight * matching, "ce": ce, "matching": matching}
        del metrics["hits"]
        torch.testing.assert_close(metrics, {key: value.detach() for key, value in expected.items()}, rtol=1e-9, atol=0)
    torch.testing.assert_close(
        method.theta, {key: value.detach() for key, value in theta.items()}, rtol=1e-8, atol=1e-12
    )


def test_the_sources_outputs_reach_the_features_and_the_second_head_and_labels_the_first() -> None:
    method = make_method("lwf")
    features = {name for name in method.theta if "features" in name}
    batch = batches(1)[0]
    assert reached(method, batch, "matching") == features | {"old.weight", "old.bias"}
    assert reached(method, batch, "ce") == features | {"target.classifier.weight", "target.classifier.bias"}


def test_the_second_head_starts_as_torchs_own_and_is_no_part_of_the_network() -> None:
    method = make_method("lwf")
    weight = method.theta["old.weight"]
    assert weight.shape == (SOURCE_CLASSES, method.setup.target_info.features)
    bound = weight.shape[1] ** -0.5
    assert 0.9 * bound < weight.abs().max() <= bound
    # variance of a uniform distribution, within five standard errors of 448 values
    assert abs(weight.var() / (bound**2 / 3) - 1) < 5 * (0.8 / weight.numel()) ** 0.5
    assert method.weights().keys() == method.setup.target.state_dict().keys()


def test_the_source_is_left_as_it_is() -> None:
    assert source_stays(make_method("lwf"))


def test_in_bf16_the_loss_is_float32_and_near_that_of_full_precision() -> None:
    torch.set_default_dtype(torch.float32)
    batch = batches(1)[0]
    coarse = make_method("lwf", train=TrainSettings(precision="bf16")).step(batch, LR)
    fine = make_method("lwf").step(batch, LR)
    assert coarse["loss"].dtype == coarse["matching"].dtype == torch.float32
    # bf16 has 8 bits
    torch.testing.assert_close(coarse["matching"], fine["matching"], rtol=0.02, atol=0)
