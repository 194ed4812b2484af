"""The syntax tree of a `.tab` file: what was written, where, with its comments.

Spans and comments take no part in comparison, so two texts that say the same are equal trees.
Numbers stay text here: `0.10` is printed back as `0.10`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from butcher.source import Span

# --------------------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Number:
    """A literal as written: digits, or a decimal with digits on both sides of the point."""

    text: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A bare name."""

    id: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Dot:
    """The cell `.`, which is zero."""

    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """`-x`."""

    operand: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """`left op right` with op one of `+ - * /`; `sign` is the operator's own place."""

    op: str
    left: Expression
    right: Expression
    span: Span = field(compare=False)
    sign: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Power:
    """`base ^ exponent`; the exponent is an integer literal, or again a power: `2^3^2`."""

    base: Expression
    exponent: Number | Power
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Group:
    """A parenthesis that was written, kept so that the text can be printed as it stood."""

    inner: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`f(x)`: a square root, or the evaluation of a slot. The language has one-argument calls."""

    name: Name
    argument: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Lagged:
    """`u[n+1]` (lag -1), `u[n]` (lag 0), `u[n-1]` (lag 1): n minus the lag."""

    name: Name
    lag: int
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Invalid:
    """What could not be read; its error has been reported, and nothing more is said of it."""

    span: Span = field(compare=False)


Expression = Number | Name | Dot | Negative | Operation | Power | Group | Call | Lagged | Invalid

# --------------------------------------------------------------------------- clauses


@dataclass(frozen=True, slots=True)
class Comments:
    """Comment lines that stand before something, and the comment behind it, without `#`."""

    before: tuple[str, ...] = ()
    behind: str | None = None


def _comments() -> Comments:
    return Comments()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """What every clause has. `span` covers it from the keyword to its last character."""

    span: Span = field(compare=False)
    comments: Comments = field(compare=False, default_factory=_comments)


@dataclass(frozen=True, slots=True)
class String:
    """A string; `value` is the text with its escapes resolved."""

    value: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Title(Clause):
    text: String


@dataclass(frozen=True, slots=True)
class Cite(Clause):
    text: String


@dataclass(frozen=True, slots=True)
class Equation:
    """`u' = f(u) + g(u)`: the state, how often it is differentiated, the slots that add up.

    Each slot is `(slot, arguments)` with one argument, the state it reads, or two, `t` first.
    """

    state: Name
    derivative: int
    slots: tuple[tuple[Name, tuple[Name, ...]], ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Ode(Clause):
    equations: tuple[Equation, ...]


@dataclass(frozen=True, slots=True)
class Order(Clause):
    """`order p` or `order p(q)`."""

    order: Number
    embedded: Number | None


@dataclass(frozen=True, slots=True)
class Distribution:
    """`uniform(a, b)`, `normal(m, s)`, `bernoulli(p)`."""

    name: Name
    arguments: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Let(Clause):
    name: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Param(Clause):
    name: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Learn(Clause):
    """`learn h = 1 in [0.1, 2] per stage`, `learn k ~ uniform(-0.1, 0)`; `per` is a Name."""

    name: Name
    start: Expression | Distribution
    bounds: tuple[Expression, Expression] | None
    per: Name | None


@dataclass(frozen=True, slots=True)
class Random(Clause):
    """`random a ~ uniform(0, 1) per batch redrawn backward`; drawn per sample unless `per`."""

    name: Name
    distribution: Distribution
    per: Name | None
    redrawn: bool


@dataclass(frozen=True, slots=True)
class Linear(Clause):
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Rounded(Clause):
    digits: Number


@dataclass(frozen=True, slots=True)
class Weights(Clause):
    shared: bool


@dataclass(frozen=True, slots=True)
class Solve(Clause):
    """`solve picard 3`."""

    sweeps: Number


# --------------------------------------------------------------------------- bodies


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table. `head` stands left of `|`: a node, a label, or nothing.

    In a tableau's stages the head is an expression or None; below the rule and in a multistep
    body it is a Name or None. `lines` are the text lines it runs over, and `bar` is where its
    `|` stands. A row that could not be read has Invalid cells.
    """

    head: Expression | None
    cells: tuple[Expression, ...]
    span: Span = field(compare=False)
    lines: tuple[int, ...] = field(compare=False, default=())
    comments: Comments = field(compare=False, default_factory=_comments)
    bar: Span | None = field(compare=False, default=None)


@dataclass(frozen=True, slots=True)
class Tableau:
    """`tableau` or `tableau f`: stage rows above the rule, weights under it.

    `rule` is None if it is missing (reported).
    """

    slot: Name | None
    stages: tuple[Row, ...]
    rule: Span | None = field(compare=False)
    weights: tuple[Row, ...]
    span: Span = field(compare=False)
    comments: Comments = field(compare=False, default_factory=_comments)
    rule_comments: Comments = field(compare=False, default_factory=_comments)


@dataclass(frozen=True, slots=True)
class Multistep:
    """`multistep` with its rows, as written: each head is the Name `alpha` or `beta`."""

    rows: tuple[Row, ...]
    span: Span = field(compare=False)
    comments: Comments = field(compare=False, default_factory=_comments)


@dataclass(frozen=True, slots=True)
class Assignment:
    """`target = value`, target a Name or `u[n+1]`."""

    target: Name | Lagged
    value: Expression
    span: Span = field(compare=False)
    comments: Comments = field(compare=False, default_factory=_comments)


@dataclass(frozen=True, slots=True)
class Step:
    """`step` and its assignments."""

    assignments: tuple[Assignment, ...]
    span: Span = field(compare=False)
    comments: Comments = field(compare=False, default_factory=_comments)


Body = Tableau | Multistep | Step


@dataclass(frozen=True, slots=True)
class Method:
    """One file. `comments` stand before `method`; `tail` are comment lines after everything."""

    name: Name
    clauses: tuple[Clause, ...]
    bodies: tuple[Body, ...]
    span: Span = field(compare=False)
    comments: Comments = field(compare=False, default_factory=_comments)
    tail: tuple[str, ...] = field(compare=False, default=())
