"""The arithmetic between the stages of a block, at one kernel a row and one a value back.

`spread` says by how many rows a value will be read; `gather` computes a row that is written as on
paper, `gather(u + h * (0.5 * k1))`. `sums` is the notation, `gradients` what goes back,
`operations` the three operators that both rest on, `fused` their one Triton kernel.
"""

from butcher.kernels.sums import gather, spread

__all__ = ["gather", "spread"]
