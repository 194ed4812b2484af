"""`butcher bench`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from butcher.bench.item import CannotMeasureError, Held, Method, method
from butcher.bench.record import Record
from butcher.bench.run import PARTS, Part, run, suite
from butcher.bench.settings import Settings
from butcher.bench.table import page
from butcher.cli.streams import Failure, input_error, say, write_out
from butcher.compiler import OptionError
from butcher.errors import SpecError, escaped


def settings_of(*, clock: str | None, threads: int, device: str, **given: Any) -> Settings:
    """Of the options; for several threads the clock is on the wall. Exit 2 for an unknown device,
    3 for one that is not there."""
    if device.partition(":")[0] not in {"cpu", "cuda"}:
        raise Failure(2, f"butcher: the device is cpu or cuda, not {escaped(device[:40])!r}")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise Failure(3, "butcher: torch finds no CUDA device here; leave --device out for the CPU")
    chosen = clock or ("cpu" if threads == 1 else "wall")
    return Settings.model_validate({**given, "clock": chosen, "threads": threads, "device": device})


def bench(
    specs: Sequence[str],
    settings: Settings,
    *,
    steps: Sequence[Held],
    shared: bool,
    parts: Sequence[Part],
    peers: bool,
    output: Path | None,
    name: str,
) -> None:
    """A table to standard output; with a folder NAME.md and NAME.json there, too."""
    if (steps or shared) and not specs:
        raise Failure(2, "butcher: --step and --shared say how a SPEC is measured; name one")
    methods = _methods(specs, steps, shared) if specs else suite()
    chosen = parts or (("blocks",) if specs else tuple(p for p in PARTS if p != "growth"))
    record = run(methods, settings, chosen, peers=peers, said=_said)
    _said("")
    text = page(record).encode()
    if output is not None:
        _into_folder(output, name, text, record)
    write_out(None, text)


def again(record: Path) -> None:
    """The table of a run that is in a file."""
    try:
        text = record.read_text(encoding="utf-8")
    except OSError as problem:
        raise Failure(3, input_error(str(record), problem)) from None
    try:
        found = Record.read(text)
    except (ValidationError, UnicodeDecodeError) as problem:
        first = str(problem).partition("\n")[0]
        raise Failure(
            1, f"butcher: {escaped(str(record))} is no record of a run: {escaped(first)}"
        ) from None
    write_out(None, page(found).encode())


def _methods(specs: Sequence[str], steps: Sequence[Held], shared: bool) -> list[Method]:
    try:
        return [method(spec, step, shared=shared) for spec in specs for step in steps or ("fixed",)]
    except SpecError as problem:
        say(problem.diagnostics, problem.source)
        raise Failure(1) from None
    except CannotMeasureError as problem:
        raise Failure(1, f"butcher: {escaped(str(problem))}") from None
    except OptionError as problem:
        raise Failure(2, f"butcher: {escaped(str(problem))}") from None
    except OSError as problem:
        raise Failure(3, input_error(str(problem.filename or specs[0]), problem)) from None


def _into_folder(folder: Path, name: str, text: bytes, record: Record) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise Failure(3, input_error(str(folder), problem)) from None
    write_out(folder / f"{name}.json", record.text.encode())
    write_out(folder / f"{name}.md", text)


def _said(line: str) -> None:
    """On one line of a terminal, each in the place of the one before; elsewhere nothing."""
    if sys.stderr is not None and sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
