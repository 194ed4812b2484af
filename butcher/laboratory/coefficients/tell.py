"""What the trained numbers say: a table for each recipe, sentences, raw numbers."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from butcher.laboratory.coefficients.band import Band
from butcher.laboratory.coefficients.figure import base, over_blocks, over_epochs
from butcher.laboratory.coefficients.history import History, Key
from butcher.laboratory.findings import Findings
from butcher.laboratory.statistic import Estimate, mean_of, paired, proportion
from butcher.laboratory.table import Cell, Table

LU = "Lu, Zhong, Li, Dong (2018), arXiv:1710.10121"

Bands = Mapping[str, Band]
"""Of one scheme, by the symbol."""


def findings(histories: Sequence[History], bands: Sequence[Bands]) -> Findings:
    """Of runs of one or several recipes; `bands` belong to them in this order."""
    symbols = list(dict.fromkeys(base(name) for history in histories for name in history.names))
    shared = {symbol: _shared(symbol, histories, bands) for symbol in symbols}
    return Findings(
        name="coefficients",
        title="Trained numbers of the schemes",
        tables=tuple(table(h, b, len(histories)) for h, b in zip(histories, bands, strict=True)),
        figures=tuple(
            drawn(histories, symbol, shared[symbol])
            for symbol in symbols
            for drawn in (over_epochs, over_blocks)
        ),
        raw={"recipes": [_raw(h, b) for h, b in zip(histories, bands, strict=True)]},
        remarks=tuple(_remarks(histories, bands)),
    )


def _shared(symbol: str, histories: Sequence[History], bands: Sequence[Bands]) -> Band | None:
    """The band that all recipes with this number have; None where they differ."""
    found = [
        own.get(symbol)
        for history, own in zip(histories, bands, strict=True)
        if any(base(name) == symbol for name in history.names)
    ]
    return found[0] if all(band == found[0] for band in found) else None


# --------------------------------------------------------------------------- tables


def table(history: History, bands: Bands, recipes: int) -> Table:
    """A line for each number: at the start, at the end, and whether the end is in the band."""
    heads = ["block", "number", "start", "end", "change"]
    names = [name for name in history.names if name in bands]
    if names:
        heads.append("outside the band")
    notes = [f"{_runs(history)}; intervals of 95 % are over seeds. Blocks are counted from 1."]
    notes += [
        f"Band: zero-stable where {bands[name].text}, with the same {name} in every block."
        for name in names
    ]
    return Table(
        history.label if recipes > 1 else "At the start and at the end",
        tuple(heads),
        tuple(_row(history, key, bands, wide=bool(names)) for key in history.values),
        tuple(notes),
        name=re.sub(r"[^\w.]+", "-", history.label).strip("-") if recipes > 1 else "",
    )


def _row(history: History, key: Key, bands: Bands, *, wide: bool) -> tuple[Cell, ...]:
    block, name = key
    cells = (block, name, history.start(key), history.end(key), history.change(key))
    band = bands.get(name)
    if not wide:
        return cells
    return (*cells, None if band is None else _outside(history.ends(key), band))


def _outside(values: Sequence[float], band: Band) -> str:
    return f"{sum(not band.holds(value) for value in values)} of {len(values)}"


# --------------------------------------------------------------------------- sentences


def _remarks(histories: Sequence[History], bands: Sequence[Bands]) -> Iterator[str]:
    for history, own in zip(histories, bands, strict=True):
        for name, band in own.items():
            if name in history.names:
                begin = f"{history.label}: " if len(histories) > 1 else ""
                for sentence in (*in_the_band(history, band), *of_lu(history, band)):
                    yield begin + sentence
        if not own:
            yield (
                f"{history.label}: no band, as it is no multistep method with trained coefficients."
            )
    if any(own for own in bands):
        yield (
            "The band speaks of one value for all blocks. Blocks with values of their own multiply "
            "different matrices: inside the band that is no proof, outside it none of the contrary."
        )
    if any(len(history.seeds) == 1 for history in histories):
        yield "Of one run there is no interval: its numbers may be those of its seed."


def in_the_band(history: History, band: Band) -> Iterator[str]:
    """Whether networks are in it with all of their blocks, and the blocks that are not."""
    name, runs = band.symbol, len(history.seeds)
    inside = [all(map(band.holds, ends)) for ends in _by_run(history, name)]
    yield (
        f"With all blocks in the band {band.text} end {_share(sum(inside), runs)} of the networks."
    )
    for block in history.blocks(name):
        ends = history.ends((block, name))
        if number := sum(not band.holds(value) for value in ends):
            yield (
                f"Block {block} is outside the band in {number} of {_seeds(runs)}: "
                f"{name} = {mean_of(ends)}."
            )


def of_lu(history: History, band: Band) -> Iterator[str]:
    """Lu et al. say of k: mostly in (-1, 1), near -1 in the last blocks. This is of the k of
    (1-k) u[n] + k u[n-1] alone, which its band tells."""
    if band.text != "-1 < k <= 1":
        return
    runs = _by_run(history, "k")
    most = [2 * sum(-1 < k < 1 for k in ends) > len(ends) for ends in runs]
    share = proportion(sum(most), len(runs))
    yield (
        f"{LU}, find k mostly in (-1, 1). Here most blocks are in it in "
        f"{_share(sum(most), len(runs))} of the networks: {_verdict(share)}."
    )
    last = mean_of([-ends[-1] for ends in runs])
    yield (
        f"They find it near -1 in the last blocks. Here the last, block {history.blocks('k')[-1]}, "
        f"has k = {mean_of([ends[-1] for ends in runs])}; if near is nearer to -1 than to 0: "
        f"{_verdict(last)}."
    )
    if len(runs[0]) > 1:
        others = [statistics.fmean(ends[:-1]) for ends in runs]
        difference = paired([ends[-1] for ends in runs], others)
        yield f"It differs from the mean of the other blocks by {difference}."


def _by_run(history: History, name: str) -> list[tuple[float, ...]]:
    """The values at the end, of each run those of all blocks."""
    every = [history.ends((block, name)) for block in history.blocks(name)]
    return list(zip(*every, strict=True))


def _share(hits: int, trials: int) -> str:
    found = proportion(hits, trials).scaled(100)
    return f"{hits} of {trials} ({found.low:.0f} % to {found.high:.0f} %, Wilson)"


def _verdict(found: Estimate) -> str:
    """Whether a share, or how near to -1, is with confidence above one half."""
    if not found.is_interval:
        return "of one run nothing follows"
    if found.low > 0.5:
        return "that holds here"
    return "that does not hold here" if found.high < 0.5 else "that is not decided here"


# --------------------------------------------------------------------------- words, raw numbers


def _runs(history: History) -> str:
    return f"{history.label}, {_seeds(len(history.seeds))}"


def _seeds(number: int) -> str:
    return "one seed" if number == 1 else f"{number} seeds"


def _raw(history: History, bands: Bands) -> dict[str, Any]:
    return {
        "recipe": history.label,
        "scheme": history.scheme,
        "seeds": list(history.seeds),
        "bands": {name: band.text for name, band in bands.items()},
        "numbers": [
            {"block": block, "name": name, "values": [list(run) for run in runs]}
            for (block, name), runs in history.values.items()
        ],
    }
