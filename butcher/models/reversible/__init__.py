"""Training without stored activations: blocks that invert compute them again, last block first."""

from butcher.models.reversible.network import Reversible

__all__ = ["Reversible"]
