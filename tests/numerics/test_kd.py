"""kd against its formula in plain softmaxes, and whom its gradient reaches, float64."""

import pytest
import torch
from setups import CLASSES, batches, make_method
from torch.func import functional_call

from l2t.methods.kd.method import softened
from l2t.methods.registry import methods

pytestmark = pytest.mark.usefixtures("double_precision")

LR = 0.05


@pytest.mark.parametrize(("temperature", "alpha"), [(4.0, 0.9), (1.0, 0.5), (2.5, 0.0), (4.0, 1.0)])
def test_the_loss_is_the_formula(temperature: float, alpha: float) -> None:
    method = make_method("kd", methods.get("kd")(temperature=temperature, alpha=alpha))
    given = batches(1)[0]
    student = functional_call(method.learner, method.theta, (given.images,))[0]
    teacher = method.teacher(given.images)[0]
    p = (teacher / temperature).exp() / (teacher / temperature).exp().sum(1, keepdim=True)
    q = (student / temperature).exp() / (student / temperature).exp().sum(1, keepdim=True)
    divergence = (p * (p / q).log()).sum() / len(student)
    plain = student.exp() / student.exp().sum(1, keepdim=True)
    ce = -plain[torch.arange(6), given.labels].log().mean()
    expected = alpha * temperature**2 * divergence + (1 - alpha) * ce
    torch.testing.assert_close(method.step(given, LR)["loss"], expected.detach(), rtol=1e-9, atol=1e-12)


def test_a_teacher_with_the_same_probabilities_costs_nothing_and_any_other_something() -> None:
    logits = torch.randn(6, CLASSES, generator=torch.Generator().manual_seed(1))
    assert softened(logits, logits + 3.0, 4.0).abs() < 1e-12  # the same distribution
    other = torch.randn(6, CLASSES, generator=torch.Generator().manual_seed(2))
    assert softened(other, logits, 4.0) > 0


def test_the_gradient_is_t_times_the_difference_of_the_softened_probabilities() -> None:
    generator = torch.Generator().manual_seed(1)
    teacher, student = (torch.randn(6, CLASSES, generator=generator) for _ in range(2))
    [grad] = torch.autograd.grad(softened(teacher, student.requires_grad_(), 4.0), student)
    expected = 4.0 * (torch.softmax(student / 4.0, 1) - torch.softmax(teacher / 4.0, 1)) / 6
    torch.testing.assert_close(grad, expected)


def test_teacher_and_source_are_bit_equal_after_training_and_the_whole_target_moves() -> None:
    method = make_method("kd")
    still = {"teacher": method.teacher, "source": method.setup.source}
    before = {key: {n: v.clone() for n, v in net.state_dict().items()} for key, net in still.items()}
    weights = {name: value.clone() for name, value in method.weights().items()}
    method.step(batches(1)[0], LR)
    for key, net in still.items():
        assert all(torch.equal(value, before[key][name]) for name, value in net.state_dict().items())
    assert all(not torch.equal(value, weights[name]) for name, value in method.weights().items())
