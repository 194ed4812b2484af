"""A graph as the text of a `torch.nn.Module`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from butcher.emit.torch_module.controlled import ControlledMethods
from butcher.emit.torch_module.forward import Methods
from butcher.emit.torch_module.fused import FusedMethods
from butcher.emit.torch_module.header import Header, write_header
from butcher.emit.torch_module.helpers import (
    AGAIN,
    BOUNDED,
    MAY_SKIP,
    MOVED,
    ONE_SLOT,
    REDRAWN,
    SEVERAL_SLOTS,
    TOGETHER,
    WIDE,
)
from butcher.emit.torch_module.names import class_name
from butcher.emit.torch_module.parameters import Parameters
from butcher.emit.torch_module.writer import Writer
from butcher.ir.graph import Graph

WHERE_CALLED = {
    "bounded(": BOUNDED,
    "redrawn(": REDRAWN,
    "may_skip(": MAY_SKIP,
    "wide(": WIDE,
    "moved(": MOVED,
    " together(": TOGETHER,
    "again(": AGAIN,
}

KERNELS = ("behind", "gather", "recovered", "spread")

DOCSTRING = re.compile(r'"""[\s\S]*?"""')
TORCH = re.compile(r"\btorch\.(?!nn)")


def emit_module(
    graph: Graph,
    header: Header,
    *,
    together: bool = False,
    checkpoint: Literal["stage", "block"] | None = None,
) -> str:
    """The text of a Python file with one class and the few functions that it needs.

    The graph is explicit, pruned and shared. The file imports torch and nothing of this project, a
    fused one `butcher.kernels`; the same graph and header give the same bytes. With a `lower_order`
    the step is controlled.

    together    whether evaluations that need nothing of each other are called side by side; a block
                that has none is the same as without.
    checkpoint  what training evaluates again instead of storing it: each evaluation, or the block.
    """
    checkpoint = checkpoint if graph.evaluations else None
    methods = _kind(header)(graph, header, Parameters.of(graph), together, checkpoint)
    if methods.is_together:
        header = replace(header, options=(*header.options, ("evaluations", "together")))
    if methods.checkpoint is not None:
        header = replace(header, options=(*header.options, ("checkpoint", methods.checkpoint)))
    body = Writer()
    _write_class(body, class_name(header.class_name), methods)
    text = body.text()
    helpers = [ONE_SLOT, SEVERAL_SLOTS] if methods.several_slots else [ONE_SLOT]
    helpers += [helper for call, helper in WHERE_CALLED.items() if call in _code(text)]
    helpers += methods.helpers()
    writer = Writer()
    write_header(writer, header)
    if header.lower_order is not None:
        writer.line("from __future__ import annotations")
        writer.line()
    _write_imports(writer, methods, _code("".join([text, *helpers])))
    for part in (text, *helpers):
        writer.lines(["", ""])
        writer.block(part)
    return writer.text()


def _kind(header: Header) -> type[Methods]:
    if header.lower_order is not None:
        return ControlledMethods
    return FusedMethods if header.fused else Methods


def _code(text: str) -> str:
    """The text without its docstrings, in which no three quotes stand."""
    return DOCSTRING.sub("", text)


def _write_imports(writer: Writer, methods: Methods, code: str) -> None:
    several = methods.several_slots
    abstract = ["Callable", "Iterator", *(["Mapping"] if several else []), "Sequence"]
    if methods.header.lower_order is not None:
        writer.line("import math")
    writer.line(f"from collections.abc import {', '.join(abstract)}")
    if re.search(r"\bnullcontext\b", code):
        writer.line("from contextlib import nullcontext")
    if re.search(r"\blru_cache\b", code):
        writer.line("from functools import lru_cache")
    typing = [name for name in ("Any", "NamedTuple") if re.search(rf"\b{name}\b", code)]
    if typing:
        writer.line(f"from typing import {', '.join(typing)}")
    writer.line()
    if TORCH.search(code):
        writer.line("import torch")
    kernels = [name for name in KERNELS if re.search(rf"\b{name}\(", code)]
    if methods.header.fused and kernels:
        writer.line(f"from butcher.kernels import {', '.join(kernels)}")
    writer.line("from torch import Tensor, nn")
    if methods.checkpoint is not None:
        writer.line("from torch.utils.checkpoint import checkpoint")
    writer.line()
    writer.line("SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]")
    if several:
        writer.line("SubNets = SubNet | Mapping[str, SubNet]")


def _write_class(writer: Writer, name: str, methods: Methods) -> None:
    writer.line(f"class {name}(nn.Module):")
    with writer.indented():
        methods.write_docstring(writer)
        methods.write_attributes(writer)
        methods.write_init(writer)
        methods.write_forward(writer)
        methods.write_start(writer)
        methods.write_inverse(writer)
        methods.parameters.write_members(writer)
        methods.write_extra_repr(writer)
