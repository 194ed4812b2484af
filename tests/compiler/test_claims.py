"""False claims name what they rest on: the order, the condition, the cell."""

from __future__ import annotations

from fractions import Fraction

import pytest

from butcher.analysis.multistep.theory import multistep_theory
from butcher.compiler import Verdict, examine_bytes, shipped


def with_typo(name: str, old: str, new: str) -> Verdict:
    text = shipped()[name].read_text()
    assert text.count(old) >= 1
    return examine_bytes(text.replace(old, new, 1).encode(), f"{name}.tab")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("rk4", "1/3  1/6", "-1/3  1/6"),
        ("rk38", "1/8  3/8", "1/8  3/7"),
        ("dopri54", "125/192", "125/129"),
        ("verner89", "-201/280", "-201/281"),
        ("ab3", "23/12", "23/13"),
    ],
)
def test_a_wrong_digit_is_refused_and_the_cell_is_pointed_at(name: str, old: str, new: str) -> None:
    verdict = with_typo(name, old, new)
    false = [d for d in verdict.diagnostics if d.code in {"B401", "B402"}]
    assert false
    first = false[0].suspects[0]
    assert first.value in new
    assert first.repair in old
    line = verdict.source.line(first.span.line)
    assert line[first.span.column - 1 :].startswith(first.value)
    assert first.repair in str(false[0].hint)


def test_the_first_broken_condition_is_said_exactly() -> None:
    (finding,) = [
        d for d in with_typo("rk4", "1/3  1/6", "-1/3  1/6").diagnostics if d.code == "B401"
    ]
    assert finding.message == "order 4 is claimed; the order is 0"
    assert finding.hint is not None
    assert "The tree [] of order 1, f, wants sum b_i = 1 and gets 1/3." in finding.hint


def test_a_false_embedded_claim_is_told_apart() -> None:
    codes = [d.code for d in with_typo("bs32", "order 3(2)", "order 3(3)").diagnostics]
    assert codes == ["B402", "B306"]


@pytest.mark.parametrize("equation", ["u' = 2*f(u)", "u' = f(y)", "x' = f(y), y' = g(x"])
def test_of_an_equation_that_cannot_be_read_nothing_is_claimed_or_found(equation: str) -> None:
    text = f"method a\n  ode {equation}\n  order 2\nstep\n  u[n+1] = u[n] + h*f(u[n])\n"
    verdict = examine_bytes(text.encode(), "a.tab")
    assert [(d.severity.value, d.span.line) for d in verdict.diagnostics] == [("error", 2)]
    assert verdict.order is None
    assert verdict.as_json()["claimed_order"] == 2


def test_tables_of_an_equation_that_cannot_be_read_are_not_blamed() -> None:
    table = "tableau {}\n  | .\n  --\n  | 1\n"
    text = "method a\n  ode x' = f(y), y' = 2*g(x)\n" + table.format("f") + table.format("g")
    verdict = examine_bytes(text.encode(), "a.tab")
    assert [d.span.line for d in verdict.diagnostics] == [2]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("method a\n order 3(2)\ntableau\n 0|\n --\n|1 z\n", ("a", "runge-kutta", 3, 2)),
        ("method a\nstep\n u[n+1] = v\n", ("a", "scheme", None, None)),
        ("method unnamed\nmultistep\n alpha | 1\n", ("unnamed", "multistep", None, None)),
        ("method 2a\nstep\n u[n+1] = u[n] + h*f(u[n])\n", (None, "scheme", None, None)),
        ("method a\n order 2\n", ("a", None, 2, None)),
        ("", (None, None, None, None)),
    ],
)
def test_what_stands_above_a_broken_body_is_known(text: str, known: tuple[object, ...]) -> None:
    found = examine_bytes(text.encode(), "a.tab").as_json()
    keys = ("name", "kind", "claimed_order", "claimed_embedded_order")
    assert tuple(found[key] for key in keys) == known
    assert any(d["severity"] == "error" for d in found["diagnostics"])


def test_a_large_row_is_a_risk_in_half_precision() -> None:
    (finding,) = [d for d in with_typo("verner89", "Verner", "V").diagnostics if d.code == "B411"]
    assert "k12" in finding.message
    assert "2,307" in finding.message


def test_a_pole_at_a_step_of_one_is_no_crash() -> None:
    text = """method m
  param h = 1/2
step
  k = f(u[n])
  u[n+1] = u[n] + h*f(u[n] + 1/(h-1)*k)
"""
    assert [d.code for d in examine_bytes(text.encode(), "m.tab").diagnostics] == ["B405"]


def adams_bashforth(claim: str, steps: int = 13) -> Verdict:
    """b_j: the integral of the j-th Lagrange polynomial over the step."""
    points = range(1 - steps, 1)
    weights = []
    for j in points:
        p = [Fraction(1)]
        for i in points:
            if i != j:
                shifted = [Fraction(0), *p]
                p = [(a - i * b) / (j - i) for a, b in zip(shifted, [*p, Fraction(0)], strict=True)]
        weights.append(sum(a / (k + 1) for k, a in enumerate(p)))
    alpha = " ".join(["0"] * (steps - 1) + ["-1", "1"])
    beta = " ".join(map(str, [*weights, Fraction(0)]))
    text = f"method ab{steps}\n{claim}multistep\n  alpha | {alpha}\n  beta | {beta}\n"
    return examine_bytes(text.encode(), "ab.tab")


def test_the_highest_order_that_is_sought_is_a_lower_bound() -> None:
    verdict = adams_bashforth("")
    (found,) = [d for d in verdict.diagnostics if d.code == "B404"]
    assert found.message == "no order is claimed; order at least 12 is reached, exactly"
    assert found.hint == "Claim it: order 12."
    assert "order at least 12 from" in verdict.summary
    assert verdict.graph is not None
    assert multistep_theory(verdict.graph).order == 13
    (low,) = [d for d in adams_bashforth("  order 11\n").diagnostics if d.code == "B403"]
    assert low.message == "order 11 is claimed; at least 12 is reached"


def test_a_claim_over_the_limit_is_a_claim() -> None:
    codes = [d.code for d in adams_bashforth("  order 13\n").diagnostics]
    assert "B248" in codes
    assert "B404" not in codes
