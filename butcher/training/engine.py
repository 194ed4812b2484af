"""The training of a network, step for step, and all that its next step depends on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from butcher.models import Network
from butcher.training import randomness
from butcher.training.average import averaged
from butcher.training.data import Batches, Data, DataOptions, Split, still
from butcher.training.evaluation import evaluate, placed
from butcher.training.optimize import optimizer, rate
from butcher.training.options import TrainOptions
from butcher.training.place import Place
from butcher.training.precision import scaler
from butcher.training.result import Diverged, EpochResult
from butcher.training.several import ALONE
from butcher.training.step import Stepper
from butcher.training.sums import Sums
from butcher.training.watch import Watch

SMALLEST_SCALE = 2.0**-14
"""Of the loss in fp16: a gradient that is infinite below it is so at any scale."""


class Engine:
    """Trains `network`, which is on the place's device.

    results  one of each whole epoch.
    step     steps of the optimizer in the epoch under way.
    seconds  of training since the start, in all sessions.
    """

    def __init__(
        self,
        network: Network,
        data: Data,
        of_data: DataOptions,
        options: TrainOptions,
        place: Place,
    ) -> None:
        self.network, self.data, self.options, self.place = network, data, options, place
        self.group = place.group
        self.results: list[EpochResult] = []
        self.step = 0
        self._batches = Batches(
            data.train,
            of_data.batch,
            options.seed,
            rank=place.rank,
            world=place.world,
            workers=of_data.workers,
            pin=place.pins,
        )
        self._of_data = of_data
        module = self.group.wrap(network)
        self._optimizer = optimizer(network, options)
        self._scaler = scaler(options.precision, place.device)
        self._average = averaged(network, options.average) if options.average else None
        forward: Callable[[Tensor], Tensor] = torch.compile(module) if options.compile else module
        parameters = [p for p in network.parameters() if p.requires_grad]
        self._stepper = Stepper(
            self.group, module, forward, parameters, self._optimizer, self._scaler, options
        )
        self._sums = Sums(place.device)
        self._watch = Watch(place.device)
        self.seconds = 0.0

    # ------------------------------------------------------------------ where it stands

    @property
    def steps_per_epoch(self) -> int:
        return len(self._batches)

    @property
    def epoch(self) -> int:
        """The number of the epoch under way, counted from 1."""
        return len(self.results) + 1

    @property
    def done(self) -> bool:
        """Whether every epoch is."""
        return len(self.results) == self.options.epochs

    @property
    def steps_done(self) -> int:
        """Steps of the optimizer since the start."""
        return len(self.results) * self.steps_per_epoch + self.step

    @property
    def last(self) -> EpochResult | None:
        """The result of the last whole epoch."""
        return self.results[-1] if self.results else None

    @property
    def looks(self) -> bool:
        """Whether the last step was waited for, so that its figures cost nothing."""
        return self.steps_done % self._watch.every == 0

    @property
    def measured(self) -> nn.Module:
        """The network that is evaluated: the averaged one where there is one."""
        return self._average.module if self._average else self.network

    def running(self) -> tuple[float, float]:
        """Loss and accuracy of the epoch so far; waits for the device."""
        return self._sums.means()

    # ------------------------------------------------------------------ training

    def steps(self) -> Iterator[int]:
        """Make the steps that are left of the epoch; after each, the images that it was of.

        Raises Diverged: on a CPU before the weights are changed, on a GPU some steps later.
        """
        self.network.train()
        begin = time.perf_counter()
        batches = self._batches.epoch(len(self.results), begin=self.step)
        for batch in placed(batches, self.place.device):
            images = self._batches.images(self.step)
            self._step(batch)
            self.seconds += time.perf_counter() - begin
            yield images
            begin = time.perf_counter()
        self.seconds += time.perf_counter() - begin

    def _step(self, batch: tuple[Tensor, Tensor]) -> None:
        number, images = self.steps_done, self._batches.images(self.step)
        sums, norm = self._stepper.gradient(batch, images)
        self._sums.add_all(sums, ALONE, images)
        # In fp16 a gradient may overflow: the scaler then leaves the step out and lowers the scale.
        self._watch.see(number + 1, sums.loss, sums.loss if self._scaler.is_enabled() else norm)
        if (number + 1) % self._watch.every == 0:
            self._look()
        self._stepper.apply(rate(self.options, number, self.steps_per_epoch))
        if self._average:
            self._average.update_parameters(self.network)
        self.step += 1

    def check(self) -> None:
        """Raises Diverged unless losses, gradients and weights are finite; waits for the device.

        Statistics of normalisations count as weights.
        """
        self._look()
        tensors = [*self.network.parameters(), *self.network.buffers()]
        finite = torch.stack([self.group.local(tensor).isfinite().all() for tensor in tensors])
        if self.group.largest(int(not finite.all())):
            raise self._diverged("weights", self.steps_done)

    def _look(self) -> None:
        if found := self._watch.look():
            step, what = found
            raise self._diverged(what, step)
        if self._scaler.is_enabled() and self._scaler.get_scale() < SMALLEST_SCALE:
            raise self._diverged("gradient", self.steps_done)

    def _diverged(self, what: str, step: int) -> Diverged:
        """`step` is counted from 1, since the start."""
        epoch, before = divmod(max(0, step - 1), self.steps_per_epoch)
        lr = rate(self.options, max(0, step - 1), self.steps_per_epoch)
        return Diverged(what, epoch + 1, before + 1, lr)

    # ------------------------------------------------------------------ evaluation

    def finish(self, check: Callable[[], None] = lambda: None) -> EpochResult:
        """Evaluate after the last step of an epoch; `check` is called between batches."""
        loss, accuracy = self._sums.means()
        validation = self._evaluated(self.data.validation, check)
        first = rate(self.options, len(self.results) * self.steps_per_epoch, self.steps_per_epoch)
        result = EpochResult(
            self.epoch, self.steps_done, first, loss, accuracy, *validation, round(self.seconds, 3)
        )
        self.results.append(result)
        self.step, self._sums = 0, Sums(self.place.device)
        return result

    def test(self, check: Callable[[], None] = lambda: None) -> tuple[float | None, float | None]:
        """Loss and accuracy on the images that nothing was chosen by."""
        return self._evaluated(self.data.test, check)

    def _evaluated(
        self, split: Split, check: Callable[[], None]
    ) -> tuple[float | None, float | None]:
        if len(split) == 0:
            return None, None
        batches = still(
            split,
            4 * self._of_data.batch,
            rank=self.place.rank,
            world=self.place.world,
            workers=self._of_data.workers,
            pin=self.place.pins,
        )
        device, precision = self.place.device, self.options.precision
        return evaluate(self.measured, batches, device, precision, check, self.group)

    # ------------------------------------------------------------------ checkpoints

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, in what `torch.load(weights_only=True)` reads."""
        average = self._average
        drawn = self.group.gathered(randomness.state(self.place.device))
        return {
            "model": self.group.whole(self.network.state_dict()),
            "average": average.module.state_dict() if average else None,
            "averaged": int(average.n_averaged) if average else 0,
            "optimizer": self.group.whole(self._optimizer.state_dict()),
            "scaler": self._scaler.state_dict(),
            "epochs": len(self.results),
            "step": self.step,
            "sums": self._sums.state(),
            "results": [vars(result) for result in self.results],
            "seconds": self.seconds,
            "randomness": drawn[0],
            "others": drawn[1:],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken, of a training of the same recipe."""
        self.group.load(self.network, self._optimizer, state)
        if self._average:
            self._average.module.load_state_dict(state["average"])
            self._average.n_averaged.fill_(state["averaged"])
        if self._scaler.is_enabled():
            self._scaler.load_state_dict(state["scaler"])
        self.results = [EpochResult(**result) for result in state["results"]]
        self.step = state["step"]
        self._sums.load(state["sums"])
        self.seconds = state["seconds"]
        drawn = [state["randomness"], *state.get("others", ())]
        if self.place.rank < len(drawn):
            randomness.restore(drawn[self.place.rank], self.place.device)
        else:
            self.group.draw_apart(self.options.seed, self.steps_done)
