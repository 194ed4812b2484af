"""No false claim passes: not `check`, not `compile`, not `make_block`, unless it is asked to."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import Command
from torch import nn

import butcher as package

FALSE = {
    "order": "method a\n  order 3\ntableau\n | \n | 1\n --\n | 1/2 1/2\n",
    "embedded": "method a\n  order 2(2)\ntableau\n | \n | 1\n --\n | 1/2 1/2\n | 1\n",
    "multistep": "method a\n  order 3\nmultistep\n  alpha | . -1 1\n  beta | -1/2 3/2\n",
    "step": "method a\n  order 2\nstep\n  u[n+1] = u[n] + h*f(u[n])\n",
    "last digit": "method a\n  order 2\ntableau\n | \n | 1\n --\n"
    " | 0.5000000000010000 0.5000000000000000\n",
    "unstable": "method a\n  order 3\nmultistep\n  alpha | -5 4 1\n  beta | 2 4\n",
    "meaningless": "method a\n  order 1\nstep\n  u[n+1] = u[n] + h*f(h*f(u[n]))\n",
}


@pytest.mark.parametrize("what", FALSE)
def test_a_false_claim_stops_at_every_door(what: str, butcher: Command, tmp_path: Path) -> None:
    file = tmp_path / "a.tab"
    file.write_text(FALSE[what])
    assert butcher("check", file).code == 1
    done = butcher("compile", file)
    assert (done.code, done.out) == (1, "")
    scheme = package.load(file)
    with pytest.raises(package.SpecError):
        package.compile(scheme)
    with pytest.raises(package.SpecError):
        package.make_block(scheme, lambda: nn.Identity())


@pytest.mark.parametrize("what", FALSE)
def test_unverified_it_compiles(what: str, butcher: Command, tmp_path: Path) -> None:
    file = tmp_path / "a.tab"
    file.write_text(FALSE[what])
    assert "class A(nn.Module)" in butcher("compile", file, "--no-verify").out
    assert "class A(nn.Module)" in package.compile(package.load(file), verify=False)


@pytest.mark.parametrize("what", ["order", "multistep", "step"])
def test_without_a_claim_the_order_is_a_note(what: str, butcher: Command, tmp_path: Path) -> None:
    file = tmp_path / "a.tab"
    lines = FALSE[what].splitlines(keepends=True)
    file.write_text("".join(line for line in lines if "order" not in line))
    done = butcher("check", file)
    assert done.code == 0
    assert "note[B404]" in done.err
    assert butcher("compile", file).code == 0
    package.make_block(package.load(file), lambda: nn.Identity())
