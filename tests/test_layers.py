"""Imports point left only, and nothing up to the compiler imports torch."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "butcher"

ORDER = [
    "version",
    "source",
    "errors",
    "resources",
    "atomic",
    "coefficient",
    "frontend",
    "spec",
    "ir",
    "analysis",
    "passes",
    "emit",
    "figure",
    "compiler",
    "kernels",
    "block",
    "counting",
    "models",
    "training",
    "laboratory",
    "bench",
    "cli",
]
# The compile path, left to right; `butcher compile` imports it all, so none of it may be heavy.
LIGHT = ORDER[: ORDER.index("compiler") + 1]
HEAVY = {
    "torch",
    "torchvision",
    "timm",
    "numpy",
    "scipy",
    "sympy",
    "sklearn",
    "matplotlib",
    "pandas",
}
# What draws may import these, where it draws.
DRAWING = {"figure": {"matplotlib", "numpy"}}
# What the compile path may import when it is itself imported, beside the standard library.
CORE = {"lark", "networkx", "pydantic", "typer"}
# These two only hand on what the layers define, by name and when asked for.
EXEMPT = {"__init__.py", "__main__.py"}

Import = tuple[int, str, bool]  # line, dotted name, whether it happens when the module is imported


def imports(tree: ast.Module, package: list[str]) -> Iterator[Import]:
    """Every import in the module, inside functions and as import_module("..."), made absolute."""
    lazy = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        or (isinstance(outer, ast.If) and "TYPE_CHECKING" in ast.unparse(outer.test))
        for inner in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            # `from butcher import ir` names a layer only in its second half
            inner = [f"{module}.{alias.name}" for alias in node.names]
            names = inner if module == "butcher" else [module]
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) in {"import_module", "importlib.import_module", "__import__"}
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            names = [str(node.args[0].value)]
        else:
            continue
        for name in names:
            yield node.lineno, name, id(node) not in lazy


def offences(path: Path, text: str) -> list[str]:
    """What a module of the package imports against the rules; `path` is relative to it."""
    layer = path.parts[0].removesuffix(".py")
    if layer not in ORDER:
        return [f"butcher/{path}: {layer} has no place in ORDER"]
    found = []
    package = ["butcher", *path.parts[:-1]]
    for line, name, at_import in imports(ast.parse(text), package):
        where = f"butcher/{path}:{line}: {layer} imports {name}"
        top, *rest = name.split(".")
        if top == "butcher":
            target = rest[0] if rest else "butcher"
            if target not in ORDER:
                found.append(f"{where}: name the layer that defines it")
            elif ORDER.index(target) > ORDER.index(layer):
                found.append(f"{where}, which stands to its right")
        elif not at_import and top in DRAWING.get(layer, set()):
            continue
        elif layer in LIGHT and top in HEAVY:
            found.append(f"{where}: nothing up to compiler does")
        elif layer in LIGHT and at_import and top not in CORE | sys.stdlib_module_names:
            found.append(f"{where} when imported: do it in the function that needs it")
    return found


def modules() -> list[Path]:
    paths = (path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py")))
    return [path for path in paths if str(path) not in EXEMPT]


def test_imports_point_left_only() -> None:
    found = [
        offence
        for path in modules()
        for offence in offences(path, (PACKAGE / path).read_text(encoding="utf-8"))
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("ir/graph.py", "from butcher.passes import prune"),
        ("ir/graph.py", "def f():\n    from butcher.compiler import compile"),
        ("ir/graph.py", "from ..emit import module"),
        ("ir/graph.py", "from butcher import cli"),
        ("ir/graph.py", "import butcher"),
        ("source.py", "import butcher.errors"),
        ("analysis/orders.py", "from butcher.passes.prune import prune"),
        ("emit/module.py", "def f():\n    import torch"),
        ("compiler.py", "from numpy import array"),
        ("figure/page.py", "import numpy as np"),
        ("figure/page.py", "def f():\n    import torch"),
        ("compiler.py", "import importlib\nimportlib.import_module('sympy')"),
        ("emit/draw.py", "import graphviz"),
        ("helpers.py", ""),
    ],
)
def test_an_offender_is_named(path: str, text: str) -> None:
    (offence,) = offences(Path(path), text)
    assert offence.startswith(f"butcher/{path}:")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("cli/train.py", "from butcher.training import loop\nimport torch"),
        ("passes/prune.py", "from butcher.analysis.orders import order"),
        ("ir/graph.py", "from . import row\nfrom .row import Row\nimport networkx"),
        ("emit/draw.py", "def f():\n    import graphviz"),
        ("figure/page.py", "def f():\n    import numpy\n    from matplotlib.figure import Figure"),
        ("block.py", "import torch"),
    ],
)
def test_allowed_imports_pass(path: str, text: str) -> None:
    assert offences(Path(path), text) == []


def loaded(code: str) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after `code`."""
    tail = f"\nimport sys; print(*({HEAVY!r} & sys.modules.keys()), sep=',', file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return set(run.stderr.splitlines()[-1].split(",")) - {""}


def test_importing_butcher_loads_nothing_heavy() -> None:
    assert loaded("import butcher; butcher.__version__; butcher.__all__") == set()
    assert loaded("import butcher.figure; butcher.figure.KINDS") == set()


def test_the_compile_command_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom butcher.cli import main\nsys.argv = ['butcher', 'compile', 'verner89']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    )
    assert loaded(code) == set()


def test_networks_do_without_timm() -> None:
    """It is imported by `butcher.models.zoo` alone, which is for timm."""
    assert "timm" not in loaded("import butcher.models, butcher.training")
