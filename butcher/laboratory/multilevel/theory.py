"""What multi-level training saves, counted exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def saved(costs: Sequence[int], epochs: Sequence[int]) -> Fraction:
    """1 - (sum c_i e_i) / (c_n sum e_i), the share of the full run's work that is not done.

    costs   of an image at each level, blocks or operations; those of the full run are the last.
    epochs  of each level.
    """
    done = sum(cost * number for cost, number in zip(costs, epochs, strict=True))
    return 1 - Fraction(done, costs[-1] * sum(epochs))


def saved_in_equal_cycles(interpolations: int) -> Fraction:
    """1 - (2^(k+1) - 1) / (2^k (k+1)) of k interpolations, k + 1 cycles of as many epochs."""
    k = interpolations
    return 1 - Fraction(2 ** (k + 1) - 1, 2**k * (k + 1))


def equal_parts(epochs: int, cycles: int) -> tuple[int, ...]:
    """`epochs` in as many parts; the first ones, whose epochs are the shortest, have one more."""
    each, more = divmod(epochs, cycles)
    return tuple(each + (index < more) for index in range(cycles))


def parts(epochs: int, restarts: Sequence[int]) -> tuple[int, ...]:
    """The epochs between restarts: of 160 epochs restarted at 60 and 110 these are 60, 50, 50."""
    ends = [*(epoch for epoch in restarts if epoch < epochs), epochs]
    return tuple(b - a for a, b in zip([0, *ends], ends, strict=False))
