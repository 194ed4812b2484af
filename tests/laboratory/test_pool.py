"""Calls in processes of their own: in any order, and one that dies is one that failed."""

import os
import signal
import time
from pathlib import Path

import pytest

from butcher.laboratory.pool import Ended, Task, ended
from butcher.training.stop import Stop


def doubled(number: int) -> int:
    return 2 * number


def refused(word: str) -> None:
    raise ValueError(f"{word} cannot be\nsecond line")


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def left() -> None:
    os._exit(7)


def trained_until_asked(begun: Path) -> None:
    """As a run does: SIGTERM ends it, and there is an answer."""
    with Stop() as stop:
        begun.touch()
        while not stop.asked:
            time.sleep(0.01)


def process_after(begun: Path) -> int:
    while not begun.exists():
        time.sleep(0.01)
    return os.getpid()


def own_process() -> int:
    return os.getpid()


def test_a_death_and_an_exception_are_ends_of_their_own_task_only() -> None:
    tasks = [
        Task(doubled, (1,)),
        Task(killed, ()),
        Task(refused, ("this",)),
        Task(left, ()),
        Task(doubled, (5,)),
    ]
    found = sorted(ended(tasks, jobs=1), key=lambda end: end.place)
    assert [end.value for end in found] == [2, None, None, None, 10]
    errors = [end.error for end in found]
    assert errors[1] == "its process was ended by SIGKILL: out of memory?"
    assert errors[2] == "this cannot be"
    assert "ValueError: this cannot be" in found[2].trace
    assert errors[3] == "its process ended with code 7"


def test_a_process_takes_one_task_after_the_other() -> None:
    found = {end.value for end in ended([Task(own_process, ())] * 3, jobs=1)}
    assert len(found) == 1
    assert os.getpid() not in found


def test_no_tasks_need_no_process() -> None:
    assert list(ended([], jobs=4)) == []


def test_who_stops_listening_ends_the_processes_in_silence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    begun = tmp_path / "begun"
    ends = ended([Task(process_after, (begun,)), Task(trained_until_asked, (begun,))], jobs=2)
    first: Ended = next(ends)
    begin = time.monotonic()
    ends.close()  # type: ignore[attr-defined]
    assert time.monotonic() - begin < 30
    assert first.error is None
    with pytest.raises(ProcessLookupError):
        os.kill(first.value, 0)
    assert capfd.readouterr().err == ""
