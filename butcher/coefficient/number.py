"""Exact real numbers: sums of square roots of integers over the rationals.

An element of Q(sqrt d1, sqrt d2, ...) is held as integers over one common denominator, keyed by
squarefree radicand: (4 + 94*sqrt(6))/375 is {1: 4, 6: 94} over 375. Square roots of distinct
squarefree integers are linearly independent over Q (Besicovitch 1940), so equality is equality
of the integers, and nothing here is ever rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache, total_ordering
from math import gcd, isqrt

from butcher.coefficient.budget import spend

LARGEST_RADICAND = 10**12


class RadicandTooLargeError(ValueError):
    """A square root of a number whose squarefree part is not sought: it has over 12 digits."""


@lru_cache(maxsize=4096)
def squarefree(n: int) -> tuple[int, int]:
    """(s, d) with n = s^2 d and d squarefree, for 1 <= n <= 10^12."""
    if n > LARGEST_RADICAND:
        raise RadicandTooLargeError(n)
    root, rest, divisor = 1, n, 2
    # Only divisors up to the cube root matter: what is left then is a prime, a product of two
    # distinct primes, or a square of a prime.
    while divisor * divisor * divisor <= rest:
        while rest % (divisor * divisor) == 0:
            rest //= divisor * divisor
            root *= divisor
        if rest % divisor == 0:
            inner_root, inner = squarefree(rest // divisor)
            return root * inner_root, inner * divisor
        divisor += 1 if divisor == 2 else 2
    last = isqrt(rest)
    return (root * last, 1) if last * last == rest and rest > 1 else (root, rest)


@total_ordering
class Number:
    """An exact real number; immutable, hashable, ordered."""

    __slots__ = ("denominator", "terms")

    terms: tuple[tuple[int, int], ...]
    """(squarefree radicand, integer factor), sorted by radicand, no zero factors."""
    denominator: int

    def __init__(self, terms: Mapping[int, int] | Iterable[tuple[int, int]], denominator: int = 1):
        pairs = [(d, n) for d, n in dict(terms).items() if n]
        if len(pairs) > 1:
            pairs.sort()
        if pairs:
            longest = max(denominator.bit_length(), pairs[0][1].bit_length())
            spend(len(pairs), longest)
        common = gcd(denominator, *[n for _, n in pairs])
        if denominator < 0:
            common = -common
        self.terms = tuple((d, n // common) for d, n in pairs)
        self.denominator = denominator // common if pairs else 1

    @classmethod
    def of(cls, value: int | Fraction | Number) -> Number:
        """The number itself; never a float, which has been rounded already."""
        if isinstance(value, Number):
            return value
        return cls._rational(value.numerator, value.denominator)

    @classmethod
    def _rational(cls, above: int, below: int) -> Number:
        """above / below: what most numbers are, so made without a detour."""
        number = cls.__new__(cls)
        if not above:
            number.terms, number.denominator = (), 1
            return number
        common = gcd(above, below)
        if below < 0:
            common = -common
        above, number.denominator = above // common, below // common
        number.terms = ((1, above),)
        spend(1, max(number.denominator.bit_length(), above.bit_length()))
        return number

    @classmethod
    def sqrt(cls, value: Fraction) -> Number:
        """The square root of a rational number >= 0.

        Raises ValueError for a negative one and RadicandTooLargeError past 12 digits.
        """
        if value < 0:
            raise ValueError("the square root of a negative number is not real")
        if value == 0:
            return ZERO
        s, d = squarefree(value.numerator)
        t, e = squarefree(value.denominator)
        # sqrt(s^2 d / (t^2 e)) = s sqrt(d e) / (t e), and d, e have no common factor
        return cls({d * e: s}, t * e)

    # ------------------------------------------------------------------ arithmetic

    def __add__(self, other: Number | int | Fraction) -> Number:
        other = Number.of(other)
        if not self.terms or not other.terms:
            return other if not self.terms else self
        if self.is_rational and other.is_rational:
            first, second = self.terms[0][1], other.terms[0][1]
            if self.denominator == other.denominator:
                return Number._rational(first + second, self.denominator)
            return Number._rational(
                first * other.denominator + second * self.denominator,
                self.denominator * other.denominator,
            )
        common = gcd(self.denominator, other.denominator)
        left, right = other.denominator // common, self.denominator // common
        total = {d: n * left for d, n in self.terms}
        for d, n in other.terms:
            total[d] = total.get(d, 0) + n * right
        return Number(total, self.denominator * left)

    def __neg__(self) -> Number:
        return Number({d: -n for d, n in self.terms}, self.denominator)

    def __sub__(self, other: Number | int | Fraction) -> Number:
        return self + -Number.of(other)

    def __mul__(self, other: Number | int | Fraction) -> Number:
        other = Number.of(other)
        if not self.terms or not other.terms:
            return ZERO
        if other.is_rational:
            factor = other.terms[0][1]
            if self.is_rational:
                return Number._rational(
                    self.terms[0][1] * factor, self.denominator * other.denominator
                )
            scaled = [(d, n * factor) for d, n in self.terms]
            return Number(scaled, self.denominator * other.denominator)
        longest = max(self.terms[0][1].bit_length(), other.terms[0][1].bit_length(), 1)
        spend(len(self.terms) * len(other.terms) // 4, longest)
        total: dict[int, int] = {}
        for d, n in self.terms:
            for e, m in other.terms:
                common = gcd(d, e)
                radicand = (d // common) * (e // common)
                total[radicand] = total.get(radicand, 0) + n * m * common
        return Number(total, self.denominator * other.denominator)

    def inverse(self) -> Number:
        """1 / self, by multiplying with conjugates until no root is left below the line."""
        if not self.terms:
            raise ZeroDivisionError("division by an exact zero")
        above, below = ONE, self
        while not below.is_rational:
            conjugate = below._conjugate()
            above, below = above * conjugate, below * conjugate
        return above * Number({1: below.denominator}, below.terms[0][1])

    def _conjugate(self) -> Number:
        """The image under an automorphism of the field that moves the number."""
        split = self.terms[-1][0]
        for d, _ in self.terms:
            # sqrt(p) -> -sqrt(p), p a prime of `split`, flips what `split` divides and no more:
            # every radicand is to be a multiple of it or coprime to it.
            common = gcd(split, d)
            split = common if common > 1 else split
        odd = {d for d, _ in self.terms if d % split == 0}
        return Number({d: -n if d in odd else n for d, n in self.terms}, self.denominator)

    def __truediv__(self, other: Number | int | Fraction) -> Number:
        return self * Number.of(other).inverse()

    def __pow__(self, exponent: int) -> Number:
        if exponent < 0:
            return self.inverse() ** -exponent
        result, base = ONE, self
        while exponent:
            if exponent & 1:
                result = result * base
            exponent >>= 1
            if exponent:
                base = base * base
        return result

    __radd__ = __add__
    __rmul__ = __mul__

    # ------------------------------------------------------------------ comparison

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int | Fraction):
            other = Number.of(other)
        if not isinstance(other, Number):
            return NotImplemented
        return self.terms == other.terms and self.denominator == other.denominator

    def __hash__(self) -> int:
        return hash((self.terms, self.denominator))

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __lt__(self, other: Number | int | Fraction) -> bool:
        return (self - Number.of(other)).sign < 0

    @property
    def sign(self) -> int:
        """-1, 0 or 1. Decided by integer square roots of growing precision."""
        if not self.terms:
            return 0
        if len(self.terms) == 1:
            return 1 if self.terms[0][1] > 0 else -1
        bits = 64
        while True:
            value = self._scaled(bits)
            if abs(value) > len(self.terms):  # the sum of as many roundings, each below one
                return 1 if value > 0 else -1
            bits *= 2

    def _scaled(self, bits: int) -> int:
        """The numerator times 2^bits, each of its terms rounded by less than one."""
        if self.terms:
            spend(len(self.terms), bits + self.terms[0][1].bit_length())
        total = 0
        for d, n in self.terms:
            root = isqrt(n * n * d << 2 * bits)
            total += root if n > 0 else -root
        return total

    def __abs__(self) -> Number:
        return self if self.sign >= 0 else -self

    # ------------------------------------------------------------------ views

    @property
    def is_rational(self) -> bool:
        """Whether no root is left."""
        return not self.terms or (len(self.terms) == 1 and self.terms[0][0] == 1)

    @property
    def fraction(self) -> Fraction:
        """The value as a Fraction. Only for rational numbers."""
        if not self.is_rational:
            raise ValueError(f"{self} is not rational")
        return Fraction(self.terms[0][1] if self.terms else 0, self.denominator)

    @property
    def radicands(self) -> frozenset[int]:
        """The squarefree integers > 1 whose roots occur."""
        return frozenset(d for d, _ in self.terms if d != 1)

    def scaled(self, bits: int) -> int:
        """round(self * 2^bits), off by less than 1: fixed-point for ball arithmetic."""
        guard = 16 + len(self.terms).bit_length()
        value = self._scaled(bits + guard)
        return (value // self.denominator + (1 << (guard - 1))) >> guard

    def magnitude(self) -> Fraction:
        """An upper bound of |self|: itself if rational, else a little above it."""
        if self.is_rational:
            return abs(self.fraction)
        return Fraction(abs(self._scaled(64)) + len(self.terms), self.denominator << 64)

    def __float__(self) -> float:
        """The nearest double; infinite past its range."""
        if self.is_rational:
            value = self.fraction
        else:
            bits = 128
            while abs(self._scaled(bits)) < len(self.terms) << 80:
                bits *= 2
            value = Fraction(self._scaled(bits), self.denominator << bits)
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")

    def __str__(self) -> str:
        """As the language reads it: `-3/40`, `sqrt(6)/2`, `(4+94*sqrt(6))/375`."""
        if self.is_rational:
            return str(self.fraction)
        parts: list[str] = []
        for d, n in self.terms:
            root = f"sqrt({d})" if abs(n) == 1 else f"{abs(n)}*sqrt({d})"
            text = root if d != 1 else str(abs(n))
            sign = ("-" if n < 0 else "") if not parts else ("-" if n < 0 else "+")
            parts.append(sign + text)
        numerator = "".join(parts)
        if self.denominator == 1:
            return numerator
        return (
            f"({numerator})/{self.denominator}"
            if len(parts) > 1
            else (f"{numerator}/{self.denominator}")
        )

    def __repr__(self) -> str:
        return f"Number({self})"


ZERO = Number({})
ONE = Number({1: 1})
