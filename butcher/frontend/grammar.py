"""The LALR parser of the single lines, made from `grammar/tab.lark` when first needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, cast

from lark import Lark, Token
from lark.exceptions import UnexpectedToken
from lark.lexer import Lexer

from butcher.frontend.builder import Builder
from butcher.resources import root

STARTS = (
    "name",
    "optional_name",
    "nothing",
    "names",
    "string",
    "integer",
    "order",
    "weights",
    "solve",
    "ode",
    "declaration",
    "cell",
    "assignment",
)
END = "$END"


class _Scanned(Lexer):
    """Hands on tokens that were made before: a line reaches the parser cut and cleaned."""

    __future_interface__ = 1  # lex is given the states, not a text

    def __init__(self, conf: object) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Token]:
        return iter(lexer_state.text)


class LineError(Exception):
    """A line stops being what it should be at `tokens[index]`, or at its end."""

    def __init__(self, index: int, expected: frozenset[str]) -> None:
        super().__init__(index, expected)
        self.index = index
        self.expected = expected


@cache
def lark() -> Lark:
    """The parser; about 40 ms once a process."""
    return Lark(
        (root("grammar") / "tab.lark").read_text("utf-8"),
        parser="lalr",
        lexer=_Scanned,
        start=list(STARTS),
        transformer=Builder(),
    )


def parse_line(start: str, tokens: Sequence[Token]) -> Any:
    """What `tokens` say, read as `start`: a tree node, or a Lark tree of parts.

    Raises LineError with the names of the terminals that could have stood there instead.
    """
    try:
        return lark().parse(cast(str, tokens), start=start)
    except UnexpectedToken as found:
        at = next((i for i, token in enumerate(tokens) if token is found.token), len(tokens))
        raise LineError(at, frozenset(found.accepts or found.expected)) from None
