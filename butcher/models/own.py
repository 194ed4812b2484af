"""Networks of sub-nets, stems and heads of one's own, for data of any shape."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from torch import nn

from butcher.compiler import Scheme, resolve
from butcher.models.blocks import Blocks, Branch
from butcher.models.layout import entry
from butcher.models.network import Network
from butcher.models.shape import Domain, Place, Shape
from butcher.models.stack import Stack
from butcher.models.starts import STARTS, Start, usual
from butcher.models.transitions import TRANSITIONS, Transition

Make = Callable[[], nn.Module] | Callable[[int, int, int], nn.Module]
"""Builds a module, of any shape or from `inside` to `outside` channels at a stride."""


def stack(
    scheme: Scheme | str | os.PathLike[str],
    branch: Make | nn.Module | Mapping[str, Make | nn.Module],
    *,
    blocks: int | Sequence[int],
    widths: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
    stem: nn.Module | Sequence[nn.Module] | None = None,
    stem_width: int | None = None,
    head: nn.Module | None = None,
    transition: str | Make | None = None,
    channel_dim: Literal[1, -1] = 1,
    start: str | None = None,
    starter: Scheme | str | os.PathLike[str] = "euler",
    earlier: Literal["shared", "separate"] = "shared",
    post: Literal["none", "relu"] = "none",
    survival: float | None = None,
    reversible: bool = False,
    checkpoint: Literal["stage", "block"] | None = None,
    tile: int | None = None,
    h: float | None = None,
    step: str | None = None,
    weights: str | None = None,
    evaluations: str | None = None,
    form: str | None = None,
    **values: float,
) -> Network:
    """A network of blocks of `scheme`, made of modules of one's own.

    scheme      a Scheme, text (with a line break), a path, or a shipped name.
    branch      builds a sub-net: called without arguments if it can be, else as
                `branch(inside, outside, stride)`. A module is the same everywhere. Of several
                slots a mapping from slot name to any of these; linear slots have to be in it.
    blocks      how many, of each stage.
    widths      the channels of each stage; None is one stage whose blocks keep the shape.
    strides     of each stage's first block; None is 1, 2, 2, ..., or 1 where channels are last.
    stem, head  modules before and behind; None is nothing. The head is given the newest value of
                each name, side by side. A sequence of stems is one for each value.
    stem_width  the channels that the stem gives; None is the first stage's.
    transition  of blocks that change shape: a name, of images (N, C, H, W) and vectors, or what
                builds an operator, called like `branch`.
    channel_dim where channels stand.
    start       how the first states are made: "repeat", "restart", "one-step", "stems", "split".
    values      further keywords of the blocks, such as start values of the scheme's numbers.

    The rest is as of the `[model]` table. Modules keep the weights that they come with; each
    sub-net counts as one layer. ValueError says what cannot be, and what to write instead.
    """
    scheme = resolve(scheme)
    domain: Domain = "image" if channel_dim == 1 else "vector"
    parts = Blocks(
        scheme,
        *_branches(scheme, branch, domain),
        _transition(transition),
        starter=resolve(starter),
        earlier=earlier,
        keywords={
            "h": h,
            "step": step,
            "weights": weights,
            "evaluations": evaluations,
            "form": form,
            **values,
        },
    )
    several = not isinstance(stem, nn.Module | None)
    start = start or ("stems" if several else usual(parts))
    if start not in STARTS:
        raise ValueError(f"start is one of {', '.join(STARTS)}, not {start!r}")
    rule = STARTS[start]
    rule.check(parts)
    stages = _places(parts, rule, blocks, widths, strides, stem_width)
    _check(parts, stages, given=transition is not None)
    return Stack(
        parts,
        stages,
        stem=_stem(stem, rule, len(parts.states)),
        head=lambda width: nn.Identity() if head is None else head,
        layers=parts.layers * sum(len(places) for places in stages),
        start=start,
        post_relu=post == "relu",
        survival=survival,
        reversible=reversible,
        checkpoint=checkpoint,
        tile=tile,
        own_weights=True,
    ).build()


# --------------------------------------------------------------------------- modules


@dataclass(frozen=True)
class Own:
    """A sub-net of the user's own."""

    name: str
    build: Make | nn.Module
    domain: Domain
    layers: int = 1

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """`activated` changes nothing."""
        return made(self.build, shape, self.name)

    def initialise(self, module: nn.Module, branches: int) -> None:
        """Keeps the weights that it has."""


def made(build: Make | nn.Module, shape: Shape, name: str) -> nn.Module:
    """What `build` makes for `shape`; ValueError if it takes no shape and this one changes."""
    if isinstance(build, nn.Module):
        module: Any = build
    elif not callable(build):
        raise TypeError(f"{name} is a module or builds one; it cannot be {build!r}")
    elif takes_shape(build):
        if not shape.outside:
            raise ValueError(
                f"{name} is a function of (inside, outside, stride); write widths=[...]"
            )
        return _a_module(build(shape.inside, shape.outside, shape.stride), name)  # type: ignore[call-arg]
    else:
        module = _a_module(build(), name)  # type: ignore[call-arg]
    if shape.changes:
        raise ValueError(
            f"{name} takes no shape, and a block has to take {shape}; "
            "write it as a function of (inside, outside, stride)"
        )
    return module  # type: ignore[no-any-return]


def takes_shape(build: Callable[..., nn.Module]) -> bool:
    """Whether it cannot be called without arguments."""
    try:
        inspect.signature(build).bind()
    except TypeError:
        return True
    except ValueError:  # it has no signature
        return False
    return False


def _a_module(value: object, name: str) -> nn.Module:
    if not isinstance(value, nn.Module):
        raise TypeError(f"{name} must return a torch.nn.Module, not {value!r}")
    return value


def _branches(
    scheme: Scheme, branch: Make | nn.Module | Mapping[str, Make | nn.Module], domain: Domain
) -> tuple[Branch, dict[str, Branch]]:
    """What makes most sub-nets, and what makes those of each slot."""
    linear = [slot for slot in scheme.slots if slot in scheme.linear]
    if not isinstance(branch, Mapping):
        if linear:
            raise ValueError(
                f"{scheme.name} has linear slots, {', '.join(linear)}; write branch as a mapping "
                f"with a key for each of {', '.join(scheme.slots)}"
            )
        return Own("branch", branch, domain), {}
    if set(branch) != set(scheme.slots):
        raise ValueError(
            f"branch has the keys {', '.join(branch)}; the slots of {scheme.name} are "
            f"{', '.join(scheme.slots)}"
        )
    own = {slot: Own(f"branch[{slot!r}]", build, domain) for slot, build in branch.items()}
    return next(iter(own.values())), {**own}


def _transition(transition: str | Make | None) -> Transition:
    if transition is None:
        return Transition("none")
    if not isinstance(transition, str):
        return Transition("the user's own", inside=partial(_operator, transition))
    if transition not in TRANSITIONS:
        known = ", ".join(TRANSITIONS)
        raise ValueError(f"transition is a function or one of {known}, not {transition!r}")
    return TRANSITIONS[transition]


def _operator(build: Make, shape: Shape, domain: Domain) -> nn.Module:
    return made(build, shape, "transition")


def _stem(
    stem: nn.Module | Sequence[nn.Module] | None, rule: Start, values: int
) -> Callable[[int], nn.Module]:
    """What gives the engine a stem whenever it asks for one."""
    if isinstance(stem, nn.Module | None):
        if rule.stems:
            raise ValueError(f'start = "stems" needs a sequence of {values} stems, one a value')
        only = nn.Identity() if stem is None else stem
        return lambda width: only
    if not rule.stems or len(stem) != values:
        needed = f"{values} are needed" if rule.stems else 'leave start out, or write "stems"'
        raise ValueError(f"stem is a sequence of {len(stem)} modules, one a value: {needed}")
    each = iter(stem)
    return lambda width: next(each)


# --------------------------------------------------------------------------- shapes


def _places(
    parts: Blocks,
    rule: Start,
    blocks: int | Sequence[int],
    widths: Sequence[int] | None,
    strides: Sequence[int] | None,
    stem_width: int | None,
) -> list[list[Place]]:
    """Where every block stands. Without widths no block changes shape, and nothing asks for one."""
    if widths is None:
        if not isinstance(blocks, int) or strides is not None or stem_width is not None:
            raise ValueError("blocks of several stages, strides and stem_width go with widths")
        per_channel = [s.name for s in parts.scheme.symbols if s.scope == "channel"]
        if per_channel:
            message = f"{parts.scheme.name} has {per_channel[0]} per channel; write widths=[...]"
            raise ValueError(message)
        return [[Place(Shape.same(0))] * blocks]
    shares = [rule.share(width, parts) for width in widths]
    numbers = [blocks] * len(widths) if isinstance(blocks, int) else list(blocks)
    if strides is None:
        strides = [1] + [2 if parts.domain == "image" else 1] * (len(widths) - 1)
    if not len(widths) == len(numbers) == len(strides):
        raise ValueError(
            f"there are {len(widths)} widths, {len(numbers)} numbers of blocks and "
            f"{len(strides)} strides; give as many of each, one a stage"
        )
    found: list[list[Place]] = []
    inside = shares[0] if stem_width is None else rule.share(stem_width, parts)
    for outside, number, stride in zip(shares, numbers, strides, strict=True):
        first = entry(parts, Shape(inside, outside, stride))
        found.append([first, *[Place(Shape.same(outside))] * (number - 1)][:number])
        inside = outside
    return found


def _check(parts: Blocks, stages: Sequence[Sequence[Place]], *, given: bool) -> None:
    if not all(stages):
        raise ValueError("every stage has at least one block")
    changes = [place for places in stages for place in places if place.changes]
    if changes and parts.transformed and not given:
        raise ValueError(
            f"a block has to take {changes[0].shape}; write transition, the name of a kind "
            f"({', '.join(TRANSITIONS)}) or a function of (inside, outside, stride)"
        )
