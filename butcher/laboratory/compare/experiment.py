"""`compare`: from what is asked to what is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from butcher.laboratory.compare.comparison import Comparison, Row
from butcher.laboratory.compare.tables import findings
from butcher.laboratory.findings import Findings
from butcher.laboratory.study import Request, StudyError, checked, trained
from butcher.laboratory.study.depths import places


def compare(
    request: Request, depths: Sequence[int], target: float, say: Callable[[str], None]
) -> tuple[Findings, int]:
    """Train what is not trained yet, and put it side by side; also, how many runs failed.

    `target` is the validation accuracy whose time is asked for. Raises what `checked` and
    `trained` do.
    """
    if len(request.variants) < 2:
        raise StudyError("a comparison is of two variants at least, such as: euler rk4")
    found, remarks = places(request, sorted(set(depths)))
    planned = request.planned([place.cell for place in found])
    built = checked(planned)
    results = trained(planned, request.jobs, say)
    rows = [
        Row(place, built[place.cell], tuple(r for r in results if r.cell == place.cell))
        for place in found
    ]
    failed = sum(r.outcome == "failed" for r in results)
    return findings(
        Comparison(tuple(rows), target, request.variants[0].label), request.said(), remarks
    ), failed
