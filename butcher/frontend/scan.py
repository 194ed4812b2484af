"""From text to tokens, line by line, with the comments apart.

What is no token at all (an unknown character, `.5`, a string without its end) is reported here
and leaves a token of the type BAD, so that nothing more is said of the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from lark import Token
from lark.lexer import PatternStr

from butcher.frontend.builder import token_span
from butcher.frontend.findings import Findings
from butcher.frontend.grammar import lark
from butcher.frontend.limits import LARGEST_COUNT, LARGEST_DIGITS, LARGEST_EXPONENT
from butcher.source import Source

BAD = "BAD"


_RULE_CHARACTERS = frozenset("-=+| \t")
_LOOK_ALIKES = {
    "−": "-",
    "–": "-",
    "—": "-",
    "×": "*",
    "·": "*",
    "⋅": "*",
    "÷": "/",
    "∕": "/",
    "⁄": "/",
    "′": "'",
    "’": "'",
    "‘": "'",
    "″": "''",
    "“": '"',
    "”": '"',
    "√": "sqrt(...)",
    "∼": "~",
    "½": "1/2",
    "¼": "1/4",
    "¾": "3/4",
    "⅓": "1/3",
    "⅔": "2/3",
    "²": "^2",
    "³": "^3",
    "│": "|",
    "\u00a0": "a plain blank",
    "**": "^",
    ":": "=",
    ";": ",",
    "==": "=",
    ":=": "=",
    "{": "(",
    "}": ")",
    "%": "#",
}


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of the text: its tokens, and its comment without `#`."""

    number: int
    tokens: tuple[Token, ...]
    comment: str | None


@cache
def _reserved() -> dict[str, str]:
    """The words that are terminals of their own: `in` is IN."""
    return {
        t.pattern.value: t.name
        for t in lark().terminals
        if isinstance(t.pattern, PatternStr) and t.pattern.value.isalpha()
    }


@cache
def _pattern() -> re.Pattern[str]:
    """One token, in the order of the grammar, then what is none."""
    words = set(_reserved().values())
    named = [("DOUBLED", r"\*\*|==|:=")]
    named += [(t.name, t.pattern.to_regexp()) for t in lark().terminals if t.name not in words]
    named += [
        ("BAR", r"\|"),
        ("COMMENT", r"#.*"),
        ("BAD_STRING", r'".*'),
        ("BAD_NUMBER", r"\.?[0-9][0-9.]*(?:[eE][+-]?[0-9]+)?"),
        ("UNKNOWN", r"[^\x00-\x7f]+|."),
    ]
    alternatives = "|".join(f"(?P<{name}>{regexp})" for name, regexp in named)
    return re.compile(rf"[ \t]*(?:{alternatives})", re.DOTALL)


class Scanner:
    """Reads the lines of a text; `findings` collects what is no token."""

    def __init__(self, source: Source, findings: Findings) -> None:
        self.source = source
        self.findings = findings
        self._count = 0

    def lines(self) -> Iterator[TextLine]:
        """Every line of the text that is not blank."""
        for number, text in enumerate(self.source.lines, 1):
            if not text:
                continue
            if number == 1 and text.startswith("\ufeff"):
                text = " " + text[1:]
            text = text.rstrip(" \t")
            code, mark, comment = text.partition("#")
            if _is_rule(code):
                indent = len(code) - len(code.lstrip(" \t"))
                tokens = [_token("RULE", code.strip(" \t"), number, indent)]
                self._count_one(tokens[0])
            else:
                tokens = list(self._tokens(text, number))
                mark = ""
                if tokens and tokens[-1].type == "COMMENT":
                    mark, comment = "#", tokens.pop()[1:]
            if tokens or mark:
                yield TextLine(number, tuple(tokens), comment if mark else None)

    def _tokens(self, text: str, number: int) -> Iterator[Token]:
        match, reserved = _pattern().match, _reserved()
        position = 0
        while position < len(text):
            found = match(text, position)
            assert found is not None
            assert found.lastgroup is not None
            kind, position = found.lastgroup, found.end()
            start = found.start(kind)
            token = _token(kind, text[start:position], number, start)
            self._count_one(token)
            if kind == "NAME":
                token.type = reserved.get(token, kind)
            elif kind in _CHECKS:
                token = self._checked(token)
            yield token

    def _count_one(self, token: Token) -> None:
        self._count += 1
        if self._count > LARGEST_COUNT:
            message = f"the file has more than {LARGEST_COUNT} words, numbers and signs"
            self.findings.stop("B008", token_span(token), message, "A method has hundreds.")

    def _checked(self, token: Token) -> Token:
        """The token, or a BAD one if something is wrong with it, which is reported."""
        wrong = _CHECKS[token.type](token)
        if wrong is None:
            return token
        code, message, hint = wrong
        self.findings.report(code, token_span(token), message, hint)
        return Token.new_borrow_pos(BAD, token, token)


def _token(kind: str, value: str, line: int, start: int) -> Token:
    return Token(kind, value, start, line, start + 1, line, start + 1 + len(value))


def _is_rule(code: str) -> bool:
    return ("--" in code or "==" in code) and _RULE_CHARACTERS.issuperset(code)


Wrong = tuple[str, str, str | None]


def _wrong_number(token: str) -> Wrong | None:
    """Why a well-formed number is not accepted: it is too long, or too large."""
    mantissa, _, exponent = token.lower().partition("e")
    digits = sum(map(str.isdigit, mantissa))
    if digits > LARGEST_DIGITS:
        message = f"this number has {digits} digits, and the limit is {LARGEST_DIGITS}"
        return "B005", message, "Write it shorter, or as an expression such as `1/3` or `sqrt(2)`."
    size = exponent.lstrip("+-").lstrip("0")
    if len(size) > 4 or int(size or "0") > LARGEST_EXPONENT:
        return "B006", f"an exponent is at most {LARGEST_EXPONENT}", None
    return None


def _wrong_decimal(token: str) -> Wrong:
    """What is wrong with a number that has its point at the edge, or two points."""
    if token.count(".") > 1:
        message = "a number has one decimal point"
        return "B122", message, "Between two cells of a table there is a blank."
    mantissa, e, exponent = token.partition("e" if "e" in token else "E")
    whole, fraction = (part or "0" for part in mantissa.split("."))
    hint = f"Write `{_short(f'{whole}.{fraction}{e}{exponent}')}`"
    hint += "." if mantissa.startswith(".") else f", or `{_short(whole + e + exponent)}`."
    return "B122", f"`{_short(token)}`: a decimal has digits on both sides of the point", hint


def _wrong_string(token: str) -> Wrong | None:
    """An unknown escape in a string."""
    known = token[1:-1].replace("\\\\", "").replace('\\"', "")
    if "\\" not in known:
        return None
    message = 'in a string `\\` stands only before `"` and `\\`'
    return "B114", message, "Write `\\\\` for a backslash."


def _open_string(token: str) -> Wrong:
    return "B113", 'this string has no closing `"` on its line', 'Write it as "...".'


def _unknown(token: str) -> Wrong:
    mend = _LOOK_ALIKES.get(token, _LOOK_ALIKES.get(token[0]))
    hint = f"Write `{mend}`." if mend else None
    if token[0].isalpha() and mend is None:
        hint = "Names are ASCII letters, digits and `_`: spell it, such as `alpha`."
    return "B121", f"`{_short(token)}` means nothing here", hint


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


_CHECKS: dict[str, Callable[[str], Wrong | None]] = {
    "INT": _wrong_number,
    "DECIMAL": _wrong_number,
    "STRING": _wrong_string,
    "BAD_NUMBER": _wrong_decimal,
    "BAD_STRING": _open_string,
    "DOUBLED": _unknown,
    "UNKNOWN": _unknown,
}
