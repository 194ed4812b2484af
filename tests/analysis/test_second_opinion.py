"""NodePy, which finds orders and stability in another way, agrees."""

from collections.abc import Iterable
from fractions import Fraction

import nodepy.linear_multistep_method
import nodepy.runge_kutta_method
import pytest
import sympy
from method_graphs import multistep, runge_kutta, zero_stable

from butcher.analysis.conditions.order import order


def exact(values: Iterable[object]) -> list[Fraction]:
    """Numbers of sympy, or floats that mean a rational one."""
    rational = (sympy.nsimplify(value, rational=True) for value in values)
    return [Fraction(int(value.p), int(value.q)) for value in rational]


@pytest.mark.parametrize("name", ["RK44", "SSP104", "BS5", "Merson43", "HH5", "LobattoIIIC3"])
def test_the_order_of_a_runge_kutta_method(name: str) -> None:
    other = nodepy.runge_kutta_method.loadRKM(name)
    ours = order(runge_kutta([exact(line) for line in other.A], exact(other.b)), 8)
    assert ours.advanced.order == other.order()


@pytest.mark.parametrize("steps", [2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize(
    "family", ["Adams_Bashforth", "Adams_Moulton", "backward_difference_formula", "Nystrom"]
)
def test_a_multistep_method(family: str, steps: int) -> None:
    other = getattr(nodepy.linear_multistep_method, family)(steps)
    ours = multistep(exact(other.alpha), exact(other.beta))
    assert order(ours, steps + 1).advanced.order == other.order()
    assert zero_stable(ours) is bool(other.is_zero_stable())
