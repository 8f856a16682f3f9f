"""finetune and intermediate against torch's own optimiser and layers, and what must stay as it is, float64."""

from dataclasses import replace

import pytest
import torch
from setups import CLASSES, batches, make_method, make_setup
from torch import Tensor, nn
from torch.nn import functional

from l2t.methods.finetune.method import Finetune
from l2t.methods.intermediate.method import Intermediate
from l2t.methods.method import Method
from l2t.methods.registry import methods

pytestmark = pytest.mark.usefixtures("double_precision")

LR = 0.05


def clones(named: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in named.items()}


def module_of(method: Method) -> nn.Module:
    """The target network as an ordinary module with the method's weights."""
    module = method.setup.target
    module.load_state_dict(clones(method.weights()))
    return module


@pytest.mark.parametrize("backbone", ["tuned", "slow", "frozen"])
def test_three_steps_are_those_of_torchs_optimiser(backbone: str) -> None:
    config = methods.get("finetune")(backbone=backbone)
    method, oracle = make_method("finetune", config), make_method("finetune", config)
    module = module_of(oracle)
    module.train(backbone != "frozen")
    head = list(module.classifier.parameters())
    body = [value for name, value in module.named_parameters() if not name.startswith("classifier.")]
    rates = {"tuned": 1.0, "slow": 0.1}
    groups = [{"params": head, "lr": LR}]
    groups += [{"params": body, "lr": rates[backbone] * LR}] if backbone in rates else []
    sgd = torch.optim.SGD(groups, lr=LR, momentum=0.9, weight_decay=1e-4)
    for batch in batches(3):
        found = method.step(batch, LR)
        sgd.zero_grad()
        loss = functional.cross_entropy(module(batch.images)[0], batch.labels)
        loss.backward()
        sgd.step()
        torch.testing.assert_close(found["loss"], loss.detach())
    torch.testing.assert_close(method.weights(), dict(module.state_dict()), rtol=1e-9, atol=1e-12)


def test_all_but_the_classifier_starts_as_the_sources_and_the_classifier_as_torchs_default() -> None:
    method = make_method("finetune")
    source = method.setup.source.state_dict()
    body = {name: value for name, value in method.weights().items() if not name.startswith("classifier.")}
    assert body.keys() == {name for name in source if not name.startswith("classifier.")}
    assert all(torch.equal(value, source[name]) for name, value in body.items())
    head = method.weights()["classifier.weight"]
    bound = head.shape[1] ** -0.5
    assert head.shape == (CLASSES, 64)
    assert 0.8 * bound < head.abs().max() < bound
    assert torch.equal(head, make_method("finetune").weights()["classifier.weight"])


def test_frozen_features_are_bit_equal_after_training_running_statistics_too() -> None:
    method = make_method("finetune", methods.get("finetune")(backbone="frozen"))
    before = clones(method.weights())
    for batch in batches(3):
        method.step(batch, LR)
        method.logits(batch.images)
    after = method.weights()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"classifier.weight", "classifier.bias"}
    assert method.theta.keys() == {"target.classifier.weight", "target.classifier.bias"}


def test_intermediate_is_finetune_from_a_source_with_those_weights() -> None:
    setup = make_setup(methods.get("intermediate")(), "intermediate")
    middle = Intermediate(setup)
    plain = make_setup(methods.get("finetune")(), "finetune")
    body = {
        name: value for name, value in setup.artefacts["intermediate"].items() if not name.startswith("classifier.")
    }
    plain.source.load_state_dict(plain.source.state_dict() | body)
    finetune = Finetune(replace(plain, config=methods.get("finetune")()))
    for batch in batches(2):
        middle.step(batch, LR)
        finetune.step(batch, LR)
    assert all(torch.equal(value, finetune.theta[name]) for name, value in middle.theta.items())
    assert not torch.equal(middle.weights()["conv1.weight"], setup.source.state_dict()["conv1.weight"])
