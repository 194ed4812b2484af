"""Every key of `[train]` reaches what it names."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import get_total_norm

from butcher.models.setting import SettingError
from butcher.models.source import RecipeError
from butcher.training.data import Batch, DataError, load
from butcher.training.display import Display
from butcher.training.engine import SMALLEST_SCALE, Engine
from butcher.training.optimize import optimizer, rate
from butcher.training.options import TrainOptions
from butcher.training.place import Place
from butcher.training.precision import scaler
from butcher.training.recipe import read_recipe
from butcher.training.result import Diverged, EpochResult
from butcher.training.run import network, run
from butcher.training.several import ALONE
from butcher.training.step import Stepper
from butcher.training.stored import stored

Write = Callable[..., Path]
CPU = torch.device("cpu")


def engine(recipe: Write, *settings: str) -> Engine:
    """Before its first step, with five steps an epoch."""
    read = read_recipe(recipe(), ["device=cpu", *settings])
    data = load(read.data)
    return Engine(network(read, data), data, read.data, read.train, Place(CPU))


def after(one: Engine, steps: int) -> Engine:
    """The engine after so many steps, evaluations included."""
    while one.steps_done < steps:
        for _ in one.steps():
            if one.steps_done == steps:
                return one
        one.finish()
    return one


def first_batch(one: Engine) -> Batch:
    return next(one._batches.epoch(0))


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def group(one: Engine) -> dict[str, Any]:
    return dict(one._optimizer.param_groups[0])


# --------------------------------------------------------------------------- the optimizer


def test_epochs(recipe: Write) -> None:
    outcome = run(read_recipe(recipe(), ["device=cpu", "epochs=3"]))
    assert outcome.last is not None
    assert outcome.last.epoch == 3


def test_optimizer(recipe: Write) -> None:
    assert isinstance(engine(recipe)._optimizer, torch.optim.SGD)
    assert isinstance(engine(recipe, "optimizer=adamw")._optimizer, torch.optim.AdamW)


@pytest.mark.parametrize(
    ("key", "value"), [("momentum", 0.5), ("nesterov", True), ("weight_decay", 0.25)]
)
def test_of_the_optimizer(recipe: Write, key: str, value: float) -> None:
    one = engine(recipe, f"{key}={str(value).lower()}")
    assert group(one)[key] == value
    assert not same(after(one, 2).network, after(engine(recipe), 2).network)


@pytest.mark.parametrize(
    "settings",
    [
        ["lr=0.05"],
        ["schedule=constant"],
        ["schedule=step", "milestones=[1]"],
        ["schedule=step", "milestones=[1]", "gamma=0.5"],
        ["lr_min=0.01"],
        ["restarts=[1]"],
        ["warmup=1.2"],
    ],
    ids=lambda settings: settings[-1].partition("=")[0],
)
def test_every_step_has_the_rate_of_the_schedule(recipe: Write, settings: list[str]) -> None:
    one, usual = engine(recipe, *settings), engine(recipe)
    found = [group(one)["lr"] for _ in range(2) for _ in _epoch(one)]
    assert found == [rate(one.options, step, 5) for step in range(10)]
    assert found != [rate(usual.options, step, 5) for step in range(10)]
    assert [result.lr for result in one.results] == [found[0], found[5]]


def _epoch(one: Engine) -> Any:
    yield from one.steps()
    one.finish()


# --------------------------------------------------------------------------- a step


def stepper(model: nn.Module, **options: Any) -> Stepper:
    read = TrainOptions(**options)
    scale = scaler(read.precision, CPU)
    parameters = list(model.parameters())
    return Stepper(ALONE, model, model, parameters, optimizer(model, read), scale, read)


def gradients(model: nn.Module) -> list[Tensor]:
    return [p.grad.clone() for p in model.parameters() if p.grad is not None]


@pytest.fixture
def linear() -> tuple[nn.Module, Batch]:
    torch.manual_seed(0)
    batch = torch.randn(7, 1, 4, 4), torch.randint(0, 3, (7,))
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 3)), batch


@pytest.mark.parametrize("parts", [2, 3, 7, 9])
def test_accumulate(linear: tuple[nn.Module, Batch], parts: int) -> None:
    """A batch in parts has the gradient of the whole, whatever their sizes."""
    model, batch = linear
    seen = []
    model.register_forward_hook(lambda module, x, y: seen.append(len(y)))
    sums, norm = stepper(model).gradient(batch, 7)
    whole = gradients(model)
    seen.clear()
    parted, _ = stepper(model, accumulate=parts).gradient(batch, 7)
    assert sum(seen) == 7
    assert len(seen) == min(parts, 7) > 1
    torch.testing.assert_close(gradients(model), whole)
    assert parted.means() == pytest.approx(sums.means())
    assert norm.item() == pytest.approx(get_total_norm(whole).item())


def test_clip(linear: tuple[nn.Module, Batch]) -> None:
    """The gradient keeps its direction, and is no longer than this; a shorter one stays."""
    model, batch = linear
    _, norm = stepper(model).gradient(batch, 7)
    whole = gradients(model)
    _, before = stepper(model, clip=norm.item() / 4).gradient(batch, 7)
    assert before == norm
    torch.testing.assert_close([4 * g for g in gradients(model)], whole, rtol=1e-5, atol=1e-8)
    stepper(model, clip=norm.item() * 4).gradient(batch, 7)
    torch.testing.assert_close(gradients(model), whole)


def test_label_smoothing(recipe: Write) -> None:
    """In training; what is evaluated is the plain cross-entropy."""
    one = engine(recipe, "label_smoothing=0.2")
    x, y = first_batch(one)
    one.network.train()
    expected = cross_entropy(one.network(x), y, label_smoothing=0.2)
    sums, _ = one._stepper.gradient((x, y), len(y))
    assert sums.means()[0] == pytest.approx(expected.item())
    smooth, plain = (engine(recipe, "lr=1e-9", f"label_smoothing={s}") for s in (0.2, 0.0))
    validation = [after(each, 5).finish().validation_loss for each in (smooth, plain)]
    assert validation[0] == pytest.approx(validation[1], rel=1e-5)


def test_average(recipe: Write) -> None:
    """After the first step the weights, then a moving average; statistics alike."""
    one = engine(recipe, "average=0.75")
    expected: dict[str, Tensor] = {}
    for _ in range(2):
        for _ in one.steps():
            now = {key: value.clone() for key, value in one.network.state_dict().items()}
            for key, value in now.items():
                if value.is_floating_point():
                    expected[key] = 0.75 * expected.get(key, value) + 0.25 * value
        one.finish()
    found = {key: v for key, v in one.measured.state_dict().items() if v.is_floating_point()}
    assert any("running_var" in key for key in found)
    torch.testing.assert_close(found, expected)
    assert not same(one.measured, one.network)
    plain = engine(recipe)
    assert plain.measured is plain.network


@pytest.mark.parametrize(
    ("precision", "dtype"),
    [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)],
)
def test_precision(recipe: Write, precision: str, dtype: torch.dtype) -> None:
    """Of what the network computes, in training and in evaluation; weights stay single."""
    one = engine(recipe, f"precision={precision}")
    seen = set()
    one.network.stem.register_forward_pre_hook(lambda module, x: None)
    convolution = next(m for m in one.network.modules() if isinstance(m, nn.Conv2d))
    convolution.register_forward_hook(lambda module, x, y: seen.add((module.training, y.dtype)))
    result = after(one, 5).finish()
    assert seen == {(True, dtype), (False, dtype)}
    assert result.train_loss < 3
    assert {p.dtype for p in one.network.parameters()} == {torch.float32}
    assert one._scaler.is_enabled() == (precision == "fp16")


def test_a_gradient_that_overflows_in_fp16_lowers_the_scale(recipe: Write) -> None:
    one = engine(recipe, "precision=fp16")
    handle = next(one.network.parameters()).register_hook(lambda g: g * float("inf"))
    before = [p.clone() for p in one.network.parameters()]
    after(one, 1)
    assert one._scaler.get_scale() == 2.0**15
    assert all(torch.equal(a, b) for a, b in zip(before, one.network.parameters(), strict=True))
    one._scaler.update(SMALLEST_SCALE)
    with pytest.raises(Diverged, match="the gradient is not finite in epoch 1, step 2"):
        after(one, 4)
    handle.remove()


def test_compile(recipe: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def compiled(model: nn.Module) -> Callable[[Tensor], Tensor]:
        def forward(x: Tensor) -> Tensor:
            seen.append(model.training)
            out: Tensor = model(x)
            return out

        return forward

    monkeypatch.setattr(torch, "compile", compiled)
    one = engine(recipe, "compile=true")
    after(one, 5).finish()
    assert seen == [True] * 5  # evaluation is that of the network as it is
    assert same(one.network, after(engine(recipe), 5).network)
    assert len(seen) == 5


def test_seed(recipe: Write) -> None:
    """Weights and the order of images depend on it."""
    one, other = engine(recipe), engine(recipe, "train.seed=1")
    assert not same(one.network, other.network)
    assert not torch.equal(first_batch(one)[0], first_batch(other)[0])
    assert same(one.network, engine(recipe).network)


# --------------------------------------------------------------------------- where and what


def test_device(recipe: Write) -> None:
    with pytest.raises(DataError, match="cuda:99"):
        run(read_recipe(recipe(), ["device=cuda:99"]))


def test_threads(recipe: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    monkeypatch.setattr(Display, "step", lambda self, images: seen.add(torch.get_num_threads()))
    monkeypatch.setattr(torch, "set_num_threads", lambda n: counts.append(n))
    counts: list[int] = []
    run(read_recipe(recipe(), ["device=cpu", "threads=2"]))
    assert counts == [2, 1]
    assert seen


def test_test(recipe: Write) -> None:
    looked = run(read_recipe(recipe(), ["device=cpu", "out=a"]))
    assert looked.test_accuracy is not None
    blind = run(read_recipe(recipe(), ["device=cpu", "test=false", "out=b"]))
    assert blind.test_accuracy is None
    summary = stored("b").summary
    assert summary is not None
    assert (summary["test_loss"], summary["outcome"]) == (None, "done")


@pytest.mark.parametrize(
    ("key", "expected"), [("checkpoint_every=2", 3), ("checkpoint_steps=2", 7)]
)
def test_checkpoints(
    recipe: Write, monkeypatch: pytest.MonkeyPatch, key: str, expected: int
) -> None:
    """At the start, at each epoch's end, at every second step; or at the start, 2 and 3."""
    written: list[object] = []
    monkeypatch.setattr(
        "butcher.training.checkpoint.write", lambda folder, state: written.append(state)
    )
    run(read_recipe(recipe(), ["device=cpu", "epochs=3" if "every" in key else "epochs=2", key]))
    assert len(written) == expected


def test_out(recipe: Write) -> None:
    run(read_recipe(recipe(), ["device=cpu", "out=some/where"]))
    assert (Path("some/where") / "metrics.csv").exists()


def test_tensorboard(recipe: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[str, list[tuple[float, int]]] = {}
    began: list[tuple[str, int]] = []

    class Writer:
        def __init__(self, folder: str, purge_step: int) -> None:
            began.append((folder, purge_step))

        def add_scalar(self, name: str, value: float, epoch: int) -> None:
            found.setdefault(name, []).append((value, epoch))

        def flush(self) -> None: ...

        def close(self) -> None: ...

    module = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    run(read_recipe(recipe(), ["device=cpu", "step=learned", "tensorboard=true"]))
    assert began == [("runs/small/tensorboard", 1)]
    epochs: list[EpochResult] = stored("runs/small").epochs
    assert found["validation/loss"] == [(e.validation_loss, e.epoch) for e in epochs]
    assert [epoch for _, epoch in found["h/1"]] == [0, 1, 2]


def test_a_tensorboard_that_is_not_installed_is_named(
    recipe: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(DataError) as wrong:
        run(read_recipe(recipe(), ["device=cpu", "tensorboard=true"]))
    assert str(wrong.value) == (
        "tensorboard is not installed: pip install 'butcher-torch[log]', or write "
        "tensorboard = false"
    )
    assert not Path("runs").exists()


def test_unequal_shares_are_an_error_with_a_mend(recipe: Write) -> None:
    with pytest.raises(RecipeError, match=r"cannot be shared out evenly .* = 3; write 255"):
        read_recipe(recipe(), ["devices=3"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (['device="cuda:1"'], 'write "cuda"'),
        (["parallel=fsdp", "average=0.9"], "average is not kept in parts"),
        (["parallel=fsdp", "precision=fp16"], 'write precision = "bf16"'),
    ],
)
def test_what_several_processes_cannot_do_is_said(
    recipe: Write, settings: list[str], said: str
) -> None:
    with pytest.raises((SettingError, RecipeError), match=said):
        read_recipe(recipe(), ["devices=2", *settings])
    read_recipe(recipe(), settings)  # one can


def test_every_key_has_a_test() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    for key in TrainOptions.model_fields:
        assert f"{key}=" in text or f'"{key}"' in text, key
