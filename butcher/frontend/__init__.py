"""The frontend: the text of a `.tab` file to its tree, and the tree back to canonical text."""

from butcher.frontend.canonical import canonical
from butcher.frontend.limits import decode
from butcher.frontend.parser import parse

__all__ = ["canonical", "decode", "parse"]
