"""Say what is computed when, so that a block carries as few feature maps as its method admits.

A value is kept, or it is added at once to every sum that reads it and let go: which of both is
chosen for every evaluation by a smallest vertex cover (`butcher.analysis.network.carried`). The
terms of a sum are always added in the same order, so every schedule gives the same bits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from butcher.analysis.network.carried import Cover, covers_of, tensor_symbols
from butcher.ir.graph import Evaluation, Graph, Row, Term
from butcher.ir.sums import Sum, computed_sums, sums


@dataclass(frozen=True)
class Add:
    """Add terms to a sum; `begins` where it is not there yet. A sum without terms is zero."""

    sum: Sum
    terms: tuple[Term, ...]
    begins: bool


@dataclass(frozen=True)
class Join:
    """Make the row of its sums, all of which are there; the first may be its own."""

    row: Row
    sums: tuple[Sum, ...]


@dataclass(frozen=True)
class Evaluate:
    """Evaluate; the argument is there, or it is exactly one value."""

    evaluation: Evaluation


@dataclass(frozen=True)
class Together:
    """Evaluate several, in any order: all arguments are there, none needs another's result."""

    evaluations: tuple[Evaluation, ...]


@dataclass(frozen=True)
class Drop:
    """The keys of evaluations, rows and sums that nothing reads any more."""

    keys: tuple[str, ...]


Step = Add | Join | Evaluate | Together | Drop


def evaluated(step: Step) -> tuple[Evaluation, ...]:
    """What a step evaluates."""
    match step:
        case Evaluate():
            return (step.evaluation,)
        case Together():
            return step.evaluations
        case _:
            return ()


def schedule(
    graph: Graph,
    *,
    tensors: Collection[str] | None = None,
    carried: Sequence[Cover] | None = None,
    levels: Sequence[Sequence[Evaluation]] | None = None,
) -> tuple[Step, ...]:
    """The steps of an explicit graph: the evaluations as they stand, each row when it is read.

    tensors  the symbols that are tensors when the block runs: what they multiply is summed up
             first. Those that are trained or drawn if not given.
    carried  what is carried across each evaluation; a smallest cover if not given. Any choice is
             right that holds an end of every edge, takes nothing back, and calls a sum of one
             value by the name of that.
    levels   the evaluations as they stand, those of one level at once: what is carried is carried
             across all of them. Each is alone if not given.

    Rows that nothing reads are not computed. States are never dropped: who called holds them.
    """
    if not graph.is_explicit:
        raise ValueError(f"{graph.name} is implicit: unroll it first")
    tensors = tensor_symbols(graph) if tensors is None else tensors
    levels = [(e,) for e in graph.evaluations] if levels is None else levels
    parts = computed_sums(graph, tensors)
    carried = covers_of(graph, parts, levels) if carried is None else carried
    return tuple(_Plan(graph, parts).steps(levels, carried))


def at_once(graph: Graph, row: Row) -> tuple[Step, ...]:
    """One row from values that are all there; nothing if it is exactly one of them."""
    if row.only_source is not None:
        return ()
    (part,) = sums(graph, row, tensors=())
    return (Add(part, part.terms, begins=True),)


class _Plan:
    """What has happened so far.

    begun    for each sum that is there how many of its terms it has.
    there    the keys of evaluations, computed rows, and sums that a row was made of.
    arrived  how many states and evaluations there were up to now, those dropped included.
    """

    def __init__(self, graph: Graph, parts: Mapping[str, Sequence[Sum]]) -> None:
        self.graph = graph
        self.parts = parts
        self.begun: dict[str, int] = {}
        self.there: dict[str, None] = {}
        self.arrived = len(graph.states)

    def steps(
        self, levels: Sequence[Sequence[Evaluation]], carried: Sequence[Cover]
    ) -> Iterator[Step]:
        for level, cover in zip(levels, carried, strict=True):
            arguments = [self.graph.row[evaluation.argument] for evaluation in level]
            needed = {*cover.values, *cover.sums, *(r.only_source or r.key for r in arguments)}
            yield from self._summed_up(cover, [argument.key for argument in arguments])
            for argument in arguments:
                yield from self._computed(argument.key)
            yield from self._dropped(needed, self.there)
            yield Evaluate(level[0]) if len(level) == 1 else Together(tuple(level))
            self.there |= dict.fromkeys(evaluation.key for evaluation in level)
            self.arrived += len(level)
        for key in [*self.graph.outputs, *(estimate.row for estimate in self.graph.estimates)]:
            yield from self._computed(key)

    def _summed_up(self, cover: Cover, arguments: Collection[str]) -> Iterator[Step]:
        """What is carried as a sum gets all that it can; the arguments come last.

        Before several sums begin, rows that were read let go of their maps.
        """
        parts = [
            part
            for key, parts in self.parts.items()
            if key not in arguments and key not in self.there
            for part in parts
            if part.key in cover.sums
        ]
        if any(part.key not in self.begun for part in parts):
            rows = [key for key in self.there if key not in self.graph.evaluation]
            yield from self._dropped({*cover.sums, *arguments}, rows)
        for part in parts:
            yield from self._added(part)

    def _computed(self, key: str) -> Iterator[Step]:
        """The row of this key, unless it is there or exactly one value."""
        if key in self.there or key not in self.parts:
            return
        parts = self.parts[key]
        for part in parts:
            if not part.is_value:
                yield from self._added(part)
        if any(part.factor for part in parts):
            yield Join(self.graph.row[key], tuple(parts))
        self.there |= dict.fromkeys([*(part.key for part in parts), key])

    def _added(self, part: Sum) -> Iterator[Step]:
        """To a sum all that is known by now."""
        begins = part.key not in self.begun
        first = self.begun.get(part.key, 0)
        last = first
        while last < len(part.terms) and self._has_arrived(part.terms[last]):
            last += 1
        if begins or first < last:
            yield Add(part, part.terms[first:last], begins)
        self.begun[part.key] = last

    def _has_arrived(self, term: Term) -> bool:
        return self.graph.arrival[term.source] < self.arrived

    def _dropped(self, needed: Collection[str], among: Collection[str]) -> Iterator[Step]:
        gone = tuple(key for key in among if key not in needed)
        for key in gone:
            del self.there[key]
            self.begun.pop(key, None)
        if gone:
            yield Drop(gone)
