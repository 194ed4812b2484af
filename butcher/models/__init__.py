"""Networks made of compiled blocks."""

from butcher.models.build import build, network, parameters, read
from butcher.models.network import Network
from butcher.models.options import TableError

__all__ = ["Network", "TableError", "build", "network", "parameters", "read"]
