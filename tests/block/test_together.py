"""The evaluations of one level, on streams; what needs no device is tested on a fake one."""

import copy
import sys
from collections.abc import Callable

import pytest
import torch
from stream_machine import Machine, Probe, Race, Stream
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from butcher.block import make_block

BLOCK = type(make_block("polynet_2way", nn.Identity, evaluations="together"))
module = sys.modules[BLOCK.__module__]
"""An emitted file, executed: it carries the functions."""
together, device_of, side_streams = module.together, module.device_of, module.side_streams


def sub_net(width: int = 4) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.Dropout(0.3),
        nn.ReLU(),
    )


def image(*, device: str = "cpu") -> Tensor:
    return torch.randn(2, 4, 6, 6, device=device, requires_grad=True)


def in_turn(*calls: tuple[nn.Module, Tensor]) -> list[Tensor]:
    return [f(u) for f, u in calls]


def everything(
    way: Callable[..., list[Tensor]], nets: list[nn.Module], *inputs: Tensor
) -> list[Tensor]:
    """Results, gradients of inputs and parameters, and buffers, from one seed."""
    torch.manual_seed(7)
    inputs = tuple(u.detach().requires_grad_() for u in inputs)
    nets = copy.deepcopy(nets)
    results = way(*zip(nets, inputs, strict=True))
    sum(k.square().sum() * (i + 1) for i, k in enumerate(results)).backward()
    leaves = [*inputs, *(p for net in nets for p in net.parameters())]
    return [*results, *(u.grad for u in leaves), *(b for net in nets for b in net.buffers())]


# --------------------------------------------------------------------------- one after the other


def test_without_a_device_it_is_one_after_the_other_to_the_last_bit() -> None:
    nets, inputs = [sub_net() for _ in range(3)], [image() for _ in range(3)]
    found, wanted = everything(together, nets, *inputs), everything(in_turn, nets, *inputs)
    assert all(torch.equal(a, b) for a, b in zip(found, wanted, strict=True))


def test_what_a_sub_net_raises_is_raised() -> None:
    with pytest.raises(RuntimeError, match="expected input"):
        together((sub_net(), image()), (sub_net(5), image()))


def cuda_tensor(number: int = 0) -> Tensor:
    """Has a device, and needs none."""
    with FakeTensorMode(allow_non_fake_inputs=True):
        return torch.empty(2, 4, 6, 6, device=f"cuda:{number}")


def test_calls_on_one_device_go_side_by_side() -> None:
    u = cuda_tensor()
    assert device_of(((sub_net(), u), (sub_net(), u))) == u.device
    assert device_of(((sub_net(), 0.5, u), (sub_net(), 0.5, u))) == u.device


def test_calls_on_several_devices_go_one_after_the_other() -> None:
    assert device_of(((sub_net(), cuda_tensor(0)), (sub_net(), cuda_tensor(1)))) is None
    assert device_of(((sub_net(), cuda_tensor()), (sub_net(), image()))) is None
    assert device_of(((sub_net(), image()), (sub_net(), image()))) is None


@pytest.mark.parametrize("what", ["compiler.is_compiling", "jit.is_tracing"])
def test_what_records_kernels_sees_one_after_the_other(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    u = cuda_tensor()
    monkeypatch.setattr(f"torch.{what}", lambda: True)
    assert device_of(((sub_net(), u), (sub_net(), u))) is None


def test_sub_nets_that_share_statistics_go_one_after_the_other() -> None:
    net, u = sub_net(), cuda_tensor()
    shares = nn.Sequential(nn.Conv2d(4, 4, 1), net[1])
    assert device_of(((net, u), (net, u))) is None
    assert device_of(((net, u), (shares, u))) is None


def test_sub_nets_that_share_weights_alone_go_side_by_side() -> None:
    convolution, u = nn.Conv2d(4, 4, 1), cuda_tensor()
    assert device_of(((convolution, u), (convolution, u))) == u.device


def test_compilers_and_exporters_see_one_after_the_other() -> None:
    block, u = BLOCK([sub_net(), sub_net()]).eval(), image()
    compiled = torch.compile(block, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(u), block(u))
    exported = torch.export.export(block, (u,)).module()
    torch.testing.assert_close(exported(u), block(u))


# --------------------------------------------------------------------------- blocks

METHODS = {"fractal3": 2, "fractalnet": 2, "gauss4": 4, "radau_iia3": 3, "polynet_2way": 1}
METHODS |= {"shake_shake": 1}
"""With how many levels of more than one evaluation each has."""


def trained(name: str, step: str, evaluations: str) -> tuple[nn.Module, list[Tensor]]:
    """A block, and its result, gradients and statistics after a step of training, dropout drawn."""
    torch.manual_seed(0)
    transition = {} if name in {"fractal3", "fractalnet"} else {"transition": nn.Conv2d(4, 4, 1)}
    block = make_block(name, sub_net, step=step, evaluations=evaluations, **transition)
    torch.manual_seed(1)
    u = torch.randn(2, 4, 6, 6, requires_grad=True)
    v = block(u)
    v.square().sum().backward()
    gradients = [p.grad for p in block.parameters() if p.grad is not None]
    return block, [v, u.grad, *block.buffers(), *gradients]


@pytest.mark.parametrize("step", ["fixed", "learned"])
@pytest.mark.parametrize("name", METHODS)
def test_a_block_computes_what_it_computes_in_turn(name: str, step: str) -> None:
    block, found = trained(name, step, "together")
    other, wanted = trained(name, step, "in-turn")
    assert type(block) is not type(other)
    assert block.state_dict().keys() == other.state_dict().keys()
    assert torch.equal(found[0], wanted[0]), "the bits of the result are the same"
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", METHODS)
def test_every_level_is_one_call(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    block = make_block(name, sub_net, evaluations="together")
    own, widths = sys.modules[type(block).__module__], []
    together = own.together
    monkeypatch.setattr(own, "together", lambda *c: widths.append(len(c)) or together(*c))
    block(image())
    assert len(widths) == METHODS[name]
    assert min(widths) > 1


def test_a_controlled_step_calls_side_by_side_as_well() -> None:
    found = []
    for evaluations in ("together", "in-turn"):
        torch.manual_seed(0)
        block = make_block(
            "verner89",
            lambda: nn.Sequential(nn.Linear(3, 3), nn.Tanh()),
            step="controlled",
            weights="shared",
            evaluations=evaluations,
        )
        u = torch.linspace(-1, 1, 6).reshape(2, 3)
        found.append((block(u), block.nfe, block.evaluations))
    (a, *counts), (b, *others) = found
    assert torch.equal(a, b)
    assert counts == others


# --------------------------------------------------------------------------- on a device of words


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """All calls go side by side, on streams that only exist here."""
    machine = Machine()

    class Torch:
        cuda = machine.cuda

        def __getattr__(self, name: str) -> object:
            return getattr(torch, name)

    monkeypatch.setattr(module, "torch", Torch())
    monkeypatch.setattr(module, "device_of", lambda calls: torch.device("cpu"))
    monkeypatch.setattr(Tensor, "record_stream", lambda u, stream: machine.record_stream(u, stream))
    side_streams.cache_clear()
    yield machine
    side_streams.cache_clear()


def two_levels(machine: Machine) -> tuple[list[Probe], Tensor]:
    """Three evaluations of u, of which two others read sums, as a block makes them."""
    probes = [Probe(machine, sub_net()) for _ in range(5)]
    u = machine.write(image())
    k1, k2, k3 = together(*((f, u) for f in probes[:3]))
    Y4, Y5 = launched(machine, u, k1, k2), launched(machine, u, k3)
    k4, k5 = together((probes[3], 0.5, Y4), (probes[4], 0.5, Y5))
    return probes, launched(machine, u, k4, k5)


def launched(machine: Machine, *terms: Tensor) -> Tensor:
    """A sum, on the current stream."""
    for term in terms:
        machine.read(term)
    return machine.write(torch.stack(terms).sum(0))


def test_no_stream_reads_what_another_may_not_have_written(machine: Machine) -> None:
    probes, _ = two_levels(machine)
    used = [probe.streams for probe in probes]
    assert used == [["side 1"], ["side 2"], ["main"], ["side 3"], ["main"]]


def test_a_missing_wait_is_a_race(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stream, "wait_stream", lambda self, other: None)
    with pytest.raises(Race, match="may not have written"):
        two_levels(machine)


def test_a_join_left_out_is_a_race(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    wait = Stream.wait_stream
    only_forks = lambda self, other: self.name == "main" or wait(self, other)  # noqa: E731
    monkeypatch.setattr(Stream, "wait_stream", only_forks)
    with pytest.raises(Race, match="main reads what side"):
        two_levels(machine)


def test_memory_that_is_not_recorded_is_a_race(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tensor, "record_stream", lambda value, stream: None)
    with pytest.raises(Race, match="may use again"):
        two_levels(machine)


def test_streams_change_no_number(machine: Machine) -> None:
    nets, inputs = [sub_net() for _ in range(3)], [image() for _ in range(3)]
    found, wanted = everything(together, nets, *inputs), everything(in_turn, nets, *inputs)
    assert all(torch.equal(a, b) for a, b in zip(found, wanted, strict=True))


def test_streams_follow_the_mode_of_gradients(machine: Machine) -> None:
    with torch.no_grad():
        k1, k2 = together((sub_net(), image()), (sub_net(), image()))
    assert not any(k.requires_grad for k in (k1, k2))
    k1, k2 = together((sub_net(), image()), (sub_net(), image()))
    assert all(k.requires_grad for k in (k1, k2))


def test_a_cast_weight_is_found_by_no_other_stream(machine: Machine) -> None:
    probes = [Probe(machine, nn.Conv2d(4, 4, 1, dtype=torch.float32)) for _ in range(2)]
    u = machine.write(image().float())
    with torch.autocast("cpu", torch.bfloat16):
        k1, k2 = together((probes[0], u), (probes[1], u))
        assert torch.is_autocast_cache_enabled()
    assert k1.dtype == k2.dtype == torch.bfloat16
    assert [probe.caches for probe in probes] == [[False], [True]]


def test_without_autocast_nothing_is_cast(machine: Machine) -> None:
    probes = [Probe(machine, nn.Conv2d(4, 4, 1, dtype=torch.float32)) for _ in range(2)]
    u = machine.write(image().float())
    assert [k.dtype for k in together(*((f, u) for f in probes))] == 2 * [torch.float32]
    with torch.autocast("cpu", torch.bfloat16), torch.autocast("cpu", enabled=False):
        assert [k.dtype for k in together(*((f, u) for f in probes))] == 2 * [torch.float32]


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_what_has_begun_is_waited_for_when_a_sub_net_raises(machine: Machine, wrong: int) -> None:
    probes = [Probe(machine, sub_net(5 if i == wrong else 4)) for i in range(3)]
    u = machine.write(image())
    with pytest.raises(RuntimeError, match="expected input"):
        together(*((f, u) for f in probes))
    assert machine.current.name == "main"
    for made in machine.kept:  # all of it is known to the current stream
        machine.recorded.add((made.data_ptr(), "main"))
        machine.read(made)


def test_a_block_inside_a_block_has_no_race(machine: Machine) -> None:
    class Inner(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.f = nn.ModuleList(Probe(machine, sub_net()) for _ in range(2))

        def forward(self, u: Tensor) -> Tensor:
            return launched(machine, *together((self.f[0], u), (self.f[1], u)))

    u = machine.write(image())
    launched(machine, *together((Inner(), u), (Inner(), u)))


# --------------------------------------------------------------------------- on a real one


class Late(nn.Module):
    """Its kernels begin when the device has slept: a read that does not wait comes too early."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, u: Tensor) -> Tensor:
        torch.cuda._sleep(20_000_000)
        return self.net(u)


@pytest.mark.gpu
def test_streams_give_what_one_after_the_other_gives() -> None:
    nets = [Late(sub_net()).cuda(), sub_net().cuda(), Late(sub_net()).cuda()]
    inputs = [image(device="cuda") for _ in nets]
    found, wanted = everything(together, nets, *inputs), everything(in_turn, nets, *inputs)
    torch.testing.assert_close(found, wanted)


@pytest.mark.gpu
def test_streams_are_captured_as_a_graph() -> None:
    nets, u = [sub_net().cuda().eval() for _ in range(2)], image(device="cuda").detach()
    with torch.no_grad():
        wanted = sum(in_turn(*((f, u) for f in nets)))
        together(*((f, u) for f in nets))  # the streams and their libraries are there
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            found = sum(together(*((f, u) for f in nets)))
    found.zero_()
    graph.replay()
    torch.cuda.synchronize()
    torch.testing.assert_close(found, wanted)


@pytest.mark.gpu
def test_weights_that_are_shared_are_cast_before_they_are_read() -> None:
    net = nn.Conv2d(4, 4, 3, padding=1).cuda()
    u = image(device="cuda")
    with torch.autocast("cuda", torch.bfloat16):
        found = together((Late(net), u), (net, u))
        wanted = in_turn((net, u), (net, u))
    torch.testing.assert_close(found, wanted)
