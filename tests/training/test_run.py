"""A run: the same numbers twice, what it writes, how it ends."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from butcher.models import build
from butcher.training.data import DataError, load, still
from butcher.training.loop import evaluate
from butcher.training.recipe import read_recipe
from butcher.training.record import replaced
from butcher.training.run import cpu_threads, device_of, run

Write = Callable[..., Path]
CPU = ["device=cpu"]


def test_the_same_seed_gives_the_same_numbers(recipe: Write) -> None:
    path = recipe()
    for out in "ab":
        assert run(read_recipe(path, [*CPU, f"out={out}"])).kind == "done"
    run(read_recipe(path, [*CPU, "out=c", "seed=1"]))
    a, b, c = (Path(out, "metrics.csv").read_bytes() for out in "abc")
    assert a == b
    assert a != c
    weights = [torch.load(Path(out, "checkpoint.pt"), weights_only=True)["model"] for out in "ab"]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])


def test_a_run_leaves_checkpoint_metrics_and_summary(recipe: Write) -> None:
    read = read_recipe(recipe(), CPU)
    outcome = run(read)
    assert sorted(path.name for path in read.out.iterdir()) == [
        "checkpoint.pt",
        "metrics.csv",
        "metrics.json",
    ]
    lines = list(csv.DictReader((read.out / "metrics.csv").read_text().splitlines()))
    summary = json.loads((read.out / "metrics.json").read_text())
    assert [line["epoch"] for line in lines] == ["1", "2"]
    assert outcome.last is not None
    assert float(lines[-1]["held_out_loss"]) == summary["held_out_loss"]
    assert summary["held_out_accuracy"] == outcome.last.held_out_accuracy
    assert (summary["outcome"], summary["recipe"]) == ("done", read.tables())


def test_the_checkpoint_is_the_network_that_was_measured(recipe: Write) -> None:
    read = read_recipe(recipe(), CPU)
    last = run(read).last
    stored = torch.load(read.out / "checkpoint.pt", weights_only=True)
    assert (stored["recipe"], stored["epoch"]) == (read.tables(), 2)
    model = build(stored["recipe"]["model"], 1, 10).to(torch.float32)
    model.load_state_dict(stored["model"])
    held_out = still(load(read.data).validation, 4 * read.data.batch)
    measured = evaluate(model, held_out, read.train, torch.device("cpu"))
    assert last is not None
    assert measured == pytest.approx((last.held_out_loss, last.held_out_accuracy))


@pytest.mark.parametrize(
    "settings",
    [
        ["precision=bf16"],
        ["optimizer=adamw", "lr=0.01"],
        ["scheme=lm_resnet", "blocks=2"],
        ["step=learned"],
        ["subnet=preactivation", "schedule=step", "milestones=[1]", "warmup=0.5"],
    ],
)
def test_a_loss_falls(recipe: Write, settings: list[str]) -> None:
    read = read_recipe(recipe(), [*CPU, "batch=128", *settings])
    run(read)
    lines = csv.DictReader((read.out / "metrics.csv").read_text().splitlines())
    first, last = (float(line["train_loss"]) for line in lines)
    assert last < first < 2.6


def test_a_loss_that_is_not_finite_ends_the_run(
    recipe: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    read = read_recipe(recipe(), [*CPU, "lr=1e30", "epochs=5"])
    outcome = run(read)
    assert outcome.kind == "diverged"
    assert outcome.message.startswith("diverged: the loss is not finite in epoch ")
    summary = json.loads((read.out / "metrics.json").read_text())
    assert summary["outcome"] == "diverged"
    assert summary["message"] == outcome.message


def test_a_new_run_replaces_what_an_old_one_left(recipe: Write) -> None:
    path = recipe()
    run(read_recipe(path, CPU))
    read = read_recipe(path, [*CPU, "lr=1e30", "epochs=1"])
    assert run(read).kind == "diverged"
    assert [path.name for path in read.out.iterdir()] == ["metrics.json"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_text("old")

    def fail(file: object) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replaced(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_threads_are_as_asked_for_and_then_as_before() -> None:
    with cpu_threads(2):
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == 1  # as in every test
    with cpu_threads(None):
        assert torch.get_num_threads() == 1


def test_a_gpu_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(DataError, match='device = "cuda:1"'):
        device_of("cuda:1")
    assert device_of("cpu") == torch.device("cpu")


def test_off_a_terminal_each_epoch_is_one_plain_line(
    recipe: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    run(read_recipe(recipe(), CPU))
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out
    first, *epochs, last = printed.out.splitlines()
    assert first.startswith("small: ")
    assert [line[:9] for line in epochs] == ["epoch 1/2", "epoch 2/2"]
    assert last.startswith("held-out loss ")
    assert printed.err == ""


@pytest.mark.gpu
def test_a_gpu_is_used_when_there_is_one(recipe: Write) -> None:
    read = read_recipe(recipe(), ["precision=bf16"])
    assert run(read).kind == "done"
    assert json.loads((read.out / "metrics.json").read_text())["device"] == "cuda"
