"""Progress for people: a bar on a terminal, plain lines anywhere else."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from butcher.training.engine import Engine
from butcher.training.result import EpochResult


class Display:
    """Lines on standard output and, on a terminal, a bar under them; `quiet`: neither."""

    def __init__(self, engine: Engine, *, quiet: bool = False) -> None:
        self._engine, self._quiet = engine, quiet
        self._images, self._begin = 0, engine.seconds
        console = Console(highlight=False)
        self._bar: Progress | None = None
        if console.is_terminal and not quiet:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TextColumn("{task.fields[figures]}"),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=console, transient=True)
            steps = engine.options.epochs * engine.steps_per_epoch
            self._task = self._bar.add_task(
                self._epoch(), total=steps, completed=engine.steps_done, figures=""
            )

    def __enter__(self) -> Display:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def step(self, images: int) -> None:
        """One optimizer step is done, of so many images."""
        self._images += images
        if not self._bar:
            return
        self._bar.update(self._task, completed=self._engine.steps_done, description=self._epoch())
        if self._engine.looks:  # else the figures would have to be waited for
            loss, accuracy = self._engine.running()
            speed = self._images / max(self._engine.seconds - self._begin, 1e-9)
            figures = f"loss {loss:.4f}  accuracy {accuracy:.2%}  {speed:,.0f} images/s"
            self._bar.update(self._task, figures=figures)

    def epoch(self, result: EpochResult) -> None:
        """A line of an epoch."""
        self.line(said(result, self._engine.options.epochs))

    def line(self, text: str) -> None:
        """Print a line, above the bar if there is one."""
        if self._bar:
            self._bar.console.print(text, markup=False, soft_wrap=True)
        elif not self._quiet:
            print(text, flush=True)

    def _epoch(self) -> str:
        epochs = self._engine.options.epochs
        return f"epoch {min(self._engine.epoch, epochs)}/{epochs}"


def said(result: EpochResult, epochs: int) -> str:
    """One epoch as a line."""
    line = (
        f"epoch {result.epoch:{len(str(epochs))}}/{epochs}"
        f"  train loss {result.train_loss:.4f}, accuracy {result.train_accuracy:6.2%}"
    )
    if result.validation_loss is None:
        return line
    return (
        f"{line}  validation loss {result.validation_loss:.4f}, "
        f"accuracy {result.validation_accuracy:6.2%}"
    )
