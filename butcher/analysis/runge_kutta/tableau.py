"""A graph as a Butcher tableau, with exact numbers: what Runge-Kutta theory speaks of.

    Y_i = u[n] + h sum_j a_ij k_j      k_i = f(t + c_i h, Y_i)      u[n+1] = u[n] + h sum_j b_j k_j

Several slots make one tableau of all evaluations: row i holds the coefficients of the argument
that evaluation i reads, whatever slots are in it, so that a_ij is zero unless j drives the state
that i reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from butcher.analysis.conditions.system import Combination, Stage, System, Target, system
from butcher.analysis.entry import NOTHING, Entry, total
from butcher.analysis.limits import UndefinedError
from butcher.analysis.runge_kutta.equivalence import classes
from butcher.coefficient import ONE
from butcher.ir.graph import Graph

Line = tuple[Entry, ...]


@dataclass(frozen=True)
class ButcherTableau:
    """The coefficients, one row of `A` and one entry of all others an evaluation.

    keys    of the evaluations in the graph; those that no new value and no estimate depends on
            are left out.
    slots   the slot that is evaluated.
    reads   the state that its argument is a value of.
    drives  the state whose derivative it is part of.
    b       the weights of the new value of the state that the evaluation drives.
    bhat    likewise of the embedded solution; None if there is none.
    c       the nodes as written; the row sums where there is no time.
    """

    keys: tuple[str, ...]
    slots: tuple[str, ...]
    reads: tuple[str, ...]
    drives: tuple[str, ...]
    A: tuple[Line, ...]
    b: Line
    bhat: Line | None
    c: Line

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def is_exact(self) -> bool:
        """Whether no coefficient stands for a rounded decimal."""
        lines = (*self.A, self.b, self.bhat or (), self.c)
        return not any(one.radius for line in lines for one in line)

    @property
    def has_one_slot(self) -> bool:
        return len(set(self.slots)) == 1

    @cached_property
    def of_slot(self) -> dict[str, list[int]]:
        """slot -> the indices of its evaluations."""
        found: dict[str, list[int]] = {}
        for i, slot in enumerate(self.slots):
            found.setdefault(slot, []).append(i)
        return found

    # ------------------------------------------------------------------ smaller tableaus

    @cached_property
    def advanced(self) -> ButcherTableau:
        """The stages that the new values depend on, without the embedded solution."""
        waiting = [j for j, weight in enumerate(self.b) if weight != NOTHING]
        reached = set(waiting)
        while waiting:
            row = self.A[waiting.pop()]
            fresh = {j for j, a in enumerate(row) if a != NOTHING} - reached
            reached |= fresh
            waiting += fresh
        return self._merged([[i] for i in sorted(reached)])

    @cached_property
    def irreducible(self) -> ButcherTableau:
        """`advanced`, with stages that are always equal made one (Hundsdorfer and Spijker 1981)."""
        t = self.advanced
        return t._merged(classes(t.A, t.c, t.slots))

    def _merged(self, groups: Sequence[Sequence[int]]) -> ButcherTableau:
        """One stage for each group of equal ones, without the embedded solution."""
        first = [group[0] for group in groups]

        def merged(line: Line) -> Line:
            return tuple(total(line[j] for j in group) for group in groups)

        return ButcherTableau(
            keys=tuple(self.keys[i] for i in first),
            slots=tuple(self.slots[i] for i in first),
            reads=tuple(self.reads[i] for i in first),
            drives=tuple(self.drives[i] for i in first),
            A=tuple(merged(self.A[i]) for i in first),
            b=merged(self.b),
            bhat=None,
            c=tuple(self.c[i] for i in first),
        )


def butcher_tableau(graph: Graph) -> ButcherTableau:
    """The tableau of a graph, symbols at their start values.

    UndefinedError where the graph is no Runge-Kutta method: values or evaluations of earlier
    blocks, arguments that do not keep constants, linear slots, equations of second order.
    """
    return tableau_of(system(graph, 1), [e.key for e in graph.evaluations])


def tableau_of(found: System, order: Sequence[str]) -> ButcherTableau:
    """Likewise, of what was read from the graph; `order` is that of its evaluations."""
    place = {key: i for i, key in enumerate(order)}
    stages = sorted(found.stages, key=lambda stage: place[stage.evaluation])
    _check(stages, found.targets)
    column = {stage.evaluation: j for j, stage in enumerate(stages)}
    columns = [column[stage.evaluation] for stage in found.stages]

    def line(parts: Iterable[Combination]) -> Line:
        cells = [NOTHING] * len(stages)
        for part in parts:
            for j, one in part.stages.items():
                cells[columns[j]] = one
        return tuple(cells)

    b = line(t.combination for t in found.targets if t.kind == "advanced")
    if all(weight == NOTHING for weight in b):
        raise UndefinedError("the new value depends on no evaluation")
    estimates = [t.combination for t in found.targets if t.kind != "advanced"]
    rows = [line([stage.argument]) for stage in stages]
    return ButcherTableau(
        keys=tuple(stage.evaluation for stage in stages),
        slots=tuple(stage.slot for stage in stages),
        reads=tuple(found.reads[stage.slot] for stage in stages),
        drives=tuple(found.drives[stage.slot] for stage in stages),
        A=tuple(rows),
        b=b,
        bhat=line(estimates) if estimates else None,
        c=tuple(_node(stage, row, stages) for stage, row in zip(stages, rows, strict=True)),
    )


def _node(stage: Stage, row: Line, stages: Sequence[Stage]) -> Entry:
    """c, or what the row does to t with the slot that it reads first."""
    if stage.c is not None:
        return stage.c
    slot = next((s.slot for s, a in zip(stages, row, strict=True) if a != NOTHING), "")
    return total(a for s, a in zip(stages, row, strict=True) if s.slot == slot)


def _check(stages: Sequence[Stage], targets: Sequence[Target]) -> None:
    """One time level: everything starts from u[n], taken once."""
    for stage in stages:
        if stage.lag:
            raise UndefinedError(f"{stage.evaluation} of an earlier block is used")
    parts = [(f"the argument of {s.evaluation}", s.argument) for s in stages]
    parts += [(t.key, t.combination) for t in targets]
    for name, part in parts:
        if any(lag and value != NOTHING for lag, value in part.values.items()):
            raise UndefinedError(f"{name} uses a value of an earlier block")
        if part.values.get(0) != Entry(ONE):
            raise UndefinedError(f"{name} does not take its value of {part.state} once")
