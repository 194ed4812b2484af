"""Schedules followed step by step on exact numbers, and other choices of what is carried."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ir.residues import Residue, run, slots, states, symbols

from butcher.analysis.network.carried import Cover, covers, tensor_symbols
from butcher.coefficient import Coefficient, Number
from butcher.ir.graph import STEP, Evaluation, Graph
from butcher.ir.sums import sums
from butcher.passes.schedule import Add, Drop, Evaluate, Join, Step, Together, evaluated

Policy = Callable[[Graph, Collection[str] | None], Sequence[Cover]]


# ---------------------------------------------------------------------- what may be carried


@dataclass(frozen=True)
class Cut:
    """What is to come while the evaluation at `position` works.

    computed  the rows that are there, and read again.
    open      the rows that are not there, of more than one value.
    sources   of the rows, outputs among them, that are exactly one value.
    """

    graph: Graph
    position: int

    def uses(self) -> Iterator[tuple[str, int]]:
        """Every row or value with the evaluation before which it is needed; the end is last."""
        yield from ((e.argument, i) for i, e in enumerate(self.graph.evaluations))
        end = len(self.graph.evaluations)
        yield from ((key, end) for key in self.graph.outputs)
        yield from ((estimate.row, end) for estimate in self.graph.estimates)

    def is_known(self, source: str) -> bool:
        return self.graph.arrival[source] < len(self.graph.states) + self.position

    def _rows(self) -> dict[str, bool]:
        """key -> whether it is there, of those that are read later."""
        uses = list(self.uses())
        later = dict.fromkeys(key for key, i in uses if i > self.position)
        sooner = {key for key, i in uses if i <= self.position}
        several = {row.key for row in self.graph.rows if row.only_source is None}
        return {key: key in sooner for key in later if key in several}

    @property
    def computed(self) -> list[str]:
        return [key for key, is_there in self._rows().items() if is_there]

    @property
    def open(self) -> list[str]:
        return [key for key, is_there in self._rows().items() if not is_there]

    @property
    def sources(self) -> list[str]:
        later = [key for key, i in self.uses() if i > self.position]
        names = {key: row.only_source for key, row in self.graph.row.items()}
        found = (names.get(key, key) for key in later)
        return [key for key in dict.fromkeys(found) if key is not None and self.is_known(key)]


def kept_to_the_last_use(graph: Graph, tensors: Collection[str] | None = None) -> list[Cover]:
    """Every value is kept until the last row that reads it is computed."""
    found = []
    for cut in (Cut(graph, i) for i in range(len(graph.evaluations))):
        read = (term.source for key in cut.open for term in graph.row[key].terms)
        values = dict.fromkeys([*cut.sources, *filter(cut.is_known, read)])
        evaluation = graph.evaluations[cut.position]
        found.append(Cover(evaluation.key, tuple(values), tuple(cut.computed)))
    return found


def added_at_once(graph: Graph, tensors: Collection[str] | None = None) -> list[Cover]:
    """Every value is added to all that reads it and let go, unless it is handed on as it is."""
    tensors = tensor_symbols(graph) if tensors is None else tensors
    found = []
    for cut in (Cut(graph, i) for i in range(len(graph.evaluations))):
        parts = (part for key in cut.open for part in sums(graph, graph.row[key], tensors))
        known = [part for part in parts if any(cut.is_known(t.source) for t in part.terms)]
        # There is nothing to add up where a sum is one value.
        values = [*cut.sources, *(p.terms[0].source for p in known if p.is_value)]
        begun = [part.key for part in known if not part.is_value]
        evaluation = graph.evaluations[cut.position]
        found.append(Cover(evaluation.key, tuple(dict.fromkeys(values)), (*begun, *cut.computed)))
    return found


POLICIES: dict[str, Policy] = {
    "smallest": covers,
    "kept to the last use": kept_to_the_last_use,
    "added at once": added_at_once,
}


# ---------------------------------------------------------------------- following


@dataclass
class Machine:
    """What is there, on numbers modulo a prime. It refuses what a block must not do.

    there   evaluations, rows and sums that no `Drop` has named; states are always there.
    seen    the keys that a sub-net was given.
    held    for each evaluation, or those of a level, the keys in `there` while it works.
    """

    graph: Graph
    there: dict[str, Residue] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    held: list[frozenset[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.states, self.apply = states(self.graph), slots(self.graph)
        self.symbols = symbols(self.graph)
        self.zero = next(iter(self.states.values())) * Number.of(0)

    def value(self, key: str) -> Residue:
        if key in self.states:
            return self.states[key]
        assert key in self.there, f"{key} is read, and not there"
        return self.there[key]

    def follow(self, steps: Sequence[Step]) -> None:
        for step in steps:
            match step:
                case Add():
                    self.add(step)
                case Join():
                    self.join(step)
                case Evaluate() | Together():
                    self.evaluate(evaluated(step))
                case Drop(keys):
                    for key in keys:
                        del self.there[key]

    def add(self, step: Add) -> None:
        key = step.sum.key
        assert (key not in self.there) == step.begins
        assert key not in self.seen or step.begins, f"{key} is changed, and a sub-net has seen it"
        total = self.zero if step.begins else self.there[key]
        for term in step.terms:
            total = total + self.value(term.source) * term.coefficient.evaluate(self.symbols)
        self.there[key] = total
        self.seen.discard(key)

    def join(self, step: Join) -> None:
        total = self.zero
        for part in step.sums:
            value = self.value(part.terms[0].source if part.is_value else part.key)
            factor = Coefficient.of(1) if part.factor is None else part.factor
            total = total + value * factor.evaluate(self.symbols)
        self.there[step.row.key] = total
        self.seen.discard(step.row.key)

    def evaluate(self, level: Sequence[Evaluation]) -> None:
        """All are given their arguments before one of them has a result."""
        arguments = [self.graph.row[e.argument].only_source or e.argument for e in level]
        given = [self.value(argument) for argument in arguments]
        self.held.append(frozenset(self.there))
        self.seen.update(arguments)
        for e, value in zip(level, given, strict=True):
            time = Number.of(5) / 3
            if e.c is not None:
                time = time + (e.c * STEP).evaluate(self.symbols)
            self.there[e.key] = self.apply(e, time, value)

    def returned(self, key: str) -> Residue:
        row = self.graph.row.get(key)
        return self.value(key if row is None or row.only_source is None else row.only_source)


def follow(graph: Graph, steps: Sequence[Step]) -> Machine:
    """The machine at the end; its outputs and estimates are those of the interpreter."""
    machine = Machine(graph)
    machine.follow(steps)
    expected = run(graph)
    assert tuple(map(machine.returned, graph.outputs)) == expected.outputs
    assert tuple(machine.returned(e.row) for e in graph.estimates) == expected.estimates
    return machine


def carried(graph: Graph, steps: Sequence[Step]) -> list[set[str]]:
    """For each evaluation, or those of a level, the keys that are there while it works, states and
    its argument apart.

    All of them are read later: nothing is held for nothing.
    """
    machine, at = follow(graph, steps), (i for i, s in enumerate(steps) if evaluated(s))
    found = []
    for held, position in zip(machine.held, at, strict=True):
        others = apart(graph, evaluated(steps[position]), held)
        unread = {key for key in others if not _is_read(graph, steps[position + 1 :], key)}
        assert not unread, "what nothing reads is let go"
        found.append(others)
    return found


def apart(graph: Graph, level: Iterable[Evaluation], keys: Iterable[str]) -> set[str]:
    """Without states and the arguments of the evaluations."""
    rows = [graph.row[evaluation.argument] for evaluation in level]
    return set(keys) - {row.only_source or row.key for row in rows} - graph.state.keys()


def _is_read(graph: Graph, steps: Sequence[Step], key: str) -> bool:
    """Whether these steps, or who called, read it before it is let go or made anew."""
    for step in steps:
        match step:
            case Add():
                if key in {term.source for term in step.terms}:
                    return True
                if key == step.sum.key:
                    return not step.begins
            case Join():
                if key in {p.terms[0].source if p.is_value else p.key for p in step.sums}:
                    return True
            case Evaluate() | Together():
                rows = [graph.row[evaluation.argument] for evaluation in evaluated(step)]
                if key in {row.only_source or row.key for row in rows}:
                    return True
            case Drop(keys):
                if key in keys:
                    return False
    returned = {*graph.outputs, *(estimate.row for estimate in graph.estimates)}
    names = {row.key: row.only_source or row.key for row in graph.rows}
    return key in {names.get(one, one) for one in returned}
