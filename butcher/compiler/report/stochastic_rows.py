"""What a report says of a scheme that draws numbers, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from butcher.analysis.modified.formula import summed
from butcher.analysis.stochastic.equation import ItoEquation
from butcher.analysis.stochastic.moments import Draw
from butcher.analysis.stochastic.update import Covariance
from butcher.analysis.stochastic.view import StochasticView
from butcher.compiler.report.words import Row

MOST_ENTRIES = 12
"""Covariances in a table."""


def stochastic(found: StochasticView) -> Iterator[Row]:
    for draw in found.draws:
        yield "drawn", _draw(draw)
    for update in found.updates:
        yield f"mean of {update.row}", summed((one, 0, of) for of, one in update.mean.items())
    entries = [(e.value, 0, _product(e)) for e in found.covariances if e.row == e.other_row]
    many = len(entries) > MOST_ENTRIES
    text = summed(entries[:MOST_ENTRIES]) if entries else ""
    yield "covariance", text + (", and more: --json has all" if many else "")
    if found.updates:
        settles = all(update.settles for update in found.updates)
        yield "in evaluation", "the mean" if settles else "not the mean: it is not affine"
    if again := [draw.symbol for draw in found.draws if draw.redrawn]:
        names = ", ".join(again)
        yield "backward", f"{names} drawn again: same mean and covariance, independent of forward"
    if found.nested:
        keys = ", ".join(found.nested)
        verb = "reads" if len(found.nested) == 1 else "read"
        yield "not known", f"mean and covariance: {keys} {verb} what was drawn"
    if found.equation is not None:
        yield from _equation(found.equation)
    else:
        yield "Ito equation", f"none: {found.reason}"


def _draw(draw: Draw) -> str:
    moments = f"mean {draw.mean}, variance {draw.variance}, third {draw.third}"
    return f"{draw.symbol} ~ {draw.distribution} per {draw.per}: {moments}"


def _product(entry: Covariance) -> str:
    """`k1 k1^T`, `(k1 k2^T + k2 k1^T)`."""
    one, other = entry.source, entry.other_source
    return f"{one} {one}^T" if one == other else f"({one} {other}^T + {other} {one}^T)"


def _equation(found: ItoEquation) -> Iterator[Row]:
    yield "Ito equation", found.small_noise
    yield "weak order in h", _order(found)
    yield "or, at h = 1", found.diffusive
    if found.diffusive_order is not None:
        moments = ", ".join(f"{one.value} of {one.of}" for one in found.third[:MOST_ENTRIES])
        why = "third moments vanish" if not found.third else f"1 where these vanish: {moments}"
        yield "weak order in dt", f"{found.diffusive_order}: {why}"


def _order(found: ItoEquation) -> str:
    if found.weak_order is None:
        return "not known of several steps"
    added = [
        f"h ({summed((one, 0, what) for what, one in terms.items())}) dt in d{state}"
        for state, terms in (found.correction or {}).items()
        if terms
    ]
    more = f"; 2 with {' and '.join(added)}" if added else ""
    return f"{found.weak_order}{more}"
