"""Every kind of sub-net: shapes, gradients, parameters by hand, and what its paper says of it."""

import copy
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from sympy.parsing.sympy_parser import (
    convert_xor,
    implicit_multiplication,
    parse_expr,
    standard_transformations,
)
from torch import Tensor, nn

from butcher.models import TableError, parameters
from butcher.models.shape import Shape
from butcher.models.subnets import SUBNETS, Subnet, last_norm, subnet

# Other keys than the defaults, for every kind that has some.
VARIANTS: list[Any] = [
    *SUBNETS,
    {"kind": "preactivation", "dropout": 0.3},
    {"kind": "bottleneck", "expansion": 2, "stride_in": "1x1"},
    {"kind": "preactivation-bottleneck", "expansion": 1, "stride_in": "1x1"},
    {"kind": "grouped", "expansion": 2, "cardinality": 3, "width": 32},
    {"kind": "conv", "times": 3, "dropout": 0.2},
    {"kind": "dense", "bottleneck": True, "dropout": 0.2},
    {"kind": "highway", "inner": {"kind": "preactivation", "dropout": 0.1}},
    {"kind": "highway", "inner": {"kind": "highway", "inner": "vgg"}},
    {"kind": "mlp", "expansion": 2, "dropout": 0.1},
    {"kind": "feed-forward", "expansion": 1, "dropout": 0.1},
    {"kind": "attention", "heads": 8, "dropout": 0.1},
]
SHAPES = [Shape(16, 16), Shape(16, 24), Shape(16, 24, 2), Shape(16, 16, 2), Shape(24, 16, 3)]
PREACTIVATED = ["preactivation", "preactivation-bottleneck", "dense"]
KEEP_SHAPE = {"symmetric", "highway"}


def can(kind: Subnet, shape: Shape) -> bool:
    """What the documentation says that a kind can do; attention has heads that divide 16 and 24."""
    if kind.kind in KEEP_SHAPE:
        return not shape.changes
    if kind.kind == "dense":
        return shape.stride == 1 and shape.outside > shape.inside
    return kind.domain == "image" or shape.stride == 1


def inputs(kind: Subnet, shape: Shape) -> list[Tensor]:
    """Odd and even heights and widths, tokens, vectors."""
    if kind.domain == "image":
        return [torch.randn(3, shape.inside, 7, 8)]
    tokens = torch.randn(3, 5, shape.inside)
    return [tokens] if kind.kind == "attention" else [tokens, torch.randn(3, shape.inside)]


def sample(kind: Subnet) -> tuple[nn.Module, Tensor]:
    """A sub-net that keeps the shape, or grows as it must, and something to put in."""
    shape = Shape(16, 24) if kind.kind == "dense" else Shape.same(16)
    return kind.make(shape), inputs(kind, shape)[0]


@pytest.mark.parametrize("value", VARIANTS, ids=str)
def test_a_sub_net_does_every_shape_that_it_says_and_trains_every_parameter(value: Any) -> None:
    kind = subnet(value)
    for shape in SHAPES:
        if not can(kind, shape):
            with pytest.raises(ValueError, match=rf'^sub-net "{kind.kind}" cannot take (16|24) '):
                kind.make(shape)
            continue
        for activated in (False, True):
            module = kind.make(shape, activated=activated)
            for x in inputs(kind, shape):
                y = module(x)
                if kind.domain == "image":
                    places = [-(-size // shape.stride) for size in x.shape[2:]]
                    assert y.shape == (3, shape.outside, *places)
                else:
                    assert y.shape == (*x.shape[:-1], shape.outside)
                module.zero_grad()
                (y * torch.randn_like(y)).sum().backward()
                for name, parameter in module.named_parameters():
                    assert parameter.grad is not None, name
                    assert parameter.grad.abs().max() > 0, name


# The formulas of the page, over the modules.

PAGE = (Path(__file__).parents[2] / "docs" / "subnets.md").read_text("utf-8")
ROWS = re.findall(r"^\| `(.+?)` \| .+ \| `(.+?)` \| (\w+).* \|$", PAGE, re.M)
LETTERS = {"expansion": "e", "cardinality": "c", "times": "t"}


def keys(words: str) -> dict[str, Any]:
    """`dense`, or what stands in an inline table of TOML."""
    table = words if "=" in words else f'kind = "{words}"'
    return tomllib.loads(f"subnet = {{ {table} }}")["subnet"]


def evaluated(formula: str, kind: Subnet, shape: Shape) -> int:
    """A formula of the page: i, o, k, m and the letters of keys; a space multiplies."""
    known = kind.model_dump()
    values = {letter: known[key] for key, letter in LETTERS.items() if key in known}
    values |= {"i": shape.inside, "o": shape.outside, "k": shape.outside - shape.inside}
    if kind.kind == "grouped":
        group = int(shape.outside * known["width"] / (64 * known["expansion"]))
        values["m"] = known["cardinality"] * group
    elif "e" in values:
        values["m"] = shape.outside // values["e"]
    rules = (*standard_transformations, implicit_multiplication, convert_xor)
    return int(parse_expr(formula, local_dict=values, transformations=rules))


# The defaults, and other keys that a formula has letters for.
MORE: dict[str, list[dict[str, Any]]] = {
    "bottleneck": [{"expansion": 2}],
    "preactivation-bottleneck": [{"expansion": 2}],
    "grouped": [{"expansion": 2, "cardinality": 3, "width": 40}, {"cardinality": 16}],
    "conv": [{"times": 2}, {"times": 5}],
    "mlp": [{"expansion": 1}],
    "feed-forward": [{"expansion": 2}],
}


@pytest.mark.parametrize(("words", "formula", "layers"), ROWS, ids=[row[0] for row in ROWS])
def test_parameters_and_layers_are_those_of_the_page(words: str, formula: str, layers: str) -> None:
    done = 0
    for more in ({}, *MORE.get(words, [])):
        kind = subnet(keys(words) | more)
        assert kind.layers == (more.get("times", 1) if layers == "t" else int(layers))
        for shape in (
            Shape.same(16),
            Shape.same(64),
            Shape(16, 32),
            Shape(16, 64),
            Shape(8, 64, 2),
        ):
            if can(kind, shape):
                expected = evaluated(formula, kind, shape)
                saved = 2 * shape.inside if kind.kind in PREACTIVATED else 0
                assert parameters(kind.make(shape)) == expected
                assert parameters(kind.make(shape, activated=True)) == expected - saved
                done += 1
    assert done >= 2


def test_the_page_has_every_kind_its_source_and_its_keys() -> None:
    assert {keys(words)["kind"] for words, *_ in ROWS} == set(SUBNETS)
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| .+ \|(.*)\|$", PAGE.split("## Sources")[1], re.M))
    assert set(rows) == set(SUBNETS)
    for name, cell in rows.items():
        said = tomllib.loads("\n".join(re.findall(r"`(.+?)`", cell)))
        assert subnet({"kind": name, **said}) == subnet(name)
        assert {"kind", *said} == set(SUBNETS[name].model_fields)


@pytest.mark.parametrize("value", VARIANTS, ids=str)
def test_layers_are_the_weighted_layers_that_a_value_passes(value: Any) -> None:
    """K^T has no module of its own; a gate stands beside; queries, keys and values are one."""
    kind = subnet(value)
    module, _ = sample(kind)
    weighted = [
        name
        for name, part in module.named_modules()
        if isinstance(part, nn.Conv2d | nn.Linear) and not name.endswith("gate")
    ]
    assert kind.layers == len(weighted) + (kind.kind == "symmetric")


# Networks put together by hand, for the counts of their papers.


def norm(channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels)


def conv(inside: int, outside: int, size: int) -> nn.Module:
    return nn.Conv2d(inside, outside, size, bias=False)


def count(parts: Iterable[nn.Module]) -> int:
    return sum(parameters(part) for part in parts)


def resnext(cardinality: int, classes: int) -> Iterable[nn.Module]:
    kind = subnet({"kind": "grouped", "cardinality": cardinality, "width": 64})
    yield from (conv(3, 64, 3), norm(64), nn.Linear(1024, classes))
    inside = 64
    for outside in (256, 512, 1024):
        yield from (conv(inside, outside, 1), norm(outside), kind.make(Shape(inside, outside)))
        yield from (kind.make(Shape.same(outside)) for _ in range(2))
        inside = outside


@pytest.mark.parametrize(
    ("cardinality", "classes", "number"),
    [(8, 10, 34_426_698), (16, 10, 68_155_210), (8, 100, 34_518_948), (16, 100, 68_247_460)],
)
def test_resnext_29_has_its_parameters(cardinality: int, classes: int, number: int) -> None:
    with torch.device("meta"):  # counting needs no numbers
        assert count(resnext(cardinality, classes)) == number


def stages(kind: str, stem: int, widths: list[int], blocks: int) -> Iterable[nn.Module]:
    """Pre-activation: no stem BN, final BN, 1x1 projections without BN where widths change."""
    yield from (conv(3, stem, 3), norm(widths[-1]), nn.Linear(widths[-1], 10))
    inside = stem
    for outside in widths:
        yield from (conv(inside, outside, 1), subnet(kind).make(Shape(inside, outside)))
        yield from (subnet(kind).make(Shape.same(outside)) for _ in range(blocks - 1))
        inside = outside


def test_resnet_164_and_wide_resnet_28_10_have_their_parameters() -> None:
    with torch.device("meta"):
        thin = stages("preactivation-bottleneck", 16, [64, 128, 256], 18)
        assert count(thin) == 1_703_258
        wide = stages("preactivation", 16, [160, 320, 640], 4)
        assert count(wide) == 36_479_194


def test_resnet_50_has_its_parameters() -> None:
    kind, inside = subnet("bottleneck"), 64
    parts = [nn.Conv2d(3, 64, 7, bias=False, device="meta"), norm(64), nn.Linear(2048, 1000)]
    with torch.device("meta"):
        for outside, blocks in ((256, 3), (512, 4), (1024, 6), (2048, 3)):
            parts += [conv(inside, outside, 1), norm(outside), kind.make(Shape(inside, outside))]
            parts += [kind.make(Shape.same(outside)) for _ in range(blocks - 1)]
            inside = outside
    assert count(parts) == 25_557_032


def densenet(kind: Subnet, growth: int, stem: int, layers: int, kept: float) -> Iterable[nn.Module]:
    channels = stem
    yield conv(3, channels, 3)
    for stage in range(3):
        for _ in range(layers):
            yield kind.make(Shape(channels, channels + growth))
            channels += growth
        if stage < 2:
            yield from (norm(channels), conv(channels, int(channels * kept), 1))
            channels = int(channels * kept)
    yield from (norm(channels), nn.Linear(channels, 10))


def test_densenets_have_their_parameters() -> None:
    with torch.device("meta"):
        assert count(densenet(subnet("dense"), 24, 16, 32, 1.0)) == 27_249_082
        bottlenecks = subnet({"kind": "dense", "bottleneck": True})
        assert count(densenet(bottlenecks, 40, 80, 31, 0.5)) == 25_624_430


# What a kind computes.


@pytest.mark.parametrize("value", [*PREACTIVATED, {"kind": "dense", "bottleneck": True}], ids=str)
def test_activated_leaves_out_the_first_normalisation_and_nothing_else(value: Any) -> None:
    kind, x = subnet(value), torch.randn(4, 16, 5, 5)
    whole = kind.make(Shape(16, 24))
    rest = kind.make(Shape(16, 24), activated=True)
    beginning = {"norm1", "relu1"}
    names = {name for name, _ in whole.named_children()}
    assert {name for name, _ in rest.named_children()} == names - beginning
    assert not rest.load_state_dict(whole.state_dict(), strict=False).missing_keys
    active = torch.relu(whole.get_submodule("norm1")(x))
    torch.testing.assert_close(rest(active), whole(x))


def test_shake_takes_an_activated_value_as_it_is() -> None:
    whole = subnet("shake").make(Shape.same(8))
    rest = subnet("shake").make(Shape.same(8), activated=True)
    rest.load_state_dict(whole.state_dict())
    x = torch.randn(2, 8, 5, 5)
    torch.testing.assert_close(rest(x.relu()), whole(x))
    assert not torch.allclose(rest(x), whole(x))


def names(value: Any) -> list[str]:
    return [name.rstrip("123") for name, _ in sample(subnet(value))[0].named_children()]


def test_layers_stand_in_the_order_of_the_papers() -> None:
    assert names("vgg") == ["conv", "norm", "relu"] * 2
    assert names("postactivation") == ["conv", "norm", "relu", "conv", "norm"]
    assert names("preactivation") == ["norm", "relu", "conv"] * 2
    assert names("shake") == ["relu", "conv", "norm"] * 2
    wide = {"kind": "preactivation", "dropout": 0.3}
    assert names(wide) == ["norm", "relu", "conv", "norm", "relu", "dropout", "conv"]
    assert names("bottleneck") == ["conv", "norm", "relu"] * 2 + ["conv", "norm"]
    assert names("preactivation-bottleneck") == ["norm", "relu", "conv"] * 3
    assert names({"kind": "conv", "dropout": 0.1}) == ["conv", "dropout", "norm", "relu"]
    dense = {"kind": "dense", "bottleneck": True, "dropout": 0.2}
    assert names(dense) == ["norm", "relu", "conv", "dropout"] * 2 + ["zeros"]


@pytest.mark.parametrize("kind", ["bottleneck", "preactivation-bottleneck"])
def test_the_stride_is_in_the_convolution_that_is_asked(kind: str) -> None:
    for stride_in, expected in (("1x1", [2, 1, 1]), ("3x3", [1, 2, 1])):
        module = subnet({"kind": kind, "stride_in": stride_in}).make(Shape(8, 16, 2))
        found = [part.stride[0] for part in module.children() if isinstance(part, nn.Conv2d)]
        assert found == expected


def test_a_dense_step_is_a_concatenation() -> None:
    module = subnet("dense").make(Shape(6, 10))
    u = torch.randn(2, 6, 4, 4)
    step = F.pad(u, (0, 0, 0, 0, 0, 4)) + module(u)
    new = nn.Sequential(*list(module.children())[:-1])(u)
    torch.testing.assert_close(step, torch.cat([u, new], dim=1))


def test_the_jacobian_of_symmetric_is_symmetric_and_has_no_positive_eigenvalue() -> None:
    module = subnet("symmetric").make(Shape.same(2))
    module.norm = nn.Identity()
    u = torch.randn(1, 2, 4, 4)
    J = torch.func.jacfwd(module)(u).reshape(32, 32)
    torch.testing.assert_close(J, J.T)
    assert torch.linalg.eigvalsh(J).max() < 1e-12 < J.abs().max()


def test_a_highway_carries_or_transforms() -> None:
    module = subnet("highway").make(Shape.same(4))
    gate, inner = module.get_submodule("gate"), module.get_submodule("inner")
    assert isinstance(gate, nn.Conv2d)
    assert gate.bias is not None
    assert gate.bias.tolist() == [-2.0] * 4
    u = torch.randn(3, 4, 5, 5)
    T = torch.sigmoid(gate(u))
    torch.testing.assert_close(u + module(u), T * inner(u) + (1 - T) * u)
    nn.init.constant_(gate.bias, 1e3)
    torch.testing.assert_close(u + module(u), inner(u))


def test_a_highway_tells_what_it_holds_that_its_input_is_activated() -> None:
    kind = subnet({"kind": "highway", "inner": "preactivation"})
    inner = kind.make(Shape.same(4), activated=True).get_submodule("inner")
    assert next(name for name, _ in inner.named_children()) == "conv1"


def test_fixup_starts_as_zero_and_learns() -> None:
    kind = subnet("fixup")
    module = kind.make(Shape(4, 6, 2))
    before = module.get_parameter("conv1.weight").clone()
    kind.initialise(module, branches=9)
    torch.testing.assert_close(module.get_parameter("conv1.weight"), before / 3)
    y = module(torch.randn(2, 4, 6, 6))
    assert not y.any()
    (y * torch.randn_like(y)).sum().backward()
    assert module.get_parameter("conv2.weight").grad.any()  # type: ignore[union-attr]


def test_a_highway_initialises_what_it_holds() -> None:
    kind = subnet({"kind": "highway", "inner": "fixup"})
    module = kind.make(Shape.same(4))
    kind.initialise(module, branches=4)
    assert not module.get_parameter("inner.conv2.weight").any()


@pytest.mark.parametrize("value", SUBNETS)
def test_only_fixup_is_changed_by_initialise(value: str) -> None:
    kind = subnet(value)
    module, _ = sample(kind)
    before = copy.deepcopy(module.state_dict())
    kind.initialise(module, branches=9)
    same = all(torch.equal(before[key], now) for key, now in module.state_dict().items())
    assert same == (value != "fixup")


def test_attention_is_that_of_torch() -> None:
    module = subnet({"kind": "attention", "heads": 2}).make(Shape.same(8))
    other = nn.MultiheadAttention(8, 2, batch_first=True)
    other.in_proj_weight.data = module.get_parameter("qkv.weight").data
    other.in_proj_bias.data = module.get_parameter("qkv.bias").data
    other.out_proj.load_state_dict(module.get_submodule("out").state_dict())
    u = torch.randn(3, 5, 8)
    x = F.layer_norm(u, (8,))
    torch.testing.assert_close(module(u), other(x, x, x)[0])


@pytest.mark.parametrize(("name", "active"), [("mlp", F.gelu), ("feed-forward", F.relu)])
def test_perceptrons_are_those_of_their_papers(
    name: str, active: Callable[[Tensor], Tensor]
) -> None:
    module, u = sample(subnet(name))
    first, second = module.get_submodule("linear1"), module.get_submodule("linear2")
    torch.testing.assert_close(module(u), second(active(first(F.layer_norm(u, (16,))))))


DROPPING = [value for value in VARIANTS if "dropout" in str(value)]


@pytest.mark.parametrize("value", DROPPING, ids=str)
def test_dropout_is_random_in_training_only(value: Any) -> None:
    module, x = sample(subnet(value))
    assert not torch.equal(module(x), module(x))
    module.eval()
    assert torch.equal(module(x), module(x))


def test_attention_refuses_what_has_no_tokens() -> None:
    with pytest.raises(ValueError, match="needs tokens"):
        subnet("attention").make(Shape.same(8))(torch.randn(5, 8))


@pytest.mark.parametrize("value", SUBNETS)
def test_with_its_last_norm_at_zero_a_sub_net_is_zero_and_learns(value: str) -> None:
    module, x = sample(subnet(value))
    last = last_norm(module)
    assert (last is not None) == (value in {"postactivation", "bottleneck", "grouped", "shake"})
    if last is not None:
        nn.init.zeros_(last.weight)
        y = module(x)
        assert not y.any()
        (y * torch.randn_like(y)).sum().backward()
        assert last.weight.grad is not None
        assert last.weight.grad.all()


# What torch asks of a module.


@pytest.mark.parametrize("value", SUBNETS)
def test_a_sub_net_compiles_into_one_graph(value: str) -> None:
    module, x = sample(subnet(value))
    compiled = torch.compile(copy.deepcopy(module), fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), module(x))


@pytest.mark.parametrize("value", SUBNETS)
def test_a_sub_net_can_be_exported(value: str) -> None:
    module, x = sample(subnet(value))
    module.eval()
    exported = torch.export.export(module, (x,)).module()
    torch.testing.assert_close(exported(x), module(x))


@pytest.mark.parametrize("value", SUBNETS)
def test_a_sub_net_trains_under_autocast(value: str) -> None:
    module, x = sample(subnet(value))
    module, x = module.float(), x.float()
    with torch.autocast("cpu", torch.bfloat16):
        y = module(x)
    y.float().square().mean().backward()
    for parameter in module.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()


@pytest.mark.parametrize("value", [name for name in SUBNETS if subnet(name).domain == "image"])
def test_a_sub_net_of_images_keeps_channels_last(value: str) -> None:
    module, x = sample(subnet(value))
    plain = module(x)
    last = torch.channels_last
    module.to(memory_format=last)
    y = module(x.to(memory_format=last))
    assert y.is_contiguous(memory_format=last)
    torch.testing.assert_close(y, plain)


# What a recipe says.


def test_a_sub_net_is_read_from_a_name_a_table_or_itself() -> None:
    table = {"kind": "grouped", "cardinality": 16, "width": 32}
    read = subnet(table)
    assert read.model_dump() == {**table, "expansion": 4}
    assert subnet(read) is read
    assert subnet("vgg") == subnet({"kind": "vgg"})


def test_a_highway_says_what_it_holds() -> None:
    kind = subnet({"kind": "highway", "inner": {"kind": "conv", "times": 2}})
    assert kind.model_dump()["inner"] == {"kind": "conv", "times": 2, "dropout": 0.0}
    assert subnet(kind.model_dump()) == kind


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("botleneck", 'model.subnet: "botleneck" is not known; did you mean "bottleneck"? Known: '),
        ({"kind": "vg"}, 'model.subnet.kind: "vg" is not known; did you mean "vgg"? Known: vgg, '),
        ({"kind": 3}, "model.subnet.kind: 3 is not known; known: vgg, "),
        ({"times": 2}, "model.subnet.kind: is missing; known: vgg, "),
        (3, 'model.subnet: 3: write the name of a kind, "vgg", or a table, {kind = "vgg"}'),
        (
            {"kind": "grouped", "cardinalty": 8},
            'model.subnet.cardinalty: no such key; did you mean "cardinality"? Known: kind, ',
        ),
        ({"kind": "conv", "times": 0}, "model.subnet.times: 0: should be greater than or equal"),
        ({"kind": "conv", "dropout": 1.0}, "model.subnet.dropout: 1.0: should be less than 1"),
        (
            {"kind": "bottleneck", "stride_in": "5x5"},
            "model.subnet.stride_in: \"5x5\" is not known; expected '1x1' or '3x3'",
        ),
        ({"kind": "highway", "inner": "con"}, 'model.subnet.inner: "con" is not known; did you '),
        (
            {"kind": "highway", "inner": {"kind": "conv", "time": 2}},
            'model.subnet.inner.time: no such key; did you mean "times"?',
        ),
        ({"kind": "vgg", "inner": "conv"}, "model.subnet.inner: no such key; "),
    ],
    ids=str,
)
def test_a_wrong_table_is_an_error_at_its_key(value: Any, message: str) -> None:
    with pytest.raises(TableError) as error:
        subnet(value)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("value", "shape", "reason"),
    [
        ("symmetric", Shape(8, 8, 2), "8 channels to 8 at stride 2: it keeps the shape"),
        ("highway", Shape(8, 16), "8 channels to 16 at stride 1: it keeps the shape"),
        ("dense", Shape(8, 12, 2), "it keeps every place; write strides of 1, or"),
        ("dense", Shape.same(8), "it adds channels; write growth = 12"),
        ("mlp", Shape(8, 8, 2), "it keeps every place"),
        ("attention", Shape.same(6), "inside must be a multiple of the heads, 4"),
        ("bottleneck", Shape.same(6), "outside must be a multiple of the expansion, 4"),
        (
            {"kind": "grouped", "width": 10},
            Shape.same(24),
            "its groups are empty; outside must be 28 or more",
        ),
        ({"kind": "highway", "inner": "mlp"}, Shape.same(8), '"mlp" is no sub-net of images'),
    ],
    ids=str,
)
def test_what_a_kind_cannot_do_is_said(value: Any, shape: Shape, reason: str) -> None:
    with pytest.raises(ValueError, match="cannot take") as error:
        subnet(value).make(shape)
    assert reason in str(error.value)


def test_the_least_width_that_a_message_names_is_enough() -> None:
    subnet({"kind": "grouped", "width": 10}).make(Shape.same(28))
