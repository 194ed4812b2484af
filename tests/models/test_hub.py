"""torch.hub: a checkout is enough, the package need not be installed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import torch
from torch import nn

REPOSITORY = Path(__file__).parent.parent.parent


def load(*arguments: object, **keywords: object) -> nn.Module:
    loaded: nn.Module = torch.hub.load(str(REPOSITORY), *arguments, source="local", **keywords)
    return loaded


def test_a_shipped_network_is_loaded() -> None:
    network = load("network", "lm_resnet20", classes=7, in_channels=1)
    assert network(torch.randn(2, 1, 8, 8)).shape == (2, 7)


def test_keywords_are_keys_of_its_table() -> None:
    network = load("network", "resnet20", blocks=[1, 1, 1], widths=[4, 8, 8])
    assert network.facts.blocks == (1, 1, 1)
    network = load("network", family="ho-resnet", scheme="rk4", blocks=1, width=4)
    assert network(torch.randn(2, 3, 8, 8)).shape == (2, 10)
    with pytest.raises(ValueError, match=r"model\.family: is missing"):
        load("network", depth=20)


def test_a_block_is_loaded() -> None:
    block = load("block", "rk4", nn.Tanh, step="learned")
    assert (block.order, block.nfe) == (4, 4)
    assert block(u := torch.randn(2, 3)).shape == u.shape


@pytest.mark.slow
def test_a_checkout_is_enough(tmp_path: Path) -> None:
    """Where the package is not installed; all that it needs is there after loading, too."""
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    code = (
        "import pickle, torch\n"
        f"load = lambda *a, **k: torch.hub.load({str(REPOSITORY)!r}, *a, source='local', **k)\n"
        "network = load('network', 'resnet20', classes=3, widths=[2, 2, 2])\n"
        "again = pickle.loads(pickle.dumps(network)).eval()\n"
        "x = torch.randn(2, 3, 8, 8)\n"
        "assert torch.equal(again(x), network.eval()(x))\n"
        "import butcher; assert butcher.compile(butcher.load('heun2'))\n"
        "import sys; assert 'timm' not in sys.modules\n"
    )
    run = subprocess.run(
        [sys.executable, "-S", "-W", "error", "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sorted(libraries))},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
