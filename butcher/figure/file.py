"""A figure as the content of a file, in our style and no one else's."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from butcher.emit.render import known_suffix
from butcher.figure.style import DOTS_PER_INCH, FONTS, SETTINGS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".svg", ".pdf", ".png")


class MatplotlibMissingError(RuntimeError):
    """No matplotlib, so no figure."""


def suffix_of(path: str | PurePath) -> str:
    """The suffix of a figure's file, in lower case. Raises UnknownFormatError."""
    return known_suffix(path, SUFFIXES, "a figure")


def content(make: Callable[[], Figure], suffix: str) -> bytes:
    """What `make` draws, as a file with this suffix.

    The same bytes for the same figure and one version of matplotlib, whatever its configuration
    and the date. Raises UnknownFormatError, MatplotlibMissingError.
    """
    suffix_of(f"figure{suffix}")
    try:
        import matplotlib
        import numpy as np
    except ImportError:
        raise MatplotlibMissingError(
            "a figure needs matplotlib: pip install 'butcher-torch[plot]'"
        ) from None
    undated: dict[str, dict[str, None]] = {
        ".svg": {"Date": None, "Creator": None},
        ".pdf": {"CreationDate": None},
        ".png": {"Software": None},
    }
    file = io.BytesIO()
    _find_fonts()
    with np.errstate(all="ignore"), matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        make().savefig(
            file,
            format=suffix.removeprefix("."),
            dpi=DOTS_PER_INCH,
            metadata=undated[suffix],
        )
    return file.getvalue()


def _find_fonts() -> None:
    """Make the fonts that come with matplotlib known; a user's cache of fonts may lack them."""
    from matplotlib import get_data_path
    from matplotlib.font_manager import fontManager

    known = {font.name for font in fontManager.ttflist}
    for family in FONTS:
        if family not in known:
            start = family.replace("General", "").replace(" ", "")
            for path in sorted(Path(get_data_path(), "fonts", "ttf").glob(f"{start}*.ttf")):
                fontManager.addfont(path)
