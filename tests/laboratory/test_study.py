"""A study: its runs, what is kept of them, and what is refused before any is made."""

import shutil
from pathlib import Path

import pytest
from fake_study import EULER, RECIPE, RK4, cell, diverged, done, store

from butcher.laboratory.pool import Ended, Task
from butcher.laboratory.study import Cell, Request, StudyError, Variant, checked, train, trained
from butcher.models.setting import SettingError
from butcher.models.source import RecipeError


@pytest.fixture
def request_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(RECIPE)
    return Request(Path("small.toml"), (EULER, RK4), (0, 1), Path("study"))


CELLS = (cell(EULER), cell(RK4))


def test_runs_are_ordinary_ones_with_seeds_outside(request_: Request) -> None:
    planned = request_.planned(CELLS)
    assert [str(one.folder) for one in planned] == [
        "study/runs/euler-s0",
        "study/runs/rk4-s0",
        "study/runs/euler-s1",
        "study/runs/rk4-s1",
    ]
    last = planned[-1].recipe
    assert (last.model.scheme, last.train.seed, last.train.threads) == ("rk4", 1, 1)


def test_settings_of_a_variant_win_over_those_of_the_command_line(request_: Request) -> None:
    both = Request(request_.recipe, (), (0,), request_.folder, ("lr=0.5", "threads=3"))
    (one,) = both.planned([Cell(RK4, "rk4", ("scheme=rk4", "lr=0.25"))])
    assert (one.recipe.train.lr, one.recipe.train.threads) == (0.25, 3)


def test_networks_are_built_before_anything_is_trained(request_: Request) -> None:
    found = checked(request_.planned(CELLS))
    assert {c.name: (b.layers, b.blocks, b.evaluations) for c, b in found.items()} == {
        "euler": (10, 4, 4),
        "rk4": (10, 1, 4),
    }
    assert {b.parameters for b in found.values()} == {1310}
    assert {b.classes for b in found.values()} == {10}
    assert not request_.folder.exists()


def test_a_linear_multistep_scheme_is_compared_at_equal_parameters(request_: Request) -> None:
    """One k a block more than Euler has."""
    lm = Variant("lm_resnet", ("scheme=lm_resnet",))
    built = checked(request_.planned([cell(EULER), cell(lm)]))
    assert built[cell(lm)].parameters == built[cell(EULER)].parameters + 4


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (("scheme=vernr89",), StudyError, r"variant 'mine': scheme=vernr89: error: model.scheme"),
        (("scheme=rk4", "depth=11"), StudyError, "variant 'mine': depth=11: error: .* 10 or 18"),
        (("scheme=rk4", "lrr=1"), StudyError, "variant 'mine': lrr=1: no such key; did you mean"),
    ],
)
def test_what_is_wrong_with_a_variant_names_it(
    request_: Request, settings: tuple[str, ...], error: type[Exception], message: str
) -> None:
    wrong = cell(Variant("mine", settings))
    with pytest.raises(error, match=message):
        checked(request_.planned([cell(EULER), wrong]))
    assert not request_.folder.exists()


def test_what_is_wrong_with_all_is_not_said_of_a_variant(request_: Request) -> None:
    wrong = Request(request_.recipe, (), (0,), request_.folder, ("epoch=1",))
    with pytest.raises(SettingError, match=r"^--set epoch=1: no such key"):
        wrong.planned(CELLS)
    Path("small.toml").write_text(RECIPE.replace("epochs", "epoch"))
    with pytest.raises(RecipeError, match=r"^small.toml:10: error"):
        request_.planned(CELLS)


def test_without_validation_images_there_is_no_study(request_: Request) -> None:
    blind = Request(request_.recipe, (), (0,), request_.folder, ("validation=0",))
    with pytest.raises(StudyError, match=r"data.validation = 0 leaves no images"):
        checked(blind.planned(CELLS))


def test_there_are_as_many_jobs_as_cores_for_their_threads(
    request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "usable_cores", lambda: 8)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    for threads, jobs in (("1", 8), ("3", 2), ("16", 1)):
        asked = Request(request_.recipe, (), (0,), request_.folder, (f"threads={threads}",))
        assert train.jobs_for(one.recipe for one in asked.planned(CELLS)) == jobs
    gpu = Request(request_.recipe, (), (0,), request_.folder, ("device=auto",))
    assert train.jobs_for(one.recipe for one in gpu.planned(CELLS)) == 1


# --------------------------------------------------------------------------- what is kept


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders of the runs that would be trained; each ends in failure."""
    found: list[str] = []

    def ended(tasks: list[Task], jobs: int) -> list[Ended]:
        found.extend(task.arguments[0].out.name for task in tasks)
        return [Ended(place, error="no", trace="Traceback") for place in range(len(tasks))]

    monkeypatch.setattr(train, "ended", ended)
    return found


def test_finished_runs_are_kept_and_others_are_trained(request_: Request, calls: list[str]) -> None:
    planned = request_.planned(CELLS)
    store(planned[0], done(CELLS[0], 0, [0.5, 0.75, 0.875], test=0.75))
    store(planned[1], diverged(CELLS[1], 0, [0.5]))
    store(planned[2], None)
    lines: list[str] = []
    results = trained(planned, jobs=1, say=lines.append)
    assert calls == ["euler-s1", "rk4-s1"]
    assert [r.outcome for r in results] == ["done", "diverged", "failed", "failed"]
    assert (results[0].accuracy, results[0].test_accuracy) == (0.875, 0.75)
    assert (results[1].accuracy, results[1].epochs[-1].validation_accuracy) == (None, 0.5)
    assert results[2].message == "no"
    assert Path("study/runs/euler-s1/failure.txt").read_text() == "Traceback"
    assert lines[0] == "2 of 4 runs are done already"
    assert lines[-1] == "[4/4] rk4, seed 1: no"


def test_a_run_of_another_recipe_is_never_replaced(request_: Request, calls: list[str]) -> None:
    (first, *_) = planned = request_.planned(CELLS)
    store(first, done(CELLS[0], 0, [0.5]))
    other = Request(request_.recipe, (), (0,), request_.folder, ("epochs=7",))
    message = "study/runs/euler-s0 holds a run of another recipe: train.epochs is 3 there and 7"
    with pytest.raises(StudyError, match=message):
        trained(other.planned(CELLS), jobs=1)
    assert calls == []
    shutil.rmtree(first.folder)
    trained(planned[:1], jobs=1, say=lambda line: None)
    assert calls == ["euler-s0"]


def test_where_and_how_it_is_computed_makes_no_other_recipe(
    request_: Request, calls: list[str]
) -> None:
    store(request_.planned(CELLS)[0], done(CELLS[0], 0, [0.5, 0.5, 0.5]))
    other = Request(request_.recipe, (), (0,), request_.folder, ("threads=2", "workers=1"))
    (result,) = trained(other.planned(CELLS)[:1], jobs=1)
    assert (result.outcome, calls) == ("done", [])


def test_a_finished_study_trains_nothing(request_: Request, calls: list[str]) -> None:
    planned = request_.planned(CELLS)
    for one in planned:
        store(one, done(one.cell, one.seed, [0.5, 0.5, 0.5]))
    lines: list[str] = []
    assert trained(planned, jobs=1, say=lines.append) == trained(planned, jobs=2)
    assert (calls, lines) == ([], [])
