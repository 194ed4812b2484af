"""The rank of a matrix of coefficients, exactly.

Modulo a prime it is found at once and never too large: a minor that is not zero modulo a prime is
not zero. Mostly it equals an upper bound that is known, and is proved; else exact elimination
decides, if that is not too much work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zlib import crc32

from butcher.coefficient import ZERO, Coefficient, Number

LARGEST_MODULAR = 2_000_000
"""Multiplications, half a microsecond each."""

LARGEST_EXACT = 2_000_000
"""Multiplications times the square of the length of a number in units of 100 bits."""


def generic(coefficient: Coefficient) -> Number:
    """The value at one fixed point in general position: relations that hold between coefficients
    at the start values of symbols alone do not hold there. ZeroDivisionError at a pole.
    """
    names = coefficient.names
    return coefficient.evaluate({name: Number.of(crc32(name.encode()) | 1) for name in names})


class Residues:
    """A homomorphism from a field of square roots to the integers modulo a prime."""

    def __init__(self, numbers: Sequence[Number]) -> None:
        radicands = sorted({radicand for number in numbers for radicand in number.radicands})
        denominators = {number.denominator for number in numbers}
        self.prime = (1 << 61) - 1
        while not (self._roots(radicands) and all(d % self.prime for d in denominators)):
            self.prime = _next_prime(self.prime)

    def _roots(self, radicands: Sequence[int]) -> bool:
        """Whether every one has a root; then `roots` has them, products those of products."""
        p = self.prime
        self.roots = {1: 1}
        for radicand in radicands:
            if radicand in self.roots:
                continue
            root = pow(radicand, (p + 1) // 4, p)
            if root * root % p != radicand % p:
                return False
            for other, known in list(self.roots.items()):
                ((product, square),) = (Number({other: 1}) * Number({radicand: 1})).terms
                self.roots[product] = known * root * pow(square, -1, p) % p
        return True

    def of(self, number: Number) -> int:
        above = sum(n * self.roots[d] for d, n in number.terms)
        return above * pow(number.denominator, -1, self.prime) % self.prime


def _next_prime(above: int) -> int:
    """The next one that is 3 modulo 4, so that roots are powers."""
    found = above + 4 - (above + 1) % 4
    while not _is_prime(found):
        found += 4
    return found


def _is_prime(n: int) -> bool:
    """Miller-Rabin with the bases that decide below 3 * 10^24 (Sorenson, Webster 2015)."""
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
    if any(n % base == 0 for base in bases):
        return n in bases
    twos = ((n - 1) & (1 - n)).bit_length() - 1
    for base in bases:
        power = pow(base, n >> twos, n)
        if power in (1, n - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % n
            if power == n - 1:
                break
        else:
            return False
    return True


class Ranks:
    """Ranks of parts of one matrix; the work of all of them together is bounded."""

    def __init__(self, rows: Sequence[Mapping[int, Number]]) -> None:
        """`rows` hold column -> entry, without zeros."""
        self.rows = rows
        residues = Residues([entry for row in rows for entry in row.values()])
        self.prime = residues.prime
        self.residues = [{j: residues.of(entry) for j, entry in row.items()} for row in rows]
        self.modular, self.exact = LARGEST_MODULAR, LARGEST_EXACT

    def rank(self, rows: Sequence[int], before: int, at_most: int) -> int | None:
        """The rank of these rows, of the columns with numbers less than `before`.

        at_most   an upper bound that is known. None if it would take too long.
        """
        columns = sorted({j for i in rows for j in self.rows[i] if j < before})
        self.modular -= len(rows) * len(columns) * at_most
        if self.modular < 0:
            return None
        dense = [[self.residues[i].get(j, 0) for j in columns] for i in rows]
        found = _modular_rank(dense, self.prime)
        if found == at_most:
            return found
        entries = [[self.rows[i].get(j, ZERO) for j in columns] for i in rows]
        self.exact -= _exact_work(entries, found)
        return _exact_rank(entries) if self.exact >= 0 else None


def _modular_rank(rows: list[list[int]], prime: int) -> int:
    """By elimination; the rows are used up."""
    found = 0
    while rows:
        pivot = rows.pop()
        place = next((i for i, entry in enumerate(pivot) if entry), None)
        if place is None:
            continue
        found += 1
        scale = pow(pivot[place], -1, prime)
        for row in rows:
            if row[place]:
                factor = prime - row[place] * scale % prime
                row[:] = [(x + factor * y) % prime for x, y in zip(row, pivot, strict=True)]
    return found


def _exact_work(rows: list[list[Number]], rank: int) -> int:
    """Entries become quotients of minors, `rank` times as long as those of the matrix."""
    numbers = [entry for row in rows for entry in row if entry]
    bits = max((n.denominator.bit_length() + _length(n) for n in numbers), default=0)
    terms = len({radicand for n in numbers for radicand in n.radicands}) + 1
    longest = terms + bits * (rank + 1) * terms // 100
    return sum(map(len, rows)) * (rank + 1) * longest**2


def _length(number: Number) -> int:
    return max(abs(n).bit_length() for _, n in number.terms)


def _exact_rank(rows: list[list[Number]]) -> int:
    """Likewise, in the field itself."""
    found = 0
    while rows:
        pivot = rows.pop()
        place = next((i for i, entry in enumerate(pivot) if entry), None)
        if place is None:
            continue
        found += 1
        scale = pivot[place].inverse()
        for row in rows:
            if row[place]:
                factor = -(row[place] * scale)
                row[:] = [x + factor * y for x, y in zip(row, pivot, strict=True)]
    return found
