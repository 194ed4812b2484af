"""From the `[model]` table of a recipe to a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch import nn

from butcher.compiler import Scheme, UnknownNameError, resolve
from butcher.errors import SpecError
from butcher.models.blocks import OF_BLOCKS, Blocks
from butcher.models.family import FAMILIES, Family
from butcher.models.heads import Head
from butcher.models.layout import block_layers, places
from butcher.models.model import ModelOptions
from butcher.models.network import Network
from butcher.models.options import Problem, TableError, checked, shown, suggestion
from butcher.models.stack import Stack
from butcher.models.starts import STARTS, usual
from butcher.models.stems import STEMS
from butcher.models.subnets import Subnet, subnet
from butcher.models.transitions import TRANSITIONS
from butcher.source import Source


def family(table: Mapping[str, Any]) -> Family:
    """The family that `table` names."""
    if "family" not in table:
        raise TableError([Problem("model.family", f"is missing{suggestion('', FAMILIES)}")])
    name = table["family"]
    if not isinstance(name, str) or name not in FAMILIES:
        message = f"{shown(name)} is not known{suggestion(name, FAMILIES)}"
        raise TableError([Problem("model.family", message)])
    return FAMILIES[name]


def read(table: Mapping[str, Any]) -> ModelOptions:
    """The `[model]` table with its family's defaults; TableError names every wrong key."""
    chosen = family(table)
    whole = _with_defaults(table, chosen)
    problems = list(_subnet_problems(whole))
    try:
        options = checked(ModelOptions, whole, "model")
    except TableError as wrong:
        named = {problem.key for problem in problems}
        problems += [problem for problem in wrong.problems if problem.key not in named]
    if problems:
        raise TableError(problems)
    if (options.depth is None) == (options.blocks is None):
        message = "give depth (layers) or blocks, one of the two"
        raise TableError([Problem("model", message)])
    return options


def build(table: Mapping[str, Any], in_channels: int, classes: int) -> Network:
    """The network of a `[model]` table, from (N, in_channels, ...) to (N, classes).

    Its weights are drawn from torch's global generator. TableError for what cannot be; SpecError
    for what is wrong in a scheme's text, OSError for a file that cannot be read.
    """
    return network(read(table), in_channels, classes)


def network(options: ModelOptions, in_channels: int, classes: int) -> Network:
    """The network of options that `read` has read."""
    with _table_errors(options):
        return _plan(options, in_channels, classes).build()


def plan(options: ModelOptions, in_channels: int, classes: int) -> Stack:
    """What `options` ask the engine for."""
    with _table_errors(options):
        return _plan(options, in_channels, classes)


@contextmanager
def _table_errors(options: ModelOptions) -> Iterator[None]:
    """What the engine refuses is a TableError; what is wrong in a scheme's text names its key."""
    try:
        yield
    except TableError:
        raise
    except SpecError as wrong:
        text = wrong.source.text
        keys = [key for key in ("scheme", "starter") if getattr(options, key) == text]
        if not keys:  # a file's, or a shipped one's, which the error names
            raise
        raise SpecError(wrong.diagnostics, Source(f"model.{keys[0]}", text)) from None
    except ValueError as wrong:
        raise TableError([Problem("model", str(wrong))]) from None


def _plan(options: ModelOptions, in_channels: int, classes: int) -> Stack:
    scheme = _scheme(options.scheme, "scheme")
    if problems := list(_scheme_problems(options, scheme)):
        raise TableError(problems)
    stem, transition = STEMS[options.stem], TRANSITIONS[options.transition]
    chosen = FAMILIES[options.family]
    branch, branches = options.kind, _branches(options, chosen, scheme)
    for slot, other in branches.items():
        if slot not in scheme.slots:
            message = f"is no slot of {scheme.name}{suggestion(slot, scheme.slots)}"
            raise TableError([Problem(f"model.subnets.{slot}", message)])
        if other.domain != branch.domain:
            raise TableError([Problem(f"model.subnets.{slot}", _domains(other, branch))])
    if stem.domain != branch.domain:
        fit = [name for name, other in STEMS.items() if other.domain == branch.domain]
        message = f'"{options.stem}" is no stem for sub-nets "{branch.kind}"; write one of '
        raise TableError([Problem("model.stem", message + ", ".join(fit))])
    keywords = {key: getattr(options, key) for key in OF_BLOCKS}
    blocks = Blocks(
        scheme,
        branch,
        branches,
        transition,
        starter=_starter(options, scheme),
        earlier=options.earlier,
        keywords={**keywords, **options.values},
    )
    start = _start(options, blocks)
    stages = places(options, blocks, chosen, STARTS[start], in_channels)
    number = sum(len(stage) for stage in stages)
    return Stack(
        blocks,
        stages,
        stem=partial(stem.make, in_channels),
        head=lambda width: Head(width, classes, branch.domain, norm=options.final_norm),
        layers=chosen.other + number * block_layers(blocks, chosen),
        start=start,
        post_relu=options.post == "relu",
        activated=options.activated,
        survival=options.survival,
        reversible=options.reversible,
        checkpoint=options.checkpoint,
        tile=options.tile,
        zero_init=options.zero_init,
        remarks=tuple(_remarks(options)),
    )


def parameters(model: nn.Module) -> int:
    """How many numbers the network has, frozen ones too."""
    return sum(p.numel() for p in model.parameters())


# --------------------------------------------------------------------------- parts


def _with_defaults(table: Mapping[str, Any], chosen: Family) -> dict[str, Any]:
    """`table` over the defaults of its family; of alternative keys those of the table."""
    depth = table.get("depth")
    published = chosen.depths.get(depth, {}) if isinstance(depth, int) else {}
    defaults = {**chosen.defaults, **published}
    for group in ModelOptions.alternatives:
        if group & table.keys() and not (group == {"width", "widths"} and "width" in table):
            defaults = {key: value for key, value in defaults.items() if key not in group}
    if published:
        table = {key: value for key, value in table.items() if key != "depth"}
        defaults = {**defaults, **published}
    return {**defaults, **{key: _over(defaults.get(key), table[key]) for key in table}}


def _over(default: Any, given: Any) -> Any:
    """What is given; a table that names no kind changes keys of the default one."""
    if not isinstance(given, Mapping) or "kind" in given:
        return given
    default = {"kind": default} if isinstance(default, str) else default or {}
    return {**default, **{key: _over(default.get(key), value) for key, value in given.items()}}


def _subnet_problems(table: Mapping[str, Any]) -> Iterable[Problem]:
    given = {"subnet": table["subnet"]} if "subnet" in table else {}
    slots = table.get("subnets")
    if isinstance(slots, Mapping):
        given |= {f"subnets.{slot}": kind for slot, kind in slots.items()}
    for key, kind in given.items():
        try:
            subnet(kind, f"model.{key}")
        except TableError as wrong:
            yield from wrong.problems


def _branches(options: ModelOptions, chosen: Family, scheme: Scheme) -> dict[str, Subnet]:
    """The sub-nets of some slots; those that the family gives to slots of its own scheme go."""
    usual = chosen.defaults.get("subnets", {})
    return {
        slot: kind
        for slot, kind in options.kinds.items()
        if slot in scheme.slots or options.subnets[slot] != usual.get(slot)
    }


def _domains(one: Any, other: Any) -> str:
    where = {"image": "in dimension 1", "vector": "last"}
    return (
        f'channels of "{one.kind}" stand {where[one.domain]}, those of "{other.kind}" '
        f"{where[other.domain]}; take sub-nets of one kind of data"
    )


def _scheme(name: str, key: str) -> Scheme:
    try:
        return resolve(name)
    except UnknownNameError as unknown:
        raise TableError([Problem(f"model.{key}", str(unknown))]) from None
    except OSError as problem:
        raise OSError(problem.errno, f"{problem.strerror} (model.{key})", name) from None


def _scheme_problems(options: ModelOptions, scheme: Scheme) -> Iterable[Problem]:
    """Keys that this scheme cannot have."""
    own = [s.name for s in scheme.symbols if s.kind in ("param", "learn") and s.name != "h"]
    for name, value in options.values.items():
        key = f"model.values.{name}"
        if name in own and isinstance(value, str):
            yield Problem(key, f"{shown(value)} is no number")
        elif name in OF_BLOCKS:
            yield Problem(key, f"is a key of [model] itself: write {name} = {shown(value)} there")
        elif name not in own and options.step != "controlled":
            known = suggestion(name, own) if own else ": it has none"
            yield Problem(key, f"is no parameter of {scheme.name}{known}")
    if options.stem == "none" and options.stem_width is not None:
        yield Problem("model.stem_width", "has no stem to be of: leave it out, or give a stem")
    if options.survival is not None and "p" not in own:
        yield Problem(
            "model.survival",
            f"{scheme.name} drops no branches, it has no `param p`; leave survival out, or write "
            "a scheme that does, such as stochastic_depth or stochastic_lm",
        )


def _start(options: ModelOptions, blocks: Blocks) -> str:
    """The rule by which states begin; a starter that is given is used."""
    looks_back = blocks.lag > 0
    start = options.start or (looks_back and options.starter and "restart") or usual(blocks)
    if options.starter is not None and not STARTS[start].starters(blocks, 0):
        why = f'start = "{start}" has no starter' if looks_back else "the scheme looks back at none"
        raise TableError([Problem("model.starter", f"nothing begins with it: {why}; leave it out")])
    try:
        STARTS[start].check(blocks)
    except ValueError as wrong:
        raise TableError([Problem("model.start", str(wrong))]) from None
    return start


def _starter(options: ModelOptions, scheme: Scheme) -> Scheme:
    """The one-step method that begins; one that drops branches for a scheme that does."""
    if options.starter is not None:
        return _scheme(options.starter, "starter")
    drops = any(symbol.name == "p" for symbol in scheme.symbols)
    return resolve("stochastic_depth" if drops else "euler")


def _remarks(options: ModelOptions) -> Iterable[str]:
    if options.post == "relu":
        yield "A ReLU follows every block: the order is that of the map before it."
