"""Everything in an article that denotes an actor, a partnership, a pillar or a technology, by name or otherwise."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from loader.document import Entity, EntityKind
from loader.extraction.reference.bodies import Bodies
from loader.extraction.reference.coreference import resolve
from loader.extraction.reference.discourse import Discourse
from loader.extraction.reference.person_names import find_names
from loader.extraction.reference.persons import gather
from loader.extraction.reference.transcripts import find_labels, resolve_labels
from loader.extraction.text.words import Words
from ontology.vocabulary import slug

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loader.extraction.reference.acting import BodyName
    from loader.extraction.reference.person_names import PersonName
    from loader.extraction.reference.persons import Person
    from loader.extraction.text.nouns import Noun
    from loader.extraction.text.reading import Denotations, Page, Quotation
    from loader.extraction.text.tokens import Doc
    from loader.registry import Registry

_BEFORE = 8  # tokens before a title in which the state or body stands
_AFTER = 5  # tokens after it
_BACK = 60  # tokens back in which the state that "its" means acts
_OF_STATES = frozenset(
    {"president", "prime minister", "premier", "foreign secretary", "defence secretary", "chancellor"}
)
_LEAD = 200  # tokens in which headline and lead tell whose an office is: every person is looked up there
# The city that opens a report: "TOKYO, March 3 (Kyodo) -", "Hanoi, October 26 —".
_DATELINE = re.compile(
    r"([A-Z][^\W\d_]+(?:[ .'’-][A-Z][^\W\d_]+){0,3})(?:,[^—–\n-]{1,40})?(?: ?\([^)\n]{2,30}\))? ?(?:--?|[—–]|:) "
)


def find_mentions(doc: Doc, page: Page, registry: Registry, quotations: Sequence[Quotation]) -> Denotations:
    """Return what the words of a parsed article denote, boilerplate left out.

    The registry's names come first; the tagger fills in persons, organisations and states that it lacks. Titles,
    surnames, pronouns and definite phrases are resolved within the article. Time grows with the length of the text
    only: every search back or around is bounded.
    """
    words = Words(doc, page.boilerplate)
    finder = Bodies(words, registry)
    labels = find_labels(words, finder.known, page.headline.end + 1)
    labelled = {i for label in labels for i in range(label.start, label.end)}
    surnames = (label.name[-1] for label in labels if label.name)
    names = [name for name in find_names(words, finder.known, surnames) if name.start not in labelled]
    spans = [(name.start, name.end) for name in names] + [(label.start, label.end) for label in labels]
    bodies = finder.find(spans)
    at = {i: body.entity for body in bodies for i in range(body.start, body.end)}
    kept = [name for name in names if not any(i in at for i in range(name.start, name.end))]
    home = _home(words, page, registry, bodies)
    persons = [(person, _entity(words, person, at, home)) for person in gather(words, kept, registry)]
    by_path = {entity.path: entity for _, entity in persons}  # taken for an organisation elsewhere
    bodies = [body._replace(entity=by_path.get(body.entity.path, body.entity)) for body in bodies]
    bodies = [body._replace(entity=_of_home(body.entity, home)) for body in bodies]
    opening = page.standfirst or page.headline
    first = min(page.body, default=page.headline)
    turns = resolve_labels(words, labels, persons, (page.headline.end, opening.end, first.end))
    return resolve(Discourse(words, quotations, persons, bodies, labels=turns, home=home), finder, opening.end)


def _home(words: Words, page: Page, registry: Registry, bodies: Sequence[BodyName]) -> Entity | None:
    """Return the state whose ministers an article names without saying whose they are.

    It is the state of the capital that the dateline names, else the one that the article names most often if it
    acts in headline or first paragraph; None where there is no such state.
    """
    first = min(page.body, default=page.headline)
    place = _DATELINE.match(first.of(words.text))
    match = registry.find(place[1]) if place else None
    if match is not None and match.entity.kind is EntityKind.STATE:
        return match.entity
    states = [body for body in bodies if body.entity.kind is EntityKind.STATE]
    counted = Counter(body.entity for body in states)
    most = max(counted.values(), default=0)
    for body in states:
        root = words.root(body.start, body.end)
        if root.idx >= first.end:
            break
        if counted[body.entity] == most and root.dep_ in ("nsubj", "nsubjpass"):
            return body.entity
    return None


def _of_home(body: Entity, home: Entity | None) -> Entity:
    """Return a ministry that the article gives no state as one of the state it is written from ("Foreign Ministry")."""
    owned = body.registered or body.affiliation is not None or body.kind is not EntityKind.ORGANIZATION
    if owned or home is None or not {"ministry", "parliament"} & set(body.key.split("-")):
        return body
    return replace(body, affiliation=home)


def _entity(words: Words, person: Person, at: Mapping[int, Entity], home: Entity | None) -> Entity:
    """Return the person's entity: the registry's, or one made of the name and of the actor that the titles name."""
    if person.entity is not None:
        return person.entity
    affiliations = (_actor_of(words, noun, at) for noun in person.heads)
    affiliation = next((found for found in affiliations if found is not None), None)
    if affiliation is None:
        affiliation = next((found for name in person.names if (found := _possessor(words, name.start, at))), None)
    if affiliation is None:
        affiliation = next((found for name in person.names if (found := _place_of(words, name, at))), None)
    if affiliation is None:
        bare = next((noun for noun in person.heads if _is_bare(words, noun, person)), None)
        affiliation = (
            (_told_of(words, bare, at) or _acting(words, bare.start, at) or home) if bare is not None else None
        )
    return Entity(EntityKind.PERSON, slug(person.label), person.label, affiliation=affiliation)


def _told_of(words: Words, office: Noun, at: Mapping[int, Entity]) -> Entity | None:
    """Return the one state to which the words before a title give that office: "Italy's foreign minister said"."""
    states: dict[str, Entity] = {}
    for i in range(min(office.start, _LEAD)):
        noun = words.noun(words.tokens[i]) if words.pos[i] in ("NOUN", "PROPN") else None
        if noun is None or noun.words != office.words or not noun.start:
            continue
        before = noun.start - 1
        owner = at.get(before - 1 if words.tag[before] == "POS" and before else before)
        if owner is not None and owner.kind is EntityKind.STATE:
            states[owner.path] = owner
    return next(iter(states.values())) if len(states) == 1 else None


def _possessor(words: Words, start: int, at: Mapping[int, Entity]) -> Entity | None:
    """Return the state whose name with "'s" stands right before a person's: "Canada's Jane Roe"."""
    owner = at.get(start - 2) if start > 1 and words.tag[start - 1] == "POS" else None
    return owner if owner is not None and owner.kind is EntityKind.STATE else None


def _place_of(words: Words, name: PersonName, at: Mapping[int, Entity]) -> Entity | None:
    """Return the state that stands with "of" behind a titled name: "Prime Minister Jane Roe of Peru"."""
    if not name.titled or name.end + 1 >= len(words) or words.low[name.end] != "of":
        return None
    place = at.get(name.end + 1 + (words.low[name.end + 1] == "the"))
    return place if place is not None and place.kind is EntityKind.STATE else None


def _acting(words: Words, start: int, at: Mapping[int, Entity]) -> Entity | None:
    """Return the state that acts in the same sentence, before a title: "Russia will go, Minister Roe said"."""
    for i in range(words.start(start), start):
        entity, token = at.get(i), words.tokens[i]
        if entity is not None and entity.kind is EntityKind.STATE and token.dep_ == "nsubj":
            owed = any(child.lower_ in ("must", "should", "ought") for child in token.head.children)
            return None if owed or token.head.dep_ == "ROOT" else entity
    return None


def _is_bare(words: Words, noun: Noun, person: Person) -> bool:
    """Whether an office of a government stands before a name and nothing says whose it is ("Prime Minister Roe")."""
    if noun.words not in _OF_STATES and not noun.words.endswith(" minister"):
        return False
    titled = any(noun.end == name.start for name in person.names)
    return titled and words.tokens[noun.start].text[0].isupper()


def _owner_meant(words: Words, i: int, at: Mapping[int, Entity]) -> Entity | None:
    """Return the state that "its" means before a title: the one that acted last, within about two sentences."""
    for j in range(i - 1, max(-1, i - _BACK), -1):
        entity = at.get(j)
        if entity is not None and entity.kind is EntityKind.STATE and words.tokens[j].dep_ in ("nsubj", "nsubjpass"):
            return entity
    return None


def _actor_of(words: Words, noun: Noun, at: Mapping[int, Entity]) -> Entity | None:
    """Return the actor that stands before a title ("Japanese prime minister") or after it ("president of Peru")."""
    for i in range(noun.start - 1, max(words.start(noun.start), noun.start - _BEFORE) - 1, -1):
        entity = at.get(i)
        if entity is not None and entity.kind.is_actor:
            return entity
        if words.low[i] == "its":
            return _owner_meant(words, i, at)
        if words.tokens[i].pos_ not in ("ADJ", "NOUN", "PROPN", "PART", "CCONJ"):
            break
    if noun.end < len(words) and words.low[noun.end] in ("of", "for", "to", "in", "at", "from", "with"):
        for i in range(noun.end + 1, min(noun.end + _AFTER, words.end(noun.start))):
            entity = at.get(i)
            if entity is not None and entity.kind.is_actor:
                return entity
    return None
