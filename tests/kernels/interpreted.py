"""Runs the Triton kernel on the CPU, under Triton's interpreter, and prints what it found as JSON.

A process of its own: the interpreter is chosen when triton is imported. Of every case it says by
how much of what rounding explains the kernel is off at worst; more than 1 is wrong.
"""

import json
import os
import random
from collections.abc import Sequence

os.environ["TRITON_INTERPRET"] = "1"

import torch
from fused_blocks import Wave, fused
from torch import Tensor

from butcher.kernels import operations

DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
# Odd: the last block is not full, and for one type or another there is more than one.
SIZE = 1337


def off(found: Tensor, exact: Tensor, magnitude: Tensor, kept: torch.dtype, terms: int) -> float:
    """The worst error in units of one rounding to the result's type, and one a term in the sum."""
    assert found.dtype.is_floating_point
    assert exact.dtype == torch.float64
    # The interpreter cuts bfloat16 off, where a device rounds to the nearest.
    unit = 1.0 if found.dtype == torch.bfloat16 else 0.5
    eps, fine = unit * torch.finfo(found.dtype).eps, torch.finfo(kept).eps
    smallest = torch.finfo(found.dtype).tiny
    bound = eps * exact.abs() + (terms + 2) * fine * magnitude + smallest
    return float(((found.double() - exact).abs() / bound).max())


def combination(
    dtypes: Sequence[torch.dtype],
    coefficients: Sequence[float],
    out: torch.dtype,
    h: Tensor | None = None,
    free: int | None = None,
    size: int = SIZE,
) -> float:
    free = len(dtypes) if free is None else free
    terms = [torch.randn(size, dtype=torch.float64).to(dtype) for dtype in dtypes]
    found = torch.full((size,), float("nan"), dtype=out)
    operations.gather([found], 0, terms, coefficients, h, free)
    step = 1.0 if h is None else float(h)
    scales = [c * (1 if j < free else step) for j, c in enumerate(coefficients)]
    parts = [c * x.double() for c, x in zip(scales, terms, strict=True)]
    kept = torch.float64 if torch.float64 in (*dtypes, out) else torch.float32
    magnitude = sum(p.abs() for p in parts)
    assert isinstance(magnitude, Tensor)
    return off(found, torch.stack(parts).sum(0), magnitude, kept, len(terms))


def numbers(count: int) -> list[float]:
    """Signs, sizes from 1e-3 to 1e3, and ones."""
    draw = random.Random(count)
    sizes = [draw.choice([1.0, -1.0, 10 ** draw.uniform(-3, 3)]) for _ in range(count)]
    return [draw.choice([1, -1]) * size for size in sizes]


def lengths() -> dict[str, float]:
    half = {n: [DTYPES[(n + i) % 4] for i in range(n)] for n in range(1, 21)}
    found = {}
    for n in range(1, 21):
        for dtype in DTYPES:
            # no sum may leave what float16 can hold
            cs = [c / 100 for c in numbers(n)] if dtype == torch.float16 else numbers(n)
            found[f"{n} terms, {dtype}"] = combination([dtype] * n, cs, dtype)
        found[f"{n} terms of all types"] = combination(half[n], numbers(n), torch.float32)
    found["65 terms"] = combination([torch.bfloat16] * 65, numbers(65), torch.bfloat16)
    return found


def types() -> dict[str, float]:
    """What autocast makes: a state in single precision, evaluations in half, and back."""
    single, half = torch.float32, torch.bfloat16
    return {
        "a row under autocast": combination([single, half, half], [1, 0.3, -0.7], single),
        "a column under autocast": combination([single] * 4, numbers(4), half),
        "Verner's largest coefficients": combination(
            [half] * 4, [1.0, -574.4363925623015, 626.941484897877, -328.69135802469134], half
        ),
    }


def steps() -> dict[str, float]:
    found = {}
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        h = torch.tensor([0.3], dtype=torch.float64).to(dtype)
        for free in (0, 1, 2):
            cs = numbers(5)
            found[f"h, {dtype}, {free} terms beside it"] = combination(
                [dtype] * 5, cs, dtype, h, free
            )
    return found


def together() -> dict[str, float]:
    """Several rows of the same terms: some begun before, none reads all, two types."""
    found = {}
    for h in (None, torch.tensor([0.3])):
        for opened in (0, 1, 3):
            terms = [torch.randn(SIZE).to(torch.float32) for _ in range(6)]
            kinds = [torch.float32, torch.float64, torch.float32]
            before = [torch.randn(SIZE).to(kind) for kind in kinds]
            totals = [
                x.clone() if i < opened else torch.full_like(x, float("nan"))
                for i, x in enumerate(before)
            ]
            # what is not read may hold anything
            terms[2][:] = float("inf")
            matrix = [[1, 0.5, 0, 0, 2, 0], [1, 0, 0, -3, 0.1, 7], [0, 0.25, 0, 1, 0, 0]]
            free, step = (2, 0.3) if h is not None else (6, 1.0)
            operations.gather(totals, opened, terms, [float(c) for r in matrix for c in r], h, free)
            for i, row in enumerate(matrix):
                scales = [c * (1 if j < free else step) for j, c in enumerate(row)]
                parts = [c * x.double() for c, x in zip(scales, terms, strict=True) if c]
                parts += [before[i].double()] * (i < opened)
                exact, about = torch.stack(parts).sum(0), torch.stack(parts).abs().sum(0)
                case = f"row {i} of 3, {opened} begun, h {step}"
                found[case] = off(totals[i], exact, about, torch.float64, len(parts))
    return found


def sizes() -> dict[str, float]:
    return {
        f"{size} elements": combination([torch.float32] * 3, numbers(3), torch.float32, size=size)
        for size in (1, 2, 511, 512, 513, 5000)
    }


def inner_products() -> dict[str, float]:
    found = {}
    for dtype in DTYPES[:3]:
        terms = [torch.randn(3, SIZE).to(dtype) for _ in range(4)]
        against, h = torch.randn(3, SIZE).to(dtype), torch.tensor([0.3]).to(dtype)
        cs = numbers(4)
        out, inner = operations.gather_dot(terms, cs, h, against)
        alone = operations.dot(terms, cs, against)
        direction = sum(c * x.double() for c, x in zip(cs, terms, strict=True))
        magnitude = sum(abs(c) * x.double().abs() for c, x in zip(cs, terms, strict=True))
        assert isinstance(direction, Tensor)
        assert isinstance(magnitude, Tensor)
        assert out.dtype == dtype
        step = float(h)
        kept = torch.promote_types(dtype, torch.float32)
        found[f"h d, {dtype}"] = off(out, step * direction, abs(step) * magnitude, kept, 4)
        exact = (direction * against.double()).sum()
        about = (magnitude * against.double().abs()).sum()
        for name, value in (("beside h d", inner), ("alone", alone)):
            assert value.dtype == kept
            assert value.shape == ()
            found[f"<x, d> {name}, {dtype}"] = off(value, exact, about, kept, 16)
    return found


def layouts() -> dict[str, float]:
    """Channels last, mixed layouts, views with gaps, one element, none."""
    found = {}
    shape = (2, 5, 3, 7)
    x, y = torch.randn(shape), torch.randn(shape)
    last = torch.channels_last
    kinds = {
        "both channels last": (x.to(memory_format=last), y.to(memory_format=last)),
        "one of them": (x.to(memory_format=last), y),
        "the other": (x, y.to(memory_format=last)),
        "with gaps": (torch.randn(2, 5, 3, 14)[..., ::2], torch.randn(2, 10, 3, 7)[:, 5:]),
        "expanded": (x, torch.randn(1, 5, 1, 1).expand(shape)),
        "transposed": (torch.randn(7, 3, 5, 2).permute(3, 2, 1, 0), y),
        "no dimension": (torch.randn(()), torch.randn(())),
        "nothing": (torch.randn(0, 3), torch.randn(0, 3)),
    }
    for name, (a, b) in kinds.items():
        out = torch.empty_like(a)
        operations.gather([out], 0, [a, b], [1.0, -0.5], None, 2)
        inner = operations.dot([a, b], [1.0, -0.5], b)
        exact = a - 0.5 * b
        wrong = float((out - exact).abs().sum() + (inner - (exact * b).sum()).abs())
        assert out.shape == exact.shape
        found[name] = wrong / 1e-12
    return found


def blocks() -> dict[str, float]:
    """Whole blocks, and what they send back, against the chain of `add_`."""
    found = {}
    interpreted, chosen = operations.fuses, operations.fuses
    for kind in ("fixed", "learned", "recovered"):
        block = fused("dopri54", Wave, kind)
        u = torch.randn(2, 3, 5, requires_grad=True)
        results = []
        for chosen in (interpreted, lambda terms: False):
            operations.fuses = chosen
            y = block(u)
            results.append([y, *torch.autograd.grad(y.sin().sum(), [u, *block.parameters()])])
        operations.fuses = interpreted
        pairs = zip(*results, strict=True)
        found[f"dopri54, {kind} h"] = (
            max(float((a - b).detach().abs().max()) for a, b in pairs) / 1e-11
        )
    return found


def main() -> None:
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    operations.fuses = lambda terms: True
    parts = (lengths, types, steps, together, sizes, inner_products, layouts, blocks)
    print(json.dumps({part.__name__: part() for part in parts}))


if __name__ == "__main__":
    main()
