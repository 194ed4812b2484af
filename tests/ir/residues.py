"""Exact values that never grow: numbers modulo a prime in which 2, 3, 5, 7, 11, 13 have roots.

Squaring a fraction doubles its digits; twenty times are too many. Two different polynomials agree
modulo this prime at a point made by chance only about once in 10^15.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache

from butcher.coefficient import Number
from butcher.ir.graph import Evaluation, Graph
from butcher.ir.interpret import Result, Slots, interpret

PRIME = 2305843009213682039


@cache
def root(n: int) -> int:
    """A square root of a squarefree n; roots of products are products of roots."""
    found = 1
    for p in (2, 3, 5, 7, 11, 13):
        if n % p == 0:
            n //= p
            found = found * pow(p, (PRIME + 1) // 4, PRIME) % PRIME
    assert n == 1, "a root of another prime"
    return found


def reduced(number: Number) -> int:
    above = sum(factor * root(radicand) for radicand, factor in number.terms)
    return above * pow(number.denominator, -1, PRIME) % PRIME


@dataclass(frozen=True)
class Residue:
    value: int

    def __add__(self, other: Residue) -> Residue:
        return Residue((self.value + other.value) % PRIME)

    def __mul__(self, other: Number | Residue) -> Residue:
        factor = reduced(other) if isinstance(other, Number) else other.value
        return Residue(self.value * factor % PRIME)


def residue(*text: str) -> Residue:
    """By chance, but the same in every run."""
    digest = b"".join(zlib.crc32(f"{i}{text}".encode()).to_bytes(4, "big") for i in range(2))
    return Residue(int.from_bytes(digest, "big") % PRIME)


def slots(graph: Graph) -> Slots[Residue]:
    """Each group its own function, y^2 + a y + b, with time t y more."""

    def function(evaluation: Evaluation, time: Number, y: Residue) -> Residue:
        a, b = residue(evaluation.group, "a"), residue(evaluation.group, "b")
        return y * y + y * a + b + (y * time if evaluation.slot in graph.timed else y)

    return function


def states(graph: Graph) -> dict[str, Residue]:
    return {key: residue("state", key) for key in graph.state}


def symbols(graph: Graph) -> dict[str, Number]:
    """Values that are no start values, and all different."""
    return {symbol.name: Number.of(7 + 3 * i) / (11 + i) for i, symbol in enumerate(graph.symbols)}


def run(graph: Graph, *, of: Graph | None = None) -> Result[Residue]:
    """The block on the states and symbols made for `of`, of which it may have fewer."""
    whole = of or graph
    return interpret(
        graph,
        {key: value for key, value in states(whole).items() if key in graph.state},
        slots(graph),
        symbols=symbols(whole),
        t=Number.of(5) / 3,
    )
