"""What each command does."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Any

from butcher import compiler, resources
from butcher.cli.files import read_spec, write
from butcher.errors import Diagnostic, SpecError, escaped, has_errors, render
from butcher.source import Source


class Failure(Exception):
    """A command ends without having done its work: its exit code and what is said about it."""

    def __init__(self, code: int, message: str = "") -> None:
        self.code = code
        super().__init__(message)


def _input_error(spec: str, problem: OSError) -> str:
    """One line about a file that cannot be read or written."""
    if isinstance(problem, compiler.UnknownSpecError):
        return f"butcher: {escaped(str(problem))}"
    return f"butcher: {escaped(spec)}: {problem.strerror or problem}"


def _say(findings: Iterable[Diagnostic], source: Source) -> None:
    """Diagnostics to standard error, a blank line between two."""
    for finding in findings:
        print(render(finding, source), end="\n\n", file=sys.stderr)


def _examined(spec: str) -> compiler.Verdict:
    """Everything there is to say about a file; exit 3 if it cannot be read."""
    try:
        data = read_spec(spec)
    except OSError as problem:
        raise Failure(3, _input_error(spec, problem)) from None
    return compiler.examine_bytes(data, spec)


def _write(path: Path | None, data: bytes) -> None:
    try:
        write(path, data)
    except OSError as problem:
        name = "standard output" if path is None else str(path)
        raise Failure(3, _input_error(name, problem)) from None


def _scheme(spec: str) -> compiler.Scheme:
    """The scheme of a file without errors of its own; its claims are not looked at."""
    try:
        data = read_spec(spec)
    except OSError as problem:
        raise Failure(3, _input_error(spec, problem)) from None
    try:
        return compiler.parse_bytes(data, spec)
    except SpecError as problem:
        _say(problem.diagnostics, problem.source)
        raise Failure(1) from None


# --------------------------------------------------------------------------- compile


def compile_spec(
    spec: str,
    output: Path | None,
    *,
    step: str | None,
    h: str | None,
    weights: str | None,
    class_name: str | None,
    verify: bool,
) -> None:
    """`butcher compile`."""
    scheme = _scheme(spec)
    try:
        source, warnings = compiler.translate(
            scheme,
            step=step,
            h=None if h is None else _number(h),
            weights=weights,
            class_name=class_name,
            verify=verify,
        )
    except SpecError as problem:
        _say(problem.diagnostics, problem.source)
        raise Failure(1) from None
    except compiler.OptionError as problem:
        raise Failure(2, f"butcher: {problem}") from None
    _say(warnings, scheme.source)
    _write(output, source.encode())


def _number(text: str) -> Fraction:
    # A number with an exponent of more digits would take long to make.
    if len(text) <= 100 and re.search(r"e[+-]?0*[1-9][\d_]{3}", text, re.IGNORECASE) is None:
        try:
            return Fraction(text)
        except (ValueError, ZeroDivisionError):
            pass
    raise Failure(2, f"butcher: --h {escaped(text[:100])!r} is no number; write 0.5 or 1/2")


# --------------------------------------------------------------------------- check


def check(specs: list[str], *, as_json: bool) -> None:
    """`butcher check`."""
    code = 0
    objects: list[dict[str, Any]] = []
    for spec in specs:
        try:
            verdict = _examined(spec)
        except Failure as failure:
            code = 3
            print(failure, file=sys.stderr)
            objects.append(compiler.unreadable(spec, str(failure)))
            continue
        if code == 0 and has_errors(verdict.diagnostics):
            code = 1
        objects.append(verdict.as_json())
        if not as_json:
            _say(verdict.diagnostics, verdict.source)
            print(verdict.summary, file=sys.stderr)
    if as_json:
        _write_json(objects)
    if code:
        raise Failure(code)


def _write_json(value: object) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # A file name may hold bytes that are no UTF-8; JSON has an escape for these.
    _write(None, text.encode(errors="backslashreplace"))


# --------------------------------------------------------------------------- analyze


def analyze(
    specs: list[str], *, as_json: bool, plot: Path | None, kinds: list[str], order: int | None
) -> None:
    """`butcher analyze`: with --json one object for one file, an array for several."""
    from butcher.compiler.report import report

    suffix = None if plot is None else _figure_suffix(plot)
    code = 0
    verdicts: list[compiler.Verdict] = []
    objects: list[dict[str, Any]] = []
    tables: list[str] = []
    for spec in specs:
        try:
            verdict = _examined(spec)
        except Failure as failure:
            code = 3
            print(failure, file=sys.stderr)
            objects.append(compiler.unreadable(spec, str(failure)))
            continue
        if code == 0 and has_errors(verdict.diagnostics):
            code = 1
        verdicts.append(verdict)
        _say(verdict.diagnostics, verdict.source)
        found = report(verdict, order)
        objects.append(found.as_json()) if as_json else tables.append(str(found))
    if as_json:
        _write_json(objects if len(specs) > 1 else objects[0])
    else:
        _write(None, "\n".join(filter(None, tables)).encode())
    if plot is not None and suffix is not None and verdicts:
        _plot(verdicts, plot, suffix, kinds)
    if code:
        raise Failure(code)


def _figure_suffix(plot: Path) -> str:
    from butcher.emit.render import UnknownFormatError
    from butcher.figure import suffix_of

    try:
        return suffix_of(plot)
    except UnknownFormatError as problem:
        raise Failure(2, f"butcher: {problem}") from None


def _plot(verdicts: list[compiler.Verdict], plot: Path, suffix: str, kinds: list[str]) -> None:
    from butcher.compiler.plotting import plotted
    from butcher.figure import FigureError, MatplotlibMissingError

    try:
        picture = plotted(verdicts, suffix, kinds)
    except FigureError as problem:
        raise Failure(1, f"butcher: {escaped(str(problem))}") from None
    except MatplotlibMissingError as problem:
        raise Failure(3, f"butcher: {problem}") from None
    _write(plot, picture)


# --------------------------------------------------------------------------- fmt


def fmt(specs: list[str], *, only_check: bool) -> None:
    """`butcher fmt`: every file that can be is formatted, whatever the others are like."""
    codes = {_format(spec, only_check=only_check) for spec in specs}
    if codes - {0}:
        raise Failure(max(codes))


def _format(spec: str, *, only_check: bool) -> int:
    try:
        data = read_spec(spec)
    except OSError as problem:
        print(_input_error(spec, problem), file=sys.stderr)
        return 3
    try:
        formatted = compiler.formatted(data, spec)
    except SpecError as problem:
        _say(problem.diagnostics, problem.source)
        return 1
    if only_check:
        if formatted != data:
            print(f"would reformat {escaped(spec)}", file=sys.stderr)
        return int(formatted != data)
    return _write_formatted(spec, data, formatted)


def _write_formatted(spec: str, data: bytes, formatted: bytes) -> int:
    try:
        if spec == "-":
            write(None, formatted)
        elif formatted != data:
            write(Path(str(compiler.find(spec))), formatted)
            print(f"reformatted {escaped(spec)}", file=sys.stderr)
    except OSError as problem:
        print(_input_error(spec, problem), file=sys.stderr)
        return 3
    return 0


# --------------------------------------------------------------------------- list, explain


def list_specs(*, as_json: bool) -> None:
    """`butcher list`."""
    entries = compiler.catalogue()
    if as_json:
        text = json.dumps(entries, indent=2, ensure_ascii=False)
    else:
        name = max(len(entry["name"]) for entry in entries)
        kind = max(len(entry["kind"]) for entry in entries)
        text = "\n".join(
            f"{e['name']:{name}}  {e['kind']:{kind}}  order {e['order'] or '-':<2}  "
            f"stages {e['stages']:<2}  {e['title'] or ''}".rstrip()
            for e in entries
        )
    _write(None, (text + "\n").encode())


def explain(code: str) -> None:
    """`butcher explain`: the section of the page of errors."""
    wanted = code.upper()
    sections = resources.root("errors.md").read_text(encoding="utf-8").split("\n## ")
    for section in sections[1:]:
        if section.split(maxsplit=1)[0] == wanted:
            _write(None, ("## " + section.strip() + "\n").encode())
            return
    known = [section.split(maxsplit=1)[0] for section in sections[1:]]
    near = get_close_matches(wanted[:40], known, n=3, cutoff=0.5)
    mend = f"did you mean {' or '.join(near)}?" if near else "codes look like B203"
    raise Failure(2, f"butcher: no diagnostic has the code {escaped(code[:40])}: {mend}")


# --------------------------------------------------------------------------- draw, train


def draw(spec: str, output: Path) -> None:
    """`butcher draw`."""
    from butcher.compiler.drawing import drawn
    from butcher.emit.render import GraphvizError, UnknownFormatError, suffix_of

    try:
        suffix = suffix_of(output)
    except UnknownFormatError as problem:
        raise Failure(2, f"butcher: {problem}") from None
    scheme = _scheme(spec)
    try:
        picture = drawn(scheme, suffix)
    except SpecError as problem:
        _say(problem.diagnostics, problem.source)
        raise Failure(1) from None
    except GraphvizError as problem:
        raise Failure(3, f"butcher: {escaped(str(problem))}") from None
    _write(output, picture)


def train(recipe: str, settings: list[str]) -> None:
    """`butcher train`."""
    from butcher.training.command import train as run

    code = run(recipe, settings)
    if code:
        raise Failure(code)
