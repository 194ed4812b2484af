"""Modified equations in numbers: a step of the method is one of their flow, to one order more.

An error of a step that falls like h^(N+1), where trees up to order N are written, is measured at
two step sizes with 50 digits.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from math import log2

import mpmath
import pytest
from elementary import parsed

import butcher
from butcher.analysis.conditions.ring import Ball
from butcher.analysis.modified.equation import ModifiedEquation, modified_equation
from butcher.coefficient import Coefficient, Number
from butcher.ir.glm import general_linear_method
from butcher.ir.graph import Graph
from butcher.ir.lower import lower

F = Fraction
Vector = list[mpmath.mpf]
Point = dict[str, Vector]
Field = Callable[[Point], Point]
Slot = Callable[..., Vector]
"""At a point, along some directions: the derivative of that order."""

SIZE = F(1, 512)
LM = "method lm\nlearn k = 1/3\nstep\n u[n+1] = (1 - k)*u[n] + k*u[n-1] + h*f(u[n])"


def shipped(name: str) -> Graph:
    return lower(butcher.load(name))


# ---------------------------------------------------------------------- fields


def bend(point: Vector, *along: Vector) -> Vector:
    """f(x, y) = (e^y, cos x)."""
    x, y = point
    first, second = mpmath.exp(y), mpmath.cos(x + len(along) * mpmath.pi / 2)
    for direction in along:
        first, second = first * direction[1], second * direction[0]
    return [first, second]


def predator(point: Vector, *along: Vector) -> Vector:
    """Lotka and Volterra's f(x, y) = (x (1-y), y (x-1))."""
    x, y = point
    if not along:
        return [x * (1 - y), y * (x - 1)]
    if len(along) == 1:
        ((a, b),) = along
        return [a * (1 - y) - x * b, b * (x - 1) + y * a]
    if len(along) == 2:
        (a, b), (c, d) = along
        return [-(a * d + b * c), a * d + b * c]
    return [mpmath.mpf(0), mpmath.mpf(0)]


def square(point: Vector, *along: Vector) -> Vector:
    """f(u) = u^2."""
    (u,) = point
    factor = [u**2, 2 * u, mpmath.mpf(2), mpmath.mpf(0)][min(len(along), 3)]
    return [factor * mpmath.fprod(a[0] for a in along)]


def exponential(point: Vector, *along: Vector) -> Vector:
    return [mpmath.exp(point[0]) * mpmath.fprod(a[0] for a in along)]


def cosine(point: Vector, *along: Vector) -> Vector:
    found = mpmath.cos(point[0] + len(along) * mpmath.pi / 2)
    return [found * mpmath.fprod(a[0] for a in along)]


def real(one: Number | Ball) -> mpmath.mpf:
    if isinstance(one, Ball):
        return mpmath.mpf(one.middle.numerator) / one.middle.denominator
    return mpmath.fsum(factor * mpmath.sqrt(d) for d, factor in one.terms) / one.denominator


def modified(
    found: ModifiedEquation,
    slots: Mapping[str, Slot],
    reads: Mapping[str, str],
    size: mpmath.mpf,
) -> Field:
    factors = [(t, real(t.coefficient) * size ** (t.order - 1)) for t in found.terms]

    def field(at: Point) -> Point:
        @cache
        def differential(tree: str) -> Vector:
            name, parts = parsed(tree)
            slot = name or "f"
            return slots[slot](at[reads[slot]], *map(differential, parts))

        moved = {state: [mpmath.mpf(0)] * len(v) for state, v in at.items()}
        for term, factor in factors:
            moved[term.state] = added(moved[term.state], factor, differential(term.tree))
        return moved

    return field


def added(left: Vector, factor: mpmath.mpf, right: Vector) -> Vector:
    return [a + factor * b for a, b in zip(left, right, strict=True)]


def moved_by(at: Point, by: mpmath.mpf, along: Point) -> Point:
    return {state: added(value, by, along[state]) for state, value in at.items()}


def flowed(field: Field, start: Point, time: mpmath.mpf) -> Point:
    """By extrapolation of the two-step midpoint rule to order 14 (Gragg)."""
    numbers = range(2, 16, 2)
    table: list[Point] = []
    for j, n in enumerate(numbers):
        size = time / n
        before, now = start, moved_by(start, size, field(start))
        for _ in range(n - 1):
            before, now = now, moved_by(before, 2 * size, field(now))
        last = moved_by(before, size, field(now))
        line = [moved_by(moved_by(now, -1 / mpmath.mpf(2), now), 1 / mpmath.mpf(2), last)]
        for k in range(1, j + 1):
            ratio = 1 / ((mpmath.mpf(n) / numbers[j - k]) ** 2 - 1)
            nearer = moved_by(line[-1], ratio, line[-1])
            line.append(moved_by(nearer, -ratio, table[k - 1]))
        table = line
    return table[-1]


# ---------------------------------------------------------------------- methods


def stepped(
    method: Graph, slots: Mapping[str, Slot], at: Callable[[int], Point], size: Fraction
) -> Point:
    """One block on values and evaluations of `at`, by place from n; circles are iterated."""
    matrices = general_linear_method(method)

    def numbers(matrix: Sequence[Sequence[Coefficient]]) -> list[Vector]:
        return [[real(one.evaluate({"h": Number.of(size)})) for one in line] for line in matrix]

    A, from_held, B, V = map(numbers, (matrices.A, matrices.U, matrices.B, matrices.V))
    held = [
        at(s.index)[s.name] if s.kind == "value" else slots["f"](at(s.index)["u"])
        for s in matrices.states
    ]
    ks = [[mpmath.mpf(0)] * len(held[0]) for _ in matrices.stages]

    def row(weights: Vector, of_held: Vector) -> Vector:
        total = [mpmath.mpf(0)] * len(held[0])
        for factor, value in [*zip(weights, ks, strict=True), *zip(of_held, held, strict=True)]:
            total = added(total, factor, value)
        return total

    for _ in range(len(ks) if method.is_explicit else 25):
        ks = [
            slots[method.evaluation[key].slot](row(A[i], from_held[i]))
            for i, key in enumerate(matrices.stages)
        ]
    newest = [(i, s) for i, s in enumerate(matrices.states) if s.kind == "value" and s.lag == 0]
    return {s.name: row(B[i], V[i]) for i, s in newest}


def error(
    method: Graph,
    found: ModifiedEquation,
    slots: Mapping[str, Slot],
    start: Point,
    size: Fraction,
) -> mpmath.mpf:
    """Of one step from values on the modified flow."""
    h = mpmath.mpf(size.numerator) / size.denominator
    reads = {slot: state for equation in method.ode for slot, state in equation.slots}
    field = modified(found, slots, reads, h)

    @cache
    def at(index: int) -> Point:
        return flowed(field, start, index * h) if index else start

    new, wanted = stepped(method, slots, at, size), at(1)
    return max(abs(a - b) for s in new for a, b in zip(new[s], wanted[s], strict=True))


def slope(method: Graph, found: ModifiedEquation, slots: Mapping[str, Slot], start: Point) -> float:
    """The power of h by which a step leaves the modified flow."""
    return log2(
        error(method, found, slots, start, SIZE) / error(method, found, slots, start, SIZE / 2)
    )


CASES = [
    *[("euler", n) for n in (1, 2, 4)],
    *[("midpoint", n) for n in (3, 5)],
    *[("rk4", n) for n in (4, 5, 6)],
    ("heun3", 5),
    *[("implicit_midpoint", n) for n in (2, 4)],
    *[("gauss4", n) for n in (4, 6)],
    *[(LM, n) for n in (1, 2, 4)],
    *[("ab2", n) for n in (2, 4)],
    ("bdf2", 3),
    ("am3", 5),
    ("tsit5", 6),
]


@pytest.mark.parametrize(("name", "order"), CASES, ids=lambda value: str(value).split("\n")[0])
@pytest.mark.parametrize("field", [bend, predator])
def test_a_step_follows_the_modified_flow(name: str, order: int, field: Slot) -> None:
    method = lower(butcher.parse(name)) if "\n" in name else shipped(name)
    with mpmath.workdps(50):
        start = {"u": [mpmath.mpf("0.7"), mpmath.mpf("0.4")]}
        found = slope(method, modified_equation(method, order), {"f": field}, start)
    assert found == pytest.approx(order + 1, abs=0.1)


@pytest.mark.parametrize(("name", "order"), [("euler", 3), ("midpoint", 3), ("heun3", 4)])
def test_a_step_of_a_scalar_equation_follows_the_modified_flow(name: str, order: int) -> None:
    method = shipped(name)
    with mpmath.workdps(50):
        start = {"u": [mpmath.mpf("0.7")]}
        found = slope(method, modified_equation(method, order), {"f": square}, start)
    assert found == pytest.approx(order + 1, abs=0.1)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_a_partitioned_step_follows_the_modified_flow(order: int) -> None:
    method = shipped("revnet")
    with mpmath.workdps(50):
        start = {"x": [mpmath.mpf("0.7")], "y": [mpmath.mpf("0.4")]}
        slots = {"f": exponential, "g": cosine}
        found = slope(method, modified_equation(method, order), slots, start)
    assert found == pytest.approx(order + 1, abs=0.1)


def test_a_wrong_sign_would_be_seen() -> None:
    """Euler's method is no nearer to the field of backward Euler than to f itself."""
    with mpmath.workdps(50):
        start = {"u": [mpmath.mpf("0.7"), mpmath.mpf("0.4")]}
        wrong = modified_equation(shipped("backward_euler"), 2)
        found = slope(shipped("euler"), wrong, {"f": bend}, start)
    assert found == pytest.approx(2, abs=0.1)


def test_the_linear_multi_step_unit_solves_the_equation_of_lu() -> None:
    """Of (1+k) u' + (1-k) h/2 u'' = f with f = -u the slow rate is that of the method's principal
    root, to O(h^2); without the correction it is to O(h).
    """
    with mpmath.workdps(30):
        k = 1 / mpmath.mpf(3)
        far = []
        for h in (mpmath.mpf(1) / 512, mpmath.mpf(1) / 1024):
            root = max(mpmath.polyroots([1, -(1 - k) + h, -k]))
            rate = mpmath.log(root) / h
            a, b = (1 - k) * h / 2, 1 + k
            slow = (-b + mpmath.sqrt(b * b - 4 * a)) / (2 * a)
            far.append((abs(rate - slow), abs(rate + 1 / b)))
    corrected, plain = (log2(first / second) for first, second in zip(*far, strict=True))
    assert corrected == pytest.approx(2, abs=0.05)
    assert plain == pytest.approx(1, abs=0.05)
