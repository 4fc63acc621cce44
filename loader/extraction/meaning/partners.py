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

_MEMBERS = re.compile(r"(?:[’']s?)?\s+(?:(?P<number>\w+)\s+)?(?P<noun>members)\b")
_NAMES = re.compile(r"\s+(?:[A-Z]|and\s+[A-Z])")  # "NATO members Turkey and Hungary"
_BEFORE = re.compile(r"\b(?P<word>\w+)\s+$")
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
_OTHERS = frozenset(
    {"some", "other", "several", "many", "most", "few", "new", "non", "individual", "certain", "founding"}
)
_SMALL = 7  # members: of what has more, one rarely means them all
_NEAR = 20  # characters before a partnership's name


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


def find_members(reading: Reading) -> tuple[Group, ...]:
    """Return the groups that "members" of a small partnership denotes: "the three AUKUS members".

    Only all of them are meant: a number before the name has to be that of the members, and no "some" stands there.
    """
    text = reading.article.text
    found = []
    for mention in reading.mentions:
        members = reading.registry.members(mention.entity) if mention.entity.kind is EntityKind.PARTNERSHIP else ()
        if not 1 < len(members) <= _SMALL:
            continue
        place = _MEMBERS.match(text, mention.span.end)
        if place is None or _LISTED.match(text, place.end()) or _NAMES.match(text, place.end()):
            continue
        before = _BEFORE.search(text, max(0, mention.span.start - _NEAR), mention.span.start)
        told = {word for word in ((before["word"] if before else ""), place["number"] or "") if word.lower() in _OTHERS}
        counts = (place["number"], before["word"] if before else None)
        numbers = [_NUMBERS[word.lower()] for word in counts if word and word.lower() in _NUMBERS]
        if not told and all(number == len(members) for number in numbers):
            found.append(Group(Span(place.start("noun"), place.end("noun")), members))
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
