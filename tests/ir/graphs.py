"""Graphs made by hand: what lowering would make of some methods, small enough to read."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from butcher.coefficient import Coefficient, Number, Variable
from butcher.ir.graph import Estimate, Evaluation, Graph, Row, State, Term
from butcher.spec.scheme import Equation
from butcher.spec.symbol import Distribution, Symbol

Exact = Coefficient | Number | Fraction | int
Entries = Sequence[Sequence[Exact]]


def F(numerator: int, denominator: int = 1) -> Coefficient:
    return Coefficient.of(Fraction(numerator, denominator))


def declared(name: str, kind: str, start: Exact = 1, **more: object) -> Symbol:
    number = Number.of(start) if isinstance(start, int | Fraction) else start
    return Symbol.model_validate({"name": name, "kind": kind, "start": number, **more})


def of(symbol: Symbol) -> Coefficient:
    return Coefficient.symbol(symbol.variable)


STEP = declared("h", "h")
H = Coefficient.symbol(Variable("h", Number.of(1)))

U = State("u", 0, "value", 0)
U_OLD = State("u", -1, "value", 1)
X, Y = State("x", 0, "value", 0), State("y", 0, "value", 0)


def kept(name: str, lag: int = 1) -> State:
    return State(name, -lag, "evaluation", lag)


def row(key: str, terms: Mapping[str, Exact]) -> Row:
    return Row(key, tuple(Term(source, Coefficient.of(c)) for source, c in terms.items() if c))


def evaluation(
    key: str, slot: str, argument: str, group: str | None = None, c: Exact | None = None
) -> Evaluation:
    return Evaluation(
        key, slot, argument, group or f"{slot}:{key}", None if c is None else Coefficient.of(c)
    )


def method(
    name: str,
    states: Sequence[State],
    evaluations: Sequence[Evaluation],
    rows: Sequence[Row],
    outputs: Sequence[str],
    *,
    symbols: Sequence[Symbol] = (),
    estimates: Sequence[Estimate] = (),
    time: bool = False,
    linear: Sequence[str] = (),
    sweeps: int | None = None,
) -> Graph:
    ode = Equation(state=states[0].name, derivative=1, slots=(("f", states[0].name),), time=time)
    return Graph(
        name=name,
        states=tuple(states),
        evaluations=tuple(evaluations),
        rows=tuple(rows),
        outputs=tuple(outputs),
        estimates=tuple(estimates),
        symbols=(STEP, *symbols),
        ode=(ode,),
        linear=frozenset(linear),
        sweeps=sweeps,
    )


def tableau(
    name: str,
    A: Entries,
    b: Sequence[Exact],
    embedded: Sequence[Exact] | None = None,
    *,
    shared: bool = False,
    time: bool = False,
    sweeps: int | None = None,
) -> Graph:
    """A Runge-Kutta method with abscissas equal to the row sums."""

    def weighted(key: str, weights: Sequence[Exact], base: Mapping[str, Exact]) -> Row:
        steps = {f"k{j}": H * Coefficient.of(w) for j, w in enumerate(weights, start=1)}
        return row(key, {**base, **steps})

    evaluations, rows = [], []
    for i, weights in enumerate(A, start=1):
        c = sum((Coefficient.of(w) for w in weights), Coefficient.of(0))
        evaluations.append(evaluation(f"k{i}", "f", f"Y{i}", "f" if shared else None, c))
        rows.append(weighted(f"Y{i}", weights, {"u[n]": 1}))
    rows.append(weighted("u[n+1]", b, {"u[n]": 1}))
    estimates = []
    if embedded is not None:
        rows.append(weighted("bhat", embedded, {"u[n]": 1}))
        estimates.append(Estimate("bhat", "u[n]", "bhat"))
    return method(
        name, [U], evaluations, rows, ["u[n+1]"], estimates=estimates, time=time, sweeps=sweeps
    )


def one_step(name: str, entries: Mapping[str, Exact], *symbols: Symbol) -> Graph:
    """u[n+1] made of `u[n]`, `u[n-1]` and k1 = f(u[n])."""
    old = ("u[n-1]" in entries) * [U_OLD]
    return method(
        name,
        [U, *old],
        [evaluation("k1", "f", "Y1")],
        [row("Y1", {"u[n]": 1}), row("u[n+1]", entries)],
        ["u[n+1]", *["u[n]" for _ in old]],
        symbols=symbols,
    )


def two_branches(name: str, a: Exact, b: Exact, *symbols: Symbol) -> Graph:
    return method(
        name,
        [U],
        [evaluation("k1", "f", "Y1"), evaluation("k2", "g", "Y2")],
        [row(key, {"u[n]": 1}) for key in ("Y1", "Y2")]
        + [row("u[n+1]", {"u[n]": 1, "k1": a, "k2": b})],
        ["u[n+1]"],
        symbols=symbols,
    )


RK4_STAGES: Entries = [[0, 0, 0, 0], [Fraction(1, 2)], [0, Fraction(1, 2)], [0, 0, 1]]
RK4_WEIGHTS = [Fraction(w, 6) for w in (1, 2, 2, 1)]


def euler() -> Graph:
    return one_step("euler", {"u[n]": 1, "k1": H})


def midpoint() -> Graph:
    return tableau("midpoint", [[0, 0], [F(1, 2)]], [0, 1])


def rk4(*, shared: bool = False, time: bool = False) -> Graph:
    return tableau("rk4", RK4_STAGES, RK4_WEIGHTS, shared=shared, time=time)


def rk4_light() -> Graph:
    """u + h k4, where rk4 has its four weights."""
    return tableau("rk4_light", RK4_STAGES, [0, 0, 0, 1])


SIXTEEN: Entries = [
    [Fraction((5 * i + 3 * j) % 7, i + j + 1) if j < i else 0 for j in range(16)] for i in range(16)
]
SIXTEEN_WEIGHTS = [Fraction(1, i + 2) if i in (0, 7, 8, 13) else 0 for i in range(16)]
SIXTEEN_EMBEDDED = [Fraction(1, i + 3) if i in (0, 7, 14, 15) else 0 for i in range(16)]


def sixteen() -> Graph:
    """Shaped like Verner's 8(9): stages 15 and 16 are for the embedded solution only."""
    stages = [[*line[:14], 0, 0] for line in SIXTEEN]
    return tableau("sixteen", stages, SIXTEEN_WEIGHTS, SIXTEEN_EMBEDDED)


K = declared("k", "learn", Fraction(-1, 20))
G = declared("g", "learn", Fraction(-19, 20))
P = declared("p", "param")
ETA = declared("eta", "random", distribution=Distribution(name="bernoulli", arguments=(of(P),)))
MIX = declared(
    "a",
    "random",
    Fraction(1, 2),
    distribution=Distribution(name="uniform", arguments=(F(0), F(1))),
    redrawn_backward=True,
)
JOINS = [declared(f"k{i}", "learn", Fraction(1, i + 1)) for i in (1, 2, 3)]


def lm_resnet() -> Graph:
    return one_step("lm_resnet", {"u[n]": F(1) - of(K), "u[n-1]": of(K), "k1": H}, K)


def stochastic_lm() -> Graph:
    entries = {"u[n]": of(G) + 2, "u[n-1]": -(of(G) + 1), "k1": of(ETA) * H}
    return one_step("stochastic_lm", entries, P, G, ETA)


def midpoint_network() -> Graph:
    return one_step("midpoint_network", {"u[n-1]": 1, "k1": H * 2})


def second_order() -> Graph:
    return one_step("second_order", {"u[n]": 2, "u[n-1]": -1, "k1": H * H})


def stochastic_depth() -> Graph:
    return one_step("stochastic_depth", {"u[n]": 1, "k1": of(ETA) * H}, P, ETA)


def ab2() -> Graph:
    return method(
        "ab2",
        [U, kept("k1")],
        [evaluation("k1", "f", "Y1", c=0)],
        [row("Y1", {"u[n]": 1}), row("u[n+1]", {"u[n]": 1, "k1": H * F(3, 2), "k1[n-1]": -H / 2})],
        ["u[n+1]", "k1"],
    )


def polynet(name: str = "polynet_poly2", slots: str = "ff", h: Exact = H) -> Graph:
    """u + h f(u) + h f(h f(u)); the same f, or slots f and g."""
    return method(
        name,
        [U],
        [
            evaluation(f"k{i}", slot, f"Y{i}", slot if slots == "ff" else None)
            for i, slot in enumerate(slots, start=1)
        ],
        [
            row("Y1", {"u[n]": 1}),
            row("Y2", {"k1": h}),
            row("u[n+1]", {"u[n]": 1, "k1": h, "k2": h}),
        ],
        ["u[n+1]"],
    )


def polynet_2way() -> Graph:
    return two_branches("polynet_2way", 1, 1)


def shake_shake() -> Graph:
    return two_branches("shake_shake", H * of(MIX), H * (F(1) - of(MIX)), MIX)


def fractal2() -> Graph:
    """k1 x + k2 w + f2(w), w = k3 x + f1(x), the joins as trained scalars."""
    k1, k2, k3 = map(of, JOINS)
    return method(
        "fractal2",
        [U],
        [evaluation("f1", "f1", "Y1"), evaluation("f2", "f2", "w")],
        [
            row("Y1", {"u[n]": 1}),
            row("w", {"u[n]": k3, "f1": 1}),
            row("u[n+1]", {"u[n]": k1 + k2 * k3, "f1": k2, "f2": 1}),
        ],
        ["u[n+1]"],
        symbols=JOINS,
    )


def fractal3() -> Graph:
    """w = 1/2 join3(u) + 1/2 h f1(u), u' = 1/2 join1(u) + 1/4 join2(w) + 1/4 h f2(w)."""
    half, quarter = F(1, 2), F(1, 4)
    return method(
        "fractal3",
        [U],
        [
            evaluation("j3", "join3", "Y1"),
            evaluation("k1", "f1", "Y2"),
            evaluation("j1", "join1", "Y3"),
            evaluation("j2", "join2", "w"),
            evaluation("k2", "f2", "w"),
        ],
        [row(f"Y{i}", {"u[n]": 1}) for i in (1, 2, 3)]
        + [
            row("w", {"j3": half, "k1": H * half}),
            row("u[n+1]", {"j1": half, "j2": quarter, "k2": H * quarter}),
        ],
        ["u[n+1]"],
        linear=["join1", "join2", "join3"],
    )


def revnet() -> Graph:
    """The new x is an output and the argument of g."""
    return method(
        "revnet",
        [X, Y],
        [evaluation("k1", "f", "Y1"), evaluation("k2", "g", "x[n+1]")],
        [
            row("Y1", {"y[n]": 1}),
            row("x[n+1]", {"x[n]": 1, "k1": H}),
            row("y[n+1]", {"y[n]": 1, "k2": H}),
        ],
        ["x[n+1]", "y[n+1]"],
    )


def implicit_midpoint(sweeps: int | None = 2) -> Graph:
    return tableau("implicit_midpoint", [[Fraction(1, 2)]], [1], sweeps=sweeps)


def gauss4(sweeps: int = 4, *, time: bool = False) -> Graph:
    root = Number.sqrt(Fraction(3))
    quarter = Number.of(Fraction(1, 4))
    A = [[quarter, (-root * 2 + 3) / 12], [(root * 2 + 3) / 12, quarter]]
    return tableau("gauss4", A, [Fraction(1, 2)] * 2, sweeps=sweeps, time=time)


def bdf2(sweeps: int = 2) -> Graph:
    """The new value is the argument of its own evaluation."""
    return method(
        "bdf2",
        [U, U_OLD],
        [evaluation("f[n+1]", "f", "u[n+1]", c=1)],
        [row("u[n+1]", {"u[n]": F(4, 3), "u[n-1]": F(-1, 3), "f[n+1]": H * F(2, 3)})],
        ["u[n+1]", "u[n]"],
        sweeps=sweeps,
    )


def dead_parts() -> Graph:
    """Everything that nothing reads: a stage, a named value, older states, symbols."""
    idle = declared("idle", "learn")
    return method(
        "dead_parts",
        [U, U_OLD, State("u", -2, "value", 2), kept("k2"), kept("k2", 2)],
        [evaluation("k1", "f", "Y1"), evaluation("k2", "g", "Y2"), evaluation("k3", "f", "Y3")],
        [
            row("Y1", {"u[n]": 1}),
            row("Y2", {"u[n]": 1, "k1": of(idle)}),
            row("Y3", {"u[n]": 1, "k2": 1}),
            row("w", {"k1": 1, "u[n-2]": 1}),
            row("u[n+1]", {"u[n-1]": 1, "k1": H}),
        ],
        ["u[n+1]", "u[n]", "u[n-1]", "k2", "k2[n-1]"],
        symbols=[idle],
    )


EXPLICIT = [
    euler(),
    midpoint(),
    rk4(),
    rk4_light(),
    sixteen(),
    lm_resnet(),
    stochastic_lm(),
    midpoint_network(),
    second_order(),
    stochastic_depth(),
    ab2(),
    polynet(),
    polynet("polynet_mpoly2", "fg", 1),
    polynet_2way(),
    shake_shake(),
    fractal2(),
    fractal3(),
    revnet(),
    dead_parts(),
]
IMPLICIT = [implicit_midpoint(), gauss4(), bdf2()]
ALL = EXPLICIT + IMPLICIT
