"""What is wrong with a line that the grammar does not accept, in the user's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lark import Token

from butcher.errors import Diagnostic, error
from butcher.frontend.builder import token_span
from butcher.frontend.grammar import END, LineError
from butcher.source import Span


@dataclass(frozen=True, slots=True)
class Place:
    """What is being read: the code of its general error, what it is called, where it begins.

    `never` are terminals that the grammar would take and a later check would not.
    """

    code: str
    what: str
    start: Span
    hint: str | None = None
    never: frozenset[str] = frozenset()


_OPERANDS = frozenset({"INT", "DECIMAL", "NAME", "SQRT", "LPAR"})
_OPERAND_ENDS = frozenset({"INT", "DECIMAL", "NAME", "RPAR", "RSQB"})
_OPERATORS = frozenset({"PLUS", "MINUS", "STAR", "SLASH", "CARET"})
_RESERVED = frozenset({"N", "IN", "PER", "SQRT"})
_WORDS = {
    "INT": "a whole number",
    "DECIMAL": "a decimal",
    "NAME": "a name",
    "STRING": 'a text in quotes ("...")',
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "EQUAL": "`=`",
    "TILDE": "`~`",
    "COMMA": "`,`",
    "PRIME": "`'`",
    "PLUS": "`+`",
    "MINUS": "`-`",
    "STAR": "`*`",
    "SLASH": "`/`",
    "CARET": "`^`",
    "N": "`n`",
    "IN": "`in [...]`",
    "PER": "`per`",
    "REDRAWN": "`redrawn backward`",
    "SQRT": "`sqrt(...)`",
    "DOT": "`.`",
}


def explain(tokens: Sequence[Token], wrong: LineError, place: Place) -> Diagnostic:
    """The error of a line whose `tokens[wrong.index]` (or end) cannot stand there."""
    found = tokens[wrong.index] if wrong.index < len(tokens) else None
    special = None
    if found is not None:
        special = _operand(tokens, wrong.index, wrong.expected) or _bracket(
            tokens, wrong.index, wrong.expected
        )
    if special is not None:
        code, message, hint = special
        assert found is not None
        return error(code, token_span(found), message, hint)
    expected = f"expected {listed(wrong.expected - place.never, place.what)}"
    if found is None:
        last = token_span(tokens[-1]) if tokens else place.start
        span = Span(last.end_line, last.end_column, last.end_line, last.end_column + 1)
        return error(place.code, span, f"{place.what} ends too early: {expected}", place.hint)
    message = f"found `{shortened(found)}`, {expected}"
    return error(place.code, token_span(found), message, place.hint)


def listed(expected: frozenset[str], what: str) -> str:
    """The terminals as a list for people: "an operator or the end of the line"."""
    rest = set(expected)
    words = []
    if rest >= {"INT", "NAME", "LPAR", "MINUS"}:
        words.append("an expression")
        rest -= _OPERANDS | {"MINUS"}
    if rest >= {"PLUS", "MINUS", "STAR", "SLASH"}:
        words.append("an operator")
        rest -= _OPERATORS | {"LPAR", "LSQB"}
    words += [word for kind, word in _WORDS.items() if kind in rest]
    if END in rest:
        words.append(f"the end of {what}")
    if len(words) < 2:
        return "".join(words) or "nothing more"
    return f"{', '.join(words[:-1])} or {words[-1]}"


def shortened(text: str) -> str:
    """`text`, or its beginning."""
    return text if len(text) <= 40 else text[:37] + "..."


Special = tuple[str, str, str | None]


def _operand(tokens: Sequence[Token], index: int, expected: frozenset[str]) -> Special | None:
    """Mistakes that a token and its neighbours show."""
    found = tokens[index]
    kind = found.type
    before = tokens[index - 1] if index > 0 else None
    if before is not None and before.type == "CARET":
        mend = "Write `1/x^2` for the power -2." if kind == "MINUS" else None
        mend = mend or "Write a number such as `x^2`; for a root there is `sqrt(...)`."
        return "B125", "an exponent is a whole number, without sign or parenthesis", mend
    if kind == "PLUS" and "MINUS" in expected and "PLUS" not in expected:
        return "B123", "a `+` stands between two values; it is no sign", "Leave it out."
    if before is not None and before.type == "SQRT":
        return "B128", "`sqrt` takes its argument in parentheses", "Write it as `sqrt(2)`."
    if before is not None and _is_product(before, found, expected):
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        return "B124", *_missing_operator(before, found, after, "COMMA" in expected)
    if kind in _RESERVED and "NAME" in expected:
        return "B105", *_reserved(found, expected)
    return None


def _missing_operator(
    before: Token, found: Token, after: Token | None, in_list: bool
) -> tuple[str, str]:
    left, right = shortened(before), shortened(found)
    message = f"there is no operator between `{left}` and `{right}`"
    if before.type in {"RPAR", "RSQB"} or found.type == "LPAR":
        return message, f"Write `*` between `{left}` and `{right}`."
    if before.type == "NAME" and after is not None and after.type == "LSQB":
        lagged = f"{right}[...]"
        return message, f"Write `{left}({lagged})` for a slot, `{left}*{lagged}` for a product."
    separated = f", or `{left}, {right}`" if in_list else ""
    return message, f"Write `{left}*{right}`{separated}."


def _is_product(before: Token, found: Token, expected: frozenset[str]) -> bool:
    return before.type in _OPERAND_ENDS and found.type in _OPERANDS and "STAR" in expected


def _reserved(word: Token, expected: frozenset[str]) -> tuple[str, str]:
    if word.type == "N" and "INT" in expected:
        return "`n` counts blocks; it is no number", "It stands in brackets only, as in `u[n-1]`."
    return f"`{word}` is a word of the language and names nothing", "Choose another name."


def _bracket(tokens: Sequence[Token], index: int, expected: frozenset[str]) -> Special | None:
    """Mistakes that the innermost open bracket shows."""
    stack: list[int] = []
    for i, token in enumerate(tokens[:index]):
        if token.type in {"LPAR", "LSQB"}:
            stack.append(i)
        elif token.type in {"RPAR", "RSQB"}:
            stack.pop()
    if not stack or stack[-1] == 0:
        return None
    opening, name = tokens[stack[-1]], tokens[stack[-1] - 1]
    if opening.type == "LSQB" and name.type == "NAME" and expected <= _IN_LAG:
        hint = f"Write `{name}[n]`, `{name}[n-1]` for one block earlier, `{name}[n+1]` for the new."
        return "B129", f"`{name}[...]` holds `n`, `n+1` or `n` minus a whole number", hint
    if opening.type == "LPAR" and name.type in {"NAME", "SQRT"}:
        found = tokens[index]
        if found.type == "COMMA" and "COMMA" not in expected:
            return "B128", f"`{name}(...)` takes one argument", None
        if found.type == "RPAR" and stack[-1] == index - 1:
            return "B128", f"`{name}()` needs an argument", f"Write it as `{name}(u[n])`."
    return None


_IN_LAG = frozenset({"N", "PLUS", "MINUS", "INT", "RSQB"})
