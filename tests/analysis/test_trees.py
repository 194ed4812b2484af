"""Trees: how many, with which density and symmetry, and which ones."""

from ast import literal_eval
from math import factorial

import kauri
import pytest

from butcher.analysis.conditions.trees import Palette, Trees

A000081 = [0, 1, 1, 2, 4, 9, 20, 48, 115, 286, 719, 1842, 4766]
PARTITIONED = Palette(("f", "g"), ((1,), (0,)))
ADDITIVE = Palette(("f", "g"), ((0, 1), (0, 1)))
SECOND = Palette(("f", "u'"), ((0, 1), ()), (2, 1))
TIMED = Palette(("f", "t"), ((0, 1), ()))


def test_there_are_as_many_trees_as_known() -> None:
    trees = Trees(order=12)
    assert [len(trees.of(n)) for n in range(13)] == A000081


@pytest.mark.parametrize("palette", [Palette(), PARTITIONED, ADDITIVE, TIMED, SECOND])
def test_trees_can_be_counted_without_listing_them(palette: Palette) -> None:
    trees = Trees(palette, 7)
    colours = range(len(palette.names))
    assert palette.counts(7) == [[len(trees.of(n, c)) for c in colours] for n in range(8)]


def test_trees_with_two_free_colours_are_as_many_as_known() -> None:
    counts = ADDITIVE.counts(8)
    assert [sum(n) for n in counts] == [0, 2, 4, 14, 52, 214, 916, 4116, 18996]  # A000151


def test_no_tree_is_listed_twice() -> None:
    trees = Trees(ADDITIVE, 6)
    assert len({trees.bracket(t) for t in range(len(trees))}) == len(trees)


def test_density_and_symmetry_are_those_of_an_independent_package() -> None:
    trees = Trees(order=8)
    for t in range(len(trees)):
        other = kauri.Tree(literal_eval(trees.bracket(t)))
        assert (trees.size(t), trees.gamma(t), trees.sigma(t)) == (
            other.nodes(),
            other.factorial(),
            other.sigma(),
        )


def test_the_trees_are_those_of_an_independent_package() -> None:
    trees = Trees(order=8)
    ours = {kauri.Tree(literal_eval(trees.bracket(t))) for t in range(len(trees))}
    assert ours == {t for n in range(1, 9) for t in kauri.trees_of_order(n)}


def test_a_tree_is_written_as_a_bracket_and_as_a_differential() -> None:
    trees = Trees(order=4)
    last = {trees.differential(t) for t in trees.of(4)}
    assert last == {"f''(f, f'(f))", "f'''(f, f, f)", "f'(f''(f, f))", "f'(f'(f'(f)))"}
    assert trees.bracket(0) == "[]"
    assert "[[], [[]]]" in [trees.bracket(t) for t in trees.of(4)]


def test_a_coloured_tree_names_its_slots() -> None:
    trees = Trees(PARTITIONED, 3)
    assert [trees.bracket(t) for t in trees.of(3, 1)] == ["g[f[], f[]]", "g[f[g[]]]"]


def test_trees_of_second_order_equations_count_nodes_of_f_twice() -> None:
    trees = Trees(SECOND, 5)
    names = [[trees.bracket(t) for t in trees.of(n)] for n in range(1, 6)]
    assert names == [
        [],
        ["f[]"],
        ["f[u'[]]"],
        ["f[u'[], u'[]]", "f[f[]]"],
        ["f[u'[], u'[], u'[]]", "f[u'[], f[]]", "f[f[u'[]]]"],
    ]
    # u'''' = f''(u', u') + f'(f): each has the density 4 3 gamma(t1) ... gamma(tm)
    assert [trees.gamma(t) for t in trees.of(4)] == [12, 24]
    assert [trees.sigma(t) for t in trees.of(4)] == [2, 1]


def test_the_derivatives_of_a_solution_of_a_second_order_equation_are_counted_by_its_trees() -> (
    None
):
    # |t|! / (gamma sigma) is how often a differential occurs in u^(|t|): for f = exp and u' = 1,
    # where every differential is a power of f, their sum over trees is read off by hand:
    # u^(5) = f''' + 3 f'' f + f' f + f'' f = 1 + 5 in powers of f
    trees = Trees(SECOND, 5)
    times = [factorial(5) // (trees.gamma(t) * trees.sigma(t)) for t in trees.of(5)]
    assert times == [1, 3, 1]
