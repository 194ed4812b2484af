"""Wall time of `butcher compile verner89`, verification included, against `import torch`.

Fresh processes, one of each in turn; the ratio is that of the medians. Run it with the Python of
the environment: `.venv/bin/python docs/benchmarks/start_up.py`.
"""

import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

ROUNDS = 15
BUTCHER = Path(sys.executable).with_name("butcher")
COMMANDS = {
    "import torch": [sys.executable, "-c", "import torch"],
    "compile verner89": [str(BUTCHER), "compile", "verner89"],
    "compile rk4": [str(BUTCHER), "compile", "rk4"],
}


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    for command in COMMANDS.values():
        seconds(command)  # files into the cache
    taken = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, command in COMMANDS.items():
            taken[name].append(seconds(command))
    packages = ", ".join(f"{p} {version(p)}" for p in ("torch", "lark", "pydantic", "typer"))
    print(f"Python {platform.python_version()}, {packages}; {ROUNDS} rounds, seconds")
    torch = statistics.median(taken["import torch"])
    for name, times in taken.items():
        median = statistics.median(times)
        low, *_, high = sorted(times)
        print(f"{name:18} {median:.3f} ({low:.3f} to {high:.3f}), ratio {median / torch:.2f}")


if __name__ == "__main__":
    main()
