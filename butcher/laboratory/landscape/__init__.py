"""The loss around the weights of networks, untrained and trained."""

from butcher.laboratory.landscape.show import landscape

__all__ = ["landscape"]
