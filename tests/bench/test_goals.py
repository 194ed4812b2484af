"""A record's goals, tables and place on the first page."""

from pathlib import Path

import pytest

from butcher.bench.clock import Times
from butcher.bench.goals import Finding, findings
from butcher.bench.machine import Machine, machine
from butcher.bench.readme import BEGIN, END, performance, rewritten
from butcher.bench.record import Record, Result
from butcher.bench.settings import Settings
from butcher.bench.table import markdown, page
from butcher.bench.tally import Elementwise, Tally

REPOSITORY = Path(__file__).parent.parent.parent
NAMES = {"14 F": ("alone", 1.0), "14 Euler": ("euler", 1.01), "verner89": ("block", 1.02)}


def result(name: str, *, seconds: float, peak: int, noise: float = 0.0) -> Result:
    times = tuple(seconds * (1 + noise * (-1) ** i) for i in range(8))
    passes = Elementwise(passes=5, kernels=2, dispatched=3)
    return Result(
        name=name,
        kind=NAMES[name][0],  # type: ignore[arg-type]
        method=None,
        held=None,
        evaluations=14,
        shared=False,
        compiled=False,
        times=Times(inference=times, forward=times, training=times),
        tally=Tally(
            peak_inference=peak,
            peak_training=peak,
            saved_maps=peak,
            saved_inputs=0,
            saved_parameters=0,
            forward=passes,
            backward=passes,
            gpu_kernels=None,
        ),
    )


def record(seconds: float = 1.02, peak: int = 1000, noise: float = 0.0) -> Record:
    found = [result(n, seconds=s, peak=1000) for n, (_, s) in NAMES.items()]
    found[-1] = result("verner89", seconds=seconds, peak=peak, noise=noise)
    return Record(machine=machine("cpu"), settings=Settings(), results=tuple(found))


def goal(record: Record, what: str) -> Finding:
    (found,) = (f for f in findings(record) if what in f.what)
    return found


def test_a_count_is_reached_or_missed() -> None:
    peak = "training peak, fixed h"
    assert goal(record(peak=1005), peak).verdict == "reached"
    assert goal(record(peak=1006), peak).verdict == "missed"


def test_a_time_is_open_where_its_interval_holds_the_limit() -> None:
    what = "verner89, training time against"
    assert goal(record(1.02), what).verdict == "reached"
    assert goal(record(1.20), what).verdict == "missed"
    assert goal(record(1.04, noise=0.1), what).verdict == "open"


def test_what_was_not_measured_is_said_so() -> None:
    assert goal(record(), "per-stage").verdict == "not measured"
    assert goal(record(), "on a GPU, each way").verdict == "not measured"


def test_goals_are_all_but_none_left_out() -> None:
    assert sorted({f.goal for f in findings(record())}) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_record_comes_back_from_its_text() -> None:
    made = record()
    assert Record.read(made.text) == made
    assert page(Record.read(made.text)) == page(made)


def test_the_page_names_what_is_not_installed_and_what_malloc_was_told() -> None:
    made = record()
    here = made.machine.model_copy(update={"peers": {"torchode": None}, "malloc": {"A": "1"}})
    text = page(made.model_copy(update={"machine": Machine.model_validate(here)}))
    assert "Not measured, since not installed: torchode." in text
    assert "malloc: A=1." in text


def test_columns_stand_one_below_the_other() -> None:
    lines = markdown(("", "a"), [("long name", "1"), ("b", "2.25")]).splitlines()
    assert len({len(line) for line in lines}) == 1


def test_the_first_page_is_rewritten_between_its_marks_alone() -> None:
    made = record()
    text = rewritten(f"before\n{BEGIN}old\n{END}after\n", made)
    assert text == f"before\n{BEGIN}\n{performance(made)}\n{END}after\n"
    assert rewritten(text, made) == text
    with pytest.raises(ValueError, match="no place for the table"):
        rewritten("nothing", made)


def test_the_page_of_the_record_is_what_the_record_gives() -> None:
    kept = REPOSITORY / "docs" / "benchmarks" / "blocks.json"
    record = Record.read(kept.read_text(encoding="utf-8"))
    assert page(record) == kept.with_suffix(".md").read_text(encoding="utf-8")


def test_the_table_of_the_first_page_is_what_the_record_gives() -> None:
    kept = REPOSITORY / "docs" / "benchmarks" / "blocks.json"
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert rewritten(text, Record.read(kept.read_text(encoding="utf-8"))) == text


def test_tiles_are_read_from_their_own_record() -> None:
    def tiled(seconds: float) -> Record:
        one = result("verner89", seconds=seconds, peak=900)
        one = one.model_copy(update={"kind": "tiled", "method": "verner89", "name": "tiled"})
        found = record()
        return found.model_copy(
            update={"tiles": found.model_copy(update={"results": (*found.results[:2], one)})}
        )

    assert goal(record(), "peak in tiles").verdict == "not measured"
    assert goal(tiled(1.02), "peak in tiles").verdict == "reached"
    assert goal(tiled(1.02), "time in tiles").verdict == "reached"
    assert goal(tiled(1.20), "time in tiles").verdict == "missed"
    again = Record.read(tiled(1.02).text)
    assert "| tiled " in page(again)
    assert again == tiled(1.02)
