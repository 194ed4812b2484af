"""What `make_block` takes, and what it says to the rest."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from block.nets import Mix
from torch import nn

import butcher
from butcher.block import make_block

EULER = "method euler\n\ntableau\n  0 |\n  --+--\n    | 1\n"


def numbered() -> Callable[[], nn.Module]:
    """Builds modules that know when they were built."""
    built: list[nn.Module] = []

    def build() -> nn.Module:
        built.append(nn.Tanh())
        built[-1].number = len(built)
        return built[-1]

    return build


def numbers(block: nn.Module) -> list[int]:
    return [net.number for net in block.f]


# ---------------------------------------------------------------------- schemes


def test_a_scheme_a_name_a_path_or_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.tab"
    path.write_text(EULER, encoding="utf-8")
    for scheme in (butcher.load("euler"), "euler", path, str(path), EULER):
        assert type(make_block(scheme, Mix)).__name__ == "Euler"


def test_an_unknown_keyword_lists_the_known_ones() -> None:
    known = "h, step, weights, transition, starts, evaluations, checkpoint, form, p"
    with pytest.raises(TypeError, match=f"its keywords are {known}") as caught:
        make_block("stochastic_depth", Mix, q=1.0)
    assert "stochastic_depth" in str(caught.value)


def test_names_that_collide_are_given_as_the_file_has_them() -> None:
    text = "method m\n  param training = 1\nstep\n  u[n+1] = u[n] + training*h*f(u[n])\n"
    assert butcher.make_block(text, nn.Identity, training=0.5)(torch.ones(2, 3)).eq(1.5).all()


def test_a_step_is_finite() -> None:
    with pytest.raises(ValueError, match="finite"):
        butcher.make_block("rk4", nn.Identity, h=float("nan"))


def test_a_mapping_may_name_the_only_slot() -> None:
    net = nn.Linear(3, 3)
    assert butcher.make_block("euler", {"f": net}).f[0] is net


def test_nonsense_for_an_option_is_an_error() -> None:
    with pytest.raises(butcher.OptionError):
        make_block("euler", Mix, step="sometimes")
    with pytest.raises(butcher.OptionError):
        make_block("euler", Mix, weights="mine")


def test_the_same_text_is_the_same_class() -> None:
    assert type(make_block("rk4", Mix)) is type(make_block("rk4", Mix, h=0.5))


def test_tracebacks_show_the_emitted_line() -> None:
    block = make_block("rk4", lambda: nn.Linear(2, 3))
    with pytest.raises(RuntimeError) as caught:
        block(torch.ones(1, 2))
    lines = "".join(traceback.format_tb(caught.value.__traceback__))
    assert "Y2 = torch.add(u, k1, alpha=0.5 * h)" in lines
    assert "class Rk4(nn.Module)" in inspect.getsource(type(block))


def test_shared_weights_are_one_module() -> None:
    assert len(make_block("rk4", Mix, weights="shared").f) == 1
    assert len(make_block("polynet_poly2", Mix).f) == 1


# ---------------------------------------------------------------------- sub-nets


def test_a_callable_is_called_in_stage_order() -> None:
    assert numbers(make_block("rk4", numbered())) == [1, 2, 3, 4]


def test_a_module_is_the_same_everywhere() -> None:
    net = Mix()
    assert all(part is net for part in make_block("rk4", net).f)
    chain = nn.Sequential(nn.Tanh())
    assert make_block("euler", chain).f[0] is chain


@pytest.mark.parametrize("kind", [list, tuple, nn.ModuleList])
def test_a_sequence_is_one_a_set_of_weights(kind: Any) -> None:
    nets = [Mix(), Mix()]
    assert list(make_block("midpoint", kind(nets)).f) == nets
    with pytest.raises(ValueError, match="4 modules, one for each use, not 2"):
        make_block("rk4", kind(nets))


@pytest.mark.parametrize("kind", [dict, nn.ModuleDict])
def test_a_mapping_names_the_slots(kind: Any) -> None:
    f, g = Mix(), Mix()
    assert list(make_block("revnet", kind({"g": g, "f": f})).f) == [f, g]


def test_a_mapping_may_mix_what_it_holds() -> None:
    g = Mix()
    block = make_block(
        "fractal3", {n: numbered() for n in ("join1", "join2", "join3", "f1")} | {"f2": g}
    )
    assert block.f[4] is g


def test_anything_else_is_used_for_all_slots() -> None:
    assert numbers(make_block("revnet", numbered())) == [1, 2]
    net = Mix()
    assert all(part is net for part in make_block("revnet", net).f)


@pytest.mark.parametrize("f", [{"f": Mix}, {"f": Mix, "g": Mix, "k": Mix}, {}])
def test_missing_and_unknown_slots_are_named(f: Any) -> None:
    with pytest.raises(ValueError, match="one value for each slot, f, g"):
        make_block("revnet", f)


@pytest.mark.parametrize("f", [lambda: 3, 3, None, [Mix], lambda: None, "text"])
def test_what_is_no_module_is_a_type_error(f: Any) -> None:
    with pytest.raises(TypeError, match="must be, hold or return"):
        make_block("euler", f if f != "text" else ["text"])
