"""The matching loss and its parts against direct readings of the formulas, float64."""

import pytest
import torch
from torch.nn import functional

from l2t.errors import UsageError
from l2t.matching.loss import Weights, matching_loss
from l2t.matching.pairs import Pair, choose
from l2t.matching.which import resize_matrix
from l2t.methods.registry import methods
from l2t.models.registry import models


@pytest.mark.parametrize("size", [2, 4, 8, 16, 32])
def test_resize_matrix_equals_bilinear_interpolation(size: int) -> None:
    grid = torch.rand(2, 5, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = functional.interpolate(grid, (size, size), mode="bilinear", align_corners=False)
    torch.testing.assert_close((grid.flatten(2) @ resize_matrix(size)).view_as(expected), expected)


@pytest.mark.parametrize("basis", [True, False])
def test_loss_equals_the_weighted_mean_of_squares(basis: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    source, mapped = (torch.randn(4, 5, 8, 8, dtype=torch.float64, generator=generator) for _ in range(2))
    values = torch.rand(4, 5, 9 if basis else 64, dtype=torch.float64, generator=generator)
    matrix = resize_matrix(8) if basis else None
    gamma = (values @ matrix if matrix is not None else values).view(4, 5, 8, 8)
    expected = (gamma * (source - mapped) ** 2).mean((2, 3)).sum(1).mean()
    loss = matching_loss({0: source}, {0: mapped}, {0: Weights(values, matrix)})
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=0)


def test_the_thesis_has_fifteen_pairs_and_its_shorter_forms() -> None:
    source, target = models.get("resnet32"), models.get("vgg9")
    pairs = choose("all", source, target)
    assert len(pairs) == 15
    assert {pair.source for pair in pairs} == {4, 9, 14}
    assert choose("one-to-one", source, target) == (Pair(4, 0), Pair(9, 1), Pair(14, 2))
    assert choose("single", source, target) == (Pair(14, 2),)


def test_a_list_of_pairs_counts_stage_ends() -> None:
    source, target = models.get("resnet32"), models.get("vgg9")
    assert choose("2-0+0-4", source, target) == (Pair(4, 4), Pair(14, 0))
    ufm = methods.get("ufm")
    assert ufm(pairs="2-1+2-0+02-1") == ufm(pairs="2-0+2-1")
    for wrong in ("3-0", "0-5", "14-2", "0-0+3-0"):
        with pytest.raises(UsageError, match=r"no pair .*ResNet-32 has 3 \(0 to 2\).*VGG-9 has 5 \(0 to 4\)"):
            ufm(pairs=wrong).check(source, target)
