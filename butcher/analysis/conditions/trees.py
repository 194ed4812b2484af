"""Rooted trees: what the conditions of order of a method are counted by.

A tree is written [t1, ..., tm] by its subtrees, the single node `[]`. Every other tree is in
exactly one way

    t = left * right      right, the last of its subtrees, grafted on the root of what is left

where subtrees stand sorted by index (the Butcher product; Hairer, Norsett, Wanner, Solving ODEs
I, II.2). So a weight that multiplies over subtrees costs one product a tree, and every tree is
known by its index in one list, in which `left` and `right` stand before it.

Nodes may have colours, one a slot of a partitioned or additive equation. Which colours may grow on
which is the palette's: in x' = f(y), y' = g(x) only g grows on f (P-series; ibid., II.15).
For u'' = f(u) a node of f counts for two, and beside f a leaf u' may grow on it (Coleman, Order
conditions for a class of two-step methods for y'' = f(x, y), IMA J. Numer. Anal. 23 (2003)).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from math import factorial, perm, prod
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Palette:
    """The colours of nodes, by name, and for each of them the colours that may grow on it.

    sizes   what a node of each colour adds to the order of its tree, 1 if nothing is said; 2 for
            u'' = f(u).
    """

    names: tuple[str, ...] = ("f",)
    children: tuple[tuple[int, ...], ...] = ((0,),)
    sizes: tuple[int, ...] = ()

    def size(self, colour: int) -> int:
        return self.sizes[colour] if self.sizes else 1

    def counts(self, order: int) -> list[list[int]]:
        """counts[n][c]: the trees of order n, n <= order, with a root of colour c, none listed.

        Euler's transform: with a(d) the trees of order d that may grow on the root and s(k) the
        sum of d a(d) over d | k, the forests of order n are b(n) = 1/n sum_k s(k) b(n-k).
        """
        trees = [[0] * len(self.names) for _ in range(order + 1)]
        forests: list[list[int]] = [[1] for _ in self.names]
        for n in range(1, order + 1):
            for colour, allowed in enumerate(self.children):
                size = self.size(colour)
                if n > size:
                    grown = [sum(trees[d][c] for c in allowed) for d in range(n - size + 1)]
                    forests[colour].append(_forests(grown, forests[colour]))
                if n >= size:
                    trees[n][colour] = forests[colour][n - size]
        return trees


def _forests(trees: list[int], forests: list[int]) -> int:
    """The forests of the next order, len(forests), of which `trees` counts the trees."""
    n = len(forests)
    total = sum(
        sum(d * trees[d] for d in range(1, k + 1) if k % d == 0) * forests[n - k]
        for k in range(1, n + 1)
    )
    return total // n


def cache_by_tree(method: Callable[[Trees, int], Result]) -> Callable[[Trees, int], Result]:
    """Compute what belongs to a tree once; it goes when the trees go."""
    name = f"_{method.__name__}"

    @wraps(method)
    def found(self: Trees, tree: int) -> Result:
        known: dict[int, Result] = self.__dict__.setdefault(name, {})
        if tree not in known:
            known[tree] = method(self, tree)
        return known[tree]

    return found


class Trees:
    """All trees of a palette, order by order: `grow` appends the next order."""

    def __init__(self, palette: Palette | None = None, order: int = 0) -> None:
        self.palette = palette or Palette()
        self.left: list[int] = []
        self.right: list[int] = []
        """The two parts of each tree; -1 for a single node."""
        self._roots: dict[int, int] = {}
        """single node -> colour"""
        self._ranges: list[list[range]] = [[range(0) for _ in self.palette.names]]
        for _ in range(order):
            self.grow()

    def __len__(self) -> int:
        return len(self.left)

    @property
    def order(self) -> int:
        """The highest order that is listed."""
        return len(self._ranges) - 1

    def of(self, order: int, colour: int = 0) -> range:
        """The indices of the trees of one order with a root of one colour."""
        return self._ranges[order][colour]

    def grow(self) -> None:
        """List the trees of the next order."""
        n = len(self._ranges)
        left, right, fresh = self.left, self.right, []
        for colour, allowed in enumerate(self.palette.children):
            start = len(left)
            if n == self.palette.size(colour):
                self._roots[start] = colour
                left.append(-1)
                right.append(-1)
            for k in range(1, n):
                grafts = [self._ranges[k][c] for c in allowed]
                for rest in self._ranges[n - k][colour]:
                    last = right[rest]
                    for graft in grafts:
                        new = range(max(graft.start, last), graft.stop)
                        right.extend(new)
                        left.extend([rest] * len(new))
            fresh.append(range(start, len(left)))
        self._ranges.append(fresh)

    # ------------------------------------------------------------------ one tree

    def subtrees(self, tree: int) -> tuple[int, ...]:
        """The indices of its subtrees, sorted: t = [t1, ..., tm]."""
        found = []
        while self.left[tree] >= 0:
            found.append(self.right[tree])
            tree = self.left[tree]
        return tuple(reversed(found))

    def colour(self, tree: int) -> int:
        """The colour of the root."""
        while self.left[tree] >= 0:
            tree = self.left[tree]
        return self._roots[tree]

    def size(self, tree: int) -> int:
        """The order of the tree: its number of nodes, those that count for two twice."""
        order = bisect_right(self._ranges, tree, key=lambda ranges: ranges[0].start)
        return order - 1

    @cache_by_tree
    def gamma(self, tree: int) -> int:
        """The density: |t| gamma(t1) ... gamma(tm). The exact solution has weight 1/gamma.

        A root that counts for two makes it |t| (|t|-1) gamma(t1) ... gamma(tm).
        """
        own = perm(self.size(tree), self.palette.size(self.colour(tree)))
        return own * prod(map(self.gamma, self.subtrees(tree)))

    @cache_by_tree
    def sigma(self, tree: int) -> int:
        """The symmetry: sigma(t1) ... sigma(tm) times m! for every subtree that occurs m times."""
        times = Counter(self.subtrees(tree)).items()
        return prod(self.sigma(subtree) ** m * factorial(m) for subtree, m in times)

    @cache_by_tree
    def bracket(self, tree: int) -> str:
        """`[[], [[]]]`; with colours `f[g[], g[f[]]]`."""
        name = self.palette.names[self.colour(tree)] if len(self.palette.names) > 1 else ""
        return f"{name}[{', '.join(map(self.bracket, self.subtrees(tree)))}]"

    @cache_by_tree
    def differential(self, tree: int) -> str:
        """The elementary differential as it is written by hand: `f''(f, f'(f))`."""
        name, subtrees = self.palette.names[self.colour(tree)], self.subtrees(tree)
        if not subtrees:
            return name
        primes = "'" * len(subtrees) if len(subtrees) < 4 else f"^({len(subtrees)})"
        return f"{name}{primes}({', '.join(map(self.differential, subtrees))})"
