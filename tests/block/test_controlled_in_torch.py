"""What torch does with modules, it does with blocks that control their step."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from block.nets import Mix, Scaled, TimedMix
from torch import Tensor, nn

import butcher

TIMED = butcher.load("dopri54").source.text.replace(
    "order 5(4)\n", "order 5(4)\n  ode u' = f(t, u)\n"
)
LENGTH = butcher.load("bs32").source.text.replace("order 3(2)\n", "order 3(2)\n  learn h = 1\n")


def controlled(name: str, f: Any = Mix, **given: Any) -> nn.Module:
    """A block that rejects its first step, and then takes several."""
    given = {"h": 3.0, "rtol": 1e-3, "atol": 1e-3, "weights": "shared", **given}
    return butcher.make_block(name, f, step="controlled", **given).eval()


def told(block: nn.Module) -> list[Any]:
    return [x.tolist() for x in (block.accepted, block.rejected, block.evaluations)]


@pytest.mark.parametrize(
    ("name", "f", "given"),
    [
        ("bs32", Scaled, {}),
        ("bs32", Scaled, {"per": "sample", "controller": "PID", "detach": False}),
        ("cashkarp45", Scaled, {"per": "sample"}),
        ("heun2", Scaled, {"detach": False, "first_step": 0.5, "rtol": 0.1}),
        (TIMED, TimedMix, {"per": "sample", "relative_to": "state"}),
        (LENGTH, Scaled, {}),
        ("bs32", Scaled, {"weights": "per-stage", "rtol": 0.1, "atol": 0.1}),
    ],
    ids=["fsal", "per-sample", "plain", "through", "timed", "length", "per-stage"],
)
def test_compiles_as_one_graph_and_trains(name: str, f: Any, given: dict[str, Any]) -> None:
    """Also where the state needs no gradient, which `torch.while_loop` would take for constant."""
    block = controlled(name, f, **given)
    compiled = torch.compile(block, fullgraph=True, backend="aot_eager")
    u = torch.randn(3, 3, 2, 2)
    eager = block(u)
    counts = told(block)
    one_graph = compiled(u)
    assert told(block) == counts
    torch.testing.assert_close(eager, one_graph, rtol=1e-12, atol=1e-13)
    parameters = [p for p in block.parameters() if p.requires_grad]
    if "per-stage" in given.values():
        parameters = list(block.f[:-1].parameters())  # the last feeds the estimate only
    left = torch.autograd.grad(eager.square().sum(), parameters)
    right = torch.autograd.grad(one_graph.square().sum(), parameters)
    torch.testing.assert_close(left, right, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("per", ["batch", "sample"])
def test_compiled_steps_that_do_not_suffice_are_nan(per: str) -> None:
    block = controlled("bs32", nn.Tanh, rtol=1e-6, atol=1e-6, max_steps=12, per=per)
    compiled = torch.compile(block, fullgraph=True, backend="eager")
    result = compiled(torch.tensor([[0.0, 0.0], [1.0, -1.0]]))
    assert result[1].isnan().all()
    assert result[0].isnan().any() == (per == "batch")


@pytest.mark.parametrize("per", ["batch", "sample"])
@pytest.mark.parametrize("name", ["bs32", "verner65"])
def test_exports_for_every_batch_size(name: str, per: str) -> None:
    block = controlled(name, Scaled, per=per)
    batch = torch.export.Dim("batch", min=2, max=64)
    example = (torch.randn(3, 3, 4, 4),)
    with torch.no_grad():
        program = torch.export.export(block, example, dynamic_shapes=({0: batch},))
    larger = 2 * torch.randn(7, 3, 4, 4)
    torch.testing.assert_close(program.module()(larger), block(larger), rtol=1e-12, atol=1e-13)
    assert block.evaluations is not None


@pytest.mark.slow
@pytest.mark.parametrize("per", ["batch", "sample"])
@pytest.mark.filterwarnings("ignore")
def test_onnx_runtime_computes_the_same(per: str, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra export")
    pytest.importorskip("onnxscript", reason="needs the extra export")
    torch.set_default_dtype(torch.float32)
    block = controlled("bs32", per=per)
    path = tmp_path / "block.onnx"
    with torch.no_grad():
        torch.onnx.export(block, (torch.randn(3, 3, 4, 4),), path, dynamo=True, verbose=False)
        session = onnxruntime.InferenceSession(path)
        for size in (0.1, 3.0):
            u = size * torch.randn(3, 3, 4, 4)
            (value,) = session.run(None, {session.get_inputs()[0].name: u.numpy()})
            wanted = block(u)
            assert torch.allclose(torch.from_numpy(value), wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_inductor_compiles() -> None:
    block, u = controlled("bs32", Scaled, per="sample"), torch.randn(3, 3, 4, 4)
    compiled = torch.compile(block, fullgraph=True)
    torch.testing.assert_close(compiled(u), block(u), rtol=1e-9, atol=1e-9)


# ---------------------------------------------------------------------- copies


def test_copies_and_pickles_and_loads() -> None:
    block = controlled("dopri54", controller="PI", per="sample")
    u = torch.randn(3, 3, 4, 4)
    wanted = block(u)
    for other in (copy.deepcopy(block), pickle.loads(pickle.dumps(block))):
        assert type(other) is type(block)
        assert torch.equal(other(u), wanted)
        assert told(other) == told(block)
    other = controlled("dopri54", controller="PI", per="sample")
    other.load_state_dict(block.state_dict())
    assert torch.equal(other(u), wanted)


def test_a_file_is_a_module_like_any_other(tmp_path: Path) -> None:
    text = butcher.compile("dopri54", step="controlled", weights="shared")
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    code = (
        "import pickle, sys, torch, mine\n"
        "block = mine.Dopri54(torch.nn.Tanh, h=2.0, rtol=1e-5)\n"
        "u = torch.ones(2, 3)\n"
        "again = pickle.loads(pickle.dumps(block))\n"
        "assert torch.equal(again(u), block(u))\n"
        "assert int(again.accepted) > 1\n"
        "assert not any(name.startswith('butcher') for name in sys.modules)\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr


# ---------------------------------------------------------------------- dtypes and layouts


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("per", ["batch", "sample"])
def test_the_state_keeps_its_dtype(dtype: torch.dtype, per: str) -> None:
    block = controlled("bs32", per=per, rtol=0.1, atol=0.1).to(dtype)
    assert block(torch.randn(2, 3, 4, 4).to(dtype)).dtype == dtype


class Wider(nn.Module):
    """A sub-net that returns more than it is given, as autocast makes norms do."""

    def forward(self, u: Tensor) -> Tensor:
        return u.double()


def test_a_wider_sub_net_does_not_widen_the_state() -> None:
    block = controlled("bs32", Wider()).float()
    compiled = torch.compile(block, fullgraph=True, backend="eager")
    u = torch.randn(2, 3, dtype=torch.float32)
    assert block(u).dtype == compiled(u).dtype == torch.float32


@pytest.mark.parametrize("per", ["batch", "sample"])
def test_autocast_leaves_the_state_in_single_precision(per: str) -> None:
    torch.set_default_dtype(torch.float32)
    block = controlled("bs32", lambda: nn.Conv2d(3, 3, 3, padding=1), per=per, rtol=0.1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert block(torch.randn(2, 3, 4, 4)).dtype == torch.float32


def test_channels_last_stays() -> None:
    block = controlled("bs32", lambda: nn.Conv2d(3, 3, 3, padding=1), per="sample")
    u = torch.randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    assert block(u).is_contiguous(memory_format=torch.channels_last)
