"""Blocks that draw numbers, in training, against the mean and covariance that are proved.

Bounds are standard errors of the samples themselves, SIGMAS of them: of 1,000 checks one fails by
chance once in 2,000 runs, and the seed is fixed.
"""

import math
import re
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import butcher
from butcher.analysis.stochastic.view import stochastic
from butcher.coefficient import Number
from butcher.ir.lower import lower

SPECS = Path(__file__).parents[2] / "specs"
SIGMAS = 5
DRAWS = 20_000
H = Fraction(1, 2)
VALUES: dict[str, dict[str, Fraction]] = {
    "stochastic_depth": {"p": Fraction(3, 4)},
    "stochastic_lm": {"p": Fraction(5, 8), "g": Fraction(-15, 16)},
    "shake_shake": {},
}
STATE = {"u[n]": torch.tensor([0.5, -1.0, 2.0]), "u[n-1]": torch.tensor([1.0, 0.25, -0.5])}


class Bent(nn.Module):
    """F(u) = factor tanh(u): the scheme asks nothing of F."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, u: Tensor) -> Tensor:
        return self.factor * torch.tanh(u)


NETS = {"f": Bent(2.0), "g": Bent(-3.0)}


def scheme(name: str, per: str = "sample") -> str:
    """The shipped file, drawn once a sample or once a batch."""
    text = (SPECS / f"{name}.tab").read_text("utf-8")
    drawn = re.search(r"random .*(bernoulli|uniform)\(.*?\)", text)
    assert drawn is not None
    return text.replace(drawn[0], f"{drawn[0]} per batch") if per == "batch" else text


def law(name: str) -> tuple[Tensor, Tensor]:
    """Mean (3,) and covariance (3, 3) of the new value, every F taken at u[n]."""
    graph = lower(butcher.load(name))
    found = stochastic(graph)
    known = {e.key: NETS[e.slot](STATE["u[n]"]) for e in graph.evaluations} | STATE
    at = {symbol: Number.of(value) for symbol, value in {**VALUES[name], "h": H}.items()}
    means = (float(c.evaluate(at)) * known[s] for s, c in found.updates[0].mean.items())
    covariance = torch.zeros(3, 3)
    for entry in found.covariances:
        one = torch.outer(known[entry.source], known[entry.other_source])
        one = one * float(entry.value.evaluate(at))
        covariance += one if entry.source == entry.other_source else one + one.T
    return torch.stack(list(means)).sum(0), covariance


def made(text: str, name: str) -> nn.Module:
    nets = {slot: NETS[slot] for slot in butcher.load(name).slots}
    values = {symbol: float(value) for symbol, value in VALUES[name].items()}
    return butcher.make_block(text, nets, h=float(H), **values)


def new_values(block: nn.Module, samples: int) -> Tensor:
    """(samples, 3): the new value of a batch that holds STATE in every place."""
    states = tuple(STATE[key].expand(samples, 3) for key in getattr(block, "states", ("u[n]",)))
    found = block(states if len(states) > 1 else states[0])
    return (found[0] if isinstance(found, tuple) else found).detach()


def agrees(samples: Tensor, expected: Tensor | float) -> None:
    """Whether the mean of the samples (N, ...) is the expected one, to SIGMAS standard errors."""
    error = samples.std(0) / samples.shape[0] ** 0.5
    off = (samples.mean(0) - expected).abs()
    assert (off <= SIGMAS * error + 1e-12).all(), (off / error).max()


def products(one: Tensor, other: Tensor, mean: Tensor) -> Tensor:
    """(N, 3, 3), whose expectation is the covariance."""
    return (one - mean)[:, :, None] * (other - mean)[:, None, :]


@pytest.mark.parametrize("name", VALUES)
def test_samples_have_the_mean_and_covariance_that_are_proved(name: str) -> None:
    mean, covariance = law(name)
    drawn = new_values(made(scheme(name), name), DRAWS)
    agrees(drawn, mean)
    agrees(products(drawn, drawn, mean), covariance)
    others = drawn.roll(1, dims=0)
    agrees(products(drawn, others, mean), 0.0)  # independent from sample to sample


@pytest.mark.parametrize("name", VALUES)
def test_the_samples_of_a_batch_share_its_draw(name: str) -> None:
    mean, covariance = law(name)
    block = made(scheme(name, "batch"), name)
    batches = torch.stack([new_values(block, 2) for _ in range(2_000)])
    agrees(batches[:, 0], mean)
    agrees(products(batches[:, 0], batches[:, 1], mean), covariance)


@pytest.mark.parametrize("name", VALUES)
def test_evaluation_is_the_mean(name: str) -> None:
    """The block in evaluation, to the rounding of its dtype."""
    found = new_values(made(scheme(name), name).eval(), 1)
    torch.testing.assert_close(found[0], law(name)[0])


def slopes(name: str, text: str) -> tuple[Tensor, Tensor]:
    """For each sample the factor of h f in the value, and in the gradient: f is u, g is 0."""
    nets = {"f": Line(1.0), "g": Line(0.0)}
    slots = butcher.load(name).slots
    block = butcher.make_block(text, {slot: nets[slot] for slot in slots}, h=1.0, **PLAIN[name])
    u = torch.ones(DRAWS, 1, requires_grad=True)
    value = block(u)
    (gradient,) = torch.autograd.grad(value.sum(), u)
    return value.detach()[:, 0] - 1, gradient[:, 0] - 1


class Line(nn.Module):
    """F(u) = factor u."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, u: Tensor) -> Tensor:
        return self.factor * u


PLAIN: dict[str, dict[str, float]] = {"shake_shake": {}, "stochastic_depth": {"p": 0.75}}


def test_the_draw_of_the_backward_pass_has_the_same_law_and_no_memory() -> None:
    forward, backward = slopes("shake_shake", scheme("shake_shake"))
    for one in (forward, backward):
        agrees(one, 1 / 2)
        agrees((one - 1 / 2) ** 2, 1 / 12)
    agrees((forward - 1 / 2) * (backward - 1 / 2), 0.0)


def test_without_a_second_draw_forward_and_backward_are_one() -> None:
    once = scheme("shake_shake").replace("redrawn backward", "")
    torch.testing.assert_close(*slopes("shake_shake", once))
    torch.testing.assert_close(*slopes("stochastic_depth", scheme("stochastic_depth")))


def test_a_chain_of_blocks_has_the_moments_of_its_equation() -> None:
    """32 blocks with f(u) = u on [0, 1]: du = p u dt + sqrt(h p (1-p)) u dB.

    The equation's mean and variance at 1 are met to what 32 blocks leave, |a| h times the mean
    (p^2/2 for the mean, from the drift's correction) and the error of the samples.
    """
    blocks, p = 32, 0.75
    h = 1 / blocks
    chain = nn.Sequential(
        *(butcher.make_block("stochastic_depth", Line(1.0), h=h, p=p) for _ in range(blocks))
    )
    drawn = chain(torch.ones(DRAWS, 1)).detach()[:, 0]
    mean = math.exp(p)
    variance = mean**2 * math.expm1(h * p * (1 - p))
    error = drawn.std() / DRAWS**0.5
    assert abs(drawn.mean() - mean) <= p**2 / 2 * h * mean + SIGMAS * error
    assert abs(drawn.mean() - mean) > SIGMAS * error  # what is left is seen
    exact = (1 + h * p) ** blocks
    agrees(drawn, exact)
    agrees((drawn - exact) ** 2, (1 + 2 * h * p + h * h * p) ** blocks - exact**2)
    assert drawn.var() == pytest.approx(variance, rel=3 * h + SIGMAS * (2 / DRAWS) ** 0.5)
