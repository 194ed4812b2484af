"""By how much cells must change, from the conditions that fail.

The lowest conditions give the value of one cell, in which they are linear or quadratic; the sum of
a row and one condition give those of two cells. What is found holds in the conditions of `Checks`
and is not yet proved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from math import isqrt

from butcher.analysis.conditions.ring import Ball
from butcher.analysis.conditions.shapes import Shape, density
from butcher.analysis.entry import Entry
from butcher.analysis.repair.checks import Check, Checks
from butcher.analysis.repair.tableau import Cell, Change
from butcher.coefficient import ONE, ZERO, Number

MOST_GRADIENTS = 4
"""Conditions whose derivatives by all cells are computed."""


# ---------------------------------------------------------------------- one cell


def from_conditions(checks: Checks) -> Iterator[Change]:
    """Weights, and cells of rows whose node is not written: what the first conditions want."""
    gradients = [
        (check, checks.gradient(checks.fixed, check.target, check.tree))
        for check in checks.failing[:MOST_GRADIENTS]
    ]
    for cell in checks.tableau.cells:
        if cell.source is None or (cell.row, cell.slot) in checks.tableau.nodes:
            continue
        slopes = [
            (check, checks.fixed.slope(cell, gradient, check.target, check.tree))
            for check, gradient in gradients
        ]
        yield from _from_slopes(checks, cell, [s for s in slopes if abs(s[1]) > checks.noise])


def _from_slopes(checks: Checks, cell: Cell, slopes: list[tuple[Check, int]]) -> Iterator[Change]:
    """What a cell has to change by; `slopes` are the derivatives of conditions by it."""
    slopes.sort(key=lambda one: Fraction(one[0].radius, abs(one[1])))
    for check, slope in slopes:
        by = check.missing * checks.unit // slope
        if checks.passes([(cell, by)], check):  # on which it is linear, so this is the only way
            if checks.passes([(cell, by)]):
                yield from _linear(checks, cell, check, slope)
            return
    yield from _quadratic(checks, cell)


def _linear(checks: Checks, cell: Cell, check: Check, slope: int) -> Iterator[Change]:
    """(wanted - got) / slope: exact where the table is."""
    got = check.failure.got
    if isinstance(got, Ball):
        by = checks.numbers.number(check.missing * checks.unit // slope)
        radius = 2 * check.radius * checks.unit // abs(slope)
        yield Change(cell, Entry(by, Fraction(radius + 1, checks.unit)))
        return
    changed = checks.exact.changed([(cell, ONE)]).weight(check.target, check.tree)
    exact = changed - checks.exact.weight(check.target, check.tree)
    if exact:
        yield Change(cell, Entry((check.failure.wanted - got) / exact))


def _quadratic(checks: Checks, cell: Cell) -> Iterator[Change]:
    """From the first condition that is curved in the cell; rational roots are found."""
    for check in checks.failing:
        plus, minus = (
            checks.fixed.changed([(cell, by)]).weight(check.target, check.tree)
            for by in (checks.unit, -checks.unit)
        )
        square, slope = (plus + minus) // 2 - check.got, (plus - minus) // 2
        if abs(square) < checks.noise:
            continue
        under = slope * slope + 4 * square * check.missing
        for root in (isqrt(under), -isqrt(under)) if under >= 0 else ():
            by = (root - slope) * checks.unit // (2 * square)
            if checks.passes([(cell, by)]):
                largest = 1 << checks.numbers.bits // 3
                near = Fraction(by, checks.unit).limit_denominator(largest)
                yield Change(cell, Entry(Number.of(near)))
        return


# ---------------------------------------------------------------------- two cells


def shared(checks: Checks, cells: Sequence[Cell], missing: Number) -> Iterator[list[Change]]:
    """Two cells of a row that together must change by what is missing for its sum.

    With all of it in one of them the row sums to its node; how much of it belongs to the other
    the lowest conditions that then fail say.
    """
    if not checks.others:
        return
    whole = checks.numbers.of(missing)
    for number, first in enumerate(cells[:-1]):
        moved = checks.fixed.changed([(first, whole)])
        failing = (c for c in checks.others if abs(moved.weight(c[0], c[1]) - c[2]) > checks.noise)
        for target, tree, wanted in islice(failing, 2):
            off = wanted - moved.weight(target, tree)
            gradient = checks.gradient(moved, target, tree)
            slope = moved.slope(first, gradient, target, tree)
            for second in cells[number + 1 :]:
                other = moved.slope(second, gradient, target, tree) - slope
                by = off * checks.unit // other if abs(other) > checks.noise else 0
                if by and checks.passes([(first, whole - by), (second, by)]):
                    yield _shared_exactly(checks, first, second, missing, target, tree)


def _shared_exactly(
    checks: Checks, first: Cell, second: Cell, missing: Number, target: int, tree: Shape
) -> list[Change]:
    """Two values of the condition, linear in the share, say where it is what it should be."""
    some, more = (
        checks.exact.changed([(first, missing - by), (second, by)]).weight(target, tree)
        for by in (ZERO, ONE)
    )
    by = (Number({1: 1}, density(tree)) - some) / (more - some)
    return [Change(first, Entry(missing - by)), Change(second, Entry(by))]
