"""Getting at a scheme: by shipped name, by path, or from text."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path

from butcher.errors import Diagnostic, SpecError, has_errors
from butcher.frontend.canonical import canonical
from butcher.frontend.limits import decode
from butcher.frontend.parser import parse as parse_tree
from butcher.resources import Shelf
from butcher.source import Source
from butcher.spec import Scheme, build

SPECS = Shelf("specs", ".tab", "spec", "butcher list")

Named = Scheme | str | os.PathLike[str]
"""A scheme, or what names one: text (with a line break), a path, a shipped name."""


def shipped() -> Mapping[str, Traversable]:
    """The shipped specs: name -> file."""
    return SPECS.files()


def find(spec: str) -> Path | Traversable:
    """The file of a path (a separator in it, or `.tab` at its end) or of a shipped name."""
    return SPECS.find(spec)


def read(source: Source) -> tuple[Scheme | None, tuple[Diagnostic, ...]]:
    """Parses and validates: the scheme, as far as it could be read, and everything found."""
    method, found = parse_tree(source)
    if method is None:
        return None, tuple(found)
    # What could not be read has no canonical text, and with errors nothing asks for it.
    partial = has_errors(found)
    text = "" if partial else canonical(method)
    scheme, more = build(method, source, text, partial=partial)
    findings = tuple(sorted((*found, *more), key=lambda d: d.span))
    if scheme is None:
        return None, findings
    return scheme.model_copy(update={"findings": findings}), findings


def accepted(scheme: Scheme | None, findings: tuple[Diagnostic, ...], source: Source) -> Scheme:
    """The scheme, or a SpecError with everything found."""
    if scheme is None or has_errors(findings):
        raise SpecError(findings, source)
    return scheme


def parse(text: str, name: str = "<text>") -> Scheme:
    """The scheme that a `.tab` text says. Raises SpecError."""
    return parse_bytes(text.encode("utf-8", "surrogatepass"), name)


@lru_cache(maxsize=128)
def parse_bytes(data: bytes, name: str) -> Scheme:
    """The scheme of a file's content. Raises SpecError.

    Schemes are frozen, so that all who ask for the same content, as every block of a network does,
    share one.
    """
    source, found = decode(data, name)
    if source is None:
        raise SpecError(found, Source(name, ""))
    scheme, findings = read(source)
    return accepted(scheme, findings, source)


def load(spec: str | os.PathLike[str]) -> Scheme:
    """The scheme of a shipped name or a path. Raises SpecError, or OSError for a missing file."""
    file = find(spec) if isinstance(spec, str) else Path(spec)
    return parse_bytes(file.read_bytes(), str(spec))


def resolve(scheme: Named) -> Scheme:
    """The scheme that is named, or is it itself."""
    if isinstance(scheme, Scheme):
        return scheme
    if isinstance(scheme, str) and "\n" in scheme:
        return parse(scheme)
    return load(scheme)
