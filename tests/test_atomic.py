"""Files that are whole or not there."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

import pytest

from butcher import atomic

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")


@pytest.mark.parametrize("alone", [False, True])
def test_a_failed_write_leaves_the_old_file(tmp_path: Path, alone: bool) -> None:
    path = tmp_path / "metrics.json"
    path.write_text("old")

    def fail(file: BinaryIO) -> None:
        file.write(b"ne")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        atomic.replace(path, fail, alone=alone)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def write(file: BinaryIO) -> None:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"

    atomic.replace(path, write)
    assert path.read_text() == "new"


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o444])
def test_an_old_file_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(mode)
    atomic.replace_bytes(path, b"new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", mode)


def test_a_new_file_has_what_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic.replace_bytes(tmp_path / "a", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_what_a_killed_writer_left_is_written_over_by_one_that_is_alone(tmp_path: Path) -> None:
    (tmp_path / ".a.new").write_text("a longer half")
    atomic.replace(tmp_path / "a", lambda file: file.write(b"whole"), alone=True)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a", "whole")]


def test_errors_name_the_file_that_was_to_be_written(tmp_path: Path) -> None:
    path = tmp_path / "none" / "a"
    with pytest.raises(FileNotFoundError) as missing:
        atomic.replace_bytes(path, b"new")
    assert missing.value.filename == str(path)

    def fail(file: BinaryIO) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space") as full:
        atomic.replace(tmp_path / "a", fail)
    assert full.value.filename == str(tmp_path / "a")
