"""The body `step`: assignments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from keyword import iskeyword

from lark import Token

from butcher.frontend import tree
from butcher.frontend.builder import token_span, tokens_span
from butcher.frontend.layout import Kind, LogicalLine
from butcher.frontend.mistakes import Place
from butcher.frontend.reader import Reader
from butcher.frontend.scan import BAD

_OPERATORS = frozenset({"PLUS", "MINUS", "STAR", "SLASH", "CARET"})
_ON = "Put parentheses around what goes on over several lines."


def read_step(reader: Reader, header: LogicalLine, lines: Sequence[LogicalLine]) -> tree.Step:
    """`step`: one assignment a line."""
    found: list[tree.Assignment] = []
    goes_on = False  # whether the last assignment was not complete, which is reported
    for line in lines:
        if line.kind is Kind.ASSIGNMENT:
            goes_on = line.tokens[-1].type in _OPERATORS
            if goes_on:
                message = "the line ends with an operator, and a line's end ends an assignment"
                reader.report("B151", token_span(line.tokens[-1]), message, _ON)
            if assignment := _assignment(reader, line, goes_on):
                found.append(assignment)
        elif line.tokens[0].type in _OPERATORS and line.kind is Kind.OTHER:
            if not goes_on:
                message = "this line begins with an operator, and an assignment ends with its line"
                reader.report("B151", token_span(line.tokens[0]), message, _ON)
            if found:
                found[-1] = replace(found[-1], value=tree.Invalid(found[-1].value.span))
            goes_on = True
        elif not goes_on:
            _report_other(reader, line)
    place = tokens_span(header.tokens[0], header.tokens[-1])
    if not lines:
        hint = "Write at least `u[n+1] = u[n] + h*f(u[n])`."
        reader.report("B149", place, "a step without assignments", hint)
    end = tokens_span(lines[-1].tokens[0], lines[-1].tokens[-1]) if lines else place
    return tree.Step(tuple(found), place.to(end), header.comments)


def _report_other(reader: Reader, line: LogicalLine) -> None:
    first = line.tokens[0]
    if first.type == BAD:
        return
    if line.kind in {Kind.ROW, Kind.RULE}:
        message = "a line of a table in a step body"
        reader.report("B111", token_span(first), message, "Tables stand in `tableau`, `multistep`.")
    else:
        message = "this line is no assignment"
        hint = "Write it as `u[n+1] = ...` or `k1 = ...`."
        reader.report("B150", token_span(first), message, hint)


def _assignment(reader: Reader, line: LogicalLine, goes_on: bool) -> tree.Assignment | None:
    """The assignment; its value is Invalid if it could not be read, or if it goes on."""
    tokens = line.tokens
    place = Place("B120", "the assignment", token_span(tokens[0]))
    span = tokens_span(tokens[0], tokens[-1])
    sides = None if goes_on else reader.parse("assignment", tokens, place)
    if sides is None:
        target = _target(tokens)
        value: tree.Expression = tree.Invalid(span)
    else:
        left, value = sides.children[0], sides.children[-1]
        _check_slots(reader, tokens)
        target = _checked_target(reader, left)
        value = reader.low(value)
    return tree.Assignment(target, value, span, line.comments) if target is not None else None


def _target(tokens: Sequence[Token]) -> tree.Name | tree.Lagged | None:
    """The left side of an assignment whose right side could not be read."""
    name = tree.Name(str(tokens[0]), token_span(tokens[0]))
    if tokens[1].type == "EQUAL":
        return name
    inside = [str(token) for token in tokens[1:6]]
    if inside == ["[", "n", "+", "1", "]"]:
        return tree.Lagged(name, -1, tokens_span(tokens[0], tokens[5]))
    return None


def _checked_target(reader: Reader, target: tree.Expression) -> tree.Name | tree.Lagged | None:
    """The left side, if it can be assigned to; reports it if not."""
    if isinstance(target, tree.Name):
        reader.check_name(target, "value")
        return target
    if isinstance(target, tree.Lagged):
        reader.check_name(target.name, "state")
        if target.lag == -1:
            return target
        message = "the only lag on the left is `[n+1]`, the value this block makes"
        reader.report("B152", target.span, message, f"Write `{target.name.id}[n+1] = ...`.")
        return None
    reader.report("B152", target.span, "the left side is no name", "Write `name = ...`.")
    return None


def _check_slots(reader: Reader, tokens: Sequence[Token]) -> None:
    for name, opening in pairwise(tokens):
        if name.type == "NAME" and opening.type == "LPAR" and iskeyword(name):
            reader.check_name(tree.Name(str(name), token_span(name)), "slot")
