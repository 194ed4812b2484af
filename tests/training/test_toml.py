"""Tables, written as TOML and read by the standard library."""

import math
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from butcher.training.toml import written

texts = st.text(st.characters(exclude_categories=["Cs"]))
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
values = st.recursive(
    plain.filter(lambda value: value is not None),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
tables = st.dictionaries(texts, st.dictionaries(texts, values, max_size=4), max_size=3)


@given(tables)
def test_what_is_written_is_read_again(tables: dict[str, dict[str, Any]]) -> None:
    again = tomllib.loads(written(tables))
    assert again == tables
    assert repr(again) == repr(tables)  # 1 is not 1.0, nor -0.0 0.0


def test_a_text_of_lines_keeps_them() -> None:
    text = 'method x\n  "quoted" \\ \t\n\n'
    toml = written({"model": {"scheme": text, "n": math.inf}})
    assert toml.splitlines()[1:3] == ['scheme = """', "method x"]
    assert tomllib.loads(toml)["model"] == {"scheme": text, "n": math.inf}
    assert math.isnan(tomllib.loads(written({"t": {"x": math.nan}}))["t"]["x"])


def test_tables_stand_apart_and_keys_are_quoted_where_they_must_be() -> None:
    assert written({"a": {"x": 1e-05, "b c": [True, "d"]}, "e": {"f": {"g": 1}}}) == (
        '[a]\nx = 1e-05\n"b c" = [true, "d"]\n\n[e]\nf = {g = 1}\n'
    )


def test_what_toml_cannot_say_is_an_error() -> None:
    with pytest.raises(TypeError, match="no value for None"):
        written({"a": {"x": None}})
