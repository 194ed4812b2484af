"""Schemes side by side at equal parameters."""
