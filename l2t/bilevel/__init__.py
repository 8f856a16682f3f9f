"""Hypergradients through virtual SGD steps. Knows losses as callables of two dictionaries of tensors, and nothing of
transfer; of use to anyone with a bilevel problem."""

from l2t.bilevel.hypergradient import Loss, Outcome, hypergradient
from l2t.bilevel.sgd import SGD, Params

__all__ = ["SGD", "Loss", "Outcome", "Params", "hypergradient"]
