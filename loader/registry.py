"""What is known beforehand: the entities of ``seeds/`` and the names they go by in a text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import pyoxigraph as ox

from loader.document import Entity, EntityKind, Span
from loader.names import Name, NameForm, Names, Surroundings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ontology.vocabulary import Mint

__all__ = ["Match", "NameForm", "Preference", "Registry", "RegistryError", "Surroundings"]

_BASE = "https://pactgraph.example/"  # what the seeds are written under; ``quads`` puts the user's base in its place
_PACT = f"{_BASE}ns#"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_SPATIAL = "http://purl.org/dc/terms/spatial"
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_NAME_FORMS = {
    f"{_SKOS}prefLabel": NameForm.LABEL,
    f"{_SKOS}altLabel": NameForm.ALIAS,
    f"{_SKOS}hiddenLabel": NameForm.ALIAS,
    f"{_PACT}demonym": NameForm.DEMONYM,
    f"{_PACT}capital": NameForm.CAPITAL,
}
_NOTHING = "-"
_FORM_ORDER = {form: place for place, form in enumerate(NameForm)}


@dataclass(frozen=True, slots=True)
class Match:
    """A name of the registry found in a text."""

    span: Span
    entity: Entity
    form: NameForm


class RegistryError(Exception):
    """A registry that cannot be used; the message says which file or entity is at fault."""


class Preference(NamedTuple):
    """What a name that could mean several things is taken for.

    ``denotes`` is the path of an entity; "-" where the words denote nothing of ours, and hide the names inside them
    ("South China Sea"); "?" where nobody can tell, and the name is not looked for. ``beside`` are paths of which the
    text must name one for the name to count.
    """

    name: str
    denotes: str
    beside: tuple[str, ...] = ()


class Registry:
    """The entities of the registry, what binds them, and the names they go by.

    Made by `load`, or from facts written under the default base, whatever their graph, and two tables. Raises
    RegistryError for a blank node, an entity without a label, or one whose affiliations run in a circle.
    """

    def __init__(
        self,
        facts: Iterable[ox.Quad],
        preferences: Iterable[Preference] = (),
        surroundings: Surroundings | None = None,
    ) -> None:
        self._preferences = tuple(preferences)
        self._surroundings = surroundings or Surroundings()
        self._facts: list[tuple[ox.NamedNode, ox.NamedNode, ox.NamedNode | ox.Literal]] = []
        objects: dict[str, dict[str, list[str]]] = {}
        for fact in facts:
            subject, value = fact.subject, fact.object
            if not isinstance(subject, ox.NamedNode) or not isinstance(value, (ox.NamedNode, ox.Literal)):
                message = f"The registry may hold no blank node and no triple in a triple, but holds {fact}."
                raise RegistryError(message)
            self._facts.append((subject, fact.predicate, value))
            objects.setdefault(subject.value, {}).setdefault(fact.predicate.value, []).append(value.value)
        self._objects: Mapping[str, Mapping[str, list[str]]] = objects
        self._entities: dict[str, Entity] = {}
        for iri in objects:
            if self._kind(iri) is not None:
                self._build(iri, ())

    @classmethod
    def load(cls) -> Registry:
        """Read the registry that comes with Pactgraph: the Turtle files and the two tables of the package ``seeds``."""
        folder = files("seeds")
        sources = sorted((file for file in folder.iterdir() if file.name.endswith(".ttl")), key=lambda file: file.name)
        facts = [fact for source in sources for fact in _read(source.name, source.read_bytes())]
        preferences = _read_preferences(folder.joinpath("preferences.tsv").read_text(encoding="utf-8"))
        surroundings = _read_surroundings(folder.joinpath("surroundings.tsv").read_text(encoding="utf-8"))
        return cls(facts, preferences, surroundings)

    # ---- entities

    def entity(self, path: str) -> Entity | None:
        """Return the entity at a path ("actor/japan"), None if the registry lacks it."""
        return self._entities.get(path)

    @property
    def entities(self) -> tuple[Entity, ...]:
        """Every entity, in order of its path."""
        return tuple(self._entities[path] for path in sorted(self._entities))

    @property
    def outlets(self) -> tuple[Entity, ...]:
        """Every news outlet, in order of its path."""
        return tuple(entity for entity in self.entities if entity.kind is EntityKind.NEWS_OUTLET)

    def pillars(self, partnership: Entity) -> tuple[Entity, ...]:
        """Return the pillars of a partnership, in order of their keys."""
        return self._subjects_of(f"{_PACT}pillarOf", partnership)

    def partnership(self, pillar: Entity) -> Entity | None:
        """Return the partnership that a pillar belongs to, None for a pillar that the registry lacks."""
        return next(iter(self._objects_of(pillar, f"{_PACT}pillarOf")), None)

    def focus_areas(self, pillar: Entity) -> tuple[Entity, ...]:
        """Return the technologies that a pillar works on, in order of their keys."""
        return self._objects_of(pillar, f"{_PACT}focusArea")

    def broader(self, technology: Entity) -> tuple[Entity, ...]:
        """Return the fields that a technology directly falls under, in order of their keys."""
        return self._objects_of(technology, f"{_SKOS}broader")

    def members(self, partnership: Entity) -> tuple[Entity, ...]:
        """Return the full members of a partnership, in order of their keys; empty where none are on record."""
        return self._members.get(partnership.path, ())

    @cached_property
    def _members(self) -> Mapping[str, tuple[Entity, ...]]:
        found: dict[str, list[Entity]] = {}
        for partnership, member, _ in self._standing("member"):
            found.setdefault(partnership, []).append(member)
        return {path: tuple(sorted(members, key=lambda member: member.key)) for path, members in found.items()}

    def partners(self, partnership: Entity, region: str | None = None) -> tuple[Entity, ...]:
        """Return the partners of a partnership that are no members, in order of their keys.

        With ``region`` ("Indo-Pacific", in any case), those that are on record as partners of that region; without,
        those that are on record as partners whatever the region. Empty where none are on record.
        """
        found = self._partners.get((partnership.path, region.lower() if region is not None else None), ())
        return tuple(sorted(found, key=lambda partner: partner.key))

    @cached_property
    def _partners(self) -> Mapping[tuple[str, str | None], list[Entity]]:
        found: dict[tuple[str, str | None], list[Entity]] = {}
        for partnership, partner, region in self._standing("partner"):
            found.setdefault((partnership, region), []).append(partner)
        return found

    def regions(self, partnership: Entity) -> tuple[str, ...]:
        """Return the regions, in lower case and sorted, that a partnership is on record to have partners of."""
        return tuple(sorted(region for path, region in self._partners if path == partnership.path and region))

    def _standing(self, status: str) -> Iterator[tuple[str, Entity, str | None]]:
        """Yield partnership, member and region (in lower case) of every membership of a status."""
        for properties in self._objects.values():
            if properties.get(f"{_PACT}status") == [f"{_PACT}status-{status}"]:
                partnership, member = properties[f"{_PACT}partnership"][0], properties[f"{_PACT}member"][0]
                for region in properties.get(_SPATIAL, [None]):
                    yield _path(partnership), self._entities[_path(member)], region.lower() if region else None

    def embassy(self, of: Entity, in_: Entity) -> Entity:
        """Return the embassy of one state in another, registered or not ("embassy-of-japan-in-australia")."""
        key = f"embassy-of-{of.key}-in-{in_.key}"
        label = f"Embassy of {of.label} in {in_.label}"
        return self.entity(f"actor/{key}") or Entity(EntityKind.ORGANIZATION, key, label, affiliation=of, based_in=in_)

    def links(self) -> dict[str, str]:
        """Return the Wikidata id ("Q17") of each entity that the registry states one of, by path."""
        prefix = "http://www.wikidata.org/entity/"
        return {
            path: link.removeprefix(prefix)
            for path in sorted(self._entities)
            for link in self._objects[_BASE + path].get(f"{_SKOS}exactMatch", ())
            if link.startswith(prefix)
        }

    def matches_of(self, entities: Iterable[str], mint: Mint) -> list[ox.Quad]:
        """Return what the registry's graph under a base states that some entities, by IRI, exactly match."""
        graph, match = ox.NamedNode(mint.registry_graph), ox.NamedNode(f"{_SKOS}exactMatch")
        return [
            ox.Quad(ox.NamedNode(iri), match, ox.NamedNode(value), graph)
            for iri in entities
            for value in self._objects.get(_BASE + iri.removeprefix(mint.base), {}).get(match.value, ())
        ]

    def capitals(self) -> dict[str, str]:
        """Return the path of the state of each capital, by the capital's name."""
        return {
            name: path
            for path in sorted(self._entities)
            for name in self._objects[_BASE + path].get(f"{_PACT}capital", ())
        }

    # ---- names

    def matches(self, text: str) -> tuple[Match, ...]:
        """Return the registry's names found in ``text``, in order; no two overlap, none cuts a word.

        The longest name wins; an article before it and a possessive after it are not part of it. Some names count
        only in a text that names something else as well: a pillar without its partnership's name ("Pillar II"), and
        those that seeds/preferences.tsv says so of ("Georgia").
        """
        found = [find for find in self.names.find_known(text) if find.name.entity is not None]
        named = {find.name.entity.path for find in found if find.name.entity and not find.name.beside}
        return tuple(
            Match(span, name.entity, name.form)
            for span, name in found
            if name.entity is not None and (not name.beside or not named.isdisjoint(name.beside))
        )

    def find(self, name: str) -> Match | None:
        """Return what a name alone denotes, with its place in ``name``; None if the registry has no such name."""
        for span, found in self.names.find(name):
            rest = (name[: span.start].strip() + name[span.end :].strip()).lower()
            if found.entity is not None and rest in ("", "the", "'s", "’s"):
                return Match(span, found.entity, found.form)
        return None

    @cached_property
    def names(self) -> Names:
        """Every name that is looked for."""
        only = {row.name: row for row in self._preferences}
        names = [Name(row.name, None) for row in self._preferences if row.denotes == _NOTHING]
        for path, entity in self._entities.items():
            for predicate, form in _NAME_FORMS.items():
                for text in self._objects[_BASE + path].get(predicate, ()):
                    row = only.get(text)
                    if row is None or row.denotes == path:
                        beside = row.beside if row else self._beside(entity, text)
                        names.append(Name(text, entity, form, beside))
        names.sort(key=lambda name: (_FORM_ORDER[name.form], name.entity.path if name.entity else "", name.text))
        return Names(names, self._surroundings)

    def _beside(self, entity: Entity, text: str) -> tuple[str, ...]:
        partnership = self.partnership(entity) if entity.kind is EntityKind.PILLAR else None
        return (partnership.path,) if partnership is not None and partnership.label not in text else ()

    # ---- the registry as a graph

    def quads(self, mint: Mint) -> list[ox.Quad]:
        """Return the registry's graph under a base: sorted, each triple once."""
        graph = ox.NamedNode(mint.registry_graph)

        @cache  # most nodes stand in many triples
        def rebased(node: ox.NamedNode) -> ox.NamedNode:
            if node.value.startswith(_PACT) or not node.value.startswith(_BASE):
                return node
            return ox.NamedNode(mint.base + _path(node.value))

        quads = {
            ox.Quad(rebased(subject), predicate, rebased(value) if isinstance(value, ox.NamedNode) else value, graph)
            for subject, predicate, value in self._facts
        }
        return sorted(quads, key=str)

    @cached_property
    def digest(self) -> str:
        """The hexadecimal SHA-256 of all that is known here: registries of one digest find the same in any text."""
        facts = sorted({f"{subject} {predicate} {value}" for subject, predicate, value in self._facts})
        surroundings = [sorted(getattr(self._surroundings, role.name)) for role in fields(Surroundings)]
        return hashlib.sha256(repr((facts, sorted(self._preferences), surroundings)).encode()).hexdigest()

    # ---- building

    def _kind(self, iri: str) -> EntityKind | None:
        kinds = [kind for kind in self._objects[iri].get(_TYPE, ()) if kind != f"{_PACT}Membership"]
        return EntityKind(kinds[0].removeprefix(_PACT)) if kinds else None

    def _build(self, iri: str, above: tuple[str, ...]) -> Entity:
        path = _path(iri)
        if path in self._entities:
            return self._entities[path]
        kind = self._kind(iri) if iri in self._objects else None
        if kind is None or iri in above:
            message = f"The registry's {path} has no class." if kind is None else f"{path} is affiliated to itself."
            raise RegistryError(message)
        properties = self._objects[iri]
        labels = properties.get(f"{_SKOS}prefLabel", ())
        if len(labels) != 1:
            message = f"The registry's {path} needs one skos:prefLabel, but has {len(labels)}."
            raise RegistryError(message)
        affiliation, based_in = properties.get(f"{_PACT}affiliation"), properties.get(f"{_PACT}basedIn")
        entity = Entity(
            kind,
            path.split("/", 1)[1],
            labels[0],
            affiliation=self._build(affiliation[0], (*above, iri)) if affiliation else None,
            based_in=self._build(based_in[0], (*above, iri)) if based_in else None,
            registered=True,
        )
        if entity.path != path:
            message = f"The registry's {path} is a {kind} and belongs at {entity.path}."
            raise RegistryError(message)
        self._entities[path] = entity
        return entity

    def _objects_of(self, entity: Entity, predicate: str) -> tuple[Entity, ...]:
        values = self._objects.get(_BASE + entity.path, {}).get(predicate, ())
        return tuple(self._entities[path] for path in sorted(map(_path, values)))

    def _subjects_of(self, predicate: str, entity: Entity) -> tuple[Entity, ...]:
        iri = _BASE + entity.path
        subjects = (subject for subject, properties in self._objects.items() if iri in properties.get(predicate, ()))
        return tuple(self._entities[path] for path in sorted(map(_path, subjects)))


def _read(name: str, data: bytes) -> list[ox.Quad]:
    try:
        return list(ox.parse(data, format=ox.RdfFormat.TURTLE))
    except SyntaxError as error:
        message = f"The registry's file {name} is no Turtle: {error.msg}"
        raise RegistryError(message) from error


def _read_preferences(table: str) -> list[Preference]:
    rows = _rows("preferences.tsv", table, columns=4)
    return [Preference(name, denotes, tuple(beside.split())) for name, denotes, beside, _ in rows]


def _read_surroundings(table: str) -> Surroundings:
    words: dict[str, set[str]] = {role.name: set() for role in fields(Surroundings)}
    for role, listed, _ in _rows("surroundings.tsv", table, columns=3):
        if role.replace(" ", "_") not in words:
            message = f"The registry's surroundings.tsv knows no role {role!r}; it is one of {', '.join(words)}."
            raise RegistryError(message)
        words[role.replace(" ", "_")].update(listed.split())
    return Surroundings(**{role: frozenset(listed) for role, listed in words.items()})


def _rows(name: str, table: str, columns: int) -> list[list[str]]:
    """Return the rows of a table of the seeds, without its head."""
    rows = [line.split("\t") for line in table.splitlines()]
    for number, row in enumerate(rows, start=1):
        if len(row) != columns:
            message = (
                f"Line {number} of the registry's {name} has {len(row)} columns, not {columns}; part them by tabs."
            )
            raise RegistryError(message)
    return rows[1:]


def _path(iri: str) -> str:
    return iri.removeprefix(_BASE)
