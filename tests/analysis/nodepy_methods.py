"""The tables of NodePy with exact coefficients, as graphs."""

from collections.abc import Iterable
from fractions import Fraction

import nodepy.runge_kutta_method
import numpy
import sympy
from method_graphs import runge_kutta

from butcher.coefficient import Number
from butcher.ir.graph import Graph

METHODS = nodepy.runge_kutta_method.loadRKM()


def is_exact(values: Iterable[object]) -> bool:
    return all(
        sympy.sympify(value).is_algebraic and not sympy.sympify(value).has(sympy.Float, sympy.cos)
        for value in values
    )


EXACT = [
    name
    for name, method in METHODS.items()
    if is_exact([*numpy.ravel(method.A), *method.b, *getattr(method, "bhat", [])])
]


def number(value: object) -> Number:
    """A sum of roots of sympy."""
    found = Number.of(0)
    for term in sympy.Add.make_args(sympy.expand(sympy.radsimp(sympy.sympify(value)))):
        factor, root = term.as_coeff_Mul()
        size = Number.sqrt(Fraction(int(sympy.sympify(root) ** 2)))
        found = found + size * Fraction(int(factor.p), int(factor.q))
    return found


def graph_of(name: str) -> Graph:
    """A method as NodePy has it, with its embedded one."""
    method = METHODS[name]
    bhat = [number(b) for b in method.bhat] if hasattr(method, "bhat") else None
    A = [[number(a) for a in line] for line in method.A]
    return runge_kutta(A, [number(b) for b in method.b], bhat=bhat)
