"""From a recipe's words to a sub-net: the only place that knows every kind."""

from __future__ import annotations

from collections.abc import Mapping

from butcher.models.options import Problem, TableError, checked, shown, suggestion
from butcher.models.subnets.basic import PostActivation, PreActivation, Shake, Vgg
from butcher.models.subnets.bottleneck import Bottleneck, Grouped, PreActivationBottleneck
from butcher.models.subnets.conv import Conv
from butcher.models.subnets.dense import Dense
from butcher.models.subnets.fixup import Fixup
from butcher.models.subnets.highway import Highway
from butcher.models.subnets.subnet import Subnet
from butcher.models.subnets.symmetric import Symmetric
from butcher.models.subnets.vector import Attention, FeedForward, Mlp

KINDS: tuple[type[Subnet], ...] = (
    Vgg,
    PostActivation,
    PreActivation,
    Bottleneck,
    PreActivationBottleneck,
    Grouped,
    Shake,
    Conv,
    Dense,
    Symmetric,
    Highway,
    Fixup,
    Mlp,
    FeedForward,
    Attention,
)
SUBNETS: dict[str, type[Subnet]] = {kind.model_fields["kind"].default: kind for kind in KINDS}


def subnet(value: object, key: str = "model.subnet") -> Subnet:
    """The sub-net that `value` names, `"vgg"` or `{"kind": "grouped", "cardinality": 16}`.

    A sub-net is itself. TableError says what is wrong with `value`, which stands at `key`.
    """
    if isinstance(value, Subnet):
        return value
    if isinstance(value, str):
        return checked(_kind(value, key), {"kind": value}, key)
    if not isinstance(value, Mapping):
        message = f'{shown(value)}: write the name of a kind, "vgg", or a table, {{kind = "vgg"}}'
        raise TableError([Problem(key, message)])
    if "kind" not in value:
        raise TableError([Problem(f"{key}.kind", f"is missing{suggestion('', SUBNETS)}")])
    kind = _kind(value["kind"], f"{key}.kind")
    if "inner" in value and "inner" in kind.model_fields:
        value = {**value, "inner": subnet(value["inner"], f"{key}.inner")}
    return checked(kind, value, key)


def _kind(name: object, key: str) -> type[Subnet]:
    """The class that is called `name`."""
    if not isinstance(name, str) or name not in SUBNETS:
        message = f"{shown(name)} is not known{suggestion(name, SUBNETS)}"
        raise TableError([Problem(key, message)])
    return SUBNETS[name]
