"""The tables of the page on networks are what the analyses say."""

import re
from pathlib import Path

from butcher.analysis.network.amplification import amplification
from butcher.analysis.network.concurrency import concurrency
from butcher.analysis.network.cost import cost
from butcher.analysis.network.variance import variance
from butcher.compiler import load
from butcher.compiler.sweeps import straightened
from butcher.ir.graph import Graph
from butcher.ir.lower import lower

PAGE = Path(__file__).parent.parent.parent / "docs" / "networks.md"


def table(first: str) -> dict[str, list[str]]:
    """The rows of the table whose second column has this head, by method."""
    _, _, rest = PAGE.read_text("utf-8").partition(f"| block | {first} |")
    lines = rest.split("\n\n")[0].splitlines()[2:]
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return {re.sub("`", "", name): values for name, *values in cells}


def block(name: str) -> Graph:
    return straightened(lower(load(name)))


def test_rounding_is_as_printed() -> None:
    rows = table("largest amplification")
    assert len(rows) > 5
    for name, printed in rows.items():
        found = amplification(block(name))
        largest = max(row.amplification for row in found.rows)
        errors = {p.dtype: p.predicted_error for p in found.precisions}
        halves = [f"{errors[dtype]:.2g}" for dtype in ("bfloat16", "float16", "float32")]
        assert printed == [f"{largest:,.4g}", f"{found.worst_error:,.4g}", *halves], name


def test_costs_and_variances_are_as_printed() -> None:
    rows = table("evaluations")
    assert len(rows) > 5
    for name, printed in rows.items():
        graph = block(name)
        found, noise = cost(graph), variance(graph)
        forms = (found.as_written, found.emitted, found.gathered)
        assert printed == [
            str(found.evaluations),
            str(concurrency(graph).critical_path),
            f"{found.live_maps} / {found.live_maps_floor} / {found.live_maps_rank}",
            " / ".join(str(form.passes) for form in forms),
            f"{noise.heuristic_growth_he:.4g}",
            f"{noise.heuristic_growth_normalised:.4g}",
        ], name
