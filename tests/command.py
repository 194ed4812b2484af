"""The command `butcher`: in this process, where its bytes are looked at, or as one of its own."""

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from butcher.cli import main


@dataclass(frozen=True)
class Done:
    """How a command ended. Nothing it says may be a traceback."""

    code: int
    out: str
    err: str

    def __post_init__(self) -> None:
        assert "Traceback" not in self.err, self.err[-2000:]


Command = Callable[..., Done]


def in_process(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `butcher ARGUMENTS`, reading `stdin`, and gives what it wrote. Takes milliseconds."""

    def run(*arguments: object, stdin: bytes = b"") -> Done:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["butcher", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        sys.stdout.flush()
        sys.stderr.flush()
        return Done(code, *capfd.readouterr())

    return run


@dataclass(frozen=True)
class Process(Done):
    """`cpu` is in seconds."""

    cpu: float


# A hang ends, and ends as a failure; more than 500 MiB of memory are a MemoryError.
_START = """
import resource
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
resource.setrlimit(resource.RLIMIT_DATA, (500 << 20, 500 << 20))
from butcher.cli import main
main()
"""


def in_a_process(
    *arguments: object, stdin: bytes = b"", cwd: Path | None = None, **environment: str
) -> Process:
    """Runs `butcher ARGUMENTS` as a process of its own, and measures it."""
    with ExitStack() as files:
        given, out, err = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        given.write(stdin)
        given.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-c", _START, *map(str, arguments)],
            stdin=given,
            stdout=out,
            stderr=err,
            cwd=cwd,
            env=os.environ | environment,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        written = [_text(out), _text(err)]
    return Process(process.returncode, *written, usage.ru_utime + usage.ru_stime)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()
