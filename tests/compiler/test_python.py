"""`butcher.parse`, `load` and `compile` from Python."""

import pickle
from fractions import Fraction
from pathlib import Path

import pytest

import butcher

GOOD = "method good\n  order 1\n\ntableau\n  0 |\n  --+---\n    | 1\n"
FALSE = GOOD.replace("order 1", "order 2")


def test_text_a_path_and_a_name_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "good.tab"
    file.write_text(GOOD)
    scheme = butcher.parse(GOOD)
    assert scheme == butcher.load(file) == butcher.load(str(file))
    source = butcher.compile(scheme)
    assert source == butcher.compile(GOOD) == butcher.compile(file) == butcher.compile(str(file))
    assert butcher.compile("rk4") == butcher.compile(butcher.load("rk4"))


def test_errors_carry_their_diagnostics_and_pickle() -> None:
    with pytest.raises(butcher.SpecError) as caught:
        butcher.compile(FALSE)
    (finding,) = caught.value.diagnostics
    assert (finding.code, finding.span.line, finding.span.column) == ("B401", 2, 3)
    assert "<text>:2:3: error[B401]" in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.diagnostics == caught.value.diagnostics
    assert str(again) == str(caught.value)


def test_a_scheme_pickles() -> None:
    scheme = butcher.load("verner89_learned")
    again = pickle.loads(pickle.dumps(scheme))
    assert again == scheme
    assert butcher.compile(again) == butcher.compile(scheme)


def test_a_false_claim_parses_and_does_not_compile() -> None:
    scheme = butcher.parse(FALSE)
    with pytest.raises(butcher.SpecError):
        butcher.compile(scheme)
    assert "class Good" in butcher.compile(scheme, verify=False)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        butcher.load(tmp_path / "missing.tab")
    with pytest.raises(FileNotFoundError, match="did you mean rk"):
        butcher.load("rk5")


@pytest.mark.parametrize("h", [0.5, 1, Fraction(1, 2), -1.0, 0])
def test_steps(h: float | Fraction) -> None:
    compile(butcher.compile("rk4", h=h), "rk4.py", "exec")


@pytest.mark.parametrize("h", [float("nan"), float("inf"), Fraction(10**400), Fraction(1, 10**400)])
def test_what_is_no_step(h: float | Fraction) -> None:
    with pytest.raises(butcher.OptionError):
        butcher.compile("rk4", h=h)


def test_options_that_do_not_exist() -> None:
    with pytest.raises(butcher.OptionError, match="huge"):
        butcher.compile("rk4", step="huge")
    with pytest.raises(butcher.OptionError, match="none"):
        butcher.compile("rk4", weights="none")
    with pytest.raises(butcher.OptionError, match="A B"):
        butcher.compile("rk4", class_name="A B")
