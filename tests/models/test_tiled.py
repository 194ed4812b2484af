"""Evaluation in tiles computes what evaluation of all samples does, in less memory."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
from block.nets import Mix
from hypothesis import given
from hypothesis import strategies as st
from models.families import FAMILIES, data, used
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from butcher.block import make_block
from butcher.models import Network, TableError, Tiled, build, stack
from butcher.models.tiled import tiles


def sub_net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU())


def blocks(name: str, depth: int = 2, **values: Any) -> list[Any]:
    return [make_block(name, sub_net, **values) for _ in range(depth)]


def whole(tiled: Tiled) -> nn.Sequential:
    """The same in no tiles."""
    return nn.Sequential(*tiled).train(tiled.training)


def equal(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, Tensor):
        return found.stride() == wanted.stride() and torch.equal(found, wanted)
    return type(found) is type(wanted) and all(map(equal, found, wanted))


@given(st.integers(1, 200), st.integers(1, 200))
def test_tiles_have_one_size_and_cover_every_sample(number: int, n: int) -> None:
    starts, size = tiles(number, n)
    covered = [sample for start in starts for sample in range(start, start + size)]
    assert set(covered) == set(range(number))
    assert size <= n
    assert len(starts) == -(-number // n)  # no more than are needed
    assert len(covered) - number < len(starts)
    assert size > 1 or n == 1 or number == 1


# ---------------------------------------------------------------------- the same as without


@pytest.mark.parametrize("name", ["euler", "rk4", "lm_resnet", "revnet", "shake_shake"])
@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_blocks_of_any_states_give_the_same(name: str, n: int) -> None:
    network = Tiled(*blocks(name), n=n).eval()
    x = torch.randn(7, 3, 6, 6)
    states = tuple((i + 1) * x for i in range(len(network[0].states)))
    state = states if len(states) > 1 else x
    with torch.no_grad():
        assert equal(network(state), whole(network)(state))


def calls(network: Network, x: Tensor) -> tuple[Any, ...]:
    return network(x), network.features(x), network.forward_features(x)


@pytest.mark.parametrize("family", list(FAMILIES))
def test_every_family_gives_the_same(family: str) -> None:
    network, x = used(family), data(family, 7)
    with torch.inference_mode():
        wanted = calls(network, x)
        network.tile = 3
        found = calls(network, x)
    if family == "mlp":  # a matrix product of single vectors rounds as their number has it
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)
    else:
        assert equal(found, wanted)


def test_the_memory_format_stays() -> None:
    network = Tiled(*blocks("rk4"), n=2).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    x = torch.randn(5, 3, 6, 6).to(memory_format=torch.channels_last)
    with torch.no_grad():
        assert network(x).is_contiguous(memory_format=torch.channels_last)
        assert equal(network(x), whole(network)(x))


class Sizes(nn.Module):
    """Notes how many samples it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.net, self.seen = Mix(), []

    def forward(self, u: Tensor) -> Tensor:
        self.seen.append(len(u))
        return self.net(u)


def test_only_evaluation_without_gradients_is_in_tiles() -> None:
    net = Sizes()
    network, x = Tiled(net, n=2), torch.randn(5, 3, 4, 4)
    network(x)
    network.eval()
    network(x).sum().backward()
    torch.func.vmap(lambda u: network(u), in_dims=1, out_dims=1)(x.unsqueeze(1))
    with torch.no_grad():
        network.train()(x)
        assert set(net.seen) == {5}
        net.seen.clear()
        network.eval()(x)
        network(x[:2])
    assert net.seen == [2, 2, 2, 2]


def test_a_network_without_its_tile_is_the_same_network() -> None:
    torch.manual_seed(1)
    tiled = build({"family": "resnet", "blocks": 1, "tile": 2}, 3, 5)
    torch.manual_seed(1)
    plain = build({"family": "resnet", "blocks": 1}, 3, 5)
    assert list(tiled.state_dict()) == list(plain.state_dict())
    assert all(map(torch.equal, tiled.parameters(), plain.parameters()))
    for again in (copy.deepcopy(tiled), pickle.loads(pickle.dumps(tiled))):
        assert again.tile == 2


# ---------------------------------------------------------------------- memory


def peak(network: nn.Module, x: Tensor) -> float:
    """The most that is live at once above what is live before, over the size of `x`."""
    with (
        torch.inference_mode(),
        profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled,
    ):
        network(x)
    live = most = 0
    for event in sorted(profiled.profiler.kineto_results.events(), key=lambda e: e.start_ns()):
        if event.name() == "[memory]":
            live += event.nbytes()
            most = max(most, live)
    return most / x.nbytes


def test_what_is_live_is_the_result_and_one_tile() -> None:
    x = torch.randn(16, 3, 32, 32)
    network = Tiled(*blocks("verner89", depth=1), n=2).eval()
    needed = peak(whole(network), x)
    assert needed > 4
    assert peak(network, x) < 1 + 1.05 * (2 / 16) * needed


# ---------------------------------------------------------------------- what torch does with it


def test_a_tile_is_one_graph() -> None:
    graphs: list[torch.fx.GraphModule] = []

    def keep(graph: torch.fx.GraphModule, inputs: list[Any]) -> Any:
        if inputs:
            graphs.append(graph)
        return graph

    x = torch.randn(7, 3, 4, 4)
    resnet = build({"family": "resnet", "blocks": 1, "tile": 2, "width": 4}, 3, 5)
    for network, beside in ((Tiled(Mix(), Mix(), n=2), 0), (resnet, 1)):  # the head
        compiled = torch.compile(network.eval(), backend=keep)
        with torch.no_grad():
            assert torch.equal(compiled(x), network(x))
        assert len(graphs) == 1 + beside
        graphs.clear()


def test_an_export_takes_every_batch() -> None:
    network = Tiled(*blocks("rk4"), n=2).eval()
    batch = torch.export.Dim("batch", min=2, max=64)
    with torch.no_grad():
        program = torch.export.export(
            network, (torch.randn(4, 3, 6, 6),), dynamic_shapes=({0: batch},)
        )
        x = torch.randn(7, 3, 6, 6)
        assert torch.allclose(program.module()(x), network(x))


# ---------------------------------------------------------------------- what is refused


def test_what_has_no_samples_is_refused() -> None:
    mean = Tiled(nn.AdaptiveAvgPool2d(1), nn.Flatten(0), n=2).eval()
    with torch.no_grad(), pytest.raises(ValueError, match=r"of 2 samples .* shape \(6,\)"):
        mean(torch.randn(4, 3, 5, 5))


def test_what_means_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="from 1 on, not 0"):
        Tiled(n=0)
    with pytest.raises(TableError, match=r"model\.tile: 0: should be greater than or equal to 1"):
        build({"family": "resnet", "depth": 20, "tile": 0}, 3, 10)
    with pytest.raises(ValueError, match="a number of samples from 1 on, not 0"):
        stack("rk4", Mix, blocks=1, tile=0)


def test_a_step_that_all_samples_share_is_in_no_tiles() -> None:
    table = {"family": "ho-resnet", "scheme": "bs32", "step": "controlled", "blocks": 1, "tile": 2}
    table |= {"weights": "shared", "width": 4}
    with pytest.raises(TableError, match='write per = "sample" among the values'):
        build(table, 3, 10)
    network = build({**table, "values": {"per": "sample", "rtol": 1.0}}, 3, 10).eval()
    x = torch.randn(4, 3, 8, 8)
    with torch.no_grad():
        found = network(x)
        network.tile = None
        assert torch.allclose(found, network(x))
