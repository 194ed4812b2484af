"""Norms of sub-nets and updates: of known sub-nets exactly."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from butcher.laboratory.norms.measure import norms_of
from butcher.laboratory.norms.series import Point, series
from butcher.laboratory.statistic import slope_of
from butcher.models import build
from butcher.models.network import Network
from butcher.training.recipe import read_recipe


class Times(nn.Module):
    """u -> factor * u, whatever its shape."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, u: Tensor) -> Tensor:
        return self.factor * u


class Held:
    def __init__(self, x: Tensor) -> None:
        self.x, self.labels = x, torch.zeros(len(x), dtype=torch.int64)

    def __len__(self) -> int:
        return len(self.x)

    def images(self, indices: Any, key: int | None = None) -> Tensor:
        return self.x[torch.as_tensor(indices)]


def network(factors: list[list[float]], **table: Any) -> Network:
    """Stem the identity; sub-net j of block i multiplies by factors[i][j]."""
    made = build({"family": "ho-resnet", "width": 1, "blocks": len(factors), **table}, 1, 10)
    made.stem = nn.Identity()
    for block, of_block in zip(made.blocks, factors, strict=True):
        block.f = nn.ModuleList(Times(factor) for factor in of_block)
    return made


def unit_images(number: int, norm: float = 1.0) -> Held:
    """Each of the same norm."""
    x = torch.rand(number, 1, 4, 4)
    return Held(norm * x / x.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1))


def test_norms_of_euler_blocks_are_those_of_their_factors() -> None:
    found = norms_of(network([[2.0], [-0.5]], scheme="euler", h=0.5), unit_images(70, norm=3.0))
    # u: 3, then (1 + 1) 3 = 6, then (1 - 1/4) 6
    assert found.sub_nets == (pytest.approx((6.0,)), pytest.approx((3.0,)))
    assert found.updates == pytest.approx((3.0, 1.5))
    assert found.mean == pytest.approx(4.5)
    assert found.update == pytest.approx(2.25)


def test_norms_of_a_midpoint_block_are_those_of_its_stages() -> None:
    found = norms_of(network([[2.0, 3.0]], scheme="midpoint", h=0.5), unit_images(5))
    # k1 = 2u; k2 = 3 (1 + 1/4 2) u = 4.5 u; u + 1/2 k2
    assert found.sub_nets == (pytest.approx((2.0, 4.5)),)
    assert found.updates == pytest.approx((2.25,))


def test_an_update_is_of_the_newest_value_alone() -> None:
    made = network([[1.0], [1.0]], scheme="lm_resnet", start="repeat", values={"k": -1.0})
    found = norms_of(made, unit_images(5))
    # k = -1: u, u -> 2u, so an update of u; then 2 2u - u + 2u = 5u, an update of 3u
    assert found.updates == pytest.approx((1.0, 3.0))
    assert found.sub_nets == (pytest.approx((1.0,)), pytest.approx((2.0,)))


def test_of_a_shared_sub_net_the_mean_over_its_uses_is_told() -> None:
    made = network([[1.0]], scheme="midpoint", weights="shared")
    # u, then 1.5 u
    assert norms_of(made, unit_images(5)).sub_nets == (pytest.approx((1.25,)),)


def test_of_a_block_that_changes_shape_the_update_is_beside_the_transition() -> None:
    torch.manual_seed(0)
    made = build({"family": "preact-resnet", "widths": [2, 4], "blocks": 1}, 1, 10).eval()
    x = unit_images(3)
    found = norms_of(made, x)
    state = made.begin(x.x)
    first, second = made.blocks
    with torch.no_grad():
        added: Any = second.f[0](first(state))  # type: ignore[index]
    assert found.updates[1] == pytest.approx(added.flatten(1).norm(dim=1).mean().item())
    assert found.sub_nets[1][0] == pytest.approx(found.updates[1])


def test_blocks_without_a_way_past_their_sub_nets_have_no_update() -> None:
    made = build({"family": "fractalnet", "widths": [2, 4], "subnet": "conv"}, 1, 10).eval()
    found = norms_of(made, unit_images(2))
    assert math.isnan(found.updates[1])
    assert all(norm > 0 for block in found.sub_nets for norm in block)


def test_a_slope_has_its_interval() -> None:
    stats = pytest.importorskip("scipy.stats")
    x, y = [0.0, 1.0, 2.0, 4.0], [1.0, 0.4, -1.1, -3.2]
    found, expected = slope_of(x, y), stats.linregress(x, y)
    assert found.mean == pytest.approx(expected.slope)
    half = stats.t.ppf(0.975, 2) * expected.stderr
    assert (found.low, found.high) == pytest.approx((found.mean - half, found.mean + half))
    assert not slope_of([1.0, 2.0], [3.0, 4.0]).is_interval
    assert math.isnan(slope_of([1.0, 1.0], [3.0, 4.0]).mean)


RECIPE = """\
[model]
family = "ho-resnet"
scheme = "SCHEME"
blocks = 1
[data]
[train]
"""


def recipe(folder: Path, scheme: str = "euler", **model: Any) -> Any:
    path = folder / f"{scheme}.toml"
    path.write_text(RECIPE.replace("SCHEME", scheme), encoding="utf-8")
    return read_recipe(path, [f"model.{key}={value}" for key, value in model.items()])


def test_lines_hold_the_step_or_the_time_or_the_depth(tmp_path: Path) -> None:
    def group(d: int, h: float, norm: float, scheme: str = "euler") -> Any:
        points = [
            Point("", seed, d, h, norm * f, norm * f * h) for seed, f in enumerate((0.9, 1 / 0.9))
        ]
        return recipe(tmp_path, scheme, blocks=d, h=h), points

    lines = series(
        [group(2, 1.0, 8.0), group(4, 0.5, 8.0), group(4, 1.0, 4.0), group(2, 1.0, 1.0, "rk4")]
    )
    found = {line.label: line for line in lines}
    assert list(found) == ["euler, h = 1", "euler, h d = 2", "euler, d = 4"]
    assert found["euler, h = 1"].slope.mean == pytest.approx(-1)
    assert found["euler, h d = 2"].slope.mean == pytest.approx(0)
    assert found["euler, h d = 2"].update_slope.mean == pytest.approx(-1)
    assert found["euler, d = 4"].slope.mean == pytest.approx(-1)
    assert found["euler, h = 1"].slope.number == 4
    assert found["euler, h = 1"].height(of_update=False) == pytest.approx(math.sqrt(32))
