"""Fixed, trained, bounded and drawn numbers in a live block."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from block.nets import Mix, TimedMix, Times, block_of
from torch import Tensor, nn

from butcher.block import make_block
from butcher.errors import SpecError

U = (4, 3, 2, 2)


def one_step(*clauses: str, body: str = "u[n+1] = u[n] + h*f(u[n])") -> str:
    lines = "".join(f"  {clause}\n" for clause in clauses)
    return f"method mine\n{lines}\nstep\n  {body}\n"


# ---------------------------------------------------------------------- the step


def test_a_fixed_step_is_a_number() -> None:
    block = make_block("euler", Times(2.0), h=0.25)
    assert block.h == 0.25
    assert not list(block.parameters())
    assert block(torch.ones(1)).item() == 1.5


def test_the_file_sets_the_step() -> None:
    assert make_block(one_step("param h = 1/2"), Mix).h == 0.5


def test_a_learned_step_has_shape_one() -> None:
    block = make_block("euler", Times(2.0), step="learned", h=0.25)
    assert isinstance(block.h, nn.Parameter)
    assert block.h.shape == (1,)
    assert block.h.item() == 0.25


def test_every_stage_sum_has_a_step() -> None:
    block = make_block("verner89_per_stage", Mix)
    assert [h.shape for h in block.h] == [(1,)] * 14
    assert "h.13" in block.state_dict()


def test_a_step_that_is_never_used_is_an_error() -> None:
    text = one_step(body="u[n+1] = u[n] + f(u[n])")
    assert make_block(text, Mix, h=1).states == ("u[n]",)
    with pytest.raises(ValueError, match="no step"):
        make_block(text, Mix, h=0.5)


# ---------------------------------------------------------------------- trained numbers


def test_a_bounded_number_starts_where_it_is_told_and_stays_inside() -> None:
    block = make_block("heun_family", Mix, a=2 / 3)
    assert block.a.item() == pytest.approx(2 / 3)
    nn.init.constant_(block.a_free, 1e3)
    assert block.a.item() <= 1.25
    assert next(iter(block.state_dict())) == "a_free"


@pytest.mark.parametrize("start", [0.25, 1.25, 2.0, float("nan")])
def test_a_start_on_a_bound_is_an_error(start: float) -> None:
    with pytest.raises(ValueError, match=r"a must start inside \(0.25, 1.25\)"):
        make_block("heun_family", Mix, a=start)


def test_a_drawn_start_is_within_its_distribution_unless_given() -> None:
    drawn = [make_block("lm_resnet", Mix).k.item() for _ in range(20)]
    assert len(set(drawn)) == 20
    assert all(-0.1 <= k <= 0 for k in drawn)
    assert make_block("lm_resnet", Mix, k=0.5).k.item() == 0.5


def test_bounded_steps_of_every_stage() -> None:
    text = one_step("learn h = 1 in [0.1, 2] per stage", body="w = u[n] + h*f(u[n])\n  u[n+1] = w")
    block = make_block(text, Times(1.0))
    assert [h.item() for h in block.h] == pytest.approx([1.0] * len(block.h))
    assert block(torch.ones(1)).item() == pytest.approx(2.0)


# ---------------------------------------------------------------------- per channel


def test_the_size_is_given_at_once_or_by_the_first_input() -> None:
    known, unknown = (make_block("layerscale", Mix, channels=c, a=0.5) for c in (3, None))
    assert known.a.shape == (3,)
    assert isinstance(unknown.a, nn.UninitializedParameter)
    unknown(torch.randn(U))
    assert torch.equal(unknown.a, known.a)
    assert type(unknown.a) is nn.Parameter


def test_without_a_size_it_is_copied_saved_and_loaded() -> None:
    block = make_block("layerscale", Mix)
    again = make_block("layerscale", Mix)
    others = [copy.deepcopy(block), pickle.loads(pickle.dumps(block))]
    again.load_state_dict(block.state_dict())
    for other in (*others, again):
        other(torch.randn(U))
        assert other.a.shape == (3,)
    nn.init.constant_(again.a, 7.0)
    block.load_state_dict(again.state_dict())
    assert block.a.tolist() == [7.0] * 3


def test_each_channel_has_its_own_number() -> None:
    block = make_block("layerscale", Times(1.0), channels=2)
    block.a.data = torch.tensor([1.0, 2.0])
    assert block(torch.ones(1, 2, 1))[0, :, 0].tolist() == [2.0, 3.0]
    assert block(torch.ones(1, 2)).tolist() == [[2.0, 3.0]]


@pytest.mark.parametrize("how", ["= 0.5 in [0, 1] per channel", "~ normal(0, 1) per channel"])
def test_other_vectors(how: str) -> None:
    block = make_block(one_step(f"learn a {how}", body="u[n+1] = u[n] + a*f(u[n])"), Mix)
    block(torch.randn(U)).sum().backward()
    assert all(p.grad is not None for p in block.parameters())


# ---------------------------------------------------------------------- drawn numbers


def test_evaluation_takes_the_mean() -> None:
    block = make_block("stochastic_depth", Times(1.0), p=0.75).eval()
    assert block(torch.ones(2, 1)).tolist() == [[1.75], [1.75]]


def test_training_draws_for_every_sample() -> None:
    block = make_block("stochastic_depth", Times(1.0), p=0.5)
    values = block(torch.ones(64, 2, 3))
    assert set(values.unique().tolist()) == {1.0, 2.0}
    assert torch.equal(values, values[:, :1, :1].expand_as(values))


class Counting(nn.Module):
    """How often it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, u: Tensor) -> Tensor:
        self.calls += 1
        return self.weight * u


PER_BATCH = one_step(
    "param p = 1/2", "random eta ~ bernoulli(p) per batch", body="u[n+1] = u[n] + eta*h*f(u[n])"
)


def test_a_branch_of_weight_zero_is_not_evaluated() -> None:
    net = Counting()
    block = make_block(PER_BATCH, net)
    kept = sum(block(torch.ones(3, 1)).mean().item() == 2.0 for _ in range(40))
    assert net.calls == kept
    assert 0 < kept < 40
    block.eval()(torch.ones(3, 1))
    assert net.calls == kept + 1


def test_a_compiler_sees_the_branch_in_every_step() -> None:
    block = make_block(PER_BATCH, Times(1.0))
    compiled = torch.compile(block, fullgraph=True, backend="eager")
    assert {compiled(torch.ones(2, 1)).mean().item() for _ in range(40)} == {1.0, 2.0}


def test_the_backward_pass_has_a_draw_of_its_own() -> None:
    nets = [Counting(), Counting()]
    block = make_block("shake_shake", nets)
    u = torch.randn(U)
    torch.manual_seed(1)
    value = block(u)
    torch.manual_seed(1)
    a, b = (torch.empty(4, 1, 1, 1).uniform_(0, 1) for _ in range(2))
    assert torch.allclose(value, u + a * u + (1 - a) * u)
    of_f, of_g = torch.autograd.grad(value.sum(), [net.weight for net in nets])
    assert torch.allclose(of_f, (b * u).sum())
    assert torch.allclose(of_g, ((1 - b) * u).sum())
    assert torch.allclose(block.eval()(u), 2 * u)


# ---------------------------------------------------------------------- states and time


def test_the_first_state_repeats_the_value() -> None:
    u = torch.randn(U)
    for name in ("lm_resnet", "second_order"):
        assert all(torch.equal(state, u) for state in block_of(name).start(u))


def test_earlier_evaluations_start_as_the_first() -> None:
    """So the first step of a multistep method is one of Euler."""
    for name in ("ab2", "ab2_step", "ab5"):
        block = block_of(name, f=Times(0.5))
        u, *earlier = block.start(torch.ones(1))
        assert u.item() == 1.0
        assert [k.item() for k in earlier] == [0.5] * len(earlier)
        assert block((u, *earlier))[0].item() == pytest.approx(1.5)


def test_a_swept_evaluation_starts_as_its_first_sweep() -> None:
    block = block_of("am3", f=Times(0.5))
    assert [k.item() for k in block.start(torch.ones(1))] == [1.0, 0.5, 0.5, 0.5]


def test_two_streams_start_alike_unless_told() -> None:
    block, x, y = block_of("revnet"), torch.zeros(1), torch.ones(1)
    assert block.start(x) == (x, x)
    assert block.start(x, y) == (x, y)


@pytest.mark.parametrize("name", ["revnet", "lm_resnet", "midpoint_network", "second_order"])
def test_the_inverse_gives_the_state_back(name: str) -> None:
    block = block_of(name, h=0.5)
    states = tuple(torch.randn(U) for _ in block.states)
    for old, again in zip(states, block.inverse(block(states)), strict=True):
        assert torch.allclose(old, again, rtol=1e-8, atol=1e-8)


def test_a_step_that_forgets_has_no_inverse() -> None:
    assert not hasattr(block_of("rk4"), "inverse")
    assert not hasattr(block_of("ab2"), "inverse")


def test_sub_nets_are_given_the_time() -> None:
    text = "method timed\n  ode u' = f(t, u)\n\ntableau\n  1/2 | 1/2\n  ---+---\n | 1\n".replace(
        "  1/2 | 1/2\n", "  0 |\n  1/2 | 1/2\n"
    ).replace(" | 1\n", " | 0 1\n")
    block = make_block(text, TimedMix, h=0.5)
    u = torch.randn(U)
    k1 = block.f[0](2.0, u)
    assert torch.allclose(block(u, 2.0), u + 0.5 * block.f[1](2.25, u + 0.25 * k1))
    assert torch.allclose(block(u), block(u, 0.0))


def test_only_the_slots_that_the_equation_says_are_given_the_time() -> None:
    text = """
method kicked
  ode x' = f(t, y), y' = g(x)
step
  x[n+1] = x[n] + h*f(y[n])
  y[n+1] = y[n] + h*g(x[n+1])
"""
    block = make_block(text, {"f": TimedMix, "g": Mix}, h=0.5)
    x, y = torch.randn(U), torch.randn(U)
    x_next = x + 0.5 * block.f[0](2.0, y)
    torch.testing.assert_close(block((x, y), 2.0), (x_next, y + 0.5 * block.f[1](x_next)))


@pytest.mark.parametrize("argument", ["h*k", "2*u[n]", "join(u[n])"])
def test_an_argument_without_a_time_is_refused(argument: str) -> None:
    text = f"""
method timeless
  ode u' = f(t, u)
  {"linear join" if "join" in argument else ""}
step
  k = f(u[n])
  u[n+1] = u[n] + h*k + h*f({argument})
"""
    with pytest.raises(SpecError) as caught:
        make_block(text, TimedMix)
    assert "B227" in [d.code for d in caught.value.diagnostics]
