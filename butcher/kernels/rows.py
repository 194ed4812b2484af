"""Rows as they are computed: those that read the same values at once, and some not yet whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from butcher.kernels import operations  # noqa: F401 - registers the operators
from butcher.kernels.gradients import Row
from butcher.kernels.values import Step, Term


@dataclass(slots=True)
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

    def read(self) -> list[Tensor]:
        """The tensors of the terms, and an edge back to each."""
        first = self.terms[0][1] if self.total is None else self.total
        shape, dtype, step = first.shape, first.dtype, self.step
        tensors = []
        for c, value, factor in self.terms:
            if value.shape != shape:
                shapes = sorted({tuple(shape), tuple(value.shape)})
                raise ValueError(f"a row adds tensors of one shape, not of {shapes}")
            if factor is not None and factor is not step:
                step = self.same(factor, step)
            tensors.append(value.read(c, factor, dtype, self.edges))
        self.step = step
        if step is not None and step.recover:
            pairs = zip(tensors, self.terms, strict=True)
            self.beside += [(x, c) for x, (c, _, factor) in pairs if factor is None]
        return tensors

    def same(self, factor: Step, step: Step | None) -> Step:
        """The trained step of the row, as a term has it: a row has one, or none."""
        if step is None:
            if factor.recover and self.total is not None:
                raise TypeError("a row is begun with a part of what h multiplies: u + h * (a * k1)")
            return factor
        if factor.h is not step.h or factor.recover != step.recover:
            raise TypeError("a row has one trained step: write u + h * (0.5 * k1 + k2)")
        return step

    def result(self) -> Tensor:
        """The row, whole."""
        assert self.total is not None
        if not self.edges:
            return self.total
        h = self.step.h if self.step is not None and self.step.recover else None
        return Row.apply([self.total], self.beside, h, *self.edges)  # type: ignore[no-any-return]


Read = list[tuple[Part, list[Tensor]]]


def compute(parts: Sequence[Part]) -> None:
    """Bring the totals up to date: one kernel for all parts that have one h and one layout."""
    groups: dict[object, tuple[Read, Read]] = {}
    for part in parts:
        if not part.terms:
            continue
        tensors = part.read()
        is_open = part.total is not None
        if part.total is None:
            if len(tensors) == 1 and part.terms[0][::2] == (1.0, None):
                part.total = tensors[0].detach()  # the value itself, under a new name
                continue
            part.total = torch.empty_like(tensors[0])
        key = None if part.step is None else id(part.step.h), part.total.stride()
        groups.setdefault(key, ([], []))[not is_open].append((part, tensors))
    for opened, fresh in groups.values():
        fill(opened + fresh, len(opened))


def fill(group: Read, opened: int) -> None:
    """One call for parts with one h and one layout; the first `opened` of them are added to."""
    found = {
        (factor is not None, value.serial): x
        for part, tensors in group
        for (_, value, factor), x in zip(part.terms, tensors, strict=True)
    }
    order = sorted(found)  # what h multiplies last; else as the values came to be
    index = {key: i for i, key in enumerate(order)}
    coefficients = [0.0] * (len(group) * len(order))
    for r, (part, _) in enumerate(group):
        for c, value, factor in part.terms:
            coefficients[r * len(order) + index[factor is not None, value.serial]] += c
    step = group[0][0].step
    with torch.no_grad():
        torch.ops.butcher.gather.default(
            [part.total for part, _ in group],
            opened,
            [found[key] for key in order],
            coefficients,
            None if step is None else step.h,
            sum(not along for along, _ in order),
        )
