"""Every condition of every tree, order by order: the machine behind `conditions.order`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Generic, Literal, TypeVar

from butcher.analysis.conditions.balls import Balls
from butcher.analysis.conditions.ring import Arithmetic, Ball, Block, Exact, Field
from butcher.analysis.conditions.system import Combination, System, Target
from butcher.analysis.conditions.trees import Palette, Trees
from butcher.analysis.entry import NOTHING, Entry
from butcher.analysis.limits import TooLargeError
from butcher.coefficient import ONE, Number

LARGEST_WORK = 800_000_000
"""Nanoseconds, about, that the conditions of one method may take."""

Vector = TypeVar("Vector", bound=Hashable)

Outcome = Literal["fails", "reached", "too large", "undecided", "undefined"]


@dataclass(frozen=True)
class Failure:
    """A condition that is broken: `got` should be `wanted`, which is 1/gamma.

    tree           `[[], [[]]]`; with several slots `f[g[], f[]]`, t the time; for u'' = f(u)
                   u' is a leaf of its own, `f[u'[], f[]]`.
    differential   `f''(f, f'(f))`, what the weight stands before.
    sigma          the symmetry of the tree: its term of the error is (got - wanted) / sigma.
    """

    tree: str
    differential: str
    order: int
    gamma: int
    sigma: int
    wanted: Number
    got: Number | Ball

    @classmethod
    def of(cls, trees: Trees, tree: int, order: int, weight: Number | Ball) -> Failure:
        """`weight` is gamma times what the tree gets."""
        gamma = trees.gamma(tree)
        return cls(
            trees.bracket(tree),
            trees.differential(tree),
            order,
            gamma,
            trees.sigma(tree),
            Number({1: 1}, gamma),
            weight / gamma if isinstance(weight, Ball) else _divided(weight, gamma),
        )


def _divided(number: Number, by: int) -> Number:
    """As `/`, which goes by the inverse, and there may be thousands of them."""
    return Number(number.terms, number.denominator * by)


@dataclass(frozen=True)
class OrderResult:
    """What is proved of one row.

    order     every condition up to it holds; None where order has no meaning, `reason` says why.
    outcome   fails: `failures` are the broken conditions of order + 1, in the order of the trees,
              made out when they are asked for: all of them, or those that can be found in the time
              that one method may take;
              reached: all conditions up to the order asked for hold;
              too large: the conditions of order + 1 were not computed, they would take too long;
              undecided: the digits printed are too few to tell about order + 1;
              undefined: order has no meaning here.
    exact     whether the conditions hold exactly, or to the digits printed; a broken one is
              broken for certain in both cases.
    """

    key: str
    kind: Literal["advanced", "bhat", "err"]
    order: int | None
    outcome: Outcome
    exact: bool
    reason: str | None = None
    find: Callable[[], tuple[Failure, ...]] = field(default=tuple, repr=False, compare=False)
    work: int = field(default=0, repr=False, compare=False)
    """About how many nanoseconds the proof took, of all rows together."""

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        return self.find()

    @property
    def said(self) -> str:
        """`4`, or `at least 12` where no condition of the next order is known to be broken."""
        return f"{self.order}" if self.outcome == "fails" else f"at least {self.order}"


def prove(found: System, up_to: int, with_time: bool = False) -> list[OrderResult]:
    """The results of all targets, in one pass over the trees."""
    radii = found.radii(with_time)
    try:
        if radii:
            return Proof(found, Balls.of_radii(radii), up_to, with_time).results()
        return Proof(found, exact_arithmetic(found), up_to, with_time).results()
    except TooLargeError as error:
        return [
            OrderResult(t.key, t.kind, 0, "too large", not radii, reason=str(error))
            for t in found.targets
        ]


def exact_arithmetic(found: System) -> Exact:
    """Over the field of the coefficients."""
    entries = [*found.coefficients, *(s.c for s in found.stages if s.c)]
    return Exact(Field(sorted({r for one in entries for r in one.value.radicands})))


class Proof(Generic[Vector]):
    """The weights of trees, order by order, until every target has failed or reached.

    Nothing is computed twice, and nothing before it is asked for: a tree t = left * right takes
    E(left) and Y(right) from where they were found, and trees with the same weights, as all of
    one order have where the stage order is high, have one vector, so that what grows on them is
    computed once for all of them.
    """

    def __init__(
        self, found: System, arithmetic: Arithmetic[Vector], up_to: int, with_time: bool
    ) -> None:
        self.system, self.arithmetic, self.up_to = found, arithmetic, up_to
        self.slots = list(found.reads)
        self.stages = [[s for s in found.stages if s.slot == slot] for slot in self.slots]
        self.place = {id(s): i for stages in self.stages for i, s in enumerate(stages)}
        self.velocity = len(self.slots) if found.derivative == 2 else None
        self.time = len(self.slots) + (found.derivative - 1) if with_time else None
        self.trees = Trees(self.palette())
        self.blocks = {
            (reader, slot): self.block([s.argument for s in self.stages[reader]], slot)
            for reader, allowed in enumerate(self.trees.palette.children)
            for slot in allowed
            if slot < len(self.slots)
        }
        self.targets = [
            [t for t in found.targets if t.combination.state == found.drives[slot]]
            for slot in self.slots
        ]
        self.ends = [
            self.block([t.combination for t in targets], slot)
            for slot, targets in enumerate(self.targets)
        ]
        self.work = 0
        self.vectors: dict[Vector, Vector] = {}
        """Every vector that was found, once."""
        self.products: dict[int, Vector] = {}
        """For each tree t whose root is no time: E(t) of the stages of its root's slot."""
        self.rows: dict[tuple[int, int], Vector] = {}
        """For each tree t and slot: Y(t) of the rows that the stages of the slot read."""
        self.multiplied: dict[tuple[int, int], Vector] = {}
        self.applied: dict[tuple[int, int, int], Vector] = {}
        """What `multiply` and `apply` have made of vectors, which are known by their identity."""

    def palette(self) -> Palette:
        reads, drives = self.system.reads, self.system.drives
        children = [
            tuple(i for i, other in enumerate(self.slots) if drives[other] == reads[slot])
            for slot in self.slots
        ]
        sizes = [self.system.derivative] * len(self.slots)
        leaves = [(c, n) for c, n in ((self.velocity, "u'"), (self.time, "t")) if c is not None]
        colours = [c for c, _ in leaves]
        return Palette(
            (*self.slots, *(name for _, name in leaves)),
            (*((*allowed, *colours) for allowed in children), *(() for _ in leaves)),
            (*sizes, *(1 for _ in leaves)),
        )

    def block(self, parts: Sequence[Combination], slot: int) -> Block[Vector]:
        """The columns of one slot; the values belong to each of them: 1/gamma for every root."""
        rows = []
        for part in parts:
            held = ((self.system.stages[j], one) for j, one in part.stages.items())
            mine = {self.place[id(s)]: one for s, one in held if s.slot == self.slots[slot]}
            rows.append((part.values, mine))
        return self.arithmetic.block(rows, len(self.stages[slot]), self.system.derivative)

    # ------------------------------------------------------------------ order by order

    def results(self) -> list[OrderResult]:
        done: dict[str, OrderResult] = {}
        for n in range(1, self.up_to + 1):
            waiting = [t for t in self.system.targets if t.key not in done]
            if not waiting:
                break
            broken, vague, cut_short = self.conditions(n, {t.key for t in waiting})
            for t in waiting:
                if t.key in broken:
                    result = self.result(t, n - 1, "fails")
                    done[t.key] = replace(result, find=partial(self.failures, n, t))
                elif cut_short:
                    done[t.key] = self.result(t, n - 1, "too large", cut_short)
                elif t.key in vague:
                    reason = f"the digits printed are too few to tell about order {n}"
                    done[t.key] = self.result(t, n - 1, "undecided", reason)
        for t in self.system.targets:
            done.setdefault(t.key, self.result(t, self.up_to, "reached"))
        return [replace(done[t.key], work=self.work) for t in self.system.targets]

    def result(
        self, target: Target, order: int, outcome: Outcome, reason: str | None = None
    ) -> OrderResult:
        exact = not self.system.radii(self.time is not None)
        return OrderResult(target.key, target.kind, order, outcome, exact, reason)

    def conditions(self, n: int, wanted: Set[str]) -> tuple[set[str], set[str], str | None]:
        """Of order n: the targets of which one is broken, those of which one cannot be told, and
        why not all were computed, if that would have taken too long.

        The rest is left out where one is broken for every target wanted. For u'' = f(u) they are
        those of the trees of order n + 1.
        """
        broken: set[str] = set()
        vague: set[str] = set()
        try:
            for slot, targets in enumerate(self.targets):
                mine = {t.key for t in targets} & wanted
                for tree in self.of(n, slot) if mine else ():
                    if mine <= broken:
                        break
                    weights = self.weights(tree, slot, n + self.system.derivative - 1)
                    for place, target in enumerate(targets):
                        verdict = self.arithmetic.is_one(weights, place)
                        if not verdict:
                            (vague if verdict is None else broken).add(target.key)
        except TooLargeError as error:
            return broken, vague, str(error)
        return broken, vague, None

    def failures(self, n: int, target: Target) -> tuple[Failure, ...]:
        """The broken conditions of order n; the first was found before, so there is one."""
        found: list[Failure] = []
        self.work = 0
        for slot, targets in enumerate(self.targets):
            if target not in targets:
                continue
            place = targets.index(target)
            try:
                for tree in self.of(n, slot):
                    weights = self.weights(tree, slot, n + self.system.derivative - 1)
                    if self.arithmetic.is_one(weights, place) is False:
                        weight = self.arithmetic.gets(weights, place)
                        found.append(Failure.of(self.trees, tree, n, weight))
            except TooLargeError:
                break
        return tuple(found)

    # ------------------------------------------------------------------ tree by tree

    def of(self, n: int, slot: int) -> range:
        """The trees with a root of the slot that the conditions of order n are of."""
        n += self.system.derivative - 1
        while self.trees.order < n:
            counts = self.trees.palette.counts(self.trees.order + 1)
            self.spend(2000 * sum(counts[-1]))
            self.trees.grow()
        return self.trees.of(n, slot)

    def weights(self, tree: int, slot: int, size: int) -> Vector:
        """What the targets that the slot drives have of the tree, times its density."""
        return self.apply(self.ends[slot], size, self.product(tree, slot))

    def product(self, tree: int, slot: int) -> Vector:
        """E(t) = E(left) Y(right) of the stages of the slot of its root; 1 for a single node."""
        if tree not in self.products:
            left, right = self.trees.left[tree], self.trees.right[tree]
            if left < 0:
                found = self.one(self.arithmetic.of([Entry(ONE)] * len(self.stages[slot])))
            elif self.trees.left[left] < 0:
                found = self.row(right, slot)
            else:
                found = self.multiply(self.product(left, slot), self.row(right, slot))
            self.products[tree] = found
        return self.products[tree]

    def row(self, tree: int, reader: int) -> Vector:
        """Y(t) of the rows that the stages of the slot `reader` read."""
        if (tree, reader) not in self.rows:
            slot, stages = self.trees.colour(tree), self.stages[reader]
            if slot == self.time:
                found = self.one(self.arithmetic.of([s.c or NOTHING for s in stages]))
            elif slot == self.velocity:
                found = self.one(self.arithmetic.of([s.argument.place for s in stages]))
            else:
                block, product = self.blocks[reader, slot], self.product(tree, slot)
                found = self.apply(block, self.trees.size(tree), product)
            self.rows[tree, reader] = found
        return self.rows[tree, reader]

    def multiply(self, left: Vector, right: Vector) -> Vector:
        key = id(left), id(right)
        if key not in self.multiplied:
            self.spend(self.arithmetic.work(left, right))
            self.multiplied[key] = self.one(self.arithmetic.product(left, right))
        return self.multiplied[key]

    def apply(self, block: Block[Vector], size: int, vector: Vector) -> Vector:
        key = id(block), size, id(vector)
        if key not in self.applied:
            self.spend(block.work(vector))
            self.applied[key] = self.one(block.apply(size, vector))
        return self.applied[key]

    def one(self, vector: Vector) -> Vector:
        """The vector itself, or the one that is equal to it and was found before."""
        return self.vectors.setdefault(vector, vector)

    def spend(self, work: int) -> None:
        self.work += work
        if self.work > LARGEST_WORK:
            raise TooLargeError("the conditions of the next order would take too long to compute")
