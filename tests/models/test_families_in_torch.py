"""What torch does with networks, it does with a small one of every family."""

from __future__ import annotations

import copy
import io
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from models.families import FAMILIES, data, small, used
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from butcher.models import Network

IMAGES = [family for family in FAMILIES if family not in ("mlp", "transformer")]
# Where networks differ most: a trained step, several states, draws and slots, tokens. What takes
# seconds is done with these alone, or marked slow.
DIFFERENT = ["ho-resnet", "lm-resnet", "shake-shake", "transformer"]
DRAWN = {"stochastic-depth", "shake-shake"}  # another number is drawn where it is compiled

each_family = pytest.mark.parametrize("family", FAMILIES)


def agree(left: Tensor, right: Tensor, tolerance: float = 1e-9) -> bool:
    return torch.allclose(left, right, rtol=tolerance, atol=tolerance)


def gradients(network: nn.Module, x: Tensor) -> dict[str, Tensor]:
    trained = {name: p for name, p in network.named_parameters() if p.requires_grad}
    total = network(x).float().square().sum()
    found = torch.autograd.grad(total, list(trained.values()))
    return dict(zip(trained, found, strict=True))


# ---------------------------------------------------------------------- one graph


@pytest.mark.parametrize(
    "family", [f if f in DIFFERENT else pytest.param(f, marks=pytest.mark.slow) for f in FAMILIES]
)
def test_training_compiles_as_one_graph(family: str) -> None:
    """Batch normalisation, draws and trained steps included; where networks differ most, the
    backward pass is one graph as well, which aot_eager traces.
    """
    network, x = small(family, **plain(family)).train(), data(family)
    backend = "aot_eager" if family in DIFFERENT else "eager"
    compiled = torch.compile(copy.deepcopy(network), fullgraph=True, backend=backend)
    wanted, found = gradients(network, x), gradients(compiled, x)
    for (name, one), (_, other) in zip(wanted.items(), found.items(), strict=True):
        assert other.isfinite().all(), name
        assert family in DRAWN or agree(one, other, 1e-7), name
    for one, other in zip(network.buffers(), compiled.buffers(), strict=True):
        assert family in DRAWN or agree(one, other)


@pytest.mark.slow
@each_family
def test_evaluation_compiles_as_one_graph(family: str) -> None:
    network = used(family)
    compiled = torch.compile(network, fullgraph=True, backend="eager")
    with torch.no_grad():
        assert agree(network(x := data(family)), compiled(x))


def plain(family: str) -> dict[str, Any]:
    """Without the recomputation that leaves torch's graph."""
    return {"reversible": False} if family == "revnet" else {}


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch's own, between its graphs
def test_a_reversible_network_trains_compiled() -> None:
    """In several graphs: its backward pass is no graph of torch's."""
    network, x = small("revnet", reversible=True).train(), data("revnet")
    compiled = torch.compile(copy.deepcopy(network), backend="aot_eager")
    wanted, found = gradients(network, x), gradients(compiled, x)
    assert all(agree(a, b, 1e-7) for a, b in zip(wanted.values(), found.values(), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("family", ["lm-resnet", "transformer"])
def test_inductor_trains_in_bfloat16(family: str) -> None:
    size = {"widths": [4], "blocks": 2} if family == "lm-resnet" else {"blocks": 1}
    network, x = small(family, **size).float().train(), data(family).float()
    compiled = torch.compile(network, fullgraph=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = compiled(x).float().square().sum()
    loss.backward()
    assert all(p.grad.isfinite().all() for p in network.parameters() if p.grad is not None)


# ---------------------------------------------------------------------- other runtimes


@each_family
def test_exports_for_every_batch_size(family: str) -> None:
    network = used(family)
    batch = torch.export.Dim("batch", min=2, max=64)
    program = torch.export.export(network, (data(family),), dynamic_shapes=({0: batch},))
    x = data(family, 7)
    assert agree(program.module()(x), network(x))


@pytest.mark.slow
@each_family
@pytest.mark.filterwarnings("ignore")
def test_onnx_runtime_computes_the_same(family: str, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra export")
    pytest.importorskip("onnxscript", reason="needs the extra export")
    torch.set_default_dtype(torch.float32)
    network = used(family)
    path = tmp_path / "network.onnx"
    batch = torch.export.Dim("batch", min=1, max=64)
    torch.onnx.export(
        network, (data(family),), path, dynamo=True, verbose=False, dynamic_shapes=({0: batch},)
    )
    session = onnxruntime.InferenceSession(path)
    x = data(family, 5)
    (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    assert agree(torch.from_numpy(found), network(x), 1e-4)


# ---------------------------------------------------------------------- layouts and precision


class OtherLayouts(TorchDispatchMode):
    """Records what computes a batch of feature maps that is not channels_last; views do not."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number, self.found = number, set[str]()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if (
            isinstance(made, Tensor)
            and made.dim() == 4
            and made.shape[0] == self.number
            and made._base is None
            and not func.is_view
            and not made.is_contiguous(memory_format=torch.channels_last)
        ):
            self.found.add(str(func))
        return made


@pytest.mark.parametrize("family", IMAGES)
def test_channels_last_stays_forwards_and_backwards(family: str) -> None:
    network, x = used(family, **plain(family)), data(family, 3)
    wanted = network(x)
    layout = torch.channels_last
    network, x = network.to(memory_format=layout), x.to(memory_format=layout)
    assert agree(network(x), wanted)
    assert all(u.is_contiguous(memory_format=layout) for u in network.features(x))
    network.train()
    with OtherLayouts(len(x)) as other:
        network(x).sum().backward()
    assert not other.found


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@each_family
def test_autocast_is_near_single_precision(family: str, dtype: torch.dtype) -> None:
    torch.set_default_dtype(torch.float32)
    network, x = used(family), data(family, 8)
    wanted = network(x).detach()
    with torch.autocast("cpu", dtype=dtype):
        found = network(x)
        values = network.features(x)
    assert found.dtype == dtype  # as any linear layer's under autocast
    assert {u.isfinite().all().item() for u in values} == {True}
    difference = (found - wanted).abs().max() / wanted.abs().max()
    assert difference < 8 * torch.finfo(dtype).eps
    network.train()
    with torch.autocast("cpu", dtype=dtype):
        loss = network(x).float().square().sum()
    loss.backward()
    trained = [p for p in network.parameters() if p.requires_grad]
    assert all(p.grad is not None and p.grad.dtype == p.dtype for p in trained)
    assert all(p.grad.isfinite().all() for p in trained if p.grad is not None)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
@each_family
def test_a_network_computes_in_the_precision_that_it_has(family: str, dtype: torch.dtype) -> None:
    network, x = small(family).to(dtype).train(), data(family).to(dtype)
    logits = network(x)
    logits.sum().backward()
    assert logits.dtype == dtype
    assert {p.grad.dtype for p in network.parameters() if p.grad is not None} == {dtype}


# ---------------------------------------------------------------------- training and evaluation


@each_family
def test_every_trained_parameter_gets_a_gradient(family: str) -> None:
    """Else DistributedDataParallel would wait for it."""
    network = small(family)
    network(data(family)).sum().backward()
    assert not [n for n, p in network.named_parameters() if p.requires_grad and p.grad is None]


@each_family
def test_evaluation_changes_nothing_and_knows_no_other_samples(family: str) -> None:
    network, x = used(family), data(family, 4)
    before = copy.deepcopy(network.state_dict())
    logits = network(x)
    assert agree(logits[1:2], network(x[1:2]))
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


# ---------------------------------------------------------------------- copies


def copied(network: Network) -> Network:
    return copy.deepcopy(network)


def pickled(network: Network) -> Network:
    loaded: Network = pickle.loads(pickle.dumps(network))
    return loaded


def saved(network: Network) -> Network:
    torch.save(network, file := io.BytesIO())
    file.seek(0)
    loaded: Network = torch.load(file, weights_only=False)
    return loaded


@pytest.mark.parametrize("way", [copied, pickled, saved])
@each_family
def test_copies_are_whole(family: str, way: Any) -> None:
    network, x = used(family), data(family)
    wanted = network(x)
    other = way(network)
    for p in network.parameters():
        nn.init.zeros_(p)  # so that nothing is shared with the copy
    assert agree(other(x), wanted)
    assert other.facts == network.facts


@each_family
def test_weights_of_one_network_go_into_another(family: str, tmp_path: Path) -> None:
    """Strictly, with torch and with safetensors, which takes no tensor of two names."""
    network, x = used(family), data(family)
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    other = small(family).eval()
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True), strict=True)
    assert agree(other(x), network(x))
    safetensors = pytest.importorskip("safetensors.torch", reason="needs the extra zoo")
    safetensors.save_file(network.state_dict(), tmp_path / "weights.safetensors")
    other = small(family).eval()
    other.load_state_dict(safetensors.load_file(tmp_path / "weights.safetensors"), strict=True)
    assert agree(other(x), network(x))


# ---------------------------------------------------------------------- several processes


@pytest.mark.slow
def test_processes_train_together(tmp_path: Path) -> None:
    """Two under DistributedDataParallel, and under fully_shard, as one process would."""
    script = Path(__file__).with_name("train_families.py")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    # scripts do not have the folder of tests on their path
    environment = os.environ | {"PYTHONPATH": str(script.parent.parent)}
    run = subprocess.run(
        [*command, str(script)], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert run.returncode == 0, run.stderr
    for family in FAMILIES:
        assert run.stdout.count(f"<{family}>") == 2
