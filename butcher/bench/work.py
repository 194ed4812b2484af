"""What is measured: modules with their sub-nets, in groups that do the same F's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import torch
from torch import nn

from butcher.bench import references
from butcher.bench.item import Held, Method, evaluations
from butcher.bench.peers import PEERS, is_installed
from butcher.bench.settings import Settings
from butcher.models.tiled import Tiled

Kind = Literal["alone", "euler", "block", "tiled", "naive", "peer"]
Make = Callable[[Sequence[nn.Module]], nn.Module]


@dataclass(frozen=True)
class Work:
    """One thing to measure.

    name         unique in a run.
    method       of a block or a naive form, the scheme's name; held: its step.
    evaluations  of sub-nets in one pass; shared: whether all are one sub-net.
    make         the module around as many sub-nets.
    module       around those of its group.
    """

    name: str
    kind: Kind
    method: str | None
    held: Held | None
    evaluations: int
    shared: bool
    make: Make
    module: nn.Module
    compiled: bool = False


class Workshop:
    """Makes works around one set of sub-nets, so that all of one group run the same."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._branches: list[nn.Module] = []
        torch.manual_seed(0)

    def works(self, methods: Iterable[Method], peers: Iterable[str] = ()) -> list[Work]:
        """Blocks, their naive forms, the peers that are installed, and the references of each."""
        found = [work for method in methods for work in self._of(method)]
        found += [self._peer(peer) for peer in peers if is_installed(peer)]
        found += self._references(found)
        if self.settings.compiled:
            found += [compiled(work) for work in found if is_one_graph(work)]
        return found

    def tiled(self, methods: Iterable[Method], samples: int) -> list[Work]:
        """Blocks with fixed steps that are evaluated for so many samples at a time."""
        found = [
            self.work(
                f"{method.name}, tiles of {samples}",
                "tiled",
                partial(_tiled, method, samples),
                method=method.scheme.name,
                held=method.held,
                count=len(method.graph.evaluations),
                shared=method.is_shared,
            )
            for method in methods
            if method.held == "fixed"
        ]
        return [*found, *self._references(found)]

    def branches(self, count: int, *, shared: bool) -> list[nn.Module]:
        """The first `count` sub-nets of all; of shared ones `count` times the first."""
        while len(self._branches) < count:
            self._branches.append(self.settings.branch())
        return self._branches[:1] * count if shared else self._branches[:count]

    def _of(self, method: Method) -> Iterator[Work]:
        number = len(method.graph.evaluations)
        count = evaluations(method.block, number)
        of = partial(self.work, method=method.scheme.name, held=method.held, count=count)
        yield of(method.name, "block", method.block, shared=method.is_shared)
        if not method.is_shared:
            for form in method.naive_forms:
                make = partial(method.naive, form=form)
                yield of(f"{method.name}, naive {form}", "naive", make, shared=False)

    def _peer(self, peer: str) -> Work:
        def make(branches: Sequence[nn.Module]) -> nn.Module:
            return PEERS[peer](branches[0])

        return self.work(peer, "peer", make, count=evaluations(make, 1), shared=True)

    def _references(self, works: Iterable[Work]) -> list[Work]:
        """Of each group of works once."""
        found = []
        for count, shared in dict.fromkeys((work.evaluations, work.shared) for work in works):
            end = " shared" if shared else ""
            of = partial(self.work, count=count, shared=shared)
            found.append(of(f"{count} F{end}", "alone", references.alone))
            found.append(of(f"{count} Euler{end}", "euler", references.euler))
        return found

    def work(
        self,
        name: str,
        kind: Kind,
        make: Make,
        *,
        count: int,
        shared: bool,
        method: str | None = None,
        held: Held | None = None,
    ) -> Work:
        """One work around `count` sub-nets, or as many times around one."""
        module = make(self.branches(count, shared=shared))
        module.to(device=self.settings.device, dtype=self.settings.torch_dtype)
        return Work(name, kind, method, held, count, shared, make, module)


def is_one_graph(work: Work) -> bool:
    """Whether it is compiled, too: peers break the graph, and a tile is a graph of its own."""
    return work.kind in {"alone", "euler", "block"} and not work.shared


def _tiled(method: Method, samples: int, branches: Sequence[nn.Module]) -> nn.Module:
    return Tiled(method.block(branches), n=samples)


def compiled(work: Work) -> Work:
    """The same in one graph, by torch.compile."""
    module: nn.Module = torch.compile(work.module, fullgraph=True)  # type: ignore[assignment]
    return replace(work, name=f"{work.name}, compiled", module=module, compiled=True)
