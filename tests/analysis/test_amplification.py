"""Amplification: sums of factors, the bound of rounding errors, what is safe in which dtype."""

from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from method_graphs import h, runge_kutta

from butcher.analysis.limits import UndefinedError
from butcher.analysis.network.amplification import UNIT_ROUNDOFF, Amplification, amplification
from butcher.analysis.network.sizes import LARGEST
from butcher.compiler import catalogue, load, shipped
from butcher.compiler.sweeps import straightened
from butcher.ir.lower import lower

F = Fraction


@cache
def of(name: str) -> Amplification:
    return amplification(straightened(lower(load(name))))


def by_dtype(found: Amplification) -> dict[str, bool | None]:
    return {p.dtype: p.safe for p in found.precisions}


def test_verner_multiplies_by_two_thousand_in_row_twelve() -> None:
    found = of("verner89")
    (row,) = (r for r in found.rows if r.key == found.largest_row)
    assert row.evaluations == ("k12",)
    assert 2306 < row.amplification < 2308  # Luo et al. (2021), eq. 14, with the misprints mended
    assert row.condition == pytest.approx(row.amplification / (4 / 3), rel=1e-12), "c12 is 4/3"


def test_the_printed_row_is_another_one() -> None:
    assert max(row.amplification for row in of("verner89_as_printed").rows) > 3000


def test_errors_of_midpoint_by_hand() -> None:
    # Y2 = u + k1/2: 1 + 1/2 for the row, 1/2 from k1; u + k2: 2 for the row, 1 + 2 from k2
    found = of("midpoint")
    assert [(row.kind, row.error) for row in found.rows] == [
        ("stage", 0), ("stage", 2), ("output", 5)
    ]  # fmt: skip
    assert (found.worst_row, found.worst_error) == ("u[n+1]", 5)


def test_predicted_errors_are_roundoffs_times_the_bound() -> None:
    found = of("rk4")
    assert [p.predicted_error for p in found.precisions] == [6 * u for u in UNIT_ROUNDOFF.values()]


@pytest.mark.parametrize("name", shipped())
def test_single_precision_is_safe_for_every_shipped_method(name: str) -> None:
    safe = by_dtype(of(name))
    assert safe["float32"]
    assert safe["float64"]


@pytest.mark.parametrize("name", [one["name"] for one in catalogue() if one["stages"] <= 4])
def test_methods_of_few_stages_are_safe_in_half_precision(name: str) -> None:
    assert all(by_dtype(of(name)).values())


@pytest.mark.parametrize("name", ["verner89", "dop853"])
def test_methods_of_large_factors_are_not(name: str) -> None:
    assert by_dtype(of(name)) == {
        "bfloat16": False, "float16": False, "float32": True, "float64": True
    }  # fmt: skip


def test_a_trained_step_starts_where_a_fixed_one_stays() -> None:
    assert of("verner89_per_stage") == of("verner89")


def test_kept_evaluations_are_evaluations() -> None:
    # Adams-Bashforth 2: 3/2 and -1/2
    (new,) = (row for row in of("ab2").rows if row.kind == "output")
    assert (new.amplification, new.states, new.condition) == (2, 1, 2)


def test_a_sum_that_cancels_has_no_condition() -> None:
    found = amplification(runge_kutta([[0, 0], [0, 0]], [1, -1]))
    assert [row.condition for row in found.rows] == [None, None, None]


def test_an_implicit_stage_has_sums_but_no_error() -> None:
    found = amplification(lower(load("gauss4")))
    assert found.rows[1].amplification == pytest.approx(0.25 + (3 + 2 * 3**0.5) / 12)
    assert (found.worst_row, found.worst_error) == (None, None)
    assert set(by_dtype(found).values()) == {None}


def test_an_estimate_is_listed_and_does_not_decide() -> None:
    graph = runge_kutta([[0]], [1], err=[10**6])
    found = amplification(graph)
    assert [row.kind for row in found.rows] == ["stage", "output", "estimate"]
    assert found.worst_row == "u[n+1]"


@given(st.lists(st.fractions(-9, 9), min_size=1, max_size=6))
def test_a_sum_of_factors_is_that_of_fractions(b: list[F]) -> None:
    new = amplification(runge_kutta([[0] * len(b)] * len(b), b)).rows[-1]
    total, left = sum(map(abs, b)), abs(sum(b))
    assert new.amplification == pytest.approx(float(total), rel=1e-14)
    if left:
        assert new.condition == pytest.approx(float(total / left), rel=1e-12)


def test_factors_past_the_range_of_doubles_are_the_largest_double() -> None:
    huge = F(10) ** 400
    found = amplification(runge_kutta([[0, 0], [huge, 0]], [huge, -huge]))
    assert found.worst_error == LARGEST
    assert not any(by_dtype(found).values())


def test_a_pole_is_undefined() -> None:
    with pytest.raises(UndefinedError, match="pole"):
        amplification(runge_kutta([[0, 0], [(h - 1).inverse(), 0]], [1, 1]))
