"""The clauses of a method: what can be read of each, and none twice."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from lark import Token

from butcher.frontend import tree
from butcher.frontend.builder import token_span, tokens_span
from butcher.frontend.clause_nodes import MAKERS, Common, parts_of
from butcher.frontend.layout import BODIES, CLAUSES, LogicalLine
from butcher.frontend.mistakes import Place
from butcher.frontend.reader import Reader

_EXAMPLES = {
    "title": 'title "Classical Runge-Kutta"',
    "cite": 'cite "Kutta (1901)"',
    "ode": "ode u' = f(u)",
    "order": "order 4",
    "let": "let s = sqrt(6)",
    "param": "param p = 1/2",
    "learn": "learn h = 1 in [0.1, 2] per stage",
    "random": "random eta ~ bernoulli(1/2)",
    "linear": "linear join1 join2",
    "rounded": "rounded 8",
    "weights": "weights per stage",
    "solve": "solve picard 3",
}
# What the one grammar rule of these four allows in some of them only.
_NEVER = {
    "let": frozenset({"TILDE", "IN", "PER", "REDRAWN"}),
    "param": frozenset({"TILDE", "IN", "PER", "REDRAWN"}),
    "learn": frozenset({"REDRAWN"}),
    "random": frozenset({"EQUAL", "IN"}),
}


class Clauses:
    """Collects the clauses of one method."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.nodes: list[tree.Clause] = []
        self._lines: dict[tuple[str, str], int] = {}

    def read(self, line: LogicalLine) -> None:
        """Add the clause on `line`, if it can be read and is not there yet."""
        keyword = line.tokens[0]
        hint = f"Write it as in `{_EXAMPLES[keyword]}`."
        never = _NEVER.get(keyword, frozenset())
        place = Place("B112", f"`{keyword}`", token_span(keyword), hint, never)
        rest = _with_redrawn(line.tokens) if keyword == "random" else line.tokens[1:]
        common = Common(span=tokens_span(keyword, line.tokens[-1]), comments=line.comments)
        node = None
        if self.reader.forbids_lags(rest, "a clause"):
            parts = self.reader.parse(CLAUSES[keyword], rest, place)
            if parts is not None:
                node = MAKERS[keyword](self.reader, parts_of(parts), common)
        node = node or _unreadable(line, common)
        if node is not None and not self._is_repeated(keyword, node):
            self.nodes.append(node)

    def unknown(self, line: LogicalLine) -> None:
        """Report a line that is no clause."""
        first = line.tokens[0]
        known = [*CLAUSES, *BODIES]
        close = get_close_matches(first.lower(), known, n=1)
        hint = f"Did you mean `{close[0]}`?" if close else f"There are: {', '.join(known)}."
        message = f"`{first}` begins no clause and no body"
        if first.type != "BAD":
            self.reader.report("B106", token_span(first), message, hint)

    def _is_repeated(self, keyword: str, node: tree.Clause) -> bool:
        name = ""
        if isinstance(node, tree.Let | tree.Param | tree.Learn | tree.Random):
            name = node.name.id
        elif isinstance(node, tree.Linear):
            name = " ".join(sorted(n.id for n in node.names))
        first = self._lines.setdefault((keyword, name), node.span.line)
        if first == node.span.line:
            return False
        what = f"`{keyword} {name}`" if name else f"`{keyword}`"
        message = f"{what} stands already in line {first}"
        self.reader.report("B107", node.span, message, "Delete one of the two.")
        return True


def _with_redrawn(tokens: Sequence[Token]) -> list[Token]:
    """The tokens behind the keyword; `redrawn` behind something complete becomes a keyword."""
    rest = list(tokens[1:])
    for i in range(3, len(rest)):
        if rest[i] == "redrawn" and rest[i - 1].type in {"RPAR", "NAME"}:
            rest[i] = Token.new_borrow_pos("REDRAWN", str(rest[i]), rest[i])
    return rest


def _unreadable(line: LogicalLine, common: Common) -> tree.Clause | None:
    """What a clause is known to be all the same.

    A declaration whose name alone could be read: its uses are no unknown names. An equation that
    could not be: it is not the default one, so nothing is said about order.
    """
    keyword, *rest = line.tokens
    if keyword == "ode":
        return tree.Ode((), **common)
    if not rest or rest[0].type != "NAME":
        return None
    name = tree.Name(str(rest[0]), token_span(rest[0]))
    value = tree.Invalid(tokens_span(rest[0], rest[-1]))
    match str(keyword):
        case "let":
            return tree.Let(name, value, **common)
        case "param":
            return tree.Param(name, value, **common)
        case "learn":
            return tree.Learn(name, value, None, None, **common)
        case "random":
            drawn = tree.Distribution(tree.Name("bernoulli", value.span), (value,), value.span)
            return tree.Random(name, drawn, None, False, **common)
    return None
