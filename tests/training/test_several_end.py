"""How several processes end: all of them, and in a checkpoint that goes on to the same bits."""

import csv
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from unittest.mock import patch

import pytest
import torch
from command import Command

from butcher.models import Network
from butcher.training.command import train
from butcher.training.recipe import Recipe, read_recipe
from butcher.training.result import Outcome
from butcher.training.run import run
from butcher.training.started import started
from butcher.training.stored import stored

BUTCHER = ["-m", "butcher"]
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
RECIPE = "digits_euler"
SMALL = ["blocks=1", "width=4", "batch=256"]  # five steps an epoch
TWO = [*SMALL, "device=cpu", "threads=1", "devices=2"]
PATIENCE = 100
"""Seconds in which an epoch is done, on the busiest machine."""

SETTINGS = {
    "ddp": [*TWO, "scheme=shake_shake", "average=0.9", "epochs=10"],
    "fsdp": [
        *(*TWO, "parallel=fsdp", "optimizer=adamw", "nesterov=false", "lr=0.01", "clip=0.5"),
        "epochs=10",
    ],
}


# --------------------------------------------------------------------------- unbroken, diverged


def no_number_in_the_second(network: Network) -> None:
    """In the eighth step the loss of the second process, and of it alone, is not a number."""
    steps = count(1)

    def spoil(module: torch.nn.Module, _: object, logits: torch.Tensor) -> torch.Tensor | None:
        if module.training and next(steps) == 8 and os.environ["RANK"] == "1":
            return logits * float("nan")
        return None

    network.register_forward_hook(spoil)


def diverged(settings: list[str]) -> tuple[int, Outcome]:
    """The exit code and the outcome of `butcher train`, whose network is spoiled."""
    ends: list[Outcome] = []

    def spoiled(recipe: Recipe, *, resume: bool, quiet: bool) -> Outcome:
        ends.append(run(recipe, begin=no_number_in_the_second, quiet=quiet))
        return ends[0]

    with patch("butcher.training.command.run", spoiled):
        return train(RECIPE, settings, quiet=True), ends[0]


def trained_by_a_process() -> Outcome:
    """Runs that end, and runs that diverge; of these NAME-RANK.json tells what was said."""
    torch.distributed.init_process_group("gloo")  # a process forms it once
    for name, settings in SETTINGS.items():
        whole = run(read_recipe(Path(RECIPE), [*settings, f"out={name}"]), quiet=True)
        code, end = diverged([*settings, f"out={name}-nan"])
        told = json.dumps([code, end.kind, end.message])
        Path(f"{name}-{os.environ['RANK']}.json").write_text(told)
    Path("start-method").write_text(multiprocessing.get_start_method())
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    return whole


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with all that one group of processes has trained."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        started(2, trained_by_a_process)
    return folder


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_a_loss_that_is_no_number_in_one_process_ends_all_at_the_same_step(
    trained: Path, name: str
) -> None:
    ends = [json.loads((trained / f"{name}-{rank}.json").read_text()) for rank in (0, 1)]
    assert ends[0] == ends[1]
    code, kind, message = ends[0]
    assert (code, kind) == (1, "diverged")
    assert message.startswith("diverged: the loss is not finite in epoch 2, step 3, at ")
    assert message.endswith(f"; {name}-nan/checkpoint.pt is of epoch 1")
    found = stored(trained / f"{name}-nan")
    assert found.summary is not None
    assert found.summary["message"] == message
    assert found.checkpoint()["epochs"] == len(found.epochs) == 1
    assert found.epochs[0].train_loss == stored(trained / name).epochs[0].train_loss
    assert all(tensor.isfinite().all() for tensor in found.network().state_dict().values())


@pytest.mark.slow
def test_processes_for_the_data_are_started_as_any_process_starts_them(trained: Path) -> None:
    assert (trained / "start-method").read_text() == multiprocessing.get_start_method()


# --------------------------------------------------------------------------- bit for bit


def figures(out: str | Path) -> list[list[str]]:
    """metrics.csv without the seconds."""
    path = Path(out, "metrics.csv")
    lines = csv.reader(path.read_text().splitlines()[1:] if path.exists() else [])
    return [line[:-1] for line in lines]


def same(out: str, other: Path) -> None:
    """To the bit: weights, averaged ones too, what the optimizer keeps, every figure."""
    one, two = (stored(folder).checkpoint() for folder in (out, other))
    for key in "model", "average", "optimizer":
        torch.testing.assert_close(one[key], two[key], rtol=0, atol=0)
    assert figures(out) == figures(other)


def after_an_epoch(out: str, end: Callable[[], None]) -> threading.Thread:
    """Calls `end` once metrics.csv has a line more than now; not at all if it never has."""
    before, begin = len(figures(out)), time.monotonic()

    def look() -> None:
        while len(figures(out)) == before:
            time.sleep(0.02)
            if time.monotonic() - begin > PATIENCE:
                return
        end()

    thread = threading.Thread(target=look)
    thread.start()
    return thread


def kill_the_second() -> None:
    processes = sorted(multiprocessing.active_children(), key=lambda one: one.pid or 0)
    assert processes[1].pid is not None
    os.kill(processes[1].pid, signal.SIGKILL)


def interrupted(
    how: list[str], out: str, number: signal.Signals, send: Callable[[int, int], None]
) -> tuple[int, str]:
    """Train in a session of its own until an epoch is done and a signal sent; exit code, errors."""
    process = subprocess.Popen(
        [sys.executable, *how],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    sender = after_an_epoch(out, lambda: send(process.pid, number))
    _, error = process.communicate(timeout=2 * PATIENCE)
    sender.join()
    return process.returncode, error


def said(number: signal.Signals, out: str) -> str:
    """What an interrupted run says."""
    where = r"(step \d of )?epoch \d+"
    return (
        rf"^{number.name}: {out}/checkpoint\.pt is of {where}; "
        rf"go on with: butcher train {out} --resume$"
    )


@pytest.mark.slow
def test_processes_that_a_signal_ends_go_on_bit_for_bit(
    trained: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Batch normalisation, random draws of every process, an average, processes for the data."""
    line = [f"--set={setting}" for setting in SETTINGS["ddp"]]
    begin = [*BUTCHER, "train", RECIPE, *line, "--set=out=parts", "--set=workers=1"]
    code, error = interrupted(begin, "parts", signal.SIGINT, os.killpg)  # a terminal's Ctrl-C
    assert code == 128 + signal.SIGINT
    assert re.fullmatch(said(signal.SIGINT, "parts"), error.rstrip("\n")), error
    shutil.copytree("parts", "one")
    go_on = [*TORCHRUN, *BUTCHER, "train", "parts", "--resume"]
    _, error = interrupted(go_on, "parts", signal.SIGTERM, os.kill)
    assert len(re.findall(said(signal.SIGTERM, "parts"), error, re.MULTILINE)) == 1, error
    assert train("parts", resume=True) == 0
    same("parts", trained / "ddp")
    capfd.readouterr()
    assert train("one", ["devices=1"], resume=True) == 0
    words = capfd.readouterr().out
    assert "processes 2 is now 1, parallel ddp is now none: the last digits may differ" in words


@pytest.mark.slow
def test_shards_that_are_killed_go_on_bit_for_bit(
    trained: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    killer = after_an_epoch("parts", kill_the_second)
    assert train(RECIPE, [*SETTINGS["fsdp"], "out=parts"]) == 128 + signal.SIGKILL
    killer.join()
    assert multiprocessing.active_children() == []
    assert capfd.readouterr().err == (
        "process 1 was ended by SIGKILL; go on with: butcher train parts --resume\n"
    )
    ender = after_an_epoch("parts", lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert train("parts", resume=True) == 128 + signal.SIGTERM
    ender.join()
    assert re.fullmatch(said(signal.SIGTERM, "parts"), capfd.readouterr().err.rstrip("\n"))
    assert train("parts", resume=True) == 0
    same("parts", trained / "fsdp")


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_before_the_training_ends_all_processes(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def interrupt() -> None:
        while len(multiprocessing.active_children()) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    assert train(RECIPE, TWO) == 128 + signal.SIGINT
    thread.join()
    assert multiprocessing.active_children() == []
    assert capfd.readouterr() == (
        "",
        "process 0 was ended by SIGINT; it had not begun: nothing is kept\n",
    )


# --------------------------------------------------------------------------- studies


@pytest.mark.slow
def test_a_study_s_runs_may_be_of_several_processes(
    butcher: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("butcher.laboratory.findings.SUFFIXES", (".svg",))  # the others take time
    settings = [f"--set={setting}" for setting in (*TWO, "epochs=1", "test=false")]
    asked = ("compare", RECIPE, "euler", "rk4", *settings, "--seeds", 1, "-o", "study")
    done = butcher(*asked)
    assert done.code == 0, done.err
    assert "[2/2] rk4, seed 0: validation" in done.err
    for name in "euler", "rk4":
        place = stored(Path("study/runs", f"{name}-s0")).checkpoint()["place"]
        assert (place["processes"], place["parallel"]) == (2, "ddp")
