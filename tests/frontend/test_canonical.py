"""Canonical text: parsed, it is the same tree; printed again, the same text; no comment is lost."""

from pathlib import Path

import pytest
from frontend.trees import methods
from hypothesis import HealthCheck, example, given, settings

from butcher.frontend import canonical, parse, tree
from butcher.resources import root
from butcher.source import Source

SPECS = sorted(Path(str(root("specs"))).glob("*.tab"))

RK4 = """\
method rk4
  title "Classical Runge-Kutta"
  cite  "Kutta (1901)"
  order 4

tableau
   0  |
  1/2 | 1/2
  1/2 |  .   1/2
   1  |  .    .    1
  ----+---------------------
      | 1/6  1/3  1/3  1/6
"""


def read(text: str) -> tree.Method:
    method, found = parse(Source("x.tab", text))
    assert not found
    assert method is not None
    return method


def fmt(text: str) -> str:
    return canonical(read(text))


def comments_of(method: tree.Method) -> list[str]:
    """Every comment of a tree, in the order of the text."""
    found: list[str] = []

    def take(comments: tree.Comments) -> None:
        found.extend(comments.before)
        if comments.behind is not None:
            found.append(comments.behind)

    take(method.comments)
    for clause in method.clauses:
        take(clause.comments)
    for body in method.bodies:
        take(body.comments)
        match body:
            case tree.Tableau():
                for row in body.stages:
                    take(row.comments)
                take(body.rule_comments)
                for row in body.weights:
                    take(row.comments)
            case tree.Multistep(rows=rows):
                for row in rows:
                    take(row.comments)
            case tree.Step(assignments=assignments):
                for assignment in assignments:
                    take(assignment.comments)
    return [*found, *method.tail]


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(methods())
def test_a_printed_tree_is_parsed_to_the_same_tree(method: tree.Method) -> None:
    text = canonical(method)
    again = read(text)
    assert again == method
    assert comments_of(again) == comments_of(method)
    assert canonical(again) == text


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_shipped_methods_survive_printing(path: Path) -> None:
    method = read(path.read_text("utf-8"))
    text = canonical(method)
    assert read(text) == method
    assert fmt(text) == text
    assert comments_of(read(text)) == comments_of(method)
    assert all(len(line) <= 100 or "  " not in line.strip() for line in text.splitlines())


def test_the_printed_tableau_is_canonical() -> None:
    assert fmt(RK4) == RK4


def test_a_wide_table_is_broken_and_its_comments_move_above_the_row() -> None:
    long = "0.123456789012345678901234567890"
    text = f"method wide\ntableau\n | {long} {long} # one\n # two\n {long} # three\n --\n | 1\n"
    expected = f"""\
method wide

tableau
  # one
  # two
   | {long}  {long}
     {long}  # three
  -+{"-" * 69}
   | 1
"""
    assert fmt(text) == expected


def test_a_long_assignment_is_broken_in_its_parentheses() -> None:
    terms = " + ".join(f"{i}/120*k{i}" for i in range(1, 13))
    text = f"method long\nstep\n u[n+1] = u[n] + h*({terms}) # all\n"
    assert (
        fmt(text)
        == """\
method long

step
  u[n+1] = u[n] + h*(1/120*k1 + 2/120*k2 + 3/120*k3 + 4/120*k4 + 5/120*k5 + 6/120*k6 + 7/120*k7
                     + 8/120*k8 + 9/120*k9 + 10/120*k10 + 11/120*k11 + 12/120*k12)  # all
"""
    )


def test_a_sum_without_parentheses_is_never_broken() -> None:
    terms = " + ".join(f"{i}/120*h*k{i}" for i in range(1, 20))
    text = f"method long\n\nstep\n  u[n+1] = u[n] + {terms}\n"
    assert fmt(text) == text


def test_keywords_of_like_clauses_are_aligned() -> None:
    text = 'method a\nrandom e~bernoulli( p )\nparam p=1\ncite "y"\ntitle"x"\nstep\nu[n+1]=u[n]'
    assert (
        fmt(text)
        == """\
method a
  random e ~ bernoulli(p)
  param  p = 1
  cite  "y"
  title "x"

step
  u[n+1] = u[n]
"""
    )


def test_numbers_and_parentheses_stay_as_written() -> None:
    text = "method a\n let s = ((0.10)) + 1.0e-5*007\nstep\n u[n+1] = (u[n])\n"
    assert "((0.10)) + 1.0e-5*007" in fmt(text)


@pytest.mark.parametrize(
    "text",
    ["method a\ntableau\n 0 | 2(3)\n --\n | 1", "method a\ntableau\n 0 |\n"],
)
def test_a_tree_with_errors_has_no_canonical_text(text: str) -> None:
    method, found = parse(Source("x.tab", text))
    assert found
    assert method is not None
    with pytest.raises(ValueError, match="canonical text"):
        canonical(method)


test_a_printed_tree_is_parsed_to_the_same_tree = example(read(RK4))(
    test_a_printed_tree_is_parsed_to_the_same_tree
)
