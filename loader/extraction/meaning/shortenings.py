"""Shortenings: "the Alliance", "the Community", a capital noun that stands for a partnership named before."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from loader.document import Entity, EntityKind, Span
from loader.extraction.text.reading import Group

if TYPE_CHECKING:
    from loader.document import Mention
    from loader.extraction.text.reading import Reading

_NOUN = re.compile(
    r"\b[Tt]he (?P<noun>Alliance|Association|Bloc|Community|Forum|Grouping|League|Organi[sz]ation|Pact|Partnership"
    r"|Union)\b"
    r"(?! (?:of|for|to)\b)(?![-–’']?[-A-Z])(?! [A-Z])"
)
# Nouns that may stand for any partnership, whatever its name.
_ANY = frozenset({"Alliance", "Bloc", "Grouping", "Pact", "Partnership"})
_MANY = 300  # names before a noun that are looked through
_OPEN_TO_ALL = 60  # members: what has more is no bloc


def find_shortenings(reading: Reading) -> tuple[Group, ...]:
    """Return the capital nouns that stand for a partnership named before, each a group of that one, in order.

    The noun is a word of the partnership's name ("the Community" for the Economic Community of West African States);
    "the Alliance", "the Bloc" and the like may also stand for the partnership named last.
    """
    text = reading.article.text
    found = []
    for place in _NOUN.finditer(text):
        last = bisect_left(reading.mentions, place.start(), key=lambda mention: mention.span.start)
        partnership = _meant(reading, reading.mentions[max(0, last - _MANY) : last], place["noun"])
        if partnership is not None:
            found.append(Group(Span(*place.span("noun")), (partnership,)))
    return tuple(found)


def _meant(reading: Reading, before: tuple[Mention, ...], noun: str) -> Entity | None:
    text = reading.article.text
    named = [mention for mention in before if mention.entity.kind is EntityKind.PARTNERSHIP]
    stem = noun.replace("s", "z") if noun.startswith("Organi") else noun
    for mention in reversed(named):
        words = f"{mention.entity.label} {mention.span.of(text)}"
        if stem in words.replace("Organis", "Organiz").split():
            return mention.entity
    blocs = [mention.entity for mention in named if len(reading.registry.members(mention.entity)) < _OPEN_TO_ALL]
    return blocs[-1] if noun in _ANY and blocs else None
