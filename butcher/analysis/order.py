"""The order of a method, proved: every condition of every rooted tree, by B-series.

With exact values put in, a row is a B-series with a weight Y(t) for each rooted tree t, and

    E([t1, ..., tm]) = Y(t1) ... Y(tm)           an evaluation of the row
    Y(t) = sum_l U_l (-l)^|t| / gamma(t) + sum_j A_j E_j(t)

The new value has order p when its weight is 1/gamma(t) for every |t| <= p (Hairer, Norsett,
Wanner, Solving ODEs I, II.2, II.12, III.8). Explicit and implicit, one step and several, are one
case: E(t) needs Y of smaller trees only. Several slots make trees of several colours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from math import factorial
from typing import Generic, Literal, TypeVar

from butcher.analysis.balls import Balls
from butcher.analysis.entry import NOTHING, Entry
from butcher.analysis.limits import TooLargeError
from butcher.analysis.multistep import linear_multistep
from butcher.analysis.ring import Arithmetic, Ball, Block, Exact, Field
from butcher.analysis.system import Combination, System, UndefinedError, system
from butcher.analysis.trees import Palette, Trees
from butcher.coefficient import ONE, Number
from butcher.ir.graph import Graph

CAP = 12
"""Orders are sought no further; no method claims more."""

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

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        return self.find()


@dataclass(frozen=True)
class Orders:
    """`advanced` of the new values together: the lowest of them, where there are several.

    each       every target's own result, new values first, then the estimates, by row key.
    estimates  of the embedded solutions: of b - err where the row is `err`.
    """

    advanced: OrderResult
    each: Mapping[str, OrderResult]
    estimates: tuple[OrderResult, ...]


def order(graph: Graph, up_to: int = CAP) -> Orders:
    """The orders of the new values and the estimates of a graph, sought up to `up_to`."""
    try:
        found = system(graph, up_to)
    except UndefinedError as error:
        only = _second_order(graph, up_to) or _undefined(graph, error)
        return Orders(only, {only.key: only}, ())
    except TooLargeError as error:
        only = _too_large(graph, error)
        return Orders(only, {only.key: only}, ())
    results = prove(found, up_to)
    return Orders(
        _lowest(results),
        {r.key: r for r in results},
        tuple(r for r in results if r.kind != "advanced"),
    )


def order_nonautonomous(
    graph: Graph, up_to: int = CAP, known: OrderResult | None = None
) -> OrderResult:
    """The order for u' = f(t, u), where evaluation i is given the time t + c_i h.

    That is the order for u' = f(t, u), t' = 1, with c_i where the row of t would sum to its own.
    Where all c are what their rows sum to it is the order, which may be handed in as `known`.
    """
    try:
        found = system(graph, up_to)
        if any(stage.c is None for stage in found.stages):
            raise UndefinedError("there is no time in a method that does not keep constants")
    except UndefinedError as error:
        return _second_order(graph, up_to) or _undefined(graph, error)
    except TooLargeError as error:
        return _too_large(graph, error)
    targets = tuple(t for t in found.targets if t.kind == "advanced")
    found = replace(found, targets=targets)
    if all(found.keeps_time(stage) for stage in found.stages):
        return known or _lowest(prove(found, up_to))
    return _lowest(prove(found, up_to, with_time=True))


def _undefined(graph: Graph, error: UndefinedError) -> OrderResult:
    key = graph.outputs[0] if graph.outputs else graph.name
    return OrderResult(key, "advanced", None, "undefined", True, reason=str(error))


def _too_large(graph: Graph, error: TooLargeError) -> OrderResult:
    return OrderResult(graph.outputs[0], "advanced", 0, "too large", True, reason=str(error))


def _second_order(graph: Graph, up_to: int) -> OrderResult | None:
    """A multistep method for u'' = f(u): its conditions are linear, trees play no part.

    With exact values the new one has gamma = q! times its weight of u^(q) equal to 1 - q! C_q.
    """
    method = linear_multistep(graph)
    if method is None or method.derivative != 2 or (reached := method.order(up_to)) < 0:
        return None
    key, exact = graph.outputs[0], method.is_exact
    if reached == up_to:
        return OrderResult(key, "advanced", reached, "reached", exact)
    q = reached + 2
    missing = method.constant(q)
    got = (ONE - missing.value) / factorial(q)
    wanted, name = ONE / factorial(q), f"u^({q})"
    if missing.radius:
        ball = Ball.of(got, missing.radius / factorial(q))
        failure = Failure(name, name, reached + 1, factorial(q), 1, wanted, ball)
    else:
        failure = Failure(name, name, reached + 1, factorial(q), 1, wanted, got)
    return OrderResult(key, "advanced", reached, "fails", exact, find=lambda: (failure,))


def _lowest(results: Sequence[OrderResult]) -> OrderResult:
    advanced = (r for r in results if r.kind == "advanced")
    return min(advanced, key=lambda r: -1 if r.order is None else r.order)


def prove(found: System, up_to: int, with_time: bool = False) -> list[OrderResult]:
    """The results of all targets, in one pass over the trees."""
    try:
        if found.is_exact:
            return _Proof(found, _field(found), up_to, with_time).results()
        return _Proof(found, Balls(), up_to, with_time).results()
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


class _Proof(Generic[Vector]):
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
        return [done[t.key] for t in self.system.targets]

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
