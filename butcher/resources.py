"""Where the data files are: the grammar, shipped specs and networks, pages of the error codes."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def root(name: str) -> Traversable:
    """The file or folder `grammar`, `specs`, `networks` or `errors.md`.

    The wheel holds them inside the package, a checkout beside it (`errors.md` in `docs/`). What
    comes back is read as text in UTF-8 and listed with `iterdir()`; it need not be a path on a
    disk, since the package may be imported from a zip.
    """
    inside = files("butcher") / name
    if inside.is_file() or inside.is_dir():
        return inside
    checkout = Path(__file__).parent.parent
    return checkout / "docs" / name if name.endswith(".md") else checkout / name
