"""The shipped recipes: read, built, counted, and their learning rates those of the papers."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import torch
from command import Command

from butcher.models import network
from butcher.models.shipped import catalogue as networks
from butcher.models.shipped import table
from butcher.training.data import DATASETS
from butcher.training.optimize import rate
from butcher.training.recipe import Recipe, read_recipe
from butcher.training.shipped import catalogue, found, shipped

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"
OUR_OWN = ("digits_", "glyphs_")
CHOSEN = {"lembke_cifar10_lm_resnet", "lu_imagenet_lm_resnet50", "lu_imagenet_lm_resnet101"}
"""Their networks are no shipped one: the start is another, or the family is."""


def recipe(name: str, *settings: str) -> Recipe:
    return read_recipe(Path(str(shipped()[name])), settings)


@cache
def parameters(name: str, *settings: str) -> int:
    read = recipe(name, *settings)
    data = DATASETS[read.data.name]
    with torch.device("meta"):
        made = network(read.model, data.in_channels, read.data.classes or data.classes)
    return sum(p.numel() for p in made.parameters())


@pytest.mark.parametrize("name", shipped())
def test_it_reads_and_says_where_it_is_from(name: str) -> None:
    read = recipe(name)
    text = read.source.text
    if not name.startswith(OUR_OWN):
        assert re.search(r"arXiv:\d{4}\.\d{5}|A Worthy Improvement", text.replace("\n# ", " "))
        assert re.search(r"Error|Accuracy|comparisons", text)
        assert read.data.validation == 0
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    "name", [n for n in shipped() if not n.startswith(OUR_OWN) and n not in CHOSEN]
)
def test_its_network_is_a_shipped_one(name: str) -> None:
    model = tomllib.loads(shipped()[name].read_text("utf-8"))["model"]
    assert model in [table(entry["name"]) for entry in networks()]


LM, CHANG = "lu_cifar10_lm_resnet", "chang_cifar10_resnet"
WIDE, STL = "chang_cifar10_wresnet", "chang_stl10_resnet"


@pytest.mark.parametrize(
    ("name", "settings", "count"),
    [
        (LM, (), 269_722 + 9),
        (LM, ("model.depth=32",), 464_154 + 15),
        (LM, ("model.depth=110",), 1_727_962 + 54),
        ("lu_cifar100_lm_resnet110", (), 1_733_812 + 54),
        ("lu_cifar10_lm_resnet164", (), 1_703_258 + 54),
        ("lu_cifar100_lm_resnet164", (), 1_726_388 + 54),
        ("lu_cifar10_stochastic_depth110", (), 1_727_962 + 54),
        ("lu_cifar100_lm_resnext29_8x64d", (), 34_518_948 + 658_432 + 9),
        ("lu_cifar100_lm_resnext29_16x64d", (), 68_247_460 + 658_432 + 9),
        ("luo_cifar10_rk4", ("model.depth=10",), 298_442),
        ("luo_cifar10_midpoint", ("model.depth=18",), 594_378),
        ("luo_cifar10_rk4", ("model.depth=26",), 890_314),
        ("luo_cifar10_single_block", (), 1_038_282),
        ("luo_cifar10_euler", (), 2_074_058),
        ("luo_cifar10_verner_learned", (), 2_074_058 + 2),
        ("luo_cifar10_verner_per_stage", (), 2_074_058 + 28),
        ("luo_cifar10_rk4", ("model.depth=82",), 2_961_866),
        ("luo_cifar10_verner", ("model.depth=86",), 3_109_834),
        (CHANG, (), 755_802),
        (CHANG, ("model.blocks=2",), 172_506),
        (CHANG, ("model.blocks=5",), 464_154),
        (WIDE, (), 3_013_802),
        (WIDE, ("model.blocks=2",), 685_994),
        ("chang_cifar100_resnet", ("model.blocks=2",), 178_356),
        (STL, (), 755_802),
        ("lu_imagenet_lm_resnet50", (), 25_557_032 + 16),
    ],
)
def test_the_parameters_are_counted_as_the_papers_count(
    name: str, settings: tuple[str, ...], count: int
) -> None:
    assert parameters(name, *settings) == count


LONG = (0.1, 0.1, 0.01, 0.001)
OF_LU = [
    (LM, (0, 79, 80, 120), LONG),
    ("lu_cifar10_lm_resnet164", (0, 79, 80, 159), LONG),
    ("lu_cifar100_lm_resnet110", (0, 149, 150, 225), LONG),
    ("lu_cifar100_lm_resnext29_8x64d", (0, 149, 150, 225), LONG),
    ("lu_cifar10_stochastic_depth56", (0, 249, 250, 375), LONG),
    ("lembke_cifar10_lm_resnet", (0, 79, 80, 120), LONG),
    ("luo_cifar10_verner", (0, 99, 100, 150, 200, 230), (0.1, 0.1, 1e-2, 1e-3, 1e-4, 1e-5)),
    (CHANG, (0, 30, 60, 85, 110, 135), (0.5, 0.2505, 0.5, 0.2505, 0.5, 0.2505)),
]


@pytest.mark.parametrize(("name", "epochs", "rates"), OF_LU)
def test_the_learning_rate_is_that_of_the_paper(
    name: str, epochs: tuple[int, ...], rates: tuple[float, ...]
) -> None:
    train = recipe(name).train
    assert [rate(train, 100 * epoch, 100) for epoch in epochs] == pytest.approx(list(rates))


@pytest.mark.parametrize(
    ("beginning", "epochs", "batch", "decay", "augment"),
    [
        ("lu_cifar10_lm", 160, 128, 1e-4, "crop-flip"),
        ("lu_cifar100_lm_resnet", 300, 128, 1e-4, "crop-flip"),
        ("lu_cifar100_lm_resnext", 300, 128, 5e-4, "crop-flip"),
        ("lu_cifar10_stochastic_depth", 500, 128, 1e-4, "crop-flip"),
        ("lembke_", 160, 128, 1e-4, "crop-flip"),
        ("luo_cifar10_r", 260, 128, 1e-4, "autoaugment"),
        ("luo_cifar10_v", 260, 128, 1e-4, "autoaugment"),
        ("luo_cifar10_single", 260, 128, 1e-4, "none"),
        ("chang_cifar", 160, 100, 2e-4, "crop-flip"),
        ("chang_stl10", 160, 32, 2e-4, "crop-flip"),
        ("lu_imagenet", 90, 256, 1e-4, "crop-flip"),
    ],
)
def test_the_rest_of_a_recipe_is_that_of_the_paper(
    beginning: str, epochs: int, batch: int, decay: float, augment: str
) -> None:
    names = [name for name in shipped() if name.startswith(beginning)]
    assert names
    for read in map(recipe, names):
        train, data = read.train, read.data
        assert (train.epochs, data.batch, data.augment) == (epochs, batch, augment)
        assert (train.optimizer, train.momentum, train.weight_decay) == ("sgd", 0.9, decay)


def test_a_cosine_ends_near_its_lowest_rate() -> None:
    train = recipe(CHANG).train
    for last in (59, 109, 159):
        assert rate(train, 100 * (last + 1) - 1, 100) == pytest.approx(0.001, rel=1e-2)


def test_survival_falls_linearly_to_that_of_the_paper() -> None:
    for depth, last in ((56, 0.8), (110, 0.5)):
        assert recipe(f"lu_cifar10_stochastic_depth{depth}").model.survival == last


def test_the_page_lists_every_recipe() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| ([\w-]+) \| (\d+) \| (.*) \|$", PAGE.read_text("utf-8"), re.M
    )
    wanted = [(e["name"], e["data"], str(e["epochs"]), e["title"]) for e in catalogue()]
    assert rows == wanted


def test_a_name_is_a_shipped_recipe_unless_a_file_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_recipe(Path("glyphs_lm")).name == "glyphs_lm"
    with pytest.raises(FileNotFoundError, match="did you mean glyphs_lm"):
        read_recipe(Path("glyphs_ln"))
    Path("glyphs_lm").write_text("")
    assert found(Path("glyphs_lm")) == Path("glyphs_lm")
    assert found(Path("folder/glyphs_lm.toml")) == Path("folder/glyphs_lm.toml")


def test_recipes_are_listed(butcher: Command) -> None:
    said = butcher("list", "--recipes")
    assert said.code == 0
    assert len(said.out.splitlines()) == len(shipped())
