"""What people see while a network trains."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from butcher.training import display
from butcher.training.recipe import read_recipe
from butcher.training.run import run

Write = Callable[..., Path]
CPU = ["device=cpu"]


def test_off_a_terminal_each_epoch_is_one_plain_line(
    recipe: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    run(read_recipe(recipe(), CPU))
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out
    first, *epochs, last = printed.out.splitlines()
    assert first.startswith("small: ")
    assert [line[:9] for line in epochs] == ["epoch 1/2", "epoch 2/2"]
    assert re.fullmatch(
        r"validation loss [\d.]+, accuracy [\d.]+%; test loss [\d.]+, accuracy [\d.]+%; 0 s; "
        "runs/small",
        last,
    )
    assert printed.err == ""


def test_on_a_terminal_a_bar_shows_figures_and_the_time_left(
    recipe: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = io.StringIO()

    def terminal(**options: bool) -> Console:
        return Console(file=screen, force_terminal=True, width=120, **options)

    monkeypatch.setattr(display, "Console", terminal)
    step = display.Display.step

    def shown(self: display.Display, images: int) -> None:
        step(self, images)
        assert self._bar
        self._bar.refresh()

    monkeypatch.setattr(display.Display, "step", shown)
    run(read_recipe(recipe(), CPU))
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.getvalue())
    assert re.search(r"epoch 1/2 .* 3/10 loss \d\.\d{4}  accuracy [\d.]+%  [\d,]+ images/s", text)
    assert re.search(r"epoch 2/2 .* 9/10 .* images/s [\d:]+", text)
    assert "epoch 1/2  train loss" in text
