"""`butcher coefficients` from runs to what they found."""

from __future__ import annotations

from collections.abc import Sequence

from butcher.compiler import resolve
from butcher.laboratory.coefficients.band import bands
from butcher.laboratory.coefficients.history import history
from butcher.laboratory.coefficients.tell import findings
from butcher.laboratory.findings import Findings
from butcher.laboratory.groups import Group
from butcher.training.stored import StoredRun


def coefficients(groups: Sequence[Group[StoredRun]]) -> Findings:
    """Of finished runs by recipe; AskError where one has no trained numbers."""
    schemes = [resolve(group.runs[0].folder / "scheme.tab") for group in groups]
    return findings([history(group) for group in groups], [bands(s) for s in schemes])
