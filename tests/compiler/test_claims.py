"""False claims name what they rest on: the order, the condition, the cell."""

from __future__ import annotations

import pytest

from butcher.compiler import Verdict, examine_bytes, shipped


def with_typo(name: str, old: str, new: str) -> Verdict:
    text = shipped()[name].read_text()
    assert text.count(old) >= 1
    return examine_bytes(text.replace(old, new, 1).encode(), f"{name}.tab")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("rk4", "1/3  1/6", "-1/3  1/6"),
        ("rk38", "1/8  3/8", "1/8  3/7"),
        ("dopri54", "125/192", "125/129"),
        ("verner89", "-201/280", "-201/281"),
        ("ab3", "23/12", "23/13"),
    ],
)
def test_a_wrong_digit_is_refused_and_the_cell_is_pointed_at(name: str, old: str, new: str) -> None:
    verdict = with_typo(name, old, new)
    false = [d for d in verdict.diagnostics if d.code in {"B401", "B402"}]
    assert false
    first = false[0].suspects[0]
    assert first.value in new
    assert first.repair in old
    line = verdict.source.line(first.span.line)
    assert line[first.span.column - 1 :].startswith(first.value)
    assert first.repair in str(false[0].hint)


def test_the_first_broken_condition_is_said_exactly() -> None:
    (finding,) = [
        d for d in with_typo("rk4", "1/3  1/6", "-1/3  1/6").diagnostics if d.code == "B401"
    ]
    assert finding.message == "order 4 is claimed; the order is 0"
    assert finding.hint is not None
    assert finding.hint.startswith("The tree [] of order 1 wants 1 and gets 1/3.")


def test_a_false_embedded_claim_is_told_apart() -> None:
    codes = [d.code for d in with_typo("bs32", "order 3(2)", "order 3(3)").diagnostics]
    assert codes == ["B402", "B306"]
