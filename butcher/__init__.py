"""Butcher compiles numerical methods into trainable PyTorch blocks, and proves what they are.

    >>> import butcher
    >>> scheme = butcher.load("rk4")  # a shipped name, or a path; butcher.parse(text) for text
    >>> source = butcher.compile(scheme, step="learned")  # the text of a torch.nn.Module

`butcher.make_block(scheme, F)` is that module, live, with sub-nets that F builds; only
`make_block` imports torch. `print(butcher.analyze(scheme))` is everything that is proved of the
method.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from butcher.version import __version__

if TYPE_CHECKING:
    from butcher.block import make_block
    from butcher.compiler import OptionError, Scheme, compile, load, parse
    from butcher.compiler.report import analyze
    from butcher.errors import Diagnostic, SpecError

__all__ = [
    "Diagnostic",
    "OptionError",
    "Scheme",
    "SpecError",
    "__version__",
    "analyze",
    "compile",
    "load",
    "make_block",
    "parse",
]

_HOME = {
    "Diagnostic": "butcher.errors",
    "OptionError": "butcher.compiler",
    "Scheme": "butcher.compiler",
    "SpecError": "butcher.errors",
    "analyze": "butcher.compiler.report",
    "compile": "butcher.compiler",
    "load": "butcher.compiler",
    "make_block": "butcher.block",
    "parse": "butcher.compiler",
}


def __getattr__(name: str) -> object:
    """Public names are imported when they are first asked for."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'butcher' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
