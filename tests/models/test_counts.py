"""Shipped networks have the sizes that their papers print, or that replace a misprint."""

import re

import pytest
from shipped_networks import shell

from butcher.models import parameters
from butcher.models.shipped import shipped

OWN = "transition=activated-projection"  # of the released code of Lu et al.


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        # Chang et al. (2018), table 5
        ("multilevel_resnet14", 172_506),
        ("multilevel_resnet32", 464_154),
        ("multilevel_resnet50", 755_802),
        ("multilevel_resnet122", 1_922_394),
        ("multilevel_wresnet14", 685_994),
        ("multilevel_wresnet50", 3_013_802),
        # Lu et al. (2018), table 1: a ResNet and 3n scalars
        ("resnet20", 269_722),
        ("resnet32", 464_154),
        ("resnet110", 1_727_962),
        ("preact_resnet110", 1_727_962),
        ("lm_resnet20", 269_722 + 9),
        ("lm_resnet32", 464_154 + 15),
        ("lm_resnet110", 1_727_962 + 54),
        ("preact_resnet164", 1_703_258),
        ("lm_resnet164", 1_703_258 + 54),
        ("preact_resnet1001", 10_327_706),
        # and table 2
        ("resnext29_8x64d", 34_426_698),
        ("resnext29_16x64d", 68_155_210),
        ("lm_resnext29_8x64d", 35_085_130 + 9),
        ("lm_resnext29_16x64d", 68_813_642 + 9),
        # their publications
        ("densenet100_24", 27_249_082),
        ("densenet_bc190_40", 25_624_430),
        ("revnet38", 464_890),
        ("revnet110", 1_729_194),
        ("revnet164", 1_748_778),
        ("wide_resnet28_10", 36_479_194),
        ("stochastic_depth110", 1_727_962),
        ("lm_stochastic_depth110", 1_727_962 + 54),
        ("shake_shake26_2x32d", 2_923_162),
    ],
)
def test_a_network_has_as_many_numbers_as_its_paper_says(name: str, numbers: int) -> None:
    assert parameters(shell(name)) == numbers


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("multilevel_resnet14", 178_356),
        ("resnet110", 1_733_812),
        ("lm_resnet110", 1_733_812 + 54),
        ("preact_resnet164", 1_726_388),
        ("resnext29_8x64d", 34_518_948),
        ("resnext29_16x64d", 68_247_460),
        ("densenet100_24", 27_457_972),
        ("densenet_bc190_40", 25_821_620),
    ],
)
def test_with_a_hundred_classes(name: str, numbers: int) -> None:
    assert parameters(shell(name, classes=100)) == numbers


@pytest.mark.parametrize(
    ("depth", "numbers"),
    [(20, 272_378), (32, 466_810), (44, 661_242), (56, 855_674), (110, 1_730_618)],
)
def test_lm_resnet_with_the_projections_of_its_released_code(depth: int, numbers: int) -> None:
    blocks = (depth - 2) // 2
    assert parameters(shell(f"lm_resnet{depth}", OWN)) == numbers + blocks
    assert parameters(shell("preact_resnet110", f"depth={depth}", OWN)) == numbers


def test_a_second_projection_costs_what_separates_lm_resnext_from_resnext() -> None:
    shared = shell("lm_resnext29_8x64d", "earlier=shared")
    assert parameters(shared) == 34_426_698 + 9
    assert parameters(shell("lm_resnext29_8x64d")) - parameters(shared) == 658_432


@pytest.mark.parametrize(
    ("depth", "numbers", "blocks"),
    [
        (10, 298_442, {"euler": 4, "midpoint": 2, "rk4": 1}),
        (18, 594_378, {"euler": 8, "midpoint": 4, "rk4": 2}),
        (26, 890_314, {"euler": 12, "midpoint": 6, "rk4": 3}),
        (30, 1_038_282, {"euler": 14, "midpoint": 7, "verner": 1}),
        (58, 2_074_058, {"euler": 28, "midpoint": 14, "rk4": 7, "verner": 2}),
        (82, 2_961_866, {"rk4": 10}),
        (86, 3_109_834, {"euler": 42, "midpoint": 21, "verner": 3}),
    ],
)
def test_ho_resnet_has_the_blocks_and_numbers_of_table_3(
    depth: int, numbers: int, blocks: dict[str, int]
) -> None:
    for scheme, number in blocks.items():
        network = shell(f"ho_resnet{depth}_{scheme}")
        assert (parameters(network), network.facts.blocks) == (numbers, (number,))
    if "verner" in blocks:
        number = blocks["verner"]
        assert parameters(shell(f"ho_resnet{depth}_verner_learned")) == numbers + number
        per_stage = shell(f"ho_resnet{depth}_verner_per_stage")
        assert parameters(per_stage) == numbers + 14 * number
        by_hand = shell(f"ho_resnet{depth}_euler", "scheme=verner89", "step=per-stage")
        assert parameters(by_hand) == parameters(per_stage)


def test_rk4_blocks_of_86_layers_are_no_whole_number() -> None:
    with pytest.raises(ValueError, match=r"86 layers are no whole number .* write 82 or 90"):
        shell("ho_resnet86_euler", "scheme=rk4")


def test_the_released_fractalnet_has_its_widths() -> None:
    assert parameters(shell("fractalnet20", classes=100)) == 33_770_788
    assert shell("fractalnet20").facts.blocks == (1, 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("depth", "numbers"),
    [(18, 11_689_512), (34, 21_797_672), (50, 25_557_032), (101, 44_549_160), (152, 60_192_808)],
)
def test_networks_for_imagenet_are_those_of_torchvision(depth: int, numbers: int) -> None:
    assert parameters(shell(f"resnet{depth}", classes=1000)) == numbers


@pytest.mark.parametrize("name", [name for name in shipped() if re.search(r"\d", name)])
def test_the_depth_in_a_name_is_that_of_the_network(name: str) -> None:
    depth = re.search(r"[a-z](\d+)", name.replace("poly2", "poly").replace("2way", ""))
    if depth is not None:
        assert shell(name).facts.layers == int(depth[1])
