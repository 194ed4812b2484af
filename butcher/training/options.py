"""The `[train]` table."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from butcher.models.options import Options


def _device(name: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", name):
        raise ValueError('is not known; expected "auto", "cpu", "cuda" or "cuda:1"')
    return name


Epochs = Annotated[tuple[Annotated[int, Field(gt=0)], ...], Field(strict=False)]


class TrainOptions(Options):
    """Keys of `[train]`. Times are in epochs."""

    epochs: int = Field(default=30, ge=1)
    optimizer: Literal["sgd", "adamw"] = "sgd"
    lr: float = Field(default=0.1, gt=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    nesterov: bool = False
    weight_decay: float = Field(default=1e-4, ge=0)
    schedule: Literal["constant", "step", "cosine"] = "cosine"
    milestones: Epochs = ()
    gamma: float = Field(default=0.1, gt=0)
    lr_min: float = Field(default=0.0, ge=0)
    restarts: Epochs = ()
    warmup: float = Field(default=0.0, ge=0)
    clip: float | None = Field(default=None, gt=0)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    average: float | None = Field(default=None, gt=0, lt=1)
    accumulate: int = Field(default=1, ge=1)
    seed: int = Field(default=0, ge=0, lt=2**63)
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    compile: bool = False
    device: Annotated[str, AfterValidator(_device)] = "auto"
    devices: int = Field(default=1, ge=1)
    parallel: Literal["ddp", "fsdp"] = "ddp"
    threads: int | None = Field(default=None, ge=1)
    test: bool = True
    checkpoint_every: int = Field(default=1, ge=1)
    checkpoint_steps: int | None = Field(default=None, ge=1)
    tensorboard: bool = False
    out: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> TrainOptions:
        if self.schedule == "step" and not self.milestones:
            raise ValueError('schedule = "step" needs milestones, epochs such as [80, 120]')
        for key, kind in ("milestones", "step"), ("restarts", "cosine"):
            times = getattr(self, key)
            if times and self.schedule != kind:
                raise ValueError(f'{key} are of schedule = "{kind}"; write that, or {key} = []')
            if any(a >= b for a, b in pairwise(times)):
                raise ValueError(f"{key} = {list(times)}: each is later than the one before")
        if self.nesterov and self.optimizer != "sgd":
            raise ValueError('nesterov is of optimizer = "sgd"; leave it out')
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0")
        if self.lr_min > self.lr:
            raise ValueError(f"lr_min = {self.lr_min} is above lr = {self.lr}")
        if self.warmup > self.epochs:
            raise ValueError(f"warmup = {self.warmup} is longer than the {self.epochs} epochs")
        if self.restarts and self.warmup >= self.restarts[0]:
            raise ValueError(f"warmup = {self.warmup} lasts to the first of restarts")
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> TrainOptions:
        if self.devices == 1:
            return self
        if ":" in self.device:
            raise ValueError(
                f'device = "{self.device}" is one GPU, and devices = {self.devices}; write "cuda"'
            )
        if self.parallel == "fsdp" and self.average is not None:
            raise ValueError('average is not kept in parts; leave it out, or parallel = "ddp"')
        if self.parallel == "fsdp" and self.precision == "fp16":
            raise ValueError('parallel = "fsdp" scales no loss; write precision = "bf16"')
        return self
