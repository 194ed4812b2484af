"""Methods with something mistyped, and what is said of them."""

from __future__ import annotations

from butcher.compiler import Verdict, examine_bytes, shipped
from butcher.errors import Diagnostic, Severity

RK4 = """method rk4
  order 4

tableau
   0  |
  1/2 | 1/2
  1/2 |  .   1/2
   1  |  .    .    1
  ----+---------------------
      | 1/6  1/3  1/3  1/6
"""

STEPS = """method rk4
  order 4
step
  k1 = f(u[n])
  k2 = f(u[n] + h/2*k1)
  k3 = f(u[n] + h/2*k2)
  k4 = f(u[n] + h*k3)
  u[n+1] = u[n] + h/6*(k1 + 2*k2 + 2*k3 + k4)
"""


def checked(text: str, *changes: tuple[str, str]) -> Verdict:
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return examine_bytes(text.encode(), "m.tab")


def of_spec(name: str, *changes: tuple[str, str]) -> Verdict:
    return checked(shipped()[name].read_text("utf-8"), *changes)


def errors(verdict: Verdict) -> list[Diagnostic]:
    return [d for d in verdict.diagnostics if d.severity is Severity.ERROR]


def suspects(finding: Diagnostic) -> list[tuple[int, int, str, str]]:
    return [(s.span.line, s.span.column, s.value, s.repair) for s in finding.suspects]
