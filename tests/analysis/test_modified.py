"""Modified equations: as the literature prints them, and what is reported."""

import re
from fractions import Fraction
from pathlib import Path

import pytest
import sympy
from elementary import bracket, differential
from method_graphs import U, evaluation, graph, h, multistep, row, runge_kutta

import butcher
from butcher.analysis.conditions.trees import Trees
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.analysis.modified.equation import ElementaryTerm, modified_equation
from butcher.coefficient import Number
from butcher.ir.graph import Graph
from butcher.ir.lower import lower
from butcher.spec.scheme import Equation

F = Fraction


def shipped(name: str) -> Graph:
    return lower(butcher.load(name))


# ---------------------------------------------------------------------- the literature


@pytest.mark.parametrize(
    ("name", "order", "form"),
    [
        # Hairer, Lubich, Wanner, Geometric Numerical Integration, IX.1 and IX.9
        ("euler", 3, "u' = f - h/2 f'(f) + h^2 (1/12 f''(f, f) + 1/3 f'(f'(f))) + O(h^3)"),
        ("backward_euler", 3, "u' = f + h/2 f'(f) + h^2 (1/12 f''(f, f) + 1/3 f'(f'(f))) + O(h^3)"),
        ("implicit_midpoint", 3, "u' = f + h^2 (-1/24 f''(f, f) + 1/12 f'(f'(f))) + O(h^3)"),
        ("trapezoid", 3, "u' = f + h^2 (1/12 f''(f, f) + 1/12 f'(f'(f))) + O(h^3)"),
        ("trapezoid", 1, "u' = f + O(h)"),
        # symplectic Euler, ibid.
        ("revnet", 2, "x' = f - h/2 f'(g) + O(h^2); y' = g + h/2 g'(f) + O(h^2)"),
    ],
)
def test_one_step_methods(name: str, order: int, form: str) -> None:
    assert modified_equation(shipped(name), order).form == form


@pytest.mark.parametrize(
    ("name", "order", "defect"),
    [
        # Lu, Zhong, Li, Dong (2018)
        ("euler", None, "u' + h/2 u'' = f"),
        ("lm_resnet", None, "(1+k) u' + (1-k) h/2 u'' = f"),
        ("lm_resnet", 3, "(1+k) u' + (1-k) h/2 u'' + (1+k) h^2/6 u''' = f"),
        ("second_order", None, "u'' + h^2/12 u'''' = f"),
        ("second_order", 5, "u'' + h^2/12 u'''' + h^4/360 u^(6) = f"),
        # error constants: Hairer, Norsett, Wanner, Solving ODEs I, III.2
        ("ab2", None, "u' + 5 h^2/12 u''' = f"),
        ("ab3", None, "u' + 3 h^3/8 u'''' = f"),
        ("am2", None, "u' - h^3/24 u'''' = f"),
        ("bdf2", None, "u' - h^2/3 u''' = f"),
        ("leapfrog", None, "u' + h^2/6 u''' = f"),
        ("trapezoid", None, "u' - h^2/12 u''' = f"),
        # other ways to write what reads one value at a time
        ("backward_euler", None, "u' - h/2 u'' = f"),
        ("stochastic_lm", None, "-g u' + (2+g) h/2 u'' = p f"),
        ("layerscale", None, "u' + h/2 u'' = a f"),
        ("shake_shake", None, "u' + h/2 u'' = 1/2 f + 1/2 g"),
        ("rk4", None, None),
        ("revnet", None, None),
    ],
)
def test_difference_equations(name: str, order: int | None, defect: str | None) -> None:
    assert modified_equation(shipped(name), order).defect == defect


# BSeries.jl, its tests, where they were compared with the Python package BSeries
LEVELS = ["12", "122", "123", "1222", "1223", "1233", "1234", "12222", "12223"]
LEVELS += ["12323", "12233", "12333", "12234", "12334", "12344", "12345"]
PUBLISHED = {
    "midpoint": "0 -1/12 -1/6 0 0 1/8 1/8 7/240 1/40 1/30 3/80 -7/240 7/240 -1/40 -19/240 -1/20",
    "heun2": "0 1/6 -1/6 0 -1/8 0 1/8 -1/30 -7/120 3/40 7/120 1/30 1/20 7/120 -7/120 -1/20",
    "ssprk33": "0 0 0 0 -1/24 1/12 -1/24 1/120 -1/60 1/30 1/60 -1/120 1/120 -1/40 -1/60 1/30",
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_coefficients_are_those_of_another_project(name: str) -> None:
    found = {t.tree: t.coefficient for t in modified_equation(shipped(name), 5).terms}
    trees = Trees(order=5)
    sigma = {trees.bracket(t): trees.sigma(t) for t in range(len(trees))}
    for levels, weight in zip(LEVELS, PUBLISHED[name].split(), strict=True):
        tree = bracket(levels)
        assert found.get(tree, 0) == Fraction(weight) / sigma[tree], tree


def test_the_series_of_a_quadratic_equation() -> None:
    """Euler's method for u' = u^2: Hairer, Lubich, Wanner, example IX.1.1."""
    u, s = sympy.symbols("u s")

    def of(_: str, parts: list[sympy.Expr]) -> sympy.Expr:
        return sympy.diff(u**2, u, len(parts)) * sympy.prod(parts)

    series = sum(
        sympy.Rational(str(term.coefficient)) * s ** (term.order - 1) * differential(term.tree, of)
        for term in modified_equation(shipped("euler"), 6).terms
    )
    printed = ["1", "-1", "3/2", "-8/3", "31/6", "-157/15"]
    wanted = sum(sympy.Rational(c) * s**i * u ** (i + 2) for i, c in enumerate(printed))
    assert sympy.expand(series - wanted) == 0


def test_partitioned_euler_steps_a_modified_hamiltonian() -> None:
    """H - h/2 H_p H_q + h^2/12 (H_pp H_q^2 + H_qq H_p^2), for H(p, q) = T(p) + U(q).

    Yoshida (1993), Celest. Mech. Dyn. Astron. 56, 27-43, of the method that updates p first: here
    x = p, with p' = -H_q = f(q), q' = H_p = g(p).
    """
    p, q, s = sympy.symbols("p q s")
    H = p**2 / 2 + p**4 + q**4 / 4 - q**3
    hp, hq = sympy.diff(H, p), sympy.diff(H, q)
    modified = H - s / 2 * hp * hq
    modified += s**2 / 12 * (sympy.diff(hp, p) * hq**2 + sympy.diff(hq, q) * hp**2)

    def of(slot: str, parts: list[sympy.Expr]) -> sympy.Expr:
        field, variable = (-hq, q) if slot == "f" else (hp, p)
        return sympy.diff(field, variable, len(parts)) * sympy.prod(parts)

    moved = {"x": sympy.Integer(0), "y": sympy.Integer(0)}
    for term in modified_equation(shipped("revnet"), 3).terms:
        factor = sympy.Rational(str(term.coefficient)) * s ** (term.order - 1)
        moved[term.state] += factor * differential(term.tree, of)
    assert sympy.expand(moved["x"] + sympy.diff(modified, q)) == 0
    assert sympy.expand(moved["y"] - sympy.diff(modified, p)) == 0


# ---------------------------------------------------------------------- what is reported


def test_terms_carry_what_the_form_shows() -> None:
    found = modified_equation(shipped("euler"), 3)
    assert (found.up_to, found.exact, found.at, found.reason) == (3, True, (), None)
    assert found.terms[2:] == (
        ElementaryTerm("u", "[[], []]", "f''(f, f)", 3, Number.of(F(1, 12))),
        ElementaryTerm("u", "[[[]]]", "f'(f'(f))", 3, Number.of(F(1, 3))),
    )


def test_symbols_stand_at_their_start_values_in_the_series_alone() -> None:
    found = modified_equation(shipped("lm_resnet"))
    assert found.at == ("k = -1/20",)
    assert found.form == "u' = 20/19 f - 4200 h/6859 f'(f) + O(h^2)"


def test_by_default_the_first_correction_is_the_last_term() -> None:
    assert modified_equation(shipped("rk4")).up_to == 5
    assert modified_equation(shipped("bs32")).up_to == 4
    assert modified_equation(shipped("ralston2")).form == "u' = f - h^2/6 f'(f'(f)) + O(h^3)"


def test_a_long_first_correction_is_written_on_demand() -> None:
    assert modified_equation(shipped("verner76")).form == "u' = f + O(h^7)"
    assert len(modified_equation(shipped("verner76"), 8).terms) > 24
    assert modified_equation(shipped("verner89")).form == "u' = f + O(h^8)"


def test_surds_are_exact() -> None:
    assert modified_equation(shipped("sdirk2")).form == (
        "u' = f + h^2 (-(4-3*sqrt(2))/24 f''(f, f) - (4-3*sqrt(2))/6 f'(f'(f))) + O(h^3)"
    )


def test_of_decimals_no_more_is_told_than_is_printed() -> None:
    found = modified_equation(runge_kutta([[], ["0.666666666666667"]], [F(1, 4), F(3, 4)]), 3)
    assert not found.exact
    assert [term.differential for term in found.terms] == ["f", "f'(f'(f))"]
    assert found.form == "u' = f - 0.166667 h^2 f'(f'(f)) + O(h^3)"


def test_decimals_that_tell_nothing_are_refused() -> None:
    wild = runge_kutta([[], ["1000000.123456789"]], ["-123456789.000000001", 123456790])
    with pytest.raises(UndefinedError, match="digits"):
        modified_equation(wild, 4)


def test_rounded_values_keep_constants_in_the_difference_equation() -> None:
    method = multistep(["-0.333333333333333", "-0.666666666666667", 1], [F(1, 3), 1])
    assert modified_equation(method).defect == "u' + 0.5 h u'' = f"


def test_long_numbers_are_shortened() -> None:
    weight = F(10**60 + 1, 3 * 10**60)
    found = modified_equation(runge_kutta([[]], [weight]))
    assert str(found.form).startswith("u' = (about 0.3333333333) f - ")


@pytest.mark.parametrize(
    ("name", "order", "formulas"),
    [
        (
            "euler",
            3,
            (
                r"u' = f - \frac{h}{2} f'(f) + h^{2} (\frac{1}{12} f''(f, f)"
                r" + \frac{1}{3} f'(f'(f))) + \mathcal{O}(h^{3})",
                r"u' + \frac{h}{2} u'' + \frac{h^{2}}{6} u''' = f",
            ),
        ),
        (
            "revnet",
            2,
            (
                r"x' = f - \frac{h}{2} f'(g) + \mathcal{O}(h^{2})"
                r" \\ y' = g + \frac{h}{2} g'(f) + \mathcal{O}(h^{2})",
            ),
        ),
    ],
)
def test_latex(name: str, order: int, formulas: tuple[str, ...]) -> None:
    assert modified_equation(shipped(name), order).latex() == formulas


def test_latex_of_what_is_rare() -> None:
    assert modified_equation(shipped("ab4")).latex()[1] == (
        r"u' + \frac{251 h^{4}}{720} u^{(5)} = f"
    )
    assert (
        modified_equation(shipped("sdirk2"))
        .latex()[0]
        .startswith(r"u' = f + h^{2} (-\frac{4-3 \sqrt{2}}{24} f''(f, f)")
    )
    learned = "method m\nlearn eta = 2\nstep\n u_1[n+1] = u_1[n] + eta^2*h*f2(u_1[n])"
    text = learned.replace("learn", "ode u_1' = f2(u_1)\nlearn", 1)
    assert modified_equation(lower(butcher.parse(text))).latex()[1] == (
        r"\mathrm{u\_1}' + \frac{h}{2} \mathrm{u\_1}'' = \eta^{2} \mathrm{f2}"
    )


# ---------------------------------------------------------------------- where there is none


@pytest.mark.parametrize(
    ("name", "reason"),
    [("fractal3", "linear map"), ("polynet_poly2", "constants"), ("polynet_mpoly2", "ode")],
)
def test_what_has_no_modified_equation_says_why(name: str, reason: str) -> None:
    with pytest.raises(UndefinedError, match=reason):
        modified_equation(shipped(name))


def test_equations_of_second_order_have_one_of_the_two_forms() -> None:
    found = modified_equation(shipped("second_order"))
    assert (found.form, found.up_to, found.terms) == (None, None, ())
    assert found.reason == "elementary differentials are those of first-order equations"


def test_time_that_goes_astray_has_no_series() -> None:
    method = runge_kutta([[], [F(1, 2)]], [0, 1], c=[0, F(1, 3)])
    ode = (Equation(state="u", derivative=1, slots=(("f", "u"),), time=True),)
    timed = graph(method.states, method.evaluations, method.rows, method.outputs, ode=ode)
    with pytest.raises(UndefinedError, match="node"):
        modified_equation(timed)
    assert modified_equation(method).up_to == 3


def test_an_order_is_at_least_one() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        modified_equation(shipped("euler"), 0)


def test_what_would_take_too_long_is_refused() -> None:
    with pytest.raises(TooLargeError):
        modified_equation(shipped("euler"), 9)
    cells = [[F(3 * i + 7 * j + 1, 2 * i + 5 * j + 3) for j in range(64)] for i in range(64)]
    dense = runge_kutta(cells, [F(1, 64)] * 64)
    with pytest.raises(TooLargeError):
        modified_equation(dense, 8)
    assert modified_equation(dense).up_to == 2


def test_many_slots_are_written_as_far_as_they_can_be() -> None:
    slots = [f"f{i}" for i in range(60)]
    ode = (Equation(state="u", derivative=1, slots=tuple((s, "u") for s in slots)),)
    new = row("u[n+1]", **{"u[n]": 1}, **{f"k{i}": h for i in range(60)})
    evaluations = [evaluation(f"k{i}", "Y", slot=s, c=0) for i, s in enumerate(slots)]
    found = modified_equation(
        graph([U], evaluations, [row("Y", **{"u[n]": 1}), new], ["u[n+1]"], ode=ode)
    )
    assert (found.form, found.reason) == (None, "there are too many trees of order 2")
    assert str(found.defect).startswith("u' + h/2 u'' = f0 + f1")


def test_the_tables_of_the_page_are_true() -> None:
    page = (Path(__file__).parents[2] / "docs" / "modified_equations.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)`[^|]*\| `([^`]*)` \|$", page, re.M)
    assert len(rows) > 10
    for name, printed in rows:
        found = modified_equation(shipped(name))
        assert printed in (found.form, found.defect), name


@pytest.mark.parametrize(("name", "order"), [("feagin108", 10), ("verner98", 9), ("dop853", 8)])
def test_a_field_is_exact_up_to_the_order_that_is_proved(name: str, order: int) -> None:
    found = modified_equation(lower(butcher.load(name)))
    assert (found.form, found.up_to) == (f"u' = f + O(h^{order})", order)
