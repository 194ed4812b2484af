"""What a Runge-Kutta method keeps, decided exactly: quadratic invariants, time reversal,
contractivity of dissipative equations.

All of it is asked of the irreducible tableau, for which the conditions are necessary as well as
sufficient. Rounded decimals meet an equality to the digits printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from butcher.analysis.entry import NOTHING, Entry, total
from butcher.analysis.limits import UndefinedError
from butcher.analysis.runge_kutta.equivalence import Classes, classes
from butcher.analysis.runge_kutta.tableau import ButcherTableau, Line
from butcher.coefficient import ONE


def is_symplectic(found: ButcherTableau) -> bool:
    """Whether b_i a_ij + b_j a_ji = b_i b_j: the method is symplectic, which for a Runge-Kutta
    method is to keep every quadratic invariant (Hairer, Lubich, Wanner, Geometric Numerical
    Integration, VI.4.2 and VI.7.3).

    Of x' = f(y), y' = g(x) it is asked of each stage i of f and j of g: the Hamiltonian is a sum
    T(y) + U(x), and equal weights are not needed (ibid., VI.4.6). Of u' = f(u) + g(u) it is asked
    of all pairs: then every invariant that f and g both have is kept.

    UndefinedError for states that are coupled in another way.
    """
    t = found.irreducible
    if len(set(t.drives)) > 1 and not _is_separable(t):
        raise UndefinedError("symplectic is a word for x' = f(y), y' = g(x), or for one state")
    places = range(len(t))
    return all(
        _balance(t, i, j).may_be(0)
        for i in places
        for j in range(i, len(t))
        if t.reads[i] == t.drives[j]
    )


def _is_separable(t: ButcherTableau) -> bool:
    """Two states, each driven by what reads the other alone."""
    pairs = {(reads, drives) for reads, drives in zip(t.reads, t.drives, strict=True)}
    return len(pairs) == 2 and all(x != y and (y, x) in pairs for x, y in pairs)


def _balance(t: ButcherTableau, i: int, j: int) -> Entry:
    """b_i a_ij + b_j a_ji - b_i b_j."""
    added = t.b[i].product(t.A[i][j]) + t.b[j].product(t.A[j][i])
    return added - t.b[i].product(t.b[j])


# ---------------------------------------------------------------------- symmetry


def is_symmetric(found: ButcherTableau) -> bool:
    """Whether a step of h and one of -h lead back: the method is its own adjoint, which has

        a*_ij = b_j - a_ij      b*_j = b_j      c*_i = 1 - c_i

    up to the order of its stages (Hairer, Norsett, Wanner, Solving ODEs I, II.8).
    """
    t = found.irreducible
    rows = [
        tuple(t.b[j] - a if t.drives[j] == t.reads[i] else NOTHING for j, a in enumerate(t.A[i]))
        for i in range(len(t))
    ]
    adjoint = replace(t, A=tuple(rows), c=tuple(Entry(ONE) - c for c in t.c))
    return are_equivalent(t, adjoint)


def are_equivalent(first: ButcherTableau, second: ButcherTableau) -> bool:
    """Whether the new values are the same for every f: the stages of both together fall into
    classes of equal ones, and each class has the same weight in both."""
    size = len(first)
    weights = [*first.b, *second.b]

    def differ(found: Classes) -> bool:
        for group in found:
            left = total(weights[i] for i in group if i < size)
            right = total(weights[i] for i in group if i >= size)
            if not (left - right).may_be(0):
                return True
        return False

    left = [(*row, *[NOTHING] * len(second)) for row in first.A]
    right = [(*[NOTHING] * size, *row) for row in second.A]
    slots = (*first.slots, *second.slots)
    return not differ(classes((*left, *right), (*first.c, *second.c), slots, differ))


# ---------------------------------------------------------------------- algebraic stability


def is_algebraically_stable(found: ButcherTableau) -> bool | None:
    """Whether b_i >= 0 and (b_i a_ij + b_j a_ji - b_i b_j) is nonnegative definite: then the
    distance of two solutions does not grow where f is dissipative (B-stability; Burrage, Butcher
    1979; Hairer, Wanner, Solving ODEs II, IV.12).

    None where the digits printed do not decide it. UndefinedError for several slots.
    """
    t = found.irreducible
    if not t.has_one_slot:
        raise UndefinedError("algebraic stability is a word for one slot")
    if any((weight.value + weight.radius).sign < 0 for weight in t.b):
        return False
    places = range(len(t))
    return is_nonnegative_definite([[_balance(t, i, j) for j in places] for i in places])


def is_nonnegative_definite(matrix: Sequence[Sequence[Entry]]) -> bool | None:
    """Of a symmetric matrix, by elimination; a pivot that may be zero needs a row that may be."""
    left: list[Line] = [tuple(row) for row in matrix]
    while left:
        pivot, *rest = left[0]
        if pivot.may_be(0):
            zero = [one.may_be(0) for one in rest]
            if not all(zero):
                return None if pivot.radius else False
            left = [row[1:] for row in left[1:]]
            continue
        if pivot.value.sign < 0:
            return False
        inverse = _inverse(pivot)
        left = [
            tuple(
                one - first.product(inverse).product(other)
                for one, other in zip(row, rest, strict=True)
            )
            for first, *row in left[1:]
        ]
    return True


def _inverse(one: Entry) -> Entry:
    """1/x, of an entry that is not zero: |1/x - 1/a| <= r / (|a| (|a| - r))."""
    value = one.value.inverse()
    if not one.radius:
        return Entry(value)
    size = value.magnitude()
    return Entry(value, one.radius * size * size / (1 - one.radius * size))
