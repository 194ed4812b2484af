"""Where the data files are: the grammar, shipped specs, networks and recipes, pages of the error
codes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def root(name: str) -> Traversable:
    """The file or folder `grammar`, `specs`, `networks`, `recipes` or `errors.md`.

    The wheel holds them inside the package, a checkout beside it (`errors.md` in `docs/`). What
    comes back is read as text in UTF-8 and listed with `iterdir()`; it need not be a path on a
    disk, since the package may be imported from a zip.
    """
    inside = files("butcher") / name
    if inside.is_file() or inside.is_dir():
        return inside
    checkout = Path(__file__).parent.parent
    return checkout / "docs" / name if name.endswith(".md") else checkout / name


class UnknownNameError(FileNotFoundError):
    """No file, and no shipped one, of that name."""


@dataclass(frozen=True)
class Shelf:
    """The shipped files of one kind. Adding a file to the folder is all it takes to add one.

    folder   as `root` knows it; ending: that of its files, which their names leave out.
    kind     what a message calls one of them.
    command  what lists them.
    """

    folder: str
    ending: str
    kind: str
    command: str

    def files(self) -> Mapping[str, Traversable]:
        """Name -> file."""
        found = (f for f in root(self.folder).iterdir() if f.name.endswith(self.ending))
        named = {f.name.removesuffix(self.ending): f for f in found}
        return dict(sorted(named.items()))

    def find(self, name: str) -> Path | Traversable:
        """The file of a path (a separator in it, or the ending at its end) or of a name."""
        if os.sep in name or "/" in name or name.endswith(self.ending):
            return Path(name)
        known = self.files()
        if name in known:
            return known[name]
        near = get_close_matches(name, known, n=3, cutoff=0.5)
        mend = f"did you mean {' or '.join(near)}? " if near else ""
        raise UnknownNameError(
            f"no shipped {self.kind} is called {name!r}: {mend}`{self.command}` shows them; "
            f"a file of your own is named with its path, ./{name} or {name}{self.ending}"
        )
