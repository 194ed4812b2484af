"""Blocks that change shape: what passes through the transition, and what reads a state before it.

The rule, once more and independently: an evaluation whose argument is exactly one state reads it
as it came; in everything else P(state) stands for the state.
"""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from block.nets import SPECS, block_of, given, source_of, states_of, taken
from block.test_block_is_the_table import HEADER, learned, passed
from hypothesis import Phase, assume, settings
from hypothesis import given as given_any
from hypothesis import strategies as st
from ir.strategies import graphs, reversible
from torch import Tensor, nn

from butcher.block import live_class, make_block
from butcher.coefficient import Coefficient, Number
from butcher.compiler import load, transformed, uses
from butcher.compiler.sweeps import straightened
from butcher.emit.torch_module import emit_module
from butcher.emit.torch_module.program import offset
from butcher.ir.graph import Graph, Row
from butcher.ir.lower import lower
from butcher.passes.prune import prune

OLD, NEW = 3, 5
WITH = [name for name in SPECS if "transition:" in source_of(name)]
CHANGING = [name for name in WITH if not any(use.mixed for use in uses(name))]
INVERTIBLE = [name for name in SPECS if "def inverse(" in source_of(name)]
SEVERAL = ["lm_resnet", "ab3", "revnet", "am3"]


class Linear(nn.Linear):
    """A linear map, with a time as well."""

    def __init__(self, old: int = OLD, new: int = NEW) -> None:
        super().__init__(old, new, bias=False)

    def forward(self, *given: Any) -> Tensor:
        """f(u) = W u, f(t, u) = (1 + t) W u."""
        *t, u = given
        return super().forward(u) * (1 + t[0] if t else 1)


def changing(name: str, *, transition: Any = Linear, **values: Any) -> nn.Module:
    """The block between spaces of different dimension."""
    nets = [Linear(OLD if use.reads else NEW, NEW) for use in uses(name)]
    if "channels: int" in source_of(name):
        values["channels"] = NEW
    return make_block(name, nets, transition=transition, **values).eval()


def held(block: nn.Module) -> list[nn.Module]:
    """One for every state."""
    found = block.transition
    return list(found) if isinstance(found, nn.ModuleList) else [found]


# ---------------------------------------------------------------------- the rule


def ruled(
    graph: Graph,
    operators: list[nn.Module],
    block: nn.Module,
    states: tuple[Tensor, ...],
    symbols: dict[str, Number],
) -> tuple[Tensor, ...]:
    """What the block computes if P is put where the rule says, in the order of the graph."""
    values = {s.name: s.start for s in graph.symbols}
    for s in graph.symbols:
        if s.kind == "random" and s.distribution is not None:
            values[s.name] = s.distribution.mean.evaluate(values)
    values |= symbols
    came = dict(zip(graph.state, states, strict=True))
    known = {key: P(u) for (key, u), P in zip(came.items(), operators, strict=True)}

    def number(coefficient: Coefficient) -> float:
        return float(coefficient.evaluate(values))

    def total(row: Row) -> Tensor:
        terms = [known[t.source] * number(t.coefficient) for t in row.terms]
        return torch.stack(terms).sum(0) if terms else 0 * known[graph.states[0].key]

    for e in graph.evaluations:
        row = graph.row[e.argument]
        source = row.only_source
        argument = came[source] if source in came else total(row)
        time = [number(offset(e))] if e.slot in graph.timed else []
        known[e.key] = block.f[graph.groups.index(e.group)](*time, argument)
    return tuple(total(graph.row[o]) if o in graph.row else known[o] for o in graph.outputs)


@pytest.mark.parametrize("name", WITH)
def test_the_transition_stands_where_the_rule_says(name: str) -> None:
    """Between two spaces, or, of a set of weights that is used on both sides, inside of one."""
    graph = straightened(lower(load(name)))
    if name in CHANGING:
        block = changing(name)
    else:
        block = make_block(name, lambda: Linear(OLD, OLD), transition=lambda: Linear(OLD, OLD))
    states = states_of(block, (2, OLD))
    wanted = ruled(graph, held(block), block, states, learned(block, graph))
    values = taken(block(given(states)))
    for value, want in zip(values, wanted, strict=True):
        assert value.shape == (2, NEW if name in CHANGING else OLD)
        assert torch.allclose(value, want, rtol=1e-10, atol=1e-10)
    own = [(n, p) for n, p in block.named_parameters() if "f." not in n]
    total = torch.stack([value.square().sum() for value in values]).sum()
    for _, gradient in zip(own, torch.autograd.grad(total, [p for _, p in own]), strict=True):
        assert gradient.abs().sum() > 0


@settings(max_examples=60, phases=[Phase.explicit, Phase.reuse, Phase.generate], deadline=None)
@given_any(st.one_of(graphs(), graphs(implicit=True), reversible()))
def test_of_any_graph_it_stands_there(graph: Graph) -> None:
    """Inside one space, where every sub-net may read what it likes; then what has no transition
    is not asked, since there is none.
    """
    graph = passed(prune(graph))
    assume(graph.transformed)
    nets = [Linear(OLD, OLD) for _ in graph.groups]
    operators = [Linear(OLD, OLD) for _ in graph.states]
    block = live_class(emit_module(graph, HEADER))(nets, transition=operators).eval()
    states = states_of(block, (2, OLD))
    for value, want in zip(
        taken(block(given(states))), ruled(graph, operators, block, states, {}), strict=True
    ):
        assert torch.allclose(value, want, rtol=1e-8, atol=1e-8)


def test_lm_by_hand() -> None:
    block = changing("lm_resnet", h=0.5, k=-0.25)
    P, Q, F = *block.transition, *block.f
    u, v = torch.randn(4, OLD), torch.randn(4, OLD)
    value, last = block((u, v))
    assert torch.allclose(value, 1.25 * P(u) - 0.25 * Q(v) + 0.5 * F(u))
    assert torch.equal(last, P(u))


def test_revnet_by_hand() -> None:
    block = changing("revnet", h=0.5)
    (P, Q), (f, g) = block.transition, block.f
    x, y = torch.randn(4, OLD), torch.randn(4, OLD)
    x_next = P(x) + 0.5 * f(y)
    wanted = x_next, Q(y) + 0.5 * g(x_next)
    assert all(map(torch.allclose, block((x, y)), wanted))


def test_a_kept_evaluation_passes_too() -> None:
    block = changing("ab2", h=0.5)
    (P, Q), (f,) = block.transition, block.f
    u, f_prev = torch.randn(4, OLD), torch.randn(4, OLD)
    value, kept = block((u, f_prev))
    assert torch.allclose(value, P(u) + 0.75 * f(u) - 0.25 * Q(f_prev))
    assert torch.equal(kept, f(u))


def test_a_state_read_again_as_it_came_keeps_its_name() -> None:
    text = "method late\n\nstep\n  w = u[n] + h*f(u[n])\n  k = g(w)\n"
    text += "  u[n+1] = u[n] + h*k + h*m(u[n])\n"
    assert [use.reads for use in uses(text)] == ["u[n]", None, "u[n]"]
    f, g, m, P = Linear(), Linear(NEW, NEW), Linear(), Linear()
    block = make_block(text, {"f": f, "g": g, "m": m}, transition=P)
    u = torch.randn(2, OLD)
    assert torch.allclose(block(u), P(u) + g(P(u) + f(u)) + m(u))
    assert "Pu = self.transition(u).to(u.dtype)" in inspect.getsource(type(block))


def test_what_is_skipped_is_zero_in_the_new_shape() -> None:
    text = "method skips\n  random eta ~ bernoulli(1/2) per batch\n\nstep\n"
    text += "  u[n+1] = u[n] + eta*h*f(u[n])\n"
    block = make_block(text, Linear, transition=Linear).train()
    u = torch.randn(2, OLD)
    P = block.transition(u)
    found = {torch.equal(block(u), P) for _ in range(30)}
    assert found == {True, False}


@pytest.mark.parametrize(
    "rows", ["u[n+1] = u[n] + a*h*f(u[n])", "k = g(a*f(u[n]))\n  u[n+1] = u[n] + h*k"]
)
def test_what_is_per_channel_has_the_size_of_the_new_shape(rows: str) -> None:
    block = make_block(
        f"method m\n  learn a = 1/2 per channel\n\nstep\n  {rows}\n",
        [Linear(), Linear(NEW, NEW)][: 1 + ("g(" in rows)],
        transition=Linear,
    )
    assert block(torch.randn(2, OLD)).shape == (2, NEW)
    assert block.a.shape == (NEW,)


# ---------------------------------------------------------------------- the identity


@pytest.mark.parametrize("name", WITH)
def test_without_a_transition_nothing_changes(name: str) -> None:
    """Bit by bit what the text without its transitions computes; it has the same keys, too."""
    source = source_of(name)
    lines = source.splitlines(keepends=True)
    without = "".join(line for line in lines if " = self.transition" not in line)
    assert without != source
    block = block_of(name)
    extra = {"channels": 3} if "channels: int" in source else {}
    plain = live_class(without.replace("Pu", "u"))(list(block.f), **extra).eval()
    assert list(plain.state_dict()) == list(block.state_dict())
    plain.load_state_dict(block.state_dict())
    assert not any("transition" in key for key in block.state_dict())
    states = given(states_of(block))
    assert all(map(torch.equal, taken(plain(states)), taken(block(states))))


def test_none_is_the_identity() -> None:
    for name in ("rk4", "lm_resnet"):
        block = make_block(name, nn.Tanh, transition=None)
        assert all(type(operator) is nn.Identity for operator in held(block))


# ---------------------------------------------------------------------- what is given


def test_of_several_states_a_module_is_shared_and_a_callable_builds_one_each() -> None:
    P = Linear()
    assert all(shared is P for shared in changing("lm_resnet", transition=P).transition)
    first, second = changing("lm_resnet", transition=Linear).transition
    assert first is not second
    assert list(changing("lm_resnet", transition=[P, second]).transition) == [P, second]


@pytest.mark.parametrize("name", ["rk4", "lm_resnet"])
@pytest.mark.parametrize("wrong", [3, lambda: 3, "P", [nn.Tanh()] * 3])
def test_what_is_no_transition_is_refused(name: str, wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="transition must"):
        make_block(name, nn.Tanh, transition=wrong)


def test_a_block_without_rows_of_states_has_none() -> None:
    assert transformed("fractalnet") == ()
    assert [use.reads for use in uses("fractalnet")] == ["u[n]"] * 3 + [None] * 2
    with pytest.raises(TypeError, match="fractalnet has no transition"):
        make_block("fractalnet", nn.Tanh, transition=nn.Identity())


def test_a_symbol_of_that_name_is_still_there() -> None:
    text = "method m\n  param transition = 2\nstep\n  u[n+1] = u[n] + transition*h*f(u[n])\n"
    block = make_block(text, nn.Identity, transition_=0.5, transition=nn.Identity())
    assert block(torch.ones(2)).eq(1.5).all()


@pytest.mark.parametrize("name", INVERTIBLE)
def test_a_block_with_a_transition_has_no_inverse(name: str) -> None:
    block = make_block(name, nn.Tanh)
    state = tuple(torch.randn(2, 3) for _ in block.states)
    block.inverse(state)
    with pytest.raises(RuntimeError, match="a block with a transition has no inverse"):
        make_block(name, nn.Tanh, transition=nn.Tanh).inverse(state)


# ---------------------------------------------------------------------- uses


def test_uses_say_what_each_sub_net_is_for() -> None:
    assert [use.reads for use in uses("rk4")] == ["u[n]", None, None, None]
    assert [use.reads for use in uses("revnet")] == ["y[n]", None]
    (shared,) = uses("rk4", weights="shared")
    assert (shared.reads, shared.mixed) == (None, True)
    assert [use.mixed for use in uses("polynet_poly2")] == [True]
    assert [use.linear for use in uses("fractalnet")] == [True, False, True, True, False]
    assert transformed("ab3") == ("u[n]", "f[n-1]", "f[n-2]")


@pytest.mark.parametrize("name", SPECS)
def test_there_is_a_use_for_every_sub_net(name: str) -> None:
    assert len(uses(name)) == len(block_of(name).f)


# ---------------------------------------------------------------------- in torch


@pytest.mark.parametrize("name", ["rk4", "ab3", "revnet", "layerscale"])
def test_the_state_keeps_its_dtype_under_autocast(name: str) -> None:
    torch.set_default_dtype(torch.float32)
    block = changing(name)
    states = given(states_of(block, (2, OLD)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        values = taken(block(states))
    assert {value.dtype for value in values} == {torch.float32}


def same(block: nn.Module, other: Callable[[Any], Any], states: Any) -> bool:
    return all(map(torch.allclose, taken(block(states)), taken(other(states))))


@pytest.mark.parametrize("name", ["verner89_learned", "layerscale", *SEVERAL])
def test_it_copies_compiles_and_exports(name: str) -> None:
    block = changing(name)
    states = given(states_of(block, (2, OLD)))
    assert same(block, copy.deepcopy(block), states)
    assert same(block, pickle.loads(pickle.dumps(block)), states)
    other = changing(name)
    other.load_state_dict(block.state_dict())
    assert same(block, other, states)
    assert same(block, torch.compile(block, fullgraph=True, backend="aot_eager"), states)
    batch = torch.export.Dim("batch", min=2, max=64)
    single = isinstance(states, Tensor)
    shapes = ({0: batch},) if single else (tuple({0: batch} for _ in states),)
    program = torch.export.export(block, (states,), dynamic_shapes=shapes)
    assert same(block, program.module(), given(states_of(block, (7, OLD))))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rk4", "lm_resnet"])
@pytest.mark.filterwarnings("ignore")
def test_onnx_runtime_computes_the_same(name: str, tmp_path: Any) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra export")
    pytest.importorskip("onnxscript", reason="needs the extra export")
    torch.set_default_dtype(torch.float32)
    block = changing(name)
    states = states_of(block, (2, OLD))
    path = tmp_path / "block.onnx"
    torch.onnx.export(block, (given(states),), path, dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(path)
    names = [argument.name for argument in session.get_inputs()]
    values = session.run(None, {n: s.numpy() for n, s in zip(names, states, strict=True)})
    for value, want in zip(values, taken(block(given(states))), strict=True):
        assert torch.allclose(torch.from_numpy(value), want, rtol=1e-4, atol=1e-5)
