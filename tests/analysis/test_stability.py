"""Linear stability against the literature, NodePy and numbers scanned in double precision."""

import time
import warnings
from contextlib import suppress
from fractions import Fraction
from math import factorial, inf

import mpmath
import nodepy.stability_function
import numpy
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from method_graphs import ODE, U, evaluation, graph, h, multistep, roots_at, row, runge_kutta
from nodepy_methods import EXACT, METHODS
from nodepy_methods import graph_of as nodepys

import butcher
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.analysis.linear.characteristic import characteristic_polynomial
from butcher.analysis.linear.stability import Stability, stability
from butcher.analysis.linear.stability_interval import imaginary_extent, real_extent
from butcher.analysis.polynomials.half_plane import is_hurwitz
from butcher.analysis.polynomials.univariate import mirrored, polynomial, times
from butcher.coefficient import Coefficient, Number
from butcher.ir.graph import Graph, State
from butcher.ir.lower import lower

GRAPHS: dict[str, Graph] = {}
FOUND: dict[str, Stability] = {}


def graph_of(name: str) -> Graph:
    if name not in GRAPHS:
        GRAPHS[name] = lower(butcher.load(name))
    return GRAPHS[name]


def found(name: str) -> Stability:
    if name not in FOUND:
        FOUND[name] = stability(graph_of(name))
    return FOUND[name]


def root(n: int) -> Number:
    return Number.sqrt(Fraction(n))


# ---------------------------------------------------------------------- intervals


@pytest.mark.parametrize(
    ("name", "real", "imaginary"),
    [
        # Hairer, Wanner, Solving ODEs II, IV.2: R = sum z^k/k! up to 1, 2, 3, 4
        ("euler", 2, 0),
        ("heun2", 2, 0),
        ("heun3", 2.5127453266, root(3)),
        ("rk4", 2.7852935634, root(8)),
        # Durran, Numerical Methods for Fluid Dynamics, 2.2 and table 2.1
        ("leapfrog", 0, 1),
        ("ab2", 1, 0),
        ("ab3", Fraction(6, 11), 0.7236),
        ("ab4", Fraction(3, 10), 0.43),
        # Lambert, Numerical Methods for Ordinary Differential Systems, 3.8
        ("ab5", Fraction(90, 551), 0),
        ("am2", 6, 0),
        ("am3", 3, 0),
        ("am4", Fraction(90, 49), 1.2119),
        ("milne_simpson4", 0, root(3)),
        ("bdf2", inf, inf),
        ("bdf3", inf, 0),
        ("trapezoid", inf, inf),
        ("gauss4", inf, inf),
        # 1 + z + z^2: |R| <= 1 on [-1, 0] and, with 1 - y^2 + y^4, on i[-1, 1]
        ("polynet_poly2", 1, 1),
    ],
)
def test_intervals_of_the_literature(
    name: str, real: float | Number, imaginary: float | Number
) -> None:
    ours = found(name)
    for value, expected in ((ours.real_interval, real), (ours.imaginary_interval, imaginary)):
        if isinstance(expected, float):
            digits = 11 if expected > 2 else 4
            assert value is not None
            assert float(value) == pytest.approx(expected, rel=10.0 ** (1 - digits))
        else:
            assert value == expected


@pytest.mark.parametrize("name", ["second_order", "revnet"])
def test_stoermer_verlet_follows_an_oscillator_up_to_two(name: str) -> None:
    """Hairer, Lubich, Wanner, Geometric Numerical Integration, I.5: stable for h omega < 2."""
    ours = found(name)
    assert (ours.real_interval, ours.imaginary_interval, ours.a_stable) == (None, 2, None)
    assert (ours.dispersion_order, ours.dissipation_order) == (2, inf)
    # 2 arcsin(y/2) = y + y^3/24 + ...
    assert ours.dispersion_constant == Fraction(-1, 24)


def test_a_lm_unit_is_stable_up_to_two_and_a_tenth() -> None:
    """w^2 - (1-k+z) w - k is Schur at z < 0 while w = -1 gives 2(1 - k) + z > 0; k = -1/20."""
    assert found("lm_resnet").real_interval == Fraction(21, 10)


def largest_root(graph: Graph, z: complex) -> float:
    return max(map(abs, roots_at(characteristic_polynomial(graph), z)))


SCANNED = [
    *("ab3", "ab4", "am4", "milne4", "milne_simpson4", "leapfrog"),
    *("bs32", "dopri54", "verner76", "rk4_light", "tsit5", "dop853", "verner98"),
]


@pytest.mark.parametrize("name", SCANNED)
def test_roots_leave_the_circle_where_an_interval_ends_and_not_before(name: str) -> None:
    ours = found(name)
    for end, direction in ((ours.real_interval, -1), (ours.imaginary_interval, 1j)):
        assert end is not None
        for part in numpy.linspace(0.02, 0.999, 60):
            assert largest_root(graph_of(name), direction * float(end) * part) < 1 + 1e-7
        beyond = float(end) * 1.001 if end else 0.01
        assert largest_root(graph_of(name), direction * beyond) > 1


def test_an_end_that_double_precision_cannot_see() -> None:
    """Just beyond i 0.1944 the growth of verner89 is 1e-17 a step."""
    ours = found("verner89")
    assert ours.numerator is not None
    with mpmath.workdps(40):
        P = [mpmath.mpf(sympy.N(sympy.sympify(str(a)), 40)) for a in ours.numerator[::-1]]
        for part, sign in ((0.5, -1), (0.999999, -1), (1.000001, 1)):
            y = mpmath.mpf(float(ours.imaginary_interval or 0)) * part
            growth = abs(mpmath.polyval(P, mpmath.mpc(0, y))) - 1
            assert mpmath.sign(growth) == sign
            assert abs(growth) < 1e-14


@pytest.mark.parametrize("name", EXACT)
def test_nodepy_finds_the_same(name: str) -> None:
    ours = stability(nodepys(name))
    assert ours.numerator is not None
    assert ours.denominator is not None
    P, Q = (numpy.poly1d([float(a) for a in p[::-1]]) for p in (ours.numerator, ours.denominator))
    p, q = METHODS[name].stability_function(mode="float")
    for z in (0.37, -1.2 + 0.4j, 2j):
        assert P(z) * q(z) == pytest.approx(p(z) * Q(z), rel=1e-9)
    if len(ours.denominator) > 1:
        assert ours.real_interval == inf  # all of them are A-stable; NodePy finds no root
        return
    other = nodepy.stability_function.real_stability_interval(P, Q)
    assert float(ours.real_interval or 0) == pytest.approx(other, rel=1e-10)
    with warnings.catch_warnings(action="ignore"):
        other = nodepy.stability_function.imaginary_stability_interval(P, Q)
    if other > 1e-3:  # below that it is misled by a root at 0: of RK44 it finds 6e-8
        assert float(ours.imaginary_interval or 0) == pytest.approx(other, rel=1e-10)


@pytest.mark.parametrize("name", ["euler", "rk4", "dopri54", "gauss4", "radau_iia3", "sdirk2"])
def test_one_step_is_a_case_of_several(name: str) -> None:
    p = characteristic_polynomial(graph_of(name))
    assert found(name).real_interval == real_extent(p)
    assert found(name).imaginary_interval == imaginary_extent(p)


def test_touching_the_boundary_does_not_end_an_interval() -> None:
    """R = T_2(1 + z/4), of Chebyshev: |R| = 1 at z = -4 from inside, and again at -8."""
    method = runge_kutta([[0, 0], [Fraction(1, 8), 0]], [0, 1])
    assert stability(method).numerator == polynomial([1, 1, Fraction(1, 8)])
    assert stability(method).real_interval == 8


def test_a_pole_on_the_left_ends_an_interval() -> None:
    """R = 1/(1 + z): a step of Euler's methods backwards, with a pole at -1."""
    ours = stability(runge_kutta([[-1]], [-1]))
    assert (ours.numerator, ours.denominator) == (polynomial([1]), polynomial([1, 1]))
    assert (ours.real_interval, ours.imaginary_interval) == (0, inf)
    assert ours.a_stable is False


# ---------------------------------------------------------------------- A and L


@pytest.mark.parametrize(
    ("name", "a_stable", "l_stable", "limit"),
    [
        # Hairer, Wanner, Solving ODEs II, IV.3
        ("backward_euler", True, True, 0),
        ("trapezoid", True, False, -1),
        ("implicit_midpoint", True, False, -1),
        ("gauss4", True, False, 1),
        ("radau_iia3", True, True, 0),
        ("sdirk2", True, True, 0),
        ("rk4", False, False, inf),
        ("ab2", False, None, None),
    ],
)
def test_a_and_l_stability(
    name: str, a_stable: bool | None, l_stable: bool | None, limit: float | None
) -> None:
    ours = found(name)
    assert (ours.a_stable, ours.l_stable, ours.r_at_infinity) == (a_stable, l_stable, limit)


@pytest.mark.parametrize(
    ("gamma", "a_stable"),
    [
        # Hairer, Wanner, Solving ODEs II, table IV.6.3: order 3, gamma = (3 +- sqrt 3)/6
        ((root(9) + root(3)) / 6, True),
        ((root(9) - root(3)) / 6, False),
        (Number.of(Fraction(1, 4)), True),
        (Number.of(Fraction(1, 4) - Fraction(1, 10**30)), False),
    ],
)
def test_sdirk_methods_are_a_stable_from_a_sharp_gamma_on(gamma: Number, a_stable: bool) -> None:
    """Order 2 with two stages is A-stable for gamma >= 1/4 (ibid., exercise IV.3.5)."""
    half = Number.of(Fraction(1, 2))
    method = runge_kutta([[gamma, 0], [Number.of(1) - gamma * 2, gamma]], [half, half])
    assert stability(method).a_stable is a_stable


factor_lists = st.lists(
    st.one_of(
        st.tuples(st.integers(-5, 5).filter(bool)),
        st.tuples(st.integers(-4, 4), st.integers(1, 9)),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=80)
@given(factor_lists)
def test_routh_knows_the_half_plane_of_every_root(factors: list[tuple[int, ...]]) -> None:
    """z - a, and (z - a)^2 + b^2."""
    p = polynomial([1])
    for factor in factors:
        a, *b = factor
        p = times(p, polynomial([a * a + b[0] ** 2, -2 * a, 1] if b else [-a, 1]))
    expected = all(factor[0] < 0 for factor in factors)
    assert is_hurwitz(p) is expected
    assert is_hurwitz(mirrored(p)) is all(factor[0] > 0 for factor in factors)


# ---------------------------------------------------------------------- exp, phase, size


@pytest.mark.parametrize(
    ("name", "order", "constant"),
    [
        ("rk4", 4, Fraction(1, 120)),
        ("gauss4", 4, Fraction(1, 720)),
        ("ab4", 4, Fraction(251, 720)),  # Hairer, Norsett, Wanner I, III.2
        ("am3", 4, Fraction(-19, 720)),
        ("bdf3", 3, Fraction(-1, 4)),
        ("trapezoid", 2, Fraction(-1, 12)),
        ("rk4_light", 1, Fraction(-1, 2)),
        ("layerscale", 0, Fraction(9, 10)),
        ("lm_resnet", None, None),  # its principal root is 1 + z/(1+k) + ...
    ],
)
def test_order_and_error_constant_of_the_exponential(
    name: str, order: int | None, constant: Fraction | None
) -> None:
    assert (found(name).order_of_exponential, found(name).error_constant) == (order, constant)


@pytest.mark.parametrize(
    ("name", "q", "phi", "r", "delta"),
    [
        # van der Houwen, Sommeijer (1987): 1 - R(iy) exp(-iy) of sum z^k/k!
        ("rk4", 4, Fraction(1, 120), 5, Fraction(1, 144)),
        ("heun3", 4, Fraction(-1, 30), 3, Fraction(1, 24)),
        ("euler", 2, Fraction(1, 3), 1, Fraction(-1, 2)),
        ("gauss4", 4, Fraction(1, 720), inf, 0),
        ("leapfrog", 2, Fraction(-1, 6), inf, 0),  # arcsin y = y + y^3/6
        ("trapezoid", 2, Fraction(1, 12), inf, 0),  # 2 arctan(y/2) = y - y^3/12
    ],
)
def test_dispersion_and_dissipation(
    name: str, q: int, phi: Fraction, r: float, delta: Fraction
) -> None:
    ours = found(name)
    assert (ours.dispersion_order, ours.dispersion_constant) == (q, phi)
    assert (ours.dissipation_order, ours.dissipation_constant) == (r, delta)


@pytest.mark.parametrize("name", ["rk38", "ab3", "bdf4", "radau_iia3", "sdirk2", "am4", "verner65"])
def test_phase_and_size_are_what_double_precision_sees(name: str) -> None:
    ours = found(name)
    y = 0.1
    w = min(
        roots_at(characteristic_polynomial(graph_of(name)), 1j * y),
        key=lambda w: abs(w - numpy.exp(1j * y)),
    )
    q, r = ours.dispersion_order, ours.dissipation_order
    assert q is not None
    assert r is not None
    seen = (y - numpy.angle(w)) / y ** (q + 1), (1 - abs(w)) / y ** (r + 1)
    expected = float(ours.dispersion_constant or 0), float(ours.dissipation_constant or 0)
    assert seen == pytest.approx(expected, rel=0.2, abs=1e-16 / y ** (r + 1))


# ---------------------------------------------------------------------- rounded decimals


def rounded(text: str) -> Graph:
    """Heun's method of order 3 with 15 digits, whose first factor is this."""
    third, twothirds = text, "0.666666666666667"
    return runge_kutta(
        [[0, 0, 0], [third, 0, 0], [0, twothirds, 0]], ["0.250000000000000", 0, "0.750000000000000"]
    )


def test_rounded_decimals_give_the_digits_that_they_can() -> None:
    ours = stability(rounded("0.333333333333333"))
    assert not ours.exact
    assert ours.order_of_exponential == 3
    assert ours.imaginary_interval == root(3), "1, 1, 1/2, 1/6 are what the coefficients look like"
    assert ours.real_interval == found("heun3").real_interval
    assert ours.error_constant == Fraction(1, 24)
    assert ours.a_stable is False


def test_what_the_digits_do_not_tell_is_left_open() -> None:
    """1 + z + z^2/2 + (1/8 + e) z^3: |R(iy)|^2 = 1 - 2e y^4 + y^6/64 + ... hangs on the sign of e.

    With e = 0 the interval ends where 1/64 y^6 > 0 begins, at 0.
    """
    quarter, half = Fraction(1, 4), Fraction(1, 2)
    exact = stability(runge_kutta([[0, 0, 0], [quarter, 0, 0], [0, half, 0]], [0, 0, 1]))
    assert exact.imaginary_interval == 0
    assert exact.dissipation_order == 5
    assert exact.real_interval == 3.0873780253841527

    def rounded_by(radius: Fraction) -> Stability:
        almost = Coefficient.of(half).rounded(radius)
        return stability(runge_kutta([[0, 0, 0], [quarter, 0, 0], [0, almost, 0]], [0, 0, 1]))

    vague = rounded_by(Fraction(1, 10**7))
    assert (vague.exact, vague.numerator) == (False, exact.numerator)
    assert (vague.imaginary_interval, vague.dissipation_order) == (None, None)
    assert vague.real_interval == pytest.approx(3.0873780253841527, abs=1e-5)
    assert vague.real_interval != exact.real_interval
    clear = rounded_by(Fraction(1, 10**15))
    assert (clear.exact, clear.numerator) == (False, exact.numerator)
    assert (clear.imaginary_interval, clear.dissipation_order) == (0, 5)


def test_shipped_decimals_reach_as_far_as_their_written_values() -> None:
    ours = found("dop853")
    P = numpy.poly1d([float(a) for a in (ours.numerator or ())[::-1]])
    end = float(ours.real_interval or 0)
    assert abs(P(-end)) == pytest.approx(1, abs=1e-12)
    assert (ours.order_of_exponential, ours.dissipation_order) == (8, 9)


def test_an_implicit_method_with_rounded_decimals_is_left_open() -> None:
    ours = stability(runge_kutta([["0.292893218813452"]], ["1.000000000000000"]))
    assert (ours.a_stable, ours.real_interval, ours.order_of_exponential) == (None, None, None)


def test_an_implicit_method_may_look_like_short_fractions() -> None:
    """Radau IIA of order 5 (Hairer, Wanner, IV.5): surds in the tableau, none in R."""
    s = 6**0.5
    cells = [
        [(88 - 7 * s) / 360, (296 - 169 * s) / 1800, (3 * s - 2) / 225],
        [(296 + 169 * s) / 1800, (88 + 7 * s) / 360, (-2 - 3 * s) / 225],
        [(16 - s) / 36, (16 + s) / 36, 1 / 9],
    ]
    A = [[f"{cell:.15f}" for cell in line] for line in cells]
    ours = stability(runge_kutta(A, A[-1]))
    F = Fraction
    assert ours.exact is False
    assert ours.numerator == polynomial([1, F(2, 5), F(1, 20)])
    assert ours.denominator == polynomial([1, F(-3, 5), F(3, 20), F(-1, 60)])
    assert (ours.a_stable, ours.l_stable, ours.real_interval) == (True, True, inf)


def test_a_step_back_in_decimals_is_bounded_as_in_fractions() -> None:
    ours = stability(multistep([0, -1, 1], ["-0.500000000000000", "1.500000000000000"]))
    assert (ours.exact, ours.real_interval, ours.a_stable) == (False, 1, False)


# ---------------------------------------------------------------------- strangers


def stranger(kind: str) -> Graph:
    size = 24
    surds = root(2) + root(3) * Fraction(1, 3**40)
    if kind == "surds":
        A = [
            [surds * Fraction(i + j + 1, 10**50 + 7 * i + j) for j in range(i)] for i in range(size)
        ]
        return runge_kutta(A, [Fraction(1, size)] * size)
    if kind == "implicit":
        A = [[surds * Fraction(i + 1, 99 + j) for j in range(i + 1)] for i in range(12)]
        return runge_kutta(A, [Fraction(1, 12)] * 12)
    if kind == "huge":
        return runge_kutta([[0, 0, 0], [10**999, 0, 0], [0, 10**999, 0]], [Fraction(1, 3)] * 3)
    alpha = [Fraction((-1) ** j * (j + 3), 100) for j in range(size)] + [Fraction(1)]
    return multistep(alpha, [Fraction(1, j + 2) for j in range(size)])


@pytest.mark.parametrize("kind", ["surds", "implicit", "huge", "steps"])
def test_no_stranger_takes_more_than_some_seconds(kind: str) -> None:
    method, start = stranger(kind), time.process_time()
    with suppress(TooLargeError):
        assert stability(method).a_stable is not True
    assert time.process_time() - start < 12


def test_several_states_without_an_evaluation_have_no_stability() -> None:
    method = graph([U], [], [row("u[n+1]", **{"u[n]": 1})], ["u[n+1]"])
    with pytest.raises(UndefinedError, match="no slot"):
        stability(method)


def test_a_long_section_of_the_exponential_series() -> None:
    """sum z^k/k! up to 20, of stages one after the other."""
    size = 20
    A = [[0], *[[0] * i + [Fraction(1, size - i)] for i in range(size - 1)]]
    method = runge_kutta([line + [0] * (size - len(line)) for line in A], [0] * (size - 1) + [1])
    ours = stability(method)
    assert ours.order_of_exponential == size
    assert ours.error_constant == Fraction(1, factorial(size + 1))


def test_a_kept_value_that_nothing_reads_changes_nothing() -> None:
    old = State("u", -1, "value", 1)
    rows = [row("Y", **{"u[n]": 1}), row("u[n+1]", **{"u[n]": 1, "k": h})]
    method = graph([U, old], [evaluation("k", "Y")], rows, ["u[n+1]", "u[n]"], ode=ODE)
    assert stability(method) == found("euler")
