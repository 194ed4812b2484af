"""What the models of a scheme are made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from butcher.source import Span


class Model(BaseModel):
    """Frozen; compared by content, where spans are no content."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)


class Place(Model):
    """A span that never makes two things differ."""

    span: Span

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place)

    def __hash__(self) -> int:
        return 0
