"""The numbers behind the figures: growth, order stars, boundaries, windows."""

from collections.abc import Iterator

import mpmath
import numpy as np
import pytest
from drawn_methods import made, of, p_of

from butcher.coefficient import Number
from butcher.figure import Method, order_star, stability
from butcher.figure.growth import growth, locus, star, zeros
from butcher.figure.method import FigureError, polynomial
from butcher.figure.window import Window, boundary, of_region, union


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """As `figure` does it: an overflow is a value like others."""
    with np.errstate(all="ignore"):
        yield


def test_growth_of_a_runge_kutta_method_is_its_stability_function() -> None:
    z = np.array([-2.785293563405282, -1, 1j, 0.3 + 0.2j, 0])
    R = 1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24
    assert growth(p_of("rk4"), z) == pytest.approx(np.log(np.abs(R)), abs=1e-15)


def test_growth_of_a_multistep_method_is_its_largest_root() -> None:
    z = np.array([-0.1, -0.5 + 0.1j, 0.3j])
    largest = [np.abs(np.roots([1, -1 - 3 / 2 * x, x / 2])).max() for x in z]
    assert growth(p_of("ab2"), z) == pytest.approx(np.log(largest), abs=1e-13)


def test_growth_is_infinite_at_a_pole_and_where_a_value_overflows() -> None:
    assert growth(p_of("backward_euler"), np.array([1 + 0j])) == [1.0]
    assert growth(polynomial(made([-1, 0, -1e200], [1])), np.array([1e100 + 0j])) == [1.0]
    assert growth(p_of("bdf2"), np.array([1.5 + 0j, np.inf])).tolist() == [1.0, 1.0]


def test_the_locus_of_euler_is_a_circle() -> None:
    z = locus(p_of("euler"))
    assert np.abs(z + 1) == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize(
    ("name", "leftmost"),
    [
        ("euler", -2),
        ("rk4", -2.785293563405282),
        ("ab2", -1),
        ("ab3", -6 / 11),  # Hairer, Wanner, Solving ODEs II, V.1
        ("am2", -6),
        ("am3", -3),
    ],
)
def test_the_boundary_ends_where_the_interval_of_stability_does(name: str, leftmost: float) -> None:
    assert np.nanmin(boundary(p_of(name)).real) == pytest.approx(leftmost, abs=1e-4)


def test_poles_and_zeros_of_gauss_are_those_of_the_pade_approximation() -> None:
    poles, null = order_star.poles_and_zeros(p_of("gauss4"))
    assert sorted(poles, key=np.imag) == pytest.approx([3 - 1j * 3**0.5, 3 + 1j * 3**0.5])
    assert sorted(null, key=np.imag) == pytest.approx([-3 - 1j * 3**0.5, -3 + 1j * 3**0.5])
    assert order_star.poles_and_zeros(p_of("ab2"))[1].size == 0
    assert zeros((2.0, 0.0, 0.0)).size == 0


# --------------------------------------------------------------------------- order stars


def sectors(name: str, order: int | None, radius: float) -> int:
    """How many sectors of the star a circle around the origin meets."""
    angles = np.linspace(0, 2 * np.pi, 999)
    inside = star(p_of(name), order, radius * np.exp(1j * angles)) > 0
    return int((inside[1:] & ~inside[:-1]).sum())


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("euler", 1),
        ("rk4", 4),
        ("gauss4", 4),
        ("radau_iia3", 3),
        ("dopri54", 5),
        ("verner89", 8),
        ("ab3", 3),
        ("bdf4", 4),
    ],
)
@pytest.mark.parametrize("radius", [1e-5, 1e-3, 0.05])
def test_a_method_of_order_p_has_p_plus_1_sectors(name: str, order: int, radius: float) -> None:
    assert sectors(name, order, radius) == order + 1
    assert sectors(name, None, radius) == order + 1


@pytest.mark.parametrize(("name", "order"), [("dopri54", 5), ("verner89", 8), ("gauss4", 4)])
def test_a_star_is_right_where_doubles_cancel(name: str, order: int) -> None:
    characteristic = of(name).characteristic
    assert characteristic is not None
    z = 0.02 * np.exp(1j * np.linspace(0.1, 3, 7))
    with mpmath.workdps(60):
        P, Q = ([exactly(value) for value in row] for row in characteristic.coefficients)
        expected = [log_of_ratio(P, Q, mpmath.mpc(x)) for x in z]
    assert np.abs(expected).max() < 1e-11
    assert star(p_of(name), order, z) == pytest.approx(expected, rel=1e-6, abs=0)


def exactly(value: Number) -> mpmath.mpf:
    return mpmath.fsum(n * mpmath.sqrt(d) for d, n in value.terms) / value.denominator


def log_of_ratio(P: list[mpmath.mpf], Q: list[mpmath.mpf], z: mpmath.mpc) -> float:
    """log |R(z) e^-z|."""
    ratio = mpmath.polyval(P[::-1], z) / mpmath.polyval(Q[::-1], z)
    return float(mpmath.log(abs(ratio)) - z.real)


def test_a_star_is_the_same_summed_and_direct() -> None:
    p = p_of("rk4")
    z = np.array([0.999, 1.001])[:, None] * np.exp(1j * np.linspace(0, np.pi, 9))
    R = -np.polyval(p[0][::-1], z)
    assert star(p, 4, z) == pytest.approx(np.log(np.abs(R)) - z.real, abs=1e-15)


# --------------------------------------------------------------------------- windows


def holds(window: Window, z: complex) -> bool:
    return window.left < z.real < window.right and abs(z.imag) < window.top


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("rk4", [-2.8, 2.94j, 0.2], [-4, 1.5, 4j]),
        ("am2", [-6, 3j], [-8, 2]),
        ("bdf4", [10.6, 6.8j, -1], [30, 30j]),
        ("gauss4", [3 + 1.8j, -3], [20, 20j]),
        ("trapezoid", [2, -2], [12]),
        ("verner89", [-4.1, 3.4j, 0.9 + 3.5j], [12.2 + 2.3j]),  # the last is an island
        ("leapfrog", [1j, -1j], [4, 4j]),
        ("second_order", [2j, -2j], [8, 8j]),
        ("milne4", [0], [10]),
    ],
)
def test_a_window_holds_the_region_and_little_more(
    name: str, inside: list[complex], outside: list[complex]
) -> None:
    window = of_region(p_of(name))
    assert [z for z in inside if not holds(window, z)] == []
    assert [z for z in outside if holds(window, z)] == []


def test_windows_are_united_and_widened_around_their_middle() -> None:
    both = union([Window(-1, 0, 2), Window(-3, -1, 1)])
    assert both == Window(-3, 0, 2)
    assert both.of_aspect(1) == Window(-3.5, 0.5, 2)
    assert both.of_aspect(2) == Window(-3, 0, 3)


def test_a_region_that_is_a_line_is_found() -> None:
    p = p_of("leapfrog")
    line = stability.curves(p, of_region(p))
    assert np.nanmax(line.imag) == pytest.approx(1, abs=1e-5)
    assert np.nanmin(line.imag) == pytest.approx(-1, abs=1e-5)
    assert np.nanmax(np.abs(line.real)) < 1e-6
    p = p_of("rk4")
    assert stability.curves(p, of_region(p)).size == 0


# --------------------------------------------------------------------------- what there is none of


def test_roots_that_are_always_zero_are_left_out() -> None:
    assert polynomial(made([0], [0, 0], [-1, -1, 0], [1], [0])) == ((-1.0, -1.0), (1.0,))


@pytest.mark.parametrize(
    ("method", "said"),
    [
        (Method("fractal"), "fractal: a step has no characteristic polynomial"),
        (made([0], [1], title="nil"), "nil: a step has no root w other than zero"),
        (made([-1, float("inf")], [1], title="huge"), "huge: its coefficients exceed double"),
    ],
)
def test_a_method_without_roots_is_refused(method: Method, said: str) -> None:
    with pytest.raises(FigureError, match=said):
        polynomial(method)
