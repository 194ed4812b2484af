"""What can be said about rows and names before any order: nodes, sums, what nothing reads."""

from __future__ import annotations

from collections.abc import Iterator

from butcher.analysis.consistency import Consistency, RowSum, consistency
from butcher.coefficient import ONE, is_short, shown
from butcher.compiler.literals import plain
from butcher.compiler.precision import precision_findings
from butcher.errors import Diagnostic, error, note, warning
from butcher.ir.graph import Graph
from butcher.source import Span
from butcher.spec.scheme import RungeKutta, Scheme


def structure_findings(scheme: Scheme, graph: Graph) -> Iterator[Diagnostic]:
    """Everything of the kind, in no order."""
    facts = consistency(graph)
    yield from _nodes(graph, facts)
    if isinstance(scheme.body, RungeKutta) and scheme.claim is None:
        yield from _weights(scheme.body, graph, facts)
    yield from _dead(scheme, graph, facts)
    yield from _constants(graph, facts, scheme.place.span)
    yield from _timeless(graph, facts, scheme.place.span)
    yield from _re_evaluated(graph, facts)
    yield from precision_findings(scheme, graph)


# --------------------------------------------------------------------------- sums


def _nodes(graph: Graph, facts: Consistency) -> Iterator[Diagnostic]:
    """c_i = sum_j a_ij, to the rounding of the row's decimals. A node of two slots is one."""
    wrong = {
        span: row_sum
        for row_sum in facts.row_sums
        if (span := graph.evaluation[row_sum.evaluation].node) is not None and not row_sum.holds
    }
    for span, row_sum in wrong.items():
        node, found = row_sum.c.value, row_sum.sum.value
        text = plain(row_sum.sum)
        off = "" if is_short(found) else f": it is off by {shown(abs(row_sum.residual.value), 24)}"
        hint = f"eave the node empty, or mend the row{_mend(graph, row_sum)}."
        yield error(
            "B203",
            span,
            f"node {shown(node)} is not the sum of its row, {text}{off}",
            f"Write {text}, l{hint}" if is_short(found) else f"L{hint}",
        )


def _mend(graph: Graph, row_sum: RowSum) -> str:
    """The simplest change of one written cell by which the row sums to its node."""
    if not is_short(row_sum.residual.value):
        return ""
    cells = [
        term.coefficient.evaluate({"h": ONE})
        for term in graph.row[row_sum.row].terms
        if term.source in graph.evaluation and graph.evaluation[term.source].slot == row_sum.slot
    ]
    changes = [(shown(cell - row_sum.residual.value), shown(cell)) for cell in cells]
    if not changes:
        return ""
    new, old = min(changes, key=lambda change: len(change[0]))
    return f": with {new} for {old} the sum is {shown(row_sum.c.value)}"


def _weights(body: RungeKutta, graph: Graph, facts: Consistency) -> Iterator[Diagnostic]:
    """sum_i b_i = 1, or the method does not advance by h."""
    place = {tableau.slot: tableau.weights_place.span for tableau in body.tableaus}
    for advance in facts.advances:
        if advance.row in graph.outputs and not advance.holds:
            message = f"the weights sum to {shown(advance.sum.value, 24)}, not to 1: the order is 0"
            yield warning("B304", place[advance.slot], message, "One has a wrong digit or sign.")


# --------------------------------------------------------------------------- what nothing reads


def _dead(scheme: Scheme, graph: Graph, facts: Consistency) -> Iterator[Diagnostic]:
    for key in facts.dead:
        if key not in facts.for_estimates:
            span = graph.evaluation[key].span or scheme.place.span
            message = f"no output depends on stage {key}; the block leaves it out"
            yield warning("B301", span, message, "Is a coefficient missing that reads it?")
    if facts.for_estimates:
        names = " and ".join(facts.for_estimates)
        span = graph.evaluation[facts.for_estimates[0]].span or scheme.place.span
        verb = "feeds" if len(facts.for_estimates) == 1 else "feed"
        message = f"{names} {verb} only the estimate, which a block without step control leaves out"
        yield note("B306", span, message)
    reported = {finding.span for finding in scheme.findings if finding.code == "B206"}
    for name in facts.dead_symbols:
        place = graph.symbol[name].place
        if place is not None and place.span not in reported:
            message = f"nothing depends on `{name}`; the block does not have it"
            yield warning("B302", place.span, message)


def _constants(graph: Graph, facts: Consistency, default: Span) -> Iterator[Diagnostic]:
    for constant in facts.constants:
        if not constant.holds:
            held = graph.evaluation.get(constant.of)
            span = held.span if held is not None else graph.row[constant.row].span
            what = f"the argument of {constant.of}" if held is not None else constant.row
            found = (
                ""
                if constant.sum is None
                else f": its states add up to {shown(constant.sum.value)}"
            )
            yield note("B303", span or default, f"{what} does not keep constants{found}")


def _timeless(graph: Graph, facts: Consistency, default: Span) -> Iterator[Diagnostic]:
    """A slot that is given the time needs an argument that has one."""
    for held in graph.evaluations:
        if held.slot in graph.timed and held.c is None and held.key not in facts.dead:
            yield error(
                "B227",
                held.span or default,
                f"{held.slot} is given the time, and the argument of {held.key} has none",
                f"Write `{held.slot}(u)` in the equation, or an argument whose states add up to 1.",
            )


def _re_evaluated(graph: Graph, facts: Consistency) -> Iterator[Diagnostic]:
    for key in facts.re_evaluated:
        held = graph.evaluation[key]
        if held.span is not None:
            yield note(
                "B305",
                held.span,
                "an old state is evaluated again, with weights of its own unless they are shared",
                f"To use what {held.slot} gave one block earlier, name that stage, "
                f"`k = {held.slot}(...)`, and write k[n-1].",
            )
