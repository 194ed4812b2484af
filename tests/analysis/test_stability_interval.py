"""Where families of polynomials leave the root condition, against roots in double precision."""

from fractions import Fraction
from math import inf

import numpy
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from method_graphs import roots_at

from butcher.analysis.linear.characteristic import DIRECT, CharacteristicPolynomial
from butcher.analysis.linear.stability_interval import imaginary_extent, real_extent
from butcher.analysis.polynomials import complex_roots, roots
from butcher.analysis.polynomials.shared_digits import shared_digits
from butcher.analysis.polynomials.subresultant import determinant, first_subresultant
from butcher.analysis.polynomials.univariate import Polynomial, mirrored, polynomial, value
from butcher.coefficient import ZERO, Number

quarters = st.integers(-12, 12).map(lambda n: Fraction(n, 4))
inner = st.sampled_from([Fraction(n, 4) for n in (-4, -2, 0, 1, 2, 4)])


@st.composite
def families(draw: st.DrawFn) -> tuple[Polynomial, ...]:
    """p(w, z) with roots of a multistep method at z = 0; some with p(w, z) = +-w^n p(1/w, -z)."""
    start = numpy.poly([float(draw(inner)) for _ in range(draw(st.integers(1, 3)))])[::-1]
    found = [polynomial([Fraction(a), *draw(st.lists(quarters, max_size=2))]) for a in start]
    if draw(st.booleans()):
        for k in range(len(found) // 2):
            found[k] = tuple(-a for a in mirrored(found[-1 - k]))
        if len(found) % 2:
            middle = found[len(found) // 2]
            found[len(found) // 2] = tuple(a if i % 2 else ZERO for i, a in enumerate(middle))
            found[len(found) // 2] = polynomial(found[len(found) // 2])
    assume(found[-1] and found[-1][0])
    return tuple(found)


def worst(p: CharacteristicPolynomial, z: complex) -> tuple[float, float]:
    """The largest |w|, and the smallest distance between two roots."""
    found = roots_at(p, z)
    pairs = [abs(a - b) for i, a in enumerate(found) for b in found[:i]]
    return max(map(abs, found), default=0.0), min(pairs, default=1.0)


@settings(max_examples=120)
@given(families())
def test_the_root_condition_ends_where_it_is_said_to_end(family: tuple[Polynomial, ...]) -> None:
    p = CharacteristicPolynomial(DIRECT, family, ())
    for end, direction in ((float(real_extent(p)), -1), (float(imaginary_extent(p)), 1j)):
        for part in numpy.linspace(0.003, 0.997, 40) if end else ():
            size, _ = worst(p, direction * min(end, 50) * part)
            assert size < 1 + 1e-5
        if end < inf:
            after = [end * (1 + t) if end else t for t in (1e-3, 1e-2)]
            seen = [worst(p, direction * t) for t in after]
            assert any(size > 1 + 1e-13 or (gap < 1e-5 and size > 1 - 1e-5) for size, gap in seen)


gaussians = st.tuples(st.integers(-5, 5), st.integers(-5, 5))


@given(st.lists(gaussians, min_size=1, max_size=4), st.integers(1, 6))
def test_complex_roots_in_the_disc_are_known(numbers: list[tuple[int, int]], size: int) -> None:
    """Of the product of w - (a + bi)/size."""
    p = [(Number.of(1), ZERO)]
    for a, b in numbers:
        left, down = Fraction(-a, size), Fraction(-b, size)
        shifted, same = [(ZERO, ZERO), *p], [*p, (ZERO, ZERO)]
        p = [
            (x + re * left - im * down, y + im * left + re * down)
            for (x, y), (re, im) in zip(shifted, same, strict=True)
        ]
    on_circle = [n for n in numbers if n[0] ** 2 + n[1] ** 2 == size**2]
    inside = all(a * a + b * b <= size**2 for a, b in numbers)
    expected = inside and len(set(on_circle)) == len(on_circle)
    assert complex_roots.is_simple_von_neumann(p) is expected


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=6).filter(any))
def test_real_coefficients_are_a_case_of_complex_ones(factors: list[int]) -> None:
    real = [Number.of(a) for a in factors]
    ours = complex_roots.is_simple_von_neumann([(a, ZERO) for a in real])
    assert ours is roots.is_simple_von_neumann(real)


x, t = sympy.symbols("x t")


def in_t(p: sympy.Expr) -> list[Polynomial]:
    """Coefficients of x^0, x^1, ..., polynomials in t."""
    return [
        polynomial(int(a) for a in sympy.Poly(one, t).all_coeffs()[::-1])
        for one in sympy.Poly(p, x).all_coeffs()[::-1]
    ]


@pytest.mark.parametrize(
    ("p", "q", "common"),
    [
        (x**3 + t * x - 1, t * x**2 + 2, 0),
        ((x - t) * (x**2 + 1), (x - t) * (x + 3 * t), 1),
        ((x**2 - t) * (x + 1), (x**2 - t) * (t * x - 5), 2),
    ],
)
def test_the_first_subresultant_is_sympys(p: sympy.Expr, q: sympy.Expr, common: int) -> None:
    first, second = in_t(p), in_t(q)
    j, found = first_subresultant(
        lambda s: ([value(a, s) for a in first], [value(a, s) for a in second]),
        (len(first) - 1, len(second) - 1),
        max(len(a) - 1 for a in (*first, *second)),
    )
    assert j == common
    ours = sum(int(str(a)) * t**k for k, a in enumerate(found))
    rest, other = sympy.cancel(p / sympy.gcd(p, q)), sympy.cancel(q / sympy.gcd(p, q))
    lead = sympy.Poly(sympy.gcd(p, q), x).LC()
    degrees = sympy.degree(rest, x) + sympy.degree(other, x)
    expected = sympy.resultant(rest, other, x) * lead**degrees
    assert sympy.expand(ours - expected) == 0 or sympy.expand(ours + expected) == 0


@given(st.lists(st.lists(st.integers(-5, 5), min_size=4, max_size=4), min_size=4, max_size=4))
def test_a_determinant_is_sympys(matrix: list[list[int]]) -> None:
    ours = determinant([[Number.of(a) for a in line] for line in matrix])
    assert ours == int(sympy.Matrix(matrix).det())


def test_bounds_share_digits() -> None:
    assert shared_digits(1.23456, 1.23461) == 1.2346
    assert shared_digits(0.9998, 1.0004) == 1.0
    assert shared_digits(1.0, 2.0) is None
    assert shared_digits(2.5, 2.5) == 2.5
