"""Where each error points: `«` in a text stands before the place."""

import pytest

from butcher.errors import Diagnostic
from butcher.frontend import decode, parse
from butcher.source import Source

EULER = "\ntableau\n  0 |\n  --+--\n    | 1\n"
STEP = "\nstep\n  u[n+1] = u[n] + h*f(u[n])\n"

CASES = [
    ("B003", 'method a\n  title "x«\u202ey"' + EULER),
    ("B003", "# «\x00\nmethod a" + EULER),
    ("B003", "# a«\rb\nmethod a" + EULER),
    ("B004", "method a\nstep\n x = " + "(" * 100 + "«(1" + ")" * 101),
    ("B004", "method a\nstep\n x = «" + "+".join(["y"] * 300)),
    ("B005", "method a\n let s = «" + "1" * 1001 + EULER),
    ("B006", "method a\n let s = 2^«1001" + EULER),
    ("B006", "method a\n let s = 9^«9^9^9" + EULER),
    ("B006", "method a\n let s = «1.5e-1001" + EULER),
    ("B007", "method a\ntableau\n" + "|\n" * 64 + "«| 1\n--\n| 1"),
    ("B008", "method a\nlinear" + " f" * 49_997 + " «f\nstep"),
    ("B010", "method a\nstep\n u[n+1] = u[«n-33]"),
    ("B010", "method a\nmultistep\n alpha |" + " ." * 33 + " «1\n beta | 1"),
    ("B101", "# x\n\n «title" + ' "a"' + EULER),
    ("B101", "«tableau\n 0 |\n --\n | 1"),
    ("B101", "«"),
    ("B101", "«Method a" + EULER),
    ("B102", "«method" + EULER),
    ("B102", "method «3_8" + EULER),
    ("B102", "method «a b" + EULER),
    ("B103", "method a" + EULER + "«method b" + EULER),
    ("B104", "method «lambda" + EULER),
    ("B104", "method a\nstep\n «is = f(u[n])\n u[n+1] = is"),
    ("B104", "method a\nstep\n u[n+1] = «def(u[n])"),
    ("B104", "method a\ntableau «for\n 0 |\n --\n | 1"),
    ("B105", "method «sqrt" + EULER),
    ("B105", "method a\n let «h = 2" + STEP),
    ("B105", "method a\n let «n = 2" + STEP),
    ("B105", "method a\n random «t ~ bernoulli(1/2)" + STEP),
    ("B105", "method a\nstep\n u[n+1] = 2*«n*u[n]"),
    ("B106", "method a\n «Order 4" + EULER),
    ("B106", "method a\n «3 = 4" + EULER),
    ("B107", 'method a\n title "x"\n «title "x"' + EULER),
    ("B107", "method a\n let s = 1\n «let s = 2" + EULER),
    ("B108", "method a" + EULER + "«order 1"),
    ("B108", "method a" + STEP + " «weights shared"),
    ("B109", "«method a\n order 1"),
    ("B110", "method a" + EULER + "«step\n u[n+1] = u[n]"),
    ("B110", "method a" + STEP + "«step\n u[n+1] = u[n]"),
    ("B110", "method a" + STEP + "«tableau f\n 0 |\n --\n | 1"),
    ("B111", "method a\n«alpha | -1 1\nbeta | 1"),
    ("B111", "method a\n«0 |\n--\n| 1"),
    ("B111", "method a\n«x = 1" + STEP),
    ("B111", "method a" + STEP + "«| 1"),
    ("B112", "method a\n order« " + EULER),
    ("B112", "method a\n order 4(«x)" + EULER),
    ("B112", "method a\n title «x" + EULER),
    ("B112", "method a\n weights per«" + EULER),
    ("B113", 'method a\n title «"x' + EULER),
    ("B114", 'method a\n title «"x\\n"' + EULER),
    ("B115", "method a\n learn h = 1 per «stge" + EULER),
    ("B115", "method a\n weights «sharde" + EULER),
    ("B115", "method a\n solve «newton 3" + EULER),
    ("B115", "method a\n random a ~ uniform(0, 1) per «sample" + EULER),
    ("B115", "method a\n random a ~ uniform(0, 1) redrawn «forward" + EULER),
    ("B116", "method a\n let a ~ «uniform(0, 1)" + EULER),
    ("B116", "method a\n param a = 1 per «stage" + EULER),
    ("B116", "method a\n learn a = 1 per channel per «channel" + EULER),
    ("B117", "method a\n ode u' = f(«u, t)" + EULER),
    ("B117", "method a\n ode «u''' = f(u)" + EULER),
    ("B118", "method a\n learn k ~ «normal(0)" + EULER),
    ("B119", "method a\nstep «one\n u[n+1] = u[n]"),
    ("B119", "method a\ntableau f «g\n 0 |\n --\n | 1"),
    ("B120", "method a\nstep\n u[n+1] = u[n] + h*«/2"),
    ("B120", "method a\nstep\n u[n+1] =«"),
    ("B120", "method a\ntableau\n 0 |\n --\n | 1/«.\n"),
    ("B121", "method a\nstep\n u[n+1] = u[n] «× 2"),
    ("B121", "method a\nstep\n u[n+1] = u[n]«**2"),
    ("B122", "method a\n let s = «.5" + EULER),
    ("B122", "method a\n let s = «1." + EULER),
    ("B122", "method a\n let s = «1.2.3" + EULER),
    ("B123", "method a\n let s = «+5" + EULER),
    ("B123", "method a\n let s = 1 - («+5)" + EULER),
    ("B124", "method a\n let s = 2«(3)" + EULER),
    ("B124", "method a\n let s = 2«sqrt(3)" + EULER),
    ("B124", "method a\n learn k = 1 in [0.1 «2]" + EULER),
    ("B124", "method a\nstep\n u[n+1] = h «k1"),
    ("B124", "method a\nstep\n u[n+1] = (1 - k)«(u[n])"),
    ("B125", "method a\n let s = 2^«-1" + EULER),
    ("B125", "method a\n let s = 2^«(1)" + EULER),
    ("B125", "method a\n let s = 2^«0.5" + EULER),
    ("B126", "method a\nstep\n w = «(u[n]\n u[n+1] = w"),
    ("B126", "method a\ntableau\n 0 | «(1\n 1 | 1\n --\n | 1"),
    ("B126", "method a\n let s = «(1\n order 4" + EULER),
    ("B127", "method a\nstep\n u[n+1] = u[n]«)"),
    ("B127", "method a\ntableau\n 0 | 1«) 2\n --\n | 1"),
    ("B128", "method a\nstep\n u[n+1] = f(u[n]«, 2)"),
    ("B128", "method a\nstep\n u[n+1] = f(«)"),
    ("B128", "method a\n let s = sqrt «2" + EULER),
    ("B129", "method a\nstep\n u[n+1] = u[«i]"),
    ("B129", "method a\nstep\n u[n+1] = u[«n+2]"),
    ("B129", "method a\nstep\n u[n+1] = u[n-«k]"),
    ("B130", "method a\ntableau\n 0 |\n --\n | «u[n]"),
    ("B130", "method a\n let s = «u[n]" + EULER),
    ("B140", "method a\ntableau\n 0 | 1/2 «- 1/3\n --\n | 1"),
    ("B140", "method a\ntableau\n 0 | 1 «- 1/3\n --\n | 1"),
    ("B140", "method a\ntableau\n 0 | 1/2«- 1/3\n --\n | 1"),
    ("B140", "method a\ntableau\n 1/2 «+ 1/3 | 1\n --\n | 1"),
    ("B141", "method a\ntableau\n «0 1\n --\n | 1"),
    ("B141", "method a\nmultistep\n alpha | -1 1\n «beta 1"),
    ("B142", "method a\ntableau\n 0 | 1 «| 2\n --\n | 1"),
    ("B143", "method a\ntableau\n 0 |\n «1 | 1\n"),
    ("B144", "method a\ntableau\n 0 |\n --\n | 1\n «--\n | 1"),
    ("B145", "method a\ntableau\n 0 |\n «--\n"),
    ("B145", "method a\ntableau\n 0 |\n --\n | 1\n | 1\n «| 1"),
    ("B146", "method a\ntableau\n 0 |\n --\n «c | 1"),
    ("B146", "method a\ntableau\n 0 |\n --\n b | 1\n «b | 1"),
    ("B147", "method a\nmultistep\n alpha | -1 1\n beta | 1\n «--"),
    ("B147", "method a\nmultistep\n alpha | -1 1\n beta | 1\n «beta | 1"),
    ("B148", "method a\ntableau\n 0 «1 | 1\n --\n | 1"),
    ("B149", "method a\n«tableau\n --\n | 1"),
    ("B149", "method a\n«multistep\n alpha | -1 1"),
    ("B149", "method a\n«step\n"),
    ("B150", "method a\nstep\n «f(u[n])"),
    ("B151", "method a\nstep\n u[n+1] = u[n]\n   «+ f(u[n])"),
    ("B151", "method a\nstep\n u[n+1] = u[n] «+\n   f(u[n])"),
    ("B152", "method a\nstep\n «u[n] = f(u[n])"),
    ("B152", "method a\nstep\n «u[n-1] = f(u[n])"),
]


def found_in(text: str) -> list[Diagnostic]:
    return parse(Source("x.tab", text))[1]


@pytest.mark.parametrize(("code", "marked"), CASES)
def test_an_error_points_at_its_place(code: str, marked: str) -> None:
    before, text = marked.partition("«")[0], marked.replace("«", "")
    place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
    found = [(d.code, d.span.line, d.span.column) for d in found_in(text)]
    assert found == [(code, *place)]


@pytest.mark.parametrize(("code", "marked"), CASES)
def test_a_tab_counts_as_one_column_and_a_carriage_return_as_none(code: str, marked: str) -> None:
    spread = marked.replace("\n ", "\n\t").replace("\n", "\r\n")
    before, text = spread.partition("«")[0], spread.replace("«", "")
    place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
    found = [(d.code, d.span.line, d.span.column) for d in found_in(text)]
    assert found == [(code, *place)]


def test_the_first_bad_byte_is_named() -> None:
    source, found = decode(b'\xef\xbb\xbfmethod a\n title "\xc3\xa9 \xff"', "x.tab")
    assert source is None
    assert [(d.code, d.span.line, d.span.column) for d in found] == [("B002", 2, 11)]


def test_a_file_of_one_byte_too_many_is_refused() -> None:
    assert decode(b"#" * (1 << 20), "x.tab")[0] is not None
    assert [d.code for d in decode(b"#" * ((1 << 20) + 1), "x.tab")[1]] == ["B001"]
    assert [d.code for d in found_in("é" * ((1 << 19) + 1))] == ["B001"]


def test_one_run_reports_every_error() -> None:
    text = (
        "method dormand-prince\n"
        "  titel 1\n"
        "  order x\n"
        "tableau\n"
        "  0 | 2(3)  .5  1/2 - 1/3\n"
        "  1 2 | 1 | 2\n"
        "  --\n"
        "  c | +1\n"
        "order 4\n"
    )
    codes = " ".join(d.code for d in found_in(text))
    expected = "B102 B106 B112 B124 B122 B140 B148 B142 B146 B123 B108"
    assert codes == expected
