"""Gone: the training is `engine`, what is measured `result`."""

from butcher.training.result import EpochResult as EpochResult
