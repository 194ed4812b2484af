"""Of hundreds of misprints of the shipped methods, which are refused, and where they are found."""

import random
from collections.abc import Iterator
from functools import cache

import pytest
from mutations import Mutation, mutations, without_nodes

from butcher.compiler import Verdict, examine_bytes, shipped
from butcher.errors import Severity, has_errors

FALSE = {"B203", "B401", "B402"}


@cache
def exact_tableaus() -> dict[str, str]:
    """The shipped tableaus that claim an order and hold no rounded decimal."""
    found = {}
    for name, file in shipped().items():
        verdict = examine_bytes(file.read_bytes(), name)
        scheme = verdict.scheme
        assert scheme is not None
        if scheme.body.kind == "runge-kutta" and scheme.claim and verdict.field != "decimal":
            found[name] = file.read_text("utf-8")
    return found


def tried(texts: dict[str, str], count: int, seed: int) -> Iterator[tuple[Mutation, Verdict]]:
    rng = random.Random(seed)
    streams = {name: mutations(text, rng) for name, text in texts.items()}
    for _ in range(count):
        name = rng.choice(sorted(texts))
        mutation = next(streams[name])
        yield mutation, examine_bytes(mutation.text.encode(), f"{name}.tab")


def holds(verdict: Verdict, mutation: Mutation) -> bool:
    """Whether the method still has the orders claimed, and every node is its row's sum."""
    claim = verdict.scheme.claim if verdict.scheme is not None else None
    return (
        claim is not None
        and (verdict.order or 0) >= claim.order
        and (claim.embedded is None or (verdict.embedded_order or 0) >= claim.embedded)
        and not any(d.code == "B203" for d in verdict.diagnostics)
    )


def is_found(verdict: Verdict, mutation: Mutation) -> bool:
    """Whether the mutated cell is the first suspect, and the errors stand at it.

    Where the cell cannot be read any more, as `1/0`, there is no method and no suspect: then the
    error has to stand in the cell.
    """
    if verdict.scheme is None:
        ends = [(line, at, at + len(new)) for (line, at), new in _news(mutation)]
        (error,) = (d for d in verdict.diagnostics if d.severity is Severity.ERROR)
        return any(error.span.line == li and a <= error.span.column < b for li, a, b in ends)
    false = [d for d in verdict.diagnostics if d.code in FALSE]
    if not false or not false[0].suspects:
        return False
    first = false[0].suspects[0].span
    return (first.line, first.column) in mutation.places and all(d.span == first for d in false)


def _news(mutation: Mutation) -> Iterator[tuple[tuple[int, int], str]]:
    return zip(mutation.places, mutation.new, strict=True)


def check(texts: dict[str, str], count: int, seed: int, least: float) -> None:
    missed, broken = [], 0
    for mutation, verdict in tried(texts, count, seed):
        if holds(verdict, mutation):
            assert not {d.code for d in verdict.diagnostics} & FALSE
            continue
        assert has_errors(verdict.diagnostics), mutation
        broken += 1
        if not is_found(verdict, mutation):
            missed.append((verdict.source.name, mutation.old, mutation.new))
    assert broken > 0.85 * count
    assert len(missed) <= (1 - least) * broken, missed


def test_misprints_are_refused_and_found() -> None:
    check(exact_tableaus(), 30, seed=1, least=0.95)


@pytest.mark.slow
def test_five_hundred_misprints_are_refused_and_found() -> None:
    check(exact_tableaus(), 500, seed=2026, least=0.95)


@pytest.mark.slow
def test_misprints_are_found_without_nodes() -> None:
    texts = {name: without_nodes(text) for name, text in exact_tableaus().items()}
    check(texts, 200, seed=2027, least=0.95)


@pytest.mark.slow
def test_misprints_of_rounded_decimals_are_found() -> None:
    texts = {name: shipped()[name].read_text("utf-8") for name in ("tsit5", "dop853")}
    check(texts, 60, seed=2028, least=0.95)


def test_misprints_of_multistep_formulas_are_found() -> None:
    texts = {}
    for name, file in shipped().items():
        verdict = examine_bytes(file.read_bytes(), name)
        assert verdict.scheme is not None
        if verdict.scheme.body.kind == "multistep" and verdict.scheme.claim:
            texts[name] = file.read_text("utf-8")
    check(texts, 150, seed=3, least=0.95)
