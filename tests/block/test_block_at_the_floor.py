"""Blocks own what they write into, keep no more than they need, and round new values once."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from butcher import compile, make_block
from butcher.block import live_class
from butcher.counting.saved import saved

SHAPE = (3, 4, 5, 5)

BOUNDED = """\
method bounded
  learn h = 0.75 in [0.1, 2] per stage

tableau
   0  |
  1/2 | 1/2
  1/2 |  .   1/2
   1  |  .    .    1
  ----+---------------------
      | 1/6  1/3  1/3  1/6
"""
METHODS = ["rk4", "verner89_learned", "lm_resnet", "revnet", "polynet_2way", BOUNDED]


def net(*first: nn.Module) -> nn.Sequential:
    layers = [nn.Conv2d(4, 4, 3, padding=1), nn.Softplus(), nn.Conv2d(4, 4, 1)]
    return nn.Sequential(*first, *layers)


def alike(method: str, first: Callable[[], nn.Module] | None = None) -> nn.Module:
    """A block with the same numbers every time."""
    torch.manual_seed(1)
    return make_block(method, lambda: net(*([first()] if first else [])))


def given(block: nn.Module) -> list[Tensor]:
    """A state of random maps that want gradients."""
    torch.manual_seed(2)
    return [torch.randn(SHAPE, requires_grad=True) for _ in block.states]


def run(block: nn.Module, state: list[Tensor]) -> Tensor:
    result = block(state[0] if len(state) == 1 else tuple(state))
    return result if isinstance(result, Tensor) else torch.stack(result)


def gradients(block: nn.Module, state: list[Tensor], value: Tensor) -> list[Tensor]:
    wanted = [*state, *block.parameters()]
    return list(torch.autograd.grad(value.pow(2).sum(), wanted, create_graph=True))


# ---------------------------------------------------------------------- writing in place


@pytest.mark.parametrize("method", METHODS)
def test_sub_nets_that_begin_in_place_change_nothing_that_others_read(method: str) -> None:
    plain = alike(method, nn.ReLU)
    in_place = alike(method, lambda: nn.ReLU(inplace=True))
    before = given(plain)
    first = run(plain, before)
    state = [one * 1 for one in before]  # what is written into must not be a leaf
    kept = [one.detach().clone() for one in state]
    second = run(in_place, state)
    assert torch.equal(first, second)
    assert all(torch.equal(a, b) for a, b in zip(kept, state, strict=True))
    wanted = torch.autograd.grad(first.sum(), before)
    assert all(map(torch.equal, wanted, torch.autograd.grad(second.sum(), before)))


@pytest.mark.parametrize(
    "first", [nn.Identity(), nn.Flatten(), nn.Dropout(0.5), nn.Dropout(0.5, inplace=True)]
)
def test_neither_do_those_that_begin_by_handing_on(first: nn.Module) -> None:
    made = nn.Sequential(nn.Sequential(first, nn.ReLU(inplace=True)), nn.Linear(4, 4))
    plain = nn.Sequential(nn.ReLU(), copy.deepcopy(made[1]))
    u = torch.randn(3, 4)
    before = u.clone()
    found = make_block("rk4", made).eval()(u)
    assert torch.equal(u, before)
    assert torch.equal(found, make_block("rk4", plain).eval()(u))


def test_layers_behind_the_first_work_in_place_as_before() -> None:
    made = net(nn.ReLU(inplace=True), nn.ReLU(inplace=True))
    make_block("rk4", made)
    assert (made[0].inplace, made[1].inplace) == (False, True)


@pytest.mark.parametrize("method", METHODS[:-1])
def test_what_a_block_returns_may_be_written_into(method: str) -> None:
    block = alike(method)
    state = given(block)
    wanted = gradients(block, state, torch.relu(run(block, state)))
    found = gradients(block, state, torch.relu_(run(block, state)))
    assert all(map(torch.equal, wanted, found))


def test_a_result_that_the_backward_pass_reads_says_that_it_was_written_into() -> None:
    block = alike(BOUNDED)
    result = torch.relu_(run(block, given(block)))
    with pytest.raises(RuntimeError, match="output 0 of Moved"):
        result.sum().backward()


def test_what_a_sub_net_returns_is_not_written_into() -> None:
    class Remembers(nn.Module):
        def forward(self, u: Tensor) -> Tensor:
            self.copy, self.given = u.clone(), u
            return self.given  # nothing but its argument

    nets = [Remembers() for _ in range(4)]
    make_block("rk4", nets)(torch.randn(SHAPE))
    assert all(torch.equal(one.copy, one.given) for one in nets)


# ---------------------------------------------------------------------- what is kept


def unbounded_twin(method: str) -> nn.Module:
    """The same block, written without reading the slope of h off the result."""
    source = compile(method)
    assert "if kept and exact" in source
    torch.manual_seed(1)
    return live_class(source.replace("if kept and exact", "if False and kept"))(net)


def test_trained_steps_that_are_never_near_0_have_the_slopes_of_the_plain_form() -> None:
    block, twin = alike(BOUNDED), unbounded_twin(BOUNDED)
    state = given(block)
    found, wanted = run(block, state), run(twin, state)
    assert torch.equal(found, wanted)
    for a, b in zip(gradients(block, state, found), gradients(twin, state, wanted), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("first", "maps"), [(None, 0), (nn.ReLU, 3), (lambda: nn.ReLU(inplace=True), 3)]
)
def test_trained_steps_keep_sums_only_where_sub_nets_may_not_keep_their_argument(
    first: Callable[[], nn.Module] | None, maps: int
) -> None:
    torch.manual_seed(1)
    fixed = make_block("rk4", lambda: net(*([first()] if first else [])))
    block = alike(BOUNDED, first)
    state = given(block)
    kept = [
        saved(lambda one=one: run(one, state), state, one.parameters()).maps
        for one in (block, fixed)
    ]
    # and the result, which the next block keeps anyway
    assert (kept[0] - kept[1]) // state[0].nbytes == maps + 1


def test_it_is_traced_and_saved(tmp_path: Path) -> None:
    block, u = alike(BOUNDED).eval(), torch.randn(SHAPE)
    with warnings.catch_warnings(action="ignore"):  # it is deprecated
        traced = torch.jit.trace(block, u)
        torch.jit.save(traced, tmp_path / "block.pt")
    assert torch.equal(traced(u), block(u))


def test_a_number_that_may_be_0_is_not_divided_by() -> None:
    text = """\
method both
  param p = 1
  learn a = 1

step
  k1 = f(u[n])
  k2 = f(u[n] + h*k1)
  u[n+1] = u[n] + a*(1-p)*k1 + a*p*k2
"""
    nets = [net(), net()]
    for p in (0.0, 0.25, 1.0):
        u = torch.randn(SHAPE)
        k1 = nets[0](u)
        wanted = u + (1 - p) * k1 + p * nets[1](u + k1)
        torch.testing.assert_close(make_block(text, nets, p=p)(u), wanted)


def test_in_half_precision_the_slope_of_h_is_read_off_nothing() -> None:
    block = alike(BOUNDED).to(torch.bfloat16)
    twin = unbounded_twin(BOUNDED).to(torch.bfloat16)
    state = [torch.randn(SHAPE, dtype=torch.bfloat16)]
    for one in (block, twin):
        run(one, state).sum().backward()
    for a, b in zip(block.parameters(), twin.parameters(), strict=True):
        assert a.grad is not None
        assert b.grad is not None
        assert torch.equal(a.grad, b.grad)


# ---------------------------------------------------------------------- derivatives of all kinds

SMALL = ["rk4", "heun_family", "lm_resnet", BOUNDED]


@pytest.mark.parametrize("method", SMALL)
@pytest.mark.parametrize("step", [None, "learned"])
def test_second_derivatives_are_right(method: str, step: str | None) -> None:
    torch.manual_seed(1)
    block = make_block(method, lambda: nn.Sequential(nn.Linear(2, 2), nn.Tanh()), step=step)
    state = [torch.randn(2, 2, requires_grad=True) for _ in block.states]
    assert torch.autograd.gradgradcheck(lambda *state: run(block, list(state)), state)


@pytest.mark.parametrize("method", SMALL)
def test_transforms_of_torch_func_agree_with_autograd(method: str) -> None:
    torch.manual_seed(1)
    block = make_block(method, lambda: nn.Sequential(nn.Linear(2, 2), nn.Tanh()))
    state = [torch.randn(3, 2) for _ in block.states]
    parameters = dict(block.named_parameters())

    def loss(parameters: dict[str, Tensor], *state: Tensor) -> Tensor:
        called = state[0] if len(state) == 1 else tuple(state)
        result = torch.func.functional_call(block, parameters, (called,))
        return (result if isinstance(result, Tensor) else torch.stack(result)).pow(2).sum()

    wanted = torch.autograd.grad(loss(parameters, *state), list(parameters.values()))
    found = torch.func.grad(loss)(parameters, *state)
    for a, b in zip(wanted, found.values(), strict=True):
        torch.testing.assert_close(a, b)
    each = torch.func.vmap(torch.func.grad(loss), (None, *[0] * len(state)))(parameters, *state)
    for a, b in zip(wanted, each.values(), strict=True):
        torch.testing.assert_close(a, b.sum(0))
    _, slope = torch.func.jvp(lambda p: loss(p, *state), (parameters,), (parameters,))
    along = sum((a * p).sum() for a, p in zip(wanted, parameters.values(), strict=True))
    torch.testing.assert_close(slope, along)


# ---------------------------------------------------------------------- half precision


@pytest.mark.parametrize("method", ["rk4", "verner89", "ab4", "dop853"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_new_values_are_rounded_once(method: str, dtype: torch.dtype) -> None:
    class Constant(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("k", torch.randn(SHAPE))

        def forward(self, u: Tensor) -> Tensor:
            return self.k

    torch.manual_seed(1)
    block = make_block(method, Constant).to(dtype)
    state = [torch.randn(SHAPE).to(dtype) for _ in block.states]
    exact = copy.deepcopy(block).double()
    found = run(block, state)
    wanted = run(exact, [one.double() for one in state])
    half = torch.finfo(dtype).eps / 2
    error = (found.double() - wanted).abs()
    assert bool((error <= wanted.abs() * half * 1.001 + 1e-6).all())
