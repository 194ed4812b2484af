"""Networks made of compiled blocks."""

from butcher.models.build import build, network, parameters, read
from butcher.models.decay import param_groups
from butcher.models.network import Network
from butcher.models.options import TableError

__all__ = ["Network", "TableError", "build", "network", "param_groups", "parameters", "read"]
