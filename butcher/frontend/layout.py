"""From lines of text to logical lines: what belongs together, and what kind of line it is.

A clause or an assignment ends with its line unless a parenthesis is open; a table row goes on
over lines without `|`. Keywords are recognised here, by their place: a line of a body that says
`order = f(u[n])` is an assignment, and one of a table that begins with `order`, where `order` is
a declared name, is more of the row above.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto

from lark import Token

from butcher.frontend.scan import TextLine
from butcher.frontend.tree import Comments

CLAUSES = {
    "title": "string",
    "cite": "string",
    "ode": "ode",
    "order": "order",
    "let": "declaration",
    "param": "declaration",
    "learn": "declaration",
    "random": "declaration",
    "linear": "names",
    "rounded": "integer",
    "weights": "weights",
    "solve": "solve",
}
BODIES = {"tableau": "optional_name", "multistep": "nothing", "step": "nothing"}
_DECLARING = frozenset({"let", "param", "learn", "random"})
_LABELS = {"tableau": frozenset({"b", "bhat", "err"}), "multistep": frozenset({"alpha", "beta"})}


class Kind(Enum):
    """What a logical line is."""

    METHOD = auto()
    CLAUSE = auto()
    BODY = auto()
    ROW = auto()
    RULE = auto()
    ASSIGNMENT = auto()
    OTHER = auto()


@dataclass(slots=True)
class LogicalLine:
    """The tokens of one thing that is said, over as many lines of text as it takes.

    The comment behind the last line is `behind`; others inside it went to `before`.
    """

    kind: Kind
    tokens: list[Token]
    before: list[str]
    behind: str | None
    numbers: list[int] = field(default_factory=list)

    @property
    def comments(self) -> Comments:
        return Comments(tuple(self.before), self.behind)

    @property
    def keyword(self) -> str:
        return str(self.tokens[0])


class Layout:
    """Collects text lines into logical ones. `tail` are the comments after everything."""

    def __init__(self) -> None:
        self.lines: list[LogicalLine] = []
        self.tail: list[str] = []
        self._body: str | None = None
        self._in_method = False
        self._declared: set[str] = set()
        self._depth = 0

    def read(self, lines: Iterable[TextLine]) -> None:
        """Take the lines of a whole text."""
        for line in lines:
            if not line.tokens:
                assert line.comment is not None
                self.tail.append(line.comment)
            elif self._goes_on(line.tokens):
                self._extend(line)
            else:
                self._begin(line)

    def _begin(self, line: TextLine) -> None:
        kind = self._kind(line.tokens)
        if kind is Kind.METHOD:
            self._in_method, self._body, self._declared = True, None, set()
        elif kind is Kind.BODY:
            self._body = str(line.tokens[0])
        elif kind is Kind.CLAUSE and line.tokens[0] in _DECLARING and len(line.tokens) > 1:
            self._declared.add(str(line.tokens[1]))
        self.lines.append(LogicalLine(kind, [], self.tail, None))
        self.tail = []
        self._depth = 0
        self._extend(line)

    def _extend(self, line: TextLine) -> None:
        current = self.lines[-1]
        if current.behind is not None:
            current.before.append(current.behind)
        current.before += self.tail
        current.behind = line.comment
        current.tokens += line.tokens
        current.numbers.append(line.number)
        self.tail = []
        for token in line.tokens:
            if token.type in {"LPAR", "LSQB"}:
                self._depth += 1
            elif token.type in {"RPAR", "RSQB"}:
                self._depth = max(0, self._depth - 1)

    def _goes_on(self, tokens: tuple[Token, ...]) -> bool:
        """Whether these tokens belong to the logical line before."""
        if not self.lines or self._begins_with_keyword(tokens):
            return False
        if self._is_table():
            kinds = {token.type for token in tokens}
            rowlike = self.lines[-1].kind is Kind.ROW and kinds.isdisjoint({"BAR", "RULE"})
            return rowlike and not _is_assignment(tokens) and not self._is_label(tokens[0])
        return self._depth > 0 and tokens[0].type != "RULE" and not _is_assignment(tokens)

    def _kind(self, tokens: tuple[Token, ...]) -> Kind:
        first = tokens[0]
        if self._begins_with_keyword(tokens):
            if first == "method":
                return Kind.METHOD
            return Kind.CLAUSE if first in CLAUSES else Kind.BODY
        if first.type == "RULE":
            return Kind.RULE
        if any(token.type == "BAR" for token in tokens):
            return Kind.ROW
        if _is_assignment(tokens):
            return Kind.ASSIGNMENT
        return Kind.ROW if self._is_table() else Kind.OTHER

    def _is_table(self) -> bool:
        return self._body in {"tableau", "multistep"}

    def _is_label(self, token: Token) -> bool:
        """Whether a line that begins so is a row, and its `|` is missing."""
        labels = _LABELS.get(self._body or "", frozenset())
        return token in labels and token not in self._declared

    def _begins_with_keyword(self, tokens: tuple[Token, ...]) -> bool:
        """Whether the line is a header, a clause or the beginning of a body."""
        first, after = tokens[0], tokens[1].type if len(tokens) > 1 else None
        if first not in CLAUSES and first not in BODIES and first != "method":
            return False
        if self._is_table():
            bar = any(token.type == "BAR" for token in tokens)
            names = {str(token) for token in tokens if token.type == "NAME"}
            return not bar and (not names <= self._declared or after in {"STRING", "EQUAL"})
        if self._depth > 0:
            alone = after is None and self._body is None
            return alone or after in {"STRING", "NAME", "INT", "PER"}
        if self._body == "step" or first in BODIES:
            return after not in _EXPRESSION_GOES_ON
        return True


_EXPRESSION_GOES_ON = frozenset(
    {"EQUAL", "LSQB", "LPAR", "PLUS", "MINUS", "STAR", "SLASH", "CARET"}
)


def _is_assignment(tokens: tuple[Token, ...]) -> bool:
    """`name = ...` or `name[...] = ...`."""
    if tokens[0].type != "NAME" or len(tokens) < 2:
        return False
    if tokens[1].type != "LSQB":
        return tokens[1].type == "EQUAL"
    closing = next((i for i, token in enumerate(tokens) if token.type == "RSQB"), len(tokens))
    return closing + 1 < len(tokens) and tokens[closing + 1].type == "EQUAL"
