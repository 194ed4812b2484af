"""One block that inverts: from new to old states and gradients, each F evaluated once more.

`inverse` evaluates every sub-net at the argument that it had in `forward`. So the gradient graphs
are made there, and `forward` is gone through again for its affine rows alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from butcher.models.reversible.moment import Moment, evaluate, evaluate_again

Nets = Sequence[Callable[..., Tensor]]


def can_invert(block: nn.Module) -> bool:
    """Whether `block` is made as compiled blocks are, has an inverse, and keeps the shape.

    Its sub-nets stand in `f`; what else it has, such as transitions, changes nothing. A hook may
    change what goes in or comes out, so a block with hooks is none.
    """
    others = (m for name, part in block.named_children() if name != "f" for m in part.modules())
    return (
        hasattr(type(block), "inverse")
        and isinstance(getattr(block, "f", None), nn.ModuleList)
        and all(isinstance(m, nn.Identity | nn.ModuleList) for m in others)
        and not block._forward_hooks
        and not block._forward_pre_hooks
    )


def twin(block: nn.Module, f: Nets, parameters: Mapping[str, Tensor] | None = None) -> Any:
    """`block` with other sub-nets and parameters of its own; `block` itself is not touched."""
    made = object.__new__(type(block))
    made.__dict__.update(block.__dict__, f=f)
    made.__dict__["_modules"] = {k: m for k, m in block._modules.items() if k != "f"}
    if parameters is not None:
        made.__dict__["_parameters"] = dict(parameters)
    return made


def inverse_matrices(blocks: Iterable[nn.Module]) -> list[Tensor | None]:
    """Each block's matrix on the CPU, None where it cannot be inverted.

    Blocks of one class, one set of numbers and no trained coefficients have the same.
    """
    known: dict[Any, Tensor | None] = {}
    found: list[Tensor | None] = []
    for block in blocks:
        M = None
        if can_invert(block):
            numbers = (item for item in vars(block).items() if isinstance(item[1], int | float))
            trained = block if block._parameters else None
            key = (type(block), trained, *numbers)
            if key not in known:
                known[key] = inverse_matrix(block)
            M = known[key]
        found.append(None if M is None else M.cpu())
    return found


def inverse_matrix(block: nn.Module) -> Tensor | None:
    """M, where `inverse` is: old states = M new states + what the sub-nets add. (C, r, r).

    r is the number of states, C that of the channels if a coefficient has one value each, else 1.
    None where a sub-net is evaluated not once, for then nothing says which of its evaluations in
    `forward` one in `inverse` is.
    """
    count = len(block.f)  # type: ignore[arg-type]
    used = [0] * count

    def zero(i: int, *arguments: Any) -> Tensor:
        used[i] += 1
        return torch.zeros_like(arguments[-1])

    nets = [partial(zero, i) for i in range(count)]
    device = next((p.device for p in block.parameters(recurse=False)), torch.device("cpu"))
    r = len(block.states)  # type: ignore[arg-type]
    new = torch.eye(r, device=device, dtype=torch.float32).reshape(r, 1, 1, r)
    with torch.no_grad():
        old = twin(block, nets).inverse(tuple(new))
    if used != [1] * count:
        return None
    return torch.stack(torch.broadcast_tensors(*(x.squeeze(0) for x in old)), dim=1)  # type: ignore[no-untyped-call]


def observed(
    block: nn.Module, state: tuple[Tensor, ...]
) -> tuple[tuple[Tensor, ...], list[Moment]]:
    """The state after, and the moment of each sub-net."""
    nets = list(block.f)  # type: ignore[arg-type]
    seen: dict[int, Moment] = {}

    def observe(i: int, *arguments: Any) -> Tensor:
        assert i not in seen, f"{type(block).__name__} evaluates f[{i}] more often than its inverse"
        value, seen[i] = evaluate(nets[i], *arguments)
        return value  # type: ignore[no-any-return]

    after = twin(block, [partial(observe, i) for i in range(len(nets))]).forward(state)
    return after, [seen[i] for i in range(len(nets))]


@dataclass(frozen=True)
class Evaluation:
    """A sub-net's value with the graph that leads to it from arguments and weights, all leaves."""

    arguments: tuple[Any, ...]
    weights: tuple[Tensor, ...]
    value: Tensor


class Known(torch.autograd.Function):
    """The value of an evaluation that has been made, where `forward` asks for it."""

    @staticmethod
    def forward(ctx: Any, evaluation: Evaluation, *inputs: Any) -> Tensor:
        """inputs: the arguments as `forward` computes them, and the weights."""
        ctx.evaluation = evaluation
        return evaluation.value.detach()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        evaluation, needed = ctx.evaluation, ctx.needs_input_grad[1:]
        leaves = (*evaluation.arguments, *evaluation.weights)
        return (None, *gradients_of([evaluation.value], gradients, leaves, needed))


class Inversion:
    """The way back through one block.

    moments     of its sub-nets.
    parameters  the leaves that take the places of its parameters, by all their names.
    """

    def __init__(
        self, block: nn.Module, moments: Sequence[Moment], parameters: Mapping[str, Tensor]
    ) -> None:
        self.block, self.moments = block, moments
        self.nets = list(block.f)  # type: ignore[arg-type]
        self.own = {name: p for name, p in parameters.items() if "." not in name}
        self.weights: list[dict[str, Tensor]] = [{} for _ in self.nets]
        for name, p in parameters.items():
            if "." in name:
                _, i, rest = name.split(".", 2)
                self.weights[int(i)][rest] = p
        self.made: dict[int, Evaluation] = {}

    def before(self, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The state before the step to `state`."""
        with torch.no_grad():
            old: tuple[Tensor, ...] = self._twin(self._make).inverse(state)
        return old

    def forward(self, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The step from `state`, with gradients, by the evaluations of `before`."""
        after: tuple[Tensor, ...] = self._twin(self._take).forward(state)
        return after

    def _twin(self, net: Callable[..., Tensor]) -> Any:
        return twin(self.block, [partial(net, i) for i in range(len(self.nets))], self.own)

    def _make(self, i: int, *arguments: Any) -> Tensor:
        """Evaluate from leaves, and keep what leads to the value."""
        leaves = tuple(map(leaf, arguments))
        with torch.enable_grad():
            value = evaluate_again(self.nets[i], self.moments[i], self.weights[i], *leaves)
        self.made[i] = Evaluation(leaves, distinct(self.weights[i].values()), value)
        return value.detach()  # type: ignore[no-any-return]

    def _take(self, i: int, *arguments: Any) -> Tensor:
        made = self.made[i]
        return Known.apply(made, *arguments, *made.weights)  # type: ignore[no-any-return]


def leaf(x: Any, requires_grad: bool = True) -> Any:
    """The same value where a graph begins; what is no tensor of real numbers is as it is."""
    if not isinstance(x, Tensor):
        return x
    return x.detach().requires_grad_(requires_grad and x.is_floating_point())


def distinct(tensors: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """Each once, however many names it has."""
    return tuple({id(x): x for x in tensors}.values())


def gradients_of(
    values: Sequence[Tensor],
    gradients: Sequence[Tensor | None],
    leaves: Sequence[Any],
    needed: Sequence[bool],
) -> Iterator[Tensor | None]:
    """The gradient at every leaf that is `needed`, None at the others, given those at `values`."""
    roots = [
        (x, g) for x, g in zip(values, gradients, strict=True) if g is not None and x.requires_grad
    ]
    wanted = [x for x, need in zip(leaves, needed, strict=True) if need]
    found: Iterator[Tensor | None] = iter(())
    if roots and wanted:
        at, given = zip(*roots, strict=True)
        found = iter(torch.autograd.grad(at, wanted, given, allow_unused=True))
    return (next(found, None) if need else None for need in needed)
