"""Every condition of every tree, order by order: the machine behind `butcher.analysis.order`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Generic, Literal, TypeVar

from butcher.analysis.balls import Balls
from butcher.analysis.entry import NOTHING, Entry
from butcher.analysis.limits import TooLargeError
from butcher.analysis.ring import Arithmetic, Ball, Block, Exact, Field
from butcher.analysis.system import Combination, System
from butcher.analysis.trees import Palette, Trees
from butcher.coefficient import ONE, Number

LARGEST_WORK = 800_000_000
"""Nanoseconds, about, that the conditions of one method may take."""

Vector = TypeVar("Vector")
Broken = tuple[int, Vector, int]
"""A tree, the weights that targets have of it, the place of the one whose weight is wrong."""


@dataclass(frozen=True)
class Failure:
    """A condition that is broken: `got` should be `wanted`, which is 1/gamma.

    tree           `[[], [[]]]`; with several slots `f[g[], f[]]`, t the time.
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
    outcome   fails: `failures` are the broken conditions of order + 1, all of them, made out
              when they are asked for;
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
    outcome: Literal["fails", "reached", "too large", "undecided", "undefined"]
    exact: bool
    reason: str | None = None
    find: Callable[[], tuple[Failure, ...]] = field(default=tuple, repr=False, compare=False)
    work: int = field(default=0, repr=False, compare=False)
    """About how many nanoseconds the proof took, of all rows together."""

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        return self.find()


def prove(found: System, up_to: int, with_time: bool = False) -> list[OrderResult]:
    """The results of all targets, in one pass over the trees."""
    try:
        if found.is_exact:
            return Proof(found, _field(found), up_to, with_time).results()
        return Proof(found, Balls(), up_to, with_time).results()
    except TooLargeError as error:
        return [
            OrderResult(t.key, t.kind, 0, "too large", found.is_exact, reason=str(error))
            for t in found.targets
        ]


def _field(found: System) -> Exact:
    parts = [s.argument for s in found.stages] + [t.combination for t in found.targets]
    radicands = {
        radicand
        for part in parts
        for one in (*part.values.values(), *part.stages.values())
        for radicand in one.value.radicands
    }
    radicands |= {r for s in found.stages if s.c for r in s.c.value.radicands}
    return Exact(Field(sorted(radicands)))


class Proof(Generic[Vector]):
    """The weights of all trees, order by order, until every target has failed or reached."""

    def __init__(
        self, found: System, arithmetic: Arithmetic[Vector], up_to: int, with_time: bool
    ) -> None:
        self.system, self.arithmetic, self.up_to = found, arithmetic, up_to
        self.slots = list(found.reads)
        self.stages = [[s for s in found.stages if s.slot == slot] for slot in self.slots]
        self.place = {id(s): i for stages in self.stages for i, s in enumerate(stages)}
        self.time = len(self.slots) if with_time else None
        self.trees = Trees(self.palette())
        self.rows: list[dict[int, Vector]] = []
        """For each tree t, by slot: Y(t) of the rows that the stages of the slot read."""
        self.products: list[Vector | None] = []
        """For each tree t: E(t) of the stages of its root's slot; None where time is the root."""
        self.blocks = {
            (reader, slot): self.block([s.argument for s in self.stages[reader]], slot)
            for reader, allowed in enumerate(self.trees.palette.children)
            for slot in allowed
            if slot != self.time
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

    def palette(self) -> Palette:
        reads, drives = self.system.reads, self.system.drives
        children = [
            tuple(i for i, other in enumerate(self.slots) if drives[other] == reads[slot])
            for slot in self.slots
        ]
        if self.time is None:
            return Palette(tuple(self.slots), tuple(children))
        timed = [(*allowed, self.time) for allowed in children]
        return Palette((*self.slots, "t"), (*timed, ()))

    def block(self, parts: Sequence[Combination], slot: int) -> Block[Vector]:
        """The columns of one slot; the values belong to each of them: 1/gamma for every root."""
        rows = []
        for part in parts:
            held = ((self.system.stages[j], one) for j, one in part.stages.items())
            mine = {self.place[id(s)]: one for s, one in held if s.slot == self.slots[slot]}
            rows.append((part.values, mine))
        return self.arithmetic.block(rows, len(self.stages[slot]))

    # ------------------------------------------------------------------ order by order

    def results(self) -> list[OrderResult]:
        done: dict[str, OrderResult] = {}
        exact = self.system.is_exact
        for n in range(1, self.up_to + 1):
            waiting = [t for t in self.system.targets if t.key not in done]
            if not waiting:
                break
            try:
                broken, vague = self.conditions(n)
            except TooLargeError as error:
                for t in waiting:
                    done[t.key] = OrderResult(
                        t.key, t.kind, n - 1, "too large", exact, reason=str(error)
                    )
                break
            for t in waiting:
                if t.key in broken:
                    find = partial(self.failures, n, broken[t.key])
                    done[t.key] = OrderResult(t.key, t.kind, n - 1, "fails", exact, find=find)
                elif t.key in vague:
                    reason = f"the digits printed are too few to tell about order {n}"
                    done[t.key] = OrderResult(
                        t.key, t.kind, n - 1, "undecided", exact, reason=reason
                    )
        for t in self.system.targets:
            done.setdefault(t.key, OrderResult(t.key, t.kind, self.up_to, "reached", exact))
        return [replace(done[t.key], work=self.work) for t in self.system.targets]

    def failures(self, n: int, broken: Iterable[Broken[Vector]]) -> tuple[Failure, ...]:
        return tuple(
            Failure.of(self.trees, tree, n, self.arithmetic.gets(weights, place))
            for tree, weights, place in broken
        )

    def conditions(self, n: int) -> tuple[dict[str, list[Broken[Vector]]], set[str]]:
        """Of order n: by row, the broken ones; and the rows of which one cannot be told."""
        self.spend(2000 * sum(self.trees.palette.counts(n)[n]))
        self.advance(n)
        broken: dict[str, list[Broken[Vector]]] = {}
        vague: set[str] = set()
        for slot, targets in enumerate(self.targets):
            for tree in self.trees.of(n, slot) if targets else ():
                product = self.products[tree]
                assert product is not None
                self.spend(self.ends[slot].work(product))
                weights = self.ends[slot].apply(n, product)
                for place, target in enumerate(targets):
                    verdict = self.arithmetic.is_one(weights, place)
                    if verdict is None:
                        vague.add(target.key)
                    elif not verdict:
                        broken.setdefault(target.key, []).append((tree, weights, place))
        return broken, vague

    def advance(self, n: int) -> None:
        """Y of the trees of order n - 1, then E of those of order n."""
        trees, colours = self.trees, range(len(self.trees.palette.names))
        if n > 1:
            for colour in colours:
                for tree in trees.of(n - 1, colour):
                    self.rows.append(self.row_weights(tree, colour, n - 1))
        trees.grow()
        for colour in colours:
            for tree in trees.of(n, colour):
                self.products.append(self.product(tree, colour))

    def product(self, tree: int, colour: int) -> Vector | None:
        left, right = self.trees.left[tree], self.trees.right[tree]
        if colour == self.time:
            return None
        if left < 0:
            return self.arithmetic.of([Entry(ONE)] * len(self.stages[colour]))
        rest, graft = self.products[left], self.rows[right][colour]
        assert rest is not None
        self.spend(self.arithmetic.work(rest, graft))
        return self.arithmetic.product(rest, graft)

    def row_weights(self, tree: int, colour: int, n: int) -> dict[int, Vector]:
        found: dict[int, Vector] = {}
        for reader, allowed in enumerate(self.trees.palette.children):
            if colour not in allowed:
                continue
            product = self.products[tree]
            if product is None:
                found[reader] = self.arithmetic.of([s.c or NOTHING for s in self.stages[reader]])
            else:
                block = self.blocks[reader, colour]
                self.spend(block.work(product))
                found[reader] = block.apply(n, product)
        return found

    def spend(self, work: int) -> None:
        self.work += work
        if self.work > LARGEST_WORK:
            raise TooLargeError("the conditions of the next order would take too long to compute")
