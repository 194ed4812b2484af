"""DOT text in which everything has its place: quoted names, points, attributes."""

from __future__ import annotations

from collections.abc import Mapping

from butcher.errors import escaped
from butcher.ir.graph import Graph

FONT = "Helvetica,Arial,sans-serif"
MARGIN = 12.0
WIDEST_TITLE = 100

Point = tuple[float, float]


def quoted(text: str) -> str:
    """A DOT string that shows the text as it is, whatever stands in it.

    Backslashes would be escapes of Graphviz and ampersands its entities; control and direction
    characters are shown escaped. A line feed is a new line.
    """
    lines = (escaped(line).replace("\\", "\\\\").replace("&", "&amp;") for line in text.split("\n"))
    return '"' + "\\n".join(line.replace('"', '\\"') for line in lines) + '"'


def caption(graph: Graph, title: str) -> str:
    """The title, and what of the method is not on the wires."""
    title = title if len(title) <= WIDEST_TITLE else title[: WIDEST_TITLE - 1] + "…"
    remarks = [title] if title else []
    if graph.sweeps is not None:
        remarks.append(f"{graph.sweeps} Picard sweep{'' if graph.sweeps == 1 else 's'}")
    if any(symbol.scope == "stage" for symbol in graph.symbols):
        remarks.append("every row its own h")
    return " · ".join(remarks)


def statement(name: str, attributes: Mapping[str, str]) -> str:
    inner = ", ".join(f"{key}={value}" for key, value in attributes.items())
    return f"  {name} [{inner}];"


def straight(start: Point, end: Point) -> tuple[Point, Point]:
    """The inner control points of a straight piece."""
    third = (end[0] - start[0]) / 3, (end[1] - start[1]) / 3
    return (start[0] + third[0], start[1] + third[1]), (end[0] - third[0], end[1] - third[1])


def point_text(point: Point) -> str:
    return f"{number_text(point[0])},{number_text(point[1])}"


def number_text(value: float) -> str:
    """Two decimals are 1/3600 inch; a negative zero would be another text for the same place."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")
