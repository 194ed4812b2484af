"""The fused form: how it reads, what it computes beside the plain one, what it refuses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from command import Command
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from torch import Tensor, nn

from butcher import compile, make_block
from butcher.compiler import OptionError, load, shipped, uses

SHAPE = (2, 3, 4)
REFUSED = {
    "heun_family": "takes a trained a otherwise than as one factor",
    "layerscale": "a is a number per channel",
    "lm_resnet": "takes a trained k otherwise than as one factor",
    "shake_shake": "a is drawn for every sample",
    "stochastic_depth": "eta is drawn for every sample",
    "stochastic_lm": "takes a trained g otherwise than as one factor",
}
REFUSED_STEPS = {
    ("second_order", "learned"),
    ("second_order", "per-stage"),
    ("skipinit", "learned"),
    ("skipinit", "per-stage"),
    ("transformer", "per-stage"),
}
FUSED = [name for name in shipped() if name not in REFUSED]


class PythonFile(SingleFileSnapshotExtension):
    """Real Python, which ruff checks with the rest of the project."""

    file_extension = "py"
    _write_mode = WriteMode.TEXT


class Wave(nn.Module):
    """Smooth, with a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(()) + 0.5)

    def forward(self, u: Tensor) -> Tensor:
        return torch.sin(self.weight * u)


class Clock(Wave):
    """Is given the time."""

    def forward(self, t: Tensor | float, u: Tensor) -> Tensor:  # type: ignore[override]
        return torch.sin(self.weight * u + t)


def with_step(name: str, line: str) -> str:
    """The text of a shipped method that declares its h."""
    text = load(name).source.text
    return re.sub(r"(?m)^(method .*)$", rf"\1\n  {line}", text, count=1)


def pair(scheme: str, f: Any = Wave, **keywords: Any) -> tuple[nn.Module, nn.Module]:
    """The plain block and the fused one with the same weights; h is one half."""
    plain, fused = (make_block(scheme, f, h=0.5, form=form, **keywords) for form in (None, "fused"))
    fused.load_state_dict(plain.state_dict())
    return plain, fused


def states_of(block: nn.Module, shape: Sequence[int] = SHAPE) -> list[Tensor]:
    return [torch.randn(*shape, requires_grad=True) for _ in block.states]


def run(block: nn.Module, states: list[Tensor]) -> tuple[list[Tensor], list[Tensor | None]]:
    """The new states, and the gradients of the old ones and of all that is trained."""
    result = block(states[0] if len(states) == 1 else tuple(states))
    new = [result] if isinstance(result, Tensor) else list(result)
    along = sum((i + 1) * (y**2).sum() for i, y in enumerate(new))
    assert isinstance(along, Tensor)
    leaves = [*states, *block.parameters()]
    return new, list(torch.autograd.grad(along, leaves, allow_unused=True))


def assert_same(plain: nn.Module, fused: nn.Module, states: list[Tensor], bits: bool) -> None:
    """New states to the bit, or to the rounding of another order; gradients to the rounding."""
    (y, wanted), (z, found) = run(plain, states), run(fused, states)
    if bits:
        assert all(torch.equal(a, b) for a, b in zip(y, z, strict=True))
    torch.testing.assert_close(z, y, rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-11)


# ---------------------------------------------------------------- what it computes


@pytest.mark.parametrize("name", FUSED)
def test_with_a_fixed_step_it_is_the_plain_form_bit_for_bit(name: str) -> None:
    """Both add the terms of a row in one order; what a value gets back is added in another."""
    plain, fused = pair(name, step="fixed")
    assert_same(plain, fused, states_of(plain), bits=True)


@pytest.mark.parametrize("name", ["rk4", "ab3", "bdf2", "radau_iia3", "revnet", "transformer"])
def test_with_a_trained_step_it_is_the_plain_form_but_for_roundings(name: str) -> None:
    """u + h a + h b here, where the plain form has u + h (a + b)."""
    plain, fused = pair(name, step="learned")
    assert_same(plain, fused, states_of(plain), bits=False)


@pytest.mark.parametrize("name", ["rk4", "ab3", "gauss4", "revnet"])
def test_every_row_may_have_a_step_of_its_own(name: str) -> None:
    plain, fused = pair(name, step="per-stage")
    assert_same(plain, fused, states_of(plain), bits=False)


@pytest.mark.slow
@pytest.mark.parametrize("step", ["learned", "per-stage"])
@pytest.mark.parametrize("name", FUSED)
def test_whatever_the_method_steps_are_trained_as_in_the_plain_form(name: str, step: str) -> None:
    try:
        plain, fused = pair(name, step=step)
    except OptionError:
        assert (name, step) in REFUSED_STEPS
        return
    assert (name, step) not in REFUSED_STEPS
    assert_same(plain, fused, states_of(plain), bits=False)


@pytest.mark.parametrize(
    "declared", ["learn h = 1 in [1/4, 2]", "learn h = 1 per stage in [1/4, 2]"]
)
@pytest.mark.parametrize("name", ["rk4", "ab3", "milne4"])
def test_a_step_that_is_never_near_0_keeps_nothing(name: str, declared: str) -> None:
    plain, fused = pair(with_step(name, declared))
    assert_same(plain, fused, states_of(plain), bits=False)


@pytest.mark.parametrize("name", ["rk4", "ab3", "bdf2", "milne4", "revnet"])
def test_states_go_through_a_transition(name: str) -> None:
    """A sub-net that reads a state as it comes maps to the new shape itself."""
    nets = [nn.Linear(4 if use.reads else 5, 5) for use in uses(name)]
    plain, fused = pair(name, nets, transition=lambda: nn.Linear(4, 5))
    assert_same(plain, fused, states_of(plain), bits=True)


@pytest.mark.parametrize("step", ["fixed", "learned", "per-stage", "bounded"])
def test_sub_nets_are_given_the_time(step: str) -> None:
    bounds = "learn h = 1 in [1/4, 2]" if step == "bounded" else ""
    text = with_step("rk4", f"ode u' = f(t, u)\n  {bounds}".rstrip())
    plain, fused = pair(text, Clock, step=None if step == "bounded" else step)
    assert_same(plain, fused, states_of(plain), bits=step == "fixed")
    u = torch.randn(SHAPE)
    torch.testing.assert_close(fused(u, 0.25), plain(u, 0.25))


def test_a_starter_and_its_start() -> None:
    plain, fused = pair("rk4", starts="ab4")
    assert_same(plain, fused, states_of(plain), bits=True)
    u = torch.randn(SHAPE)
    for x, y in zip(plain.start(u), fused.start(u), strict=True):
        assert torch.equal(x, y)


@pytest.mark.parametrize("checkpoint", ["stage", "block"])
def test_what_training_evaluates_again_is_the_same(checkpoint: str) -> None:
    plain, fused = pair("dopri54", checkpoint=checkpoint)
    assert_same(plain, fused, states_of(plain), bits=True)


def test_blocks_invert_as_the_plain_ones() -> None:
    plain, fused = pair("revnet")
    states = tuple(torch.randn(SHAPE) for _ in range(2))
    for x, y, z in zip(
        states, plain.inverse(fused(states)), fused.inverse(plain(states)), strict=True
    ):
        torch.testing.assert_close(y, x)
        torch.testing.assert_close(z, x)


def test_evaluations_are_returned_in_the_dtype_of_the_state() -> None:
    block = make_block("ab2", lambda: nn.Linear(4, 4, dtype=torch.float32), form="fused")
    u = torch.randn(SHAPE, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        assert [x.dtype for x in block(block.start(u))] == [torch.float32] * 2


# ---------------------------------------------------------------- how it reads


@pytest.mark.parametrize("name", ["rk4", "ab3", "verner89"])
def test_golden_text(name: str, snapshot: SnapshotAssertion) -> None:
    source = re.sub(r"(?m)^(made by   butcher) \S+", r"\1 0", compile(name, form="fused"))
    assert source == snapshot(extension_class=PythonFile)


def test_the_header_says_what_it_needs() -> None:
    head = compile("rk4", form="fused").split("class ")[0]
    assert "options   step fixed, weights per stage, form fused" in head
    assert "needs     butcher installed: it imports `butcher.kernels`" in head
    assert "butcher.kernels" not in compile("rk4", form="plain")
    assert compile("rk4", form="plain") == compile("rk4")


@pytest.mark.parametrize(
    ("declared", "line"),
    [
        ("learn h = 1 in [1/4, 2]", "h = recovered(h)"),
        ("learn h = -3/2 in [-2, -1]", "h = recovered(h)"),
        ("learn h = 1 per stage in [1/4, 2]", "h = [recovered(step) for step in h]"),
        ("learn h = 1", None),
        ("learn h = 1 in [-1/4, 2]", None),
        ("ode u' = f(t, u)\n  learn h = 1 in [1/4, 2]", None),
    ],
)
def test_a_gradient_is_found_from_rows_where_h_stays_away_from_0(
    declared: str, line: str | None
) -> None:
    source = compile(with_step("rk4", declared), form="fused")
    found = re.findall(r"(?m)^ +(h = .*recovered\(.*)$", source)
    assert found == ([line] if line else [])


# ---------------------------------------------------------------- what it refuses


@pytest.mark.parametrize("name", REFUSED)
def test_factors_of_other_kinds_are_refused(name: str) -> None:
    said = f"{name} has no fused form: .*{REFUSED[name]}.*; leave the form plain"
    with pytest.raises(OptionError, match=said):
        compile(name, form="fused")


@pytest.mark.parametrize(("name", "step"), sorted(REFUSED_STEPS))
def test_steps_that_are_not_the_one_factor_of_a_row_are_refused(name: str, step: str) -> None:
    with pytest.raises(OptionError, match=r"takes a trained (h|a and h) otherwise than as one"):
        compile(name, step=step, form="fused")


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"step": "controlled"}, "a step that is controlled has no fused form; leave the form"),
        ({"evaluations": "together"}, "evaluates in turn, not together; leave the form"),
        ({"form": "melted"}, "a form is plain or fused, not 'melted'"),
    ],
)
def test_what_does_not_go_together_is_refused(keywords: dict[str, str], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        compile("dopri54", **{"form": "fused", **keywords})


def test_the_command_writes_the_same_text(butcher: Command) -> None:
    assert butcher("compile", "rk4", "--form", "fused").out == compile("rk4", form="fused")
    assert butcher("compile", "rk4", "--form", "plain").out == compile("rk4")
    assert "--form" in butcher("compile", "rk4", "--form", "melted").err


def test_what_is_called_as_the_file_calls_its_own_gets_an_underscore() -> None:
    text = """method mine
  param gather = 2
  param dtype = 3

step
  spread = f(u[n])
  behind = f(u[n] + gather*h*spread)
  u[n+1] = u[n] + dtype*h*spread + h*behind
"""
    plain, fused = (make_block(text, nn.Tanh, h=0.5, form=form) for form in (None, "fused"))
    u = torch.randn(SHAPE)
    assert torch.equal(fused(u), plain(u))
