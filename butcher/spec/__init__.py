"""Validated schemes: structure in pydantic models, names resolved, coefficients exact."""

from butcher.spec.build import build
from butcher.spec.scheme import Scheme
from butcher.spec.symbol import Symbol

__all__ = ["Scheme", "Symbol", "build"]
