"""Figures as files: what is drawn, that it is the same every time, and what is refused."""

import re
import struct
import sys
import xml.etree.ElementTree as ElementTree
from time import process_time

import matplotlib
import numpy as np
import pytest
from drawn_methods import EULER, made, of, p_of
from matplotlib.axes import Axes
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.path import Path

from butcher.emit.render import UnknownFormatError
from butcher.figure import (
    KINDS,
    FigureError,
    MatplotlibMissingError,
    Method,
    convergence,
    default_kinds,
    figure,
    order_star,
    stability,
    suffix_of,
)
from butcher.figure.style import label

STEPS = [2.0**-k for k in range(3, 9)]
HOSTILE = [
    r"$\frac{1}{0}$ _a_ ^2 \input{x} %",
    "<b>&amp;</b> --> ]]> <!--",
    "中文 \u202e\x1b[31m\n\ud800",
    "W" * 4000,
    "",
    "العربية",
]


def measured(order: int, title: str = "method") -> Method:
    return Method(title, order, None, STEPS, [h**order / 7 for h in STEPS])


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


# --------------------------------------------------------------------------- what is drawn


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


# --------------------------------------------------------------------------- titles


def test_a_title_stands_as_it_is_written() -> None:
    assert label("a_1 $x^2$ \\alpha", 3, 999) == "a_1 $x^2$ \\alpha, order 3"
    assert label("Euler", None, 999) == "Euler"
    assert label("", 2, 999) == "order 2"


def test_what_no_reader_sees_is_escaped() -> None:
    assert label("a\x1b[31m\u202e中", None, 999) == "a\\x1b[31m\\u202e\\u4e2d"


def test_a_long_title_is_cut_to_the_width() -> None:
    text = label("W" * 4000, 3, 200)
    assert re.fullmatch("W{10,40}…, order 3", text)


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_hostile_titles_are_text(suffix: str) -> None:
    methods = [measured(2, title) for title in HOSTILE]
    picture = figure(methods, suffix, ["convergence"])
    if suffix == ".svg":
        ElementTree.fromstring(picture)


# --------------------------------------------------------------------------- files


def test_an_svg_is_well_formed_and_as_wide_as_a_column() -> None:
    root = ElementTree.fromstring(figure([EULER], ".svg", ["stability"]))
    assert float(root.attrib["width"].removesuffix("pt")) == pytest.approx(3.4 * 72)
    root = ElementTree.fromstring(figure([EULER], ".svg"))
    assert float(root.attrib["width"].removesuffix("pt")) == pytest.approx(7 * 72)


def test_a_pdf_has_its_fonts_and_no_date() -> None:
    picture = figure([EULER], ".pdf")
    assert picture.startswith(b"%PDF")
    assert b"CreationDate" not in picture
    assert b"/FontFile2" in picture
    assert b"/Type3" not in picture


def test_a_png_has_300_dots_an_inch() -> None:
    picture = figure([EULER], ".png", ["stability"])
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack(">I", picture[16:20]) == (1020,)


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_the_same_figure_has_the_same_bytes(suffix: str) -> None:
    methods = [of("rk4", 4), of("bdf2", 2)]
    first = figure(methods, suffix)
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "text.usetex": True}):
        assert figure(methods, suffix) == first
        assert matplotlib.rcParams["font.size"] == 20


def test_all_kinds_fit_on_one_page() -> None:
    method = of("rk4", 4)
    both = Method(method.title, 4, method.characteristic, STEPS, [h**4 for h in STEPS])
    ElementTree.fromstring(figure([both], ".svg", KINDS))


def test_a_figure_of_verner_is_there_in_two_seconds() -> None:
    method = of("verner89", 8)
    figure([EULER], ".pdf")
    start = process_time()
    figure([method], ".pdf")
    assert process_time() - start < 2


WILD = np.random.default_rng(0)
EXTREMES = {
    "huge": [[-1, -1e30, -1e60], [1]],
    "huge beyond squares": [[-1, -1e300], [1]],
    "tiny": [[-1, -1e-30], [1]],
    "no z": [[-1], [1]],
    "no constant": [[0, -1], [1]],
    "pole at the origin": [[1, 1], [0, 1]],
    "a root 1 for every z": [[1, 0], [-2, -1], [1, 1]],
    "64 stages": [list(-(10.0 ** WILD.uniform(-30, 30, 65))), list(WILD.normal(size=65))],
    "64 steps": [list(10.0 ** WILD.uniform(-30, 30, 5)) for _ in range(64)],
}


@pytest.mark.parametrize("name", EXTREMES)
def test_an_extreme_method_is_drawn_in_bounded_time(name: str) -> None:
    start = process_time()
    assert figure([made(*EXTREMES[name])], ".png").startswith(b"\x89PNG")
    assert process_time() - start < 10


# --------------------------------------------------------------------------- what is refused


def test_regions_and_stars_are_drawn_unless_something_else_is_asked_for() -> None:
    assert default_kinds([of("rk4"), of("ab2")]) == ("stability", "order-star")
    assert default_kinds([of("rk4"), of("second_order")]) == ("stability",)


def test_an_oscillator_has_no_order_star() -> None:
    with pytest.raises(FigureError, match="order star"):
        figure([of("revnet")], ".svg", ["order-star"])


def test_a_file_of_another_kind_is_refused() -> None:
    assert suffix_of("a/b.PDF") == ".pdf"
    with pytest.raises(UnknownFormatError, match=r"\.svg, \.pdf or \.png; not in \.eps"):
        suffix_of("a.eps")
    with pytest.raises(UnknownFormatError, match="no suffix"):
        suffix_of("regions")
    with pytest.raises(UnknownFormatError):
        figure([EULER], ".tex")


@pytest.mark.parametrize("many", [0, 13])
def test_a_figure_has_as_many_methods_as_a_reader_can_tell_apart(many: int) -> None:
    with pytest.raises(FigureError, match=f"1 to 12 methods, not {many}"):
        figure([EULER] * many, ".svg")


def test_a_kind_that_is_none_is_refused() -> None:
    with pytest.raises(FigureError, match="stability, order-star, convergence, not pie"):
        figure([EULER], ".svg", ["pie"])  # type: ignore[list-item]


def test_a_kind_asked_for_twice_is_drawn_once() -> None:
    twice = figure([EULER], ".svg", ["stability", "stability"])
    assert twice == figure([EULER], ".svg", ["stability"])


def test_a_reason_has_no_control_characters() -> None:
    with pytest.raises(FigureError, match=r"^a\\x1b: a step"):
        figure([Method("a\x1b")], ".svg")


def test_slopes_without_a_measurement_are_refused() -> None:
    with pytest.raises(FigureError, match="Euler: there is no error"):
        figure([EULER], ".svg", ["convergence"])


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MatplotlibMissingError, match=r"pip install 'butcher-torch\[plot\]'"):
        figure([EULER], ".svg")
