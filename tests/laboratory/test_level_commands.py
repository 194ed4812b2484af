"""`butcher multilevel` and `butcher coefficients`: exit codes, what they print, what they leave."""

from pathlib import Path

import pytest
from command import Command
from fake_study import EULER, cell, done, store

from butcher.laboratory.multilevel.levels import Ladder, ladder
from butcher.laboratory.study import Planned
from butcher.models.family import Sample
from butcher.training.recipe import read_recipe

RECIPE = """\
[model]
family = "multilevel"
blocks = 4
widths = [4]
h = 0.5

[data]
batch = 512

[train]
epochs = 3
device = "cpu"
"""
pytestmark = pytest.mark.usefixtures("only_svg")

TOLD = ("multilevel", "small.toml", "--epochs", "1,2", "-o", "out")


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(RECIPE)


def made(*seeds: int) -> Ladder:
    """The runs of TOLD, as if made."""
    found = ladder(read_recipe(Path("small.toml")), Sample(1, 8, 10), epochs=[1, 2])
    own = cell(EULER)
    for seed in seeds:
        for recipe in (*found.cycles(seed, Path("out/runs")), found.full(seed, Path("out/runs"))):
            accuracies = [0.5 + 0.1 * e + seed / 100 for e in range(recipe.train.epochs)]
            pace = 2.0 if recipe.model.blocks == [4] else 1.0
            test = 0.9 if recipe.train.test else None
            store(Planned(own, seed, recipe), done(own, seed, accuracies, test, pace))
    return found


def test_a_finished_experiment_is_put_down_again_byte_for_byte(butcher: Command) -> None:
    made(0, 1, 2)
    first = butcher(*TOLD, "--seeds", 3)
    assert (first.code, first.err) == (0, "written to out\n")
    table = Path("out/multilevel.csv").read_bytes()
    assert b"1/6" in table, "1 - (2 + 2 * 4)/(3 * 4)"
    assert b'"training time, measured",,16.66' in table, "1 - (1 + 4)/6"
    second = butcher(*TOLD, "--seeds", 3)
    assert (second.out, Path("out/multilevel.csv").read_bytes()) == (first.out, table)


def test_runs_of_another_recipe_are_not_taken(butcher: Command) -> None:
    made(0)
    found = butcher(*TOLD, "--seed", 0, "--set", "lr=0.2")
    assert found.code == 2
    assert (
        "level2-s0 holds a run of another recipe: train.lr is 0.1 there and 0.2 here" in found.err
    )


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--epochs", "1,x"], 2, "write numbers, such as --epochs 60,50,50"),
        (["--cycles", "3"], 2, "stage 1 has one block"),
        (["--set", "blocks=6"], 2, "6 blocks cannot be halved 2 times"),
        (["--set", "blocks=0"], 2, "blocks"),
        (["--set", "name=cifar10", "--set", "root=nowhere"], 3, "nowhere"),
    ],
)
def test_other_ends_have_their_codes(
    butcher: Command, arguments: list[str], code: int, says: str
) -> None:
    found = butcher("multilevel", "small.toml", *arguments)
    assert found.code == code
    assert says in found.err
    assert not Path("runs").exists(), "nothing is trained before all can be"


def test_a_recipe_that_is_not_there_is_3(butcher: Command) -> None:
    assert butcher("multilevel", "none.toml").code == 3


# --------------------------------------------------------------------------- coefficients


def learned(seed: int) -> Path:
    """A run of LM, as if made: k of block 2 ends at -0.5, that of block 3 outside the band."""
    settings = ["scheme=lm_resnet", f"seed={seed}", f"train.out=lm{seed}", "epochs=1"]
    recipe = read_recipe(Path("small.toml"), settings)
    of = cell(EULER)
    store(Planned(of, seed, recipe), done(of, seed, [0.9], 0.9))
    folder = Path(f"lm{seed}")
    lines = ["0,2,k,-0.05", "0,3,k,-0.05", f"1,2,k,{-0.5 + seed / 100}", "1,3,k,-1.5"]
    (folder / "coefficients.csv").write_text("\n".join(["epoch,block,name,value", *lines]) + "\n")
    (folder / "scheme.tab").write_text(
        "method lm_resnet\n  learn k ~ uniform(-0.1, 0)\n\n"
        "step\n  u[n+1] = (1 - k)*u[n] + k*u[n-1] + h*f(u[n])\n"
    )
    return folder


def test_numbers_are_read_from_the_folders_and_judged(butcher: Command) -> None:
    found = butcher("coefficients", learned(0), learned(1), "-o", "told")
    assert (found.code, found.err) == (0, "written to told\n")
    assert "Block 3 is outside the band in 2 of 2 seeds: k = -1.5" in found.out
    assert Path("told/coefficients-k-blocks.svg").stat().st_size


def test_a_run_without_trained_numbers_is_2(butcher: Command) -> None:
    (learned(0) / "coefficients.csv").unlink()
    found = butcher("coefficients", "lm0")
    assert found.code == 2
    assert "lm0 has no coefficients.csv" in found.err


def test_a_folder_that_is_no_run_is_3(butcher: Command) -> None:
    assert butcher("coefficients", "nowhere").code == 3
