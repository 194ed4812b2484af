"""Step bodies: every assignment an affine sum over states, stages and new evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from operator import mul

from butcher.coefficient import Coefficient, shown
from butcher.frontend import tree
from butcher.source import Span
from butcher.spec.expression import Arithmetic, unknown_name
from butcher.spec.model import Place
from butcher.spec.names import Names
from butcher.spec.report import Report, nearest
from butcher.spec.scheme import Call, Reference, Statement, StepBody, Term

MOST_EVALUATIONS = 64


@dataclass(frozen=True)
class Sum:
    """constant + terms, while an assignment is read; `bare` is where a constant was added."""

    constant: Coefficient
    terms: tuple[Term, ...]
    bare: Span | None = None

    def times(self, factor: Coefficient) -> Sum:
        terms = (
            Term(coefficient=t.coefficient * factor, source=t.source, place=t.place)
            for t in self.terms
        )
        return Sum(self.constant * factor, tuple(t for t in terms if t.coefficient), self.bare)


class Steps:
    """Reads the assignments of a step body, in order."""

    def __init__(self, names: Names, arithmetic: Arithmetic, report: Report) -> None:
        self.names = names
        self.arithmetic = arithmetic
        self.report = report
        self.states: dict[str, Span] = {}
        self.assigned: dict[str, bool] = {}
        """Targets above this line; True for a name that is exactly one evaluation."""
        self.calls = 0
        self._kept_names: list[tree.Lagged] = []

    def body(self, body: tree.Step) -> StepBody | None:
        """All statements; None if one of them could not be read."""
        for assignment in body.assignments:
            self._declare(assignment)
        statements = [self._statement(a) for a in body.assignments]
        found = tuple(s for s in statements if s is not None)
        kept = [self._is_stage(at) for at in self._kept_names]
        self._report_unread(body)
        if not self.states:
            if not self.report.partial:
                self.report.error(
                    "B224", body.span, "nothing assigns a new state", "Write one: `u[n+1] = ...`."
                )
            return None
        if self.calls > MOST_EVALUATIONS:
            self.report.error(
                "B246",
                body.span,
                f"the body has {self.calls} evaluations, and the limit is {MOST_EVALUATIONS}",
            )
            return None
        return StepBody(statements=found) if all(kept) and len(found) == len(statements) else None

    def _report_unread(self, body: tree.Step) -> None:
        """Named sums that nothing reads. (Evaluations that nothing reads are the graph's.)"""
        for assignment in body.assignments:
            target = assignment.target
            if (
                isinstance(target, tree.Name)
                and not self.assigned.get(target.id, True)
                and target.id not in self.names.used
            ):
                message = f"`{target.id}` is assigned and never used"
                self.report.warning("B206", target.span, message, "Use it or delete it.")

    def _is_stage(self, at: tree.Lagged) -> bool:
        """Whether `k[n-1]` names one evaluation; nothing else is kept from block to block."""
        if self.assigned.get(at.name.id, True):
            return True
        self.report.error(
            "B226",
            at.span,
            f"`{at.name.id}` is not one evaluation, so its earlier values are not kept",
            "Name the evaluation itself, `k = f(...)`, and write k[n-1].",
        )
        return False

    def _declare(self, assignment: tree.Assignment) -> None:
        target = assignment.target
        if isinstance(target, tree.Lagged):
            if target.name.id in self.states:
                self.report.error(
                    "B224",
                    target.span,
                    f"{target.name.id}[n+1] is assigned twice "
                    f"(line {self.states[target.name.id].line})",
                )
                return
            if self.names.declare(target.name, "state"):
                self.states[target.name.id] = target.span
        else:
            before = self.names.meaning.get(target.id)
            if before is not None and before[0] == "stage":
                self.report.error(
                    "B224", target.span, f"`{target.id}` is assigned twice (line {before[1].line})"
                )
            else:
                self.names.declare(target, "stage")

    def _statement(self, assignment: tree.Assignment) -> Statement | None:
        total = self.sum(assignment.value)
        target = assignment.target
        is_state = isinstance(target, tree.Lagged)
        name = target.name.id if isinstance(target, tree.Lagged) else target.id
        if is_state:
            self.assigned.setdefault(f"{name}[n+1]", False)
        if total is None:
            self.assigned.setdefault(name, True)
            return None
        self.assigned[name] = (
            len(total.terms) == 1
            and isinstance(total.terms[0].source, Call)
            and total.terms[0].coefficient == 1
        )
        if not self._is_value(total, assignment.value.span):
            return None
        return Statement(
            target=name, is_state=is_state, terms=total.terms, place=Place(span=assignment.span)
        )

    def _is_value(self, total: Sum, span: Span) -> bool:
        """Whether a sum is a feature map: it has terms and no bare number."""
        if total.constant:
            self.report.error(
                "B223",
                total.bare or span,
                f"the number {shown(total.constant)} is added to states and stages",
                "A sum here has states, stages and slot values, each with a factor.",
            )
            return False
        if not total.terms:
            self.report.error("B223", span, "this is zero: nothing is left of it")
            return False
        return True

    # ------------------------------------------------------------------ expressions

    def sum(self, expression: tree.Expression) -> Sum | None:
        """The affine value of an expression; None after an error."""
        match expression:
            case tree.Group():
                return self.sum(expression.inner)
            case tree.Negative():
                operand = self.sum(expression.operand)
                return None if operand is None else operand.times(Coefficient.of(-1))
            case tree.Operation():
                return self._operation(expression)
            case tree.Power():
                return self._power(expression)
            case tree.Lagged():
                return self._lagged(expression)
            case tree.Call():
                return self._call(expression)
            case tree.Name() if not self._is_number(expression):
                return self._named(expression)
            case _:
                value = self.arithmetic.value(expression)
                return None if value is None else Sum(value, (), expression.span)

    def _is_number(self, name: tree.Name) -> bool:
        return self.names.is_number(name.id)

    def _operation(self, at: tree.Operation) -> Sum | None:
        left, right = self.sum(at.left), self.sum(at.right)
        if left is None or right is None:
            return None
        if at.op in {"+", "-"}:
            signed = right if at.op == "+" else right.times(Coefficient.of(-1))
            constant = self.arithmetic.combined(at.op, left.constant, right.constant, at)
            if constant is None:
                return None
            return Sum(constant, left.terms + signed.terms, left.bare or right.bare)
        if right.terms and (left.terms or at.op == "/"):
            what = "a product of two values" if at.op == "*" else "a division by a value"
            self.report.error(
                "B222",
                at.span,
                f"{what} is not affine",
                "Coefficients are numbers and declared names; what is not linear goes into a slot.",
            )
            return None
        return self._scaled(left, right, at)

    def _scaled(self, left: Sum, right: Sum, at: tree.Operation) -> Sum | None:
        """A product with a number on one side, or a quotient by one."""
        if at.op == "/" and not self.arithmetic.divisible(right.constant, at.right.span):
            return None
        if not left.terms and not right.terms:
            constant = self.arithmetic.combined(at.op, left.constant, right.constant, at)
            return None if constant is None else Sum(constant, (), at.span)
        value, factor = (left, right.constant) if left.terms else (right, left.constant)
        if at.op == "/":
            factor = factor.inverse()
        terms: list[Term] = []
        for term in value.terms:
            product = self.arithmetic.within_limits(at.span, partial(mul, term.coefficient, factor))
            if product is None:
                return None
            if product:
                terms.append(Term(coefficient=product, source=term.source, place=term.place))
        return Sum(value.constant * factor, tuple(terms), value.bare)

    def _power(self, at: tree.Power) -> Sum | None:
        base = self.sum(at.base)
        if base is not None and base.terms:
            self.report.error("B222", at.span, "a power of a value is not affine")
            return None
        if base is None:
            return None
        value = self.arithmetic.power(at)
        return None if value is None else Sum(value, (), at.span)

    # ------------------------------------------------------------------ what is referred to

    def _one(self, source: Reference | Call, span: Span) -> Sum:
        term = Term(coefficient=Coefficient.of(1), source=source, place=Place(span=span))
        return Sum(Coefficient.of(0), (term,))

    def _named(self, name: tree.Name) -> Sum | None:
        """A bare name that is no number: a stage or value assigned above."""
        if name.id in self.states:
            self.report.error(
                "B204",
                name.span,
                f"`{name.id}` is a state",
                f"Write {name.id}[n], or {name.id}[n+1] for the new value.",
            )
            return None
        if name.id not in self.names.meaning:
            self._unknown(name)
            return None
        if name.id not in self.assigned:
            meaning = self.names.meaning[name.id][0]
            message = (
                f"`{name.id}` is used before it is assigned"
                if meaning == "stage"
                else f"`{name.id}` is a slot and needs an argument"
            )
            self.report.error("B225", name.span, message)
            return None
        self.names.used.add(name.id)
        place = Place(span=name.span)
        return self._one(Reference(kind="name", name=name.id, lag=0, place=place), name.span)

    def _unknown(self, name: tree.Name) -> None:
        for ending, meant in (("_n", "[n]"), ("_new", "[n+1]"), ("_old", "[n-1]")):
            state = name.id.removesuffix(ending)
            if state != name.id and state in self.states:
                self.report.error(
                    "B204", name.span, f"unknown name `{name.id}`", f"Write {state}{meant}."
                )
                return
        unknown_name(name, [*self.names.meaning, "h"], self.report)

    def _lagged(self, at: tree.Lagged) -> Sum | None:
        name, place = at.name.id, Place(span=at.span)
        if name in self.states:
            if at.lag == -1 and f"{name}[n+1]" not in self.assigned:
                self.report.error(
                    "B225",
                    at.span,
                    f"{name}[n+1] is used before it is assigned",
                    "Put its assignment above, or write an implicit method as a tableau.",
                )
                return None
            return self._one(Reference(kind="state", name=name, lag=at.lag, place=place), at.span)
        return self._kept(at, place)

    def _kept(self, at: tree.Lagged, place: Place) -> Sum | None:
        """`k[n-1]`: what a stage was one block earlier."""
        name = at.name.id
        known = self.names.meaning.get(name)
        if known is None:
            states = ", ".join(f"{s}[n+1]" for s in self.states)
            hint = f"Assigned are {states}." if states else f"Write `{name}[n+1] = ...`."
            self.report.error(
                "B224",
                at.span,
                f"`{name}` is no state: nothing assigns {name}[n+1]",
                nearest(name, self.states) or hint,
            )
            return None
        if known[0] != "stage":
            self.report.error("B224", at.span, f"`{name}` has no earlier values")
            return None
        if at.lag < 1:
            self.report.error(
                "B224", at.span, f"a stage of this block is written {name}", f"Write {name}."
            )
            return None
        self.names.used.add(name)
        self._kept_names.append(at)
        return self._one(Reference(kind="name", name=name, lag=at.lag, place=place), at.span)

    def _call(self, call: tree.Call) -> Sum | None:
        name = call.name
        if name.id == "sqrt":
            value = self.arithmetic.value(call)
            return None if value is None else Sum(value, (), call.span)
        if self._is_number(name):
            self.names.used.add(name.id)
            self.arithmetic.forgotten_star(call)
            return None
        if name.id in self.states or self.names.meaning.get(name.id, ("slot",))[0] == "stage":
            self.report.error(
                "B209",
                name.span,
                f"`{name.id}` is a value and cannot be applied to something",
                "A slot has a name of its own; a product needs its star.",
            )
            return None
        if name.id in {"t", "n"}:
            message = f"`{name.id}` is reserved, so no slot can be called that"
            self.report.error("B105", name.span, message)
            return None
        if not self.names.declare(name, "slot"):
            return None
        argument = self.sum(call.argument)
        if argument is None or not self._is_value(argument, call.argument.span):
            return None
        self.calls += 1
        place = Place(span=call.span)
        return self._one(Call(slot=name.id, argument=argument.terms, place=place), call.span)
