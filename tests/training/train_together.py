"""Run by torchrun: one run after the other, each of settings that are given as JSON."""

import json
import sys
import warnings
from pathlib import Path

import torch

from butcher.training.place import leave
from butcher.training.recipe import read_recipe
from butcher.training.run import run


def main() -> None:
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo")  # a process forms it once
    for settings in json.loads(sys.argv[1]):
        outcome = run(read_recipe(Path("small.toml"), settings), resume=True)
        print(outcome.kind, outcome.message, flush=True)
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


main()
leave()
