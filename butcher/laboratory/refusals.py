"""Which error of an experiment ends its command with which exit code."""

from __future__ import annotations

from collections.abc import Mapping

from butcher.laboratory.finished import AskError
from butcher.laboratory.groups import GroupError
from butcher.laboratory.statistic import ScipyMissingError
from butcher.laboratory.study import StudyError
from butcher.training import refusals

CODES: Mapping[type[Exception], int] = {
    **refusals.CODES,
    StudyError: refusals.USAGE,
    AskError: refusals.USAGE,
    GroupError: refusals.USAGE,
    ScipyMissingError: refusals.UNREADABLE,
}
"""Those of training, too, as experiments train."""
