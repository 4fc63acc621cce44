"""Live look-up: Wikidata, or any reconciliation service, in the place of an authority file.

Each has the calls by which the linker reads an authority. What fails raises LiveError: a service that does not answer
never looks like a name that nobody has. Nothing here runs unless it is asked for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from loader.linking.courier import LiveError
from loader.linking.dump import Choice, read_entity
from loader.linking.writer import Record
from ontology.authority import Entity, Hit, Name, Office, fold

if TYPE_CHECKING:
    import datetime as dt

    from loader.linking.courier import Courier
    from ontology.authority import Authority

WIKIDATA: Final = "https://www.wikidata.org/w/api.php"
_MOST = 50  # ids in one call of wbgetentities


class Live:
    """What a live service told so far, by id; the base of both kinds."""

    name = "live"
    version = ""
    date = ""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    def candidates(self, text: str, limit: int = 50) -> tuple[Hit, ...]:
        """Return whom a text may name. Raises LiveError."""
        raise NotImplementedError

    def entity(self, identifier: str) -> Entity | None:
        """Return an entity that a look-up gave before; None for another."""
        record = self._records.get(identifier)
        return record.entity if record else None

    def names(self, identifier: str) -> tuple[Name, ...]:
        """Return the names of an entity that a look-up gave before."""
        record = self._records.get(identifier)
        return (
            tuple(sorted(record.names, key=lambda each: (each.kind != "label", each.language, each.text)))
            if record
            else ()
        )

    def offices(self, person: str) -> tuple[Office, ...]:
        """Return the offices of a person whom a look-up gave before; labelled where they were looked up too."""
        record = self._records.get(person)
        if record is None:
            return ()
        held = sorted(record.tenures, key=lambda each: (each.start or "", each.end or "", each.office))
        labels = {each.office: self.entity(each.office) for each in held}
        return tuple(
            Office(each.office, known.label if known else "", known.country if known else None, each.start, each.end)
            for each in held
            for known in [labels[each.office]]
        )

    def holders(self, office: str, on: dt.date | None = None) -> tuple[Entity, ...]:  # noqa: ARG002 (the authority's call)
        """Return nobody: a live look-up goes from names to entities only."""
        return ()

    def evidence(self, identifier: str) -> tuple[tuple[str, str], ...]:
        """Return which service told of an entity."""
        record = self._records.get(identifier)
        return record.evidence if record else ()


class MediaWiki(Live):
    """Wikidata, or another Wikibase, by the action API at ``address``: wbsearchentities, then wbgetentities."""

    def __init__(self, courier: Courier, address: str = WIKIDATA, language: str = "en") -> None:
        super().__init__()
        self.name = urlsplit(_checked(address)).netloc
        self._courier, self._address, self._language = courier, address, language

    def candidates(self, text: str, limit: int = 50) -> tuple[Hit, ...]:
        """Return whom a text may name, by the authority's rules of order. Raises LiveError."""
        search = {"action": "wbsearchentities", "search": text.strip(), "language": self._language, "type": "item"}
        found = self._ask({**search, "uselang": self._language, "limit": str(min(limit, _MOST))}, "search")
        ids = [str(each.get("id")) for each in found if isinstance(each, dict)]
        if not ids:
            return ()
        languages = f"{self._language}|mul|en"
        wanted = {"action": "wbgetentities", "ids": "|".join(ids), "languages": languages}
        said = self._ask({**wanted, "props": "labels|aliases|descriptions|claims|sitelinks"}, "entities")
        hits = {}
        for each in said.values():
            for item in (
                [] if each.get("missing", False) is not False else read_entity(self._address, 0, each, Choice())
            ):
                if isinstance(item, Record):
                    self._records[item.entity.id] = item
                    hits[item.entity.id] = _hit(item, text)
        return tuple(sorted((each for each in hits.values() if each), key=_order))

    def _ask(self, values: dict[str, str], key: str) -> Any:
        query = urlencode({**values, "format": "json", "formatversion": "2", "maxlag": "5"})
        said = self._courier.ask(f"{self._address}?{query}")
        if not isinstance(said, dict) or key not in said:
            message = f"{self.name} answers without {key!r}; its address is no action API of Wikibase."
            raise LiveError(message)
        return said[key]


class Reconciliation(Live):
    """Any service of the W3C Reconciliation API at ``address``, 0.2 or 1.0-draft, as its manifest says."""

    def __init__(self, courier: Courier, address: str) -> None:
        super().__init__()
        self._courier, self._address = courier, _checked(address).rstrip("/")
        manifest = courier.ask(self._address)
        if not isinstance(manifest, dict) or "name" not in manifest or not {"identifierSpace", "view"} & {*manifest}:
            message = f"{self._address} gives no manifest of a reconciliation service."
            raise LiveError(message)
        self.name = str(manifest.get("name", urlsplit(address).netloc))
        versions = [str(each) for each in manifest.get("versions", ["0.1"])]
        self._is_draft = not any(each in {"0.1", "0.2"} for each in versions)

    def candidates(self, text: str, limit: int = 50) -> tuple[Hit, ...]:
        """Return what the service proposes for a text, in its order. Raises LiveError."""
        if self._is_draft:
            condition = {"matchType": "name", "propertyValue": text.strip()}
            body = json.dumps({"queries": [{"limit": limit, "conditions": [condition]}]}).encode()
            said = self._courier.ask(f"{self._address}/match", body, "application/json")
        else:
            query = {"q0": {"query": text.strip(), "limit": limit}}
            said = self._courier.ask(self._address, urlencode({"queries": json.dumps(query)}).encode())
        try:
            found = said["results"][0]["candidates"] if self._is_draft else said["q0"]["result"]
            return tuple(self._proposed(each, text) for each in found[:limit])
        except (KeyError, TypeError, IndexError) as error:
            message = f"{self.name} answers in no form of the reconciliation API ({type(error).__name__} {error})."
            raise LiveError(message) from None

    def _proposed(self, each: dict[str, Any], text: str) -> Hit:
        entity = Entity(str(each["id"]), str(each["name"]), str(each.get("description") or ""), status="candidate")
        self._records[entity.id] = Record(
            entity, (Name(entity.label, "mul", "label"),), evidence=((self.name, self._address),)
        )
        return Hit(entity, entity.label, exact=entity.label == text.strip())


def _checked(address: str) -> str:
    if urlsplit(address).scheme not in {"http", "https"}:
        message = f"{address!r} is no web address of a service."
        raise LiveError(message)
    return address


def _hit(record: Record, text: str) -> Hit | None:
    """Return how a text names what was found, or None: the search also finds names that begin with the text."""
    named = sorted(each.text for each in record.names if fold(each.text) == fold(text))
    if not named:
        return None
    exact = text.strip() in named
    return Hit(record.entity, text.strip() if exact else named[0], exact=exact)


def _order(hit: Hit) -> tuple[bool, int, int]:
    return not hit.exact, -hit.entity.prior, int(hit.entity.id[1:])


class Beside:
    """An authority file, and a live service for the names that nobody has in the file."""

    def __init__(self, held: Authority, live: Live) -> None:
        self._held, self._live = held, live
        self.name, self.version, self.date = f"{held.name} and {live.name}", held.version, held.date

    def candidates(self, text: str, limit: int = 50) -> tuple[Hit, ...]:
        """Return whom a text may name in the file, or else live. Raises LiveError."""
        return self._held.candidates(text, limit) or self._live.candidates(text, limit)

    def entity(self, identifier: str) -> Entity | None:
        """Return an entity of the file, or one that a look-up gave before."""
        return self._held.entity(identifier) or self._live.entity(identifier)

    def names(self, identifier: str) -> tuple[Name, ...]:
        """Return the names of an entity, from where it is known."""
        return self._held.names(identifier) or self._live.names(identifier)

    def offices(self, person: str) -> tuple[Office, ...]:
        """Return the offices that a person held, from where the person is known."""
        return self._held.offices(person) or self._live.offices(person)

    def holders(self, office: str, on: dt.date | None = None) -> tuple[Entity, ...]:
        """Return who held an office, as the file has it."""
        return self._held.holders(office, on)

    def externals(self, identifier: str) -> tuple[tuple[str, str], ...]:
        """Return the ids of an entity elsewhere, as the file has them."""
        return self._held.externals(identifier)

    def by_external(self, scheme: str, value: str) -> tuple[Entity, ...]:
        """Return the entities of the file with an id elsewhere."""
        return self._held.by_external(scheme, value)

    def evidence(self, identifier: str) -> tuple[tuple[str, str], ...]:
        """Return where an entity's id was read."""
        return self._held.evidence(identifier) or self._live.evidence(identifier)
