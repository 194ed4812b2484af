"""Variants as one argument of a command line."""

import pytest

from butcher.laboratory.study import StudyError, variant, variants_of


@pytest.mark.parametrize(
    ("text", "label", "settings"),
    [
        ("rk4", "rk4", ("scheme=rk4",)),
        ("verner89 step=learned", "verner89 step=learned", ("scheme=verner89", "step=learned")),
        (
            "Verner, learned: scheme=verner89 step=learned",
            "Verner, learned",
            ("scheme=verner89", "step=learned"),
        ),
        (
            "two:  rk4   blocks=[1, 2]  train.lr=0.5",
            "two",
            ("scheme=rk4", "blocks=[1, 2]", "train.lr=0.5"),
        ),
        ("lr=0.5", "lr=0.5", ("lr=0.5",)),
        ("mine/own.tab", "mine/own.tab", ("scheme=mine/own.tab",)),
    ],
)
def test_a_variant_is_a_scheme_and_settings_with_a_label(
    text: str, label: str, settings: tuple[str, ...]
) -> None:
    found = variant(text)
    assert (found.label, found.settings) == (label, settings)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no variant; write a scheme"),
        ("label: ", "is no variant; write a scheme"),
        ("verner89 learned", "'learned' stands after the scheme; settings are written key=value"),
    ],
)
def test_what_is_none_is_told_what_to_write(text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        variant(text)


def test_folders_are_called_after_the_label() -> None:
    assert variant("Verner, learned: verner89").slug == "verner-learned"
    assert variant("mine/own.tab values.k=-0.5").slug == "mine-own.tab-values.k-0.5"
    assert variant("λ: rk4").slug == "variant"


def test_two_variants_of_one_name_are_refused() -> None:
    with pytest.raises(StudyError, match="'rk4' and 'RK4' would share their folders; put a label"):
        variants_of(["euler", "rk4", "RK4: rk4 lr=0.5"])


def test_a_variant_knows_which_keys_it_gives() -> None:
    found = variant("rk4 model.depth=30 lr=1")
    assert found.gives(("blocks", "depth")) == "model.depth=30"
    assert found.gives(("width",)) is None
