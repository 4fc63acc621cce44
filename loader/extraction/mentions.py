"""Everything in an article that denotes an actor, a partnership, a pillar or a technology, by name or otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import Entity, EntityKind
from loader.extraction.bodies import Bodies
from loader.extraction.coreference import resolve
from loader.extraction.discourse import Discourse
from loader.extraction.person_names import find_names
from loader.extraction.persons import gather
from loader.extraction.words import Words
from ontology.vocabulary import slug

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spacy.tokens import Doc

    from loader.extraction.nouns import Noun
    from loader.extraction.persons import Person
    from loader.extraction.reading import Denotations, Page, Quotation
    from loader.registry import Registry

_BEFORE = 8  # tokens before a title in which the state or body stands
_AFTER = 5  # tokens after it


def find_mentions(doc: Doc, page: Page, registry: Registry, quotations: Sequence[Quotation]) -> Denotations:
    """Return what the words of a parsed article denote, boilerplate left out.

    The registry's names come first; the tagger fills in persons, organisations and states that it lacks. Titles,
    surnames, pronouns and definite phrases are resolved within the article. Time grows with the length of the text
    only: every search back or around is bounded.
    """
    words = Words(doc, page.boilerplate)
    finder = Bodies(words, registry)
    names = find_names(words, finder.known)
    bodies = finder.find((name.start, name.end) for name in names)
    at = {i: body.entity for body in bodies for i in range(body.start, body.end)}
    kept = [name for name in names if not any(i in at for i in range(name.start, name.end))]
    persons = [(person, _entity(words, person, at)) for person in gather(words, kept, registry)]
    by_path = {entity.path: entity for _, entity in persons}  # taken for an organisation elsewhere
    bodies = [body._replace(entity=by_path.get(body.entity.path, body.entity)) for body in bodies]
    opening = page.standfirst or page.headline
    return resolve(Discourse(words, quotations, persons, bodies), finder, opening.end)


def _entity(words: Words, person: Person, at: Mapping[int, Entity]) -> Entity:
    """Return the person's entity: the registry's, or one made of the name and of the actor that the titles name."""
    if person.entity is not None:
        return person.entity
    affiliations = (_actor_of(words, noun, at) for noun in person.heads)
    affiliation = next((found for found in affiliations if found is not None), None)
    return Entity(EntityKind.PERSON, slug(person.label), person.label, affiliation=affiliation)


def _actor_of(words: Words, noun: Noun, at: Mapping[int, Entity]) -> Entity | None:
    """Return the actor that stands before a title ("Japanese prime minister") or after it ("president of Peru")."""
    for i in range(noun.start - 1, max(words.start(noun.start), noun.start - _BEFORE) - 1, -1):
        entity = at.get(i)
        if entity is not None and entity.kind.is_actor:
            return entity
        if words.tokens[i].pos_ not in ("ADJ", "NOUN", "PROPN", "PART", "CCONJ"):
            break
    if noun.end < len(words) and words.low[noun.end] in ("of", "for", "to", "in", "at", "from", "with"):
        for i in range(noun.end + 1, min(noun.end + _AFTER, words.end(noun.start))):
            entity = at.get(i)
            if entity is not None and entity.kind.is_actor:
                return entity
    return None
