"""From text to the source of a torch module, and the gate on the way."""

from butcher.compiler.catalogue import catalogue
from butcher.compiler.layout import formatted
from butcher.compiler.lookup import (
    find,
    load,
    parse,
    parse_bytes,
    resolve,
    shipped,
)
from butcher.compiler.options import OptionError
from butcher.compiler.pipeline import compile, translate
from butcher.compiler.uses import Use, attributes, block_graph, transformed, uses
from butcher.compiler.verdict import Verdict, examine, examine_bytes, unreadable
from butcher.resources import UnknownNameError
from butcher.spec import Scheme

__all__ = [
    "OptionError",
    "Scheme",
    "UnknownNameError",
    "Use",
    "Verdict",
    "attributes",
    "block_graph",
    "catalogue",
    "compile",
    "examine",
    "examine_bytes",
    "find",
    "formatted",
    "load",
    "parse",
    "parse_bytes",
    "resolve",
    "shipped",
    "transformed",
    "translate",
    "unreadable",
    "uses",
]
