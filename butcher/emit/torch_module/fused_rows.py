"""Rows in the notation of `butcher.kernels`: sums as on paper, several of them in one `gather`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from butcher.coefficient import Coefficient
from butcher.emit.torch_module.expressions import joined, power_text
from butcher.emit.torch_module.names import unused
from butcher.emit.torch_module.rows import Scope, factor
from butcher.emit.torch_module.writer import Writer
from butcher.ir.graph import Term
from butcher.ir.steps import without_step


@dataclass(frozen=True)
class Fused:
    """A row as an argument of `gather`, and its coefficients as the language spells them."""

    text: str
    exact: str | None = None


@dataclass(frozen=True)
class _Multiple:
    """A value times a number; `shown` is the exact coefficient, `exact` if the text differs."""

    negative: bool
    text: str
    exact: str | None
    shown: str

    @property
    def is_value(self) -> bool:
        return self.text.isidentifier() and not self.negative


Groups = dict[str, list[_Multiple]]
"""What stands before the parentheses, `h`, nothing, or a trained factor -> what is in them."""

Named = dict[tuple[str, str], str]
"""(row, what stands before the parentheses) -> the local of what is in them."""


def trained_factor(coefficient: Coefficient, scope: Scope) -> tuple[str | None, Coefficient]:
    """(a, rest) with coefficient = a rest, a the trained number in it; None where there is none."""
    for variable in sorted(coefficient.variables):
        if variable.name in scope.tensors:
            return variable.name, coefficient / Coefficient.symbol(variable)
    return None, coefficient


def fused_row(
    writer: Writer,
    row: str,
    begun: bool,
    terms: Sequence[Term],
    scope: Scope,
    named: Named,
) -> Fused:
    """`u + h * (0.5 * k1)`: what is added to a row, which stands first if it is begun.

    Where that is too long for a line, what h multiplies gets a name in lines before, always the
    same one.
    """
    local = scope.local(row)
    groups = _groups(writer, terms, scope)
    flat = _flat(local if begun else "", groups)
    count = sum(map(len, groups.values()))
    room = writer.room - 4 - len(flat.text) - len(",")
    if room >= (len(f"  # {flat.exact}") if flat.exact and count > 1 else 0):
        return flat
    parts = [(False, local)] if begun else []
    for outer, multiples in groups.items():
        name = _written_out(writer, row, outer, multiples, scope, named)
        parts.append((False, f"{outer} * {name}" if outer else name))
    return Fused(joined(parts))


def write_gather(writer: Writer, targets: Sequence[str], rows: Sequence[Fused]) -> None:
    """`Y3, u_next = gather(u + h * k2, u_next + h * (2 * k2))`, with a row a line if it is long."""
    head = f"{', '.join(targets)} = gather("
    if len(rows) == 1:
        writer.call(head, [rows[0].text], rows[0].exact)
        return
    flat = f"{head}{', '.join(row.text for row in rows)})"
    exact = "; ".join(row.exact for row in rows if row.exact)
    flat += f"  # {exact}" if exact else ""
    if len(flat) <= writer.room:
        writer.line(flat)
        return
    if len(head) <= writer.room:
        writer.line(head)
    else:
        writer.bracketed("(", targets, ") = gather(")
    with writer.indented():
        for row in rows:
            writer.commented(f"{row.text},", row.exact)
    writer.line(")")


def _groups(writer: Writer, terms: Sequence[Term], scope: Scope) -> Groups:
    groups: Groups = {}
    for term in terms:
        trained, rest = trained_factor(term.coefficient, scope)
        outer = scope.spelled(trained) if trained else ""
        if not trained:
            step, power, rest = without_step(term.coefficient)
            outer = power_text(scope.spelled(step.name), power) if step else ""
        groups.setdefault(outer, []).append(_multiple(writer, term.source, rest, scope))
    return groups


def _multiple(writer: Writer, source: str, coefficient: Coefficient, scope: Scope) -> _Multiple:
    c, local = factor(coefficient, scope, writer), scope.local(source)
    text = f"{'-' * (c.unit < 0)}{local}" if c.unit else c.times(local)
    return _Multiple(text.startswith("-"), text.removeprefix("-"), c.exact, c.exact or c.text)


def _flat(begun: str, groups: Groups) -> Fused:
    parts = [(False, begun)] if begun else []
    exact: list[str] = []
    for outer, multiples in groups.items():
        inner = [(m.negative, m.text) for m in multiples]
        if not outer:
            parts += inner
        elif multiples[0].text.isidentifier() and len(multiples) == 1:
            parts.append((multiples[0].negative, f"{outer} * {multiples[0].text}"))
        else:
            parts.append((False, f"{outer} * ({joined(inner)})"))
        if any(m.exact for m in multiples):
            exact += [m.shown for m in multiples]
    return Fused(joined(parts), ", ".join(exact) or None)


def _written_out(
    writer: Writer,
    row: str,
    outer: str,
    multiples: Sequence[_Multiple],
    scope: Scope,
    named: Named,
) -> str:
    """The name of the sum, of which every term has a line; a value alone is that."""
    if len(multiples) == 1 and multiples[0].is_value:
        return multiples[0].text
    if (row, outer) not in named:
        wanted = f"{'d' if outer else 's'}{scope.local(row)}"
        in_plain = scope.names.locals.get(f"{row}/1") if outer else None
        named[row, outer] = in_plain or unused(scope.names, wanted)
    name = named[row, outer]
    first, *others = multiples
    begin, exact = joined([(first.negative, first.text)]), first.exact
    if not others:
        writer.commented(f"{name} = {begin}", exact)
        return name
    if not any(m.exact for m in multiples):
        exact = f"a sum of {len(multiples)} terms"  # formatters leave a line with a comment alone
    writer.line(f"{name} = (")
    with writer.indented():
        writer.commented(begin, exact)
        for m in others:
            writer.commented(f"{'-' if m.negative else '+'} {m.text}", m.exact)
    writer.line(")")
    return name
