"""Parses the tokens of one line, or one cell, and reports why it cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from keyword import iskeyword
from typing import Any

from lark import Token

from butcher.frontend import limits, tree
from butcher.frontend.builder import token_span, tokens_span
from butcher.frontend.findings import Findings
from butcher.frontend.grammar import LineError, parse_line
from butcher.frontend.mistakes import Place, explain
from butcher.frontend.scan import BAD
from butcher.source import Span

_CLOSES = {"RPAR": "LPAR", "RSQB": "LSQB"}


class Reader:
    """Reads pieces of a text; `findings` collects what is wrong with them."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def report(self, code: str, span: Span, message: str, hint: str | None = None) -> None:
        """Add an error."""
        self.findings.report(code, span, message, hint)

    def parse(self, start: str, tokens: Sequence[Token], place: Place) -> Any:
        """The line as the grammar's rule `start` makes it, or None after an error."""
        if any(token.type == BAD for token in tokens) or not self._is_within_limits(tokens):
            return None
        try:
            return parse_line(start, tokens)
        except LineError as wrong:
            self.findings.add(explain(tokens, wrong, place))
            return None

    def cell(self, tokens: Sequence[Token], place: Place) -> tree.Expression:
        """The expression of a cell; Invalid after an error."""
        invalid = tree.Invalid(tokens_span(tokens[0], tokens[-1]))
        if not self.forbids_lags(tokens, "a table"):
            return invalid
        found: tree.Expression | None = self.parse("cell", tokens, place)
        return invalid if found is None else self.low(found)

    def forbids_lags(self, tokens: Sequence[Token], where: str) -> bool:
        """False, and an error, if there is a `u[n]`."""
        for name, bracket in pairwise(tokens):
            if bracket.type == "LSQB" and name.type == "NAME":
                self.report(
                    "B130",
                    tokens_span(name, bracket),
                    f"`{name}[...]` has no place in {where}, which holds constants",
                    "States and earlier values stand in a `step` body.",
                )
                return False
        return True

    def low(self, expression: tree.Expression) -> tree.Expression:
        """The expression; Invalid, and an error, if walking its tree would go too deep."""
        level: list[tree.Expression] = [expression]
        for _ in range(limits.HIGHEST_TREE):
            level = [child for node in level for child in children(node)]
            if not level:
                return expression
        hint = f"At most {limits.HIGHEST_TREE} operations may act on one another: name parts of it."
        self.report("B004", expression.span, "this expression is too long, or too deep", hint)
        return tree.Invalid(expression.span)

    def check_name(self, name: tree.Name, kind: str, allowed: frozenset[str] = frozenset()) -> None:
        """Report a name that nothing can have."""
        if iskeyword(name.id):
            mend = "lam" if name.id == "lambda" else f"{name.id}_"
            self.report(
                "B104",
                name.span,
                f"`{name.id}` is a keyword of Python, so no {kind} can be called that",
                f"Write `{mend}`.",
            )
        elif name.id in RESERVED and name.id not in allowed:
            self.report("B105", name.span, *_reserved(name.id, kind))

    def _is_within_limits(self, tokens: Sequence[Token]) -> bool:
        before = len(self.findings)
        self._check_brackets(tokens)
        self._check_exponents(tokens)
        self._check_lags(tokens)
        return len(self.findings) == before

    def _check_brackets(self, tokens: Sequence[Token]) -> None:
        """Parentheses and brackets belong together, and are not nested too deep."""
        stack: list[Token] = []
        for token in tokens:
            if token.type in {"LPAR", "LSQB"}:
                stack.append(token)
                # A lag may stand inside the deepest parenthesis: `f(u[n])`.
                if len(stack) > limits.DEEPEST_NESTING + (token.type == "LSQB"):
                    message = f"parentheses are nested more than {limits.DEEPEST_NESTING} deep"
                    self.report("B004", token_span(token), message, "Name parts of it.")
                    return
            elif token.type in _CLOSES and (not stack or stack.pop().type != _CLOSES[token.type]):
                opening = "(" if token == ")" else "["
                message = f"this `{token}` closes nothing"
                hint = f"Delete it, or write the `{opening}` it belongs to."
                self.report("B127", token_span(token), message, hint)
                return
        if stack:
            closing = ")" if stack[-1] == "(" else "]"
            message = f"this `{stack[-1]}` is never closed"
            hint = f"Write `{closing}` where it ends."
            self.report("B126", token_span(stack[-1]), message, hint)

    def _check_exponents(self, tokens: Sequence[Token]) -> None:
        """Every exponent, with the powers in it worked out, is within the limit."""
        largest = limits.LARGEST_EXPONENT
        for tower in _towers(tokens):
            value = 1
            for exponent in reversed(tower):
                base = min(int(exponent), largest + 1)
                value = min(base**value, largest + 1)
            if value > largest:
                span = tokens_span(tower[0], tower[-1])
                hint = f"Write at most {largest}."
                self.report("B006", span, f"this exponent is larger than {largest}", hint)

    def _check_lags(self, tokens: Sequence[Token]) -> None:
        for n, sign, by in zip(tokens, tokens[1:], tokens[2:], strict=False):
            if n.type == "N" and by.type == "INT":
                lag = min(int(by), limits.MOST_LAGS + 1)
                if sign.type == "PLUS" and lag > 1:
                    message = "the newest value is `[n+1]`"
                    hint = "Write `[n+1]` for what this block makes, `[n-1]` for one block earlier."
                    self.report("B129", tokens_span(n, by), message, hint)
                elif sign.type == "MINUS" and lag > limits.MOST_LAGS:
                    message = f"a value may be at most {limits.MOST_LAGS} blocks old"
                    self.report("B010", tokens_span(n, by), message)


def _towers(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The whole numbers of each exponent: [2, 3] for `x^2^3`."""
    tower: list[Token] = []
    for before, token in pairwise(tokens):
        if before.type == "CARET" and token.type == "INT":
            tower.append(token)
        elif tower and token.type != "CARET":
            yield tower
            tower = []
    if tower:
        yield tower


RESERVED = frozenset({"h", "t", "n", "sqrt", "in", "per"})


def _reserved(name: str, kind: str) -> tuple[str, str]:
    meanings = {
        "h": ("the step", "`param h = 1/2` or `learn h = 1` set another step; nothing else is h."),
        "t": ("the time", "Choose another name."),
        "n": ("the number of the block", "Choose another name."),
        "sqrt": ("the square root", "Choose another name."),
    }
    meaning, hint = meanings.get(name, ("a word of the language", "Choose another name."))
    return f"`{name}` is {meaning}, so no {kind} can be called that", hint


def children(node: tree.Expression) -> tuple[tree.Expression, ...]:
    """The expressions directly inside an expression."""
    match node:
        case tree.Operation(left=left, right=right):
            return left, right
        case tree.Power(base=base, exponent=exponent):
            return base, exponent
        case tree.Negative(operand=inner) | tree.Group(inner=inner) | tree.Call(argument=inner):
            return (inner,)
        case _:
            return ()
