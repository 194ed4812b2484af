"""`sweep`: from what is asked to what is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from butcher.laboratory.findings import Findings
from butcher.laboratory.study import Request, checked, trained
from butcher.laboratory.study.depths import places
from butcher.laboratory.sweep.rates import cells
from butcher.laboratory.sweep.reach import Sweep, Trials
from butcher.laboratory.sweep.tables import findings


def sweep(
    request: Request, rates: Sequence[float], bar: float | None, say: Callable[[str], None]
) -> tuple[Findings, int]:
    """Train every variant at every rate, as far as that is not done, and see how far each trains.

    Also, how many runs failed. `bar` is the validation accuracy above which a run has trained;
    None: see `Sweep`. Raises what `places`, `checked` and `trained` do.
    """
    found, remarks = places(request, ())
    grid = cells([place.cell for place in found], rates)
    planned = request.planned([cell for row in grid for cell in row])
    classes = {built.classes for built in checked(planned).values()}
    results = trained(planned, request.jobs, say)
    failed = tuple(r for r in results if r.outcome == "failed")
    ended = [r for r in results if r.outcome != "failed"]
    trials = tuple(
        Trials(
            row[0].variant, tuple(rates), tuple(tuple(r for r in ended if r.cell == c) for c in row)
        )
        for row in grid
    )
    swept = Sweep(trials, 1 / max(classes), bar, failed)
    return findings(swept, request.said(), remarks), len(failed)
