"""What torch does with modules, it does with blocks."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from block.nets import (
    SHAPE,
    SPECS,
    Mix,
    Scaled,
    Times,
    block_of,
    given,
    source_of,
    states_of,
    taken,
)
from torch import Tensor, nn

from butcher.block import make_block

# Where blocks differ most: many stages and a trained step, several states, sweeps, draws, slots.
DIFFERENT = ["verner89_learned", "lm_resnet", "am3", "shake_shake", "revnet"]
# And a little: stages alone, kept evaluations, stages in sweeps, one sub-net twice, linear slots,
# numbers per channel, draws beside a lag.
MORE = ["rk4", "ab3", "gauss4", "polynet_poly2", "fractal3", "layerscale", "stochastic_lm"]


def agree(left: Any, right: Any) -> bool:
    return all(
        torch.allclose(x, y, rtol=1e-10, atol=1e-12)
        for x, y in zip(taken(left), taken(right), strict=True)
    )


def gradients(block: nn.Module, result: Any) -> list[Tensor]:
    total = torch.stack([value.square().sum() for value in taken(result)]).sum()
    return list(torch.autograd.grad(total, list(block.parameters())))


# ---------------------------------------------------------------------- one graph


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("name", SPECS)
def test_compiles_as_one_graph(name: str, mode: bool) -> None:
    block = block_of(name, f=Scaled).train(mode)
    states = given(states_of(block))
    result = torch.compile(block, fullgraph=True, backend="eager")(states)
    assert all(value.isfinite().all() for value in taken(result))
    assert mode or agree(block(states), result)


@pytest.mark.parametrize("name", DIFFERENT + MORE)
def test_one_graph_has_the_gradients_of_many(name: str) -> None:
    """aot_eager traces the backward pass, too."""
    block = block_of(name, f=Scaled)
    states = given(states_of(block))
    compiled = torch.compile(block, fullgraph=True, backend="aot_eager")
    eager, one_graph = block(states), compiled(states)
    assert agree(eager, one_graph)
    assert agree(tuple(gradients(block, eager)), tuple(gradients(block, one_graph)))


@pytest.mark.parametrize("name", SPECS)
def test_exports_for_every_batch_size(name: str) -> None:
    block = block_of(name, f=Scaled)
    batch = torch.export.Dim("batch", min=2, max=64)
    example = given(states_of(block))
    shapes = ({0: batch},) if isinstance(example, Tensor) else (tuple({0: batch} for _ in example),)
    program = torch.export.export(block, (example,), dynamic_shapes=shapes)
    larger = given(states_of(block, (7, 3, 4, 4)))
    assert agree(program.module()(larger), block(larger))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rk4", *DIFFERENT[1:]])
def test_inductor_compiles(name: str) -> None:
    """What it does with sixteen stages it does with four, in a minute less."""
    block = block_of(name)
    states = given(states_of(block))
    assert agree(torch.compile(block, fullgraph=True)(states), block(states))


@pytest.mark.slow
@pytest.mark.parametrize("name", DIFFERENT)
@pytest.mark.filterwarnings("ignore")
def test_onnx_runtime_computes_the_same(name: str, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra export")
    pytest.importorskip("onnxscript", reason="needs the extra export")
    torch.set_default_dtype(torch.float32)
    block = block_of(name)
    states = states_of(block)
    path = tmp_path / "block.onnx"
    torch.onnx.export(block, (given(states),), path, dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(path)
    names = [argument.name for argument in session.get_inputs()]
    feed = {n: s.numpy() for n, s in zip(names, states, strict=True)}
    values = session.run(None, feed)
    wanted = taken(block(given(states)))
    for value, want in zip(values, wanted, strict=True):
        assert torch.allclose(torch.from_numpy(value), want, rtol=1e-4, atol=1e-5)


# ---------------------------------------------------------------------- copies


@pytest.mark.parametrize("name", SPECS)
def test_copies_and_pickles(name: str) -> None:
    block = block_of(name)
    states = given(states_of(block))
    wanted = block(states)
    for other in (copy.deepcopy(block), pickle.loads(pickle.dumps(block))):
        assert type(other) is type(block)
        assert agree(other(states), wanted)
    other = block_of(name)
    other.load_state_dict(block.state_dict())
    assert agree(other(states), wanted)


def test_a_block_is_unpickled_where_its_text_was_never_seen(tmp_path: Path) -> None:
    block = make_block("heun_family", nn.Tanh)
    torch.save(block, tmp_path / "block.pt")
    code = (
        "import sys, torch\n"
        f"block = torch.load({str(tmp_path / 'block.pt')!r}, weights_only=False)\n"
        "print(block(torch.ones(1, 1)).item(), type(block).__name__)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    value, name = run.stdout.split()
    assert float(value) == pytest.approx(block(torch.ones(1, 1)).item())
    assert name == "HeunFamily"


def test_a_file_is_a_module_like_any_other(tmp_path: Path) -> None:
    """Imported from a folder, without this package, pickled by name, warnings as errors."""
    (tmp_path / "mine.py").write_text(source_of("lm_resnet"), encoding="utf-8")
    code = (
        "import pickle, sys, torch, mine\n"
        "block = mine.LmResnet(torch.nn.Tanh, h=0.5, k=-0.25)\n"
        "again = pickle.loads(pickle.dumps(block))\n"
        "u = torch.ones(2, 3)\n"
        "assert torch.equal(again(again.start(u))[0], block(block.start(u))[0])\n"
        "assert not any(name.startswith('butcher') for name in sys.modules)\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr


# ---------------------------------------------------------------------- training


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("name", SPECS)
def test_every_parameter_gets_a_gradient(name: str, mode: bool) -> None:
    """Also where a value of it starts at zero, as in ReZero: then the others' are zero."""
    block = block_of(name).train(mode)
    found = gradients(block, block(given(states_of(block))))
    own = [g for (n, _), g in zip(block.named_parameters(), found, strict=True) if "f." not in n]
    assert all(g.isfinite().all() for g in found)
    assert all(g.abs().sum() > 0 for g in own)


@pytest.mark.parametrize("name", ["rk4", "lm_resnet"])
def test_weights_and_steps_are_batched_where_the_newest_state_is(name: str) -> None:
    block = make_block(name, Scaled, step="learned" if name == "rk4" else None)
    factors = torch.tensor([1.0, 0.5, 2.0])
    weights = {
        key: factors.reshape(-1, *(1,) * value.dim()) * value
        for key, value in block.named_parameters()
    }
    newest, *earlier = (state for state in torch.rand(len(block.states), *SHAPE))

    def step(weights: dict[str, Tensor], u: Tensor) -> Any:
        state = (u, *earlier) if earlier else u
        return torch.func.functional_call(block, weights, (state,))

    batched = torch.func.vmap(step)(weights, newest.expand(3, *newest.shape))
    for i, found in enumerate(zip(*taken(batched), strict=True)):
        own = {key: value[i] for key, value in weights.items()}
        assert agree(tuple(found), tuple(taken(step(own, newest))))


@pytest.mark.parametrize("step", ["fixed", "learned"])
def test_a_bare_number_is_a_state_where_nothing_is_trained(step: str) -> None:
    """The docstring of `forward` says so."""
    block = make_block("rk4", Times(0.5), step=step)
    says = str(type(block).forward.__doc__)
    if step == "fixed":
        assert "of any shape to" in says
        assert block(torch.tensor(1.0)).shape == ()
    else:
        assert "of any shape but () to" in says
        assert block(torch.tensor([1.0])).shape == (1,)


def test_sequential_threads_the_states() -> None:
    blocks = nn.Sequential(*(make_block("lm_resnet", Mix) for _ in range(3)))
    u = torch.randn(2, 3, 4, 4)
    u_next, u_last = blocks(blocks[0].start(u))
    assert u_next.shape == u_last.shape == u.shape


@pytest.mark.slow
def test_processes_train_together(tmp_path: Path) -> None:
    """Two of them under DistributedDataParallel agree on every gradient of every block."""
    script = Path(__file__).with_name("train_together.py")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    run = subprocess.run(
        [*command, str(script), *DIFFERENT], capture_output=True, text=True, cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("agree") == 2 * len(DIFFERENT)


# ---------------------------------------------------------------------- dtypes and layouts


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("name", SPECS)
def test_the_state_keeps_its_dtype(name: str, dtype: torch.dtype) -> None:
    block = block_of(name).to(dtype)
    states = tuple(state.to(dtype) for state in states_of(block))
    assert {value.dtype for value in taken(block(given(states)))} == {dtype}


class Wider(nn.Module):
    """A sub-net that returns more than it is given, as autocast makes norms do."""

    def forward(self, u: Tensor) -> Tensor:
        return u.double()


@pytest.mark.parametrize("name", ["rk4", "lm_resnet", "ab3", "revnet", "fractal3", "layerscale"])
def test_a_wider_sub_net_does_not_widen_the_state(name: str) -> None:
    block = block_of(name, f=Wider()).float()
    states = tuple(state.float() for state in states_of(block))
    assert {value.dtype for value in taken(block(given(states)))} == {torch.float32}
    if hasattr(block, "inverse"):
        assert {value.dtype for value in block.inverse(states)} == {torch.float32}


@pytest.mark.parametrize("name", ["rk4", "verner89_learned", "lm_resnet", "layerscale"])
def test_autocast_leaves_the_state_in_single_precision(name: str) -> None:
    torch.set_default_dtype(torch.float32)
    block = block_of(name, f=lambda: nn.Conv2d(3, 3, 3, padding=1))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        values = taken(block(given(states_of(block))))
    assert {value.dtype for value in values} == {torch.float32}


@pytest.mark.parametrize("name", DIFFERENT)
def test_channels_last_stays(name: str) -> None:
    block = block_of(name, f=lambda: nn.Conv2d(3, 3, 3, padding=1))
    layout = torch.channels_last
    states = tuple(state.contiguous(memory_format=layout) for state in states_of(block))
    for value in taken(block(given(states))):
        assert value.is_contiguous(memory_format=layout)
