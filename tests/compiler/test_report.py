"""A report says everything of every method, as data and as a table."""

import json
from pathlib import Path
from typing import Any

import pytest

import butcher
from butcher.compiler import examine, examine_bytes, load, shipped
from butcher.compiler.report import Report, report
from butcher.compiler.report.gather import PARTS
from butcher.compiler.report.plain import plain
from butcher.compiler.report.table import WIDTH

REPOSITORY = Path(__file__).parents[2]
IMPLICIT = "method m\ntableau\n 1/2 | 1/2\n ---+---\n | 1\n"


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    return {name: report(examine(load(name))) for name in shipped()}


def test_every_part_is_there_or_says_why_not(reports: dict[str, Report]) -> None:
    for found in reports.values():
        assert {*found.parts, *found.undefined} == set(PARTS)
        assert not set(found.parts) & set(found.undefined)
        assert all(found.undefined.values())


def test_a_report_is_json_that_begins_with_what_check_says(reports: dict[str, Report]) -> None:
    for found in reports.values():
        data = found.as_json()
        assert json.loads(json.dumps(data, allow_nan=False)) == data
        checked = found.verdict.as_json()
        assert {key: data[key] for key in checked} == checked
        for part in PARTS:
            assert (data[part] is None) == (part in data["undefined"])


def test_a_table_fits_a_terminal_and_names_every_part(reports: dict[str, Report]) -> None:
    for name, found in reports.items():
        lines = str(found).splitlines()
        assert lines[0].startswith(f"{name}: ")
        assert max(map(len, lines)) <= WIDTH
        assert not any(line != line.rstrip() for line in lines)
        assert len(found.undefined) == 0 or "Not there" in lines


def test_the_page_says_what_every_key_is(reports: dict[str, Report]) -> None:
    page = (REPOSITORY / "docs" / "analysis.md").read_text("utf-8")
    for found in reports.values():
        for name, part in found.parts.items():
            assert f"`{name}`" in page
            missing = [key for key in plain(part) if f"`{key}`" not in page]
            assert not missing, f"{name}: {missing}"


def numbers(value: object) -> list[str]:
    """The texts of exact numbers: what a list holds under a key that is one of polynomials."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in numbers(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in numbers(inner)]
    return [value] if isinstance(value, str) else []


def test_exact_values_are_written_as_the_language_reads_them(reports: dict[str, Report]) -> None:
    for found in reports.values():
        data = found.as_json()
        stability: dict[str, Any] = data["stability"] or {}
        theory: dict[str, Any] = data["multistep"] or {}
        exact = [
            *numbers(stability.get("numerator")),
            *numbers(stability.get("denominator")),
            *numbers(theory.get("rho")),
            *numbers(theory.get("sigma")),
        ]
        text = "\n".join(f"  let a{i} = {value}" for i, value in enumerate(exact))
        butcher.parse(f"method m\n{text}\nstep\n  u[n+1] = u[n] + h*f(u[n])\n")


def test_what_is_infinite_is_a_word() -> None:
    assert plain((float("inf"), -float("inf"))) == ["infinity", "-infinity"]


def test_an_implicit_method_without_sweeps_has_theory_and_no_cost() -> None:
    found = butcher.analyze(IMPLICIT)
    assert found.parts["runge_kutta"].symplectic  # type: ignore[attr-defined]
    assert "solve picard" in found.undefined["cost"]


def test_a_false_claim_is_reported_with_everything_else() -> None:
    found = butcher.analyze(IMPLICIT.replace("m\n", "m\n  order 3\n", 1))
    assert [d.code for d in found.verdict.diagnostics if d.severity == "error"] == ["B401"]
    assert found.verdict.order == 2
    assert "claimed  " in str(found)


def test_what_cannot_be_read_has_an_empty_report_and_raises_in_python() -> None:
    text = "method m\ntableau\n 1/2 | oops\n"
    found = report(examine_bytes(text.encode(), "m.tab"))
    assert str(found) == ""
    assert {found.as_json()[part] for part in PARTS} == {None}
    with pytest.raises(butcher.SpecError):
        butcher.analyze(text)


def test_the_modified_equation_goes_as_far_as_it_is_asked_to() -> None:
    short, long = (str(butcher.analyze("euler", order=n)) for n in (2, 4))
    assert "u' = f - h/2 f'(f) + O(h^2)" in short
    assert "O(h^4)" in long
