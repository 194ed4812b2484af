"""The clauses that describe a method: title, source, equation, claim, options."""

from __future__ import annotations

from butcher.frontend import tree
from butcher.spec.model import Place
from butcher.spec.report import Report
from butcher.spec.scheme import Claim, Equation

LARGEST_ORDER = 12
MOST_SWEEPS = 64
MOST_SLOTS = 16
LONGEST_TEXT = 1000


def only(clauses: tuple[tree.Clause, ...], kind: type[tree.Clause]) -> tree.Clause | None:
    """The clause of a kind that a file has at most one of (the parser reports a second)."""
    return next((c for c in clauses if isinstance(c, kind)), None)


def string(
    clauses: tuple[tree.Clause, ...], kind: type[tree.Title | tree.Cite], report: Report
) -> str | None:
    """The text of `title` or `cite`."""
    clause = only(clauses, kind)
    if not isinstance(clause, tree.Title | tree.Cite):
        return None
    if len(clause.text.value) > LONGEST_TEXT:
        message = f"a title or source has at most {LONGEST_TEXT} characters"
        report.error("B250", clause.text.span, message)
        return None
    return clause.text.value


def claim(clauses: tuple[tree.Clause, ...], report: Report) -> Claim | None:
    """`order p(q)`, both between 1 and 12."""
    clause = only(clauses, tree.Order)
    if not isinstance(clause, tree.Order):
        return None
    orders = [_order(n, report) for n in (clause.order, clause.embedded) if n is not None]
    if None in orders:
        return None
    embedded = orders[1] if len(orders) > 1 else None
    return Claim(order=orders[0] or 0, embedded=embedded, place=Place(span=clause.span))


def _order(number: tree.Number, report: Report) -> int | None:
    value = _count(number)
    if value is None or value < 1:
        report.error("B217", number.span, "an order is a whole number from 1")
        return None
    if value > LARGEST_ORDER:
        report.error(
            "B248",
            number.span,
            f"orders are verified up to {LARGEST_ORDER}, and this claim is higher",
        )
        return None
    return value


def _count(number: tree.Number) -> int | None:
    return int(number.text) if number.text.isdigit() else None


def sweeps(clauses: tuple[tree.Clause, ...], report: Report) -> int | None:
    """`solve picard N`."""
    clause = only(clauses, tree.Solve)
    if not isinstance(clause, tree.Solve):
        return None
    value = _count(clause.sweeps)
    if value is None or not 1 <= value <= MOST_SWEEPS:
        report.error(
            "B231",
            clause.sweeps.span,
            f"the number of sweeps is a whole number, 1 to {MOST_SWEEPS}",
        )
        return None
    return value


def rounded(clauses: tuple[tree.Clause, ...], report: Report) -> int:
    """`rounded N`: from how many significant digits on a decimal counts as rounded."""
    clause = only(clauses, tree.Rounded)
    if not isinstance(clause, tree.Rounded):
        return 15
    value = _count(clause.digits)
    if value is None or not 1 <= value <= 1000:
        report.error("B231", clause.digits.span, "a number of digits is a whole number, 1 to 1000")
        return 15
    return value


def equations(clauses: tuple[tree.Clause, ...], report: Report) -> tuple[Equation, ...] | None:
    """The `ode` clause; None if there is none, empty (and reported) if an equation is faulty."""
    clause = only(clauses, tree.Ode)
    if not isinstance(clause, tree.Ode):
        return None
    states = [e.state.id for e in clause.equations]
    slots: set[str] = set()
    if sum(len(equation.slots) for equation in clause.equations) > MOST_SLOTS:
        message = f"the equation has more than {MOST_SLOTS} slots, the limit"
        report.stop("B247", clause.span, message)
    found = [_equation(equation, states, slots, report) for equation in clause.equations]
    complete = tuple(equation for equation in found if equation is not None)
    return complete if len(complete) == len(found) else ()


def _equation(
    equation: tree.Equation, states: list[str], slots: set[str], report: Report
) -> Equation | None:
    state = equation.state
    wrong: tuple[tree.Name, str] | None = None
    if equation.derivative > 2:
        wrong = state, "an equation of first or second order is expected"
    if states.count(state.id) > 1:
        wrong = state, f"`{state.id}` has two equations"
    pairs: list[tuple[str, str]] = []
    times: set[bool] = set()
    for slot, arguments in equation.slots:
        reads = arguments[-1]
        times.add(len(arguments) == 2)
        if slot.id in slots:
            wrong = slot, f"the slot `{slot.id}` stands twice: each has one place in the equation"
        elif reads.id not in states:
            wrong = reads, f"`{reads.id}` has no equation of its own"
        elif len(arguments) > 2 or (len(arguments) == 2 and arguments[0].id != "t"):
            wrong = slot, f"a slot is given one state, `{slot.id}(u)`, or `{slot.id}(t, u)`"
        slots.add(slot.id)
        pairs.append((slot.id, reads.id))
    if wrong is None and len(times) > 1:
        wrong = state, "either all slots of an equation are given the time or none"
    if wrong is not None:
        report.error("B227", wrong[0].span, wrong[1])
        return None
    return Equation(
        state=state.id, derivative=equation.derivative, slots=tuple(pairs), time=times == {True}
    )
