"""What figures of results have in common."""

import math

import pytest

from butcher.laboratory.marks import band, legend_below
from butcher.laboratory.statistic import Estimate

figure = pytest.importorskip("matplotlib.figure")


def test_labels_are_text_even_with_dollars() -> None:
    page = figure.Figure(layout="constrained")
    axes = page.subplots()
    band(axes, [1, 2], [Estimate(1.0, 0.5, 1.5, 3)] * 2, 0, "h=$1 or k=$2")
    legend_below(page, axes)
    (text,) = page.legends[0].get_texts()
    assert (text.get_text(), text.get_parse_math()) == ("h=$1 or k=$2", False)


def test_a_band_is_drawn_where_intervals_are_known() -> None:
    axes = figure.Figure().subplots()
    found = [Estimate(m, m - 1, m + 1, 3) for m in (1.0, 2.0)]
    band(axes, [1, 2, 3], [*found, Estimate(3.0, math.nan, math.nan, 1)], 0, on=lambda x: 10 * x)
    assert axes.lines[0].get_ydata().tolist() == [10.0, 20.0, 30.0]
    (area,) = axes.collections
    assert {tuple(point) for point in area.get_paths()[0].vertices} == {
        *((1.0, 0.0), (1.0, 20.0)),
        *((2.0, 10.0), (2.0, 30.0)),
    }
