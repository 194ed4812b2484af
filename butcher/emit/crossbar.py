"""Where the boxes and wires of a diagram are: a crossbar, in points.

Boxes descend along a diagonal in the order of computation. What a box gives runs to the right in
its row; what a box takes comes down in its column; a wire turns where row and column cross, and
its coefficient stands at that place, so that the labels of a Runge-Kutta method are its table,
transposed. Wires back, those of an implicit method, do the same on the other side of the
diagonal. Wires never overlap, except those that carry one state unchanged.

The places are computed here, from numbers of characters: the picture does not depend on the
version of Graphviz, and the time grows like the number of wires.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from butcher.emit.wiring import Box, Wire, Wiring

BOX_TEXT, WIRE_TEXT, TITLE_TEXT = 12, 9, 14
TRACK = 4.0  # between parallel wires
LINE = 15.0  # height of a line in a box
LABEL = 11.0  # height of a wire's label
GAP = 12.0
LOOP = 10.0  # how far a loop stands off its box

Point = tuple[float, float]


@dataclass
class Place:
    """A box, its centre (y downwards) and the tracks of its wires on each side.

    Tracks are numbered from the top or from the left; a wire's number is its track.
    """

    box: Box
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    loop: Wire | None = None
    right: dict[Wire, int] = field(default_factory=dict)
    top: dict[Wire, int] = field(default_factory=dict)
    left: dict[Wire, int] = field(default_factory=dict)
    bottom: dict[Wire, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """A wire's corners from tail to head, and the centre of its label."""

    wire: Wire
    corners: tuple[Point, ...]
    label: Point


@dataclass(frozen=True)
class Layout:
    """The picture: its width and height, its boxes, its wires; y downwards."""

    width: float
    height: float
    places: tuple[Place, ...]
    routes: tuple[Route, ...]


def layout(wiring: Wiring) -> Layout:
    """The crossbar of a wiring diagram."""
    places = {box.key: Place(box) for box in wiring.boxes}
    position = {key: i for i, key in enumerate(places)}
    _assign_tracks(places, position, wiring.wires)
    for place in places.values():
        _measure(place)
    ordered = list(places.values())
    _set_rows(ordered)
    _set_columns(ordered)
    routes = tuple(_route(wire, places) for wire in wiring.wires)
    width = max(_right_edge(place) for place in ordered)
    height = max(place.y + _below(place) for place in ordered)
    return Layout(width, height, tuple(ordered), routes)


def text_width(text: str, size: float) -> float:
    """An upper estimate: letters of a sans-serif font are up to 0.62 of their size wide."""
    return 0.62 * size * len(text)


# ---------------------------------------------------------------------- tracks


def _assign_tracks(
    places: dict[str, Place], position: dict[str, int], wires: Sequence[Wire]
) -> None:
    """So that wires of one box do not cross each other: the nearest partner is the innermost."""
    forward = [w for w in wires if position[w.tail] < position[w.head]]
    back = [w for w in wires if position[w.tail] > position[w.head]]
    for key, place in places.items():
        place.loop = next((w for w in wires if w.tail == w.head == key), None)
        place.right = _numbered(
            sorted(
                (w for w in forward if w.tail == key),
                key=lambda w: (w.kind != "identity", -position[w.head]),
            ),
            merged="identity",
        )
        place.top = _numbered(
            sorted((w for w in forward if w.head == key), key=lambda w: -position[w.tail])
        )
        place.left = _numbered(
            sorted((w for w in back if w.tail == key), key=lambda w: -position[w.head])
        )
        place.bottom = _numbered(
            sorted((w for w in back if w.head == key), key=lambda w: -position[w.tail])
        )
        if place.loop:
            place.right = {place.loop: 0} | {w: i + 1 for w, i in place.right.items()}
            place.top[place.loop] = len(place.top)


def _numbered(wires: Iterable[Wire], merged: str | None = None) -> dict[Wire, int]:
    """wire -> track; wires of the kind `merged`, which stand first, share one."""
    tracks: dict[Wire, int] = {}
    shared = 0
    for wire in wires:
        if wire.kind == merged:
            tracks[wire] = 0
            shared = 1
        else:
            tracks[wire] = shared
            shared += 1
    return tracks


def _offset(tracks: dict[Wire, int], wire: Wire) -> float:
    """How far a wire's track is from the middle of the side."""
    return (tracks[wire] - max(tracks.values()) / 2) * TRACK


def _span(tracks: dict[Wire, int]) -> float:
    return max(tracks.values(), default=0) * TRACK


# ---------------------------------------------------------------------- sizes


def _measure(place: Place) -> None:
    text = max(text_width(line, BOX_TEXT) for line in place.box.lines)
    place.width = max(text, _span(place.top), _span(place.bottom)) + GAP
    place.height = max(LINE * len(place.box.lines), _span(place.right), _span(place.left)) + 8


def _label_width(wire: Wire) -> float:
    return text_width(wire.label, WIRE_TEXT)


def _above(place: Place) -> float:
    """What a box, its wires and their labels need above its centre."""
    loop = LOOP + LABEL / 2 if place.loop else 0.0
    back = _span(place.left) / 2 + LABEL if place.left else 0.0
    return max(place.height / 2 + loop, back)


def _below(place: Place) -> float:
    return max(place.height / 2, _span(place.right) / 2 + LABEL)


def _right_edge(place: Place) -> float:
    loop = LOOP + 4 + _label_width(place.loop) if place.loop else 0.0
    return place.x + place.width / 2 + loop


def _is_sink(place: Place) -> bool:
    return not place.right and not place.left and place.box.kind != "state"


def _set_rows(places: list[Place]) -> None:
    """A row for every box, one for all that end the diagram."""
    y = 0.0
    for place in places:
        if not _is_sink(place):
            place.y = y + _above(place)
            y = place.y + _below(place) + GAP
    sinks = [place for place in places if _is_sink(place)]
    for place in sinks:
        place.y = y + max(map(_above, sinks)) + GAP / 2


def _set_columns(places: list[Place]) -> None:
    """One column for all states, one for every other box, each as near as its labels allow."""
    boxes = over = under = 0.0  # what stands left of the column: boxes, wires above, wires below
    for place in places:
        if place.box.kind == "state":
            place.x = max(p.width for p in places if p.box.kind == "state") / 2
            boxes = max(boxes, _right_edge(place))
    for place in places:
        if place.box.kind == "state":
            continue
        label = max(map(_label_width, place.top), default=0.0)
        place.x = max(
            boxes + GAP + (place.width if _is_sink(place) else _span(place.top)) / 2,
            over + 6 + label + _span(place.top) / 2,
            *(boxes + 6 + _label_width(w) - _offset(place.top, w) for w in place.top),
        )
        if under:
            place.x = max(place.x, under + 6 + max(place.width, _span(place.bottom)) / 2)
        boxes = max(boxes, _right_edge(place))
        over = place.x + _span(place.top) / 2
        if place.bottom:
            back = max(map(_label_width, place.bottom))
            under = place.x + _span(place.bottom) / 2 + 3 + back


# ---------------------------------------------------------------------- wires


def _route(wire: Wire, places: dict[str, Place]) -> Route:
    tail, head = places[wire.tail], places[wire.head]
    half = _label_width(wire) / 2
    if tail is head:
        return _loop(wire, tail)
    if wire in tail.right:
        start = (tail.x + tail.width / 2, tail.y + _offset(tail.right, wire))
        end = (head.x + _offset(head.top, wire), head.y - head.height / 2)
        label = (end[0] - 3 - half, start[1] + LABEL / 2)
    else:
        start = (tail.x - tail.width / 2, tail.y + _offset(tail.left, wire))
        end = (head.x + _offset(head.bottom, wire), head.y + head.height / 2)
        label = (end[0] + 3 + half, start[1] - LABEL / 2)
    return Route(wire, (start, (end[0], start[1]), end), label)


def _loop(wire: Wire, place: Place) -> Route:
    """Out of the right side, over the corner, into the top."""
    right, top = place.x + place.width / 2, place.y - place.height / 2
    start = (right, place.y + _offset(place.right, wire))
    end = (place.x + _offset(place.top, wire), top)
    corners = ((right + LOOP, start[1]), (right + LOOP, top - LOOP), (end[0], top - LOOP))
    label = (right + LOOP + 4 + _label_width(wire) / 2, top - LOOP / 2)
    return Route(wire, (start, *corners, end), label)
