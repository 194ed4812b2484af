"""A row as Python: `u + h * (0.5 * k1 + k2)`, on one line or one term a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from butcher.coefficient import Coefficient
from butcher.emit.torch_module.expressions import (
    Expression,
    NameOf,
    expression,
    is_sum,
    joined,
    power_text,
    shortened,
    summands,
    without_step,
)
from butcher.emit.torch_module.names import Names, fresh
from butcher.emit.torch_module.writer import Writer
from butcher.ir.graph import Row

LONGEST_COEFFICIENT = 48
"""Beyond this many characters a coefficient is given a name of its own."""


@dataclass(frozen=True)
class Addend:
    """One term of a row, without its sign and without what is factored out."""

    negative: bool
    factor: str
    source: str
    exact: str | None
    """The coefficient with its sign, if the factor spells it differently."""

    def times(self, step: str = "") -> str:
        """`0.5 * h * k1`: numbers first, so that a tensor is multiplied once."""
        return " * ".join(text for text in (self.factor, step, self.source) if text)

    def shown(self, step: str = "") -> str:
        """`1/2 h k1`, for the comment on a whole row."""
        number = (self.exact or self.factor).removeprefix("-" if self.negative else "")
        if self.exact and is_sum(self.exact):
            number = f"({self.exact})"
        return " ".join(text for text in (number, step, self.source) if text)


@dataclass(frozen=True)
class Part:
    """factor * (sum of the addends); `factor` is empty, `h` or `h**2`."""

    factor: str
    addends: tuple[Addend, ...]


@dataclass(frozen=True)
class Scope:
    """What a row is written with.

    redrawn   the symbols that are drawn again for the backward pass.
    spelled   a symbol as it is read in forward: `k`, `h`, `h[3]`.
    """

    names: Names
    redrawn: frozenset[str]
    spelled: NameOf


def parts(row: Row, scope: Scope, writer: Writer) -> tuple[Part, ...]:
    """The row's terms, gathered by the power of the step; those without it first."""
    groups: dict[str, list[Addend]] = {"": []}
    for term in row.terms:
        factor, rest = step_factor(term.coefficient, scope)
        groups.setdefault(factor, []).append(_addend(term.source, rest, scope, writer))
    return tuple(Part(f, _positive_first(a, f)) for f, a in groups.items() if a)


def _positive_first(addends: list[Addend], factor: str) -> tuple[Addend, ...]:
    """States may be put in any order, so one that is added leads; evaluations keep theirs."""
    if not factor:
        addends = sorted(addends, key=lambda addend: addend.negative)
    return tuple(addends)


def step_factor(coefficient: Coefficient, scope: Scope) -> tuple[str, Coefficient]:
    """(`h**2`, rest) with coefficient = h^2 rest."""
    name, power, rest = without_step(coefficient)
    return power_text(scope.spelled(name), power) if power else "", rest


def _addend(source: str, coefficient: Coefficient, scope: Scope, writer: Writer) -> Addend:
    local = scope.names.locals[source]
    if coefficient.names & scope.redrawn:
        again = scope.names.backward
        forward = expression(coefficient, scope.spelled)
        backward = expression(coefficient, lambda n: again.get(n) or scope.spelled(n))
        text = f"redrawn({local}, {forward.signed}, {backward.signed})"
        return Addend(False, "", text, forward.exact)
    e = _short(coefficient, scope, writer)
    return Addend(e.negative, "" if e.is_one else e.factor, local, e.exact)


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


# ---------------------------------------------------------------------- on one line


def inline(row: Sequence[Part]) -> tuple[str, str]:
    """The row on one line and its comment, empty if no number is rounded or respelled."""
    text = joined([_inline_part(part) for part in row])
    exact = [a.exact for part in row for a in part.addends if a.exact]
    if len(exact) < 2:
        return text, f"  # {exact[0]}" if exact else ""
    shown = joined([_shown_part(part) for part in row]).replace("**", "^")
    return text, f"  # {shown}"


def _inline_part(part: Part) -> tuple[bool, str]:
    if len(part.addends) == 1:
        addend = part.addends[0]
        return addend.negative, addend.times(part.factor)
    text = joined([(a.negative, a.times()) for a in part.addends])
    return False, f"{part.factor} * ({text})" if part.factor else text


def _shown_part(part: Part) -> tuple[bool, str]:
    if len(part.addends) == 1:
        addend = part.addends[0]
        return addend.negative and not is_sum(addend.exact or ""), addend.shown(part.factor)
    text = joined([(a.negative and not is_sum(a.exact or ""), a.shown()) for a in part.addends])
    return False, f"{part.factor} ({text})" if part.factor else text


# ---------------------------------------------------------------------- one term a line


def assign(writer: Writer, target: str, row: Sequence[Part]) -> None:
    """`target = row`, with the exact coefficients beside."""
    text, comment = inline(row)
    line = f"{target} = {text}{comment}"
    if len(line) <= writer.room:
        writer.line(line)
        return
    *plain, last = row
    is_gathered = len(last.addends) > 1 and bool(last.factor)
    if is_gathered and sum(len(part.addends) for part in plain) <= 1:
        before = joined([_inline_part(part) for part in plain]) + " + " if plain else ""
        if not any(part.addends[0].exact for part in plain):
            _one_a_line(writer, f"{target} = {before}{last.factor} * (", last.addends)
            return
    flat = [
        Addend(a.negative, "", a.times(part.factor), a.exact) for part in row for a in part.addends
    ]
    _one_a_line(writer, f"{target} = (", flat)


def _one_a_line(writer: Writer, head: str, addends: Sequence[Addend]) -> None:
    """A comment beside at least one term keeps formatters from joining the lines."""
    writer.line(head)
    commented = any(addend.exact for addend in addends)
    with writer.indented():
        for i, addend in enumerate(addends):
            sign = ("- " if addend.negative else "+ ") if i else "-" * addend.negative
            text = f"{sign}{addend.times()}"
            exact = addend.exact or (None if commented or i else "exact")
            if exact:
                text += f"  # {shortened(exact, max(writer.room - len(text) - 4, 20))}"
            writer.line(text)
    writer.line(")")
