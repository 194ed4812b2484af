"""Several processes that train one network do what one does."""

import csv
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from butcher.laboratory.study import jobs_for
from butcher.training.command import train
from butcher.training.dry import rehearsed
from butcher.training.folder import RunError
from butcher.training.recipe import read_recipe
from butcher.training.run import run
from butcher.training.stored import stored

Write = Callable[..., Path]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run"]
PAGE = Path(__file__).parents[2] / "docs" / "training.md"

# No normalisation over the batch, and nothing drawn: shares are as good as the whole.
PLAIN = ["device=cpu", "stem=conv", "final_norm=false", 'subnet={kind="fixup"}']
TWO = "train.devices=2"
# 1079 images: the fifth step of an epoch has 55, 28 for one process and 27 for the other.
SETTINGS = {
    "plain": [*PLAIN, "lr=0.05"],
    "parts": [
        *(*PLAIN, "scheme=lm_resnet", "blocks=2", "optimizer=adamw", "lr=0.01"),
        *("accumulate=2", "clip=0.5"),
    ],
}


def figures(out: str | Path) -> list[list[float]]:
    """metrics.csv without the seconds."""
    lines = csv.reader(Path(out, "metrics.csv").read_text().splitlines()[1:])
    return [[float(cell) for cell in line[:-1]] for line in lines]


def weights(out: str | Path) -> dict[str, torch.Tensor]:
    return dict(stored(out).network("last").state_dict())


def agree(out: str, other: str) -> None:
    """To rounding; accuracies to the image."""
    torch.testing.assert_close(figures(out), figures(other), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(weights(out), weights(other), rtol=1e-2, atol=1e-3)


# --------------------------------------------------------------------------- what is said


def test_another_number_than_was_started_is_an_error(
    recipe: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for key, value in {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(key, value)
    path = recipe()
    with pytest.raises(RunError, match=r"train\.devices is 2, and 4 processes have been started"):
        run(read_recipe(path, [TWO]))
    assert train(path, [TWO]) == 3
    assert "write --set train.devices=4" in capsys.readouterr().err
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert train(path, [TWO]) == 3
    assert capsys.readouterr().err == ""  # one message a host


def test_a_rehearsal_says_the_share_of_a_process(recipe: Write) -> None:
    said = rehearsed(read_recipe(recipe(), [TWO]))
    assert "2 processes, 128 images of a step each, ddp" in said
    assert "maps saved of 128 images" in " ".join(said.split())
    assert "devices  " not in rehearsed(read_recipe(recipe()))


def test_a_run_of_several_processes_takes_as_many_cores(
    recipe: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("butcher.laboratory.study.train.usable_cores", lambda: 8)
    settings = ["device=cpu", "threads=2"]
    assert jobs_for([read_recipe(recipe(), settings)]) == 4
    assert jobs_for([read_recipe(recipe(), [*settings, TWO])]) == 2


# --------------------------------------------------------------------------- real processes


@pytest.mark.slow
def test_two_processes_do_what_one_does(recipe: Write) -> None:
    """DDP and FSDP2, parts of batches, an uneven last batch, clipping, trained numbers."""
    path = recipe()
    together = [
        [*SETTINGS[name], TWO, f"parallel={parallel}", f"out={name}-{parallel}"]
        for parallel, name in (("ddp", "plain"), ("ddp", "parts"), ("fsdp", "parts"))
    ]
    script = str(Path(__file__).with_name("train_together.py"))
    command = [*TORCHRUN, "--standalone", "--nproc-per-node=2", script, json.dumps(together)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(re.findall("^epoch 2/2", done.stdout, re.MULTILINE)) == len(together)  # one speaks
    for name, settings in SETTINGS.items():
        run(read_recipe(path, [*settings, f"out={name}"]), quiet=True)
        agree(f"{name}-ddp", name)
    agree("parts-fsdp", "parts")
    assert Path("parts-fsdp/coefficients.csv").read_text().count("\n") == 1 + 3 * 1
    # What shards have left is gone on with by one process.
    for out in "parts", "parts-fsdp":
        Path(out, "summary.json").unlink()
        lines = Path(out, "recipe.toml").read_text().replace("epochs = 2", "epochs = 3")
        Path(out, "recipe.toml").write_text(lines)
        run(read_recipe(path, [*SETTINGS["parts"], "epochs=3", f"out={out}"]), resume=True)
    agree("parts-fsdp", "parts")


@pytest.mark.slow
def test_the_page_s_command_trains(recipe: Write) -> None:
    recipe()
    line = re.search(r"^torchrun --standalone .*", PAGE.read_text(), re.MULTILINE)
    assert line is not None
    command = [*TORCHRUN, *shlex.split(line[0])[1:]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert stored("runs/digits_euler").summary is not None
