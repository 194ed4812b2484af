"""Formulas in h as papers print them: `(1+k) u' + (1-k) h/2 u'' = f`, `h^2 (1/12 f''(f, f) + ...)`.

Plain text on one line; `latex` makes a formula for a paper of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import gcd, lcm, log10

from butcher.analysis.conditions.ring import Ball
from butcher.coefficient import ONE, Coefficient, Number, Polynomial, is_short, shown

Value = Number | Ball | Coefficient

LONGEST = 48
"""Characters of a number; longer ones are written `(about 0.3333333333)`."""

GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau"
    "|upsilon|phi|chi|psi|omega"
)

ROOTS = r"(?:\d+ )?\\sqrt\{\d+\}"
STEPS = r"(?:\d+ )?h(?:\^\{\d+\})?"
"""What stands above a line, in LaTeX: `94 \\sqrt{6}`, `5 h^{2}`."""


def derivative(name: str, times: int) -> str:
    """`u`, `u'`, `u''''`, `u^(5)`."""
    return name + ("'" * times if times < 5 else f"^({times})")


def summed(terms: Iterable[tuple[Value, int, str]]) -> str:
    """The sum of value * h^power * what, each `(value, power, what)`; `0` if there is none."""
    text = ""
    for value, power, what in terms:
        negative, factor = _factor(value, power)
        term = f"{factor} {what}" if factor else what
        sign = "-" if negative else "+"
        text += f" {sign} {term}" if text else f"{'-' if negative else ''}{term}"
    return text or "0"


def grouped(terms: Sequence[tuple[Value, str]], power: int) -> tuple[Value, int, str]:
    """The terms of one power of h as a term of `summed`: `h^2 (1/12 f''(f, f) + ...)`."""
    if len(terms) == 1:
        return terms[0][0], power, terms[0][1]
    return ONE, power, f"({summed((value, 0, what) for value, what in terms)})"


def _factor(value: Value, power: int) -> tuple[bool, str]:
    """Whether it is negative, and the size: `h/2`, `5 h^2/12`, `(1-k) h/2`, empty for 1."""
    negative, above, below = _fraction(value)
    step = "" if power == 0 else "h" if power == 1 else f"h^{power}"
    over = f"/{below}" if below != 1 else ""
    if over and not step:
        return negative, f"{above or 1}{over}"
    return negative, f"{above} {step}{over}".strip()


def _fraction(value: Value) -> tuple[bool, str, int]:
    """Whether it is negative, and above / below; `above` is empty for 1."""
    if isinstance(value, Ball):
        return value.middle < 0, "" if 1 in value or -1 in value else _digits(value), 1
    if isinstance(value, Coefficient) and value.is_number:
        if value.radius:
            return _fraction(Ball.of(value.number, value.radius))
        value = value.number
    if isinstance(value, Number):
        if is_short(value, LONGEST):
            return _split(Polynomial.number(value))
        return value.sign < 0, f"({shown(abs(value), LONGEST)})", 1
    if not is_short(value, LONGEST):
        return False, f"({shown(value, LONGEST)})", 1
    if value.denominator.is_number:
        return _split(value.numerator)
    return False, f"({value})", 1


def _digits(ball: Ball) -> str:
    """As many as are certain, six at most."""
    size = Number.of(abs(ball.middle))
    if not 0 < float(size) < float("inf"):
        return f"({shown(size, 0)})"
    ratio = size.fraction / ball.radius
    certain = int(log10(2) * (ratio.numerator.bit_length() - ratio.denominator.bit_length()))
    return f"{float(size):.{max(1, min(6, certain))}g}"


def _split(polynomial: Polynomial) -> tuple[bool, str, int]:
    """The rational content before the rest, over the denominator: `2 (1-k)` over 3."""
    numbers = [number for _, number in polynomial.terms]
    below = lcm(*(number.denominator for number in numbers))
    whole = [n * (below // number.denominator) for number in numbers for _, n in number.terms]
    negative, common = whole[0] < 0, gcd(*whole)
    rest = polynomial.scale(Number({1: -below if negative else below}, common))
    text = str(rest.constant if rest.is_number else rest)
    if len(whole) > 1:
        text = f"({text})"
    factors = [str(common)] * (common > 1) + [text] * (text != "1")
    return negative, " ".join(factors), below


# ---------------------------------------------------------------------- LaTeX


def latex(text: str) -> str:
    """The same formula for a paper."""
    text = re.sub(r"sqrt\((\d+)\)", r"\\sqrt{\1}", text)
    text = re.sub(r"\^(-?\d+)", r"^{\1}", text)
    text = re.sub(r"\^\((\d+)\)", r"^{(\1)}", text)
    text = re.sub(rf"(?<![\w}}])({ROOTS}|{STEPS}|\d+)/(\d+)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\(([^()]*)\)/(\d+)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"(?<![\\\w])[A-Za-z]\w+", lambda found: _name(found[0]), text)
    return text.replace("*", " ").replace("O(", r"\mathcal{O}(").replace("; ", r" \\ ")


def _name(name: str) -> str:
    if GREEK.fullmatch(name):
        return f"\\{name}"
    if name == "about":
        return r"\approx"
    return rf"\mathrm{{{name}}}".replace("_", r"\_")
