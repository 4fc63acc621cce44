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
_PARTNERS = re.compile(r"\b[Pp]artner(?:s| (?:countries|nations|states))\b")
_OF = re.compile(r" of (?:the )?")
_LISTED = re.compile(r",?\s+(?:including|such as|like)\b|:\s|\s+[-–—]+\s|[—–]")
_REGION = re.compile(r"[\w-]+(?: [\w-]+)? $")
_PLAIN = re.compile(
    r"(?:s|dialogue|partner|partnership|many|all|the|our|its|two|three|four|five|six|seven|eight|nine|ten|\W)*"
)


def find_partners(reading: Reading) -> tuple[Group, ...]:
    """Return the groups that "partners" of a partnership denotes, each span that one word, in order.

    They are the partners that the registry has: of the region that the words name, or, where they name none, those
    that it has whatever the region. Nothing is returned for a region, or any other narrowing, that it does not know.
    """
    text = reading.article.text
    found = []
    for place in _PARTNERS.finditer(text):
        if _LISTED.match(text, place.end()):
            continue  # the words name them: "partners including China and India"
        owner = _owner(reading.mentions, text, place.start())
        after = _owner_after(reading.mentions, text, place.end()) if owner is None else None
        if after is not None:
            narrowing = _REGION.search(text, max(0, place.start() - _FAR), place.start())
            partners = _partners(reading, after.entity, narrowing[0].lower() if narrowing else "")
            if partners:
                found.append(Group(Span(*place.span()), partners))
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


def _owner_after(mentions: tuple[Mention, ...], text: str, end: int) -> Mention | None:
    """Return the partnership in "partners of NATO"."""
    link = _OF.match(text, end)
    place = bisect_left(mentions, link.end() if link else end, key=lambda mention: mention.span.start)
    following = mentions[place] if link and place < len(mentions) else None
    if following is None or link is None or following.span.start != link.end():
        return None
    return following if following.entity.kind is EntityKind.PARTNERSHIP else None


def _partners(reading: Reading, partnership: Entity, between: str) -> tuple[Entity, ...]:
    words = between.lower()
    for region in reading.registry.regions(partnership):
        rest = re.sub(rf"\b{re.escape(region)}\b", "", words, count=1)
        if rest != words and _PLAIN.fullmatch(rest):
            return reading.registry.partners(partnership, region)
    return reading.registry.partners(partnership) if _PLAIN.fullmatch(words) else ()
