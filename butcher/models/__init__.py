"""Networks made of compiled blocks."""

from butcher.models.build import build, parameters, read
from butcher.models.options import OptionError

__all__ = ["OptionError", "build", "parameters", "read"]
