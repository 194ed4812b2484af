"""The operators of `torch.ops.butcher`: a Triton kernel on CUDA, a chain of `add_` elsewhere.

With s = sum of c_j x_j over the first `free` terms, and d the same sum over the others:

    gather        s + h d             a row; back, what a value gets from the rows that read it
    gather_dot    h d, <against, d>   the same, and the gradient of h that belongs to it
    dot           <against, d>        the gradient of h from what a row added

They are operators for whoever watches the dispatcher (modes that count, tensors without content).
What autograd needs to know is in `gradients`: no operator may return one tensor twice.
"""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec

import torch
from torch import Tensor


def gather(
    terms: Sequence[Tensor],
    coefficients: Sequence[float],
    h: Tensor | None,
    free: int,
    dtype: torch.dtype,
) -> Tensor:
    """s + h d in `dtype`. Without h, `free` is the number of terms."""
    if fuses(terms):
        from butcher.kernels.fused import launch

        out = torch.empty_like(terms[0], dtype=dtype)
        launch(out, alike(terms, out), coefficients, h, free)
        return out
    if h is None:
        return chain(terms, coefficients).to(dtype)
    direction = chain(terms[free:], coefficients[free:])
    if not free:
        return direction.mul_(h.reshape(())).to(dtype)
    total = chain(terms[:free], coefficients[:free])
    return total.addcmul_(direction.to(total.dtype), h.to(total.dtype).reshape(())).to(dtype)


def gather_dot(
    terms: Sequence[Tensor], coefficients: Sequence[float], h: Tensor, against: Tensor
) -> tuple[Tensor, Tensor]:
    """h d in the type of `against`, and <against, d> in at least single precision."""
    if fuses([*terms, against]):
        from butcher.kernels.fused import launch

        out = torch.empty_like(against)
        inner = launch(out, alike(terms, out), coefficients, h, 0, *alike([against], out))
        assert inner is not None
        return out, inner
    direction = chain(terms, coefficients)
    inner = inner_product(direction, against)
    return direction.mul_(h.reshape(())).to(against.dtype), inner


def dot(terms: Sequence[Tensor], coefficients: Sequence[float], against: Tensor) -> Tensor:
    """<against, d> in at least single precision."""
    if fuses([*terms, against]):
        from butcher.kernels.fused import launch

        like = torch.empty_like(terms[0], device="meta")
        inner = launch(None, alike(terms, like), coefficients, None, 0, *alike([against], like))
        assert inner is not None
        return inner
    return inner_product(chain(terms, coefficients), against)


def fake_gather(
    terms: Sequence[Tensor],
    coefficients: Sequence[float],
    h: Tensor | None,
    free: int,
    dtype: torch.dtype,
) -> Tensor:
    return torch.empty_like(terms[0], dtype=dtype)


def fake_gather_dot(
    terms: Sequence[Tensor], coefficients: Sequence[float], h: Tensor, against: Tensor
) -> tuple[Tensor, Tensor]:
    return torch.empty_like(against), against.new_empty((), dtype=accumulator(against))


def fake_dot(terms: Sequence[Tensor], coefficients: Sequence[float], against: Tensor) -> Tensor:
    return against.new_empty((), dtype=accumulator(against))


# ---------------------------------------------------------------- without Triton


def chain(terms: Sequence[Tensor], coefficients: Sequence[float]) -> Tensor:
    """sum_j c_j x_j in a buffer of its own, the terms added in their order and in their type."""
    first, rest = terms[0], list(zip(terms[1:], coefficients[1:], strict=True))
    if coefficients[0] != 1:
        total = torch.mul(first, coefficients[0])
    elif rest:
        x, c = rest.pop(0)
        total = torch.add(first, x, alpha=c)
    else:
        total = first.clone()
    for x, c in rest:
        total.add_(x, alpha=c)
    return total


def inner_product(x: Tensor, y: Tensor) -> Tensor:
    kind = torch.promote_types(accumulator(x), accumulator(y))
    (y,) = alike([y.to(kind)], x)
    return torch.sum(x.to(kind) * y)


def accumulator(x: Tensor) -> torch.dtype:
    """The type that sums of such numbers are kept in."""
    return torch.promote_types(x.dtype, torch.float32)


# ---------------------------------------------------------------- with Triton


def fuses(terms: Sequence[Tensor]) -> bool:
    """Whether the kernel is for these: real numbers on a CUDA device, and Triton is there."""
    return terms[0].is_cuda and all(x.is_floating_point() for x in terms) and has_triton()


@cache
def has_triton() -> bool:
    return find_spec("triton") is not None


def alike(terms: Sequence[Tensor], like: Tensor) -> list[Tensor]:
    """The terms, those copied whose elements lie in memory in another order than those of `like`.

    `like` is dense, as `empty_like` makes it: then all are, and the kernel may walk them flat.
    """
    order = strides(like)
    return [
        x
        if strides(x) == order
        else torch.empty_like(like, dtype=x.dtype, device=x.device).copy_(x)
        for x in terms
    ]


def strides(x: Tensor) -> tuple[int, ...]:
    """Those that matter: of dimensions with more than one element."""
    return tuple(s for n, s in zip(x.shape, x.stride(), strict=True) if n > 1)


# ---------------------------------------------------------------- the operators

TERMS = "Tensor[] terms, float[] coefficients"
for name, schema, run, fake in (
    ("gather", f"({TERMS}, Tensor? h, int free, ScalarType dtype) -> Tensor", gather, fake_gather),
    (
        "gather_dot",
        f"({TERMS}, Tensor h, Tensor against) -> (Tensor, Tensor)",
        gather_dot,
        fake_gather_dot,
    ),
    ("dot", f"({TERMS}, Tensor against) -> Tensor", dot, fake_dot),
):
    torch.library.define(f"butcher::{name}", schema)
    torch.library.impl(f"butcher::{name}", "default", run)
    torch.library.register_fake(f"butcher::{name}", fake)
