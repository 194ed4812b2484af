"""A block that makes no step: what stands in its place."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from butcher.models.network import States


class Dropped:
    """A block that makes no step: u[n+1] = P(u[n]), P its transition, the identity of most.

    Earlier values move up, u[n] is the earlier one of u[n+1], and kept evaluations stay the last
    that were made: none is made here. So a block of LM-ResNet gives (u[n], u[n]), one of RevNet
    (x[n], y[n]) and one of Adams-Bashforth (u[n], f[n-1]).

    newest  which of the states are the newest values.
    """

    def __init__(self, block: Any, newest: tuple[int, ...]) -> None:
        self.block, self.states = block, block.states
        self.sources = sources(block.states, newest)

    def start(self, *values: Tensor) -> States:
        """As the block begins: a kept evaluation is the block's own, which has to come from
        somewhere."""
        return self.block.start(*values)  # type: ignore[no-any-return]

    def __call__(self, state: States) -> States:
        if isinstance(state, Tensor):
            return self._through(0, state)
        return tuple(self._through(i, state[i]) for i in self.sources)

    def _through(self, i: int, u: Tensor) -> Tensor:
        transition = getattr(self.block, "transition", None)
        if transition is None:
            return u
        net = transition if len(self.states) == 1 else transition[i]
        return net(u).to(u.dtype)  # type: ignore[no-any-return]


def sources(states: tuple[str, ...], newest: tuple[int, ...]) -> list[int]:
    """Of each state behind a block that makes no step, which of those before it it is."""
    values = {states[i].partition("[")[0] for i in newest}
    found = []
    for i, state in enumerate(states):
        shifts = i not in newest and state.partition("[")[0] in values
        found.append(states.index(_later(state)) if shifts else i)
    return found


def _later(state: str) -> str:
    """`u[n-1]` of `u[n-2]`, `u[n]` of `u[n-1]`."""
    name, _, index = state.rstrip("]").partition("[n")
    return f"{name}[n{int(index) + 1:+d}]" if int(index) != -1 else f"{name}[n]"
