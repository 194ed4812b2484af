"""An emitted block that evaluates again trains as one that stores everything, and stores little."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from block.nets import Mix
from torch import Tensor, nn

from butcher.block import make_block
from butcher.compiler import OptionError
from butcher.compiler import compile as compiled
from butcher.counting.saved import saved

SHAPE = (2, 3, 5, 5)
TIMED = """method timed
  ode u' = f(t, u)

tableau
    0 |
  1/2 | 1/2
  ----+-----
      | 0 1
"""

each_kind = pytest.mark.parametrize("of", ["stage", "block"])


class Driven(nn.Module):
    """f(t, u)."""

    def __init__(self) -> None:
        super().__init__()
        self.net = noisy()

    def forward(self, t: Tensor | float, u: Tensor) -> Tensor:
        return torch.sin(t + self.net(u))


def noisy(momentum: float | None = 0.1) -> nn.Module:
    """A sub-net with running statistics and draws."""
    norm = nn.BatchNorm2d(3, momentum=momentum)
    return nn.Sequential(Mix(), norm, nn.Dropout(0.3), Mix())


def cumulative() -> nn.Module:
    """Whose running statistics are means over all steps."""
    return noisy(momentum=None)


def bounded() -> nn.Module:
    """A sub-net whose buffers decide its value, and change at every evaluation in training."""
    return nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 3, 1))


class Counting(nn.Module):
    """Its buffer decides its value, and is another tensor after every evaluation."""

    number: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.net = Mix()
        self.register_buffer("number", torch.tensor(1.0))

    def forward(self, u: Tensor) -> Tensor:
        self.number = self.number + 1
        return torch.sin(self.number * self.net(u))


def begin(block: Any, x: Tensor) -> Any:
    states = tuple((i + 1) * x for i in range(len(block.states)))
    return states if len(states) > 1 else x


def total(result: Any) -> Tensor:
    values = (result,) if isinstance(result, Tensor) else result
    return torch.stack([((i + 1) * y.sin()).sum() for i, y in enumerate(values)]).sum()


def trained(network: Any, x: Tensor) -> dict[str, list[Any]]:
    """What two steps leave behind."""
    torch.manual_seed(5)
    values = []
    for _ in range(2):
        result = network(begin(network, x))
        total(result).backward()
        values += [result] if isinstance(result, Tensor) else list(result)
    return {
        "values": [y.detach() for y in values],
        "gradients": [p.grad for p in network.parameters()],
        "buffers": list(network.buffers()),
        "draws": [torch.rand(3)],
    }


def agree(found: dict[str, list[Any]], wanted: dict[str, list[Any]]) -> None:
    for what, values in wanted.items():
        for a, b in zip(found[what], values, strict=True):
            assert (a is None) == (b is None), what
            assert a is None or torch.equal(a, b), what


def pair(name: str, of: str, f: Callable[[], nn.Module], **values: Any) -> tuple[Any, Any]:
    """A block with the checkpoint and one without, with equal weights."""
    block = make_block(name, f, checkpoint=of, **values)
    plain = make_block(name, f, **values)
    plain.load_state_dict(block.state_dict())
    return block, plain


@each_kind
@pytest.mark.parametrize("step", ["fixed", "learned"])
@pytest.mark.parametrize(
    ("name", "f"),
    [
        ("rk4", noisy),
        ("rk4", cumulative),
        ("rk4", bounded),
        ("rk4", Counting),
        ("verner89", noisy),
        ("lm_resnet", noisy),
        ("revnet", noisy),
        ("ab3", noisy),
        ("stochastic_lm", noisy),
        (TIMED, Driven),
    ],
)
def test_it_trains_as_the_plain_block_to_the_bit(
    name: str, f: Callable[[], nn.Module], step: str, of: str
) -> None:
    block, plain = pair(name, of, f, step=step)
    x = torch.randn(SHAPE, requires_grad=True)
    y = x.detach().clone().requires_grad_()
    agree(trained(block, x), trained(plain, y))
    assert x.grad is not None
    assert y.grad is not None
    assert torch.equal(x.grad, y.grad)


@each_kind
def test_the_time_is_given_on_and_differentiated(of: str) -> None:
    block, plain = pair(TIMED, of, Driven)
    found = []
    for made in (block, plain):
        t = torch.tensor(0.3, requires_grad=True)
        torch.manual_seed(1)
        made(torch.ones(SHAPE), t).sum().backward()
        found.append(t.grad)
    assert torch.equal(*found)
    assert found[0] != 0


@each_kind
def test_second_derivatives_and_a_second_way_back_are_the_same(of: str) -> None:
    block, plain = pair("kutta3", of, bounded)
    found = []
    for made in (block, plain):
        x = torch.linspace(-1, 1, 150).reshape(SHAPE).requires_grad_()
        y = total(made(x)).sin()
        (first,) = torch.autograd.grad(y, x, create_graph=True)
        (second,) = torch.autograd.grad(first.square().sum(), x, retain_graph=True)
        (again,) = torch.autograd.grad(y, x)
        assert torch.equal(again, first)
        found.append((first, second))
    for a, b in zip(*found, strict=True):
        assert torch.equal(a, b)


# --------------------------------------------------------------------------- what is stored

POINTS = 2 * 3 * 4 * 4


def layers() -> nn.Module:
    """Stores two maps beside what it is given."""
    return nn.Sequential(nn.Conv2d(3, 3, 1), nn.Tanh(), nn.Conv2d(3, 3, 1), nn.Tanh())


def stored(name: str, of: str | None, **values: Any) -> float:
    """Maps that a forward pass keeps beside what it was given."""
    block = make_block(name, layers, checkpoint=of, **values)
    given = begin(block, torch.randn(2, 3, 4, 4))
    inputs = given if isinstance(given, tuple) else (given,)
    kept = saved(lambda: block(given), inputs, [*block.parameters(), *block.buffers()])
    return kept.maps / (POINTS * 8)


@pytest.mark.parametrize(
    ("name", "step", "plain", "stage", "block"),
    [
        ("rk4", "fixed", 11, 3, 0),
        ("rk4", "learned", 12, 7, 0),
        ("verner89", "fixed", 41, 13, 0),
        ("verner89", "learned", 54, 27, 0),
        ("lm_resnet", "fixed", 2, 0, 0),
        ("revnet", "fixed", 5, 1, 0),
    ],
)
def test_an_evaluation_keeps_its_argument_and_a_block_its_states(
    name: str, step: str, plain: int, stage: int, block: int
) -> None:
    """A trained step is multiplied by what evaluations gave, which a stage keeps, too."""
    found = [int(stored(name, of, step=step)) for of in (None, "stage", "block")]
    assert found == [plain, stage, block]


# --------------------------------------------------------------------------- where it is plain


@each_kind
def test_without_gradients_nothing_is_kept_or_evaluated_again(
    of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    block, plain = pair("rk4", of, bounded)
    monkeypatch.setattr(sys.modules[type(block).__module__], "checkpoint", None)
    x = torch.randn(SHAPE)
    with torch.no_grad():
        assert torch.equal(block(x), plain(x))
    with pytest.raises(TypeError):
        block(x)


@each_kind
def test_torch_func_sees_a_plain_block(of: str) -> None:
    block, plain = pair("rk4", of, Mix)
    x = torch.randn(SHAPE)
    found = []
    for made in (block, plain):
        weights = dict(made.named_parameters())

        def loss(weights: Any, made: Any = made) -> Tensor:
            return total(torch.func.functional_call(made, weights, (x,)))

        found.append(torch.func.grad(loss)(weights))
    for key, value in found[1].items():
        assert torch.equal(found[0][key], value)


@each_kind
def test_weights_lent_for_one_call_are_those_of_its_gradients(of: str) -> None:
    block, plain = pair("rk4", of, Mix)
    lent = {key: (2 * w.detach()).requires_grad_() for key, w in block.named_parameters()}
    x = torch.randn(SHAPE)
    found = []
    for made in (block, plain):
        value = total(torch.func.functional_call(made, lent, (x,)))
        found.append(torch.autograd.grad(value, list(lent.values())))
    for a, b in zip(*found, strict=True):
        assert torch.equal(a, b)


@each_kind
def test_an_exported_block_evaluates_once(of: str) -> None:
    block, _ = pair("rk4", of, lambda: nn.Linear(3, 3))
    x = torch.randn(2, 3)
    program = torch.export.export(block, (x,))
    calls = [n for n in program.graph.nodes if n.target is torch.ops.aten.linear.default]
    assert len(calls) == 4
    assert torch.equal(program.module()(x), block(x))


@each_kind
@pytest.mark.slow
def test_compiled_it_is_one_graph_that_trains_alike(of: str) -> None:
    block, plain = pair("rk4", of, lambda: nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)))
    x = torch.randn(SHAPE)
    wanted = trained(plain, x)
    found = trained(torch.compile(block, backend="aot_eager", fullgraph=True), x)
    agree(found, wanted)


@each_kind
def test_a_first_call_that_draws_weights_is_made_once(of: str) -> None:
    def lazy() -> nn.Module:
        return nn.Sequential(nn.LazyConv2d(3, 1), nn.Dropout(0.5))

    found = []
    for checkpoint in (of, None):
        torch.manual_seed(2)
        block = make_block("rk4", lazy, checkpoint=checkpoint)
        found.append(trained(block, torch.ones(SHAPE)))
    agree(*found)


@each_kind
def test_it_is_copied_and_pickled(of: str) -> None:
    block, plain = pair("lm_resnet", of, Mix)
    x = torch.randn(SHAPE)
    for made in (copy.deepcopy(block), pickle.loads(pickle.dumps(block))):
        assert torch.equal(total(made((x, x))), total(plain((x, x))))


# --------------------------------------------------------------------------- the text


def test_none_is_the_same_text_and_so_is_a_block_that_evaluates_nothing() -> None:
    assert compiled("rk4", checkpoint="none") == compiled("rk4")
    idle = "method idle\n\nstep\n  u[n+1] = u[n]\n"
    assert compiled(idle, checkpoint="stage") == compiled(idle)


def test_an_evaluation_that_starts_or_inverts_is_made_again_too() -> None:
    for name, count in (("ab2", 2), ("revnet", 4)):
        source = compiled(name, checkpoint="stage")
        assert source.count("again(self.f[") == count


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"checkpoint": "blocks"}, "none, stage or block, not 'blocks'"),
        ({"checkpoint": "stage", "step": "controlled"}, "wrap the block in butcher.models"),
        ({"checkpoint": "block", "evaluations": "together"}, "write evaluations in-turn"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        compiled("verner89", **options)
