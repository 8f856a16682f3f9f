"""Convolution and batch norm + ReLU whose backward passes are differentiable at little cost.

Both are pairs of autograd functions: the operation, and its backward pass as an operation of its own with a
hand-written derivative. Oracle for all derivatives: the same operations of torch, float64
(tests/numerics/test_second_order.py).
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

_Grads = tuple[Tensor | None, ...]


def _conv_backward(
    grad: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int, mask: tuple[bool, bool, bool]
) -> tuple[Tensor, Tensor, Tensor]:
    pair = [stride, stride], [padding, padding], [1, 1]
    result: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
        grad, x, weight, [weight.shape[0]], *pair, False, [0, 0], 1, list(mask)
    )
    return result


class _Conv(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return torch.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> _Grads:
        x, weight = ctx.saved_tensors
        mask = ctx.needs_input_grad[:3]
        return *_ConvBackward.apply(grads[0], x, weight, ctx.stride, ctx.padding, mask), None, None


class _ConvBackward(Function):
    @staticmethod
    def forward(
        ctx: Any, grad: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int, mask: tuple[bool, bool, bool]
    ) -> _Grads:
        ctx.save_for_backward(grad, x, weight)
        ctx.stride, ctx.padding = stride, padding
        ctx.set_materialize_grads(False)
        return _conv_backward(grad, x, weight, stride, padding, mask)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, u: Tensor | None, v: Tensor | None, s: Tensor | None) -> _Grads:
        """u, v, s: gradients with respect to the gradients of x, weight and bias."""
        grad, x, weight = ctx.saved_tensors
        stride, padding = ctx.stride, ctx.padding
        need_grad, need_x, need_weight = ctx.needs_input_grad[:3]
        d_grad = d_x = d_weight = None
        if need_grad:
            parts = []
            if v is not None:
                parts.append(torch.conv2d(x, v, s, stride, padding))
            elif s is not None:
                parts.append(s[:, None, None].expand_as(grad))
            if u is not None:
                parts.append(torch.conv2d(u, weight, None, stride, padding))
            d_grad = parts[0] + parts[1] if len(parts) == 2 else parts[0] if parts else None
        if need_x and v is not None:
            d_x = _conv_backward(grad, x, v, stride, padding, (True, False, False))[0]
        if need_weight and u is not None:
            d_weight = _conv_backward(grad, u, weight, stride, padding, (False, True, False))[1]
        return d_grad, d_x, d_weight, None, None, None


def conv2d(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int) -> Tensor:
    """Convolution of x [batch, before, height, width] with weight [after, before, kernel, kernel].

    Equivalent to `torch.nn.functional.conv2d`, up to the second derivative; a third one is refused by autograd.
    """
    out: Tensor = _Conv.apply(x, weight, bias, stride, padding)
    return out


def _channels(values: Tensor) -> Tensor:
    return values[:, None, None]


def _sum(product: Tensor) -> Tensor:
    return product.sum((0, 2, 3))


class _BatchNormReLU(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
        y, mean, inverse = torch.native_batch_norm(x, weight, bias, None, None, True, 0.0, eps)
        y.relu_()
        ctx.save_for_backward(x, weight, y, mean, inverse)
        ctx.eps = eps
        var = inverse.square().reciprocal().sub_(eps)
        ctx.mark_non_differentiable(mean, var)
        ctx.set_materialize_grads(False)
        return y, mean, var

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> _Grads:
        x, weight, y, mean, inverse = ctx.saved_tensors
        return *_BatchNormReLUBackward.apply(grads[0], x, weight, y.detach(), mean, inverse), None


class _BatchNormReLUBackward(Function):
    @staticmethod
    def forward(
        ctx: Any, grad: Tensor, x: Tensor, weight: Tensor, y: Tensor, mean: Tensor, inverse: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        through = torch.ops.aten.threshold_backward(grad, y, 0)
        d_x, d_weight, d_bias = torch.ops.aten.native_batch_norm_backward(
            through, x, weight, None, None, mean, inverse, True, 0.0, [True, True, True]
        )
        ctx.save_for_backward(through, x, weight, y, mean, inverse, d_weight, d_bias)
        ctx.set_materialize_grads(False)
        return d_x, d_weight, d_bias

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, u: Tensor | None, s: Tensor | None, t: Tensor | None) -> _Grads:
        """u, s, t: gradients with respect to the gradients of x, weight and bias.

        With x̂ the normalised x, i the inverse deviation, w the weight, g the gradient behind the ReLU and ⟨·⟩ the
        mean over batch and positions, the first derivative is d_x = w i (g − ⟨g⟩ − x̂⟨g x̂⟩),
        d_weight = Σ g x̂, d_bias = Σ g.
        """
        g, x, weight, y, mean, inverse, d_weight, d_bias = ctx.saved_tensors
        count = x.numel() // x.shape[1]
        hat = torch.addcmul(_channels(-mean * inverse), x, _channels(inverse))
        zero = torch.zeros_like(weight)
        s = zero if s is None else s
        t = zero if t is None else t
        g_mean, g_hat = d_bias / count, d_weight / count
        scale = weight * inverse
        if u is None:
            u = torch.zeros_like(x)
        u_mean, u_hat, u_g = _sum(u) / count, _sum(u * hat) / count, _sum(u * g) / count
        # the derivative of d_x · u in d_x's own direction, which reaches weight and, through i, x
        inner = u_g - u_mean * g_mean - u_hat * g_hat
        from_hat = s - scale * u_hat
        d_g = torch.addcmul(_channels(t - scale * u_mean), u, _channels(scale)).addcmul_(hat, _channels(from_hat))
        d_g = torch.ops.aten.threshold_backward(d_g, y, 0)
        # q = from_hat·g − scale·⟨g x̂⟩·u is the derivative in x̂; the rest is batch norm's own backward pass of q
        q_mean = from_hat * g_mean - scale * g_hat * u_mean
        q_hat = from_hat * g_hat - scale * g_hat * u_hat
        d_x = torch.addcmul(_channels(-q_mean * inverse), hat, _channels(-(q_hat + scale * inner) * inverse))
        d_x.addcmul_(g, _channels(from_hat * inverse)).addcmul_(u, _channels(-scale * g_hat * inverse))
        return d_g, d_x, count * inverse * inner, None, None, None


def batch_norm_relu(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """relu(batch norm) of x [batch, channels, height, width] with batch statistics.

    Returns the map, the batch's mean and its biased variance, both [channels] and without gradient.
    Equivalent to `torch.relu(torch.nn.functional.batch_norm(x, None, None, weight, bias, training=True))`.
    """
    out: tuple[Tensor, Tensor, Tensor] = _BatchNormReLU.apply(x, weight, bias, eps)
    return out
