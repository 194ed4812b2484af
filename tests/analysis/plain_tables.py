"""Tableaus read and orders found without any of the package, for second opinions.

Cells are read by regular expressions, trees and their densities are kauri's, and weights are
computed one tree after the other as the textbook defines them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, product

import kauri
import mpmath

mp = mpmath.mp.clone()
mp.dps = 100

Real = Fraction | mpmath.mpf
Matrix = Sequence[Sequence[Real]]
Tree = tuple["Tree", ...]

RULE = re.compile(r"^[-+|= ]*--[-+|= ]*$", re.MULTILINE)


@dataclass(frozen=True)
class Table:
    """A, the rows of weights under their labels, and what the numbers may be off by."""

    A: list[list[Real]]
    weights: dict[str, list[Real]]
    tolerance: float

    @property
    def b(self) -> list[Real]:
        return self.weights["b"]

    @property
    def bhat(self) -> list[Real] | None:
        if "err" in self.weights:
            return [x - y for x, y in zip(self.b, self.weights["err"], strict=True)]
        return self.weights.get("bhat")


def value(text: str) -> Real:
    """`.`, `a/b`, a decimal, or `(a+b*sqrt(d))/c` and its like."""
    if text == ".":
        return Fraction(0)
    if text.startswith("-("):
        return -value(text[1:])
    above, below = text, "1"
    if match := re.fullmatch(r"(.+)/(\d+)", text):
        above, below = match[1], match[2]
    inner = above[1:-1] if above.startswith("(") else above
    total: Real = Fraction(0)
    for term in re.findall(r"[+-]?[^+-]+", inner):
        factor: Real = Fraction(-1 if term.startswith("-") else 1)
        for part in term.lstrip("+-").split("*"):
            root = re.fullmatch(r"sqrt\((\d+)\)", part)
            factor = real(factor) * mp.sqrt(int(root[1])) if root else factor * _plain(part, factor)
        total = factor if not total else real(total) + real(factor)
    return total / int(below)


def _plain(part: str, like: Real) -> Real:
    return Fraction(part) if isinstance(like, Fraction) else real(Fraction(part))


def real(number: Real) -> mpmath.mpf:
    if isinstance(number, Fraction):
        return mp.mpf(number.numerator) / number.denominator
    return number


def read(text: str) -> list[Table]:
    """The tables of a file, one a `tableau`."""
    bodies = re.split(r"^ *tableau.*$", text, flags=re.MULTILINE)[1:]
    return [_read(body) for body in bodies]


def _read(body: str) -> Table:
    above, below = RULE.split(body)
    stages = [cells for _, cells in _rows(above)]
    labels = ["b", "bhat"]
    weights = {label or labels[i]: cells for i, (label, cells) in enumerate(_rows(below))}
    s = len(stages)
    digits = [len(d.lstrip("-0.").replace(".", "")) for d in re.findall(r"-?\d+\.\d+", body)]
    rounded = [d for d in digits if d >= 15]
    return Table(
        [_padded(row, s) for row in stages],
        {label: _padded(row, s) for label, row in weights.items()},
        10.0 ** (6 - min(rounded)) if rounded else 1e-80 if "sqrt" in body else 0.0,
    )


def _rows(text: str) -> list[tuple[str, list[Real]]]:
    rows: list[list[str]] = []
    for line in re.sub(r"#.*", "", text).splitlines():
        if "|" in line:
            rows.append(line.split("|"))
        elif rows:
            rows[-1][1] += " " + line
    return [(label.strip(), [value(cell) for cell in cells.split()]) for label, cells in rows]


def _padded(row: list[Real], stages: int) -> list[Real]:
    return row + [Fraction(0)] * (stages - len(row))


# ---------------------------------------------------------------------- order


def branches(tree: Tree) -> Tree:
    """The subtrees; kauri puts the colour of the root behind them."""
    return tree[:-1]


def order(A: Matrix, b: Sequence[Real], tolerance: float = 0.0) -> int:
    """The highest order of which every condition holds; exactly if nothing may be off."""
    if tolerance:
        A, b = [[real(x) for x in row] for row in A], [real(x) for x in b]
    known: dict[Tree, list[Real]] = {}
    for n in count(1):
        for tree in kauri.trees_of_order(n):
            got = weight(A, b, tree.list_repr, known)
            if abs(got - Fraction(1, tree.factorial())) > tolerance:
                return n - 1
    raise AssertionError


def weight(
    A: Matrix, b: Sequence[Real], tree: Tree, known: dict[Tree, list[Real]] | None = None
) -> Real:
    """The elementary weight; `known` remembers those of subtrees."""
    remembered = {} if known is None else known

    def inner(tree: Tree) -> list[Real]:
        if tree not in remembered:
            found: list[Real] = [Fraction(1)] * len(A)
            for branch in branches(tree):
                found = [x * _dot(row, inner(branch)) for x, row in zip(found, A, strict=True)]
            remembered[tree] = found
        return remembered[tree]

    return _dot(b, inner(tree))


def _dot(left: Sequence[Real], right: Sequence[Real]) -> Real:
    return sum((x * y for x, y in zip(left, right, strict=True) if x and y), start=Fraction(0))


Coloured = tuple[str, tuple["Coloured", ...]]


def coloured_order(
    tables: dict[str, tuple[Matrix, Sequence[Real]]],
    grow: dict[str, str],
    tolerance: float = 0.0,
) -> int:
    """Of several slots, each with its A and b; `grow` are the colours that grow on a colour."""

    def colourings(tree: Tree, allowed: Iterable[str]) -> list[Coloured]:
        return [
            (colour, found)
            for colour in allowed
            for found in product(*(colourings(one, grow[colour]) for one in branches(tree)))
        ]

    def inner(tree: Coloured, stage: int) -> Real:
        found: Real = Fraction(1)
        for branch in tree[1]:
            row = tables[branch[0]][0][stage]
            found = found * _dot(row, [inner(branch, j) for j in range(len(row))])
        return found

    for n in count(1):
        for tree in kauri.trees_of_order(n):
            for one in colourings(tree.list_repr, tables):
                b = tables[one[0]][1]
                got = _dot(b, [inner(one, i) for i in range(len(b))])
                if abs(got - Fraction(1, tree.factorial())) > tolerance:
                    return n - 1
    raise AssertionError
