"""The characteristic polynomial is what the exact interpreter does with a linear function."""

from fractions import Fraction

import pytest
import sympy
from method_graphs import U, evaluation, graph, h, row, runge_kutta

import butcher
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.analysis.linear.characteristic import (
    DIRECT,
    PARTITIONED,
    SECOND_ORDER,
    UNSCALED,
    CharacteristicPolynomial,
    characteristic_polynomial,
)
from butcher.analysis.polynomials.subresultant import determinant
from butcher.analysis.polynomials.univariate import polynomial, value
from butcher.coefficient import ONE, ZERO, Number
from butcher.ir.graph import Graph, State
from butcher.ir.interpret import interpret
from butcher.ir.lower import lower
from butcher.resources import root

NAMES = sorted(path.name.removesuffix(".tab") for path in root("specs").iterdir())
STEP = Fraction(2)
GRAPHS: dict[str, Graph] = {}


def graph_of(name: str) -> Graph:
    if name not in GRAPHS:
        GRAPHS[name] = lower(butcher.load(name))
    return GRAPHS[name]


def found(name: str) -> CharacteristicPolynomial:
    return characteristic_polynomial(graph_of(name))


UNDEFINED = {
    "fractal3": "slot join3 is a linear map",
    "fractalnet": "slot k3 is a linear map",
    "polynet_2way": "several slots drive one state",
    "polynet_mpoly2": "no ode clause says which equation has f and g in it",
    "shake_shake": "no ode clause says which equation has f and g in it",
    "transformer": "several slots drive one state",
}
DEFINED = [name for name in NAMES if name not in UNDEFINED]


def matrix(graph: Graph, factor: Number, sweeps: int | None = None) -> list[list[Number]]:
    """What a block does to the unit vectors where every slot multiplies with `factor`, h = 2."""
    steps = {s.name: Number.of(STEP) for s in graph.symbols if s.name.split(":")[0] == "h"}
    columns = [
        interpret(
            graph,
            {s.key: ONE if s is unit else ZERO for s in graph.states},
            lambda evaluation, t, y: y * factor,
            symbols=steps,
            sweeps=sweeps,
        ).outputs
        for unit in graph.states
    ]
    return [list(line) for line in zip(*columns, strict=True)]


def at(p: CharacteristicPolynomial, w: Number, z: Number) -> Number:
    return value([value(one, z) for one in p.coefficients], w)


@pytest.mark.parametrize("name", [n for n in DEFINED if graph_of(n).is_explicit])
@pytest.mark.parametrize(
    ("z", "w"), [(Fraction(-3, 7), Fraction(5, 2)), (Fraction(4), Fraction(-1, 3))]
)
def test_it_is_the_determinant_of_what_the_interpreter_computes(
    name: str, z: Fraction, w: Fraction
) -> None:
    p = found(name)
    slope = Number.of(z) / STEP
    M = matrix(graph_of(name), slope**2 if p.test_equation == SECOND_ORDER else slope)
    shifted = [
        [ZERO - entry + (w if i == j else 0) for j, entry in enumerate(line)]
        for i, line in enumerate(M)
    ]
    zeros = len(M) - (len(p.coefficients) - 1)
    assert zeros >= 0
    ours = at(p, Number.of(w), Number.of(z)) * Number.of(w) ** zeros
    if p.rounded:
        assert float(determinant(shifted)) == pytest.approx(float(ours), rel=1e-12)
    else:
        assert determinant(shifted) == ours


@pytest.mark.parametrize("name", [n for n in DEFINED if not graph_of(n).is_explicit])
def test_sweeps_of_an_implicit_method_tend_to_it(name: str) -> None:
    p, z, w = found(name), Fraction(-1, 64), Fraction(5, 2)
    M = matrix(graph_of(name), Number.of(z) / STEP, sweeps=24)
    shifted = [
        [ZERO - entry + (w if i == j else 0) for j, entry in enumerate(line)]
        for i, line in enumerate(M)
    ]
    zeros = len(M) - (len(p.coefficients) - 1)
    expected = at(p, Number.of(w), Number.of(z)) * Number.of(w) ** zeros
    expected = expected / value(p.coefficients[-1], z)
    assert abs(float(determinant(shifted) - expected)) < 2.0**-100


def test_the_stability_function_of_gauss_and_radau_is_pades() -> None:
    """Hairer, Wanner, Solving ODEs II, table IV.3.1: (2, 2) and (1, 2)."""
    z = sympy.Symbol("z")
    for name, k in (("gauss4", 2), ("radau_iia3", 1)):
        below, above = (
            [sympy.sympify(str(a)) for a in one] for one in reversed(found(name).coefficients)
        )
        R = -sum(a * z**i for i, a in enumerate(above)) / sum(a * z**i for i, a in enumerate(below))
        agrees = sympy.series(R - sympy.exp(z), z, 0, 3 + k).removeO()
        assert sympy.simplify(agrees) == 0
        assert (len(above) - 1, len(below) - 1) == (k, 2)


def test_a_multistep_method_is_rho_minus_z_sigma() -> None:
    assert found("ab2").coefficients == found("ab2_step").coefficients
    assert found("ab2").coefficients == (
        polynomial([0, Fraction(1, 2)]),
        polynomial([-1, Fraction(-3, 2)]),
        polynomial([1]),
    )


def test_test_equations() -> None:
    assert found("rk4").test_equation == DIRECT
    assert found("revnet").test_equation == PARTITIONED
    assert found("second_order").test_equation == SECOND_ORDER
    # the symplectic Euler method and Stoermer's are alike: cosh(z) = 1 + z^2/2
    assert found("revnet").coefficients == found("second_order").coefficients


def test_what_is_no_multiple_of_h_is_taken_at_h_one() -> None:
    terms = {"u[n]": 1, "k": h * h + h}
    method = graph(
        [U], [evaluation("k", "Y")], [row("Y", **{"u[n]": 1}), row("u[n+1]", **terms)], ["u[n+1]"]
    )
    p = characteristic_polynomial(method)
    assert p.test_equation == UNSCALED
    assert p.coefficients == (polynomial([-1, -2]), polynomial([1]))


@pytest.mark.parametrize(("name", "reason"), UNDEFINED.items())
def test_slots_with_eigenvalues_of_their_own_have_none(name: str, reason: str) -> None:
    with pytest.raises(UndefinedError, match=reason):
        characteristic_polynomial(graph_of(name))


def test_common_factors_are_divided_out() -> None:
    """A stage that is computed and does not matter, implicit or not, leaves no factor."""
    quarter = Fraction(1, 4)
    alone = runge_kutta([[Fraction(1, 2)]], [1])
    with_idle = runge_kutta([[Fraction(1, 2), 0], [quarter, 7]], [1, 0])
    cancelling = runge_kutta([[Fraction(1, 2), 0], [0, Fraction(1, 2)]], [quarter, 3 * quarter])
    expected = characteristic_polynomial(alone)
    assert characteristic_polynomial(with_idle) == expected
    assert characteristic_polynomial(cancelling) == expected


def test_an_implicit_method_with_a_kept_evaluation() -> None:
    """u[n+1] = u[n] + h (k + k[n-1]) / 2, k = f(u[n] + h/2 k): M by hand."""
    half = Fraction(1, 2)
    kept = State("k", -1, "evaluation", 1)
    rows = [
        row("Y", **{"u[n]": 1, "k": h * half}),
        row("u[n+1]", **{"u[n]": 1, "k": h * half, "k[n-1]": h * half}),
    ]
    p = characteristic_polynomial(graph([U, kept], [evaluation("k", "Y")], rows, ["u[n+1]", "k"]))
    z, w = sympy.symbols("z w")
    k = z / (1 - z / 2)  # h k of u = 1
    M = sympy.Matrix([[1 + k / 2, sympy.Rational(1, 2)], [k, 0]])
    expected = sympy.cancel((w * sympy.eye(2) - M).det() * (1 - z / 2))
    ours = sum(
        sympy.sympify(str(a)) * z**i * w**j
        for j, one in enumerate(p.coefficients)
        for i, a in enumerate(one)
    )
    assert sympy.expand(ours - expected) == 0


def test_many_dense_stages_end_with_an_error() -> None:
    size = 64
    A = [[Fraction(i * j + 1, 7 + i + 2 * j) for j in range(size)] for i in range(size)]
    with pytest.raises(TooLargeError):
        characteristic_polynomial(runge_kutta(A, [Fraction(1, size)] * size))


def test_long_numbers_end_with_an_error() -> None:
    size = 40
    surd = Number.sqrt(Fraction(2)) + Number.sqrt(Fraction(3)) + Number.sqrt(Fraction(5))
    A = [[surd * Fraction(10**500 + 3**j, 7**400 + i) for j in range(i)] for i in range(size)]
    with pytest.raises(TooLargeError):
        characteristic_polynomial(runge_kutta(A, [Fraction(1, size)] * size))
