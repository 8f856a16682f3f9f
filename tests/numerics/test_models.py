"""Networks against torch's and torchvision's own layers with the same weights: values and derivatives, float64."""

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet
from torchvision.models.vgg import cfgs, make_layers

from l2t.models.build import build
from l2t.models.layers import GridPool
from l2t.models.registry import models

pytestmark = pytest.mark.usefixtures("double_precision")

CLASSES = 7


class Mean(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


def linears(*widths: int) -> list[nn.Module]:
    """Linear layers with ReLU between them."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return layers[:-1]


def resnet20() -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()]
    layers += [resnet.BasicBlock(16, 16) for _ in range(3)]
    for before, width in ((16, 32), (32, 64)):
        shortcut = nn.Sequential(nn.Conv2d(before, width, 1, 2, bias=False), nn.BatchNorm2d(width))
        layers.append(resnet.BasicBlock(before, width, 2, shortcut))
        layers += [resnet.BasicBlock(width, width) for _ in range(2)]
    return nn.Sequential(*layers, Mean(), *linears(64, CLASSES))


def lenet5() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.AdaptiveAvgPool2d(5), nn.Flatten(), *linears(16 * 5 * 5, 120, 84, CLASSES)),
    )


def alexnet() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(3, 64, 11, 4, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(64, 192, 5, padding=2), nn.ReLU()),
        *(nn.MaxPool2d(2), nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 256, 3, padding=1)),
        *(nn.ReLU(), nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), Mean(), *linears(256, CLASSES)),
    )


ORACLES: dict[str, Callable[[], nn.Sequential]] = {
    "resnet20": resnet20,
    "vgg9": lambda: nn.Sequential(*make_layers(cfgs["A"], True), Mean(), *linears(512, CLASSES)),
    "vgg11-plain": lambda: nn.Sequential(*make_layers(cfgs["A"]), Mean(), *linears(512, 512, 512, CLASSES)),
    "vgg16": lambda: nn.Sequential(*make_layers(cfgs["D"], True), Mean(), *linears(512, 512, 512, CLASSES)),
    "lenet5": lenet5,
    "alexnet": alexnet,
}


def seen_by(oracle: nn.Sequential, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Logits, and the maps after each residual block or before each max-pool."""
    taps, x = [], images
    for layer in oracle:
        if isinstance(layer, nn.MaxPool2d):
            taps.append(x)
        x = layer(x)
        if isinstance(layer, resnet.BasicBlock):
            taps.append(x)
    return x, taps


def derivatives(logits: Tensor, taps: list[Tensor], weights: list[Tensor]) -> list[Tensor]:
    """The gradient of a scalar of logits and taps, and its derivative in a random direction."""
    generator = torch.Generator().manual_seed(2)
    loss = functional.cross_entropy(logits, torch.tensor([1, 4])) + sum(tap.square().mean() for tap in taps)
    grads = torch.autograd.grad(loss, weights, create_graph=True)
    along = sum((grad * torch.randn(grad.shape, generator=generator)).sum() for grad in grads)
    return [*grads, *torch.autograd.grad(along, weights)]


@pytest.mark.parametrize(
    ("name", "size"),
    [
        *(pytest.param(name, 32, marks=[pytest.mark.slow] * name.startswith("vgg16")) for name in ORACLES),
        ("lenet5", 16),
        ("lenet5", 37),
    ],
)
def test_networks_equal_torchs_own_layers_up_to_the_second_derivative(name: str, size: int) -> None:
    generator = torch.Generator().manual_seed(0)
    ours, oracle = build(models.get(name), CLASSES, generator), ORACLES[name]()
    for value in ours.parameters():  # all but zero: biases and shifts count
        value.data += 0.05 * torch.randn(value.shape, generator=generator)
    images = torch.randn(2, 3, size, size, generator=generator)
    logits, taps = ours(images)
    with torch.no_grad():
        for value, mine in zip(oracle.parameters(), ours.parameters(), strict=True):
            value.copy_(mine)
    expected_logits, expected_taps = seen_by(oracle, images)
    torch.testing.assert_close(logits, expected_logits, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(taps, expected_taps, rtol=1e-10, atol=1e-12)
    for mine, theirs in zip(
        derivatives(logits, taps, list(ours.parameters())),
        derivatives(expected_logits, expected_taps, list(oracle.parameters())),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("side", "size"), [(5, 1), (5, 3), (5, 5), (5, 7), (5, 42), (7, 2), (7, 7), (7, 10)])
def test_grid_pool_and_its_gradient_equal_adaptive_mean_pooling(side: int, size: int) -> None:
    x = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0), requires_grad=True)
    ours, theirs = GridPool(side)(x), functional.adaptive_avg_pool2d(x, side)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)
    direction = torch.randn(ours.shape, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(
        torch.autograd.grad(ours, x, direction), torch.autograd.grad(theirs, x, direction), rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize("name", ["vgg9-plain", "vgg11", "lenet5", "alexnet"])
def test_the_start_comes_from_the_generator_alone(name: str) -> None:
    def started(seed: int) -> list[Tensor]:
        torch.manual_seed(seed)
        return list(build(models.get(name), CLASSES, torch.Generator().manual_seed(3)).parameters())

    assert all(torch.equal(a, b) for a, b in zip(started(0), started(1), strict=True))


@pytest.mark.parametrize("name", ["vgg16-plain", "lenet5", "alexnet"])
def test_maps_keep_their_scale_at_the_start_without_batch_norm(name: str) -> None:
    """Images of variance 1; Kaiming's fan-in start keeps the mean square of maps, fan-out took it to 0.002."""
    network = build(models.get(name), CLASSES, torch.Generator().manual_seed(3))
    with torch.no_grad():
        _, taps = network(torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(4)))
    assert all(0.1 < tap.square().mean() < 10 for tap in taps)
