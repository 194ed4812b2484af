"""`butcher report`: one page about runs that were made."""

import re
from pathlib import Path

import pytest
from command import Command

from butcher.laboratory.findings import Findings, write
from butcher.laboratory.table import Table
from butcher.training.recipe import read_recipe
from butcher.training.run import run

RECIPE = """\
[model]
family = "ho-resnet"
scheme = "rk4"
blocks = 1
width = 2

[data]
batch = 512

[train]
epochs = 1
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs, two of one recipe."""
    folder = tmp_path_factory.mktemp("runs")
    recipe = folder / "small.toml"
    recipe.write_text(RECIPE)
    for name, settings in {
        "a": ["seed=0"],
        "b": ["seed=1"],
        "c": ["scheme=lm_resnet", "blocks=2"],
    }.items():
        made = read_recipe(recipe, [*settings, f"out={folder / 'runs' / name}", "device=cpu"])
        assert run(made, quiet=True).kind == "done"
    return folder


def test_a_page_has_results_methods_recipes_and_sources(
    runs: Path, tmp_path: Path, butcher: Command
) -> None:
    page = tmp_path / "page.html"
    assert butcher("report", *(str(runs / "runs" / n) for n in "abc"), "-o", str(page)).code == 0
    text = (tmp_path / "page.md").read_text()
    (row,) = re.findall(r"^\| rk4, .*$", text, re.M)
    assert row.split("|")[2].strip() == "2"
    assert "rk4, runge-kutta, 4 stages, order 4, verified exactly" in text
    assert "Kutta, Z. Math. Phys. 46 (1901) 435-453" in text
    assert "Luo et al. (2021)" in text
    assert 'scheme = "lm\\_resnet"' in text or 'scheme = "lm_resnet"' in text
    pictures = re.findall(r"\]\(page/(.*?\.svg)\)", text)
    assert sorted(pictures) == sorted(path.name for path in (tmp_path / "page").iterdir())
    assert "wiring-rk4.svg" in pictures
    html = page.read_text()
    assert html.count("data:image/svg+xml;base64,") == len(pictures)
    assert "http" not in re.sub(r'base64,[^"]*', "", html).replace("http-equiv", "")


def test_a_study_is_read_with_its_runs(runs: Path, tmp_path: Path, butcher: Command) -> None:
    page = tmp_path / "page.html"
    assert butcher("report", str(runs), "-o", str(page)).code == 0
    assert "lm_resnet" in page.read_text()


def test_what_was_found_is_reported_beside_the_runs_it_was_found_in(
    runs: Path, tmp_path: Path, butcher: Command
) -> None:
    found, page = tmp_path / "found", tmp_path / "page.html"
    write(Findings("lesion", "What blocks do", (Table("Errors", ("a",), ((1,),)),), (), {}), found)
    assert butcher("report", str(runs / "runs" / "a"), str(found), "-o", str(page)).code == 0
    assert "What blocks do" in page.read_text()
    alone = butcher("report", str(found), "-o", str(page))
    assert (alone.code, "holds no runs" in alone.err) == (2, True)


def test_the_same_runs_make_the_same_page(runs: Path, tmp_path: Path, butcher: Command) -> None:
    pages = [tmp_path / f"{name}.html" for name in "ab"]
    for page in pages:
        assert butcher("report", str(runs / "runs" / "a"), "-o", str(page)).code == 0
    assert pages[0].read_bytes() == pages[1].read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing"], 3, "nothing: is no folder of a run"),
        (["{runs}/runs/a", "{runs}/runs/a"], 2, "would count twice"),
        (["{runs}/runs/a", "-o", "page.pdf"], 2, "page.pdf: a report ends in .html"),
        (["{runs}/runs/a", "-o", "none/page.html"], 3, "none"),
    ],
)
def test_what_cannot_be_reported_is_said(
    runs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    butcher: Command,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = butcher("report", *(a.format(runs=runs) for a in arguments))
    assert done.code == code
    assert message in done.err
    assert list(tmp_path.iterdir()) == []
