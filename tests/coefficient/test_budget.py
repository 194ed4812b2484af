"""Exact arithmetic inside budgets, one within another."""

import pytest

from butcher.coefficient import BudgetExceededError, budget
from butcher.coefficient.budget import spend


def test_what_costs_more_than_its_budget_is_stopped() -> None:
    with budget(3):
        spend(3, 1)
    with pytest.raises(BudgetExceededError), budget(3):
        spend(4, 1)


def test_an_inner_budget_leaves_the_rest_of_the_outer_one() -> None:
    with budget(10):
        with pytest.raises(BudgetExceededError), budget(3):
            spend(4, 1)
        spend(6, 1)
        with pytest.raises(BudgetExceededError):
            spend(1, 1)


def test_an_inner_budget_is_no_more_than_is_left() -> None:
    with budget(10):
        spend(9, 1)
        with pytest.raises(BudgetExceededError), budget(100):
            spend(2, 1)


def test_after_a_budget_there_is_none() -> None:
    with pytest.raises(BudgetExceededError), budget(1):
        spend(2, 1)
    spend(10**9, 1)
