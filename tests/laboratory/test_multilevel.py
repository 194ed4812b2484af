"""Multi-level training: levels of a recipe, their runs, what is told of them."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch

from butcher.laboratory.findings import said, write
from butcher.laboratory.multilevel.levels import APART, Ladder, ladder
from butcher.laboratory.multilevel.tell import by_blocks, by_flops, findings
from butcher.laboratory.multilevel.train import Pair, Track, _train
from butcher.laboratory.study import StudyError
from butcher.models.family import Sample
from butcher.models.refine import interpolate
from butcher.models.source import RecipeError
from butcher.training import engine
from butcher.training.recipe import Recipe, read_recipe
from butcher.training.result import EpochResult
from butcher.training.stored import stored

RECIPE = """\
[model]
family = "multilevel"
blocks = 8
widths = [4, 8]
h = 0.25

[data]
batch = 512

[train]
epochs = 16
schedule = "cosine"
lr = 0.05
restarts = [6, 11]
device = "cpu"
"""
SAMPLE = Sample(1, 8, 10)

Read = Callable[..., Recipe]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """RECIPE with settings."""
    path = tmp_path / "small.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return lambda *settings: read_recipe(path, settings)


# --------------------------------------------------------------------------- levels


def test_levels_are_the_parts_between_restarts_their_steps_double_downwards(read: Read) -> None:
    found = ladder(read(), SAMPLE)
    assert [(level.blocks, level.h, level.epochs) for level in found.levels] == [
        ((2, 2), 1.0, 6),
        ((4, 4), 0.5, 5),
        ((8, 8), 0.25, 5),
    ]
    assert by_blocks(found) == 1 - (4 * 6 + 8 * 5 + 16 * 5) / (16 * 16)


def test_stem_and_head_do_not_halve_and_a_block_that_changes_shape_costs_less(read: Read) -> None:
    """Of one width, operations save less than blocks do; with a cheap first block a little more."""
    one = ladder(read("widths=[4]"), SAMPLE)
    two = ladder(read(), SAMPLE)
    of_one, of_two = by_flops(one), by_flops(two)
    assert of_one is not None
    assert of_two is not None
    assert Fraction(2, 5) < of_one < Fraction(7, 16) < of_two < Fraction(1, 2)


def test_without_restarts_there_are_three_equal_cycles(read: Read) -> None:
    found = ladder(read("restarts=[]"), SAMPLE)
    assert [level.epochs for level in found.levels] == [6, 5, 5]
    assert [level.epochs for level in ladder(read("restarts=[]"), SAMPLE, cycles=2).levels] == [
        8,
        8,
    ]


def test_lengths_can_be_given(read: Read) -> None:
    assert [e.epochs for e in ladder(read(), SAMPLE, epochs=[3, 2]).levels] == [3, 2]


def test_a_depth_is_given_as_blocks(read: Read) -> None:
    found = ladder(read("depth=34"), SAMPLE)
    assert [level.blocks for level in found.levels] == [(2, 2), (4, 4), (8, 8)]


def test_the_full_run_restarts_where_levels_begin_and_has_the_recipe_s_network(read: Read) -> None:
    found = ladder(read(), SAMPLE, epochs=[3, 2])
    full = found.full(7, Path("out"))
    assert (full.train.epochs, full.train.restarts, full.train.seed) == (5, (3,), 7)
    assert (full.model.blocks, full.model.h, full.out) == ([8, 8], 0.25, Path("out/full-s7"))


def test_cycles_draw_images_of_their_own_and_touch_the_test_part_once(read: Read) -> None:
    cycles = ladder(read("warmup=1"), SAMPLE).cycles(7, Path("out"))
    assert [c.train.seed for c in cycles] == [7, 7 + APART, 7 + 2 * APART]
    assert [c.train.test for c in cycles] == [False, False, True]
    assert [c.train.warmup for c in cycles] == [1, 0, 0]
    assert [c.train.restarts for c in cycles] == [()] * 3
    assert [c.out.name for c in cycles] == ["level1-s7", "level2-s7", "level3-s7"]


@pytest.mark.parametrize(
    ("settings", "options", "says"),
    [
        (["blocks=6"], {}, r"6-6 blocks cannot be halved 2 times.*--set 'blocks=\[8, 8\]'"),
        (["blocks=4"], {}, "stage 1 has one block.*--fresh"),
        ([], {"cycles": 2}, "2 cycles, but 3 lengths of the recipe.*6-5-5"),
        ([], {"epochs": [3]}, "one cycle is the full run"),
        (["restarts=[]", "epochs=2"], {}, "^2 epochs cannot be 3 cycles; write --set epochs=3 or "),
        (["restarts=[]", "epochs=1"], {"cycles": 2}, "^1 epoch cannot be 2 cycles"),
        ([], {"epochs": [3, 0]}, "3-0 epochs: a cycle has 1 or more; mend --epochs"),
        (["restarts=[]", "schedule=step", "milestones=[3]"], {}, "schedule=cosine"),
    ],
)
def test_what_cannot_be_levels_says_what_to_write(
    read: Read, settings: list[str], options: dict[str, Any], says: str
) -> None:
    with pytest.raises(StudyError, match=says):
        ladder(read(*settings), SAMPLE, **options)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ('family = "fractalnet"\nblocks = 4', "fractal3 maps its state by join1, join2, join3"),
        (
            'family = "multilevel"\nblocks = 4\nh = 1.0\n'
            'scheme = "method mine\\n\\nstep\\n  u[n+1] = u[n] + f(u[n])\\n"',
            "has no step h",
        ),
        ('family = "densenet"\nblocks = 8', "none of its kind and shape to copy"),
    ],
)
def test_networks_that_are_no_steps_of_an_equation_are_refused(
    tmp_path: Path, model: str, says: str
) -> None:
    path = tmp_path / "other.toml"
    path.write_text(f"[model]\n{model}\n", encoding="utf-8")
    with pytest.raises(StudyError, match=says):
        ladder(read_recipe(path), Sample(3, 32, 10), cycles=2)


def test_a_network_that_cannot_be_built_is_an_error_of_the_recipe(read: Read) -> None:
    recipe = read("blocks=8")
    broken = replace(recipe, model=recipe.model.model_copy(update={"start": "split"}))
    with pytest.raises(RecipeError, match=r"small\.toml"):
        ladder(broken, SAMPLE)


# --------------------------------------------------------------------------- runs


def small(read: Read) -> Ladder:
    """Two levels of one epoch and two."""
    return ladder(read("blocks=4", "h=0.5", "restarts=[]", "data.batch=256"), SAMPLE, epochs=[1, 2])


def weights(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = stored(folder).checkpoint()["model"]
    return found


def test_a_level_begins_where_the_one_before_it_ended(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[dict[str, Any]] = []

    def seen(coarse: Any, fine: Any, *, fresh: bool) -> None:
        assert all(torch.equal(v, first[k]) for k, v in coarse.state_dict().items())
        interpolate(coarse, fine, fresh=fresh)
        begun.append({name: value.clone() for name, value in fine.state_dict().items()})

    cycles = small(read).cycles(0, tmp_path)
    _train(cycles[:1], False)
    first = weights(cycles[0].out)
    monkeypatch.setattr("butcher.laboratory.multilevel.train.interpolate", seen)
    _train(cycles, False)
    (start,) = begun
    copied = [name for name in first if name.startswith("stages.0.1.f.")]
    assert len(copied) >= 10, "weights and statistics"
    for name in copied:
        assert torch.equal(start[name.replace("stages.0.1", "stages.0.2")], first[name])
    assert torch.equal(start["head.linear.weight"], first["head.linear.weight"])
    assert [stored(c.out).summary["outcome"] for c in cycles] == ["done", "done"]  # type: ignore[index]
    assert stored(cycles[0].out).summary["test_accuracy"] is None  # type: ignore[index]


def test_what_was_killed_goes_on_to_the_same_bits(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, killed = (small(read).cycles(0, tmp_path / name) for name in ("whole", "killed"))
    _train(whole, False)

    class Killed(BaseException):
        pass

    def once(self: Any, *arguments: Any) -> Any:
        if self.options.epochs == 2 and len(self.results) == 1:
            raise Killed
        return finish(self, *arguments)

    finish = engine.Engine.finish
    monkeypatch.setattr(engine.Engine, "finish", once)
    with pytest.raises(Killed):
        _train(killed, False)
    assert stored(killed[1].out).summary is None
    monkeypatch.undo()
    _train(killed, False)
    ours, theirs = weights(killed[1].out), weights(whole[1].out)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_level_whose_beginning_is_gone_is_not_taken_for_one_of_this_training(
    read: Read, tmp_path: Path
) -> None:
    cycles = small(read).cycles(0, tmp_path)
    _train(cycles, False)
    for file in cycles[0].out.iterdir():
        file.unlink()
    with pytest.raises(StudyError, match=r"level2-s0 began from a run that is no longer there"):
        _train(cycles, False)


# --------------------------------------------------------------------------- what is told


def epochs(number: int, seconds: float, accuracy: float | None) -> tuple[EpochResult, ...]:
    """An epoch takes `seconds`; the accuracy rises to `accuracy`."""
    return tuple(
        EpochResult(
            e, 10 * e, 0.1, 1 / e, 0.5 + 0.4 * e / number, 1 / e,
            None if accuracy is None else accuracy * (0.5 + 0.5 * e / number), seconds * e,
        )
        for e in range(1, number + 1)
    )  # fmt: skip


def pairs(seeds: int = 5, accuracy: float | None = 0.9, gain: float = 0.0) -> list[Pair]:
    """Blocks take one second an epoch each, and everything else two."""
    found = []
    for seed in range(seeds):
        noise = 0.002 * (seed - 2)
        ends = None if accuracy is None else accuracy + noise
        better = None if ends is None else ends + gain + 0.1 * noise
        cycles = (epochs(6, 6.0, better), epochs(5, 10.0, better), epochs(5, 18.0, better))
        full = epochs(16, 18.0 + seed / 100, ends)
        found.append(Pair(seed, Track(cycles, better), Track((full,), ends)))
    return found


def told(read: Read, found: list[Pair]) -> str:
    return said(findings(ladder(read(), SAMPLE), found, {}))


def test_the_saving_is_counted_and_measured_side_by_side(read: Read) -> None:
    table, accuracy, levels = findings(ladder(read(), SAMPLE), pairs(), {}).tables
    by_name = {row[0]: row[1:] for row in table.rows}
    assert by_name["evaluations of blocks"] == ("7/16", 43.75)
    assert by_name["3 cycles of as many epochs"] == ("5/12", pytest.approx(100 * 5 / 12))
    measured = by_name["training time, measured"][1]
    assert measured.mean == pytest.approx(100 * (1 - 176 / (16 * 18.02)), abs=0.01)  # type: ignore[union-attr]
    assert [row[0] for row in accuracy.rows] == ["validation", "test"]
    assert [row[1] for row in levels.rows] == ["2-2", "4-4", "8-8"]


@pytest.mark.parametrize(
    ("gain", "says"),
    [
        (0.0, "No difference in test accuracy is beyond chance"),
        (-0.02, "Its test accuracy is lower: -2.0"),
        (0.02, "Its test accuracy is higher: 2.0"),
    ],
)
def test_a_difference_is_claimed_only_beyond_chance(read: Read, gain: float, says: str) -> None:
    assert says in told(read, pairs(gain=gain))


def test_of_one_seed_no_accuracy_is_judged(read: Read) -> None:
    assert "Of one seed there is no interval" in told(read, pairs(1))


def test_a_seed_that_diverged_is_left_out_and_named(read: Read) -> None:
    found = pairs()
    found[3] = replace(
        found[3], full=Track((), trouble="full-s3: diverged: the loss is not finite")
    )
    words = told(read, found)
    assert "Seed 3 is left out: full-s3: diverged: the loss is not finite." in words
    table = findings(ladder(read(), SAMPLE), found, {}).tables[1]
    assert {row[-1] for row in table.rows} == {4}


def test_where_nothing_ended_there_is_no_accuracy_and_no_figure(read: Read) -> None:
    found = [Pair(0, Track((), trouble="level1-s0: diverged"), Track((), trouble="full-s0: x"))]
    told_of = findings(ladder(read(), SAMPLE), found, {})
    assert told_of.figures == ()
    assert [table.name for table in told_of.tables] == ["", "levels"]


@pytest.mark.usefixtures("only_svg")
@pytest.mark.parametrize("accuracy", [0.9, None])
def test_the_files_are_written_also_where_no_image_is_held_back(
    read: Read, tmp_path: Path, accuracy: float | None
) -> None:
    found = findings(ladder(read(), SAMPLE), pairs(accuracy=accuracy), {"seeds": [0]})
    names = {path.name for path in write(found, tmp_path)}
    assert {"multilevel.md", "multilevel.json", "multilevel.csv", "multilevel.svg"} <= names
    assert {"multilevel-levels.tex", "multilevel-accuracy.csv"} <= names
