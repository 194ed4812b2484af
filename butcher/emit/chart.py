"""The schedule of a block as Graphviz text: a life line for every map, a column for every F."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from butcher.analysis.network.carried import Cover
from butcher.emit.crossbar import BOX_TEXT, TITLE_TEXT, WIRE_TEXT, text_width
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
from butcher.emit.lifelines import Added, Column, Life, Lifelines, Line, lifelines
from butcher.errors import escaped
from butcher.ir.graph import Graph
from butcher.passes.schedule import Step
from butcher.version import __version__

ROW = 18.0  # from line to line
DOT = 2.0  # radius
ARROW = 6.0

STATE, VALUE, SUM = "#1b7837", "#333333", "#1f4e8c"
PLAIN, GUIDE, BAND = "#333333", "#d8d8d8", "#f1f1f1"
COLOURS = {"state": STATE, "value": VALUE, "sum": SUM}


def chart(
    graph: Graph,
    steps: Sequence[Step],
    carried: Sequence[Cover],
    title: str,
    *,
    digest: str | None = None,
) -> str:
    """What a block holds from when to when, as DOT text.

    A map's line is thick where the map is carried across an evaluation; a dot is where something
    is added to it, a ring where it is the one that is added; a bar ends it where the block lets go
    of it, an arrow where it is handed on. Below stands how many maps are carried.
    """
    return _Chart(graph, lifelines(graph, steps, carried)).text(title, digest)


class _Chart:
    def __init__(self, graph: Graph, lives: Lifelines) -> None:
        self.graph = graph
        self.lives = lives
        names = [line.label for line in lives.lines] + [COUNTED]
        self.left = max(text_width(name, WIRE_TEXT) for name in names) + MARGIN
        self.rows = {line: i for i, line in enumerate(lives.lines)}
        self.height = ROW * (len(self.rows) + 2)
        self.handed = self._handed()
        ends = [text_width(text, WIRE_TEXT) for text in self.handed.values()]
        self.right = self.left + lives.end + max(ends, default=0.0) + MARGIN

    def text(self, title: str, digest: str | None) -> str:
        first = f"// Schedule by butcher {__version__}"
        if digest is not None:
            first += f", digest {escaped(digest)}"
        most = max((len(column.carried) for column in self.lives.columns), default=0)
        remark = f"carries {most} map{'' if most == 1 else 's'} at most"
        said = " · ".join(filter(None, [caption(self.graph, title), remark]))
        lines = [first, f"digraph {quoted(self.graph.name)} {{", *self._settings(said)]
        lines += [*self._bands(), *self._labels(), *self._boxes()]
        lines += [*self._guides(), *self._lines(), *self._carried(), *self._reads(), *self._sums()]
        return "\n".join([*lines, "}", ""])

    # ------------------------------------------------------------------ places

    def x(self, time: float) -> float:
        return self.left + time

    def y(self, line: Line) -> float:
        """Graphviz counts upwards."""
        return self.height - ROW * (self.rows[line] + 0.5)

    def _handed(self) -> dict[Line, str]:
        """line -> what the map is for the next block."""
        row = self.graph.row
        found: dict[Line, list[str]] = {}
        for state, key in zip(self.graph.states, self.graph.outputs, strict=True):
            source = (row[key].only_source if key in row else None) or key
            for life in self.lives.lives:
                if life.ending == "returned" and life.line.key == source:
                    found.setdefault(life.line, []).append(state.key)
        return {line: f"next {', '.join(keys)}" for line, keys in found.items()}

    def _settings(self, said: str) -> Iterator[str]:
        top = self.height + TITLE_TEXT + 2 * MARGIN
        wide = text_width(said, TITLE_TEXT)
        bounds = f"{number_text(-MARGIN)},0,{number_text(max(self.right, wide))},{number_text(top)}"
        place = point_text((0.46 * wide, top - MARGIN / 2 - TITLE_TEXT / 2))
        yield f'  graph [layout=nop2, outputorder=nodesfirst, bb="{bounds}", fontname="{FONT}",'
        yield f'    fontsize={TITLE_TEXT}, label={quoted(said)}, labelloc=t, lp="{place}",'
        yield f"    tooltip={quoted(said)}];"
        yield f'  node [shape=plaintext, fixedsize=true, fontname="{FONT}", fontsize={WIRE_TEXT}];'
        yield "  edge [arrowhead=none, arrowsize=0.6];"

    # ------------------------------------------------------------------ nodes

    def _bands(self) -> Iterator[str]:
        for column in self.lives.columns:
            middle = self.x((column.begin + column.end) / 2)
            place = (middle, ROW + self.height / 2)
            size = (column.end - column.begin, self.height - 2 * ROW)
            style = {"shape": "box", "style": "filled", "fillcolor": BAND, "color": BAND}
            yield _node(f"band {column.evaluation.key}", "", "band", place, size, style)
            count = f"count {column.evaluation.key}"
            size, text = (size[0], ROW), str(len(column.carried))
            style = {"fontsize": str(BOX_TEXT)}
            yield _node(count, text, "count", (middle, ROW / 2), size, style)
        place = (self.left / 2, ROW / 2)
        yield _node("count", COUNTED, "count", place, (self.left, ROW), {})

    def _labels(self) -> Iterator[str]:
        for line in self.rows:
            size = (text_width(line.label, WIRE_TEXT), ROW)
            place = (self.left - MARGIN / 2 - size[0] / 2, self.y(line))
            style = {"fontcolor": COLOURS[line.kind]}
            yield _node(line.key, line.label, line.kind, place, size, style)
        for line, text in self.handed.items():
            size = (text_width(text, WIRE_TEXT), ROW)
            place = (self.x(self.lives.end) + MARGIN / 2 + size[0] / 2, self.y(line))
            style = {"fontcolor": COLOURS[line.kind]}
            yield _node(f"next {line.key}", text, "next", place, size, style)

    def _boxes(self) -> Iterator[str]:
        slots = len(self.graph.slots) > 1
        for column in self.lives.columns:
            evaluation = column.evaluation
            text = evaluation.key + (f" {evaluation.slot}" if slots else "")
            size = (column.end - column.begin, ROW - 3)
            place = (self.x((column.begin + column.end) / 2), self.y(column.value))
            style = {"shape": "box", "style": "filled", "fillcolor": "#ffffff", "color": PLAIN}
            said = f"{evaluation.key} = {evaluation.slot}({column.argument.label})"
            carried = ", ".join(line.label for line in column.carried) or "nothing"
            style |= {"tooltip": f"{said}; carried: {carried}"}
            yield _node(f"box {evaluation.key}", text, "stage", place, size, style)

    # ------------------------------------------------------------------ edges

    def _guides(self) -> Iterator[str]:
        """From the name of a map to its beginning."""
        first = {column.value: column.begin for column in self.lives.columns}
        for life in self.lives.lives:
            first[life.line] = min(life.begin, first.get(life.line, life.begin))
        for line, begin in first.items():
            style = {"class": "guide", "color": GUIDE, "penwidth": "0.5"}
            start = (self.left - MARGIN / 4, self.y(line))
            if self.x(begin) > start[0]:
                yield _edge(line.key, line.key, (start, (self.x(begin), start[1])), style)

    def _lines(self) -> Iterator[str]:
        for life in self.lives.lives:
            yield self._life(life)

    def _life(self, life: Life) -> str:
        line, y = life.line, self.y(life.line)
        start, end = (self.x(life.begin), y), (self.x(life.end), y)
        style = {"class": f"{line.kind} {life.ending}", "color": COLOURS[line.kind]}
        if life.ending == "dropped":
            style |= {"arrowhead": "tee", "tooltip": f"{line.label}: let go"}
            return _edge(line.key, line.key, (start, end), style, tip=1.0)
        if life.ending == "returned":
            style |= {"arrowhead": "normal", "tooltip": f"{line.label}: handed on"}
            return _edge(line.key, line.key, (start, end), style, tip=ARROW)
        return _edge(line.key, line.key, (start, end), style | {"tooltip": line.label})

    def _carried(self) -> Iterator[str]:
        for column in self.lives.columns:
            for line in column.carried:
                y = self.y(line)
                ends = (self.x(column.begin), y), (self.x(column.end), y)
                style = {
                    "class": "carried",
                    "color": COLOURS[line.kind],
                    "penwidth": "4",
                    "tooltip": f"{line.label} is carried across {column.evaluation.key}",
                }
                yield _edge(line.key, line.key, ends, style)

    def _reads(self) -> Iterator[str]:
        for column in self.lives.columns:
            yield self._read(column)

    def _read(self, column: Column) -> str:
        """From the argument into the box."""
        x, start, box = self.x(column.begin) + ARROW, self.y(column.argument), self.y(column.value)
        edge = box + (1 if start > box else -1) * (ROW - 3) / 2
        said = f"{column.argument.label} is what {column.evaluation.slot} is given"
        style = {"class": "argument", "color": PLAIN, "arrowhead": "normal", "tooltip": said}
        name = f"box {column.evaluation.key}"
        return _edge(column.argument.key, name, ((x, start), (x, edge)), style, tip=ARROW)

    def _sums(self) -> Iterator[str]:
        for added in self.lives.added:
            yield self._sum(added)

    def _sum(self, added: Added) -> str:
        """A stem with a ring at what is added and a dot at the sum."""
        x, start, end = self.x(added.at), self.y(added.source), self.y(added.sum)
        down = 1 if start > end else -1
        style = {
            "class": "added",
            "color": SUM,
            "penwidth": "0.6",
            "arrowhead": "dot",
            "arrowtail": "odot",
            "dir": "both",
            "arrowsize": "0.5",
            "tooltip": added.tooltip,
        }
        tail, tip = (x, start + down * DOT), (x, end - down * DOT)
        inner = (x, start - down * DOT), (x, end + down * DOT)
        curve = [inner[0], *straight(*inner), inner[1]]
        place = f"s,{point_text(tail)} e,{point_text(tip)} " + " ".join(map(point_text, curve))
        return _statement(added.source.key, added.sum.key, style | {"pos": place})


COUNTED = "carried"


def _node(key: str, label: str, kind: str, at: Point, size: Point, style: Mapping[str, str]) -> str:
    attributes = {
        "label": label,
        "class": kind,
        "tooltip": label,
        "pos": point_text(at),
        **style,
    }
    measures = {"width": f"{size[0] / 72:.4f}", "height": f"{size[1] / 72:.4f}"}
    return statement(quoted(key), _quoted(attributes) | measures)


def _edge(
    tail: str, head: str, ends: tuple[Point, Point], style: Mapping[str, str], tip: float = 0.0
) -> str:
    """A straight line; its last `tip` points are the head of an arrow."""
    start, end = ends
    length = abs(end[0] - start[0]) + abs(end[1] - start[1])  # one of them is zero
    share = min(tip / length, 1.0) if length else 0.0
    stop = (end[0] + share * (start[0] - end[0]), end[1] + share * (start[1] - end[1]))
    curve = " ".join(map(point_text, [start, *straight(start, stop), stop]))
    place = f"e,{point_text(end)} {curve}" if tip else curve
    return _statement(tail, head, {**style, "pos": place})


def _statement(tail: str, head: str, attributes: Mapping[str, str]) -> str:
    return statement(f"{quoted(tail)} -> {quoted(head)}", _quoted(attributes))


def _quoted(attributes: Mapping[str, str]) -> dict[str, str]:
    return {key: quoted(value) for key, value in attributes.items()}
