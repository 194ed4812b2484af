"""Evaluations of a block that need nothing of each other, at the same time."""
