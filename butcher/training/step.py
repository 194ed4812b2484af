"""One step of the optimizer: its loss, gradient, limit, and what must not be infinite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn, optim
from torch.amp import GradScaler
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from butcher.training.data import Batch
from butcher.training.options import TrainOptions
from butcher.training.precision import autocast
from butcher.training.several import Alone
from butcher.training.sums import Sums


@dataclass(frozen=True)
class Stepper:
    """Makes steps of `optimizer`.

    module      the network, as its group wraps it.
    forward     from images to logits: the module, or what is compiled of it.
    parameters  those that have gradients.
    """

    group: Alone
    module: nn.Module
    forward: Callable[[Tensor], Tensor]
    parameters: list[nn.Parameter]
    optimizer: optim.Optimizer
    scaler: GradScaler
    options: TrainOptions

    def gradient(self, batch: Batch, images: int) -> tuple[Sums, Tensor]:
        """What is measured of a step, and the norm of its gradient, now in the parameters.

        The step is of `images` images, of which `batch` is our share. It is cut in `accumulate`
        parts, in every process in as many, each weighted by its images: the mean of the gradients
        of all processes is the gradient of the mean loss of all images. It is limited to a norm
        of `clip`; the norm is that before.
        """
        self.optimizer.zero_grad(set_to_none=True)
        x, y = batch
        own, whole = Sums(x.device), Sums(x.device)
        number = min(self.options.accumulate, images // self.group.world)
        parts = list(zip(x.tensor_split(number), y.tensor_split(number), strict=True))
        for part, labels in parts:
            with self.group.part(self.module, last=part is parts[-1][0]):
                logits, loss = self._loss(part, labels)
                share = loss * (len(labels) * self.group.world / images)
                self.scaler.scale(share).backward()  # type: ignore[no-untyped-call]
            own.add(logits, loss, labels)
        whole.add_all(own, self.group, images)
        self.group.mean([b for b in self.module.buffers() if b.is_floating_point()])
        self.scaler.unscale_(self.optimizer)
        grads = [p.grad for p in self.parameters if p.grad is not None]
        norm: Tensor = self.group.whole(get_total_norm(grads))
        if self.options.clip is not None:
            clip_grads_with_norm_(self.parameters, self.options.clip, norm)
        return whole, norm

    def apply(self, lr: float) -> None:
        """Change the parameters by their gradients; in fp16 not by infinite ones."""
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def _loss(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, classes) and the mean cross-entropy, with smoothed labels."""
        with autocast(self.options.precision, x.device):
            logits = self.forward(x)
            return logits, cross_entropy(logits, y, label_smoothing=self.options.label_smoothing)
