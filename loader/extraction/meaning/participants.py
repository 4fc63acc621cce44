"""Whom the words of a content denote: what names, groups and pronouns stand for, and who "we" are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from loader.document import EntityKind
from loader.extraction.meaning.pacts import find_pacts
from loader.extraction.meaning.partners import find_members, find_partners
from loader.extraction.meaning.shortenings import find_shortenings
from loader.extraction.text.clauses import children, subject_of
from loader.extraction.text.cover import Cover

if TYPE_CHECKING:
    from loader.document import Entity, Span
    from loader.extraction.text.reading import Reading, Voices
    from loader.extraction.text.tokens import Token

_PLURAL = frozenset({"we", "us", "our", "ours", "ourselves"})
_SINGULAR = frozenset({"i", "me", "my", "mine", "myself"})
_NOT = ("non-", "non ")  # "a major non-NATO ally"
_PRONOUNS = frozenset({"he", "she", "it", "they"})
_DEPTH = 8  # how long a chain of affiliations or coordinations is followed


class Participants:
    """What stands where in one reading, for quick look-up: mentions, and groups of entities."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        found: list[tuple[Span, tuple[Entity, ...]]] = [
            (mention.span, (mention.entity,)) for mention in reading.mentions
        ]
        found += [
            (group.span, group.entities) for group in (*reading.groups, *find_partners(reading), *find_members(reading))
        ]
        pacts = find_pacts(reading)
        pacts = (*pacts, *find_shortenings(reading))
        inside = Cover(pact.span for pact in pacts)
        found = [item for item in found if not inside.touches(item[0])]
        found += [(pact.span, pact.entities) for pact in pacts]
        text = reading.article.text
        found = [item for item in found if text[max(0, item[0].start - 4) : item[0].start].lower() not in _NOT]
        self._denoted = sorted(found, key=lambda item: item[0])
        self._starts = [span.start for span, _ in self._denoted]

    def take(self, words: Span, entities: tuple[Entity, ...]) -> None:
        """Let some words denote entities, whatever they or parts of them were taken for before."""
        inside = Cover((words,))
        kept = [item for item in self._denoted if not inside.touches(item[0])]
        self._denoted = sorted([*kept, (words, entities)], key=lambda item: item[0])
        self._starts = [span.start for span, _ in self._denoted]

    def within(self, content: Span) -> tuple[tuple[Span, tuple[Entity, ...]], ...]:
        """Return the words inside a span that denote something, with what they denote, in order."""
        first, last = bisect_left(self._starts, content.start), bisect_left(self._starts, content.end)
        return tuple(item for item in self._denoted[first:last] if item[0].end <= content.end)

    def at(self, token: Token) -> tuple[Entity, ...]:
        """Return what the words that hold a token denote, nothing if they denote nothing known."""
        place = bisect_right(self._starts, token.idx) - 1
        if place >= 0 and self._denoted[place][0].end > token.idx:
            return self._denoted[place][1]
        return ()

    def denoted_by(self, noun: Token) -> tuple[Entity, ...]:
        """Return what a noun phrase denotes: its head, else a name beside the head; with what is coordinated."""
        found = list(self._phrase(noun))
        conjunct = noun
        for _ in range(_DEPTH):
            following = next(children(conjunct, "conj"), None)
            if following is None:
                break
            found += [entity for entity in self._phrase(following) if entity not in found]
            conjunct = following
        return tuple(found)

    def _phrase(self, noun: Token) -> tuple[Entity, ...]:
        own = self.at(noun)
        if own:
            return own
        for child in noun.children:
            if child.dep_ in ("compound", "nmod", "amod", "poss", "appos") and (beside := self.at(child)):
                return beside
        return ()

    def owners(self, word: Token) -> tuple[Entity, ...]:
        """Return whom a possessive denotes; officials who say "their" speak of their state."""
        return _spoken_for(word, self.denoted_by(word))

    def subject(self, verb: Token, voices: Voices) -> tuple[Entity, ...] | None:
        """Return the entities that a verb's subject denotes; empty for one that denotes none known, None without one.

        "We" and "I" are those who speak; a pronoun that nothing resolved is taken for them too, since the subject of
        reported words mostly is the one who spoke.
        """
        noun = subject_of(verb)
        if noun is None:
            return None
        if noun.lower_ in _PLURAL | _SINGULAR and not self.at(noun):  # not "Pillar I"
            return first_person(voices, plural=noun.lower_ in _PLURAL)
        found = _spoken_for(noun, self.denoted_by(noun))
        if not found and noun.lower_ in _PRONOUNS and noun.lower_ != "it":
            return speakers(voices)
        return found


def _spoken_for(noun: Token, found: tuple[Entity, ...]) -> tuple[Entity, ...]:
    """Return the state of its officials: what "they" want is what it wants."""
    if noun.lower_ not in ("they", "their", "we", "our"):
        return found
    return tuple(
        entity.affiliation if entity.kind is EntityKind.UNNAMED_SOURCE and entity.affiliation is not None else entity
        for entity in found
    )


def speakers(voices: Voices) -> tuple[Entity, ...]:
    """Return those whose words they are: the body spoken for, else who spoke."""
    return voices.on_behalf_of or voices.speakers


def first_person(voices: Voices, *, plural: bool) -> tuple[Entity, ...]:
    """Return whom "I" or "we" stands for: "we" of a body's spokesman is the body, of an office holder the state."""
    if not plural:
        return voices.speakers
    if voices.on_behalf_of:
        return voices.on_behalf_of
    found: list[Entity] = []
    for speaker in voices.speakers:
        body = _body_of(speaker)
        if body not in found:
            found.append(body)
    return tuple(found)


def _body_of(speaker: Entity) -> Entity:
    if speaker.kind not in (EntityKind.PERSON, EntityKind.UNNAMED_SOURCE):
        return speaker
    above = speaker.affiliation
    first = above
    for _ in range(_DEPTH):
        if above is None:
            break
        if above.kind is EntityKind.STATE:
            return above
        above = above.affiliation
    return first or speaker


def is_first_person(token: Token) -> bool:
    """Whether a token is "we", "our", "I", "my" and so on."""
    return token.lower_ in _PLURAL | _SINGULAR


def stands_for_speaker(entities: tuple[Entity, ...], voices: Voices) -> bool:
    """Whether one of the entities is who speaks, whom they speak for, or the state they serve."""
    own = {entity.path for entity in (*voices.speakers, *voices.on_behalf_of)}
    for speaker in voices.speakers:
        above = speaker.affiliation
        for _ in range(_DEPTH):
            if above is None:
                break
            own.add(above.path)
            above = above.affiliation
    return any(entity.path in own for entity in entities)
