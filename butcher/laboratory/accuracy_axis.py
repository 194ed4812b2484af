"""An axis of accuracies on which 98 % and 99 % are as far apart as 80 % and 90 %."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HIGHEST = 0.9995
"""Drawn for what is above: the axis has no place for no error at all."""
TICKS = (
    *(0.99, 0.9, 0.5, 0.0),
    *(0.999, 0.95, 0.8, 0.98, 0.7, 0.995, 0.2, 0.998, 0.3, 0.4, 0.1, 0.6),
)
"""Those that matter more first."""
APART = 0.07
"""Of the axis: what is nearer to a tick that matters more is left out."""


def inside(accuracy: float) -> float:
    """The nearest that the axis has a place for."""
    return min(max(accuracy, 0.0), HIGHEST)


def set_accuracy_axis(axes: Axes, shown: Sequence[float]) -> None:
    """The vertical axis, from below the lowest of `shown` to above the highest; labels in %."""
    import numpy as np

    def forward(accuracy: Any) -> Any:
        return -np.log10(1 - np.minimum(accuracy, HIGHEST))

    axes.set_yscale("function", functions=(forward, lambda y: 1 - 10.0 ** -np.asarray(y)))
    drawn = [inside(accuracy) for accuracy in shown] or [0.0]
    low, high = 0.9 * min(drawn), 1 - 0.7 * (1 - max(drawn))
    axes.set_ylim(low, high)
    ticks: list[float] = []
    whole = forward(high) - forward(low)
    for tick in TICKS:
        far = all(abs(forward(tick) - forward(other)) > APART * whole for other in ticks)
        if low <= tick <= high and far:
            ticks.append(tick)
    ticks.sort()
    axes.set_yticks(ticks, [f"{100 * tick:g}" for tick in ticks])
    axes.set_yticks([], minor=True)
