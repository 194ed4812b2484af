"""The command line, from outside: exit codes, streams, files."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from command import Command, in_a_process

from butcher.compiler import shipped

GOOD = "method good\n  order 1\n\ntableau\n  0 |\n  --+---\n    | 1\n"
FALSE = GOOD.replace("order 1", "order 2")
BROKEN = "method broken\ntableau\n"

COMMAND = [sys.executable, "-m", "butcher"]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.tab"
    path.write_text(GOOD)
    return path


@pytest.fixture
def false(tmp_path: Path) -> Path:
    """A file whose claim is false."""
    path = tmp_path / "false.tab"
    path.write_text(FALSE)
    return path


# --------------------------------------------------------------------------- exit codes, streams


def test_a_done_command_says_zero_and_its_artefact_stands_alone(butcher: Command) -> None:
    done = butcher("compile", "rk4")
    assert (done.code, done.err) == (0, "")
    compile(done.out, "rk4.py", "exec")


def test_messages_go_to_standard_error(butcher: Command, false: Path) -> None:
    done = butcher("compile", false)
    assert (done.code, done.out) == (1, "")
    assert f"{false}:2:3: error[B401]" in done.err
    done = butcher("check", "rk4")
    assert (done.code, done.out) == (0, "")
    assert done.err == "rk4: rk4, runge-kutta, 4 stages, order 4, verified exactly\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["compile"],
        ["compile", "rk4", "--step", "huge"],
        ["compile", "rk4", "--step", "controlled"],
        ["compile", "rk4", "--weights", "none"],
        ["compile", "rk4", "--evaluations", "parallel"],
        ["compile", "rk4", "--checkpoint", "all"],
        ["compile", "dopri54", "--checkpoint", "block", "--step", "controlled"],
        ["compile", "rk4", "--nonsense"],
        ["check"],
        ["draw", "rk4"],
        ["draw", "rk4", "-o", "x.xyz"],
        ["draw", "rk4", "-o", "x"],
        ["explain", "B9"],
        ["explain", "\x1b"],
    ],
)
def test_a_wrong_use_is_two(butcher: Command, arguments: list[str]) -> None:
    done = butcher(*arguments)
    assert done.code == 2
    assert done.out == "" or not arguments
    assert "\x1b" not in done.err


@pytest.mark.parametrize("command", ["compile", "check", "fmt"])
def test_a_missing_file_is_three(butcher: Command, command: str, tmp_path: Path) -> None:
    done = butcher(command, tmp_path / "missing.tab")
    assert (done.code, done.out) == (3, "")
    assert done.err == f"butcher: {tmp_path}/missing.tab: No such file or directory\n"
    assert butcher(command, tmp_path).code == 3
    unknown = butcher(command, "rk5")
    assert unknown.code == 3
    assert "did you mean" in unknown.err


def test_three_wins_over_one_and_every_file_is_looked_at(
    butcher: Command, good: Path, false: Path
) -> None:
    done = butcher("check", "missing.tab", false, good)
    assert done.code == 3
    assert "missing.tab" in done.err
    assert "B401" in done.err
    assert "good.tab: good" in done.err
    assert butcher("check", false, good).code == 1
    assert butcher("fmt", "--check", "missing.tab", false).code == 3


def test_help_and_version(butcher: Command) -> None:
    for command in ("compile", "check", "draw", "fmt", "list", "explain", "train"):
        done = butcher(command, "--help")
        assert (done.code, done.err) == (0, "")
        assert done.out.lstrip().startswith(f"Usage: butcher {command}")
    assert butcher("--version").out.startswith("butcher ")


def test_standard_input_is_a_dash(butcher: Command) -> None:
    done = butcher("compile", "-", stdin=GOOD.encode())
    assert done.code == 0
    assert "class Good(nn.Module)" in done.out
    done = butcher("check", "-", stdin=FALSE.encode())
    assert done.code == 1
    assert done.err.startswith("-:2:3: error[B401]")
    assert butcher("check", "-", stdin=b"").code == 1


@pytest.mark.parametrize("stream", [0, 1, 2])
def test_a_closed_stream_is_no_traceback(stream: int, tmp_path: Path) -> None:
    log = tmp_path / "log"
    closed = ["<&-", ">&-", "2>&-"][stream]
    logged = f"2>{log}" if stream != 2 else ""
    command = f'"{sys.executable}" -m butcher compile {"-" if stream == 0 else "rk4"}'
    done = subprocess.run(["sh", "-c", f"{command} {closed} {logged}"], capture_output=True)
    assert done.returncode == (0 if stream == 2 else 3)
    if stream != 2:
        assert "Traceback" not in log.read_text()


def test_a_closed_pipe_is_silent() -> None:
    for arguments in ("compile rk4", "explain B203", "check --json verner89", "--help"):
        line = f'"{sys.executable}" -m butcher {arguments} | true'
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True)
        assert done.stderr == "" or "--json" in arguments
        assert "Traceback" not in done.stderr
        assert "BrokenPipe" not in done.stderr


def test_an_interrupted_command_is_130() -> None:
    process = subprocess.Popen(
        [*COMMAND, "check", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # of a suite that runs in the background a process inherits that interrupts are ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdin is not None
    assert process.stderr is not None
    try:
        process.stdin.write(b"#" * 500_000)  # more than a pipe holds: it reads when this returns
        process.stdin.flush()
        threading.Timer(1, process.send_signal, [signal.SIGINT]).start()  # when it waits for more
        assert process.wait(timeout=30) == 130
        assert b"Traceback" not in process.stderr.read()
    finally:
        process.stdin.close()
        process.stderr.close()
        process.kill()


# --------------------------------------------------------------------------- the same bytes


def test_evaluations_are_compiled_together_when_asked(butcher: Command) -> None:
    done = butcher("compile", "gauss4", "--evaluations", "together")
    assert done.code == 0
    assert "k1_1, k2_1 = together((self.f[0], u), (self.f[1], u))\n" in done.out
    plain = butcher("compile", "gauss4").out
    assert "together" not in plain
    assert butcher("compile", "gauss4", "--evaluations", "in-turn").out == plain


def test_a_checkpoint_is_compiled_when_asked(butcher: Command) -> None:
    plain, none, stage, block = (
        butcher("compile", "midpoint", *given).out
        for given in ([], *(["--checkpoint", of] for of in ("none", "stage", "block")))
    )
    assert none == plain
    assert "k2 = again(self.f[1], Y2)\n" in stage
    assert "return again(self.step, u)\n" in block


@pytest.mark.parametrize("arguments", [["compile", "lm_resnet"], ["check", "--json", "verner89"]])
def test_the_same_input_gives_the_same_bytes(arguments: list[str], tmp_path: Path) -> None:
    first, second = (
        in_a_process(*arguments, PYTHONHASHSEED=seed, cwd=cwd)
        for seed, cwd in (("1", tmp_path), ("2", Path.cwd()))
    )
    assert first.code == 0
    assert (first.out, first.err) == (second.out, second.err)


def test_no_path_and_no_layout_is_in_the_output(butcher: Command, good: Path) -> None:
    by_path = butcher("compile", good)
    assert by_path.out == butcher("compile", "-", stdin=GOOD.encode()).out
    layout = GOOD.replace("order 1", "  order   1").replace("\n", "\r\n")
    assert by_path.out == butcher("compile", "-", stdin=layout.encode()).out


# --------------------------------------------------------------------------- -o


def test_an_output_replaces_a_file_and_keeps_its_permissions(
    butcher: Command, tmp_path: Path
) -> None:
    output = tmp_path / "out.py"
    output.write_text("old")
    output.chmod(0o640)
    before = output.stat().st_ino
    assert butcher("compile", "rk4", "-o", output).code == 0
    assert output.read_text() == butcher("compile", "rk4").out
    assert stat.S_IMODE(output.stat().st_mode) == 0o640
    assert output.stat().st_ino != before, "it was replaced as a whole"
    assert list(tmp_path.iterdir()) == [output]


def test_a_new_output_has_the_usual_permissions(butcher: Command, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    output = tmp_path / ("é" * 120 + ".py")
    assert butcher("compile", "rk4", "-o", output).code == 0
    assert output.stat().st_mode == plain.stat().st_mode


def test_a_failing_compile_leaves_the_old_file(
    butcher: Command, tmp_path: Path, false: Path
) -> None:
    output = tmp_path / "out.py"
    output.write_text("old")
    failing: list[tuple[list[object], int]] = [
        ([false], 1),
        ([tmp_path / "missing.tab"], 3),
        (["rk4", "--h", "nan"], 2),
    ]
    for arguments, code in failing:
        assert butcher("compile", *arguments, "-o", output).code == code
        assert output.read_text() == "old"
    assert sorted(tmp_path.iterdir()) == [false, output]


def test_an_output_that_cannot_be_written_is_three(butcher: Command, tmp_path: Path) -> None:
    for output in (tmp_path, tmp_path / "missing" / "out.py", Path("/dev/full")):
        done = butcher("compile", "rk4", "-o", output)
        assert (done.code, done.out) == (3, "")
        assert str(output) in done.err
    with Path("/dev/full").open("wb") as full:
        command = [*COMMAND, "explain", "B203"]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE)
    assert ended.returncode == 3
    assert b"standard output: No space left" in ended.stderr


def test_a_link_is_written_through(butcher: Command, tmp_path: Path) -> None:
    target, link = tmp_path / "target.py", tmp_path / "link.py"
    target.write_text("old")
    link.symlink_to(target)
    assert butcher("compile", "rk4", "-o", link).code == 0
    assert link.is_symlink()
    assert target.read_text() == butcher("compile", "rk4").out


def test_a_device_and_a_pipe_are_written_to(butcher: Command, tmp_path: Path) -> None:
    assert butcher("compile", "rk4", "-o", "/dev/null").code == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    assert butcher("compile", "rk4", "-o", pipe).code == 0
    reader.join(timeout=30)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert read == [butcher("compile", "rk4").out]


# --------------------------------------------------------------------------- options of compile


@pytest.mark.parametrize("h", ["1/2", "0.5", "1", "0", "-1", "1e-3", "2/3"])
def test_a_number_is_a_step(butcher: Command, h: str) -> None:
    done = butcher("compile", "rk4", f"--h={h}")
    assert (done.code, done.err) == (0, "")
    compile(done.out, "rk4.py", "exec")


@pytest.mark.parametrize(
    "h",
    [
        *("nan", "inf", "-inf", "1e400", "-1e400", "1e-400", "1/0", "x", "", "½", "0x1", "1__0"),
        *("1e999999999", "1e9_9_9_9_9_9_9", "1e-99999999/3", "1" * 101, "\x1b[31m"),
    ],
)
def test_what_is_no_step_is_two(butcher: Command, h: str) -> None:
    done = butcher("compile", "rk4", f"--h={h}")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("butcher: ")
    assert "\x1b" not in done.err


def test_a_step_is_learned_and_weights_are_shared(butcher: Command) -> None:
    fixed = butcher("compile", "rk4").out
    assert "nn.Parameter(" not in fixed
    assert "nn.Parameter(" in butcher("compile", "rk4", "--step", "learned").out
    assert butcher("compile", "rk4", "--step", "per-stage").out not in {
        fixed,
        butcher("compile", "rk4", "--step", "learned").out,
    }
    assert butcher("compile", "rk4", "--step", "fixed").out == fixed
    assert butcher("compile", "rk4", "--weights", "per-stage").out == fixed
    assert butcher("compile", "rk4", "--weights", "shared").out != fixed


def test_a_step_that_is_not_used_is_an_error(butcher: Command) -> None:
    plain = b"method plain\nstep\n  u[n+1] = u[n] + f(u[n])\n"
    assert butcher("compile", "-", stdin=plain).code == 0
    for options in (["--step", "learned"], ["--h", "1/2"]):
        done = butcher("compile", "-", *options, stdin=plain)
        assert done.code == 1
        assert "error[B502]" in done.err


@pytest.mark.parametrize(
    "name", ["class", "A B", "A-B", "1A", "é", "", "A.B", 'A"', "A\nB", "None"]
)
def test_what_is_no_name_of_a_class_is_two(butcher: Command, name: str) -> None:
    done = butcher("compile", "rk4", "--class-name", name)
    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize("name", ["Mine", "torch", "nn", "Tensor", "self", "super", "__x__"])
def test_a_class_is_called_as_asked_or_nearly(butcher: Command, name: str) -> None:
    done = butcher("compile", "rk4", "--class-name", name)
    assert done.code == 0
    (line,) = [line for line in done.out.splitlines() if line.startswith("class ")]
    assert name.strip("_") in line
    assert line not in {"class torch(nn.Module):", "class nn(nn.Module):", "class self(nn.Module):"}


def test_a_false_claim_compiles_unverified_and_says_so(butcher: Command, false: Path) -> None:
    done = butcher("compile", false, "--no-verify")
    assert done.code == 0
    assert "Order 2 is claimed and was not verified." in done.out
    assert butcher("compile", false, "--verify").code == 1


# --------------------------------------------------------------------------- fmt

UGLY = "method   good # a\n  order 1\n# b\ntableau\n 0|\n --+---\n   |  1 # c\n"


def test_fmt_rewrites_in_place_and_keeps_comments(butcher: Command, tmp_path: Path) -> None:
    file = tmp_path / "ugly.tab"
    file.write_text(UGLY)
    done = butcher("fmt", "--check", file)
    assert (done.code, done.out, file.read_text()) == (1, "", UGLY)
    assert f"would reformat {file}" in done.err
    done = butcher("fmt", file)
    assert (done.code, done.out) == (0, "")
    pretty = file.read_text()
    assert pretty != UGLY
    assert all(comment in pretty for comment in ("# a", "# b", "# c"))
    assert butcher("fmt", "--check", file).code == 0
    assert butcher("fmt", file).err == ""
    assert butcher("fmt", "-", stdin=UGLY.encode()).out == pretty


def test_fmt_leaves_what_it_cannot_read(butcher: Command, tmp_path: Path) -> None:
    broken, ugly = tmp_path / "broken.tab", tmp_path / "ugly.tab"
    broken.write_text(BROKEN)
    ugly.write_text(UGLY)
    done = butcher("fmt", broken, ugly)
    assert done.code == 1
    assert broken.read_text() == BROKEN
    assert ugly.read_text() != UGLY
    done = butcher("fmt", "-", stdin=BROKEN.encode())
    assert (done.code, done.out) == (1, "")


def test_fmt_formats_false_claims(butcher: Command) -> None:
    assert butcher("fmt", "-", stdin=FALSE.encode()).code == 0


# --------------------------------------------------------------------------- list, explain, draw


def test_every_shipped_method_is_listed(butcher: Command) -> None:
    lines = butcher("list").out.splitlines()
    assert [line.split()[0] for line in lines] == list(shipped())
    entries = json.loads(butcher("list", "--json").out)
    assert [entry["name"] for entry in entries] == list(shipped())
    keys = {"name", "title", "kind", "order", "stages"}
    assert all(set(entry) == keys for entry in entries)
    rk4 = next(entry for entry in entries if entry["name"] == "rk4")
    assert (rk4["kind"], rk4["order"], rk4["stages"]) == ("runge-kutta", 4, 4)


def test_an_unknown_code_names_the_nearest(butcher: Command) -> None:
    done = butcher("explain", "B20")
    assert done.code == 2
    assert "did you mean B2" in done.err


def test_a_drawing_is_written(butcher: Command, tmp_path: Path) -> None:
    output = tmp_path / "rk4.dot"
    assert butcher("draw", "rk4", "-o", output).code == 0
    assert "digraph" in output.read_text()
    assert butcher("draw", tmp_path / "missing.tab", "-o", output).code == 3
    assert butcher("draw", "-", "-o", tmp_path / "x.dot", stdin=BROKEN.encode()).code == 1
    assert not (tmp_path / "x.dot").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "head"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]
)
def test_a_drawing_has_the_format_of_its_suffix(
    butcher: Command, tmp_path: Path, suffix: str, head: bytes
) -> None:
    output = tmp_path / f"rk4.{suffix}"
    done = butcher("draw", "rk4", "-o", output)
    if done.code == 3 and "Graphviz" in done.err:
        pytest.skip(done.err)
    assert done.code == 0
    assert output.read_bytes().startswith(head)
