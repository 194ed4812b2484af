"""`parse`: the text of a `.tab` file to its tree, with everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches

from lark import Token

from butcher.errors import Diagnostic
from butcher.frontend import limits, tree
from butcher.frontend.builder import token_span, tokens_span
from butcher.frontend.clauses import Clauses
from butcher.frontend.findings import Findings, ReadingStopped
from butcher.frontend.layout import BODIES, Kind, Layout, LogicalLine
from butcher.frontend.mistakes import Place
from butcher.frontend.reader import Reader
from butcher.frontend.scan import BAD, Scanner
from butcher.frontend.steps import read_step
from butcher.frontend.tables import read_multistep, read_tableau
from butcher.source import Source, Span


def parse(source: Source) -> tuple[tree.Method | None, list[Diagnostic]]:
    """The tree and all errors, in the order of the text.

    A tree comes back whenever there is a header or a body, also with errors: what could not be
    read is Invalid in it, or left out. None if there is nothing, or if a limit stopped the
    reading. Never raises, whatever the text.
    """
    if limits.is_too_large(source.text):
        return None, [limits.too_large()]
    findings = Findings()
    method = None
    with suppress(ReadingStopped):
        for found in limits.forbidden_characters(source):
            findings.add(found)
        method = _read(Reader(findings), limits.without_forbidden(source))
    return method, findings.ordered()


def _read(reader: Reader, source: Source) -> tree.Method | None:
    layout = Layout()
    layout.read(Scanner(source, reader.findings).lines())
    methods = _by_method(layout.lines)
    if not methods:
        span = Span(1, 1, 1, 2)
        reader.report("B101", span, "the file says nothing", "A file begins with `method NAME`.")
        return None
    first, *others = (_Method(reader, part) for part in methods)
    if others:
        span = token_span(methods[1][0].tokens[0])
        message = f"a second method; the first stands in line {methods[0][0].numbers[0]}"
        reader.report("B103", span, message, "One file holds one method: make it two files.")
    found = [method.read(tuple(layout.tail)) for method in (first, *others)]
    return found[0]


def _by_method(lines: Sequence[LogicalLine]) -> list[list[LogicalLine]]:
    """The lines of each method: its header and what follows."""
    found: list[list[LogicalLine]] = []
    for line in lines:
        if not found or line.kind is Kind.METHOD:
            found.append([])
        found[-1].append(line)
    return found


class _Method:
    """Reads the lines of one method."""

    def __init__(self, reader: Reader, lines: Sequence[LogicalLine]) -> None:
        self.reader = reader
        self.lines = lines
        self.clauses = Clauses(reader)
        self.bodies: list[tree.Body] = []

    def read(self, tail: tuple[str, ...]) -> tree.Method | None:
        """The method; None if there is neither a header nor a body."""
        header = self.lines[0] if self.lines[0].kind is Kind.METHOD else None
        name = self._name(header) if header else self._missing_header()
        clauses, bodies = self._parts(self.lines[1:] if header else self.lines)
        for line in clauses:
            self.clauses.read(line)
        for i, body in enumerate(bodies):
            self._body(body, bodies[i - 1][0] if i else None)
        if header is None and not bodies:
            return None
        if not bodies:
            message = "the method has no body: `tableau`, `multistep` or `step`"
            hint = "Write one of the three on a line of its own, and the coefficients under it."
            self.reader.report("B109", token_span(self.lines[0].tokens[0]), message, hint)
        span = tokens_span(self.lines[0].tokens[0], self.lines[-1].tokens[-1])
        comments = header.comments if header else tree.Comments()
        nodes = tuple(self.clauses.nodes)
        return tree.Method(name, nodes, tuple(self.bodies), span, comments, tail)

    def _missing_header(self) -> tree.Name:
        """Report that there is no `method`; a line that looks like it is not looked at again."""
        first = self.lines[0]
        place = token_span(first.tokens[0])
        hint = "Write it above this line."
        if first.kind is Kind.OTHER and get_close_matches(first.keyword.lower(), ["method"]):
            hint = "Did you mean `method`? Keywords are lower case."
            self.lines = self.lines[1:] or self.lines
        self.reader.report("B101", place, "a file begins with `method NAME`", hint)
        return tree.Name("unnamed", place)

    def _name(self, line: LogicalLine) -> tree.Name:
        """The name of the method; `unnamed`, and an error, if there is none."""
        keyword, *rest = line.tokens
        if len(rest) == 1 and rest[0].type in {"NAME", "IN", "PER", "N", "SQRT"}:
            name = tree.Name(str(rest[0]), token_span(rest[0]))
            self.reader.check_name(name, "method")
            return name
        if not any(token.type == BAD for token in rest):
            span = tokens_span(rest[0], rest[-1]) if rest else token_span(keyword)
            message = "`method` is followed by one name: ASCII letters, digits and `_`"
            self.reader.report("B102", span, message, _name_hint(rest))
        return tree.Name("unnamed", token_span(keyword))

    def _parts(
        self, lines: Sequence[LogicalLine]
    ) -> tuple[list[LogicalLine], list[list[LogicalLine]]]:
        """The clauses, wherever they stand, and the lines of each body, its keyword first."""
        clauses: list[LogicalLine] = []
        bodies: list[list[LogicalLine]] = []
        has_body = any(line.kind is Kind.BODY for line in lines)
        for line in lines:
            if line.kind is Kind.BODY:
                bodies.append([line])
            elif line.kind is Kind.CLAUSE:
                if bodies:
                    message = f"`{line.keyword}` stands behind the body"
                    hint = "Clauses stand between `method` and the body: move it up."
                    self.reader.report("B108", token_span(line.tokens[0]), message, hint)
                clauses.append(line)
            elif bodies:
                bodies[-1].append(line)
            elif line.kind is Kind.OTHER:
                if self.lines[0].kind is Kind.METHOD or has_body:
                    self.clauses.unknown(line)
            else:
                self._report_early(line)
                if not has_body:
                    bodies.append([_implied(line), line])
        return clauses, bodies

    def _report_early(self, line: LogicalLine) -> None:
        """An assignment or a row where clauses stand."""
        first = line.tokens[0]
        keyword = _implied(line).keyword
        what = "an assignment" if keyword == "step" else "a line of a table"
        hint = f"Write `{keyword}` on a line above it."
        if keyword == "step" and first.type == "NAME":
            hint += f" If it is a constant, write `let {first} = ...`."
        self.reader.report("B111", token_span(first), f"{what} before the body", hint)

    def _body(self, lines: Sequence[LogicalLine], before: LogicalLine | None) -> None:
        header, rest = lines[0], lines[1:]
        first = token_span(header.tokens[0])
        kind = header.keyword
        slot = None
        if header.numbers:
            place = Place("B119", f"`{kind}`", first)
            parts = self.reader.parse(BODIES[kind], header.tokens[1:], place)
            slot = parts.children[0] if parts is not None and parts.children else None
            if slot is not None:
                self.reader.check_name(slot, "slot")
        if before is not None and (kind != "tableau" or before.keyword != kind):
            message = f"`{kind}` behind `{before.keyword}`: a method has one body"
            hint = "Only `tableau f`, `tableau g` may follow each other, one for each slot."
            self.reader.report("B110", first, message, hint)
        body: tree.Body
        if kind == "tableau":
            body = read_tableau(self.reader, slot, header, rest)
        elif kind == "multistep":
            body = read_multistep(self.reader, header, rest)
        else:
            body = read_step(self.reader, header, rest)
        kinds = type(self.bodies[0]) if self.bodies else type(body)
        if isinstance(body, kinds) and (not self.bodies or kinds is tree.Tableau):
            self.bodies.append(body)


def _name_hint(tokens: Sequence[Token]) -> str:
    """What to write instead of these tokens behind `method`."""
    if len(tokens) > 1 and tokens[0].type == "NAME" and tokens[0].end_column != tokens[1].column:
        return "The rest goes on lines of its own."
    words = "".join(c if c.isalnum() else "_" for c in "".join(tokens)).strip("_")[:40]
    return f"Write `method {f'method_{words}' if words[:1].isdigit() else words or 'rk4'}`."


def _implied(line: LogicalLine) -> LogicalLine:
    """The header that is missing above a line; it stands in no line of the text."""
    keyword = "step" if line.kind is Kind.ASSIGNMENT else "tableau"
    if line.tokens[0] in {"alpha", "beta"} and line.kind is Kind.ROW:
        keyword = "multistep"
    token = line.tokens[0].update(value=keyword)
    return LogicalLine(Kind.BODY, [token], [], None)
