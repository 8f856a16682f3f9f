"""The feature matching loss, weighted per image by channel, pair and position."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Weights:
    """The weights of the squared differences of one target tap.

    values: [batch, channels, coefficients]; basis: [coefficients, height · width], the weight of position ij is
    Σ_k values_k basis_k,ij. One coefficient and a basis of ones weigh all positions alike; nine and the resize matrix
    of 3×3 are γ; basis None means that values hold every position.
    """

    values: Tensor
    basis: Tensor | None


def matching_loss(source: Mapping[int, Tensor], mapped: Mapping[int, Tensor], weights: Mapping[int, Weights]) -> Tensor:
    """(1/B) Σ_pairs Σ_bc (1/HW) Σ_ij weight_bcij (source − mapped)²_bcij.

    source, mapped: target tap → [batch, channels, height, width]; weights: target tap → λ_b w_bc γ_bcij.
    METHODS.md, L_wfm of l2tww and l2twww; with λ = 1, w = 1/C, γ = 1 the loss of ufm.
    The sum over positions is a product with the basis, so weights are never spread over the map. Oracle: the formula
    pair by pair with γ resized by `F.interpolate`, float64 (tests/numerics/test_matching.py).
    """
    terms = []
    for tap, target in mapped.items():
        squared = (source[tap] - target).square().flatten(2)
        weight = weights[tap]
        by_coefficient = squared if weight.basis is None else squared @ weight.basis.T
        terms.append((weight.values * by_coefficient).sum() / (squared.shape[0] * squared.shape[2]))
    return torch.stack(terms).sum()
