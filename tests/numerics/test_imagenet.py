"""torchvision's networks as ours against torchvision's own, and an iteration that unrolls SGD through one, float64."""

from typing import Any

import pytest
import torch
import torchvision
from oracles.meta import Problem, kept_graph
from torch import Tensor, nn
from torch.func import functional_call

from l2t.methods.method import Batch, Setup
from l2t.methods.registry import methods
from l2t.models.imagenet.config import RESNET18, RESNET34, RESNET50, RESNET152, VGG16, TorchvisionInfo
from l2t.models.imagenet.published import rename
from l2t.models.layers import Network, frozen_statistics
from l2t.models.resnet.config import RESNET8
from l2t.registry import load_object
from l2t.spec.settings import TrainSettings
from l2t.streams import Streams

pytestmark = pytest.mark.usefixtures("double_precision")

INFOS = (RESNET18, RESNET34, RESNET50, RESNET152, VGG16)
LR = 0.05


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def fresh(info: TorchvisionInfo, classes: int, seed: int = 0) -> Network:
    network: Network = load_object(info.build)(info, classes, seeded(seed))
    return network


def theirs(info: TorchvisionInfo, classes: int, **options: Any) -> nn.Module:
    network: nn.Module = getattr(torchvision.models, info.constructor)(weights=None, num_classes=classes, **options)
    return network


def ours(named: dict[str, Tensor]) -> dict[str, Tensor]:
    return {rename(key): value for key, value in named.items() if not key.endswith("num_batches_tracked")}


@pytest.mark.parametrize("info", INFOS, ids=lambda info: info.constructor)
def test_the_weights_are_those_of_torchvisions_in_its_order(info: TorchvisionInfo) -> None:
    with torch.device("meta"):
        network = theirs(info, 1000)
    weights = {rename(key): tuple(value.shape) for key, value in network.named_parameters()}
    assert list(info.weights(1000).items()) == list(weights.items())


@pytest.mark.parametrize(
    "info",
    [RESNET18, *(pytest.param(info, marks=pytest.mark.slow) for info in INFOS[1:])],
    ids=lambda info: info.constructor,
)
def test_logits_equal_torchvisions(info: TorchvisionInfo) -> None:
    network, torchvisions = fresh(info, 1000), theirs(info, 1000)
    generator = seeded(1)
    for name, value in torchvisions.named_buffers():
        if value.is_floating_point():  # running statistics that have moved
            spread = torch.rand(value.shape, generator=generator)
            value.copy_(spread + 0.5 if name.endswith("var") else 0.1 * spread)
    network.load_state_dict(ours(torchvisions.state_dict()))
    network.eval()
    torchvisions.eval()
    for size in (32, 64):
        images = torch.randn(2, 3, size, size, generator=generator)
        with torch.no_grad():
            torch.testing.assert_close(network(images)[0], torchvisions(images), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("info", [RESNET18, pytest.param(VGG16, marks=pytest.mark.slow)], ids=["resnet", "vgg"])
def test_a_fresh_start_comes_from_the_generator_alone(info: TorchvisionInfo) -> None:
    before = torch.get_rng_state()
    first = fresh(info, 5, 7).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    second = fresh(info, 5, 7).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(fresh(info, 5, 8).classifier.weight, first["classifier.weight"])
    for name, value in first.items():
        if value.ndim > 1:
            expected = (2 / (len(value) * value[0, 0].numel())) ** 0.5 if value.ndim == 4 else 0.01
            assert value.std().item() == pytest.approx(expected, rel=0.1), name
        else:
            weighs = name.endswith("running_var") or (name.endswith("weight") and value.ndim == 1)
            assert value.unique().tolist() == [float(weighs)], name


def test_frozen_statistics_stay_as_they_are() -> None:
    network = fresh(RESNET18, 5).train()
    before = {name: value.clone() for name, value in network.named_buffers()}
    images = torch.randn(4, 3, 32, 32, generator=seeded(1))
    with frozen_statistics(network):
        network(images)
    assert all(torch.equal(before[name], value) for name, value in network.named_buffers())
    network(images)
    assert not any(torch.equal(before[name], value) for name, value in network.named_buffers())


class AsTorchvision(Problem):
    """Its target network is torchvision's own, whose maps are seen by hooks; plain autograd throughout."""

    def target(self, theta: dict[str, Tensor]) -> tuple[Tensor, list[Tensor]]:
        with torch.device("meta"):
            network = theirs(RESNET18, 5, norm_layer=lambda width: nn.BatchNorm2d(width, track_running_stats=False))
        taps: list[Tensor] = []
        for stage in (network.layer1, network.layer2, network.layer3, network.layer4):
            for block in stage:
                block.register_forward_hook(lambda module, images, output: taps.append(output))
        named = {name: theta[f"target.{rename(name)}"] for name, _ in network.named_parameters()}
        logits: Tensor = functional_call(network.train(), named, (self.images,))
        return logits, taps


@pytest.mark.slow
@pytest.mark.parametrize("name", ["l2tww", "l2twww"])
def test_an_iteration_equals_a_fully_unrolled_graph(name: str) -> None:
    source = load_object(RESNET8.build)(RESNET8, 5, seeded(2)).eval().requires_grad_(False)
    config = methods.get(name)
    setup = Setup(
        target=fresh(RESNET18, 5),
        target_info=RESNET18,
        source=source,
        source_info=RESNET8,
        config=config(pairs="single", virtual_steps=1),
        train=TrainSettings(),
        size=32,
        streams=Streams(0),
        probe=torch.randn(8, 3, 32, 32, generator=seeded(5)),
    )
    method = load_object(config.implementation)(setup)
    theta, buffers = ({key: value.clone() for key, value in d.items()} for d in (method.theta, method.buffers))
    phi = {key: value.detach().clone() for key, value in method.phi.named_parameters()}
    generator = seeded(9)
    batch = Batch(torch.randn(6, 3, 32, 32, generator=generator), torch.randint(0, 5, (6,), generator=generator))
    before = {key: value.clone() for key, value in method.learner.named_buffers()}
    method.step(batch, LR)

    problem = AsTorchvision(
        RESNET8, RESNET18, source.state_dict(), method.pairs, batch.images, batch.labels, LR, steps=1
    )
    theta, buffers = problem.real_step(theta, buffers, phi)
    torch.testing.assert_close(method.theta, theta, rtol=1e-7, atol=1e-10)
    for key, grad in kept_graph(problem, theta, buffers, phi).items():
        torch.testing.assert_close(method.phi.get_parameter(key).grad, grad, rtol=1e-6, atol=1e-12)
        assert grad.abs().max() > 0
    mean = torch.nn.functional.conv2d(batch.images, setup.target.conv1.weight, stride=2, padding=3).mean((0, 2, 3))
    key = "target.bn1.running_mean"
    torch.testing.assert_close(dict(method.learner.named_buffers())[key], 0.9 * before[key] + 0.1 * mean)
