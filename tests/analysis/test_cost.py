"""What a block costs, in evaluations, maps and passes."""

import pytest
from hypothesis import given, settings
from ir.strategies import graphs as random_graphs

from butcher.analysis.limits import UndefinedError
from butcher.analysis.network.carried import covers, cuts
from butcher.analysis.network.cost import SlotCost, cost
from butcher.analysis.network.elementwise import Elementwise, emitted
from butcher.compiler import load, shipped
from butcher.compiler.sweeps import straightened
from butcher.ir.graph import Graph
from butcher.ir.lower import Step, lower
from butcher.passes.schedule import Add, schedule
from butcher.spec.scheme import RungeKutta


def block(name: str, step: Step | None = None) -> Graph:
    return straightened(lower(load(name), step))


def test_passes_of_verner_are_those_that_were_counted() -> None:
    # 64 coefficients in 14 rows; counted by hand on the emitted text
    found = cost(block("verner89"))
    assert found.as_written == Elementwise(348, 142)
    assert found.emitted == Elementwise(192, 64)
    assert found.gathered == Elementwise(92, 14)


def test_passes_of_as_many_euler_blocks() -> None:
    assert 14 * cost(block("euler")).gathered.passes == 42


@pytest.mark.parametrize("name", [n for n in shipped() if isinstance(load(n).body, RungeKutta)])
def test_passes_of_a_tableau_follow_from_its_number_of_coefficients(name: str) -> None:
    graph = block(name, "fixed")
    rows = [row for row in graph.rows if row.only_source is None]
    terms = sum(len(row.terms) - 1 for row in rows)
    found = cost(graph)
    assert found.as_written == Elementwise(5 * terms + 2 * len(rows), 2 * terms + len(rows))
    assert found.emitted == Elementwise(3 * terms, terms)
    assert found.gathered == Elementwise(terms + 2 * len(rows), len(rows))


def test_what_a_trained_step_multiplies_begins_with_a_product() -> None:
    # rk4: the new value alone has several evaluations; rk38: k1 - k2 + k3 needs no product
    assert cost(block("rk4")).emitted == Elementwise(21, 7)
    assert cost(block("rk4", "learned")).emitted == Elementwise(23, 8)
    assert cost(block("rk38")).emitted == Elementwise(30, 10)
    assert cost(block("rk38", "per-stage")).emitted == Elementwise(34, 12)


@settings(max_examples=60)
@given(random_graphs())
def test_what_is_emitted_is_what_the_schedule_does(graph: Graph) -> None:
    # every term is added once, but for the one that a sum begins with and what is drawn
    steps = [step for step in schedule(graph) if isinstance(step, Add)]
    drawn = {s.name for s in graph.symbols if s.kind == "random"}
    kernels = 0
    for step in steps:
        begins = step.begins and (not step.terms or step.terms[0].coefficient == 1)
        products = [t for t in step.terms if t.coefficient.names & drawn]
        if step.begins and step.terms and step.terms[0] in products:
            products = products[1:]
        kernels += max(len(step.terms) - begins, int(step.begins)) + len(products)
    assert emitted(graph, covers(graph)).kernels == kernels


def test_a_row_without_a_plain_state_begins_with_a_product() -> None:
    # u[n+1] = 2 u[n] - u[n-1] + h^2 k: four products, two sums; product, add, add
    found = cost(block("second_order"))
    assert found.as_written == Elementwise(4 * 2 + 2 * 3, 6)
    assert found.emitted == Elementwise(2 + 2 * 3, 3)


def test_sweeps_count_and_share_their_sub_nets() -> None:
    assert cost(block("gauss4")).slots == (SlotCost("f", 8, 2),)


def test_slots_are_counted_apart() -> None:
    joins = [SlotCost(f"join{i}", 1, 1) for i in (1, 2, 3)]
    fractal = {one.slot: one for one in cost(block("fractal3")).slots}
    assert fractal == {
        one.slot: one for one in [SlotCost("f1", 1, 1), SlotCost("f2", 1, 1), *joins]
    }
    assert cost(block("polynet_poly2")).slots == (SlotCost("f", 2, 1),)


@pytest.mark.parametrize("name", shipped())
def test_evaluations_add_up(name: str) -> None:
    graph = block(name)
    found = cost(graph)
    assert found.evaluations == sum(one.evaluations for one in found.slots)
    assert sum(one.sub_nets for one in found.slots) == len(graph.groups)
    assert found.cuts == cuts(graph)


def test_constants_save_nothing_and_trained_steps_a_map_a_row() -> None:
    # with 4 maps in each of 14 sub-nets, 70 maps for 56: one a row
    assert cost(block("verner89")).saved_maps == 0
    assert cost(block("verner89", "learned")).saved_maps == 14
    assert cost(block("verner89", "per-stage")).saved_maps == 14


def test_an_implicit_method_has_no_cost_until_its_sweeps_are_known() -> None:
    with pytest.raises(UndefinedError):
        cost(lower(load("gauss4")))
