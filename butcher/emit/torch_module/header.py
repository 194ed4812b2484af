"""The docstring at the top of an emitted file: what this is and how much of it is proved."""

from __future__ import annotations

from dataclasses import dataclass, field

from butcher.emit.torch_module.writer import Writer, filled

LABEL = 10


@dataclass(frozen=True)
class Header:
    """What an emitted file says about itself. Texts are any texts: they are made harmless.

    name        the method's name, as in the file.
    verified    how the order was verified, and what else was found: one paragraph each.
    order       the verified order, None where it has no meaning.
    stages      the file's, before pruning.
    options     (`step`, `learned`), ... as they were asked for.
    digest      of the canonical text.
    starts      the method whose states a block of this one has, to start it.
    lower_order of the two orders of the pair, where the step is controlled.
    fused       whether it is written in the notation of `butcher.kernels`.
    """

    class_name: str
    name: str
    order: int | None
    stages: int
    digest: str
    version: str
    title: str | None = None
    cite: str | None = None
    verified: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = field(default=())
    starts: str | None = None
    lower_order: int | None = None
    fused: bool = False


def write_header(writer: Writer, header: Header) -> None:
    """The module docstring."""
    title = filled(f"{(header.title or header.name).rstrip('. ')}.")
    writer.line(f'"""{title[0]}')
    writer.lines(title[1:])
    writer.line()
    _entry(writer, "method", header.name)
    if header.cite:
        _entry(writer, "source", header.cite)
    for i, paragraph in enumerate(header.verified):
        _entry(writer, "proof" if i == 0 else "", paragraph)
    if header.options:
        _entry(writer, "options", ", ".join(f"{name} {value}" for name, value in header.options))
    if header.fused:
        _entry(writer, "needs", "butcher installed: it imports `butcher.kernels`")
    _entry(writer, "made by", f"butcher {header.version} from a scheme with digest {header.digest}")
    writer.line('"""')
    writer.line()


def _entry(writer: Writer, label: str, text: str) -> None:
    writer.lines(filled(text, indent=" " * LABEL, label=label.ljust(LABEL)))
