"""A step that its embedded pair controls: what is accepted and told, and what gradients see."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import torch
import torchdiffeq
from block.nets import Mix
from torch import Tensor, nn

import butcher
from butcher.compiler import OptionError, load, shipped, transformed, uses
from butcher.compiler.control import reason_against
from butcher.spec.scheme import RungeKutta

PAIRS = [name for name in shipped() if reason_against(load(name)) is None]
SCIPY = {"safety": 0.9, "factor_min": 0.2, "factor_max": 10.0}
"""The constants of scipy, torchdiffeq, and torchode, which all have an I controller by default."""
TIMED = butcher.load("dopri54").source.text.replace(
    "order 5(4)\n", "order 5(4)\n  ode u' = f(t, u)\n"
)


class Of(nn.Module):
    """A function as a sub-net."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *given: Tensor) -> Tensor:
        return self.function(*given)


ROTATION = Of(lambda u: torch.stack([u[:, 1], -u[:, 0]], 1))


def controlled(name: str, f: Any = ROTATION, **given: Any) -> nn.Module:
    """A block with the same weights in all stages, which is what a pair is made for."""
    return butcher.make_block(name, f, step="controlled", weights="shared", **given)


def times(block: nn.Module, u: Tensor) -> tuple[list[float], Tensor]:
    """Where the accepted steps of one call end, as parts of h, and its result."""
    turn, seen = block.turn, []

    def watched(at: Any, *given: Any) -> Any:
        after = turn(at, *given)
        seen.append(float(after.done))
        return after

    block.turn = watched
    try:
        return seen, block(u)
    finally:
        del block.turn


def rotated(u: Tensor, t: float) -> Tensor:
    s, c = math.sin(t), math.cos(t)
    return torch.stack([c * u[:, 0] + s * u[:, 1], c * u[:, 1] - s * u[:, 0]], 1)


# ---------------------------------------------------------------------- convergence


def test_all_shipped_pairs_but_that_of_a_step_a_stage_can_be_controlled() -> None:
    bodies = {name: load(name).body for name in shipped()}
    with_pair = {
        name
        for name, body in bodies.items()
        if isinstance(body, RungeKutta) and body.tableaus[0].embedded is not None
    }
    assert with_pair - set(PAIRS) == {"verner89_per_stage"}
    assert len(PAIRS) >= 15


@pytest.mark.parametrize("name", PAIRS)
def test_the_error_follows_the_tolerance(name: str) -> None:
    tolerances = (1e-2, 1e-4) if name == "heun2" else (1e-4, 1e-7)
    u = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    errors = []
    for tolerance in tolerances:
        block = controlled(name, h=5.0, rtol=tolerance, atol=tolerance)
        errors.append(float((block(u).detach() - rotated(u, 5.0)).abs().max()))
        assert errors[-1] < 100 * tolerance
    assert errors[1] < errors[0] * (tolerances[1] / tolerances[0]) ** 0.7


def test_a_negative_length_goes_back() -> None:
    u = torch.randn(3, 2)
    there = controlled("tsit5", h=2.0, rtol=1e-9, atol=1e-9)
    back = controlled("tsit5", h=-2.0, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(back(there(u)), u, rtol=1e-7, atol=1e-7)


def test_a_sub_net_is_given_the_time_of_its_stage() -> None:
    f = Of(lambda t, u: torch.cos(t) * torch.ones_like(u))
    for per in ("batch", "sample"):
        block = controlled(TIMED, f, h=3.0, rtol=1e-8, atol=1e-8, per=per)
        u = torch.zeros(2, 1)
        wanted = torch.full((2, 1), math.sin(3.5) - math.sin(0.5))
        torch.testing.assert_close(block(u, 0.5), wanted, rtol=1e-7, atol=1e-7)
        assert int(block.accepted.max()) > 3


def test_with_a_sub_net_a_stage_the_estimate_is_of_first_order() -> None:
    """What the docstring warns of: b - bhat of different functions is not small."""
    block = butcher.make_block("dopri54", Mix, step="controlled")
    u = torch.randn(2, 3, 4, 4)

    def error(h: float) -> float:
        _, err = block.step(u, torch.tensor(h))
        return float(err.detach().norm())

    assert error(1e-2) / error(1e-3) == pytest.approx(10, rel=0.05)
    shared = controlled("dopri54", Mix)
    k = shared.f[0](u)
    ratio = [float(shared.step(u, k, torch.tensor(h))[-1].detach().norm()) for h in (0.4, 0.2)]
    assert ratio[0] / ratio[1] > 2**4


# ---------------------------------------------------------------------- other solvers


def spiral(u: Tensor) -> Tensor:
    """Ever slower inwards: an I controller makes every step longer and rejects none."""
    return u.square().sum(1, keepdim=True) * (torch.stack([u[:, 1], -u[:, 0]], 1) - u)


@pytest.mark.parametrize(
    ("name", "solver"), [("dopri54", scipy.integrate.RK45), ("bs32", scipy.integrate.RK23)]
)
@pytest.mark.parametrize("tolerance", [1e-3, 1e-6])
def test_scipy_takes_the_same_steps(name: str, solver: Any, tolerance: float) -> None:
    """But that it does not let a step grow right after a rejected one; here none is."""
    u = torch.tensor([[1.0, 2.0]])
    theirs = solver(
        lambda t, y: spiral(torch.tensor(y[None]))[0].numpy(),
        0.0,
        u[0].numpy(),
        3.0,
        rtol=tolerance,
        atol=tolerance,
        first_step=1e-3,
    )
    ends = []
    while theirs.status == "running":
        theirs.step()
        ends.append(theirs.t)
    block = controlled(
        name, Of(spiral), h=3.0, rtol=tolerance, atol=tolerance, first_step=1e-3, **SCIPY
    )
    ours, result = times(block, u)
    assert int(block.rejected) == 0
    assert len(ends) > 8
    np.testing.assert_allclose(3.0 * np.array(ours), ends, rtol=1e-10)
    np.testing.assert_allclose(result[0].numpy(), theirs.y, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "method", "scale"), [("dopri54", "dopri5", 1.5), ("bs32", "bosh3", 1.0)]
)
def test_torchdiffeq_takes_the_same_steps(name: str, method: str, scale: float) -> None:
    """Its dopri5 weighs with 2/3 of the estimate of the paper, so its tolerances are 2/3 of ours.

    It never makes a step shorter after it was accepted: here they all grow. It goes beyond the end
    and interpolates, unless `step_t` says where to stop.
    """
    u, end = torch.tensor([[1.0, 2.0]]), torch.tensor([0.0, 3.0])
    theirs: list[float] = []

    class Watched(nn.Module):
        def forward(self, t: Tensor, y: Tensor) -> Tensor:
            return spiral(y)

        def callback_accept_step(self, t0: Tensor, y0: Tensor, dt: Tensor) -> None:
            theirs.append(float(t0 + dt))

    wanted = torchdiffeq.odeint(
        Watched(),
        u,
        end,
        rtol=1e-5,
        atol=1e-5,
        method=method,
        options={"first_step": 1e-3, "step_t": end[1:]},
    )[-1]
    tolerances = {"rtol": scale * 1e-5, "atol": scale * 1e-5}
    block = controlled(name, Of(spiral), h=3.0, first_step=1e-3, **tolerances, **SCIPY)
    ours, result = times(block, u)
    assert len(theirs) > 8
    np.testing.assert_allclose(3.0 * np.array(ours), theirs, rtol=1e-9)
    torch.testing.assert_close(result, wanted, rtol=1e-10, atol=1e-12)


def test_the_rule_of_the_paper_can_be_written() -> None:
    """err >= tol |y| is tried again, h_new / h = 0.8 (tol |y| / err)^(1/8) within [1/8, 4]."""
    tolerance, u = 1e-3, torch.randn(1, 3, 4, 4)
    net = Mix()
    block = controlled(
        "verner89", net, h=2.0, rtol=tolerance, atol=0.0, relative_to="state", exponent=1 / 8
    )
    assert (block.safety, block.factor_min, block.factor_max) == (0.8, 0.125, 4.0)
    y, done, h, steps = u, 0.0, 2.0, 0
    while done < 2.0:
        h = min(h, 2.0 - done)
        with torch.no_grad():
            y_next, err = block.step(y, torch.tensor(h))
        size = max(float(y.norm()), float(y_next.norm()))
        ratio = float(err.norm()) / (tolerance * size)
        if ratio <= 1:
            y, done, steps = y_next, done + h, steps + 1
        h *= min(max(0.8 * ratio ** (-1 / 8), 0.125), 4.0)
    torch.testing.assert_close(block(u).detach(), y, rtol=1e-12, atol=1e-12)
    assert int(block.accepted) == steps


# ---------------------------------------------------------------------- controllers


@pytest.mark.parametrize(
    ("controller", "betas"),
    [
        ("I", (1, 0, 0)),
        ("PI", (0.7, -0.4, 0)),
        ("PID", (0.49, -0.34, 0.1)),
        ((0.8, -0.2, 0.1), None),
    ],
)
def test_the_next_step_is_as_the_controller_says(controller: Any, betas: Any) -> None:
    block = controlled("tsit5", h=3.0, rtol=1e-8, controller=controller, first_step=0.05)
    b1, b2, b3 = betas or controller
    turn, seen = block.turn, []

    def watched(at: Any) -> Any:
        seen.append(turn(at))
        return seen[-1]

    block.turn = watched
    block(torch.randn(2, 2))
    e2 = e3 = 1.0
    part = 0.05 / 3.0
    for after in seen[:-2]:
        if float(after.error) == e2:
            pytest.fail("a step was rejected")
        e1 = float(after.error)
        factor = 0.8 * (e1**b1 * e2**b2 * e3**b3) ** (-1 / 5)
        part *= min(max(factor, 0.125), 4.0)
        assert float(after.part) == pytest.approx(part, rel=1e-12)
        e2, e3 = e1, e2
    assert len(seen) > 4


def test_factors_are_bounded_and_the_last_step_leaves_no_sliver() -> None:
    block = controlled("bs32", Of(torch.zeros_like), h=1.0, first_step=0.1, factor_max=1.0)
    ours, _ = times(block, torch.ones(1, 2))
    assert len(ours) == 10
    assert ours == pytest.approx([0.1 * i for i in range(1, 11)])
    assert ours[-1] == 1.0
    block = controlled("bs32", Of(torch.zeros_like), h=1.0, first_step=0.01, factor_max=4.0)
    ours, _ = times(block, torch.ones(1, 2))
    assert ours == pytest.approx([0.01, 0.05, 0.21, 0.85, 1.0])


def test_a_tolerance_can_be_changed_afterwards() -> None:
    block, u = controlled("dopri54", h=3.0), torch.randn(2, 2)
    block(u)
    few = int(block.accepted)
    block.rtol, block.atol = 1e-8, 1e-8
    block(u)
    assert int(block.accepted) > 2 * few


# ---------------------------------------------------------------------- a sample of its own


@pytest.mark.parametrize("name", ["dopri54", "verner76"])
def test_per_sample_is_the_loop_over_single_samples(name: str) -> None:
    net = Mix()
    u = torch.randn(5, 3, 4, 4) * torch.tensor([0.1, 1.0, 3.0, 0.0, 10.0]).reshape(-1, 1, 1, 1)
    given = {"h": 4.0, "rtol": 1e-6, "atol": 1e-6}
    together = controlled(name, net, per="sample", **given)
    alone = controlled(name, net, per="batch", **given)
    y = together(u)
    assert together.accepted.shape == together.rejected.shape == (5,)
    assert len(set(together.accepted.tolist())) > 1
    for i in range(5):
        torch.testing.assert_close(alone(u[i : i + 1]), y[i : i + 1], rtol=1e-12, atol=1e-13)
        assert int(alone.accepted) == int(together.accepted[i])
        assert int(alone.rejected) == int(together.rejected[i])


def test_what_has_arrived_is_left_untouched() -> None:
    """Bit by bit, though it is evaluated further with the others."""
    stiff = Of(lambda u: -u.abs().amax(1, keepdim=True) * u)
    u = torch.tensor([[0.1, 0.2], [30.0, 7.0]])
    block = controlled("dopri54", stiff, per="sample", rtol=1e-7)
    y = block(u)
    easy, hard = block.accepted.tolist()
    assert hard > 3 * easy
    assert torch.equal(controlled("dopri54", stiff, per="batch", rtol=1e-7)(u[:1]), y[:1])


def test_a_sample_that_overflows_gives_the_others_no_nan() -> None:
    """Neither in value nor, by weights they share, in gradient."""
    net = nn.Linear(1, 1, bias=False)
    nn.init.constant_(net.weight, 1.0)

    class Explosive(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, u: Tensor) -> Tensor:
            return -self.net(u) * (20 * self.net(u).abs()).exp()

    u = torch.tensor([[0.01], [1.5]])
    block = controlled("dopri54", Explosive(), per="sample", max_steps=100_000, rtol=1e-2)
    y = block(u)
    (gradient,) = torch.autograd.grad(y.sum(), net.weight)
    assert y.isfinite().all()
    assert gradient.isfinite().all()
    assert int(block.rejected[1]) > int(block.rejected[0])


# ---------------------------------------------------------------------- what is told


@pytest.mark.parametrize("weights", ["shared", "per-stage"])
@pytest.mark.parametrize("name", ["dopri54", "verner65"])
def test_evaluations_are_counted_and_nfe_is_the_cost_of_an_attempt(name: str, weights: str) -> None:
    calls = []

    class Counted(Mix):
        def forward(self, u: Tensor) -> Tensor:
            calls.append(u.shape)
            return 0.1 * super().forward(u)

    block = butcher.make_block(
        name, Counted, step="controlled", weights=weights, h=3.0, rtol=0.1, atol=0.1
    )
    block(torch.randn(2, 3, 4, 4))
    attempts = int(block.accepted) + int(block.rejected)
    is_first_of_the_next = (name, weights) == ("dopri54", "shared")
    assert block.nfe == {"dopri54": 7, "verner65": 8}[name] - is_first_of_the_next
    assert len(calls) == int(block.evaluations) == attempts * block.nfe + is_first_of_the_next


def test_counts_are_no_part_of_the_state() -> None:
    block = controlled("dopri54", Mix)
    assert block.accepted is block.rejected is block.evaluations is None
    keys = set(block.state_dict())
    block(torch.randn(2, 3, 4, 4))
    assert set(block.state_dict()) == keys
    assert all(key.startswith("f.") for key in keys)
    assert block.accepted.shape == ()


def test_a_batch_norm_sees_every_attempt() -> None:
    class Normed(Mix):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm2d(3)

        def forward(self, u: Tensor) -> Tensor:
            return super().forward(self.norm(u))

    block = controlled("bs32", Normed, h=4.0, rtol=1e-3)
    block(torch.randn(4, 3, 4, 4))
    assert int(block.rejected) > 0
    assert int(block.f[0].norm.num_batches_tracked) == int(block.evaluations)


@pytest.mark.parametrize("per", ["batch", "sample"])
def test_where_the_steps_do_not_suffice_it_says_how_far_it_came(per: str) -> None:
    block = controlled("dopri54", h=50.0, rtol=1e-9, atol=1e-9, max_steps=20, per=per)
    with pytest.raises(RuntimeError, match=r"after 20 steps.*t has advanced by .* of h = 50") as e:
        block(torch.randn(3, 2))
    assert "Raise max_steps" in str(e.value)
    assert int((block.accepted + block.rejected).max()) == 20


def test_where_the_stages_differ_it_says_that_they_might_not() -> None:
    nets = [nn.Linear(2, 2) for _ in range(4)]
    block = butcher.make_block("bs32", nets, step="controlled", rtol=1e-6, max_steps=20)
    with pytest.raises(RuntimeError, match="let the stages share one sub-net"):
        block(torch.randn(3, 2))


def test_values_that_are_not_finite_end_by_max_steps() -> None:
    block = controlled("bs32", Of(lambda u: u * math.nan), max_steps=30)
    with pytest.raises(RuntimeError, match="not smooth or finite"):
        block(torch.randn(3, 2))
    assert int(block.accepted) == 0


# ---------------------------------------------------------------------- gradients


def loss_of(block: nn.Module, u: Tensor) -> Callable[..., Tensor]:
    """Of the state and the parameters."""
    names = [name for name, _ in block.named_parameters()]

    def loss(u: Tensor, *values: Tensor) -> Tensor:
        result: Tensor = torch.func.functional_call(block, dict(zip(names, values, strict=True)), u)
        return result.square().sum()

    return loss


@pytest.mark.parametrize("per", ["batch", "sample"])
@pytest.mark.parametrize("name", ["dopri54", "verner65"])
def test_gradients_with_steps_that_are_given(name: str, per: str) -> None:
    """With exponent 0 the lengths depend on nothing, and gradients are those of the function."""
    block = controlled(
        name, Mix, per=per, h=1.5, rtol=1.0, exponent=0.0, safety=1.0, first_step=0.4
    )
    u = torch.randn(2, 3, 2, 2, requires_grad=True)
    assert torch.autograd.gradcheck(loss_of(block, u), (u, *block.parameters()))
    assert int(block.accepted.max()) > 2


@pytest.mark.parametrize("per", ["batch", "sample"])
@pytest.mark.parametrize("controller", ["I", "PID"])
def test_gradients_through_the_controller(per: str, controller: str) -> None:
    """Through accepted errors and through the rejected one that begins."""
    block = controlled(
        "bs32", Mix, per=per, h=2.0, rtol=3e-4, atol=3e-4, detach=False, controller=controller
    )
    u = torch.randn(2, 3, 2, 2, requires_grad=True)
    assert torch.autograd.gradcheck(loss_of(block, u), (u, *block.parameters()))
    assert int(block.accepted.max()) > 2
    assert int(block.rejected.max()) > 0
    detached = controlled("bs32", block.f[0], per=per, h=2.0, rtol=3e-4, atol=3e-4)
    detached.betas = block.betas
    (left,) = torch.autograd.grad(block(u).square().sum(), u)
    (right,) = torch.autograd.grad(detached(u).square().sum(), u)
    assert not torch.allclose(left, right, rtol=1e-6)
    torch.testing.assert_close(left, right, rtol=0.1, atol=0.1)


@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize("relative_to", ["element", "state"])
def test_an_error_of_zero_makes_no_nan(detach: bool, relative_to: str) -> None:
    block = controlled(
        "dopri54", nn.Linear(2, 2), rtol=1e-3, atol=0.0, detach=detach, relative_to=relative_to,
        first_step=0.1,
    )  # fmt: skip
    for parameter in block.parameters():
        nn.init.zeros_(parameter)
    u = torch.tensor([[1.0, 0.0]], requires_grad=True)
    y = block(u)
    gradients = torch.autograd.grad(y.sum(), [u, *block.parameters()])
    assert torch.equal(y, u)
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("name", ["verner65", "dopri54"])
def test_rejected_steps_leave_no_graph(name: str) -> None:
    """The graph of a call holds as many evaluations as the values of its accepted steps need."""
    block = controlled(name, Mix, h=8.0, rtol=1e-5)
    y = block(torch.randn(2, 3, 4, 4))
    assert int(block.rejected) > 0
    seen, todo, found = set(), [y.grad_fn], 0
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        found += type(node).__name__ == "TanhBackward0"
        todo += [parent for parent, _ in node.next_functions]
    fixed = butcher.make_block(name, Mix, weights="shared")
    assert found == int(block.accepted) * fixed.nfe


def test_only_estimating_sub_nets_learn_through_the_controller_alone() -> None:
    u = torch.randn(2, 3, 4, 4)
    for detach in (True, False):
        block = butcher.make_block(
            "verner89", Mix, step="controlled", rtol=0.3, atol=0.3, detach=detach, h=2.0
        )
        y = block(u)
        assert int(block.accepted) > 1
        given = torch.autograd.grad(y.sum(), list(block.parameters()), allow_unused=True)
        unused = [
            name for (name, _), g in zip(block.named_parameters(), given, strict=True) if g is None
        ]
        assert unused == (
            [f"f.{i}.{p}" for i in (14, 15) for p in ("weight", "bias")] if detach else []
        )


# ---------------------------------------------------------------------- symbols

FAMILY = """method family
  order 2(1)
  learn a = 1/2{scope}
{more}
tableau
   0 |
   a | a
  ---+------------------
   b | 1-1/(2*a)  1/(2*a)
bhat | 1
"""


@pytest.mark.parametrize("scope", ["", " per channel"])
def test_coefficients_are_trained(scope: str) -> None:
    text = FAMILY.format(scope=scope, more="")
    given = {"channels": 3} if scope else {}
    block = controlled(text, Mix, rtol=1e-2, atol=1e-2, h=2.0, **given)
    y = block(torch.randn(2, 3, 4, 4))
    (gradient,) = torch.autograd.grad(y.sum(), block.a)
    assert gradient.shape == (3 if scope else 1,)
    assert gradient.abs().min() > 0


@pytest.mark.parametrize("per", ["batch", "sample"])
@pytest.mark.parametrize("bounds", ["", " in [1/2, 4]"])
def test_a_trained_h_is_a_trained_length(per: str, bounds: str) -> None:
    """d u(h) / dh = f(u(h)), up to the tolerance."""
    text = butcher.load("dopri54").source.text.replace(
        "order 5(4)\n", f"order 5(4)\n  learn h = 1{bounds}\n"
    )
    block = controlled(text, h=2.0, rtol=1e-9, atol=1e-9, per=per, first_step=0.1)
    u = torch.randn(2, 2)
    y = block(u)
    torch.testing.assert_close(y, rotated(u, 2.0), rtol=1e-7, atol=1e-7)
    (slope,) = torch.autograd.grad(y[0, 0], block.h_free if bounds else block.h)
    inner = 1.0 if not bounds else (2 - 0.5) * (4 - 2) / 3.5
    assert slope.item() == pytest.approx(inner * y[0, 1].item(), rel=1e-6)
    block.max_steps = 2
    with pytest.raises(RuntimeError, match="of h = 2"):
        block(u)


# ---------------------------------------------------------------------- shapes


def test_all_steps_keep_the_shape() -> None:
    for weights in ("shared", "per-stage"):
        found = uses("dopri54", "controlled", weights)
        assert len(found) == (1 if weights == "shared" else 7)
        assert all(use.reads is None and not use.mixed for use in found)
        assert transformed("dopri54", "controlled", weights) == ()
    with pytest.raises(TypeError, match="has no transition: its steps keep the shape"):
        controlled("dopri54", Mix, transition=nn.Identity)


# ---------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("rk4", "no embedded pair"),
        ("lm_resnet", "no embedded pair"),
        ("verner89_per_stage", "every stage has a step of its own"),
        (
            FAMILY.format(scope="", more="  random c ~ uniform(0, 1)\n").replace(
                "  1/(2*a)\n", "  c/(2*a)\n"
            ),
            "drawn",
        ),
        ("method same\ntableau\n  0 |\n  --+--\n  b | 1\n  bhat | 1\n", "the method itself"),
        (
            "method back\n  solve picard 2\ntableau\n  1 | 1\n  --+--\n  b | 1\n  bhat | 1/2\n",
            "implicit",
        ),
    ],
    ids=lambda value: value.split("\n")[0],
)
def test_what_cannot_be_controlled_says_why(name: str, why: str) -> None:
    with pytest.raises(OptionError, match=why) as problem:
        butcher.compile(name, step="controlled", verify=False)
    if why != "the method itself":
        assert "These can: bs32, " in str(problem.value)
        assert "verner98" in str(problem.value)


def test_unverified_orders_are_those_claimed() -> None:
    text = butcher.load("bs32").source.text
    assert "exponent: float = 1 / 3" in butcher.compile(text, step="controlled", verify=False)
    with pytest.raises(OptionError, match=r"claim them, as by `order 5\(4\)`"):
        butcher.compile(text.replace("order 3(2)", ""), step="controlled", verify=False)


@pytest.mark.parametrize(
    "given",
    [
        {"rtol": -1e-3},
        {"rtol": 0.0, "atol": 0.0},
        {"rtol": math.nan},
        {"controller": "P"},
        {"controller": (1.0, 0.0)},
        {"per": "channel"},
        {"relative_to": "batch"},
        {"safety": 1.5},
        {"factor_min": 0.0},
        {"factor_max": 0.5},
        {"first_step": 0.0},
        {"max_steps": 0},
        {"max_steps": 2.5},
        {"exponent": math.nan},
    ],
)
def test_what_means_nothing_is_an_error(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(given)).split("_")[0]):
        controlled("bs32", **given)
