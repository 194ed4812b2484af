"""What figures of results have in common."""

import math

import pytest

from butcher.laboratory.marks import band, legend_below, plain_numbers, whole_numbers, with_room
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


@pytest.mark.parametrize(("last", "expected"), [(0, ["0"]), (1, ["0", "1"]), (2, ["0", "1", "2"])])
def test_a_few_blocks_or_epochs_are_whole_numbers(last: int, expected: list[str]) -> None:
    page = figure.Figure()
    axes = page.subplots()
    axes.plot(range(last + 1), range(last + 1), marker="o")
    whole_numbers(axes)
    page.draw_without_rendering()
    low, high = axes.get_xlim()
    ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
    assert [label.get_text() for tick, label in ticks if low <= tick <= high] == expected


GEOMETRIC = [0.01, 0.0213, 0.0454, 0.0969, 0.206, 0.44, 0.938, 2]


@pytest.mark.parametrize(
    ("at", "numbers"),
    [
        ([0.1], [0.1]),
        ([0.1, 0.2], [0.1, 0.2]),
        (GEOMETRIC, GEOMETRIC),
        ([0.1, 0.105, 0.11, 0.2, 3], [0.1, 0.2, 3]),
    ],
)
def test_places_have_their_numbers_where_there_is_room(
    at: list[float], numbers: list[float]
) -> None:
    assert with_room(at, at[0] / 1.25, at[-1] * 1.25) == numbers


def test_every_place_of_a_logarithmic_axis_has_a_tick() -> None:
    axes = figure.Figure().subplots()
    axes.set_xscale("log")
    axes.set_xlim(0.05, 1)
    plain_numbers(axes.xaxis, [0.1, 0.105, 0.2])
    major, minor = axes.xaxis.get_majorticklocs(), axes.xaxis.get_minorticklocs()
    assert sorted({*major, *minor}) == [0.1, 0.105, 0.2]
    assert [axes.xaxis.get_major_formatter()(tick) for tick in major] == ["0.1", "0.2"]
