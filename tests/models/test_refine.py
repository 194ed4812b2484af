"""Twice the blocks, half the step: which block copies which, and that the equation stays."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from butcher import models
from butcher.models import Network
from butcher.models.refine import RefineError, donors, interpolate, kind, stages
from butcher.training.coefficients import values

# --------------------------------------------------------------------------- which copies which


def counted(places: list[int | None]) -> list[int]:
    """From 1, as the paper counts."""
    return [place + 1 for place in places if place is not None]


@pytest.mark.parametrize("first", ["same", "other"])
def test_blocks_are_copied_as_the_paper_lists_them(first: str) -> None:
    def once(number: int) -> list[int]:
        kinds = [first] + ["same"] * (2 * number - 1)
        return counted(donors(kinds[:number], kinds))

    if first == "same":
        assert once(2) == [1, 1, 2, 2]
        assert once(3) == [1, 1, 2, 2, 3, 3]
    else:  # the first block of a stage changes shape: new 2 copies new 3, which is old 2
        assert once(2) == [1, 2, 2, 2]
        assert once(5) == [1, 2, 2, 2, 3, 3, 4, 4, 5, 5]


@pytest.mark.parametrize(
    ("number", "twice"),
    [
        (2, [1] + [2] * 7),
        (5, [1] + [2] * 7 + [3] * 4 + [4] * 4 + [5] * 4),
    ],
)
def test_twice_refined_the_copies_are_those_of_the_paper(number: int, twice: list[int]) -> None:
    kinds = ["other"] + ["same"] * (4 * number - 1)
    once = counted(donors(kinds[:number], kinds[: 2 * number]))
    again = counted(donors(kinds[: 2 * number], kinds))
    assert [once[place - 1] for place in again] == twice


def test_a_block_alone_in_its_stage_that_changes_shape_has_no_donor() -> None:
    assert donors(["other"], ["other", "same"]) == [0, None]
    assert donors(["same"], ["same", "same"]) == [0, 0]


def test_blocks_that_begin_a_multistep_method_are_copied_among_themselves() -> None:
    kinds = ["start", "start", "step"]
    assert donors(kinds, [*kinds, "step", "step", "step"]) == [0, 0, 2, 2, 2, 2]


# --------------------------------------------------------------------------- networks


def cifar(**keys: Any) -> Network:
    table = {"family": "multilevel", "widths": [4, 8, 8], "blocks": 2, **keys}
    return models.build(table, in_channels=3, classes=5)


def used(network: Network) -> Network:
    """Changed in everything that training changes: weights, statistics, numbers."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.rand_like(parameter)
    network.train()
    network(torch.rand(8, 3, 8, 8))
    return network.eval()


def test_stem_head_weights_and_statistics_are_copied_to_the_bit() -> None:
    coarse, fine = used(cifar(h=1.0)), cifar(h=0.5, blocks=4)
    interpolate(coarse, fine)
    for name in ("stem", "head"):
        old, new = coarse.get_submodule(name), fine.get_submodule(name)
        assert [*map(Tensor.tolist, old.state_dict().values())] == [
            *map(Tensor.tolist, new.state_dict().values())
        ]
    for before, after in zip(stages(coarse), stages(fine), strict=True):
        of = [0, 1, 1, 1]
        if kind(before[0]) == kind(before[1]):
            of = [0, 0, 1, 1]
        for block, donor in zip(after, of, strict=True):
            expected = before[donor].state_dict()
            assert all(torch.equal(v, expected[k]) for k, v in block.state_dict().items())
            assert block.h == 0.5


def test_the_first_block_of_the_paper_has_no_copy_in_any_stage() -> None:
    """In the first stage it has no normalisation of its own: the stem's is before it."""
    assert [kind(blocks[0]) == kind(blocks[1]) for blocks in stages(cifar())] == [False] * 3
    plain = cifar(activated=False, stem="conv")
    assert [kind(blocks[0]) == kind(blocks[1]) for blocks in stages(plain)] == [True, False, False]


@pytest.mark.parametrize(
    "keys",
    [
        {"scheme": "rk4"},
        {"scheme": "midpoint", "step": "per-stage"},
        {"scheme": "lm_resnet"},
        {"scheme": "lm_resnet", "start": "repeat", "earlier": "separate"},
        {"scheme": "ab2", "start": "restart"},
        {"scheme": "ab3", "start": "restart", "blocks": 3},
        {"scheme": "second_order", "reversible": True},
        {"scheme": "revnet", "start": "split"},
        {"scheme": "stochastic_depth", "survival": 0.5},
        {"scheme": "layerscale"},
        {"scheme": "polynet_poly2", "transition": "neck"},
        {"scheme": "heun_family", "step": "learned", "checkpoint": "block"},
        {"scheme": "transformer"},
    ],
    ids=lambda keys: "-".join(map(str, keys.values())),
)
def test_networks_of_many_schemes_are_refined(keys: dict[str, Any]) -> None:
    number = keys.get("blocks", 2)
    coarse = used(cifar(**{"h": 1.0, "activated": False, **keys}))
    fine = cifar(**{"activated": False, **keys, "h": 0.5, "blocks": 2 * number})
    interpolate(coarse, fine)
    assert fine.eval()(torch.rand(2, 3, 8, 8)).isfinite().all()
    old = [value for _, name, value in values(coarse) if not name.startswith("h")]
    new = [value for _, name, value in values(fine) if not name.startswith("h")]
    assert set(new) <= set(old), "numbers of the scheme but the step are copied, live ones alone"
    assert bool(old) == bool(new)


@pytest.mark.parametrize("bounds", ["", " in [0.125, 4]"])
@pytest.mark.parametrize("stage", ["", " per stage"])
def test_a_learned_step_is_halved_inside_its_bounds(bounds: str, stage: str) -> None:
    scheme = (
        f"method mine\n  learn h = 1{bounds}{stage}\n\n"
        "step\n  w = u[n] + h/2*f(u[n])\n  u[n+1] = u[n] + h*f(w)\n"
    )
    coarse = used(cifar(scheme=scheme, h=1.5))
    fine = cifar(scheme=scheme, h=0.75, blocks=4)
    interpolate(coarse, fine)
    found, of = values(fine), values(coarse)
    each = len(of) // 6
    donor = [index for stage in range(3) for index in [2 * stage, *[2 * stage + 1] * 3]]
    expected = [of[each * index + k][2] / 2 for index in donor for k in range(each)]
    assert [value for _, _, value in found] == pytest.approx(expected, rel=1e-12)
    assert len(set(expected)) > 3, "every block has learned another one"


def test_half_a_step_outside_its_bounds_is_refused() -> None:
    scheme = "method mine\n  learn h = 1 in [0.9, 2]\n\nstep\n  u[n+1] = u[n] + h*f(u[n])\n"
    with pytest.raises(RefineError, match=r"block 1 learned the step 1.5, .*wider bounds"):
        interpolate(cifar(scheme=scheme, h=1.5), cifar(scheme=scheme, h=1.0, blocks=4))


# --------------------------------------------------------------------------- refusals

WITHOUT_STEP = "method mine\n\nstep\n  u[n+1] = u[n] + f(u[n])\n"


def test_a_stage_of_one_block_is_refused_and_fresh_leaves_it_its_start_values() -> None:
    coarse, fine = used(cifar(blocks=1)), cifar(blocks=2, h=0.5)
    start = [value.clone() for value in stages(fine)[1][1].state_dict().values()]
    with pytest.raises(RefineError, match=r"stage 1 has one block.*--fresh"):
        interpolate(coarse, fine)
    interpolate(coarse, fine, fresh=True)
    kept = stages(fine)[1][1].state_dict().values()
    assert all(torch.equal(a, b) for a, b in zip(start, kept, strict=True))
    of, copied = (stages(network)[1][0].state_dict() for network in (coarse, fine))
    assert all(torch.equal(of[name], copied[name]) for name in of)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ({}, {"blocks": 4}, "a new block has the step 1, half of 1 is 0.5: build .* h = 0.5"),
        ({}, {"blocks": 3, "h": 0.5}, "3-3-3 blocks are not twice 2-2-2"),
        ({}, {"blocks": 4, "h": 0.5, "widths": [4, 8, 16]}, "none of its kind|differ in head"),
        ({"stem": "conv", "activated": False}, {"blocks": 4, "h": 0.5}, "kind|differ in stem"),
        (
            {"scheme": WITHOUT_STEP},
            {"scheme": WITHOUT_STEP, "blocks": 4},
            "has no step h: two of its blocks do twice the work",
        ),
    ],
)
def test_what_is_no_refinement_is_refused(
    old: dict[str, Any], new: dict[str, Any], says: str
) -> None:
    with pytest.raises(RefineError, match=says):
        interpolate(cifar(**old), cifar(**new))


def test_blocks_that_add_channels_are_refused() -> None:
    table = {"family": "densenet", "widths": [8, 8], "growth": 4}
    coarse = models.build({**table, "blocks": 2}, 3, 5)
    fine = models.build({**table, "blocks": 4, "h": 0.5}, 3, 5)
    with pytest.raises(RefineError, match="a shape of its own"):
        interpolate(coarse, fine)


def test_nothing_is_written_where_it_is_refused() -> None:
    coarse, fine = used(cifar()), cifar(blocks=4, h=0.5, widths=[4, 8, 8], final_norm=False)
    before = [value.clone() for value in fine.state_dict().values()]
    with pytest.raises(RefineError, match="differ in head"):
        interpolate(coarse, fine)
    after = fine.state_dict().values()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


# --------------------------------------------------------------------------- the same equation

TURN = torch.tensor([[-0.3, 1.0], [-1.1, 0.2]], dtype=torch.float64)
PULL = torch.tensor([[0.5, -0.4], [0.9, -0.7]], dtype=torch.float64)


def linear(matrix: Tensor) -> nn.Linear:
    made = nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        made.weight.copy_(matrix)
    return made


def chain(scheme: str, make: Callable[[], nn.Module], h: float, blocks: int) -> Network:
    return models.stack(scheme, make, blocks=blocks, h=h, channel_dim=-1, widths=[2])


@pytest.mark.parametrize(("scheme", "order"), [("euler", 1), ("midpoint", 2), ("rk4", 4)])
def test_a_network_refined_again_and_again_converges_at_the_order_of_its_method(
    scheme: str, order: int
) -> None:
    """u' = A(t) u, A constant in each of two blocks: the exact answer is a product of
    exponentials, whatever the number of blocks that share them."""
    network = chain(scheme, lambda: linear(torch.zeros(2, 2)), 1.0, 2)
    with torch.no_grad():
        for block, matrix in zip(network.blocks, (TURN, PULL), strict=True):
            for net in block.get_submodule("f").children():
                net.weight.copy_(matrix)  # type: ignore[operator]
    exact = (torch.linalg.matrix_exp(PULL) @ torch.linalg.matrix_exp(TURN)).T
    errors = []
    for level in range(6):
        errors.append((network(torch.eye(2)) - exact).abs().max().item())
        finer = chain(scheme, lambda: linear(torch.zeros(2, 2)), 0.5 ** (level + 1), 4 * 2**level)
        interpolate(network, finer)
        network = finer
    slopes = [torch.tensor(a / b).log2().item() for a, b in pairwise(errors)]
    assert slopes[-1] == pytest.approx(order, abs=0.12)


def test_units_with_memory_converge_to_their_own_equation() -> None:
    """(1+k) u' = A u: k is copied, and only the step is halved."""
    network = models.stack(
        "lm_resnet", linear(TURN), blocks=2, h=1.0, channel_dim=-1, widths=[2], start="repeat",
        k=0.5,
    )  # fmt: skip
    exact = torch.linalg.matrix_exp(2 * TURN / 1.5).T
    errors = []
    for level in range(6):
        errors.append((network(torch.eye(2)) - exact).abs().max().item())
        finer = models.stack(
            "lm_resnet", linear(TURN), blocks=4 * 2**level, h=0.5 ** (level + 1), channel_dim=-1,
            widths=[2], start="repeat", k=0.0,
        )  # fmt: skip
        interpolate(network, finer)
        network = finer
    assert errors[-2] / errors[-1] == pytest.approx(2, abs=0.1)


def test_a_refined_block_is_two_half_steps() -> None:
    """Of Euler, written out: u + h/2 F(u), and once more."""
    coarse = chain("euler", lambda: linear(TURN), 1.0, 1)
    fine = chain("euler", lambda: linear(PULL), 0.5, 2)
    interpolate(coarse, fine)
    half = torch.eye(2) + TURN.T / 2
    assert torch.allclose(fine(torch.eye(2)), half @ half, rtol=0, atol=1e-15)
