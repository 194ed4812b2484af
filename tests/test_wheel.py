"""The wheel: built from the tree, put alone on the path, run from another folder."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent

pytestmark = pytest.mark.slow

Run = Callable[..., str]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as a release is: the source archive first, then the wheel from that."""
    pytest.importorskip("build", reason="needs the dependency group build")
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out)]
    run = subprocess.run([*build, str(REPOSITORY)], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module", params=["unpacked", "zip"])
def run(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """Run Python with the wheel and the libraries on its path, the checkout not among them."""
    folder = tmp_path_factory.mktemp("site")
    if request.param == "unpacked":
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    else:
        folder = wheel
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # -S: no .pth file is read, so the editable installation of the checkout is not there.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), *sorted(libraries)])}

    def run(*arguments: str) -> str:
        result = subprocess.run(
            [sys.executable, "-S", *arguments],
            cwd=tmp_path_factory.mktemp("elsewhere"),
            env=environment,
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stderr
        assert str(REPOSITORY) + "/butcher" not in result.stdout
        return result.stdout

    return run


def test_the_wheel_holds_the_data_files_and_nothing_beside_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.split("/")[0] for name in names}
    assert tops == {"butcher", next(top for top in tops if top.endswith(".dist-info"))}
    folders = {"specs": "*.tab", "grammar": "*.lark", "networks": "*.toml", "recipes": "*.toml"}
    for folder, pattern in folders.items():
        files = {f"butcher/{folder}/{path.name}" for path in (REPOSITORY / folder).glob(pattern)}
        assert files
        assert files <= names
    assert {"butcher/errors.md", "butcher/py.typed"} <= names


def test_the_package_imports_from_the_wheel(run: Run) -> None:
    assert "butcher" in run("-c", "import butcher; print(butcher.__file__)")


def test_shipped_specs_are_listed(run: Run) -> None:
    assert "verner89" in run("-m", "butcher", "list")


def test_a_shipped_spec_compiles(run: Run) -> None:
    source = run("-m", "butcher", "compile", "verner89")
    compile(source, "verner89.py", "exec")


def test_a_shipped_network_is_described(run: Run) -> None:
    assert "269,722" in run("-m", "butcher", "describe", "resnet20")


def test_a_shipped_recipe_is_listed(run: Run) -> None:
    assert "luo_cifar10_verner" in run("-m", "butcher", "list", "--recipes")


def test_an_error_code_is_explained(run: Run) -> None:
    assert "B203" in run("-m", "butcher", "explain", "B203")
