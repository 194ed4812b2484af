"""`butcher describe` and `butcher list --networks`, from outside."""

import json
from pathlib import Path

import pytest
from command import Command

from butcher.models.shipped import shipped

MODEL = """\
# A small one.
[model]
family = "resnext"
depth = 11
widths = [16, 32, 64]

[train]
epochs = 3
anything = "is left alone"
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("small.toml")
    path.write_text(MODEL)
    return path


def described(butcher: Command, *arguments: object, stdin: bytes = b"") -> dict[str, object]:
    done = butcher("describe", *arguments, "--json", stdin=stdin)
    assert (done.code, done.err) == (0, "")
    report = json.loads(done.out)
    assert isinstance(report, dict)
    return report


def test_a_shipped_network_is_described_as_a_table(butcher: Command) -> None:
    done = butcher("describe", "lm_resnet20")
    assert (done.code, done.err) == (0, "")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[0].startswith("lm_resnet20: LM-ResNet, Lu, Zhong, Li, Dong (2018)")
    assert "parameters 269,731" in lines
    assert "layers 20" in lines
    assert "without effect stages.0.0.k, stages.1.0.k, stages.2.0.k" in lines
    assert all(len(line) <= 100 for line in done.out.splitlines())
    assert butcher("describe", "lm_resnet20").out == done.out


def test_json_is_one_object(butcher: Command) -> None:
    report = described(butcher, "lm_resnet20")
    assert report["name"] == "lm_resnet20"
    assert report["parameters"] == 269_731
    assert (report["layers"], report["blocks"], report["nfe"]) == (20, 9, 9)
    assert report["dead_parameters"] == [f"stages.{stage}.0.k" for stage in range(3)]
    assert report["states"] == ["u[n]", "u[n-1]"]
    assert report["start"] == "restart"


def test_settings_replace_what_the_file_says(butcher: Command) -> None:
    changed = described(butcher, "lm_resnext29_8x64d", "--set", "subnet.cardinality=16")
    assert changed["parameters"] == 68_813_651
    changed = described(butcher, "resnet20", "--set", "depth=32", "--set", "model.h=0.5")
    assert (changed["layers"], changed["parameters"]) == (32, 464_154)
    changed = described(
        butcher, "resnet20", "--set", "scheme=stochastic_depth", "--set", "values.p=0.8"
    )
    assert changed["scheme"] == "stochastic_depth"


def test_the_data_are_named_or_given(butcher: Command, model: Path) -> None:
    assert described(butcher, "resnet18")["input"] == [3, 224, 224]
    assert described(butcher, model)["input"] == [3, 32, 32]
    report = described(butcher, model, "--set", "data.name=digits")
    assert (report["input"], report["output"]) == ([1, 8, 8], [10])
    report = described(butcher, model, "--set", "name=cifar100", "--size", 16, "--in-channels", 2)
    assert (report["input"], report["output"]) == ([2, 16, 16], [100])
    model.write_text(MODEL + '\n[data]\nbatch = 3\nroot = "nowhere"\n')
    assert described(butcher, model)["input"] == [1, 8, 8]
    assert described(butcher, model, "--classes", 7)["output"] == [7]


def test_a_file_and_standard_input_say_the_same(butcher: Command, model: Path) -> None:
    from_file = described(butcher, model)
    from_input = described(butcher, "-", stdin=MODEL.encode())
    assert (from_file.pop("name"), from_input.pop("name")) == ("small", "-")
    assert from_file == from_input


@pytest.mark.parametrize(
    ("code", "old", "new", "message"),
    [
        (1, "depth = 11", "depth = 12", "small.toml:4: error: model.depth: 12 layers are no whole"),
        (
            1,
            "depth = 11",
            "dept = 11",
            "small.toml:4: error: model.dept: no such key; did you mean",
        ),
        (1, '"resnext"', '"resnet-next"', "small.toml:3: error: model.family: "),
        (1, "[model]", "[mode]", "error: model: is missing: write [model]"),
        (1, "[model]", "[model", "small.toml:2:7: error: not TOML"),
        (
            1,
            "widths",
            "subnet.kind = 3\nwidths",
            "small.toml:5: error: model.subnet.kind: 3 is not",
        ),
        (
            1,
            "depth = 11",
            'depth = 11\nscheme = "rk5"',
            "small.toml:5: error: model.scheme: no ship",
        ),
        (3, "depth = 11", 'depth = 11\nscheme = "rk5.tab"', "butcher: rk5.tab: No such file"),
        (1, "[train]", '[data]\nname = "mnist"\n[train]', "small.toml:8: error: data.name: "),
        (1, "11", "[" * 100_000, "small.toml: error: not TOML: "),
        (1, "11", "1" * 5_000, "small.toml: error: not TOML: "),
        (
            1,
            "depth = 11",
            'depth = 11\nstep = "controlled"',
            "small.toml:2: error: model: the step of ",
        ),
        (
            1,
            "depth = 11",
            'blocks = "x"',
            'small.toml:4: error: model.blocks: "x": should be a valid integer, or a valid list\n',
        ),
        (
            1,
            "depth = 11",
            'blocks = [1, "x", 2]',
            'small.toml:4: error: model.blocks.1: "x": should be a valid integer\n',
        ),
    ],
)
def test_an_error_of_the_file_names_file_and_line(
    butcher: Command, model: Path, code: int, old: str, new: str, message: str
) -> None:
    assert old in MODEL
    model.write_text(MODEL.replace(old, new))
    done = butcher("describe", model)
    assert (done.code, done.out) == (code, "")
    assert message in done.err


def test_a_byte_order_mark_is_no_error(butcher: Command, model: Path) -> None:
    model.write_text("\ufeff" + MODEL, encoding="utf-8")
    assert butcher("describe", model).code == 0


@pytest.mark.parametrize(
    ("code", "arguments", "message"),
    [
        (2, ["resnet20", "--set", "depth"], "--set depth: write key=value"),
        (2, ["resnet20", "--set", "dept=3"], '--set dept=3: no such key; did you mean "depth"'),
        (2, ["resnet20", "--set", "train.epochs=3"], "--set train.epochs=3: no such key"),
        (2, ["resnet20", "--set", "depth=21"], "--set depth=21: error: model.depth: 21 layers"),
        (2, ["resnet20", "--set", "family=revnet"], "write another recipe"),
        (2, ["resnet20", "--set", "subnet.width=3"], "--set subnet.width=3: error: model.subnet"),
        (2, ["resnet20", "--set", "name=x"], "--set name=x: error: data.name: "),
        (2, ["resnet20", "--size", "0"], "size"),
        (2, ["resnet20", "--size", "100000000000"], "size"),
        (2, ["resnet20", "--classes", "99999999999999999999"], "classes"),
        (2, ["resnet20", "--nonsense"], "nonsense"),
        (1, ["transformer", "--size", "3"], "the network cannot take 3 x 3 x 3: "),
        (3, ["resnet21"], "did you mean resnet"),
        (3, ["nothing.toml"], "butcher: nothing.toml: No such file or directory"),
        (3, ["./"], "Is a directory"),
    ],
)
def test_every_end_has_its_code(
    butcher: Command, code: int, arguments: list[str], message: str
) -> None:
    done = butcher("describe", *arguments)
    assert (done.code, done.out) == (code, "")
    assert message in done.err


def test_networks_are_listed(butcher: Command) -> None:
    done = butcher("list", "--networks")
    assert (done.code, done.err) == (0, "")
    assert [line.split()[0] for line in done.out.splitlines()] == list(shipped())
    entries = json.loads(butcher("list", "--networks", "--json").out)
    assert {
        "name": "ho_resnet58_rk4",
        "family": "ho-resnet",
        "scheme": "rk4",
        "title": "HO-ResNet-58 of 7 RK4 blocks",
    } in entries


def test_every_shipped_network_tells_its_source() -> None:
    for name, file in shipped().items():
        comment, _, rest = file.read_text(encoding="utf-8").partition("\n\n")
        assert all(line.startswith("# ") for line in comment.splitlines()), name
        assert any(year in comment for year in map(str, range(2015, 2023))), name
        assert rest.startswith("[model]\nfamily = "), name
