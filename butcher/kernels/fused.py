"""The one Triton kernel: linear combinations of the same maps, and an inner product with one.

Memory bounds it: it reads every term once, in vectors of 16 bytes, however many rows it writes. It
has no loop: 65 terms in one row, or 16 terms in 16 rows, still fit a thread's registers.
"""

from collections.abc import Sequence

import torch
import triton
import triton.language as tl
from torch import Tensor

WARPS = 4
# What the threads of four warps read with one vector each, of an element's size in bytes.
BLOCKS = {2: 1024, 4: 512, 8: 256}


@triton.jit  # type: ignore[untyped-decorator]
def kernel(  # type: ignore[no-untyped-def]
    totals,
    terms,
    coefficients,
    h,
    against,
    partials,
    numel,
    reads: tl.constexpr,
    opened: tl.constexpr,
    free: tl.constexpr,
    accumulator: tl.constexpr,
    block: tl.constexpr,
):
    """totals[r] (+)= s_r + h d_r, s of the first `free` terms, d of the rest; the first `opened`
    totals are added to, and reads[r][j] says whether row r has term j.

    With `against`, partials = <against, d> of the only row, which then need not have a total.
    """
    # 64 bits: a map of 2^31 elements is not beyond such a device
    at = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    inside = at < numel
    xs = ()
    for j in tl.static_range(len(terms)):
        x = tl.load(terms[j] + at, mask=inside, other=0).to(accumulator)
        xs = xs + (x,)  # type: ignore[assignment]  # noqa: RUF005 - triton knows no star
    for r in tl.static_range(len(reads)):
        total = tl.zeros((block,), accumulator)
        direction = tl.zeros((block,), accumulator)
        if r < opened:
            total += tl.load(totals[r] + at, mask=inside, other=0).to(accumulator)
        for j in tl.static_range(len(terms)):
            if reads[r][j]:
                if j < free:
                    total += coefficients[r][j] * xs[j]
                else:
                    direction += coefficients[r][j] * xs[j]
        if against is not None:
            y = tl.load(against + at, mask=inside, other=0).to(accumulator)
            tl.store(partials + tl.program_id(0), tl.sum(direction * y))
        if r < len(totals):
            if h is not None:
                total += tl.load(h).to(accumulator) * direction
            tl.store(totals[r] + at, total.to(totals[r].dtype.element_ty), mask=inside)


def launch(
    totals: Sequence[Tensor],
    opened: int,
    terms: Sequence[Tensor],
    rows: Sequence[Sequence[float]],
    h: Tensor | None,
    free: int,
    against: Tensor | None = None,
) -> Tensor | None:
    """Fill `totals`; return <against, d> where that is asked for, of shape (), in the accumulator.

    Every tensor is dense and laid out like the others. Nothing waits for the device.
    """
    tensors = [*totals, *terms] if against is None else [*totals, *terms, against]
    like = tensors[0]
    wide = any(x.dtype == torch.float64 for x in tensors)
    numel, block = like.numel(), BLOCKS[like.element_size()]
    programs = triton.cdiv(numel, block)
    partials = None
    if against is not None:
        kind = torch.float64 if wide else torch.float32
        partials = torch.empty(programs, dtype=kind, device=like.device)
    # A float that a kernel is given is one of 32 bits; one that is compiled in is not.
    numbers = tuple(tuple(tl.constexpr(c) if wide else c for c in row) for row in rows)
    if numel:
        with torch.cuda.device_of(like):  # type: ignore[no-untyped-call]
            kernel[(programs,)](
                tuple(totals),
                tuple(terms),
                numbers,
                h,
                against,
                partials,
                numel,
                tuple(tuple(c != 0 for c in row) for row in rows),
                opened,
                free,
                tl.float64 if wide else tl.float32,
                block,
                num_warps=WARPS,
                enable_fp_fusion=True,
            )
    return None if partials is None else partials.sum()
