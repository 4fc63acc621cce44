"""Rosters: lists of states that the text sets beside a partnership's name as those who make it up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loader.document import EntityKind, MembershipStatus, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.document import Entity
    from loader.extraction.meaning.participants import Participants

_NOUNS = (
    r"(?:pact|alliance|bloc|partnership|group(?:ing)?|agreement|organi[sz]ation|forum|treaty|deal|union|initiative)"
)
# What may stand between the name and what opens the list: "bloc", "group of emerging economies", ", a pact".
_NAMED_AS = (
    rf"(?:\s+{_NOUNS}(?:\s+of\s+(?:[\w-]+\s+){{0,3}}(?:nations|countries|states|economies))?)?"
    rf"(?:,?\s+(?:a|an|the|its|itself)\s+(?:[\w’'-]+\s+){{0,6}}?{_NOUNS})?"
)
_MAKING_UP = (
    r",?\s+(?:(?:which|that)\s+)?(?:(?:is|are|was)\s+)?(?:(?:currently|also|now|originally)\s+)?"
    r"(?:compris(?:es?|ing|ed\s+of)|group(?:s|ing)|(?:made\s+up|composed|consists?|consisting)\s+of"
    r"|(?:brings?|bringing)\s+together|link(?:s|ing)|unit(?:es|ing)|encompass(?:es|ing))\s+"
)
_MADE_BY = (
    r",?\s+(?:(?:which|that)\s+)?(?:(?:is|was)\s+)?[\"“]?(?:founded|formed|created|launched|established|set\s+up"
    r"|cobbled\s+together|joined)[\"”]?\s+(?:(?:in|on)\s+[\w\s]{3,20}?\s+)?by\s+"
)
_HOLDING = r",?\s+(?:(?:which|that)\s+)?(?:(?:also|now)\s+)?(?:includ(?:es?|ing)|involv(?:es?|ing))\s+"
_BARE = r"\s*\(|\s+[-–—]+\s+|[—–]"
_MEMBERS = (
    r"(?:[’']s?)?\s+(?:(?:[\w-]+\s+){0,2})(?:member(?:s|\s+(?:states|countries|nations))|nations|countries)"
    r"(?:\s*\(|\s+[-–—]+\s+|[—–]|:\s+|,?\s+(?:are|include|including|such\s+as|like|namely)\s+|\s+)"
)
_LISTS = r"(?:\s*\(|\s+[-–—]+\s+|[—–]|:\s+|,?\s+(?:including|such\s+as|like|namely)\s+|,?\s+)"
# The partners of a partnership: "NATO's four partners in the Indo-Pacific, …", "NATO and its partners - …".
_PARTNERS = re.compile(
    r"(?:[’']s?|\s+(?:and|with)\s+its)\s+(?:[\w-]+\s+){0,3}?partners(?:\s+(?:in|from|across)\s+the\s+[\w-]+"
    rf"(?:\s+region)?)?{_LISTS}"
)
_PARTNERS_OF = re.compile(r"\bpartners\s+of(?:\s+the)?\s+$")
# A bloc that is named by where it is: "the South American bloc - made up of …".
_DESCRIBED = re.compile(
    rf"\b(?:[Tt]he|[Aa]n?)\s+(?:[\w-]+\s+){{0,3}}?(?P<noun>{_NOUNS}|body)(?:[-–—\s]{{0,6}}{_MAKING_UP}|{_HOLDING}"
    r"|\s*\(|\s+[-–—]+\s+(?:(?:made\s+up|composed)\s+of\s+)?)"
)
_OPENING = re.compile(
    rf"{_NAMED_AS}(?:[-–—\s]{{0,6}}(?P<sure>{_MAKING_UP}|{_MADE_BY})|(?P<open>{_HOLDING}|{_BARE}))"
    rf"|(?P<members>{_MEMBERS})"
    rf"|,?\s+(?:a|an|the)\s+(?:[\w’'-]+\s+){{0,6}}?{_NOUNS}\s+(?P<pact>between|among|of|in\s+\d{{4}}\s+between)\s+"
)
_LISTED = re.compile(_LISTS)
_BEFORE_NAME = re.compile(
    r"(?:\w+\s+(?:nations|countries|states|members|economies)\s*(?:[:(]|[-–—]+|including|like)\s*|the|founding|founders|members?|states|countries|leaders\s+of|\s)*",
    re.IGNORECASE,
)
# What parts two names of a list; the partnership's own members may be counted in ("the ten ASEAN members plus").
_BETWEEN = re.compile(
    r"\s*(?P<comma>,)?\s*(?P<and>and|&|plus|or|as\s+well\s+as)?\s*(?:the|its|new|newcomers?|members?|\s)*"
)
_COUNTED = re.compile(r"\s*(?:the\s+)?(?:[\w-]+\s+)?$")
_OWNED = re.compile(r"[’']s?\s+\w")
_NEAR = 40  # characters between two names of a list
_AHEAD = 300  # characters behind a name in which a list opens: blanks without end match no pattern for long
_LONGEST = 1500  # characters of a list
_UNJOINED = 3  # names that make a list without "and"
_OPEN_TO_ALL = 60  # members: what has more is no bloc
_SPARSE = 0.5  # share of listed states that the registry has as members, where the words leave open what is listed


@dataclass(frozen=True, slots=True)
class Roster:
    """A partnership and the states listed as its members; ``span`` runs from its name to the last of them.

    ``described`` has the words that stand for the partnership where it is not named: "the South American bloc".
    """

    span: Span
    partnership: Entity
    members: tuple[Entity, ...]
    status: MembershipStatus = MembershipStatus.MEMBER
    described: Span | None = None


def find_rosters(participants: Participants) -> tuple[Roster, ...]:
    """Return the lists of members in headline, standfirst and body, in order of the text."""
    page = participants.reading.page
    parts = sorted(filter(None, (page.headline, page.standfirst, *page.body)))
    found = [roster for part in parts for roster in (*_in_part(participants, part), *_described(participants, part))]
    return tuple(sorted(found, key=lambda roster: roster.span))


def run_from(participants: Participants, start: int, end: int) -> tuple[Entity, ...]:
    """Return the states and bodies of a list that begins with the name at ``start``, itself first, up to ``end``.

    A list ends with "and", or has three names that commas part. One name alone is a list of one.
    """
    return _run(participants, start, end)[0]


def _in_part(participants: Participants, part: Span) -> Iterator[Roster]:
    text = participants.reading.article.text
    for span, entities in participants.within(part):
        if len(entities) != 1 or not _is_name(span.of(text)) or entities[0].kind is not EntityKind.PARTNERSHIP:
            continue
        end = min(part.end, span.end + _AHEAD)
        partners = _PARTNERS.match(text, span.end, end)
        if partners is None and _PARTNERS_OF.search(text, max(part.start, span.start - _NEAR), span.start):
            partners = _LISTED.match(text, span.end, end)
        opening = partners or _OPENING.match(text, span.end, end)
        if opening is None:
            continue
        start = _first_name(participants, opening.end(), part.end)
        members, last = _run(participants, start, part.end) if start is not None else ((), 0)
        states = tuple(e for e in members if e.kind in (EntityKind.STATE, EntityKind.PARTNERSHIP) and e != entities[0])
        if partners is not None:
            if len(states) > 1:
                yield Roster(Span(span.start, last), entities[0], states, MembershipStatus.PARTNER)
        elif len(states) > 1 and (opening["sure"] or opening["members"] or _fits(participants, entities[0], states)):
            yield Roster(Span(span.start, last), entities[0], states)


def _described(participants: Participants, part: Span) -> Iterator[Roster]:
    """Yield the lists of members of a bloc that is only described: of one named before that has them all as members.

    Or of one named later that has no others.
    """
    text = participants.reading.article.text
    for place in _DESCRIBED.finditer(text, part.start, part.end):
        words = Span(*place.span())
        if any(_is_name(span.of(text)) for span, _ in participants.within(words)):
            continue
        start = _first_name(participants, place.end(), part.end)
        members, last = _run(participants, start, part.end) if start is not None else ((), 0)
        if len(members) < 2:
            continue
        before = [e for _, named in participants.within(Span(0, place.start())) for e in named]
        after = [e for _, named in participants.within(Span(place.end(), len(text))) for e in named]
        for body in (*reversed(before), *after):
            known = participants.reading.registry.members(body) if body.kind is EntityKind.PARTNERSHIP else ()
            all_of_them = set(members) == set(known) or (body in before and set(members) <= set(known))
            if all_of_them and len(known) < _OPEN_TO_ALL:
                yield Roster(Span(place.start(), last), body, members, described=Span(place.start(), place.end("noun")))
                break


def _is_name(words: str) -> bool:
    """Whether words that denote something are a name, no pronoun and no "the South American bloc"."""
    return not words.islower() and not words.lower().startswith(("the ", "this "))


def _fits(participants: Participants, partnership: Entity, states: tuple[Entity, ...]) -> bool:
    """Whether enough of the states are on record as members, or no member is."""
    known = participants.reading.registry.members(partnership)
    return not known or sum(state in known for state in states) >= _SPARSE * len(states)


def _first_name(participants: Participants, start: int, end: int) -> int | None:
    """Return where the first name of a list stands, past "the ten ASEAN members plus"; None without one."""
    text = participants.reading.article.text
    for span, entities in participants.within(Span(start, min(end, start + 2 * _NEAR))) if start < end else ():
        if span.start > start + _NEAR:
            return None
        if entities[0].kind is EntityKind.PARTNERSHIP and _COUNTED.fullmatch(text[start : span.start]):
            joined = re.match(r"\s+members\s+(?:plus|and)\s+", text[span.end : end])
            return _first_name(participants, span.end + joined.end(), end) if joined else None
        near = _BEFORE_NAME.fullmatch(text, start, span.start) is not None
        return span.start if near else None
    return None


def _run(participants: Participants, start: int, end: int) -> tuple[tuple[Entity, ...], int]:
    """Return the names of a list from its first, and where the last of them ends."""
    text = participants.reading.article.text
    found: list[tuple[Span, tuple[Entity, ...], bool]] = []
    for span, entities in participants.within(Span(start, min(end, start + _LONGEST))) if start < end else ():
        joined = False
        if found:
            between = found[-1][0].end
            link = _BETWEEN.fullmatch(text, between, span.start) if span.start <= between + _NEAR else None
            if link is None or not (link["comma"] or link["and"]):
                break
            joined = bool(link["and"])
        if _OWNED.match(text, span.end) or any(e.kind is EntityKind.PERSON for e in entities):
            break
        found.append((span, entities, joined))
    lasts = [place for place, (_, _, joined) in enumerate(found) if joined]
    if lasts:  # what follows the last "and" is no part of the list
        del found[lasts[-1] + 1 :]
    elif len(found) < _UNJOINED:
        del found[1:]
    members = dict.fromkeys(entity for _, entities, _ in found for entity in entities)
    return tuple(members), found[-1][0].end if found else start
