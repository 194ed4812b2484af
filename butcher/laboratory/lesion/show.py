"""`lesion`: errors under lesions, over seeds, and the tables of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from butcher.laboratory.findings import Findings
from butcher.laboratory.finished import AskError, Part, images, remarks, with_fixed_steps
from butcher.laboratory.groups import Group
from butcher.laboratory.lesion.draw import Layout, What, layout
from butcher.laboratory.lesion.figure import figure
from butcher.laboratory.lesion.measure import errors_of
from butcher.laboratory.lesion.result import WORDS, Result
from butcher.laboratory.table import Table
from butcher.training.data import still
from butcher.training.place import cpu_threads
from butcher.training.stored import StoredRun

DRAWS = 10

MEANINGS: dict[What, str] = {
    "block": "A dropped block makes no step, u[n+1] = P(u[n]), where P is its transition, the "
    "identity of a block that keeps the shape. Earlier values move up.",
    "evaluation": "A silent sub-net gives zero in each of its uses; the rest of its block is as "
    "it was.",
    "shuffle": "Blocks are exchanged with others of their stage that have the same shapes; all "
    "numbers of a block go with it.",
}


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
        (figure(results, what),),
        raw={
            "what": what,
            "part": part,
            "draws": draws,
            "groups": [_raw(result) for result in results],
        },
        remarks=(MEANINGS[what], *remarks(part)),
    )


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
