"""A record as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from butcher.bench.goals import findings
from butcher.bench.growth import Series
from butcher.bench.interval import Interval, quartiles
from butcher.bench.record import Record, Result
from butcher.bench.tally import Elementwise
from butcher.laboratory.table import markdown

ORDER = ("alone", "euler", "block", "tiled", "naive", "peer")


def page(record: Record) -> str:
    """Everything, goals first."""
    parts = [heading(record), goals(record)]
    if record.results:
        parts += [times(record), counts(record), seconds(record)]
    if record.tiles is not None:
        parts.append(tiles(record.tiles))
    if record.carried is not None:
        parts.append(carried(record))
    if record.growth is not None:
        parts += [growth(series) for series in record.growth]
    return "\n".join(parts)


def heading(record: Record) -> str:
    """Where and on what."""
    m, s = record.machine, record.settings
    shape = f"{s.batch} x {s.channels} x {s.size} x {s.size}"
    malloc = ", ".join(f"{name}={value}" for name, value in m.malloc.items() if value is not None)
    absent = [name for name, version in m.peers.items() if version is None]
    peers = ", ".join(f"{name} {version or 'not installed'}" for name, version in m.peers.items())
    lines = [
        f"{m.date}, {m.processor}, {m.cores} cores, load {m.load:g}; measured on {m.device}, "
        f"{s.threads} {'thread' if s.threads == 1 else 'threads'}.",
        f"Python {m.python}, torch {m.torch}, butcher {m.butcher}; {peers}.",
        f"malloc: {malloc or 'nothing set'}.",
        f"A map is {shape}, {s.dtype}{', channels last' if s.channels_last else ''}; "
        f"F is conv-BN-ReLU-conv-BN. {s.rounds} rounds after {s.warm_up}, "
        f"{'events of the GPU' if s.device.startswith('cuda') else s.clock + ' time'}.",
    ]
    if absent:
        lines.append(f"Not measured, since not installed: {', '.join(absent)}.")
    return "\n".join(lines) + "\n"


def goals(record: Record) -> str:
    """Every goal with its figure, and whether it is reached."""
    rows = [
        (str(f.goal), f.what, f.figure or "-", f"<= {f.limit}", f.verdict) for f in findings(record)
    ]
    return _section("Goals", ("", "goal", "measured", "limit", ""), rows)


def times(record: Record) -> str:
    """Against the sub-nets alone, and against as many Euler blocks."""
    rows = []
    for result in ordered(record):
        cells = [result.name, str(result.evaluations)]
        for kind in ("alone", "euler"):
            for mode in ("inference", "forward", "training"):
                same = record.reference(result, kind) is result
                cells.append("1" if same else str(record.ratio(result, kind, mode)))
        rows.append(cells)
    head = ("", "F's", *(f"{m} / {k}" for k in ("F", "Euler") for m in ("inf", "fwd", "fwd+bwd")))
    return _section("Time, against the F's alone and against Euler blocks", head, rows)


def counts(record: Record) -> str:
    """Memory in maps, passes and kernels of the block without its sub-nets."""
    rows = []
    for result in ordered(record):
        t = result.tally
        row = [result.name, str(result.evaluations)]
        row += [f"{record.maps(size):.2f}" for size in (t.peak_inference, t.peak_training)]
        row += [
            "-" if size is None else f"{record.maps(size):.2f}"
            for size in (t.saved_maps, t.saved_inputs, t.saved_parameters)
        ]
        row += [_ways(t.forward, t.backward, what) for what in ("passes", "kernels", "dispatched")]
        rows.append(row)
    head = (
        *("", "F's", "peak inf", "peak train", "saved", "of inputs", "of parameters"),
        *("passes", "kernels", "dispatched"),
    )
    return _section("Memory in maps; passes and kernels, forward + backward", head, rows)


def seconds(record: Record) -> str:
    """Medians and quartiles, in milliseconds."""
    rows = []
    for result in ordered(record):
        times = (result.times.inference, result.times.forward, result.times.training)
        rows.append([result.name, *(_milliseconds(quartiles(each)) for each in times)])
    head = ("", "inference", "forward", "forward + backward")
    return _section("Milliseconds, median [quartiles]", head, rows)


def tiles(record: Record) -> str:
    """Evaluation of a batch in tiles: time against the F's and Euler blocks, peaks in maps."""
    rows = []
    for result in ordered(record):
        against = [
            "1" if kind == result.kind else str(record.ratio(result, kind, "inference"))
            for kind in ("alone", "euler")
        ]
        peak = f"{record.maps(result.tally.peak_inference):.2f}"
        rows.append([result.name, str(result.evaluations), *against, peak])
    head = ("", "F's", "inf / F", "inf / Euler", "peak inf")
    return _section(f"Evaluation of {record.settings.batch} samples in tiles", head, rows)


def carried(record: Record) -> str:
    """The most maps that are held across an evaluation, and the fewest there can be."""
    rows = []
    for each in record.carried or ():
        known = [rank for rank in each.rank if rank is not None]
        rank = str(max(known, default=0)) if len(known) == len(each.rank) else "-"
        most, least = max(each.held, default=0), max(each.cover, default=0)
        rows.append((each.name, str(most), str(least), rank, "yes" if each.is_least else "no"))
    head = ("", "held", "structural rank", "rank", "least at every evaluation")
    return _section("Maps held across an evaluation, the most of each method", head, rows)


def growth(series: Series) -> str:
    """Overhead of one evaluation, in times of a sub-net, and what it is made of."""
    rows = []
    for point in series.points:
        both = (point.tally.forward, point.tally.backward)
        passes = sum(each.passes for each in both if each)
        extra = [
            (a - b) / point.map_bytes
            for a, b in (
                (point.tally.peak_inference, point.tally_alone.peak_inference),
                (point.tally.peak_training, point.tally_alone.peak_training),
            )
        ]
        row = [point.label, str(point.evaluations), str(point.coefficients)]
        row += [_percent(point.overhead(mode)) for mode in ("inference", "forward", "training")]
        row += [f"{passes / point.evaluations:.1f}", f"{passes / point.coefficients:.1f}"]
        rows.append([*row, *(f"{maps:.2f}" for maps in extra)])
    head = (
        *("", "F's", "coefficients", "inf", "fwd", "fwd+bwd"),
        *("passes / F", "passes / coefficient", "peak inf above F's", "peak train above F's"),
    )
    return _section(f"Growth: {series.name}", head, rows)


# --------------------------------------------------------------------------- cells


def ordered(record: Record) -> list[Result]:
    """References first, then blocks, naive forms and peers."""
    return sorted(record.results, key=lambda r: (r.compiled, ORDER.index(r.kind), r.evaluations))


def _percent(found: Interval) -> str:
    return f"{found.middle:.1%} [{found.low:.1%}, {found.high:.1%}]"


def _milliseconds(found: Interval) -> str:
    return f"{1e3 * found.middle:.2f} [{1e3 * found.low:.2f}, {1e3 * found.high:.2f}]"


def _ways(forward: Elementwise | None, backward: Elementwise | None, what: str) -> str:
    if forward is None or backward is None:
        return "-"
    return f"{getattr(forward, what)} + {getattr(backward, what)}"


def _section(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return f"## {title}\n\n{markdown(head, rows)}"
