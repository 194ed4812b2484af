"""The command `butcher`.

Exit codes: 0 done, 1 a file has errors, 2 usage, 3 input, output or a missing program, 130
interrupted. The artefact alone goes to standard output, messages to standard error.
"""

from butcher.cli.main import main

__all__ = ["main"]
