"""What a run found, as it is kept in a file: every sample, every count, and where it was made."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from butcher.bench.carried import Carried
from butcher.bench.clock import Times
from butcher.bench.graphs import Graphs
from butcher.bench.growth import Series
from butcher.bench.interval import Interval, paired_ratio
from butcher.bench.item import Held
from butcher.bench.machine import Machine
from butcher.bench.settings import Settings
from butcher.bench.start_up import StartUp
from butcher.bench.tally import Tally
from butcher.bench.work import Kind
from butcher.spec.model import Model


class Result(Model):
    """One work, see `butcher.bench.work.Work`."""

    name: str
    kind: Kind
    method: str | None
    held: Held | None
    evaluations: int
    shared: bool
    compiled: bool
    times: Times
    tally: Tally

    @property
    def group(self) -> tuple[int, bool, bool]:
        """Results of one group are of the same sub-nets."""
        return self.evaluations, self.shared, self.compiled


class Record(Model):
    """A run; None is what was not asked for.

    tiles  blocks in tiles, and their references, of a larger batch.
    """

    machine: Machine
    settings: Settings
    results: tuple[Result, ...]
    carried: tuple[Carried, ...] | None = None
    graphs: Graphs | None = None
    start_up: StartUp | None = None
    growth: tuple[Series, ...] | None = None
    tiles: Record | None = None

    @cached_property
    def by_name(self) -> Mapping[str, Result]:
        return {result.name: result for result in self.results}

    def reference(self, result: Result, kind: Kind) -> Result:
        """The sub-nets `alone` of a result's group, or as many `euler` blocks."""
        return next(r for r in self.results if r.kind == kind and r.group == result.group)

    def ratio(self, result: Result, kind: Kind, mode: str) -> Interval:
        """Time against that reference; `mode` is one of Times."""
        reference = self.reference(result, kind)
        return paired_ratio(getattr(result.times, mode), getattr(reference.times, mode))

    def maps(self, size: int) -> float:
        """Bytes in feature maps."""
        return size / self.settings.map_bytes

    @classmethod
    def read(cls, text: str) -> Record:
        """From the text that `text` gave."""
        return cls.model_validate_json(text)

    @property
    def text(self) -> str:
        """JSON; times are seconds, to the nanosecond."""
        return self.model_dump_json(indent=1) + "\n"
