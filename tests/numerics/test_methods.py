"""The methods against independent readings of METHODS.md, and the equalities between them, float64."""

from dataclasses import replace
from itertools import combinations

import pytest
import torch
from oracles.meta import Problem, kept_graph, replay
from oracles.small import source_stays
from setups import batches, make_method
from torch import Tensor, nn

from l2t.methods.meta_config import PARTS
from l2t.methods.method import Batch, Method
from l2t.methods.registry import methods
from l2t.models.layers import start_as_torch

pytestmark = pytest.mark.usefixtures("double_precision")

LR = 0.05


def problem_of(method: Method, batch: Batch) -> Problem:
    setup = method.setup
    return Problem(
        setup.source_info,
        setup.target_info,
        setup.source.state_dict(),
        method.pairs,
        batch.images,
        batch.labels,
        LR,
        steps=getattr(setup.config, "virtual_steps", 2),
    )


def clones(named: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in named.items()}


@pytest.mark.parametrize("name", ["l2tww", "l2twww"])
@pytest.mark.parametrize(
    ("steps", "form"), [(0, "exact"), (1, "exact"), (2, "exact"), (3, "exact"), (2, "first-order")]
)
def test_three_iterations_equal_a_fully_unrolled_graph(name: str, steps: int, form: str) -> None:
    method = make_method(name, methods.get(name)(virtual_steps=steps, hypergradient=form))
    theta, buffers = clones(method.theta), clones(method.buffers)
    phi = {key: torch.nn.Parameter(value.clone()) for key, value in method.phi.named_parameters()}
    adam = torch.optim.Adam(phi.values(), lr=1e-4, weight_decay=1e-4)
    for batch in batches(3):
        method.step(batch, LR)
        problem = replace(problem_of(method, batch), hypergradient=form)
        theta, buffers = problem.real_step(theta, buffers, phi)
        for key, grad in kept_graph(problem, theta, buffers, phi).items():
            phi[key].grad = grad
            # float64 rounding, amplified by the ill-conditioned first steps; a wrong formula is off by far more
            torch.testing.assert_close(dict(method.phi.named_parameters())[key].grad, grad, rtol=1e-7, atol=1e-15)
        adam.step()
        torch.testing.assert_close(method.theta, theta, rtol=1e-8, atol=1e-12)
        torch.testing.assert_close(method.buffers, buffers, rtol=1e-8, atol=1e-12)
    torch.testing.assert_close(dict(method.phi.named_parameters()), dict(phi), rtol=1e-7, atol=1e-10)


def test_replaying_every_step_gives_the_same_hypergradient() -> None:
    method = make_method("l2twww")
    batch = batches(1)[0]
    phi = dict(method.phi.named_parameters())
    problem = problem_of(method, batch)
    for key, grad in kept_graph(problem, method.theta, method.buffers, phi).items():
        torch.testing.assert_close(replay(problem, method.theta, method.buffers, phi)[key], grad, rtol=1e-8, atol=1e-15)


def test_ufm_takes_sgd_steps_on_the_formula_read_pair_by_pair() -> None:
    method = make_method("ufm")
    theta, buffers = clones(method.theta), clones(method.buffers)
    for batch in batches(3):
        method.step(batch, LR)
        theta, buffers = problem_of(method, batch).real_step(theta, buffers, {})
    torch.testing.assert_close(method.theta, theta, rtol=1e-8, atol=1e-12)


def test_scratch_takes_sgd_steps_on_the_cross_entropy() -> None:
    method = make_method("scratch")
    theta, buffers = clones(method.theta), clones(method.buffers)
    for batch in batches(3):
        method.step(batch, LR)
        problem = replace(problem_of(make_method("ufm"), batch), beta=0.0)
        named = theta | {key: value for key, value in make_method("ufm").theta.items() if key.startswith("adapters")}
        zeros = buffers | {key: torch.zeros_like(value) for key, value in named.items() if key not in buffers}
        moved, momenta = problem.real_step(named, zeros, {})
        theta, buffers = {key: moved[key] for key in theta}, {key: momenta[key] for key in theta}
    torch.testing.assert_close(method.theta, theta, rtol=1e-8, atol=1e-12)


def test_frozen_which_network_makes_l2twww_equal_l2tww() -> None:
    with_which, without = make_method("l2twww", methods.get("l2twww")(fixed=("which",))), make_method("l2tww")
    for batch in batches(3):
        with_which.step(batch, LR)
        without.step(batch, LR)
    torch.testing.assert_close(with_which.theta, without.theta, rtol=1e-6, atol=1e-12)


def test_even_weights_make_both_losses_equal_ufms() -> None:
    batch = batches(1)[0]
    ufm = make_method("ufm")
    maps = ufm.maps(batch.images)
    expected, _ = ufm.matched_losses(ufm.theta, batch, maps, ufm.even)
    for name in ("l2tww", "l2twww"):
        method = make_method(name)
        with torch.no_grad():
            for part in method.phi.where.values():
                part.weight.zero_()
        loss, _ = method.matched_losses(method.theta, batch, maps, method.phi(maps.whole))
        torch.testing.assert_close(loss, expected, rtol=1e-12, atol=0)


def test_leaving_which_out_of_l2twww_gives_l2tww() -> None:
    batch = batches(1)[0]
    config = methods.get("l2twww")
    only, l2tww = make_method("l2twww", config(parts=("what", "where"))), make_method("l2tww")
    only.step(batch, LR)
    l2tww.step(batch, LR)
    torch.testing.assert_close(only.theta, l2tww.theta, rtol=0, atol=0)


@pytest.mark.parametrize(
    "options",
    [
        {"which_input": "pool3"},
        {"which_input": "gap"},
        {"which_start": "default"},
        {"softplus": "after"},
        {"softplus": "after", "scale": "mean-one"},
        {"scale": "mean-one"},
        {"pairs": "one-to-one"},
        {"pairs": "single"},
        {"pairs": "2-0+0-1+2-1"},
        *({"parts": parts} for count in (1, 2) for parts in combinations(PARTS, count)),
        {"parts": ("what", "which"), "hypergradient": "first-order"},
        {"beta": 2.0},
    ],
    ids=str,
)
def test_every_choice_equals_a_fully_unrolled_graph(options: dict[str, object]) -> None:
    method = make_method("l2twww", methods.get("l2twww")(**options))
    # moved from its start, where γ is the same for some choices
    with torch.no_grad():
        for parameter in method.phi.parameters():
            parameter += 0.02 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(8))
    batch = batches(1)[0]
    known = {key: value for key, value in options.items() if key not in ("pairs", "parts")}
    problem = replace(problem_of(method, batch), **known)
    phi = clones(dict(method.phi.named_parameters()))
    theta, buffers = problem.real_step(clones(method.theta), clones(method.buffers), phi)
    expected = kept_graph(problem, theta, buffers, phi)
    method.step(batch, LR)
    torch.testing.assert_close(method.theta, theta, rtol=1e-8, atol=1e-12)
    found = {key: parameter.grad for key, parameter in method.phi.named_parameters()}
    torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "fixed"),
    [("l2tww", ("where",)), ("l2tww", ("what", "where")), ("l2twww", ("where",)), ("l2twww", PARTS)],
    ids=str,
)
def test_a_fixed_part_weighs_and_stays_at_its_start(name: str, fixed: tuple[str, ...]) -> None:
    method, learning = make_method(name, methods.get(name)(fixed=fixed)), make_method(name)
    start = clones(dict(method.phi.named_parameters()))
    method.step(batches(1)[0], LR)
    learning.step(batches(1)[0], LR)
    torch.testing.assert_close(method.theta, learning.theta, rtol=0, atol=0)  # its start weighs in the real step
    theirs = dict(learning.phi.named_parameters())
    for key, value in method.phi.named_parameters():
        held = key.partition(".")[0] in fixed
        # the others learn as they do beside it, since φ's parts meet in the weights alone
        torch.testing.assert_close(value, start[key] if held else theirs[key], rtol=0, atol=0)
        assert held or not torch.equal(value, start[key])


def test_the_thesiss_virtual_steps_are_plain_sgd_on_the_bare_matching_loss() -> None:
    method = make_method("l2twww", methods.get("l2twww")(virtual="thesis"))
    batch = batches(1)[0]
    phi = clones(dict(method.phi.named_parameters()))
    theta, buffers = problem_of(method, batch).real_step(clones(method.theta), clones(method.buffers), phi)
    plain = replace(problem_of(method, batch), momentum=0.0, weight_decay=0.0, beta=1.0)
    expected = kept_graph(plain, theta, buffers, phi)
    method.step(batch, LR)
    found = {key: parameter.grad for key, parameter in method.phi.named_parameters()}
    torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-14)


def test_two_updates_of_the_running_statistics_are_two_moves_to_the_same_batch() -> None:
    once, twice = make_method("l2tww"), make_method("l2tww", methods.get("l2tww")(statistics_updates=2))
    start = clones(dict(once.learner.named_buffers()))
    batch = batches(1)[0]
    once.step(batch, LR)
    twice.step(batch, LR)
    for key, buffer in twice.learner.named_buffers():
        moved = dict(once.learner.named_buffers())[key]
        torch.testing.assert_close(buffer, moved + 0.9 * (moved - start[key]), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["l2tww", "l2twww"])
def test_gamma_starts_at_one_and_w_uniform(name: str) -> None:
    seen = make_method(name).observe()
    assert all(torch.allclose(value, torch.tensor(1.0)) for key, value in seen.items() if key.startswith("gamma"))
    assert all(torch.allclose(v, torch.tensor(1 / v.shape[1])) for key, v in seen.items() if key.startswith("w["))


@pytest.mark.parametrize("name", ["l2tww", "l2twww"])
def test_virtual_steps_leave_the_running_statistics_to_the_real_step(name: str) -> None:
    method, plain = make_method(name), make_method("ufm")
    batch = batches(1)[0]
    method.step(batch, LR)
    plain.step(batch, LR)
    for key, buffer in plain.learner.named_buffers():
        torch.testing.assert_close(dict(method.learner.named_buffers())[key], buffer, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", list(methods))
def test_a_restored_method_goes_on_bit_for_bit(name: str) -> None:
    whole, first = make_method(name), make_method(name)
    series = batches(4)
    for batch in series:
        whole.step(batch, LR)
    for batch in series[:2]:
        first.step(batch, LR)
    second = make_method(name)
    second.load_state_dict(first.state_dict())
    for batch in series[2:]:
        second.step(batch, LR)
    assert all(torch.equal(whole.theta[key], second.theta[key]) for key in whole.theta)
    assert all(torch.equal(value, second.weights()[key]) for key, value in whole.weights().items())


@pytest.mark.parametrize("name", [name for name in methods if methods.get(name).needs_source])
def test_the_source_is_bit_equal_after_training_statistics_too(name: str) -> None:
    assert source_stays(make_method(name))


def test_starts_are_pytorchs_of_what_is_trained_beside_the_target() -> None:
    """Uniform within 1/√fan-in, where the protocol's own start would be normal."""
    started = {
        "finetune": "target.classifier.weight",
        "spottune": "policy.classifier.weight",
        "lwf": "old.weight",
        "factor-transfer": "translator.0.weight",
    }
    for name, weight in started.items():
        value = make_method(name).theta[weight]
        bound = value[0].numel() ** -0.5
        assert 0.95 * bound < value.abs().max() <= bound, name


@pytest.mark.parametrize(
    ("name", "weight", "stream"),
    [
        ("finetune", "target.classifier.weight", ("target", "head")),
        ("spottune", "policy.classifier.weight", ("policy", "head")),
    ],
)
def test_heads_come_from_their_named_streams(name: str, weight: str, stream: tuple[str, ...]) -> None:
    method = make_method(name)
    value = method.theta[weight]
    layer = nn.Linear(value.shape[1], value.shape[0])
    start_as_torch(layer, method.setup.streams.generator(*stream))
    assert torch.equal(value, layer.weight)
