"""From the parts of a parsed clause to its node, with the checks of its words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, TypedDict

from lark import Tree

from butcher.frontend import tree
from butcher.frontend.reader import Reader
from butcher.source import Span

# What the grammar's rule for a clause consists of: nodes, and Lark trees for its modifiers.
Parts = Sequence[Any]

_DISTRIBUTIONS = {"uniform": 2, "normal": 2, "bernoulli": 1}
_H = frozenset({"h"})
_PER = "`per` is followed by"


class Common(TypedDict):
    """What every clause is made with."""

    span: Span
    comments: tree.Comments


def check_word(
    reader: Reader, word: tree.Name, known: Sequence[str], what: str, hint: str | None = None
) -> bool:
    """Whether the word is one of the known ones; reports it if not."""
    if word.id in known:
        return True
    close = get_close_matches(word.id.lower(), known, n=1)
    listed = " or ".join(f"`{one}`" for one in known)
    hint = f"Did you mean `{close[0]}`?" if close else hint
    reader.report("B115", word.span, f"{what} {listed}, not `{word.id}`", hint)
    return False


def parts_of(found: Any) -> Parts:
    """The parts of a clause whose rule has several, or one."""
    return found.children if isinstance(found, Tree) else (found,)


def _title(reader: Reader, parts: Parts, common: Common) -> tree.Clause | None:
    return tree.Title(parts[0], **common)


def _cite(reader: Reader, parts: Parts, common: Common) -> tree.Clause | None:
    return tree.Cite(parts[0], **common)


def _ode(reader: Reader, parts: Parts, common: Common) -> tree.Clause | None:
    equations = tuple(part for part in parts if isinstance(part, tree.Equation))
    before = len(reader.findings)
    for equation in equations:
        _check_equation(reader, equation)
    if len(reader.findings) > before:
        return None
    return tree.Ode(equations, **common)


def _check_equation(reader: Reader, equation: tree.Equation) -> None:
    reader.check_name(equation.state, "state")
    if equation.derivative > 2:
        message = "a state is differentiated once or twice"
        hint = "Write it as several equations: `x' = f(y), y' = g(x)`."
        reader.report("B117", equation.state.span, message, hint)
    for slot, reads in equation.slots:
        reader.check_name(slot, "slot")
        if len(reads) > 2 or (len(reads) == 2 and reads[0].id != "t"):
            swapped = len(reads) == 2 and reads[1].id == "t"
            mend = f"{slot.id}(t, {reads[0].id})" if swapped else f"{slot.id}({reads[-1].id})"
            message = f"`{slot.id}` reads one state, or the time and one state: `f(t, u)`"
            reader.report("B117", reads[0].span, message, f"Write `{mend}`.")
        else:
            reader.check_name(reads[-1], "state")


def _order(reader: Reader, parts: Parts, common: Common) -> tree.Clause | None:
    numbers = [part for part in parts if isinstance(part, tree.Number)]
    embedded = numbers[1] if len(numbers) > 1 else None
    return tree.Order(numbers[0], embedded, **common)


def _let(reader: Reader, parts: Parts, common: Common) -> tree.Clause | None:
    return _constant(reader, tree.Let, parts, common, frozenset())


def _param(reader: Reader, parts: Parts, common: Common) -> tree.Clause | None:
    return _constant(reader, tree.Param, parts, common, _H)


def _constant(
    reader: Reader,
    make: type[tree.Let] | type[tree.Param],
    parts: Parts,
    common: Common,
    allowed: frozenset[str],
) -> tree.Clause | None:
    name, value, *modifiers = parts
    word = "let" if make is tree.Let else "param"
    reader.check_name(name, "constant" if word == "let" else "parameter", allowed)
    if isinstance(value, tree.Distribution):
        hint = f"Write `learn {name.id} ~ ...` or `random {name.id} ~ ...`, or `{name.id} = ...`."
        reader.report("B116", value.span, f"`{word}` gives a value, it draws none", hint)
        return None
    if not _only(reader, word, modifiers, frozenset()):
        return None
    return make(name, reader.low(value), **common)


def _learn(reader: Reader, parts: Parts, common: Common) -> tree.Clause | None:
    name, start, *modifiers = parts
    reader.check_name(name, "parameter", _H)
    if not _only(reader, "learn", modifiers, frozenset({"bounds", "scope"})):
        return None
    found = {part.data: part.children for part in modifiers}
    per = found.get("scope", [None])[0]
    if per is not None and not check_word(
        reader, per, ("stage", "channel"), "`per` is followed by"
    ):
        return None
    if isinstance(start, tree.Distribution):
        if not _is_distribution(reader, start):
            return None
    else:
        start = reader.low(start)
    bounds = None
    if "bounds" in found:
        low, high = found["bounds"]
        bounds = (reader.low(low), reader.low(high))
    return tree.Learn(name, start, bounds, per, **common)


def _random(reader: Reader, parts: Parts, common: Common) -> tree.Clause | None:
    name, drawn, *modifiers = parts
    reader.check_name(name, "random number")
    if not isinstance(drawn, tree.Distribution):
        hint = f"Write `random {name.id} ~ bernoulli(1/2)`, or `param {name.id} = ...`."
        reader.report("B116", drawn.span, "`random` draws from a distribution", hint)
        return None
    if not _only(reader, "random", modifiers, frozenset({"scope", "redrawn"})):
        return None
    found = {part.data: part.children[-1] for part in modifiers}
    per, redrawn = found.get("scope"), found.get("redrawn")
    sample = "A draw is per sample unless it is `per batch`."
    good = _is_distribution(reader, drawn)
    if per is not None and not check_word(reader, per, ("batch",), _PER, sample):
        good = False
    if redrawn is not None and not check_word(
        reader, redrawn, ("backward",), "`redrawn` is followed by"
    ):
        good = False
    if not good:
        return None
    return tree.Random(name, drawn, per, redrawn is not None, **common)


def _only(reader: Reader, keyword: str, modifiers: Sequence[Any], allowed: frozenset[str]) -> bool:
    """Whether no modifier stands there that the clause has not, and none twice."""
    seen: set[str] = set()
    words = {"bounds": "in [...]", "scope": "per", "redrawn": "redrawn"}
    for part in modifiers:
        span = part.children[-1].span
        if part.data not in allowed:
            message = f"`{keyword}` has no `{words[part.data]}`"
            reader.report("B116", span, message, "Leave it out.")
            return False
        if part.data in seen:
            reader.report("B116", span, f"`{words[part.data]}` stands here twice")
            return False
        seen.add(part.data)
    return True


def _is_distribution(reader: Reader, drawn: tree.Distribution) -> bool:
    """Whether the distribution is known and has as many arguments as it takes."""
    if not check_word(reader, drawn.name, tuple(_DISTRIBUTIONS), "a distribution is"):
        return False
    wanted = _DISTRIBUTIONS[drawn.name.id]
    if len(drawn.arguments) != wanted:
        examples = {"uniform": "uniform(0, 1)", "normal": "normal(0, 1)"}
        hint = f"Write it as `{examples.get(drawn.name.id, 'bernoulli(1/2)')}`."
        what = f"{wanted} argument{'s' if wanted > 1 else ''}, not {len(drawn.arguments)}"
        reader.report("B118", drawn.span, f"`{drawn.name.id}` takes {what}", hint)
        return False
    return all(reader.low(argument) is argument for argument in drawn.arguments)


def _linear(reader: Reader, parts: Parts, common: Common) -> tree.Clause | None:
    names = tuple(part for part in parts if isinstance(part, tree.Name))
    for name in names:
        reader.check_name(name, "slot")
    return tree.Linear(names, **common)


def _rounded(reader: Reader, parts: Parts, common: Common) -> tree.Clause | None:
    (digits,) = parts
    return tree.Rounded(digits, **common)


def _weights(reader: Reader, parts: Parts, common: Common) -> tree.Clause | None:
    per = isinstance(parts[0], Tree)
    name: tree.Name = parts[0].children[0] if per else parts[0]
    known = ("stage",) if per else ("shared",)
    what = "`weights per` is followed by" if per else "`weights` is followed by `per stage` or"
    if not check_word(reader, name, known, what):
        return None
    return tree.Weights(shared=not per, **common)


def _solve(reader: Reader, parts: Parts, common: Common) -> tree.Clause | None:
    how, sweeps = parts
    if not check_word(reader, how, ("picard",), "`solve` is followed by"):
        return None
    return tree.Solve(sweeps, **common)


Maker = Callable[[Reader, Parts, Common], tree.Clause | None]
MAKERS: dict[str, Maker] = {
    "title": _title,
    "cite": _cite,
    "ode": _ode,
    "order": _order,
    "let": _let,
    "param": _param,
    "learn": _learn,
    "random": _random,
    "linear": _linear,
    "rounded": _rounded,
    "weights": _weights,
    "solve": _solve,
}
