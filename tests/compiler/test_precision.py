"""B411: which methods are warned about in half precision, and what the warning names."""

import pytest

from butcher.compiler import catalogue, load, parse
from butcher.compiler.verdict import examine
from butcher.errors import Diagnostic
from butcher.spec import Scheme


def warned(scheme: Scheme) -> list[Diagnostic]:
    return [d for d in examine(scheme, verify=False).diagnostics if d.code == "B411"]


@pytest.mark.parametrize("name", [one["name"] for one in catalogue() if one["stages"] <= 4])
def test_methods_of_few_stages_are_not_warned_about(name: str) -> None:
    assert not warned(load(name))


def test_the_worst_argument_and_both_dtypes_are_named() -> None:
    (found,) = warned(load("verner89"))
    assert "the argument of k12" in found.message
    assert "add up to 2,307: unsafe in bfloat16 and float16" in found.message
    assert "63 times the state in bfloat16, 7.8 times the state in float16" in found.hint
    assert "in float32" in found.hint


def test_a_method_may_be_safe_in_one_half_precision_alone() -> None:
    (found,) = warned(load("tsit5"))
    assert found.message.endswith("unsafe in bfloat16")
    assert "in float16" in found.hint


def steep(clause: str = "") -> Scheme:
    """Implicit, with a second stage of large factors."""
    table = "  | 1/2\n  | 3000  1/2-3000\n  ---\n  | 1/2  1/2\n"
    return parse(f"method steep\n{clause}tableau\n{table}")


def test_a_method_may_be_safe_in_no_dtype() -> None:
    (found,) = warned(parse("method steep\ntableau\n  | .\n  | 10^20\n  ---\n  | 1/2 1/2\n"))
    assert "No dtype holds such a block" in found.hint


def test_a_stage_that_only_the_estimate_reads_is_not_in_the_block() -> None:
    rows = "  | .\n  | 1/2\n  | 3001 -3000\n  ---\n  | . 1 .\n  | . . 1\n"
    assert not warned(parse(f"method pair\ntableau\n{rows}"))


def test_sweeps_are_looked_at_written_out() -> None:
    (found,) = warned(steep("  solve picard 2\n"))
    assert "the argument of k2.2" in found.message


def test_without_sweeps_there_is_no_block_to_warn_about() -> None:
    assert not warned(steep())


def test_a_number_that_no_block_can_hold_is_another_error() -> None:
    assert not warned(parse("method huge\nstep\n  u[n+1] = u[n] + 10^400*h*f(u[n])\n"))


def test_a_pole_at_a_step_of_one_is_no_crash() -> None:
    text = "method m\n  param h = 1/2\nstep\n  u[n+1] = u[n] + 1/(h-1)*f(u[n])\n"
    assert not warned(parse(text))
