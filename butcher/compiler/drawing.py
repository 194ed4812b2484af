"""Pictures of a method."""

from __future__ import annotations

from butcher.analysis.network.carried import covers
from butcher.compiler.bounded import bounded
from butcher.compiler.options import implicit
from butcher.compiler.sweeps import straightened, too_many
from butcher.emit.chart import chart
from butcher.emit.render import draw, render
from butcher.errors import SpecError
from butcher.ir.lower import lower
from butcher.passes.prune import prune
from butcher.passes.schedule import schedule
from butcher.spec import Scheme


def drawn(scheme: Scheme, suffix: str) -> bytes:
    """The wiring of a method as the content of a file with this suffix, `.svg` say.

    Dead stages and all: what a block leaves out is drawn in grey. Raises UnknownFormatError,
    GraphvizError, or SpecError for a method whose rows cannot be made.
    """
    with bounded(scheme, 3):
        graph = lower(scheme)
        return draw(graph, scheme.title or scheme.name, suffix, digest=scheme.digest)


def schedule_drawn(scheme: Scheme, suffix: str) -> bytes:
    """What the block of a method holds from when to when, likewise.

    Raises SpecError also for an implicit method without sweeps, which has no block.
    """
    with bounded(scheme, 3):
        graph = lower(scheme)
        pruned = prune(graph)
        findings = [*too_many(scheme, pruned), *implicit(scheme, pruned)]
        if findings:
            raise SpecError(findings, scheme.source)
        block = straightened(graph)
        carried = covers(block)
        steps = schedule(block, carried=carried)
        text = chart(block, steps, carried, scheme.title or scheme.name, digest=scheme.digest)
    return render(text, suffix)
