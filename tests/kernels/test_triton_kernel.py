"""The Triton kernel: interpreted on the CPU, compiled for a device, and run on one."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from fused_blocks import Wave, fused

from butcher.kernels import gather, spread

pytest.importorskip("triton")

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def interpreted() -> dict[str, dict[str, float]]:
    """part -> case -> the error, in units of what rounding explains."""
    done = subprocess.run(
        [sys.executable, HERE / "interpreted.py"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("part", "cases"),
    [
        ("lengths", 101),
        ("types", 3),
        ("steps", 9),
        ("together", 18),
        ("sizes", 6),
        ("inner_products", 9),
        ("layouts", 8),
        ("blocks", 3),
    ],
)
def test_the_interpreted_kernel_is_off_by_roundings_alone(
    part: str, cases: int, interpreted: dict[str, dict[str, float]]
) -> None:
    found = interpreted[part]
    assert len(found) == cases
    assert {case: off for case, off in found.items() if not off <= 1} == {}


# ---------------------------------------------------------------- compiled, without a device


def compiled(terms: int, types: str = "bf16", *, rows: int = 1, column: bool = False) -> Any:
    """The kernel for an H100 or H200; addresses and sizes are those of whole vectors.

    rows     each leaves one of the terms out; the first has been begun, if there are several.
    column   with a trained step: what a value gets back, and the step.
    """
    from triton import compile
    from triton import language as tl
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from butcher.kernels.fused import BLOCKS, WARPS, kernel

    signature = {
        "totals": (f"*{types}",) * rows,
        "terms": (f"*{types}",) * terms,
        "coefficients": (("fp32",) * terms,) * rows,
        "h": "*fp32" if column else "constexpr",
        "against": f"*{types}" if column else "constexpr",
        "partials": "*fp32" if column else "constexpr",
        "numel": "i64",
        **dict.fromkeys(("reads", "opened", "free", "accumulator", "block"), "constexpr"),
    }
    values = {
        "reads": tuple(tuple(rows == 1 or i != j for j in range(terms)) for i in range(rows)),
        "opened": int(rows > 1),
        "free": 0 if column else terms,
        "accumulator": tl.float32,
        "block": BLOCKS[2 if types == "bf16" else 4],
    }
    if not column:
        values |= dict.fromkeys(("h", "against", "partials"))
    names = list(signature)
    constants = {(names.index(name),): value for name, value in values.items()}
    places = [(6,), *((0, i) for i in range(rows)), *((1, j) for j in range(terms))]
    places += [(4,)] if column else []
    aligned = {place: [["tt.divisibility", 16]] for place in places}
    source = ASTSource(kernel, signature, constants, aligned)
    options = {"num_warps": WARPS, "enable_fp_fusion": True}
    return compile(source, target=GPUTarget("cuda", 90, 32), options=options).asm


@pytest.mark.parametrize(
    ("terms", "types", "rows"), [(2, "bf16", 1), (16, "bf16", 1), (9, "fp32", 1), (9, "bf16", 4)]
)
def test_every_term_is_read_once_in_vectors_of_sixteen_bytes(
    terms: int, types: str, rows: int
) -> None:
    ptx = compiled(terms, types, rows=rows)["ptx"]
    begun = int(rows > 1)
    assert re.findall(r"ld\.global\.(\S+)", ptx) == ["v4.b32"] * (terms + begun)
    assert re.findall(r"st\.global\.(\S+)", ptx) == ["v4.b32"] * rows


def test_sums_are_kept_in_single_precision_and_rounded_once() -> None:
    ptx = compiled(5)["ptx"]
    assert "cvt.rn.bf16" in ptx
    assert not re.search(r"(fma|add|mul)\.\S*bf16", ptx)


def test_offsets_have_64_bits() -> None:
    text = compiled(2)["ttir"]
    assert re.findall(r"tt\.addptr .* tensor<1024x(i\d+)>", text) == ["i64"] * 3


def test_a_column_of_a_trained_step_reads_what_it_is_multiplied_with_once() -> None:
    ptx = compiled(4, column=True)["ptx"]
    assert len(re.findall(r"ld\.global\.v4\.b32", ptx)) == 5
    assert len(re.findall(r"ld\.global\.b32", ptx)) == 1  # h


# ---------------------------------------------------------------- on a device


@pytest.fixture
def device() -> torch.device:
    return torch.device("cuda")


@pytest.mark.gpu
@pytest.mark.parametrize("kind", ["fixed", "learned", "recovered"])
def test_a_block_on_the_device_is_the_one_on_the_cpu(kind: str, device: torch.device) -> None:
    block = fused("verner89", Wave, kind)
    u = torch.randn(3, 5, 7, 11, requires_grad=True)

    def ran() -> list[torch.Tensor]:
        y = block(u)
        return [x.cpu() for x in (y, *torch.autograd.grad(y.sum(), [u, *block.parameters()]))]

    wanted = ran()
    block.to(device)
    u = u.detach().to(device).requires_grad_()
    torch.testing.assert_close(ran(), wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.gpu
def test_a_block_is_captured_as_a_graph(device: torch.device) -> None:
    block = fused("rk4", Wave, "learned").to(device)
    u = torch.randn(2, 3, 8, 8, device=device, requires_grad=True)
    wanted = block(u)
    replayed = torch.cuda.make_graphed_callables(block, (u,))
    torch.testing.assert_close(replayed(u), wanted)


@pytest.mark.gpu
@pytest.mark.slow
def test_maps_of_more_than_two_to_the_31_elements(device: torch.device) -> None:
    size = 2**31 + 5
    if torch.cuda.mem_get_info()[0] < 4 * 2 * size:
        pytest.skip("the device has too little memory")
    x = torch.ones(size, dtype=torch.bfloat16, device=device)
    y = gather(spread(x, 1) + 0.5 * spread(x, 1))
    assert (y[-7:] == 1.5).all()
    assert (y[:7] == 1.5).all()
