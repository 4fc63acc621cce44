"""Outlets: which words name one, by the registry, by what it is called, or by its part in an interview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import EntityKind, Span
from loader.extraction.text.nouns import PERSONAL, NounKind, noun_of

if TYPE_CHECKING:
    from loader.extraction.text.reading import Reading
    from loader.extraction.text.tokens import Token

# Common nouns that say that a name beside them is an outlet's.
_KINDS = frozenset(
    {"newspaper", "paper", "broadcaster", "outlet", "agency", "magazine", "channel", "station", "website", "daily"}
    | {
        "tabloid",
        "weekly",
        "radio",
        "television",
        "tv",
        "podcast",
        "journal",
        "publication",
        "portal",
        "site",
        "service",
    }
    | {"network", "wire", "monthly", "press", "newswire"}
)
_WORDS = ("ADJ", "NOUN", "PROPN", "NUM", "DET", "PART", "X")
_LONGEST = 14  # tokens of the phrase that names an outlet
_NOBODY = frozenset({"DATE", "TIME", "GPE", "LOC", "NORP", "FAC", "LAW", "EVENT"})
_OTHERS = (EntityKind.STATE, EntityKind.ORGANIZATION, EntityKind.PARTNERSHIP, EntityKind.PILLAR, EntityKind.TECHNOLOGY)


def outlet_after(reading: Reading, start: int, end: int, *, interviewed: bool = False) -> Span | None:
    """Return the name of the outlet among the words that stand from token ``start`` on, None where they name none.

    ``end`` is where they end at the latest; they end before a preposition, a clause, a comma or a time. An outlet is
    what the registry or the tagger has as one, a name beside "newspaper", "broadcaster" and the like, or a name that
    means no person, state or other known body; where it holds an interview (``interviewed``) any body will do.
    """
    doc = reading.doc
    last = start
    while last < min(end, start + _LONGEST, len(doc)) and _goes_on(doc[last], doc[start]):
        last += 1
    tokens = [doc[i] for i in range(start, last)]
    return _outlet_of(reading, tokens, interviewed=interviewed) if tokens else None


def _outlet_of(reading: Reading, tokens: list[Token], *, interviewed: bool) -> Span | None:
    """Return the name of the outlet in a phrase, None where it names none."""
    span = Span(tokens[0].idx, tokens[-1].idx + len(tokens[-1]))
    mentions = reading.mentions_in(span)
    for mention in mentions:
        if mention.entity.kind is EntityKind.NEWS_OUTLET:
            return mention.span
    called = any(t.lemma_.lower() in _KINDS for t in tokens if not _is_name(t) or t is tokens[-1])
    run = _name(tokens)
    if run is not None and _is_titled(tokens, run):
        return Span(tokens[0].idx, run.end)
    if run is None or (not called and _is_somebody(tokens)):
        return None
    known = [mention.entity for mention in mentions if mention.span.overlaps(run)]
    bodies = all(entity.kind is EntityKind.ORGANIZATION for entity in known)
    if called:
        barred = any(entity.registered and entity.kind in _OTHERS for entity in known)
        return run if bodies or not barred else None
    if any(entity.registered or entity.kind in (EntityKind.STATE, EntityKind.PERSON) for entity in known):
        return run if interviewed and bodies else None
    return run if interviewed or _is_unknown(reading, run) else None


def is_outlet(reading: Reading, head: Token, span: Span) -> bool:
    """Whether source words are an outlet's: by what they mean, or by a noun such as "newspaper".

    "officials cited by Reuters" and "Reuters reporters" are people, not the outlet.
    """
    noun = noun_of(head)
    if any(mention.entity.kind is EntityKind.NEWS_OUTLET for mention in reading.mentions_over(span)):
        own = reading.mentions_over(Span(head.idx, head.idx + 1))
        if own:
            return own[0].entity.kind is EntityKind.NEWS_OUTLET
        return noun is None or noun.kind not in PERSONAL
    return (head.lemma_.lower() in _KINDS or head.lower_ == "media") and head.dep_ != "compound"


def _goes_on(token: Token, first: Token) -> bool:
    """Whether a token is still part of the phrase that begins with the first."""
    if token.i == first.i:
        return token.pos_ in _WORDS
    if token.text == "-" or token.tag_ in ("HYPH", "POS") or token.nbor(-1).text == "-":
        return True
    if token.pos_ not in _WORDS or token.tag_ in ("IN", "WDT", "WP") or token.ent_type_ in ("DATE", "TIME"):
        return False
    if token.dep_ in ("nsubj", "nsubjpass", "mark"):
        return False
    return not (token.pos_ == "DET" and token.head.dep_ in ("nsubj", "nsubjpass"))


def _is_name(token: Token) -> bool:
    return token.text[0].isupper() and token.pos_ in ("PROPN", "NOUN", "ADJ", "X")


def _name(tokens: list[Token]) -> Span | None:
    """Return the last run of capitalised words, without a people's name before it ("Chinese outlet Guancha")."""
    found: list[Token] = []
    for token in reversed(tokens):
        joined = bool(found) and (token.text == "-" or token.tag_ == "HYPH")
        if joined or (_is_name(token) and token.ent_type_ not in ("DATE", "TIME")):
            found.append(token)
        elif found or token.tag_ == "POS":
            break
    while found and not _is_name(found[-1]):
        found.pop()
    if not found or all(token.ent_type_ == "GPE" or token.tag_ == "JJ" for token in found):
        return None
    return Span(found[-1].idx, found[0].idx + len(found[0]))


def _is_titled(tokens: list[Token], run: Span) -> bool:
    """Whether the capitals of "The" inside a sentence show the title of a paper: "told The Sun"."""
    names = tokens[0].text == "The" and not tokens[0].is_sent_start and run.start == tokens[0].idx + len("The ")
    return names and not any(token.ent_type_ in _NOBODY or noun_of(token) is not None for token in tokens[1:])


def _is_somebody(tokens: list[Token]) -> bool:
    """Whether the words are for people, an assembly or another body, by their nouns."""
    for token in tokens:
        noun = noun_of(token)
        if noun is not None and (noun.kind in PERSONAL or noun.kind not in (NounKind.THING, NounKind.DOCUMENT)):
            return True
    return False


def _is_unknown(reading: Reading, run: Span) -> bool:
    """Whether a name is one of a body or of nothing the tagger knows, and in no way a place or a person."""
    tokens = reading.tokens(run)
    if any(token.ent_type_ in _NOBODY or token.ent_type_ == "PERSON" for token in tokens):
        return False
    shaped = any(token.text == "-" or (token.is_upper and len(token) > 1) for token in tokens)
    return tokens[0].pos_ == "PROPN" and (shaped or any(token.ent_type_ == "ORG" for token in tokens))
