"""What a part of a network does to the shape of a feature map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Domain = Literal["image", "vector"]
"""Where channels stand. "image": (N, C, H, W). "vector": last, (N, D) or (N, T, D)."""


def channel_dimension(domain: Domain) -> int:
    """The dimension of the channels."""
    return -1 if domain == "vector" else 1


@dataclass(frozen=True)
class Shape:
    """`inside` channels to `outside` channels, one of `stride` places kept in each direction.

    Channels are dimension 1 of images (N, C, H, W), the last one of tokens (N, T, D) and vectors
    (N, D); the latter two have no places, and a stride of 1.
    """

    inside: int
    outside: int
    stride: int = 1

    @classmethod
    def same(cls, channels: int) -> Shape:
        """The shape of a part that keeps what it is given."""
        return cls(channels, channels)

    @property
    def changes(self) -> bool:
        """Whether what comes out has another shape than what went in."""
        return self.inside != self.outside or self.stride != 1

    def __str__(self) -> str:
        return f"{self.inside} channels to {self.outside} at stride {self.stride}"


@dataclass(frozen=True)
class Place:
    """Where a block stands: the change that it makes, and one that is made before it."""

    shape: Shape
    before: Shape | None = None

    @property
    def inside(self) -> int:
        """Channels that come."""
        return self.before.inside if self.before else self.shape.inside

    @property
    def outside(self) -> int:
        """Channels that go."""
        return self.shape.outside

    @property
    def changes(self) -> bool:
        """Whether what comes out has another shape than what went in."""
        return self.shape.changes or (self.before is not None and self.before.changes)
