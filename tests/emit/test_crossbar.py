"""The layout: nothing stands on anything else, whatever the method."""

import time
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, pairwise

import pytest
from emit.drawings import NAMES, graph

from butcher.coefficient import Coefficient
from butcher.emit.crossbar import LABEL, WIRE_TEXT, Layout, Place, layout, text_width
from butcher.emit.wiring import wiring
from butcher.ir.graph import STEP, Evaluation, Graph, Row, State, Term

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


def boxes(picture: Layout) -> Iterator[Rectangle]:
    for place in picture.places:
        yield rectangle(place.x, place.y, place.width, place.height)


def rectangle(x: float, y: float, width: float, height: float) -> Rectangle:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def labels(picture: Layout) -> Iterator[Rectangle]:
    """Where labels are, two points of their height left out: that is white."""
    for route in picture.routes:
        if route.wire.label:
            yield rectangle(*route.label, text_width(route.wire.label, WIRE_TEXT), LABEL - 2)


def overlap(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("name", NAMES)
def test_boxes_and_labels_do_not_overlap(name: str) -> None:
    picture = layout(wiring(graph(name)))
    shapes = [*boxes(picture), *labels(picture)]
    assert not [pair for pair in combinations(shapes, 2) if overlap(*pair)]


@pytest.mark.parametrize("name", NAMES)
def test_wires_run_across_boxes_or_labels_nowhere(name: str) -> None:
    picture = layout(wiring(graph(name)))
    shapes = [*boxes(picture), *labels(picture)]
    for route in picture.routes:
        for (x0, y0), (x1, y1) in pairwise(route.corners):
            # a hair's breadth thick; where it touches a box it begins or ends
            line = min(x0, x1) + 0.1, min(y0, y1) + 0.1, max(x0, x1) - 0.1, max(y0, y1) - 0.1
            assert not [shape for shape in shapes if overlap(line, shape)], route.wire


@pytest.mark.parametrize("name", NAMES)
def test_wires_overlap_only_where_they_carry_one_state(name: str) -> None:
    pieces = defaultdict(list)
    for route in layout(wiring(graph(name))).routes:
        shared = route.wire.tail if route.wire.kind == "identity" else None
        for start, end in pairwise(route.corners):
            flat = start[1] == end[1]
            line = ("y", start[1]) if flat else ("x", start[0])
            low, high = sorted((start[not flat], end[not flat]))
            pieces[line].append((low, high, shared))
    for line, found in pieces.items():
        for one, other in combinations(found, 2):
            apart = one[1] <= other[0] or other[1] <= one[0]
            assert apart or (one[2] is not None and one[2] == other[2]), line


@pytest.mark.parametrize("name", NAMES)
def test_stages_stand_in_the_order_of_computation(name: str) -> None:
    stages = [p for p in layout(wiring(graph(name))).places if p.box.kind == "stage"]
    assert [p.box.key for p in stages] == [e.key for e in graph(name).evaluations]
    assert all(one.x < other.x and one.y < other.y for one, other in pairwise(stages))


@pytest.mark.parametrize("name", NAMES)
def test_states_are_left_and_what_comes_out_is_right(name: str) -> None:
    places = layout(wiring(graph(name))).places
    ends = [p for p in places if p.box.kind in {"kept", "estimate"} or is_end(p)]
    middle = [p for p in places if p.box.kind in {"stage", "value"}]
    states = [p for p in places if p.box.kind == "state"]
    assert len({p.x for p in states}) == 1
    assert all(p.x < q.x for p in states for q in (*middle, *ends))
    assert all(p.x < q.x for p in middle for q in ends)


def is_end(place: Place) -> bool:
    return place.box.kind == "output" and not place.right and not place.left


def test_the_largest_method_is_laid_out_at_once() -> None:
    """64 stages, every coefficient there: 4,225 wires."""
    third = Coefficient.of(Fraction(1, 3)) * STEP
    keys = [f"k{i}" for i in range(64)]
    terms = (Term("u[n]", Coefficient.of(1)), *(Term(key, third) for key in keys))
    rows = [Row(f"Y{i}", terms) for i in range(64)]
    full = Graph(
        name="full",
        states=(State("u", 0, "value", 0),),
        evaluations=tuple(
            Evaluation(key, "f", row.key, key, None) for key, row in zip(keys, rows, strict=True)
        ),
        rows=(*rows, Row("u[n+1]", terms)),
        outputs=("u[n+1]",),
        estimates=(),
        symbols=(),
        ode=(),
        linear=frozenset(),
        sweeps=3,
    )
    start = time.perf_counter()
    assert len(layout(wiring(full)).routes) == 64 * 65 + 65
    assert time.perf_counter() - start < 10
