"""What a sweep says of results that are known."""

import math
from pathlib import Path

import pytest
from fake_study import EULER, RECIPE, RK4, cell, diverged, done
from syrupy.assertion import SnapshotAssertion

from butcher.laboratory.findings import said
from butcher.laboratory.study import Request, Result, StudyError, Variant
from butcher.laboratory.sweep.rates import cells, rates_of
from butcher.laboratory.sweep.reach import Reach, Sweep, Trials, larger, largest
from butcher.laboratory.sweep.tables import bounded, ends, findings, remarks

RATES = (0.1, 0.2, 0.4)
BAD, GOOD = 0.1, 0.9


def trials(variant: Variant, *seeds: tuple[float | None, ...]) -> Trials:
    """Of each seed the last accuracy at each rate; None diverged."""
    of = cell(variant)
    results = [
        tuple(
            diverged(of, seed) if (a := accuracies[i]) is None else done(of, seed, [a])
            for seed, accuracies in enumerate(seeds)
        )
        for i in range(len(RATES))
    ]
    return Trials(variant, RATES, tuple(results))


def sweep() -> Sweep:
    return Sweep(
        (
            trials(EULER, (GOOD, BAD, None), (GOOD, GOOD, None), (GOOD, BAD, GOOD)),
            trials(RK4, (GOOD, GOOD, BAD), (GOOD, GOOD, BAD), (GOOD, GOOD, BAD)),
        ),
        chance=0.1,
    )


def test_the_bar_is_half_of_the_way_from_chance_to_the_best() -> None:
    found = sweep()
    assert found.bar == pytest.approx((0.1 + 0.9) / 2)
    assert Sweep(found.trials, 0.1, 0.95).bar == 0.95
    assert not Sweep(found.trials, 0.1, 0.95).trains(found.trials[0].results[0][0])


def test_a_run_that_diverged_counts_as_chance() -> None:
    found = sweep()
    assert found.mean(found.trials[0].results[2]).mean == pytest.approx((0.1 + 0.1 + 0.9) / 3)
    assert found.share(found.trials[0].results[2]).mean == pytest.approx(1 / 3)


def test_the_largest_rate_has_none_below_it_that_fails() -> None:
    """Seed 2 of Euler trains at 0.4 again, which does not count."""
    found = sweep()
    assert found.reaches(found.trials[0]) == {
        0: Reach(0.1, 0.2),
        1: Reach(0.2, 0.4),
        2: Reach(0.1, 0.2),
    }
    assert set(found.reaches(found.trials[1]).values()) == {Reach(0.2, 0.4)}


def test_a_grid_may_end_too_soon() -> None:
    found = Sweep((trials(EULER, (GOOD, GOOD, GOOD), (BAD, GOOD, BAD)),), 0.1, 0.5)
    assert found.reaches(found.trials[0]) == {0: Reach(0.4, math.inf), 1: Reach(0.2, 0.4)}
    assert found.reach(trials(EULER, (BAD, None, BAD)), 0) is None


def test_rates_that_are_too_low_for_so_few_epochs_count_for_nothing() -> None:
    found = Sweep((trials(EULER, (BAD, GOOD, BAD), (GOOD, BAD, GOOD)),), 0.1, 0.5)
    assert found.reaches(found.trials[0]) == {0: Reach(0.2, 0.4), 1: Reach(0.1, 0.2)}


def test_the_interval_holds_the_step_of_the_grid() -> None:
    """Of equal seeds only the step is left: the end lies between 0.2 and 0.4."""
    found = largest([Reach(0.2, 0.4)] * 3)
    assert (found.mean, found.low, found.high) == pytest.approx((0.2, 0.2, 0.4))
    assert str(largest([Reach(0.02, 0.05), Reach(0.05, 0.1)])) == "0.0316 [9.37e-05, 5.78]"
    ratio = larger(
        {0: Reach(0.4, 0.8), 1: Reach(0.4, 0.8)}, {0: Reach(0.1, 0.2), 1: Reach(0.1, 0.2)}
    )
    assert (ratio.mean, ratio.low, ratio.high) == pytest.approx((4, 2, 8))


@pytest.mark.parametrize(
    ("reaches", "cell"),
    [
        ([Reach(0.4, math.inf)] * 2, "at least 0.4"),
        ([Reach(0.4, math.inf)], "at least 0.4 (one run)"),
        ([Reach(0.4, math.inf), Reach(0.2, 0.4)], "at least 0.00346"),
    ],
)
def test_what_is_known_of_one_end_only_is_said_so(reaches: list[Reach], cell: str | None) -> None:
    assert bounded(largest(reaches)) == cell


def test_a_ratio_is_known_as_far_as_both_grids_go() -> None:
    top, inside = {0: Reach(0.4, math.inf)}, {0: Reach(0.1, 0.2)}
    assert bounded(larger(top, inside)) == "at least 4 (one run)"
    assert bounded(larger(inside, top)) == "at most 0.25 (one run)"
    assert bounded(larger(top, top)) is None
    assert larger(top, {1: Reach(0.1, 0.2)}).number == 0


def test_of_one_seed_there_is_no_interval() -> None:
    found = largest([Reach(0.2, 0.4)])
    assert (found.mean, found.number, found.is_interval) == (pytest.approx(0.2), 1, False)
    one = Sweep((trials(EULER, (GOOD, BAD, BAD)), trials(RK4, (GOOD, GOOD, BAD))), 0.1)
    assert "Of one seed there is no interval: nothing is said of which trains further." in list(
        remarks(one)
    )


def test_a_larger_rate_is_claimed_where_the_interval_says_so() -> None:
    far = trials(RK4, *[(GOOD, GOOD, GOOD)] * 3)
    near = trials(EULER, *[(GOOD, BAD, BAD)] * 3)
    first = next(iter(remarks(Sweep((near, far), 0.1))))
    assert first == "RK4 trains up to larger rates than euler: at least 2 times."
    assert "no difference that is beyond chance" in next(iter(remarks(sweep())))


def test_runs_that_failed_are_left_out_and_said() -> None:
    whole = trials(EULER, (GOOD, GOOD, BAD), (GOOD, BAD, BAD))
    short = Trials(EULER, RATES, (whole.results[0][:1], *whole.results[1:]))
    failure = Result(cell(EULER), 1, "failed", message="no")
    found = Sweep((short,), 0.1, failed=(failure,))
    assert list(found.reaches(short)) == [0]
    assert "euler, seed 1, failed: no" in list(remarks(found))


def test_the_tables_of_known_results(snapshot: SnapshotAssertion) -> None:
    assert said(findings(sweep(), {"recipe": "small"})) == snapshot


def test_a_variant_that_never_trains_has_its_row_and_its_figure() -> None:
    none = Sweep((trials(EULER, (BAD, None, None)), trials(RK4, (GOOD, BAD, None))), 0.1)
    never, once = ends(none).rows
    assert (str(never[1]), never[-1]) == ("-", "0 of 1")
    assert (str(once[1]), once[-1]) == ("0.1 (one run)", "1 of 1")
    assert findings(none, {"recipe": "small"}).figures[0].content(".png")


def test_names_of_levels_stand_on_two_sides() -> None:
    """Of a bar just above chance, too; the figure is drawn, and its texts are looked at."""
    matplotlib = pytest.importorskip("matplotlib.figure")
    drawing = findings(Sweep(sweep().trials, 0.1, 0.11), {"recipe": "small"}).figures[0]
    page = matplotlib.Figure(figsize=(drawing.width, drawing.height), layout="constrained")
    drawing.draw(page)
    page.draw_without_rendering()
    bar, chance = (text.get_window_extent() for text in page.axes[0].texts)
    assert not bar.overlaps(chance)


# --------------------------------------------------------------------------- the grid


def test_a_grid_is_given_or_geometric() -> None:
    assert rates_of([0.2, 0.1, 0.2], 1, 2, 3) == (0.1, 0.2)
    assert rates_of([], 0.01, 1, 3) == (0.01, 0.1, 1)
    assert rates_of([], 0.01, 2, 8) == (0.01, 0.0213, 0.0454, 0.0969, 0.206, 0.44, 0.938, 2)


@pytest.mark.parametrize(
    ("given", "low", "high", "points"),
    [
        ([0.1], 1, 2, 3),
        ([0.0, 1.0], 1, 2, 3),
        ([1, math.inf], 1, 2, 3),
        ([], 2, 1, 3),
        ([], 0, 1, 3),
    ],
)
def test_what_is_no_grid_is_refused(
    given: list[float], low: float, high: float, points: int
) -> None:
    with pytest.raises(StudyError, match="rate"):
        rates_of(given, low, high, points)


def test_a_sweep_sets_the_rate_and_leaves_the_test_part_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(RECIPE)
    request = Request(Path("small.toml"), (EULER, RK4), (0,), Path("study"))
    planned = request.planned([c for row in cells((cell(EULER), cell(RK4)), RATES) for c in row])
    assert [one.folder.name for one in planned][2:4] == ["euler-lr0.4-s0", "rk4-lr0.1-s0"]
    assert [one.recipe.train.lr for one in planned] == [*RATES, *RATES]
    assert not any(one.recipe.train.test for one in planned)
    with pytest.raises(StudyError, match="variant 'own' says lr=3, which a sweep sets"):
        cells([cell(Variant("own", ("scheme=rk4", "lr=3")))], RATES)
