"""Pointing into rounded decimals, multistep formulas and update equations."""

import pytest
from mistyped import STEPS, checked, errors, of_spec, suspects

from butcher.compiler import shipped

# ---------------------------------------------------------------------- rounded decimals


def test_one_unit_in_the_twelfth_place_of_a_weight_is_found() -> None:
    text = """method heun
  order 3
tableau
  0 |
  1/3 | 1/3
  2/3 | . 2/3
  ----+---------
    | 0.2500000000000000 . 0.7500000000000000
"""
    (finding,) = errors(checked(text, ("0.7500000000000000", "0.7500000000010000")))
    assert suspects(finding)[0] == (8, 28, "0.7500000000010000", "0.7500000000000000")
    assert "1.000000000001" in str(finding.hint)
    assert "+-" in str(finding.hint)


@pytest.mark.parametrize("digit", [3, 12, 20])
def test_a_digit_of_a_printed_decimal_is_found(digit: int) -> None:
    text = shipped()["dop853"].read_text("utf-8")
    old = "-0.868219346841726006818189891453"
    wrong = str((int(old[3 + digit]) + 3) % 10)
    new = old[: 3 + digit] + wrong + old[4 + digit :]
    found = errors(of_spec("dop853", (old, new)))
    assert found
    for finding in found:
        assert suspects(finding)[0][2:] == (new, old)
    assert text.count(old) == 1


# ---------------------------------------------------------------------- other bodies


@pytest.mark.parametrize(
    ("name", "old", "new", "value", "repair"),
    [
        ("ab3", "23/12", "23/13", "23/13", "23/12"),
        ("ab4", "-1  1", "1  1", "1", "-1"),
        ("ab4", "-59/24", "-95/24", "-95/24", "-59/24"),
        ("ab4", "-1  1", "-1  2", "2", "1"),  # the last alpha, which everything is divided by
    ],
)
def test_a_multistep_formula_is_mended(
    name: str, old: str, new: str, value: str, repair: str
) -> None:
    false = [d for d in errors(of_spec(name, (old, new))) if d.code == "B401"]
    (finding,) = false
    assert suspects(finding)[0][2:] == (value, repair)
    assert (finding.span.line, finding.span.column) == suspects(finding)[0][:2]


def test_a_condition_of_a_multistep_formula_is_said_in_its_own_letters() -> None:
    (finding,) = errors(of_spec("ab3", ("-4/3", "-3/4")))
    assert "sum alpha_j j is 1, and sum beta_j is 19/12" in str(finding.hint)
    (inconsistent,) = [d for d in errors(of_spec("ab3", ("-1  1", "1  1"))) if d.code == "B401"]
    assert inconsistent.message == "order 3 is claimed; the method is not consistent"
    assert "sum alpha_j must be 0, and it is 2" in str(inconsistent.hint)


@pytest.mark.parametrize(
    ("old", "new", "place", "value", "repair"),
    [
        ("h/2*k2", "h/3*k2", (6, 17), "h/3", "h/2"),
        ("2*k3", "3*k3", (8, 36), "3", "2"),
        ("h*k3", "h/2*k3", (7, 17), "h/2", "h/1"),
    ],
)
def test_a_term_of_an_update_equation_is_mended(
    old: str, new: str, place: tuple[int, int], value: str, repair: str
) -> None:
    (finding,) = errors(checked(STEPS, (old, new)))
    assert suspects(finding)[0] == (*place, value, repair)
    assert (finding.span.line, finding.span.column) == place


def test_a_term_without_its_factor_is_mended() -> None:
    (finding,) = errors(checked(STEPS, ("2*k3", "k3")))
    assert suspects(finding)[0][2:] == ("1", "2")
    assert str(finding.hint).startswith("Write 2*k3 for k3: then the claim holds.")


def test_a_trainable_family_is_mended_in_its_own_symbols() -> None:
    findings = errors(of_spec("heun_family", ("1-1/(2*a)", "1-1/(3*a)")))
    (finding,) = findings
    assert suspects(finding)[0][2:] == ("1-1/(3*a)", "1-1/(2*a)")
