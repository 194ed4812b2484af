"""The emitted text: golden, formatted, the same every time, and closed against what it quotes."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from butcher.compiler import OptionError, compile, load, parse, shipped
from butcher.compiler.control import reason_against
from butcher.emit.torch_module import Header, NotAFloatError, emit_module
from butcher.ir.lower import lower
from butcher.passes.prune import prune

SPECS = list(shipped())
REPOSITORY = Path(__file__).parent.parent.parent


class PythonFile(SingleFileSnapshotExtension):
    """Real Python, which ruff checks with the rest of the project."""

    file_extension = "py"
    _write_mode = WriteMode.TEXT


# The options are those of the file, and of these files the other ones, too.
VARIANTS = [(name, None, None) for name in SPECS]
VARIANTS += [
    ("rk4", "learned", None),
    ("rk4", "per-stage", "shared"),
    ("lm_resnet", "learned", None),
    ("dopri54", "controlled", "shared"),
    ("dopri54", "controlled", None),
    ("verner89", "controlled", None),
]

PAIRS = [name for name in SPECS if reason_against(load(name)) is None]
TIMED = load("dopri54").source.text.replace("order 5(4)\n", "order 5(4)\n  ode x' = f(t, x)\n")
FAMILY = """method family
  order 2(1)
  learn a = 1/2 in [1/4, 3/4]
  learn rtol = 1 per channel
  param error = 1

tableau
   0 |
   a | a
  ---+------------------
   b | 1-1/(2*a)  1/(2*a)
bhat | rtol*error  1-rtol*error
"""
"""Symbols that are called as what a class with step control has anyway."""

ABREAST = ["fractal3", "fractalnet", "gauss4", "polynet_2way", "radau_iia3", "shake_shake"]
"""The shipped methods with evaluations that need nothing of each other."""
LONG = [f"a_name_of_a_stage_that_is_rather_long_{i}" for i in range(1, 8)]
FANNED = (
    "method fanned\n\nstep\n"
    + "".join(f"  {name} = f(u[n])\n" for name in LONG)
    + f"  u[n+1] = u[n] + h*({' + '.join(f'1/7*{name}' for name in LONG)})\n"
)
TIMED_FAN = """method timed_fan
  ode u' = f(t, u)
  param a = 1/3

tableau
        0 |
  a+2*a^2 | a+2*a^2
      1/2 | 1/2
 -1+a/9/7 | -1+a/9/7
  --------+---------------------
          | 1/4  1/4  1/4  1/4
"""
"""Stages that read the first alone, the nodes in the comments or too long for the line."""


def without_version(source: str) -> str:
    return re.sub(r"^(made by   butcher) \S+", r"\1 0", source, count=1, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "step", "weights"), VARIANTS, ids=["-".join(filter(None, v)) for v in VARIANTS]
)
def test_golden_text(
    name: str, step: str | None, weights: str | None, snapshot: SnapshotAssertion
) -> None:
    source = without_version(compile(name, step=step, weights=weights))
    assert source == snapshot(extension_class=PythonFile)


@pytest.mark.parametrize(("name", "starts"), [("euler", "lm_resnet"), ("rk4", "ab4")])
def test_golden_text_of_a_starter(name: str, starts: str, snapshot: SnapshotAssertion) -> None:
    source = without_version(compile(name, starts=starts))
    assert source == snapshot(extension_class=PythonFile)


def test_golden_text_of_evaluations_together(snapshot: SnapshotAssertion) -> None:
    source = without_version(compile("fractal3", evaluations="together"))
    assert source == snapshot(extension_class=PythonFile)


def test_golden_text_of_a_checkpoint(snapshot: SnapshotAssertion) -> None:
    source = without_version(compile("lm_resnet", checkpoint="block"))
    assert source == snapshot(extension_class=PythonFile)


@pytest.mark.parametrize("name", SPECS)
def test_a_method_without_a_level_of_several_is_the_same_together(name: str) -> None:
    source, other = (compile(name, evaluations=way) for way in ("together", "in-turn"))
    assert (source != other) == (name in ABREAST)
    assert other == compile(name)


def test_an_evaluation_that_may_be_skipped_stays_alone() -> None:
    text = """method dropped
  param p = 1/2
  random keep ~ bernoulli(p) per batch

step
  u[n+1] = u[n] + h*f(u[n]) + h*g(u[n]) + keep*h*l(u[n]) + h*m(u[n])
"""
    source = compile(text, evaluations="together")
    assert "k1, k2 = together((self.f[0], u), (self.f[1], u))\n" in source
    assert "k3 = self.f[2](u)" in source
    assert "k4 = self.f[3](u)" in source


def test_the_time_of_every_call_has_its_node_beside_it() -> None:
    source = compile(TIMED_FAN, evaluations="together")
    assert "k2, k3, k4 = together(\n" in source
    assert "(self.f[2], t + 0.5 * h, Y3),  # c = 1/2\n" in source


def test_an_unknown_way_to_evaluate_lists_the_known_ones() -> None:
    with pytest.raises(OptionError, match="in-turn or together, not 'parallel'"):
        compile("rk4", evaluations="parallel")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every spec, with every step, both forms; starters; step control of every pair, of time, of
    symbols.
    """
    path = tmp_path_factory.mktemp("emitted")
    for name in SPECS:
        for step in ("fixed", "learned", "per-stage"):
            text = compile(name, step=step)
            (path / f"{name}_{step.replace('-', '_')}.py").write_text(text, encoding="utf-8")
    for name, starts in (("euler", "lm_resnet"), ("rk4", "ab4"), ("euler", "milne4")):
        text = compile(name, starts=starts)
        (path / f"{name}_starts_{starts}.py").write_text(text, encoding="utf-8")
    for name, scheme in [*zip(PAIRS, PAIRS, strict=True), ("timed", TIMED), ("family", FAMILY)]:
        for weights in ("shared", "per-stage"):
            text = compile(scheme, step="controlled", weights=weights)
            (path / f"{name}_{weights[:3]}_controlled.py").write_text(text, encoding="utf-8")
    for name in ABREAST:
        for step in ("fixed", "learned"):
            text = compile(name, step=step, evaluations="together")
            (path / f"{name}_{step}_together.py").write_text(text, encoding="utf-8")
    gauss = load("gauss4").source.text
    timed_gauss = gauss.replace("\n  order 4\n", "\n  order 4\n  ode u' = f(t, u)\n")
    for scheme in (FANNED, TIMED_FAN, timed_gauss):
        text = compile(scheme, evaluations="together")
        (path / f"{parse(scheme).name}_written_together.py").write_text(text, encoding="utf-8")
    checkpointed = ["rk4", "ab5", "revnet", "stochastic_depth", "layerscale", "verner89"]
    for scheme in (*checkpointed, TIMED_FAN):
        for of in ("stage", "block"):
            text = compile(scheme, step="learned", checkpoint=of)
            name = parse(scheme).name if "\n" in scheme else scheme
            (path / f"{name}_{of}_checkpointed.py").write_text(text, encoding="utf-8")
    text = compile("verner89", step="controlled", evaluations="together")
    (path / "verner89_together_controlled.py").write_text(text, encoding="utf-8")
    for name in SPECS:
        for step in ("fixed", "learned", "per-stage"):
            try:
                text = compile(name, step=step, form="fused", verify=False)
            except OptionError:
                continue
            (path / f"{name}_{step.replace('-', '_')}_fused.py").write_text(text, encoding="utf-8")
    return path


def ruff(*arguments: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--no-cache"], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr


@pytest.mark.parametrize("width", ["88", "100"])
def test_it_is_formatted(folder: Path, width: str) -> None:
    ruff("format", "--check", "--diff", "--isolated", "--line-length", width, str(folder))


def test_it_is_clean(folder: Path) -> None:
    """Where the file goes, butcher is a package of someone else's."""
    foreign = ("--config", 'lint.isort.known-third-party = ["butcher"]')
    ruff("check", "--isolated", *foreign, str(folder))
    ruff("check", "--config", str(REPOSITORY / "pyproject.toml"), *foreign, str(folder))


@pytest.mark.slow
def test_it_is_typed(folder: Path) -> None:
    """As strictly as this project, whose cache knows torch already, but that torch has calls
    without types.
    """
    told = "# mypy: no-warn-return-any, allow-untyped-calls\n"
    copies = folder / "typed"
    copies.mkdir()
    for path in folder.glob("*.py"):
        text = told + path.read_text(encoding="utf-8")
        (copies / path.name).write_text(text, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "mypy", *map(str, copies.glob("*.py"))],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
    )
    assert run.returncode == 0, run.stdout[-3000:]


def test_it_imports_torch_and_of_this_project_kernels_at_most(folder: Path) -> None:
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        imported |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        if path.stem.endswith("_fused"):
            assert imported - {"torch"} == {"collections.abc", "butcher.kernels"}
        elif path.stem.endswith("_controlled"):
            imported -= {"functools"} if path.stem.endswith("_together_controlled") else set()
            assert imported == {"__future__", "collections.abc", "math", "torch", "typing"}
        elif path.stem.endswith("_together"):
            assert imported - {"typing"} == {"collections.abc", "functools", "torch"}
        elif path.stem.endswith("_checkpointed"):
            own = {"contextlib", "typing", "torch.utils.checkpoint"}
            assert imported == {"collections.abc", "torch", *own}
        else:
            assert imported <= {"collections.abc", "torch", "typing"}


def test_no_mark_of_the_templates_is_left(folder: Path) -> None:
    for path in folder.glob("*.py"):
        assert not re.search(r"[«»]|\{(u|q|shape|power)\}(?!')", path.read_text(encoding="utf-8"))


def test_what_is_called_as_the_class_calls_its_own_gets_an_underscore() -> None:
    source = compile(FAMILY, step="controlled")
    for text in ("rtol: float = 1e-3,", "rtol_: float = 1.0,", "error_: float = 1.0,"):
        assert text in source


def test_the_bytes_do_not_depend_on_the_hash_seed() -> None:
    code = (
        "import hashlib, butcher\n"
        "names = ['verner89_per_stage', 'stochastic_lm', 'fractal3', 'heun_family', 'am4']\n"
        "text = ''.join(butcher.compile(name) for name in names)\n"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(digests) == 1


# ---------------------------------------------------------------------- numbers


def test_floats_have_all_digits_and_the_exact_number_beside() -> None:
    source = compile("verner89")
    assert "Y5 = torch.add(u, k1, alpha=0.6246720955243167 * h)  # (4+94*sqrt(6))/375" in source
    assert "Y5.add_(k3, alpha=-2.398057107150296 * h)  # (-94-84*sqrt(6))/125" in source


def test_integers_need_no_comment_and_one_no_factor() -> None:
    source = compile("kutta3")
    assert "Y3 = torch.add(u, k1, alpha=-h)\n        Y3.add_(k2, alpha=2 * h)\n" in source


def test_a_number_without_a_double_is_refused() -> None:
    text = "method huge\n\nstep\n  u[n+1] = u[n] + 10^400*f(u[n])\n"
    with pytest.raises(NotAFloatError, match="double"):
        emit_module(lower(parse(text)), HEADER)


# ---------------------------------------------------------------------- hostile texts

HOSTILE = [
    '"""',
    '\\"""',
    '"',
    "\\",
    "\\\\",
    'x"""\nimport os\n"""',
    '""" + __import__("os").name + """',
    "a\u202eb\u2066c",
    "\x1b[31m\x07\x00",
    "\\N{BULLET} \\x41 \\u0041 \\",
    "tab\tand\rreturn\x0bfeed\x0c",
    "# fmt: off",
    "torch.tensor, bounded(x), redrawn(x), may_skip()",
    "{braces} %s",
    "\u6587" * 200,
    "x" * 500,
    'quote" at the end "',
    "\ud800",
    "",
    "   ",
]


HEADER = Header(class_name="Mine", name="mine", order=None, stages=1, digest="0", version="0")


def emitted(text: str) -> str:
    graph = prune(lower(load("ab2")))
    header = Header(
        class_name="Mine",
        name=text,
        order=2,
        stages=1,
        digest=text,
        version=text,
        title=text,
        cite=text,
        verified=(text, text),
        options=((text, text),),
    )
    return emit_module(graph, header)


def skeleton(source: str) -> str:
    """The code without its docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_cannot_break_out(text: str, tmp_path: Path) -> None:
    source = emitted(text)
    assert skeleton(source) == skeleton(emitted("plain"))
    assert source.replace("\n", "").isprintable()
    path = tmp_path / "mine.py"
    path.write_text(source, encoding="utf-8")
    ruff("format", "--check", "--diff", "--isolated", str(path))
    ruff("check", "--config", str(REPOSITORY / "pyproject.toml"), str(path))


@given(st.text(alphabet=st.one_of(st.sampled_from("\\\"'\n #{}\u2028"), st.characters())))
def test_no_text_breaks_out(text: str) -> None:
    source = emitted(text)
    assert skeleton(source) == skeleton(emitted("plain"))
    source.encode()
