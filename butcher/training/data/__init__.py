"""Image classification data: named sets, split once, and their batches. Nothing is downloaded."""

from butcher.training.data.batches import Batches, still
from butcher.training.data.catalogue import DATASETS, load
from butcher.training.data.error import DataError
from butcher.training.data.options import DataOptions
from butcher.training.data.split import Batch, Data, Split

__all__ = [
    "DATASETS",
    "Batch",
    "Batches",
    "Data",
    "DataError",
    "DataOptions",
    "Split",
    "load",
    "still",
]
