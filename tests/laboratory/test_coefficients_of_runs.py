"""Trained numbers over the epochs: read, judged against the band, told, drawn."""

from dataclasses import replace
from pathlib import Path

import pytest

from butcher.compiler import load
from butcher.laboratory.coefficients.band import bands, ends
from butcher.laboratory.coefficients.figure import base
from butcher.laboratory.coefficients.history import History, of_file
from butcher.laboratory.coefficients.tell import findings, of_lu
from butcher.laboratory.findings import said, write
from butcher.laboratory.finished import AskError

LM = bands(load("lm_resnet"))


def history(*runs: list[float], start: float = -0.05, scheme: str = "lm_resnet") -> History:
    """Blocks 2, 3, ... of each run with this k at the end of two epochs."""
    blocks = range(2, 2 + len(runs[0]))
    values = {
        (block, "k"): tuple((start, start / 2, run[block - 2]) for run in runs) for block in blocks
    }
    return History(scheme, scheme, tuple(range(len(runs))), values)


# --------------------------------------------------------------------------- the band


def test_the_band_of_lm_is_proved_not_written_down() -> None:
    band = LM["k"]
    assert band.text == "-1 < k <= 1"
    assert [band.holds(value) for value in (-1.0, -0.999, 0, 1.0, 1.001)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert list(ends(band, -3.0, 0.5)) == [(-1.0, 0.5)]


def test_a_scheme_written_otherwise_has_the_band_of_its_own_number() -> None:
    band = bands(load("stochastic_lm"))["g"]  # k = -(1 + g)
    assert [band.holds(value) for value in (-2.0, -1.0, -0.001, 0.0)] == [True, True, True, False]


@pytest.mark.parametrize("scheme", ["rk4", "verner89_learned", "heun_family", "rezero"])
def test_one_step_schemes_have_no_band(scheme: str) -> None:
    assert bands(load(scheme)) == {}


# --------------------------------------------------------------------------- the file


def written(folder: Path, lines: list[str]) -> Path:
    path = folder / "coefficients.csv"
    path.write_text("\n".join(["epoch,block,name,value", *lines]) + "\n", encoding="utf-8")
    return path


def test_a_file_is_read_by_block_and_name(tmp_path: Path) -> None:
    path = written(tmp_path, ["0,2,k,-0.5", "0,2,h[0],1.0", "1,2,k,0.25", "1,2,h[0],0.5"])
    assert of_file(path, 1) == {(2, "k"): (-0.5, 0.25), (2, "h[0]"): (1.0, 0.5)}


@pytest.mark.parametrize(
    ("lines", "epochs", "says"),
    [
        (["0,2,k,-0.5", "1,2,k,0.5"], 2, "does not have the start and each of 2 epochs"),
        ([], 2, "does not have the start"),
        (["0,2,k,much"], 0, "is not as it was written"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(
    tmp_path: Path, lines: list[str], epochs: int, says: str
) -> None:
    with pytest.raises(AskError, match=says):
        of_file(written(tmp_path, lines), epochs)


def test_a_run_without_trained_numbers_says_what_to_train(tmp_path: Path) -> None:
    with pytest.raises(AskError, match=r"no trained numbers.*--set step=learned"):
        of_file(tmp_path / "coefficients.csv", 2)


# --------------------------------------------------------------------------- what is said


def test_the_table_has_start_end_change_and_the_share_outside() -> None:
    (table,) = findings([history([-0.5, -1.5], [-0.3, 0.2])], [LM]).tables
    second, third = table.rows
    assert second[:2] == (2, "k")
    assert [cell.mean for cell in second[2:5]] == pytest.approx([-0.05, -0.4, -0.35])  # type: ignore[union-attr]
    assert [second[5], third[5]] == ["0 of 2", "1 of 2"]


def test_blocks_outside_the_band_are_named() -> None:
    words = said(findings([history([-0.5, -1.5], [-0.3, -1.25])], [LM]))
    assert "With all blocks in the band -1 < k <= 1 end 0 of 2 (0 % to 66 %, Wilson)" in words
    assert "Block 3 is outside the band in 2 of 2 seeds: k = -1.4" in words
    assert "Block 2 is outside" not in words


@pytest.mark.parametrize(
    ("last", "answers"),
    [
        ([-0.9, -0.92, -0.88, -0.95, -0.9], ["holds", "holds"]),
        ([-0.1, -0.12, -0.08, -0.05, -0.1], ["holds", "does not hold"]),
        ([-0.9, -0.1, -0.2, -0.8, -0.5], ["holds", "is not decided"]),
    ],
)
def test_the_claims_of_lu_are_answered_with_confidence(
    last: list[float], answers: list[str]
) -> None:
    runs = [[-0.1, -0.2, value] for value in last]
    mostly, near, difference = of_lu(history(*runs), LM["k"])
    assert mostly.endswith(f"that {answers[0]} here.")
    assert near.endswith(f"that {answers[1]} here.")
    assert "block 4" in near
    assert difference.startswith("It differs from the mean of the other blocks by ")


def test_most_blocks_outside_is_no_mostly_inside() -> None:
    mostly, *_ = of_lu(history(*[[-1.1, -1.2, -0.3]] * 5), LM["k"])
    assert "0 of 5" in mostly
    assert mostly.endswith("that does not hold here.")


def test_of_one_run_nothing_is_concluded() -> None:
    words = said(findings([history([-0.5, -0.9])], [LM]))
    assert "of one run nothing follows" in words
    assert "Of one run there is no interval" in words
    assert "1 of 1 (21 % to 100 %, Wilson) of the networks: that is not decided here" in words


def test_several_recipes_are_told_apart_and_a_scheme_without_band_says_so() -> None:
    steps = replace(
        history([0.9, 1.1], [0.8, 1.2], start=1.0, scheme="rk4"),
        label="rk4, step learned",
        values={
            (1, "h"): ((1.0, 1.1), (1.0, 0.9)),
            (1, "a mean"): ((0.1, 0.2), (0.1, 0.3)),
        },
    )
    found = findings([history([-0.5], [-0.3]), steps], [LM, {}])
    assert [table.title for table in found.tables] == ["lm_resnet", "rk4, step learned"]
    assert "rk4, step learned: no band" in said(found)
    assert [figure.name for figure in found.figures] == [
        f"{symbol}-{over}" for symbol in ("k", "h", "a") for over in ("epochs", "blocks")
    ]
    for figure in found.figures[2:4]:  # of h, with no band and without k
        assert b"<svg" in figure.content(".svg")


def test_the_figures_of_a_band_are_written(tmp_path: Path) -> None:
    names = {path.name for path in write(findings([history([-0.5], [-0.3])], [LM]), tmp_path)}
    assert {"coefficients.csv", "coefficients-k-epochs.pdf", "coefficients-k-blocks.png"} <= names


def test_numbers_of_stages_and_channels_share_the_axes_of_their_symbol() -> None:
    assert [base(name) for name in ("k", "h[3]", "a mean", "a max")] == ["k", "h", "a", "a"]
