"""Families of multistep methods for tests, from what defines them: integrals and differences."""

from fractions import Fraction
from math import perm

from method_graphs import ODE, STEP, U, Value, evaluation, graph, h, row

from butcher.coefficient import Coefficient, Number, Variable
from butcher.ir.graph import Graph, State
from butcher.spec.scheme import Equation
from butcher.spec.symbol import Symbol

Row = list[Fraction]


def product(p: Row, q: Row) -> Row:
    """Of two polynomials, constant term first."""
    found = [Fraction(0)] * (len(p) + len(q) - 1)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            found[i + j] += a * b
    return found


def solved(matrix: list[Row], right: Row) -> Row:
    """By Gauss and Jordan; the matrix is regular."""
    rows = [[*line, b] for line, b in zip(matrix, right, strict=True)]
    for k in range(len(rows)):
        pivot = next(i for i in range(k, len(rows)) if rows[i][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(len(rows)):
            if i != k:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [line[-1] for line in rows]


def highest_order_sigma(rho: Row, size: int, derivative: int = 1) -> Row:
    """The `size` coefficients beta_0, ... for which the most error constants vanish."""
    m = derivative
    matrix = [
        [Fraction(perm(q, m) * j ** (q - m)) for j in range(size)] for q in range(m, m + size)
    ]
    right = [sum((a * j**q for j, a in enumerate(rho)), Fraction(0)) for q in range(m, m + size)]
    return solved(matrix, right)


def adams_bashforth(steps: int) -> tuple[Row, Row]:
    rho = [Fraction(0)] * (steps - 1) + [Fraction(-1), Fraction(1)]
    return rho, [*highest_order_sigma(rho, steps), Fraction(0)]


def adams_moulton(steps: int) -> tuple[Row, Row]:
    rho = [Fraction(0)] * (steps - 1) + [Fraction(-1), Fraction(1)]
    return rho, highest_order_sigma(rho, steps + 1)


def bdf(steps: int) -> tuple[Row, Row]:
    """sum_k 1/k nabla^k u[n+1] = h f[n+1]."""
    rho, difference = [Fraction(0)] * (steps + 1), [Fraction(1)]
    for k in range(1, steps + 1):
        difference = product(difference, [Fraction(-1), Fraction(1)])
        for i, factor in enumerate(difference):
            rho[steps - k + i] += factor / k
    return rho, [Fraction(0)] * steps + [Fraction(1)]


def symbol(name: str, start: Fraction | int) -> Coefficient:
    return Coefficient.symbol(Variable(name, Number.of(start)))


def step_body(
    values: list[Value],
    weight: Value,
    *starts: tuple[str, Fraction | int],
    derivative: int = 1,
) -> Graph:
    """u[n+1] = values[0] u[n] + values[1] u[n-1] + ... + h^m weight f(u[n])."""
    states = [U, *(State("u", -j, "value", j) for j in range(1, len(values)))]
    terms: dict[str, Value] = {s.key: v for s, v in zip(states, values, strict=True)}
    terms["k1"] = Coefficient.of(1) * h**derivative * weight  # type: ignore[operator]
    rows = [row("Y1", **{"u[n]": 1}), row("u[n+1]", **terms)]
    symbols = [Symbol(name=n, kind="learn", start=Number.of(s)) for n, s in starts]
    ode = ODE if derivative == 1 else (Equation(state="u", derivative=2, slots=(("f", "u"),)),)
    outputs = ["u[n+1]", *(s.key for s in states[:-1])]
    evaluations = [evaluation("k1", "Y1")]
    return graph(states, evaluations, rows, outputs, ode=ode, symbols=[STEP, *symbols])
