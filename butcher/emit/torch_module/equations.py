"""The method as a paper prints it, for the docstring of the class."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from butcher.coefficient import Coefficient
from butcher.emit.torch_module.expressions import exact_text, is_sum, joined
from butcher.ir.graph import STEP, Evaluation, Graph, Row
from butcher.ir.steps import without_step

LONGEST = 74


def equations(graph: Graph) -> Iterator[str]:
    """One line for every evaluation and every named row, such as `k2 = f2(u[n] + 1/2 h k1)`.

    A row that one evaluation reads stands inside; others have a name and a line of their own.
    """
    nets = net_names(graph)
    readers = Counter(e.argument for e in graph.evaluations)
    returned = [*graph.outputs, *(estimate.row for estimate in graph.estimates)]
    told: set[str] = set()
    for evaluation in graph.evaluations:
        row = graph.row[evaluation.argument]
        inside = readers[row.key] == 1 and row.key not in graph.outputs
        if row.only_source is not None or inside:
            yield _evaluation(evaluation, row, graph, nets)
            continue
        if row.key not in told:
            yield _equation(row.key, "", row, "")
            told.add(row.key)
        yield _evaluation(evaluation, None, graph, nets)
    new = [graph.row[key] for key in dict.fromkeys(returned) if key in graph.row]
    for row in new:
        if row.only_source is None and row.key not in told:
            yield _equation(row.key, "", row, "")
    newest = {key for s, key in zip(graph.states, graph.outputs, strict=True) if s.is_newest}
    for row in new:
        if row.only_source is not None and row.key in newest:
            yield f"{row.key} = {row.only_source}"


def net_names(graph: Graph) -> Mapping[str, str]:
    """group -> `f`, or f1, f2, ... where a slot has several sets of weights."""
    of_slot: dict[str, list[str]] = {}
    slot = {e.group: e.slot for e in graph.evaluations}
    for group in graph.groups:
        of_slot.setdefault(slot[group], []).append(group)
    return {
        group: f"{name}{i + 1}" if len(groups) > 1 else name
        for name, groups in of_slot.items()
        for i, group in enumerate(groups)
    }


def _evaluation(
    evaluation: Evaluation, argument: Row | None, graph: Graph, nets: Mapping[str, str]
) -> str:
    time = ""
    if evaluation.slot in graph.timed:
        moved = Coefficient.of(0) if evaluation.c is None else evaluation.c * STEP
        time = f"t + {_coefficient(moved)}, " if moved else "t, "
    head = f"{nets[evaluation.group]}({time}"
    if argument is None:
        return f"{evaluation.key} = {head}{plain(evaluation.argument)})"
    return _equation(evaluation.key, head, argument, ")")


def _equation(key: str, head: str, row: Row, tail: str) -> str:
    """With the coefficients if that is short, else `[k1, k2]` for a weighted sum."""
    key = plain(key)
    text = f"{key} = {head}{_row(row, True)}{tail}"
    return text if len(text) <= LONGEST else f"{key} = {head}{_row(row, False)}{tail}"


def plain(key: str) -> str:
    """What the file calls it: the argument `Y[w]` is its w."""
    return re.sub(r"^Y\[(\w+)\]$", r"\1", key)


def _row(row: Row, with_coefficients: bool) -> str:
    """`u[n] + h (1/2 k1 - k2)`."""
    groups: dict[str, list[tuple[bool, str, str]]] = {"": []}
    for term in row.terms:
        step, rest = _step(term.coefficient)
        negative, text = _signed(rest)
        groups.setdefault(step, []).append((negative, text, term.source))
    groups[""].sort(key=lambda addend: addend[0])
    signed: list[tuple[bool, str]] = []
    for step, addends in groups.items():
        if len(addends) > 1 and not with_coefficients:
            listed = ", ".join(source for _, _, source in addends)
            signed.append((False, _product(step, f"[{listed}]")))
        elif len(addends) == 1 or not step:
            signed += [(minus, _product(text, step, source)) for minus, text, source in addends]
        else:
            inner = [(minus, _product(text, source)) for minus, text, source in addends]
            signed.append((False, f"{step} ({joined(inner)})"))
    return joined(signed) if signed else "0"


def _product(*factors: str) -> str:
    return " ".join(factor for factor in factors if factor)


def _step(coefficient: Coefficient) -> tuple[str, Coefficient]:
    """(`h^2`, rest); a step of its own for a row is written h here, too."""
    _, power, rest = without_step(coefficient)
    return ("", "h", f"h^{power}")[min(power, 2)], rest


def _signed(coefficient: Coefficient) -> tuple[bool, str]:
    """Sign and absolute value as a factor; the value 1 is empty."""
    if coefficient.is_number:
        number = coefficient.number
        if len(number.terms) > 1:
            return False, f"({number})" if is_sum(str(number)) else str(number)
        text = exact_text(abs(number))
        text = "" if text == "1" else f"({text})" if is_sum(text) else text
        return number.sign < 0, text
    signs = {factor.sign for _, factor in coefficient.numerator.terms}
    negative = signs == {-1}
    shown = str(-coefficient if negative else coefficient)
    return negative, f"({shown})" if is_sum(shown) or shown[0] == "-" else shown


def _coefficient(coefficient: Coefficient) -> str:
    step, rest = _step(coefficient)
    negative, text = _signed(rest)
    return f"{'-' if negative else ''}{_product(text, step) or '1'}"
