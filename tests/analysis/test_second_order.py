"""Methods for u'' = f(u): trees in which f counts for two, and slopes that agree."""

from __future__ import annotations

import pytest

import butcher
from butcher.analysis.conditions.convergence import convergence
from butcher.analysis.conditions.order import order, order_nonautonomous
from butcher.compiler import examine_bytes
from butcher.ir.graph import Graph
from butcher.ir.lower import lower

BODIES = {
    "Stoermer": ("step\n  u[n+1] = 2*u[n] - u[n-1] + h^2*f(u[n])", 2),
    "Stoermer with three values of f": (
        """step
  k = f(u[n])
  u[n+1] = 2*u[n] - u[n-1] + h^2*(13/12*k - 1/6*k[n-1] + 1/12*k[n-2])""",
        3,
    ),
    "Chawla's explicit form of Numerov's": (
        """step
  k = f(u[n])
  l = f(2*u[n] - u[n-1] + h^2*k)
  u[n+1] = 2*u[n] - u[n-1] + h^2*(1/12*l + 5/6*k + 1/12*k[n-1])""",
        4,
    ),
    "the same, its stage on a straight line": (
        """step
  k = f(u[n])
  l = f(2*u[n] - u[n-1])
  u[n+1] = 2*u[n] - u[n-1] + h^2*(1/12*l + 5/6*k + 1/12*k[n-1])""",
        2,
    ),
    "a stage at half a step": (
        """step
  k = f(u[n])
  l = f(3/2*u[n] - 1/2*u[n-1] + 3/8*h^2*k)
  m = f(1/2*u[n] + 1/2*u[n-1] - 1/8*h^2*k)
  u[n+1] = 2*u[n] - u[n-1] + h^2*(1/3*l + 1/3*k + 1/3*m)""",
        4,
    ),
}


def of(body: str, ode: str = "u'' = f(u)") -> Graph:
    return lower(butcher.parse(f"method a\n  ode {ode}\n{body}\n"))


@pytest.mark.parametrize("name", BODIES)
def test_the_order_is_proved_and_seen(name: str) -> None:
    body, expected = BODIES[name]
    found = convergence(of(body)).advanced
    assert found.order == expected
    assert found.slope == pytest.approx(expected, abs=0.2)
    assert order_nonautonomous(of(body, "u'' = f(t, u)")).advanced.order == expected


def test_a_broken_condition_is_a_tree() -> None:
    result = order(of(BODIES["the same, its stage on a straight line"][0])).advanced
    # l wants u(t + h) and lacks h^2 f
    assert [(f.tree, f.order) for f in result.failures] == [("f[f[]]", 3)]


def test_two_equations_of_second_order() -> None:
    body = """step
  x[n+1] = 2*x[n] - x[n-1] + h^2*f(y[n])
  y[n+1] = 2*y[n] - y[n-1] + h^2*g(x[n])"""
    found = convergence(of(body, "x'' = f(y), y'' = g(x)")).advanced
    assert (found.order, found.slope) == (2, pytest.approx(2, abs=0.1))


@pytest.mark.parametrize(
    ("body", "ode", "reason"),
    [
        (
            "step\n  u[n+1] = u[n] + h^2*f(u[n])",
            "u'' = f(u)",
            "u[n+1] does not keep straight lines: t is 0 there, not 1",
        ),
        (
            "step\n  x[n+1] = x[n] + h*f(y[n])\n  y[n+1] = 2*y[n] - y[n-1] + h^2*g(x[n])",
            "x' = f(y), y'' = g(x)",
            "trees are counted for equations of one order, not for x'",
        ),
    ],
)
def test_where_it_has_no_meaning_the_reason_is_said(body: str, ode: str, reason: str) -> None:
    result = order(of(body, ode)).advanced
    assert (result.order, result.reason) == (None, reason)


def test_a_false_claim_is_refused() -> None:
    body = BODIES["the same, its stage on a straight line"][0]
    verdict = examine_bytes(f"method a\n  order 4\n  ode u'' = f(u)\n{body}\n".encode(), "a.tab")
    assert verdict.order == 2
    assert "B401" in {d.code for d in verdict.diagnostics}
