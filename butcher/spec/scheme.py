"""A validated scheme: what a `.tab` file says, with names resolved and coefficients exact.

Structure only: shapes, names, scopes. What the numbers are worth (order, stability) is for
`butcher.analysis`, which reads the graph made of this.
"""

from __future__ import annotations

import hashlib
import keyword
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from butcher.coefficient import Coefficient
from butcher.errors import Diagnostic
from butcher.source import Source
from butcher.spec.model import Model, Place
from butcher.spec.symbol import Symbol


class Equation(Model):
    """One equation of the `ode` clause: `state` differentiated `derivative` times is the sum.

    `slots` are (slot, the state it reads); `time` tells that slots are given t as well.
    """

    state: str
    derivative: int
    slots: tuple[tuple[str, str], ...]
    time: bool = False


def clock(ode: tuple[Equation, ...], slot: str) -> str | None:
    """The slot whose coefficients tell the time at which `slot` is evaluated.

    Its own where it moves the state that it reads, else the first slot that moves that state: in
    u' = f(u) + g(u) each has nodes of its own, in x' = f(y), y' = g(x) f is evaluated when the
    coefficients of g say. None for a slot that is not in the equation.
    """
    reads = {name: state for equation in ode for name, state in equation.slots}
    moving = {equation.state: [name for name, _ in equation.slots] for equation in ode}
    if slot not in reads:
        return None
    found = moving[reads[slot]]
    return slot if slot in found else found[0]


class Claim(Model):
    """`order p(q)`: the advanced solution has order p, the embedded one order q."""

    order: int
    embedded: int | None
    place: Place


class Cell(Model):
    """A coefficient and where it was written; a cell left out stands at the end of its row."""

    value: Coefficient
    place: Place


class StageRow(Model):
    """`node | cells`: always as many cells as the table has rows. No node: the row sum."""

    node: Cell | None
    cells: tuple[Cell, ...]
    place: Place


class Tableau(Model):
    """The coefficients of one slot's values. `error` tells that `embedded` is b - bhat."""

    slot: str
    stages: tuple[StageRow, ...]
    weights: tuple[Cell, ...]
    embedded: tuple[Cell, ...] | None = None
    error: bool = False
    weights_place: Place
    embedded_place: Place | None = None


class RungeKutta(Model):
    """One tableau a slot, all with as many stages."""

    kind: Literal["runge-kutta"] = "runge-kutta"
    tableaus: tuple[Tableau, ...]


class Multistep(Model):
    """sum_j alpha_j u[n+j] = h sum_j beta_j f[n+j], oldest first, as many beta as alpha."""

    kind: Literal["multistep"] = "multistep"
    slot: str
    alpha: tuple[Cell, ...]
    beta: tuple[Cell, ...]
    place: Place


class Reference(Model):
    """What a term multiplies: a state or a kept stage `name[n-lag]`, a name, or a new value.

    A state has lag 0 for `u[n]`, -1 for `u[n+1]`; a named stage or value has lag 0 (this
    block's), 1 for `k[n-1]`.
    """

    kind: Literal["state", "name"]
    name: str
    lag: int
    place: Place


class Call(Model):
    """A new evaluation of a slot, its argument affine like everything else."""

    kind: Literal["call"] = "call"
    slot: str
    argument: tuple[Term, ...]
    place: Place


class Term(Model):
    """coefficient * source; the sum of a statement's terms is its right-hand side."""

    coefficient: Coefficient
    source: Reference | Call = Field(discriminator=None)
    place: Place


class Statement(Model):
    """`target = sum of terms`. A state's target is its new value, `u[n+1]`."""

    target: str
    is_state: bool
    terms: tuple[Term, ...]
    place: Place


class StepBody(Model):
    """Update equations in the order they are computed."""

    kind: Literal["scheme"] = "scheme"
    statements: tuple[Statement, ...]

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every evaluation that is written, inner ones first."""
        return tuple(call for s in self.statements for call in _calls(s.terms))


def _calls(terms: tuple[Term, ...]) -> Iterator[Call]:
    for term in terms:
        if isinstance(term.source, Call):
            yield from _calls(term.source.argument)
            yield term.source


Body = RungeKutta | Multistep | StepBody


class Scheme(Model):
    """One method, validated. Made by `butcher.spec.build`."""

    name: str
    title: str | None
    cite: str | None
    ode: tuple[Equation, ...]
    claim: Claim | None
    symbols: tuple[Symbol, ...]
    linear: tuple[str, ...]
    shared: bool
    sweeps: int | None
    body: Body
    place: Place
    canonical: str = Field(repr=False)
    source: Source = Field(repr=False)
    findings: tuple[Diagnostic, ...] = Field(default=(), repr=False)

    def __eq__(self, other: object) -> bool:
        """Whether two schemes say the same; the text, comments and findings do not count."""
        if not isinstance(other, Scheme):
            return NotImplemented
        skipped = {"canonical", "source", "findings"}
        return all(
            getattr(self, name) == getattr(other, name)
            for name in type(self).model_fields
            if name not in skipped
        )

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def declared(self) -> tuple[Symbol, ...]:
        """The symbols of the file; h only if it is given another value, or trained."""
        return tuple(s for s in self.symbols if s.name != "h" or s.kind != "h" or s.start != 1)

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots, in the order in which the body has them."""
        if isinstance(self.body, RungeKutta):
            return tuple(tableau.slot for tableau in self.body.tableaus)
        if isinstance(self.body, Multistep):
            return (self.body.slot,)
        return tuple(dict.fromkeys(call.slot for call in self.body.calls))

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical text, the first 16 hexadecimal digits."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()[:16]

    @property
    def class_name(self) -> str:
        """The name in CamelCase: `lm_resnet` is `LmResnet`; `none` is `None_`."""
        name = "".join(part[:1].upper() + part[1:] for part in self.name.split("_"))
        if keyword.iskeyword(name):
            return name + "_"
        return name if name.isidentifier() else "_" + name


Call.model_rebuild()
