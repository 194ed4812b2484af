"""The Ito equations of which a block that draws numbers is one step of Euler-Maruyama's kind.

A block with the weights W_s = m_s + xi_s, E xi_s = 0, E xi_s xi_t = C_st, drawn anew in every
block, adds h sum_s (m_s + xi_s) f_s. Two equations have such a step.

*Small noise*, the block as it is written, h -> 0 with T = N h fixed:

    du = sum_s m_s f_s dt + sqrt(h) sigma dB        sigma sigma^T = sum_st C_st f_s f_t^T

The noise is of the size sqrt(h): the variance at T falls as h does. First and second moments of
an increment agree up to h and h^2, so the weak order is 1 (so it would be without the noise, but
then the variance, O(h), were missed altogether). It is 2 with the drift

    sum_s m_s f_s + h sum_st (T_st - m_s m_t / 2) f_s'(f_t)     T_st = sum_jk E[w_j a_jk]

for then the moments agree up to h^2, whatever the distribution: the third ones are O(h^3) on both
sides (Li, Tai, E, Stochastic modified equations and adaptive stochastic gradient algorithms,
ICML 2017, Theorem 1; for residual networks Sun, Tao, Du, arXiv:1812.00174).

*Diffusive*, as Lu, Zhong, Li, Dong (2018, section 3) put it: dt stands for h before m_s, and
sqrt(dt) for h before xi_s,

    du = sum_s m_s f_s dt + sigma dB

which is another family of blocks, and the same block for h = 1 alone. Its weak order is 1 if the
third moments agree up to dt^2 (Milstein): they are dt^(3/2) E xi_s xi_t xi_r f_s f_t f_r, so if
these vanish; else 1/2. That of bernoulli(p) is p (1-p) (1-2p), which asks for
1 - 2p = O(sqrt(dt)); that of a uniform distribution is 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement

from butcher.analysis.limits import UndefinedError
from butcher.analysis.modified.formula import derivative, summed
from butcher.analysis.stochastic.increments import Increment, increments, reads, scaled
from butcher.analysis.stochastic.moments import HALF, Drawn
from butcher.analysis.stochastic.update import nested
from butcher.coefficient import Coefficient
from butcher.ir.graph import Graph

_ONE = Coefficient.of(1)
_NONE = Coefficient.of(0)

MOST_THIRD = 2_000
"""Third moments that are computed; a block with 64 drawn slots has 45,760."""


@dataclass(frozen=True)
class Noise:
    """sqrt(variance) (sum of coefficient f) dB: what one drawn symbol does, by state and slot."""

    symbol: str
    variance: Coefficient
    columns: Mapping[str, Mapping[str, Coefficient]]


@dataclass(frozen=True)
class Moment:
    """Of a matrix or tensor over slots, `f` of state `u` being `u: f`: `f f`, `f g`; not zero."""

    of: str
    value: Coefficient


@dataclass(frozen=True)
class ItoEquation:
    """The equations of a block; see the module for what they are.

    derivative       of which state' it speaks: 1, or 2 (`dv` then is that of v = u').
    drift            m_s, by state and slot.
    diffusion        C_st, over pairs of slots.
    noises           the columns of sigma, a drawn symbol each; empty where the weights are not
                     affine in the symbols, which leaves sigma sigma^T = C alone.
    third            E xi_s xi_t xi_r, over triples of slots; empty: the third moments vanish.
    small_noise      the equation of the block as it is written.
    diffusive        the equation whose step the block is at h = 1.
    weak_order       of `small_noise`: 1, or 2 where its drift needs no correction. None for
                     several steps: the conditions on moments are those of a one-step method.
    correction       what h multiplies in the drift of weak order 2, by state and elementary
                     differential; None if not known.
    diffusive_order  of `diffusive`; 1/2 unless the third moments vanish; None where evaluations
                     read drawn values, for these are of another size then, or of several steps.
    """

    derivative: int
    drift: Mapping[str, Mapping[str, Coefficient]]
    diffusion: tuple[Moment, ...]
    noises: tuple[Noise, ...]
    third: tuple[Moment, ...]
    small_noise: str
    diffusive: str
    weak_order: int | None
    correction: Mapping[str, Mapping[str, Coefficient]] | None
    diffusive_order: Fraction | None


def ito_equation(graph: Graph, drawn: Drawn) -> ItoEquation:
    """Raises UndefinedError where a block is no such step."""
    found = increments(graph, drawn)
    read = reads(graph, drawn)
    several = len(found) > 1
    weights = [
        (f"{one.state}: {slot}" if several else slot, weight)
        for one in found
        for slot, weight in one.weights.items()
        if drawn.within(weight)
    ]
    drift = {
        one.state: {slot: drawn.mean(weight) for slot, weight in one.weights.items()}
        for one in found
    }
    third, diffusion = _third(weights, drawn), _diffusion(weights, drawn)
    noises = _noises(found, drawn)
    one_step = all(s.kind == "value" and s.lag == 0 for s in graph.states)
    correction = None
    if one_step and found[0].derivative == 1 and not graph.takes_time:
        correction = _corrections(graph, drawn, found, drift, read)
    order = diffusive = None
    if one_step and found[0].derivative == 1:
        order = 2 if correction is not None and not any(correction.values()) else 1
        if not nested(graph, drawn):
            diffusive = Fraction(1, 2) if third else Fraction(1)
    return ItoEquation(
        found[0].derivative,
        drift,
        diffusion,
        noises,
        third,
        _equation(found, drift, noises if diffusion else None, "sqrt(h)"),
        _equation(found, drift, noises if diffusion else None, ""),
        order,
        correction,
        diffusive,
    )


# ---------------------------------------------------------------------- moments


def _diffusion(weights: Sequence[tuple[str, Coefficient]], drawn: Drawn) -> tuple[Moment, ...]:
    pairs = combinations_with_replacement(weights, 2)
    found = (Moment(f"{a} {b}", drawn.covariance(one, other)) for (a, one), (b, other) in pairs)
    return tuple(entry for entry in found if entry.value)


def _third(weights: Sequence[tuple[str, Coefficient]], drawn: Drawn) -> tuple[Moment, ...]:
    triples = list(combinations_with_replacement(weights, 3))
    if len(triples) > MOST_THIRD:
        raise UndefinedError(f"there are {len(triples)} third moments")
    found = (
        Moment(" ".join(name for name, _ in triple), drawn.third([one for _, one in triple]))
        for triple in triples
    )
    return tuple(entry for entry in found if entry.value)


def _noises(found: Sequence[Increment], drawn: Drawn) -> tuple[Noise, ...]:
    columns: dict[str, dict[str, dict[str, Coefficient]]] = {}
    for increment in found:
        for slot, weight in increment.weights.items():
            slopes = drawn.slopes(weight)
            if slopes is None:
                return ()
            for symbol, slope in slopes.items():
                columns.setdefault(symbol, {}).setdefault(increment.state, {})[slot] = slope
    draws = {draw.symbol: draw for draw in drawn.draws()}
    return tuple(Noise(name, draws[name].variance, column) for name, column in columns.items())


def _corrections(
    graph: Graph,
    drawn: Drawn,
    found: Sequence[Increment],
    drift: Mapping[str, Mapping[str, Coefficient]],
    read: Mapping[str, str],
) -> dict[str, dict[str, Coefficient]]:
    """sum_st (T_st - m_s m_t / 2) f_s'(f_t) of each state, t over what drives what s reads."""
    corrections = {}
    for increment in found:
        terms = {
            f"{slot}'({inner})": _tree(graph, drawn, increment, slot, inner) - mean * other * HALF
            for slot, mean in drift[increment.state].items()
            for inner, other in drift[read[slot]].items()
        }
        corrections[increment.state] = {what: one for what, one in terms.items() if one}
    return corrections


def _tree(graph: Graph, drawn: Drawn, increment: Increment, slot: str, inner: str) -> Coefficient:
    """T_st = sum E[w_j a_jk] over the evaluations j of one slot and k of another, at h = 0."""
    total = _NONE
    for key, weight in increment.evaluations.items():
        evaluation = graph.evaluation[key]
        row = graph.row[evaluation.argument]
        for term in row.terms if evaluation.slot == slot else ():
            source = graph.evaluation.get(term.source)
            if source is not None and source.slot == inner:
                one = scaled(term.coefficient, 1, term.source, row.key, least=True)
                total = total + drawn.mean(weight * one.substitute({"h": _NONE}))
    return total


# ---------------------------------------------------------------------- formulas


def _equation(
    found: Sequence[Increment],
    drift: Mapping[str, Mapping[str, Coefficient]],
    noises: Sequence[Noise] | None,
    size: str,
) -> str:
    """`noises` None: there are none to the first order in h; empty: sigma is no such sum."""
    lines = []
    for one in found:
        text = f"d{derivative(one.state, one.derivative - 1)} = {_field(drift[one.state])} dt"
        if noises is not None:
            text += "".join(f" + {motion}" for motion in _motions(one.state, noises, size))
        lines.append(text)
    return "; ".join(lines)


def _motions(state: str, noises: Sequence[Noise], size: str) -> Iterator[str]:
    """`sqrt(h) sqrt(p-p^2) f dB`; with several symbols `dB_eta`."""
    if not noises:
        yield " ".join(filter(None, [size, "sigma", "dB"]))
    for noise in noises:
        if state in noise.columns:
            root = "" if noise.variance == 1 else f"sqrt({noise.variance})"
            motion = f"dB_{noise.symbol}" if len(noises) > 1 else "dB"
            yield " ".join(filter(None, [size, root, _field(noise.columns[state]), motion]))


def _field(weights: Mapping[str, Coefficient]) -> str:
    terms = [(one, 0, slot) for slot, one in weights.items() if one]
    text = summed(terms)
    return text if len(terms) == 1 and not text.startswith("-") else f"({text})"
