"""The operators of `torch.ops.butcher`: a Triton kernel on CUDA, a chain of `add_` elsewhere.

With s = sum of c_j x_j over the first `free` terms, and d the same sum over the others:

    gather        X = s + h d, or X += s + h d, for one row X or for several that read the same
                  terms; back, what a value gets from the rows that read it
    gather_dot    h d, <against, d>: the latter, and the gradient of h that belongs to it
    dot           <against, d>: the gradient of h from what a row added

They are operators for whoever watches the dispatcher (modes that count, tensors without content).
What autograd needs to know is in `gradients`: no operator may return one tensor twice.
"""

from collections.abc import Sequence
from functools import cache, reduce
from importlib.util import find_spec

import torch
from torch import Tensor


def gather(
    totals: Sequence[Tensor],
    opened: int,
    terms: Sequence[Tensor],
    coefficients: Sequence[float],
    h: Tensor | None,
    free: int,
) -> None:
    """Fill `totals`, which are dense and laid out alike; the first `opened` are added to.

    coefficients   of each total in turn, one a term; where it is 0, the term is not read. Without
                   h, `free` is the number of terms.
    """
    count = len(terms)
    rows = [coefficients[i * count : (i + 1) * count] for i in range(len(totals))]
    if fuses([*totals, *terms]):
        from butcher.kernels.fused import launch

        launch(totals, opened, alike(terms, totals[0]), rows, h, free)
        return
    for i, (total, row) in enumerate(zip(totals, rows, strict=True)):
        read = [(x, c) for x, c in zip(terms, row, strict=True) if c]
        beside = sum(c != 0 for c in row[:free])
        add_up(total, i < opened, read[:beside], read[beside:], h)


def gather_dot(
    terms: Sequence[Tensor], coefficients: Sequence[float], h: Tensor, against: Tensor
) -> tuple[Tensor, Tensor]:
    """h d in the type of `against`, and <against, d> in at least single precision."""
    out = torch.empty_like(against)
    if fuses([*terms, against]):
        from butcher.kernels.fused import launch

        beside = alike([against], out)[0]
        inner = launch([out], 0, alike(terms, out), [coefficients], h, 0, beside)
        assert inner is not None
        return out, inner
    direction = combined(terms, coefficients)
    inner = inner_product(direction, against)
    return torch.mul(direction, h.reshape(()), out=out), inner


def dot(terms: Sequence[Tensor], coefficients: Sequence[float], against: Tensor) -> Tensor:
    """<against, d> in at least single precision."""
    if fuses([*terms, against]):
        from butcher.kernels.fused import launch

        first, *others = alike([against, *terms], torch.empty_like(against, device="meta"))
        inner = launch([], 0, others, [coefficients], None, 0, first)
        assert inner is not None
        return inner
    return inner_product(combined(terms, coefficients), against)


# ---------------------------------------------------------------- without Triton


def add_up(
    total: Tensor,
    is_open: bool,
    beside: list[tuple[Tensor, float]],
    along: list[tuple[Tensor, float]],
    h: Tensor | None,
) -> None:
    """total (+)= s + h d, in the widest type that occurs, the terms in their order."""
    buffer = total
    if (wide := widest([total, *(x for x, _ in beside + along)])) != total.dtype:
        buffer = total.to(wide) if is_open else torch.empty_like(total, dtype=wide)
    if beside:
        chain(buffer, is_open, beside)
    if along:
        assert h is not None
        direction, step = torch.empty_like(buffer), h.to(wide).reshape(())
        chain(direction, False, along)
        if beside or is_open:
            buffer.addcmul_(direction, step)
        else:
            torch.mul(direction, step, out=buffer)
    if buffer is not total:
        total.copy_(buffer)


def chain(total: Tensor, is_open: bool, terms: Sequence[tuple[Tensor, float]]) -> None:
    """total (+)= c_1 x_1 + c_2 x_2 + ..., one `add_` after the other."""
    if not is_open:
        (x, c), *terms = terms
        if c != 1:
            torch.mul(x, c, out=total)
        elif terms:
            (y, d), *terms = terms
            torch.add(x, y, alpha=d, out=total)
        else:
            total.copy_(x)
    for x, c in terms:
        total.add_(x, alpha=c)


def combined(terms: Sequence[Tensor], coefficients: Sequence[float]) -> Tensor:
    total = torch.empty_like(terms[0], dtype=widest(terms))
    chain(total, False, list(zip(terms, coefficients, strict=True)))
    return total


def inner_product(x: Tensor, y: Tensor) -> Tensor:
    kind = widest([x, y], torch.float32)
    return torch.sum(x.to(kind) * y.to(kind))


def widest(tensors: Sequence[Tensor], least: torch.dtype | None = None) -> torch.dtype:
    """The type that holds them all; for sums of half precision, `least` is a wider one."""
    kinds = [x.dtype for x in tensors]
    return reduce(torch.promote_types, kinds, least or kinds[0])


# ---------------------------------------------------------------- with Triton


def fuses(terms: Sequence[Tensor]) -> bool:
    """Whether the kernel is for these: real numbers on a CUDA device, and Triton is there."""
    return all(x.is_cuda and x.is_floating_point() for x in terms) and has_triton()


@cache
def has_triton() -> bool:
    return find_spec("triton") is not None


def alike(terms: Sequence[Tensor], like: Tensor) -> list[Tensor]:
    """The terms, those copied whose elements lie in memory in another order than those of `like`.

    `like` is dense, as `empty_like` makes it: then all are, and the kernel may walk them flat.
    """
    order = like.stride()
    return [x if x.stride() == order else moved(x, like) for x in terms]


def moved(x: Tensor, like: Tensor) -> Tensor:
    """A copy that lies like `like`; x itself if it does, where strides matter."""
    if strides(x) == strides(like):
        return x
    return torch.empty_like(like, dtype=x.dtype, device=x.device).copy_(x)


def strides(x: Tensor) -> tuple[int, ...]:
    """Those that matter: of dimensions with more than one element."""
    return tuple(s for n, s in zip(x.shape, x.stride(), strict=True) if n > 1)


# ---------------------------------------------------------------- the operators


def fake_gather(
    totals: Sequence[Tensor],
    opened: int,
    terms: Sequence[Tensor],
    coefficients: Sequence[float],
    h: Tensor | None,
    free: int,
) -> None:
    """Nothing is left to make."""


def fake_gather_dot(
    terms: Sequence[Tensor], coefficients: Sequence[float], h: Tensor, against: Tensor
) -> tuple[Tensor, Tensor]:
    return torch.empty_like(against), fake_dot(terms, coefficients, against)


def fake_dot(terms: Sequence[Tensor], coefficients: Sequence[float], against: Tensor) -> Tensor:
    return against.new_empty((), dtype=widest([*terms, against], torch.float32))


TERMS = "Tensor[] terms, float[] coefficients"
for name, schema, run, fake in (
    (
        "gather",
        f"(Tensor(a!)[] totals, int opened, {TERMS}, Tensor? h, int free) -> ()",
        gather,
        fake_gather,
    ),
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
