"""Figures as files: what is drawn, that it is the same every time, and what is refused."""

import re
import struct
import sys
import xml.etree.ElementTree as ElementTree
from time import process_time

import matplotlib
import numpy as np
import pytest
from drawn_methods import EULER, STEPS, made, measured, of
from matplotlib.font_manager import fontManager

from butcher.emit.render import UnknownFormatError
from butcher.figure import (
    KINDS,
    FigureError,
    MatplotlibMissingError,
    Method,
    figure,
    suffix_of,
)
from butcher.figure.page import default_kinds
from butcher.figure.style import label

HOSTILE = [
    r"$\frac{1}{0}$ _a_ ^2 \input{x} %",
    "<b>&amp;</b> --> ]]> <!--",
    "中文 \u202e\x1b[31m\n\ud800",
    "W" * 4000,
    "",
    "العربية",
]


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


def test_a_cache_of_fonts_that_lacks_ours_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    known = figure([EULER], ".svg")
    others = [font for font in fontManager.ttflist if not font.name.startswith("STIX")]
    monkeypatch.setattr(fontManager, "ttflist", others)
    fontManager._findfont_cached.cache_clear()
    assert figure([EULER], ".svg") == known
    assert "not found" not in caplog.text


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
