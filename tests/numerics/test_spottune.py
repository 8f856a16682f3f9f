"""spottune against blocks mixed by hand, its limits, and the frequencies of its choices, float64."""

from dataclasses import replace

import pytest
import torch
from setups import batches, make_method, make_setup
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from l2t.methods.finetune.method import Finetune
from l2t.methods.registry import methods
from l2t.methods.spottune.method import Spottune
from l2t.methods.spottune.routing import choose, gumbel

pytestmark = pytest.mark.usefixtures("double_precision")

LR = 0.05
TUNED, FROZEN = 1e6, -1e6


def clones(named: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in named.items()}


def always(method: Spottune, score: float) -> None:
    """Let the policy always choose alike."""
    method.theta["policy.classifier.weight"] = torch.zeros_like(method.theta["policy.classifier.weight"])
    bias = torch.tensor([score, 0.0]).repeat(len(method.routed.frozen))
    method.theta["policy.classifier.bias"] = bias


def norm(x: Tensor, weights: dict[str, Tensor], name: str, training: bool) -> Tensor:
    mean, var = weights[f"{name}.running_mean"].clone(), weights[f"{name}.running_var"].clone()
    return functional.batch_norm(x, mean, var, weights[f"{name}.weight"], weights[f"{name}.bias"], training)


def block(x: Tensor, weights: dict[str, Tensor], name: str, stride: int, training: bool) -> Tensor:
    """relu(F(x) + s(x)) in torch's own functions."""
    inner = functional.conv2d(x, weights[f"{name}.conv1.weight"], None, stride, 1)
    inner = torch.relu(norm(inner, weights, f"{name}.bn1", training))
    inner = norm(
        functional.conv2d(inner, weights[f"{name}.conv2.weight"], None, 1, 1), weights, f"{name}.bn2", training
    )
    if f"{name}.shortcut.0.weight" in weights:
        x = functional.conv2d(x, weights[f"{name}.shortcut.0.weight"], None, stride)
        x = norm(x, weights, f"{name}.shortcut.1", training)
    return torch.relu(inner + x)


@pytest.mark.parametrize("training", [True, False])
def test_the_outputs_are_the_blocks_mixed_as_the_formula_says(training: bool) -> None:
    method = make_method("spottune")
    for batch in batches(2):  # so that tuned and frozen blocks differ
        method.step(batch, LR)
    images = batches(1)[0].images
    noise = method.draw(images, "here") if training else None
    weights = clones(method.weights())
    with torch.no_grad():
        if not training:
            method.routed.eval()
        method.routed.noise = noise
        found, chosen = functional_call(method.routed, method.theta, (images,))
    assert 0 < chosen.mean() < 1
    x = functional.conv2d(images, weights["conv1.weight"], weights["conv1.bias"], 1, 1)
    x = torch.relu(norm(x, weights, "bn1", training))
    for place in range(3):
        a = chosen[:, place, None, None, None]
        stride = 2 if place else 1
        tuned = block(x, weights, f"blocks.{place}", stride, training)
        frozen = block(x, weights, f"frozen.{place}", stride, False)
        x = a * tuned + (1 - a) * frozen
    expected = functional.linear(x.mean((2, 3)), weights["classifier.weight"], weights["classifier.bias"])
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_choices_are_as_frequent_as_the_softmax_of_the_policys_logits() -> None:
    logits = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [-1.0, 0.5]])
    draws = 20_000
    noise = gumbel((draws, 4, 2), torch.Generator().manual_seed(3))
    found = choose(logits.expand(draws, 4, 2), noise, 5.0).mean(0)
    expected = torch.softmax(logits, -1)[:, 0]
    tolerance = 4 * (expected * (1 - expected) / draws).sqrt()  # four standard deviations of the binomial share
    assert bool(((found - expected).abs() < tolerance).all())


def test_the_noise_is_drawn_anew_for_every_step_image_and_block_and_repeats_with_the_run() -> None:
    method, again = make_method("spottune"), make_method("spottune")
    images = batches(1)[0].images
    drawn = []
    for batch in batches(2):
        drawn.append(method.draw(images, "train"))
        assert torch.equal(drawn[-1], again.draw(images, "train"))
        assert not torch.equal(drawn[-1], method.draw(images, "test"))
        method.step(batch, LR)
        again.step(batch, LR)
    assert len(torch.stack(drawn).unique()) == 2 * 6 * 3 * 2


def test_the_policys_gradient_is_that_of_the_methods_temperature() -> None:
    images = batches(1)[0].images
    for temperature in (1.0, 5.0):
        method = make_method("spottune", methods.get("spottune")(temperature=temperature))
        noise = method.routed.noise = method.draw(images, "here")
        logits = method.routed.policy(images)[0]
        bias = method.routed.policy.classifier.bias
        [found] = torch.autograd.grad(method.routed.decide(images).sum(), bias)
        soft = torch.softmax((logits.view(6, 3, 2) + noise) / temperature, -1)[..., 0]
        slope = (soft * (1 - soft) / temperature).sum(0)
        torch.testing.assert_close(found, torch.stack([slope, -slope], -1).flatten())


def test_the_gradient_of_a_choice_is_that_of_the_tempered_softmax() -> None:
    generator = torch.Generator().manual_seed(4)
    logits = torch.randn(5, 3, 2, generator=generator).requires_grad_()
    noise, factor = gumbel((5, 3, 2), generator), torch.randn(5, 3, generator=generator)
    chosen = choose(logits, noise, 5.0)
    assert set(chosen.detach().unique().tolist()) == {0.0, 1.0}
    [found] = torch.autograd.grad((factor * chosen).sum(), logits)
    soft = torch.softmax((logits.detach() + noise) / 5.0, -1)[..., 0]
    slope = factor * soft * (1 - soft) / 5.0
    torch.testing.assert_close(found, torch.stack([slope, -slope], -1))


def test_where_all_blocks_are_frozen_the_features_are_the_sources_bit_for_bit() -> None:
    method = make_method("spottune")
    always(method, FROZEN)
    images = batches(1)[0].images
    source = method.setup.source
    head = {name: method.theta[f"target.classifier.{name}"] for name in ("weight", "bias")}
    features, _ = source.embed(images)
    assert torch.equal(method.logits(images), functional.linear(features, head["weight"], head["bias"]))


def test_where_all_blocks_are_tuned_it_is_finetune() -> None:
    method = make_method("spottune")
    finetune = Finetune(replace(make_setup(methods.get("finetune")()), config=methods.get("finetune")()))
    for batch in batches(3):
        always(method, TUNED)
        method.step(batch, LR)
        finetune.step(batch, LR)
    found = method.weights()
    torch.testing.assert_close({name: found[name] for name in finetune.weights()}, finetune.weights())


@pytest.mark.parametrize("statistics", ["kept", "moving"])
def test_frozen_blocks_and_the_source_are_bit_equal_after_training(statistics: str) -> None:
    method = make_method("spottune", methods.get("spottune")(frozen_statistics=statistics))
    before, source = clones(method.weights()), clones(method.setup.source.state_dict())
    for batch in batches(3):
        method.step(batch, LR)
        method.logits(batch.images)
    moved = {name for name, value in method.weights().items() if not torch.equal(value, before[name])}
    running = {name for name in before if name.startswith("frozen.") and "running" in name}
    assert {name for name in moved if name.startswith("frozen.")} == (running if statistics == "moving" else set())
    assert all(torch.equal(value, source[name]) for name, value in method.setup.source.state_dict().items())


def test_the_gradient_reaches_tuned_blocks_stem_head_and_policy_and_nothing_else() -> None:
    method = make_method("spottune")
    before = clones(method.weights())
    method.step(batches(1)[0], LR)
    still = {name for name, value in method.weights().items() if torch.equal(value, before[name])}
    assert still == {name for name in before if name.startswith("frozen.")}


def test_the_policy_follows_the_cosine_at_its_own_rate_and_decay() -> None:
    method = make_method("spottune", methods.get("spottune")(policy_lr=0.02, policy_weight_decay=0.5))
    (main, rest), (policy, names) = method.groups(method.setup.train.lr / 4)
    assert (main.lr, main.weight_decay) == (method.setup.train.lr / 4, 1e-4)
    assert (policy.lr, policy.weight_decay) == (pytest.approx(0.005), 0.5)
    assert {*rest, *names} == set(method.theta)


def test_parameters_count_both_forms_of_the_blocks_and_the_policy() -> None:
    method = make_method("spottune")
    blocks = sum(value.numel() for value in method.setup.target.blocks.parameters())
    target = sum(value.numel() for value in method.setup.target.parameters())
    policy = sum(value.numel() for value in method.routed.policy.parameters())
    assert method.parameters() == target + blocks + policy


def test_sampling_at_test_is_reproducible() -> None:
    def trained(at_test: str) -> Tensor:
        method = make_method("spottune", methods.get("spottune")(at_test=at_test))
        for batch in batches(2):  # at the start tuned and frozen blocks are alike
            method.step(batch, LR)
        return method.logits(batches(1)[0].images)

    assert torch.equal(trained("sample"), trained("sample"))
    assert not torch.equal(trained("sample"), trained("argmax"))
