"""Schemes that draw numbers: moments of the update, and the Ito equation behind it."""
