"""The folder of a run: the names of its files, and writing one whole."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from butcher import atomic
from butcher.training.appended import Appended, Grown

FILES = {
    "recipe.toml": "the recipe with every default written out; `butcher train recipe.toml` trains "
    "it again",
    "scheme.tab": "the method, as `butcher fmt` writes it",
    "model.json": "what the network is: `butcher describe` as data",
    "environment.json": "versions, machine and command of the last start",
    "metrics.csv": "a line an epoch: learning rate, loss and accuracy in training and on the "
    "validation images, seconds of training",
    "log.jsonl": "what happened when: starts, epochs, interruptions, the end",
    "coefficients.csv": "the trained numbers of the scheme, block by block, after every epoch",
    "tensorboard": "the same curves, for TensorBoard",
    "checkpoint.pt": "weights, and all else that `butcher train FOLDER --resume` goes on from",
    "summary.json": "how the run ended, its last figures, what it took",
}
"""What a run leaves, in the order of reading."""


class RunError(Exception):
    """A run's folder does not hold what it should. One line, with the mend."""


@dataclass(frozen=True)
class Folder:
    """The folder of one run."""

    path: Path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def begin(self) -> None:
        """Make the folder; what an earlier run left under the same names goes."""
        self.path.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            place = self / name
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)

    def write(self, name: str, write: Callable[[BinaryIO], object]) -> None:
        """Write a file as a whole."""
        atomic.replace(self / name, write, alone=True)

    def grown(self, name: str, length: int) -> Grown:
        """A file that goes on after its first `length` bytes."""
        return Appended(self / name, length)

    def text(self, name: str, text: str) -> None:
        """Write a file."""
        data = text.encode()
        self.write(name, lambda file: file.write(data))

    def json(self, name: str, value: object) -> None:
        """Write a file of JSON; an infinite number is null, JSON knows none."""
        self.text(name, json.dumps(finite(value), indent=2, ensure_ascii=False) + "\n")

    def read_me(self, title: str) -> None:
        """Write README.md: what each file is that is there."""
        lines = [f"- `{name}`: {what}." for name, what in FILES.items() if (self / name).exists()]
        self.text(
            "README.md", f"# {title}\n\nA run of `butcher train`.\n\n" + "\n".join(lines) + "\n"
        )


class OthersFolder(Folder):
    """The folder of a run, to a process of it that writes nothing."""

    def begin(self) -> None:
        pass

    def write(self, name: str, write: Callable[[BinaryIO], object]) -> None:
        pass

    def grown(self, name: str, length: int) -> Grown:
        return Grown()


def finite(value: Any) -> Any:
    """`value` with None for an infinite number."""
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
