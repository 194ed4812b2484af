"""Training: recipes, data, the loop, and what a run leaves behind."""
