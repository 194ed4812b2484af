"""Methods that look right to a check that is not thorough, each reported as what it is."""

from __future__ import annotations

import re

import pytest

import butcher
from butcher.compiler import Verdict, examine_bytes, shipped
from butcher.errors import Diagnostic


def examined(text: str) -> Verdict:
    return examine_bytes(text.encode(), "trap.tab")


def finding(verdict: Verdict, code: str) -> Diagnostic:
    (found,) = [d for d in verdict.diagnostics if d.code == code]
    return found


def test_a_pair_whose_embedded_order_holds_for_linear_problems_alone() -> None:
    # bhat (c, A c) has the 1/6 of the tall tree of order 3; the bushy one wants 1/3
    verdict = examined(
        """method linear_pair
  order 4(3)
tableau
   0  |
  1/2 | 1/2
  1/2 |  .   1/2
   1  |  .    .    1
  ----+----------------------
    b | 1/6  1/3  1/3   1/6
 bhat |  .   2/3   .    1/6   1/6
""".replace(" bhat |  .   2/3   .    1/6   1/6", " bhat |  .   1/3  2/3    .")
    )
    wrong = finding(verdict, "B402")
    assert (verdict.order, verdict.embedded_order) == (4, 2)
    assert wrong.message == "embedded order 3 is claimed; the order is 2"
    assert "[[], []] of order 3" in str(wrong.hint)
    assert "1/3 and gets 1/4" in str(wrong.hint)
    assert "For linear problems u' = A u alone, order 3 holds." in str(wrong.hint)
    assert verdict.orders is not None
    assert verdict.orders.embedded is not None
    assert [f.tree for f in verdict.orders.embedded.failures] == ["[[], []]"]


def test_a_claim_is_about_the_equation_of_the_file() -> None:
    text = "method m\n  ode u' = f(t, u)\n  order 2\ntableau\n 0 |\n 1/3 | 1/2\n --+--\n | . 1\n"
    verdict = examined(text)
    assert verdict.order == 1
    assert finding(verdict, "B401").message == "order 2 is claimed; the order is 1"
    assert {d.span for d in verdict.diagnostics if d.severity == "error"} == {
        finding(verdict, "B203").span
    }
    assert examined(text.replace("  ode u' = f(t, u)\n", "")).order == 2


def test_a_method_right_for_autonomous_equations_only() -> None:
    verdict = examined("""method autonomous
  order 4
tableau
   0  |
  1/2 | 1/2
  1/2 |  .   1/2
  3/4 |  .    .    1
  ----+---------------------
      | 1/6  1/3  1/3  1/6
""")
    assert (verdict.order, verdict.order_nonautonomous) == (4, 1)
    assert finding(verdict, "B412").message == (
        "order 4 holds for u' = f(u) alone; for u' = f(t, u), with the nodes as they are "
        "written, it is 1"
    )
    node = finding(verdict, "B203")
    assert (node.span.line, node.span.column) == (7, 3)
    left_empty = examined(verdict.source.text.replace("3/4 |", "    |"))
    assert (left_empty.order, left_empty.order_nonautonomous) == (4, 4)
    assert left_empty.diagnostics == ()


def test_both_orders_of_a_pair_are_told_where_nodes_are_wrong() -> None:
    text = shipped()["dopri54"].read_text().replace("   8/9 |", "   7/9 |")
    verdict = examined(text)
    assert "order 5(4) holds for u' = f(u) alone" in finding(verdict, "B412").message


@pytest.mark.parametrize(
    ("alpha", "beta", "expected"),
    [
        ("-5  4  1", "2  4", 3),
        (  # backward differences over seven steps
            "-20/363 490/1089 -196/121 1225/363 -4900/1089 490/121 -980/363 1",
            ". . . . . . . 140/363",
            7,
        ),
    ],
)
def test_a_consistent_and_high_order_but_unstable_multistep_method(
    alpha: str, beta: str, expected: int
) -> None:
    verdict = examined(
        f"method explosive\n  order {expected}\nmultistep\n  alpha | {alpha}\n  beta | {beta}\n"
    )
    assert (verdict.order, verdict.zero_stable) == (expected, False)
    assert "not zero-stable" in finding(verdict, "B406").message
    assert not [d for d in verdict.diagnostics if d.code == "B401"]


GAUSS = """method transposed
  order 4
tableau
  (3-sqrt(3))/6 | 1/4  (3+2*sqrt(3))/12
  (3+sqrt(3))/6 | (3-2*sqrt(3))/12  1/4
  --------------+----------------------
                | 1/2  1/2
"""


def test_a_transposed_gauss_matrix_has_wrong_nodes() -> None:
    verdict = examined(GAUSS)
    nodes = [d.message for d in verdict.diagnostics if d.code == "B203"]
    assert nodes == [
        "node (3-sqrt(3))/6 is not the sum of its row, (3+sqrt(3))/6",
        "node (3+sqrt(3))/6 is not the sum of its row, (3-sqrt(3))/6",
    ]
    assert (verdict.order, verdict.order_nonautonomous) == (4, 2)


def test_without_nodes_the_transposed_gauss_matrix_is_the_method_renumbered() -> None:
    verdict = examined(re.sub(r"^ *\(3[-+]sqrt\(3\)\)/6 \|", "  |", GAUSS, flags=re.M))
    assert (verdict.order, verdict.diagnostics) == (4, ())


def test_the_transposed_matrix_of_three_gauss_stages_is_refused_without_nodes() -> None:
    verdict = examined("""method transposed
  order 6
tableau
   | 5/36  (10+3*sqrt(15))/72  (25+6*sqrt(15))/180
   | (10-3*sqrt(15))/45  2/9  (10+3*sqrt(15))/45
   | (25-6*sqrt(15))/180  (10-3*sqrt(15))/72  5/36
   --+------------------
   | 5/18  4/9  5/18
""")
    wrong = finding(verdict, "B401")
    assert verdict.order == 1
    assert wrong.message == "order 6 is claimed; the order is 1"


def test_an_embedded_row_of_the_wrong_order_under_a_right_main_row() -> None:
    # the weights of k1 and k3 exchanged in the embedded row of Bogacki and Shampine
    text = shipped()["bs32"].read_text()
    right = "7/24  1/4  1/3  1/8"
    assert right in text
    verdict = examined(text.replace(right, "1/3  1/4  7/24  1/8"))
    assert (verdict.order, verdict.embedded_order) == (3, 1)
    assert not [d for d in verdict.diagnostics if d.code == "B401"]
    wrong = finding(verdict, "B402")
    assert wrong.message == "embedded order 2 is claimed; the order is 1"
    assert "[[]] of order 2" in str(wrong.hint)
    assert "1/2 and gets 15/32" in str(wrong.hint)


def test_rows_that_sum_and_nodes_that_agree_are_not_enough() -> None:
    # two cells of a row exchanged: every row sum is right
    verdict = examined("""method exchanged
  order 4
tableau
   0  |
  1/2 | 1/2
  1/2 | 1/2   .
   1  |  .    .    1
  ----+---------------------
      | 1/6  1/3  1/3  1/6
""")
    assert verdict.order == 2
    assert finding(verdict, "B401").message == "order 4 is claimed; the order is 2"
    with pytest.raises(butcher.SpecError):
        butcher.compile(butcher.parse(verdict.source.text))


@pytest.mark.parametrize(
    ("clause", "exact", "order"),
    [
        ("", False, 2),  # 16 digits: rounded in the last place
        ("rounded 17", True, 0),  # the numbers written, and they do not add up to one
        ("rounded 16", False, 2),
    ],
)
def test_a_decimal_counts_as_rounded_from_as_many_digits_as_the_file_says(
    clause: str, exact: bool, order: int
) -> None:
    verdict = examined(f"""method thirds
  {clause}
tableau
   |
   | 0.6666666666666667
   --+------------------
   | 0.2500000000000001  0.7500000000000000
""")
    assert verdict.orders is not None
    assert (verdict.order, verdict.orders.advanced.exact) == (order, exact)
    said = "verified exactly" if exact else "verified to the digits printed"
    assert said in verdict.summary
