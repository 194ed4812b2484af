"""docs/systems.md has a row for every system, as new as the code, and proofs that exist."""

import ast
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> Mapping[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "systems.py"))


@pytest.fixture(scope="module")
def page(script: Mapping[str, Any]) -> str:
    written: str = script["page"]()
    return written


def test_the_page_is_as_new_as_the_code(script: Mapping[str, Any], page: str) -> None:
    assert script["PAGE"].read_text(encoding="utf-8") == page, "run docs/systems.py"


def test_every_proof_is_a_test_that_exists(script: Mapping[str, Any]) -> None:
    for proof in {system.proof for section in script["SECTIONS"] for system in section.systems}:
        path, _, name = proof.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, proof


def test_no_scheme_of_the_papers_is_missing(page: str) -> None:
    """Those of update equations, which are all from papers on networks, and what HO-ResNet has."""
    for spec in (ROOT / "specs").glob("*.tab"):
        is_step = "\nstep\n" in spec.read_text(encoding="utf-8")
        if is_step and spec.stem not in {"heun_family"}:
            assert f"specs/{spec.name}" in page, spec.name
    for name in ("euler", "midpoint", "rk4", "rk4_light", "verner89", "verner89_as_printed"):
        assert f"specs/{name}.tab" in page
