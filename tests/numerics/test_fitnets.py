"""fitnets: its hint stage against the formula read pair by pair, its second stage against scratch, float64."""

from dataclasses import replace

import pytest
import torch
from oracles.small import source_stays
from setups import CLASSES, batches, make_method, make_setup
from torch.func import functional_call
from torch.nn import functional

from l2t.methods.fitnets.config import Hint
from l2t.methods.fitnets.method import Fitnets, HintStage
from l2t.methods.registry import methods
from l2t.methods.scratch.method import Scratch

pytestmark = pytest.mark.usefixtures("double_precision")

LR = 0.05


def test_the_hint_stage_is_torchs_sgd_on_the_last_pairs_mean_squared_difference() -> None:
    method, oracle = (HintStage(make_setup(Hint())) for _ in range(2))
    learner = oracle.learner
    for name, value in learner.named_parameters():
        value.data.copy_(oracle.theta[name])
    sgd = torch.optim.SGD(learner.parameters(), lr=LR, momentum=0.9, weight_decay=1e-4)
    for batch in batches(3):
        found = method.step(batch, LR)
        taps = learner.target(batch.images)[1]
        target = learner.adapters.maps["2"](taps[2])
        with torch.no_grad():
            source = oracle.source(batch.images)[1][2]
        resized = functional.interpolate(source, target.shape[2:], mode="bilinear", align_corners=False)
        loss = (resized - target).square().mean()
        sgd.zero_grad()
        loss.backward()
        for value in learner.parameters():  # what the loss does not reach still decays
            value.grad = torch.zeros_like(value) if value.grad is None else value.grad
        sgd.step()
        torch.testing.assert_close(found["loss"], loss.detach(), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(method.weights(), dict(learner.target.state_dict()), rtol=1e-9, atol=1e-12)
    assert source_stays(method)


def test_the_hint_reaches_the_layers_up_to_its_tap_and_its_adapter_and_no_other() -> None:
    method = HintStage(make_setup(Hint(), target="vgg9", size=32))
    batch = batches(1, 32)[0]
    theta = {name: value.requires_grad_() for name, value in method.theta.items()}
    maps = method.maps(batch.images)
    loss = method.matched_losses(theta, batch, maps, method.even)[1]["matching"]
    grads = torch.autograd.grad(loss, list(theta.values()), allow_unused=True)
    reached = {name for name, grad in zip(theta, grads, strict=True) if grad is not None and bool(grad.any())}
    layers = {".".join(name.split(".")[1:3]) for name in reached}
    assert layers == {"maps.2"} | {f"features.{index}" for index in (0, 1, 3, 4, 6, 7, 8, 9)}


def test_the_second_stage_is_scratch_from_the_hint_stages_weights() -> None:
    setup = make_setup(methods.get("fitnets")(), "fitnets")
    again = make_setup(methods.get("scratch")(), "scratch")
    again.target.load_state_dict(setup.artefacts["hint"])
    method, plain = Fitnets(setup), Scratch(replace(again, config=methods.get("scratch")()))
    for batch in batches(3):
        method.step(batch, LR)
        plain.step(batch, LR)
    assert all(torch.equal(value, plain.weights()[name]) for name, value in method.weights().items())
    assert all(not value.any() for value in make_method("fitnets").buffers.values())
    assert functional_call(method.learner, method.theta, (batches(1)[0].images,))[0].shape == (6, CLASSES)
