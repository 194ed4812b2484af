"""Tableaus without zeros, of any number of stages: the most that rows can ask of a schedule."""

from __future__ import annotations


def dense(stages: int) -> str:
    """The text of an explicit method of order 1 with a_ij = 1/(2 (i - 1)) for all j < i, so that
    every node but the first is 1/2, and b_j = 1/stages."""
    rows = [f"  | {' '.join([f'1/{2 * i}'] * i)}".rstrip() for i in range(stages)]
    weights = " ".join([f"1/{stages}"] * stages)
    lines = [
        f"method dense{stages}",
        "  order 1",
        "",
        "tableau",
        *rows,
        "  --+--",
        f"  | {weights}",
    ]
    return "\n".join(lines) + "\n"
