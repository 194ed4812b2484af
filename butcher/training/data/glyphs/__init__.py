"""Glyphs: letters drawn in colour, posed, cluttered, blurred and noisy; made here, not fetched."""

from butcher.training.data.glyphs.load import glyphs

__all__ = ["glyphs"]
