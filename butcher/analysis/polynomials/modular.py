"""A quick proof that two polynomials have no common divisor: they have none modulo a prime.

The prime is one in which the square roots that occur exist, so numbers do not grow. A divisor that
they had in common would be one modulo the prime, too, of the same degree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import gcd

from butcher.coefficient import Number

FIRST = (1 << 61) - 1
MOST_TRIED = 1 << 10


def are_surely_coprime(p: Sequence[Number], q: Sequence[Number]) -> bool:
    """False where it could not be told this way; neither may end with a zero."""
    found = _prime(frozenset(d for a in (*p, *q) for d in a.radicands))
    if found is None:
        return False
    prime, roots = found
    try:
        first, second = ([_residue(a, prime, roots) for a in one] for one in (p, q))
        if not first or not first[-1]:
            return False
        while any(second):
            first, second = second, _remainder(first, second, prime)
        return sum(map(bool, first)) == 1 and bool(first[0])
    except ValueError:  # no inverse: the modulus divides a denominator, or is no prime
        return False


def _residue(number: Number, prime: int, roots: dict[int, int]) -> int:
    above = sum(factor * roots[radicand] for radicand, factor in number.terms)
    return above * pow(number.denominator, -1, prime) % prime


def _remainder(p: list[int], q: list[int], prime: int) -> list[int]:
    rest, q = list(p), list(q)
    while not q[-1]:
        q.pop()
    inverse = pow(q[-1], -1, prime)
    for shift in range(len(rest) - len(q), -1, -1):
        factor = rest.pop() * inverse % prime
        for k in range(len(q) - 1):
            rest[shift + k] = (rest[shift + k] - factor * q[k]) % prime
    return rest


@lru_cache(maxsize=64)
def _prime(radicands: frozenset[int]) -> tuple[int, dict[int, int]] | None:
    """A modulus, and in it the roots of all products of these squarefree integers."""
    for candidate in range(FIRST, FIRST - 4 * MOST_TRIED, -4):  # each is 3 modulo 4
        if pow(3, candidate - 1, candidate) == 1:
            roots = _roots(radicands, candidate)
            if roots is not None:
                return candidate, roots
    return None


def _roots(radicands: Iterable[int], prime: int) -> dict[int, int] | None:
    roots = {1: 1}
    for d in sorted(radicands):
        if d in roots:
            continue
        root = pow(d, (prime + 1) // 4, prime)
        if root * root % prime != d:
            return None
        for e, other in list(roots.items()):
            common = gcd(d, e)
            roots[(d // common) * (e // common)] = root * other * pow(common, -1, prime) % prime
    return roots
