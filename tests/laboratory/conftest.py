"""What tests of experiments share."""

import pytest

from butcher.laboratory import findings


@pytest.fixture
def only_svg(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings are written with one picture of each figure: the other formats take their time."""
    monkeypatch.setattr(findings, "SUFFIXES", (".svg",))
