"""Exact coefficients: numbers of Q(sqrt d1, sqrt d2, ...) and rational functions of symbols."""

from butcher.coefficient.budget import BudgetExceededError, budget
from butcher.coefficient.coefficient import Coefficient
from butcher.coefficient.number import ONE, ZERO, Number, RadicandTooLargeError
from butcher.coefficient.polynomial import ExpressionTooLargeError, Polynomial, Variable
from butcher.coefficient.shown import is_short, shown

__all__ = [
    "ONE",
    "ZERO",
    "BudgetExceededError",
    "Coefficient",
    "ExpressionTooLargeError",
    "Number",
    "Polynomial",
    "RadicandTooLargeError",
    "Variable",
    "budget",
    "is_short",
    "shown",
]
