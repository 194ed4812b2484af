"""What is said of linear multistep methods, against the literature and against other programs."""

import re
from dataclasses import fields
from decimal import Decimal
from fractions import Fraction
from math import factorial, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from method_graphs import h, multistep, number, runge_kutta
from multistep_families import (
    adams_bashforth,
    adams_moulton,
    bdf,
    highest_order_sigma,
    product,
    step_body,
    symbol,
)

import butcher
from butcher.analysis.limits import UndefinedError
from butcher.analysis.linear.stability import stability
from butcher.analysis.modified.equation import modified_equation
from butcher.analysis.multistep.theory import MultistepTheory, multistep_theory
from butcher.coefficient import Coefficient, Number
from butcher.ir.lower import lower

F = Fraction


def theory(name: str) -> MultistepTheory:
    return multistep_theory(lower(butcher.load(name)))


# ---------------------------------------------------------------------- order and error constants


@pytest.mark.parametrize(
    ("family", "steps", "constant"),
    [
        # Hairer, Norsett, Wanner III.2 table 2.1: the gamma_k, gamma*_{k+1} and 1/(k+1)
        (adams_bashforth, 1, F(1, 2)),
        (adams_bashforth, 2, F(5, 12)),
        (adams_bashforth, 3, F(3, 8)),
        (adams_bashforth, 4, F(251, 720)),
        (adams_moulton, 1, F(-1, 12)),
        (adams_moulton, 2, F(-1, 24)),
        (adams_moulton, 3, F(-19, 720)),
        (adams_moulton, 4, F(-3, 160)),
        *((bdf, k, F(-1, k + 1)) for k in range(1, 8)),
    ],
)
def test_error_constants_are_those_of_the_tables(family, steps, constant) -> None:  # type: ignore[no-untyped-def]
    found = multistep_theory(multistep(*family(steps)))
    assert found.consistent
    assert found.order == (steps + 1 if family is adams_moulton else steps)
    assert found.error_constant == constant
    assert found.local_error_constant == constant * (1 if family is not bdf else _weight(steps))


def _weight(steps: int) -> Fraction:
    """sigma(1) of a method BDF with alpha_k = 1."""
    return 1 / sum((F(1, j) for j in range(1, steps + 1)), F(0))


def test_milne_simpson_is_weakly_stable_and_of_the_highest_order_of_two_steps() -> None:
    found = theory("milne_simpson4")
    assert (found.order, found.local_error_constant) == (4, F(-1, 90))
    assert (found.zero_stable, found.strongly_stable, found.weakly_stable) == (True, False, True)
    assert found.damping_at_infinity == Number.sqrt(F(3)) + 2


def test_what_is_scaled_has_the_same_error_constant() -> None:
    rho, sigma = bdf(3)
    one, other = (
        multistep_theory(multistep([s * a for a in rho], [s * b for b in sigma])) for s in (1, 7)
    )
    assert one == other


def test_an_explicit_method_of_order_three_that_is_unstable() -> None:
    found = multistep_theory(multistep([-5, 4, 1], [2, 4]))
    assert (found.order, found.zero_stable, found.weakly_stable) == (3, False, False)
    assert [root.real for root in found.roots or ()] == [1, -5]


def test_cowell_and_stormer_for_the_second_order_equation() -> None:
    # Hairer, Norsett, Wanner III.10: the leapfrog, and Numerov's method of order four
    leapfrog = theory("second_order")
    assert (leapfrog.order, leapfrog.error_constant) == (2, F(1, 12))
    assert (leapfrog.steps_equation, leapfrog.zero_stable) == ("u'' = f(u)", True)
    assert leapfrog.a_stable is None
    sigma = highest_order_sigma([F(1), F(-2), F(1)], 3, derivative=2)
    assert sigma == [F(1, 12), F(5, 6), F(1, 12)]


def test_a_factor_in_common_makes_a_method_reducible() -> None:
    rho, sigma = bdf(2)
    extra = [F(1, 2), F(1)]
    found = multistep_theory(multistep(product(rho, extra), product(sigma, extra)))
    assert found.irreducible is False
    assert (found.order, found.a_stable, found.a_alpha) == (2, True, 90.0)
    assert multistep_theory(multistep(rho, sigma)).irreducible is True


def test_on_the_circle_a_common_factor_leaves_a_stability_open() -> None:
    rho, sigma = bdf(2)
    extra = [F(1), F(1)]
    found = multistep_theory(multistep(product(rho, extra), product(sigma, extra)))
    assert found.a_stable is None


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 6])
def test_backward_differentiation_forgets_what_is_stiff(steps: int) -> None:
    found = multistep_theory(multistep(*bdf(steps)))
    assert found.stable_at_infinity is True
    assert found.damping_at_infinity == 0


def test_at_infinity_the_trapezoidal_rule_keeps_everything_and_euler_nothing_can_hold() -> None:
    trapezoid = multistep_theory(multistep([-1, 1], [F(1, 2), F(1, 2)]))
    assert (trapezoid.stable_at_infinity, trapezoid.damping_at_infinity) == (True, 1)
    euler = theory("euler")
    assert (euler.stable_at_infinity, euler.damping_at_infinity) == (False, None)


# ---------------------------------------------------------------------- what is none


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("rk4", "evaluates f at its values alone, unlike k2"),
        ("revnet", "one state"),
        ("fractal3", "one right-hand side"),
    ],
)
def test_other_methods_are_told_why_they_are_none(name: str, reason: str) -> None:
    with pytest.raises(UndefinedError, match=reason):
        theory(name)


def test_a_weight_that_is_no_multiple_of_h_is_told() -> None:
    tableau = runge_kutta([[]], [1])
    squared = step_body([1], symbol("h", 1))
    assert multistep_theory(tableau).order == 1
    said = re.escape("f is weighted by h^2, not by h times a number")
    with pytest.raises(UndefinedError, match=said):
        multistep_theory(squared)
    with pytest.raises(UndefinedError, match="an alpha is -1-h, not a number"):
        multistep_theory(step_body([1 + h], 1))


# ---------------------------------------------------------------------- over a symbol


def test_the_unit_of_lu_and_others() -> None:
    found = theory("lm_resnet")
    assert found.steps_equation == "u' = f(u)/(1+k)"
    assert found.consistent_weight == "(1+k)*h"
    assert (found.consistent, found.order, found.consistent_order) == (False, 0, 1)
    (region,) = found.symbol_regions
    assert region.region == "-1 < k <= 1"
    (interval,) = region.intervals
    assert (interval.low, interval.high) == (-1, 1)
    assert (interval.low_included, interval.high_included) == (False, True)
    assert region.double_root_at == (-1,)
    assert region.note is not None
    assert region.note.startswith("k = -1: a double root")
    (jump,) = found.order_jumps
    assert (jump.symbol, jump.value, jump.order, jump.zero_stable) == ("k", 1, 2, True)


def test_with_its_weight_the_unit_is_consistent() -> None:
    k = symbol("k", F(1, 2))
    found = multistep_theory(step_body([-k + 1, k], k + 1, ("k", F(1, 2))))
    assert (found.steps_equation, found.consistent_weight) == ("u' = f(u)", "h")
    assert (found.order, found.error_constant) == (1, F(1, 6))  # (1-k)/(2(1+k))
    at_one = multistep_theory(step_body([0, 1], 2))
    assert (at_one.order, at_one.error_constant) == (2, F(1, 6))


def test_the_stochastic_unit_says_the_same_with_another_letter() -> None:
    found = theory("stochastic_lm")
    assert found.steps_equation == "u' = -p*f(u)/g"
    assert [region.region for region in found.symbol_regions] == ["-2 <= g < 0"]
    assert [(jump.symbol, jump.value) for jump in found.order_jumps] == [("g", -2)]


def test_for_a_second_order_equation_the_ends_of_the_region_belong_to_it() -> None:
    # u[n+1] = (2-k) u[n] - u[n-1] + h^2 f: roots on the circle as long as 0 <= k <= 4
    k = symbol("k", 1)
    values = [-k + 2, -1]
    (first,) = multistep_theory(step_body(values, 1, ("k", 1))).symbol_regions
    (second,) = multistep_theory(step_body(values, 1, ("k", 1), derivative=2)).symbol_regions
    assert (first.region, first.double_root_at) == ("0 < k < 4", (0, 4))
    assert (second.region, second.double_root_at, second.note) == ("0 <= k <= 4", (), None)


def test_symbols_count_one_by_one() -> None:
    a, b = symbol("a", F(1, 2)), symbol("b", F(1, 3))
    found = multistep_theory(step_body([-a - b + 1, a, b], 1, ("a", F(1, 2)), ("b", F(1, 3))))
    regions = {region.symbol: region for region in found.symbol_regions}
    # (z - 1)(z^2 + (a + b) z + b)
    assert regions["a"].region == "-5/3 < a <= 1"
    assert regions["a"].others == ("b = 1/3",)
    assert regions["b"].region == "-3/4 < b <= 1"
    assert found.steps_equation == "u' = f(u)/(1+a+2*b)"


def test_a_family_of_order_two_has_its_member_of_order_three() -> None:
    text = """method family
      learn b = 1/10
    multistep
      alpha | . -1 1
      beta | -1/2+b 3/2-2*b b
    """
    found = multistep_theory(lower(butcher.parse(text)))
    (jump,) = found.order_jumps
    assert (jump.value, jump.order, found.order) == (F(5, 12), 3, 2)


def test_a_step_of_its_own_in_each_row_is_one_step_to_the_theory() -> None:
    text = """method own
      learn h = 1 per stage
      learn k = 1/2
    step
      k1 = f(u[n])
      w = u[n] + h*k1
      u[n+1] = (1-k)*w + k*u[n-1] + h*k*k1
    """
    found = multistep_theory(lower(butcher.parse(text)))
    assert found.steps_equation == "u' = f(u)/(1+k)"


# ---------------------------------------------------------------------- decimals


def _decimals(values: list[Fraction]) -> list[str]:
    parts = [(Decimal(v.numerator), Decimal(v.denominator)) for v in values]
    return [f"{above / below:.16f}" if below > 1 else str(above) for above, below in parts]


def test_rounded_coefficients_are_known_to_their_digits() -> None:
    rho, sigma = bdf(3)
    exact = [a / rho[-1] for a in rho], [b / rho[-1] for b in sigma]
    found = multistep_theory(multistep(*map(_decimals, exact)))
    assert (found.order, found.zero_stable, found.weakly_stable) == (3, True, False)
    assert found.a_stable is False
    assert found.error_constant == pytest.approx(-0.25, abs=1e-13)
    assert isinstance(found.error_constant, float)
    assert len(str(found.error_constant)) <= 18, "no more digits than are known"
    assert (found.roots, found.irreducible) == (None, None)
    assert found.a_alpha == theory("bdf3").a_alpha, "decimals that look like ninths and elevenths"
    assert found.symbol_regions == ()


def test_where_the_rounding_would_decide_nothing_is_said() -> None:
    rho, sigma = bdf(2)
    exact = [a / rho[-1] for a in rho], [b / rho[-1] for b in sigma]
    assert multistep_theory(multistep(*map(_decimals, exact))).a_stable, "0.3333333333333333 is 1/3"
    vague = [Coefficient.of(a).rounded(F(1, 10**7)) for a in exact[0]], exact[1]
    assert multistep_theory(multistep(*vague)).a_stable is None
    nearly = multistep(["0.9999999999999999", "-1.9999999999999999", 1], [0, 1])
    assert multistep_theory(nearly).zero_stable is None


def test_a_rounded_method_can_be_unstable_for_certain() -> None:
    rho, sigma = bdf(7)
    exact = [a / rho[-1] for a in rho], [b / rho[-1] for b in sigma]
    assert multistep_theory(multistep(*map(_decimals, exact))).zero_stable is False


# ---------------------------------------------------------------------- bounds


def test_long_numbers_are_given_up_on_and_said_so() -> None:
    long = [F(10**1000 + 7**k, 10**999 + 3**k) for k in range(1, 17)]
    found = multistep_theory(multistep([*long, 1], long))
    assert found.zero_stable is None
    assert {"zero_stable", "roots"} <= set(found.unknown)


def test_numbers_past_the_range_of_floats_do_no_harm() -> None:
    found = multistep_theory(multistep([-1, 10**400, 0, 7, 1], [1, 2]))
    assert (set(found.unknown), found.zero_stable) == ({"roots"}, False)
    long = ["-0." + "3" * 400, "-0." + "6" * 399 + "7", 1]
    rounded = multistep_theory(multistep(long, [0, F(4, 3)]))
    # C_2 = (4 - 2/3 - 2 4/3)/2, over sigma(1) = 4/3
    assert rounded.error_constant == pytest.approx(1 / 4)


def test_a_region_of_too_many_lags_is_given_up_on_and_said_so() -> None:
    k = symbol("k", F(1, 10))
    found = multistep_theory(step_body([-k + 1, *[0] * 29, k], 1, ("k", F(1, 10))))
    assert set(found.unknown) == {"symbol_regions"}
    assert found.steps_equation == "u' = f(u)/(1+30*k)"


# ---------------------------------------------------------------------- barriers and definitions

coefficients = st.fractions(-3, 3, max_denominator=6)


@given(a=st.fractions(-1, 1, max_denominator=12).filter(lambda a: a != 1))
def test_no_stable_method_of_two_steps_has_an_order_above_four(a: Fraction) -> None:
    # Dahlquist's first barrier: order k + 2 for k even, with all roots on the circle
    rho = product([F(-1), F(1)], [-a, F(1)])
    found = multistep_theory(multistep(rho, highest_order_sigma(rho, 3)))
    assert found.order == (4 if a == -1 else 3)
    assert found.zero_stable is True
    assert found.a_stable is False, "Dahlquist's second barrier"


@given(rho=st.lists(coefficients, min_size=1, max_size=3), sigma=st.lists(coefficients, min_size=4))
def test_the_definition_of_the_error_constants_holds(
    rho: list[Fraction], sigma: list[Fraction]
) -> None:
    """Applied to u = t^q at t = 0, ..., k: the residual is zero for q <= p, and (p+1)! C at p+1."""
    alpha = product([F(-1), F(1)], [*rho, F(1)])
    found = multistep_theory(multistep(alpha, sigma[: len(alpha)]))
    beta = [*sigma, F(0)][: len(alpha)]
    beta += [F(0)] * (len(alpha) - len(beta))
    residual = [
        sum((a * j**q - (q and b * q * j ** (q - 1)) for j, (a, b) in enumerate(zip(alpha, beta))))  # noqa: B905
        for q in range(found.order + 2)
    ]
    if found.consistent:
        assert not any(residual[:-1])
        assert found.local_error_constant == residual[-1] / factorial(found.order + 1)
    else:
        assert residual[1]


@pytest.mark.parametrize("name", ["ab2", "bdf2", "leapfrog"])
def test_every_field_of_a_plain_method_is_answered(name: str) -> None:
    found = theory(name)
    missing = {f.name for f in fields(found) if getattr(found, f.name) is None}
    assert missing <= {"a_alpha", "damping_at_infinity"}
    assert found.unknown == {}


def test_rho_and_sigma_are_the_coefficients() -> None:
    found = theory("ab2_step")
    assert [str(a) for a in found.rho] == ["0", "-1", "1"]
    assert found.sigma == tuple(number(b).number for b in (F(-1, 2), F(3, 2), 0))
    assert found == theory("ab2")


def test_strong_stability_and_the_locus_are_told() -> None:
    assert [theory(n).ssp_coefficient for n in ("ab1", "am2", "bdf1")] == [1, 0, inf]
    assert theory("second_order").ssp_coefficient is None
    shu = [F(-1, 4), F(0), F(-3, 4), F(1)], [F(0), F(0), F(3, 2)]
    assert multistep_theory(multistep(*shu)).ssp_coefficient == F(1, 2)
    rounded = multistep_theory(multistep(shu[0], _decimals(shu[1]))).ssp_coefficient
    assert isinstance(rounded, float)
    locus = theory("ab1").boundary_locus
    assert len(locus) == 64
    assert [abs(z + 1) for z in locus if z is not None] == pytest.approx([1] * 64)


def test_a_drawn_symbol_is_at_its_mean_as_in_the_modified_equation() -> None:
    found = theory("stochastic_depth")
    assert (found.steps_equation, found.consistent_weight) == ("u' = p*f(u)", "h/p")
    assert modified_equation(lower(butcher.load("stochastic_depth"))).defect == "u' + h/2 u'' = p f"


@pytest.mark.parametrize("name", ["bdf2", "bdf3", "am2", "ab2", "leapfrog", "lm_resnet", "am3"])
def test_linear_stability_decides_as_this_theory_does(name: str) -> None:
    ours, linear = theory(name), stability(lower(butcher.load(name)))
    assert ours.a_stable is not None
    assert linear.a_stable is ours.a_stable
    assert linear.real_interval == inf or not ours.a_stable


def test_without_f_a_step_is_the_same_for_every_z() -> None:
    rests = runge_kutta([[], [F(1, 2)]], [0, 0])
    found, linear = multistep_theory(rests), stability(rests)
    assert (found.a_stable, found.a_alpha) == (True, 90)
    assert (linear.a_stable, linear.real_interval) == (True, inf)
    grows = multistep_theory(multistep([-2, 1], [0, 0]))
    assert (grows.a_stable, grows.a_alpha) == (False, None)
