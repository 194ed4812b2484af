"""Tableau and multistep bodies: rows of cells with shapes that fit."""

from __future__ import annotations

from butcher.coefficient import Coefficient
from butcher.frontend import tree
from butcher.source import Span
from butcher.spec.expression import Arithmetic
from butcher.spec.model import Place
from butcher.spec.report import Report
from butcher.spec.scheme import Cell, Equation, Multistep, RungeKutta, StageRow, Tableau


class Tables:
    """Reads the cells of a file's tables. A method returns None if a part could not be read."""

    def __init__(self, report: Report, arithmetic: Arithmetic) -> None:
        self.report = report
        self.arithmetic = arithmetic

    def cell(self, expression: tree.Expression) -> Cell | None:
        """An exact coefficient. The table is multiplied by h, so h cannot stand in it."""
        value = self.arithmetic.value(expression)
        if value is None:
            return None
        if "h" in value.names:
            self.report.error(
                "B216",
                expression.span,
                "the step h does not stand in a cell",
                "The whole table is multiplied by h already.",
            )
            return None
        return Cell(value=value, place=Place(span=expression.span))

    def cells(self, row: tree.Row, count: int, why: str) -> tuple[Cell, ...] | None:
        """`count` cells; missing trailing ones are zero."""
        read = [self.cell(expression) for expression in row.cells]
        if len(read) > count:
            self._too_many(row, count, why)
            return None
        end = Span(row.span.end_line, row.span.end_column, row.span.end_line, row.span.end_column)
        zero = Cell(value=Coefficient.of(0), place=Place(span=end))
        found = [c for c in read if c is not None]
        return None if len(found) < len(read) else (*found, *[zero] * (count - len(read)))

    def _too_many(self, row: tree.Row, count: int, why: str) -> None:
        surplus = row.cells[count]
        hint = "Was a `|` lost above?"
        if surplus.span.line > row.span.line:
            hint = (
                f"Line {surplus.span.line} has no `|`, so it continues the row of line "
                f"{row.span.line}. Should it be a row of its own?"
            )
        self.report.error(
            "B212",
            surplus.span.to(row.cells[-1].span)
            if row.cells[-1].span.line == surplus.span.line
            else surplus.span,
            f"{len(row.cells)} cells in a row that has room for {count} ({why})",
            hint,
        )

    # ------------------------------------------------------------------ Runge-Kutta

    def runge_kutta(
        self, bodies: tuple[tree.Tableau, ...], ode: tuple[Equation, ...] | None
    ) -> tuple[RungeKutta, tuple[Equation, ...]] | None:
        """One tableau a slot of the equation, all with as many stages."""
        if ode is None:
            slot = bodies[0].slot.id if bodies[0].slot is not None else "f"
            ode = (Equation(state="u", derivative=1, slots=((slot, "u"),)),)
            if len(bodies) > 1:
                self.report.error(
                    "B215",
                    bodies[1].span,
                    "several tableaus, and no `ode` clause says what their slots drive",
                    "Write `ode u' = f(u) + g(u)`, or `ode x' = f(y), y' = g(x)`.",
                )
        slots = [slot for equation in ode for slot, _ in equation.slots]
        tableaus = [self.tableau(body, slots) for body in bodies]
        found = [t for t in tableaus if t is not None]
        if len(found) < len(bodies) or not self._fit(bodies, found, slots):
            return None
        if any(equation.derivative != 1 for equation in ode):
            self.report.error(
                "B215",
                bodies[0].span,
                "a tableau is for equations of first order",
                "Write a method for u'' as a step body.",
            )
            return None
        ordered = tuple(sorted(found, key=lambda t: slots.index(t.slot)))
        return RungeKutta(tableaus=ordered), ode

    def _fit(
        self, bodies: tuple[tree.Tableau, ...], found: list[Tableau], slots: list[str]
    ) -> bool:
        names = [t.slot for t in found]
        for body, tableau in zip(bodies, found, strict=True):
            if names.count(tableau.slot) > 1:
                self.report.error("B215", body.span, f"two tableaus for the slot `{tableau.slot}`")
                return False
            if len(tableau.stages) != len(found[0].stages):
                self.report.error(
                    "B215",
                    body.span,
                    f"{len(tableau.stages)} stages, where the first tableau has "
                    f"{len(found[0].stages)}",
                    "All slots' tableaus have as many stages.",
                )
                return False
            if (tableau.embedded is None) != (found[0].embedded is None):
                self.report.error(
                    "B213", body.span, "embedded weights stand in one tableau and not in the other"
                )
                return False
        missing = [slot for slot in slots if slot not in names]
        if missing:
            self.report.error(
                "B215",
                bodies[-1].span,
                f"no tableau for the slot `{missing[0]}`",
                f"Write `tableau {missing[0]}` with as many stages.",
            )
        return not missing

    def tableau(self, body: tree.Tableau, slots: list[str]) -> Tableau | None:
        """A body's coefficients."""
        slot = self._slot(body, slots)
        count = len(body.stages)
        stages = [self._stage(row, count) for row in body.stages]
        weights = self._weights(body, count)
        if slot is None or weights is None:
            return None
        found = tuple(s for s in stages if s is not None)
        if len(found) < count:
            return None
        main, embedded, is_error = weights
        return Tableau(
            slot=slot,
            stages=found,
            weights=main[1],
            weights_place=Place(span=main[0]),
            embedded=None if embedded is None else embedded[1],
            embedded_place=None if embedded is None else Place(span=embedded[0]),
            error=is_error,
        )

    def _slot(self, body: tree.Tableau, slots: list[str]) -> str | None:
        if body.slot is None:
            if len(slots) == 1:
                return slots[0]
            self.report.error(
                "B215",
                body.span,
                "this tableau does not say which slot it is of",
                f"The equation has the slots {', '.join(slots)}: write `tableau {slots[0]}`.",
            )
            return None
        if body.slot.id not in slots:
            self.report.error(
                "B215",
                body.slot.span,
                f"the equation has no slot `{body.slot.id}`",
                f"It has {', '.join(slots)}.",
            )
            return None
        return body.slot.id

    def _stage(self, row: tree.Row, count: int) -> StageRow | None:
        node = None
        if row.head is not None:
            node = self.cell(row.head)
            if node is None:
                return None
        cells = self.cells(row, count, f"the tableau has {count} stages")
        return None if cells is None else StageRow(node=node, cells=cells, place=_place(row))

    def _weights(
        self, body: tree.Tableau, count: int
    ) -> tuple[tuple[Span, tuple[Cell, ...]], tuple[Span, tuple[Cell, ...]] | None, bool] | None:
        """(place, cells) of b and of the embedded row, and whether the latter is `err`."""
        if body.rule is None or not 1 <= len(body.weights) <= 2:
            return None  # reported by the parser
        labels = self._labels(body.weights)
        if labels is None:
            return None
        rows = {
            label: (row.span, self.cells(row, count, f"the tableau has {count} stages"))
            for label, row in zip(labels, body.weights, strict=True)
        }
        complete = {
            label: (span, cells) for label, (span, cells) in rows.items() if cells is not None
        }
        if len(complete) < len(rows):
            return None
        return complete["b"], complete.get("bhat") or complete.get("err"), "err" in rows

    def _labels(self, rows: tuple[tree.Row, ...]) -> tuple[str, ...] | None:
        labels: list[str] = []
        for row, default in zip(rows, ("b", "bhat"), strict=False):
            label = row.head.id if isinstance(row.head, tree.Name) else default
            if label not in {"b", "bhat", "err"}:
                return None  # reported by the parser
            labels.append(label)
        if "b" not in labels or len(set(labels)) < len(labels):
            self.report.error(
                "B214",
                rows[-1].span,
                f"under the rule stand {' and '.join(labels)}"
                if len(labels) > 1
                else f"the one row under the rule is {labels[0]}",
                "One row is b, the advanced solution; a second one is bhat or err.",
            )
            return None
        return tuple(labels)

    # ------------------------------------------------------------------ multistep

    def multistep(self, body: tree.Multistep, slot: str) -> Multistep | None:
        """alpha and beta, oldest first; beta padded with zeros to alpha's length."""
        rows: dict[str, tree.Row] = {}
        for row in body.rows:
            label = row.head.id if isinstance(row.head, tree.Name) else ""
            if label not in {"alpha", "beta"}:
                return None  # reported by the parser
            if label in rows:
                self.report.error("B221", row.span, f"a second row {label}")
                return None
            rows[label] = row
        for label in ("alpha", "beta"):
            if label not in rows:
                if not self.report.partial:
                    self.report.error("B221", body.span, f"no row `{label} | ...`")
                return None
        return self._steps(rows["alpha"], rows["beta"], slot, body.span)

    def _steps(self, alpha: tree.Row, beta: tree.Row, slot: str, span: Span) -> Multistep | None:
        count = len(alpha.cells)
        first = self.cells(alpha, count, "")
        second = self.cells(beta, count, f"alpha has {count} entries")
        if first is None or second is None:
            return None
        if count < 2:
            self.report.error(
                "B221", alpha.span, "alpha needs two entries at least", "As in `alpha | -1 1`."
            )
            return None
        if not first[-1].value or not first[-1].value.start():
            self.report.error(
                "B221",
                first[-1].place.span,
                "the last alpha, the factor of the new value, is zero",
                "Write alpha in full, the oldest value first.",
            )
            return None
        return Multistep(slot=slot, alpha=first, beta=second, place=Place(span=span))


def _place(row: tree.Row) -> Place:
    return Place(span=row.span)
