"""Errors of order and of nodes stand at the cell that mends them, and say what to write."""

from __future__ import annotations

import json
import time

import pytest
from command import Command
from mistyped import RK4, checked, errors, of_spec, suspects

from butcher.compiler import examine_bytes
from butcher.errors import render

# ---------------------------------------------------------------------- one cell


def test_one_wrong_cell_is_one_mistake_at_one_place() -> None:
    node, order = errors(checked(RK4, ("1/2 |  .   1/2", "1/2 |  .   1/3")))
    assert (node.code, order.code) == ("B203", "B401")
    assert node.span == order.span
    assert (node.span.line, node.span.column, node.span.end_column) == (7, 14, 17)
    assert suspects(node) == suspects(order) == [(7, 14, "1/3", "1/2")]
    assert node.message == "node 1/2 is not the sum of its row, 1/3"
    assert node.hint == ("Write 1/2 for 1/3: then the row sums to its node, and the claim holds.")
    assert order.message == "order 4 is claimed; the order is 1"
    assert order.hint == (
        "The same mistake: 1/2 for 1/3 mends this, too. The tree [[]] of order 2, f'(f), wants "
        "sum b_i c_i = 1/2 and gets 4/9."
    )


def test_the_tree_is_drawn_for_a_terminal_and_nowhere_else() -> None:
    verdict = checked(RK4, ("1/3  1/3  1/6", "1/3 -1/3  1/6"))
    (finding,) = errors(verdict)
    assert render(finding, verdict.source).splitlines()[-2:] == [
        "    o",
        "More: butcher explain B401",
    ]
    assert "drawing" not in json.dumps(verdict.as_json())
    (higher,) = errors(checked(RK4, ("order 4", "order 5")))
    assert higher.drawing == "o o o o\n \\|_|/\n   o"


def test_a_wrong_node_is_told_from_a_wrong_row() -> None:
    (finding,) = errors(checked(RK4, ("  1/2 |  .", "  1/4 |  .")))
    assert (finding.code, finding.span.line, finding.span.column) == ("B203", 7, 3)
    assert suspects(finding) == [(7, 3, "1/4", "1/2")]
    assert finding.hint == (
        "Write 1/2 for 1/4: that is the sum of the row, and with this row the claim holds."
    )


def test_without_a_claim_nothing_decides_and_the_node_stays() -> None:
    (finding,) = errors(checked(RK4, ("  order 4\n", ""), ("1/2 |  .   1/2", "1/2 |  .   1/3")))
    assert (finding.code, finding.span.column) == ("B203", 3)
    assert [s[3] for s in suspects(finding)[:2]] == ["1/2", "1/3"]
    assert finding.hint is not None
    assert finding.hint.startswith("Write 1/3, leave the node empty, or mend the row")


def test_a_cell_that_was_left_out_is_found() -> None:
    verdict = checked(RK4, ("1/2 |  .   1/2", "1/2 |"), ("   1  |", "      |"))
    node, order = errors(verdict)
    assert (order.span.line, suspects(order)[0][2:]) == (7, ("0", "1/2"))
    assert str(node.hint).startswith("Write . 1/2 here: then the row sums to its node")
    assert str(order.hint).startswith("The same mistake: . 1/2 here mends this, too.")


def test_a_zero_that_should_be_none_is_written_over() -> None:
    node, _ = errors(checked(RK4, ("1/2 |  .   1/2", "1/2 |  .    . ")))
    assert str(node.hint).startswith("Write 1/2 here: then the row sums to its node")


@pytest.mark.parametrize(
    ("name", "old", "new", "place", "value", "repair"),
    [
        ("dopri54", "-25360/2187", "25360/2187", (13, 22), "25360/2187", "-25360/2187"),
        ("bs32", "7/24  1/4", "7/24  1/5", (15, 16), "1/5", "1/4"),
        ("verner89", "-94-84*sqrt(6)", "-94-84*6", (14, 45), "-598/125", "(-94-84*sqrt(6))/125"),
        ("rk38", "1/8  3/8", "1/8  8/3", (13, 15), "8/3", "3/8"),
    ],
)
def test_signs_digits_and_lost_roots_are_mended(
    name: str, old: str, new: str, place: tuple[int, int], value: str, repair: str
) -> None:
    found = errors(of_spec(name, (old, new)))
    assert found
    for finding in found:
        assert (finding.span.line, finding.span.column) == place
        assert suspects(finding)[0] == (*place, value, repair)


def test_the_embedded_row_alone_is_to_blame_where_it_alone_is_wrong() -> None:
    (finding,) = errors(of_spec("bs32", ("7/24  1/4  1/3  1/8", "7/24  1/4  1/2  1/8")))
    assert (finding.code, finding.span.line) == ("B402", 15)
    assert "sum bhat_i = 1" in str(finding.hint)
    assert suspects(finding)[0][2:] == ("1/2", "1/3")


def test_an_err_row_is_pointed_into() -> None:
    text = """method he
  order 2(1)
tableau
  0 |
  1 | 1
  ----+---------
    b | 1/2  1/2
  err | 1/2  1/2
"""
    (finding,) = errors(checked(text))
    assert "sum (b - err)_i = 1" in str(finding.hint)
    assert finding.span.line == 8


# ---------------------------------------------------------------------- two cells


def test_two_cells_of_a_row_are_exchanged_back() -> None:
    (finding,) = errors(checked(RK4, ("1/2 |  .   1/2", "1/2 | 1/2   . ")))
    assert (finding.code, finding.span.line, finding.span.column) == ("B401", 7, 9)
    assert suspects(finding) == [(7, 9, "1/2", "0"), (7, 15, "0", "1/2")]
    assert str(finding.hint).startswith("Exchange 1/2 and `.` of line 7: then the claim holds.")


def test_transposed_weights_are_exchanged_back() -> None:
    (finding,) = errors(of_spec("bs32", ("7/24  1/4", "1/4  7/24")))
    assert suspects(finding) == [(15, 10, "1/4", "7/24"), (15, 15, "7/24", "1/4")]
    assert finding.code == "B402"


def test_an_exchange_that_breaks_two_claims_is_one_mistake() -> None:
    change = ("3/40         9/40", "9/40         3/40")
    order, embedded = errors(of_spec("dopri54", change))
    assert str(order.hint).startswith("Exchange 9/40 and 3/40 of line 11: then the claim holds.")
    assert str(embedded.hint).startswith(
        "The same mistake: exchanging 9/40 and 3/40 mends this, too."
    )


def test_two_wrong_cells_are_written_with_their_places() -> None:
    changes = ("3/40 ", "3/41 "), ("44/45", "43/45")
    first, order, embedded, second = errors(of_spec("dopri54", *changes))
    both = "3/40 for 3/41 at 11:16 and 44/45 for 43/45 at 12:15"
    assert first.hint == (
        f"No single cell mends this, but two do: write {both}, and the claim holds."
    )
    for finding in (order, embedded, second):
        assert str(finding.hint).startswith(f"The same two mistakes: {both} mend this, too.")


MISPRINTS = [
    ("208*sqrt(6)", "206*sqrt(6)", (14, 67), "(328+208*sqrt(6))/375"),
    ("(154922-40458*sqrt(6))/135", "847.88", (24, 22), "(154922-40458*sqrt(6))/135"),
    ("(26304-15176*sqrt(6))/45", "605.73", (25, 52), "(26304-15176*sqrt(6))/45"),
]
"""Of the printed table that `specs/verner89_as_printed.tab` holds, in the exact one."""


@pytest.mark.parametrize("misprint", MISPRINTS)
def test_each_misprint_of_the_printed_table_is_mended(
    misprint: tuple[str, str, tuple[int, int], str],
) -> None:
    old, new, place, repair = misprint
    found = errors(of_spec("verner89", (old, new)))
    assert {d.code for d in found} == {"B203", "B401", "B402"}
    for finding in found:
        assert (finding.span.line, finding.span.column) == place
        assert [s[3] for s in suspects(finding)] == [repair]


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_two_misprints_of_the_printed_table_are_mended_together(left_out: int) -> None:
    both = [m for i, m in enumerate(MISPRINTS) if i != left_out]
    found = errors(of_spec("verner89", *((old, new) for old, new, _, _ in both)))
    assert {d.code for d in found} == {"B203", "B401", "B402"}
    wanted = [(*place, repair) for _, _, place, repair in both]
    for finding in found:
        assert [(line, column, to) for line, column, _, to in suspects(finding)] == wanted
        assert (finding.span.line, finding.span.column) in {place for _, _, place, _ in both}


def test_three_misprints_leave_the_rows() -> None:
    found = errors(of_spec("verner89", *((old, new) for old, new, _, _ in MISPRINTS)))
    assert [(d.code, d.span.line) for d in found if d.code == "B203"] == [
        ("B203", 14),
        ("B203", 23),
    ]
    false = next(d for d in found if d.code == "B401")
    assert [s[0] for s in suspects(false)] == [14, 23]
    assert false.span.line == 14
    assert str(false.hint).startswith(
        "No single cell mends this. Mend lines 14 and 23 first: their sums are wrong. The tree"
    )


def test_of_many_wrong_rows_the_first_are_named() -> None:
    changes = [("3/40 ", "3/41 "), ("44/45", "43/45"), ("-212/729", "212/729"), ("49/176", "4/176")]
    false = next(d for d in errors(of_spec("dopri54", *changes)) if d.code == "B401")
    assert "Mend lines 11, 12, 13 and others first: their sums are wrong." in str(false.hint)


def test_a_claim_that_nothing_mends_stands_where_it_is() -> None:
    (finding,) = errors(checked(RK4, ("order 4", "order 5")))
    assert (finding.span.line, finding.suspects) == (2, ())
    assert str(finding.hint).startswith(
        "No single cell mends this: several are wrong, or the claim is too high. The tree"
    )


def test_weights_that_do_not_sum_to_one_are_named_where_no_cell_is_known() -> None:
    (finding,) = errors(checked(RK4, ("1/6  1/3  1/3  1/6", "1/6  1/2  1/3  1/7")))
    assert suspects(finding) == [(10, 7, "8/7", "1")]
    assert "Mend line 10 first: its sum is wrong." in str(finding.hint)


# ---------------------------------------------------------------------- contracts


def test_the_json_has_the_suspects_in_their_order(butcher: Command) -> None:
    done = butcher(
        "check", "--json", "-", stdin=RK4.replace("  1/2 |  .   1/2", "  1/2 |  .   1/3").encode()
    )
    (found,) = json.loads(done.out)
    wrong = [d for d in found["diagnostics"] if d["severity"] == "error"]
    assert [(d["line"], d["column"], d["end_column"]) for d in wrong] == [(7, 14, 17)] * 2
    assert all(
        d["suspects"] == [{"line": 7, "column": 14, "value": "1/3", "repair": "1/2"}] for d in wrong
    )


@pytest.mark.parametrize(
    ("name", "old", "new", "seconds"),
    [
        ("verner89", "86/525", "87/525", 1),
        ("verner98", "16193232887091831", "16193232887091832", 3),
        ("dop853", "20.1540675504778934086186788979", "20.1540675504778934086186788978", 3),
    ],
)
def test_pointing_is_quick(name: str, old: str, new: str, seconds: int) -> None:
    start = time.process_time()
    found = errors(of_spec(name, (old, new)))
    assert time.process_time() - start < 2 * seconds
    assert all(old in suspects(finding)[0][3] for finding in found)


@pytest.mark.parametrize(
    "cell", ["1/7", "(1+sqrt(2)+sqrt(3)+sqrt(5)+sqrt(7)+sqrt(11)+sqrt(13))/99"]
)
def test_a_dense_table_from_a_stranger_is_answered(cell: str) -> None:
    for stages in (18, 64):
        row = "| " + " ".join([cell] * stages)
        text = "method m\n order 4\ntableau\n" + f"{row}\n" * stages + f"---\n{row}\n"
        start = time.process_time()
        assert errors(examine_bytes(text.encode(), "m.tab"))
        assert time.process_time() - start < 8


def test_other_mends_are_told_in_one_sentence() -> None:
    table = "method a\n  order 2\ntableau\n  | 1/2 1/2\n  | 1/2 1/2\n  --+--\n  | 1/2 1/2\n"
    (hint,) = [str(d.hint) for d in checked(table).diagnostics if d.code == "B401"]
    assert "Less likely: write -1/2 for 1/2 at 4:9; or write -1/2 for 1/2 at 5:5." in hint
