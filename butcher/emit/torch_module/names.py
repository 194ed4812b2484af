"""Python names for everything in a graph. One place decides, and always alike."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from butcher.ir.graph import Graph
from butcher.ir.steps import is_step
from butcher.ir.sums import sums
from butcher.spec.symbol import Symbol


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What a module has besides its own: a test compares this with the torch that is installed.
MODULE_ATTRIBUTES = _words(
    """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda
    double dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter
    get_submodule half ipu load_state_dict modules mtia named_buffers named_children named_modules
    named_parameters parameters register_backward_hook register_buffer register_forward_hook
    register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module
    register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
    set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu
    zero_grad
    """
)
# What the emitted file itself uses, and the keywords of `make_block`.
OWN_NAMES = _words(
    """
    self f h t n u F nn torch Tensor Callable Iterator Mapping Sequence order stages nfe states
    start inverse channels transition state scheme step weights starts evaluations size
    checkpoint again Before nullcontext all any map setattr
    SubNet SubNets sub_nets slot_nets slots bounded unbounded redrawn may_skip careful wide
    moved Moved KEEPS_INPUT Any together Call device_of on_stream side_streams lru_cache bool
    callable dict float getattr id int isinstance len list next object property range set sorted
    staticmethod str super tuple vars zip TypeError ValueError
    form spread gather recovered behind
    """
)
# What it has besides where the step is controlled.
CONTROL_NAMES = _words(
    """
    rtol atol controller per relative_to exponent safety factor_min factor_max first_step max_steps
    detach betas accepted rejected evaluations begin unfinished turn error rms factor stuck chosen
    math NamedTuple Progress TINY RuntimeError
    """
)
_KEY = re.compile(r"(\w+)\[n(?:([+-])(\d+))?\](.*)", re.ASCII)
_ARGUMENT = re.compile(r"Y\[(\w+)\](\d*)", re.ASCII)


@dataclass(frozen=True)
class Names:
    """`symbols`: symbol to attribute, keyword and local; `locals`: key to local variable."""

    symbols: Mapping[str, str]
    free: Mapping[str, str]
    """Where the free parameter of a bounded one is stored."""
    starts: Mapping[str, str]
    """Where the start value of a vector is stored until its size is known."""
    backward: Mapping[str, str]
    """The second draw of a redrawn one."""
    locals: Mapping[str, str]
    taken: set[str]


def name_everything(
    graph: Graph, symbols: Iterable[Symbol], tensors: Collection[str], taken: Iterable[str] = ()
) -> Names:
    """Names for the symbols in use, then for states, evaluations, rows and their sums, in that
    order; `tensors` are the symbols that are tensors in forward.
    """
    used = set(taken) | MODULE_ATTRIBUTES | OWN_NAMES
    of_symbols: dict[str, str] = {}
    lists = {"h": "h"}
    symbols = list(symbols)
    for symbol in symbols:
        base = base_name(symbol)
        if base not in lists:
            lists[base] = _unused(base, used)
        of_symbols[symbol.name] = lists[base]
    free = {
        s.name: "h_free" if base_name(s) != s.name else _unused(f"{of_symbols[s.name]}_free", used)
        for s in symbols
    }
    starts = {s.name: _unused(f"{of_symbols[s.name]}_start", used) for s in symbols}
    backward = {
        s.name: _unused(f"{of_symbols[s.name]}_back", used) for s in symbols if s.redrawn_backward
    }
    # A variable hides no attribute, so what a module has is no obstacle here.
    used -= MODULE_ATTRIBUTES - OWN_NAMES
    used -= _words("u f n F start inverse order stages size transition")
    used -= _words("step weights starts evaluations checkpoint form")
    keys = [*graph.state, *graph.evaluation, *graph.row]
    local = {key: _unused(_spelled(key), used) for key in keys}
    for row in graph.rows:
        for part in sums(graph, row, tensors):
            if part.key not in local:
                local[part.key] = _unused(f"d{local[row.key]}", used)
    return Names(of_symbols, free, starts, backward, local, used)


def fresh(names: Names, wanted: str) -> str:
    """A local that is in use nowhere: `c1`, `c2`, ..."""
    stem, number = wanted.rstrip("0123456789"), 1
    while f"{stem}{number}" in names.taken:
        number += 1
    names.taken.add(f"{stem}{number}")
    return f"{stem}{number}"


def unused(names: Names, wanted: str) -> str:
    """A local of this name, if it is in use nowhere."""
    return _unused(wanted, names.taken)


def behind(names: Names, local: str) -> str:
    """What a state is called behind the transition where both are needed: P(u) is `Pu`."""
    return unused(names, f"P{local}")


def base_name(symbol: Symbol) -> str:
    """The declared name: `h` of `h:Y3`, which is an item of the list `h`."""
    return "h" if is_step(symbol.name) else symbol.name


def class_name(text: str) -> str:
    """`text` as the name of a class that hides nothing the file uses."""
    name = re.sub(r"\W", "_", text, flags=re.ASCII)
    if not name.isidentifier():
        name = f"Method{name}"
    return _unused(name, set(OWN_NAMES))


def _spelled(key: str) -> str:
    """`u[n]` is u, `u[n+1]` u_next, `u[n-1]` u_prev, `u[n-2]` u_prev2, `Y[w]` w; else the key."""
    key = _ARGUMENT.sub(r"\1\2", key)
    match = _KEY.fullmatch(key)
    if match:
        name, sign, count, rest = match.groups()
        word = {"+": "_next", "-": "_prev", None: ""}[sign]
        key = name + word + (count if count not in {None, "1"} else "") + rest
    return re.sub(r"\W+", "_", key, flags=re.ASCII).rstrip("_") or "x"


def _unused(wanted: str, used: set[str]) -> str:
    """`wanted`, or with as many trailing underscores as make it free; it is taken then.

    Leading underscores are dropped: Python and torch keep such names for themselves.
    """
    name = wanted
    if name.startswith("_"):
        name = wanted.lstrip("_") + "_"
        name = name if name[0].isalpha() else f"x{name}"
    while name in used or keyword.iskeyword(name):
        name += "_"
    used.add(name)
    return name
