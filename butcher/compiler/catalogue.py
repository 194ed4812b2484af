"""The shipped specs as a table."""

from __future__ import annotations

from typing import TypedDict

from butcher.compiler.lookup import load, shipped
from butcher.compiler.verdict import stages


class Entry(TypedDict):
    """A line of `butcher list`. `order` is the claim, which the test suite verifies."""

    name: str
    title: str | None
    kind: str
    order: int | None
    stages: int


def catalogue() -> list[Entry]:
    """All shipped specs, by name."""
    return [_entry(name) for name in shipped()]


def _entry(name: str) -> Entry:
    scheme = load(name)
    return {
        "name": scheme.name,
        "title": scheme.title,
        "kind": scheme.body.kind,
        "order": scheme.claim.order if scheme.claim is not None else None,
        "stages": stages(scheme),
    }
