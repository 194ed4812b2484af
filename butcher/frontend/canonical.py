"""The canonical layout of a tree: aligned tables, broken long lines, every comment kept.

What it prints is parsed to an equal tree, and printed from there the same again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from butcher.frontend import tree
from butcher.frontend.printing import WIDTH, broken, expression, plain
from butcher.frontend.table_layout import rows_text

_INDENT = "  "
_TEXTS = (tree.Title, tree.Cite, tree.Ode, tree.Order)
_DECLARATIONS = (tree.Let, tree.Param, tree.Learn, tree.Random)


def canonical(method: tree.Method) -> str:
    """The text of a tree that was read without errors.

    Raises ValueError for a tree with errors: what could not be read cannot be printed.
    """
    lines = list(_method(method))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _method(method: tree.Method) -> Iterator[str]:
    yield from commented(method.comments, [f"method {method.name.id}"], "")
    widths: dict[object, int] = {}
    for clause in method.clauses:
        kin = _kin(clause)
        widths[kin] = max(widths.get(kin, 0), len(_keyword(clause)))
    for clause in method.clauses:
        prefix = f"{_INDENT}{_keyword(clause):<{widths[_kin(clause)]}} "
        yield from commented(clause.comments, _clause(clause, prefix), _INDENT)
    for body in method.bodies:
        yield ""
        yield from _body(body)
    if method.tail:
        yield ""
        yield from (f"#{comment}" for comment in method.tail)


def commented(comments: tree.Comments, lines: Sequence[str], indent: str) -> Iterator[str]:
    """The lines with the comments before them and the one behind the last."""
    yield from (f"{indent}#{comment}" for comment in comments.before)
    yield from lines[:-1]
    behind = "" if comments.behind is None else f"  #{comments.behind}"
    yield lines[-1].rstrip() + behind


def _keyword(clause: tree.Clause) -> str:
    return type(clause).__name__.lower()


def _kin(clause: tree.Clause) -> object:
    """Equal for clauses that are aligned behind their keywords: texts, declarations, others."""
    akin = (kinds for kinds in (_TEXTS, _DECLARATIONS) if isinstance(clause, kinds))
    return next(akin, type(clause))


def _clause(clause: tree.Clause, prefix: str) -> list[str]:
    match clause:
        case tree.Let(name=name, value=value) | tree.Param(name=name, value=value):
            return broken(f"{prefix}{name.id} = ", expression(value, spaced=True))
        case tree.Learn(name=name, start=start):
            sign = "~" if isinstance(start, tree.Distribution) else "="
            return broken(f"{prefix}{name.id} {sign} ", _start(start), _learn_end(clause))
        case tree.Random(name=name, distribution=distribution):
            per = f" per {clause.per.id}" if clause.per else ""
            end = per + (" redrawn backward" if clause.redrawn else "")
            return broken(f"{prefix}{name.id} ~ ", _start(distribution), end)
        case _:
            return [prefix + _words(clause)]


def _words(clause: tree.Clause) -> str:
    match clause:
        case tree.Title(text=text) | tree.Cite(text=text):
            return _quoted(text.value)
        case tree.Ode(equations=equations):
            return ", ".join(map(_equation, equations))
        case tree.Order(order=order, embedded=embedded):
            return order.text + (f"({embedded.text})" if embedded else "")
        case tree.Linear(names=names):
            return " ".join(name.id for name in names)
        case tree.Rounded(digits=digits):
            return digits.text
        case tree.Weights(shared=shared):
            return "shared" if shared else "per stage"
        case tree.Solve(sweeps=sweeps):
            return f"picard {sweeps.text}"
    raise ValueError(f"no clause: {type(clause).__name__}")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _equation(equation: tree.Equation) -> str:
    slots = (f"{slot.id}({', '.join(n.id for n in reads)})" for slot, reads in equation.slots)
    return f"{equation.state.id}{chr(39) * equation.derivative} = {' + '.join(slots)}"


def _start(start: tree.Expression | tree.Distribution) -> list[tuple[int, str]]:
    if not isinstance(start, tree.Distribution):
        return expression(start, spaced=True)
    arguments = ", ".join(plain(argument, spaced=True) for argument in start.arguments)
    return [(0, f"{start.name.id}({arguments})")]


def _learn_end(clause: tree.Learn) -> str:
    end = ""
    if clause.bounds:
        low, high = (plain(bound, spaced=True) for bound in clause.bounds)
        end = f" in [{low}, {high}]"
    return end + (f" per {clause.per.id}" if clause.per else "")


def _body(body: tree.Body) -> Iterator[str]:
    match body:
        case tree.Tableau(slot=slot):
            header = f"tableau {slot.id}" if slot else "tableau"
            yield from commented(body.comments, [header], "")
            yield from _tableau(body)
        case tree.Multistep(rows=rows):
            yield from commented(body.comments, ["multistep"], "")
            for row, lines in zip(rows, rows_text(rows), strict=True):
                yield from commented(row.comments, lines, _INDENT)
        case tree.Step(assignments=assignments):
            yield from commented(body.comments, ["step"], "")
            for assignment in assignments:
                target = plain(assignment.target, spaced=True)
                value = expression(assignment.value, spaced=True)
                lines = broken(f"{_INDENT}{target} = ", value)
                yield from commented(assignment.comments, lines, _INDENT)


def _tableau(body: tree.Tableau) -> Iterator[str]:
    if body.rule is None:
        raise ValueError("a tableau without a rule has no canonical text")
    rows = (*body.stages, *body.weights)
    texts = rows_text(rows)
    for row, lines in zip(body.stages, texts[: len(body.stages)], strict=True):
        yield from commented(row.comments, lines, _INDENT)
    bar = min(lines[0].index("|") for lines in texts)
    end = max(len(line) for lines in texts for line in lines)
    rule = f"{_INDENT}{'-' * (bar - len(_INDENT))}+".ljust(min(end + 2, WIDTH), "-")
    yield from commented(body.rule_comments, [rule if "--" in rule else rule + "--"], _INDENT)
    for row, lines in zip(body.weights, texts[len(body.stages) :], strict=True):
        yield from commented(row.comments, lines, _INDENT)
