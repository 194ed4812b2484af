"""What half precision makes of a method's rows."""

from __future__ import annotations

from collections.abc import Iterator

from butcher.analysis.limits import UndefinedError
from butcher.analysis.network.amplification import Amplification, Precision, amplification
from butcher.analysis.network.sizes import LARGEST
from butcher.compiler.sweeps import straightened, too_many
from butcher.errors import Diagnostic, warning
from butcher.ir.graph import Graph
from butcher.passes.prune import prune
from butcher.source import Span
from butcher.spec import Scheme

NARROW = ("bfloat16", "float16")


def precision_findings(scheme: Scheme, graph: Graph) -> Iterator[Diagnostic]:
    """A warning where a half precision cannot hold a row of the block."""
    pruned = prune(graph)
    if not pruned.is_explicit and (pruned.sweeps is None or any(too_many(scheme, pruned))):
        return  # there is no block
    block = pruned if pruned.is_explicit else straightened(pruned)
    try:
        found = amplification(block)
    except UndefinedError:
        return
    unsafe = [p for p in found.precisions if p.dtype in NARROW and p.safe is False]
    if unsafe and found.worst_error != LARGEST:  # past the range of doubles B504 refuses the block
        yield _finding(block, found, unsafe, scheme.place.span)


def _finding(block: Graph, found: Amplification, unsafe: list[Precision], at: Span) -> Diagnostic:
    assert found.worst_error is not None
    (row,) = (row for row in found.rows if row.key == found.worst_row)
    reader = block.evaluation[row.evaluations[0]] if row.evaluations else None
    what = row.key if reader is None else f"the argument of {reader.key}"
    span = block.row[row.key].span if reader is None else reader.span
    safe = next((p.dtype for p in found.precisions if p.safe), None)
    sizes = ", ".join(f"{p.predicted_error:.2g} times the state in {p.dtype}" for p in unsafe)
    return warning(
        "B411",
        span or at,
        f"{what} may be off by {whole(found.worst_error)} roundings, as its factors add up to "
        f"{whole(row.amplification)}: unsafe in {' and '.join(p.dtype for p in unsafe)}",
        f"At worst that is {sizes}. "
        + (f"Keep such a block in {safe}." if safe else "No dtype holds such a block."),
    )


def whole(value: float) -> str:
    """Of a bound: `63`, `16,056`; small ones with two digits, long ones without all of theirs."""
    return f"{value:,.0f}" if 10 <= value < 1e6 else f"{value:.2g}"
