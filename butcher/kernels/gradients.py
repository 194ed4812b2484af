"""What goes back through a block: every row hands its gradient on, every value gathers its own.

`Row` gives the gradient g of a row, as it comes, to each value that was read; it computes nothing.
`Column` receives them, and makes c_1 g_1 + c_2 g_2 + ... of them at once: a column of the tableau,
as a row is a row of it. So autograd has nothing to add up, and neither saves a map for fixed h.

Between them run *edges*: tensors of the shape and type of the row that hold one element, and that
no one reads. What goes back along an edge, autograd casts to the edge's type; so it need not where
under autocast a value is of half precision and the row that reads it of single.

Asked for a graph of itself, the backward pass is written in torch's own arithmetic.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


class Row(torch.autograd.Function):
    """A row that has been computed, given the edges that lead back to what it read.

    With h among what is differentiated, its gradient is <g, X - s> / h, of the row X itself, the
    sum s of what stands `beside` h, and the gradient g of X: only the value of h must not be small.
    """

    @staticmethod
    def forward(
        ctx: Any,
        computed: Sequence[Tensor],
        beside: Sequence[tuple[Tensor, float]],
        h: Tensor | None,
        *edges: Tensor,
    ) -> Tensor:
        ctx.set_materialize_grads(False)
        ctx.count = len(edges)
        (value,) = computed
        if ctx.needs_input_grad[2]:
            ctx.coefficients = [1.0, *(-c for _, c in beside)]
            ctx.save_for_backward(h, value, *(x for x, _ in beside))
        return value

    @staticmethod
    def backward(ctx: Any, g: Tensor | None) -> tuple[Tensor | None, ...]:
        along_h = None
        if g is not None and ctx.needs_input_grad[2]:
            h, *terms = ctx.saved_tensors
            if torch.is_grad_enabled():
                inner = (g * plain_sum(terms, ctx.coefficients)).sum()
            else:
                inner = torch.ops.butcher.dot.default(terms, ctx.coefficients, g)
            along_h = (inner / h.reshape(())).to(h.dtype).reshape(h.shape)
        return None, None, along_h, *[g] * ctx.count


class Column(torch.autograd.Function):
    """A value x as `count` edges of type `dtype`; back comes h (c_1 g_1 + c_2 g_2 + ...).

    `coefficients` grows as rows read x: the i-th reader takes the i-th edge. With h among what is
    differentiated, x is saved, and the gradient of h is <x, c_1 g_1 + ...>, right for h = 0 too;
    unless the rows `recover` it.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        h: Tensor | None,
        coefficients: list[float],
        count: int,
        dtype: torch.dtype,
        recover: bool,
    ) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)
        ctx.coefficients, ctx.dtype = coefficients, x.dtype
        is_needed = ctx.needs_input_grad[1] and not recover
        ctx.save_for_backward(h, x if is_needed else None)
        edge = torch.empty((), dtype=dtype, device=x.device)
        return edge.expand(count, *x.shape).unbind()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        # An edge that no row has taken, or whose row led nowhere, brings nothing.
        pairs = zip(ctx.coefficients, gradients, strict=False)
        used = [(c, g) for c, g in pairs if g is not None]
        if not used:
            return (None,) * 6
        coefficients, terms = [c for c, _ in used], [g for _, g in used]
        h, x = ctx.saved_tensors
        if torch.is_grad_enabled():
            along_x, inner = plain_column(terms, coefficients, h, x)
        elif x is not None:
            along_x, inner = torch.ops.butcher.gather_dot.default(terms, coefficients, h, x)
        elif h is None and coefficients == [1.0]:
            along_x, inner = terms[0], None
        else:
            along_x, inner = torch.empty_like(terms[0], dtype=ctx.dtype), None
            free = len(terms) if h is None else 0
            torch.ops.butcher.gather.default([along_x], 0, terms, coefficients, h, free)
        along_h = None if inner is None else inner.to(h.dtype).reshape(h.shape)
        return along_x.to(ctx.dtype), along_h, None, None, None, None


def plain_sum(terms: Sequence[Tensor], coefficients: Sequence[float]) -> Tensor:
    """sum_j c_j x_j in arithmetic that autograd knows."""
    total = terms[0] * coefficients[0]
    for x, c in zip(terms[1:], coefficients[1:], strict=True):
        total = torch.add(total, x, alpha=c)
    return total


def plain_column(
    terms: Sequence[Tensor], coefficients: Sequence[float], h: Tensor | None, x: Tensor | None
) -> tuple[Tensor, Tensor | None]:
    """h d, and <x, d> where x is given, in arithmetic that autograd knows."""
    direction = plain_sum(terms, coefficients)
    inner = None if x is None else (x * direction).sum()
    return direction if h is None else h.reshape(()) * direction, inner
