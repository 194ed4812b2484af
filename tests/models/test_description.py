"""What `describe` says is what a network does."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from shipped_networks import table_with

from butcher.models import Report, TableError, build, describe
from butcher.models.description import CannotRunError
from butcher.models.shipped import shipped

SMALL = ("width=8", "depth=20")


def test_the_blocks_of_every_method_store_as_much() -> None:
    """28 sub-nets of 58 layers, 4 maps each: their two norms' and convolutions' inputs."""
    for name in ("euler", "midpoint", "rk4", "verner"):
        table = table_with(f"ho_resnet58_{name}", "subnet=preactivation")
        report = describe(table)
        assert report.saved_maps == 112
        assert report.nfe == 28


def test_a_relu_at_the_end_of_a_sub_net_stores_its_value_too() -> None:
    assert describe("ho_resnet58_rk4").saved_maps == 28 * 5


def test_a_trained_step_stores_the_sum_that_it_multiplies() -> None:
    """One map more a sub-net: a quarter."""
    for settings in ("step=learned", "step=per-stage"):
        table = table_with("ho_resnet58_verner", "subnet=preactivation", settings)
        assert describe(table).saved_maps == 112 * 5 / 4


def test_flops_are_those_of_the_literature() -> None:
    report = describe("resnet50")
    assert report.multiply_adds is not None
    assert report.flops == 2 * report.multiply_adds
    assert report.multiply_adds == pytest.approx(4.09e9, rel=2e-3)
    assert (report.input, report.output) == ((3, 224, 224), (1000,))
    assert [stage.shape for stage in report.stages] == [
        (256, 56, 56),
        (512, 28, 28),
        (1024, 14, 14),
        (2048, 7, 7),
    ]


def on_a_cpu(table: dict[str, Any], size: int) -> int:
    """Bytes that one image more keeps, of tensors that are there."""
    network = build(table, 3, 10).float()

    def stored(images: int) -> int:
        storages: dict[int, torch.UntypedStorage] = {}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
            return tensor

        x = torch.randn(images, 3, size, size, dtype=torch.float32)
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda kept: kept):
            network(x)
        return sum(storage.nbytes() for storage in storages.values())

    return stored(4) - stored(3)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("resnet20", SMALL),
        ("lm_resnet20", ("width=8", "depth=20", "transition=shared-activation")),
        ("ho_resnet30_verner_per_stage", ("width=4", "depth=30")),
        ("revnet38", ("width=8", "depth=38")),
        ("revnet38", ("width=8", "depth=38", "reversible=false")),
        ("shake_shake26_2x32d", ("width=8", "depth=14")),
        ("stochastic_depth110", SMALL),
        ("densenet100_24", ("depth=16", "growth=4")),
        ("fractalnet20", ("widths=[8, 8]",)),
        ("polynet_poly2", ("width=8", "depth=8")),
        ("resnext29_8x64d", ("width=16", "depth=11")),
        ("highway", ("widths=[8]",)),
    ],
)
def test_what_is_stored_without_numbers_is_stored_with_them(
    name: str, settings: tuple[str, ...]
) -> None:
    table = table_with(name, *settings)
    assert describe(table, size=16).saved_bytes == on_a_cpu(table, 16)


def test_a_branch_that_a_batch_may_skip_counts_as_not_skipped() -> None:
    lines = ("method skips", "  random a ~ bernoulli(1/2) per batch", "step")
    scheme = "\n".join([*lines, "  u[n+1] = u[n] + a*f(u[n])", ""])
    table = {"family": "resnet", "depth": 20, "scheme": scheme}
    assert describe(table).saved_maps == describe("resnet20").saved_maps


def test_what_the_data_decides_is_not_known() -> None:
    table = {"family": "ho-resnet", "scheme": "bs32", "step": "controlled", "blocks": 2}
    report = describe(table)
    assert (report.step, report.flops, report.saved_maps) == ("controlled", None, None)
    assert report.stages[0].shape == (64, 32, 32)
    assert any("The data decides" in remark for remark in report.remarks)
    assert "Cost of an image" not in str(report)


def test_reversible_networks_store_next_to_nothing() -> None:
    stored = describe("revnet110").saved_maps
    usual = describe(table_with("revnet110", "reversible=false")).saved_maps
    assert stored is not None
    assert usual is not None
    assert stored < 5
    assert usual > 100


def test_a_description_is_the_same_again_and_leaves_the_generator_alone() -> None:
    table = table_with("lm_resnet20", "reversible=true", "width=4", "depth=20")
    torch.manual_seed(1)
    before = torch.get_rng_state()
    assert describe(table) == describe(table)
    assert torch.equal(before, torch.get_rng_state())


def test_parts_add_up() -> None:
    report = describe(table_with("lm_resnet20", "transition=projection-norm"))
    assert sum(report.parts.values()) == report.parameters
    assert report.parts["scheme"] == 9
    assert report.parts["transitions"] == 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64
    assert report.trained_scalars == {"k": 6}
    assert sum(stage.blocks for stage in report.stages) == report.blocks == 9
    assert sum(stage.nfe for stage in report.stages) == report.nfe
    assert report.dead_parameters == ("stages.0.0.k", "stages.1.0.k", "stages.2.0.k")


def test_order_is_the_methods_and_a_relu_behind_it_is_remarked() -> None:
    assert (describe("ho_resnet30_verner").order, describe("ho_resnet30_verner").remarks) == (8, ())
    assert describe("resnet20").order == 1
    assert any("ReLU" in remark for remark in describe("resnet20").remarks)


@pytest.mark.parametrize(
    ("name", "step"),
    [("verner", "fixed"), ("verner_learned", "learned"), ("verner_per_stage", "per-stage")],
)
def test_the_step_is_the_tables_or_that_of_the_file(name: str, step: str) -> None:
    assert describe(f"ho_resnet30_{name}").step == step
    assert describe(table_with("ho_resnet30_verner", f"step={step}")).step == step


def test_the_start_is_the_one_that_is_built() -> None:
    """A method of u'' = f repeats the value, unless a starter is given."""
    table = {"family": "ho-resnet", "widths": [8], "blocks": 3, "scheme": "second_order"}
    assert describe(table).start == "repeat"
    assert describe(table | {"starter": "euler"}).start == "restart"


def test_the_order_is_the_methods_where_the_last_block_is_the_starters() -> None:
    table = {"family": "ho-resnet", "widths": [8, 16], "blocks": [2, 1], "scheme": "ab2"}
    found = describe(table)
    assert (found.start, found.order) == ("restart", 2)
    assert "Stages begin with other blocks: EulerStartsAb2." in found.remarks


def test_vectors_need_no_size() -> None:
    table = {"family": "mlp", "blocks": 2, "scheme": "heun2"}
    report = describe(table, in_channels=5, classes=3)
    assert (report.input, report.output, report.stages[0].shape) == ((5,), (3,), (64,))
    assert report.flops == 2 * (5 * 64 + 4 * 2 * 64 * 256 + 64 * 3)


def test_the_object_has_these_keys_and_is_json() -> None:
    report = describe("transformer").as_json()
    assert isinstance(report, dict)
    assert {
        "parameters",
        "layers",
        "blocks",
        "nfe",
        "flops",
        "saved_maps",
        "dead_parameters",
    } <= report.keys()
    assert report.keys() == Report.__dataclass_fields__.keys()
    assert json.loads(json.dumps(report)) == report
    assert report["subnets"] == {
        "attention": {"kind": "attention", "heads": 4, "dropout": 0.0},
        "feed_forward": {"kind": "feed-forward", "expansion": 4, "dropout": 0.0},
    }


def test_images_that_a_network_cannot_take_are_an_error() -> None:
    with pytest.raises(CannotRunError, match="cannot take 3 x 2 x 2: "):
        describe("transformer", size=2)
    with pytest.raises(TableError, match="write 20 or 26"):
        describe({"family": "resnet", "depth": 21})
    with pytest.raises(FileNotFoundError, match="did you mean resnet"):
        describe("resnet21")


# --------------------------------------------------------------------------- without effect


def small(name: str) -> dict[str, Any]:
    """A shipped network with few blocks of few channels."""
    table = {**table_with(name)}
    network = build_shape(table)
    table = {key: value for key, value in table.items() if key not in ("depth", "width")}
    table["widths"] = [8 if name == "transformer" else 4] * network
    if table["family"] == "densenet":
        table |= {"growth": 2, "stem_width": 4}
    return table | {"blocks": 1 if "verner" in name or "fractal" in name else 2}


def build_shape(table: dict[str, Any]) -> int:
    """How many stages there are."""
    with torch.device("meta"):
        return len(build(table, 3, 10).facts.blocks)


def without_gradient(table: dict[str, Any]) -> Iterator[str]:
    """Parameters whose gradient is nothing, or 0, in every one of several draws.

    Of every other draw in evaluation: in training a norm makes nothing of a bias that is added
    before it.
    """
    network = build(table, 2, 3)
    seen: dict[str, float] = {name: 0.0 for name, _ in network.named_parameters()}
    for draw in range(4):
        network.train(draw % 2 == 0)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.uniform_(0.2, 0.9) if parameter.numel() == 1 else parameter.normal_()
        network.zero_grad()
        network(torch.randn(4, 2, 8, 8)).square().sum().backward()
        grads = {n: p.grad.abs().max() for n, p in network.named_parameters() if p.grad is not None}
        most = max(grads.values())
        for name, grad in grads.items():
            seen[name] = max(seen[name], float(grad / most))
    yield from (name for name, share in seen.items() if share <= 1e-13)


@pytest.mark.parametrize("name", [n for n in shipped() if not re.search(r"(56|110|122)$", n)])
def test_what_has_no_effect_has_no_gradient_and_nothing_else(name: str) -> None:
    table = small(name)
    assert sorted(without_gradient(table)) == sorted(build(table, 2, 3).facts.dead)
