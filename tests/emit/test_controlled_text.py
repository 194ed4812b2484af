"""The emitted text of blocks that control their step: golden, formatted, typed, standing alone."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from butcher.compiler import compile, load, shipped
from butcher.compiler.control import reason_against

REPOSITORY = Path(__file__).parent.parent.parent
PAIRS = [name for name in shipped() if reason_against(load(name)) is None]
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
"""Symbols that are called as what the class has anyway."""


class PythonFile(SingleFileSnapshotExtension):
    """Real Python, which ruff checks with the rest of the project."""

    file_extension = "py"
    _write_mode = WriteMode.TEXT


@pytest.mark.parametrize(
    ("name", "weights"), [("dopri54", "shared"), ("dopri54", None), ("verner89", None)]
)
def test_golden_text(name: str, weights: str | None, snapshot: SnapshotAssertion) -> None:
    source = compile(name, step="controlled", weights=weights)
    source = re.sub(r"^(made by   butcher) \S+", r"\1 0", source, count=1, flags=re.MULTILINE)
    assert source == snapshot(extension_class=PythonFile)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every pair, with time, and with symbols."""
    path = tmp_path_factory.mktemp("emitted")
    texts = {name: name for name in PAIRS} | {"timed": TIMED, "family": FAMILY}
    for name, scheme in texts.items():
        for weights in ("shared", "per-stage"):
            text = compile(scheme, step="controlled", weights=weights)
            (path / f"{name}_{weights[:3]}.py").write_text(text, encoding="utf-8")
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
    ruff("check", "--isolated", str(folder))
    ruff("check", "--config", str(REPOSITORY / "pyproject.toml"), str(folder))


@pytest.mark.slow
def test_it_is_typed(folder: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--config-file=", "--check-untyped-defs"]
    run = subprocess.run(
        [*command, "--cache-dir", str(folder / "cache"), *map(str, folder.glob("*.py"))],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-3000:]


def test_it_imports_torch_and_nothing_of_this_project(folder: Path) -> None:
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        imported |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        assert imported == {"__future__", "collections.abc", "math", "torch", "typing"}


def test_no_mark_of_the_templates_is_left(folder: Path) -> None:
    for path in folder.glob("*.py"):
        assert not re.search(r"[«»]|\{(u|q|shape|power)\}(?!')", path.read_text(encoding="utf-8"))


def test_what_is_called_as_the_class_calls_its_own_gets_an_underscore() -> None:
    source = compile(FAMILY, step="controlled")
    for text in ("rtol: float = 1e-3,", "rtol_: float = 1.0,", "error_: float = 1.0,"):
        assert text in source
