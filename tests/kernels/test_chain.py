"""The operators where there is no CUDA device: the chain that a person would write."""

import pytest
import torch
from torch import Tensor

from butcher.kernels import gather, spread
from butcher.kernels.operations import alike, combined, strides

HALF = torch.bfloat16


def written(terms: list[Tensor], coefficients: list[float]) -> Tensor:
    total = torch.add(terms[0], terms[1], alpha=coefficients[1])
    for x, c in zip(terms[2:], coefficients[2:], strict=True):
        total.add_(x, alpha=c)
    return total


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("count", [2, 3, 9, 20])
def test_a_row_is_bit_for_bit_the_chain(count: int, dtype: torch.dtype) -> None:
    terms = [torch.randn(3, 7).to(dtype) for _ in range(count)]
    coefficients = [1.0, *torch.randn(count - 1).tolist()]
    row = spread(terms[0], 1)
    for x, c in zip(terms[1:], coefficients[1:], strict=True):
        row = row + c * spread(x, 1)
    assert torch.equal(gather(row), written(terms, coefficients))


def test_nothing_that_is_read_is_written_into() -> None:
    terms = [torch.randn(5) for _ in range(3)]
    before = [x.clone() for x in terms]
    for coefficients in ([1.0, 1.0, 1.0], [2.0, 1.0, -1.0]):
        total = combined(terms, coefficients)
        assert all(torch.equal(x, y) for x, y in zip(terms, before, strict=True))
        assert total.data_ptr() not in {x.data_ptr() for x in terms}


@pytest.mark.parametrize("h", [None, torch.tensor([0.5])])
def test_rows_of_the_same_terms_are_filled_together(h: Tensor | None) -> None:
    terms = [torch.randn(4), torch.randn(4), torch.full((4,), torch.inf)]
    totals = [torch.ones(4), torch.full((4,), torch.nan)]
    free = 3 if h is None else 1
    torch.ops.butcher.gather(totals, 1, terms, [0.0, 3.0, 0.0, 1.0, 2.0, 0.0], h, free)
    step = 1 if h is None else 0.5
    torch.testing.assert_close(totals[0], 1 + step * 3 * terms[1])
    torch.testing.assert_close(totals[1], terms[0] + step * 2 * terms[1])


def test_what_a_narrow_value_gets_back_is_summed_up_in_the_wide_type() -> None:
    gradients = [torch.randn(1000, dtype=torch.float32) for _ in range(9)]
    total = torch.empty(1000, dtype=HALF)
    torch.ops.butcher.gather([total], 0, gradients, [1.0] * 9, None, 9)
    assert torch.equal(total, sum(gradients[1:], gradients[0]).to(HALF))


def test_the_result_has_the_type_of_the_first_term() -> None:
    u, k = torch.randn(4, dtype=torch.float32), torch.randn(4).to(HALF)
    assert gather(spread(u, 1) + 0.5 * spread(k, 1)).dtype == torch.float32
    assert gather(spread(k, 1) + 0.5 * spread(u, 1)).dtype == HALF
    h = torch.ones(1, dtype=torch.float32)
    assert gather(spread(k, 1) + h * (0.5 * spread(u, 1))).dtype == HALF


def test_what_lies_otherwise_is_copied_and_what_lies_alike_is_not() -> None:
    x = torch.randn(2, 3, 4, 5)
    last = x.to(memory_format=torch.channels_last)
    same, moved, gaps = alike([x, last, torch.randn(2, 3, 4, 10)[..., ::2]], x)
    assert same is x
    assert torch.equal(moved, x)
    assert {strides(y) for y in (same, moved, gaps)} == {strides(x)}
    # a dimension of one element has no stride that matters
    row = torch.randn(1, 6).as_strided((1, 6), (99, 1))
    (still,) = alike([row], torch.randn(1, 6))
    assert still is row


@pytest.mark.parametrize("operator", ["gather", "gather_dot", "dot"])
def test_the_operators_are_what_they_declare(operator: str) -> None:
    """Shapes and types without content agree, nothing is changed, nothing is returned twice."""
    terms = [torch.randn(2, 3) for _ in range(3)]
    coefficients, h = [1.0, 0.5, -2.0], torch.tensor([0.3])
    arguments = {
        "gather": ([torch.zeros(2, 3)], 1, terms, coefficients, h, 1),
        "gather_dot": (terms, coefficients, h, torch.randn(2, 3)),
        "dot": (terms, coefficients, torch.randn(2, 3)),
    }[operator]
    tests = ("test_schema", "test_faketensor")
    found = torch.library.opcheck(getattr(torch.ops.butcher, operator), arguments, test_utils=tests)
    assert set(found.values()) == {"SUCCESS"}
