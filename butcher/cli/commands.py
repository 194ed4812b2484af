"""What each command does."""

from __future__ import annotations

import json
import re
import sys
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path

from butcher import compiler, resources
from butcher.cli.files import read_spec, write
from butcher.cli.streams import (
    UNREADABLE,
    Failure,
    input_error,
    say,
    scheme_of,
    verdicts,
    write_json,
    write_out,
)
from butcher.errors import SpecError, escaped

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
    starts: str | None,
    evaluations: str,
    checkpoint: str,
    form: str,
) -> None:
    """`butcher compile`."""
    scheme = scheme_of(spec)
    other = None if starts is None else scheme_of(starts)
    try:
        source, warnings = compiler.translate(
            scheme,
            step=step,
            h=None if h is None else _number(h),
            weights=weights,
            class_name=class_name,
            verify=verify,
            starts=other,
            evaluations=evaluations,
            checkpoint=checkpoint,
            form=form,
        )
    except SpecError as problem:
        say(problem.diagnostics, problem.source)
        raise Failure(1) from None
    except compiler.OptionError as problem:
        raise Failure(2, f"butcher: {problem}") from None
    say(warnings, scheme.source)
    write_out(output, source.encode())


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
    codes, objects = [], []
    for verdict, code in verdicts(specs):
        codes.append(code)
        objects.append(verdict.as_json())
        if not as_json and code < UNREADABLE:
            say(verdict.diagnostics, verdict.source)
            print(verdict.summary, file=sys.stderr)
    if as_json:
        write_json(objects)
    if any(codes):
        raise Failure(max(codes))


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
        print(input_error(spec, problem), file=sys.stderr)
        return 3
    try:
        formatted = compiler.formatted(data, spec)
    except SpecError as problem:
        say(problem.diagnostics, problem.source)
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
        print(input_error(spec, problem), file=sys.stderr)
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
    write_out(None, (text + "\n").encode())


def explain(code: str) -> None:
    """`butcher explain`: the section of the page of errors."""
    wanted = code.upper()
    sections = resources.root("errors.md").read_text(encoding="utf-8").split("\n## ")
    for section in sections[1:]:
        if section.split(maxsplit=1)[0] == wanted:
            write_out(None, ("## " + section.strip() + "\n").encode())
            return
    known = [section.split(maxsplit=1)[0] for section in sections[1:]]
    near = get_close_matches(wanted[:40], known, n=3, cutoff=0.5)
    mend = f"did you mean {' or '.join(near)}?" if near else "codes look like B203"
    raise Failure(2, f"butcher: no diagnostic has the code {escaped(code[:40])}: {mend}")


# --------------------------------------------------------------------------- draw, train


def draw(spec: str, output: Path, *, as_schedule: bool) -> None:
    """`butcher draw`."""
    from butcher.compiler.drawing import drawn, schedule_drawn
    from butcher.emit.render import GraphvizError, UnknownFormatError, suffix_of

    try:
        suffix = suffix_of(output)
    except UnknownFormatError as problem:
        raise Failure(2, f"butcher: {problem}") from None
    scheme = scheme_of(spec)
    try:
        picture = (schedule_drawn if as_schedule else drawn)(scheme, suffix)
    except SpecError as problem:
        say(problem.diagnostics, problem.source)
        raise Failure(1) from None
    except GraphvizError as problem:
        raise Failure(3, f"butcher: {escaped(str(problem))}") from None
    write_out(output, picture)


def train(recipe: str, settings: list[str], *, resume: bool, dry_run: bool, quiet: bool) -> None:
    """`butcher train`."""
    from butcher.training.command import train as run
    from butcher.training.place import is_started, leave

    code = run(recipe, settings, resume=resume, dry_run=dry_run, quiet=quiet)
    if is_started():
        leave(code)
    if code:
        raise Failure(code)
