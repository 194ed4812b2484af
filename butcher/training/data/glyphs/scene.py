"""One scene an image: a ground, clutter, a word over it, a stroke over that; then a bad camera.

Everything is drawn from the image's own numbers, for many images at once. Colours are in [0, 1],
lengths in halves of the image (-1 to 1), angles in turns. Only additions, products and choices are
made of float32, so the bits are the same whatever the number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from butcher.training.data.draws import Draws, Reals
from butcher.training.data.glyphs.letters import CANVAS, EXTENT

SIZE = 32
VERSION = 1  # of what is drawn: count up when the same numbers give other images

_FINE = 2 * SIZE  # scenes are drawn at twice the size, then averaged
_LUMA = np.array((0.299, 0.587, 0.114))  # of red, green and blue
_NOISE = 2**20  # the first place of the draws that the noise takes


@dataclass(frozen=True)
class Conditions:
    """How hard a word is to read: its range of scales, the scraps under it, contrast and noise.

    Contrast and noise are mostly near the first number, and rarely near the second.
    """

    scale: tuple[float, float]
    scraps: int
    contrast: tuple[float, float]
    noise: tuple[float, float]


LETTER = Conditions(scale=(0.6, 0.95), scraps=3, contrast=(0.65, 0.2), noise=(0.01, 0.14))
# Two letters share the place of one: a person reads them in kinder conditions alone.
PAIR = Conditions(scale=(0.9, 1.1), scraps=1, contrast=(0.65, 0.3), noise=(0.01, 0.08))


class Deal:
    """Numbers of the images, handed out one place after the other."""

    def __init__(self, draws: Draws) -> None:
        self._draws, self._place = draws, 0

    def uniform(self, low: float, high: float, number: int = 1) -> Reals:
        """(N, number), from `low` to `high`."""
        found = self._draws.uniform(number, self._place)
        self._place += number
        return low + (high - low) * found

    def mostly(self, usual: float, rare: float) -> Reals:
        """(N, 1), from `usual` to `rare`: half of them in the first quarter of the way."""
        return usual + (rare - usual) * self.uniform(0, 1) ** 2

    def sign(self, number: int = 1) -> Reals:
        """(N, number) of -1 and 1."""
        return np.where(self.uniform(0, 1, number) < 0.5, -1.0, 1.0)


@dataclass(frozen=True)
class Pose:
    """Where words lie, all (N, K): scale, turn, shear, stretch, shift, weight, and a bend.

    A scale of 1 makes the canvas as large as the image.
    """

    scale: Reals
    turn: Reals
    shear: Reals
    stretch: Reals
    x: Reals
    y: Reals
    bend: Reals
    phase: Reals
    weight: Reals


def scenes(
    words: Tensor, letters: Tensor, labels: NDArray[np.int64], draws: Draws
) -> NDArray[np.uint8]:
    """Images (N, 3, SIZE, SIZE) of `words[labels]`; `letters` are what clutter is made of."""
    deal, given = Deal(draws), LETTER if len(words) == len(letters) else PAIR
    ground_luma = deal.uniform(0.12, 0.88)
    canvas = _ground(ground_luma, deal)
    canvas = _clutter(canvas, ground_luma, letters, deal, given.scraps)
    canvas = _stroke(canvas, ground_luma, deal, width=(0.06, 0.14), opacity=(0.5, 0.9))
    colour = _colour(ground_luma, deal.mostly(*given.contrast), deal)
    mask = _drawn(words[torch.from_numpy(labels)][:, None], _word_pose(deal, given.scale))
    canvas = _over(canvas, mask[:, 0], colour, deal.uniform(0.85, 1.0))
    canvas = _stroke(canvas, ground_luma, deal, width=(0.02, 0.06), opacity=(0.4, 0.8))
    small = _blurred(_halved(canvas), deal.uniform(0.2, 0.9)[:, 0])
    small = _float(deal.uniform(0.7, 1.1))[:, :, None, None] * small
    small = small + _noise(draws) * _float(deal.mostly(*given.noise))[:, :, None, None]
    return (small.clamp(0, 1) * 255 + 0.5).to(torch.uint8).numpy()


# --------------------------------------------------------------------------- what is drawn


def _ground(luma: Reals, deal: Deal) -> Tensor:
    """A colour that changes evenly in some direction: (N, 3, _FINE, _FINE)."""
    turn, change = deal.uniform(0, 1), deal.uniform(0, 0.15)
    across = _float(change * np.cos(2 * np.pi * turn))[:, :, None] * _line()
    down = _float(change * np.sin(2 * np.pi * turn))[:, :, None] * _line()
    slope = across[:, :, None, :] + down[:, :, :, None]
    return _float(_chroma(deal) + luma)[:, :, None, None] + slope


def _clutter(
    canvas: Tensor, ground_luma: Reals, letters: Tensor, deal: Deal, scraps: int
) -> Tensor:
    """Scraps of letters, in any pose, smaller than a word, each cut along a line."""
    which = torch.from_numpy(deal.uniform(0, len(letters), scraps).astype(np.int64))
    pose = Pose(
        scale=deal.uniform(0.4, 0.75, scraps),
        turn=deal.uniform(0, 1, scraps),
        shear=deal.uniform(-0.3, 0.3, scraps),
        stretch=deal.uniform(0.8, 1.25, scraps),
        x=deal.uniform(-0.9, 0.9, scraps),
        y=deal.uniform(-0.9, 0.9, scraps),
        bend=deal.uniform(0, 0.1, scraps),
        phase=deal.uniform(0, 1, scraps),
        weight=deal.uniform(0.35, 0.6, scraps),
    )
    cuts = 2 * np.pi * deal.uniform(0, 1, scraps)
    normal = _float(np.stack([np.cos(cuts), np.sin(cuts)]))[..., None, None]
    x, y = _float(pose.x)[:, :, None, None], _float(pose.y)[:, :, None, None]
    side = normal[0] * (_line() - x) + normal[1] * (_line()[:, None] - y)
    masks = _drawn(letters[which], pose) * (side * SIZE + 0.5).clamp(0, 1)
    opacity = deal.uniform(0.5, 0.95, scraps)
    for scrap in range(scraps):
        colour = _colour(ground_luma, deal.uniform(0.1, 0.5), deal)
        canvas = _over(canvas, masks[:, scrap], colour, opacity[:, scrap, None])
    return canvas


def _word_pose(deal: Deal, scales: tuple[float, float]) -> Pose:
    """Turned by a twelfth of a turn at most, and within the image but for a corner."""
    scale = deal.uniform(*scales)
    room = np.maximum(0.04, 0.95 - 1.05 * scale * EXTENT / CANVAS)
    return Pose(
        scale=scale,
        turn=deal.uniform(-0.08, 0.08),
        shear=deal.uniform(-0.3, 0.3),
        stretch=deal.uniform(0.85, 1.2),
        x=room * deal.uniform(-1, 1),
        y=room * deal.uniform(-1, 1),
        bend=deal.uniform(0, 0.1),
        phase=deal.uniform(0, 1),
        weight=deal.uniform(0.3, 0.65),
    )


def _drawn(fields: Tensor, pose: Pose) -> Tensor:
    """How much of each pixel each word covers: (N, K, _FINE, _FINE) from (N, K, CANVAS, CANVAS)."""
    cos, sin = np.cos(2 * np.pi * pose.turn), np.sin(2 * np.pi * pose.turn)
    along, across = pose.stretch / pose.scale, 1 / (pose.stretch * pose.scale)
    # From a place in the image to the place in the canvas that is seen there.
    rows = (
        (along * (cos + pose.shear * sin), along * (sin - pose.shear * cos)),
        (across * -sin, across * cos),
    )
    line = np.linspace(-1, 1, 2 * _FINE + 1)[1::2]
    wave = 2 * np.pi * (0.7 * line + pose.phase[..., None])
    bend = pose.bend[..., None]
    x = _float((line - pose.x[..., None])[:, :, None, :] + (bend * np.sin(wave))[..., None])
    y = _float((line - pose.y[..., None])[..., None] + (bend * np.cos(wave))[:, :, None, :])
    seen = [_float(a)[..., None, None] * x + _float(b)[..., None, None] * y for a, b in rows]
    places = torch.stack(seen, dim=-1).flatten(0, 1)
    field = grid_sample(fields.flatten(0, 1)[:, None], places, align_corners=False)
    field = field.reshape(*pose.turn.shape, _FINE, _FINE)
    return ((field - _float(pose.weight)[..., None, None]) * 4 + 0.5).clamp(0, 1)


def _stroke(
    canvas: Tensor,
    ground_luma: Reals,
    deal: Deal,
    *,
    width: tuple[float, float],
    opacity: tuple[float, float],
) -> Tensor:
    """A straight line between two places, round at its ends."""
    ends = [_float(deal.uniform(-1, 1))[:, :, None] for _ in range(4)]
    x, y = _line() - ends[0], (_line() - ends[1]).transpose(1, 2)
    dx, dy = ends[2] - ends[0], ends[3] - ends[1]
    part = ((x * dx + y * dy) / (dx * dx + dy * dy + 1e-6)).clamp(0, 1)
    distance = ((x - part * dx).square() + (y - part * dy).square()).sqrt()
    half = _float(deal.uniform(*width) / 2)[:, :, None]
    mask = ((half - distance) * SIZE + 0.5).clamp(0, 1)
    colour = _colour(ground_luma, deal.uniform(0.1, 0.5), deal)
    return _over(canvas, mask, colour, deal.uniform(*opacity))


# --------------------------------------------------------------------------- colour and camera


def _colour(ground_luma: Reals, contrast: Reals, deal: Deal) -> Tensor:
    """A colour (N, 3), by `contrast` lighter or darker than the ground, as there is room."""
    step = contrast * deal.sign()
    luma = ground_luma + step
    luma = np.where((luma < 0.05) | (luma > 0.95), ground_luma - step, luma)
    return _float(np.clip(luma, 0, 1) + _chroma(deal))


def _chroma(deal: Deal) -> Reals:
    """Red, green and blue, (N, 3), that together have no luma."""
    colour = deal.uniform(-0.35, 0.35, 3)
    luma: Reals = (colour * _LUMA).sum(axis=1, keepdims=True)
    return colour - luma


def _over(canvas: Tensor, mask: Tensor, colour: Tensor, opacity: Reals) -> Tensor:
    """`colour`, (N, 3), laid over the canvas where `mask`, (N, H, W), is."""
    share = (mask * _float(opacity)[:, :, None])[:, None]
    return canvas + share * (colour[:, :, None, None] - canvas)


def _halved(canvas: Tensor) -> Tensor:
    """The mean of each square of four pixels."""
    rows = canvas[:, :, ::2] + canvas[:, :, 1::2]
    return (rows[..., ::2] + rows[..., 1::2]) * 0.25


def _blurred(images: Tensor, sigma: Reals) -> Tensor:
    """Gaussian blur of `sigma` pixels, (N,), cut off at 2 pixels."""
    taps = np.exp(-0.5 * (np.arange(3) / sigma[:, None]) ** 2)
    taps /= taps[:, :1] + 2 * taps[:, 1:].sum(1, keepdims=True)
    for horizontal in (True, False):
        rim = pad(images, [2, 2, 0, 0] if horizontal else [0, 0, 2, 2], mode="replicate")
        size = images.shape[3 if horizontal else 2]
        shifted = [rim.narrow(3 if horizontal else 2, step, size) for step in range(5)]
        weight = [_float(taps[:, k])[:, None, None, None] for k in range(3)]
        images = (
            weight[0] * shifted[2]
            + weight[1] * (shifted[1] + shifted[3])
            + weight[2] * (shifted[0] + shifted[4])
        )
    return images


def _noise(draws: Draws) -> Tensor:
    """Numbers of mean 0 and deviation 1 for every pixel and colour: sums of four even ones."""
    words = draws.words(3 * SIZE * SIZE, _NOISE)
    quarters = np.ascontiguousarray(words).view(np.uint16).reshape(len(words), 3, SIZE, SIZE, 4)
    sums = quarters.sum(axis=4, dtype=np.int64)
    return _float((sums - 2 * 65535) / (65536 / np.sqrt(3)))


def _line() -> Tensor:
    """The middles of the fine pixels: (_FINE,)."""
    return _float(np.linspace(-1, 1, 2 * _FINE + 1)[1::2])


def _float(values: Reals) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))
