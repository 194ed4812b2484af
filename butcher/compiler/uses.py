"""What a network needs to know of a block: what its sub-nets are used on, where its numbers are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from butcher.compiler.control import controlled
from butcher.compiler.lookup import Named, resolve
from butcher.compiler.options import CONTROLLED, chosen_step, chosen_weights
from butcher.compiler.starting import chosen_starts, started
from butcher.compiler.sweeps import straightened
from butcher.emit.torch_module.parameters import Parameters
from butcher.ir.graph import Graph
from butcher.ir.lower import lower


@dataclass(frozen=True)
class Use:
    """One set of weights, `self.f[i]` of the block.

    slot     the slot that it belongs to; `linear` whether that is declared a linear map.
    reads    the state that all its evaluations read as it comes: it maps to the new shape of a
             block that changes shape. None: it keeps the new shape.
    mixed    whether it is used on a state as it comes and on something else as well, as by
             `weights shared`: then the block cannot change shape.
    """

    slot: str
    linear: bool
    reads: str | None
    mixed: bool


def uses(
    scheme: Named,
    step: str | None = None,
    weights: str | None = None,
    starts: Named | None = None,
) -> tuple[Use, ...]:
    """One for every set of weights, in the order of `self.f`. Claims are not verified.

    A block that controls its step keeps the shape, whatever its sub-nets read.
    """
    graph = block_graph(scheme, step, weights, starts)
    found = tuple(_use(graph, group) for group in graph.groups)
    if step == CONTROLLED:
        return tuple(replace(use, reads=None, mixed=False) for use in found)
    return found


def transformed(
    scheme: Named,
    step: str | None = None,
    weights: str | None = None,
    starts: Named | None = None,
) -> tuple[str, ...]:
    """The keys of the states that pass through the block's transition, in the order of `states`;
    with none the block has no keyword `transition`.
    """
    return () if step == CONTROLLED else block_graph(scheme, step, weights, starts).transformed


def _use(graph: Graph, group: str) -> Use:
    evaluations = [e for e in graph.evaluations if e.group == group]
    read = {graph.reads(e) for e in evaluations}
    slot = evaluations[0].slot
    return Use(
        slot=slot,
        linear=slot in graph.linear,
        reads=next(iter(read)) if len(read) == 1 else None,
        mixed=len(read) > 1,
    )


def attributes(graph: Graph) -> dict[str, str]:
    """Trained symbol -> the attribute of the block that holds it, `k_free` where k is bounded.

    The steps of all stages are one, `h`, a list; `graph` is that of `block_graph`.
    """
    return Parameters.of(graph).attributes


def block_graph(
    scheme: Named,
    step: str | None = None,
    weights: str | None = None,
    starts: Named | None = None,
) -> Graph:
    """The block as it is emitted: sweeps written out, what no output reads left away."""
    chosen = chosen_weights(resolve(scheme), weights)
    lowered = lower(chosen, chosen_step(step))
    if step == CONTROLLED:
        return controlled(chosen, lowered)
    return started(straightened(lowered), chosen_starts(starts))
