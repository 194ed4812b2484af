"""Graphs of methods for tests, made from coefficients written in Python."""

from collections.abc import Sequence
from fractions import Fraction

import numpy

from butcher.analysis.linear.characteristic import CharacteristicPolynomial
from butcher.analysis.multistep.root_condition import zero_stability
from butcher.coefficient import Coefficient, Number, Variable
from butcher.ir.graph import Estimate, Evaluation, Graph, Row, State, Term
from butcher.spec.scheme import Equation
from butcher.spec.symbol import Symbol

STEP = Symbol(name="h", kind="h", start=Number.of(1))
h = Coefficient.symbol(Variable("h", Number.of(1)))
ODE = (Equation(state="u", derivative=1, slots=(("f", "u"),)),)

Value = int | str | Fraction | Number | Coefficient


def zero_stable(method: Graph) -> bool | None:
    """Whether the root condition holds; None where it has no meaning or is not known."""
    found = zero_stability(method)
    return None if found is None else found.stable


def roots_at(p: CharacteristicPolynomial, z: complex) -> list[complex]:
    """The roots w of p(w, z) in double precision."""
    return list(numpy.roots([numpy.polyval(one[::-1], z) for one in reversed(p.floats())]))


def number(value: Value) -> Coefficient:
    """A coefficient; decimals of 15 or more digits are rounded in their last place."""
    if not isinstance(value, str):
        return Coefficient.of(value)
    digits = value.lstrip("-0.").replace(".", "")
    found = Coefficient.of(Fraction(value))
    if "." in value and len(digits) >= 15:
        return found.rounded(Fraction(1, 10 ** len(value.split(".")[1])))
    return found


def row(key: str, **terms: Value) -> Row:
    """`row("Y", u=1, k1=h/2)`; keys that are no names are given in `terms` by dict."""
    return Row(key, tuple(Term(k, number(v)) for k, v in terms.items() if number(v)))


def graph(
    states: Sequence[State],
    evaluations: Sequence[Evaluation],
    rows: Sequence[Row],
    outputs: Sequence[str],
    *,
    estimates: Sequence[Estimate] = (),
    ode: tuple[Equation, ...] = ODE,
    linear: frozenset[str] = frozenset(),
    symbols: Sequence[Symbol] = (STEP,),
) -> Graph:
    return Graph(
        "method",
        tuple(states),
        tuple(evaluations),
        tuple(rows),
        tuple(outputs),
        tuple(estimates),
        tuple(symbols),
        ode,
        linear,
        None,
    )


def evaluation(key: str, argument: str, slot: str = "f", c: Value | None = None) -> Evaluation:
    return Evaluation(key, slot, argument, key, None if c is None else number(c))


U = State("u", 0, "value", 0)


def runge_kutta(
    A: Sequence[Sequence[Value]],
    b: Sequence[Value],
    c: Sequence[Value] | None = None,
    bhat: Sequence[Value] | None = None,
    err: Sequence[Value] | None = None,
) -> Graph:
    """The tableau of a method for u' = f(u)."""
    stages = range(1, len(b) + 1)

    def combined(key: str, weights: Sequence[Value], start: Value) -> Row:
        cells = {f"k{j}": h * number(a) for j, a in zip(stages, weights, strict=False)}
        return row(key, **{"u[n]": start}, **cells)

    rows = [combined(f"Y{i}", A[i - 1], 1) for i in stages] + [combined("u[n+1]", b, 1)]
    estimates = []
    for name, weights, start in (("bhat", bhat, 1), ("err", err, 0)):
        if weights is not None:
            rows.append(combined(name, weights, start))
            estimates.append(Estimate(name, "u", "bhat" if start else "err"))
    abscissae = c or [sum((number(a) for a in line), Coefficient.of(0)) for line in A]
    evaluations = [evaluation(f"k{i}", f"Y{i}", c=abscissae[i - 1]) for i in stages]
    return graph([U], evaluations, rows, ["u[n+1]"], estimates=estimates)


def multistep(alpha: Sequence[Value], beta: Sequence[Value]) -> Graph:
    """sum_j alpha_j u[n+j] = h sum_j beta_j f[n+j], oldest first."""
    last = number(alpha[-1])
    steps = len(alpha) - 1
    values = [-(number(a) / last) for a in alpha[:-1]]
    betas = [number(b) / last for b in beta] + [Coefficient.of(0)] * (len(alpha) - len(beta))
    implicit = bool(betas[-1])
    used = max((j for j, a in enumerate(reversed(values)) if a), default=0)
    states = [State("u", -j, "value", j) for j in range(used + 1)]
    # what is kept: of an implicit method f[n], ..., of an explicit one f[n-1], ...
    first = 0 if implicit else 1
    kept = [s for s in range(first, steps) if any(betas[: steps - s])]
    keys = [State("f", -s, "evaluation", s + (1 if implicit else 0)) for s in kept]
    terms: dict[str, Value] = {s.key: values[steps - 1 + s.index] for s in states}
    terms |= {s.key: h * betas[steps - 1 + s.index] for s in keys}
    terms["f"] = h * betas[-1 if implicit else -2]
    argument = "u[n+1]" if implicit else "Y"
    rows = [row("u[n+1]", **terms)] + ([] if implicit else [row("Y", **{"u[n]": 1})])
    outputs = ["u[n+1]", *(s.key for s in states[:-1])]
    outputs += ["f", *(s.key for s in keys[:-1])] if keys else []
    return graph([*states, *keys], [evaluation("f", argument, c=int(implicit))], rows, outputs)
