"""A checkpointed network trains as one that stores everything, to the bit, and stores little."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from block.nets import Mix
from models.families import FAMILIES, data, small
from torch import Tensor, nn

from butcher.block import make_block
from butcher.models import Checkpointed, TableError, build, describe, stack

SHAPE = (2, 3, 5, 5)
KINDS = ["stage", "block"]
each_kind = pytest.mark.parametrize("of", KINDS)


def noisy() -> nn.Module:
    """A sub-net with running statistics and draws."""
    return nn.Sequential(Mix(), nn.BatchNorm2d(3), nn.Dropout(0.3), Mix())


def bounded() -> nn.Module:
    """A sub-net whose buffers decide its value, and change at every evaluation in training."""
    return nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 3, 1))


def blocks(name: str, f: Any = noisy, depth: int = 2, **values: Any) -> list[Any]:
    return [make_block(name, f, **values) for _ in range(depth)]


def begin(block: Any, x: Tensor) -> Any:
    states = tuple((i + 1) * x for i in range(len(block.states)))
    return states if len(states) > 1 else x


def total(result: Any) -> Tensor:
    values = (result,) if isinstance(result, Tensor) else result
    return torch.stack([((i + 1) * y.sin()).sum() for i, y in enumerate(values)]).sum()


def trained(network: nn.Module, given: Any) -> dict[str, list[Any]]:
    """What one step leaves behind."""
    torch.manual_seed(5)
    result = network(given)
    total(result).backward()
    values = [result] if isinstance(result, Tensor) else list(result)
    return {
        "values": [y.detach() for y in values],
        "gradients": [p.grad for p in network.parameters()],
        "buffers": list(network.buffers()),
        "draws": [torch.rand(3)],
    }


def agree(found: dict[str, list[Any]], wanted: dict[str, list[Any]]) -> None:
    for what, values in wanted.items():
        assert len(found[what]) == len(values)
        for a, b in zip(found[what], values, strict=True):
            assert (a is None) == (b is None), what
            assert a is None or torch.equal(a, b), what


def compare(made: list[Any], of: Any, x: Tensor, call: Any = lambda network: network) -> None:
    """A step of `Checkpointed` and one of equal blocks in a sequence leave the same."""
    network, plain = Checkpointed(*made, of=of), nn.Sequential(*copy.deepcopy(made))
    given = begin(made[0], x)
    wanted = trained(plain, given)
    agree(trained(call(network), given), wanted)


# ---------------------------------------------------------------------- the same as without


@each_kind
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("euler", {}),
        ("rk4", {}),
        ("rk4", {"step": "per-stage"}),
        ("rk4", {"weights": "shared"}),
        ("verner89", {"step": "learned"}),
        ("lm_resnet", {}),
        ("ab2", {}),
        ("revnet", {}),
        ("stochastic_lm", {}),
        ("shake_shake", {}),
    ],
)
def test_blocks_train_as_if_everything_were_stored(
    name: str, values: dict[str, Any], of: str
) -> None:
    compare(blocks(name, **values), of, torch.randn(SHAPE))


@each_kind
@pytest.mark.parametrize("family", list(FAMILIES))
def test_every_family_trains_as_if_everything_were_stored(family: str, of: str) -> None:
    """Transitions, starts and what stands between blocks included."""
    plain = {"reversible": False} if family == "revnet" else {}
    torch.manual_seed(1)
    network = small(family, checkpoint=of, **plain)
    torch.manual_seed(1)
    usual = small(family, **plain)
    assert list(network.state_dict()) == list(usual.state_dict())
    x = data(family)
    agree(trained(network, x), trained(usual, x))


@each_kind
def test_buffers_that_decide_values_are_as_they_were(of: str) -> None:
    compare(blocks("rk4", bounded, weights="shared"), of, torch.randn(SHAPE))


@each_kind
def test_running_statistics_are_updated_once(of: str) -> None:
    network = small("resnet", checkpoint=of)
    total(network(data("resnet"))).backward()
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    assert {int(norm.num_batches_tracked) for norm in norms} == {1}


@each_kind
def test_autocast_is_the_same_on_the_way_back(of: str) -> None:
    torch.set_default_dtype(torch.float32)
    made = blocks("lm_resnet", lambda: nn.Conv2d(3, 3, 3, padding=1))
    gradients = []
    for network in (Checkpointed(*made, of=of), nn.Sequential(*made)):
        torch.manual_seed(2)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = total(network(begin(made[0], torch.randn(SHAPE))))
        gradients.append(torch.autograd.grad(loss, list(network.parameters())))
    assert all(map(torch.equal, *gradients))


@each_kind
def test_gradients_in_evaluation_mode_are_the_same(of: str) -> None:
    made = blocks("rk4")
    x = torch.randn(SHAPE, requires_grad=True)
    network = Checkpointed(*made, of=of).eval()
    found, wanted = (
        torch.autograd.grad(total(net(x)), x)[0] for net in (network, nn.Sequential(*made))
    )
    assert torch.equal(found, wanted)


@each_kind
def test_steps_that_are_controlled_are_made_again_and_counted(of: str) -> None:
    made = blocks("bs32", step="controlled", rtol=0.3)
    compare(made, of, torch.randn(SHAPE))
    assert all(block.accepted > 0 for block in made)


@each_kind
def test_second_derivatives_and_a_retained_graph(of: str) -> None:
    made, x = blocks("rk4", Mix), torch.randn(SHAPE, requires_grad=True)
    found = []
    for network in (Checkpointed(*made, of=of), nn.Sequential(*made)):
        loss = total(network(x))
        (first,) = torch.autograd.grad(loss, x, create_graph=True)
        (second,) = torch.autograd.grad(first.square().sum(), x, retain_graph=True)
        (once_more,) = torch.autograd.grad(loss, x)
        assert torch.equal(first, once_more)
        found.append(second)
    assert torch.allclose(*found, rtol=1e-12)


@each_kind
def test_weights_that_are_lent_get_the_gradients_that_they_get_without(of: str) -> None:
    made = blocks("rk4", Mix)
    lent = {key: 2 * value.detach() for key, value in nn.Sequential(*made).named_parameters()}
    found = []
    for network in (Checkpointed(*made, of=of), nn.Sequential(*made)):
        weights = {key: value.clone().requires_grad_() for key, value in lent.items()}
        torch.manual_seed(3)
        result = torch.func.functional_call(network, weights, (torch.ones(SHAPE),))
        found.append(torch.autograd.grad(total(result), list(weights.values())))
    assert all(map(torch.equal, *found))


@each_kind
def test_weights_may_be_made_in_the_first_call(of: str) -> None:
    def lazy() -> nn.Module:
        return nn.Sequential(nn.LazyConv2d(3, 3, padding=1), nn.LazyBatchNorm2d(), nn.Dropout(0.3))

    steps = []
    for kind in (partial(Checkpointed, of=of), nn.Sequential):
        network = kind(*blocks("rk4", lazy))
        steps.append([trained(network, torch.ones(SHAPE)) for _ in range(2)])
    for found, wanted in zip(*steps, strict=True):
        agree(found, wanted)


# ---------------------------------------------------------------------- what it costs


class Counting(nn.Module):
    """Counts its evaluations."""

    def __init__(self) -> None:
        super().__init__()
        self.net, self.calls = Mix(), 0

    def forward(self, u: Tensor) -> Tensor:
        self.calls += 1
        return self.net(u)


@each_kind
def test_a_sub_net_is_evaluated_twice_a_step_and_once_without_gradients(of: str) -> None:
    network = Checkpointed(*blocks("rk4", Counting), of=of)
    with torch.no_grad():
        network(torch.randn(SHAPE))
    nets = [m for m in network.modules() if isinstance(m, Counting)]
    assert {net.calls for net in nets} == {1}
    trained(network, torch.randn(SHAPE))
    assert {net.calls for net in nets} == {3}


def test_an_evaluation_or_a_block_stores_one_map() -> None:
    """One block of fourteen evaluations, and fourteen of one, five maps each else."""

    def maps(**table: Any) -> list[float | None]:
        given = {"family": "ho-resnet", "depth": 30, **table}
        return [describe({**given, **kind}).saved_maps for kind in ({}, *map(kind, KINDS))]

    def kind(of: str) -> dict[str, str]:
        return {"checkpoint": of}

    assert maps(scheme="verner89") == [70, 14, 1]
    assert maps(scheme="euler") == [70, 14, 14]


def test_a_description_says_what_is_stored() -> None:
    table = {"family": "resnet", "depth": 20, "checkpoint": "block", "tile": 8}
    remarks = describe(table).remarks
    assert "Training stores the states before every block and evaluates the sub-nets again." in (
        remarks
    )
    assert "Evaluation without gradients takes 8 samples at a time." in remarks


# ---------------------------------------------------------------------- what torch does with it


@each_kind
def test_training_compiles_as_one_graph(of: str) -> None:
    def convolved() -> nn.Module:
        return nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU())

    compare(
        blocks("lm_resnet", convolved),
        of,
        torch.randn(SHAPE),
        lambda network: torch.compile(network, fullgraph=True, backend="aot_eager"),
    )


@pytest.mark.slow
@pytest.mark.parametrize("family", ["shake-shake", "fractalnet", "transformer"])
def test_families_compile_as_one_graph(family: str) -> None:
    """Transitions, draws and slots of all kinds."""
    network, x = small(family, checkpoint="stage"), data(family)
    compiled = torch.compile(network, fullgraph=True, backend="aot_eager")
    total(compiled(x)).backward()
    assert all(p.grad is not None for p in network.parameters() if p.requires_grad)


@pytest.mark.slow
@each_kind
def test_controlled_steps_compile_and_get_their_gradients(of: str) -> None:
    made = blocks("bs32", Mix, depth=1, step="controlled", rtol=0.3)
    network, x = Checkpointed(*made, of=of), torch.randn(SHAPE)
    compiled = torch.compile(network, fullgraph=True, backend="aot_eager")
    found, wanted = (
        torch.autograd.grad(total(net(x)), list(network.parameters()), allow_unused=True)
        for net in (compiled, nn.Sequential(*made))
    )
    for a, b in zip(found, wanted, strict=True):
        assert b is None or torch.allclose(a, b)


@each_kind
def test_transforms_and_exports_see_a_sequence(of: str) -> None:
    made, x = blocks("rk4", Mix), torch.randn(SHAPE)
    network, plain = Checkpointed(*made, of=of), nn.Sequential(*made)
    found, wanted = (
        torch.func.grad(lambda u, net=net: total(net(u)))(x) for net in (network, plain)
    )
    assert torch.equal(found, wanted)
    program = torch.export.export(network, (x,))
    assert torch.allclose(program.module()(x), plain(x))


@each_kind
def test_copies_are_checkpointed(of: str) -> None:
    network = Checkpointed(*blocks("lm_resnet"), of=of)
    for again in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert again.of == of
        compare(list(again), again.of, torch.randn(SHAPE))


@each_kind
def test_hooks_of_a_block_are_called(of: str) -> None:
    made, calls = blocks("rk4", Mix), []

    def double(block: nn.Module, given: Any, result: Tensor) -> Tensor:
        calls.append(block)
        return 2 * result

    made[0].register_forward_hook(double)
    compare(made, of, torch.randn(SHAPE))
    assert len(calls) >= 2


@pytest.mark.slow
def test_processes_train_a_checkpointed_network(tmp_path: Path) -> None:
    """Under DistributedDataParallel and fully_shard, as one process would."""
    script = Path(__file__).with_name("train_checkpointed.py")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = os.environ | {"PYTHONPATH": str(script.parent.parent)}
    run = subprocess.run(
        [*command, str(script)], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("agree") == 8


# ---------------------------------------------------------------------- what is refused


def test_what_means_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match='of is "stage" or "block", not \'all\''):
        Checkpointed(of="all")  # type: ignore[arg-type]
    with pytest.raises(TableError, match=r"model\.checkpoint: \"all\" is not known; expected"):
        build({"family": "resnet", "depth": 20, "checkpoint": "all"}, 3, 10)
    with pytest.raises(TableError, match=r'"stage" stores states.*write reversible = false'):
        build({"family": "revnet", "depth": 38, "checkpoint": "stage"}, 3, 10)
    with pytest.raises(ValueError, match="leave checkpoint out"):
        stack("revnet", Mix, blocks=2, reversible=True, checkpoint="block", start="repeat")
