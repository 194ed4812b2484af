"""Trees as formulas and as drawings."""

import pytest

from butcher.analysis.conditions.shapes import density, formula, picture, shape, size
from butcher.analysis.conditions.trees import Palette, Trees

TWO = Palette(("f", "g"), ((0, 1), (0,)))


@pytest.mark.parametrize("palette", [Palette(), TWO])
def test_a_tree_is_read_back_from_its_brackets(palette: Palette) -> None:
    trees = Trees(palette, 6)
    for tree in range(len(trees)):
        found = shape(trees.bracket(tree))
        assert found is not None
        assert (size(found), density(found)) == (trees.size(tree), trees.gamma(tree))


@pytest.mark.parametrize("palette", [Palette(), TWO])
def test_a_drawing_has_every_node_and_every_branch_once(palette: Palette) -> None:
    trees = Trees(palette, 7)
    for tree in range(len(trees)):
        found = shape(trees.bracket(tree))
        assert found is not None
        drawing = picture(found)
        assert sum(drawing.count(node) for node in "ofg") == size(found)
        assert sum(drawing.count(branch) for branch in "|\\/") == size(found) - 1
        assert drawing.splitlines()[-1].strip() == (found.slot[:1] or "o")


def test_what_is_no_tree_is_none() -> None:
    assert shape("u^(3)") is None


@pytest.mark.parametrize(
    ("bracket", "wanted"),
    [
        ("[]", "sum b_i"),
        ("[[], []]", "sum b_i c_i^2"),
        ("[[], [[]]]", "sum b_i c_i a_ij c_j"),
        ("[[[], []], [[]]]", "sum b_i a_ij c_j^2 a_ik c_k"),
        ("[[[[]]]]", "sum b_i a_ij a_jk c_k"),
        ("f[g[], g[f[]]]", "sum b[f]_i c[g]_i a[g]_ij c[f]_j"),
    ],
)
def test_a_condition_is_written_as_in_the_books(bracket: str, wanted: str) -> None:
    tree = shape(bracket)
    assert tree is not None
    assert formula(tree) == wanted


def test_the_weights_of_an_estimate_have_their_own_name() -> None:
    tree = shape("[[]]")
    assert tree is not None
    assert formula(tree, "bhat") == "sum bhat_i c_i"
    assert formula(tree, "b - err") == "sum (b - err)_i c_i"


def test_a_drawing_for_a_terminal() -> None:
    tree = shape("[[], [[], []]]")
    assert tree is not None
    assert picture(tree).splitlines() == ["    o   o", "     \\ /", "o     o", " \\___/", "   o"]
