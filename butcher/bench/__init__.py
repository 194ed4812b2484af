"""What emitted blocks cost beside their sub-nets alone, Euler blocks, naive forms and solvers."""
