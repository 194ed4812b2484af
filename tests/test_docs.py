"""What README.md and docs/ show is what comes out. (docs/errors.md has tests of its own.)"""

import re
import shlex
from pathlib import Path

import pytest
from command import Command

import butcher as package

REPOSITORY = Path(__file__).parent.parent
README = REPOSITORY / "README.md"
PAGES = [README, *sorted((REPOSITORY / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[object]:
    """The code blocks of a kind, called by their page and line."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in BLOCK.finditer(text) if page.name != "errors.md" else ():
            if block[1] == kind:
                line = text.count("\n", 0, block.start()) + 1
                found.append(pytest.param(block[2], id=f"{page.name}:{line}"))
    return found


@pytest.mark.parametrize("text", blocks("tab"))
def test_a_method_that_is_shown_compiles(text: str) -> None:
    package.compile(text)


@pytest.mark.parametrize("text", blocks("python"))
def test_python_that_is_shown_runs(text: str) -> None:
    exec(text, {})  # noqa: S102


@pytest.mark.parametrize("text", blocks("sh"))
def test_commands_that_are_shown_work(
    text: str, butcher: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in text.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "butcher"
        done = butcher(*arguments)
        assert done.code == 0, done.err


def test_the_readme_shows_what_is_written_and_said(
    butcher: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kinds = [(block[1], block[2]) for block in BLOCK.finditer(README.read_text(encoding="utf-8"))]
    (method,) = [text for kind, text in kinds if kind == "tab"]
    emitted, said = [text for kind, text in kinds if kind == "text"][:2]
    written = iter(package.compile(method).splitlines())
    assert all(line in written for line in emitted.splitlines()), "in this order"
    wrong = method.replace("1/2 |  .   1/2", "1/2 |  .   1/3")
    Path("rk4.tab").write_text(wrong, encoding="utf-8")
    assert said in butcher("check", "rk4.tab").err


def test_the_readme_counts_the_shipped_methods(butcher: Command) -> None:
    count = re.search(r"more than (\d+) are shipped", README.read_text(encoding="utf-8"))
    assert count is not None
    assert len(butcher("list").out.splitlines()) > int(count[1])
