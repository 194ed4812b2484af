"""Hypothesis strategies for the trees of methods: everything the grammar can say."""

from typing import Any

from hypothesis import strategies as st

from butcher.frontend import tree
from butcher.source import Span

AT = Span(1, 1, 1, 1)
COEFFICIENTS = ("a", "order", "tableau")

numbers = st.builds(
    tree.Number,
    st.one_of(
        st.integers(0, 10**6).map(str),
        st.tuples(st.integers(0, 99), st.integers(0, 9999)).map(lambda p: f"{p[0]}.{p[1]:05d}"),
        st.sampled_from(["0.5e-5", "1e3", "007", "2.50E+12", "1234567890123456789012345678901234"]),
    ),
    st.just(AT),
)
integers = st.builds(tree.Number, st.integers(1, 12).map(str), st.just(AT))


def names(*of: str) -> st.SearchStrategy[tree.Name]:
    return st.builds(tree.Name, st.sampled_from(of), st.just(AT))


def exponents() -> st.SearchStrategy[Any]:
    small = st.builds(tree.Number, st.integers(0, 9).map(str), st.just(AT))
    tower = st.builds(
        tree.Power,
        st.builds(tree.Number, st.integers(1, 3).map(str), st.just(AT)),
        st.builds(tree.Number, st.integers(0, 3).map(str), st.just(AT)),
        st.just(AT),
    )
    return st.one_of(small, tower)


def expressions(atoms: st.SearchStrategy[Any], calls: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Sums, products, signs and powers nested as the grammar nests them."""

    def extended(sums: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        closed = st.one_of(
            atoms,
            st.builds(tree.Group, sums, st.just(AT)),
            st.builds(tree.Call, names(*calls), sums, st.just(AT)),
        )
        powers = st.one_of(closed, st.builds(tree.Power, closed, exponents(), st.just(AT)))
        factors = st.one_of(powers, st.builds(tree.Negative, powers, st.just(AT)))
        products = chain("*/", factors)
        return chain("+-", products)

    return st.recursive(atoms, extended, max_leaves=6)


def chain(operators: str, operands: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def join(first: Any, rest: list[tuple[str, Any]]) -> Any:
        for operator, operand in rest:
            first = tree.Operation(operator, first, operand, AT, AT)
        return first

    return st.builds(
        join,
        operands,
        st.lists(st.tuples(st.sampled_from(operators), operands), max_size=3),
    )


constants = expressions(st.one_of(numbers, names(*COEFFICIENTS)), ("sqrt",))
cells = st.one_of(st.builds(tree.Dot, st.just(AT)), constants)
lagged = st.builds(tree.Lagged, names("u", "x", "k1"), st.integers(-1, 32), st.just(AT))
values = expressions(st.one_of(numbers, names("w", "k1", *COEFFICIENTS), lagged), ("f", "g"))

comment_texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" \t"),
    max_size=12,
).map(str.rstrip)
comments = st.builds(
    tree.Comments,
    st.lists(comment_texts, max_size=2).map(tuple),
    st.none() | comment_texts,
)
strings = st.builds(
    tree.String,
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=30),
    st.just(AT),
)


def distributions() -> st.SearchStrategy[tree.Distribution]:
    two = st.tuples(constants, constants)
    return st.one_of(
        st.builds(tree.Distribution, names("uniform", "normal"), two, st.just(AT)),
        st.builds(tree.Distribution, names("bernoulli"), st.tuples(constants), st.just(AT)),
    )


def equations() -> st.SearchStrategy[tree.Equation]:
    state = names("u", "x")
    reads = st.one_of(st.tuples(state), st.tuples(names("t"), state))
    slots = st.lists(st.tuples(names("f", "g"), reads), min_size=1, max_size=3).map(tuple)
    return st.builds(tree.Equation, state, st.integers(1, 2), slots, st.just(AT))


def clauses() -> st.SearchStrategy[tuple[tree.Clause, ...]]:
    """Clauses of all kinds; the coefficients are declared, in any order with the others."""
    base = {"span": st.just(AT), "comments": comments}
    single = [
        st.builds(tree.Title, text=strings, **base),
        st.builds(tree.Cite, text=strings, **base),
        st.builds(
            tree.Ode, equations=st.lists(equations(), min_size=1, max_size=2).map(tuple), **base
        ),
        st.builds(tree.Order, order=integers, embedded=st.none() | integers, **base),
        st.builds(tree.Linear, names=st.just((tree.Name("f", AT), tree.Name("g", AT))), **base),
        st.builds(tree.Rounded, digits=integers, **base),
        st.builds(tree.Weights, shared=st.booleans(), **base),
        st.builds(tree.Solve, sweeps=integers, **base),
    ]
    declared = [declaration(name, base) for name in COEFFICIENTS]
    some = st.lists(st.sampled_from(range(len(single))), unique=True, max_size=4)
    return some.flatmap(
        lambda chosen: st.tuples(*[single[i] for i in chosen], *declared).flatmap(st.permutations)
    ).map(tuple)


def declaration(id_: str, base: dict[str, Any]) -> st.SearchStrategy[tree.Clause]:
    name = st.just(tree.Name(id_, AT))
    bounds = st.none() | st.tuples(constants, constants)
    per = st.none() | names("stage", "channel")
    drawn = st.none() | names("batch")
    return st.one_of(
        st.builds(tree.Let, name=name, value=constants, **base),
        st.builds(tree.Param, name=name, value=constants, **base),
        st.builds(
            tree.Learn, name=name, start=constants | distributions(), bounds=bounds, per=per, **base
        ),
        st.builds(
            tree.Random,
            name=name,
            distribution=distributions(),
            per=drawn,
            redrawn=st.booleans(),
            **base,
        ),
    )


def row(head: st.SearchStrategy[Any]) -> st.SearchStrategy[tree.Row]:
    some = st.lists(cells, max_size=3).map(tuple)
    return st.builds(tree.Row, head, some, st.just(AT), comments=comments)


def tableaux(slot: tree.Name | None) -> st.SearchStrategy[tree.Tableau]:
    weights = st.sampled_from([(None,), ("b",), (None, None), ("b", "err"), ("bhat", "b")])
    return st.builds(
        tree.Tableau,
        st.just(slot),
        st.lists(row(st.none() | constants), min_size=1, max_size=3).map(tuple),
        st.just(AT),
        weights.flatmap(
            lambda labels: st.tuples(
                *[row(st.just(label and tree.Name(label, AT))) for label in labels]
            )
        ),
        st.just(AT),
        comments,
        comments,
    )


def multisteps() -> st.SearchStrategy[tree.Multistep]:
    rows = st.permutations(["alpha", "beta"]).flatmap(
        lambda labels: st.tuples(*[row(names(label)) for label in labels])
    )
    return st.builds(tree.Multistep, rows, st.just(AT), comments)


def steps() -> st.SearchStrategy[tree.Step]:
    new = st.builds(tree.Lagged, names("u", "step"), st.just(-1), st.just(AT))
    target = st.one_of(names("w", "k1", "order", "method"), new)
    assignment = st.builds(tree.Assignment, target, values, st.just(AT), comments)
    return st.builds(
        tree.Step,
        st.lists(assignment, min_size=1, max_size=5).map(tuple),
        st.just(AT),
        comments,
    )


def methods() -> st.SearchStrategy[tree.Method]:
    f, g = tree.Name("f", AT), tree.Name("g", AT)
    bodies = st.one_of(
        st.tuples(tableaux(None)),
        st.tuples(tableaux(f), tableaux(g)),
        st.tuples(multisteps()),
        st.tuples(steps()),
    )
    tail = st.lists(comment_texts, max_size=2).map(tuple)
    return st.builds(
        tree.Method, names("rk4", "ab2"), clauses(), bodies, st.just(AT), comments, tail
    )
