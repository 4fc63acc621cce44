"""The entities of the served graph by their names, read as an authority is: for reconciling against them.

Actors, partnerships, pillars and technologies under the base. Their ids are their paths ("actor/japan"), of which the
base makes IRIs. A list is made for one snapshot, when somebody asks, and made anew when another is served.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from endpoint.reconciliation.answers import Reconciliation, Space
from ontology.authority import KINDS, Entity, Hit, Name, fold
from ontology.vocabulary import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from endpoint.execution.engine import Engine
    from ontology.authority import Office

    Row = dict[str, dict[str, str]]

_FOLDERS: Final = ("actor", "partnership", "pillar", "technology")
_CLASSES: Final = ("State", "Organization", "NewsOutlet", "Person", "Partnership", "Pillar", "Technology")
_PACT: Final = PREFIXES["pact"]
_NAMES: Final = {
    f"{PREFIXES['skos']}prefLabel": "label",
    f"{PREFIXES['skos']}altLabel": "alias",
    f"{PREFIXES['skos']}hiddenLabel": "alias",
    f"{_PACT}demonym": "demonym",
}
_SEATS: Final = (f"{_PACT}basedIn", f"{_PACT}affiliation", f"{_PACT}pillarOf")  # the first that there is
_WIKIDATA: Final = "http://www.wikidata.org/entity/"
_PROPERTIES: Final = {
    "description": "description",
    "type": "type",
    "country": "what it sits in or belongs to",
    "name": "name",
    "code": "code, as of ISO 3166",
    "wikidata": "Wikidata id",
}
_ALL: Final = f"""
PREFIX pact: <{_PACT}> PREFIX skos: <{PREFIXES["skos"]}> PREFIX dcterms: <{PREFIXES["dcterms"]}>
SELECT DISTINCT ?entity ?class ?property ?value (LANG(?value) AS ?language) WHERE {{
  VALUES ?class {{ {" ".join(f"pact:{each}" for each in _CLASSES)} }}
  VALUES ?property {{ skos:prefLabel skos:altLabel skos:hiddenLabel pact:demonym pact:basedIn pact:affiliation
                      pact:pillarOf dcterms:identifier skos:exactMatch }}
  ?entity a ?class ; ?property ?value }}"""


class Entities:
    """The entities of one snapshot, by the calls by which reconciliation reads an authority; it never changes."""

    def __init__(self, rows: Iterable[Row], base: str) -> None:
        said: dict[str, dict[str, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))
        kinds: dict[str, str] = {}
        for row in rows:
            path = row["entity"]["value"].removeprefix(base)
            if path.partition("/")[0] in _FOLDERS:
                kinds[path] = min(kinds.get(path, "~"), row["class"]["value"].removeprefix(_PACT))
                language = row["language"]["value"] if "language" in row else ""
                said[path][row["property"]["value"]].add((row["value"]["value"], language))
        self._names = {
            path: tuple(
                sorted(
                    (Name(text, language, kind) for each, kind in _NAMES.items() for text, language in facts[each]),
                    key=lambda name: (KINDS.index(name.kind), name.language, name.text),
                )
            )
            for path, facts in said.items()
        }
        seats = {
            path: next((min(facts[each])[0].removeprefix(base) for each in _SEATS if facts[each]), None)
            for path, facts in said.items()
        }
        labels = {path: names[0].text for path, names in self._names.items() if names}
        self._entities = {
            path: Entity(
                path, label, _about(kinds[path], labels.get(seats[path] or "")), kinds[path], country=seats[path]
            )
            for path, label in sorted(labels.items())
        }
        self._externals = {path: tuple(sorted(_externals(facts))) for path, facts in said.items()}
        paths: dict[str, set[str]] = defaultdict(set)
        for path in self._entities:
            for name in self._names[path]:
                paths[fold(name.text)].add(path)
        self._paths = {key: sorted(found) for key, found in paths.items() if key}
        self._keys = sorted(self._paths)

    def entity(self, identifier: str) -> Entity | None:
        """Return the entity at a path, None where there is none."""
        return self._entities.get(identifier)

    def names(self, identifier: str) -> tuple[Name, ...]:
        """Return the names of an entity."""
        return self._names.get(identifier, ())

    def candidates(self, text: str, limit: int = 50) -> tuple[Hit, ...]:
        """Return whom a text names, those to the letter first, then by path."""
        text = text.strip()
        hits = [self._hit(path, text) for path in self._paths.get(fold(text), ())]
        return tuple(sorted(hits, key=lambda hit: (not hit.exact, hit.entity.id))[:limit])

    def suggest(self, prefix: str, limit: int = 10, type: str | None = None) -> tuple[Hit, ...]:
        """Return the entities with a name that begins so, by that name."""
        start = fold(prefix)
        found: dict[str, Hit] = {}
        for key in self._keys[bisect_left(self._keys, start) :] if start else ():
            if not key.startswith(start) or len(found) >= limit:
                break
            for path in self._paths[key]:
                if type in (None, self._entities[path].type):
                    found.setdefault(path, self._hit(path, key))
        return tuple(found.values())[:limit]

    def types(self) -> tuple[str, ...]:
        """Return the classes that occur, by their names in the vocabulary."""
        there = {each.type for each in self._entities.values()}
        return tuple(each for each in _CLASSES if each in there)

    def externals(self, identifier: str) -> tuple[tuple[str, str], ...]:
        """Return the codes of an entity and its Wikidata ids, as (scheme, value)."""
        return self._externals.get(identifier, ())

    def offices(self, person: str) -> tuple[Office, ...]:  # noqa: ARG002 (the authority's call)
        """Return nothing: what the graph says of offices stands in its statements."""
        return ()

    def _hit(self, path: str, text: str) -> Hit:
        key = fold(text)
        named = [name.text for name in self._names[path] if fold(name.text) == key]
        return Hit(self._entities[path], text if text in named else named[0], exact=text in named)


class GraphReconciliation:
    """Makes what answers the Reconciliation API for the snapshot that is served now."""

    def __init__(self, engine: Engine, base: str) -> None:
        self._engine, self._base = engine, base
        self._made: tuple[str, Reconciliation] | None = None
        self._making = asyncio.Lock()
        self._space = Space("Pactgraph: entities of the graph", base, f"{base}{{{{id}}}}", f"{base}ns", _PROPERTIES)

    async def now(self) -> Reconciliation:
        """Return it. Raises ProtocolError where reading the entities takes longer than a query may."""
        async with self._making:
            tag = self._engine.current.tag if self._engine.current is not None else ""
            if self._made is None or self._made[0] != tag:
                rows = await self._engine.rows(_ALL)
                held = await asyncio.to_thread(Entities, rows, self._base)
                self._made = (tag, Reconciliation(held, self._space))
            return self._made[1]


def _about(kind: str, seat: str | None) -> str:
    return f"{kind}, {seat}" if seat else kind


def _externals(facts: dict[str, set[tuple[str, str]]]) -> set[tuple[str, str]]:
    codes = {("code", value) for value, _ in facts[f"{PREFIXES['dcterms']}identifier"]}
    links = (value for value, _ in facts[f"{PREFIXES['skos']}exactMatch"])
    return codes | {("wikidata", link.removeprefix(_WIKIDATA)) for link in links if link.startswith(_WIKIDATA)}
