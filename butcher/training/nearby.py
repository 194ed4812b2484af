"""What may have been meant by a path that leads nowhere."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path


def nearby(path: Path, fits: Callable[[Path], bool] = Path.exists) -> str:
    """`; did you mean runs/small?` where what fits has nearly this name and lies beside it."""
    if not path.parent.is_dir():
        return ""
    names = [other.name for other in path.parent.iterdir() if fits(other)]
    near = get_close_matches(path.name, names, n=1)
    return f"; did you mean {path.with_name(near[0])}?" if near else ""
