"""What every command does: read files, say what was found, write, end with an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from butcher import compiler
from butcher.cli.files import read_spec, write
from butcher.errors import Diagnostic, SpecError, escaped, has_errors, render
from butcher.source import Source


class Failure(Exception):
    """A command ends without having done its work: its exit code and what is said about it."""

    def __init__(self, code: int, message: str = "") -> None:
        self.code = code
        super().__init__(message)


def input_error(spec: str, problem: OSError) -> str:
    """One line about a file that cannot be read or written."""
    if isinstance(problem, compiler.UnknownNameError):
        return f"butcher: {escaped(str(problem))}"
    return f"butcher: {escaped(spec)}: {problem.strerror or problem}"


def say(findings: Iterable[Diagnostic], source: Source) -> None:
    """Diagnostics to standard error, a blank line between two."""
    for finding in findings:
        print(render(finding, source), end="\n\n", file=sys.stderr)


UNREADABLE = 3
"""The exit code that wins over all others."""


def verdicts(specs: Iterable[str]) -> Iterator[tuple[compiler.Verdict, int]]:
    """Of each file what there is to say, and the exit code that this makes."""
    for spec in specs:
        try:
            data = read_spec(spec)
        except OSError as problem:
            message = input_error(spec, problem)
            print(message, file=sys.stderr)
            yield compiler.unreadable(spec, message), UNREADABLE
        else:
            verdict = compiler.examine_bytes(data, spec)
            yield verdict, int(has_errors(verdict.diagnostics))


def write_out(path: Path | None, data: bytes) -> None:
    """To a file, or for None to standard output; exit 3 if that cannot be."""
    try:
        write(path, data)
    except OSError as problem:
        name = "standard output" if path is None else str(path)
        raise Failure(3, input_error(name, problem)) from None


def scheme_of(spec: str) -> compiler.Scheme:
    """The scheme of a file without errors of its own; its claims are not looked at."""
    try:
        data = read_spec(spec)
    except OSError as problem:
        raise Failure(3, input_error(spec, problem)) from None
    try:
        return compiler.parse_bytes(data, spec)
    except SpecError as problem:
        say(problem.diagnostics, problem.source)
        raise Failure(1) from None


def write_json(value: object) -> None:
    """To standard output."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # A file name may hold bytes that are no UTF-8; JSON has an escape for these.
    write_out(None, text.encode(errors="backslashreplace"))
