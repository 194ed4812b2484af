"""Any scheme, sub-net, layout, transition and start combine, or are refused with the reason."""

import re
from collections.abc import Iterable
from itertools import cycle, islice, product
from typing import Any

import pytest
import torch

from butcher.compiler import block_graph, shipped
from butcher.models import TableError, build
from butcher.models.model import ModelOptions
from butcher.models.shipped import table as shipped_table
from butcher.models.starts import STARTS
from butcher.models.subnets import SUBNETS
from butcher.models.transitions import TRANSITIONS

TABLE = {
    "family": "resnet",
    "post": "none",
    "subnet": "preactivation",
    "widths": [4, 8, 16],
    "blocks": [2, 1, 1],
}
# One state; two lags; kept evaluations; both; two values; several slots; linear slots; weights
# shared; sweeps; drawn, learned and per-channel numbers.
KINDS = {
    "one state": "rk38",
    "several lags": "bdf3",
    "one lag, learned": "lm_resnet",
    "an older value alone": "midpoint_network",
    "kept evaluations": "ab3",
    "lags, sweeps and evaluations": "milne_simpson4",
    "two values": "revnet",
    "several slots, drawn": "shake_shake",
    "linear slots": "fractal3",
    "one sub-net for two uses": "polynet_poly2",
    "sweeps": "gauss4",
    "drawn and learned": "stochastic_lm",
    "learned per channel": "layerscale",
}
# What nobody ships: states and evaluations that few blocks, or none, have a use for.
ODD = {
    "an evaluation for later blocks alone": "u[n+1] = u[n] + h*k[n-1]\n  k = f(u[n])",
    "an evaluation of the new value": "u[n+1] = u[n] + h*k[n-1]\n  k = f(u[n+1])",
    "a value that no value reads": "x[n+1] = x[n] + h*f(x[n])\n  y[n+1] = x[n] + h*g(x[n])",
    "values of two lags": "v[n+1] = u[n] + h*f(v[n])\n  u[n+1] = u[n-1] + h*f(v[n])",
    "a slot for the older value": "u[n+1] = u[n] + h*f(u[n]) + h*g(u[n-1])",
    "a value that is not carried": "x[n+1] = f(y[n])\n  y[n+1] = y[n] + h*g(x[n+1])",
}


def refused(**table: Any) -> str:
    """The message; empty if there is a network that gives logits and trains all that it says.

    In evaluation, where every number that is used has an effect: in training a normalisation may
    undo a bias before it. Parameters are off their start values, some of which are zero.
    """
    try:
        network = build(TABLE | table, in_channels=3, classes=5)
    except TableError as wrong:
        return str(wrong)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    logits = network.eval()(torch.randn(2, 3, 8, 8))
    assert logits.shape == (2, 5), table
    logits.square().sum().backward()
    for name, parameter in network.named_parameters():
        gradient = parameter.grad if parameter.grad is not None else torch.zeros(())
        assert gradient.isfinite().all(), (table, name)
        has_effect = bool((gradient.abs() > 1e-14).any())
        assert has_effect == (name not in network.facts.dead), (table, name)
    return ""


def enough_blocks(scheme: str) -> list[int]:
    lag = max(state.lag for state in block_graph(scheme).states)
    return [lag + 1, max(lag, 1), max(lag, 1)]


def outcomes(tables: Iterable[dict[str, Any]]) -> set[str]:
    """The messages of all; every one names keys that there are."""
    messages = {refused(**table) for table in tables} - {""}
    for message in messages:
        key = message.split(":")[0].split(".")
        assert key[0] == "model", message
        assert set(key[1:2]) <= set(ModelOptions.model_fields), message
        written = re.findall(r"(\w+) = ", message)
        assert set(written) <= set(ModelOptions.model_fields), message
        assert re.search(r"\b(write|leave|give)\b", message), message
    return messages


MIXED = {
    *("backward_euler", "bdf1", "gauss4", "implicit_midpoint", "polynet_poly2", "radau_iia3"),
    "sdirk2",
}


@pytest.mark.parametrize(
    "transition", ["zero-pad", pytest.param("projection", marks=pytest.mark.slow)]
)
def test_every_shipped_scheme_makes_a_network_of_three_stages(transition: str) -> None:
    """All but those that use one sub-net on a state and on other values, which `neck` serves."""
    messages = {
        name: refused(scheme=name, blocks=enough_blocks(name), transition=transition)
        for name in shipped()
    }
    said = {name: message for name, message in messages.items() if message}
    assert said.keys() == MIXED
    for name, message in said.items():
        start = f"model: a block of {name} cannot take 4 channels to 8 at stride 2: one sub-net is"
        assert message.startswith(start)
        assert 'transition = "neck"' in message
        assert not refused(scheme=name, transition="neck", subnet="symmetric")
        helps = not refused(scheme=name, transition=transition, weights="per-stage")
        assert helps == ('weights = "per-stage"' in message)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_scheme_takes_every_start_or_says_why(kind: str) -> None:
    scheme = KINDS[kind]
    done = 0
    for start in STARTS:
        table = {"scheme": scheme, "blocks": enough_blocks(scheme), "start": start}
        table |= {"earlier": "separate", "transition": "neck"}
        for message in outcomes([table]):
            done -= 1
            assert message.startswith("model.start: ")
            assert not refused(**table | {"start": "repeat"})
        done += 1
    assert done >= 1


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_every_transition_serves_schemes_of_every_kind(transition: str) -> None:
    for kind, scheme in KINDS.items():
        table = {"scheme": scheme, "transition": transition, "start": "repeat", "blocks": 1}
        messages = outcomes([table, table | {"earlier": "separate", "post": "relu"}])
        is_mixed = kind in ("sweeps", "one sub-net for two uses") and transition != "neck"
        assert bool(messages) == is_mixed


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_transition_and_start_together(kind: str) -> None:
    """Each pair with one of the four of `earlier` and `post`, another one for the next kind."""
    scheme = KINDS[kind]
    table = {"scheme": scheme, "blocks": enough_blocks(scheme)}
    pairs = product(TRANSITIONS, STARTS)
    four = cycle(product(("shared", "separate"), ("none", "relu")))
    others = islice(four, list(KINDS).index(kind), None)
    keys = ("transition", "start", "earlier", "post")
    ways = ((*pair, *other) for pair, other in zip(pairs, others, strict=False))
    assert len(outcomes(table | dict(zip(keys, way, strict=True)) for way in ways)) <= 5


@pytest.mark.parametrize("subnet", SUBNETS)
def test_every_sub_net_stands_in_schemes_of_several_kinds(subnet: str) -> None:
    vectors = SUBNETS[subnet].domain == "vector"
    keeps_shape = subnet in ("symmetric", "highway")
    for scheme in ("rk4", "lm_resnet", "ab2", "revnet", "fractal3", "backward_euler"):
        table: dict[str, Any] = {"scheme": scheme, "subnet": subnet, "blocks": 2}
        table["stem"] = "patches-2" if vectors else "conv"
        table["transition"] = "neck" if keeps_shape else "projection-norm"
        if scheme == "backward_euler":
            table["transition"] = "neck"
        if subnet == "dense":
            table |= {"growth": 3, "widths": [4, 4, 4], "transition": "neck"}
        messages = outcomes([table])
        if subnet == "dense" and scheme not in ("lm_resnet", "ab2"):
            # what is no direct reader of the state keeps the shape, and would add nothing
            assert messages, scheme
        else:
            assert not messages, scheme


def test_sub_nets_that_keep_the_shape_say_what_to_write() -> None:
    for subnet in ("symmetric", "highway"):
        (message,) = outcomes([{"scheme": "euler", "subnet": subnet}])
        assert message.endswith('it keeps the shape; write transition = "neck", or another kind')


@pytest.mark.parametrize("odd", ODD)
def test_schemes_with_parts_that_nothing_uses_name_their_parameters(odd: str) -> None:
    scheme = f"method odd\nstep\n  {ODD[odd]}\n"
    tables = [
        {"scheme": scheme, "start": start, "transition": transition, "earlier": earlier}
        for start, transition, earlier in product(
            ("repeat", "restart", "stems"), ("projection", "neck"), ("shared", "separate")
        )
    ]
    outcomes(tables)
    for table in tables[:2]:
        assert not refused(**table), table


def test_learned_numbers_that_cancel_are_named_in_all_blocks_where_they_do() -> None:
    """a weighs u[n-1] against u[n-2], which are equal before the first block and the second."""
    scheme = "method x\n  learn a = 0.5\nstep\n  u[n+1] = u[n] + a*u[n-1] - a*u[n-2] + h*f(u[n])\n"
    table = TABLE | {"scheme": scheme, "start": "repeat", "blocks": 3}
    network = build(table, in_channels=3, classes=5)
    assert network.facts.dead == ("stages.0.0.a", "stages.0.1.a")
    assert not refused(**table)
    separate = {"earlier": "separate", "transition": "projection", "strides": [2, 2, 2]}
    assert not refused(**table | separate)
    adams = (
        "method x\n  learn a = 0.5\nstep\n  k = f(u[n])\n  u[n+1] = u[n] + (1+a)*h*k - a*h*k[n-1]\n"
    )
    network = build(table | {"scheme": adams}, in_channels=3, classes=5)
    assert network.facts.dead == ("stages.0.0.a",)


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_blocks_that_grow_take_the_strides_of_their_stages(transition: str) -> None:
    table = TABLE | {"growth": 3, "widths": [4, 4, 4], "blocks": 2, "transition": transition}
    for scheme in ("rk4", "lm_resnet", "fractal3"):
        network = build(table | {"scheme": scheme}, in_channels=3, classes=5).eval()
        found = [tuple(u.shape[1:]) for u in network.features(torch.randn(2, 3, 8, 8))]
        assert found == [(4, 8, 8), (10, 8, 8), (16, 4, 4), (22, 2, 2)]
        assert not refused(**table | {"scheme": scheme})


def test_what_a_starter_does_not_read_does_not_count_in_statistics() -> None:
    """Older values would pass the same normalisation, and nothing reads them there."""
    scheme = "method x\nstep\n  u[n+1] = u[n] + 1/2*u[n-1] - 1/2*u[n-2] + h*f(u[n])\n"
    table = TABLE | {"scheme": scheme, "blocks": 3}
    for transition in ("neck", "shared-activation", "activated-projection", "projection-norm"):
        network = build(table | {"transition": transition}, in_channels=3, classes=5)
        network(torch.randn(2, 3, 8, 8))
        counts = {
            name: b for name, b in network.named_buffers() if name.endswith("batches_tracked")
        }
        assert {int(count) for count in counts.values()} == {1}, transition


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"survival": 0.5}, r"model\.survival: euler drops no branches.*stochastic_depth"),
    ({"values": {"q": 1.0}}, r"model\.values\.q: is no parameter of euler: it has none"),
    (
        {"scheme": "skipinit", "values": {"b": 1.0}},
        r"model\.values\.b: is no parameter of skipinit; .*known: a",
    ),
    ({"scheme": "skipinit", "values": {"a": "x"}}, r'model\.values\.a: "x" is no number'),
    ({"starter": "rk4"}, r"model\.starter: nothing begins with it: the scheme looks back at none"),
    (
        {"scheme": "ab2", "starter": "rk4", "start": "repeat"},
        r'model\.starter: nothing begins with it: start = "repeat" has no starter',
    ),
    ({"scheme": "am2", "starter": "rk4"}, r'model\.start: rk4 cannot start am2.*start = "repeat"'),
    ({"scheme": "ab3"}, r"model: stage 1 has 2 blocks, but ab3 looks 2 back.*write 3 blocks"),
    (
        {"scheme": "ab2", "start": "repeat", "stem_width": 2},
        r'keeps evaluations.*write stem_width = 4 and .*strides, or start = "restart"',
    ),
    ({"scheme": "ab3", "start": "split"}, r"model\.start: ab3 has earlier values as states"),
    ({"scheme": "revnet", "start": "split", "widths": [4, 7]}, r"model\.blocks: give 2 numbers"),
    (
        {"scheme": "revnet", "start": "split", "widths": [4, 7], "blocks": 1},
        r"model\.widths: 7 channels cannot be shared out among 2 values",
    ),
    ({"growth": 3}, r"model\.widths: \[4, 8, 16\], but with growth .*, \[4, 4, 4\]"),
    (
        {"growth": 3, "widths": [4, 4, 4], "compression": 0.5},
        r'model\.compression: 0\.5 is for channels between stages; write transition = "neck"',
    ),
    (
        {"growth": 3, "widths": [4, 4, 4], "subnet": "dense"},
        r'it keeps every place; write strides of 1, or transition = "neck"',
    ),
    ({"values": {"h": 0.5}}, r"model\.values\.h: is a key of \[model\] itself: write h = 0\.5"),
    ({"widths": [3, 4, 5], "width": 2}, r"model\.width: widths \[3, 4, 5\] in proportion are not"),
    (
        {"subnet": "mlp", "stem": "linear", "strides": [1, 2, 1]},
        r"model\.strides: \[1, 2, 1\], but vectors have no places to leave out; write 1",
    ),
    (
        {"subnet": "mlp", "stem": "linear", "transition": "shifted"},
        r'model: transition "shifted" is for images.*write transition = "projection"',
    ),
    (
        {"subnet": "mlp", "stem": "patches-2", "scheme": "layerscale"},
        r"model: layerscale trains a number per channel, of dimension 1, and channels .* last",
    ),
    ({"subnets": {"g": "vgg"}}, r"model\.subnets\.g: is no slot of euler; .*known: f"),
    ({"scheme": "polynet_2way", "subnets": {"g": "mlp"}}, r'channels of "mlp" stand last'),
    (
        {"stem": "none", "stem_width": 4},
        r"model\.stem_width: has no stem to be of: leave it out",
    ),
    ({"stem": "linear"}, r'model\.stem: "linear" is no stem for sub-nets "preactivation"; write'),
    ({"scheme": "lm_resnet", "reversible": True, "post": "relu"}, r"a ReLU has no inverse; write"),
    ({"reversible": True}, r"blocks of euler have no inverse; write reversible = false"),
    (
        {"scheme": "method timed\n  ode u' = f(t, u)\nstep\n  u[n+1] = u[n] + h*f(u[n])\n"},
        r"model: timed gives the time to its sub-nets, and those of a network take none; write",
    ),
]


def test_the_shipped_network_of_controlled_steps_takes_a_few() -> None:
    model = build(shipped_table("ho_resnet66_verner_controlled") | {"width": 8}, 3, 10)
    model(torch.randn(2, 3, 8, 8)).square().sum().backward()
    first: Any = model.blocks[0]
    assert 1 < int(first.accepted) < 50
    reached = {name for name, p in model.named_parameters() if p.grad is not None}
    assert {name for name, _ in model.named_parameters()} - reached == set(model.facts.dead)


def test_a_network_of_too_many_blocks_is_not_begun() -> None:
    message = refused(scheme="euler", blocks=10_000)
    assert "model.blocks: makes 30,000 blocks; a network has 5,000 at most" in message


def test_a_method_of_second_order_begins_at_rest_and_one_of_first_order_with_a_step() -> None:
    starters = [
        [type(block).__name__ for block in build({"family": "resnet", **table}, 3, 10).blocks]
        for table in (
            {"scheme": "second_order", "blocks": 2, "width": 4},
            {"scheme": "midpoint_network", "blocks": 2, "width": 4},
        )
    ]
    assert starters[0] == ["SecondOrder"] * 6
    assert starters[1] == ["EulerStartsMidpointNetwork", "MidpointNetwork"] * 3


@pytest.mark.parametrize(("table", "message"), WRONG)
def test_what_cannot_be_says_why_and_what_to_write(table: dict[str, Any], message: str) -> None:
    assert re.search(message, refused(**{"scheme": "euler"} | table))
