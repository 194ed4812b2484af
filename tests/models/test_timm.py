"""timm creates the shipped networks, and uses them as its own."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from models.families import FAMILIES
from torch import Tensor

from butcher.models import build, read
from butcher.models.shipped import changed, shipped, table

timm = pytest.importorskip("timm", reason="needs the extra zoo")
zoo = pytest.importorskip("butcher.models.zoo", reason="needs the extra zoo")

# Of each family one, made smaller.
NAMES = {read(table(name)).family: name for name in reversed(shipped())}
CHANGES: dict[str, Any] = {
    "shake-shake": {"stem_width": 4},
    "wide-resnet": {"stem_width": 4},
    "densenet": {"widths": [4, 4], "growth": 3, "stem_width": 4},
    "transformer": {"widths": [8]},
    "ho-resnet": {"widths": [8]},
    "fractalnet": {"blocks": 1},
    "revnet": {"widths": [8, 16]},
}


def create(family: str, **keywords: Any) -> Any:
    size = {"widths": [4, 8], "blocks": 2, **CHANGES.get(family, {})}
    return timm.create_model(f"butcher_{NAMES[family]}", **size, **keywords)


def images(number: int = 2, channels: int = 3, size: int = 32) -> Tensor:
    return torch.randn(number, channels, size, size)


def test_every_shipped_network_is_listed() -> None:
    assert set(timm.list_models("butcher_*")) == {f"butcher_{name}" for name in shipped()}
    assert "butcher_resnet20" in timm.list_models("*resnet20*", module="zoo")
    assert not timm.is_model_pretrained("butcher_resnet20")


def test_families_of_images_are_shipped() -> None:
    assert set(NAMES) >= set(FAMILIES) - {"mlp"}


@pytest.mark.parametrize("family", sorted(NAMES))
def test_timm_uses_a_network_as_its_own(family: str) -> None:
    model, x = create(family, in_chans=1, num_classes=7).eval(), images(channels=1)
    logits = model(x)
    assert logits.shape == (2, 7)
    u = model.forward_features(x)
    assert torch.equal(model.forward_head(u), logits)
    pooled = model.forward_head(u, pre_logits=True)
    assert pooled.shape == (2, model.num_features)
    assert torch.equal(model.get_classifier()(pooled), logits)
    model.reset_classifier(0)
    assert torch.equal(model(x), pooled)
    model.reset_classifier(5)
    assert model(x).shape == (2, model.num_classes) == (2, 5)


@pytest.mark.parametrize("family", sorted(NAMES))
def test_features_are_what_is_said_of_them(family: str) -> None:
    model, x = create(family, features_only=True), images()
    channels, reductions = model.feature_info.channels(), model.feature_info.reduction()
    found = model(x)
    assert len(found) == len(channels) > 1
    for u, number, reduction in zip(found, channels, reductions, strict=True):
        assert u.shape == (2, number, 32 // reduction, 32 // reduction)
    assert reductions[-1] == max(reductions)


def test_features_are_chosen_and_the_rest_is_left_out() -> None:
    keywords: dict[str, Any] = {"widths": [4, 8, 16], "blocks": 1, "features_only": True}
    model = timm.create_model("butcher_resnet20", out_indices=(0, 2), **keywords)
    assert model.feature_info.channels() == [4, 8]
    assert model.feature_info.reduction() == [1, 2]
    assert model.feature_info.module_name() == ["stem", "stages.1"]
    first, second = model(images())
    (first.sum() + second.sum()).backward()
    assert all(p.grad is not None for p in model.parameters())
    last = timm.create_model("butcher_resnet20", out_indices=(-1,), in_chans=1, **keywords)
    assert [u.shape for u in last(images(channels=1))] == [(2, 16, 8, 8)]
    two = timm.create_model("butcher_resnet20", out_indices=2, **keywords)
    assert two.feature_info.module_name() == ["stages.1", "stages.2"]


def test_tokens_are_features_where_their_patches_were() -> None:
    model = create("transformer", features_only=True)
    model.network.stages = torch.nn.Sequential(model.network.stages[0][:0])  # the stem alone
    image = torch.zeros(1, 3, 32, 48)
    image[:, :, 8:12, 40:44] = 1
    changed_places = (model.network.stem(image) != model.network.stem(0 * image)).any(2)
    assert changed_places.nonzero().tolist() == [[0, 2 * 12 + 10]]
    u = zoo.as_map(changed_places[..., None], image)
    assert u.shape == (1, 1, 8, 12)
    assert u.nonzero().tolist() == [[0, 0, 2, 10]]


def test_keywords_are_keys_of_the_table() -> None:
    model = timm.create_model("butcher_resnet20", scheme="midpoint", depth=26, subnet="vgg")
    assert model.facts.blocks == (2, 2, 2)
    model = timm.create_model("butcher_stochastic_depth110", depth=14, drop_path_rate=0.25)
    assert [block.p for block in model.blocks][-1] == pytest.approx(0.75)
    # what timm's own scripts always say
    timm.create_model("butcher_resnet20", drop_rate=0.0, drop_path_rate=None, global_pool=None)


def test_one_key_replaces_those_that_say_the_same() -> None:
    assert changed({"depth": 20, "width": 16, "h": 1.0}, {"blocks": 3, "widths": [4]}) == {
        "blocks": 3,
        "widths": [4],
        "h": 1.0,
    }


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"drop_path_rate": 0.1}, r"drop_path_rate=0.1 is survival = 0.9: .*no `param p`"),
        ({"drop_rate": 0.1}, "drop_rate=0.1: the classifier has no dropout"),
        ({"global_pool": "max"}, "global_pool is \"avg\", not 'max'"),
        ({"dept": 20}, 'model.dept: no such key; did you mean "depth"?'),
        ({"depth": 21}, "model.depth: 21 layers are no whole number of blocks"),
    ],
)
def test_what_a_network_has_not_is_said(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        timm.create_model("butcher_resnet20", **keywords)


def test_there_are_no_pretrained_weights_and_timm_says_so() -> None:
    with pytest.raises(RuntimeError, match="No pretrained weights exist for butcher_resnet20"):
        timm.create_model("butcher_resnet20", pretrained=True)


def test_weights_of_a_file_are_loaded_with_another_classifier(tmp_path: Path) -> None:
    """As timm fine-tunes: the file has 10 classes, the new network 3."""
    trained = build(table("resnet20"), in_channels=3, classes=10).float().eval()
    torch.save(trained.state_dict(), path := tmp_path / "weights.pt")
    torch.set_default_dtype(torch.float32)
    model = timm.create_model("butcher_resnet20", checkpoint_path=path).eval()
    x = images().float()
    assert torch.equal(model(x), trained(x))
    overlay = {"file": str(path)}
    keywords = {"pretrained": True, "pretrained_cfg_overlay": overlay, "num_classes": 3}
    model = timm.create_model("butcher_resnet20", **keywords).eval()
    assert model(x).shape == (2, 3)
    assert torch.equal(model.forward_features(x), trained.forward_features(x))


def test_data_is_prepared_as_for_the_network() -> None:
    small = timm.data.resolve_model_data_config(create("resnet"))
    large = timm.data.resolve_model_data_config(create("resnet-imagenet"))
    assert small["input_size"] == (3, 32, 32)
    assert small["mean"] == zoo.CIFAR_MEAN
    assert large["input_size"] == (3, 224, 224)
    assert timm.create_model("butcher_resnet18").num_classes == 1000


def test_a_missing_timm_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "timm"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "butcher.models.zoo")
    with pytest.raises(ImportError) as wrong:
        importlib.import_module("butcher.models.zoo")
    said = "butcher.models.zoo needs timm: pip install 'butcher-torch[zoo]'"
    assert str(wrong.value) == said
