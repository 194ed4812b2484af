"""The canonical layout of a file."""

from __future__ import annotations

from butcher.errors import SpecError, has_errors
from butcher.frontend.canonical import canonical
from butcher.frontend.limits import decode
from butcher.frontend.parser import parse
from butcher.source import Source


def formatted(data: bytes, name: str) -> bytes:
    """The canonical text of a file's content.

    Raises SpecError if it has errors of syntax, for what could not be read would be lost. Whether
    its names and numbers make sense does not matter here.
    """
    source, found = decode(data, name)
    if source is None:
        raise SpecError(found, Source(name, ""))
    method, found = parse(source)
    if method is None or has_errors(found):
        raise SpecError(found, source)
    return canonical(method).encode()
