"""A graph as Graphviz text: its wiring diagram, every box and wire in its place."""

from __future__ import annotations

from collections.abc import Iterator

from butcher.emit.crossbar import (
    BOX_TEXT,
    TITLE_TEXT,
    WIRE_TEXT,
    Layout,
    Place,
    Route,
    layout,
    text_width,
)
from butcher.emit.dot_text import (
    FONT,
    MARGIN,
    Point,
    caption,
    number_text,
    point_text,
    quoted,
    statement,
    straight,
)
from butcher.emit.wiring import Box, Wire, wiring
from butcher.errors import escaped
from butcher.ir.graph import Graph
from butcher.version import __version__

CORNER = 4.0  # radius
ARROW = 6.0

POSITIVE, NEGATIVE, SYMBOLIC, ESTIMATE = "#1f4e8c", "#c0392b", "#1b7837", "#7b3294"
PLAIN, THIN, DEAD = "#333333", "#9a9a9a", "#a0a0a0"

BOXES = {
    "state": {"style": "rounded,filled", "fillcolor": "#e8eef7", "color": PLAIN},
    "stage": {"style": "filled", "fillcolor": "#ffffff", "color": PLAIN},
    "value": {"style": "rounded", "color": PLAIN},
    "output": {"style": "rounded,filled,bold", "fillcolor": "#e8eef7", "color": PLAIN},
    "kept": {"style": "rounded,filled", "fillcolor": "#e8eef7", "color": THIN},
    "estimate": {"style": "rounded,dotted", "color": ESTIMATE, "fontcolor": ESTIMATE},
}
WIRES = {
    "identity": {"color": THIN, "penwidth": "0.6"},
    "positive": {"color": POSITIVE, "fontcolor": POSITIVE},
    "negative": {"color": NEGATIVE, "fontcolor": NEGATIVE, "style": "dashed"},
    "symbolic": {"color": SYMBOLIC, "fontcolor": SYMBOLIC, "penwidth": "1.6"},
    "argument": {"color": PLAIN},
    "kept": {"color": THIN, "penwidth": "0.6"},
}


def dot(graph: Graph, title: str, *, digest: str | None = None) -> str:
    """The wiring diagram of a method as DOT text.

    Boxes are states, stages, values, outputs and estimates; wires carry the coefficients that are
    not zero. A power of h that all wires out of a stage share stands in its box. Positions are
    part of the text (`layout=nop2`), so `dot -Tsvg` keeps them. The same graph, title and digest
    give the same text.
    """
    said = caption(graph, title)
    picture = layout(wiring(graph))
    lines = [f"// Wiring diagram by butcher {__version__}"]
    if digest is not None:
        lines[0] += f", digest {escaped(digest)}"
    lines += [f"digraph {quoted(graph.name)} {{", *_settings(picture, said)]
    flip = _Flip(picture.height + MARGIN)
    lines += [_node(place, flip) for place in picture.places]
    lines += [_edge(route, flip) for route in picture.routes]
    return "\n".join([*lines, "}", ""])


def _settings(picture: Layout, said: str) -> Iterator[str]:
    """The graph's own attributes: how large it is, where its title stands, the defaults."""
    room = TITLE_TEXT + MARGIN if said else 0.0
    wide = text_width(said, TITLE_TEXT)
    right = max(picture.width, wide) + MARGIN
    top = picture.height + 2 * MARGIN + room
    bounds = f"{number_text(-MARGIN)},0,{number_text(right)},{number_text(top)}"
    # `wide` is an upper estimate: a little less, and the title begins above the first box
    place = point_text((0.46 * wide, top - MARGIN / 2 - TITLE_TEXT / 2))
    yield f'  graph [layout=nop2, bb="{bounds}", fontname="{FONT}", fontsize={TITLE_TEXT},'
    yield f'    label={quoted(said)}, labelloc=t, lp="{place}", tooltip={quoted(said)}];'
    yield (
        f'  node [shape=box, fixedsize=true, fontname="{FONT}", fontsize={BOX_TEXT}, penwidth=1];'
    )
    yield f'  edge [fontname="{FONT}", fontsize={WIRE_TEXT}, arrowsize=0.6, penwidth=1];'


class _Flip:
    """Graphviz counts y upwards."""

    def __init__(self, height: float) -> None:
        self.height = height

    def __call__(self, point: Point) -> Point:
        return point[0], self.height - point[1]


# ---------------------------------------------------------------------- boxes and wires


def _node(place: Place, flip: _Flip) -> str:
    box = place.box
    return statement(
        quoted(box.key),
        {
            "label": quoted("\n".join(box.lines)),
            "class": quoted(box.kind + (" dead" if box.dead else "")),
            "tooltip": quoted(box.tooltip),
            "pos": quoted(point_text(flip((place.x, place.y)))),
            "width": f"{place.width / 72:.4f}",
            "height": f"{place.height / 72:.4f}",
        }
        | {key: quoted(value) for key, value in _box_style(box).items()},
    )


def _box_style(box: Box) -> dict[str, str]:
    style = dict(BOXES[box.kind])
    if box.dead:
        rounded = "rounded," if "rounded" in style["style"] else ""
        style |= {"style": rounded + "dashed", "color": DEAD, "fontcolor": DEAD}
    return style


def _edge(route: Route, flip: _Flip) -> str:
    wire = route.wire
    attributes = {"label": quoted(wire.label)} if wire.label else {}
    marks = [wire.kind, *(["estimate"] if wire.estimate else []), *(["dead"] if wire.dead else [])]
    attributes |= {
        "class": quoted(" ".join(marks)),
        "tooltip": quoted(wire.tooltip),
        "pos": quoted(_spline([flip(corner) for corner in route.corners])),
    }
    if wire.label:
        attributes |= {
            "lp": quoted(point_text(flip(route.label))),
            "labeltooltip": quoted(wire.tooltip),
        }
    attributes |= {key: quoted(value) for key, value in _wire_style(wire).items()}
    return statement(f"{quoted(wire.tail)} -> {quoted(wire.head)}", attributes)


def _wire_style(wire: Wire) -> dict[str, str]:
    """Negative is dashed wherever it leads; colour tells what the wire is for."""
    style = dict(WIRES[wire.kind])
    if wire.estimate:
        style |= {"color": ESTIMATE, "fontcolor": ESTIMATE}
        style.setdefault("style", "dotted")
    if wire.dead:
        style |= {"color": DEAD, "fontcolor": DEAD}
    return style


# ---------------------------------------------------------------------- geometry


def _spline(corners: list[Point]) -> str:
    """Straight lines with rounded corners as Bézier curves, and where the arrow's tip is."""
    tip = corners[-1]
    corners = [*corners[:-1], _towards(tip, corners[-2], ARROW)]
    curve = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        enter, leave = _towards(corner, before, CORNER), _towards(corner, after, CORNER)
        curve += [*straight(curve[-1], enter), enter, corner, corner, leave]
    curve += [*straight(curve[-1], corners[-1]), corners[-1]]
    return f"e,{point_text(tip)} " + " ".join(map(point_text, curve))


def _towards(start: Point, end: Point, length: float) -> Point:
    """`length` on the way, at most to its middle."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    whole = abs(dx) + abs(dy)  # one of them is zero
    share = min(length / whole, 0.5) if whole else 0.0
    return start[0] + share * dx, start[1] + share * dy
