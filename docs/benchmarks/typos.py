"""What the same misprints of published tableaus do in Butcher, in NodePy and in torchdiffeq.

One cell of a shipped `.tab` file is changed: a digit, a sign, or two cells of a row exchanged; and
what is left of the method is given to

    Butcher      `butcher check`, as text
    NodePy       the constructor, and `order()` with its own tolerance, against the order claimed
    torchdiffeq  a solver with that tableau, on the problems and bounds of its own tests: constant
                 (a solution that is a straight line), linear and sine, `rtol` 1e-7, `atol` 1e-9

Counted are misprints that lower an order or break a node. Noticed: something is refused, raises,
or fails its bound. Located: the cell is named. Repaired: with the value that stood there.

    .venv/bin/python docs/benchmarks/typos.py
"""

from __future__ import annotations

import platform
import random
import sys
import warnings
from collections import Counter
from contextlib import redirect_stdout
from importlib.metadata import version
from io import StringIO
from pathlib import Path

import numpy as np
import torch
from nodepy import runge_kutta_method as nodepy
from torchdiffeq import odeint
from torchdiffeq._impl.bosh3 import Bosh3Solver
from torchdiffeq._impl.dopri5 import Dopri5Solver
from torchdiffeq._impl.odeint import SOLVERS
from torchdiffeq._impl.rk_common import _ButcherTableau

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "compiler"))

from mutations import KINDS, Mutation, mutations  # noqa: E402

from butcher.compiler import Verdict, examine_bytes, shipped  # noqa: E402

SEED = 20261121
SHARED = {"dopri54": Dopri5Solver, "bs32": Bosh3Solver}
SAID = ("noticed", "located", "repaired")
FALSE = {"B203", "B401", "B402"}


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_default_dtype(torch.float64)
    packages = ", ".join(f"{p} {version(p)}" for p in ("nodepy", "torchdiffeq", "torch"))
    print(f"Python {platform.python_version()}, {packages}; seed {SEED}")
    texts = {n: f.read_text("utf-8") for n, f in shipped().items() if is_comparable(f.read_bytes())}
    print(f"\n{len(texts)} explicit tableaus with exact coefficients: {', '.join(texts)}\n")
    table(texts, 500, {"Butcher": butcher, "NodePy": of_nodepy})
    print(f"\n{', '.join(SHARED)}, which torchdiffeq has too:\n")
    both = {name: texts[name] for name in SHARED}
    table(both, 60, {"Butcher": butcher, "NodePy": of_nodepy, "torchdiffeq": of_torchdiffeq})


def is_comparable(data: bytes) -> bool:
    verdict = examine_bytes(data, "")
    scheme = verdict.scheme
    return (
        scheme is not None
        and scheme.body.kind == "runge-kutta"
        and bool(scheme.claim)
        and len(scheme.slots) == 1
        and not scheme.declared
        and verdict.graph.is_explicit
        and verdict.field != "decimal"
    )


def table(texts: dict[str, str], count: int, tools: dict[str, object]) -> None:
    """Rows of `count` misprints, by kind and tool."""
    rng = random.Random(SEED)
    streams = {name: mutations(text, rng) for name, text in texts.items()}
    seen, found = Counter(), Counter()
    for name, text in texts.items():  # what each says of the table as it is
        verdict = examine_bytes(text.encode(), name)
        for tool, of in tools.items():
            found[tool, "alarm"] += of(name, verdict, None)[0]
    for _ in range(count):
        name = rng.choice(sorted(texts))
        mutation = next(streams[name])
        verdict = examine_bytes(mutation.text.encode(), name)
        if not is_broken(verdict):
            seen["harmless"] += 1
            continue
        seen[mutation.kind] += 1
        for tool, of in tools.items():
            for what, is_so in zip(SAID, of(name, verdict, mutation), strict=True):
                found[tool, mutation.kind, what] += is_so
    print(f"{seen['harmless']} of {count} leave the orders and the nodes as they are\n")
    print("| tool | kind | misprints | noticed | located | repaired |")
    print("| --- | --- | --: | --: | --: | --: |")
    for tool in tools:
        for kind in KINDS:
            numbers = [found[tool, kind, what] for what in SAID]
            print(f"| {tool} | {kind} | {seen[kind]} | {' | '.join(map(str, numbers))} |")
    alarms = ", ".join(f"{tool} {found[tool, 'alarm']}" for tool in tools)
    print(f"\nRefused as they are printed, of {len(texts)}: {alarms}")


def is_broken(verdict: Verdict) -> bool:
    """Whether an order claimed is not reached, or a node is not its row's sum."""
    if verdict.scheme is None:
        return False  # a division by zero: there is no method to hand on
    claim = verdict.scheme.claim
    lower = (verdict.order or 0) < claim.order
    lower |= claim.embedded is not None and (verdict.embedded_order or 0) < claim.embedded
    return lower or any(d.code == "B203" for d in verdict.diagnostics)


# ---------------------------------------------------------------------- the three


def butcher(name: str, verdict: Verdict, mutation: Mutation | None) -> tuple[bool, bool, bool]:
    wrong = [d for d in verdict.diagnostics if d.code in FALSE]
    if not wrong or not wrong[0].suspects or mutation is None:
        return bool(wrong), False, False
    first = wrong[0].suspects[0]
    place = first.span.line, first.span.column
    located = place in mutation.places
    old = dict(zip(mutation.places, mutation.old, strict=True)).get(place, "")
    return True, located, located and first.repair in {old, "0" if old == "." else value(old)}


def value(cell: str) -> str:
    """The normal form of a cell."""
    text = f"method m\ntableau\n 0 |\n 1 | {cell}\n --\n | 1\n"
    return str(examine_bytes(text.encode(), "m").scheme.body.tableaus[0].stages[1].cells[0].value)


def arrays(verdict: Verdict) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray]:
    """A, b, the embedded row and c in double precision."""
    (tableau,) = verdict.scheme.body.tableaus
    a = np.array([[float(c.value.start()) for c in s.cells] for s in tableau.stages])
    b = np.array([float(c.value.start()) for c in tableau.weights])
    embedded = None
    if tableau.embedded is not None:
        embedded = np.array([float(c.value.start()) for c in tableau.embedded])
        embedded = b - embedded if tableau.error else embedded
    rows = zip(tableau.stages, a, strict=True)
    nodes = [float(s.node.value.start()) if s.node else sum(row) for s, row in rows]
    return a, b, embedded, np.array(nodes)


def of_nodepy(name: str, verdict: Verdict, mutation: Mutation | None) -> tuple[bool, bool, bool]:
    """It makes the nodes itself, as row sums."""
    a, b, embedded, _ = arrays(verdict)
    claim = verdict.scheme.claim
    try:
        with redirect_stdout(StringIO()):  # it says that a low order may be due to rounding
            noticed = nodepy.ExplicitRungeKuttaMethod(a, b).order() < claim.order
            if embedded is not None and claim.embedded is not None:
                other = nodepy.ExplicitRungeKuttaMethod(a, embedded).order()
                noticed = noticed or other < claim.embedded
    except Exception:  # whatever it raises, it has noticed
        noticed = True
    return bool(noticed), False, False


def of_torchdiffeq(
    name: str, verdict: Verdict, mutation: Mutation | None
) -> tuple[bool, bool, bool]:
    a, b, embedded, c = map(torch.tensor, arrays(verdict))
    rows = [a[i, :i].clone() for i in range(1, len(b))]

    class Solver(SHARED[name]):
        tableau = _ButcherTableau(alpha=c[1:], beta=rows, c_sol=b, c_error=b - embedded)

    SOLVERS["printed"] = Solver
    try:
        noticed = any(fails(problem, name) for problem in PROBLEMS)
    except AssertionError:  # the step became too small, or there were too many
        noticed = True
    return noticed, False, False


MATRIX = torch.randn(10, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 0.1
MATRIX = MATRIX - MATRIX.T


def sine(t: torch.Tensor) -> torch.Tensor:
    wave = -0.5 * t**4 * torch.cos(2 * t) + 0.5 * t**3 * torch.sin(2 * t)
    wave = wave + 0.25 * t**2 * torch.cos(2 * t)
    return wave - t**3 + 2 * t**4 + (np.pi - 0.25) * t**2


PROBLEMS = {
    "constant": (lambda t, y: 0.2 + (y - (0.2 * t + 3)) ** 5, lambda t: 0.2 * t + 3),
    "linear": (
        lambda t, y: MATRIX @ y,
        lambda t: torch.stack([torch.matrix_exp(MATRIX * s) @ torch.ones(10) for s in t]),
    ),
    "sine": (
        lambda t, y: 2 * y / t + t**4 * torch.sin(2 * t) - t**2 + 4 * t**3,
        sine,
    ),
}


def fails(problem: str, name: str) -> bool:
    """Whether the relative error is over the bound of torchdiffeq's tests/odeint_tests.py."""
    bound = 3e-3 if name == "bs32" else 2e-3 if problem == "linear" else 1e-4
    rate, solution = PROBLEMS[problem]
    times = torch.linspace(1, 8, 10)
    wanted = solution(times)
    options = {"max_num_steps": 2000}
    got = odeint(rate, wanted[0], times, method="printed", options=options)
    error = ((wanted - got) / wanted).abs().max()
    return not bool(error < bound)


if __name__ == "__main__":
    main()
