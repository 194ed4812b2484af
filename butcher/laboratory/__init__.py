"""Experiments on trained networks: what papers ask, with intervals, as tables and figures."""
