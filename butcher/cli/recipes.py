"""`butcher list --recipes`."""

from __future__ import annotations

from butcher.cli.streams import write_json, write_out
from butcher.training.shipped import catalogue


def list_recipes(*, as_json: bool) -> None:
    """Names, data, epochs and titles of the shipped recipes."""
    entries = catalogue()
    if as_json:
        write_json(entries)
        return
    name = max(len(entry["name"]) for entry in entries)
    data = max(len(entry["data"]) for entry in entries)
    lines = (
        f"{e['name']:{name}}  {e['data']:{data}}  {e['epochs']:3} epochs  {e['title']}\n"
        for e in entries
    )
    write_out(None, "".join(lines).encode())
