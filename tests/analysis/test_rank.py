"""Exact ranks: what is modulo a prime, what is in the field, what is given up."""

from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from butcher.analysis.network.rank import Ranks, Residues, _is_prime
from butcher.coefficient import Number

roots = [Number.of(1), *(Number.sqrt(Fraction(d)) for d in (2, 3, 6, 35))]
small = st.integers(-3, 3)


@st.composite
def surds(draw: st.DrawFn) -> Number:
    total = Number.of(0)
    for root in draw(st.lists(st.sampled_from(roots), max_size=3)):
        total = total + root * Fraction(draw(small), draw(st.integers(1, 4)))
    return total


def rank(rows: list[list[Number]], at_most: int | None = None) -> int | None:
    sparse = [{j: entry for j, entry in enumerate(row) if entry} for row in rows]
    columns = max(map(len, rows), default=0)
    bound = min(len(rows), columns) if at_most is None else at_most
    return Ranks(sparse).rank(range(len(rows)), columns, bound)


def product(left: list[list[Number]], right: list[list[Number]]) -> list[list[Number]]:
    columns = list(zip(*right, strict=True))
    zero = Number.of(0)
    return [
        [sum((x * y for x, y in zip(row, column, strict=True)), zero) for column in columns]
        for row in left
    ]


@given(st.integers(1, 5), st.integers(1, 5), st.data())
def test_the_rank_is_that_of_sympy(height: int, width: int, data: st.DataObject) -> None:
    rows = [[data.draw(small) for _ in range(width)] for _ in range(height)]
    found = rank([[Number.of(x) for x in row] for row in rows])
    assert found == sympy.Matrix(rows).rank()


@settings(max_examples=60)
@given(st.integers(0, 3), st.integers(3, 5), st.integers(3, 5), st.data())
def test_a_product_through_few_dimensions_has_as_low_a_rank(
    inner: int, height: int, width: int, data: st.DataObject
) -> None:
    # unit triangular factors: the rank is the inner dimension, whatever else they hold
    one, zero = Number.of(1), Number.of(0)

    def entry(i: int, j: int) -> Number:
        return one if i == j else zero if i < j else data.draw(surds())

    left = [[entry(i, j) for j in range(inner)] for i in range(height)]
    right = [[entry(j, i) for j in range(width)] for i in range(inner)]
    rows = product(left, right) if inner else [[zero] * width for _ in range(height)]
    assert rank(rows) == inner, "by elimination in the field"
    assert rank(rows, at_most=inner) == inner, "by residues alone"


def test_roots_that_cancel_do_not_count() -> None:
    two, three, six = roots[1], roots[2], roots[3]
    assert rank([[two, six], [Number.of(1), three]]) == 1
    assert rank([[two, six], [Number.of(1), two]]) == 2


def test_what_would_take_too_long_is_not_known() -> None:
    long = [[Number.of(Fraction(i * j + i + 1, 10**600 + 7)) for j in range(30)] for i in range(30)]
    assert rank(long) is None
    assert rank(long, at_most=2) == 2


@given(surds(), surds())
def test_residues_keep_sums_and_products(x: Number, y: Number) -> None:
    residues = Residues([x, y, x * y, x + y])
    p = residues.prime
    assert residues.of(x * y) == residues.of(x) * residues.of(y) % p
    assert residues.of(x + y) == (residues.of(x) + residues.of(y)) % p


def test_a_prime_that_divides_a_denominator_is_passed_over() -> None:
    mersenne = 2**61 - 1
    residues = Residues([Number.of(Fraction(1, mersenne))])
    assert residues.prime > mersenne
    assert sympy.isprime(residues.prime)
    assert residues.prime % 4 == 3


@pytest.mark.parametrize("begin", [0, 561, 3_215_031_751 - 50, 2**61 - 60])
def test_primes_are_those_of_sympy(begin: int) -> None:
    for n in range(max(begin, 2), begin + 100):
        assert _is_prime(n) == sympy.isprime(n), n
