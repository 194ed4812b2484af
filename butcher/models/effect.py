"""What has no effect on what a network gives: parts that no one reads, numbers that cancel.

Both follow from the graphs of the blocks. From the last block backwards it is known which states
are read, and from the first block forwards which of them are equal: of (1-k) u[n] + k u[n-1]
nothing depends on k where u[n-1] is u[n].
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from butcher.coefficient import Coefficient
from butcher.compiler import attributes
from butcher.emit.torch_module.begin import beginning
from butcher.ir.graph import Graph, Row
from butcher.models.blocks import Again, Each
from butcher.models.network import Network, Relu, is_block, numbers
from butcher.models.starts import Stems


def without_effect(network: Network, graphs: Sequence[Graph], *, equal: bool) -> tuple[str, ...]:
    """The parameters without effect, by name: frozen ones, and those that nothing depends on.

    graphs  what each block computes, in their order.
    equal   whether all values are the same before the first block.
    """
    parts = list(_parts(network, graphs))
    alive = set(network.head.parameters())
    read = set(network.newest)
    found: list[Reach] = []
    for module, graph in reversed(parts):
        if graph is None:
            alive |= _of_each(module, read)
            continue
        found.append(reach(graph, [graph.outputs[i] for i in read]))
        read = {i for i, key in enumerate(graph.state) if key in found[-1].states}
        alive |= _of_block(module, graph, found[-1])
    alive |= _of_each(network.stem, read)
    if equal:
        alive |= _of_start(*next(part for part in parts if part[1] is not None), read)
    alive -= set(_cancelled(parts, found[::-1], equal=equal))
    return tuple(
        name
        for name, parameter in network.named_parameters()
        if parameter not in alive or not parameter.requires_grad
    )


Part = tuple[nn.Module, Graph | None]


def _parts(network: Network, graphs: Sequence[Graph]) -> Iterator[Part]:
    """Everything between stem and head, blocks with their graphs."""
    each = iter(graphs)
    for stage in network.stages.children():
        for part in stage.children():
            yield part, next(each) if is_block(part) else None


# --------------------------------------------------------------------------- what is read


@dataclass(frozen=True)
class Reach:
    """The parts of a block that some of its outputs depend on.

    states  those that are read; `behind`: those of them that are read behind the transition.
    groups  sets of weights.
    rows    combinations.
    """

    states: frozenset[str]
    behind: frozenset[str]
    groups: frozenset[str]
    rows: tuple[Row, ...]


def reach(graph: Graph, outputs: Iterable[str]) -> Reach:
    """What the outputs of those keys depend on."""
    direct: set[str] = set()
    rows: dict[str, Row] = {}
    waiting, seen = list(outputs), set[str]()
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        if key in graph.row:
            rows[key] = graph.row[key]
            waiting += rows[key].coefficients
        elif key in graph.evaluation:
            evaluation = graph.evaluation[key]
            read = graph.reads(evaluation)
            if read is None:
                waiting.append(evaluation.argument)
            else:
                direct.add(read)
    behind = seen & graph.state.keys()
    groups = {graph.evaluation[key].group for key in seen & graph.evaluation.keys()}
    return Reach(
        frozenset(direct | behind), frozenset(behind), frozenset(groups), tuple(rows.values())
    )


def _of_each(module: nn.Module, read: Iterable[int]) -> set[nn.Parameter]:
    """Of what stands between blocks and before them, for the states that are read."""
    if isinstance(module, Each | Stems):
        of_states = list(module.through if isinstance(module, Each) else module.stems)
        return {p for i in read for p in _itself(of_states[i]).parameters()}
    return set(module.parameters())


def _of_block(block: nn.Module, graph: Graph, found: Reach) -> set[nn.Parameter]:
    """Of a block, its numbers whether they have an effect or not."""
    alive = set(numbers(block))
    for group, net in zip(graph.groups, _nets(block), strict=True):
        if group in found.groups:
            alive |= set(net.parameters())
    for key, through in zip(graph.state, _transitions(block, graph), strict=True):
        if key in found.behind:
            alive |= set(_itself(through).parameters())
    return alive


def _nets(block: nn.Module) -> list[nn.Module]:
    """The sub-nets of a block, one of all stages as often as there are sets of weights."""
    nets = block.get_submodule("f")
    assert isinstance(nets, nn.ModuleList)
    return list(nets)


def _of_start(block: nn.Module, graph: Graph | None, read: set[int]) -> set[nn.Parameter]:
    """Of the sub-nets that make the evaluations before the first block."""
    assert graph is not None
    kept = beginning(graph).evaluations
    keys = [kept[key] for i, key in enumerate(graph.state) if i in read and key in kept]
    groups = reach(graph, keys).groups
    nets = zip(graph.groups, _nets(block), strict=True)
    return {p for group, net in nets if group in groups for p in net.parameters()}


def _transitions(block: nn.Module, graph: Graph) -> list[nn.Module]:
    """The operator of each state."""
    transition = dict(block.named_children()).get("transition", nn.Identity())
    if isinstance(transition, nn.ModuleList) and len(graph.states) > 1:
        return list(transition)
    return [transition] * len(graph.states)


def _itself(module: nn.Module) -> nn.Module:
    """The module that has the parameters."""
    while isinstance(module, Again):
        module = module.module
    return module


# --------------------------------------------------------------------------- what is equal


def _cancelled(
    parts: Sequence[Part], found: Sequence[Reach], *, equal: bool
) -> Iterator[nn.Parameter]:
    """The numbers of blocks on which nothing depends."""
    each = iter(found)
    same: list[Hashable] = []
    for block, graph in parts:
        if graph is None:
            same = [*_between(block, same)]
            continue
        same = same or _at_first(block, graph, equal=equal)
        through = zip(same, _transitions(block, graph), strict=True)
        known: dict[str, Hashable] = {
            key: _image(value, P) for key, (value, P) in zip(graph.state, through, strict=True)
        }
        known |= {key: (id(block), key) for key in graph.evaluation}
        names = effective(graph, next(each), known)
        for symbol, attribute in attributes(graph).items():
            number = getattr(block, attribute)
            if symbol not in names and isinstance(number, nn.Parameter):  # no list of steps
                yield number
        same = [known.get(key, (id(block), key)) for key in graph.outputs]


def effective(graph: Graph, found: Reach, same: Mapping[str, Hashable]) -> frozenset[str]:
    """The symbols on which what was reached depends; what has one value in `same` is equal."""
    names: set[str] = set()
    for row in found.rows:
        sums: dict[Hashable, Coefficient] = {}
        for term in row.terms:
            key = same[term.source]
            sums[key] = sums.get(key, Coefficient.of(0)) + term.coefficient
        names |= {name for total in sums.values() for name in total.names}
    for symbol in graph.symbols:
        if symbol.name in names and symbol.distribution is not None:
            names |= {name for a in symbol.distribution.arguments for name in a.names}
    return frozenset(names)


def _at_first(block: nn.Module, graph: Graph, *, equal: bool) -> list[Hashable]:
    """Before the first block: one value and evaluations that are the block's own, or all differ."""
    if not equal:
        return list(graph.state)
    kept = beginning(graph).evaluations
    own = {
        state: (id(block), key)
        for state, key in kept.items()
        if graph.reads(graph.evaluation[key]) is not None
    }
    return ["u" if graph.is_value(key) else own.get(key, key) for key in graph.state]


def _between(part: nn.Module, same: Sequence[Hashable]) -> Iterator[Hashable]:
    """Behind what stands between blocks."""
    for i, value in enumerate(same):
        if isinstance(part, Each):
            yield _image(value, part.through[i])
        elif isinstance(part, Relu) and i not in part.newest:
            yield value
        else:
            yield (id(part), value)


def _image(value: Hashable, module: nn.Module) -> Hashable:
    """What tells apart what `module` makes of values."""
    module = _itself(module)
    if isinstance(module, nn.Identity):
        return value
    trained = any(True for _ in module.parameters())
    return (id(module) if trained else type(module), value)
