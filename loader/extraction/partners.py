"""Partners of a partnership who are named only as such: "NATO's Indo-Pacific partners"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import EntityKind, Span
from loader.extraction.clauses import children
from loader.extraction.reading import Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacy.tokens import Token

    from loader.document import Entity, Mention
    from loader.extraction.reading import Reading


def find_partners(reading: Reading) -> tuple[Group, ...]:
    """Return the groups that "partners" of a partnership denotes, each span that one word, in order.

    They are the states whose officers an article names together in one sentence ("Prime Minister X of Japan and
    Minister Y of Australia") and that are not members of the partnership by the registry. Nothing is returned where
    there are fewer than two such states, or the registry does not know the partnership's members.
    """
    words = [token for token in reading.doc if token.lower_ == "partners" and token.pos_ in ("NOUN", "PROPN")]
    if not words:
        return ()
    at = {mention.span.start: mention for mention in reading.mentions}
    represented = _represented(reading, at)
    found = []
    for word in words:
        owner = _owner(word, at)
        members = reading.registry.members(owner) if owner is not None else ()
        others = tuple(state for state in represented if state not in members)
        if members and len(others) > 1:
            found.append(Group(Span(word.idx, word.idx + len(word)), others))
    return tuple(found)


def _owner(word: Token, at: dict[int, Mention]) -> Entity | None:
    """Return the partnership whose partners they are."""
    for child in children(word, "poss", "compound"):
        mention = at.get(child.idx)
        if mention is not None and mention.entity.kind is EntityKind.PARTNERSHIP:
            return mention.entity
    return None


def _represented(reading: Reading, at: dict[int, Mention]) -> tuple[Entity, ...]:
    """Return the states whose officers the first sentence that names several of them names."""
    for sentence in reading.doc.sents:
        states: list[Entity] = []
        for state in _of_officers(sentence, at):
            if state not in states:
                states.append(state)
        if len(states) > 1:
            return tuple(states)
    return ()


def _of_officers(sentence: Iterable[Token], at: dict[int, Mention]) -> Iterator[Entity]:
    person: Mention | None = None
    for token in sentence:
        mention = at.get(token.idx)
        if mention is not None and mention.entity.kind is EntityKind.PERSON:
            person = mention
        elif mention is not None and mention.entity.kind is EntityKind.STATE and person is not None:
            yield mention.entity
            person = None
        elif person is not None and token.idx >= person.span.end and token.lower_ not in ("of", "the"):
            person = None
