"""Vision transformers against torch's and torchvision's own, and the methods that unroll SGD through them, float64."""

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
import torch
from oracles.meta import Problem, kept_graph
from oracles.networks import vit
from torch import nn
from torch.nn import functional
from torchvision.models import vision_transformer

from l2t.methods.method import Batch, Method, Setup
from l2t.methods.registry import methods
from l2t.models.base import ModelInfo
from l2t.models.registry import models
from l2t.models.vit.config import VIT_B16, VIT_SMALL, VIT_TINY, VitInfo
from l2t.models.vit.network import Vit, build
from l2t.models.vit.published import rename
from l2t.registry import load_object
from l2t.spec.settings import TrainSettings
from l2t.streams import Streams
from l2t.train.import_source import fit

pytestmark = pytest.mark.usefixtures("double_precision")

LR = 0.05


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


M = TypeVar("M", bound=nn.Module)


def far_from_its_start(network: M) -> M:
    """Biases and layer norms with values that matter, attention that prefers some tokens."""
    generator = seeded(3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    return network


def tiny() -> Vit:
    return far_from_its_start(build(VIT_TINY, 5, seeded()))


def test_attention_equals_the_fused_kernel() -> None:
    attention = tiny().blocks[0].attention
    x = torch.randn(2, 5, 96, generator=seeded(1)) * 10
    query, key, value = (part.view(2, 5, 3, 32).transpose(1, 2) for part in attention.inputs(x).chunk(3, 2))
    fused = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(2, 5, 96)
    torch.testing.assert_close(attention(x), attention.output(fused), rtol=1e-12, atol=1e-13)


def test_a_block_equals_torchs_encoder_layer() -> None:
    block = tiny().blocks[0]
    torchs = nn.TransformerEncoderLayer(
        VIT_TINY.width,
        VIT_TINY.heads,
        VIT_TINY.hidden,
        dropout=0.0,
        activation="gelu",
        layer_norm_eps=1e-6,
        batch_first=True,
        norm_first=True,
    )
    ours = block.state_dict()
    names = {"attention.inputs.": "self_attn.in_proj_", "attention.output": "self_attn.out_proj"}
    names |= {"mlp.0": "linear1", "mlp.2": "linear2"}
    for before, after in names.items():
        ours = {name.replace(before, after): value for name, value in ours.items()}
    torchs.load_state_dict(ours)
    x = torch.randn(2, 7, VIT_TINY.width, generator=seeded(1))
    torch.testing.assert_close(block(x), torchs(x), rtol=1e-10, atol=1e-12)


def test_patches_are_a_convolution_as_wide_as_its_stride() -> None:
    patches = tiny().patches
    images = torch.randn(2, 3, 12, 12, generator=seeded(1))
    expected = functional.conv2d(images, patches.weight, patches.bias, stride=4).flatten(2).transpose(1, 2)
    torch.testing.assert_close(patches(images), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("size", [8, 16, 32, 40])
def test_logits_and_taps_equal_a_reading_layer_by_layer(size: int) -> None:
    network = tiny()
    images = torch.randn(2, 3, size, size, generator=seeded(1))
    torch.testing.assert_close(network(images), vit(VIT_TINY, network.state_dict(), images), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("size", [8, 16, 32, 64])
def test_positions_are_resized_as_torchvision_does(size: int) -> None:
    network = build(VIT_SMALL, 5, seeded())
    named = {"encoder.pos_embedding": network.positions.detach()}
    expected = vision_transformer.interpolate_embeddings(size, VIT_SMALL.patch, named)["encoder.pos_embedding"]
    torch.testing.assert_close(network.positions_at(size // VIT_SMALL.patch).detach(), expected, rtol=1e-12, atol=1e-15)


def small_torchvision() -> tuple[VitInfo, vision_transformer.VisionTransformer]:
    """torchvision's network in the form of ViT-tiny."""
    info = VIT_TINY
    return info, vision_transformer.VisionTransformer(
        info.patch * info.grid, info.patch, info.depth, info.heads, info.width, info.hidden, num_classes=5
    )


def equal_to_torchvisions(info: VitInfo, torchs: nn.Module, classes: int) -> None:
    network = build(info, classes, seeded())
    network.load_state_dict({rename(name): value for name, value in torchs.state_dict().items()})
    size = info.patch * info.grid
    images = torch.randn(2, 3, size, size, generator=seeded(1))
    with torch.no_grad():
        torch.testing.assert_close(network(images)[0], torchs.eval()(images), rtol=1e-9, atol=1e-11)


def test_the_network_equals_torchvisions() -> None:
    info, torchs = small_torchvision()
    far_from_its_start(torchs)
    equal_to_torchvisions(info, torchs, 5)


def test_a_file_of_torchvisions_network_is_imported() -> None:
    """The published one has the names of torchvision's first version for the two layers of a block."""
    torchs = small_torchvision()[1].state_dict()
    older = {name.replace("mlp.0", "mlp.linear_1").replace("mlp.3", "mlp.linear_2"): torchs[name] for name in torchs}
    assert older.keys() != torchs.keys()
    for weights in (torchs, older):
        model, outputs, ours = fit(Path("vit.pth"), weights)
        assert (model, outputs) == ("vit-tiny", 5)
        assert torch.equal(ours["blocks.5.mlp.2.bias"], torchs["encoder.layers.encoder_layer_5.mlp.3.bias"].float())


def test_vit_b16_has_the_weights_of_torchvisions() -> None:
    with torch.device("meta"):
        torchs = vision_transformer.vit_b_16()
    assert {rename(name): tuple(value.shape) for name, value in torchs.state_dict().items()} == VIT_B16.weights(1000)
    assert VIT_B16.parameters(1000) == 86_567_656


@pytest.mark.slow
def test_vit_b16_equals_torchvisions() -> None:
    equal_to_torchvisions(VIT_B16, far_from_its_start(vision_transformer.vit_b_16()), 1000)


def test_fresh_weights_come_from_the_generator_alone() -> None:
    first = build(VIT_TINY, 5, seeded(7)).state_dict()
    torch.manual_seed(1)
    second = build(VIT_TINY, 5, seeded(7)).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    for name, fans in {"patches.weight": 48 + 96, "blocks.2.attention.inputs.weight": 96 + 288}.items():
        assert first[name].std().item() == pytest.approx((2 / fans) ** 0.5, rel=0.03)
    assert first["positions"].std().item() == pytest.approx(1, rel=0.03)
    rest = {value.unique().item() for value in first.values() if value.ndim == 1}
    assert rest == {0.0, 1.0}


TOY = replace(
    VIT_TINY,
    width=12,
    depth=3,
    heads=3,
    hidden=24,
    features=12,
    stages=(0, 2),
    taps=tuple(replace(tap, channels=12) for tap in VIT_TINY.taps[:3]),
)
"""As the registry's, but quick to unroll; its positions, of 8 × 8 patches, are resized to 4 × 4."""


def made(source: ModelInfo, target: ModelInfo, name: str, size: int = 16) -> Method:
    networks = [load_object(info.build)(info, 5, seeded(place)) for place, info in enumerate((source, target))]
    for network in networks:
        far_from_its_start(network)
    setup = Setup(
        target=networks[1],
        target_info=target,
        source=networks[0].eval().requires_grad_(False),
        source_info=source,
        config=methods.get(name)(),
        train=TrainSettings(),
        size=size,
        streams=Streams(0),
        probe=torch.randn(8, 3, size, size, generator=seeded(5)),
    )
    return load_object(methods.get(name).implementation)(setup)


@pytest.mark.parametrize(
    ("source", "target"),
    [(models.get("resnet8"), TOY), (TOY, models.get("vgg-small")), (replace(TOY, heads=2), TOY)],
    ids=["CNN to ViT", "ViT to CNN", "ViT to ViT"],
)
@pytest.mark.parametrize("name", ["ufm", "l2tww", "l2twww"])
def test_two_iterations_equal_a_fully_unrolled_graph(source: ModelInfo, target: ModelInfo, name: str) -> None:
    method = made(source, target, name)
    generator = seeded(9)
    theta, buffers = ({key: value.clone() for key, value in d.items()} for d in (method.theta, method.buffers))
    learnt = dict(method.phi.named_parameters()) if name != "ufm" else {}
    phi = {key: nn.Parameter(value.detach().clone()) for key, value in learnt.items()}
    adam = torch.optim.Adam(phi.values(), lr=1e-4, weight_decay=1e-4) if phi else None
    for _ in range(2):
        batch = Batch(torch.randn(6, 3, 16, 16, generator=generator), torch.randint(0, 5, (6,), generator=generator))
        method.step(batch, LR)
        weights = method.setup.source.state_dict()
        problem = Problem(source, target, weights, method.pairs, batch.images, batch.labels, LR)
        theta, buffers = problem.real_step(theta, buffers, phi)
        if adam is not None:
            for key, grad in kept_graph(problem, theta, buffers, phi).items():
                phi[key].grad = grad
                torch.testing.assert_close(learnt[key].grad, grad, rtol=1e-7, atol=1e-15)
                assert grad.abs().max() > 0
            adam.step()
        torch.testing.assert_close(method.theta, theta, rtol=1e-8, atol=1e-12)
        torch.testing.assert_close(method.buffers, buffers, rtol=1e-8, atol=1e-12)
