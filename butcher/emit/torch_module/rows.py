"""A row as Python, added up in a tensor of its own:

    Y3 = torch.add(u, k1, alpha=0.25 * h)  # 1/4
    Y3.add_(k2, alpha=0.75 * h)  # 3/4

The first operation makes the tensor, the others write into it. A sub-net may have kept what it
returned, or may write into what it is given, so nothing is ever written into a k or a state, nor
into a row that a sub-net has seen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from butcher.coefficient import Coefficient
from butcher.emit.torch_module.expressions import (
    Expression,
    NameOf,
    expression,
    power_text,
    shortened,
    summands,
)
from butcher.emit.torch_module.names import Names, fresh
from butcher.emit.torch_module.writer import Writer
from butcher.ir.graph import Term
from butcher.ir.steps import without_step
from butcher.ir.sums import Sum

LONGEST_COEFFICIENT = 48
"""Beyond this many characters a coefficient is given a name of its own."""


@dataclass(frozen=True)
class Scope:
    """What a row is written with.

    tensors   the symbols that are tensors in forward: what they multiply is written differently.
    drawn     those of them that are numbers in evaluation.
    nonzero   those of them whose bounds keep them away from 0.
    wide      the rows that are summed up in single precision where maps are in half.
    readers   row -> the sub-net that reads it first, as Python.
    spelled   a symbol as it is read in forward: `k`, `h`, `h[3]`.
    """

    names: Names
    tensors: Collection[str]
    drawn: Collection[str]
    nonzero: Collection[str]
    wide: Collection[str]
    readers: Mapping[str, str]
    spelled: NameOf

    def local(self, key: str) -> str:
        return self.names.locals[key]

    def is_tensor(self, coefficient: Coefficient) -> bool:
        return not coefficient.names.isdisjoint(self.tensors)

    def is_drawn(self, coefficient: Coefficient) -> bool:
        """Whether it may be a tensor or a number."""
        return not coefficient.names.isdisjoint(self.drawn)

    def is_redrawn(self, coefficient: Coefficient) -> bool:
        """Whether the backward pass has another one."""
        return not coefficient.names.isdisjoint(self.names.backward)

    def reader(self, row: str, coefficient: Coefficient) -> list[str] | None:
        """Of a row x + c d what `moved` is told beside these: the sub-net that reads it, if one
        does. None unless c is one trained number that is never near 0, times a fixed one.
        """
        trained = [v for v in coefficient.variables if v.name in self.tensors]
        if len(trained) != 1 or trained[0].name not in self.nonzero:
            return None
        if self.is_tensor(coefficient / Coefficient.symbol(trained[0])):
            return None
        return [self.readers[row]] if row in self.readers else []


@dataclass(frozen=True)
class Factor:
    """A coefficient in front of a map.

    text     as Python, with its sign: `-0.5 * h`.
    unit     1 or -1 if it is that, else 0.
    exact    the coefficient as the language spells it, if the text spells it differently.
    is_sum   whether the text needs parentheses before a `*`.
    """

    text: str
    unit: int
    exact: str | None
    is_sum: bool

    def times(self, source: str) -> str:
        return f"({self.text}) * {source}" if self.is_sum else f"{self.text} * {source}"


def factor(coefficient: Coefficient, scope: Scope, writer: Writer) -> Factor:
    """Long ones get a name in a line before: `c1 = (1 + ...)`."""
    step, power, rest = without_step(coefficient)
    e = _short(rest, scope, writer)
    if step is None:
        return Factor(e.signed, _unit(e), e.exact, e.is_sum and not e.negative)
    times_step = power_text(scope.spelled(step.name), power)
    if e.is_one:
        return Factor(f"{'-' * e.negative}{times_step}", 0, e.exact, False)
    return Factor(f"{'-' * e.negative}{e.factor} * {times_step}", 0, e.exact, False)


def _unit(e: Expression) -> int:
    return 0 if not e.is_one else -1 if e.negative else 1


# ---------------------------------------------------------------------- sums


def write_sum(
    writer: Writer, part: Sum, terms: Sequence[Term], scope: Scope, *, begins: bool
) -> None:
    """Terms that are added to a sum, the first ones where it begins."""
    local = scope.local(part.key)
    rest = list(terms)
    if begins:
        first = rest.pop(0)
        source = scope.local(first.source)
        if part.row in scope.wide:
            source = f"wide({source})"
        if first.coefficient == 1 and rest:
            second = rest.pop(0)
            is_row = part.key == part.row and len(part.terms) == 2
            reader = scope.reader(part.row, second.coefficient) if is_row else None
            _write_two(writer, local, source, second, scope, reader)
        else:
            _write_one(writer, local, source, first.coefficient, scope)
    for term in rest:
        _write_added(writer, local, term, scope)


def _write_one(
    writer: Writer, local: str, source: str, coefficient: Coefficient, scope: Scope
) -> None:
    """`Y = 0.5 * u`"""
    c = factor(coefficient, scope, writer)
    if c.unit:
        writer.line(f"{local} = {f'{source}.clone()' if c.unit == 1 else f'-{source}'}")
    elif scope.is_redrawn(coefficient):
        writer.commented(f"{local} = {_redrawn(source, coefficient, scope)}", c.exact)
    else:
        writer.commented(f"{local} = {c.times(source)}", c.exact)


def _write_two(
    writer: Writer,
    local: str,
    first: str,
    term: Term,
    scope: Scope,
    reader: Sequence[str] | None,
) -> None:
    """`Y = torch.add(u, k1, alpha=0.5 * h)`"""
    c, source = factor(term.coefficient, scope, writer), scope.local(term.source)
    if c.unit:
        writer.line(f"{local} = {first} {'+' if c.unit == 1 else '-'} {source}")
    elif scope.is_redrawn(term.coefficient):
        product = _redrawn(source, term.coefficient, scope)
        writer.commented(f"{local} = {first} + {product}", c.exact)
    elif scope.is_drawn(term.coefficient):
        writer.commented(f"{local} = {first} + {c.times(source)}", c.exact)
    elif scope.is_tensor(term.coefficient):
        _write_product_added(writer, local, (first, source), c, reader)
    else:
        writer.call(f"{local} = torch.add(", [first, source, f"alpha={c.text}"], c.exact)


def _write_added(writer: Writer, local: str, term: Term, scope: Scope) -> None:
    """`Y.add_(k2, alpha=0.5 * h)`"""
    c, source = factor(term.coefficient, scope, writer), scope.local(term.source)
    if c.unit:
        writer.line(f"{local}.{'add_' if c.unit == 1 else 'sub_'}({source})")
    elif scope.is_redrawn(term.coefficient):
        writer.call(f"{local}.add_(", [_redrawn(source, term.coefficient, scope)], c.exact)
    elif scope.is_drawn(term.coefficient):
        writer.call(f"{local}.add_(", [c.times(source)], c.exact)
    elif scope.is_tensor(term.coefficient):
        writer.call(f"{local} = torch.addcmul(", [local, source, c.text], c.exact)
    else:
        writer.call(f"{local}.add_(", [source, f"alpha={c.text}"], c.exact)


def write_join(writer: Writer, row: str, parts: Sequence[Sum], scope: Scope) -> None:
    """`Y3 = torch.addcmul(u, dY3, h)`: the row of its sums, the one without a factor first."""
    target, first = scope.local(row), ""
    for part in parts:
        local = scope.local(part.terms[0].source if part.is_value else part.key)
        if part.factor is None:
            first = local
            continue
        c = factor(part.factor, scope, writer)
        if first:
            is_row = len(parts) == 2 and parts[0].is_value
            reader = scope.reader(row, part.factor) if is_row else None
            _write_product_added(writer, target, (first, local), c, reader)
        else:
            writer.commented(f"{target} = {c.times(local)}", c.exact)
        first = target


def _write_product_added(
    writer: Writer,
    target: str,
    sources: tuple[str, str],
    c: Factor,
    reader: Sequence[str] | None,
) -> None:
    """`Y = torch.addcmul(u, dY, h)`, or `Y = moved(u, dY, h, self.f[2])`."""
    if reader is None:
        writer.call(f"{target} = torch.addcmul(", [*sources, c.text], c.exact)
    else:
        writer.call(f"{target} = moved(", [*sources, c.text, *reader], c.exact)


def _redrawn(source: str, coefficient: Coefficient, scope: Scope) -> str:
    """`redrawn(k1, s, s_back)`: with another factor in the backward pass."""
    again = scope.names.backward
    forward = expression(coefficient, scope.spelled)
    backward = expression(coefficient, lambda n: again.get(n) or scope.spelled(n))
    return f"redrawn({source}, {forward.signed}, {backward.signed})"


# ---------------------------------------------------------------------- long coefficients


def _short(coefficient: Coefficient, scope: Scope, writer: Writer) -> Expression:
    """The coefficient, by a name of its own if it is long: `c1 = (1 + ...)` goes before."""
    e = expression(coefficient, scope.spelled)
    if len(e.text) <= LONGEST_COEFFICIENT or coefficient.is_number:
        return e
    above = _named(summands(coefficient.numerator, scope.spelled), e.exact, scope, writer)
    if coefficient.denominator.is_number:
        return Expression(above, False, e.exact, False)
    below = _named(summands(coefficient.denominator, scope.spelled), None, scope, writer)
    return Expression(f"{above} / {below}", False, e.exact, False)


def _named(terms: list[str], exact: str | None, scope: Scope, writer: Writer) -> str:
    name = fresh(scope.names, "c1")
    flat = f"{name} = {' '.join(terms)}"
    if len(flat) <= writer.room:
        writer.line(flat)
        return name
    writer.line(f"{name} = (")
    with writer.indented():
        comment = f"  # {exact or 'a sum of ' + str(len(terms)) + ' terms'}"
        first = terms[0] + shortened(comment, max(writer.room - len(terms[0]), 24))
        writer.lines([first, *terms[1:]])
    writer.line(")")
    return name
