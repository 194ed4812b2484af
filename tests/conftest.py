"""A strict world: one thread, fixed seeds, float64, and warnings are errors (pyproject.toml).

Torch is never imported here: tests of the compiler must run, and be fast, without it. A test file
that needs torch imports it at its top, so it is there before the first of its tests begins.
"""

import os
import random
import signal
import sys
from collections.abc import Iterator

import pytest
from command import Command, in_process
from hypothesis import settings

# Before anything imports torch or numpy; processes that a test starts inherit it.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("MKL_NUM_THREADS", "1")

# The same examples at every run: a failure in CI is the failure at home.
settings.register_profile("strict", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("strict")


@pytest.fixture(autouse=True)
def strict_world() -> Iterator[None]:
    """Seed every generator; where torch is loaded, one thread, float64, and no state left over."""
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
    torch.use_deterministic_algorithms(False)
    if dynamo := sys.modules.get("torch._dynamo"):
        dynamo.reset()  # else graphs of other tests count towards the limit of recompilations


@pytest.fixture
def butcher(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command `butcher`, run in this process."""
    return in_process(capfd, monkeypatch)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests marked `gpu` where there is no CUDA device."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell starts what runs in its background deaf to Ctrl-C: not so this test, and what it
    starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
