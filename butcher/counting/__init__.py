"""What a call does, counted: memory, saved tensors, passes over feature maps, maps held.

Counts are the same on every machine and at every run, so tests may ask for them; times are
`butcher.bench`'s, and no test does.
"""
