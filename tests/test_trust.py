"""A `.tab` file from a stranger: nothing of it runs, and it takes neither time nor memory."""

import ast
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Process, in_a_process

from butcher.compiler import OptionError, examine_bytes, parse, translate
from butcher.errors import SpecError, render

MOST_SECONDS = 2.0
LARGEST_FILE = 1 << 20

EULER = "method euler\nstep\n  u[n+1] = u[n] + h*f(u[n])\n"


def slowness() -> float:
    """How much longer this machine takes now than one that starts the command in 0.55 s."""
    return max(1.0, in_a_process("check", "rk4").cpu / 0.55)


def run(file: Path, *arguments: str) -> Process:
    """`butcher ... FILE`, within its bounds, however it ends."""
    done = in_a_process(*arguments, file)
    for _ in range(3):  # others may have been at work beside it
        if done.cpu < MOST_SECONDS or done.cpu < MOST_SECONDS * slowness():
            break
        done = in_a_process(*arguments, file)
    else:
        pytest.fail(f"it took {done.cpu:.1f} s")
    assert done.code in {0, 1, 2, 3}
    assert len(done.err) < 100_000
    return done


# --------------------------------------------------------------------------- what costs much

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71)


def step(expression: str, clauses: str = "") -> str:
    return f"method m\n{clauses}step\n  u[n+1] = u[n] + {expression}\n"


def dense(cell: Callable[[int, int], str], clauses: str = "", full: bool = False) -> str:
    """A tableau of 64 stages, as far as it fits into a file."""
    rows = (
        "  | " + " ".join(cell(i, j) for j in range(64 if full else i)) + "\n" for i in range(64)
    )
    return f"method m\n{clauses}tableau\n{''.join(rows)}  ---\n  | {' '.join(['1/64'] * 64)}\n"


def digits(count: int) -> str:
    return str(random.randrange(10 ** (count - 1), 10**count))


def filled(token: str) -> str:
    """One mebibyte of a token, behind a method."""
    return (EULER + token * LARGEST_FILE)[: LARGEST_FILE - 1] + "\n"


SYMBOLS = [f"a{i}" for i in range(40)]
LEARNED = "".join(f"  learn {a} = 1/3\n" for a in SYMBOLS)
PRODUCT = "*".join(f"(1+{a})" for a in SYMBOLS[:7])

COSTLY: dict[str, Callable[[], str | bytes]] = {
    "a tower of powers": lambda: step("a*h*f(u[n])", "let a = 9^9^9^9\n"),
    "a power of powers": lambda: step("a*h*f(u[n])", "let a = ((9^999)^999)^999\n"),
    "a million brackets": lambda: step("(" * 1_000_000),
    "brackets and back": lambda: step("(" * 20_000 + "u[n]" + ")" * 20_000),
    "ten thousand stages": lambda: "method m\ntableau\n" + "  | 1\n" * 10_000 + "---\n | 1\n",
    "two million digits": lambda: step("9" * 2_000_000 + "*f(u[n])"),
    "a million digits": lambda: step("9" * 1_000_000 + "*f(u[n])"),
    "twenty roots": lambda: step(
        "*".join(f"(1+sqrt({p}))" for p in PRIMES) + "*h*f(u[n])",
    ),
    "inverses of six roots": lambda: (
        "method m\nlet a = "
        + "*".join(f"({i}+sqrt({p}))" for i, p in enumerate(PRIMES[:6]))
        + "\ntableau\n"
        + "".join("| " + " ".join(f"1/(a+{i}/{j + 3})" for j in range(i)) + "\n" for i in range(30))
        + "---\n| 1\n"
    ),
    "products of polynomials": lambda: (
        f"method m\n{LEARNED}tableau\n"
        + "".join("| " + " ".join([PRODUCT] * i) + "\n" for i in range(20))
        + "---\n| 1\n"
    ),
    "sums of fractions": lambda: (
        f"method m\n{LEARNED}tableau\n"
        + "".join(
            "| " + " ".join(f"1/(1+a{(7 * i + j) % 40}*a{(i + j) % 40})" for j in range(i)) + "\n"
            for i in range(40)
        )
        + "---\n| 1\n"
    ),
    "long coefficients": lambda: dense(
        lambda i, j: f"1/{digits(1000)}" if (i + j) % 3 == 0 else f"1/{i + j + 2}", "order 12\n"
    ),
    "many coefficients": lambda: dense(
        lambda i, j: f"{digits(90)}/{digits(90)}", "order 12\n", full=True
    ),
    "a row of all that is long": lambda: (
        "method m\ntableau\n"
        + "".join(
            " 1 | " + " ".join(f"1/{digits(1000)}" for j in range(i)) + "\n" for i in range(40)
        )
        + "---\n| 1\n"
    ),
    "many sweeps": lambda: dense(
        lambda i, j: f"1/{64 * i + j + 2}", "order 1\nsolve picard 64\n", full=True
    ),
    "many lags": lambda: step("+".join(f"1/65*u[n-{i}]" for i in range(64)) + "+h*f(u[n])"),
    "all lags": lambda: (
        "method m\norder 3\nlearn a = 1/3\nmultistep\nalpha | "
        + " ".join(f"{i}/7*a" for i in range(32))
        + " 1+a\nbeta | "
        + " ".join(f"1/({i + 2}+a)" for i in range(33))
        + "\n"
    ),
    "nested calls": lambda: step("h*" + "f(" * 99 + "u[n]" + ")" * 99),
    "deep calls": lambda: step("h*" + "f(" * 64 + "u[n]" + ")" * 64, "weights shared\n"),
    "a long chain of constants": lambda: step(
        "a0*h*f(u[n])", "".join(f"let a{i} = a{i + 1}+1\n" for i in range(990)) + "let a990 = 1\n"
    ),
    "many constants": lambda: step(
        "h*f(u[n])", "".join(f"let a{i} = 1/{i + 1}\n" for i in range(8000))
    ),
    "named products": lambda: (
        "method m\nstep\na0 = u[n]\n"
        + "".join(f"a{i} = 1/{digits(1000)}*a{i - 1}\n" for i in range(1, 300))
        + "u[n+1] = a299 + h*f(u[n])\n"
    ),
    "named polynomials": lambda: (
        "method m\nlearn a = 1/3\nlearn b = 1/5\nstep\na0 = u[n]\n"
        + "".join(f"a{i} = (1+a+b)*(1+sqrt(2)+sqrt(3))*a{i - 1}\n" for i in range(1, 300))
        + "u[n+1] = a299 + h*f(u[n])\n"
    ),
    "many slots": lambda: (
        f"method m\node u' = {'+'.join(f'f{i}(u)' for i in range(5000))}\n"
        "step\nu[n+1] = u[n] + h*f0(u[n])\n"
    ),
    "sixteen slots": lambda: (
        f"method m\norder 9\node u' = {'+'.join(f'f{i}(u)' for i in range(16))}\n"
        "step\nu[n+1] = u[n]" + "".join(f"+h*f{i}(u[n])" for i in range(16)) + "\n"
    ),
    "many states": lambda: (
        "method m\nstep\n"
        + "".join(f"u{i}[n+1] = u{i}[n-32] + h*f(u{i}[n-31])\n" for i in range(60))
    ),
    "many unknown names": lambda: (
        "method m\nstep\n"
        + "".join(f"k{i} = f(kk{i}{'a' * 40})\n" for i in range(4000))
        + "u[n+1] = u[n]\n"
    ),
    "many radicands": lambda: step(
        "h*f(u[n])", "".join(f"let a{i} = sqrt({10**12 - 11 - i})\n" for i in range(900))
    ),
    "numbers that nearly cancel": lambda: step(
        "k*h*f(u[n])",
        "let a = sqrt(999999999989) - sqrt(999999999961)\n"
        f"learn k = 1/a in [sqrt(2) - 1.4142135623730950488{'0' * 900}1, 2/a]\n",
    ),
    "a long name": lambda: EULER.replace("euler", "e" * 1_000_000),
    "a long slot": lambda: EULER.replace("f(", "f" * 1_000_000 + "("),
    "a long title": lambda: EULER.replace("step", 'title "' + "x " * 450_000 + '"\nstep'),
    "a huge comment": lambda: EULER + "#" + "x" * 1_000_000 + "\n",
    "many comments": lambda: EULER + "#\n" * 500_000,
    "NUL": lambda: EULER.replace("euler", "euler\0"),
    "invalid UTF-8": lambda: EULER.encode() + b"# \xff\xfe\n",
    "a surrogate": lambda: (EULER + "# \ud800\n").encode("utf-8", "surrogatepass"),
    "bidirectional": lambda: EULER + "# \u202e\n",
    "carriage returns": lambda: EULER.replace("\n", "\r"),
    "nothing": lambda: b"",
    "bytes": lambda: random.randbytes(LARGEST_FILE),
}
TOKENS = [
    *("a", "a ", "1", "1 ", "1.5 ", ". ", "| ", "1|1\n", "--\n", '"', '""', "\\", "#", "(", ")"),
    *("[", "]", "+", "-", "*", "/", "^", "^2", "=", "~", ",", "'", "\n", "\r\n", "\t", " ", "α"),
    *("@", "sqrt", "in ", "per ", "method m\n", "step\n", "tableau\n", "let a = 1\n", "u=v\n"),
    *('title "x"\n', "u[n+1] = u[n]\n", "sqrt(2)*", "f(", "order 4\n", "|\n"),
]


def written(tmp_path: Path, text: str | bytes) -> Path:
    file = tmp_path / "hostile.tab"
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    file.write_bytes(data)
    return file


@pytest.mark.slow
@pytest.mark.parametrize("what", COSTLY)
def test_no_input_takes_long(what: str, tmp_path: Path) -> None:
    file = written(tmp_path, COSTLY[what]())
    output = tmp_path / "out.py"
    compiled = run(file, "compile", "-o", str(output))  # which checks it, too
    assert (compiled.code == 0) == output.exists()
    assert set(tmp_path.iterdir()) <= {file, output}, "nothing is left half written"


@pytest.mark.slow
def test_no_token_takes_long_however_often_it_stands(tmp_path: Path) -> None:
    for i, token in enumerate(TOKENS):
        text = f"method m\ntableau\n  | {token * LARGEST_FILE}" if i % 2 else filled(token)
        verdict = examine_bytes(text.encode()[:LARGEST_FILE], "hostile.tab")
        for finding in verdict.diagnostics:
            assert len(render(finding, verdict.source)) < 20_000
    done = run(written(tmp_path, filled("1|1\n")), "check")
    assert done.code == 1


@pytest.mark.slow
def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.tab"
    with file.open("wb") as sparse:
        sparse.truncate(2 << 30)
    done = run(file, "check")
    assert done.code == 1
    assert "B001" in done.err


# --------------------------------------------------------------------------- what would break out

TEXTS = [
    '"""',
    '\\"\\"\\"',
    "'''",
    '""" + __import__("os").system("touch pwned") + """',
    "\\N{BULLET} \\x41 \\u0041 \\t \\",
    "{0} {self} {{ %s %(x)s $x",
    'ends in a quote"',
    "ends in a backslash\\",
    '\\" \\\\" """" \\\\\\"',
    "a" * 900,
    '"' * 500,
    "\\" * 501,
    "# coding: utf-16",
    "日本語" * 100,
    "\u00a0\u3000 wide \u200d joiner",
]
NAMES = [
    *(
        "__import__",
        "exec",
        "eval",
        "__class__",
        "__init__",
        "__dict__",
        "__",
        "_",
        "self",
        "torch",
    ),
    *("nn", "Tensor", "super", "forward", "training", "half", "f", "F", "u", "k", "k1", "Y1", "Y2"),
    *("order", "stages", "nfe", "states", "start", "inverse", "parameters", "state_dict", "type"),
    *(
        "print",
        "property",
        "staticmethod",
        "u_next",
        "h_free",
        "dt",
        "float",
        "match",
        "T",
        "Euler",
    ),
    *("device", "__getattr__", "_modules", "annotations", "alpha", "beta", "tableau", "method"),
]


def quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def statements(source: str) -> None:
    """An emitted file is a docstring, imports of torch and the library, functions and one class."""
    tree = ast.parse(source)
    first, *rest = tree.body
    assert isinstance(first, ast.Expr)
    assert isinstance(first.value, ast.Constant)
    assert isinstance(first.value.value, str)
    classes = 0
    for node in rest:
        if isinstance(node, ast.ImportFrom):
            assert node.module in {"__future__", "collections.abc", "torch"}
        elif isinstance(node, ast.Import):
            assert {name.name for name in node.names} <= {"torch"}
        elif isinstance(node, ast.ClassDef):
            classes += 1
            assert [ast.unparse(base) for base in node.bases] == ["nn.Module"]
            assert not node.decorator_list
        elif isinstance(node, ast.Assign):
            assert ast.unparse(node).startswith("SubNet")
        else:
            assert isinstance(node, ast.FunctionDef)
    assert classes == 1
    calls = (n.func for n in ast.walk(tree) if isinstance(n, ast.Call))
    called = {function.id for function in calls if isinstance(function, ast.Name)}
    assert called.isdisjoint({"__import__", "exec", "eval", "compile", "open", "os"})


def compiled(text: str) -> str | None:
    """The emitted text; None if the file or an option is refused."""
    try:
        return translate(parse(text))[0]
    except (SpecError, OptionError):
        return None


@pytest.mark.parametrize("text", TEXTS)
def test_texts_stay_texts(text: str) -> None:
    clauses = f'  title "{quoted(text)}"\n  cite "{quoted(text)}"\n'
    source = compiled(EULER.replace("step", clauses + "step"))
    if source is not None:
        statements(source)
        assert source.count('"""') % 2 == 0
    plain = compiled(EULER)
    assert plain is not None
    if source is not None:
        assert outline(source) == outline(plain)


def outline(source: str) -> str:
    """The code without its docstrings and comments."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


@pytest.mark.parametrize("name", NAMES)
def test_names_stay_names(name: str) -> None:
    texts = [
        f"method {name}\nstep\n  u[n+1] = u[n] + h*f(u[n])\n",
        f"method m\nlearn {name} = 1/2\nstep\n  u[n+1] = u[n] + {name}*h*g(u[n])\n",
        f"method m\nlearn {name} = 1 in [0, 2]\nstep\n  u[n+1] = u[n] + {name}*h*g(u[n])\n",
        f"method m\nparam {name} = 1/2\nstep\n  u[n+1] = u[n] + {name}*h*g(u[n])\n",
        f"method m\nrandom {name} ~ uniform(0, 1)\nstep\n  u[n+1] = u[n] + {name}*h*g(u[n])\n",
        f"method m\nstep\n  {name}[n+1] = {name}[n] + h*g({name}[n-1])\n",
        f"method m\nstep\n  {name} = g(v[n])\n  v[n+1] = v[n] + h*{name} + h*{name}[n-1]\n",
        f"method m\nstep\n  {name} = v[n] + h*g(v[n])\n  v[n+1] = v[n] + h*g({name})\n",
        f"method m\nstep\n  v[n+1] = v[n] + h*{name}(v[n])\n",
    ]
    sources = [compiled(text) for text in texts]
    assert any(sources), "the name is good for something"
    for source in sources:
        if source is not None:
            statements(source)


def test_a_surrogate_in_python_text_is_an_error() -> None:
    with pytest.raises(SpecError) as caught:
        parse(EULER + "# \ud800\n")
    assert {d.code for d in caught.value.diagnostics} <= {"B002", "B003"}
    str(caught.value).encode()


def test_a_file_name_in_a_message_is_escaped() -> None:
    verdict = examine_bytes(b"method\n", "a\x1b[31m\u202eb.tab")
    text = verdict.summary + "".join(render(d, verdict.source) for d in verdict.diagnostics)
    assert "\x1b" not in text
    assert "\u202e" not in text
