"""What is said where data are not there."""

from __future__ import annotations


class DataError(Exception):
    """The data, or a package that reads it, is not there. One line, with the mend."""


def missing(package: str) -> DataError:
    """What to say where an optional package is not installed."""
    return DataError(f"{package} is not installed: pip install 'butcher-torch[train]'")
