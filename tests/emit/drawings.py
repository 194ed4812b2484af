"""The shipped specs as graphs, and their diagrams read back by Graphviz."""

from dataclasses import dataclass
from functools import cache

import pytest

import butcher
from butcher.emit.dot import dot
from butcher.ir.graph import Graph
from butcher.ir.lower import lower
from butcher.resources import root

NAMES = sorted(
    file.name.removesuffix(".tab") for file in root("specs").iterdir() if file.name.endswith(".tab")
)
Attributes = dict[str, str]


@cache
def graph(name: str) -> Graph:
    return lower(butcher.load(name))


@cache
def text(name: str) -> str:
    return dot(graph(name), butcher.load(name).title or name)


@dataclass(frozen=True)
class Drawing:
    """What Graphviz reads: a label, nodes and edges with their attributes."""

    label: str
    nodes: dict[str, Attributes]
    edges: list[tuple[str, str, Attributes]]

    def edge(self, tail: str, head: str) -> Attributes:
        (found,) = (a for t, h, a in self.edges if (t, h) == (tail, head))
        return found

    def having(self, mark: str) -> dict[str, Attributes]:
        return {key: a for key, a in self.nodes.items() if mark in a["class"].split()}


def redrawn(dot_text: str, kind: str) -> bytes:
    """As `render` draws it, but in this process, which is faster."""
    agraph = pytest.importorskip("pygraphviz").AGraph(string=dot_text)
    return bytes(agraph.draw(format=kind, prog="nop2"))


def read(dot_text: str) -> Drawing:
    agraph = pytest.importorskip("pygraphviz").AGraph(string=dot_text)
    return Drawing(
        agraph.graph_attr["label"],
        {str(node): dict(node.attr) for node in agraph.nodes()},
        [(edge[0], edge[1], dict(edge.attr)) for edge in agraph.edges()],
    )
