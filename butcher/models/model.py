"""The `[model]` table: every family has the same keys, and its own defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from butcher.models.options import Options, one_of
from butcher.models.starts import STARTS
from butcher.models.stems import STEMS
from butcher.models.subnets import Subnet, subnet
from butcher.models.transitions import TRANSITIONS

Size = Annotated[int, Field(ge=1, le=100_000)]
Number = Annotated[int, Field(ge=1, le=10_000)]  # of layers or blocks
Kind = str | dict[str, Any]


class ModelOptions(Options):
    """Keys of `[model]`, defaults of the family filled in. None: what the scheme's file says."""

    alternatives: ClassVar[tuple[frozenset[str], ...]] = (
        frozenset({"depth", "blocks"}),
        frozenset({"width", "widths"}),
    )
    """Keys of which a table gives one: setting one replaces the others."""

    family: str
    scheme: str
    step: Literal["fixed", "learned", "per-stage", "controlled"] | None = None
    h: float | None = None
    weights: Literal["per-stage", "shared"] | None = None
    evaluations: Literal["in-turn", "together"] | None = None
    form: Literal["plain", "fused"] | None = None
    values: dict[str, int | float | str | bool] = Field(default_factory=dict)
    depth: Number | None = None
    blocks: Number | list[Number] | None = None
    width: Size | None = None
    widths: list[Size] = Field(min_length=1, max_length=32)
    growth: int = Field(default=0, ge=0, le=10_000)
    compression: float = Field(default=1.0, gt=0, le=1)
    strides: list[Size] | None = None
    stem: Annotated[str, AfterValidator(one_of(STEMS))] = "conv-norm-relu"
    stem_width: Size | None = None
    subnet: Kind
    subnets: dict[str, Kind] = Field(default_factory=dict)
    transition: Annotated[str, AfterValidator(one_of(TRANSITIONS))] = "zero-pad"
    earlier: Literal["shared", "separate"] = "shared"
    start: Annotated[str, AfterValidator(one_of(STARTS))] | None = None
    starter: str | None = None
    post: Literal["none", "relu"] = "none"
    activated: bool = False
    final_norm: bool = False
    survival: float | None = Field(default=None, gt=0, le=1)
    reversible: bool = False
    checkpoint: Literal["stage", "block"] | None = None
    tile: Size | None = None
    zero_init: bool = False

    @property
    def kind(self) -> Subnet:
        """The sub-net."""
        return subnet(self.subnet)

    @property
    def kinds(self) -> Mapping[str, Subnet]:
        """The sub-nets of the slots that have one of their own."""
        return {slot: subnet(kind, f"model.subnets.{slot}") for slot, kind in self.subnets.items()}


def without_alternatives(table: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """`table` less what `keys` replace: themselves, and what says the same otherwise."""
    given = set(keys)
    replaced = {key for group in ModelOptions.alternatives if group & given for key in group}
    return {key: value for key, value in table.items() if key not in replaced}
