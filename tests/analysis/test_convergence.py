"""What is seen of a method at work is the order that is proved of it."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import mpmath
import pytest
from method_graphs import runge_kutta
from plain_tables import mp, read, real

import butcher
from butcher.analysis.conditions.convergence import Slope, convergence
from butcher.analysis.conditions.order import order
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.ir.graph import Graph
from butcher.ir.lower import lower
from butcher.resources import root

NAMES = sorted(path.name.removesuffix(".tab") for path in root("specs").iterdir())
WITHOUT_ORDER = {
    "fractal3",
    "fractalnet",
    "polynet_mpoly2",
    "polynet_poly2",
    "shake_shake",
}
COUNTS = {"verner76": (64, 128)}  # its error of order 8 is as large as that of 7 before


def seen(graph: Graph, counts: tuple[int, ...] = (32, 64)) -> list[Slope]:
    found = convergence(graph, counts)
    return [found.advanced, *found.estimates]


SAME_TABLE = {"verner89_learned", "verner89_per_stage"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name in SAME_TABLE else name
        for name in NAMES
        if name not in WITHOUT_ORDER
    ],
)
def test_every_shipped_method_converges_with_its_order(name: str) -> None:
    graph = lower(butcher.load(name))
    slopes = seen(graph, COUNTS.get(name, (32, 64)))
    assert len(slopes) == 1 + len(graph.estimates)
    for one in slopes:
        assert one.order is not None
        assert one.slope == pytest.approx(one.order, abs=0.2)


@pytest.mark.parametrize("name", sorted(WITHOUT_ORDER))
def test_a_method_without_an_order_is_not_set_to_work(name: str) -> None:
    with pytest.raises(UndefinedError):
        convergence(lower(butcher.load(name)))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x[n+1] = x[n] + h*f(y[n])\n  y[n+1] = y[n] + h*g(x[n+1])", 1),
        (
            "w = x[n] + 1/2*h*f(y[n])\n  y[n+1] = y[n] + h*g(w)\n  x[n+1] = w + 1/2*h*f(y[n+1])",
            2,
        ),
    ],
)
def test_partitioned_methods(body: str, expected: int) -> None:
    text = f"method a\n  ode x' = f(t, y), y' = g(t, x)\nstep\n  {body}\n"
    (one,) = seen(lower(butcher.parse(text)))
    assert (one.order, one.slope) == (expected, pytest.approx(expected, abs=0.1))


def test_an_additive_method_without_its_coupling_conditions_has_order_one() -> None:
    text = """
        method a
          ode u' = f(u) + g(u)
        step
          k = f(u[n])
          l = g(u[n])
          u[n+1] = u[n] + h/2*k + h/2*f(u[n] + h*k) + h/2*l + h/2*g(u[n] + h*l)
    """
    (one,) = seen(lower(butcher.parse(text)))
    assert (one.order, one.slope) == (1, pytest.approx(1, abs=0.1))


def test_a_kept_stage_begins_as_exact_values_make_it() -> None:
    text = """
        method a
        step
          k = f(u[n] + h/2*k[n-1])
          u[n+1] = u[n] + h*k
    """
    (one,) = seen(lower(butcher.parse(text)))
    assert (one.order, one.slope) == (2, pytest.approx(2, abs=0.1))


def test_a_wrong_node_is_seen() -> None:
    # order 4 for u' = f(u), order 1 for u' = f(t, u)
    half = Fraction(1, 2)
    A, b = [[], [half], [0, half], [0, 0, 1]], [Fraction(n, 6) for n in (1, 2, 2, 1)]
    (one,) = seen(runge_kutta(A, b, c=[0, half, half, Fraction(3, 4)]))
    assert (one.order, one.slope) == (4, pytest.approx(1, abs=0.1))


def test_an_order_for_linear_problems_alone_is_not_seen() -> None:
    # R(z) is that of order 4; [[], []] wants 1/3 and gets 1/4
    A, b = [[], [Fraction(1, 4)], [0, Fraction(1, 3)], [0, 0, Fraction(1, 2)]], [0, 0, 0, 1]
    (one,) = seen(runge_kutta(A, b))
    assert (one.order, one.slope) == (2, pytest.approx(2, abs=0.1))


def test_a_method_that_would_work_for_minutes_is_not_set_to_work() -> None:
    A = [[Fraction(1, 64)] * 64 for _ in range(64)]
    with pytest.raises(TooLargeError):
        convergence(runge_kutta(A, [Fraction(1, 64)] * 64))


def test_errors_beyond_all_numbers_are_no_crash() -> None:
    huge = Fraction(10**900)
    with pytest.raises(UndefinedError, match="beyond all numbers"):
        convergence(runge_kutta([[], [huge]], [huge, huge]))


def test_steps_fall_and_so_do_errors() -> None:
    found = convergence(lower(butcher.load("rk4")), (4, 8, 16)).advanced
    assert found.steps == (1 / 4, 1 / 8, 1 / 16)
    assert all(a > b for a, b in pairwise(found.errors))


# ---------------------------------------------------------------------- another stepper


@pytest.mark.parametrize(
    ("name", "expected"), [("rk4", 4), ("verner65", 6), ("dop853", 8), ("verner89", 8)]
)
def test_another_stepper_on_another_problem_sees_it_as_well(name: str, expected: int) -> None:
    # u' = 2 t (1 + u^2) (1 + (v - u)), v' = (1 + v^2) (2 t + u - v): u = v = tan(t^2 + 1/4)
    (table,) = read((root("specs") / f"{name}.tab").read_text(encoding="utf-8"))
    A, b = [[real(a) for a in row] for row in table.A], [real(w) for w in table.b]

    def slope_of(t: mpmath.mpf, u: list[mpmath.mpf]) -> list[mpmath.mpf]:
        x, y = u
        return [2 * t * (1 + x * x) * (1 + y - x), (1 + y * y) * (2 * t + x - y)]

    def error(count: int) -> mpmath.mpf:
        h, u = mp.mpf(1) / (2 * count), [mp.tan(mp.mpf(1) / 4)] * 2
        for n in range(count):
            k: list[list[mpmath.mpf]] = []
            for row in A:
                stage = [
                    x + h * sum(a * one[i] for a, one in zip(row, k, strict=False) if a)
                    for i, x in enumerate(u)
                ]
                k.append(slope_of(h * (n + sum(row)), stage))
            u = [
                x + h * sum(w * one[i] for w, one in zip(b, k, strict=True))
                for i, x in enumerate(u)
            ]
        return max(abs(x - mp.tan(mp.mpf(1) / 2)) for x in u)

    found = mp.log(error(32) / error(64), 2)
    assert float(found) == pytest.approx(expected, abs=0.2)
    assert order(lower(butcher.load(name))).advanced.order == expected
