"""Partners of a partnership who are named only as such: "NATO's Indo-Pacific partners"."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from loader.document import EntityKind, Span
from loader.extraction.text.reading import Group

if TYPE_CHECKING:
    from loader.document import Entity, Mention
    from loader.extraction.text.reading import Reading

_FAR = 60  # characters from the partnership's name to "partners"
_BETWEEN = re.compile(r"[\w’' -]+")
_PARTNERS = re.compile(r"\b[Pp]artners\b")
_PLAIN = re.compile(r"(?:s|dialogue|partner|partnership|many|all|two|three|four|five|six|seven|eight|nine|ten|\W)*")


def find_partners(reading: Reading) -> tuple[Group, ...]:
    """Return the groups that "partners" of a partnership denotes, each span that one word, in order.

    They are the partners that the registry has: of the region that the words name, or, where they name none, those
    that it has whatever the region. Nothing is returned for a region, or any other narrowing, that it does not know.
    """
    text = reading.article.text
    found = []
    for place in _PARTNERS.finditer(text):
        owner = _owner(reading.mentions, text, place.start())
        if owner is not None:
            partners = _partners(reading, owner.entity, text[owner.span.end : place.start()])
            if partners:
                found.append(Group(Span(*place.span()), partners))
    return tuple(found)


def _owner(mentions: tuple[Mention, ...], text: str, start: int) -> Mention | None:
    """Return the partnership named before "partners", with nothing but words between."""
    last = bisect_left(mentions, start, key=lambda mention: mention.span.start)
    for mention in reversed(mentions[max(0, last - 3) : last]):
        if mention.entity.kind is EntityKind.PARTNERSHIP and mention.span.end <= start <= mention.span.end + _FAR:
            return mention if _BETWEEN.fullmatch(text[mention.span.end : start]) else None
    return None


def _partners(reading: Reading, partnership: Entity, between: str) -> tuple[Entity, ...]:
    words = between.lower()
    for region in reading.registry.regions(partnership):
        rest = re.sub(rf"\b{re.escape(region)}\b", "", words, count=1)
        if rest != words and _PLAIN.fullmatch(rest):
            return reading.registry.partners(partnership, region)
    return reading.registry.partners(partnership) if _PLAIN.fullmatch(words) else ()
