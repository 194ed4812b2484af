"""`butcher draw --schedule`."""

from pathlib import Path

from command import Command

IMPLICIT = "method m\ntableau\n 1/2 | 1/2\n ---+---\n | 1\n"


def test_a_schedule_is_drawn(butcher: Command, tmp_path: Path) -> None:
    output = tmp_path / "rk4.dot"
    done = butcher("draw", "rk4", "--schedule", "-o", output)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert output.read_text().startswith("// Schedule by butcher")


def test_without_a_block_there_is_no_schedule(butcher: Command, tmp_path: Path) -> None:
    output = tmp_path / "m.dot"
    done = butcher("draw", "-", "--schedule", "-o", output, stdin=IMPLICIT.encode())
    assert done.code == 1
    assert "error[B501]" in done.err
    assert not output.exists()
