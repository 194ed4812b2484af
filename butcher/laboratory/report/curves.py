"""Loss and accuracy by epoch, a line a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from butcher.figure.style import PAGE
from butcher.laboratory.accuracy_axis import inside, set_accuracy_axis
from butcher.laboratory.groups import Group
from butcher.laboratory.marks import SIDE_BY_SIDE, band, legend_below, whole_numbers
from butcher.laboratory.plot import Drawing
from butcher.laboratory.statistic import Estimate, mean_of
from butcher.training.stored import StoredRun

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Groups = Sequence[Group[StoredRun]]


def curves(found: Groups) -> Drawing:
    """Two panels side by side, one legend below."""

    def draw(page: Figure) -> None:
        losses, accuracies = page.subplots(1, 2)
        shown = [(by_epoch(g, "train_loss"), by_epoch(g, "validation_accuracy")) for g in found]
        for place, (loss, accuracy) in enumerate(shown):
            label = found[place].label
            band(losses, list(loss), list(loss.values()), place, label)
            band(accuracies, list(accuracy), list(accuracy.values()), place, on=inside)
        losses.set_title("training loss")
        losses.set_yscale("log")
        losses.yaxis.set_major_formatter("{x:g}")
        losses.yaxis.set_minor_formatter("{x:g}")
        accuracies.set_title("validation accuracy (%)")
        set_accuracy_axis(accuracies, [e.mean for _, accuracy in shown for e in accuracy.values()])
        for axes in (losses, accuracies):
            axes.set_xlabel("epoch")
            whole_numbers(axes)
        legend_below(page, losses)

    rows = -(-len(found) // SIDE_BY_SIDE)
    return Drawing(draw, width=PAGE, height=2.5 + 0.17 * rows)


def by_epoch(group: Group[StoredRun], key: str) -> dict[int, Estimate]:
    """The mean over those seeds that have a value, epoch for epoch."""
    values: dict[int, list[float]] = {}
    for run in group.runs:
        for result in run.epochs:
            value = getattr(result, key)
            if value is not None:
                values.setdefault(result.epoch, []).append(value)
    return {epoch: mean_of(each) for epoch, each in sorted(values.items())}
