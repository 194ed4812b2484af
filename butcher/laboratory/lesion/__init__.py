"""What of a trained network can be taken away, or exchanged, at test time."""

from butcher.laboratory.lesion.show import lesion

__all__ = ["lesion"]
