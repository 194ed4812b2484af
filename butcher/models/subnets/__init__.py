"""Sub-nets: what a block calls F."""

from butcher.models.subnets.read import SUBNETS, subnet
from butcher.models.subnets.subnet import Subnet, last_norm

__all__ = ["SUBNETS", "Subnet", "last_norm", "subnet"]
