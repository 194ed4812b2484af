"""Figures of methods for a paper: stability regions, order stars, slopes of convergence.

Nothing here imports numpy or matplotlib before a figure is asked for.
"""

from butcher.figure.file import MatplotlibMissingError, suffix_of
from butcher.figure.method import FigureError, Method
from butcher.figure.page import (
    KINDS,
    Kind,
    figure,
)

__all__ = [
    "KINDS",
    "FigureError",
    "Kind",
    "MatplotlibMissingError",
    "Method",
    "figure",
    "suffix_of",
]
