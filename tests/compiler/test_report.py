"""A report says everything of every method, as data and as a table."""

import json
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import butcher
from butcher.analysis.linear.stability import Stability
from butcher.analysis.multistep.theory import MultistepTheory
from butcher.analysis.runge_kutta.theory import RungeKuttaTheory
from butcher.analysis.stochastic.view import NOTHING_DRAWN
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
        assert not any(
            word in ("None", "nan", "inf") for line in lines for word in re.findall(r"\w+", line)
        )
        told = {name for name, why in found.undefined.items() if why != NOTHING_DRAWN}
        assert not told or {"Not applicable", "Not computed"} & set(lines)


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


def row(text: str, label: str) -> str:
    """What the table says beside `label`, its lines joined."""
    lines = str(butcher.analyze(text)).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"  {label}  "))
    more = (line for line in lines[start + 1 :] if not line.startswith("    "))
    end = lines.index(next(more), start + 1)
    return " ".join(line.strip() for line in lines[start:end]).removeprefix(label).strip()


def test_an_order_that_was_not_followed_to_its_end_is_a_least_one() -> None:
    """All conditions up to order 12 hold of a formula with sixteen exact moments."""
    text = f"method m\nmultistep\n alpha | {' . ' * 15} -1 1\n beta | {adams(16)}\n"
    assert row(text, "order").startswith("at least 12, proved exactly")
    assert row("euler", "order").startswith("1, proved exactly")


def adams(steps: int) -> str:
    """The weights of Adams-Bashforth: int_0^1 of the Lagrange polynomials at 0, -1, -2, ..."""
    weights = []
    for j in range(steps):
        factors = [Fraction(1)]
        for other in set(range(steps)) - {j}:
            shifted = [Fraction(0), *factors]
            for power, factor in enumerate(factors):
                shifted[power] += factor * other
            factors = [f / (other - j) for f in shifted]
        weights.append(sum(f / (power + 1) for power, f in enumerate(factors)))
    return " ".join(map(str, reversed(weights)))


def test_a_formula_that_hides_a_shorter_one_is_called_reducible() -> None:
    """(w - 1)(w - 1/2) and w - 1/2: Euler's method."""
    text = "method m\nmultistep\n alpha | 1/2 -3/2 1\n beta | -1/2 1\n"
    assert row(text, "reducible") == "rho and sigma have a common root"
    assert "reducible" not in str(butcher.analyze("ab2"))


def test_a_formula_without_f_is_consistent_with_no_equation() -> None:
    assert row("method m\nmultistep\n alpha | 1 -2 1\n beta | 0 0 0\n", "consistent") == (
        "with no equation"
    )


def test_rounded_decimals_are_consistent_with_what_they_say_they_are() -> None:
    text = "method m\nmultistep\n alpha | 0 -1 1\n beta | -0.5000000000000000 1.500000000000000\n"
    assert row(text, "consistent") == "with the file's equation"
    assert row(text.replace("0.5", "0.7"), "consistent") == "not known with which equation"


def test_an_equation_that_was_not_computed_is_not_denied() -> None:
    found = butcher.analyze("lm_resnet")
    theory = found.parts["multistep"]
    assert isinstance(theory, MultistepTheory)
    theory = replace(theory, steps_equation=None, unknown={"steps_equation": "long"})
    text = str(replace(found, parts={**found.parts, "multistep": theory}))
    assert "not known with which equation" in text
    assert "with no equation" not in text


def test_a_symbol_that_makes_a_method_consistent_needs_no_weight() -> None:
    """1 is a root of rho for no other value: no weight of f mends that."""
    text = "method m\n  learn a = 1/2\nstep\n  u[n+1] = (1-a)*u[n] + h*f(u[n])\n"
    assert row(text, "higher order") == "1 at a = 0"


def test_what_linear_stability_leaves_open_is_named() -> None:
    theta = "method m\ntableau\n | 0.2928932188134525\n --+--\n | 1\n"  # 1 - sqrt(2)/2
    blocks = str(butcher.analyze(theta)).split("\n\n")
    (found,) = (block for block in blocks if block.startswith("Linear stability"))
    for name in ("real interval", "imaginary interval", "A-stab"):
        assert found.count(name) == 1
    assert "not known" in found
    assert "not known" not in str(butcher.analyze("revnet")).split("Linear stability")[1][:400]


def test_numbers_past_the_range_of_doubles_are_powers_of_ten() -> None:
    text = "method m\ntableau\n |\n | 1e300\n | 0 1e300\n --+--\n | 1 1e300 -1e300\n"
    assert row(text, "R(z)") == "1 + z - 10^900 z^3"


def test_bounds_are_as_long_as_they_are_worth() -> None:
    text = "method m\ntableau\n |\n | 1e300\n --+--\n | 1 -1e-300\n"
    assert row(text, "rounding error") == "at most 2e+300 units of roundoff, Y2"
    assert row("verner89", "at risk in") == "bfloat16, float16"
    assert row("verner89", "of the state").startswith("63 in bfloat16, 7.8 in float16")
    for finding in examine_bytes(text.encode(), "m.tab").diagnostics:
        assert len(finding.message) < 200


def test_one_question_that_takes_too_long_leaves_the_others() -> None:
    """First-order Chebyshev methods are stable on (-2 s^2, 0): T_s(1 + z/s^2)."""
    found = butcher.analyze(chebyshev(20))
    theory, linear = found.parts["runge_kutta"], found.parts["stability"]
    assert isinstance(theory, RungeKuttaTheory)
    assert isinstance(linear, Stability)
    assert (theory.b_p, theory.stage_order) == (1, 1)
    assert [reason.split(":")[0] for reason in theory.unknown] == ["ssp_coefficient"]
    assert linear.real_interval == 800


def chebyshev(stages: int) -> str:
    """Y_j = 2 Y_(j-1) - Y_(j-2) + 2/s^2 k_j, from T_j = 2 x T_(j-1) - T_(j-2)."""
    step = Fraction(1, stages**2)
    before, row = [Fraction(0)] * stages, [step, *[Fraction(0)] * (stages - 1)]
    lines = ["|"]
    for j in range(1, stages):
        lines.append("| " + " ".join(map(str, row[:j])))
        before, row = row, [2 * a - b for a, b in zip(row, before, strict=True)]
        row[j] += 2 * step
    return "\n".join(["method m", "tableau", *lines, "--", "| " + " ".join(map(str, row)), ""])


def test_a_table_says_what_is_carried_and_whether_less_would_do(reports: dict[str, Report]) -> None:
    classical, ketcheson = str(reports["rk4"]).splitlines(), str(reports["ssprk104"]).splitlines()
    assert "  k3    2: keeps u[n]; sums u[n+1]" in classical
    assert "  rank  the same everywhere: no schedule carries fewer" in classical
    assert "  k6    5: sums Y7, Y8, Y9, Y10, u[n+1]; rank 2" in ketcheson
    assert "  rank  2 at most: the scheme factors, and could carry fewer" in ketcheson


def test_many_sweeps_do_not_make_a_long_table() -> None:
    text = "method m\ntableau\n 1/2 | 1/2\n ---+---\n | 1\nsolve picard 60\n"
    found = report(examine_bytes(text.encode(), "m.tab"))
    assert "  and so on  20 more evaluations; --json has all" in str(found).splitlines()
    assert len(found.as_json()["cost"]["cuts"]) == 60
