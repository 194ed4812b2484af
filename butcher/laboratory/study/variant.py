"""A variant of a recipe, as one argument of a command line: `verner89 step=learned`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class StudyError(Exception):
    """What a command asks for cannot be a study: wrong usage, with the mend."""


@dataclass(frozen=True)
class Variant:
    """What is put in place of a recipe's values, and how tables call it."""

    label: str
    settings: tuple[str, ...]

    @property
    def slug(self) -> str:
        """For the names of folders: lower case, hyphens."""
        return re.sub(r"[^a-z0-9_.]+", "-", self.label.lower()).strip("-.") or "variant"

    def gives(self, keys: Iterable[str]) -> str | None:
        """The first of its settings that is of one of these keys of a table, if any is."""
        known = set(keys)
        names = (setting.partition("=")[0].strip() for setting in self.settings)
        found = (s for s, n in zip(self.settings, names, strict=True) if n.split(".")[-1] in known)
        return next(found, None)


def variants_of(texts: Sequence[str]) -> tuple[Variant, ...]:
    """Each argument read; StudyError for one that cannot be, and for two of one name."""
    found = tuple(map(variant, texts))
    for place, one in enumerate(found):
        if twin := next((other for other in found[:place] if other.slug == one.slug), None):
            raise StudyError(
                f"variants {twin.label!r} and {one.label!r} would share their folders; put a label "
                f"before one: 'my label: {texts[place]}'"
            )
    return found


def variant(text: str) -> Variant:
    """`SCHEME KEY=VALUE...`, `KEY=VALUE...`, either with `LABEL: ` before it.

    A value reaches up to the next KEY=, so `blocks=[1, 2]` needs no quotes.
    """
    label, colon, rest = text.partition(": ")
    if not colon or "=" in label:
        label, rest = text, text
    words = [word.strip() for word in re.split(r"\s+(?=[\w.\-]+=)", rest.strip())]
    first = words[0]
    if not first:
        raise StudyError(f"{text!r} is no variant; write a scheme, such as 'verner89 step=learned'")
    if "=" not in first:
        if len(first.split()) > 1:
            _, extra = first.split(maxsplit=1)
            raise StudyError(
                f"{text!r}: {extra!r} stands after the scheme; settings are written key=value, "
                "such as step=learned"
            )
        words[0] = f"scheme={first}"
    return Variant(" ".join(label.split()), tuple(words))
