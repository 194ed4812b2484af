"""Elementary differentials for tests: trees as `Trees.bracket` writes them, taken apart."""

from collections.abc import Callable
from typing import TypeVar

from butcher.analysis.conditions.trees import Trees

Value = TypeVar("Value")


def parsed(tree: str) -> tuple[str, list[str]]:
    """The slot of the root, empty where there is one only, and the subtrees."""
    name, inner = tree.replace(", ", "").split("[", 1)
    parts, depth, start = [], 0, 0
    for i, sign in enumerate(inner[:-1]):
        depth += {"[": 1, "]": -1}.get(sign, 0)
        if sign == "]" and not depth:
            parts.append(inner[start : i + 1])
            start = i + 1
    return name, parts


def differential(tree: str, of: Callable[[str, list[Value]], Value]) -> Value:
    """F(t), by what a slot's derivative makes of the differentials of the subtrees."""
    name, parts = parsed(tree)
    return of(name, [differential(part, of) for part in parts])


def bracket(levels: str) -> str:
    """The tree whose nodes, depth first, have these levels: `1233` is `[[[], []]]`."""
    text, depth = "", 0
    for level in map(int, levels):
        text += "]" * (depth - level + 1) + "["
        depth = level
    wanted = _sorted(text + "]" * depth)
    trees = Trees(order=len(levels))
    brackets = map(trees.bracket, trees.of(len(levels)))
    return next(found for found in brackets if _sorted(found) == wanted)


def _sorted(tree: str) -> str:
    return f"[{''.join(sorted(map(_sorted, parsed(tree)[1])))}]"
