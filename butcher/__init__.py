"""Butcher compiles numerical methods into trainable PyTorch blocks."""

from butcher.version import __version__

__all__ = ["__version__"]
