"""No text makes the frontend raise, hang, or fill the memory."""

import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from butcher.frontend import canonical, decode, parse
from butcher.frontend.findings import Findings
from butcher.frontend.scan import Scanner
from butcher.resources import root
from butcher.source import Source

MIB = 1 << 20
SPECS = [p.read_bytes() for p in sorted(Path(str(root("specs"))).glob("*.tab"))]
STEP = b"method a\nstep\n u[n+1] = "
TABLE = b"method a\ntableau\n"

HOSTILE = {
    "a million parentheses": STEP + b"(" * 1_000_000,
    "a million parentheses in a table": TABLE + b"| " + b"(" * 1_000_000,
    "a million closing parentheses": STEP + b")" * 1_000_000,
    "only parentheses": b"(" * MIB,
    "ten thousand stages": TABLE + b"| 1\n" * 10_000,
    "two million digits": STEP + b"9" * 2_000_000,
    "a million digits": STEP + b"9" * 1_000_000,
    "a tower of powers": STEP + b"9^9^9^9",
    "a high tower of powers": STEP + b"1" + b"^1" * 20_000,
    "a long sum": STEP + b"+".join([b"u"] * 20_000),
    "many signs": STEP + b"-" * 40_000 + b"1",
    "a hundred MB": b"x" * 100_000_000,
    "NUL": b"method a\n\0",
    "many NUL": b"\0\n" * (MIB // 2),
    "invalid UTF-8": b"method a\n\xff\xfe",
    "1 1 1": TABLE + b"| " + b"1 " * (MIB // 2 - 20),
    "statements": b"method a\nstep\n" + b"a=b\n" * (MIB // 4 - 10),
    "rules": TABLE + b"--\n" * (MIB // 3 - 10),
    "bars": TABLE + b"|" * (MIB - 30),
    "quotes": b"method a\ntitle " + b'"' * (MIB - 30),
    "backslashes": b'method a\ntitle "' + b"\\" * (MIB - 30),
    "points": TABLE + b"| " + b"." * (MIB - 30),
    "numbers with many points": TABLE + b"| " + b"1." * (MIB // 2 - 30),
    "open brackets": STEP + b"u[" * 20_000,
    "lines": b"\n" * MIB,
    "blanks": b" " * MIB,
    "comments": b"#\n" * (MIB // 2),
    "carriage returns": b"\r" * MIB,
    "headers": b"method a\n" * (MIB // 9),
    "wrong clauses": b"method a\n" + b"ordr 4\n" * (MIB // 7 - 10),
    "tableaux": b"method a\n" + b"tableau f\n" * 20_000,
    "letters": "é ".encode() * (MIB // 3),
    "a full tableau of surds": TABLE
    + (b"|" + b" (1+2*sqrt(6))/375" * 64 + b"\n") * 64
    + b"--\n| 1\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_answered_soon(name: str) -> None:
    began = time.process_time()
    source, found = decode(HOSTILE[name], "x.tab")
    if source is not None:
        found = parse(source)[1]
    assert time.process_time() - began < 2
    assert len(found) <= 102
    assert found or name == "a full tableau of surds"


def comments_in(text: str) -> list[str]:
    """The comments of a text, read without its syntax."""
    lines = Scanner(Source("x.tab", text), Findings()).lines()
    return [line.comment for line in lines if line.comment is not None]


def survives(text: str) -> None:
    source = Source("x.tab", text)
    method, found = parse(source)
    for d in found:
        assert 1 <= d.span.line <= len(source.lines) + 1
        assert 1 <= d.span.column <= len(source.line(d.span.line)) + 2
        assert (d.span.line, d.span.column) < (d.span.end_line, d.span.end_column)
    assert method is not None or found
    if method is not None and not found:
        again = canonical(method)
        assert parse(Source("x.tab", again)) == (method, [])
        assert comments_in(again) == comments_in(text)


@given(st.text())
def test_noise_is_survived(text: str) -> None:
    survives(text)


WORDS_OF_THE_LANGUAGE = (
    "method tableau multistep step title cite ode order let param learn random linear rounded"
    " weights solve alpha beta b bhat err per in stage shared picard redrawn backward sqrt n h t"
    " u f k1 lambda 0 1 1/2 .5 1. 1e3 ( ) [ ] + - * / ^ = ~ , ' | . -- == ** # \" \\ @ é \t \r \n"
)
WORDS = WORDS_OF_THE_LANGUAGE.split(" ")


@given(
    st.lists(st.sampled_from([*WORDS, "\n", "\n", " ", "u[n+1] = "]), max_size=60), st.booleans()
)
def test_words_of_the_language_in_any_order_are_survived(words: list[str], apart: bool) -> None:
    survives((" " if apart else "").join(words))


@pytest.mark.parametrize("seed", range(20))
def test_mutated_methods_are_survived(seed: int) -> None:
    choose = random.Random(seed)
    for _ in range(15):
        text = choose.choice(SPECS).decode()
        for _ in range(choose.randint(1, 4)):
            at = choose.randrange(len(text) + 1)
            to = min(len(text), at + choose.randint(0, 6))
            text = text[:at] + choose.choice([*WORDS, "", "", " ", "\n"]) + text[to:]
        survives(text)


def test_bytes_are_survived() -> None:
    choose = random.Random(0)
    for _ in range(200):
        data = choose.randbytes(choose.randint(0, 80))
        source, found = decode(data, "x.tab")
        assert (source is None) == bool(found)
