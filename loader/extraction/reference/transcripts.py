"""Transcripts: the labels in capitals that open a turn ("MS. ROE:", "THE PRESIDENT:", "Q"), and whom they mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from loader.document import Entity, EntityKind, Span
from loader.extraction.text.nouns import PERSONAL, fold, kind_of, title_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loader.extraction.reference.persons import Person
    from loader.extraction.text.words import Words

_WORD = r"[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ.'’-]*"
# A turn opens a line, or follows the end of a sentence where the lines of a transcript were run together.
_ZONE = r"(?:(?<=[APap]\.[Mm]\. )[A-Z]{2,4}T )?"  # "12:30 P.M. EDT" before a label
_OPENING = r"(?:(?<=\n)|(?<=[.?!)”\"—–-] ))[ \t*_]*"
_LABEL = re.compile(rf"{_OPENING}{_ZONE}({_WORD}(?:,? {_WORD}){{0,7}})(?= ?(?:\([^)\n]{{1,40}}\) ?)?[*_]*:)")
_QUESTIONER = re.compile(rf"{_OPENING}(Q)(?= ?:? +[A-ZÀ-ÖØ-Þ(“\"—–-])")
_ARTICLE = frozenset({"the", "a", "an"})
_LONGEST_TITLE = 3  # words
_BODIES = frozenset({"ORG", "GPE", "NORP"})


class Label(NamedTuple):
    """A label in capitals: its tokens from ``start`` to ``end`` (not included), the office and the name that it gives.

    ``office`` is a noun of the table ("vice president") or empty, ``name`` the folded words of a name, ``gender`` what
    a title tells ("m", "f" or "-").
    """

    start: int
    end: int
    office: str
    name: tuple[str, ...]
    gender: str


def find_labels(words: Words, known: Sequence[Entity | None], body: int) -> list[Label]:
    """Return the labels of a transcript in order, those that name a state or a body left out.

    ``known`` gives for each token the registry's entity that it is part of; nothing before the character ``body``
    is a label. "Q" counts as one only where it opens two turns at least, or another label stands in the text.
    """
    found = [label for label in _of(words, _LABEL, body) if not _is_body(words, known, label)]
    questions = list(_of(words, _QUESTIONER, body))
    if found or len(questions) > 1:
        found += questions
    return sorted(set(found))


def resolve_labels(
    words: Words, labels: Sequence[Label], persons: Sequence[tuple[Person, Entity]], openings: Sequence[int]
) -> list[tuple[Label, Entity]]:
    """Return each label with the person whom it means, or with an unnamed source, the same for all labels alike.

    A label with a name means the person who bears it as last words, or as first word; of several, those whose office
    it tells. "THE PRESIDENT" means the one person with that office, else the one of them named before the first of
    the characters ``openings`` before which any is: the ends of headline and first paragraph. Each "Q" is somebody
    else.
    """
    unnamed: dict[str, Entity] = {}
    found = []
    for label in labels:
        span = words.span(label.start, label.end)
        text = " ".join(span.of(words.text).split())
        entity = _meant(words, label, persons, openings) if text != "Q" else None
        if entity is None:
            own = Entity(EntityKind.UNNAMED_SOURCE, f"{span.start}-{span.end}", text)
            entity = own if text == "Q" else unnamed.setdefault(text, own)
        found.append((label, entity))
    return found


def _of(words: Words, pattern: re.Pattern[str], body: int) -> Iterator[Label]:
    for match in pattern.finditer(words.text, max(0, body - 1)):
        start, end = words.within(Span(*match.span(1)))
        if start < end and not any(words.left_out[start:end]):
            yield Label(start, end, *_read(match[1]))


def _read(text: str) -> tuple[str, tuple[str, ...], str]:
    """Return office, name and gender of a label: "VICE PRESIDENT ROE", "THE PRESIDENT", "MS. ROE"."""
    parts = text.replace(",", "").split()
    office, gender = "", "-"
    if parts[0].lower() in _ARTICLE and len(parts) > 1:
        parts = parts[1:]
    while parts:
        size = next((n for n in range(min(_LONGEST_TITLE, len(parts)), 0, -1) if _title(parts[:n])), 0)
        if not size:
            break
        told, noun = _title(parts[:size]) or ("-", "")
        gender, office = (told if told != "-" else gender), noun or office
        parts = parts[size:]
    if parts and kind_of(parts[-1].lower()) in PERSONAL:  # "SENIOR ADMINISTRATION OFFICIAL"
        return parts[-1].lower(), (), gender
    return office, tuple(fold(part).rstrip(".") for part in parts), gender


def _title(parts: Sequence[str]) -> tuple[str, str] | None:
    words = " ".join(parts).lower()
    return title_of(tuple(parts)) or (("-", words) if kind_of(words) in PERSONAL else None)


def _is_body(words: Words, known: Sequence[Entity | None], label: Label) -> bool:
    """Whether a label names what is no person: the registry says so, or the tagger of words that tell no office."""
    for i in range(label.start, label.end):
        entity = known[i]
        if entity is not None and (entity.kind is EntityKind.PERSON or not label.name):
            return True
    told = label.office or label.gender != "-"
    if any(known[i] is not None for i in range(label.start, label.end)):
        return not told
    return not told and words.tokens[label.end - 1].ent_type_ in _BODIES


def _meant(
    words: Words, label: Label, persons: Sequence[tuple[Person, Entity]], openings: Sequence[int]
) -> Entity | None:
    """Return the person whom a label means, None where the text does not tell."""
    if label.name:
        bearers = [pair for pair in persons if _bears(pair[0], label.name)]
        bearers = [pair for pair in bearers if label.gender in ("-", pair[0].gender) or pair[0].gender == "-"]
        return _one(bearers, label.office)
    holders = [pair for pair in persons if label.office and label.office in pair[0].nouns]
    for opening in openings if len(holders) > 1 else ():
        early = [pair for pair in holders if words.tokens[pair[0].names[0].start].idx < opening]
        if early:
            holders = early
            break
    return holders[0][1] if len(holders) == 1 else None


def _bears(person: Person, name: tuple[str, ...]) -> bool:
    size = len(name)
    return any(found.words[-size:] == name or found.words[:size] == name for found in person.names)


def _one(bearers: Sequence[tuple[Person, Entity]], office: str) -> Entity | None:
    """Return the one bearer of a name, of several the one who holds the office."""
    if len(bearers) > 1 and office:
        bearers = [pair for pair in bearers if office in pair[0].nouns]
    return bearers[0][1] if len(bearers) == 1 else None
