"""What a cell should say for it to have another value, with the fewest characters changed."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from butcher.analysis.entry import Entry
from butcher.coefficient import Number
from butcher.compiler.literals import distance, oddness
from butcher.compiler.spelling import Speller
from butcher.frontend import tree
from butcher.frontend.parser import parse
from butcher.source import Source


def read(text: str) -> tuple[Speller, tree.Expression]:
    source = Source("m", f"method m\ntableau\n {text} | 1\n --\n | 1\n")
    method, found = parse(source)
    assert method is not None
    assert not found
    (body,) = method.bodies
    assert isinstance(body, tree.Tableau)
    head = body.stages[0].head
    assert head is not None
    return Speller(source, {"s": Number.sqrt(Fraction(6)), "a": Number.of(2)}), head


def nearest(text: str, wanted: Number, radius: Fraction = Fraction(0)) -> tuple[str, int]:
    speller, at = read(text)
    return tuple(speller.nearest(at, Entry(wanted, radius)))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1/3", "1/2"),
        ("3/6", "2/6"),
        ("-1/3", "1/3"),
        ("1/3", "-1/3"),
        ("0.35", "0.25"),
        ("1-1/5", "1-1/4"),
        ("1+1/4", "1-1/4"),
        ("2*3", "2/3"),
        ("(328+206*sqrt(6))/375", "(328+208*sqrt(6))/375"),
        ("(-94-84*6)/125", "(-94-84*sqrt(6))/125"),
        ("(4-94*sqrt(6))/375", "(4+94*sqrt(6))/375"),
        ("(2+s)/15", "(2-s)/15"),
        ("1/(3*a)", "1/(2*a)"),
        ("12/192", "21/192"),  # neighbours exchanged
    ],
)
def test_one_slip_is_undone(text: str, meant: str) -> None:
    speller, at = read(meant)
    assert nearest(text, speller.value(at)) == (meant, 1)


def test_a_digit_of_a_rounded_decimal_is_known_by_its_place() -> None:
    meant = Number.of(Fraction("0.1234567890123456"))
    radius = Fraction(3, 10**16)
    assert nearest("0.1234567890223456", meant, radius) == ("0.1234567890123456", 1)


def test_what_is_no_slip_is_written_anew() -> None:
    text, far = nearest("1/3", Number.of(Fraction(355, 113)))
    assert text == "355/113"
    assert far > 2


def test_the_dot_of_a_zero_is_replaced() -> None:
    speller = read("1")[0]
    found = speller.nearest(None, Entry(Number.of(Fraction(1, 2))))
    assert found == ("1/2", 4)


@given(st.integers(1, 999), st.integers(1, 999), st.integers(1, 999), st.integers(1, 99))
def test_what_is_written_has_the_value(p: int, q: int, r: int, n: int) -> None:
    text = f"({p}-{q}*sqrt(6))/{r}"
    wanted = Number({1: n, 6: -q}, r)
    found, _ = nearest(text, wanted)
    speller, at = read(found)
    assert speller.value(at) == wanted


@given(st.text("0123456789/-", max_size=12), st.text("0123456789/-", max_size=12))
def test_a_distance_is_one(old: str, new: str) -> None:
    assert distance(old, new) == distance(new, old) <= max(len(old), len(new))
    assert (distance(old, new) == 0) == (old == new)


@pytest.mark.parametrize(
    ("likely", "odd"),
    [("1/3", "2/6"), ("1/2", "17/38"), ("2", "2/1"), ("sqrt(2)", "sqrt(4)"), ("1/2", "-1/2")],
)
def test_what_nobody_writes_is_odd(likely: str, odd: str) -> None:
    assert oddness(likely) < oddness(odd)
