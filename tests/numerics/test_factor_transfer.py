"""factor-transfer and its paraphraser on torch's own layers, and what must stay as it is, float64."""

import itertools

import pytest
import torch
from setups import batches, make_method, make_setup
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from l2t.methods.factor_transfer.config import Paraphraser
from l2t.methods.factor_transfer.paraphraser import ParaphraserPhase
from l2t.methods.registry import methods

pytestmark = pytest.mark.usefixtures("double_precision")

LR = 0.05


def torchs(channels: int, factors: int) -> nn.ModuleDict:
    """The paraphraser in torch's own layers, by the names of ours."""

    def layers(kind: type[nn.Module], widths: tuple[int, ...]) -> nn.Sequential:
        pairs = itertools.pairwise(widths)
        return nn.Sequential(*(m for a, b in pairs for m in (kind(a, b, 3, padding=1), nn.LeakyReLU(0.1))))

    return nn.ModuleDict(
        {
            "encoder": layers(nn.Conv2d, (channels, channels, factors, factors)),
            "decoder": layers(nn.ConvTranspose2d, (factors, factors, channels, channels)),
        }
    )


@pytest.mark.parametrize("reconstruction", ["l1", "l2"])
def test_the_paraphraser_is_torchs_sgd_on_the_reconstruction_of_the_sources_map(reconstruction: str) -> None:
    setup = make_setup(Paraphraser(tap=2, reconstruction=reconstruction))
    method = ParaphraserPhase(setup)
    oracle = torchs(64, 32)
    oracle.load_state_dict(method.weights())
    sgd = torch.optim.SGD(oracle.parameters(), lr=LR, momentum=0.9, weight_decay=1e-4)
    for batch in batches(3):
        found = method.step(batch, LR)
        with torch.no_grad():
            whole = setup.source(batch.images)[1][2]
        again = oracle["decoder"](oracle["encoder"](whole))
        loss = (again - whole).abs().mean() if reconstruction == "l1" else (again - whole).square().mean()
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        torch.testing.assert_close(found["loss"], loss.detach(), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(method.weights(), dict(oracle.state_dict()), rtol=1e-9, atol=1e-12)


def factor(value: Tensor) -> Tensor:
    flat = value.flatten(1)
    return flat / flat.square().sum(1, keepdim=True).sqrt()


@pytest.mark.parametrize("pairs", ["single", "1-0", "0-2"])
def test_the_loss_is_the_formula(pairs: str) -> None:
    method = make_method("factor-transfer", methods.get("factor-transfer")(pairs=pairs))
    batch = batches(1)[0]
    index, tap = method.pair.source, method.pair.target
    logits, taps = functional_call(method.learner, method.theta, (batch.images,))[0], None
    taps = method.setup.target(batch.images)[1]
    channels = {"single": 64, "1-0": 32, "0-2": 16}[pairs]
    paraphraser = torchs(channels, channels // 2)
    paraphraser.load_state_dict(method.setup.artefacts["paraphraser"])
    taught = paraphraser["encoder"](method.setup.source(batch.images)[1][index])
    theirs = functional.interpolate(taught, taps[tap].shape[2:], mode="bilinear", align_corners=False)
    translator = torchs(taps[tap].shape[1], taught.shape[1])
    ours = method.learner.translator(taps[tap])
    assert translator["encoder"].state_dict().keys() == method.learner.translator.state_dict().keys()
    expected = functional.cross_entropy(logits, batch.labels) + 500 * (factor(ours) - factor(theirs)).abs().mean()
    torch.testing.assert_close(method.step(batch, LR)["loss"], expected.detach(), rtol=1e-9, atol=1e-12)


def test_factors_have_length_one() -> None:
    method = make_method("factor-transfer")
    lengths = method.factor(batches(1)[0].images).norm(dim=1)
    torch.testing.assert_close(lengths, torch.ones(6))


def test_source_and_paraphraser_are_bit_equal_after_training_and_all_of_theta_moves() -> None:
    method = make_method("factor-transfer")
    still = {"paraphraser": method.paraphraser, "source": method.setup.source}
    before = {key: {n: v.clone() for n, v in net.state_dict().items()} for key, net in still.items()}
    theta = {name: value.clone() for name, value in method.theta.items()}
    method.step(batches(1)[0], LR)
    for key, net in still.items():
        assert all(torch.equal(value, before[key][name]) for name, value in net.state_dict().items())
    assert all(not torch.equal(value, theta[name]) for name, value in method.theta.items())


def test_a_paraphrasers_training_leaves_the_source_bit_equal() -> None:
    setup = make_setup(Paraphraser(tap=2))
    before = {name: value.clone() for name, value in setup.source.state_dict().items()}
    method = ParaphraserPhase(setup)
    for batch in batches(2):
        method.step(batch, LR)
    assert all(torch.equal(value, before[name]) for name, value in setup.source.state_dict().items())
    assert all(name.startswith("paraphraser.") for name in method.theta)
