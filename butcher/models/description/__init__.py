"""What a network is, without training it: sizes, costs, and what its method makes of it."""

from butcher.models.description.gather import describe, describe_options
from butcher.models.description.measure import CannotRunError
from butcher.models.description.report import Report, StageReport

__all__ = ["CannotRunError", "Report", "StageReport", "describe", "describe_options"]
