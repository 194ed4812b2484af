"""What a run writes while it trains: metrics.csv, log.jsonl, coefficients.csv, TensorBoard's."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from datetime import UTC, datetime
from typing import Any

from butcher.models import Network
from butcher.training.coefficients import values
from butcher.training.curves import Curves
from butcher.training.folder import Folder, finite
from butcher.training.result import EpochResult
from butcher.training.several import Alone


class Log:
    """The logs of a run in `folder`; `lengths` is what a checkpoint says of files that go on."""

    def __init__(
        self,
        folder: Folder,
        network: Network,
        lengths: Mapping[str, int],
        curves: Curves | None,
        group: Alone,
    ) -> None:
        self._folder, self._network, self._curves, self._group = folder, network, curves, group
        names = ["log.jsonl", *(["coefficients.csv"] if values(network, group) else [])]
        self._files = {name: folder.grown(name, lengths.get(name, 0)) for name in names}

    def event(self, event: str, **facts: Any) -> None:
        """A line of log.jsonl, with the time of day."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps(finite({"time": now, "event": event, **facts}), ensure_ascii=False)
        self._files["log.jsonl"].write(line + "\n")

    def begin(self) -> None:
        """Before the first step: no lines of metrics.csv yet, coefficients as they start."""
        self.metrics([])
        if file := self._files.get("coefficients.csv"):
            file.write(_lines([("epoch", "block", "name", "value")]))
        self.coefficients(0)

    def epoch(self, results: Sequence[EpochResult]) -> None:
        """The epoch that is the last of `results`."""
        result = results[-1]
        self.event("epoch", **vars(result))
        self.coefficients(result.epoch)
        if self._curves:
            self._curves.epoch(result)

    def metrics(self, results: Sequence[EpochResult]) -> None:
        """metrics.csv, whole."""
        head = tuple(field.name for field in fields(EpochResult))
        self._folder.text("metrics.csv", _lines([head, *map(astuple, results)]))

    def coefficients(self, epoch: int) -> None:
        """The trained numbers of the scheme, a line each."""
        if file := self._files.get("coefficients.csv"):
            found = values(self._network, self._group)
            file.write(_lines([(epoch, *number) for number in found]))
            if self._curves:
                self._curves.coefficients(epoch, found)

    def lengths(self) -> dict[str, int]:
        """For a checkpoint."""
        return {name: file.length for name, file in self._files.items()}

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()
        if self._curves:
            self._curves.close()


def _lines(rows: Sequence[Sequence[object]]) -> str:
    """CSV; numbers with all their digits, nothing for None."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
