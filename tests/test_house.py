"""Facts about the repository: what is committed, what is pinned, which names are public."""

import re
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import butcher
from butcher.resources import root

REPOSITORY = Path(__file__).parent.parent
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))

LOCK_FILES = {"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "pylock.toml"}
# Written in pieces, so that this file does not hold what it forbids.
FORBIDDEN = {
    "a registry's host": r"pypi\.(org|python)|python" r"hosted\.org|download\.pytorch" r"\.org",
    "an index option": r"--(extra-)?index" r"-url|--find" r"-links|--trusted" r"-host",
    "a machine's path": r"(?<![\w.~:/)\]}>*-])/(work|root|home|opt|Users)" r"/\w",
}


def tracked() -> list[Path]:
    """The files under version control, as they are in the working tree."""
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout")
    # a runner may check out as one user and test as another
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listing = subprocess.run(git, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    paths = (REPOSITORY / name for name in listing.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def test_no_lock_file_is_committed() -> None:
    assert not [path for path in tracked() if path.name in LOCK_FILES]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_files_are_free_of_addresses(what: str) -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}:{number}: {line.strip()[:80]}"
        for path in tracked()
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        )
        if re.search(FORBIDDEN[what], line)
    ]
    assert not found, f"{what} in\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a machine's path", 'PATH = "' + "/home/" + 'ada/data"'),
        ("an index option", "pip install --index" + "-url x"),
        ("a registry's host", "https://pypi" + ".org/simple"),
    ],
)
def test_an_address_would_be_found(what: str, line: str) -> None:
    assert re.search(FORBIDDEN[what], line)


def test_text_files_end_with_one_newline_and_use_no_carriage_return() -> None:
    texts = {".py", ".md", ".tab", ".lark", ".toml", ".txt", ".yaml"}
    for path in tracked():
        if path.suffix in texts and (data := path.read_bytes()):
            assert data.endswith(b"\n"), f"{path}: no newline at the end"
            assert not data.endswith(b"\n\n"), f"{path}: empty lines at the end"
            assert b"\r" not in data, f"{path}: carriage returns"


def pins() -> dict[str, set[str]]:
    """Package to the versions that constraints.txt gives it, one for each set of markers."""
    found: dict[str, set[str]] = {}
    for line in (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines():
        pin = re.fullmatch(r"([a-z0-9-]+)==([0-9][0-9a-z.+]*)( ; .+)?", line)
        assert pin, f"constraints.txt holds more than a name, a version and a marker: {line}"
        found.setdefault(pin[1], set()).add(pin[2])
    return found


def test_every_dependency_is_pinned() -> None:
    project = PROJECT["project"]
    asked = [
        *project["dependencies"],
        *(line for lines in project["optional-dependencies"].values() for line in lines),
        *(line for lines in PROJECT["dependency-groups"].values() for line in lines),
    ]
    names = {re.split(r"[^\w.-]", line)[0] for line in asked}
    assert names <= pins().keys(), "run: make constraints"


def test_the_version_stands_in_one_place() -> None:
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert version("butcher-torch") == butcher.__version__


def test_public_names() -> None:
    contract = {"SpecError", "compile", "load", "make_block", "parse"}
    assert contract <= set(butcher.__all__)
    assert len(butcher.__all__) <= 14, "about ten public names"
    for name in butcher.__all__:
        assert getattr(butcher, name) is not None
    assert set(butcher.__all__) <= set(dir(butcher))


@pytest.mark.parametrize("name", ["grammar", "networks", "recipes", "specs"])
def test_data_folders_are_found(name: str) -> None:
    assert list(root(name).iterdir())


def test_the_pages_of_the_error_codes_are_found() -> None:
    assert "B" in root("errors.md").read_text(encoding="utf-8")
