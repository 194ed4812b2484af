"""What a comparison says of results that are known."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fake_study import EULER, RECIPE, RK4, cell, diverged, done
from scipy.stats import t
from syrupy.assertion import SnapshotAssertion

from butcher.laboratory.compare.comparison import Comparison, Row
from butcher.laboratory.compare.tables import accuracies, conclusions, costs, findings, limits
from butcher.laboratory.findings import said, write
from butcher.laboratory.statistic import Estimate, geometric_mean_of, ratio_of
from butcher.laboratory.study import Built, Request, Result, StudyError, Variant
from butcher.laboratory.study.depths import Place, places

ASKED = {"recipe": "small"}


def row(variant: Variant, *results: Result, depth: int | None = 10, parameters: int = 1000) -> Row:
    place = Place(cell(variant), depth)
    return Row(place, Built(depth or 10, 4, 4, parameters, 10), results)


def of(rows: tuple[Row, ...], target: float) -> Comparison:
    return Comparison(rows, target, "euler")


def comparison() -> Comparison:
    """RK4 is better by 2, 3 and 4 points, and takes twice as long."""
    first, second = cell(EULER), cell(RK4)
    return of(
        (
            row(
                EULER,
                done(first, 0, [0.5, 0.8, 0.9], test=0.90, pace=1.0),
                done(first, 1, [0.5, 0.9, 0.9], test=0.91, pace=2.0),
                done(first, 2, [0.5, 0.6, 0.7], test=0.92, pace=4.0),
            ),
            row(
                RK4,
                done(second, 0, [0.5, 0.9, 0.9], test=0.92, pace=2.0),
                done(second, 1, [0.9, 0.9, 0.9], test=0.94, pace=4.0),
                done(second, 2, [0.5, 0.6, 0.9], test=0.96, pace=9.0),
            ),
        ),
        0.9,
    )


def test_differences_are_of_pairs() -> None:
    found = comparison()
    assert found.difference(found.rows[0]) is None
    difference = found.difference(found.rows[1])
    half = t.ppf(0.975, 2) * 0.01 / 3**0.5
    assert difference is not None
    assert (difference.mean, difference.low, difference.high) == pytest.approx(
        (0.03, 0.03 - half, 0.03 + half)
    )
    p = 2 * t.sf(0.03 / (0.01 / 3**0.5), 2)
    assert found.p_values() == [None, pytest.approx(p)]


def test_pairs_need_both_runs_of_a_seed() -> None:
    rows = comparison().rows
    short = of((rows[0], row(RK4, diverged(cell(RK4), 0), *rows[1].results[1:])), 0.9)
    assert short.scores(short.rows[1]) == ([0.94, 0.96], [0.91, 0.92])


def test_time_to_an_accuracy_is_of_the_runs_that_get_there() -> None:
    found = comparison()
    assert found.times(found.rows[0]) == [(3, 3.0), (2, 4.0)]
    assert found.times(found.rows[1]) == [(2, 4.0), (1, 4.0), (3, 27.0)]
    euler, rk4 = costs(found).rows
    assert (euler[6], euler[8], euler[9]) == (geometric_mean_of([3, 2]), None, "2 of 3")
    ratio = rk4[5]
    assert isinstance(ratio, Estimate)
    assert ratio.mean == pytest.approx((2 * 2 * 9 / 4) ** (1 / 3))
    assert rk4[8] == ratio_of([4, 4], [3, 4])  # of seed 2 euler is never there


def test_the_tables_of_known_results(snapshot: SnapshotAssertion) -> None:
    assert said(findings(comparison(), ASKED)) == snapshot


def test_every_call_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(replace(findings(comparison(), ASKED), figures=()), tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert {"compare.md", "compare.csv", "compare.tex", "compare.json"} <= {*names}
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_raw_numbers_are_all_of_them() -> None:
    raw = json.loads(json.dumps(findings(comparison(), ASKED).raw))
    run = raw["rows"][1]["runs"][2]
    assert (run["seed"], run["test_accuracy"], run["seconds"]) == (2, 0.96, [9.0, 18.0, 27.0])
    assert run["validation_accuracy"] == [0.5, 0.6, 0.9]


# --------------------------------------------------------------------------- sentences


def test_a_difference_beyond_chance_is_said_with_its_interval() -> None:
    (sentence,) = conclusions(comparison())
    assert sentence == "RK4, 10 layers, is better than euler, 10 layers: 3.0 [0.5, 5.5] points."


def test_none_found_is_not_said_to_be_none() -> None:
    rows = comparison().rows
    equal = of((rows[0], row(RK4, *rows[0].results[:2], done(cell(RK4), 2, [0.9], 0.93))), 0.9)
    (sentence,) = conclusions(equal)
    assert "beyond chance" in sentence
    assert "does not say that there is none" in sentence


def test_of_one_seed_nothing_is_claimed() -> None:
    rows = comparison().rows
    one = of((row(EULER, rows[0].results[0]), row(RK4, rows[1].results[0])), 0.9)
    assert list(conclusions(one)) == [
        "Of one run a variant there is no interval: nothing is said of which is better."
    ]
    assert accuracies(one).rows[1][-1] is None
    assert str(accuracies(one).rows[1][4]) == "92 (one run)"


def test_more_parameters_divergence_and_failure_are_said() -> None:
    failed = Result(cell(RK4), 1, "failed", message="its process was ended by SIGKILL")
    odd = of(
        (
            comparison().rows[0],
            row(
                RK4, diverged(cell(RK4), 0), failed, done(cell(RK4), 2, [0.5], 0.5), parameters=1200
            ),
        ),
        0.95,
    )
    found = list(limits(odd))
    assert found[:4] == [
        "RK4, 10 layers, has 1.2 times the parameters of euler, 10 layers.",
        "1 of 3 runs of RK4, 10 layers, diverged; means and differences are of the others.",
        "rk4, seed 1, failed: its process was ended by SIGKILL",
        "No run reached a validation accuracy of 0.95: give --accuracy a lower one.",
    ]
    assert accuracies(odd).rows[1][3] == "1 of 3"


def test_where_no_run_gets_to_the_end_cells_are_empty() -> None:
    none = of((row(EULER, diverged(cell(EULER), 0, [0.1])), row(RK4, diverged(cell(RK4), 0))), 0.9)
    found = findings(none, ASKED)
    assert "-" in said(found)
    assert found.figures[0].content(".png")


def test_without_test_images_differences_are_of_validation() -> None:
    blind = of((row(EULER, done(cell(EULER), 0, [0.5])), row(RK4, done(cell(RK4), 0, [0.75]))), 0.9)
    assert blind.scores(blind.rows[1]) == ([0.75], [0.5])
    assert "test, %" not in accuracies(blind).heads


def test_where_the_first_is_left_out_others_are_compared_to_none() -> None:
    two, ten = (row(RK4, done(cell(RK4), 0, [0.5], 0.5), depth=depth) for depth in (2, 10))
    found = of((two, row(EULER, done(cell(EULER), 0, [0.5], 0.25)), ten), 0.9)
    assert [found.difference(r) and r.place.depth for r in found.rows] == [None, None, 10]


# --------------------------------------------------------------------------- depths


@pytest.fixture
def request_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(RECIPE)
    verner = Variant("verner89", ("scheme=verner89",))
    return Request(Path("small.toml"), (EULER, RK4, verner), (0,), Path("study"))


def test_a_depth_of_no_whole_blocks_is_the_next_below_or_left_out(request_: Request) -> None:
    found, remarks = places(request_, [18, 30, 58])
    assert [(p.cell.name, p.depth) for p in found] == [
        ("euler-d18", 18),
        ("rk4-d18", 18),
        ("euler-d30", 30),
        ("rk4-d26", 30),
        ("verner89-d30", 30),
        ("euler-d58", 58),
        ("rk4-d58", 58),
        ("verner89-d58", 58),
    ]
    assert remarks == [
        "verner89 is left out at depth 18: the nearest it can have is 30, no equal of the others.",
        "RK4 has 26 layers where the others have 30: its blocks have 8.",
    ]
    assert found[3].cell.settings == ("scheme=rk4", "model.depth=26")


def test_without_depths_the_recipe_gives_one(request_: Request) -> None:
    deeper = Request(request_.recipe, request_.variants[:2], (0,), Path("study"), ("depth=30",))
    found, _ = places(deeper, [])
    assert [(p.cell.name, p.depth) for p in found] == [("euler", None), ("rk4", None)]
    assert found[1].cell.settings == ("scheme=rk4", "model.depth=26")


def test_blocks_are_taken_as_they_are(request_: Request) -> None:
    blocks = Request(request_.recipe, request_.variants, (0,), Path("study"), ("blocks=1",))
    found, remarks = places(blocks, [])
    assert ([p.cell.settings for p in found], remarks) == (
        [("scheme=euler",), ("scheme=rk4",), ("scheme=verner89",)],
        [],
    )


def test_what_cannot_be_compared_is_refused(request_: Request) -> None:
    own = Variant("own", ("scheme=rk4", "depth=18"))
    with pytest.raises(StudyError, match="variant 'own' says depth=18, and --depth is given, too"):
        places(Request(request_.recipe, (EULER, own), (0,), Path("study")), [10])
    wrong = Variant("wrong", ("scheme=rk5",))
    with pytest.raises(StudyError, match="variant 'wrong': scheme=rk5: error"):
        places(Request(request_.recipe, (EULER, wrong), (0,), Path("study")), [10])
