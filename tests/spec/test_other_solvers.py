"""The shipped tables against those of solvers that others wrote and many use."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate
import torch
import torchdiffeq
from scipy.integrate import DOP853, RK23, RK45
from torchdiffeq._impl import bosh3, dopri5

import butcher
from butcher.spec.scheme import RungeKutta, Tableau


def table(name: str) -> Tableau:
    body = butcher.load(name).body
    assert isinstance(body, RungeKutta)
    return body.tableaus[0]


def matrix(name: str) -> np.ndarray:
    return np.array([[float(c.value.number) for c in row.cells] for row in table(name).stages])


def weights(name: str) -> np.ndarray:
    return np.array([float(c.value.number) for c in table(name).weights])


@pytest.mark.parametrize(
    ("name", "solver"), [("bs32", RK23), ("dopri54", RK45), ("dop853", DOP853)]
)
def test_scipy_has_the_same_tables(name: str, solver: type[scipy.integrate.OdeSolver]) -> None:
    stages, read = solver.A.shape
    np.testing.assert_allclose(matrix(name)[:stages, :read], solver.A, rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(weights(name)[:stages], solver.B, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("bs32", bosh3._BOGACKI_SHAMPINE_TABLEAU),
        ("dopri54", dopri5._DORMAND_PRINCE_SHAMPINE_TABLEAU),
    ],
)
def test_torchdiffeq_has_the_same_tables(name: str, theirs: object) -> None:
    ours = matrix(name)
    for i, row in enumerate(theirs.beta, start=1):  # type: ignore[attr-defined]
        np.testing.assert_allclose(ours[i, : len(row)], row.tolist(), rtol=1e-13, atol=1e-15)
    b = theirs.c_sol.tolist()  # type: ignore[attr-defined]
    np.testing.assert_allclose(weights(name)[: len(b)], b, rtol=1e-13, atol=1e-15)


def test_a_block_is_a_step_of_torchdiffeq() -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(5, 5), torch.nn.Tanh())
    u = torch.randn(3, 5)
    times = torch.tensor([0.0, 0.5])
    for name, method in [("euler", "euler"), ("midpoint", "midpoint"), ("rk38", "rk4")]:
        block = butcher.make_block(name, net, h=0.5)
        theirs = torchdiffeq.odeint(lambda _, y: net(y), u, times, method=method)[-1]
        torch.testing.assert_close(block(u), theirs, rtol=1e-13, atol=1e-13)
