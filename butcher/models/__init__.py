"""Networks made of compiled blocks."""

from butcher.models.build import build, parameters, read
from butcher.models.options import TableError

__all__ = ["TableError", "build", "parameters", "read"]
