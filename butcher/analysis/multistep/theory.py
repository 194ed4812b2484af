"""What is known of a linear multistep method: order, roots, stability, the equation it steps.

    sum_j alpha_j u[n+j] = h^m sum_j beta_j f[n+j]      rho(z) = sum_j alpha_j z^j
                                                       sigma(z) = sum_j beta_j z^j

HNW is Hairer, Norsett, Wanner, Solving ODEs I; HW is Hairer, Wanner, Solving ODEs II.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import factorial

from butcher.analysis.entry import NOTHING, Entry, NotHomogeneousError, means, total
from butcher.analysis.limits import UndefinedError
from butcher.analysis.multistep.a_stability import sector
from butcher.analysis.multistep.locus import boundary_locus
from butcher.analysis.multistep.method import LinearMultistep, MultistepFormula, multistep_formula
from butcher.analysis.multistep.order_jumps import OrderInSymbol
from butcher.analysis.multistep.region import Interval, Region, bound_text, holds_at, region
from butcher.analysis.multistep.rho_roots import Root, roots
from butcher.analysis.multistep.root_condition import judged
from butcher.analysis.multistep.stepped import Stepped, stepped
from butcher.analysis.polynomials.in_symbol import in_symbol
from butcher.analysis.polynomials.shared_digits import known
from butcher.analysis.polynomials.univariate import common_divisor
from butcher.analysis.questions import Questions
from butcher.analysis.runge_kutta.contractivity import ssp_coefficient_multistep
from butcher.coefficient import ZERO, Number, shown
from butcher.ir.graph import Graph

LONGEST_ANSWER = 100_000
"""Operations on short numbers, for each question: a quarter of a second."""


@dataclass(frozen=True)
class SymbolRegion:
    """The values of a symbol for which the method is zero-stable.

    region          `-1 < k <= 1`.
    intervals       the same as data, exact ends where they are rational or quadratic surds.
    double_root_at  values outside it that fail only by a double root on the unit circle.
    note            what that means: `k = -1: a double root on the unit circle, ...`.
    others          the other symbols in alpha, at their start values: `g = 1/2`.
    """

    symbol: str
    region: str
    intervals: tuple[Interval, ...]
    double_root_at: tuple[Number | float, ...]
    note: str | None
    others: tuple[str, ...]


@dataclass(frozen=True)
class OrderJump:
    """A value of a symbol at which the method, weighted to be consistent, has a higher order than
    for other values near it; the other symbols are at their start values."""

    symbol: str
    value: Number | float
    order: int
    zero_stable: bool


@dataclass(frozen=True)
class MultistepTheory:
    """Of the coefficients at the start values of the symbols, but for what depends on them. A
    drawn symbol is at its mean, over the other symbols.

    rho, sigma            alpha_0, ..., alpha_k = 1 and beta_0, ..., beta_k, exact; the oldest
                          value first.
    derivative            m: 1 for u' = f(u), 2 for u'' = f(u).
    consistent            rho^(q)(1) = 0 for q < m, rho^(m)(1) = m! sigma(1).
    order                 p: C_q = 0 for q < p + m (HNW III.2 (2.6)), exact, or to the digits
                          printed where decimals are rounded; 0 if not consistent.
    local_error_constant  C_{p+m}, with alpha_k = 1 (HNW III.2 (2.7)): the local error is
                          C_{p+m} h^(p+m) u^(p+m) + ... Exact; a float where decimals are rounded.
    error_constant        C_{p+m}/sigma(1) (HNW III.2 (2.13)), which does not depend on how the
                          formula is scaled. Both are None if not consistent.
    irreducible           whether rho and sigma have no common root; None where rounded.
    zero_stable           the root condition, exact (HNW III.3 def. 3.2, III.10 for u'').
    strongly_stable       zero-stable, and only the principal root is on the unit circle.
    weakly_stable         zero-stable, but not strongly. All three are None where the rounding of
                          decimals decides.
    roots                 of rho; None where decimals are rounded.
    a_stable              exact (HW V.1), rounded decimals taken for the short fractions that they
                          look like; None for u'', where rounding decides, and where rho and sigma
                          have a common root that is not inside the unit circle.
    a_alpha               the alpha of A(alpha)-stability in degrees, right to 12 digits: 90 if
                          A-stable, None if not even A(0)-stable or not known (HW V.2).
    boundary_locus        where a root of rho - z sigma has modulus 1: the z = rho(w)/sigma(w) for
                          w = exp(i k pi/63), k = 0, ..., 63, in double precision, None at a pole;
                          the conjugate points belong to it, too (HW V.1).
    stable_at_infinity    whether sigma has degree k and the root condition holds for it.
    damping_at_infinity   the largest modulus of the roots of sigma, 0 for the methods BDF: what
                          is left of an infinitely stiff component after a step; None if explicit.
    ssp_coefficient       C: up to which multiple of the step that Euler's method may take the
                          method does not increase a norm either (see `contractivity`); exact, a
                          float where decimals are rounded; None for u''.
    steps_equation        what the method steps, over its symbols: `u' = f(u)/(1+k)`; None if it
                          steps no equation of order m.
    consistent_weight     what is to stand for h (for h^2) so that it steps the file's equation.
    consistent_order      its order then, at the start values.
    order_jumps           the values of single symbols for which that order is higher.
    symbol_regions        where it is zero-stable, for each symbol in alpha. Both are empty where
                          there is no symbol, and where decimals are rounded.
    unknown               of a field that is None though there might be an answer: why.
    """

    rho: tuple[Number, ...]
    sigma: tuple[Number, ...]
    derivative: int
    consistent: bool
    order: int
    local_error_constant: Number | float | None
    error_constant: Number | float | None
    irreducible: bool | None
    zero_stable: bool | None
    strongly_stable: bool | None
    weakly_stable: bool | None
    roots: tuple[Root, ...] | None
    a_stable: bool | None
    a_alpha: float | None
    boundary_locus: tuple[complex | None, ...]
    stable_at_infinity: bool | None
    damping_at_infinity: Number | float | None
    ssp_coefficient: Number | float | None
    steps_equation: str | None
    consistent_weight: str | None
    consistent_order: int | None
    order_jumps: tuple[OrderJump, ...]
    symbol_regions: tuple[SymbolRegion, ...]
    unknown: Mapping[str, str]


def multistep_theory(graph: Graph) -> MultistepTheory:
    """Of one state, every evaluation of one slot at one of its values; else UndefinedError."""
    formula = multistep_formula(graph)
    method = _at_start(formula)
    ask = Questions(LONGEST_ANSWER)
    order = max(0, method.order(2 * len(method.alpha)))
    local, constant = _error_constants(method, order)
    stability = ask("zero_stable", lambda: judged(method.alpha, method.derivative))
    at_infinity = ask("stable_at_infinity", lambda: _is_stable_at_infinity(method))
    angle = ask("a_stable", lambda: sector(method))
    irreducible = ask("irreducible", lambda: _is_irreducible(method))
    rho_roots = ask("roots", lambda: roots(method.rho) if method.is_exact else None)
    damping = ask("damping_at_infinity", lambda: _damping(method))
    over = _over_symbols(graph, formula, ask)
    return MultistepTheory(
        rho=tuple(one.value for one in method.alpha),
        sigma=tuple(one.value for one in method.beta),
        derivative=method.derivative,
        consistent=order > 0,
        order=order,
        local_error_constant=local,
        error_constant=constant,
        irreducible=irreducible,
        zero_stable=stability.stable if stability else None,
        strongly_stable=stability.stable and not stability.weak if stability else None,
        weakly_stable=stability.weak if stability else None,
        roots=rho_roots,
        a_stable=angle.a_stable if angle else None,
        a_alpha=angle.alpha if angle else None,
        boundary_locus=boundary_locus(method),
        stable_at_infinity=at_infinity,
        damping_at_infinity=damping,
        ssp_coefficient=ask("ssp_coefficient", lambda: ssp_coefficient_multistep(method)),
        steps_equation=over.steps.text if over.steps else None,
        consistent_weight=over.steps.weight if over.steps else None,
        consistent_order=over.order,
        order_jumps=over.jumps,
        symbol_regions=over.regions,
        unknown=ask.unknown,
    )


# ---------------------------------------------------------------------- at the start values


def _at_start(formula: MultistepFormula) -> LinearMultistep:
    try:
        return formula.at_start()
    except (NotHomogeneousError, ZeroDivisionError) as error:
        raise UndefinedError(str(error)) from error


def _error_constants(
    method: LinearMultistep, order: int
) -> tuple[Number | float | None, Number | float | None]:
    """C_{p+m}, and the same divided by sigma(1)."""
    weight = total(method.beta)
    if not order or weight.may_be(0):
        return None, None
    q = order + method.derivative
    constant, factor = method.constant(q), Fraction(1, factorial(q))
    local = Entry(constant.value * factor, constant.radius * factor)
    size, least = local.value.magnitude(), weight.value.magnitude() - weight.radius
    radius = (local.radius + size / weight.value.magnitude() * weight.radius) / least
    return known(local), known(Entry(local.value / weight.value, radius))


def _is_irreducible(method: LinearMultistep) -> bool | None:
    return len(common_divisor(method.rho, method.sigma)) == 1 if method.is_exact else None


def _is_stable_at_infinity(method: LinearMultistep) -> bool | None:
    """sigma's roots, as rho's; of an explicit method one of them is at infinity."""
    if method.beta[-1].may_be(0):
        return None if method.beta[-1].radius else False
    monic = method.beta[-1].value.inverse()
    radius = monic.magnitude()
    scaled = [Entry(b.value * monic, b.radius * radius) for b in method.beta]
    stability = judged(scaled, method.derivative)
    return None if stability is None else stability.stable


def _damping(method: LinearMultistep) -> Number | float | None:
    if not method.is_exact or method.beta[-1] == NOTHING:
        return None
    moduli = [root.modulus for root in roots(method.sigma)]
    return max(moduli, key=float, default=ZERO)


# ---------------------------------------------------------------------- over the symbols


@dataclass(frozen=True)
class _OverSymbols:
    steps: Stepped | None
    order: int | None
    jumps: tuple[OrderJump, ...]
    regions: tuple[SymbolRegion, ...]


def _over_symbols(graph: Graph, formula: MultistepFormula, ask: Questions) -> _OverSymbols:
    plain = ask("steps_equation", formula.with_values(means(graph)).without_step)
    if plain is None or any(c.radius for c in (*plain.alpha, *plain.beta)):
        return _OverSymbols(None, None, (), ())
    steps = ask("steps_equation", lambda: stepped(plain, graph.ode[0]))
    order = ask("consistent_order", lambda: OrderInSymbol.of(plain, "").order or None)
    names = [symbol.name for symbol in graph.symbols]
    jumps = ask("order_jumps", lambda: [j for name in names for j in _jumps(plain, name)])
    regions = ask("symbol_regions", lambda: list(_regions(graph, plain)))
    return _OverSymbols(steps, order, tuple(jumps or ()), tuple(regions or ()))


def _jumps(formula: MultistepFormula, name: str) -> Iterator[OrderJump]:
    if not any(name in c.names for c in (*formula.alpha, *formula.beta)):
        return
    family = OrderInSymbol.of(formula, name)
    for root, order in family.jumps():
        stable = holds_at(family.alpha, root, formula.derivative)
        yield OrderJump(name, root.place, order, stable)


def _regions(graph: Graph, formula: MultistepFormula) -> Iterator[SymbolRegion]:
    names = [s.name for s in graph.symbols if any(s.name in c.names for c in formula.alpha)]
    size = len(formula.alpha)
    for name in names:
        found, poles = in_symbol((*formula.alpha, *formula.beta), name)
        places = region(found[:size], poles, formula.derivative)
        others = tuple(f"{n} = {shown(graph.symbol[n].start)}" for n in names if n != name)
        yield SymbolRegion(
            name, places.text(name), places.intervals, places.double, _note(name, places), others
        )


def _note(name: str, places: Region) -> str | None:
    if not places.double:
        return None
    values = ", ".join(f"{name} = {bound_text(value)}" for value in places.double)
    return f"{values}: a double root on the unit circle, which u'' = f(u) allows, u' = f(u) not"
