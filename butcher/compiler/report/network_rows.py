"""What a report says of a method as a part of a network, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from butcher.analysis.network.amplification import Amplification
from butcher.analysis.network.concurrency import Concurrency
from butcher.analysis.network.cost import Cost
from butcher.analysis.network.variance import VarianceHeuristic
from butcher.compiler.precision import whole
from butcher.compiler.report.words import Row, approximate, count


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
    forms = {"as written": found.as_written, "emitted": found.emitted, "fused": found.fused}
    passes = ", ".join(f"{form.passes} {name}" for name, form in forms.items())
    yield "elementwise passes", passes
    yield "kernels", ", ".join(f"{form.kernels} {name}" for name, form in forms.items())


def _carried(found: Cost) -> str:
    text = f"{found.live_maps} if each is freed after its last use, {found.live_maps_floor} at best"
    if found.live_maps_rank is None or found.live_maps_rank == found.live_maps_floor:
        return text
    return f"{text}; their rank is {found.live_maps_rank}: the scheme factors"


def concurrency(found: Concurrency) -> Iterator[Row]:
    yield "critical path", count(found.critical_path, "evaluation")
    together = [" | ".join(level) for level in found.levels if len(level) > 1]
    yield "side by side", "; ".join(together) or "nothing"
