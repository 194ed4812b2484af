"""Rows as they are computed: those that read the same values at once, and some not yet whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from butcher.kernels.gradients import Row
from butcher.kernels.operations import strides
from butcher.kernels.values import Step, Term


@dataclass
class Part:
    """A row in the making.

    terms    what is to be added to it, once computed what was.
    total    what it amounts to so far, in a buffer that nobody else has seen; None at its begin.
    edges    where its gradient goes, of all terms so far.
    beside   what does not carry h, and how often; kept where the gradient of h is recovered.
    """

    terms: Sequence[Term]
    total: Tensor | None = None
    step: Step | None = None
    edges: list[Tensor] = field(default_factory=list)
    beside: list[tuple[Tensor, float]] = field(default_factory=list)

    @classmethod
    def of(cls, terms: Sequence[Term], begun: Part | None) -> Part:
        """What `begun` becomes by these terms; it cannot be continued a second time."""
        if begun is None:
            return cls(terms)
        if begun.total is None:
            raise RuntimeError("a row that has been begun is continued once, by the next `gather`")
        part = cls(terms, begun.total, begun.step, begun.edges, begun.beside)
        begun.total = None
        return part

    def read(self) -> list[tuple[Term, Tensor]]:
        """The terms with their tensors, in the order in which their values came to be."""
        step = one_step(self.terms, self.step)
        if self.total is not None and step is not self.step and step is not None and step.recover:
            raise TypeError("a row is begun with a part of what h multiplies: u + h * (0.5 * k1)")
        self.step = step
        dtype = self.terms[0].value.dtype if self.total is None else self.total.dtype
        shapes = {tuple(t.value.shape) for t in self.terms}
        shapes |= set() if self.total is None else {tuple(self.total.shape)}
        if len(shapes) > 1:
            raise ValueError(f"a row adds tensors of one shape, not of {sorted(shapes)}")
        found = []
        for term in self.terms:
            tensor, edges = term.value.read(term.coefficient, term.step, dtype)
            self.edges += edges
            found.append((term, tensor))
        return sorted(found, key=lambda pair: pair[0].value.serial)

    def result(self) -> Tensor:
        """The row, whole."""
        assert self.total is not None
        if not self.edges:
            return self.total
        is_recovered = self.step is not None and self.step.recover
        h = self.step.h if self.step is not None and is_recovered else None
        return Row.apply([self.total], self.beside, h, *self.edges)  # type: ignore[no-any-return]


def one_step(terms: Sequence[Term], known: Step | None) -> Step | None:
    """The trained step of a row: it has one, or none."""
    steps = [known] if known is not None else []
    steps += [t.step for t in terms if t.step is not None]
    first = steps[0] if steps else None
    if any(s.h is not first.h or s.recover != first.recover for s in steps if first):
        raise TypeError("a row has one trained step: write u + h * (0.5 * k1 + k2)")
    return first


def compute(parts: Sequence[Part]) -> None:
    """Bring the totals up to date: one kernel for all parts that have one h and one layout."""
    groups: dict[object, list[tuple[Part, list[tuple[Term, Tensor]]]]] = {}
    for part in parts:
        if not part.terms:
            continue
        read = part.read()
        if part.total is None and len(read) == 1 and read[0][0][::2] == (1.0, None):
            part.total = read[0][1].detach()  # the value itself, under a new name
            continue
        like = read[0][1] if part.total is None else part.total
        h = None if part.step is None else id(part.step.h)
        groups.setdefault((h, strides(like)), []).append((part, read))
    for group in groups.values():
        compute_together(group)


@torch.no_grad()
def compute_together(group: list[tuple[Part, list[tuple[Term, Tensor]]]]) -> None:
    """One call for parts with one h and one layout; those with a total come first."""
    group = sorted(group, key=lambda pair: pair[0].total is None)
    opened = sum(part.total is not None for part, _ in group)
    places: dict[tuple[bool, int], tuple[int, Tensor]] = {}
    for _, read in group:
        for term, tensor in read:
            places[term.step is not None, id(tensor)] = term.value.serial, tensor
    order = sorted(places, key=lambda key: (key[0], places[key][0]))
    index = {key: i for i, key in enumerate(order)}
    coefficients: list[float] = []
    for part, read in group:
        row = [0.0] * len(order)
        for term, tensor in read:
            row[index[term.step is not None, id(tensor)]] += term.coefficient
        coefficients += row
        start(part, read)
    torch.ops.butcher.gather(
        [part.total for part, _ in group],
        opened,
        [places[key][1] for key in order],
        coefficients,
        next((part.step.h for part, _ in group if part.step is not None), None),
        sum(not is_along for is_along, _ in order),
    )


def start(part: Part, read: list[tuple[Term, Tensor]]) -> None:
    """A buffer for a part that has none, and what `recover` has to keep."""
    if part.total is None:
        first = part.terms[0].value
        like = next(tensor for term, tensor in read if term.value is first)
        part.total = torch.empty_like(like)
    if part.step is not None and part.step.recover:
        part.beside += [(x, t.coefficient) for t, x in read if t.step is None]
