"""Solvers of differential equations as blocks: one step over [0, 1] with one sub-net.

What is not installed is said, not measured. All of them call f at every stage with the same
weights. Adaptive ones have tolerances that accept the first step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import torch
from torch import Tensor, nn

LOOSE = 1e9
"""A tolerance that no error exceeds."""


class TorchDiffEq(nn.Module):
    """A step of `torchdiffeq.odeint`. Its `rk4` is the 3/8 rule; `dopri5` and `dopri8` control
    their step."""

    def __init__(self, f: nn.Module, method: str) -> None:
        super().__init__()
        from torchdiffeq import odeint

        self.f, self.method, self.odeint = f, method, odeint
        self.options = {} if method == "rk4" else {"first_step": 1.0}

    def forward(self, u: Tensor) -> Tensor:
        """(N, C, H, W) to the same."""
        path: Tensor = self.odeint(
            lambda t, y: self.f(y),
            u,
            torch.tensor([0.0, 1.0], device=u.device),
            rtol=LOOSE,
            atol=LOOSE,
            method=self.method,
            options=self.options,
        )
        return path[-1]


class TorchODE(nn.Module):
    """A step of torchode's dopri5 with its integral controller. States are rows there."""

    def __init__(self, f: nn.Module) -> None:
        super().__init__()
        import torchode

        self.f = f
        self.problem = torchode.InitialValueProblem
        self.shape: tuple[int, ...] = ()
        term = torchode.ODETerm(self._flat)
        controller = torchode.IntegralController(atol=LOOSE, rtol=LOOSE, term=term)
        self.solver = torchode.AutoDiffAdjoint(torchode.Dopri5(term=term), controller)

    def _flat(self, t: Tensor, y: Tensor) -> Tensor:
        k: Tensor = self.f(y.view(self.shape))
        return k.flatten(1)

    def forward(self, u: Tensor) -> Tensor:
        """(N, C, H, W) to the same."""
        self.shape = tuple(u.shape)
        start = torch.zeros(u.shape[0], device=u.device)
        problem = self.problem(y0=u.flatten(1), t_start=start, t_end=start + 1)
        end: Tensor = self.solver.solve(problem, dt0=start + 1).ys
        return end.view(self.shape)


PEERS: Mapping[str, Callable[[nn.Module], nn.Module]] = {
    "torchdiffeq rk4": lambda f: TorchDiffEq(f, "rk4"),
    "torchdiffeq dopri5": lambda f: TorchDiffEq(f, "dopri5"),
    "torchdiffeq dopri8": lambda f: TorchDiffEq(f, "dopri8"),
    "torchode dopri5": TorchODE,
}


def is_installed(peer: str) -> bool:
    """Whether the package that a peer is of can be imported."""
    return find_spec(peer.partition(" ")[0]) is not None


def versions() -> dict[str, str | None]:
    """Of the packages, None for one that is not installed."""
    found: dict[str, str | None] = {}
    for name in dict.fromkeys(peer.partition(" ")[0] for peer in PEERS):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found
