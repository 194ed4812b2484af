"""Real roots: counted, isolated and refined exactly, against sympy's."""

from fractions import Fraction
from math import isqrt

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from butcher.analysis.polynomials.sturm import (
    SturmChain,
    first_sign_change,
    is_nonnegative,
    odd_part,
    positive_roots,
    real_roots,
)
from butcher.analysis.polynomials.univariate import (
    Polynomial,
    minus,
    polynomial,
    power,
    times,
    value,
)
from butcher.coefficient import Number

x = sympy.Symbol("x")
SURD = Number.sqrt(Fraction(3))

integers = st.integers(min_value=-9, max_value=9)
polynomials = (
    st.lists(integers, min_size=2, max_size=7).map(polynomial).filter(lambda p: len(p) > 1)
)
factors = st.sampled_from(
    [polynomial(p) for p in ([0, 1], [-1, 1], [3, 2], [-2, 0, 1], [1, 0, 1], [-1, -1, 1])]
)
products = st.builds(times, polynomials, st.builds(times, factors, factors))


def sympys(p: Polynomial) -> list[sympy.Expr]:
    found = sympy.Poly([int(str(a)) for a in reversed(p)], x).real_roots(multiple=False)
    return [root for root, _ in found]


@settings(max_examples=60)
@given(st.one_of(polynomials, products))
def test_the_roots_are_those_of_sympy(p: Polynomial) -> None:
    ours, others = SturmChain(p).roots, sympys(p)
    assert len(ours) == len(others)
    for root, other in zip(ours, others, strict=True):
        assert float(root) == pytest.approx(float(other), rel=3e-16, abs=0)
        if other.is_Rational:
            assert str(root.exact) == str(other)
        if root.exact is not None:
            assert sympy.minimal_polynomial(other, x).as_poly().degree() < 3
            assert not value(p, root.exact)


@settings(max_examples=60)
@given(products, integers, integers)
def test_the_chain_counts_what_was_isolated(p: Polynomial, first: int, second: int) -> None:
    chain, low, high = SturmChain(p), min(first, second), max(first, second)
    assert chain.count() == len(chain.roots)
    inside = [root for root in sympys(p) if low < root <= high]
    assert chain.count(low, high) == len(inside)
    assert chain.count(None, high) + chain.count(high) == chain.count()
    assert len(real_roots(p, low, high)) == len([root for root in inside if root != high])


@settings(max_examples=40)
@given(polynomials, factors)
def test_a_sign_at_a_root_is_exact(p: Polynomial, factor: Polynomial) -> None:
    for root in SturmChain(times(p, factor)).roots:
        signs = (root.sign_of(p), root.sign_of(factor))
        assert 0 in signs
        near = root.refined(200)
        for sign, one in zip(signs, (p, factor), strict=True):
            if sign:
                assert value(one, near.high).sign == sign


def test_an_interval_gets_as_short_as_is_asked_for() -> None:
    (_, root) = SturmChain(polynomial([-2, 0, 1])).roots
    for bits in (-3, 0, 10, 300):
        near = root.refined(bits)
        assert near.high - near.low <= Fraction(2) ** -bits
        assert near.low < Fraction(isqrt(2 << 800), 1 << 400) <= near.high


def test_closed_forms_are_found() -> None:
    p = times(polynomial([1, -5, 5]), polynomial([-7, 3, 0, 1]))
    ours = [str(root.exact) for root in SturmChain(p).roots]
    assert ours == ["(5-sqrt(5))/10", "(5+sqrt(5))/10", "None"]
    # a pair of rational roots whose sum and product look like those of a surd and another root
    p = times(polynomial([-5, -5, 1]), times(polynomial([1, 1]), polynomial([3, 1])))
    assert [str(root.exact) for root in SturmChain(p).roots] == [
        "-3",
        "-1",
        "(5-3*sqrt(5))/2",
        "(5+3*sqrt(5))/2",
    ]


def test_a_root_beside_another_is_its_own() -> None:
    p = times(polynomial([0, 1]), times(polynomial([-1, 1]), polynomial([-1, 1 << 40])))
    assert [root.exact for root in SturmChain(p).roots] == [0, Fraction(1, 1 << 40), 1]


def test_coefficients_may_be_surds() -> None:
    # (x - sqrt(3)) (x^2 - 2): the first is no root of a polynomial of degree 2 here
    p = times(polynomial([-SURD, 1]), polynomial([-2, 0, 1]))
    roots = [float(root) for root in SturmChain(p).roots]
    assert roots == [-(2**0.5), 2**0.5, 3**0.5]
    assert SturmChain(polynomial([-SURD, 1])).roots[0].exact == SURD
    assert SturmChain(polynomial([SURD, -2 * SURD])).roots[0].exact == Fraction(1, 2)


@settings(max_examples=40)
@given(products)
def test_a_square_is_not_negative_and_its_product_with_a_sign_change_is(p: Polynomial) -> None:
    assert is_nonnegative(power(p, 2))
    bent = times(power(p, 2), polynomial([-100, 1]))
    assert not is_nonnegative(bent)
    assert is_nonnegative(bent, 100)
    assert is_nonnegative(times(bent, polynomial([-1])), None, 100)
    assert not is_nonnegative(bent, 99, 101)


@settings(max_examples=40)
@given(products)
def test_the_odd_part_is_what_changes_its_sign(p: Polynomial) -> None:
    crossings = SturmChain(odd_part(p)).roots
    expected = [
        root
        for root, times_ in sympy.Poly([int(str(a)) for a in reversed(p)], x).real_roots(
            multiple=False
        )
        if times_ % 2
    ]
    assert len(crossings) == len(expected)
    first = first_sign_change(p)
    later = [root for root in expected if root > 0]
    assert (first is None) == (not later)
    if first is not None:
        assert float(first) == pytest.approx(float(later[0]), rel=3e-16)


def test_roots_far_apart_and_close_together() -> None:
    p = polynomial([1])
    for root in (Fraction(1), Fraction(10**20 + 1, 10**20), Fraction(10**30), Fraction(1, 10**30)):
        p = times(p, polynomial([-root, 1]))
    assert [float(root) for root in positive_roots(p)] == [1e-30, 1, 1, 1e30]
    assert [root.exact for root in positive_roots(p)][1:3] == [1, Fraction(10**20 + 1, 10**20)]


def test_wilkinsons_polynomial() -> None:
    p = polynomial([1])
    for k in range(1, 21):
        p = times(p, polynomial([-k, 1]))
    assert [root.exact for root in SturmChain(p).roots] == list(range(1, 21))


def test_chebyshevs_roots_are_cosines() -> None:
    p, q = polynomial([1]), polynomial([0, 1])
    for _ in range(29):
        p, q = q, minus(times(polynomial([0, 2]), q), p)
    ours = [float(root) for root in SturmChain(q).roots]
    expected = sorted(float(sympy.cos(sympy.pi * (2 * k + 1) / 60).evalf(30)) for k in range(30))
    assert ours == pytest.approx(expected, rel=3e-16)
