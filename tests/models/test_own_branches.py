"""Sub-nets, stems, heads and transitions of a user's own, in blocks and in networks of any data."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from butcher import make_block
from butcher.compiler import resolve, shipped
from butcher.models import Network, stack

WIDTH = 6


class TransformerBlock(nn.Module):
    """Attention and a feed-forward map, each with its own shortcut, as a library would have it."""

    def __init__(self, width: int = WIDTH, heads: int = 2) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, 8), nn.GELU(), nn.Linear(8, width))

    def forward(self, u: Tensor) -> Tensor:
        v = self.norm1(u)
        u = u + self.attention(v, v, v, need_weights=False)[0]
        return u + self.mlp(self.norm2(u))


class Remembers(nn.Module):
    """Counts its calls, subtracts a running mean, and has a parameter of no dimension."""

    calls: Tensor
    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.5))
        self.register_buffer("calls", torch.tensor(0))
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, u: Tensor) -> Tensor:
        self.calls += 1
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * u.detach().mean()
        return self.scale * torch.tanh(u - self.mean)


def convolution() -> nn.Module:
    return nn.Conv3d(WIDTH, WIDTH, 3, padding=1)


def perceptron() -> nn.Module:
    return nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 9), nn.GELU(), nn.Linear(9, WIDTH))


OWN: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "a transformer block": (TransformerBlock, (2, WIDTH, WIDTH)),
    "a 3-D convolution": (convolution, (2, WIDTH, 3, 4, 5)),
    "a perceptron of tokens": (perceptron, (2, 4, WIDTH)),
    "a module with state": (Remembers, (2, WIDTH, 3)),
}


def trains(module: nn.Module, value: Tensor, but: tuple[str, ...] = ()) -> None:
    """A finite gradient for every parameter but those, which have none."""
    module.zero_grad()
    value.square().mean().backward()
    for name, parameter in module.named_parameters():
        if name in but:
            assert parameter.grad is None or not parameter.grad.any(), name
        else:
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize(
    "kind",
    [
        "a transformer block",
        "a 3-D convolution",
        pytest.param("a perceptron of tokens", marks=pytest.mark.slow),
        pytest.param("a module with state", marks=pytest.mark.slow),
    ],
)
def test_any_module_is_the_f_of_every_shipped_method(kind: str) -> None:
    build, shape = OWN[kind]
    u = 0.1 * torch.randn(shape)
    for name in shipped():
        block: Any = make_block(name, build)
        if len(block.states) == 1:
            trains(block, block(u))
            continue
        new = block(block.start(u))
        assert [v.shape for v in new] == [u.shape] * len(block.states), name
        trains(block, torch.stack(new))


def test_a_module_with_state_is_called_once_an_evaluation() -> None:
    block: Any = make_block("rk4", Remembers)
    for times in (1, 2):
        block(torch.ones(1))
        assert [int(net.calls) for net in block.f] == [times] * 4
    assert block.f[0].mean != block.f[3].mean


# --------------------------------------------------------------------------- networks

KINDS = ["euler", "verner65", "lm_resnet", "ab3", "am2", "revnet", "transformer", "stochastic_lm"]


@pytest.mark.parametrize("scheme", KINDS)
def test_transformer_blocks_stack_by_every_scheme(scheme: str) -> None:
    network = stack(
        scheme,
        dict.fromkeys(resolve(scheme).slots, TransformerBlock),
        blocks=5,
        channel_dim=-1,
        stem=nn.Linear(3, WIDTH),
        head=nn.LazyLinear(2),  # of the values of several names there are as many
    )
    logits = network(torch.randn(4, 7, 3))
    assert logits.shape == (4, 7, 2)
    trains(network, logits, network.facts.dead)


def conv3d(inside: int, outside: int, stride: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv3d(inside, outside, 3, stride, padding=1), nn.GroupNorm(1, outside), nn.ReLU()
    )


def projection3d(inside: int, outside: int, stride: int) -> nn.Module:
    return nn.Conv3d(inside, outside, 1, stride)


def of_volumes(scheme: str) -> Network:
    return stack(
        scheme,
        dict.fromkeys(resolve(scheme).slots, conv3d),
        widths=[4, 8],
        blocks=[3, 2],
        stem=nn.Conv3d(1, 4, 3, padding=1),
        head=nn.Sequential(nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.LazyLinear(3)),
        transition=projection3d,
    )


@pytest.mark.parametrize("scheme", ["rk4", "midpoint_network", "ab2", "layerscale", "shake_shake"])
def test_volumes_pass_through_stages_of_every_scheme(scheme: str) -> None:
    network = of_volumes(scheme)
    logits = network(torch.randn(2, 1, 6, 5, 4))
    assert logits.shape == (2, 3)
    trains(network, logits, network.facts.dead)
    assert [tuple(u.shape[1:]) for u in network.features(torch.randn(1, 1, 6, 5, 4))] == [
        (4, 6, 5, 4),
        (4, 6, 5, 4),
        (8, 3, 3, 2),
    ]


def test_revnet_of_volumes_trains_without_stored_activations() -> None:
    def network(*, reversible: bool) -> Network:
        torch.manual_seed(1)
        return stack(
            "revnet",
            {"f": conv3d, "g": conv3d},
            widths=[4, 8],
            blocks=2,
            start="split",
            transition=projection3d,
            reversible=reversible,
        )

    x, gradients = torch.randn(2, 4, 4, 4, 4), []
    for reversible in (False, True):
        model = network(reversible=reversible)
        model(x).square().sum().backward()
        gradients.append([p.grad for p in model.parameters()])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


def test_a_stack_is_the_loop_that_one_would_write() -> None:
    network = stack("midpoint", perceptron, blocks=3, h=0.5, channel_dim=-1)
    u = x = torch.randn(2, 4, WIDTH)
    for block in network.blocks:
        f: Any = block.f
        u = u + 0.5 * f[1](u + 0.25 * f[0](u))
    torch.testing.assert_close(network(x), u)


def test_modules_keep_the_weights_that_they_come_with() -> None:
    def ones(inside: int, outside: int, stride: int) -> nn.Module:
        conv = nn.Conv2d(inside, outside, 3, stride, padding=1, bias=False)
        nn.init.ones_(conv.weight)
        return conv

    network = stack("euler", ones, widths=[2, 3], blocks=1, transition="zero-pad")
    assert all((p == 1).all() for p in network.parameters())


def test_one_module_is_shared_by_all_blocks() -> None:
    net = perceptron()
    network = stack("rk4", net, blocks=3)
    assert set(network.parameters()) == set(net.parameters())
    trains(network, network(torch.randn(2, WIDTH)))


def test_stems_one_a_value_start_a_multistep_network() -> None:
    stems = [nn.Linear(3, WIDTH), nn.Linear(3, WIDTH)]
    network = stack("lm_resnet", perceptron, blocks=2, stem=stems, k=0.5, channel_dim=-1)
    x = torch.randn(4, 3)
    u, before = stems[0](x), stems[1](x)
    for block in network.blocks:
        f: Any = block.f
        u, before = 0.5 * u + 0.5 * before + f[0](u), u
    torch.testing.assert_close(network(x), u)


def test_named_transitions_serve_images_and_tokens() -> None:
    def conv(inside: int, outside: int, stride: int) -> nn.Module:
        return nn.Conv2d(inside, outside, 3, stride, padding=1)

    def linear(inside: int, outside: int, stride: int) -> nn.Module:
        assert stride == 1
        return nn.Linear(inside, outside)

    images = stack("heun2", conv, widths=[4, 8], blocks=1, transition="neck")
    assert images(torch.randn(2, 4, 6, 6)).shape == (2, 8, 3, 3)
    tokens = stack("heun2", linear, widths=[4, 8], blocks=1, transition="neck", channel_dim=-1)
    assert tokens(torch.randn(2, 5, 4)).shape == (2, 5, 8)


@pytest.mark.parametrize(
    ("scheme", "branch", "options", "message"),
    [
        (
            "rk4",
            perceptron,
            {"widths": [4, 8]},
            r"branch takes no shape, and .* 4 channels to 8 at",
        ),
        ("rk4", conv3d, {"widths": [4, 8], "transition": None}, r"write transition, the name"),
        ("rk4", conv3d, {}, r"function of \(inside, outside, stride\); write widths"),
        ("fractalnet", perceptron, {}, r"linear slots, k3, k1, k2; write branch as a mapping"),
        ("revnet", {"f": perceptron}, {}, r"branch has the keys f; the slots of revnet are f, g"),
        ("rk4", 3, {}, r"branch is a module or builds one; it cannot be 3"),
        ("rk4", lambda: 3, {}, r"branch must return a torch.nn.Module, not 3"),
        ("rk4", perceptron, {"blocks": [1, 2]}, r"blocks of several stages, .* go with widths"),
        ("rk4", conv3d, {"widths": [4, 4], "blocks": [0, 1]}, r"every stage has at least one"),
        ("rk4", conv3d, {"widths": [4, 8], "strides": [1]}, r"2 widths, 2 numbers .* 1 strides"),
        ("rk4", perceptron, {"start": "again"}, r"start is one of repeat, .*, not 'again'"),
        ("revnet", perceptron, {"start": "stems"}, r"needs a sequence of 2 stems"),
        ("lm_resnet", perceptron, {"stem": [nn.Identity()]}, r"1 modules, .*: 2 are needed"),
        ("lm_resnet", perceptron, {"blocks": 1}, r"write 2 blocks or more, or start = \"repeat\""),
        ("lm_resnet", perceptron, {"kk": 1.0}, r"has no 'kk': did you mean k\?"),
        ("layerscale", perceptron, {}, r"layerscale has a per channel; write widths"),
        ("layerscale", perceptron, {"widths": [6], "channel_dim": -1}, r"channels .* stand last"),
        ("rk4", conv3d, {"widths": [4, 8], "transition": "pad"}, r"one of zero-pad, .*not 'pad'"),
        ("revnet", conv3d, {"widths": [5], "start": "split"}, r"5 channels cannot be shared out"),
        (
            "method timed\n  ode u' = f(t, u)\nstep\n  u[n+1] = u[n] + h*f(u[n])\n",
            perceptron,
            {},
            r"timed gives the time to its sub-nets",
        ),
    ],
)
def test_what_cannot_be_says_why_and_what_to_write(
    scheme: str, branch: Any, options: dict[str, Any], message: str
) -> None:
    usual: dict[str, Any] = {"blocks": 2}
    if "widths" in options:
        usual["transition"] = projection3d
    with pytest.raises((ValueError, TypeError), match=message):
        stack(scheme, branch, **usual | options)
