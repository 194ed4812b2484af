"""What a Runge-Kutta method keeps: quadratic invariants, time reversal, contractivity."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import nodepy_methods
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from method_graphs import runge_kutta
from nodepy_methods import METHODS

import butcher
from butcher.analysis.entry import Entry
from butcher.analysis.limits import UndefinedError
from butcher.analysis.runge_kutta.invariants import (
    are_equivalent,
    is_algebraically_stable,
    is_nonnegative_definite,
    is_symmetric,
    is_symplectic,
)
from butcher.analysis.runge_kutta.tableau import ButcherTableau, butcher_tableau
from butcher.coefficient import Number
from butcher.ir.graph import Graph
from butcher.ir.lower import lower

F = Fraction

LOBATTO_PAIR = """method stormer_verlet
  ode x' = f(y), y' = g(x)
  solve picard 2
tableau f
  | 1/2
  | 1/2
  ---------
  | 1/2 1/2
tableau g
  |
  | 1/2 1/2
  ---------
  | 1/2 1/2
"""

LEAPFROG = """method halves
  ode x' = f(y), y' = g(x)
step
  w = x[n] + h/2*f(y[n])
  y[n+1] = y[n] + h*g(w)
  x[n+1] = w + h/2*f(y[n+1])
"""


def shipped(name: str) -> ButcherTableau:
    return butcher_tableau(lower(butcher.load(name)))


def of_text(text: str) -> ButcherTableau:
    return butcher_tableau(lower(butcher.parse(text)))


def of(A: list[list[Fraction]], b: list[Fraction]) -> ButcherTableau:
    return butcher_tableau(runge_kutta(A, b))


def midpoints(steps: list[Fraction]) -> tuple[list[list[Fraction]], list[Fraction]]:
    """Implicit midpoint steps of these lengths one after the other."""
    size = range(len(steps))
    A = [[steps[j] if j < i else steps[j] / 2 if i == j else F(0) for j in size] for i in size]
    return A, steps


@st.composite
def composed(draw: st.DrawFn) -> list[Fraction]:
    """Lengths that add up to one step."""
    parts = draw(st.lists(st.integers(-3, 5).filter(bool), min_size=1, max_size=4))
    assume(sum(parts))
    return [F(part, sum(parts)) for part in parts]


steps = composed()


# ---------------------------------------------------------------------- symplectic


@pytest.mark.parametrize("name", ["GL2", "GL3"])
def test_gauss_methods_are_symplectic(name: str) -> None:
    """Sanz-Serna 1988; Hairer, Lubich, Wanner, VI.4.2."""
    assert is_symplectic(butcher_tableau(nodepy_methods.graph_of(name)))


@pytest.mark.parametrize("name", ["trapezoid", "rk4", "radau_iia3", "sdirk2", "heun2", "verner89"])
def test_others_are_not(name: str) -> None:
    assert not is_symplectic(shipped(name))


@settings(max_examples=40)
@given(steps)
def test_whatever_is_composed_of_midpoint_steps_is(lengths: list[Fraction]) -> None:
    assert is_symplectic(of(*midpoints(lengths)))


@settings(max_examples=40)
@given(steps, st.integers(0, 15))
def test_and_is_no_more_if_one_cell_is_changed(lengths: list[Fraction], cell: int) -> None:
    A, b = midpoints(lengths)
    i, j = divmod(cell % len(b) ** 2, len(b))
    A[i][j] += F(1, 7)
    assert not is_symplectic(of(A, b))


@pytest.mark.parametrize("text", [LOBATTO_PAIR, LEAPFROG])
def test_stormer_and_verlet_are_symplectic_and_symmetric_in_every_notation(text: str) -> None:
    """Hairer, Lubich, Wanner, II.2 and VI.3."""
    found = of_text(text)
    assert is_symplectic(found)
    assert is_symmetric(found)


def test_both_notations_of_it_are_one_method() -> None:
    assert are_equivalent(of_text(LOBATTO_PAIR).irreducible, of_text(LEAPFROG).irreducible)


def test_a_reversible_block_is_symplectic_but_not_symmetric() -> None:
    """RevNet is the symplectic Euler method."""
    assert is_symplectic(shipped("revnet"))
    assert not is_symmetric(shipped("revnet"))


def test_reading_the_old_values_twice_is_not_symplectic() -> None:
    text = LEAPFROG[: LEAPFROG.index("step")]
    found = of_text(text + "step\n  x[n+1] = x[n] + h*f(y[n])\n  y[n+1] = y[n] + h*g(x[n])\n")
    assert not is_symplectic(found)


kicks = st.lists(st.fractions(-2, 2, max_denominator=6).filter(bool), min_size=2, max_size=6)


@settings(max_examples=20)
@given(kicks)
def test_whatever_is_composed_of_updates_in_turn_is_symplectic(lengths: list[Fraction]) -> None:
    """x by f(y), then y by g(x), and so on, by any lengths (Hairer, Lubich, Wanner, VI.4)."""
    now, lines = {"x": "x[n]", "y": "y[n]"}, []
    for i, length in enumerate(lengths):
        mine, other, slot = ("x", "y", "f") if i % 2 == 0 else ("y", "x", "g")
        name = f"{mine}[n+1]" if i >= len(lengths) - 2 else f"{mine}{i}"
        lines.append(f"  {name} = {now[mine]} + ({length})*h*{slot}({now[other]})")
        now[mine] = name
    head = "method composed\n  ode x' = f(y), y' = g(x)\nstep\n"
    assert is_symplectic(of_text(head + "\n".join(lines) + "\n"))


def test_a_sum_of_fields_in_one_state_needs_it_of_all_pairs() -> None:
    rule = "  | 1/2\n  -----\n  | 1\n"
    text = (
        f"method two\n  ode u' = f(u) + g(u)\n  solve picard 2\ntableau f\n{rule}tableau g\n{rule}"
    )
    assert is_symplectic(of_text(text))
    explicit = rule.replace("1/2", "0  ")
    assert not is_symplectic(of_text(text.replace("tableau g\n" + rule, "tableau g\n" + explicit)))


def test_of_states_that_drive_themselves_it_is_not_asked() -> None:
    text = "method pair\n  ode x' = f(x), y' = g(y)\nstep\n"
    text += "  x[n+1] = x[n] + h*f(x[n])\n  y[n+1] = y[n] + h*g(y[n])\n"
    with pytest.raises(UndefinedError, match="symplectic"):
        is_symplectic(of_text(text))


def test_rounded_decimals_are_symplectic_to_the_digits_printed() -> None:
    """Gauss 4 with 17 digits; with one digit changed it is not."""
    small, large = "-0.03867513459481288", "0.53867513459481288"
    half, quarter = F(1, 2), F(1, 4)
    assert is_symplectic(of([[quarter, small], [large, quarter]], [half, half]))  # type: ignore[list-item]
    wrong = large.replace("481288", "481388")
    assert not is_symplectic(of([[quarter, small], [wrong, quarter]], [half, half]))  # type: ignore[list-item]


# ---------------------------------------------------------------------- symmetric


@settings(max_examples=40)
@given(steps)
def test_a_palindrome_of_midpoint_steps_is_symmetric(lengths: list[Fraction]) -> None:
    halves = [length / 2 for length in lengths]
    assert is_symmetric(of(*midpoints([*halves, *halves[::-1]])))


@settings(max_examples=40)
@given(steps)
def test_and_nothing_else_is(lengths: list[Fraction]) -> None:
    """Steps of lengths that are no palindrome, none of which undoes the one before."""
    assume(all(a + b for a, b in pairwise(lengths)))
    assert is_symmetric(of(*midpoints(lengths))) == (lengths == lengths[::-1])


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("GL3", True), ("LobattoIIIA3", True), ("RadauIIA3", False), ("LobattoIIIC3", False)],
)
def test_families_are_symmetric_or_not(name: str, wanted: bool) -> None:
    """Hairer, Norsett, Wanner, II.8; Hairer, Wanner, IV.5."""
    assert is_symmetric(butcher_tableau(nodepy_methods.graph_of(name))) is wanted


def test_no_explicit_method_is_symmetric() -> None:
    """Hairer, Lubich, Wanner, V.2."""
    names = ["euler", "midpoint", "heun2", "rk4", "rk38", "dopri54"]
    assert not any(is_symmetric(shipped(name)) for name in names)


# ---------------------------------------------------------------------- algebraic stability


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("GL2", True),
        ("GL3", True),
        ("RadauIIA2", True),
        ("RadauIIA3", True),
        ("LobattoIIIC2", True),
        ("LobattoIIIC3", True),
        ("LobattoIIIC4", True),
        ("LobattoIIIA2", False),
        ("LobattoIIIA3", False),
        ("SDIRK23", True),  # gamma = (3 + sqrt 3)/6
        ("SDIRK54", False),
        ("RK44", False),
    ],
)
def test_the_families_are_algebraically_stable_or_not(name: str, wanted: bool) -> None:
    """Hairer, Wanner, Solving ODEs II, IV.12."""
    assert is_algebraically_stable(butcher_tableau(nodepy_methods.graph_of(name))) is wanted


@pytest.mark.parametrize("name", nodepy_methods.EXACT)
def test_nodepy_finds_the_same_by_eigenvalues(name: str) -> None:
    found = is_algebraically_stable(butcher_tableau(nodepy_methods.graph_of(name)))
    assert found == METHODS[name].is_algebraically_stable()


def test_gauss_in_decimals_is_stable_to_the_digits_printed() -> None:
    small, large = "-0.03867513459481288", "0.53867513459481288"
    half, quarter = F(1, 2), F(1, 4)
    assert is_algebraically_stable(of([[quarter, small], [large, quarter]], [half, half]))  # type: ignore[list-item]


def test_what_the_digits_do_not_tell_is_not_told() -> None:
    around = Entry(Number.of(0), F(1, 10**15))
    one, other = Entry(Number.of(1)), Entry(Number.of(-1))
    assert is_nonnegative_definite([[around, one], [one, one]]) is None
    assert is_nonnegative_definite([[Entry(Number.of(0)), one], [one, one]]) is False
    assert is_nonnegative_definite([[one, one], [one, one]]) is True
    assert is_nonnegative_definite([[one, one], [one, other]]) is False


@settings(max_examples=50)
@given(st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=1, max_size=3))
def test_a_gram_matrix_is_nonnegative_definite(vectors: list[list[int]]) -> None:
    def entry(value: int) -> Entry:
        return Entry(Number.of(value))

    gram = [[sum(v[i] * v[j] for v in vectors) for j in range(3)] for i in range(3)]
    assert is_nonnegative_definite([[entry(x) for x in row] for row in gram])
    gram[2][2] -= 100
    assert not is_nonnegative_definite([[entry(x) for x in row] for row in gram])


# ---------------------------------------------------------------------- the form does not matter


def permuted(graph: Graph, order: list[int]) -> ButcherTableau:
    t = butcher_tableau(graph)
    return replace(
        t,
        A=tuple(tuple(t.A[i][j] for j in order) for i in order),
        b=tuple(t.b[i] for i in order),
        c=tuple(t.c[i] for i in order),
    )


@settings(max_examples=40)
@given(st.sampled_from(nodepy_methods.EXACT), st.randoms(use_true_random=False))
def test_the_order_of_the_stages_does_not_matter(name: str, random: object) -> None:
    graph = nodepy_methods.graph_of(name)
    t = butcher_tableau(graph)
    order = list(range(len(t)))
    random.shuffle(order)  # type: ignore[attr-defined]
    other = permuted(graph, order)
    assert is_symplectic(other) == is_symplectic(t)
    assert is_symmetric(other) == is_symmetric(t)
    assert is_algebraically_stable(other) == is_algebraically_stable(t)
    assert are_equivalent(t.irreducible, other.irreducible)


@settings(max_examples=40)
@given(steps, st.fractions(-3, 3, max_denominator=5), st.integers(0, 3))
def test_a_stage_that_is_written_twice_counts_once(
    lengths: list[Fraction], share: Fraction, place: int
) -> None:
    A, b = midpoints(lengths)
    place %= len(b)
    doubled = [[*row, row[place] * share] for row in A]
    for row, old in zip(doubled, A, strict=True):
        row[place] = old[place] * (1 - share)
    doubled.append(list(doubled[place]))
    weights = [*b, b[place] * share]
    weights[place] = b[place] * (1 - share)
    found = of(doubled, weights)
    assert is_symplectic(found)
    assert is_symmetric(found) == is_symmetric(of(A, b))
    assert are_equivalent(found.irreducible, of(A, b).irreducible)
