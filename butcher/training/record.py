"""What a run leaves in its folder: checkpoint.pt, metrics.csv, metrics.json.

A file is whole or not there: it is written beside its place, then moved.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import nn

from butcher.training.loop import EpochResult


class Record:
    """One run's folder. What an earlier run left under the same names is replaced."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results: list[EpochResult] = []
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("metrics.csv", "metrics.json", "checkpoint.pt"):
            (folder / name).unlink(missing_ok=True)

    def epoch(self, result: EpochResult, model: nn.Module, tables: Mapping[str, Any]) -> None:
        """Add a line to metrics.csv and renew the checkpoint."""
        self.results.append(result)
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(field.name for field in fields(EpochResult))
        writer.writerows(astuple(line) for line in self.results)
        text = lines.getvalue().encode()
        replaced(self.folder / "metrics.csv", lambda file: file.write(text))
        state = {"model": model.state_dict(), "recipe": dict(tables), "epoch": result.epoch}
        replaced(self.folder / "checkpoint.pt", lambda file: torch.save(state, file))

    def end(self, summary: Mapping[str, Any]) -> None:
        """Write `summary` to metrics.json."""
        text = json.dumps(_finite(summary), indent=2, ensure_ascii=False) + "\n"
        replaced(self.folder / "metrics.json", lambda file: file.write(text.encode()))


def replaced(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write `path` as a whole: a reader sees the old file or the new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            write(file)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _finite(value: Any) -> Any:
    """`value` with null for an infinite number: JSON knows none."""
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
