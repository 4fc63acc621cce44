"""The Reconciliation Service API over an authority or the graph, as plain values: names in, ids with scores out.

https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/ (what OpenRefine speaks), and the
queries of the draft of version 1.0 (https://reconciliation-api.github.io/specs/1.0-draft/). JSONP, which 0.2 leaves to
the service, is not offered: it runs the answer as a script of the asking page; CORS serves the same clients.

The score of a candidate is that of its name (100 to the letter, 95 but for case and punctuation, 80 at most for a name
that only begins so), halved for another type than asked; each property asked weighs two fifths of the name. It is a
match where it reaches 90 and the next is 10 behind; an entity whose id is not verified never is one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final, Protocol

from endpoint.protocol.requests import ProtocolError
from ontology.authority import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ontology.authority import Authority, Entity, Hit, Name, Office

BATCH = 50
"""The most queries of one batch."""

_ENTITY = "http://www.wikidata.org/entity/"
_MOST = 50  # candidates or suggestions of one query
_USUAL = 5
_IDS = 200  # entities of one data extension
_SHORTEST = 4  # letters of a text from which names that only begin with it are candidates
_THRESHOLD, _GAP = 90.0, 10.0
_PROPERTY_WEIGHT = 0.4
_PROPERTIES: Final = {
    "description": "description",
    "type": "type",
    "country": "country",
    "class": "instance of",
    "office": "office held",
    "start": "beginning",
    "end": "end",
    "name": "name",
}
_SCHEMES: Final = {  # of ids elsewhere; another scheme is called as the authority calls it
    "domain": "domain of a website",
    "geonames": "GeoNames id",
    "iso3166-1-alpha-2": "ISO 3166-1 alpha-2 code",
    "iso3166-1-alpha-3": "ISO 3166-1 alpha-3 code",
    "iso3166-1-numeric": "ISO 3166-1 numeric code",
    "lei": "legal entity identifier",
    "loc": "Library of Congress id",
    "opensanctions": "OpenSanctions id",
    "viaf": "VIAF id",
}


class Held(Protocol):
    """What entities are reconciled against: the calls of `ontology.authority.Authority` that are used here."""

    def entity(self, identifier: str) -> Entity | None:
        """Return the entity of an id."""

    def names(self, identifier: str) -> tuple[Name, ...]:
        """Return the names of an entity."""

    def candidates(self, text: str, limit: int = 50) -> tuple[Hit, ...]:
        """Return whom a text may name."""

    def suggest(self, prefix: str, limit: int = 10, type: str | None = None) -> tuple[Hit, ...]:
        """Return entities with a name that begins so."""

    def types(self) -> tuple[str, ...]:
        """Return the types that occur."""

    def externals(self, identifier: str) -> tuple[tuple[str, str], ...]:
        """Return the ids of an entity elsewhere."""

    def offices(self, person: str) -> tuple[Office, ...]:
        """Return the offices of a person."""


@dataclass(frozen=True, slots=True)
class Space:
    """What a service says of itself: the IRIs of its ids, types and properties, and its properties by name.

    ``view`` is where a person sees an entity, with ``{{id}}`` in it.
    """

    name: str
    identifiers: str
    view: str
    schema: str
    properties: Mapping[str, str]


def space_of(authority: Authority) -> Space:
    """Return what the service over an authority says of itself: its ids are those of Wikidata."""
    schemes = {each: _SCHEMES.get(each, each) for each in authority.schemes() if each not in _PROPERTIES}
    name = f"Pactgraph: authority {authority.name} {authority.version}".strip()
    # types and properties are our own, not those of Wikidata
    view = "https://www.wikidata.org/wiki/{{id}}"
    return Space(name, _ENTITY, view, "urn:pactgraph:authority", _PROPERTIES | schemes)


@dataclass(frozen=True, slots=True)
class Condition:
    """A property and the values that one of which a candidate should have; ``required`` if it has to."""

    property: str
    values: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One query: the names and ids to look for, the types to prefer, the conditions, and how many candidates."""

    names: tuple[str, ...]
    ids: tuple[str, ...]
    types: tuple[str, ...]
    conditions: tuple[Condition, ...]
    limit: int


class Reconciliation:
    """Answers from what is held. Its methods may be called from several threads; all may raise ProtocolError 400."""

    def __init__(self, held: Held, space: Space) -> None:
        self._held = held
        self._space = space
        self._properties = space.properties

    def manifest(self, root: str) -> dict[str, Any]:
        """Return the manifest of version 0.2 (section 3.1); ``root`` is the URL of the service."""
        suggest = {
            kind: {
                "service_url": root,
                "service_path": f"/suggest/{kind}",
                **({"flyout_service_path": "/flyout?id=${id}"} if kind == "entity" else {}),
            }
            for kind in ("entity", "property", "type")
        }
        return {
            "versions": ["0.2"],
            "name": self._space.name,
            "identifierSpace": self._space.identifiers,
            "schemaSpace": self._space.schema,
            "view": {"url": self._space.view},
            "defaultTypes": self._types(),
            "preview": {"url": f"{root}/preview?id={{{{id}}}}", "width": 400, "height": 160},
            "suggest": suggest,
            "extend": {
                "propose_properties": {"service_url": root, "service_path": "/extend/propose"},
                "property_settings": [],
            },
            "batchSize": BATCH,
        }

    def manifest_of_draft(self) -> dict[str, Any]:
        """Return the manifest of version 1.0-draft (section 4.1)."""
        return {
            "versions": ["1.0-draft"],
            "name": self._space.name,
            "view": {"url": self._space.identifiers + "{id}"},
            "defaultTypes": self._types(),
            "preview": {"width": 400, "height": 160},
            "suggest": {"entity": True, "property": True, "type": True},
            "extend": {"proposeProperties": True, "propertySettings": []},
            "batchSize": BATCH,
            "standardizedScore": True,
        }

    def answer(self, text: str) -> dict[str, Any]:
        """Answer a batch of version 0.2, the JSON of the parameter ``queries`` (section 4)."""
        batch = _object(_json(text, "queries"), "The batch of queries")
        _check_size(len(batch))
        return {
            key: {"result": [_old(each) for each in self._candidates(_question(query, key))]}
            for key, query in batch.items()
        }

    def answer_draft(self, body: bytes) -> dict[str, Any]:
        """Answer a batch of version 1.0-draft, a body of JSON (section 5)."""
        queries = _object(_json(body, "body"), "The body").get("queries")
        if not isinstance(queries, list):
            raise ProtocolError(400, "The body needs an array of queries under the key queries.")
        _check_size(len(queries))
        results = [self._candidates(_question_of_draft(query, at)) for at, query in enumerate(queries)]
        return {"results": [{"candidates": found} for found in results]}

    def suggest(self, kind: str, prefix: str, limit: int = 10, offset: int = 0) -> dict[str, Any]:
        """Return what begins with ``prefix``: entities, properties or types (section 6)."""
        limit, offset = max(1, min(limit, _MOST)), max(0, min(offset, 1000))
        if kind == "entity":
            itself = self._held.entity(prefix.strip())
            hits = [hit.entity for hit in self._held.suggest(prefix, offset + limit)]
            found = [itself, *(each for each in hits if each != itself)] if itself else hits
            items: list[dict[str, Any]] = [
                {
                    "id": each.id,
                    "name": each.label,
                    "description": _description(each),
                    "notable": [{"id": each.type, "name": each.type}],
                }
                for each in found
            ]
        else:
            properties: list[dict[str, Any]] = [{"id": id_, "name": name} for id_, name in self._properties.items()]
            every = self._types() if kind == "type" else properties
            start = fold(prefix)
            items = [each for each in every if fold(each["name"]).startswith(start) or each["id"] == prefix.strip()]
        return {"result": items[offset : offset + limit]}

    def preview(self, identifier: str) -> str:
        """Return a small page of HTML on an entity; raises ProtocolError 404 for one that is not in the authority."""
        title = escape(self._known(identifier).label)
        head = f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        return f"<!DOCTYPE html>{head}<body>{self._card(identifier)}</body></html>"

    def flyout(self, identifier: str) -> dict[str, str]:
        """Return the small page of an entity as the flyout of version 0.2 (section 6.4)."""
        return {"id": identifier, "html": self._card(identifier)}

    def extend(self, text: str | bytes, *, draft: bool) -> dict[str, Any]:
        """Return properties of entities for a query of data extension (section 7); unknown entities have none."""
        query = _object(_json(text, "query"), "The query")
        ids: Any = query.get("ids")
        asked: Any = query.get("properties")
        if not _strings(ids) or not isinstance(asked, list) or not all(_named(each) for each in asked):
            raise ProtocolError(400, "A data extension needs ids, an array of strings, and properties with an id each.")
        if len(ids) > _IDS:
            raise ProtocolError(413, f"The query names {len(ids)} entities; {_IDS} are the most.")
        names = [each["id"] for each in asked]
        self._check(names)
        meta = [{"id": name, "name": self._properties[name]} for name in names]
        values = {i: {name: self._cells(i, name) for name in names} for i in ids}
        if draft:
            rows = [
                {"id": i, "properties": [{"id": name, "values": cells} for name, cells in row.items()]}
                for i, row in values.items()
            ]
            return {"meta": meta, "rows": rows}
        return {"meta": meta, "rows": values}

    def propose(self, type_: str, limit: int = _MOST) -> dict[str, Any]:
        """Return the properties that entities of a type can be extended by (section 7.2)."""
        chosen = [name for name in self._properties if name != "office" or type_ in ("", "person")]
        shown = [{"id": name, "name": self._properties[name]} for name in chosen[: max(0, limit)]]
        return {"type": type_, "properties": shown}

    # ---- candidates

    def _candidates(self, question: Question) -> list[dict[str, Any]]:
        """Return the candidates of a query by falling score, then falling prior and rising id."""
        self._check([each.property for each in question.conditions])
        names: dict[Entity, float] = {}
        for identifier in question.ids:
            entity = self._held.entity(identifier)
            if entity is not None:
                names[entity] = 100.0
        for text in question.names:
            for hit in self._held.candidates(text, _MOST):
                names[hit.entity] = max(names.get(hit.entity, 0.0), 100.0 if hit.exact else 95.0)
            if len(fold(text)) >= _SHORTEST:
                for hit in self._held.suggest(text, _MOST):
                    names.setdefault(hit.entity, 80.0 * len(fold(text)) / max(1, len(fold(hit.name))))
        scored = []
        for entity, name in names.items():
            met = [self._meets(entity, each) for each in question.conditions]
            if any(each.required and not is_met for each, is_met in zip(question.conditions, met, strict=True)):
                continue
            is_of_type = (
                not question.types or entity.type in question.types or bool({*question.types} & {*entity.classes})
            )
            score = (name + 100 * _PROPERTY_WEIGHT * sum(met)) / (1 + _PROPERTY_WEIGHT * len(met))
            scored.append((score if is_of_type else score / 2, name, is_of_type, entity))
        scored.sort(key=lambda row: (-row[0], -row[3].prior, len(row[3].id), row[3].id))
        second = scored[1][0] if len(scored) > 1 else 0.0
        found = []
        for at, (score, name, is_of_type, entity) in enumerate(scored[: question.limit]):
            is_sure = at == 0 and score >= _THRESHOLD and score - second >= _GAP and entity.status == "verified"
            found.append(
                {
                    "id": entity.id,
                    "name": entity.label,
                    "description": _description(entity),
                    "type": [{"id": entity.type, "name": entity.type}],
                    "score": round(score, 2),
                    "match": is_sure,
                    "features": [
                        {"id": "name", "name": "likeness of the name", "value": round(name, 2)},
                        {"id": "type", "name": "of the type asked for", "value": is_of_type},
                        {"id": "sitelinks", "name": "number of sitelinks", "value": entity.prior},
                    ],
                }
            )
        return found

    def _meets(self, entity: Entity, condition: Condition) -> bool:
        here = {value for cell in self._cells(entity.id, condition.property) for value in cell.values()}
        folded = {fold(str(value)) for value in here}
        return any(value in here or (fold(value) and fold(value) in folded) for value in condition.values)

    def _cells(self, identifier: str, name: str) -> list[dict[str, str]]:
        entity = self._held.entity(identifier)
        if entity is None:
            return []
        if name == "office":
            return [{"id": each.id, "name": each.label or each.id} for each in self._held.offices(identifier)]
        if name == "name":
            return [{"str": text} for text in dict.fromkeys(n.text for n in self._held.names(identifier))]
        if name in ("country", "class"):
            ids = entity.classes if name == "class" else (entity.country,) if entity.country else ()
            return [{"id": each, "name": self._label(each)} for each in ids]
        if name not in _PROPERTIES:
            return [{"str": value} for scheme, value in self._held.externals(identifier) if scheme == name]
        value = getattr(entity, name, None)  # every other property is a field of the entity
        return [{"str": value}] if value else []

    def _check(self, names: list[str]) -> None:
        for name in names:
            if name not in self._properties:
                known = ", ".join(self._properties)
                raise ProtocolError(400, f"There is no property {name[:80]!r} here; {known} are.")

    def _label(self, identifier: str) -> str:
        entity = self._held.entity(identifier)
        return entity.label if entity is not None else identifier

    def _known(self, identifier: str) -> Entity:
        entity = self._held.entity(identifier)
        if entity is None:
            raise ProtocolError(404, f"There is no {identifier[:80]!r} here.")
        return entity

    def _card(self, identifier: str) -> str:
        entity = self._known(identifier)
        country = f", {escape(self._label(entity.country))}" if entity.country else ""
        return (
            f"<p><strong>{escape(entity.label)}</strong> <small>{escape(entity.id)}</small></p>"
            f"<p>{escape(_description(entity))}</p><p>{escape(entity.type)}{country}</p>"
        )

    def _types(self) -> list[dict[str, Any]]:
        return [{"id": each, "name": each} for each in self._held.types()]


def _description(entity: Entity) -> str:
    unsure = "" if entity.status == "verified" else " (not verified)"
    return f"{entity.description or entity.type}{unsure}"


def _old(candidate: dict[str, Any]) -> dict[str, Any]:
    """Return a candidate as version 0.2 writes it: its features have no names."""
    features = [{"id": each["id"], "value": each["value"]} for each in candidate["features"]]
    return candidate | {"features": features}


def _question(query: Any, key: str) -> Question:
    query = _object(query, f"The query {key[:40]!r}")
    name, properties, types = query.get("query"), query.get("properties") or [], query.get("type") or []
    types = [types] if isinstance(types, str) else types
    if not (name is None or isinstance(name, str)) or not isinstance(properties, list) or not _strings(types):
        raise ProtocolError(
            400, f"The query {key[:40]!r} needs a query as text, types as text, properties as an array."
        )
    if not name and not properties:
        raise ProtocolError(400, f"The query {key[:40]!r} holds neither a query nor properties.")
    conditions = []
    for each in properties:
        if not isinstance(each, dict) or not isinstance(each.get("pid"), str) or "v" not in each:
            raise ProtocolError(400, f"Each property of the query {key[:40]!r} needs a pid and a v.")
        conditions.append(Condition(each["pid"], _values(each["v"])))
    names = (name,) if name else tuple(v for c in conditions if c.property == "name" for v in c.values)
    return Question(names, names, tuple(types), tuple(conditions), _limit(query.get("limit")))


def _question_of_draft(query: Any, at: int) -> Question:
    query = _object(query, f"The query {at}")
    given, type_ = query.get("conditions"), query.get("type")
    if not isinstance(given, list) or not given or not (type_ is None or isinstance(type_, str)):
        raise ProtocolError(400, f"The query {at} needs conditions, an array that is not empty, and its type as text.")
    names: list[str] = []
    ids: list[str] = []
    conditions = []
    for each in given:
        if not isinstance(each, dict) or "propertyValue" not in each:
            raise ProtocolError(400, f"Each condition of the query {at} needs a propertyValue.")
        kind, values = each.get("matchType"), _values(each["propertyValue"])
        if each.get("matchQuantifier", "any") != "any" or "matchQualifier" in each:
            raise ProtocolError(400, f"The query {at} asks for a quantifier or qualifier; only 'any' is understood.")
        if kind == "name":
            names += values
            ids += values
        elif kind == "id":
            ids += values
        elif kind == "property" and isinstance(each.get("propertyId"), str):
            conditions.append(Condition(each["propertyId"], values, required=each.get("required") is True))
        else:
            raise ProtocolError(400, f"A condition of the query {at} is neither of a name, an id nor a propertyId.")
    types = (type_,) if type_ else ()
    return Question(tuple(names), tuple(ids), types, tuple(conditions), _limit(query.get("limit")))


def _values(value: Any) -> tuple[str, ...]:
    found = []
    for each in value if isinstance(value, list) else [value]:
        inner = each.get("id") if isinstance(each, dict) else each
        if not isinstance(inner, str | int | float):
            raise ProtocolError(400, "A value is a text, a number, true, false, or an entity with its id.")
        found.append(str(inner))
    return tuple(found)


def _limit(value: Any) -> int:
    if value is None:
        return _USUAL
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or value < 1:  # noqa: PLR0124 (not a number)
        raise ProtocolError(400, "A limit is a number from 1 on.")
    return int(min(value, _MOST))


def _check_size(size: int) -> None:
    if size > BATCH:
        raise ProtocolError(413, f"The batch holds {size} queries; {BATCH} are the most.")


def _json(text: str | bytes, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ProtocolError(400, f"The {what} cannot be read as JSON.") from None


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ProtocolError(400, f"{what} has to be a JSON object.")
    return value


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _named(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str)
