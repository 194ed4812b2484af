"""Calls in processes of their own: in any order, and one that dies is one that failed."""

import os
import signal
import time

import pytest

from butcher.laboratory.pool import Ended, Task, ended


def doubled(number: int) -> int:
    return 2 * number


def refused(word: str) -> None:
    raise ValueError(f"{word} cannot be\nsecond line")


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def left() -> None:
    os._exit(7)


def asleep(seconds: float) -> int:
    time.sleep(seconds)
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


def test_who_stops_listening_ends_the_processes() -> None:
    ends = ended([Task(own_process, ()), Task(asleep, (60.0,))], jobs=2)
    first: Ended = next(ends)
    begin = time.monotonic()
    ends.close()  # type: ignore[attr-defined]
    assert time.monotonic() - begin < 30
    assert first.error is None
    with pytest.raises(ProcessLookupError):
        os.kill(first.value, 0)
