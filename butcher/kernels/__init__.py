"""The arithmetic between the stages of a block, at one kernel a stage and one a value back.

`spread` says by how many rows a value will be read; `gather` computes a row that is written as on
paper, `gather(u + h * (0.5 * k1))`. `sums` is the notation, of the `values` that `rows` read;
`gradients` is what goes back, `operations` the three operators that all of it rests on, `fused`
their one Triton kernel.
"""

from butcher.kernels.sums import behind, gather, recovered, spread

__all__ = ["behind", "gather", "recovered", "spread"]
