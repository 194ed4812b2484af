"""The values of a symbol for which a method is zero-stable, decided exactly.

The root condition can change at finitely many values alone (see `critical_points`). It is decided
at each of them, by exact arithmetic also where such a value has no closed form, and at one
rational value between neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from butcher.analysis.polynomials.algebraic import Algebraic
from butcher.analysis.polynomials.critical_points import Family, at, between, critical_points
from butcher.analysis.polynomials.roots import is_von_neumann
from butcher.analysis.polynomials.sturm import RealRoot, SturmChain
from butcher.analysis.polynomials.univariate import Polynomial, squarefree_part, times
from butcher.coefficient import Number, shown

Bound = Number | float | None

BITS = 160
"""To which a critical value without a closed form is refined: most signs are then plain."""


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, None where it does not end; a float is right to all its digits."""

    low: Bound
    high: Bound
    low_included: bool
    high_included: bool

    def text(self, name: str) -> str:
        """`-1 < k <= 1`, `k = 0`, `k > 0`."""
        if self.low is not None and self.low == self.high:
            return f"{name} = {bound_text(self.low)}"
        below = "<=" if self.low_included else "<"
        above = "<=" if self.high_included else "<"
        if self.low is None and self.high is None:
            return f"every {name}"
        if self.low is None:
            return f"{name} {above} {bound_text(self.high)}"
        if self.high is None:
            return f"{name} {below.replace('<', '>')} {bound_text(self.low)}"
        return f"{bound_text(self.low)} {below} {name} {above} {bound_text(self.high)}"


def bound_text(bound: Bound) -> str:
    if isinstance(bound, Number):
        return shown(bound)
    return f"{bound:.12g}"


@dataclass(frozen=True)
class Region:
    """intervals   disjoint, in order; empty if no value is stable.
    double      values outside it only because a root on the unit circle is double there: u' = f(u)
                does not allow that, u'' = f(u) does.
    """

    intervals: tuple[Interval, ...]
    double: tuple[Number | float, ...]

    def text(self, name: str) -> str:
        """`-1 < k <= 1`, several intervals with `or` between them."""
        if not self.intervals:
            return f"no {name}"
        return " or ".join(interval.text(name) for interval in self.intervals)


def region(family: Family, poles: Polynomial, multiplicity: int) -> Region:
    """Where all roots z lie in the closed disc, those on the circle at most `multiplicity` times;
    zeros of `poles`, and of the leading coefficient, do not belong to it.
    """
    first = next(k for k, a in enumerate(family) if a)
    family = family[first:]
    poles = times(poles, family[-1])
    places = reduce(times, map(squarefree_part, critical_points(family)), squarefree_part(poles))
    ends = SturmChain(places).roots
    points = [_Point.at(family, poles, multiplicity, root) for root in ends]
    others = [is_von_neumann(at(family, s), multiplicity) for s in between(ends)]
    return Region(
        tuple(_joined(points, others)),
        tuple(p.place for p in points if p.inside_if_double and not p.inside),
    )


@dataclass(frozen=True)
class _Point:
    """A critical value: whether it belongs to the region, and whether it would if roots on the
    circle might be double.
    """

    place: Number | float
    inside: bool
    inside_if_double: bool

    @classmethod
    def at(cls, family: Family, poles: Polynomial, multiplicity: int, root: RealRoot) -> _Point:
        if not root.sign_of(poles):
            return cls(root.place, False, False)
        inside = holds_at(family, root, multiplicity)
        return cls(root.place, inside, inside or holds_at(family, root, 2))


def holds_at(family: Family, root: RealRoot, multiplicity: int) -> bool:
    """Whether the root condition holds at a root of another polynomial."""
    if root.exact is not None:
        return is_von_neumann(at(family, root.exact), multiplicity)
    near = root.refined(BITS)
    return is_von_neumann([Algebraic.of(near, a) for a in family], multiplicity)


def _joined(points: Sequence[_Point], others: Sequence[bool]) -> Iterator[Interval]:
    """The intervals that the critical values and what lies between them make up."""
    low: Bound = None
    included, is_open = False, others[0]
    for point, after in zip(points, others[1:], strict=True):
        if is_open and not (point.inside and after):
            yield Interval(low, point.place, included, point.inside)
        elif not is_open and point.inside and not after:
            yield Interval(point.place, point.place, True, True)
        if not (is_open and point.inside and after):
            low, included = point.place, point.inside
        is_open = after
    if is_open:
        yield Interval(low, None, included, False)
