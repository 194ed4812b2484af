"""What a report says of a method as a part of a network, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from butcher.analysis.network.amplification import Amplification
from butcher.analysis.network.carried import Cut
from butcher.analysis.network.concurrency import Concurrency
from butcher.analysis.network.cost import Cost
from butcher.analysis.network.variance import VarianceHeuristic
from butcher.compiler.precision import whole
from butcher.compiler.report.words import TOO_LONG, Row, approximate, count

MOST_CUTS = 40
"""Lines of one table; a method that is swept may evaluate 256 times."""

MOST_NAMES = 16
"""In one line; a block may have 1,980 states."""


def amplification(found: Amplification) -> Iterator[Row]:
    rows = {row.key: row for row in found.rows}
    if found.largest_row is not None:
        row = rows[found.largest_row]
        name = f"{row.key} ({', '.join(row.evaluations)})" if row.evaluations else row.key
        yield "largest sum |a_ij|", f"{approximate(row.amplification)} in {name}"
    if found.worst_error is not None:
        error = f"at most {whole(found.worst_error)} units of roundoff, {found.worst_row}"
        yield "rounding error", error
    bounds = [
        f"{approximate(p.predicted_error, 2)} in {p.dtype}"
        for p in found.precisions
        if p.predicted_error is not None
    ]
    yield "of the state", ", ".join(bounds)
    yield "at risk in", ", ".join(p.dtype for p in found.precisions if p.safe is False)


def variance(found: VarianceHeuristic) -> Iterator[Row]:
    yield "with He's initialisation", approximate(found.heuristic_growth_he)
    yield "with normalised branches", approximate(found.heuristic_growth_normalised)
    if found.heuristic_growth_per_block != found.heuristic_growth_he:
        yield "a block among many", approximate(found.heuristic_growth_per_block)


def cost(found: Cost) -> Iterator[Row]:
    yield "evaluations", str(found.evaluations)
    yield "maps carried", _carried(found)
    yield "maps saved to train", f"{found.saved_maps} besides those of the sub-nets"
    forms = {"as written": found.as_written, "emitted": found.emitted, "gathered": found.gathered}
    passes = ", ".join(f"{form.passes} {name}" for name, form in forms.items())
    yield "elementwise passes", passes
    yield "kernels", ", ".join(f"{form.kernels} {name}" for name, form in forms.items())


def _carried(found: Cost) -> str:
    kept = found.live_maps
    if kept == found.live_maps_floor:
        return str(kept)
    return f"{found.live_maps_floor} at most, {kept} if each k were kept to its last use"


def carried(found: Cost) -> Iterator[Row]:
    """A line for every evaluation: the values that are kept, the sums that are begun."""
    for cut in found.cuts[:MOST_CUTS]:
        yield cut.cover.evaluation, _cut(cut)
    if left := found.cuts[MOST_CUTS:]:
        yield "and so on", f"{count(len(left), 'more evaluation')}; --json has all"
    yield "rank", _rank(found)


def _cut(cut: Cut) -> str:
    cover = cut.cover
    parts = [f"keeps {_names(cover.values)}"] if cover.values else []
    parts += [f"sums {_names(cover.sums)}"] if cover.sums else []
    parts += [f"rank {cut.rank}"] if cut.rank not in {None, len(cover)} else []
    return f"{len(cover)}: {'; '.join(parts)}" if parts else "0"


def _names(keys: Sequence[str]) -> str:
    shown = ", ".join(keys[:MOST_NAMES])
    return shown if len(keys) <= MOST_NAMES else f"{shown} and {len(keys) - MOST_NAMES} more"


def _rank(found: Cost) -> str:
    """Whether any schedule could do with less."""
    if not found.cuts:
        return ""
    if any(cut.rank is None for cut in found.cuts):
        return f"not known: {TOO_LONG}"
    if all(cut.rank == len(cut.cover) for cut in found.cuts):
        return "the same everywhere: no schedule carries fewer"
    return f"{found.live_maps_rank} at most: the scheme factors, and could carry fewer"


def concurrency(found: Concurrency) -> Iterator[Row]:
    yield "critical path", count(found.critical_path, "evaluation")
    together = [" | ".join(level) for level in found.levels if len(level) > 1]
    yield "side by side", "; ".join(together) or "nothing"
