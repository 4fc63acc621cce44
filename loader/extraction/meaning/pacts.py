"""Partnerships and pillars that the registry lacks, where the article's own words name them as such."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from loader.document import Entity, EntityKind, Span
from loader.extraction.text.reading import Group
from ontology.vocabulary import slug

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from loader.document import Mention
    from loader.extraction.text.reading import Reading

_WORD = r"(?:[A-Z][\w.’&/]*|[A-Z]\.)(?:[-–][A-Z0-9][\w.]*)*"
_LINK = r"(?: (?:and|of|for|on|the|in|to))*"
# A run of capitalised words that ends in a word for a partnership, and what may follow it ("for Peace").
_NAME = re.compile(
    rf"(?<![\w.-])(?P<before>{_WORD}(?:{_LINK} {_WORD}){{0,9}}? )?"
    r"(?P<head>Partnership|Alliance|Pact|Treaty|Initiative|Framework|Dialogue|Compact|Coalition)\b(?![-–’']?[A-Z])"
    rf"(?P<after> for (?:the )?{_WORD}(?:(?: and| of|,)?(?: the)? {_WORD}){{0,5}})?"
)
_PILLAR = re.compile(
    r"\b[Pp]illar (?P<sign>III|IV|V|Three|Four|Five|[3-5])\b|\b(?P<ordinal>third|fourth|fifth) pillar\b"
)
_NUMERALS = {"3": "III", "4": "IV", "5": "V", "three": "III", "four": "IV", "five": "V"} | {
    "third": "III",
    "fourth": "IV",
    "fifth": "V",
}
_LATE = "strategic comprehensive trilateral quadrilateral security defence defense mutual military economic new joint"
_GENERIC = frozenset(f"{_LATE} enhanced special global the this our a bilateral treaty regional".split())
_BINDING = frozenset(
    {"trilateral", "quadrilateral", "strategic", "security", "defence", "defense", "military", "mutual"}
)
_DATED = re.compile(r"\d{4}")
_TITLED = 0.6  # share of capitalised words above which a line is a headline, where capitals say nothing
_ABBREVIATED = {"U.S.": "US", "U.K.": "UK", "U.N.": "UN", "E.U.": "EU"}
_ENDS = frozenset(".!?:;\"”'’)")  # a line that ends so is no headline
_NEAR = 300  # characters before a pillar in which its partnership is named


def find_pacts(reading: Reading) -> tuple[Group, ...]:
    """Return the names of partnerships and pillars that the registry lacks, each a group with the entity.

    A partnership is taken for one where its name ends in "Partnership", "Alliance", "Pact", "Treaty" and the like and
    binds states or bodies together ("the Japan-Philippines Trilateral Partnership"), or says that it is about
    security ("Minerals Security Partnership"). An initiative, framework or dialogue has to be named after a
    partnership or states ("Quad Critical Minerals Initiative"). Where a name holds that of a partnership of the
    registry, the group has both. A pillar is one that is counted on from those the registry has ("Pillar III").
    """
    text = reading.article.text
    known = {
        mention.span.start: mention.span.end
        for mention in reading.mentions
        if mention.entity.registered and mention.entity.kind is EntityKind.PARTNERSHIP
    }
    found = [group for line in _lines(reading) for group in _partnerships(reading, known, line)]
    found += _pillars(reading, text)
    return tuple(sorted(found, key=lambda group: group.span))


def _lines(reading: Reading) -> Iterator[Span]:
    """Yield the lines of running text: in a headline every word may have a capital."""
    text = reading.article.text
    for part in (reading.page.standfirst, *reading.page.body):
        if part is None:
            continue
        words = re.findall(r"[A-Za-z]{4,}", part.of(text))
        capitals = sum(word[0].isupper() for word in words)
        if part.of(text)[-1] in _ENDS or capitals < _TITLED * len(words):
            yield part


def _partnerships(reading: Reading, known: Mapping[int, int], line: Span) -> Iterator[Group]:
    """Yield the partnerships that a line names; ``known`` has the ends of the registry's by their starts."""
    text = reading.article.text
    for match in _NAME.finditer(text, line.start, line.end):
        before, head, after = (match[name] or "" for name in ("before", "head", "after"))
        before = re.sub(r"^(?:The|This|Our|A|An) ", "", before)
        span = Span(match.end("head") - len(head) - len(before), match.end("after") if after else match.end("head"))
        if known.get(span.start, 0) >= span.end:
            continue
        bound = list(_bound(reading, before))
        if _is_pact(before, head, after, bound):
            label = _label(span.of(text))
            entity = _whole(reading, label) or Entity(EntityKind.PARTNERSHIP, slug(label), label)
            parents = [other for other in bound if other.kind is EntityKind.PARTNERSHIP]
            yield Group(span, tuple(dict.fromkeys((*parents, entity))))


def _whole(reading: Reading, label: str) -> Entity | None:
    """Return the partnership of the article whose name begins with these words ("Collective Security Treaty")."""
    for mention in reading.mentions:
        if mention.entity.kind is EntityKind.PARTNERSHIP and mention.entity.label.startswith(label + " "):
            return mention.entity
    return None


def _bound(reading: Reading, words: str) -> Iterator[Entity]:
    """Yield the states and partnerships whose names are parts of a name ("U.S.-ASEAN", "Quad Critical")."""
    for part in re.split(r"[-–\s]+", words):
        match = reading.registry.find(part) if part else None
        if match is not None and match.entity.kind in (EntityKind.STATE, EntityKind.PARTNERSHIP):
            yield match.entity


def _is_pact(before: str, head: str, after: str, bound: list[Entity]) -> bool:
    """Whether a name is that of a partnership, and a name at all ("the Strategic Partnership" is none)."""
    words = [word.lower() for word in re.split(r"[-–\s]+", before) if word]
    if not any(word not in _GENERIC for word in words) and not (after and head == "Partnership"):
        return False
    several = len(bound) > 1 or any(entity.kind is EntityKind.PARTNERSHIP for entity in bound)
    if head in ("Initiative", "Framework", "Dialogue", "Compact"):
        return several
    if head in ("Alliance", "Coalition"):
        return len(bound) > 1
    binding = any(word in _BINDING for word in words)
    if head == "Partnership":
        return several or binding or bool(after)
    return (several or binding) and not _DATED.search(before)


def _label(words: str) -> str:
    for short, plain in _ABBREVIATED.items():
        words = words.replace(short, plain)
    return words


def _pillars(reading: Reading, text: str) -> Iterator[Group]:
    places = list(_PILLAR.finditer(text))
    named = [m for m in reading.mentions if places and m.entity.kind is EntityKind.PARTNERSHIP]
    having = {e.path for e in {m.entity.path: m.entity for m in named}.values() if reading.registry.pillars(e)}
    owners = [mention for mention in named if mention.entity.path in having]
    for match in places:
        span = Span(*match.span())
        partnership = _partnership_near(owners, reading.tokens(span).root.sent.end_char, span)
        if partnership is None:
            continue
        numeral = match["sign"] or match["ordinal"]
        label = f"{partnership.label} Pillar {_NUMERALS.get(numeral.lower(), numeral)}"
        yield Group(span, (Entity(EntityKind.PILLAR, slug(label), label, affiliation=partnership),))


def _partnership_near(owners: list[Mention], end: int, span: Span) -> Entity | None:
    """Return the partnership with pillars named last before a pillar, else next before the end of the sentence."""
    place = bisect_left(owners, span.start, key=lambda mention: mention.span.start)
    if place and owners[place - 1].span.end >= span.start - _NEAR:
        return owners[place - 1].entity
    following = owners[place] if place < len(owners) else None
    return following.entity if following is not None and following.span.start < end else None
