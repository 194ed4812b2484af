"""`make_block`: the text of an emitted class, executed. The first module that needs torch."""

from __future__ import annotations

import hashlib
import inspect
import linecache
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from fractions import Fraction
from functools import lru_cache
from types import ModuleType
from typing import Any

from torch import nn

from butcher.compiler import compile as compile_scheme
from butcher.compiler import resolve
from butcher.spec import Scheme

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]
SubNets = SubNet | Mapping[str, SubNet]


def make_block(
    scheme: Scheme | str | os.PathLike[str],
    F: SubNets,
    /,
    h: float | Fraction | None = None,
    step: str | None = None,
    weights: str | None = None,
    transition: SubNet | None = None,
    starts: Scheme | str | os.PathLike[str] | None = None,
    evaluations: str | None = None,
    checkpoint: str | None = None,
    form: str | None = None,
    **values: Any,
) -> nn.Module:
    """A live block: what `butcher.compile` emits, executed and given its sub-nets.

    scheme    a Scheme, text (with a line break), a path, or a shipped name.
    F         what builds a sub-net (called once a set of weights, in stage order), a module (the
              same everywhere), or a sequence of modules; for several slots also a mapping from
              slot name to any of these.
    h         the value of a fixed, the start value of a learned step; what controlled steps make
              together.
    step      "fixed", "learned", "per-stage" or "controlled"; weights: "per-stage" or "shared".
    transition
              of a block that changes shape: the module that maps its states to the new shape; of
              several states one module for all, a sequence with one for each, or what builds one.
              A sub-net that reads a state as it comes maps to the new shape itself, see
              `butcher.compiler.uses`; all others keep that.
    starts    a multistep method that this one-step method starts: the block takes and gives the
              states of that one.
    evaluations
              "in-turn", or "together": on a CUDA device those that need nothing of each other run
              side by side.
    checkpoint
              "none", or what training evaluates again instead of storing it: "stage", of each
              evaluation everything but its argument, or "block", everything but the states.
    form      "plain", or "fused": one kernel between two evaluations, by `butcher.kernels`.
    values    `param` names, start values of `learn` names, `channels` where one is per channel, and
              of a controlled step `rtol`, `atol` and its other keywords. A
              name that the class had to change (`training` is `training_` there) is given as it
              stands in the file, but a symbol called like a parameter of this function, such as
              `step` or `F`, with the underscore.

    None means what the file says. The block's source is `inspect.getsource(type(block))`.
    """
    scheme = resolve(scheme)
    other = None if starts is None else resolve(starts)
    digests = scheme.digest, other.digest if other else ""
    make = live_class(_source(scheme, other, digests, step, weights, evaluations, checkpoint, form))
    given: dict[str, object] = dict(_keywords(make, scheme.name, values))
    if h is not None:
        if not math.isfinite(h):
            raise ValueError(f"h is a finite number, not {h}")
        given["h"] = float(h)
    if transition is not None:
        _has_transition(make, scheme.name, step)
        given["transition"] = transition
    if isinstance(F, Mapping) and set(F) == set(scheme.slots) and len(F) == 1:
        (F,) = F.values()  # the class of one slot does not know what it is called
    return make(F, **given)


@lru_cache(maxsize=256)
def _source(
    scheme: Scheme,
    starts: Scheme | None,
    digests: tuple[str, str],
    step: str | None,
    weights: str | None,
    evaluations: str | None,
    checkpoint: str | None,
    form: str | None,
) -> str:
    """A stack asks for the same block again and again. The digests are part of the key: schemes
    that say the same are equal, and yet their texts differ, and the emitted file names its text.
    """
    return compile_scheme(
        scheme,
        step=step,
        weights=weights,
        starts=starts,
        evaluations=evaluations,
        checkpoint=checkpoint,
        form=form,
    )


def _keywords(
    make: Callable[..., nn.Module], name: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """The keywords of the class for names of the file; a TypeError lists the known ones."""
    own = {"h", "transition"}
    known = [name for name in _keywords_of(make) if name not in own]
    given: dict[str, Any] = {}
    for key, value in values.items():
        keyword = key if key in known else f"{key}_"
        if keyword not in known:
            own_names = ["h", "step", "weights", "transition", "starts", "evaluations"]
            all_known = ", ".join([*own_names, "checkpoint", "form", *known])
            near = get_close_matches(key, known, n=1)
            mend = f"did you mean {near[0]}? " if near else ""
            raise TypeError(f"{name} has no {key!r}: {mend}its keywords are {all_known}")
        given[keyword] = value
    return given


def _keywords_of(make: Callable[..., nn.Module]) -> list[str]:
    parameters = inspect.signature(make).parameters.values()
    return [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]


def _has_transition(make: Callable[..., nn.Module], name: str, step: str | None) -> None:
    if step == "controlled":
        raise TypeError(
            f"a block of {name} that controls its step has no transition: its steps keep the "
            f"shape; change it before or behind the block"
        )
    if "transition" not in _keywords_of(make):
        raise TypeError(
            f"{name} has no transition: every state goes into a sub-net as it comes, and these map "
            f"to the new shape"
        )


# --------------------------------------------------------------------------- text to class


def live_class(source: str) -> type[nn.Module]:
    """The class that an emitted text defines, the same one whenever the text is the same.

    Its module is in `sys.modules` under a name made of the text's digest, and its lines are known
    to tracebacks. Its instances carry the text when they are pickled, so that a process that has
    never seen it can make the class again.
    """
    name = f"butcher_block_{hashlib.sha256(source.encode()).hexdigest()[:16]}"
    module = sys.modules.get(name) or _executed(source, name)
    return _made(module)


def _executed(source: str, name: str) -> ModuleType:
    filename = f"<{name}>"
    module = ModuleType(name)
    module.__file__ = filename
    # No modification time: the entry stays when others are checked against the disk.
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    # The text is the emitter's own: names are checked identifiers, numbers are printed by it, and
    # strings of a `.tab` file reach it only escaped.
    exec(compile(source, filename, "exec"), module.__dict__)  # noqa: S102
    sys.modules[name] = module
    made = _made(module)
    made.__reduce_ex__ = _reduce(made, source)  # type: ignore[method-assign, assignment]
    return module


def _made(module: ModuleType) -> type[nn.Module]:
    """The one module among what an emitted text defines."""
    (made,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and issubclass(value, nn.Module)
    )
    return made


def _reduce(made: type, source: str) -> Callable[[nn.Module, int], str | tuple[Any, ...]]:
    """How an instance is pickled: by the text of its class and what it holds."""

    def __reduce_ex__(self: nn.Module, protocol: int) -> str | tuple[Any, ...]:
        usual = object.__reduce_ex__(self, max(protocol, 2))
        if type(self) is not made or isinstance(usual, str):
            return usual  # a subclass is found by its own name
        return (_blank, (source,), *usual[2:])

    return __reduce_ex__


def _blank(source: str) -> nn.Module:
    """An instance without its content, which unpickling fills in."""
    made = live_class(source)
    return made.__new__(made)
