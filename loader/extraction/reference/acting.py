"""Names that show by their part in a clause what they are: places that act as states do, bodies that say something."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from loader.document import Entity, EntityKind
from loader.extraction.reference.places import acts_as_state
from loader.extraction.text.nouns import fold
from loader.extraction.text.verbs import SPEECH, verb_of
from ontology.vocabulary import slug

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loader.extraction.text.words import Words

OUTLET = re.compile(
    r"\b(?:News|Times|Post|Journal|Herald|Tribune|Gazette|Telegraph|Guardian|Observer|Daily|Chronicle|Broadcasting|Radio"
    r"|TV|Television|Magazine|Newspaper|Press|Globe|Inquirer|Bulletin|Mirror|Today|Review|Examiner|Register|Sentinel"
    r"|Dispatch|Media|Wire)\b|(?i:news ?agency|newspaper|news network|broadcaster)"
    r"|^(?:CNN|MSNBC|CBS|NBC|ABC|PBS|NPR|BBC|CNBC|C-SPAN)\b"
)
_NO_SPEAKER = ("NORP", "DATE", "TIME", "GPE", "LOC", "FAC", "PERSON", "EVENT", "LANGUAGE", "WORK_OF_ART")


class BodyName(NamedTuple):
    """A name of no person: the tokens from ``start`` to ``end`` (not included), and the entity that they name."""

    start: int
    end: int
    entity: Entity


def acting(words: Words, known: Sequence[Entity | None], found: list[BodyName]) -> Iterator[BodyName]:
    """Yield the tagged places that the registry lacks and that somewhere act as states do."""
    places: dict[str, list[tuple[int, int]]] = {}
    for ent in words.doc.ents:
        start = ent.start + (words.low[ent.start] == "the")
        is_known = ent.label_ not in ("GPE", "LOC", "ORG", "NORP") or any(known[start : ent.end])
        if not is_known and start < ent.end and words.tokens[start].text[0].isupper():
            places.setdefault(words.doc[start : ent.end].text, []).append((start, ent.end))
    made = {name.entity.label for name in found if not name.entity.registered}
    acting = {
        text: Entity(EntityKind.STATE, slug(text), text)
        for text, spans in sorted(places.items())
        if any(words.tokens[start].ent_type_ in ("GPE", "LOC") for start, _ in spans)
        and (text in made or any(acts_as_state(words, words.root(*span)) for span in spans))
    }
    for place, name in enumerate(found):
        if name.entity.label in acting and not name.entity.registered:  # taken for an organisation elsewhere
            found[place] = name._replace(entity=acting[name.entity.label])
    stems = {fold(text)[: max(4, len(text) - 1)]: entity for text, entity in acting.items()}
    for text, spans in sorted(places.items()):
        entity = acting.get(text)
        if entity is None and words.tokens[spans[0][0]].ent_type_ == "NORP":  # "South Ossetian"
            entity = next((state for stem, state in stems.items() if fold(text).startswith(stem)), None)
        if entity is not None:
            yield from (BodyName(start, end, entity) for start, end in spans)


def speaking(words: Words, taken: Sequence[bool]) -> Iterator[BodyName]:
    """Yield the capitalised names of no person that say something and that the tagger made nothing of."""
    for token in words.capitals:
        i = token.i
        if taken[i] or words.tag[i] != "NNP" or token.ent_type_ in _NO_SPEAKER:
            continue
        verb = verb_of(token)
        if verb is None or not (verb.lower_ == "according" or verb.lemma_.lower() in SPEECH) or words.noun(token):
            continue
        start, end = i, i + 1
        while start > words.start(i) and _is_of_name(words, start - 1, taken):
            start -= 1
        while end < words.end(i) and _is_of_name(words, end, taken):
            end += 1
        label = " ".join(words.doc[start:end].text.split())
        kind = EntityKind.NEWS_OUTLET if OUTLET.search(label) else EntityKind.ORGANIZATION
        yield BodyName(start, end, Entity(kind, slug(label), label))


def _is_of_name(words: Words, i: int, taken: Sequence[bool]) -> bool:
    token = words.tokens[i]
    return (
        not taken[i]
        and token.tag_ in ("NNP", "NNPS")
        and token.text[0].isupper()
        and token.ent_type_ not in _NO_SPEAKER
    )
