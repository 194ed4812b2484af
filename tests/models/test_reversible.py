"""A reversible network computes what its blocks compute, and stores little of it."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from block.nets import Mix, block_of
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.func import functional_call

from butcher.block import make_block
from butcher.models import build
from butcher.models.reversible import Reversible

SHAPE = (2, 3, 5, 5)
INVERTING = ["revnet", "lm_resnet", "second_order", "leapfrog", "midpoint_network"]
STORING = ["rk4", "ab2", "stochastic_lm", "shake_shake"]


def noisy() -> nn.Module:
    """A sub-net with running statistics and draws."""
    return nn.Sequential(Mix(), nn.BatchNorm2d(3), nn.Dropout(0.3), Mix())


def blocks(name: str, depth: int = 4, f: Any = noisy, **values: Any) -> list[Any]:
    if name == "lm_resnet":
        values.setdefault("k", -0.4)
    return [block_of(name, f=f, **values).train() for _ in range(depth)]


def begin(block: Any, x: Tensor) -> Any:
    states = tuple((i + 1) * x for i in range(len(block.states)))
    return states if len(states) > 1 else x


def loss(result: Any) -> Tensor:
    values = (result,) if isinstance(result, Tensor) else result
    return torch.stack([((i + 1) * y.sin()).sum() for i, y in enumerate(values)]).sum()


def both(reversible: Reversible) -> tuple[Reversible, nn.Sequential]:
    """With an equal network that stores everything."""
    return reversible, nn.Sequential(*copy.deepcopy(list(reversible)))


def trained(network: nn.Sequential, x: Tensor) -> dict[str, list[Tensor]]:
    """What one step leaves behind."""
    torch.manual_seed(5)
    x = x.clone().requires_grad_()
    result = network(begin(network[0], x))
    loss(result).backward()
    values = [result] if isinstance(result, Tensor) else list(result)
    return {
        "values": [y.detach() for y in values],
        "gradients": [x.grad] + [p.grad for p in network.parameters()],
        "buffers": list(network.buffers()),
        "draws": [torch.rand(3)],
    }


def compare(reversible: Reversible, x: Tensor, error: float = 1e-12) -> None:
    """All but the gradients to the bit; those to `error`."""
    found, wanted = (trained(network, x) for network in both(reversible))
    for what in ("values", "buffers", "draws"):
        assert all(map(torch.equal, found[what], wanted[what])), what
    compare_gradients(found["gradients"], wanted["gradients"], error)


def compare_gradients(found: list[Any], wanted: list[Any], error: float = 1e-12) -> None:
    assert [g is None for g in found] == [g is None for g in wanted]
    largest = max(float(g.abs().max()) for g in wanted if g is not None)
    for a, b in zip(found, wanted, strict=True):
        assert a is None or float((a - b).abs().max()) <= error * largest


# ---------------------------------------------------------------------- the same as without


@pytest.mark.parametrize("name", INVERTING)
def test_blocks_that_invert_train_as_if_everything_were_stored(name: str) -> None:
    network = Reversible(*blocks(name))
    assert not any(network.kept())
    compare(network, torch.randn(SHAPE))


@pytest.mark.parametrize("name", STORING)
def test_blocks_without_an_inverse_keep_their_input_and_train_as_before(name: str) -> None:
    network = Reversible(*blocks(name))
    assert all(network.kept())
    compare(network, torch.randn(SHAPE))


@pytest.mark.parametrize("name", ["revnet", "leapfrog"])
def test_a_learned_step_gets_its_gradient(name: str) -> None:
    network = Reversible(*(make_block(name, noisy, step="learned") for _ in range(3)))
    compare(network, torch.randn(SHAPE))
    assert all(block.h.grad is not None for block in network)


def test_single_precision_gradients_differ_by_rounding() -> None:
    torch.set_default_dtype(torch.float32)
    compare(Reversible(*blocks("revnet")), torch.randn(SHAPE), error=1e-5)


class Pair(nn.Module):
    """A state from a map: the same tensor twice."""

    states = ("u",)

    def forward(self, u: Tensor) -> tuple[Tensor, Tensor]:
        u = u.tanh()
        return u, u


class First(nn.Module):
    def forward(self, state: tuple[Tensor, ...]) -> Tensor:
        return state[0]


def test_a_whole_network_may_be_given() -> None:
    """Blocks of one state and of two, and one that changes the width, transitions and all."""
    wider = make_block(
        "lm_resnet", lambda: nn.Conv2d(3, 4, 1), transition=lambda: nn.Conv2d(3, 4, 1)
    )
    wide = make_block("lm_resnet", lambda: Mix(4), k=-0.5)
    one = blocks("rk4", 2)
    two = blocks("lm_resnet", 2)
    network = Reversible(*one, Pair(), *two, wider, wide, First())
    assert network.kept() == [True, True, True, False, False, True, False, True]
    compare(network, torch.randn(SHAPE))


def test_a_tensor_that_is_two_states_gets_both_gradients() -> None:
    compare(Reversible(Pair()), torch.randn(SHAPE))


def test_no_blocks_are_the_identity() -> None:
    x = torch.randn(SHAPE)
    assert Reversible()(x) is x


class Counting(nn.Module):
    """Counts its evaluations where gradients are recorded or not, in all."""

    def __init__(self) -> None:
        super().__init__()
        self.net, self.calls = Mix(), 0

    def forward(self, u: Tensor) -> Tensor:
        self.calls += 1
        return self.net(u)


@pytest.mark.parametrize("name", INVERTING)
def test_a_sub_net_is_evaluated_twice_a_step_and_not_three_times(name: str) -> None:
    network = Reversible(*blocks(name, f=Counting))
    trained(network, torch.randn(SHAPE))
    assert {m.calls for m in network.modules() if isinstance(m, Counting)} == {2}


# ---------------------------------------------------------------------- what is stored


def stored(network: nn.Module, state: Any) -> int:
    """Numbers that autograd stores, without the parameters."""
    parameters = {p.data_ptr() for p in network.parameters()}
    found: dict[int, int] = {}

    def pack(x: Tensor) -> Tensor:
        if x.data_ptr() not in parameters:
            found[x.data_ptr()] = x.numel()
        kept.append(x)  # so that no other tensor gets its place
        return x

    kept: list[Tensor] = []
    with saved_tensors_hooks(pack, lambda x: x):
        network(state)
    return sum(found.values())


def peak(network: nn.Module, state: Any) -> int:
    """Bytes that are live at once in a step, above those before it and the gradients of weights."""
    from torch.profiler import ProfilerActivity, profile

    loss(network(state)).backward()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        loss(network(state)).backward()
    live = most = 0
    for event in sorted(profiled.profiler.kineto_results.events(), key=lambda e: e.start_ns()):
        if event.name() == "[memory]":
            live += event.nbytes()
            most = max(most, live)
    return most


@pytest.mark.parametrize("name", INVERTING)
def test_what_is_stored_does_not_depend_on_the_depth(name: str) -> None:
    x = torch.randn(SHAPE, requires_grad=True)
    few, many = (
        stored(Reversible(*blocks(name, depth, f=Mix, **k_of(name))), begin_of(name, x))
        for depth in (4, 64)
    )
    assert few == many == 2 * x.numel()
    assert stored(nn.Sequential(*blocks(name, 4, f=Mix)), begin_of(name, x)) > 2 * few


def k_of(name: str) -> dict[str, float]:
    return {"k": 1.0} if name == "lm_resnet" else {}  # does not grow on the way back


def begin_of(name: str, x: Tensor) -> Any:
    return begin(blocks(name, 1, f=Mix)[0], x)


def test_the_peak_does_not_depend_on_the_depth() -> None:
    state = (torch.randn(8, 3, 32, 32, requires_grad=True), torch.randn(8, 3, 32, 32))
    few, many = (peak(Reversible(*blocks("revnet", depth, f=Mix)), state) for depth in (4, 32))
    size = state[0].nbytes
    assert many - few < size / 2
    plain = peak(nn.Sequential(*blocks("revnet", 32, f=Mix)), state)
    assert plain > 3 * many


def test_an_input_is_stored_where_inverting_would_amplify_rounding() -> None:
    near_zero = Reversible(*blocks("lm_resnet", 6, k=-0.05))
    assert near_zero.kept() == [True, False, False, True, False, False]
    compare(near_zero, torch.randn(SHAPE))
    assert max(near_zero.drift((torch.randn(SHAPE), torch.randn(SHAPE)))) < 1e-12
    near_zero.growth = 1e30
    assert not any(near_zero.kept())
    assert max(near_zero.drift((torch.randn(SHAPE), torch.randn(SHAPE)))) > 1e-12


def test_k_of_zero_is_no_division_by_zero() -> None:
    network = Reversible(*blocks("lm_resnet", k=0.0))
    assert all(network.kept())
    compare(network, torch.randn(SHAPE))


def test_a_double_root_grows_with_the_number_of_blocks_only() -> None:
    assert sum(Reversible(*blocks("second_order", 400, f=Mix)).kept()) == 0
    assert sum(Reversible(*blocks("second_order", 600, f=Mix)).kept()) == 1


def test_one_value_a_channel_may_grow_in_one_of_them(tmp_path: Path) -> None:
    method = """method per_channel
      learn k ~ uniform(-0.1, 0) per channel
    step
      u[n+1] = (1 - k)*u[n] + k*u[n-1] + h*f(u[n])
    """
    made = [make_block(method, noisy, k=-1.0, channels=3) for _ in range(3)]
    network = Reversible(*made)
    assert not any(network.kept())
    with torch.no_grad():
        made[1].k[2] = 1e-9
    assert network.kept() == [False, True, False]
    compare(network, torch.randn(SHAPE))
    # the first call gives a size, and stores everything
    compare(Reversible(*(make_block(method, noisy, k=-1.0) for _ in range(3))), torch.randn(SHAPE))


def test_half_precision_is_too_coarse_to_invert() -> None:
    network = Reversible(*blocks("revnet", f=Mix)).to(torch.bfloat16)
    states = tuple(torch.randn(SHAPE, dtype=torch.bfloat16) for _ in range(2))
    assert network.drift(states) == [0.0] * 4


def test_a_hundred_blocks_invert_to_rounding() -> None:
    torch.set_default_dtype(torch.float32)
    network = Reversible(*blocks("revnet", 100))
    buffers, draw = copy.deepcopy(list(network.buffers())), torch.get_rng_state()
    drift = network.drift((torch.randn(SHAPE), torch.randn(SHAPE)))
    assert 0 < max(drift) < 1e-4
    assert all(map(torch.equal, buffers, network.buffers()))
    torch.set_rng_state(draw)  # of the states
    torch.randn(SHAPE), torch.randn(SHAPE)
    expected = torch.rand(1)
    torch.set_rng_state(draw)
    network.drift((torch.randn(SHAPE), torch.randn(SHAPE)))
    assert torch.equal(torch.rand(1), expected)


def test_growth_is_a_factor() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Reversible(growth=0.5)


# ---------------------------------------------------------------------- parameters


def test_parameters_may_be_frozen_shared_or_unused() -> None:
    shared = noisy()
    made = [block_of("revnet", f=shared).train(), *blocks("revnet", 2), *blocks("leapfrog", 1)]
    made.append(block_of("revnet", f=[made[1].f[0], noisy()]).train())
    made[2].requires_grad_(False)
    made[1].f[1].unused = nn.Parameter(torch.ones(2))
    network = Reversible(*made)
    assert not any(network.kept())
    compare(network, torch.randn(SHAPE))
    gone = dict(network.named_parameters())
    assert gone["1.f.1.unused"].grad is None
    assert gone["2.f.0.0.weight"].grad is None


class Tied(nn.Module):
    """One weight by two names."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)
        self.two.weight = self.one.weight

    def forward(self, u: Tensor) -> Tensor:
        return self.two(self.one(u).tanh())


@pytest.mark.parametrize("name", ["revnet", "rk4"])
def test_a_weight_of_two_names_gets_one_gradient(name: str) -> None:
    compare(Reversible(*blocks(name, f=Tied)), torch.randn(SHAPE))


def test_what_comes_before_the_first_trained_block_is_not_computed_again() -> None:
    network = Reversible(*blocks("revnet", f=Counting))
    for block in network[:2]:
        block.requires_grad_(False)
    loss(network((torch.randn(SHAPE), torch.randn(SHAPE)))).backward()
    calls = [[net.calls for net in block.f] for block in network]
    assert calls == [[1, 1], [1, 1], [2, 2], [2, 2]]


def test_hooks_of_a_parameter_are_called_once() -> None:
    network = Reversible(*blocks("revnet"))
    calls: list[int] = []
    for p in network.parameters():
        p.register_hook(lambda g: calls.append(1))
    trained(network, torch.randn(SHAPE))
    assert len(calls) == len(list(network.parameters()))


def test_a_block_with_hooks_keeps_its_input() -> None:
    network = Reversible(*blocks("revnet"))
    network[1].register_forward_hook(lambda block, given, result: (result[0] * 2, result[1]))
    assert network.kept() == [False, True, False, False]
    compare(network, torch.randn(SHAPE))


def test_a_parameter_that_changed_in_between_is_noticed() -> None:
    network = Reversible(*blocks("revnet"))
    result = network((torch.randn(SHAPE), torch.randn(SHAPE)))
    with torch.no_grad():
        next(network.parameters()).add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss(result).backward()


def test_other_parameters_may_take_the_place() -> None:
    network = Reversible(*blocks("revnet", f=Mix))
    others = {k: torch.randn_like(p).requires_grad_() for k, p in network.named_parameters()}
    state = (torch.randn(SHAPE), torch.randn(SHAPE))
    found, wanted = (
        torch.autograd.grad(loss(functional_call(net, others, (state,))), list(others.values()))
        for net in (network, nn.Sequential(*network))
    )
    compare_gradients(list(found), list(wanted))


def test_a_buffer_that_decides_the_value_is_as_it_was() -> None:
    """Power iteration goes on at every evaluation in training."""

    def bounded() -> nn.Module:
        return nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 3, 1))

    compare(Reversible(*blocks("revnet", f=bounded)), torch.randn(SHAPE))
    compare(Reversible(*blocks("rk4", f=bounded)), torch.randn(SHAPE))


# ---------------------------------------------------------------------- what torch does


class Seen(nn.Module):
    """Tells the dtypes of its results."""

    def __init__(self) -> None:
        super().__init__()
        self.net, self.dtypes = nn.Conv2d(3, 3, 3, padding=1), []

    def forward(self, u: Tensor) -> Tensor:
        v = self.net(u)
        self.dtypes.append(v.dtype)
        return v


@pytest.mark.parametrize("name", ["revnet", "rk4"])
def test_autocast_is_the_same_on_the_way_back(name: str) -> None:
    """And a weight that is used outside as well gets both gradients, added more exactly."""
    torch.set_default_dtype(torch.float32)
    made = blocks(name, 2, f=Seen)
    x, outside = torch.randn(SHAPE), made[0].f[0]
    gradients = []
    for network in (Reversible(*made), nn.Sequential(*made)):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            total = loss(network(begin(made[0], x))) + 100 * loss(outside(x))
        gradients.append(list(torch.autograd.grad(total, list(network.parameters()))))
    compare_gradients(*gradients, error=1e-2)
    seen = [net for net in Reversible(*made).modules() if isinstance(net, Seen)]
    assert {dtype for net in seen for dtype in net.dtypes} == {torch.bfloat16}
    assert torch.is_autocast_cache_enabled()


class Narrow(nn.Module):
    """A convolution of each state, which autocast computes in half precision."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Conv2d(3, 3, 1)

    def forward(self, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(self.net(u) for u in state)


def test_states_that_become_coarse_between_blocks_are_stored() -> None:
    torch.set_default_dtype(torch.float32)
    made = [*blocks("revnet", 2, f=Seen), Narrow(), *blocks("revnet", 8, f=Seen)]
    states, gradients = (torch.randn(SHAPE), torch.randn(SHAPE)), []
    for network in (Reversible(*made), nn.Sequential(*made)):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            after = network(states)
            assert {u.dtype for u in after} == {torch.bfloat16}
        gradients.append(list(torch.autograd.grad(loss(after), list(network.parameters()))))
    compare_gradients(*gradients, error=1e-2)


def test_a_network_keeps_states_that_it_inverts_in_single_precision_under_autocast() -> None:
    torch.set_default_dtype(torch.float32)

    def stored(depth: int) -> int:
        table = {"family": "revnet", "depth": depth, "width": 8, "reversible": True}
        network = build(table, in_channels=3, classes=10)
        own = {p.untyped_storage().data_ptr() for p in network.parameters()}
        seen: dict[int, Tensor] = {}

        def note(saved: Tensor) -> Tensor:
            seen[saved.untyped_storage().data_ptr()] = saved
            return saved

        with (
            saved_tensors_hooks(note, lambda saved: saved),
            torch.autocast("cpu", dtype=torch.bfloat16),
        ):
            network(torch.randn(2, 3, 8, 8))
        return sum(u.untyped_storage().nbytes() for at, u in seen.items() if at not in own)

    assert stored(26) == stored(50)


def test_a_scaled_loss_trains() -> None:
    torch.set_default_dtype(torch.float32)
    network = Reversible(*blocks("revnet", f=lambda: nn.Conv2d(3, 3, 1)))
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
    scaler = torch.amp.GradScaler("cpu", init_scale=256.0)
    before = copy.deepcopy(network.state_dict())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        total = loss(network((torch.randn(SHAPE), torch.randn(SHAPE))))
    scaler.scale(total).backward()
    scaler.step(optimizer)
    scaler.update()
    assert scaler.get_scale() == 256.0
    assert all(not torch.equal(before[k], v) for k, v in network.state_dict().items())


def test_a_graph_that_is_retained_gives_the_same_again() -> None:
    network = Reversible(*blocks("revnet"))
    total = loss(network((torch.randn(SHAPE), torch.randn(SHAPE))))
    parameters = list(network.parameters())
    first = torch.autograd.grad(total, parameters, retain_graph=True)
    assert all(map(torch.equal, first, torch.autograd.grad(total, parameters)))
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(total, parameters)


def test_two_steps_may_be_in_flight() -> None:
    network, plain = both(Reversible(*blocks("revnet", f=Mix)))
    x, y = torch.randn(SHAPE), torch.randn(SHAPE)
    found, wanted = (
        torch.autograd.grad(loss(net(net((x, y)))) + loss(net((y, x))), list(net.parameters()))
        for net in (network, plain)
    )
    compare_gradients(list(found), list(wanted))


def test_second_derivatives_are_refused_in_training_and_there_in_evaluation() -> None:
    network = Reversible(*blocks("revnet", f=Mix))
    x = torch.randn(SHAPE, requires_grad=True)

    def second() -> Tensor:
        (g,) = torch.autograd.grad(loss(network((x, x))), x, create_graph=True)
        return torch.autograd.grad(g.square().sum(), x)[0]

    with pytest.raises(RuntimeError, match=r"no second derivatives.*nn\.Sequential"):
        second()
    network.eval()
    assert second().abs().sum() > 0


def test_functional_transforms_see_a_sequence() -> None:
    network, plain = both(Reversible(*blocks("revnet", f=Mix)))
    state = (torch.randn(SHAPE), torch.randn(SHAPE))

    def total(net: nn.Module) -> Callable[[Any], Tensor]:
        return lambda parameters: loss(functional_call(net, parameters, (state,)))

    found, wanted = (
        torch.func.grad(total(net))(dict(net.named_parameters())) for net in (network, plain)
    )
    assert all(torch.equal(found[k], wanted[k]) for k in wanted)


@pytest.mark.parametrize("how", ["eval", "no_grad"])
def test_otherwise_it_is_a_sequence(how: str) -> None:
    network, plain = both(Reversible(*blocks("revnet", f=Counting)))
    state = (torch.randn(SHAPE), torch.randn(SHAPE))
    for net in (network, plain):
        net.train(how != "eval")
    with torch.set_grad_enabled(how != "no_grad"):
        found, wanted = network(state), plain(state)
    assert all(map(torch.equal, found, wanted))
    assert [y.requires_grad for y in found] == [y.requires_grad for y in wanted]


def test_it_is_copied_pickled_and_read_as_a_sequence_is() -> None:
    network = Reversible(*blocks("revnet"), growth=10.0)
    plain = nn.Sequential(*network)
    assert list(network.state_dict()) == list(plain.state_dict())
    assert "0.f.0.0.weight" in network.state_dict()
    for again in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert again.growth == 10.0
        compare(again, torch.randn(SHAPE))
    network.load_state_dict(plain.state_dict())
    assert network[-1] is plain[-1]
    assert len(network[1:3]) == 2


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch's own, between its graphs
def test_it_compiles_with_breaks_in_training() -> None:
    network, plain = both(Reversible(*blocks("revnet", 2, f=Mix)))
    state = (torch.randn(SHAPE), torch.randn(SHAPE))
    found, wanted = (
        torch.autograd.grad(loss(call(state)), list(net.parameters()))
        for net, call in ((network, torch.compile(network, backend="eager")), (plain, plain))
    )
    compare_gradients(list(found), list(wanted))


def test_it_is_one_graph_in_evaluation() -> None:
    network, plain = both(Reversible(*blocks("revnet", 2, f=Mix)).eval())
    state = (torch.randn(SHAPE), torch.randn(SHAPE))
    result = torch.compile(network, backend="aot_eager", fullgraph=True)(state)
    assert all(map(torch.allclose, result, plain(state)))
    program = torch.export.export(network, (state,))
    assert all(map(torch.allclose, program.module()(state), plain(state)))


@pytest.mark.filterwarnings("ignore:The .grad attribute")
def test_sub_nets_may_be_compiled() -> None:
    def compiled() -> nn.Module:
        net = Mix()
        net.compile(backend="eager")
        return net

    compare(Reversible(*blocks("revnet", 2, f=compiled)), torch.randn(SHAPE))


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["revnet", "rk4"])
def test_draws_on_a_device_are_the_same_on_the_way_back(name: str) -> None:
    compare(Reversible(*blocks(name)).cuda(), torch.randn(SHAPE).cuda(), error=1e-10)


@pytest.mark.slow
def test_processes_train_one_reversible_network(tmp_path: Path) -> None:
    """Under DistributedDataParallel, with a collective inside the sub-nets: no process waits."""
    script = Path(__file__).with_name("train_reversible.py")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    run = subprocess.run(
        [*command, str(script)], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("agree") == 2
