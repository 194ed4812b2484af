"""When a run writes its checkpoint and its logs, and in which order."""

from __future__ import annotations

import shlex
from pathlib import Path

from butcher.training import checkpoint
from butcher.training.checkpoint import State
from butcher.training.engine import Engine
from butcher.training.folder import Folder
from butcher.training.log import Log


def resuming(folder: Path) -> str:
    """The command that goes on with the run in `folder`."""
    return f"butcher train {shlex.quote(str(folder))} --resume"


class Keeper:
    """Keeps what a run in `folder` goes on from; `heading` is the same in every checkpoint.

    Lines are logged, then the checkpoint that knows of them is written, then metrics.csv, which
    the checkpoint can write again: killed at any moment, a run goes on without a line too many.
    """

    def __init__(self, folder: Folder, heading: State, log: Log) -> None:
        self._folder, self._heading, self._log = folder, heading, log
        self.place = "nothing is kept"

    @property
    def command(self) -> str:
        """What goes on with the run."""
        return resuming(self._folder.path)

    def begin(self, engine: Engine, *, resumed: bool) -> None:
        """Before the first step of this session."""
        facts = self._heading["place"]
        if resumed:
            self._log.event("resume", epoch=engine.epoch, step=engine.step, **facts)
            self._log.metrics(engine.results)
            self._said(engine)
        else:
            self._log.event("start", digest=self._heading["digest"], **facts)
            self._log.begin()
            self.keep(engine)

    def step(self, engine: Engine) -> None:
        """After a step: the checkpoint where the recipe wants one within epochs."""
        every = engine.options.checkpoint_steps
        if every and engine.steps_done % every == 0 and engine.step < engine.steps_per_epoch:
            self.keep(engine)

    def epoch(self, engine: Engine) -> None:
        """After an epoch and its evaluation."""
        self._log.epoch(engine.results)
        if engine.done or len(engine.results) % engine.options.checkpoint_every == 0:
            self.keep(engine)
        self._log.metrics(engine.results)

    def interrupted(self, engine: Engine, signal: str) -> None:
        """After the last step of this session, with more to come in another."""
        self._log.event("interrupt", signal=signal, epoch=engine.epoch, step=engine.step)
        self.keep(engine)

    def end(self, engine: Engine, outcome: str, message: str) -> None:
        """After the last step of all."""
        self._log.event("end", outcome=outcome, message=message, seconds=engine.seconds)

    def keep(self, engine: Engine) -> None:
        """Write the checkpoint; Diverged where nothing could go on from it."""
        engine.check()
        state = {**self._heading, **engine.state(), "lengths": self._log.lengths()}
        checkpoint.write(self._folder, state)
        self._said(engine)

    def _said(self, engine: Engine) -> None:
        done, step = len(engine.results), engine.step
        where = f"epoch {done}" if done else "the start"
        if step:
            where = f"step {step} of epoch {done + 1}"
        self.place = f"{self._folder / checkpoint.NAME} is of {where}"
