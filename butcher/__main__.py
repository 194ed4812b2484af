"""`python -m butcher`."""

from butcher.cli import main

main()
