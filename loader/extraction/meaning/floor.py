"""The floor: who has it at each place of a transcript, and so who "I" and "we" are there."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from loader.document import EntityKind

if TYPE_CHECKING:
    from loader.document import Entity, Mention
    from loader.extraction.text.reading import Reading

_MARKS = " \t*_"
_BEHIND = 4  # characters in which the colon stands
_SOMEBODY = (EntityKind.PERSON, EntityKind.UNNAMED_SOURCE)


class Floor:
    """The labels of one reading, for quick look-up: names in capitals before a colon, and "Q"."""

    def __init__(self, reading: Reading) -> None:
        text = reading.article.text
        found = {
            mention.span.start: mention.entity
            for mention in (*reading.mentions, *reading.unnamed)
            if mention.span.start > reading.page.headline.end and _is_label(mention, text)
        }
        self._starts = sorted(found)
        self._speakers = [found[start] for start in self._starts]

    def speaker(self, place: int) -> Entity | None:
        """Return who has the floor at a character of the text; None before the first label."""
        at = bisect_right(self._starts, place) - 1
        return self._speakers[at] if at >= 0 else None


def _is_label(mention: Mention, text: str) -> bool:
    """Whether a mention opens a turn: somebody's in capitals before a colon, or "Q"."""
    words = mention.span.of(text)
    if not words.isupper() or mention.entity.kind not in _SOMEBODY:
        return False
    return words == "Q" or text[mention.span.end : mention.span.end + _BEHIND].lstrip(_MARKS).startswith(":")
