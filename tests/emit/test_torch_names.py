"""Names of a file that mean something to Python or torch get an underscore."""

from __future__ import annotations

import ast
import builtins

import pytest
import torch
from torch import nn

from butcher.block import make_block
from butcher.compiler import compile
from butcher.emit.torch_module import helpers
from butcher.emit.torch_module.names import MODULE_ATTRIBUTES, OWN_NAMES, class_name


def test_the_attributes_of_modules_are_known() -> None:
    """Of the torch installed here; a name that begins with an underscore is changed in any case."""
    public = {name for name in dir(nn.Module()) if not name.startswith("_")}
    assert public <= MODULE_ATTRIBUTES


EVERYTHING = """
method everything
  ode x' = f(y), y' = g(x)
  param p = 1/2
  learn a = 1/2 in [0, 1]
  learn c = 1/2 in [0, 1] per channel
  random eta ~ bernoulli(p) per batch
  random zeta ~ uniform(0, 1) redrawn backward
step
  x[n+1] = x[n] + a*h*f(y[n]) + c*eta*h*f(y[n-1])
  y[n+1] = y[n] + zeta*h*g(x[n+1])
"""


def globals_of(source: str) -> set[str]:
    """The names that a file reads or makes and that are no variables of its functions."""
    tree = ast.parse(source)
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    made = {
        name.name for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names
    }
    made |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return made | read & set(dir(builtins))


def test_no_variable_and_no_class_takes_a_name_that_the_file_needs() -> None:
    needed = globals_of(compile(EVERYTHING, step="per-stage"))
    needed |= {"torch", "SubNet", "SubNets", "slots"}
    every_helper = (text for name, text in vars(helpers).items() if name.isupper())
    needed |= globals_of("".join(every_helper))
    assert needed <= OWN_NAMES
    text = "method two\n  param slot_nets = 2\nstep\n  u[n+1] = f(u[n]) + slot_nets*g(u[n])\n"
    assert make_block(text, nn.Identity)(torch.ones(1)).item() == 3.0


NAMES = [
    *(
        "training",
        "half",
        "forward",
        "f",
        "order",
        "states",
        "start",
        "channels",
        "step",
        "weights",
        "evaluations",
        "together",
        "checkpoint",
        "again",
    ),
    *("torch", "nn", "self", "float", "super", "state", "u_next", "_parameters", "__k", "_", "t_"),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_of_any_name_works(name: str) -> None:
    slot = "g" if name == "f" else "f"
    text = (
        f"method mine\n  learn {name} = 1/2\n\nstep\n"
        f"  u[n+1] = u[n] + {name}*{slot}(u[n])\n  v[n+1] = v[n] + u[n-1]\n"
    )
    block = make_block(text, lambda: nn.Identity())
    (own,) = (n for n, _ in block.named_parameters())
    one = torch.ones(1)
    assert block((one, one, one))[0].item() == 1.5
    other = make_block(text, lambda: nn.Identity(), **{own: 2.0})
    assert other((one, one, one))[0].item() == 3.0


@pytest.mark.parametrize("name", ["h", "self", "torch", "nn", "state", "tuple", "k1", "Y1"])
def test_a_state_of_any_name_works(name: str) -> None:
    if name == "h":
        name = "hh"
    text = f"method mine\n\nstep\n  {name}[n+1] = {name}[n] + {name}[n-1] + h*f({name}[n])\n"
    block = make_block(text, lambda: nn.Identity())
    assert block((torch.ones(1), torch.ones(1)))[0].item() == 3.0


def test_names_that_would_meet_are_kept_apart() -> None:
    """`u_next` is what `u[n+1]` would be called, `a_free` where a bounded a is stored."""
    text = (
        "method mine\n  learn a = 1/2 in [0, 1]\n  learn a_free = 2\n\nstep\n"
        "  u_next = f(u[n])\n  u_prev = u[n] + a*u_next\n  u[n+1] = u_prev + a_free*u[n-1]\n"
    )
    block = make_block(text, lambda: nn.Identity())
    assert block((torch.ones(1), torch.ones(1)))[0].item() == pytest.approx(3.5)


@pytest.mark.parametrize("name", ["tensor", "nn", "torch", "sequence", "module", "callable"])
def test_a_method_of_any_name_is_a_class(name: str) -> None:
    text = f"method {name}\n\ntableau\n  0 |\n  --+--\n    | 1\n"
    made = type(make_block(text, nn.Tanh)).__name__
    assert made.lower().rstrip("_") == name
    assert made not in {"Tensor", "Sequence", "Callable"}


def test_class_names() -> None:
    assert class_name("Rk4") == "Rk4"
    assert class_name("Tensor") == "Tensor_"
    assert class_name("None") == "None_"
    assert class_name("") == "Method"
    assert class_name("3x") == "Method3x"


def test_long_coefficients_get_names() -> None:
    names = [f"parameter{i}" for i in range(6)]
    clauses = "".join(f"  param {name} = 1\n" for name in names)
    total = "+".join(f"{name}^2" for name in names)
    text = f"method mine\n{clauses}\nstep\n  u[n+1] = u[n] + h*({total})/({total}+1)*f(u[n])\n"
    source = compile(text)
    assert "c1 = (" in source
    assert "u_next = torch.add(u, k1, alpha=c1 / c2 * h)" in source
    assert make_block(text, nn.Identity)(torch.ones(1)).item() == pytest.approx(1 + 6 / 7)
