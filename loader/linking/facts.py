"""Copies what Wikidata states of the linked entities of a store, so that questions about it need no network.

What is copied are the truthy statements of chosen properties, as the Query Service has them (``wd:Q17 wdt:P31 wd:Q…``),
and the English labels of their values. They stand in ``{base}graph/links/facts``, a graph of the loader's and not the
user's: it follows the links, a run replaces it whole, and so nobody else may write there, over HTTP either.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlencode, urlsplit

from pyoxigraph import (
    Literal,
    NamedNode,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
)

from loader.linking.courier import LiveError
from loader.linking.lines import Problem, read_json
from loader.mapping.matches import WIKIDATA
from loader.mapping.terms import LABEL
from ontology.vocabulary import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pyoxigraph import Quad

    from loader.linking.cache import Cache
    from loader.linking.courier import Courier

DEFAULT: Final = ("P17", "P31", "P39")  # country, instance of, position held
RESULTS: Final = "application/sparql-results+json"
DIRECT: Final = "http://www.wikidata.org/prop/direct/"
_BATCH = 50  # entities in one request
_FRESH = 86400.0  # seconds for which what a stopped run fetched is good
_ITEM = re.compile(re.escape(WIKIDATA) + r"(Q[1-9][0-9]{0,17})")
_PROPERTY = re.compile(r"P[1-9][0-9]{0,9}")
_NUMBER = re.compile(r"[+-]?([0-9]+(?:\.[0-9]+)?)")
_DAY = re.compile(r"\+?([0-9]{4})-([0-9]{2})-([0-9]{2})T00:00:00Z")
_GREGORIAN = WIKIDATA + "Q1985727"
_XSD = PREFIXES["xsd"]


class Unfetchable(Exception):
    """Facts that cannot be fetched; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a source states of entities, and what was left out of it, one sentence each."""

    triples: frozenset[Triple]
    problems: tuple[str, ...] = ()


class Source(Protocol):
    """Where facts come from."""

    def facts(self, items: Sequence[str]) -> Facts:
        """Return what is stated of these entities (Q17). Raises Unfetchable or lines.Unreadable."""


def linked(matches: Iterable[Quad]) -> list[str]:
    """Return the ids of Wikidata that matches name, by number."""
    found = (_ITEM.fullmatch(str(getattr(quad.object, "value", ""))) for quad in matches)
    return sorted({each[1] for each in found if each}, key=lambda item: int(item[1:]))


def checked(properties: Iterable[str]) -> tuple[str, ...]:
    """Return the properties in order, each once, or the default. Raises Unfetchable for what is no id of one."""
    names = tuple(sorted(set(properties), key=lambda each: (len(each), each))) or DEFAULT
    for name in names:
        if not _PROPERTY.fullmatch(name):
            message = f"{name!r} is no id of a property of Wikidata; P17 is one."
            raise Unfetchable(message)
    return names


@dataclass(frozen=True, slots=True)
class Service:
    """A SPARQL service with Wikidata's statements at ``address``, asked for 50 entities at a time.

    ``progress`` keeps what came, entity by entity, so that a run which was stopped goes on where it was. ``told`` hears
    of how many entities facts came.
    """

    address: str
    properties: tuple[str, ...]
    courier: Courier
    progress: Cache
    told: Callable[[int], None] = lambda _: None

    def __post_init__(self) -> None:
        if urlsplit(self.address).scheme not in {"http", "https"}:
            message = f"{self.address!r} is no web address of a service."
            raise Unfetchable(message)

    def facts(self, items: Sequence[str]) -> Facts:
        """Return what the service states of entities. Raises Unfetchable where it stops answering."""
        triples: set[Triple] = set()
        left = []
        for item in items:
            kept = self.progress.get(self._key(item))
            if kept and self.courier.clock() - kept.came < _FRESH:
                triples.update(_read(kept.body))
            else:
                left.append(item)
        while left:
            batch = left[:_BATCH]
            try:
                found = self._ask(batch)
            except LiveError as error:
                told = f"{len(left):,} of {len(items):,} entities are left, and the graph of facts is as it was"
                message = f"{str(error).rstrip('.')}; {told}; the same command goes on from there."
                raise Unfetchable(message) from None
            came = {self._key(item): _written(found[item]) for item in batch}
            self.progress.put_all(came, self.courier.clock())
            triples.update(*found.values())
            self.told(len(batch))
            left = left[_BATCH:]
        return Facts(frozenset(triples))

    def _key(self, item: str) -> str:
        return f"{self.address} {','.join(self.properties)} {item}"

    def _ask(self, batch: list[str]) -> dict[str, set[Triple]]:
        items = " ".join(f"<{WIKIDATA}{each}>" for each in batch)
        properties = " ".join(f"<{DIRECT}{each}>" for each in self.properties)
        query = (
            f"SELECT ?item ?property ?value ?label WHERE {{ VALUES ?item {{ {items} }} "
            f"VALUES ?property {{ {properties} }} ?item ?property ?value . "
            f'OPTIONAL {{ ?value {LABEL} ?label . FILTER(LANG(?label) = "en") }} }}'
        )
        body = self.courier.body(self.address, urlencode({"query": query}).encode())
        found: dict[str, set[Triple]] = defaultdict(set)
        wanted = {f"{WIKIDATA}{each}" for each in batch}, {f"{DIRECT}{each}" for each in self.properties}
        try:
            solutions = parse_query_results(body, QueryResultsFormat.JSON)
            if not isinstance(solutions, QuerySolutions):
                raise ValueError("it is no table")  # noqa: TRY004, TRY301 (told with the others below)
            for row in solutions:
                item, property_, value, label = (row[name] for name in ("item", "property", "value", "label"))
                if not isinstance(item, NamedNode) or not isinstance(property_, NamedNode):
                    continue
                if item.value not in wanted[0] or property_.value not in wanted[1]:
                    continue
                if isinstance(value, Literal) or (isinstance(value, NamedNode) and not _is_unknown(value)):
                    found[item.value.removeprefix(WIKIDATA)].add(Triple(item, property_, value))
                if isinstance(value, NamedNode) and isinstance(label, Literal) and label.language == "en":
                    found[item.value.removeprefix(WIKIDATA)].add(Triple(value, LABEL, label))
            return {item: set(_read(_written(found[item]))) for item in batch}  # an IRI that is none is found here
        except (ValueError, KeyError, SyntaxError) as error:
            message = f"{urlsplit(self.address).netloc} gives no results of SPARQL ({error})."
            raise LiveError(message) from None


@dataclass(frozen=True, slots=True)
class EntityFile:
    """Entities in JSON, one a line, as the dumps of Wikidata hold them; read once for facts and once for labels.

    ``told`` hears how many bytes were read of it, of `size` in all.
    """

    path: Path
    properties: tuple[str, ...]
    told: Callable[[int], None] = lambda _: None

    def facts(self, items: Sequence[str]) -> Facts:
        """Return what the file states of entities, through redirects that it tells of. Raises lines.Unreadable."""
        triples, problems, seen, merged = self._read({item: {item} for item in items})
        ahead: dict[str, set[str]] = defaultdict(set)
        for old, new in merged.items():
            if old in set(items) - seen:
                ahead[new].add(old)
        if ahead:  # what they were merged into may stand before or after
            more, told, also, _ = self._read(ahead)
            triples |= more
            problems += [each for each in told if each not in problems]
            seen |= also
        missing = sorted(set(items) - seen, key=lambda item: int(item[1:]))
        if missing:
            few = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
            problems.append(f"{self.path.name} lacks {len(missing):,} of {len(set(items)):,} linked entities: {few}.")
        return Facts(frozenset(triples | self._labels({triple.object for triple in triples})), tuple(problems))

    def _read(self, wanted: Mapping[str, set[str]]) -> tuple[set[Triple], list[str], set[str], dict[str, str]]:
        """Return what is stated of the ids that each wanted one stands for; problems; those ids; redirects."""
        triples: set[Triple] = set()
        problems: list[str] = []
        seen: set[str] = set()
        merged: dict[str, str] = {}
        for line, said in read_json(self.path, wanted, self.told):
            if isinstance(said, Problem):
                problems.append(str(said))
                continue
            try:
                old, new = (str(said.get("redirects", {}).get(each, "")) for each in ("from", "to"))
                if old:
                    merged[old] = new
                names = set(wanted.get(said.get("id", ""), ())) | (
                    wanted.get(old, set()) if "claims" in said else set()
                )
                for name in sorted(names):
                    seen.add(name)
                    for each in list(self._stated(said, name, line)):
                        problems.append(each) if isinstance(each, str) else triples.add(each)
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                problems.append(str(Problem(self.path.name, line, f"is no entity of Wikidata ({error!r}).")))
        return triples, problems, seen, merged

    def _stated(self, said: dict[str, Any], name: str, line: int) -> Iterator[Triple | str]:
        """Give what is stated of an entity under the name of a linked one."""
        for property_ in self.properties:
            statements = (said.get("claims") or {}).get(property_, ())
            best = [each for each in statements if each.get("rank") == "preferred"]
            for each in best or [each for each in statements if each.get("rank", "normal") == "normal"]:
                snak = each["mainsnak"]
                if snak.get("snaktype", "value") != "value":
                    continue  # stated to be unknown, or none
                value = _value(snak)
                if value is None:
                    kind = snak.get("datatype", snak["datavalue"].get("type"))
                    yield str(Problem(self.path.name, line, f"{name} has a {property_} ({kind}) that is left out."))
                else:
                    yield Triple(NamedNode(WIKIDATA + name), NamedNode(DIRECT + property_), value)

    def _labels(self, values: set[Any]) -> set[Triple]:
        wanted = {value.value for value in values if isinstance(value, NamedNode)}
        found = set()
        ids = {each.removeprefix(WIKIDATA) for each in wanted}
        for _, said in read_json(self.path, ids, self.told) if ids else ():
            if not isinstance(said, Problem) and said.get("id") in ids:
                labels = said.get("labels")
                label = labels.get("en") if isinstance(labels, dict) else None
                if isinstance(label, dict) and isinstance(label.get("value"), str):
                    found.add(Triple(NamedNode(WIKIDATA + said["id"]), LABEL, Literal(label["value"], language="en")))
        return found


def _value(snak: dict[str, Any]) -> NamedNode | Literal | None:
    """Return a value as the Query Service has it; None for a kind of value that is not copied."""
    value, kind = snak["datavalue"]["value"], snak["datavalue"].get("type")
    datatype = snak.get("datatype")
    if kind == "wikibase-entityid" or datatype == "url":
        return NamedNode(value if datatype == "url" else WIKIDATA + value["id"])
    if kind == "monolingualtext":
        return Literal(value["text"], language=value["language"])
    if kind == "string" and datatype in {"string", "external-id"}:
        return Literal(value)
    if kind == "quantity" and (number := _NUMBER.fullmatch(value["amount"])):
        sign = "-" if value["amount"].startswith("-") else ""
        return Literal(sign + number[1], datatype=NamedNode(_XSD + "decimal"))
    day = _DAY.fullmatch(value["time"]) if kind == "time" else None
    if day and value.get("calendarmodel", _GREGORIAN) == _GREGORIAN:
        month, date = (part if part != "00" else "01" for part in day.groups()[1:])
        return Literal(f"{day[1]}-{month}-{date}T00:00:00Z", datatype=NamedNode(_XSD + "dateTime"))
    return None


def _is_unknown(value: NamedNode) -> bool:
    """Whether a node stands for a value that is stated to be unknown."""
    return "/.well-known/genid/" in value.value


def _written(triples: Iterable[Triple]) -> bytes:
    return "".join(sorted(f"{triple} .\n" for triple in triples)).encode()


def _read(lines: bytes) -> Iterator[Triple]:
    return (quad.triple for quad in parse(lines, format=RdfFormat.N_TRIPLES))
