"""The bodies that are tables: `tableau` and `multistep`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from lark import Token

from butcher.frontend import limits, tree
from butcher.frontend.builder import token_span, tokens_span
from butcher.frontend.layout import Kind, LogicalLine
from butcher.frontend.mistakes import Place, shortened
from butcher.frontend.reader import Reader
from butcher.frontend.scan import BAD
from butcher.source import Span

_RULE = "The rule is a line such as `----+----`: it stands between the stages and the weights."
_BINARY = frozenset({"PLUS", "STAR", "SLASH", "CARET"})
_SIGNS = _BINARY | {"MINUS"}
_OPENING = frozenset({"LPAR", "LSQB"})
_CLOSING = frozenset({"RPAR", "RSQB"})


def read_tableau(
    reader: Reader, slot: tree.Name | None, header: LogicalLine, lines: Sequence[LogicalLine]
) -> tree.Tableau:
    """`tableau`: rows, the rule, one or two rows of weights."""
    rule: LogicalLine | None = None
    stages: list[tree.Row] = []
    weights: list[tree.Row] = []
    for line in lines:
        if line.kind is Kind.RULE:
            if rule is not None:
                message = f"a second rule; the first stands in line {rule.numbers[0]}"
                reader.report("B144", token_span(line.tokens[0]), message, _RULE)
            rule = rule or line
        elif rule is None:
            stages.append(read_row(reader, line))
            _check_count(reader, stages)
        else:
            weights.append(_labelled(reader, line, ("b", "bhat", "err")))
    place = tokens_span(header.tokens[0], header.tokens[-1])
    end = tokens_span(lines[-1].tokens[0], lines[-1].tokens[-1]) if lines else place
    _check_parts(reader, place, end, rule, stages, weights)
    return tree.Tableau(
        slot,
        tuple(stages),
        token_span(rule.tokens[0]) if rule else None,
        tuple(weights),
        place.to(end),
        header.comments,
        rule.comments if rule else tree.Comments(),
    )


def _check_count(reader: Reader, stages: Sequence[tree.Row]) -> None:
    if len(stages) > limits.MOST_STAGES:
        message = f"a tableau has at most {limits.MOST_STAGES} stages"
        reader.findings.stop("B007", stages[-1].span, message)


def _check_parts(
    reader: Reader,
    header: Span,
    end: Span,
    rule: LogicalLine | None,
    stages: Sequence[tree.Row],
    weights: Sequence[tree.Row],
) -> None:
    """Rows above the rule, a rule, one or two rows below it, different labels."""
    if rule is None and stages:
        reader.report("B143", stages[-1].span, "there is no rule above the weights", _RULE)
    elif not stages:
        message = "a tableau without a row above its rule" if rule else "a tableau without rows"
        reader.report("B149", header, message, "Write a row for each stage: `1/2 | 1/2`.")
    if rule is not None and not weights:
        reader.report(
            "B145", token_span(rule.tokens[0]), "there are no weights under the rule", _RULE
        )
    if len(weights) > 2:
        message = "under the rule stand the weights and at most one embedded row"
        reader.report("B145", weights[2].span, message, "Is the rule too high up?")
    _check_labels(reader, weights[:2], "B146")


def _check_labels(reader: Reader, rows: Sequence[tree.Row], code: str) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        if isinstance(row.head, tree.Name):
            first = seen.setdefault(row.head.id, row.span.line)
            if first != row.span.line:
                message = f"`{row.head.id}` stands already in line {first}"
                reader.report(code, row.head.span, message, "Label each row once.")


def read_multistep(
    reader: Reader, header: LogicalLine, lines: Sequence[LogicalLine]
) -> tree.Multistep:
    """`multistep`: `alpha` and `beta`."""
    rows: list[tree.Row] = []
    for line in lines:
        if line.kind is Kind.RULE:
            message = "`multistep` has no rule: it has the rows `alpha` and `beta`"
            reader.report("B147", token_span(line.tokens[0]), message, "Delete this line.")
            continue
        row = _labelled(reader, line, ("alpha", "beta"))
        if row.head is None and row.bar is not None:
            message = "a row of `multistep` begins with `alpha |` or `beta |`"
            reader.report("B147", row.span, message)
        if len(row.cells) > limits.MOST_LAGS + 1:
            message = f"a value may be at most {limits.MOST_LAGS} blocks old"
            reader.report("B010", row.cells[limits.MOST_LAGS + 1].span, message)
            row = _invalid_row(line, row.head)
        rows.append(row)
    place = tokens_span(header.tokens[0], header.tokens[-1])
    labels = {row.head.id for row in rows if isinstance(row.head, tree.Name)}
    missing = [label for label in ("alpha", "beta") if label not in labels]
    if missing and not any(isinstance(row.head, tree.Invalid | None) for row in rows):
        message = f"`multistep` has no row {' and no row '.join(f'`{m}`' for m in missing)}"
        hint = "Write both: `alpha | -1  1`, `beta | 1`."
        reader.report("B149", place, message, hint)
    _check_labels(reader, rows, "B147")
    end = rows[-1].span if rows else place
    return tree.Multistep(tuple(rows), place.to(end), header.comments)


def _labelled(reader: Reader, line: LogicalLine, labels: Sequence[str]) -> tree.Row:
    """A row whose head is a label; another head becomes Invalid."""
    row = read_row(reader, line)
    if row.head is None or isinstance(row.head, tree.Invalid):
        return row
    if isinstance(row.head, tree.Name) and row.head.id in labels:
        return row
    code = "B147" if "alpha" in labels else "B146"
    where = "in `multistep`" if "alpha" in labels else "under the rule"
    message = f"{where}, left of `|`, stands {_alternatives(labels)}"
    hint = None if "alpha" in labels else "Leave it empty: the first row is `b`, the second `bhat`."
    reader.report(code, row.head.span, message, hint)
    head = tree.Invalid(row.head.span)
    return tree.Row(head, row.cells, row.span, row.lines, row.comments, row.bar)


def _alternatives(words: Sequence[str]) -> str:
    quoted = [f"`{word}`" for word in words]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def read_row(reader: Reader, line: LogicalLine) -> tree.Row:
    """A row: at most one expression, `|`, cells."""
    bars = [i for i, token in enumerate(line.tokens) if token.type == "BAR"]
    if not bars:
        if not any(token.type == BAD for token in line.tokens):
            reader.report(
                "B141",
                tokens_span(line.tokens[0], line.tokens[0]),
                "this row has no `|`",
                "Every row has one, behind its node or label, also where that is empty.",
            )
        return _invalid_row(line, None)
    for extra in bars[1:]:
        place = token_span(line.tokens[extra])
        reader.report("B142", place, "a second `|` in one row", "Begin a new line for each row.")
    head = _head(reader, line.tokens[: bars[0]])
    cells: list[tree.Expression] = []
    for first, end in zip(bars, [*bars[1:], len(line.tokens)], strict=True):
        cells += [_cell(reader, piece) for piece in pieces(line.tokens[first + 1 : end])]
    return tree.Row(
        head,
        tuple(cells),
        tokens_span(line.tokens[0], line.tokens[-1]),
        tuple(line.numbers),
        line.comments,
        token_span(line.tokens[bars[0]]),
    )


def _invalid_row(line: LogicalLine, head: tree.Expression | None) -> tree.Row:
    span = tokens_span(line.tokens[0], line.tokens[-1])
    return tree.Row(head, (tree.Invalid(span),), span, tuple(line.numbers), line.comments)


def _head(reader: Reader, tokens: Sequence[Token]) -> tree.Expression | None:
    found = list(pieces(tokens))
    if not found:
        return None
    if len(found) > 1:
        message = "left of `|` stands one node or one label"
        hint = "A blank outside parentheses ends it: write `1/2-1/3` or `(1/2 - 1/3)`."
        reader.report("B148", tokens_span(found[1][0], found[-1][-1]), message, hint)
        return tree.Invalid(tokens_span(tokens[0], tokens[-1]))
    return _cell(reader, found[0])


def pieces(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens between blanks that stand outside parentheses; what an operator ties, together."""
    found: list[list[Token]] = []
    depth = 0
    for i, token in enumerate(tokens):
        before = tokens[i - 1] if i else None
        ends = before is not None and depth == 0 and _is_apart(before, token)
        if before is None or (ends and not _is_tied(found[-1], token, tokens[i + 1 : i + 2])):
            found.append([])
        found[-1].append(token)
        depth += (token.type in _OPENING) - (token.type in _CLOSING)
        depth = max(depth, 0)
    return found


def _is_apart(left: Token, right: Token) -> bool:
    return left.line != right.line or left.end_column != right.column


def _is_tied(piece: Sequence[Token], token: Token, after: Sequence[Token]) -> bool:
    """Whether an operator at the blank wants both sides to be one cell."""
    if piece[-1].type in _SIGNS or token.type in _BINARY:
        return True
    return token.type == "MINUS" and (not after or _is_apart(token, after[0]))


def _cell(reader: Reader, tokens: Sequence[Token]) -> tree.Expression:
    place = Place("B120", "the cell", token_span(tokens[0]))
    span = tokens_span(tokens[0], tokens[-1])
    if any(token.type == BAD for token in tokens):
        return tree.Invalid(span)
    if blank := _blank_at_operator(tokens):
        reader.report("B140", token_span(blank), *_blank_mend(tokens))
        return tree.Invalid(span)
    return reader.cell(tokens, place)


def _blank_at_operator(tokens: Sequence[Token]) -> Token | None:
    """The first operator outside parentheses that has a blank beside it."""
    depth = 0
    for left, right in pairwise(tokens):
        depth += (left.type in _OPENING) - (left.type in _CLOSING)
        if depth <= 0 and _is_apart(left, right):
            return left if left.type in _SIGNS else right
    return None


def _blank_mend(tokens: Sequence[Token]) -> tuple[str, str]:
    message = "a blank outside parentheses ends the cell, and half of this expression with it"
    joined = "".join(tokens)
    if len(joined) > 60:
        return message, "Write it without blanks, or in parentheses."
    if tokens[0].type in _SIGNS:
        return message, f"Write `{joined}` without a blank."
    spaced = "".join(f" {t} " if t.type in {"PLUS", "MINUS"} else str(t) for t in tokens)
    mend = f"Write `{joined}` or `({shortened(spaced)})` as one cell"
    if len(tokens) > 2 and any(t.type == "MINUS" for t in tokens):
        apart = "".join(f" {t}" if t.type == "MINUS" else str(t) for t in tokens)
        mend += f", `{apart}` as several"
    return message, f"{mend}."
