"""Numbers as texts: how one is written, how far two are apart, and which nobody would write."""

from __future__ import annotations

import re
from fractions import Fraction
from math import gcd, isqrt

from butcher.analysis.entry import Entry
from butcher.coefficient import Number, shown

LONGEST = 2000
"""Characters of a text that is looked at closely."""


def near(one: Entry) -> Fraction:
    """The value, or a fraction next to it."""
    if one.value.is_rational:
        return one.value.fraction
    return Fraction(one.value.scaled(256), 1 << 256)


def as_decimal(one: Entry, places: int) -> str | None:
    """With as many places as it takes, `places` at least; None if 60, or these, do not do."""
    value = near(one)
    for count in range(places, max(places, 60) + 1):
        nearest = round(value * 10**count)
        if one.may_be(Number.of(Fraction(nearest, 10**count))):
            digits = str(abs(nearest)).rjust(count + 1, "0")
            sign = "-" if nearest < 0 else ""
            return f"{sign}{digits[:-count]}.{digits[-count:]}" if count else f"{sign}{digits}"
    return None


def plain(one: Entry) -> str:
    """The value by itself: exact, or the simplest fraction or decimal its digits leave open."""
    if not one.radius:
        return shown(one.value)
    middle, radius = near(one), one.radius
    fraction = middle.limit_denominator(10_000)
    if abs(middle - fraction) <= radius and fraction.denominator**2 * radius < Fraction(1, 1000):
        return str(fraction)
    return as_decimal(one, 0) or shown(Number.of(middle))


def alike(old: str, new: str) -> tuple[int, int]:
    """How many characters are the same at the start and, behind these, at the end."""
    most = min(len(old), len(new))
    start = next((i for i in range(most) if old[i] != new[i]), most)
    end = next((i for i in range(most - start) if old[-1 - i] != new[-1 - i]), most - start)
    return start, end


def distance(old: str, new: str) -> int:
    """Characters to change, insert or leave out, or neighbours to exchange (Damerau)."""
    start, end = alike(old, new)
    old, new = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(old), len(new)) > 100:
        return max(len(old), len(new))
    before: list[int] = []
    last: list[int] = []
    line = list(range(len(new) + 1))
    for i, a in enumerate(old, 1):
        before, last, line = last, line, [i]
        for j, b in enumerate(new, 1):
            best = min(last[j] + 1, line[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == new[j - 2] and old[i - 2] == b:
                best = min(best, before[j - 2] + 1)
            line.append(best)
    return line[-1]


def is_decimal(text: str) -> bool:
    """Whether it is one decimal literal."""
    digits = text.removeprefix("-").lower()
    return "." in digits and digits.replace(".", "", 1).replace("e-", "", 1).isdigit()


def oddness(text: str) -> int:
    """How unlikely it is that somebody meant this: long numbers, signs, what is not reduced."""
    text = text[:LONGEST]
    literals = re.findall(r"[\d.]+", text)
    integers = [int(digits) for digits in literals if digits.isdigit()]
    size = sum(len(digits) for digits in literals) + text.count("-")
    size += 2 * sum(n.bit_length() for n in integers)
    size += _ODD * sum(n == 0 for n in integers)
    if re.fullmatch(r"-?\d+/\d+", text) and (gcd(*integers) > 1 or integers[1] == 1):
        size += _ODD
    roots = (int(n) for n in re.findall(r"sqrt\((\d+)\)", text))
    return size + _ODD * sum(isqrt(n) ** 2 == n for n in roots)


_ODD = 16
