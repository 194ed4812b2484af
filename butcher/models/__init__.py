"""Networks made of compiled blocks."""

from butcher.models.build import build, network, parameters, read
from butcher.models.checkpointed import Checkpointed
from butcher.models.decay import param_groups
from butcher.models.description import Report, describe
from butcher.models.network import Network
from butcher.models.options import TableError
from butcher.models.own import stack
from butcher.models.tiled import Tiled

__all__ = [
    "Checkpointed",
    "Network",
    "Report",
    "TableError",
    "Tiled",
    "build",
    "describe",
    "network",
    "param_groups",
    "parameters",
    "read",
    "stack",
]
