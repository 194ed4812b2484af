"""From a tree to a scheme: names, scopes, exact cells."""

from __future__ import annotations

from fractions import Fraction

import pytest

from butcher.coefficient import Number
from butcher.compiler import load, parse, shipped
from butcher.errors import SpecError
from butcher.spec.scheme import Multistep, RungeKutta, StepBody


def codes(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        parse(text)
    return [d.code for d in caught.value.diagnostics if d.severity == "error"]


@pytest.mark.parametrize("name", shipped())
def test_the_canonical_text_says_the_same(name: str) -> None:
    scheme = load(name)
    again = parse(scheme.canonical)
    assert again == scheme
    assert again.digest == scheme.digest


def test_names_of_schemes_become_class_names() -> None:
    assert load("lm_resnet").class_name == "LmResnet"
    assert load("verner89_as_printed").class_name == "Verner89AsPrinted"


def test_cells_left_out_are_zero_and_rows_are_full() -> None:
    body = load("rk4").body
    assert isinstance(body, RungeKutta)
    assert all(len(row.cells) == 4 for row in body.tableaus[0].stages)


def test_beta_may_stop_early() -> None:
    body = parse("method e\nmultistep\n  alpha | -1 1\n  beta | 1\n").body
    assert isinstance(body, Multistep)
    assert [cell.value for cell in body.beta] == [1, 0]


def test_constants_may_use_each_other_in_any_order() -> None:
    scheme = parse(
        "method m\n  let b = a/2\n  let a = sqrt(6)\nstep\n  u[n+1] = u[n] + b*h*f(u[n])\n"
    )
    assert isinstance(scheme.body, StepBody)
    coefficient = scheme.body.statements[0].terms[1].coefficient
    assert coefficient.start() == Number.sqrt(Fraction(3, 2))


def test_decimals_of_many_digits_are_rounded_in_their_last_place() -> None:
    text = "method m\n{}tableau\n  |\n --+--\n  | 0.{}\n"
    cases = [("", "9" * 14, 0), ("", "9" * 15, Fraction(1, 10**15)), ("  rounded 2\n", "99", 0.01)]
    for clause, digits, radius in cases:
        body = parse(text.format(clause, digits)).body
        assert isinstance(body, RungeKutta)
        found = body.tableaus[0].weights[0].value.radius
        assert found == Fraction(str(radius))


def test_labels_tell_the_rows_under_the_rule_apart() -> None:
    text = "method m\ntableau\n  0 |\n  1 | 1\n --+--\n  err | 1/2 -1/2\n  b | 1/2 1/2\n"
    body = parse(text).body
    assert isinstance(body, RungeKutta)
    (tableau,) = body.tableaus
    assert tableau.error
    assert [c.value for c in tableau.weights] == [Fraction(1, 2)] * 2


def test_one_run_reports_every_error() -> None:
    text = """method m
  order 99
  learn k ~ uniform(1, 0)
  let s = sqrt(-2)
step
  w = u[n] + a*h*f(u[n])
  u[n+1] = h(w) + u[n]*u[n]
"""
    assert codes(text) == ["B248", "B218", "B211", "B204", "B209", "B222"]


def test_an_error_does_not_cause_another() -> None:
    assert codes("method m\n  let s = sqrt(-1)\nstep\n  u[n+1] = u[n] + s*h*f(u[n])\n") == ["B211"]
    assert codes("method m\nstep\n  k = f(u[n]*u[n])\n  u[n+1] = u[n] + h*k\n") == ["B222"]


def test_the_default_equation_fits_a_body_of_one_state_and_one_slot() -> None:
    (equation,) = parse("method m\nstep\n  x[n+1] = x[n] + h*G(x[n])\n").ode
    assert (equation.state, equation.slots) == ("x", (("G", "x"),))
    assert load("shake_shake").ode == ()


def test_names_are_looked_up_among_all_that_the_file_knows() -> None:
    with pytest.raises(SpecError, match="Did you mean gamma"):
        parse("method m\n  param gamma = 1\nstep\n  u[n+1] = u[n] + gama*h*f(u[n])\n")


def test_a_keyword_of_the_language_may_name_a_stage() -> None:
    text = "method m\nstep\n  order = f(u[n])\n  u[n+1] = u[n] + h*order\n"
    assert parse(text).slots == ("f",)


def test_earlier_stages_are_kept_as_far_back_as_they_are_read() -> None:
    scheme = load("ab2_step")
    assert isinstance(scheme.body, StepBody)
    lags = {
        t.source.lag for s in scheme.body.statements for t in s.terms if t.source.kind == "name"
    }
    assert lags == {0, 1}
