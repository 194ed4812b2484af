"""A run that was ended at any moment and resumed is, to the bit, one that never was."""

import io
import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from butcher.training import checkpoint, folder
from butcher.training.display import Display
from butcher.training.folder import RunError
from butcher.training.keeper import Keeper
from butcher.training.recipe import Recipe, read_recipe
from butcher.training.resume import OtherRecipeError
from butcher.training.run import run
from butcher.training.stored import stored

Write = Callable[..., Path]
SMALL = ["device=cpu", "batch=256"]  # five steps an epoch


class Killed(BaseException):
    """Ends a run as SIGKILL does: nothing that a run does at its end is done."""


def killed(read: Recipe, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run on, and end after so many steps, before anything is written of the last of them."""
    left = iter(range(steps - 1, -1, -1))

    def step(self: Display, images: int) -> None:
        if next(left) == 0:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Display, "step", step)
        with pytest.raises(Killed):
            run(read, resume=True)


def trace(out: str) -> tuple[dict[str, Any], list[list[str]], str]:
    """What two runs of one recipe have in common: all weights, metrics without seconds, numbers."""
    state = torch.load(Path(out, "checkpoint.pt"), weights_only=True)
    lines = Path(out, "metrics.csv").read_text().splitlines()
    numbers = Path(out, "coefficients.csv")
    return (
        {key: state[key] for key in ("model", "average", "averaged", "optimizer", "scaler")},
        [line.split(",")[:-1] for line in lines],
        numbers.read_text() if numbers.exists() else "",
    )


def events(out: str) -> list[tuple[Any, ...]]:
    """The events of log.jsonl that are not of a session's begin or end."""
    found = [json.loads(line) for line in Path(out, "log.jsonl").read_text().splitlines()]
    return [
        (one["epoch"], one["train_loss"], one["validation_loss"])
        for one in found
        if one["event"] == "epoch"
    ]


def same(one: object, other: object) -> bool:
    """Equality to the bit, of anything that a checkpoint holds."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(same(one[key], other[key]) for key in one)
        )
    if isinstance(one, list | tuple):
        return (
            isinstance(other, list | tuple)
            and len(one) == len(other)
            and all(same(a, b) for a, b in zip(one, other, strict=True))
        )
    return one == other


RECIPES = {
    "sgd": [],
    "adamw, warm-up, limit": ["optimizer=adamw", "lr=0.01", "warmup=1.5", "clip=0.5"],
    "average, parts": ["average=0.8", "accumulate=3", "label_smoothing=0.1"],
    "shake-shake": ["scheme=shake_shake"],
    "stochastic depth": ["scheme=stochastic_depth", "survival=0.5", "blocks=3"],
    "trained numbers": ["scheme=lm_resnet", "blocks=2", "schedule=step", "milestones=[1]"],
    "half precision": ["precision=bf16", "restarts=[1]"],
}
SLOW = {"half precision, scaled": ["precision=fp16"]}


@pytest.mark.parametrize(
    "settings",
    [
        *(pytest.param(settings, id=name) for name, settings in RECIPES.items()),
        *(
            pytest.param(settings, id=name, marks=pytest.mark.slow)
            for name, settings in SLOW.items()
        ),
    ],
)
def test_a_killed_run_goes_on_bit_for_bit(
    recipe: Write, monkeypatch: pytest.MonkeyPatch, settings: list[str]
) -> None:
    path = recipe()
    run(read_recipe(path, [*SMALL, *settings, "out=whole"]))
    parts = read_recipe(path, [*SMALL, *settings, "out=parts", "checkpoint_steps=2"])
    for steps in (1, 3, 5, 2):  # in epoch 1, again, in epoch 2 after its first step, and again
        killed(parts, steps, monkeypatch)
    torch.manual_seed(12345)  # what others draw is no matter
    assert run(parts, resume=True).kind == "done"
    assert same(trace("whole"), trace("parts"))
    assert events("whole") == events("parts")
    whole, again = stored("whole").summary, stored("parts").summary
    assert whole is not None
    assert again is not None
    assert whole["test_loss"] == again["test_loss"]


def test_checkpoints_are_written_within_epochs_where_the_recipe_says_so(
    recipe: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    for every in 2, 3, 9:
        read = read_recipe(recipe(), [*SMALL, f"checkpoint_steps={every}", f"out=every{every}"])
        killed(read, 4, monkeypatch)
        found[every] = stored(read.out).checkpoint()["step"]
    assert found == {2: 2, 3: 3, 9: 0}


def test_checkpoints_are_written_every_so_many_epochs(
    recipe: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recipe()
    settings = [*SMALL, "epochs=4", "step=learned"]
    run(read_recipe(path, [*settings, "out=whole"]))
    read = read_recipe(path, [*settings, "out=parts", "checkpoint_every=2"])
    killed(read, 16, monkeypatch)
    assert stored(read.out).checkpoint()["epochs"] == 2
    assert [result.epoch for result in stored(read.out).epochs] == [1, 2, 3]
    run(read, resume=True)  # epoch 3 again, and its lines once
    assert same(trace("whole"), trace("parts"))
    assert events("whole") == events("parts")


@pytest.mark.parametrize("moment", ["before", "during", "after"])
def test_killed_while_it_writes_a_checkpoint_a_run_has_one(
    recipe: Write, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """`during`: half of the file is there; `after`: it is in its place, metrics.csv is not."""
    path = recipe()
    run(read_recipe(path, [*SMALL, "out=whole"]))
    read = read_recipe(path, [*SMALL, "out=parts"])
    save, count = torch.save, iter(range(9))

    def killing(state: dict[str, Any], file: Any) -> None:
        if next(count) == 1:  # the start is 0
            if moment == "during":
                file.write(b"PK\x03\x04" * 100)
            if moment != "after":
                raise Killed
        save(state, file)

    def metrics(self: Any, results: list[Any]) -> None:
        if results and moment == "after":
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", killing)
        patch.setattr("butcher.training.log.Log.metrics", metrics)
        with pytest.raises(Killed):
            run(read)
    epochs = stored("parts").checkpoint()["epochs"]
    assert epochs == (1 if moment == "after" else 0)
    run(read, resume=True)
    assert same(trace("whole"), trace("parts"))


def test_a_resumed_run_says_where_it_goes_on(
    recipe: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read = read_recipe(recipe(), SMALL)
    killed(read, 7, monkeypatch)
    capsys.readouterr()
    state = stored(read.out).checkpoint()
    state["place"]["threads"] = 8
    checkpoint.write(folder.Folder(read.out), state)
    run(read, resume=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == [
        "going on in epoch 2",
        "threads 8 is now 1: the last digits may differ",
    ]
    assert lines[3].startswith("epoch 2/2")
    kinds = [
        json.loads(line)["event"] for line in (read.out / "log.jsonl").read_text().splitlines()
    ]
    assert kinds == ["start", "epoch", "resume", "epoch", "end"]


def test_what_is_not_there_begins_at_the_start(
    recipe: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    read = read_recipe(recipe(), SMALL)
    assert run(read, resume=True).kind == "done"
    assert "runs/small holds no run yet: beginning at the start" in capsys.readouterr().out
    (read.out / "summary.json").unlink()
    (read.out / "checkpoint.pt").unlink()
    assert run(read, resume=True).kind == "done"
    assert "runs/small holds no checkpoint: beginning at the start" in capsys.readouterr().out


def test_a_finished_run_is_left_alone(recipe: Write, capsys: pytest.CaptureFixture[str]) -> None:
    read = read_recipe(recipe(), SMALL)
    first = run(read)
    before = {path: path.stat().st_mtime_ns for path in read.out.iterdir()}
    capsys.readouterr()
    again = run(read, resume=True)
    assert (again.kind, again.last) == ("done", first.last)
    assert capsys.readouterr().out == "runs/small: is finished, 2 epochs: nothing to do\n"
    assert {path: path.stat().st_mtime_ns for path in read.out.iterdir()} == before


def test_a_run_of_another_recipe_is_not_gone_on_with(recipe: Write) -> None:
    path = recipe()
    run(read_recipe(path, SMALL))
    with pytest.raises(OtherRecipeError) as wrong:
        run(read_recipe(path, [*SMALL, "lr=0.2", "clip=1.0"]), resume=True)
    assert str(wrong.value).startswith(
        "runs/small holds a run of another recipe: train.clip is not set there and 1.0 here, "
        "train.lr is 0.1 there and 0.2 here; say the same"
    )


@pytest.mark.parametrize(
    "setting", ["checkpoint_every=2", "checkpoint_steps=1", "threads=1", "test=false", "workers=1"]
)
def test_what_changes_no_number_may_differ(recipe: Write, setting: str) -> None:
    path = recipe()
    before, after = read_recipe(path, SMALL), read_recipe(path, [*SMALL, setting])
    assert before.digest == after.digest
    assert before.keys() == after.keys()


def test_a_scheme_whose_text_changed_is_another(recipe: Write) -> None:
    Path("mine.tab").write_text("method mine\ntableau\n  0 |\n  --+---\n    | 1\n")
    path = recipe("midpoint", "mine.tab")
    read = read_recipe(path, SMALL)
    run(read)
    Path("mine.tab").write_text("method mine\ntableau\n  0 |\n  --+---\n    | 1/2\n")
    changed = read_recipe(path, SMALL)
    assert changed.digest != stored(read.out).digest
    with pytest.raises(OtherRecipeError, match=r"model\.scheme is a text there and a text here"):
        run(changed, resume=True)


def test_a_damaged_checkpoint_is_named(recipe: Write) -> None:
    read = read_recipe(recipe(), SMALL)
    run(read)
    (read.out / "summary.json").unlink()
    (read.out / "checkpoint.pt").write_bytes(b"PK\x03\x04" * 100)
    with pytest.raises(RunError, match=r"checkpoint\.pt: is no checkpoint that can be read"):
        run(read, resume=True)
    torch.save({"model": {}}, read.out / "checkpoint.pt")
    with pytest.raises(RunError, match="was written by another version"):
        run(read, resume=True)


def test_a_checkpoint_executes_nothing(recipe: Write, tmp_path: Path) -> None:
    torch.save({"format": 1, "evil": os.getcwd}, tmp_path / "evil.pt")
    with pytest.raises(RunError, match="is no checkpoint that can be read"):
        checkpoint.read(tmp_path / "evil.pt")


# --------------------------------------------------------------------------- signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_after_its_step(
    recipe: Write, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    path = recipe()
    run(read_recipe(path, [*SMALL, "out=whole"]))
    read = read_recipe(path, [*SMALL, "out=parts"])
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]

    def step(self: Display, images: int) -> None:
        if self._engine.steps_done == 7:
            os.kill(os.getpid(), number)

    with monkeypatch.context() as patch:
        patch.setattr(Display, "step", step)
        outcome = run(read)
    assert (outcome.kind, outcome.signal) == ("interrupted", number)
    assert outcome.message == (
        f"{number.name}: parts/checkpoint.pt is of step 2 of epoch 2; "
        "go on with: butcher train parts --resume"
    )
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert stored("parts").summary is None
    assert run(read, resume=True).kind == "done"
    assert same(trace("whole"), trace("parts"))
    log = Path("parts/log.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in log] == [
        *("start", "epoch", "interrupt", "resume", "epoch", "end")
    ]


def test_a_signal_is_obeyed_in_the_middle_of_an_evaluation(
    recipe: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recipe()
    run(read_recipe(path, [*SMALL, "out=whole"]))
    read = read_recipe(path, [*SMALL, "out=parts"])

    def check(self: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("butcher.training.engine.Engine.check", check)
        patch.setattr(Keeper, "keep", lambda self, engine: None)
        # the signal comes after the last step of the first epoch, before its evaluation
        outcome = run(read)
    assert outcome.kind == "interrupted"
    assert outcome.last is None
    assert run(read, resume=True).kind == "done"
    assert same(trace("whole"), trace("parts"))


@pytest.mark.usefixtures("interruptible")
def test_a_second_signal_is_obeyed_at_once(recipe: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def step(self: Display, images: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Display, "step", step)
    with pytest.raises(KeyboardInterrupt):
        run(read_recipe(recipe(), SMALL))


def test_a_thread_that_is_not_the_main_one_trains(recipe: Write) -> None:
    read = read_recipe(recipe(), SMALL)
    thread = threading.Thread(target=run, args=(read,))
    thread.start()
    thread.join()
    assert stored(read.out).summary is not None


# --------------------------------------------------------------------------- real processes


def started(read: Recipe) -> tuple[int, int]:
    """A process that runs on, its checkpoints written slowly; and a pipe, a byte for each."""
    ours, theirs = os.pipe()
    if process := os.fork():
        os.close(theirs)
        return process, ours
    save = torch.save

    def slowly(state: object, file: Any) -> None:
        whole = io.BytesIO()
        save(state, whole)
        os.write(theirs, b"w")
        for begin in range(0, whole.tell(), 2048):
            file.write(whole.getbuffer()[begin : begin + 2048])
            time.sleep(0.001)

    torch.save = slowly
    try:
        run(read, resume=True, quiet=True)
    finally:
        os._exit(0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork processes")
def test_a_process_that_is_killed_at_any_moment_goes_on_bit_for_bit(recipe: Write) -> None:
    """SIGKILL at random moments: while a checkpoint is written, or somewhere behind."""
    path = recipe()
    settings = [*SMALL, "scheme=shake_shake", "average=0.9", "epochs=10", "checkpoint_steps=3"]
    run(read_recipe(path, [*settings, "out=whole"]))
    read = read_recipe(path, [*settings, "out=parts"])
    moments = random.Random(3)
    halves = 0
    for attempt in range(6):
        process, pipe = started(read)
        for _ in range(moments.randrange(1, 4)):
            assert os.read(pipe, 1) == b"w"
        time.sleep(moments.uniform(0.05, 0.2) if attempt % 3 == 0 else moments.uniform(0, 0.03))
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        os.close(pipe)
        assert os.WTERMSIG(status) == signal.SIGKILL
        halves += Path("parts/.checkpoint.pt.new").exists()
        assert stored("parts").summary is None
    assert halves > 0
    assert run(read, resume=True).kind == "done"
    assert same(trace("whole"), trace("parts"))
    assert events("whole") == events("parts")
    assert not Path("parts/.checkpoint.pt.new").exists()
