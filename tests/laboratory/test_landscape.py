"""Loss surfaces: of known losses exactly, and what filter-normalised directions are for."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from butcher.laboratory.landscape.direction import direction, moved
from butcher.laboratory.landscape.result import Plane
from butcher.laboratory.landscape.surface import surface
from butcher.models import build


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(number: int = 300, *, size: int = 8) -> tuple[Tensor, Tensor]:
    return torch.randn(number, 1, size, size), torch.arange(number) % 10


def test_each_filter_of_a_direction_is_as_long_as_its_filter() -> None:
    made = build({"family": "preact-resnet", "widths": [4, 6], "blocks": 1}, 1, 10)
    found = direction(made, generator())
    for name, weight in moved(made).items():
        assert torch.allclose(found[name].flatten(1).norm(dim=1), weight.flatten(1).norm(dim=1))
    assert "head.linear.weight" in found


def test_biases_normalisation_and_numbers_of_the_scheme_stay() -> None:
    made = build({"family": "lm-resnet", "widths": [4], "blocks": 2, "step": "learned"}, 1, 10)
    found = direction(made, generator())
    names = dict(made.named_parameters())
    assert {name for name in names if name.endswith((".k", ".h", "bias"))}
    assert found.keys() == {name for name, p in names.items() if p.dim() > 1}


def test_schemes_of_equal_weights_share_their_directions() -> None:
    def drawn(scheme: str, blocks: int) -> list[Tensor]:
        torch.manual_seed(3)
        made = build({"family": "ho-resnet", "scheme": scheme, "blocks": blocks, "width": 4}, 1, 10)
        return list(direction(made, generator(7)).values())

    for a, b in zip(drawn("euler", 4), drawn("rk4", 1), strict=True):
        assert torch.equal(a, b)


def test_the_centre_is_the_loss_of_the_network() -> None:
    made = build({"family": "ho-resnet", "scheme": "midpoint", "blocks": 1, "width": 4}, 1, 10)
    x, y = batch()
    plane = Plane(dimensions=2, points=3, reach=0.5)
    directions = [direction(made, g) for g in [generator()] for _ in range(2)]
    found = surface(made, (x, y), directions, plane.steps)
    with torch.no_grad():
        expected = cross_entropy(made.eval()(x), y).item()
    assert found[plane.centre] == pytest.approx(expected)
    along = surface(made, (x, y), directions[:1], plane.steps)
    assert found[plane.slice] == pytest.approx(along)


def test_nothing_of_the_network_is_changed() -> None:
    made = build({"family": "lm-resnet", "widths": [4], "blocks": 2}, 1, 10).train()
    before = {name: tensor.clone() for name, tensor in made.state_dict().items()}
    surface(made, batch(20), [direction(made, generator())], [-1.0, 0.0, 1.0])
    assert made.training
    assert all(torch.equal(before[name], tensor) for name, tensor in made.state_dict().items())


class Quadratic(nn.Module):
    """Logits whose cross-entropy with class 0 is (w . x)^2."""

    def __init__(self, w: Tensor) -> None:
        super().__init__()
        self.w = nn.Parameter(w)

    def forward(self, x: Tensor) -> Tensor:
        square = (x.flatten(1) @ self.w.T).square()
        return torch.cat([torch.zeros_like(square), (square.exp() - 1).log()], dim=1)


def test_the_surface_of_a_quadratic_loss_is_the_quadratic() -> None:
    made = Quadratic(torch.tensor([[1.0, 2.0, 0.5]]))
    x = torch.tensor([[0.3, 0.5, 0.7], [1.0, 0.1, 0.4]])
    d: dict[str, Tensor] = direction(made, generator())
    steps = Plane(points=5, reach=0.5).steps
    found = surface(made, (x, torch.zeros(2, dtype=torch.int64)), [d], steps)
    a, b = (x @ made.w.T).squeeze(1).detach(), (x @ d["w"].T).squeeze(1)
    assert found == pytest.approx([(a + t * b).square().mean().item() for t in steps])


class Normalised(nn.Module):
    """A filter behind which a BatchNorm stands: its size does not matter."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4, eps=1e-12)
        self.last = nn.Linear(4, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.relu(self.norm(self.conv(x))).mean(dim=(2, 3)))  # type: ignore[no-any-return]


def test_a_filter_that_grows_leaves_the_surface_of_a_normalised_network() -> None:
    made, data = Normalised(), batch(50)
    made.norm.momentum = None  # the statistics of this batch
    made(data[0])
    steps = [-1.0, -0.3, 0.4, 1.0]
    before = surface(made, data, [direction(made, generator())], steps)
    factors = torch.tensor([0.1, 3.0, 20.0, 1.0]).reshape(4, 1, 1, 1)
    with torch.no_grad():
        made.conv.weight *= factors
    mean: Any = made.norm.running_mean
    var: Any = made.norm.running_var
    mean *= factors.flatten()
    var *= factors.flatten() ** 2
    after = surface(made, data, [direction(made, generator())], steps)
    assert after == pytest.approx(before)
    raw = {"conv.weight": torch.randn_like(made.conv.weight)}  # a direction that is not scaled
    assert surface(made, data, [raw], steps) != pytest.approx(before, rel=0.01)


def test_steps_are_symmetric_and_hold_the_centre() -> None:
    plane = Plane(dimensions=2, points=5, reach=2.0)
    assert plane.steps == [-2.0, -1.0, 0.0, 1.0, 2.0]
    assert plane.centre == 12
