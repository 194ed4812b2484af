"""What a panel shows: regions, stars and slopes, against direct evaluation."""

import numpy as np
import pytest
from drawn_methods import STEPS, measured, of, p_of
from matplotlib.axes import Axes
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.path import Path

from butcher.figure import Method, convergence, order_star, stability


def contours(axes: Axes) -> list[np.ndarray]:
    """The vertices of every line around an area."""
    lines = [c for c in axes.collections if isinstance(c, ContourSet) and not c.filled]
    return [path.vertices for line in lines for path in line.get_paths()]


def drawn(name: str) -> Axes:
    method = of(name)
    axes = Figure().add_subplot()
    with np.errstate(all="ignore"):
        stability.draw(axes, [method], stability.window([method]))
    return axes


@pytest.mark.parametrize(
    ("name", "crossing"),
    [("euler", -2), ("rk4", -2.785293563405282), ("am2", -6), ("bdf2", 4), ("ab2", -1)],
)
def test_the_line_crosses_the_real_axis_at_the_end_of_the_interval(
    name: str, crossing: float
) -> None:
    points = np.concatenate(contours(drawn(name)))
    near = points[np.abs(points[:, 1]) < 0.02 * np.abs(crossing)]
    assert np.abs(near[:, 0] - crossing).min() < 1e-3 * abs(crossing)


@pytest.mark.parametrize(
    ("name", "within"), [("rk4", 1e-4), ("dopri54", 1e-3), ("ab3", 1e-2), ("radau_iia3", 1e-4)]
)
def test_a_root_has_modulus_one_all_along_the_line(name: str, within: float) -> None:
    coefficients = p_of(name)
    for x, y in np.concatenate(contours(drawn(name))):
        at = [np.polyval(row[::-1], x + 1j * y) for row in coefficients]
        assert np.abs(np.roots(at[::-1])).max() == pytest.approx(1, abs=within)


@pytest.mark.parametrize("name", ["rk4", "bdf3", "ab4"])
def test_the_filled_area_is_where_direct_evaluation_is_stable(name: str) -> None:
    axes = drawn(name)
    (fill,) = [c for c in axes.collections if isinstance(c, ContourSet) and c.filled]
    outlines = [Path(points) for points in fill.get_paths()[0].to_polygons()]
    coefficients = p_of(name)
    generator = np.random.default_rng(1)
    found = []
    for _ in range(200):
        x, y = generator.uniform(*axes.get_xlim()), generator.uniform(*axes.get_ylim())
        at = [np.polyval(row[::-1], x + 1j * y) for row in coefficients]
        size = np.abs(np.roots(at[::-1])).max()
        if abs(size - 1) > 0.02:
            inside = sum(outline.contains_point((x, y)) for outline in outlines) % 2 == 1
            found.append((size < 1, inside))
    assert {stable for stable, _ in found} == {True, False}
    assert all(stable == inside for stable, inside in found)


def test_the_leapfrog_is_a_line_and_no_area() -> None:
    axes = drawn("leapfrog")
    assert contours(axes) == []
    ((lowest, highest),) = [
        (np.nanmin(line.get_ydata()), np.nanmax(line.get_ydata()))
        for line in axes.lines
        if line.get_linewidth() > 1
    ]
    assert (lowest, highest) == pytest.approx((-1, 1), abs=1e-5)


def test_what_is_tried_stands_below_the_axis() -> None:
    assert "u″" in drawn("second_order").get_xlabel()
    assert "x′" in drawn("revnet").get_xlabel()
    assert drawn("euler").get_xlabel() == r"$\mathrm{Re}\,z,\quad z = h\lambda$"


def test_a_star_marks_its_poles_and_zeros() -> None:
    method = of("gauss4", 4)
    axes = Figure().add_subplot()
    order_star.draw(axes, [method], order_star.window([method]))
    marked = {line.get_marker(): set(np.round(line.get_xdata(), 9)) for line in axes.lines}
    assert marked["x"] == {3.0}
    assert marked["o"] == {-3.0}


def test_a_triangle_has_the_slope_of_the_order() -> None:
    axes = Figure().add_subplot()
    convergence.draw(axes, [measured(1), measured(4)])
    triangles = [line for line in axes.lines if line.get_marker() == "None"]
    slopes = []
    for line in triangles:
        x, y = np.log(line.get_xdata()), np.log(line.get_ydata())
        slopes.append((y[2] - y[1]) / (x[1] - x[0]))
    assert slopes == pytest.approx([1, 4])


def test_a_triangle_stands_where_rounding_does_not_bend_the_curve() -> None:
    errors = [h**8 + 1e-14 for h in STEPS]
    axes = Figure().add_subplot()
    convergence.draw(axes, [Method("verner", 8, None, STEPS, errors)])
    (triangle,) = [line for line in axes.lines if line.get_marker() == "None"]
    assert max(triangle.get_xdata()) == STEPS[0]


def test_errors_that_have_no_logarithm_are_left_out() -> None:
    method = Method("m", 1, None, [1, 0.5, 0.25, 0], [1e-1, 0, float("nan"), 1])
    assert convergence.measured(method) == [(1.0, 0.1)]
