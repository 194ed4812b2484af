"""Every code past the frontend has a section whose example raises it where it should."""

import json
import re
import shlex
from pathlib import Path

import pytest
from command import Command

from butcher.compiler import Verdict, examine_bytes, translate
from butcher.errors import Diagnostic, Severity, SpecError, has_errors
from butcher.resources import root

PAGES = root("errors.md").read_text("utf-8")
PACKAGE = Path(__file__).parents[2] / "butcher"
SECTIONS: dict[str, str] = dict(
    re.findall(r"^## (B\d\d\d) · [^\n]+\n(.*?)(?=^## |\Z)", PAGES, re.M | re.S)
)

# code -> line, column, end column of what the caret stands under in its example
PLACES = {
    "B203": (4, 3, 6),  # the node
    "B204": (4, 17, 19),
    "B205": (3, 9, 10),  # the second declaration
    "B206": (2, 9, 10),
    "B207": (7, 11, 16),  # the divisor
    "B209": (4, 19, 20),
    "B210": (5, 7, 8),
    "B211": (2, 16, 27),  # the radicand
    "B212": (6, 15, 16),  # the first cell that has no room
    "B213": (7, 1, 10),
    "B214": (6, 3, 14),
    "B215": (3, 1, 10),
    "B216": (5, 7, 8),
    "B217": (2, 3, 13),
    "B218": (2, 13, 29),
    "B219": (2, 13, 14),
    "B220": (2, 19, 24),  # stage
    "B221": (3, 23, 24),
    "B222": (4, 19, 27),
    "B223": (3, 31, 32),  # the number, not the sum it stands in
    "B224": (3, 12, 16),
    "B225": (4, 23, 29),
    "B226": (4, 31, 37),
    "B227": (2, 23, 24),
    "B228": (2, 10, 15),
    "B229": (4, 21, 22),  # the second spelling
    "B230": (3, 13, 14),
    "B231": (2, 16, 17),
    "B242": (2, 11, 23),
    "B243": (2, 16, 29),
    "B244": (2, 73, 81),  # the seventh root
    "B245": (7, 19, 37),
    "B246": (2, 1, 5),
    "B247": (1002, 5, 10),
    "B248": (2, 9, 11),
    "B249": (7, 19, 22),
    "B250": (1, 8, 111),
    "B301": (4, 3, 8),  # the row of the stage
    "B302": (2, 9, 10),
    "B303": (3, 33, 45),
    "B304": (6, 7, 19),
    "B305": (3, 40, 49),
    "B306": (4, 3, 8),
    "B401": (2, 3, 10),  # the claim
    "B402": (2, 3, 13),
    "B403": (2, 3, 10),
    "B404": (1, 8, 12),  # the name, where nothing is claimed
    "B405": (2, 3, 10),
    "B406": (2, 3, 10),
    "B407": (2, 3, 10),
    "B408": (2, 3, 10),
    "B409": (1, 8, 17),
    "B410": (2, 3, 10),
    "B411": (6, 4, 21),
    "B412": (2, 3, 10),
    "B501": (1, 8, 22),
    "B502": (1, 8, 13),
    "B503": (1, 8, 25),
    "B504": (3, 28, 35),
    "B505": (1, 8, 12),
}


def fence(code: str, language: str) -> str:
    """The one fenced text of a section."""
    (found,) = re.findall(rf"^```(?:{language})\n(.*?)^```$", SECTIONS[code], re.M | re.S)
    return str(found)


def example(code: str) -> str:
    """A file, or what a Python expression makes one of."""
    text = fence(code, "tab|python")
    return text if text.startswith("method") else eval(f"({text})", {})  # noqa: S307


def findings(text: str) -> tuple[Verdict, list[Diagnostic]]:
    """What `check` finds, and where that is no error, what `compile` adds to it."""
    verdict = examine_bytes(text.encode(), "example.tab")
    found = list(verdict.diagnostics)
    if verdict.scheme is not None and not has_errors(found):
        try:
            _, more = translate(verdict.scheme)
        except SpecError as problem:
            more = problem.diagnostics
        found += [d for d in more if d not in found]
    return verdict, found


def only(text: str, code: str) -> Diagnostic:
    """The finding of a code in a text that raises it once."""
    (found,) = [d for d in findings(text)[1] if d.code == code]
    return found


@pytest.mark.parametrize("code", PLACES)
def test_the_example_raises_its_code_at_its_place(code: str) -> None:
    verdict, found = findings(example(code))
    mine = [d for d in found if d.code == code]
    assert mine
    others = {d.code for d in found if d.severity is not Severity.NOTE} - {code}
    if code == "B502":
        others.discard("B302")  # a learned h that is not used is a dead symbol, too
    if code == "B412":
        others.discard("B203")  # the node, whose wrong time it is
    assert not others, "an example shows one mistake"
    span = mine[0].span
    line = verdict.source.line(span.line)
    end = span.end_column if span.end_line == span.line else len(line) + 1
    assert (span.line, span.column, end) == PLACES[code]
    assert line[span.column - 1 : end - 1].strip() == line[span.column - 1 : end - 1]


def test_the_file_that_cannot_be_read_has_a_code_of_its_own(butcher: Command) -> None:
    program, *arguments = shlex.split(fence("B000", "sh"))
    assert program == "butcher"
    done = butcher(*arguments, "--json")
    assert done.code == 3
    ((finding,),) = [entry["diagnostics"] for entry in json.loads(done.out)]
    assert finding["code"] == "B000"
    assert (finding["line"], finding["column"]) == (1, 1)


def test_every_code_has_a_section_and_every_section_a_code() -> None:
    used: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        used |= set(re.findall(r'"(B\d\d\d)"', file.read_text("utf-8")))
    assert used == set(SECTIONS)
    assert set(PLACES) == {code for code in used if code >= "B2"}


@pytest.mark.parametrize("code", SECTIONS)
def test_a_code_is_explained(code: str, butcher: Command) -> None:
    done = butcher("explain", code.lower())
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"## {code} · ")
    assert done.out.count("\n## ") == 0
    assert SECTIONS[code].strip() in done.out


# --------------------------------------------------------------------------- texts that read well

TABLEAU = "method m\ntableau\n"
STEP = "method m\nstep\n"


@pytest.mark.parametrize(
    ("code", "text", "message", "hint"),
    [
        (
            "B203",
            TABLEAU
            + "   0  |\n  1/2 | 1/2\n  1/2 |  .  1/3\n   1  |  .   .   1\n  ---\n  | . . . 1\n",
            "node 1/2 is not the sum of its row, 1/3",
            "Write 1/3, leave the node empty, or mend the row: with 1/2 for 1/3 the sum is 1/2.",
        ),
        (
            "B212",
            TABLEAU + "  0 |\n  1 | 1\n  ---\n  | 1/2 1/2 1/2\n",
            "3 cells in a row that has room for 2 (the tableau has 2 stages)",
            "Was a `|` lost above?",
        ),
        (
            "B212",
            TABLEAU + "   0  |\n  1/2 | 1/2\n      1/2  .  1/2\n   1  |  .   .   1\n  ---\n  | 1\n",
            "4 cells in a row that has room for 3 (the tableau has 3 stages)",
            "Line 5 has no `|`, so it continues the row of line 4. Should it be a row of its own?",
        ),
        (
            "B209",
            "method m\n  learn k = 0\nstep\n  u[n+1] = u[n] + k(u[n]) + h*f(u[n])\n",
            "`k` is a number and cannot be applied to something",
            "A product needs its star: k*(...).",
        ),
        (
            "B204",
            STEP + "  u[n+1] = u_n + h*f(u[n])\n",
            "unknown name `u_n`",
            "Write u[n].",
        ),
        (
            "B204",
            "method m\n  learn alpha = 0\nstep\n  u[n+1] = u[n] + h*alhpa*f(u[n])\n",
            "unknown name `alhpa`",
            "Did you mean alpha?",
        ),
        (
            "B229",
            STEP + "  k = f(u[n])\n  u[n+1] = u[n] + h*F(u[n] + h/2*k)\n",
            "the slots `f` and `F` differ only in case",
            "Write f for both, or give one another name.",
        ),
        (
            "B401",
            "method m\n  order 3\ntableau\n  0 |\n  1 | 1\n  ---\n  | 1/2 1/2\n",
            "order 3 is claimed; the order is 2",
            "No single cell mends this: several are wrong, or the claim is too high. "
            "The tree [[], []] of order 3, f''(f, f), wants sum b_i c_i^2 = 1/3 and gets 1/2. "
            "1 more of order 3 fails.",
        ),
        (
            "B222",
            STEP + "  k = f(u[n])\n  u[n+1] = u[n] + h*k*u[n]\n",
            "a product of two values is not affine",
            "Coefficients are numbers and declared names; what is not linear goes into a slot.",
        ),
        (
            "B301",
            TABLEAU + "  0 |\n  1 | 1\n  ---\n  | 1\n",
            "no output depends on stage k2; the block leaves it out",
            "Is a coefficient missing that reads it?",
        ),
        (
            "B223",
            STEP + "  u[n+1] = u[n] + h*f(u[n] + 1)\n",
            "the number 1 is added to states and stages",
            "A sum here has states, stages and slot values, each with a factor.",
        ),
    ],
)
def test_a_message_says_what_was_found_and_what_to_type(
    code: str, text: str, message: str, hint: str
) -> None:
    found = only(text, code)
    assert found.message == message
    assert found.hint is not None
    assert found.hint.startswith(hint)
