"""Whose text an article is, where it is a statement in the first person: "I" of one author, "we" of many signers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loader.document import EntityKind
from loader.extraction.meaning.denotation import distinct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loader.document import Entity, Mention
    from loader.extraction.text.reading import Reading
    from loader.extraction.text.tokens import Doc, Token

_STATEMENT = re.compile(
    r"(?:Joint )?(?:Statement|Remarks|Message|Letter|Address|Speech|Op-ed)s? (?:by|from|of)\b", re.IGNORECASE
)
_JOINT = re.compile(
    r"\bjoint (?:\w+ ){0,2}(?:statement|declaration|communiqu[eé]|press release|readout|fact sheet)s?\b", re.IGNORECASE
)
_APART = re.compile(r"\b(?:on|about|at|in|with|to|after|before|and|for|following|regarding)\b|[,:;–—]", re.IGNORECASE)
_OF_LEADERS = re.compile(r"\b(?:leader|minister)s?\b", re.IGNORECASE)
_TOPIC = re.compile(
    r"\b(?:on|about|to|after|before|for|following|regarding|endorsing|launching)\b|[:;–—]", re.IGNORECASE
)
_ROLES = frozenset(
    {"leaders", "governments", "heads", "members", "ministers", "partners", "principals", "representatives"}
)
_ALIKE = frozenset({"DET", "NOUN", "PROPN", "ADJ", "ADP", "PUNCT", "CCONJ", "PART", "NUM"})


def author(reading: Reading) -> Entity | None:
    """Return the person whose statement the whole text is, as its headline says: "Statement by President Roe"."""
    headline = reading.page.headline
    found = _STATEMENT.match(headline.of(reading.article.text))
    if found is None:
        return None
    start = headline.start + found.end()
    for mention in reading.mentions:
        if mention.span.start >= headline.end:
            return None
        if mention.span.start >= start and mention.entity.kind is EntityKind.PERSON:
            between = reading.article.text[start : mention.span.start]
            return mention.entity if not _APART.search(between) else None
    return None


def signers(reading: Reading) -> tuple[Entity, ...]:
    """Return who "we" are in a text that several sign; nobody where the text does not say.

    The text says it beside the pronoun ("We, the leaders of Japan and Chile, …", "As leaders of …, we …") or in a
    headline ("Joint Statement of Japan and Chile", "Japan-Chile Joint Statement", "Quad Joint Statement"). They are
    the persons where it names persons, else the states and bodies; of a partnership, its members.
    """
    by_token = _by_token(reading)
    for sentence in reading.doc.sents:
        for token in sentence:
            if _opens(token) and not _is_quoted(reading, token):
                found = _together(_run(reading.doc, token.i + 1, by_token))
                if found:
                    return found
    return _headed(reading)


def _by_token(reading: Reading) -> dict[int, Mention]:
    return {token.i: mention for mention in reading.mentions for token in reading.tokens(mention.span)}


def _opens(token: Token) -> bool:
    """Whether a list of signers may follow: "We" with an apposition, or "As leaders" where a sentence starts."""
    if token.i + 1 >= len(token.doc):
        return False
    after = token.nbor()
    if token.lower_ == "we":
        return after.text in (",", "—", "–", "-") or after.lower_ == "the"
    return token.lower_ == "as" and bool(token.is_sent_start) and after.lower_ in _ROLES


def _is_quoted(reading: Reading, token: Token) -> bool:
    return any(quotation.outer.start <= token.idx < quotation.outer.end for quotation in reading.quotations)


def _run(doc: Doc, start: int, by_token: dict[int, Mention]) -> list[Mention]:
    """Return the mentions of a list of names with their titles, up to the first word that belongs to none."""
    found: list[Mention] = []
    for i in range(start, len(doc)):
        mention = by_token.get(i)
        if mention is not None:
            ends = i + 1 == len(doc) or by_token.get(i + 1) is not mention
            if ends and not _modifies(doc[i]):  # "the Quad partners of Japan and India" are the two
                found.append(mention)
        elif doc[i].pos_ not in _ALIKE or doc[i].is_sent_start or doc[i].lower_ == "as" or _ends(doc[i], found):
            break
    return found


def _ends(token: Token, found: Sequence[Mention]) -> bool:
    """Whether words after a name of the list say what the list is of: "of the Group", "(the Parties)"."""
    if not found or found[-1].span.end < token.nbor(-1).idx:
        return False
    return token.text == "(" or (token.pos_ == "ADP" and found[-1].entity.kind is not EntityKind.PERSON)


def _modifies(token: Token) -> bool:
    """Whether the last word of a name stands before a noun of a group: "Quad partners", "G7 leaders"."""
    return token.i + 1 < len(token.doc) and token.nbor().lower_ in _ROLES


def _together(mentions: Sequence[Mention]) -> tuple[Entity, ...]:
    """Return the persons of a list, or else all its actors; one alone signs nothing together."""
    actors = distinct(mention.entity for mention in mentions if mention.entity.kind.is_actor)
    persons = tuple(actor for actor in actors if actor.kind is EntityKind.PERSON)
    found = persons if len(persons) > 1 else actors
    return found if len(found) > 1 else ()


def _headed(reading: Reading) -> tuple[Entity, ...]:
    headline = reading.page.headline
    words = headline.of(reading.article.text)
    joint = _JOINT.search(words)
    if joint is None:
        return ()
    topic = _TOPIC.search(words, joint.end())
    end = headline.start + (topic.start() if topic else len(words))
    named = [mention for mention in reading.mentions if mention.span.end <= end]
    found = _together(named)
    if found:
        return found
    if _OF_LEADERS.search(joint[0]):  # of the one partnership that the headline names, wherever
        named = [mention for mention in reading.mentions if mention.span.end <= headline.end]
    bodies = distinct(mention.entity for mention in named if mention.entity.kind.is_actor)
    is_one = len(bodies) == 1 and bodies[0].kind is EntityKind.PARTNERSHIP
    return reading.registry.members(bodies[0]) if is_one else ()
