"""The pages do what they say: methods check, Python runs, commands end well."""

import re
import shlex
import textwrap
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from command import Command

from butcher.compiler import examine_bytes
from butcher.errors import has_errors, render
from butcher.training.shipped import shipped as shipped_recipes

REPOSITORY = Path(__file__).parent.parent
PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *sorted(path for path in (REPOSITORY / "docs").glob("*.md") if path.name != "errors.md"),
]


class Fence(NamedTuple):
    """A fenced text of a page, of a `language`, that begins at `line`."""

    page: str
    line: int
    language: str
    text: str


def fences(page: Path) -> list[Fence]:
    text = page.read_text("utf-8")
    name = str(page.relative_to(REPOSITORY))
    found = re.finditer(r"^( *)```(\w+)\n(.*?)^\1```$", text, re.M | re.S)
    return [
        Fence(name, text[: m.start()].count("\n") + 1, m[2], textwrap.dedent(m[3])) for m in found
    ]


ALL = [fence for page in PAGES for fence in fences(page)]


def of(language: str, beginning: str = "") -> list[object]:
    return [
        pytest.param(fence, id=f"{fence.page}:{fence.line}")
        for fence in ALL
        if fence.language == language and fence.text.lstrip().startswith(beginning)
    ]


def test_every_fence_is_of_a_language_that_is_tested() -> None:
    assert {fence.language for fence in ALL} <= {"tab", "python", "sh", "text", "toml"}
    assert of("tab", "method")
    assert of("python")
    assert of("sh")


@pytest.mark.parametrize("fence", of("tab", "method"))
def test_a_method_checks_without_errors(fence: Fence) -> None:
    for text in re.split(r"^(?=method )", fence.text, flags=re.M)[1:]:
        verdict = examine_bytes(text.encode(), f"{fence.page}:{fence.line}")
        said = "\n".join(render(d, verdict.source) for d in verdict.diagnostics)
        assert not has_errors(verdict.diagnostics), said


@pytest.mark.parametrize("fence", of("python"))
def test_python_runs(fence: Fence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch  # noqa: F401 - so that the strict world of the next tests knows it

    monkeypatch.chdir(tmp_path)
    code = compile("\n" * fence.line + fence.text, fence.page, "exec")
    try:
        exec(code, {"__name__": "__main__"})  # noqa: S102 - our own pages
    except ImportError as missing:
        if "butcher-torch[" not in str(missing):
            raise
        pytest.skip(str(missing))


@pytest.mark.parametrize("fence", of("sh"))
def test_a_command_ends_well(
    fence: Fence, butcher: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of `butcher`; a training is only asked what it could be told, and recipes exist."""
    monkeypatch.chdir(tmp_path)
    for line in fence.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] != ["butcher"]:
            continue
        if words[1] == "train":
            assert (REPOSITORY / words[2]).is_file() or words[2] in shipped_recipes()
            continue
        done = butcher(*words[1:])
        if done.code == 3 and "Graphviz" in done.err:
            pytest.skip(done.err)
        assert done.code == 0, done.err
        for flag, value in pairwise(words):
            assert flag != "-o" or Path(value).stat().st_size


@pytest.mark.parametrize("fence", of("toml"))
def test_a_recipe_is_toml(fence: Fence) -> None:
    assert tomllib.loads(fence.text)


def test_the_printed_error_of_the_first_page_is_the_real_one(butcher: Command) -> None:
    """The page shows what one wrong digit in its own example says."""
    page = [fence for fence in ALL if fence.page == "README.md"]
    method = next(fence.text for fence in page if fence.language == "tab")
    shown = next(fence.text for fence in page if "error[B" in fence.text)
    assert method.count("1/2 |  .   1/2") == 1
    wrong = method.replace("1/2 |  .   1/2", "1/2 |  .   1/3").encode()
    said = butcher("check", "-", stdin=wrong).err
    for line in shown.strip().splitlines():
        if not line.startswith("rk4.tab"):
            assert line.strip() in said
    assert shown.splitlines()[0].split(": ", 1)[1] in said


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*PAGES, REPOSITORY / "docs" / "errors.md"]:
        prose = re.sub(
            r"^ *```.*?^ *```$|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.M | re.S
        )
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose):
            if not re.match(r"[a-z]+:", target):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
