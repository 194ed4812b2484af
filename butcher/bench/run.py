"""A whole run: blocks and what stands beside them, and what else was asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Literal, get_args

import torch
import torch._dynamo

from butcher.bench.carried import carried_by_shipped
from butcher.bench.clock import interleaved, threads
from butcher.bench.graphs import graphs
from butcher.bench.growth import growth
from butcher.bench.item import Method, method
from butcher.bench.machine import Machine, machine
from butcher.bench.peers import PEERS
from butcher.bench.record import Record, Result
from butcher.bench.settings import Settings
from butcher.bench.start_up import start_up
from butcher.bench.tally import tally
from butcher.bench.work import Work, Workshop

Part = Literal["blocks", "carried", "graphs", "start-up", "tiles", "growth"]
PARTS: tuple[Part, ...] = get_args(Part)


TILES = 4
"""Tiles of a batch."""


def suite() -> list[Method]:
    """What the goals speak of."""
    return [
        method("verner89", "fixed"),
        method("verner89", "learned"),
        method("verner89", "bounded"),
        method("verner89", "per-stage"),
        method("rk4", "fixed"),
        method("rk38", "fixed", shared=True),
        method("dopri54", "controlled"),
    ]


def run(
    methods: Sequence[Method],
    settings: Settings,
    parts: Collection[Part],
    *,
    peers: bool,
    said: Callable[[str], None],
) -> Record:
    """Measure; `said` is told what is going on."""
    here = machine(settings.device)
    # Of one class many modules are compiled here, each in two modes.
    with threads(settings.threads), torch._dynamo.config.patch(recompile_limit=256):
        results: list[Result] = []
        if "blocks" in parts:
            works = Workshop(settings).works(methods, PEERS if peers else ())
            results = _results(works, settings, said)
        return Record(
            machine=here,
            tiles=_tiles(methods, settings, here, said) if "tiles" in parts else None,
            settings=settings,
            results=tuple(results),
            carried=carried_by_shipped() if "carried" in parts else None,
            graphs=graphs(said) if "graphs" in parts else None,
            start_up=start_up(settings.rounds) if "start-up" in parts else None,
            growth=tuple(growth(settings, said)) if "growth" in parts else None,
        )


def _tiles(
    methods: Sequence[Method], settings: Settings, here: Machine, said: Callable[[str], None]
) -> Record:
    """Of a batch that is `TILES` times as large, in tiles of the settings' one."""
    changes = {"batch": TILES * settings.batch, "compiled": False}
    larger = settings.model_copy(update=changes)
    works = Workshop(larger).tiled(methods, settings.batch)
    return Record(machine=here, settings=larger, results=tuple(_results(works, larger, said)))


def _results(
    works: Sequence[Work], settings: Settings, said: Callable[[str], None]
) -> list[Result]:
    tallies = {}
    for work in works:
        said(f"counting {work.name}")
        tallies[work.name] = tally(work, settings)
    times = interleaved(works, settings, said)
    return [
        Result(
            name=work.name,
            kind=work.kind,
            method=work.method,
            held=work.held,
            evaluations=work.evaluations,
            shared=work.shared,
            compiled=work.compiled,
            times=times[work.name],
            tally=tallies[work.name],
        )
        for work in works
    ]
