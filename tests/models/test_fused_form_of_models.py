"""`form = "fused"` reaches every block of a network, and what networks can do stays."""

import inspect
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from butcher.models import TableError, build, describe, stack
from butcher.models.network import Network


def forms(network: nn.Module) -> list[int]:
    """How many blocks' files import kernels, and how many do not."""
    files = [inspect.getsource(type(m)) for m in network.modules() if hasattr(m, "nfe")]
    return [sum(("spread(" in file) is fused for file in files) for fused in (True, False)]


def table(**keys: Any) -> dict[str, Any]:
    return {"family": "ho-resnet", "blocks": 2, "width": 4, "scheme": "rk4", **keys}


def made(**keys: Any) -> Network:
    torch.manual_seed(0)
    return build(table(**keys), in_channels=3, classes=2)


def trained(network: Network) -> list[Tensor]:
    torch.manual_seed(1)
    out = network(torch.randn(2, 3, 8, 8))
    out.square().sum().backward()
    return [out, *(p.grad for p in network.parameters() if p.grad is not None)]


def test_the_key_of_the_table_reaches_all_blocks() -> None:
    plain = forms(made())
    assert plain[0] == 0
    assert plain == forms(made(form="plain"))
    assert forms(made(form="fused")) == plain[::-1]


def test_a_stack_of_ones_own_takes_it_too() -> None:
    network = stack("rk4", lambda: nn.Linear(3, 3), blocks=2, form="fused")
    assert forms(network) == [2, 0]


def test_blocks_that_begin_a_multistep_method_have_it() -> None:
    keys = {"family": "resnet", "scheme": "ab2", "start": "one-step", "form": "fused"}
    assert forms(made(**keys))[1] == 0


def test_what_has_no_fused_form_is_refused_in_the_words_of_the_compiler() -> None:
    with pytest.raises(ValueError, match=r"lm_resnet has no fused form: .*leave the form plain"):
        made(scheme="lm_resnet", form="fused")
    with pytest.raises(TableError, match=r"model\.form.*plain.*fused"):
        made(form="melted")
    with pytest.raises(TableError, match=r"form: is a key of \[model\] itself"):
        made(values={"form": 1})


@pytest.mark.parametrize(
    "keys",
    [{}, {"step": "learned"}, {"checkpoint": "stage"}, {"checkpoint": "block"}],
    ids=str,
)
def test_training_is_the_same(keys: dict[str, Any]) -> None:
    found, wanted = trained(made(form="fused", **keys)), trained(made(**keys))
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-9)


def test_a_reversible_network_is_the_same() -> None:
    keys = {"family": "revnet", "scheme": "revnet", "reversible": True}
    found, wanted = trained(made(form="fused", **keys)), trained(made(**keys))
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-9)


def test_tiles_are_evaluated_one_after_the_other() -> None:
    images = torch.randn(5, 3, 8, 8)
    found, wanted = (made(tile=2, form=form).eval()(images) for form in ("fused", "plain"))
    assert torch.equal(found, wanted)


def test_it_is_described_as_the_plain_one() -> None:
    fused, plain = (describe(table(form=form)) for form in ("fused", "plain"))
    assert fused.as_json() == plain.as_json()


def test_a_description_counts_what_the_form_saves() -> None:
    """The plain form keeps a sum for the gradient of h where the fused one keeps evaluations."""
    fused, plain = (describe(table(form=form, step="learned")) for form in ("fused", "plain"))
    assert fused.saved_maps < plain.saved_maps
