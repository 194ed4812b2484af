"""The names of a file and what they mean: one name, one meaning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from butcher.coefficient import ONE, Coefficient, Number, shown
from butcher.frontend import tree
from butcher.frontend.reader import children
from butcher.source import Span
from butcher.spec.expression import Arithmetic, unknown_name
from butcher.spec.model import Place
from butcher.spec.report import Report
from butcher.spec.symbol import Distribution, Symbol

Meaning = Literal["let", "symbol", "state", "stage", "slot"]

_ARTICLE = {
    "let": "a `let` constant",
    "symbol": "a declared number",
    "state": "a state",
    "stage": "a named stage or value",
    "slot": "a slot",
}

MOST_NAMES = 1000
LONGEST_NAME = 100

STEP = Symbol(name="h", kind="h", start=ONE)


class Names:
    """Declared numbers, and the slots, states and stages that bodies add."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.meaning: dict[str, tuple[Meaning, Span]] = {}
        self.symbols: dict[str, Symbol] = {}
        self.lets: dict[str, tree.Let] = {}
        self.used: set[str] = set()
        self._constants: dict[str, Coefficient | None] = {}

    def declare(self, name: tree.Name, meaning: Meaning) -> bool:
        """Gives a name its meaning; False (reported) if it has another one already."""
        before = self.meaning.get(name.id)
        if before is not None and (before[0] != meaning or meaning in {"let", "symbol"}):
            self.report.error(
                "B205",
                name.span,
                f"`{name.id}` is {_ARTICLE[before[0]]} already (line {before[1].line})",
                "A name means one thing in a file.",
            )
            return False
        self.meaning.setdefault(name.id, (meaning, name.span))
        self.check_length(name)
        if len(self.meaning) > MOST_NAMES:
            message = f"the file gives a meaning to more than {MOST_NAMES} names, the limit"
            self.report.stop("B247", name.span, message)
        return True

    def check_length(self, name: tree.Name) -> None:
        """Reports a name that is too long to be one."""
        if len(name.id) > LONGEST_NAME:
            message = f"a name has at most {LONGEST_NAME} characters, and this has {len(name.id)}"
            self.report.error("B250", name.span, message)

    def is_number(self, name: str) -> bool:
        """Whether the name stands for a number."""
        return name == "h" or self.meaning.get(name, ("slot",))[0] in {"let", "symbol"}

    def number(self, name: tree.Name, arithmetic: Arithmetic) -> Coefficient | None:
        """What a name stands for as a number; None (reported) if it does not."""
        self.used.add(name.id)
        if name.id in self.lets:
            return self.constant(name, arithmetic)
        if name.id in self.symbols:
            return Coefficient.symbol(self.symbols[name.id].variable)
        if name.id == "h":
            return Coefficient.symbol(STEP.variable)
        if name.id not in self.meaning:
            unknown_name(name, [*self.meaning, "h"], self.report)
        elif self.meaning[name.id][0] != "symbol":  # a symbol whose declaration failed is silent
            self.report.error(
                "B210",
                name.span,
                f"`{name.id}` is {_ARTICLE[self.meaning[name.id][0]]}, not a number",
            )
        return None

    def constant(self, name: tree.Name, arithmetic: Arithmetic) -> Coefficient | None:
        """The value of a `let`; each is evaluated once, on first use, in any order.

        What it mentions is evaluated before it, so that a long chain needs no deep recursion.
        """
        waiting = {name.id: _mentioned(self.lets[name.id].value)}
        while waiting:
            current, mentioned = next(reversed(waiting.items()))
            needed = next((m for m in mentioned if self._is_unknown(m)), None)
            if needed is None:
                if current not in self._constants:
                    self._constants[current] = arithmetic.value(self.lets[current].value)
                del waiting[current]
            elif needed.id in waiting:
                circle = list(waiting)[list(waiting).index(needed.id) :]
                self._circle([*circle, needed.id], needed.span)
            else:
                waiting[needed.id] = _mentioned(self.lets[needed.id].value)
        return self._constants[name.id]

    def _is_unknown(self, name: tree.Name) -> bool:
        return name.id in self.lets and name.id not in self._constants

    def _circle(self, names: list[str], span: Span) -> None:
        self.used.update(names)
        self._constants.update(dict.fromkeys(names))
        shortened = names if len(names) <= 6 else [*names[:3], "...", *names[-2:]]
        message = f"this constant is defined by itself: {' -> '.join(shortened)}"
        self.report.error("B230", span, message)


class Declarations:
    """Reads the clauses that declare numbers."""

    def __init__(self, names: Names, arithmetic: Arithmetic) -> None:
        self.names = names
        self.report = names.report
        self.arithmetic = arithmetic

    def read(self, clauses: tuple[tree.Clause, ...]) -> None:
        """All of them; a clause may use names that a later one declares."""
        declaring = [c for c in clauses if isinstance(c, _DECLARING)]
        fresh = [
            c
            for c in declaring
            if self.names.declare(c.name, "let" if isinstance(c, tree.Let) else "symbol")
        ]
        self.names.lets.update({c.name.id: c for c in fresh if isinstance(c, tree.Let)})
        for kind in (tree.Param, tree.Learn, tree.Random):  # what is drawn depends on parameters
            for clause in fresh:
                if isinstance(clause, kind):
                    symbol = self._symbol(clause)
                    if symbol is not None:
                        self.names.symbols[symbol.name] = symbol
        for clause in fresh:
            if isinstance(clause, tree.Let):
                value = self.names.constant(clause.name, self.arithmetic)
                if value is not None and "h" in value.names:
                    self.report.error(
                        "B216", clause.value.span, "a constant cannot depend on the step h"
                    )

    def _symbol(self, clause: tree.Clause) -> Symbol | None:
        match clause:
            case tree.Param():
                start = self._number(clause.value)
                kind: Literal["h", "param"] = "h" if clause.name.id == "h" else "param"
                if start is None:
                    return None
                return Symbol(
                    name=clause.name.id, kind=kind, start=start, place=_place(clause.name)
                )
            case tree.Learn():
                return self._learned(clause)
            case tree.Random():
                return self._drawn(clause)
        return None

    def _learned(self, clause: tree.Learn) -> Symbol | None:
        scope: Literal["block", "stage", "channel"] = "block"
        if clause.per is not None:
            scope = "stage" if clause.per.id == "stage" else "channel"
        if scope == "stage" and clause.name.id != "h" and clause.per is not None:
            self.report.error("B220", clause.per.span, "only the step h can be learned per stage")
        distribution, start = self._start(clause.start)
        if start is None:
            return None
        bounds = self._bounds(clause, start, distribution)
        return Symbol(
            name=clause.name.id,
            kind="learn",
            scope=scope,
            start=start,
            bounds=bounds,
            distribution=distribution,
            place=_place(clause.name),
        )

    def _start(
        self, written: tree.Expression | tree.Distribution
    ) -> tuple[Distribution | None, Number | None]:
        if not isinstance(written, tree.Distribution):
            return None, self._number(written)
        distribution = self._distribution(written, learned=True)
        return distribution, None if distribution is None else distribution.mean.start()

    def _bounds(
        self, clause: tree.Learn, start: Number, drawn: Distribution | None
    ) -> tuple[Number, Number] | None:
        if clause.bounds is None:
            return None
        low, high = (self._number(bound) for bound in clause.bounds)
        if low is None or high is None:
            return None
        span = clause.bounds[0].span.to(clause.bounds[1].span)
        if not low < high:
            self.report.error(
                "B219",
                span,
                f"there is no number between the bounds {shown(low)} and {shown(high)}",
            )
            return None
        lowest, highest = start, start
        if drawn is not None:
            if drawn.name != "uniform":
                self.report.error(
                    "B219", span, "a normal draw may fall outside any bounds", "Draw uniform."
                )
                return None
            lowest, highest = (a.start() for a in drawn.arguments)
        if not (low < lowest and highest < high):
            self.report.error(
                "B219",
                clause.start.span,
                f"the start value is not inside the bounds ({shown(low)}, {shown(high)})",
                "The bounds themselves are reached by no value of the parameter.",
            )
            return None
        return low, high

    def _drawn(self, clause: tree.Random) -> Symbol | None:
        scope: Literal["sample", "batch"] = "sample"
        if clause.per is not None:
            scope = "batch"
        distribution = self._distribution(clause.distribution, learned=False)
        if distribution is None:
            return None
        return Symbol(
            name=clause.name.id,
            kind="random",
            scope=scope,
            start=distribution.mean.start(),
            distribution=distribution,
            redrawn_backward=clause.redrawn,
            place=_place(clause.name),
        )

    def _distribution(self, written: tree.Distribution, *, learned: bool) -> Distribution | None:
        name = written.name.id
        if learned and name == "bernoulli":
            message = "the start value of a trained symbol is not drawn from bernoulli"
            self.report.error("B218", written.name.span, message, "Draw uniform or normal.")
            return None
        arguments = [self._parameter(argument) for argument in written.arguments]
        known_arguments = tuple(a for a in arguments if a is not None)
        if len(known_arguments) < len(arguments):
            return None
        return self._checked(name, known_arguments, written.span)

    def _checked(
        self, name: str, arguments: tuple[Coefficient, ...], span: Span
    ) -> Distribution | None:
        first, last = arguments[0].start(), arguments[-1].start()
        wrong = None
        if name == "uniform" and not first < last:
            drawn = f"uniform({shown(first)}, {shown(last)})"
            wrong = f"{drawn} has no room: the first number is the lower one"
        if name == "normal" and last.sign < 0:
            wrong = f"a standard deviation is not negative, and this is {shown(last)}"
        if name == "bernoulli" and not (first.sign >= 0 and (first - 1).sign <= 0):
            wrong = f"a probability is between 0 and 1, and this is {shown(first)}"
        if wrong is not None:
            self.report.error("B218", span, wrong)
            return None
        return Distribution.model_validate({"name": name, "arguments": arguments})

    def _parameter(self, expression: tree.Expression) -> Coefficient | None:
        """A number, or an expression over `param` names."""
        value = self.arithmetic.value(expression)
        if value is None:
            return None
        wrong = [n for n in value.names if n == "h" or self.names.symbols[n].kind != "param"]
        if wrong:
            self.report.error(
                "B218",
                expression.span,
                f"a distribution cannot depend on `{wrong[0]}`",
                "It may depend on numbers, `let` constants and `param` names.",
            )
            return None
        return value

    def _number(self, expression: tree.Expression) -> Number | None:
        """An exact number; start values and bounds depend on no symbol."""
        value = self.arithmetic.value(expression)
        if value is None:
            return None
        if not value.is_number:
            self.report.error(
                "B219",
                expression.span,
                f"a start value or bound cannot depend on {', '.join(sorted(value.names))}",
                "Write a number.",
            )
            return None
        return value.number


def _mentioned(expression: tree.Expression) -> Iterator[tree.Name]:
    """The names in an expression that stand for something, from left to right."""
    if isinstance(expression, tree.Name):
        yield expression
    for part in children(expression):
        yield from _mentioned(part)


def _place(name: tree.Name) -> Place:
    return Place(span=name.span)


_DECLARING = (tree.Let, tree.Param, tree.Learn, tree.Random)
