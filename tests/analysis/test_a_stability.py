"""A- and A(alpha)-stability and the boundary locus, against high precision and brute force."""

import cmath
from fractions import Fraction
from math import pi, tan

import mpmath
import nodepy.linear_multistep_method
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from method_graphs import multistep
from multistep_families import adams_bashforth, adams_moulton, bdf, product

import butcher
from butcher.analysis.limits import UndefinedError
from butcher.analysis.multistep.a_stability import a_stability
from butcher.analysis.multistep.locus import boundary_locus
from butcher.analysis.multistep.method import LinearMultistep, linear_multistep
from butcher.analysis.polynomials.roots import is_schur
from butcher.analysis.polynomials.trigonometric import on_circle, smaller_than_on_circle
from butcher.analysis.polynomials.univariate import (
    Polynomial,
    plus,
    polynomial,
    scaled,
    times,
    value,
)
from butcher.ir.lower import lower

F = Fraction
Row = list[Fraction]
rational = st.fractions(-2, 2, max_denominator=8)


def angle(rho: Row, sigma: Row) -> float | None:
    return a_stability(polynomial(rho), polynomial(sigma)).alpha


def method(name: str) -> LinearMultistep:
    found = linear_multistep(lower(butcher.load(name)))
    assert found is not None
    return found


# ---------------------------------------------------------------------- angles


@pytest.mark.parametrize(
    ("steps", "printed"),
    # Hairer, Wanner V.2 table 2.1
    [(1, 90.0), (2, 90.0), (3, 86.03), (4, 73.35), (5, 51.84), (6, 17.84)],
)
def test_the_angles_of_backward_differentiation(steps: int, printed: float) -> None:
    found = angle(*bdf(steps))
    assert found == pytest.approx(printed, abs=0.005)
    other = nodepy.linear_multistep_method.backward_difference_formula(steps)
    assert other.A_alpha_stability() == pytest.approx(found, abs=1), "whole degrees"


def test_backward_differentiation_of_seven_steps_has_none() -> None:
    assert a_stability(*map(polynomial, bdf(7))).alpha is None


@pytest.mark.parametrize("steps", [3, 4, 5, 6])
def test_the_angles_agree_with_forty_digits(steps: int) -> None:
    rho, sigma = bdf(steps)

    def deviation(theta: mpmath.mpf) -> mpmath.mpf:
        w = mpmath.expj(theta)
        z = mpmath.polyval(rho[::-1], w) / mpmath.polyval(sigma[::-1], w)
        return abs(mpmath.arg(-z))

    with mpmath.workdps(40):
        grid = [mpmath.pi * k / 600 for k in range(1, 600)]
        best = min(grid, key=deviation)
        low, high = best - mpmath.pi / 600, best + mpmath.pi / 600
        while high - low > mpmath.mpf(10) ** -18:
            left, right = low + (high - low) / 3, high - (high - low) / 3
            low, high = (low, right) if deviation(left) < deviation(right) else (left, high)
        expected = mpmath.degrees(deviation(low))
        found = angle(rho, sigma)
        assert found is not None
        assert abs(found - expected) < 1e-12


def stable_on_ray(rho: Polynomial, sigma: Polynomial, r: Fraction, slope: Fraction) -> bool:
    """Whether all roots are inside the circle for z = -r (1 + i slope), and so for its conjugate:
    the product of both characteristic polynomials is real.
    """
    real, imaginary = plus(rho, scaled(sigma, r)), scaled(sigma, r * slope)
    return is_schur(plus(times(real, real), times(imaginary, imaginary)))


@pytest.mark.parametrize("steps", [3, 4, 5, 6])
def test_rays_inside_the_angle_are_stable_and_one_outside_is_not(steps: int) -> None:
    rho, sigma = map(polynomial, bdf(steps))
    found = a_stability(rho, sigma).alpha
    assert found is not None
    slopes = [F(tan(pi / 180 * (found + d))).limit_denominator(10**9) for d in (-1e-4, 1e-4)]
    w = np.exp(1j * np.linspace(0.01, pi, 10_000))
    locus = np.polyval([*map(float, rho[::-1])], w) / np.polyval([*map(float, sigma[::-1])], w)
    touched = F(-min(locus, key=lambda z: abs(cmath.phase(-z))).real)
    radii = [touched, *(F(2**k, 10**3) for k in range(20))]
    assert all(stable_on_ray(rho, sigma, r, slopes[0]) for r in radii)
    assert not stable_on_ray(rho, sigma, touched, slopes[1])


@given(
    rho=st.lists(rational, min_size=1, max_size=2), sigma=st.lists(rational, min_size=2, max_size=4)
)
def test_decisions_agree_with_brute_force(rho: Row, sigma: Row) -> None:
    """alpha is the least angle on a fine grid of the locus, where -1 is stable."""
    alpha = product([F(-1), F(1)], [*rho, F(1)])
    beta = [*sigma, *[F(0)] * (len(alpha) - len(sigma))][: len(alpha)]
    try:
        found = a_stability(polynomial(alpha), polynomial(beta))
    except UndefinedError:
        return
    at_minus_one = np.array([float(a + b) for a, b in zip(alpha, beta, strict=True)])
    moduli = [0.0, *abs(np.roots(at_minus_one[::-1]))]
    if abs(at_minus_one[-1]) < 1e-9 or abs(max(moduli) - 1) < 1e-6:
        return
    w = np.exp(1j * np.linspace(1e-3, pi, 20_001))
    product_ = np.polyval(list(map(float, alpha[::-1])), w) * np.conj(
        np.polyval(list(map(float, beta[::-1])), w)
    )
    left = product_[product_.real < -1e-9 * abs(product_).max()]
    expected = min([90.0, *np.degrees(abs(np.angle(-left)))])
    if max(moduli) > 1 or expected < 1e-2:
        assert not found.a_stable
        assert (found.alpha or 0) < 0.05
    elif found.a_stable:
        assert expected > 89.9
    else:
        assert found.alpha == pytest.approx(expected, abs=0.05)


@given(theta=st.fractions(0, 1, max_denominator=30))
def test_the_theta_method_is_a_stable_from_one_half_on(theta: Fraction) -> None:
    found = a_stability(polynomial([-1, 1]), polynomial([1 - theta, theta]))
    assert found.a_stable is (theta >= F(1, 2))
    assert found.alpha == (90.0 if theta >= F(1, 2) else None)


@given(a=st.fractions(0, 2, max_denominator=10), b=st.fractions(-2, 2, max_denominator=10))
def test_the_two_step_methods_of_order_two(a: Fraction, b: Fraction) -> None:
    """rho = (z-1)(a z + 1 - a), sigma = (z-1)^2 b + (z-1) a + (z+1)/2: on the circle Re(rho
    conj(sigma)) = (1-x)^2 (2a-1)(2b-a), so A-stable where that is not negative and -1 stable.
    """
    rho = polynomial(product([F(-1), F(1)], [1 - a, a]))
    sigma = polynomial([b - a + F(1, 2), -2 * b + a + F(1, 2), b])
    real, _ = on_circle(rho, sigma)
    assert real == scaled(polynomial([1, -2, 1]), (2 * a - 1) * (2 * b - a))
    if a > F(1, 2) and 2 * b > a:
        assert a_stability(rho, sigma).a_stable
    if a > F(1, 2) and 2 * b < a:
        assert not a_stability(rho, sigma).a_stable


@pytest.mark.parametrize("family", [adams_bashforth, adams_moulton])
@pytest.mark.parametrize("steps", [2, 3, 4])
def test_adams_methods_have_no_sector(family, steps: int) -> None:  # type: ignore[no-untyped-def]
    assert angle(*family(steps)) is None


# ---------------------------------------------------------------------- the circle


@given(p=st.lists(rational, max_size=5), q=st.lists(rational, max_size=5))
def test_products_on_the_circle(p: Row, q: Row) -> None:
    real, imaginary = on_circle(polynomial(p), polynomial(q))
    w = complex(0.6, 0.8)
    first, second = (sum(float(a) * w**k for k, a in enumerate(row)) for row in (p, q))
    expected = first * complex(second).conjugate()
    found = complex(float(value(real, F(3, 5))), 0.8 * float(value(imaginary, F(3, 5))))
    assert abs(found - expected) < 1e-12


def test_a_polynomial_is_compared_with_a_radius_around_the_circle() -> None:
    p = polynomial([3, 0, 1])  # between 2 and 4 in modulus
    assert smaller_than_on_circle(F(199, 100), p)
    assert not smaller_than_on_circle(F(2), p)
    assert not smaller_than_on_circle(F(3), p)
    assert not smaller_than_on_circle(F(0), polynomial([-1, 1]))


# ---------------------------------------------------------------------- the locus


@pytest.mark.parametrize("name", ["ab3", "am3", "bdf4", "leapfrog", "second_order"])
def test_on_the_locus_a_root_has_modulus_one(name: str) -> None:
    found = method(name)
    rho, sigma = (np.array([float(a) for a in p]) for p in (found.rho, found.sigma))
    points = boundary_locus(found)
    for z in points[1:-1]:
        assert z is not None
        p = rho - z * np.pad(sigma, (0, len(rho) - len(sigma)))
        assert min(abs(abs(np.roots(p[::-1])) - 1)) < 1e-6


def test_the_curve_has_no_point_at_a_pole() -> None:
    *points, pole = boundary_locus(method("am2"))
    trapezoid = linear_multistep(multistep([-1, 1], [F(1, 2), F(1, 2)]))
    assert trapezoid is not None
    assert pole == pytest.approx(-6, abs=1e-12)
    *points, pole = boundary_locus(trapezoid)
    assert pole is None
    expected = [2j * tan(pi * k / 126) for k in range(63)]  # (w - 1)/(w + 1) = i tan(theta/2)
    assert points == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_what_exceeds_floats_has_no_point() -> None:
    huge = linear_multistep(multistep([-1, 1], [F(1, 10**400), 0]))
    assert huge is not None
    assert set(boundary_locus(huge)) == {0, None}


@pytest.mark.parametrize("name", ["ab4", "lm_resnet", "bdf4"])
def test_the_curve_begins_at_zero_exactly(name: str) -> None:
    assert boundary_locus(method(name))[0] == 0
