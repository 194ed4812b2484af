"""Counts of whole blocks with real sub-nets, against as many Euler blocks."""

import pytest
import torch

from butcher.bench.clock import interleaved, threads
from butcher.bench.item import Method, method, of_shipped
from butcher.bench.settings import Settings
from butcher.bench.tally import Tally, tally
from butcher.bench.work import Workshop

SETTINGS = Settings(channels=4, size=16, batch=4, rounds=2, warm_up=1)


def tallies(name: str) -> tuple[Tally, Tally]:
    """Of the block, and of the Euler blocks."""
    works = {work.kind: work for work in Workshop(SETTINGS).works([method(name, "fixed")])}
    return tally(works["block"], SETTINGS), tally(works["euler"], SETTINGS)


@pytest.mark.parametrize("name", ["rk4", "dopri54", "verner89"])
def test_a_fixed_step_saves_what_euler_saves_and_peaks_where_euler_peaks(name: str) -> None:
    block, euler = tallies(name)
    assert (block.saved_maps, block.saved_inputs) == (euler.saved_maps, euler.saved_inputs)
    assert block.saved_parameters == euler.saved_parameters
    assert block.peak_training <= 1.005 * euler.peak_training


def test_tiles_of_a_quarter_hold_less_than_euler_blocks_of_the_whole() -> None:
    larger = SETTINGS.model_copy(update={"batch": 8})
    found = Workshop(larger).tiled([method("verner89", "fixed"), method("rk4", "learned")], 2)
    tiled, *references = found
    assert [work.kind for work in found] == ["tiled", "alone", "euler"]  # no trained step
    (euler,) = (tally(work, larger) for work in references if work.kind == "euler")
    assert tally(tiled, larger).peak_inference < euler.peak_inference


def test_sub_nets_save_four_maps_each() -> None:
    _, euler = tallies("rk4")
    assert euler.saved_maps is not None
    assert euler.saved_inputs is not None
    assert (euler.saved_maps + euler.saved_inputs) // SETTINGS.map_bytes == 4 * 4


def test_every_work_is_timed_in_every_round() -> None:
    works = Workshop(SETTINGS).works([method("rk4", "learned")])
    found = interleaved(works, SETTINGS)
    assert list(found) == [work.name for work in works]
    for times in found.values():
        assert len(times.inference) == len(times.forward) == len(times.training) == 2
        assert all(f <= t for f, t in zip(times.forward, times.training, strict=True))


def test_threads_are_afterwards_as_before() -> None:
    before = torch.get_num_threads()
    with threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_works_of_a_group_share_their_sub_nets() -> None:
    works = Workshop(SETTINGS).works([method("rk4", "fixed")])
    weights = [{id(p) for p in work.module.parameters()} for work in works]
    assert len(weights) > 3
    assert all(each == weights[0] for each in weights)


@pytest.mark.parametrize("of", list(of_shipped()), ids=lambda of: of.name)
def test_every_method_of_one_state_and_slot_has_its_works(of: Method) -> None:
    works = Workshop(SETTINGS).works([of])
    (block,) = (work for work in works if work.kind == "block")
    assert block.evaluations == len(of.graph.evaluations)
    assert {"alone", "euler"} <= {work.kind for work in works}
