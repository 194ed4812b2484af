"""Methods that are not shipped, written as files, and those that are: two checkers agree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import count

import nodepy.linear_multistep_method
import nodepy.runge_kutta_method
import pytest
import sympy
from plain_tables import coloured_order, mp, order, read

from butcher.compiler import Verdict, examine_bytes, shipped

SINGLE = [name for name, path in shipped().items() if path.read_text().count("\ntableau") == 1]


def examined(text: str) -> Verdict:
    """What the gate says of a file; nothing in it is wrong."""
    verdict = examine_bytes(text.encode(), "method.tab")
    assert [d for d in verdict.diagnostics if d.severity.value == "error"] == []
    return verdict


# ---------------------------------------------------------------------- what is shipped


SYMBOLIC = {"heun_family"}  # a cell is 1-1/(2*a)
AS_VERNER89 = {"verner89_learned", "verner89_per_stage"}  # the same table


@pytest.mark.parametrize("name", sorted(set(SINGLE) - SYMBOLIC - AS_VERNER89))
def test_orders_of_shipped_tableaus(name: str) -> None:
    text = shipped()[name].read_text()
    (table,) = read(text)
    verdict = examine_bytes(text.encode(), name)
    assert verdict.order == order(table.A, table.b, table.tolerance)
    if table.bhat is None:
        assert verdict.embedded_order is None
    else:
        assert verdict.embedded_order == order(table.A, table.bhat, table.tolerance)


# ---------------------------------------------------------------------- NodePy's catalogue


def cell(number: object) -> str:
    """As the language writes it: an exact expression, or a float with all its digits."""
    exact = sympy.nsimplify(number, rational=True) if isinstance(number, str) else number
    if isinstance(exact, float):
        return f"{exact:.13g}"
    return str(sympy.radsimp(sympy.sympify(exact))).replace("**", "^").replace(" ", "")


def tableau(A: Iterable[Sequence[object]], weights: Iterable[Sequence[object]]) -> str:
    lines = ["  | " + " ".join(map(cell, row)) for row in A]
    lines += ["  --+--", *("  | " + " ".join(map(cell, row)) for row in weights)]
    return "method a\n  rounded 11\ntableau\n" + "\n".join(lines) + "\n"


CATALOGUE = nodepy.runge_kutta_method.loadRKM()
OUT_OF_REACH = {
    "SDIRK34",  # has cos(pi/18)
    "CMR6",  # fractions that agree with the numbers meant to 16 digits
}


@pytest.mark.parametrize("name", sorted(set(CATALOGUE) - OUT_OF_REACH))
def test_orders_of_the_catalogue_of_nodepy(name: str) -> None:
    other = CATALOGUE[name]
    embedded = getattr(other, "bhat", None)
    rows = [other.b] if embedded is None else [other.b, embedded]
    verdict = examined(tableau(other.A, rows))
    assert verdict.order == other.order()
    if embedded is not None:
        assert verdict.embedded_order == other.embedded_method.order()


# ---------------------------------------------------------------------- tables from books

# Hairer, Norsett, Wanner, Solving ODEs I and II; Butcher, Numerical Methods for ODEs; Ascher,
# Ruuth, Spiteri, Appl. Numer. Math. 25 (1997); Pareschi, Russo, J. Sci. Comput. 25 (2005).
TABLES = {
    "Gauss of order 6": (
        6,
        """
        | 5/36  (10-3*sqrt(15))/45  (25-6*sqrt(15))/180
        | (10+3*sqrt(15))/72  2/9  (10-3*sqrt(15))/72
        | (25+6*sqrt(15))/180  (10+3*sqrt(15))/45  5/36
        --+--
        | 5/18  4/9  5/18
        """,
    ),
    "Radau IA of order 3": (3, "| 1/4 -1/4\n | 1/4 5/12\n --\n | 1/4 3/4"),
    "Radau IA of order 5": (
        5,
        """
        | 1/9  (-1-sqrt(6))/18  (-1+sqrt(6))/18
        | 1/9  (88+7*sqrt(6))/360  (88-43*sqrt(6))/360
        | 1/9  (88+43*sqrt(6))/360  (88-7*sqrt(6))/360
        --+--
        | 1/9  (16+sqrt(6))/36  (16-sqrt(6))/36
        """,
    ),
    "Radau IIA of order 5": (
        5,
        """
        | (88-7*sqrt(6))/360  (296-169*sqrt(6))/1800  (-2+3*sqrt(6))/225
        | (296+169*sqrt(6))/1800  (88+7*sqrt(6))/360  (-2-3*sqrt(6))/225
        | (16-sqrt(6))/36  (16+sqrt(6))/36  1/9
        --+--
        | (16-sqrt(6))/36  (16+sqrt(6))/36  1/9
        """,
    ),
    "Lobatto IIIA of order 4": (
        4,
        "|\n | 5/24 1/3 -1/24\n | 1/6 2/3 1/6\n --\n | 1/6 2/3 1/6",
    ),
    "Lobatto IIIB of order 4": (
        4,
        "| 1/6 -1/6\n | 1/6 1/3\n | 1/6 5/6\n --\n | 1/6 2/3 1/6",
    ),
    "Lobatto IIIC of order 4": (
        4,
        "| 1/6 -1/3 1/6\n | 1/6 5/12 -1/12\n | 1/6 2/3 1/6\n --\n | 1/6 2/3 1/6",
    ),
    "Radau I, Hammer and Hollingsworth": (3, "|\n | 1/3 1/3\n --\n | 1/4 3/4"),
    "Crouzeix's diagonally implicit method": (
        3,
        "| (3+sqrt(3))/6\n | -sqrt(3)/3 (3+sqrt(3))/6\n --\n | 1/2 1/2",
    ),
    "Qin and Zhang's symplectic one": (2, "| 1/4\n | 1/2 1/4\n --\n | 1/2 1/2"),
    "Nystrom of order 5": (
        5,
        """
        |
        | 1/3
        | 4/25  6/25
        | 1/4  -3  15/4
        | 2/27  10/9  -50/81  8/81
        | 2/25  12/25  2/15  8/75
        --+--
        | 23/192  .  125/192  .  -27/64  125/192
        """,
    ),
    "Gill": (
        4,
        """
        |
        | 1/2
        | (-1+sqrt(2))/2  (2-sqrt(2))/2
        | .  -sqrt(2)/2  (2+sqrt(2))/2
        --+--
        | 1/6  (2-sqrt(2))/6  (2+sqrt(2))/6  1/6
        """,
    ),
    "Ralston of order 4": (
        4,
        """
        |
        | 2/5
        | (-2889+1428*sqrt(5))/1024  (3785-1620*sqrt(5))/1024
        | (-3365+2094*sqrt(5))/6040  (-975-3046*sqrt(5))/2552  (467040+203968*sqrt(5))/240845
        --+--
        | (263+24*sqrt(5))/1812 (125-1000*sqrt(5))/3828 (3426304+1661952*sqrt(5))/5924787
          (30-4*sqrt(5))/123
        """,
    ),
    "Fehlberg 1(2)": (
        1,
        "|\n | 1/2\n | 1/256 255/256\n --\n | 1/256 255/256\n | 1/512 255/256 1/512",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_orders_of_tables_from_books(name: str) -> None:
    expected, body = TABLES[name]
    verdict = examined(f"method a\ntableau\n{body}\n")
    (table,) = read(f"\ntableau\n{body}")
    assert verdict.order == expected == order(table.A, table.b, table.tolerance)
    assert verdict.orders is not None
    assert verdict.orders.advanced.exact
    if table.bhat is not None:
        assert verdict.embedded_order == order(table.A, table.bhat)


ADDITIVE = {
    "ARS(1,1,1)": (1, "|\n | 1\n --\n | 1", "|\n | . 1\n --\n | . 1"),
    "ARS(1,2,2)": (2, "|\n | 1/2\n --\n | . 1", "|\n | . 1/2\n --\n | . 1"),
    "ARS(2,2,2)": (
        2,
        "|\n | (2-sqrt(2))/2\n | -sqrt(2)/2 (2+sqrt(2))/2\n --\n | -sqrt(2)/2 (2+sqrt(2))/2",
        "|\n | . (2-sqrt(2))/2\n | . sqrt(2)/2 (2-sqrt(2))/2\n --\n | . sqrt(2)/2 (2-sqrt(2))/2",
    ),
    "ARS(4,4,3)": (
        3,
        "|\n | 1/2\n | 11/18 1/18\n | 5/6 -5/6 1/2\n | 1/4 7/4 3/4 -7/4\n --\n | 1/4 7/4 3/4 -7/4",
        "|\n | . 1/2\n | . 1/6 1/2\n | . -1/2 1/2 1/2\n | . 3/2 -3/2 1/2 1/2\n --\n"
        " | . 3/2 -3/2 1/2 1/2",
    ),
    "IMEX-SSP2(2,2,2)": (
        2,
        "|\n | 1\n --\n | 1/2 1/2",
        "| (2-sqrt(2))/2\n | (-1+sqrt(2)) (2-sqrt(2))/2\n --\n | 1/2 1/2",
    ),
    "two methods of order 2 without coupling": (
        1,
        "|\n | 1\n --\n | 1/2 1/2",
        "|\n | .\n | . 1/2\n --\n | . . 1",
    ),
}
PARTITIONED = {
    "the symplectic Euler method": (1, "| 1\n --\n | 1", "|\n --\n | 1"),
    "Stoermer and Verlet": (
        2,
        "|\n | 1/2 1/2\n --\n | 1/2 1/2",
        "| 1/2\n | 1/2\n --\n | 1/2 1/2",
    ),
    "Lobatto IIIA and IIIB of order 4": (
        4,
        "|\n | 5/24 1/3 -1/24\n | 1/6 2/3 1/6\n --\n | 1/6 2/3 1/6",
        "| 1/6 -1/6\n | 1/6 1/3\n | 1/6 5/6\n --\n | 1/6 2/3 1/6",
    ),
    "Ruth of order 3": (
        3,
        "| 7/24\n | 7/24 3/4\n | 7/24 3/4 -1/24\n --\n | 7/24 3/4 -1/24",
        "|\n | 2/3\n | 2/3 -2/3\n --\n | 2/3 -2/3 1",
    ),
}


@pytest.mark.parametrize("name", [*ADDITIVE, *PARTITIONED])
def test_orders_of_two_tables(name: str) -> None:
    expected, f, g = (ADDITIVE | PARTITIONED)[name]
    stages = max(body.count("|") for body in (f, g)) - 1
    f, g = (" |\n" * (stages + 1 - body.count("|")) + body for body in (f, g))
    split = name in ADDITIVE
    ode, grow = (
        ("u' = f(u) + g(u)", {"f": "fg", "g": "fg"})
        if split
        else ("x' = f(y), y' = g(x)", {"f": "g", "g": "f"})
    )
    text = f"method a\n  ode {ode}\ntableau f\n{f}\ntableau g\n{g}\n"
    tables = {slot: (t.A, t.b) for slot, t in zip("fg", read(text), strict=True)}
    verdict = examined(text)
    assert verdict.order == expected == coloured_order(tables, grow, 1e-60)


def test_the_order_of_forest_and_ruth_in_rounded_cube_roots() -> None:
    theta = mp.mpf(1) / (2 - mp.cbrt(2))
    drift = [theta / 2, (1 - theta) / 2, (1 - theta) / 2, theta / 2]
    kick = [theta, 1 - 2 * theta, theta]
    lines = []
    for i, a in enumerate(drift):
        lines.append(f"x{i + 1} = {f'x{i}' if i else 'x[n]'} + h*({mp.nstr(a, 40)})*f({{y{i}}})")
        if i < 3:
            before = f"y{i}" if i else "y[n]"
            lines.append(f"y{i + 1} = {before} + h*({mp.nstr(kick[i], 40)})*g(x{i + 1})")
    body = "\n  ".join([*lines, "x[n+1] = x4", "y[n+1] = y3"])
    body = body.format(y0="y[n]", y1="y1", y2="y2", y3="y3")
    verdict = examined(f"method a\n  ode x' = f(y), y' = g(x)\n  order 4\nstep\n  {body}\n")
    assert verdict.orders is not None
    assert (verdict.order, verdict.orders.advanced.exact) == (4, False)


# ---------------------------------------------------------------------- several steps

FAMILIES = {
    "Adams_Bashforth": range(1, 9),
    "Adams_Moulton": range(1, 9),
    "backward_difference_formula": range(1, 9),
    "Nystrom": range(2, 9),
    "Milne_Simpson": range(2, 9),
}


def multistep_order(alpha: Sequence[Fraction], beta: Sequence[Fraction]) -> int:
    """sum_j alpha_j j^q = q sum_j beta_j j^(q-1) for q up to the order."""
    for q in count(1):
        left = sum(a * j**q for j, a in enumerate(alpha))
        if left != q * sum(b * j ** (q - 1) for j, b in enumerate(beta)):
            return q - 1
    raise AssertionError


@pytest.mark.parametrize(("family", "k"), [(name, k) for name, ks in FAMILIES.items() for k in ks])
def test_orders_of_multistep_families(family: str, k: int) -> None:
    other = getattr(nodepy.linear_multistep_method, family)(k)
    alpha, beta = (
        [Fraction(str(sympy.nsimplify(x, rational=True))) for x in row]
        for row in (other.alpha, other.beta)
    )
    rows = [" ".join(map(str, row)) for row in (alpha, beta)]
    verdict = examined(f"method a\nmultistep\n  alpha | {rows[0]}\n  beta | {rows[1]}\n")
    assert verdict.order == multistep_order(alpha, beta)
    assert verdict.zero_stable is bool(other.is_zero_stable())
    if k < 7:  # past that, NodePy's tolerance decides
        assert verdict.order == other.order()


MULTISTEP = [name for name, path in shipped().items() if "\nmultistep" in path.read_text()]


@pytest.mark.parametrize("name", MULTISTEP)
def test_orders_of_shipped_multistep_methods(name: str) -> None:
    text = shipped()[name].read_text()
    alpha, beta = (
        [Fraction("0" if cell == "." else cell) for cell in found.split()]
        for label in ("alpha", "beta")
        for found in re.findall(rf"^ *{label} *\|(.*)$", text, re.M)
    )
    assert examine_bytes(text.encode(), name).order == multistep_order(alpha, beta)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("3/2*k - 1/2*k[n-1] + 3/2*l - 1/2*l[n-1]", 2),
        ("3/2*k - 1/2*k[n-1] + l", 1),
        ("23/12*k - 4/3*k[n-1] + 5/12*k[n-2] + 23/12*l - 4/3*l[n-1] + 5/12*l[n-2]", 3),
    ],
)
def test_orders_of_two_multistep_methods_side_by_side(end: str, expected: int) -> None:
    verdict = examined(f"""
method a
  ode u' = f(u) + g(u)
step
  k = f(u[n])
  l = g(u[n])
  u[n+1] = u[n] + h*({end})
""")
    assert verdict.order == expected


def test_the_order_of_butcher_s_hybrid_method() -> None:
    # Butcher, J. ACM 12 (1965) 124-135: two steps, two values between and ahead, order 5
    verdict = examined("""
method hybrid
  order 5
step
  k = f(u[n])
  l = f(u[n-1] + h*(9/8*k + 3/8*k[n-1]))
  m = f(28/5*u[n] - 23/5*u[n-1] + h*(32/15*l - 4*k - 26/15*k[n-1]))
  u[n+1] = 32/31*u[n] - 1/31*u[n-1] + h*(64/93*l + 15/93*m + 12/93*k - 1/93*k[n-1])
""")
    assert (verdict.order, verdict.order_nonautonomous) == (5, 5)
