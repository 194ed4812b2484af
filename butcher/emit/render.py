"""Drawing a graph as bytes: DOT text is ours, pictures are Graphviz's.

Graphviz is the system's `dot` or, where there is none, what the wheels of pygraphviz bring along.
Either runs as a process of its own: it cannot take ours down, and it can be given up on.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import PurePath

from butcher.emit.dot import dot
from butcher.ir.graph import Graph

SUFFIXES = (".svg", ".pdf", ".png", ".dot")
PIXELS_PER_INCH = 144
SECONDS = 120

_PYGRAPHVIZ = """\
import sys
import pygraphviz
suffix, resolution = sys.argv[1:]
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
if resolution:
    graph.graph_attr["dpi"] = resolution
sys.stdout.buffer.write(graph.draw(format=suffix, prog="nop2"))
"""


class UnknownFormatError(ValueError):
    """A suffix that is no format of ours: an error of usage."""


class GraphvizError(RuntimeError):
    """No Graphviz, or one that failed: nothing was drawn."""


def suffix_of(path: str | PurePath) -> str:
    """The suffix of a file to draw, in lower case. Raises UnknownFormatError."""
    return known_suffix(path, SUFFIXES, "a drawing")


def known_suffix(path: str | PurePath, known: Sequence[str], what: str) -> str:
    """The suffix of a path, one of those known, in lower case. Raises UnknownFormatError."""
    return _known(PurePath(path).suffix.lower(), known, what)


def _known(suffix: str, known: Sequence[str] = SUFFIXES, what: str = "a drawing") -> str:
    if suffix in known:
        return suffix
    found = f"not in {suffix}" if suffix else "this one has no suffix"
    raise UnknownFormatError(
        f"{what} is a file that ends in {', '.join(known[:-1])} or {known[-1]}; {found}"
    )


def draw(graph: Graph, title: str, suffix: str, *, digest: str | None = None) -> bytes:
    """The wiring diagram of a method, as the content of a file with this suffix.

    Raises UnknownFormatError, or GraphvizError for a picture that cannot be made here.
    """
    return render(dot(graph, title, digest=digest), _known(suffix))


def render(text: str, suffix: str) -> bytes:
    """DOT text as a picture; with `.dot` as it is. The same bytes for one version of Graphviz."""
    if _known(suffix) == ".dot":
        return text.encode()
    failure = ""
    for command in _commands(suffix.removeprefix(".")):
        picture, failure = _run(command, text)
        if picture:
            return picture
    if failure:
        raise GraphvizError(f"Graphviz could not draw: {failure}")
    raise GraphvizError(
        f"a {suffix} drawing needs Graphviz: install it, so that `dot` is found, or "
        "`pip install 'butcher-torch[draw]'`; a .dot file needs neither"
    )


def _commands(kind: str) -> Iterator[list[str]]:
    """What can draw here, the best first. The layout is named in the text."""
    resolution = str(PIXELS_PER_INCH) if kind == "png" else ""
    if program := shutil.which("dot"):
        yield [program, f"-T{kind}", *([f"-Gdpi={resolution}"] if resolution else [])]
    if find_spec("pygraphviz"):
        # -P: no module of the current folder takes the place of an installed one
        yield [sys.executable, "-P", "-c", _PYGRAPHVIZ, kind, resolution]


def _run(command: list[str], text: str) -> tuple[bytes, str]:
    """(the picture, why there is none)."""
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return b"", str(error)
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return b"", said[-1] if said else f"{command[0]} ended with {done.returncode}"
    return _undated(done.stdout), ""


def _undated(picture: bytes) -> bytes:
    """A PDF says when it was made: always at the same time, and as many bytes as before."""
    if not picture.startswith(b"%PDF"):
        return picture
    return re.sub(rb"(/CreationDate \(D:)\d{14}", rb"\g<1>19700101000000", picture)
