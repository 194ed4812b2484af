"""The table of the first page, written from a record. `make bench` does it:

python -m butcher.bench.readme docs/benchmarks/blocks.json README.md
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from butcher.bench.record import Record, Result
from butcher.bench.table import ordered
from butcher.laboratory.table import markdown

BEGIN = "<!-- performance: `make bench` writes this -->\n"
END = "<!-- performance: end -->\n"


def performance(record: Record) -> str:
    """Blocks, their naive forms and the peers: time, memory, passes."""
    shown = [r for r in ordered(record) if r.kind in {"block", "naive", "peer"} and not r.compiled]
    head = ("", "F's", "time", "peak", "saved", "passes")
    return markdown(head, (_row(record, result) for result in shown))


def _row(record: Record, result: Result) -> list[str]:
    t, euler = result.tally, record.reference(result, "euler").tally
    kept, least = (_saved(each.saved_maps, each.saved_inputs) for each in (t, euler))
    passes = [each.passes for each in (t.forward, t.backward) if each is not None]
    return [
        result.name,
        str(result.evaluations),
        str(record.ratio(result, "euler", "training")),
        f"{t.peak_training / euler.peak_training:.2f}",
        f"{kept / least:.2f}",
        str(sum(passes)),
    ]


def _saved(*sizes: int | None) -> int:
    return sum(size or 0 for size in sizes)


def rewritten(text: str, record: Record) -> str:
    """The page with the table of that record between its marks; ValueError without marks."""
    found = re.search(f"{re.escape(BEGIN)}.*?{re.escape(END)}", text, re.DOTALL)
    if found is None:
        raise ValueError(f"the page has no place for the table: {BEGIN.strip()} and {END.strip()}")
    table = f"{BEGIN}\n{performance(record)}\n{END}"
    return text[: found.start()] + table + text[found.end() :]


def main(record: Path, page: Path) -> None:
    """Write the page anew."""
    found = Record.read(record.read_text(encoding="utf-8"))
    page.write_text(rewritten(page.read_text(encoding="utf-8"), found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
