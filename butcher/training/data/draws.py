"""Random numbers by counting: each is a function of a key, an image and a place.

Nothing is remembered between two draws, so neither order nor the number of processes matters,
and no generator of torch or numpy is touched. The function is the finaliser of SplitMix64
(Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Reals = NDArray[np.float64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, odd


def key(*parts: int) -> int:
    """64 bits that depend on every part and on their order; parts are at least 0."""
    found = np.zeros(1, np.uint64)
    for part in parts:
        found = _mixed(found + np.array([part], np.uint64) * _GOLDEN + _GOLDEN)
    return int(found[0])


@dataclass(frozen=True)
class Draws:
    """What is drawn for the images `indices`, (N,), under `key`."""

    key: int
    indices: NDArray[np.int64]

    def words(self, number: int, first: int = 0) -> Words:
        """64 random bits for each image and each place `first`, `first + 1`, ...: (N, number)."""
        images = self.indices.astype(np.uint64) * _GOLDEN + np.array([self.key], np.uint64)
        places = np.arange(first, first + number, dtype=np.uint64) * _GOLDEN
        return _mixed(_mixed(images)[:, None] + places)

    def uniform(self, number: int, first: int = 0) -> Reals:
        """Multiples of 2^-53 in [0, 1): (N, number)."""
        return (self.words(number, first) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def integers(self, low: int, high: int, place: int) -> NDArray[np.int64]:
        """Whole numbers from `low` to `high`, both included: (N,)."""
        return low + (self.uniform(1, place)[:, 0] * (high - low + 1)).astype(np.int64)


def permutation(number: int, key: int) -> NDArray[np.int64]:
    """0 ... number - 1 in an order drawn from `key`."""
    words = Draws(key, np.arange(number)).words(1)[:, 0]
    return np.argsort(words, kind="stable")


def _mixed(words: Words) -> Words:
    """A bijection of 64 bits; unsigned arrays wrap around, as is meant."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
