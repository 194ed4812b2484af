"""Writes docs/systems.md: one row for each system of the papers.

    .venv/bin/python docs/systems.py

Scheme, file, numbers of parameters and evaluations are computed; what a paper prints, what is wrong
with that, and which test proves the row are said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from butcher.models import build, parameters
from butcher.models.build import read
from butcher.models.shipped import table

PAGE = Path(__file__).with_name("systems.md")


def counts(test: str) -> str:
    """A test of numbers of parameters."""
    return f"tests/models/test_counts.py::test_{test}"


def identity(test: str) -> str:
    """A test against a network written by hand."""
    return f"tests/models/test_identities.py::test_{test}"


COUNTED = counts("a_network_has_as_many_numbers_as_its_paper_says")
CLASSES = counts("with_a_hundred_classes")
LUO = counts("ho_resnet_has_the_blocks_and_numbers_of_table_3")
BLOCK = "tests/models/test_description.py::test_what_has_no_effect_has_no_gradient_and_nothing_else"
FIXUP = "tests/models/test_start_values.py::test_fixup_starts_as_its_paper_says"
LEAPFROG = identity("lm_resnet_is_leapfrog_at_minus_1_and_the_midpoint_network_at_1")
LINEAR = identity("blocks_of_a_linear_f_are_the_stability_polynomial_of_its_matrix")
RULES = identity("the_rules_of_lembke_carry_both_values_through_a_transition")
SECOND = counts("a_second_projection_costs_what_separates_lm_resnext_from_resnext")
HIGHWAY = identity("a_highway_block_carries_what_its_gate_lets_through")
ADAMS = identity("adams_bashforth_keeps_evaluations_through_stages")
EXPLICIT = identity("an_explicit_step_multiplies_every_branch_those_of_first_blocks_too")
DENSENET = identity("densenet_is_euler_in_a_space_that_grows")
FRACTALNET = identity("fractalnet_is_its_rule_of_expansion")
POLYNET = identity("polynet_blocks_are_their_polynomials")
PREACTIVATION = identity("preactivation_resnet_20_is_the_one_written_by_hand_bit_for_bit")
RESNET = identity("resnet_20_is_the_one_written_by_hand_bit_for_bit")
TORCHVISION = identity("resnet_of_imagenet_is_torchvisions_bit_for_bit")
REVNET = identity("revnet_is_the_one_written_by_hand_and_its_blocks_invert")
SHAKE = identity("shake_shake_in_evaluation_is_the_mean_of_its_branches")
RELEASED = identity("the_released_ho_resnet_of_three_stages_is_rk4_with_padded_shortcuts")
RESTART = identity("the_restart_of_lu_is_a_residual_block_in_every_stage")
SURVIVAL = identity("survival_falls_linearly_and_is_the_mean_in_evaluation")


@dataclass(frozen=True)
class System:
    """A row.

    name      what a person calls it.
    network   a shipped network, and `given`, what differs from it.
    paper     the parameters that the paper prints; empty where it prints none.
    errata    what is wrong with what the paper prints, or left open by it.
    proof     the test that proves the row, as pytest names it.
    classes   of the data that the count is for.
    """

    name: str
    network: str
    proof: str
    paper: str = ""
    errata: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    classes: int = 10

    @property
    def table(self) -> dict[str, Any]:
        """The `[model]` table."""
        return table(self.network) | self.given

    @property
    def call(self) -> str:
        """How a user builds it."""
        settings = "".join(f" --set {key}={value}" for key, value in self.given.items())
        return f"describe {self.network}{settings}"


@dataclass(frozen=True)
class Section:
    """Systems under one heading."""

    title: str
    systems: tuple[System, ...]


def rows(systems: tuple[System, ...]) -> Iterator[str]:
    """The lines of a table."""
    yield "| system | scheme | network | parameters | paper | errata | NFE a block | proved by |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for system in systems:
        options = read(system.table)
        with torch.device("meta"):  # counting needs no numbers
            network = build(system.table, 3, system.classes)
        blocks: list[Any] = network.blocks
        cells = [
            system.name,
            f"[{options.scheme}](../specs/{options.scheme}.tab)",
            f"[`{system.call}`](../networks/{system.network}.toml)",
            f"{parameters(network):,}",
            system.paper,
            system.errata,
            str(blocks[-1].nfe),
            f"`{system.proof}`",
        ]
        yield f"| {' | '.join(cells)} |"


def page() -> str:
    """The page as text."""
    lines = [HEAD]
    for section in SECTIONS:
        lines += [f"## {section.title}", "", *rows(section.systems), ""]
    return "\n".join(lines)


HEAD = """# Systems of the papers

Every network below is a scheme of the language and a table of a few lines; `butcher describe` with
what the third column says prints what is known of it. This page is written by
`.venv/bin/python docs/systems.py`, which computes the parameters; a test sees that it is as new as
the code.
"""


SECTIONS: tuple[Section, ...] = (
    Section(
        "Forward Euler",
        (
            System(
                "ResNet-20",
                "resnet20",
                RESNET,
                "0.27M",
            ),
            System("ResNet-110", "resnet110", COUNTED, "1.73M", "Lu et al. print 1.14M"),
            System(
                "pre-activation ResNet-110",
                "preact_resnet110",
                PREACTIVATION,
                "1.7M",
            ),
            System("pre-activation ResNet-164", "preact_resnet164", COUNTED, "1.7M"),
            System(
                "pre-activation ResNet-164, CIFAR-100",
                "preact_resnet164",
                CLASSES,
                "1.7M",
                "Lu et al. print 2.55M",
                classes=100,
            ),
            System(
                "pre-activation ResNet-1001",
                "preact_resnet1001",
                COUNTED,
                "10.2M",
                "Lu et al. print 18.88M on CIFAR-100",
            ),
            System(
                "ResNet-50, ImageNet",
                "resnet50",
                TORCHVISION,
                "25.6M",
                classes=1000,
            ),
            System("Wide ResNet-28-10", "wide_resnet28_10", COUNTED, "36.5M"),
            System("ResNeXt-29, 8x64d", "resnext29_8x64d", COUNTED, "34.4M"),
            System("ResNeXt-29, 16x64d", "resnext29_16x64d", COUNTED, "68.1M"),
            System(
                "DenseNet, L = 100, k = 24",
                "densenet100_24",
                DENSENET,
                "27.2M",
            ),
            System("DenseNet-BC, L = 190, k = 40", "densenet_bc190_40", COUNTED, "25.6M"),
            System("Highway", "highway", HIGHWAY),
            System("Fixup", "fixup", FIXUP),
            System("SkipInit", "skipinit", BLOCK),
            System("ReZero", "rezero", BLOCK),
            System("LayerScale", "layerscale", BLOCK),
        ),
    ),
    Section(
        "Runge-Kutta: HO-ResNet",
        (
            System("Euler, 58 layers", "ho_resnet58_euler", LUO, "2.07M"),
            System("midpoint, 58 layers", "ho_resnet58_midpoint", LUO, "2.07M"),
            System("RK4, 58 layers", "ho_resnet58_rk4", LINEAR, "2.07M"),
            System(
                "RK4, 82 layers",
                "ho_resnet82_rk4",
                LUO,
                "2.87M",
                "is 2.96M; 84 layers do not divide",
            ),
            System("RK4 light", "ho_resnet58_rk4", BLOCK, given={"scheme": "rk4_light"}),
            System(
                "Verner 8(9), 30 layers",
                "ho_resnet30_verner",
                LUO,
                "1.03M",
                "truncated, not rounded",
            ),
            System(
                "Verner 8(9), 58 layers",
                "ho_resnet58_verner",
                LUO,
                "2.07M",
                "three misprints in the tableau: its order is 0",
            ),
            System("Verner 8(9), learned h", "ho_resnet58_verner_learned", LUO, "2.07M+2"),
            System("Verner 8(9), h per state", "ho_resnet58_verner_per_stage", LUO, "2.07M+28"),
            System(
                "Verner 8(9) as printed",
                "ho_resnet58_verner",
                BLOCK,
                "2.07M",
                "for replication: order 0, weights sum to 0.9924",
                given={"scheme": "verner89_as_printed"},
            ),
            System("Verner 8(9), 86 layers", "ho_resnet86_verner", LUO, "3.01M", "is 3.11M"),
            System(
                "Verner 8(9), error-controlled",
                "ho_resnet66_verner_controlled",
                "tests/block/test_controlled_step.py::test_the_rule_of_the_paper_can_be_written",
            ),
            System(
                "released code, three stages",
                "ho_resnet86_released",
                RELEASED,
            ),
        ),
    ),
    Section(
        "Linear multistep",
        (
            System(
                "LM-ResNet-20",
                "lm_resnet20",
                RESTART,
                "0.27M",
                "start-up and transitions are left open; three of the k are never used",
            ),
            System("LM-ResNet-20, shared", "lm_resnet20", RULES, given={"start": "repeat"}),
            System(
                "LM-ResNet-20, projections of the released code",
                "lm_resnet20",
                COUNTED,
                given={"transition": "activated-projection"},
            ),
            System("LM-ResNet-110", "lm_resnet110", COUNTED, "1.14M", "is 1.73M"),
            System("LM-ResNet-164", "lm_resnet164", COUNTED, "1.7M"),
            System(
                "LM-ResNeXt-29, 8x64d",
                "lm_resnext29_8x64d",
                SECOND,
                "35.1M",
                "the poster prints 34.4M; only a second projection explains 35.1M",
            ),
            System(
                "LM-ResNeXt-29, 16x64d",
                "lm_resnext29_16x64d",
                SECOND,
                "68.8M",
                "the poster prints 68.1M",
            ),
            System(
                "stochastic LM-ResNet-56",
                "lm_stochastic_depth56",
                SURVIVAL,
                "0.85M",
                "p_L is a survival, not a drop probability",
            ),
            System("two-step midpoint network", "leapfrog", LEAPFROG),
            System("second-order (leapfrog) network", "second_order", LEAPFROG),
            System(
                "Adams-Bashforth unit",
                "lm_resnet20",
                ADAMS,
                given={"scheme": "ab2_step"},
            ),
        ),
    ),
    Section(
        "Several evaluations or streams",
        (
            System("PolyNet poly-2", "polynet_poly2", POLYNET),
            System(
                "PolyNet mpoly-2",
                "polynet_mpoly2",
                POLYNET,
            ),
            System("PolyNet 2-way", "polynet_2way", POLYNET),
            System(
                "FractalNet-20, CIFAR-100",
                "fractalnet20",
                FRACTALNET,
                "38.6M",
                "not reproduced; the released generator's widths give 33.8M",
                classes=100,
            ),
            System("FractalNet, order 2", "fractalnet", BLOCK),
            System("RevNet-38", "revnet38", COUNTED, "0.46M"),
            System(
                "RevNet-110",
                "revnet110",
                REVNET,
                "1.73M",
                "symplectic, not forward Euler: the second update uses the new X",
            ),
            System("RevNet-164", "revnet164", COUNTED, "1.75M"),
            System("transformer", "transformer", BLOCK),
        ),
    ),
    Section(
        "Stochastic",
        (
            System(
                "stochastic depth, 110 layers",
                "stochastic_depth110",
                SURVIVAL,
                "1.7M",
                "the released code divides by p in training instead",
            ),
            System(
                "Shake-Shake-26 2x32d",
                "shake_shake26_2x32d",
                SHAKE,
                "2.9M",
            ),
        ),
    ),
    Section(
        "Multi-level, with an explicit h (Chang et al., table 5)",
        (
            System(
                "2-2-2",
                "multilevel_resnet14",
                COUNTED,
                "172,506",
                "shortcuts are not stated; the counts force parameter-free ones",
            ),
            System("2-2-2, CIFAR-100", "multilevel_resnet14", CLASSES, "178,356", classes=100),
            System("5-5-5", "multilevel_resnet32", COUNTED, "464,154"),
            System(
                "8-8-8",
                "multilevel_resnet50",
                EXPLICIT,
                "755,802",
            ),
            System("20-20-20", "multilevel_resnet122", COUNTED),
            System("2-2-2, wide", "multilevel_wresnet14", COUNTED, "685,994"),
            System("8-8-8, wide", "multilevel_wresnet50", COUNTED, "3,013,802"),
        ),
    ),
)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
