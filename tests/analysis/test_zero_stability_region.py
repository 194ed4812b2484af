"""Where over a symbol a method is zero-stable, against the decision at single values."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from butcher.analysis.multistep.region import Region, region
from butcher.analysis.multistep.rho_roots import roots
from butcher.analysis.polynomials.algebraic import Algebraic
from butcher.analysis.polynomials.critical_points import at, critical_points
from butcher.analysis.polynomials.in_symbol import in_symbol
from butcher.analysis.polynomials.roots import is_von_neumann
from butcher.analysis.polynomials.sturm import RealRoot, real_roots
from butcher.analysis.polynomials.univariate import Polynomial, polynomial, times, value
from butcher.coefficient import ONE, Coefficient, Number, Variable

F = Fraction
P = polynomial

small = st.integers(-3, 3)
polynomials = st.lists(small, min_size=1, max_size=2).map(P)
families = st.tuples(st.lists(polynomials, min_size=1, max_size=3), st.integers(1, 3)).filter(
    lambda pair: any(pair[0])
)


def found(*rows: list[int], multiplicity: int = 1) -> Region:
    return region([P(row) for row in rows], P([1]), multiplicity)


def is_in(places: Region, s: Fraction) -> bool:
    def above(interval) -> bool:  # type: ignore[no-untyped-def]
        low = interval.low
        return low is None or low < s or (interval.low_included and low == s)

    def below(interval) -> bool:  # type: ignore[no-untyped-def]
        high = interval.high
        return high is None or s < high or (interval.high_included and high == s)

    return any(above(interval) and below(interval) for interval in places.intervals)


# ---------------------------------------------------------------------- regions


@given(
    family=families,
    values=st.lists(st.fractions(-5, 5, max_denominator=12), min_size=6),
    multiplicity=st.sampled_from([1, 2]),
)
def test_the_region_holds_the_values_that_are_stable(
    family: tuple[list[Polynomial], int], values: list[Fraction], multiplicity: int
) -> None:
    rows = [*family[0], P([family[1]])]
    places = region(rows, P([1]), multiplicity)
    ends = [end for i in places.intervals for end in (i.low, i.high) if isinstance(end, Number)]
    rational = [end.fraction for end in ends if end.is_rational]
    for s in (*values, *rational, *(-2, -1, 0, 1, 2)):
        assert is_in(places, F(s)) is is_von_neumann(at(rows, s), multiplicity)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([[0, -1], [-1, 1], [1]], "-1 < k <= 1"),  # (z - 1)(z + k)
        ([[1], [-2, 1], [1]], "0 < k < 4"),  # a pair on the circle throughout
        ([[-1, 0, -1], [1]], "k = 0"),  # z - 1 - k^2
        ([[-3], [1]], "no k"),
        ([[1], [0, 2], [2, 0, 1]], "every k"),  # moduli 1/(2 + k^2)^(1/2)
        ([[0, 1], [1]], "-1 <= k <= 1"),
        ([[1], [0, 1]], "k <= -1 or k >= 1"),  # k z + 1
        # (2 - k^2) z^2 - z - 2 k^2, by Jury's conditions: 1 - 3 k^2 >= 0
        ([[0, 0, 2], [1], [-2, 0, 1]], "-sqrt(3)/3 <= k <= sqrt(3)/3"),
        ([[-3, 0, 1], [1]], "-2 <= k <= -sqrt(2) or sqrt(2) <= k <= 2"),
        ([[-1, 3, 0, 2], [1]], "0 <= k <= 0.553573782218"),  # 2 k^3 + 3 k = 2 at the end
    ],
)
def test_regions_of_one_symbol(rows: list[list[int]], text: str) -> None:
    assert found(*rows).text("k") == text


def test_a_pole_does_not_belong_to_the_region() -> None:
    places = region([P([0, 1]), P([1])], P([0, 1]), 1)
    assert places.text("k") == "-1 <= k < 0 or 0 < k <= 1"


def test_a_double_root_without_a_closed_form_is_seen() -> None:
    # (z - 1)(z - q(k)), q = k^3 + 2k: the root 1 is double at the real root of q = 1
    places = found([0, 2, 0, 1], [-1, -2, 0, -1], [1])
    (interval,) = places.intervals
    assert interval.low == pytest.approx(-0.45339765151640377, rel=1e-15)
    assert (interval.low_included, interval.high_included) == (True, False)
    assert places.double == (interval.high,)
    (double,) = found([0, 2, 0, 1], [-1, -2, 0, -1], [1], multiplicity=2).intervals
    assert (double.low_included, double.high_included) == (True, True)


def test_a_single_stable_value_without_a_closed_form_is_found() -> None:
    # z = 1 + (k^3 - k - 1)^2
    square = times(P([-1, -1, 0, 1]), P([-1, -1, 0, 1]))
    places = region(
        [P([-a for a in [value(square, 0) + 1]] + [-a for a in square[1:]]), P([1])], P([1]), 1
    )
    assert places.text("k") == "k = 1.32471795724"


s, z = sympy.symbols("s z")


def in_s(p: Polynomial) -> sympy.Expr:
    return sum(sympy.Rational(str(a)) * s**k for k, a in enumerate(p))


def test_critical_values_are_where_roots_come_to_the_circle() -> None:
    family = [P(row) for row in ([1, 1], [0, 2], [0, -1, 1], [3])]
    lead, *ends, mirrored = map(in_s, critical_points(family))
    rho = sum(in_s(row) * z**j for j, row in enumerate(family))
    image = sum(in_s(row) * z**j for j, row in enumerate(reversed(family)))
    assert (lead, ends) == (3, [rho.subs(z, 1).expand(), rho.subs(z, -1).expand()])
    common = sympy.resultant(rho, image, z)
    assert sympy.cancel(common / (ends[0] * ends[1] * mirrored**2)).is_number


def test_critical_values_are_where_roots_meet_if_one_stays_on_the_circle() -> None:
    family = [P(row) for row in ([0, -1], [-1, 1], [1])]  # (z - 1)(z + s)
    *_, multiple = critical_points(family)
    assert sympy.cancel(in_s(multiple) / (s + 1) ** 2).is_number


# ---------------------------------------------------------------------- what it stands on


def cube_root() -> RealRoot:
    """Of two; of a polynomial with other factors."""
    (root,) = (r for r in real_roots(times(P([-2, 0, 0, 1]), P([-5, 1]))) if float(r) < 2)
    return root


@given(st.lists(small, min_size=1, max_size=5), st.lists(small, min_size=1, max_size=5))
def test_arithmetic_at_a_root_is_that_of_its_field(p: list[int], q: list[int]) -> None:
    x, root = 2.0 ** (1 / 3), cube_root()
    one, other = Algebraic.of(root, P(p)), Algebraic.of(root, P(q))
    a, b = (sum(c * x**k for k, c in enumerate(row)) for row in (p, q))
    for element, expected in ((one + other, a + b), (one - other, a - b), (one * other, a * b)):
        assert abs(float(value(element.p, F(x))) - expected) < 1e-9
        assert element.sign == (0 if abs(expected) < 1e-9 else 1 if expected > 0 else -1)
    if other:
        assert not (one * other.inverse() * other - one)


def test_zero_at_a_root_is_known_though_no_number_shows_it() -> None:
    root = cube_root()
    x = Algebraic.of(root, P([0, 1]))
    three = x * x * x
    assert not (three - Algebraic.of(root, P([2])))
    with pytest.raises(ZeroDivisionError):
        (three - Algebraic.of(root, P([2]))).inverse()
    # its polynomial has a factor in common with x - 5, and x - 5 is not zero
    assert not (
        (x - Algebraic.of(root, P([5]))).inverse() * (x - Algebraic.of(root, P([5])))
        - Algebraic.of(root, P([1]))
    )


def test_coefficients_over_one_symbol() -> None:
    a, b = (Coefficient.symbol(Variable(n, Number.of(s))) for n, s in (("a", F(1, 2)), ("b", 3)))
    (first, second), poles = in_symbol([b / (a + 1), a * a * b], "a")
    assert poles == P([1, 1])
    assert (first, second) == (P([3]), P([0, 0, 3, 3]))
    (only,), one = in_symbol([b / (a + 1)], "b")
    assert value(only, 6) / value(one, 6) == 4
    with pytest.raises(ZeroDivisionError):
        in_symbol([a / (b - 3)], "a")


# ---------------------------------------------------------------------- roots


@given(st.lists(st.integers(-4, 4), min_size=2, max_size=7).filter(lambda p: p[-1] != 0))
def test_roots_are_those_that_numpy_finds(p: list[int]) -> None:
    ours = [
        complex(float(r.real), float(r.imaginary))
        for r in roots(P(p))
        for _ in range(r.multiplicity)
    ]
    assert len(ours) == len(p) - 1
    theirs = list(np.roots(p[::-1]))
    for z in ours:
        nearest = min(theirs, key=lambda y: abs(y - z))
        theirs.remove(nearest)
        assert abs(nearest - z) < 1e-2, "numpy's, of multiple roots"
        assert abs(np.polyval(p[::-1], z)) < 1e-9 * sum(map(abs, p)) * max(1, abs(z)) ** len(p)


def test_roots_on_the_circle_are_told_from_those_beside_it() -> None:
    # z^4 + z^3 + z^2 + z + 1, and the reciprocal pair of z^2 - 3z + 1
    circle = {r.on_circle for r in roots(P([1, 1, 1, 1, 1]))}
    assert circle == {True}
    beside = roots(times(P([1, 1, 1, 1, 1]), P([1, -3, 1])))
    assert sum(r.on_circle for r in beside) == 4
    assert {str(r.modulus) for r in beside if not r.on_circle} == {"(3+sqrt(5))/2", "(3-sqrt(5))/2"}


def test_complex_roots_are_exact_where_they_are_quadratic_surds() -> None:
    first, second = roots(P([F(2, 11), F(-7, 11), 1]))  # of rho/(z - 1), BDF of three steps
    assert (str(first.real), str(first.imaginary)) == ("7/22", "sqrt(39)/22")
    assert second.modulus * second.modulus == F(2, 11)
    assert roots(P([-1, 3, -3, 1]))[0].multiplicity == 3
    assert roots(P([-1, 3, -3, 1]))[0].real == ONE
