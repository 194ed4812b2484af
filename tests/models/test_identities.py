"""Networks of papers are what a person would write by hand in torch, with the same weights."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from butcher.analysis.linear.stability import stability
from butcher.compiler import resolve
from butcher.ir.lower import lower
from butcher.models import Network, build, stack

WIDTHS = [4, 8, 16]


def built(**table: Any) -> Network:
    """With normalisations that do something in evaluation, too."""
    network = build({"widths": WIDTHS, **table}, in_channels=3, classes=5)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(std=0.1)
            assert module.running_mean is not None
            module.running_mean.normal_(std=0.1)
    return network


def images(size: int = 8) -> Tensor:
    return torch.randn(3, 3, size, size)


def copied(source: nn.Module, to: nn.Module) -> None:
    """Weights and buffers in their order; both modules have the same ones in the same order."""
    theirs, ours = list(source.state_dict().values()), list(to.state_dict().values())
    assert [v.shape for v in theirs] == [v.shape for v in ours]
    for value, place in zip(theirs, ours, strict=True):
        place.copy_(value)


def same_bits(network: Network, by_hand: nn.Module, x: Tensor) -> None:
    """Equal logits in training and in evaluation, equal gradients of all parameters."""
    copied(network, by_hand)
    for mode in (True, False):
        network.train(mode)
        by_hand.train(mode)
        logits, others = network(x), by_hand(x)
        assert torch.equal(logits, others)
        logits.square().sum().backward()
        others.square().sum().backward()
    for one, other in zip(network.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def blocks(network: Network) -> Iterator[tuple[int, int, Any]]:
    """(stage, index, block)."""
    for s, stage in enumerate(network.stages.children()):
        compiled = [part for part in stage.children() if hasattr(part, "nfe")]
        yield from ((s, i, block) for i, block in enumerate(compiled))


def conv3x3(inside: int, outside: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, 3, stride, padding=1, bias=False)


def padded(x: Tensor, inside: int, outside: int) -> Tensor:
    """Option A of He et al.: every other place, new channels zero."""
    return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, outside - inside)) if outside > inside else x


# --------------------------------------------------------------------------- ResNet


class PostActivation(nn.Module):
    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.inside, self.outside = inside, outside
        self.conv1 = conv3x3(inside, outside, 2 if outside > inside else 1)
        self.norm1 = nn.BatchNorm2d(outside)
        self.conv2 = conv3x3(outside, outside)
        self.norm2 = nn.BatchNorm2d(outside)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(padded(x, self.inside, self.outside) + y)


class PreActivation(nn.Module):
    def __init__(self, inside: int, outside: int, h: float = 1.0, *, activated: bool = False):
        super().__init__()
        self.inside, self.outside, self.h = inside, outside, h
        self.norm1 = nn.Identity() if activated else nn.BatchNorm2d(inside)
        self.conv1 = conv3x3(inside, outside, 2 if outside > inside else 1)
        self.norm2 = nn.BatchNorm2d(outside)
        self.conv2 = conv3x3(outside, outside)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))
        return padded(x, self.inside, self.outside) + self.h * y


class Resnet(nn.Module):
    """ResNet-20 of He et al. for CIFAR, but for its widths; and its pre-activation form."""

    def __init__(self, block: Any, number: int, *, stem_norm: bool, final_norm: bool) -> None:
        super().__init__()
        self.conv = conv3x3(3, WIDTHS[0])
        self.stem_norm = nn.BatchNorm2d(WIDTHS[0]) if stem_norm else None
        inside = [WIDTHS[0], *(w for w in WIDTHS for _ in range(number))]
        outside = [w for w in WIDTHS for _ in range(number)]
        self.blocks = nn.Sequential(*map(block, inside, outside))
        self.final_norm = nn.BatchNorm2d(WIDTHS[-1]) if final_norm else None
        self.linear = nn.Linear(WIDTHS[-1], 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = F.relu(self.stem_norm(x)) if self.stem_norm else x
        x = self.blocks(x)
        x = F.relu(self.final_norm(x)) if self.final_norm else x
        return self.linear(x.mean(dim=(2, 3)))


def test_resnet_20_is_the_one_written_by_hand_bit_for_bit() -> None:
    by_hand = Resnet(PostActivation, 3, stem_norm=True, final_norm=False)
    same_bits(built(family="resnet", depth=20), by_hand, images())


def test_preactivation_resnet_20_is_the_one_written_by_hand_bit_for_bit() -> None:
    by_hand = Resnet(PreActivation, 3, stem_norm=False, final_norm=True)
    same_bits(built(family="preact-resnet", depth=20), by_hand, images())


def test_an_explicit_step_multiplies_every_branch_those_of_first_blocks_too() -> None:
    def block(inside: int, outside: int) -> nn.Module:
        return PreActivation(inside, outside, 0.25)

    by_hand = Resnet(block, 2, stem_norm=True, final_norm=True)
    first: Any = by_hand.blocks[0]
    by_hand.blocks[0] = PreActivation(first.inside, first.outside, 0.25, activated=True)
    same_bits(built(family="multilevel", blocks=2, h=0.25), by_hand, images())


@pytest.mark.slow
@pytest.mark.parametrize("depth", [18, 34, 50])
def test_resnet_of_imagenet_is_torchvisions_bit_for_bit(depth: int) -> None:
    import torchvision

    network = build({"family": "resnet-imagenet", "depth": depth}, in_channels=3, classes=5)
    same_bits(network, getattr(torchvision.models, f"resnet{depth}")(num_classes=5), images(64))


# --------------------------------------------------------------------------- multistep


def lm_resnet(**table: Any) -> Network:
    network = built(family="lm-resnet", blocks=3, **table)
    return network.eval()


def logits(network: Network, state: Tensor) -> Tensor:
    head: Any = network.head
    return head(state)  # type: ignore[no-any-return]


def test_lm_resnet_of_k_0_is_resnet_bit_for_bit() -> None:
    resnet, x = built(family="preact-resnet", blocks=3), images()
    for start in ("repeat", "restart", "one-step"):
        network = lm_resnet(start=start, values={"k": 0.0})
        missing, extra = network.load_state_dict(resnet.state_dict(), strict=False)
        assert not extra
        assert {name.rpartition(".")[2] for name in missing} == {"k"}
        for mode in (True, False):
            assert torch.equal(network.train(mode)(x), resnet.train(mode)(x))


@pytest.mark.parametrize(
    ("k", "scheme", "h"), [(-1.0, "second_order", 1.0), (1.0, "midpoint_network", 0.5)]
)
def test_lm_resnet_is_leapfrog_at_minus_1_and_the_midpoint_network_at_1(
    k: float, scheme: str, h: float
) -> None:
    one = lm_resnet(start="repeat", values={"k": k})
    other = lm_resnet(start="repeat", scheme=scheme, h=h)
    assert other.load_state_dict(one.state_dict(), strict=False).missing_keys == []
    torch.testing.assert_close(one(x := images()), other(x), rtol=1e-13, atol=1e-13)


def test_the_restart_of_lu_is_a_residual_block_in_every_stage() -> None:
    """u+ = P(x) + F(x) and u_ = P(x), then u+ = (1-k) u + k u_ + F(u)."""
    network, x = lm_resnet(transition="activated-projection", values={"k": 0.3}), images()
    u = network.stem(x)
    before = u
    for _, index, block in blocks(network):
        f, P = block.f[0], block.transition[0]
        if index == 0:
            u, before = P(u) + f(u), P(u)
        else:
            u, before = (1 - 0.3) * u + 0.3 * before + f(u), u
    torch.testing.assert_close(network(x), logits(network, u), rtol=1e-13, atol=1e-13)
    with torch.no_grad():  # what the one-step blocks do not read
        for _, index, block in blocks(network):
            if index == 0:
                block.k.fill_(torch.nan)
    assert network(x).isfinite().all()


@pytest.mark.parametrize("earlier", ["shared", "separate"])
def test_the_rules_of_lembke_carry_both_values_through_a_transition(earlier: str) -> None:
    """u+ = (1-k) P(u) + k P'(u_) + F(u), and the next u_ is P(u); P' is P, or one of its own."""
    table = {"start": "repeat", "earlier": earlier, "transition": "projection-norm"}
    network, x = lm_resnet(**table), images()
    u = before = network.stem(x)
    for stage, index, block in blocks(network):
        k, f = block.k, block.f[0]
        if stage > 0 and index == 0:
            P = block.transition[0]
            Q = block.transition[1] if earlier == "separate" else P
            u, before = (1 - k) * P(u) + k * Q(before) + f(u), P(u)
        else:
            u, before = (1 - k) * u + k * before + f(u), u
    torch.testing.assert_close(network(x), logits(network, u), rtol=1e-13, atol=1e-13)


ADAMS = {"ab2": [3 / 2, -1 / 2], "ab3": [23 / 12, -16 / 12, 5 / 12]}


@pytest.mark.parametrize("scheme", ADAMS)
@pytest.mark.parametrize("start", ["repeat", "one-step"])
def test_adams_bashforth_keeps_evaluations_through_stages(scheme: str, start: str) -> None:
    table = {"family": "preact-resnet", "blocks": 4, "h": 0.5, "transition": "projection"}
    network, x = built(scheme=scheme, start=start, **table).eval(), images()
    weights = ADAMS[scheme]
    u, kept = network.stem(x), []
    for stage, index, block in blocks(network):
        f = block.f[0](u)
        if stage == index == 0 and start == "repeat":
            kept = [f] * (len(weights) - 1)
        if stage > 0 and index == 0:
            P = block.transition[0]
            u, kept = P(u), [P(value) for value in kept]
        used = [f, *kept]
        one_step = len(used) < len(weights)
        u = u + 0.5 * (f if one_step else sum(b * k for b, k in zip(weights, used, strict=True)))
        kept = used[: len(weights) - 1]
    torch.testing.assert_close(network(x), logits(network, u), rtol=1e-13, atol=1e-13)


# --------------------------------------------------------------------------- several branches


def test_revnet_is_the_one_written_by_hand_and_its_blocks_invert() -> None:
    network, x = built(family="revnet", blocks=2, reversible=False).eval(), images()
    u, v = network.stem(x)
    for stage, index, block in blocks(network):
        f, g = block.f
        state = u, v
        if stage > 0 and index == 0:
            pooled = [F.pad(F.avg_pool2d(w, 2), [0] * 5 + [w.shape[1]]) for w in (u, v)]
            u = pooled[0] + f(v)
            v = pooled[1] + g(u)
        else:
            u = u + f(v)
            v = v + g(u)
            for one, other in zip(block.inverse((u, v)), state, strict=True):
                torch.testing.assert_close(one, other)
    expected = logits(network, torch.cat([u, v], dim=1))
    torch.testing.assert_close(network(x), expected, rtol=1e-13, atol=1e-13)


def test_stochastic_depth_that_keeps_everything_is_resnet_bit_for_bit() -> None:
    by_hand = Resnet(PostActivation, 2, stem_norm=True, final_norm=False)
    same_bits(built(family="stochastic-depth", blocks=2, survival=1.0), by_hand, images())


@pytest.mark.parametrize("scheme", ["stochastic_depth", "stochastic_lm"])
def test_survival_falls_linearly_and_is_the_mean_in_evaluation(scheme: str) -> None:
    network = built(family="stochastic-depth", scheme=scheme, blocks=[2, 3, 4], survival=0.55)
    found = [block.p for block in network.blocks]
    assert found == pytest.approx([1 - n / 9 * (1 - 0.55) for n in range(1, 10)])
    if scheme == "stochastic_depth":
        network.eval()
        block: Any = network.blocks[-1]
        u = torch.randn(2, WIDTHS[-1], 2, 2)
        torch.testing.assert_close(block(u), u + 0.55 * block.f[0](u))


def test_shake_shake_in_evaluation_is_the_mean_of_its_branches() -> None:
    network, x = built(family="shake-shake", blocks=2).eval(), images()
    u = network.stem(x)
    for _, _, block in blocks(network):
        f, g = block.f
        u = block.transition(u) + 0.5 * f(u) + 0.5 * g(u)
    torch.testing.assert_close(network(x), logits(network, u), rtol=1e-13, atol=1e-13)


def test_the_released_ho_resnet_of_three_stages_is_rk4_with_padded_shortcuts() -> None:
    """The padded x is in every stage sum, and the first convolution of slot 1 is strided."""
    network = built(
        family="ho-resnet",
        scheme="rk4",
        blocks=2,
        subnet="preactivation",
        transition="zero-pad",
        post="relu",
        h=0.5,
    ).eval()
    u = network.stem(x := images())
    for stage, index, block in blocks(network):
        f1, f2, f3, f4 = block.f
        strides = [net.conv1.stride[0] for net in block.f]
        assert strides == ([2, 1, 1, 1] if stage > 0 and index == 0 else [1, 1, 1, 1])
        k1 = f1(u)
        u = padded(u, u.shape[1], k1.shape[1])
        k2 = f2(u + 0.25 * k1)
        k3 = f3(u + 0.25 * k2)
        k4 = f4(u + 0.5 * k3)
        u = F.relu(u + 0.5 / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
    torch.testing.assert_close(network(x), logits(network, u), rtol=1e-13, atol=1e-13)


class Densenet(nn.Module):
    """DenseNet by concatenation: Huang et al., section 3, growth 3, two layers a stage."""

    def __init__(self, width: int, growth: int, compression: float) -> None:
        super().__init__()
        self.parts = nn.Sequential(conv3x3(3, width))
        for stage in range(3):
            if stage > 0:
                out = int(width * compression)
                self.parts += nn.Sequential(
                    nn.BatchNorm2d(width),
                    nn.ReLU(),
                    nn.Conv2d(width, out, 1, bias=False),
                    nn.AvgPool2d(2),
                )
                width = out
            for _ in range(2):
                layer = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), conv3x3(width, growth))
                self.parts.append(Concatenated(layer))
                width += growth
        self.parts += nn.Sequential(nn.BatchNorm2d(width), nn.ReLU())
        self.linear = nn.Linear(width, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.parts(x).mean(dim=(2, 3)))  # type: ignore[no-any-return]


class Concatenated(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.layer(x)], dim=1)


@pytest.mark.parametrize("compression", [1.0, 0.5])
def test_densenet_is_euler_in_a_space_that_grows(compression: float) -> None:
    network = built(family="densenet", widths=[6] * 3, growth=3, blocks=2, compression=compression)
    same_bits(network, Densenet(6, 3, compression), images())


def test_fractalnet_is_its_rule_of_expansion() -> None:
    """f_1 is a convolution, f_{c+1}(u) the mean of a convolution of u and of f_c(f_c(u))."""
    network = built(family="fractalnet", stem="conv", blocks=1).eval()
    for _, _, block in blocks(network):
        slots = dict(zip(("join3", "f1", "join1", "join2", "f2"), block.f, strict=True))
        convolutions = [
            nn.Sequential(*list(slots[name].children())[i : i + 3])
            for name in ("join1", "join3", "f1", "join2", "f2")
            for i in range(0, len(slots[name]), 3)
        ]
        assert len(convolutions) == 7

        def fractal(columns: int, u: Tensor, remaining: list[nn.Module]) -> Tensor:
            own = remaining.pop(0)(u)
            if columns == 1:
                return own  # type: ignore[no-any-return]
            inner = fractal(columns - 1, u, remaining)
            return (own + fractal(columns - 1, inner, remaining)) / 2  # type: ignore[no-any-return]

        u = torch.randn(2, slots["join1"].conv1.in_channels, 4, 4)
        torch.testing.assert_close(block(u), fractal(3, u, convolutions))
    assert network(images()).shape == (3, 5)


@pytest.mark.parametrize("scheme", ["polynet_poly2", "polynet_mpoly2", "polynet_2way"])
def test_polynet_blocks_are_their_polynomials(scheme: str) -> None:
    network, x = built(family="polynet", scheme=scheme, blocks=2).eval(), images()
    u = network.stem(x)
    for stage, index, block in blocks(network):
        if stage > 0 and index == 0:
            u = network.stages.get_submodule(f"{stage}.before0")(u)
        f = block.f[0]
        g = f if scheme == "polynet_poly2" else block.f[1]
        u = u + f(u) + (g(u) if scheme == "polynet_2way" else g(f(u)))
    torch.testing.assert_close(network(x), logits(network, u), rtol=1e-13, atol=1e-13)


def test_a_highway_block_carries_what_its_gate_lets_through() -> None:
    network = built(family="resnet", subnet="highway", post="none", transition="neck", blocks=1)
    block: Any = network.eval().blocks[0]
    T = torch.sigmoid(block.f[0].gate(u := torch.randn(2, WIDTHS[0], 4, 4)))
    torch.testing.assert_close(block(u), (1 - T) * u + T * block.f[0].inner(u))


# --------------------------------------------------------------------------- a linear F


@pytest.mark.parametrize("scheme", ["rk4", "dopri54", "verner89"])
def test_blocks_of_a_linear_f_are_the_stability_polynomial_of_its_matrix(scheme: str) -> None:
    """One block is R(hA), N of them R(hA)^N, to rounding."""
    h, number = 0.5, 6
    net = nn.Conv2d(3, 3, 1, bias=False)
    A = net.weight.data[:, :, 0, 0]
    found = stability(lower(resolve(scheme)))
    assert found.denominator is not None
    assert found.numerator is not None
    assert [float(c) for c in found.denominator] == [1.0]
    R = torch.zeros(3, 3)
    for coefficient in reversed([float(c) for c in found.numerator]):
        R = coefficient * torch.eye(3) + h * A @ R
    for blocks, expected in ((1, R), (number, torch.linalg.matrix_power(R, number))):
        network = stack(scheme, net, blocks=blocks, h=h)
        u = torch.randn(2, 3, 2, 2)
        torch.testing.assert_close(
            network(u), torch.einsum("ij,njhw->nihw", expected, u), rtol=1e-14, atol=1e-14
        )
