"""The letters of the classes, from the font that comes inside Pillow."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from butcher.training.data.error import missing

LETTERS = "ABEFGHKPRS"
"""Upright letters, none of which looks like another one turned by less than a right angle."""

CANVAS = 96  # pixels a side
EXTENT = 80  # of those, the longer side of a word
_CONDENSED = 66  # the least height of a word: two letters side by side are made narrow
_POINTS = 100  # at which the font is drawn, before it is scaled to EXTENT
_SOFTENED = 2.5  # pixels, the deviation of the blur that makes a mask a height field


def words(classes: int) -> list[str]:
    """What each class shows: 10 letters, or 100 ordered pairs of them."""
    return list(LETTERS) if classes == 10 else [a + b for a in LETTERS for b in LETTERS]


def fields(texts: list[str]) -> Tensor:
    """Each text as (CANVAS, CANVAS) float32 in [0, 1]: 1 in a stroke, 0 outside, 1/2 on its edge.

    Soft, so that a threshold above or below 1/2 makes the strokes thinner or bolder.
    """
    try:
        from PIL import Image, ImageDraw, ImageFilter, ImageFont
    except ImportError:
        raise missing("Pillow") from None
    font = ImageFont.load_default(_POINTS)
    softened = ImageFilter.GaussianBlur(_SOFTENED)
    found = []
    for text in texts:
        left, top, right, bottom = (round(edge) for edge in font.getbbox(text))
        word = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(word).text((-left, -top), text, fill=255, font=font)
        scale = EXTENT / max(word.size)
        height = max(_CONDENSED, round(word.height * scale))
        word = word.resize((round(word.width * scale), height))
        canvas = Image.new("L", (CANVAS, CANVAS))
        canvas.paste(word, ((CANVAS - word.width) // 2, (CANVAS - word.height) // 2))
        found.append(np.asarray(canvas.filter(softened)))
    return torch.from_numpy(np.stack(found)).to(torch.float32) / 255
