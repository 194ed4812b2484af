"""How large the values of sub-nets and the steps of blocks are in trained networks."""

from butcher.laboratory.norms.show import norms

__all__ = ["norms"]
