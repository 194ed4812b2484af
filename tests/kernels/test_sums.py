"""`spread` and `gather`: what they compute, how they are counted, and who else may look."""

import copy
import subprocess
import sys

import pytest
import torch
from fused_blocks import SCRIPT, Ran, Squash, Wave, fused
from torch import Tensor, nn
from torch.autograd import forward_ad, gradcheck, gradgradcheck
from torch.func import functional_call

import butcher
from butcher.analysis.network.carried import covers
from butcher.compiler import block_graph
from butcher.counting.live import carried
from butcher.kernels import behind, gather, recovered, spread
from butcher.passes.schedule import Add, Evaluate, schedule

SHAPE = (2, 3, 4, 5)
METHODS = ["euler", "rk4", "dopri54", "verner89"]
KINDS = ["fixed", "learned", "recovered"]


def pair(method: str, kind: str) -> tuple[nn.Module, nn.Module]:
    """The plain block, and the fused one with the same weights."""
    plain, other = (fused(method, Wave, kind, form) for form in ("plain", "fused"))
    other.load_state_dict(plain.state_dict())
    return plain, other


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_fused_block_is_the_plain_one(method: str, kind: str) -> None:
    u = torch.randn(SHAPE, requires_grad=True)
    g = torch.randn(SHAPE)
    (y, wanted), (z, found) = (
        (result := block(u), torch.autograd.grad(result, [u, *block.parameters()], g))
        for block in pair(method, kind)
    )
    torch.testing.assert_close(z, y)
    torch.testing.assert_close(found, wanted, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_gradients_are_right(kind: str) -> None:
    block = fused("rk4", Wave, kind)
    names = dict(block.named_parameters())

    def of(u: Tensor, *values: Tensor) -> Tensor:
        return functional_call(block, dict(zip(names, values, strict=True)), (u,))

    arguments = (torch.randn(2, 2, requires_grad=True), *names.values())
    assert gradcheck(of, arguments)
    assert gradgradcheck(of, arguments)


@pytest.mark.parametrize(
    ("kind", "back"),
    [
        ("fixed", {"butcher.gather": 15}),  # 14 evaluations and u
        ("learned", {"butcher.gather": 1, "butcher.gather_dot": 14}),
    ],
)
def test_verner_runs_one_operator_a_stage_and_one_a_value_back(
    kind: str, back: dict[str, int]
) -> None:
    block = fused("verner89", Squash, kind)
    u = torch.randn(SHAPE, requires_grad=True)
    with Ran() as forward:
        y = block(u)
    assert forward.of_block() == {"butcher.gather": 14}
    with Ran() as backward:
        y.backward(torch.ones_like(y))
    assert backward.of_block() == back


@pytest.mark.parametrize("method", METHODS)
def test_between_two_evaluations_each_map_is_read_once_and_each_row_written(method: str) -> None:
    wanted, read, begun, written = 0, set[str](), set[str](), set[str]()
    for step in [*schedule(block_graph(method), tensors=()), None]:
        if isinstance(step, Add):
            read |= {term.source for term in step.terms}
            begun |= set() if step.begins else {step.sum.key}
            written.add(step.sum.key)
        elif step is None or isinstance(step, Evaluate):
            wanted += len(read) + len(begun) + len(written)
            read, begun, written = set(), set(), set()
    block, u = fused(method, Squash), torch.randn(SHAPE)
    with torch.no_grad(), Ran() as ran:
        block(u)
    assert ran.passes == wanted


def test_what_is_evaluated_alone_costs_nothing() -> None:
    """A row of one value, taken once, is the value."""
    u = torch.randn(SHAPE, requires_grad=True)
    with Ran() as ran:
        y = gather(spread(u, 1))
        torch.autograd.grad(y, u, torch.ones_like(y))
    assert ran.names == []
    assert y.data_ptr() == u.data_ptr()


def test_a_row_that_is_added_up_in_parts_costs_nothing_more_back() -> None:
    """So a row may be opened early, where what it adds could then be let go of."""
    u, k1, k2 = (torch.randn(SHAPE, requires_grad=True) for _ in range(3))
    v, k = spread(u, 2), spread(k1, 2)
    first, part = gather(v + 2.0 * k, v + 0.5 * k)
    assert (first == u + 2 * k1).all()
    whole = gather(part + 0.25 * spread(k2, 1))
    assert (whole == u + 0.5 * k1 + 0.25 * k2).all()
    with Ran() as ran:
        gradients = torch.autograd.grad(whole, [u, k1, k2], torch.ones_like(whole))
    assert ran.of_block() == {"butcher.gather": 2}
    for gradient, c in zip(gradients, (1, 0.5, 0.25), strict=True):
        assert (gradient == c).all()


@pytest.mark.parametrize("method", METHODS)
def test_rows_together_carry_as_few_maps_as_there_can_be(method: str) -> None:
    fewest = tuple(map(len, covers(block_graph(method), ())))
    held = carried(lambda f: fused(method, [f] * len(fewest)), torch.randn(SHAPE))
    assert held == fewest


def saved(block: nn.Module) -> int:
    """Bytes that a forward pass saves, those of numbers left out, shared ones counted once."""
    held: dict[int, int] = {}

    def pack(x: Tensor) -> Tensor:
        if not isinstance(x, nn.Parameter) and x.numel() > 1:
            held[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        block(torch.randn(SHAPE, requires_grad=True))
    return sum(held.values())


def test_a_block_saves_nothing_beside_what_its_sub_nets_save() -> None:
    map_bytes = torch.zeros(SHAPE).nbytes
    assert saved(fused("verner89", Squash)) == 14 * map_bytes  # every tanh its result
    # sin saves its argument, the weight's product too: 2 maps, the first of them is the row
    alone = saved(nn.Sequential(*(Wave() for _ in range(14))))
    assert saved(fused("verner89", Wave)) == alone


def test_a_trained_step_saves_the_evaluations_or_nothing() -> None:
    map_bytes = torch.zeros(SHAPE).nbytes
    fixed = saved(fused("verner89", Wave))
    assert saved(fused("verner89", Wave, "learned")) == fixed + 14 * map_bytes
    # the rows are arguments, which Wave has saved; the output is the one map more
    assert saved(fused("verner89", Wave, "recovered")) == fixed + map_bytes
    # tanh has saved what it returned
    assert saved(fused("verner89", Squash, "learned")) == saved(fused("verner89", Squash))


def test_a_value_is_let_go_of_by_its_last_reader() -> None:
    u, k = spread(torch.randn(SHAPE), 2), spread(torch.randn(SHAPE), 1)
    gather(u + k)
    ((_, u, _),), ((_, k, _),) = u.terms, k.terms
    assert u.tensor is not None
    assert k.tensor is None


def test_a_step_of_zero_has_a_gradient() -> None:
    h = nn.Parameter(torch.zeros(1))
    u, k = torch.randn(SHAPE, requires_grad=True), torch.randn(SHAPE, requires_grad=True)
    gather(spread(u, 1) + h * spread(k, 1)).sum().backward()
    torch.testing.assert_close(h.grad, k.sum().reshape(1).detach())


def test_a_value_may_be_read_with_and_without_a_trained_step() -> None:
    """As an evaluation that a multistep method also hands on; each step has a column of its own."""
    h, h2 = nn.Parameter(torch.tensor([0.5])), nn.Parameter(torch.tensor([2.0]))
    u, k = torch.randn(SHAPE, requires_grad=True), torch.randn(SHAPE, requires_grad=True)

    def plain(u: Tensor, k: Tensor) -> Tensor:
        return (u + h * (1.5 * k)) * (k + u + h2 * k)

    def fused(u: Tensor, k: Tensor) -> Tensor:
        u, k = spread(u, 2), spread(k, 3)
        return gather(u + h * (1.5 * k)) * gather(k + u + h2 * k)

    leaves = [u, k, h, h2]
    wanted = torch.autograd.grad(plain(u, k).sum(), leaves)
    torch.testing.assert_close(torch.autograd.grad(fused(u, k).sum(), leaves), wanted)


@pytest.mark.parametrize("recover", [False, True])
def test_a_frozen_step_and_a_frozen_state_get_no_gradient(recover: bool) -> None:
    h = torch.tensor([0.5])
    u, k = torch.randn(SHAPE), torch.randn(SHAPE, requires_grad=True)
    step = recovered(h) if recover else h
    gather(spread(u, 1) + step * (0.5 * spread(k, 1))).sum().backward()
    assert k.grad is not None
    assert (k.grad == 0.25).all()
    assert h.grad is None
    assert u.grad is None


def test_minus_means_minus() -> None:
    x, y, z = (torch.randn(SHAPE) for _ in range(3))
    torch.testing.assert_close(gather(-spread(x, 1) - 2 * spread(y, 1)), -x - 2 * y)
    torch.testing.assert_close(gather(z - spread(x, 1) * 3), z - 3 * x)
    torch.testing.assert_close(gather(spread(x, 1) - z), x - z)
    torch.testing.assert_close(gather(z + 2 * spread(x, 1)), z + 2 * x)


def test_a_tensor_stays_what_it_is_and_what_is_begun_beside_it_is_computed() -> None:
    x, k, y = (torch.randn(SHAPE) for _ in range(3))
    with Ran() as ran:
        same, begun = gather(y, spread(x, 1) + 0.5 * spread(k, 1))
    assert ran.names == ["butcher.gather"]
    assert same is y
    assert torch.equal(gather(begun), torch.add(x, k, alpha=0.5))


def test_the_identity_leaves_a_value_behind_it_what_it_is() -> None:
    x = torch.randn(SHAPE)
    u = spread(x, 2)
    assert behind(nn.Identity(), u, 1) is u
    double = behind(torch.nn.Flatten(0), u, 1)
    assert torch.equal(gather(double), x.flatten())


def test_in_half_precision_the_gradient_of_a_step_is_not_found_from_the_row() -> None:
    h = nn.Parameter(torch.tensor([0.5], dtype=torch.bfloat16))
    u, k = (torch.randn(SHAPE).bfloat16() for _ in range(2))
    gather(spread(1000 * u, 1) + recovered(h) * spread(k, 1)).float().sum().backward()
    wanted = k.float().sum().bfloat16()
    assert h.grad is not None
    assert abs(h.grad - wanted) <= 0.02 * k.float().abs().sum()


# ---------------------------------------------------------------- types and layouts


def test_gradients_come_uncast_where_types_are_mixed() -> None:
    """A state in single precision, an evaluation in half, as under autocast: no operator casts."""
    u = torch.randn(SHAPE, dtype=torch.float32, requires_grad=True)
    k = torch.randn(SHAPE).bfloat16().requires_grad_()
    many = spread(u, 3), spread(k, 3)
    rows = [gather(many[0] + c * many[1]) for c in (0.1, 0.2, 0.3)]
    assert {row.dtype for row in rows} == {torch.float32}
    gradients = [torch.randn(SHAPE, dtype=torch.float32) for _ in rows]
    with Ran() as ran:
        torch.autograd.backward(rows, gradients)
    assert ran.of_block() == {"butcher.gather": 2}
    exact = sum(c * g.double() for c, g in zip((0.1, 0.2, 0.3), gradients, strict=True))
    assert k.grad is not None
    assert k.grad.dtype == torch.bfloat16
    assert (k.grad.double() - exact).abs().max() <= 2**-8 * exact.abs().max()


def test_a_block_runs_under_autocast() -> None:
    def sub_net() -> nn.Module:
        return nn.Conv2d(3, 3, 3, padding=1, dtype=torch.float32)

    block = fused("rk4", sub_net, "learned")
    plain = butcher.make_block("rk4", list(block.f), h=0.7, step="learned")
    u = torch.randn(SHAPE, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        y, z = plain(u), block(u)
    assert z.dtype == torch.float32
    torch.testing.assert_close(z, y, rtol=0.02, atol=0.02)
    z.sum().backward()
    assert block.h.grad is not None


@pytest.mark.parametrize("shape", [(0, 3), (), (1,), (7,), (2, 3, 5, 7)])
def test_shapes_of_every_kind(shape: tuple[int, ...]) -> None:
    h = nn.Parameter(torch.tensor([0.5]))
    u, k = torch.randn(shape, requires_grad=True), torch.randn(shape, requires_grad=True)
    y = gather(spread(u, 1) + h * (0.5 * spread(k, 1)))
    torch.testing.assert_close(y, u + 0.25 * k)
    y.backward(torch.ones_like(y))
    torch.testing.assert_close(k.grad, torch.full(shape, 0.25))
    torch.testing.assert_close(h.grad, (0.5 * k).sum().reshape(1).detach())


def test_layout_is_that_of_the_first_term() -> None:
    u = torch.randn(SHAPE).contiguous(memory_format=torch.channels_last)
    y = gather(spread(u, 1) + 0.5 * spread(torch.randn(SHAPE), 1))
    assert y.is_contiguous(memory_format=torch.channels_last)


# ---------------------------------------------------------------- who else looks


def test_the_compiler_is_given_plain_arithmetic_in_one_graph() -> None:
    block = fused("verner89", Wave, "recovered")
    graphs = []

    def backend(graph: torch.fx.GraphModule, _: list[Tensor]) -> torch.fx.GraphModule:
        graphs.append(str(graph.code))
        return graph

    u = torch.randn(SHAPE)
    compiled = torch.compile(block, fullgraph=True, backend=backend)
    torch.testing.assert_close(compiled(u), block(u))
    (code,) = graphs
    assert "butcher" not in code


def test_a_block_exports() -> None:
    block = fused("rk4", Wave)
    u = torch.randn(SHAPE)
    torch.testing.assert_close(torch.export.export(block, (u,)).module()(u), block(u))


def test_transforms_of_functions_go_through() -> None:
    block = fused("rk4", Wave, "learned")
    u, v = torch.randn(SHAPE), torch.randn(SHAPE)
    _, along = torch.func.jvp(block, (u,), (v,))
    (back,) = torch.func.vjp(block, u)[1](v)
    torch.testing.assert_close((along * v).sum(), (back * v).sum())
    torch.testing.assert_close(torch.func.vmap(block)(u), block(u))
    with forward_ad.dual_level():
        dual = block(forward_ad.make_dual(u, v))
        torch.testing.assert_close(forward_ad.unpack_dual(dual).tangent, along)


def test_tensors_without_content_are_counted_on() -> None:
    block = fused("rk4", Wave, "learned")
    meta = copy.deepcopy(block).to("meta")
    u = torch.empty(SHAPE, device="meta", requires_grad=True)
    with Ran() as ran:
        y = meta(u)
        y.backward(torch.ones_like(y))
    assert ran.names.count("butcher.gather") == 5  # four rows, and u
    assert ran.names.count("butcher.gather_dot") == 4
    assert u.grad is not None
    assert u.grad.shape == SHAPE


# ---------------------------------------------------------------- what is said of mistakes


def test_one_reader_too_many_is_told_what_to_write() -> None:
    k = spread(torch.randn(SHAPE), 2)
    gather(1.0 * k)
    gather(2.0 * k)
    with pytest.raises(RuntimeError, match=r"was spread to 2 is read .* write spread\(\.\.\., 3\)"):
        gather(3.0 * k)


def test_a_sub_net_that_writes_into_the_state_is_found() -> None:
    u = spread(torch.randn(SHAPE), 2)
    k = nn.ReLU(inplace=True)(gather(u))
    with pytest.raises(RuntimeError, match=r"written into .*\(nn.ReLU\(inplace=True\)\) must not"):
        gather(u + 0.5 * spread(k, 1))


def test_inference_mode_does() -> None:
    block = fused("rk4", Wave, "learned")
    u = torch.randn(SHAPE)
    wanted = block(u)
    with torch.inference_mode():
        torch.testing.assert_close(block(u.clone()), wanted)


def test_two_trained_steps_in_a_row_are_refused_in_words() -> None:
    h, h2 = torch.ones(1), torch.ones(1)
    u, k, l = (spread(torch.randn(SHAPE), 1) for _ in range(3))
    with pytest.raises(TypeError, match="one trained step: write"):
        gather(u + h * k + h2 * l)
    with pytest.raises(TypeError, match="a trained step once: write"):
        gather(u + h * (h2 * k))


def test_a_row_that_has_been_begun_is_added_to_once() -> None:
    u, k = spread(torch.randn(SHAPE), 2), spread(torch.randn(SHAPE), 4)
    _, part = gather(u + k, u + 2 * k)
    with pytest.raises(TypeError, match="comes first: write"):
        k + part
    with pytest.raises(TypeError, match="added to, not multiplied"):
        2 * part
    gather(part + k)
    with pytest.raises(RuntimeError, match="continued once"):
        gather(part + k)


def test_a_recovered_step_is_there_from_the_begin_of_a_row() -> None:
    u, k = spread(torch.randn(SHAPE), 2), spread(torch.randn(SHAPE), 2)
    h = recovered(nn.Parameter(torch.ones(1)))
    _, part = gather(u + h * k, 1.0 * u)
    with pytest.raises(TypeError, match="begun with a part of what h multiplies"):
        gather(part + h * k)


def test_factors_with_a_shape_are_refused_in_words() -> None:
    with pytest.raises(TypeError, match=r"not by a tensor of shape \(3, 1, 1\): compile"):
        torch.randn(3, 1, 1) * spread(torch.randn(SHAPE), 1)


def test_values_of_two_shapes_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="of one shape"):
        gather(spread(torch.randn(2, 3), 1) + spread(torch.randn(2, 1), 1))


def test_a_sub_net_that_is_given_a_sum_fails_at_once() -> None:
    with pytest.raises(TypeError, match="Sum"):
        nn.Linear(3, 3)(spread(torch.randn(2, 3), 1))


def test_kernels_load_triton_only_where_they_use_it() -> None:
    code = (
        "import torch; before = 'triton' in sys.modules\n"
        "from butcher.kernels import gather, spread\n"
        "gather(spread(torch.ones(3), 1) + spread(torch.ones(3), 1))\n"
        "assert before or 'triton' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", "import sys\n" + code], check=True)


@pytest.mark.slow
def test_the_benchmark_runs() -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--smoke"], capture_output=True, text=True, check=True
    )
    assert '"verner89, fused, recovered h"' in done.stdout
