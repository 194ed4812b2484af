"""`lesion`: errors under lesions, over seeds, as tables and figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING, Any

from butcher.figure.style import GREY, MARKERS, PAGE, colour
from butcher.laboratory.findings import Findings
from butcher.laboratory.finished import AskError, Part, images, remarks, with_fixed_steps
from butcher.laboratory.groups import Group
from butcher.laboratory.lesion.change import Lesion
from butcher.laboratory.lesion.draw import Layout, What, layout
from butcher.laboratory.lesion.measure import Errors, errors_of
from butcher.laboratory.marks import legend_below, line, whole_numbers
from butcher.laboratory.plot import Drawing
from butcher.laboratory.statistic import Estimate, mean_of, paired
from butcher.laboratory.table import Table
from butcher.training.data import still
from butcher.training.place import cpu_threads
from butcher.training.stored import StoredRun

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DRAWS = 10

WORDS: dict[What, tuple[str, str]] = {
    "block": ("one block dropped", "blocks dropped"),
    "evaluation": ("one sub-net silent", "sub-nets silent"),
    "shuffle": ("two neighbours exchanged", "pairs exchanged"),
}
"""What a single lesion is, and what is counted where there are several."""

MEANINGS: dict[What, str] = {
    "block": "A dropped block makes no step, u[n+1] = P(u[n]), where P is its transition, the "
    "identity of a block that keeps the shape. Earlier values move up.",
    "evaluation": "A silent sub-net gives zero in each of its uses; the rest of its block is as "
    "it was.",
    "shuffle": "Blocks are exchanged with others of their stage that have the same shapes; all "
    "numbers of a block go with it.",
}


@dataclass(frozen=True)
class Result:
    """The runs of one recipe under lesions: single ones, and draws of several by their number."""

    label: str
    seeds: tuple[int, ...]
    layout: Layout
    singles: Sequence[Lesion]
    draws: Mapping[int, Sequence[Lesion]]
    errors: tuple[Errors, ...]

    @property
    def whole(self) -> Estimate:
        """In per cent, as all errors here."""
        return _error([run.whole for run in self.errors])

    def single(self, i: int) -> Estimate:
        return _error([run.single[i] for run in self.errors])

    def rise(self, i: int) -> Estimate:
        """By the i-th single lesion, in points, paired with the same network whole."""
        return self._rise([run.single[i] for run in self.errors])

    @property
    def mean_rise(self) -> Estimate:
        """By a single lesion, the mean over all of them."""
        return self._rise([fmean(run.single) for run in self.errors])

    def rise_by(self, number: int) -> Estimate:
        """By so many: of each run the mean of its draws."""
        return self._rise([fmean(run.several[number]) for run in self.errors])

    def rise_of_draw(self, number: int, i: int) -> float:
        """By the i-th of the draws of so many, the mean of all runs."""
        return 100 * fmean(run.several[number][i] - run.whole for run in self.errors)

    def _rise(self, shares: Sequence[float]) -> Estimate:
        return paired(shares, [run.whole for run in self.errors]).scaled(100)

    def several(self, number: int) -> Estimate:
        """Of each run the mean of its draws."""
        return _error([fmean(run.several[number]) for run in self.errors])


def lesion(
    groups: Sequence[Group[StoredRun]],
    what: What = "block",
    *,
    part: Part = "validation",
    draws: int = DRAWS,
    progress: Callable[[str], None] = lambda line: None,
) -> Findings:
    """What dropping, silencing or exchanging does to the error of trained networks.

    Their weights are not touched. Raises AskError for networks that have nothing to do it to.
    """
    results = [_result(group, what, part, draws, progress) for group in groups]
    single, several = WORDS[what]
    return Findings(
        "lesion" if what == "block" else f"lesion-{what}",
        f"Error with {single}, and by the number of {several}",
        (
            _summary(results, what),
            _by_position(results, what),
            _by_number(results, what),
        ),
        (Drawing(lambda page: _draw(page, results, what), PAGE, 2.9),),
        raw={
            "what": what,
            "part": part,
            "draws": draws,
            "groups": [_raw(result) for result in results],
        },
        remarks=(MEANINGS[what], *remarks(part)),
    )


def _error(shares: Sequence[float]) -> Estimate:
    """In per cent; its interval ends where errors do."""
    found = mean_of(shares).scaled(100)
    if not found.is_interval:
        return found
    return replace(found, low=max(found.low, 0.0), high=min(found.high, 100.0))


def _result(
    group: Group[StoredRun],
    what: What,
    part: Part,
    draws: int,
    progress: Callable[[str], None],
) -> Result:
    laid = _layout(group, what, part)
    single, several = laid.single(what), laid.several(what, draws)
    found = []
    for run in group.runs:
        progress(f"{group.label}, seed {run.recipe.train.seed}")
        with cpu_threads(run.recipe.train.threads):
            found.append(errors_of(run.network(), images(run.data(), part), single, several))
    return Result(group.label, group.seeds, laid, single, several, tuple(found))


def _layout(group: Group[StoredRun], what: What, part: Part) -> Layout:
    """That of all runs of a group: their recipe is one."""
    run = group.runs[0]
    first, _ = next(iter(still(images(run.data(), part), 2)))
    network = run.network()
    if what == "evaluation":
        why = "with a sub-net silent the error that they estimate is another; write --what block"
        with_fixed_steps(group.label, network, why)
    laid = layout(network, first)
    _check(group.label, laid, what)
    return laid


def _check(label: str, laid: Layout, what: What) -> None:
    if what == "block" and not laid.droppable:
        raise AskError(
            f"{label}: no block has a way past its sub-nets, so none can be dropped; write "
            "--what evaluation, which silences single sub-nets"
        )
    if what == "shuffle" and not laid.alike:
        raise AskError(
            f"{label}: no stage has two blocks of the same shapes, so none can be exchanged; "
            "write --what block, or leave these runs out"
        )


# --------------------------------------------------------------------------- tables


def _summary(results: Sequence[Result], what: What) -> Table:
    rows = []
    for result in results:
        rises = [result.rise(i) for i in range(len(result.singles))]
        worst = max(rises, key=lambda rise: rise.mean)
        rows.append(
            (
                result.label,
                len(result.errors),
                len(rises),
                result.whole,
                result.mean_rise,
                worst,
                result.layout.name(result.singles[rises.index(worst)]),
            )
        )
    heads = ("network", "runs", "places", "error whole (%)", "mean rise", "largest rise", "at")
    return Table(
        f"Rise of the error in points, {WORDS[what][0]}",
        heads,
        tuple(rows),
        (
            "Rises are paired with the same network whole; intervals of 95 % over seeds.",
            "The place of the largest rise is the one with the largest mean: its interval knows "
            "nothing of that choice.",
        ),
    )


def _by_position(results: Sequence[Result], what: What) -> Table:
    rows = []
    for result in results:
        for i, each in enumerate(result.singles):
            block = result.layout.block(each)
            rows.append(
                (
                    result.label,
                    result.layout.stages[block],
                    result.layout.name(each),
                    "yes" if block in result.layout.changes else "no",
                    result.single(i),
                    result.rise(i),
                )
            )
    return Table(
        f"Error by place, {WORDS[what][0]}",
        ("network", "stage", "place", "changes shape", "error (%)", "rise (points)"),
        tuple(rows),
        name="places",
    )


def _by_number(results: Sequence[Result], what: What) -> Table:
    rows = []
    for result in results:
        for number, lesions in result.draws.items():
            tau = (fmean(each.tau for each in lesions),) if what == "shuffle" else ()
            rows.append(
                (
                    result.label,
                    number,
                    len(lesions),
                    *tau,
                    result.several(number),
                    result.rise_by(number),
                )
            )
    tau_head = ("mean tau",) if what == "shuffle" else ()
    notes = ["Draws are the same for all runs; of each run their mean is taken first."]
    if what == "shuffle":
        notes.append(
            "tau: Kendall's correlation of the order with that of training, over all pairs that "
            "could be exchanged; 1 is the same order, 0 none, -1 the reverse."
        )
    return Table(
        f"Error by the number of {WORDS[what][1]}",
        ("network", WORDS[what][1], "draws", *tau_head, "error (%)", "rise (points)"),
        tuple(rows),
        tuple(notes),
        name="numbers",
    )


def _raw(result: Result) -> dict[str, Any]:
    return {
        "label": result.label,
        "seeds": result.seeds,
        "places": [result.layout.name(each) for each in result.singles],
        "lesions": {
            number: [asdict(each) for each in lesions] for number, lesions in result.draws.items()
        },
        "errors": [asdict(run) for run in result.errors],
    }


# --------------------------------------------------------------------------- figure


def _draw(page: Figure, results: Sequence[Result], what: What) -> None:
    """Rises against the place, against the number, and of orders against Kendall's tau."""
    kinds = [_against_place, _against_number, *([_against_tau] if what == "shuffle" else [])]
    panels = page.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for axes, kind in zip(panels, kinds, strict=True):
        for place, result in enumerate(results):
            kind(axes, result, place, what)
        axes.axhline(0, color=GREY, linewidth=0.6)
        axes.grid(axis="y", color=GREY, alpha=0.25, linewidth=0.4)
    panels[0].set_ylabel("rise of the error (points)")
    legend_below(page, panels[0])


def _against_place(axes: Axes, result: Result, place: int, what: What) -> None:
    at, found = [], []
    for i, each in enumerate(result.singles):
        block = result.layout.block(each)
        at.append(_abscissa(result.layout, each.silent[0] if each.silent else (block, None), what))
        found.append(result.rise(i))
    line(axes, at, found, place, _named(result))
    axes.set_xlabel("block" if what != "shuffle" else "block exchanged with its successor")
    axes.set_title(WORDS[what][0])
    whole_numbers(axes)


def _abscissa(laid: Layout, of: tuple[int, int | None], what: What) -> float:
    """Blocks are counted from 1; sub-nets stand evenly between a block and the next."""
    block, net = of
    if net is None:
        return block + 1
    number = sum(1 for other, _ in laid.nets if other == block)
    return block + 1 + net / number


def _named(result: Result) -> str:
    """For the legend: rises begin at the error of the whole network."""
    return f"{result.label} (whole: {result.whole.mean:.3g} %)"


def _against_number(axes: Axes, result: Result, place: int, what: What) -> None:
    numbers = list(result.errors[0].several)
    found = [result.rise_by(number) for number in numbers]
    if what != "shuffle":
        numbers, found = [1, *numbers], [result.mean_rise, *found]
    line(axes, [float(n) for n in numbers], found, place, _named(result))
    axes.set_xlabel(WORDS[what][1])
    axes.set_title(f"several {WORDS[what][1]}" if what != "shuffle" else "several pairs exchanged")
    whole_numbers(axes)


def _against_tau(axes: Axes, result: Result, place: int, what: What) -> None:
    points = [
        (each.tau, result.rise_of_draw(number, i))
        for number, lesions in result.draws.items()
        for i, each in enumerate(lesions)
    ]
    axes.plot(
        [tau for tau, _ in points],
        [error for _, error in points],
        color=colour(place),
        marker=MARKERS[place % len(MARKERS)],
        linestyle="",
        markersize=2.2,
        markeredgewidth=0,
        alpha=0.7,
    )
    axes.set_xlabel("Kendall's τ of the order")
    axes.set_title("every draw, mean of the runs")
    axes.set_xlim(1.04, min(-0.2, *(tau - 0.04 for tau, _ in points)))
