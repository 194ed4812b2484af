"""Schemes that draw numbers: exact moments, the Ito equations, and at which order they hold."""

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import exp, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

import butcher
from butcher.analysis.limits import UndefinedError
from butcher.analysis.stochastic.equation import ItoEquation
from butcher.analysis.stochastic.moments import Drawn, moment
from butcher.analysis.stochastic.view import StochasticView, stochastic
from butcher.coefficient import Coefficient, Number, Variable
from butcher.ir.graph import Graph
from butcher.ir.interpret import interpret
from butcher.ir.lower import lower
from butcher.spec.symbol import Distribution

F = Fraction
P = Coefficient.symbol(Variable("p", Number.of(1)))
H = Coefficient.symbol(Variable("h", Number.of(1)))
G = Coefficient.symbol(Variable("g", Number.of(F(-19, 20))))


def graph(scheme: str) -> Graph:
    return lower(butcher.parse(scheme) if "\n" in scheme else butcher.load(scheme))


def view(scheme: str) -> StochasticView:
    return stochastic(graph(scheme))


def method(step: str, *clauses: str) -> str:
    return "\n".join(["method m", *clauses, "step", *step.split("; "), ""])


def equation(scheme: str) -> ItoEquation:
    found = view(scheme).equation
    assert found is not None
    return found


# --------------------------------------------------------------------------- by hand


def test_stochastic_depth_is_the_equation_of_the_paper() -> None:
    """Lu et al. (2018): p f dt + sqrt(p (1-p)) f dB; the third moment is p (1-p) (1-2p)."""
    found = view("stochastic_depth")
    (update,) = found.updates
    assert update.mean == {"u[n]": 1, "k1": H * P}
    assert update.settles
    (covariance,) = found.covariances
    assert (covariance.source, covariance.other_source) == ("k1", "k1")
    assert covariance.value == H * H * P * (Coefficient.of(1) - P)
    ito = equation("stochastic_depth")
    assert ito.small_noise == "du = p f dt + sqrt(h) sqrt(p-p^2) f dB"
    assert ito.diffusive == "du = p f dt + sqrt(p-p^2) f dB"
    assert [one.value for one in ito.third] == [P * (-P + 1) * (P * -2 + 1)]
    assert (ito.weak_order, ito.diffusive_order) == (1, F(1, 2))
    assert ito.correction == {"u": {"f'(f)": -P * P / 2}}


def test_shake_shake_is_the_equation_of_the_paper() -> None:
    """(f+g)/2 dt + (f-g)/sqrt(12) dB, of order 1 whatever f and g: a uniform draw is not skew."""
    found, ito = view("shake_shake"), equation("shake_shake")
    assert found.updates[0].mean == {"u[n]": 1, "k1": H / 2, "k2": H / 2}
    assert {one.of: one.value for one in ito.diffusion} == {
        "f f": F(1, 12),
        "f g": F(-1, 12),
        "g g": F(1, 12),
    }
    assert ito.diffusive == "du = (1/2 f + 1/2 g) dt + sqrt(1/12) (f - g) dB"
    assert (ito.third, ito.weak_order, ito.diffusive_order) == ((), 1, F(1))
    assert found.draws[0].redrawn


def test_an_older_value_passes_what_a_branch_adds_on() -> None:
    """rho'(1) = 1 + k = -g: a dropped branch is missed at every later block as well."""
    ito = equation("stochastic_lm")
    assert ito.drift["u"]["f"] == -P / G
    assert ito.diffusion[0].value == P * (-P + 1) / (G * G)
    assert (ito.weak_order, ito.correction, ito.diffusive_order) == (None, None, None)


def test_a_double_root_makes_it_an_equation_of_second_order() -> None:
    """X+ - 2X + X- = h^2 eta f: v = u' moves by h eta f, as Lu et al. have the stochastic LM."""
    text = method(
        "u[n+1] = 2*u[n] - u[n-1] + h^2*eta*f(u[n])",
        "ode u'' = f(u)",
        "param p = 1/2",
        "random eta ~ bernoulli(p)",
    )
    assert equation(text).derivative == 2
    assert equation(text).small_noise == "du' = p f dt + sqrt(h) sqrt(p-p^2) f dB"


def test_what_is_divided_by_its_survival_keeps_the_drift() -> None:
    text = method("u[n+1] = u[n] + eta/p*h*f(u[n])", "param p = 1/2", "random eta ~ bernoulli(p)")
    ito = equation(text)
    assert ito.drift["u"]["f"] == 1
    assert ito.diffusion[0].value == (-P + 1) / P


def test_two_draws_are_two_brownian_motions() -> None:
    text = method(
        "u[n+1] = u[n] + h*(a*f(u[n]) + b*g(u[n]))",
        "random a ~ normal(1, 2)",
        "random b ~ uniform(-1, 1)",
    )
    assert equation(text).diffusive == "du = f dt + sqrt(4) f dB_a + sqrt(1/3) g dB_b"


def test_two_states_share_the_motion_of_one_draw() -> None:
    text = method(
        "x[n+1] = x[n] + h*a*f(y[n]); y[n+1] = y[n] + h*a*g(x[n])",
        "ode x' = f(y), y' = g(x)",
        "random a ~ uniform(0, 1)",
    )
    ito = equation(text)
    assert {one.of: one.value for one in ito.diffusion} == dict.fromkeys(
        ("x: f x: f", "x: f y: g", "y: g y: g"), F(1, 12)
    )
    assert ito.correction == {"x": {"f'(g)": F(-1, 8)}, "y": {"g'(f)": F(-1, 8)}}


# --------------------------------------------------------------------------- what is not said


def test_a_nested_draw_leaves_only_the_first_order_in_h() -> None:
    text = method(
        "k1 = f(u[n]); k2 = f(u[n] + h*a*k1); u[n+1] = u[n] + h*a*k2",
        "random a ~ bernoulli(1/3)",
    )
    found, ito = view(text), equation(text)
    assert (found.nested, found.updates, found.covariances) == (("k2",), (), ())
    assert ito.diffusive_order is None
    # E[a a] f'(f) less half the square of the drift
    assert ito.correction == {"u": {"f'(f)": F(1, 3) - F(1, 18)}}
    assert "k2 reads what was drawn" in str(butcher.analyze(text))


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("u[n+1] = u[n] + a*f(u[n])", "not h times a number"),
        ("u[n+1] = a*u[n] + (1-a)*u[n-1] + h*f(u[n])", "times a drawn number"),
        ("u[n+1] = u[n] + h*a*f(u[n]) + h*f(h*f(u[n]))", "does not keep constants"),
    ],
)
def test_an_update_that_is_no_such_step_says_why(step: str, reason: str) -> None:
    found = view(method(step, "random a ~ uniform(0, 1)"))
    assert found.equation is None
    assert reason in (found.reason or "")


def test_what_is_divided_by_a_draw_has_no_exact_moments() -> None:
    text = method("u[n+1] = u[n] + h/a*f(u[n])", "random a ~ uniform(1, 2)")
    with pytest.raises(UndefinedError, match="a is drawn and stands in a divisor"):
        view(text)


def test_only_a_scheme_that_draws_is_spoken_of() -> None:
    assert "Stochastic view" not in str(butcher.analyze("rk4"))
    assert butcher.analyze("rk4").as_json()["stochastic"] is None
    assert "Stochastic view" in str(butcher.analyze("shake_shake"))
    dead = method("u[n+1] = u[n] + h*f(u[n]) + a*u[n] - a*u[n]", "random a ~ uniform(0, 1)")
    assert "Stochastic view" not in str(butcher.analyze(dead))


# --------------------------------------------------------------------------- against sums


def test_moments_are_those_of_integrals() -> None:
    def of(name: str, *arguments: int | Fraction) -> list[Coefficient]:
        shape = Distribution(name=name, arguments=tuple(map(Coefficient.of, arguments)))  # type: ignore[arg-type]
        return [moment(shape, k) for k in range(5)]

    assert of("bernoulli", F(1, 3)) == [1, F(1, 3), F(1, 3), F(1, 3), F(1, 3)]
    assert of("uniform", -1, 2) == [
        F(2 ** (k + 1) - (-1) ** (k + 1), 3 * (k + 1)) for k in range(5)
    ]
    assert of("normal", 1, 2) == [1, 1, 1 + 4, 1 + 3 * 4, 1 + 6 * 4 + 3 * 16]


@given(
    st.lists(st.integers(1, 7).map(lambda n: F(n, 8)), min_size=2, max_size=2),
    st.lists(st.integers(-3, 3), min_size=4, max_size=4),
)
def test_mean_and_covariance_are_the_sums_over_all_draws(
    chances: list[Fraction], factors: list[int]
) -> None:
    """Of a block that is not affine in what it draws, interpreted draw by draw."""
    p, q = chances
    one, two, three, four = factors
    found = graph(
        method(
            f"k1 = f(u[n]); k2 = g(u[n]); u[n+1] = u[n] + h*({one}*a*b*k1 + {two}*a^2*k2"
            f" + {three}*b^3*k1 + {four}*k2 + k1)",
            f"random a ~ bernoulli({p})",
            f"random b ~ bernoulli({q})",
        )
    )
    k = {"k1": F(5), "k2": F(-7)}
    values = {
        (a, b): interpret(
            found,
            {"u[n]": Number.of(2)},
            lambda e, t, y: Number.of(k[e.key]),
            symbols={"a": Number.of(a), "b": Number.of(b), "h": Number.of(F(1, 2))},
        )
        .outputs[0]
        .fraction
        for a, b in product((0, 1), repeat=2)
    }
    chance = {(a, b): (p if a else 1 - p) * (q if b else 1 - q) for a, b in values}
    mean = sum(chance[at] * value for at, value in values.items())
    variance = sum(chance[at] * (value - mean) ** 2 for at, value in values.items())
    if not Drawn(found).symbols:
        assert variance == 0
        return
    said, at = stochastic(found), {"h": Number.of(F(1, 2))}
    sources = {"u[n]": F(2), **k}
    assert mean == sum(
        c.evaluate(at).fraction * sources[s] for s, c in said.updates[0].mean.items()
    )
    assert variance == sum(
        entry.value.evaluate(at).fraction
        * sources[entry.source]
        * sources[entry.other_source]
        * (1 if entry.source == entry.other_source else 2)
        for entry in said.covariances
    )


def test_evaluation_is_the_mean_where_draws_are_not_multiplied_by_themselves() -> None:
    clauses = ("random a ~ uniform(0, 1)", "random b ~ uniform(0, 1)")
    assert view(method("u[n+1] = u[n] + h*a*b*f(u[n])", *clauses)).updates[0].settles
    found = view(method("u[n+1] = u[n] + h*a^2*f(u[n])", *clauses))
    assert not found.updates[0].settles
    assert found.equation is not None
    assert found.equation.noises == ()
    assert "sigma dB" in found.equation.diffusive


# --------------------------------------------------------------------------- orders, at time 1
#
# f(u) = lam u, so that every moment is known on both sides:
#     du = a u dt + s u dB        E u(1)^k = exp(k a + k (k-1)/2 s^2)

LAM = 0.7


def block_moment(weights: Callable[[int], dict[float, float]], k: int, steps: int) -> float:
    """E u_N^k of u+ = (1 + w lam) u from 1, w drawn with these chances."""
    one = sum(chance * (1 + w * LAM) ** k for w, chance in weights(steps).items())
    return float(one**steps)


def dropped(p: float, noise: Callable[[float], float]) -> Callable[[int], dict[float, float]]:
    """h m + noise(h) xi of stochastic depth."""

    def weights(steps: int) -> dict[float, float]:
        h = 1 / steps
        return {h * p + noise(h) * (1 - p): p, h * p - noise(h) * p: 1 - p}

    return weights


def errors(
    p: float, k: int, scaling: str, *, corrected: bool = False, blocks: int = 64
) -> list[float]:
    """Of the k-th moment at time 1, for so many blocks and twice as many; the equation is the
    analysis's."""
    ito, at = equation("stochastic_depth"), {"p": Number.of(F(p))}
    assert ito.correction is not None
    drift = float(ito.drift["u"]["f"].evaluate(at)) * LAM
    bend = float(ito.correction["u"]["f'(f)"].evaluate(at)) * LAM**2
    spread = float(ito.diffusion[0].value.evaluate(at)) * LAM**2
    noise = (lambda h: h) if scaling == "small noise" else sqrt
    found = []
    for steps in (blocks, 2 * blocks):
        h = 1 / steps
        a = drift + h * bend * corrected
        s = spread * (h if scaling == "small noise" else 1)
        solution = exp(k * a + k * (k - 1) / 2 * s)
        found.append(abs(block_moment(dropped(p, noise), k, steps) - solution))
    return found


def rate(found: list[float]) -> float:
    return found[0] / found[1]


@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("p", [0.5, 0.8])
def test_small_noise_is_of_order_one_and_with_its_correction_of_order_two(p: float, k: int) -> None:
    assert rate(errors(p, k, "small noise")) == pytest.approx(2, rel=0.05)
    assert rate(errors(p, k, "small noise", corrected=True)) == pytest.approx(4, rel=0.05)


@pytest.mark.parametrize("k", [1, 2])
def test_two_moments_of_diffusive_noise_are_of_order_one(k: int) -> None:
    assert rate(errors(0.8, k, "diffusive")) == pytest.approx(2, rel=0.05)


def test_skewed_draws_leave_the_third_moment_order_one_half() -> None:
    """And only those: for p = 1/2 the condition holds, and it is of order 1."""
    ito = equation("stochastic_depth")
    assert ito.third[0].value.evaluate({"p": Number.of(F(1, 2))}) == 0
    assert rate(errors(0.5, 3, "diffusive")) == pytest.approx(2, rel=0.05)
    skewed = errors(0.9, 3, "diffusive", blocks=2**16)
    assert rate(skewed) == pytest.approx(sqrt(2), rel=0.05)


def test_the_variance_at_a_time_falls_with_the_step_as_it_is_written() -> None:
    """And stays with dt: N blocks of 1/N have N h^2 = h, not 1, of the noise."""

    def spread(noise: Callable[[float], float], steps: int) -> float:
        weights = dropped(0.5, noise)
        return block_moment(weights, 2, steps) - block_moment(weights, 1, steps) ** 2

    assert spread(lambda h: h, 64) / spread(lambda h: h, 128) == pytest.approx(2, rel=0.03)
    assert spread(sqrt, 64) / spread(sqrt, 128) == pytest.approx(1, rel=0.03)
