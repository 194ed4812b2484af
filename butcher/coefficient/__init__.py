"""Exact coefficients: numbers of Q(sqrt d1, sqrt d2, ...) and rational functions of symbols."""

from butcher.coefficient.coefficient import Coefficient
from butcher.coefficient.number import ONE, ZERO, Number, RadicandTooLargeError
from butcher.coefficient.polynomial import ExpressionTooLargeError, Polynomial, Variable

__all__ = [
    "ONE",
    "ZERO",
    "Coefficient",
    "ExpressionTooLargeError",
    "Number",
    "Polynomial",
    "RadicandTooLargeError",
    "Variable",
]
