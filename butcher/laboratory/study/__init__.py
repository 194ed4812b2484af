"""Studies: a recipe in several variants, each trained from several seeds."""

from butcher.laboratory.study.plan import Built, Cell, Planned, Request, checked, read_in, refused
from butcher.laboratory.study.train import Result, jobs_for, standing, trained
from butcher.laboratory.study.variant import StudyError, Variant, variant, variants_of

__all__ = [
    "Built",
    "Cell",
    "Planned",
    "Request",
    "Result",
    "StudyError",
    "Variant",
    "checked",
    "jobs_for",
    "read_in",
    "refused",
    "standing",
    "trained",
    "variant",
    "variants_of",
]
