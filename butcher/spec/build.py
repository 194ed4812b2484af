"""From a syntax tree to a validated scheme."""

from __future__ import annotations

from butcher.coefficient import (
    BudgetExceededError,
    Coefficient,
    ExpressionTooLargeError,
    budget,
)
from butcher.errors import Diagnostic
from butcher.frontend import tree
from butcher.source import Source, Span
from butcher.spec import clauses as read
from butcher.spec.expression import MOST_ARITHMETIC, Arithmetic, too_much
from butcher.spec.model import Place
from butcher.spec.names import STEP, Declarations, Names
from butcher.spec.report import BuildStopped, Report, nearest
from butcher.spec.scheme import (
    Body,
    Claim,
    Equation,
    RungeKutta,
    Scheme,
    StepBody,
)
from butcher.spec.step import Steps
from butcher.spec.symbol import Symbol
from butcher.spec.tables import Tables


def build(
    method: tree.Method, source: Source, canonical: str, *, partial: bool = False
) -> tuple[Scheme | None, tuple[Diagnostic, ...]]:
    """The scheme and everything found on the way.

    None if a body could not be read whole. A scheme may come with errors: they stop a
    compilation, but what its coefficients are worth can be said all the same.

    canonical  the canonical text, which the scheme keeps.
    partial    the parser reported errors, so the tree has gaps.
    """
    return _Builder(method, source, canonical, partial=partial).build()


class _Builder:
    def __init__(
        self, method: tree.Method, source: Source, canonical: str, *, partial: bool
    ) -> None:
        self.method = method
        self.source = source
        self.canonical = canonical
        self.report = Report(partial=partial)
        self.names = Names(self.report)
        self.arithmetic = Arithmetic(
            self.report, read.rounded(method.clauses, self.report), self._lookup
        )

    def _lookup(self, name: tree.Name) -> Coefficient | None:
        return self.names.number(name, self.arithmetic)

    def build(self) -> tuple[Scheme | None, tuple[Diagnostic, ...]]:
        """As the function. A limit, wherever it is reached, ends the building."""
        try:
            with budget(MOST_ARITHMETIC):
                return self._scheme()
        except BuildStopped:
            pass
        except (BudgetExceededError, ExpressionTooLargeError) as problem:
            span = self.arithmetic.place or self.method.name.span
            self.report.diagnostics.append(too_much(problem, span))
        return None, self._findings()

    def _scheme(self) -> tuple[Scheme | None, tuple[Diagnostic, ...]]:
        method, report = self.method, self.report
        clauses = method.clauses
        self.names.check_length(method.name)
        Declarations(self.names, self.arithmetic).read(clauses)
        ode = read.equations(clauses, report)
        claim = read.claim(clauses, report)
        sweeps = read.sweeps(clauses, report)
        title, cite = (read.string(clauses, kind, report) for kind in (tree.Title, tree.Cite))
        found = self._body(ode)
        self._unused()
        linear = self._linear(found[0] if found is not None else None)
        if found is None:
            return None, self._findings()
        body, equations = found
        if isinstance(body, StepBody):
            equations = self._step_equations(body, ode, linear)
        weights = read.only(clauses, tree.Weights)
        scheme = Scheme(
            name=method.name.id,
            title=title,
            cite=cite,
            ode=equations,
            claim=self._claim(claim, body),
            symbols=self._symbols(),
            linear=linear,
            shared=isinstance(weights, tree.Weights) and weights.shared,
            sweeps=sweeps,
            body=body,
            place=Place(span=method.name.span),
            canonical=self.canonical,
            source=self.source,
            findings=self._findings(),
        )
        return scheme, scheme.findings

    def _findings(self) -> tuple[Diagnostic, ...]:
        return tuple(sorted(self.report.diagnostics, key=lambda d: d.span))

    def _symbols(self) -> tuple[Symbol, ...]:
        """h first; it exists whether it is declared or not."""
        declared = self.names.symbols
        others = (s for name, s in declared.items() if name != "h")
        return (declared.get("h", STEP), *others)

    # ------------------------------------------------------------------ bodies

    def _body(self, ode: tuple[Equation, ...] | None) -> tuple[Body, tuple[Equation, ...]] | None:
        """The body and the equation it is for; a step body's is found later."""
        bodies = self.method.bodies
        if ode == () and bodies and not isinstance(bodies[0], tree.Step):
            return None  # the equation is faulty, and tables are read by it
        tableaus = tuple(b for b in bodies if isinstance(b, tree.Tableau))
        if tableaus:
            self._declare_slots(ode, tableaus[0].slot)
            return Tables(self.report, self.arithmetic).runge_kutta(tableaus, ode)
        for body in bodies:
            if isinstance(body, tree.Multistep):
                return self._multistep(body, ode)
            if isinstance(body, tree.Step):
                step = Steps(self.names, self.arithmetic, self.report).body(body)
                return None if step is None else (step, ())
        return None

    def _declare_slots(self, ode: tuple[Equation, ...] | None, slot: tree.Name | None) -> None:
        """The slots of a table are those of the equation."""
        if slot is not None:
            self.names.declare(slot, "slot")
        clause = read.only(self.method.clauses, tree.Ode)
        if ode is not None and isinstance(clause, tree.Ode):
            for equation in clause.equations:
                for name, _ in equation.slots:
                    self.names.declare(name, "slot")

    def _multistep(
        self, body: tree.Multistep, ode: tuple[Equation, ...] | None
    ) -> tuple[Body, tuple[Equation, ...]] | None:
        self._declare_slots(ode, None)
        if ode is None:
            ode = (Equation(state="u", derivative=1, slots=(("f", "u"),)),)
        if len(ode) != 1 or len(ode[0].slots) != 1 or ode[0].derivative != 1:
            self.report.error(
                "B215",
                body.span,
                "multistep coefficients are for one equation u' = f(u)",
                "Write other multistep formulas as a step body.",
            )
            return None
        found = Tables(self.report, self.arithmetic).multistep(body, ode[0].slots[0][0])
        return None if found is None else (found, ode)

    # ------------------------------------------------------------------ the equation

    def _step_equations(
        self, body: StepBody, ode: tuple[Equation, ...] | None, linear: tuple[str, ...]
    ) -> tuple[Equation, ...]:
        """What a step body is for: the clause, or u' = f(u) if it has one state and one slot."""
        states = [s.target for s in body.statements if s.is_state]
        slots = [slot for slot in _slots(body) if slot not in linear]
        self._case(slots)
        if ode is None:
            if len(states) == 1 and len(slots) == 1:
                return (Equation(state=states[0], derivative=1, slots=((slots[0], states[0]),)),)
            return ()
        if not ode:
            return ()
        clause = read.only(self.method.clauses, tree.Ode)
        span = clause.span if clause is not None else self.method.span
        known = {slot for equation in ode for slot, _ in equation.slots}
        for statement in body.statements:
            if statement.is_state and statement.target not in {e.state for e in ode}:
                message = f"the equation has no state `{statement.target}`"
                self.report.error("B227", statement.place.span, message)
        for equation in ode:
            if equation.state not in states:
                message = f"nothing assigns {equation.state}[n+1]"
                self.report.error("B227", span, message)
        for slot, where in _slots(body).items():
            if slot not in known and slot not in linear:
                self.report.error(
                    "B227",
                    where,
                    f"the equation has no slot `{slot}`",
                    nearest(slot, known) or f"It has {', '.join(sorted(known))}.",
                )
        return ode

    def _case(self, slots: list[str]) -> None:
        where = _slots_of(self.names)
        for i, slot in enumerate(slots):
            for other in slots[:i]:
                if slot.lower() == other.lower():
                    self.report.error(
                        "B229",
                        where[slot],
                        f"the slots `{other}` and `{slot}` differ only in case",
                        f"Write {other} for both, or give one another name.",
                    )

    # ------------------------------------------------------------------ claims and leftovers

    def _claim(self, claim: Claim | None, body: Body) -> Claim | None:
        if claim is None or claim.embedded is None:
            return claim
        if isinstance(body, RungeKutta) and body.tableaus[0].embedded is not None:
            return claim
        self.report.error(
            "B217",
            claim.place.span,
            f"order {claim.order}({claim.embedded}) claims an embedded method; there is none",
            f"Write order {claim.order}, or a second row of weights.",
        )
        return Claim(order=claim.order, embedded=None, place=claim.place)

    def _linear(self, body: Body | None) -> tuple[str, ...]:
        clause = read.only(self.method.clauses, tree.Linear)
        if not isinstance(clause, tree.Linear):
            return ()
        slots = _slots_of(self.names)
        for name in clause.names:
            if body is not None and not self.report.partial and name.id not in slots:
                self.report.error(
                    "B228", name.span, f"no slot is called `{name.id}`", nearest(name.id, slots)
                )
        return tuple(dict.fromkeys(n.id for n in clause.names if n.id in slots))

    def _unused(self) -> None:
        """Declared numbers that nothing mentions. (Those that fall out later are the graph's.)"""
        if self.report.partial:
            return
        for name, (meaning, span) in self.names.meaning.items():
            if meaning in {"let", "symbol"} and name not in self.names.used and name != "h":
                self.report.warning(
                    "B206", span, f"`{name}` is declared and never used", "Use it or delete it."
                )


def _slots_of(names: Names) -> dict[str, Span]:
    return {name: span for name, (meaning, span) in names.meaning.items() if meaning == "slot"}


def _slots(body: StepBody) -> dict[str, Span]:
    """The slots a step body calls, with the place of the first call of each."""
    found: dict[str, Span] = {}
    for call in body.calls:
        found.setdefault(call.slot, call.place.span)
    return found
