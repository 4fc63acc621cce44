"""Candidates: where an article may name persons: by the registry, the tagger, a title, a post, or a verb of saying."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loader.document import EntityKind
from loader.extraction.text.nouns import PERSONAL, ends_title, gender_of_given_name, kind_of
from loader.extraction.text.verbs import SPEECH, verb_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loader.document import Entity
    from loader.extraction.text.tokens import Token
    from loader.extraction.text.words import Words

PARTICLES = frozenset(
    [
        "de",
        "del",
        "della",
        "der",
        "den",
        "di",
        "da",
        "dos",
        "du",
        "van",
        "von",
        "la",
        "le",
        "el",
        "al",
        "bin",
        "ben",
        "ibn",
    ]
)

LONGEST = 6  # tokens of a name
NAME_WORD = re.compile(r"^[^\W\d_](?:[\w\u0300-\u036f.'’-]*[\w\u0300-\u036f])?\.?$")  # accents may stand apart
_HYPHENS = frozenset(["-", "‐", "‑"])
_NO_PERSON = frozenset(["ORG", "GPE", "DATE", "NORP", "LAW", "FAC"])
_DESCRIPTION = 7  # tokens after a comma in which a description names an office
# Nouns of persons that are also said of bodies ("Acme, a leader in steel").
_OF_BODIES = frozenset(
    {"leader", "rival", "opponent", "candidate", "contender", "challenger", "head", "chief", "whip", "ally", "partner"}
    | {"backer", "champion", "adherent", "advocate", "client", "customer", "consumer", "critic", "agent", "broadcaster"}
    | {
        "donor",
        "supporter",
        "sponsor",
        "member",
        "participant",
        "victim",
        "winner",
        "producer",
        "supplier",
        "publisher",
    }
    | {"employer", "lender", "operator", "owner", "provider", "investor", "consultant", "affiliate", "observer"}
)
POSTS = frozenset({"ambassador", "envoy", "consul", "representative", "commissioner"})
# Fields of government, which stand between an office and the name of its holder.
_FIELDS = frozenset(
    {"international", "foreign", "internal", "external", "home", "public", "economic", "trade", "defence", "defense"}
    | {"business", "finance", "education", "health", "industry", "energy", "transport", "justice", "labour", "labor"}
    | {"agriculture", "environment", "climate", "development", "security", "affairs", "interior", "science", "culture"}
    | {"technology", "commerce", "infrastructure", "immigration", "tourism", "innovation"}
)
_BEFORE_NAMES = _FIELDS | {"and", "&"}


def candidates(words: Words, known: Sequence[Entity | None]) -> Iterator[tuple[int, int, Entity | None]]:
    """Yield runs of tokens that may name a person: the registry's first, then the tagger's, then what a title leads."""
    i, length = 0, len(words)
    while i < length:
        entity, j = known[i], i + 1
        if entity is not None and entity.kind is EntityKind.PERSON:
            while j < length and known[j] is entity:
                j += 1
            yield i, j, entity
        i = j
    for ent in words.doc.ents:
        if ent.label_ == "PERSON" or (ent.label_ == "ORG" and _is_like_person(words, ent.start, ent.end)):
            yield ent.start, ent.end, None
    yield from _introduced(words)
    yield from _posted(words, known)
    yield from _shortened(words)
    for token in words.capitals:
        titled = ends_title(token.text)
        given = not titled and _is_given_name(token)
        if not (titled or given or kind_of(words.low[token.i]) in PERSONAL):
            continue
        start = token.i if given else token.i + 1
        end = start
        while end < length and end - start < LONGEST and _continues(words, start, end):
            end += 1
        long_enough = end - start > (0 if titled else 1)
        tagged = words.tokens[start].ent_type_ if start < length else ""
        held = titled and tagged == "ORG" and end - start > 1  # "President Kassym-Jomart Tokayev"
        if long_enough and (held or tagged not in _NO_PERSON):
            yield start, end, None


def _introduced(words: Words) -> Iterator[tuple[int, int, Entity | None]]:
    """Yield the names between commas behind a phrase for a person: "her colleague from Niger, Jane Roe, said"."""
    for i, word in enumerate(words.low):
        if word != "," or i + 3 >= len(words) or not words.tokens[i + 1].text[0].isupper():
            continue
        end = i + 1
        while end < min(i + 4, len(words)) and is_name_word(words.tokens[end]):
            end += 1
        if end - i - 1 > 1 and end < len(words) and words.low[end] == "," and _ends_phrase(words, i):
            yield i + 1, end, None


def _posted(words: Words, known: Sequence[Entity | None]) -> Iterator[tuple[int, int, Entity | None]]:
    """Yield the names behind the place of a post: "Ambassador to the United States Petra Roe"."""
    for i, word in enumerate(words.low):
        if word not in POSTS or i + 3 >= len(words) or words.low[i + 1] not in ("to", "in"):
            continue
        start = i + 3 if words.low[i + 2] == "the" else i + 2
        place = known[start] if start < len(words) else None
        if place is None or place.kind is not EntityKind.STATE:
            continue
        while start < len(words) and known[start] is place:
            start += 1
        yield from _name_at(words, known, start)
    for i, word in enumerate(words.low):
        start = i + 1
        while word in ("for", "of") and start < len(words) and words.low[start] in _BEFORE_NAMES:
            start += 1
        if start > i + 1:  # "Secretary of State for International Trade Jane Roe"
            yield from _name_at(words, known, start)


def _name_at(words: Words, known: Sequence[Entity | None], start: int) -> Iterator[tuple[int, int, Entity | None]]:
    """Yield the name of two words or more that stands at a token, if one does."""
    end = start
    while end < len(words) and known[end] is None and _continues(words, start, end):
        end += 1
    if end - start > 1:
        yield start, end, None


def _shortened(words: Words) -> Iterator[tuple[int, int, Entity | None]]:
    """Yield the names of two words that say something, of which the last alone does so elsewhere: "Guido Roe told"."""
    alone: set[str] = set()
    full: list[tuple[int, str]] = []
    for token in words.capitals:
        i, verb = token.i, verb_of(token)
        if token.tag_ != "NNP" or verb is None or verb.lemma_.lower() not in SPEECH or words.noun(token) is not None:
            continue
        if i > words.start(i) and is_name_word(words.tokens[i - 1]):
            full.append((i, words.low[i]))
        else:
            alone.add(words.low[i])
    for i, last in full:
        first = i - 1
        single = first == words.start(i) or not words.tokens[first - 1].text[0].isupper()
        if last in alone and single and words.tokens[i].ent_type_ not in ("ORG", "GPE", "NORP"):
            yield first, i + 1, None


def _ends_phrase(words: Words, i: int) -> bool:
    """Whether a phrase for one person, the subject of its clause, ends before token ``i``."""
    for j in range(i - 1, max(words.start(i), i - _DESCRIPTION) - 1, -1):
        token = words.tokens[j]
        noun = words.noun(token) if token.tag_ in ("NN", "NNP") else None
        if noun is not None and noun.kind in PERSONAL:
            return token.dep_ in ("nsubj", "nsubjpass")
        if token.pos_ not in ("PROPN", "ADP", "DET", "ADJ", "CCONJ"):
            return False
    return False


def _is_like_person(words: Words, start: int, end: int) -> bool:
    """Whether a tagged organisation is rather a person: a given name and one or two more, or a description tells."""
    if not 2 <= end - start <= 3 or (start and words.low[start - 1] == "the"):
        return False
    if not all(is_name_word(words.tokens[i]) for i in range(start, end)):
        return False
    if kind_of(words.low[end - 1]) is not None and not _is_surname(words, start, end):
        return False
    return gender_of_given_name(words.low[start]) != "-" or _is_described(words, end)


def _is_surname(words: Words, start: int, end: int) -> bool:
    """Whether a word for an office is a last name: "argues Claudia Major of the pact", no "Texas Governor"."""
    given = gender_of_given_name(words.low[start]) != "-" and kind_of(words.low[end - 1]) in PERSONAL
    return given and (end == len(words) or not words.tokens[end].text[0].isupper())


def _is_described(words: Words, end: int) -> bool:
    """Whether a comma and what somebody is follow a name: ", a researcher at", ", Nigeria's foreign minister"."""
    if end + 1 >= len(words) or words.low[end] != ",":
        return False
    for i in range(end + 1, min(end + _DESCRIPTION, words.end(end))):
        token = words.tokens[i]
        noun = words.noun(token)
        if noun is not None and noun.kind in PERSONAL and token.tag_ == "NN":
            return noun.words not in _OF_BODIES
        if token.pos_ not in ("DET", "ADJ", "NOUN", "PROPN", "PART") and token.text != "-":
            return False
    return False


def _is_given_name(token: Token) -> bool:
    """Whether a capitalised word is a given name that the tagger saw nothing in."""
    return not token.ent_type_ and token.tag_ == "NNP" and gender_of_given_name(token.text) != "-"


def _continues(words: Words, start: int, i: int) -> bool:
    token = words.tokens[i]
    if i == start:
        return is_name_word(token)
    if words.sentence[i] != words.sentence[start]:
        return False
    return is_name_word(token) or words.low[i] in PARTICLES or is_hyphenated(words, i)


def is_name_word(token: Token) -> bool:
    """Whether a word has the form of a name's: tagged as one, and with a capital."""
    return token.text[0].isupper() and token.tag_ in ("NNP", "NNPS") and bool(NAME_WORD.match(token.text))


def is_hyphenated(words: Words, i: int) -> bool:
    """Whether a token is a hyphen inside a word or what follows one: "Al-Sudani", "Ki-moon"."""
    if words.low[i] in _HYPHENS:
        return 0 < i < len(words) - 1 and not words.tokens[i].whitespace_ and not words.tokens[i - 1].whitespace_
    return i > 1 and words.low[i - 1] in _HYPHENS and words.tokens[i].is_alpha and is_hyphenated(words, i - 1)
