"""A picture of a method."""

from __future__ import annotations

from butcher.compiler.bounded import bounded
from butcher.emit.render import draw
from butcher.ir.lower import lower
from butcher.spec import Scheme


def drawn(scheme: Scheme, suffix: str) -> bytes:
    """The wiring of a method as the content of a file with this suffix, `.svg` say.

    Dead stages and all: what a block leaves out is drawn in grey. Raises UnknownFormatError,
    GraphvizError, or SpecError for a method whose rows cannot be made.
    """
    with bounded(scheme, 3):
        graph = lower(scheme)
        return draw(graph, scheme.title or scheme.name, suffix, digest=scheme.digest)
