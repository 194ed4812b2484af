"""A run: the same numbers twice, what it writes, how it ends."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from butcher.models import Network, build
from butcher.training import watch
from butcher.training.coefficients import values
from butcher.training.data import DataError, load, still
from butcher.training.evaluation import evaluate
from butcher.training.place import cpu_threads, device_of
from butcher.training.recipe import read_recipe
from butcher.training.run import run
from butcher.training.stored import stored

Write = Callable[..., Path]
CPU = ["device=cpu"]


def lines(out: str | Path) -> list[dict[str, str]]:
    return list(csv.DictReader(Path(out, "metrics.csv").read_text().splitlines()))


def weights(out: str | Path) -> dict[str, torch.Tensor]:
    return dict(torch.load(Path(out, "checkpoint.pt"), weights_only=True)["model"])


def test_the_same_seed_gives_the_same_numbers(recipe: Write) -> None:
    path = recipe()
    for out in "ab":
        torch.set_default_dtype(torch.float64 if out == "a" else torch.float32)
        assert run(read_recipe(path, [*CPU, f"out={out}"])).kind == "done"
    run(read_recipe(path, [*CPU, "out=c", "seed=1"]))
    a, b, c = ([{**line, "seconds": ""} for line in lines(out)] for out in "abc")
    assert a == b
    assert a != c
    one, other = weights("a"), weights("b")
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_run_leaves_a_folder_that_documents_itself(recipe: Write) -> None:
    read = read_recipe(recipe("midpoint", "lm_resnet"), [*CPU, "blocks=3"])
    outcome = run(read)
    names = sorted(path.name for path in read.out.iterdir())
    assert names == [
        "README.md",
        "checkpoint.pt",
        "coefficients.csv",
        "environment.json",
        "log.jsonl",
        "metrics.csv",
        "model.json",
        "recipe.toml",
        "scheme.tab",
        "summary.json",
    ]
    told = (read.out / "README.md").read_text()
    assert all(f"`{name}`: " in told for name in names if name != "README.md")
    assert "tensorboard" not in told
    epochs, summary = lines(read.out), json.loads((read.out / "summary.json").read_text())
    assert [line["epoch"] for line in epochs] == ["1", "2"]
    assert [line["step"] for line in epochs] == ["5", "10"]
    last = outcome.last
    assert last is not None
    assert (
        float(epochs[-1]["validation_loss"]) == summary["validation_loss"] == last.validation_loss
    )
    assert 0 < float(epochs[0]["seconds"]) < float(epochs[1]["seconds"]) == summary["seconds"]
    assert (summary["outcome"], summary["epochs"], summary["steps"]) == ("done", 2, 10)
    assert summary["test_accuracy"] == outcome.test_accuracy
    assert summary["digest"] == read.digest
    assert json.loads((read.out / "model.json").read_text())["scheme"] == "lm_resnet"
    environment = json.loads((read.out / "environment.json").read_text())
    assert (environment["torch"], environment["threads"]) == (str(torch.__version__), 1)
    events = [
        json.loads(line)["event"] for line in (read.out / "log.jsonl").read_text().splitlines()
    ]
    assert events == ["start", "epoch", "epoch", "end"]


def test_its_recipe_trains_again_from_any_folder(recipe: Write, tmp_path: Path) -> None:
    Path("mine.tab").write_text("method mine\n\ntableau\n  0 |\n  --+---\n    | 1\n")
    read = read_recipe(recipe("midpoint", "mine.tab"), [*CPU, "restarts=[1]", "average=0.5"])
    run(read)
    before = (read.tables(), read.digest)
    Path("elsewhere").mkdir()
    (read.out / "recipe.toml").rename("elsewhere/again.toml")
    Path("mine.tab").unlink()
    again = read_recipe(Path("elsewhere/again.toml"))
    assert (again.tables(), again.digest) == before
    run(again)
    assert all(
        torch.equal(one, other)
        for one, other in zip(
            weights(read.out).values(), weights("runs/again").values(), strict=True
        )
    )


def test_trained_numbers_of_the_scheme_are_followed(recipe: Write) -> None:
    read = read_recipe(recipe(), [*CPU, "step=learned", "blocks=2"])
    run(read)
    rows = list(csv.DictReader((read.out / "coefficients.csv").read_text().splitlines()))
    assert [(row["epoch"], row["block"], row["name"]) for row in rows] == [
        (str(epoch), str(block), "h") for epoch in (0, 1, 2) for block in (1, 2)
    ]
    assert [float(row["value"]) for row in rows[:2]] == [1.0, 1.0]
    last = [float(row["value"]) for row in rows[-2:]]
    assert last == [value for _, _, value in values(stored(read.out).network())]
    assert last != [1.0, 1.0]


@pytest.mark.parametrize("average", [[], ["average=0.5"]])
def test_the_checkpoint_is_the_network_that_was_measured(recipe: Write, average: list[str]) -> None:
    read = read_recipe(recipe(), [*CPU, *average])
    last = run(read).last
    found = stored(read.out)
    validation = still(load(read.data).validation, 4 * read.data.batch)
    network = found.network()
    measured = evaluate(network, validation, torch.device("cpu"))
    assert last is not None
    assert measured == (last.validation_loss, last.validation_accuracy)
    assert not network.training
    rebuilt = build(found.checkpoint()["recipe"]["model"], 1, 10).to(torch.float32)
    rebuilt.load_state_dict(found.network("last").state_dict())
    same = all(
        torch.equal(a, b) for a, b in zip(rebuilt.parameters(), network.parameters(), strict=True)
    )
    assert same == (not average)


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
    first, last = (float(line["train_loss"]) for line in lines(read.out))
    assert last < first < 2.6


def test_what_begins_a_run_changes_its_network(recipe: Write) -> None:
    def zero(network: Network) -> None:
        network.get_classifier().weight.data.zero_()  # type: ignore[union-attr, operator]

    path = recipe()
    settings = [*CPU, "out=a", "lr=1e-9", "epochs=1", "average=0.5"]
    run(read_recipe(path, settings), begin=zero)
    assert weights("a")["head.linear.weight"].abs().max() < 1e-6


def test_quiet_prints_nothing(recipe: Write, capsys: pytest.CaptureFixture[str]) -> None:
    read = read_recipe(recipe(), CPU)
    run(read, quiet=True)
    run(read, quiet=True, resume=True)
    assert capsys.readouterr() == ("", "")


# --------------------------------------------------------------------------- infinite numbers


def test_a_loss_that_is_not_finite_ends_the_run(recipe: Write) -> None:
    read = read_recipe(recipe(), [*CPU, "lr=1e30", "epochs=5"])
    outcome = run(read)
    assert outcome.kind == "diverged"
    assert outcome.message == (
        "diverged: the loss is not finite in epoch 1, step 2, at a learning rate of 9.961e+29; "
        "runs/small/checkpoint.pt is of the start"
    )
    summary = json.loads((read.out / "summary.json").read_text())
    assert (summary["outcome"], summary["epochs"]) == ("diverged", 0)
    assert summary["message"] == outcome.message
    again = run(read, resume=True)
    assert again.kind == "diverged"
    assert again.message.endswith("it would again: change the recipe")


def poisoned(monkeypatch: pytest.MonkeyPatch, step: int, spoil: Callable[[Network], None]) -> None:
    """`spoil` is called with the network before step number `step`."""
    from butcher.training.engine import Engine

    before = Engine._step

    def poison(self: Engine, batch: Any) -> None:
        if self.steps_done + 1 == step:
            spoil(self.network)
        before(self, batch)

    monkeypatch.setattr(Engine, "_step", poison)


def infinite_gradient(network: Network) -> None:
    """The loss stays as it is: the gradient alone is infinite."""
    weight = network.get_classifier().weight
    weight.register_hook(lambda gradient: gradient * float("inf"))  # type: ignore[union-attr, operator]


@pytest.mark.parametrize("every", [1, 20])
def test_the_last_good_checkpoint_stays_and_can_be_read(
    recipe: Write, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    """`every` 20 is how a GPU is looked at: the fault is found later, and named as exactly."""
    init = watch.Watch.__init__

    def looks(self: watch.Watch, device: torch.device) -> None:
        init(self, device)
        self.every = every

    monkeypatch.setattr(watch.Watch, "__init__", looks)
    poisoned(monkeypatch, 8, infinite_gradient)
    read = read_recipe(recipe(), [*CPU, "epochs=4"])
    outcome = run(read)
    assert outcome.message == (
        "diverged: the gradient is not finite in epoch 2, step 3, at a learning rate of "
        f"{0.1 * (1 + torch.cos(torch.tensor(7 / 20 * torch.pi)).item()) / 2:.4g}; "
        "runs/small/checkpoint.pt is of epoch 1"
    )
    found = stored(read.out)
    assert (found.checkpoint()["epochs"], found.checkpoint()["step"]) == (1, 0)
    assert all(p.isfinite().all() for p in found.network().parameters())
    assert len(found.epochs) == 1
    assert outcome.last == found.epochs[-1]


def test_infinite_weights_are_never_kept(recipe: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(network: Network) -> None:
        unused = torch.nn.Parameter(torch.tensor([float("nan")]))
        network.register_parameter("unused", unused)

    poisoned(monkeypatch, 10, spoil)
    read = read_recipe(recipe(), [*CPU, "epochs=3"])
    assert "the weights are not finite in epoch 2, step 5" in run(read).message
    assert stored(read.out).checkpoint()["epochs"] == 1


# --------------------------------------------------------------------------- folders


def test_a_new_run_replaces_what_an_old_one_left(recipe: Write) -> None:
    path = recipe()
    run(read_recipe(path, [*CPU, "step=learned"]))
    Path("runs/small/notes.txt").write_text("mine")
    read = read_recipe(path, [*CPU, "lr=1e30", "epochs=1"])
    assert run(read).kind == "diverged"
    names = {path.name for path in read.out.iterdir()}
    assert "coefficients.csv" not in names
    assert "notes.txt" in names
    assert lines(read.out) == []


def test_a_recipe_that_cannot_be_trained_replaces_nothing(recipe: Write) -> None:
    path = recipe()
    run(read_recipe(path, CPU))
    before = lines("runs/small")
    with pytest.raises(Exception, match="no whole number"):
        run(read_recipe(path, [*CPU, "depth=11"]))
    assert lines("runs/small") == before


def test_no_validation_images_leave_cells_empty(
    recipe: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    read = read_recipe(recipe(), [*CPU, "validation=0"])
    outcome = run(read)
    assert outcome.last is not None
    assert outcome.last.validation_loss is None
    assert lines(read.out)[0]["validation_loss"] == ""
    assert stored(read.out).epochs[-1] == outcome.last
    assert "validation" not in capsys.readouterr().out


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


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_gpu_is_used_when_there_is_one(recipe: Write, precision: str) -> None:
    read = read_recipe(recipe(), [f"precision={precision}"])
    assert run(read).kind == "done"
    assert json.loads((read.out / "summary.json").read_text())["device"] == "cuda"
