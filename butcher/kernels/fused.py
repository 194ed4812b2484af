"""The one Triton kernel: a linear combination, and its inner product with a further tensor.

Memory bounds it: every term is read once, in vectors of 16 bytes, and the result written once. It
has as many loads as terms, and no loop; 65 of them, a full row of 64 stages, still fit a thread's
registers.
"""

from collections.abc import Sequence

import torch
import triton
import triton.language as tl
from torch import Tensor

WARPS = 4
# What the threads of four warps read with one vector each, times two for the narrow types.
BLOCKS = {2: 1024, 4: 512, 8: 256}


@triton.jit  # type: ignore[untyped-decorator]
def kernel(  # type: ignore[no-untyped-def]
    out,
    terms,
    coefficients,
    h,
    against,
    partials,
    numel,
    free: tl.constexpr,
    accumulator: tl.constexpr,
    block: tl.constexpr,
):
    """out = s + h d and partials = <against, d>, for s of the first `free` terms, d of the rest.

    None for `out`, `h` or `against` leaves out what depends on it.
    """
    # 64 bits: a map of 2^31 elements is not beyond such a device
    at = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    inside = at < numel
    total = tl.zeros((block,), accumulator)
    direction = tl.zeros((block,), accumulator)
    for j in tl.static_range(len(terms)):
        x = tl.load(terms[j] + at, mask=inside, other=0).to(accumulator)
        if j < free:
            total += coefficients[j] * x
        else:
            direction += coefficients[j] * x
    if against is not None:
        y = tl.load(against + at, mask=inside, other=0).to(accumulator)
        tl.store(partials + tl.program_id(0), tl.sum(direction * y))
    if out is not None:
        if h is not None:
            total += tl.load(h).to(accumulator) * direction
        tl.store(out + at, total.to(out.dtype.element_ty), mask=inside)


def launch(
    out: Tensor | None,
    terms: Sequence[Tensor],
    coefficients: Sequence[float],
    h: Tensor | None,
    free: int,
    against: Tensor | None = None,
) -> Tensor | None:
    """Fill `out`; return <against, d> where that is asked for, of shape (), in the accumulator.

    Every tensor is dense and laid out like the others. Nothing waits for the device.
    """
    like = terms[0] if out is None else out
    tensors = [*terms, like]
    wide = any(x.dtype == torch.float64 for x in tensors)
    numel, block = like.numel(), BLOCKS[like.element_size()]
    programs = triton.cdiv(numel, block)
    partials = None
    if against is not None:
        kind = torch.float64 if wide else torch.float32
        partials = torch.empty(programs, dtype=kind, device=like.device)
    # A float that a kernel is given is one of 32 bits; one that is compiled in is not.
    numbers = [tl.constexpr(c) for c in coefficients] if wide else coefficients
    if numel:
        with torch.cuda.device_of(like):  # type: ignore[no-untyped-call]
            kernel[(programs,)](
                out,
                tuple(terms),
                tuple(numbers),
                h,
                against,
                partials,
                numel,
                free,
                tl.float64 if wide else tl.float32,
                block,
                num_warps=WARPS,
                enable_fp_fusion=True,
            )
    return None if partials is None else partials.sum()
