"""A rooted tree by itself: read from its brackets, as a formula, and drawn.

The condition of order of a tree is written with one index a node that is no leaf (Butcher; Hairer,
Norsett, Wanner, Solving ODEs I, II.2): `[[], [[]]]` is sum b_i c_i a_ij c_j. A leaf below node i
is the row sum c_i = sum_j a_ij.
"""

from __future__ import annotations

import re
from collections import Counter
from math import prod
from typing import NamedTuple

INDICES = "ijklmnpqrstuvwxyz"


class Shape(NamedTuple):
    """A tree: the slot of its root, empty where there is one slot only, and its subtrees."""

    slot: str
    subtrees: tuple[Shape, ...]

    @property
    def leaves(self) -> int:
        return sum(s.leaves for s in self.subtrees) or 1


def density(tree: Shape) -> int:
    """gamma: the number of nodes times the densities of the subtrees."""
    return size(tree) * prod(map(density, tree.subtrees))


def size(tree: Shape) -> int:
    """The number of nodes, the order of the tree."""
    return 1 + sum(map(size, tree.subtrees))


def shape(bracket: str) -> Shape | None:
    """The tree of `[[], [[]]]`, or of `f[g[], f[]]`; None if it is none, such as `u^(3)`."""
    stack: list[tuple[str, list[Shape]]] = [("", [])]
    for name, sign in re.findall(r"(\w*)([\[\],])", bracket):
        if sign == "[":
            stack.append((name, []))
        elif sign == "]":
            slot, subtrees = stack.pop()
            stack[-1][1].append(Shape(slot, tuple(subtrees)))
    return stack[0][1][0] if stack[0][1] else None


# ---------------------------------------------------------------------- a formula


def formula(tree: Shape, weights: str = "b") -> str:
    """What stands left of `= 1/gamma`: `sum b_i c_i a_ij c_j`; `b[f]_i a[g]_ij` with slots."""
    indices = iter(INDICES)
    root = next(indices)

    def factors(node: Shape, index: str) -> list[str]:
        leaves = Counter(s.slot for s in node.subtrees if not s.subtrees)
        found = [
            f"c{_of(slot)}_{index}" + (f"^{times}" if times > 1 else "")
            for slot, times in leaves.items()
        ]
        for child in node.subtrees:
            if child.subtrees:
                inner = next(indices)
                found += [f"a{_of(child.slot)}_{index}{inner}", *factors(child, inner)]
        return found

    first = f"({weights})" if " " in weights else weights
    return " ".join([f"sum {first}{_of(tree.slot)}_{root}", *factors(tree, root)])


def _of(slot: str) -> str:
    return f"[{slot}]" if slot else ""


# ---------------------------------------------------------------------- a drawing


class _Block(NamedTuple):
    """Lines of one width, the root in the last one, at column `root`."""

    lines: list[str]
    root: int


def picture(tree: Shape) -> str:
    """The tree with its root below, a node as `o`, or as the first letter of its slot."""
    return "\n".join(line.rstrip() for line in _block(tree).lines)


def _block(tree: Shape) -> _Block:
    node = tree.slot[:1] or "o"
    if not tree.subtrees:
        return _Block([node], 0)
    if len(tree.subtrees) == 1:
        lines, root = _block(tree.subtrees[0])
        width = len(lines[0])
        return _Block([*lines, _line(width, {root: "|"}), _line(width, {root: node})], root)
    above, roots = _beside([_block(s) for s in tree.subtrees])
    width, (first, *_, last) = len(above[0]), roots
    marks = dict.fromkeys(range(first + 2, last - 1), "_" if last - first > 4 else " ")
    marks |= dict.fromkeys(roots, "|") | {first: " ", last: " ", first + 1: "\\", last - 1: "/"}
    root = (first + last) // 2
    return _Block([*above, _line(width, marks), _line(width, {root: node})], root)


def _beside(blocks: list[_Block]) -> tuple[list[str], list[int]]:
    """The blocks next to each other, their roots on one line and at even distances."""
    height = max(len(block.lines) for block in blocks)
    lines, roots = [""] * height, list[int]()
    gap = 3 if len(blocks) == 2 else 1
    for block in blocks:
        start = len(lines[0]) + (gap if roots else 0)
        if roots and (start + block.root - roots[0]) % 2:
            start += 1
        width = len(block.lines[0])
        padded = [" " * width] * (height - len(block.lines)) + block.lines
        lines = [old.ljust(start) + new for old, new in zip(lines, padded, strict=True)]
        roots.append(start + block.root)
    return lines, roots


def _line(width: int, marks: dict[int, str]) -> str:
    return "".join(marks.get(column, " ") for column in range(width))
