"""The naive form of a method: each row as a paper prints it, in one expression.

With no schedule every k lives until the end of the block, every product is a map of its own, and
what a trained h multiplies is kept for the backward pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from butcher.coefficient import Coefficient
from butcher.ir.graph import Graph, Row
from butcher.ir.steps import is_step

Form = Literal["gathered", "spread"]
"""gathered: u + h*(a*k1 + b*k2); spread: u + a*k1*h + b*k2*h."""


class NoNaiveFormError(ValueError):
    """A method that is more than a table of numbers and a step."""


@dataclass(frozen=True)
class _Sum:
    """values  those without h, with their factors; stages: those that h multiplies.
    step     which h, or None if there are no stages.
    """

    values: tuple[tuple[float, str], ...]
    stages: tuple[tuple[float, str], ...]
    step: str | None


class Naive(nn.Module):
    """A block of an explicit graph with one state; steps that the graph trains are parameters."""

    def __init__(self, graph: Graph, branches: Sequence[nn.Module], form: Form) -> None:
        super().__init__()
        _check(graph)
        self.f = nn.ModuleList(branches)
        self.form = form
        self.state = graph.states[0].key
        self.plan = [(_sum(graph, e.argument), e.key) for e in graph.evaluations]
        self.output = _sum(graph, graph.outputs[0])
        steps = [symbol for symbol in graph.symbols if is_step(symbol.name)]
        self.steps = {s.name: float(s.start) for s in steps}
        self.place = {s.name: i for i, s in enumerate(steps) if s.kind == "learn"}
        self.h = nn.ParameterList([torch.ones(1) * self.steps[name] for name in self.place])

    def forward(self, u: Tensor) -> Tensor:
        """(N, C, H, W) to the same."""
        known = {self.state: u}
        for f, (argument, key) in zip(self.f, self.plan, strict=True):
            known[key] = f(self._computed(argument, known))
        return self._computed(self.output, known)

    def _computed(self, row: _Sum, known: Mapping[str, Tensor]) -> Tensor:
        total = _added(None, row.values, known)
        if row.step is None:
            assert total is not None
            return total
        h = self.h[self.place[row.step]] if row.step in self.place else self.steps[row.step]
        if self.form == "spread":
            for factor, key in row.stages:
                term = _times(factor, known[key]) * h
                total = term if total is None else total + term
            assert total is not None
            return total
        stages = _added(None, row.stages, known)
        assert stages is not None
        return h * stages if total is None else total + h * stages


def _added(
    total: Tensor | None, terms: Sequence[tuple[float, str]], known: Mapping[str, Tensor]
) -> Tensor | None:
    for factor, key in terms:
        term = _times(factor, known[key])
        total = term if total is None else total + term
    return total


def _times(factor: float, k: Tensor) -> Tensor:
    return k if factor == 1 else factor * k


def _check(graph: Graph) -> None:
    others = sorted(name for name in graph.names if not is_step(name))
    if others:
        raise NoNaiveFormError(f"{graph.name} has {others[0]}, and only h may be a symbol")
    if len(graph.states) != 1:
        raise NoNaiveFormError(f"{graph.name} has {len(graph.states)} states, not one")


def _sum(graph: Graph, key: str) -> _Sum:
    row = graph.row.get(key)
    if row is None:
        return _Sum(((1.0, key),), (), None)
    return _split(row)


def _split(row: Row) -> _Sum:
    values: list[tuple[float, str]] = []
    stages: list[tuple[float, str]] = []
    step = None
    for term in row.terms:
        names = sorted(term.coefficient.names)
        if not names:
            values.append((float(term.coefficient.number), term.source))
            continue
        (name,) = names
        step = name
        rest = term.coefficient / Coefficient.symbol(next(iter(term.coefficient.variables)))
        if not rest.is_number or (stages and name != step):
            raise NoNaiveFormError(f"{row.key} is no sum of values and h times a sum of stages")
        stages.append((float(rest.number), term.source))
    return _Sum(tuple(values), tuple(stages), step)
