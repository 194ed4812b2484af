"""From recognised rules of `grammar/tab.lark` to nodes of the tree, one method for each rule.

Called by the parser while it reads, so there is no second walk and no recursion. Every method is
a pure function: what is wrong with a well-formed node is said by those who ask for it.
"""

from __future__ import annotations

from typing import Any

from lark import Token, Transformer, v_args

from butcher.frontend import tree
from butcher.source import Span


def token_span(token: Token) -> Span:
    """Where a token stands."""
    line, column = token.line, token.column
    assert line is not None
    assert column is not None
    return Span(line, column, line, column + len(token))


def tokens_span(first: Token, last: Token) -> Span:
    """From the first token's start to the last one's end."""
    return token_span(first).to(token_span(last))


@v_args(inline=True)
class Builder(Transformer[Token, Any]):
    """The callbacks of the parser. Rules without one become Lark trees, lists of parts."""

    def INT(self, token: Token) -> tree.Number:
        return tree.Number(str(token), token_span(token))

    DECIMAL = INT

    def NAME(self, token: Token) -> tree.Name:
        return tree.Name(str(token), token_span(token))

    SQRT = NAME

    def DOT(self, token: Token) -> tree.Dot:
        return tree.Dot(token_span(token))

    def negative(self, minus: Token, operand: tree.Expression) -> tree.Negative:
        return tree.Negative(operand, token_span(minus).to(operand.span))

    def operation(
        self, left: tree.Expression, sign: Token, right: tree.Expression
    ) -> tree.Operation:
        span = left.span.to(right.span)
        return tree.Operation(str(sign), left, right, span, token_span(sign))

    def raised(self, base: tree.Expression, exponent: tree.Number | tree.Power) -> tree.Power:
        return tree.Power(base, exponent, base.span.to(exponent.span))

    def group(self, opening: Token, inner: tree.Expression, closing: Token) -> tree.Group:
        return tree.Group(inner, tokens_span(opening, closing))

    def call(
        self, name: tree.Name, opening: Token, argument: tree.Expression, closing: Token
    ) -> tree.Call:
        return tree.Call(name, argument, name.span.to(token_span(closing)))

    def lagged(
        self, name: tree.Name, n: Token, sign: Token | None, by: tree.Number | None, end: Token
    ) -> tree.Lagged:
        lag = 0 if sign is None or by is None else int(by.text) * (1 if sign == "-" else -1)
        return tree.Lagged(name, lag, name.span.to(token_span(end)))

    def string(self, token: Token) -> tree.String:
        return tree.String(unescaped(token), token_span(token))

    def distribution(
        self, name: tree.Name, opening: Token, *rest: tree.Expression | Token
    ) -> tree.Distribution:
        *arguments, closing = rest
        assert isinstance(closing, Token)
        values = tuple(a for a in arguments if not isinstance(a, Token))
        return tree.Distribution(name, values, name.span.to(token_span(closing)))

    def evaluation(
        self, slot: tree.Name, opening: Token, *rest: tree.Name | Token
    ) -> tuple[tree.Name, tuple[tree.Name, ...], Span]:
        *_, closing = rest
        assert isinstance(closing, Token)
        reads = tuple(name for name in rest if isinstance(name, tree.Name))
        return slot, reads, slot.span.to(token_span(closing))

    def equation(self, state: tree.Name, *rest: Any) -> tree.Equation:
        primes = sum(isinstance(part, Token) for part in rest)
        terms = rest[primes:]
        slots = tuple((slot, reads) for slot, reads, _ in terms)
        return tree.Equation(state, primes, slots, state.span.to(terms[-1][2]))


def unescaped(literal: str) -> str:
    """The text of a string literal: `\\"` and `\\\\` resolved, the quotes gone."""
    parts = literal[1:-1].split("\\\\")
    return "\\".join(part.replace('\\"', '"') for part in parts)
