"""What a person or a program sees at an IRI of the data: HTML with the exact words, or RDF.

An IRI under the base dereferences at its own path. A page lists what the graph says of the thing and, for an actor,
a partnership, a pillar, a technology or an article, the statements that concern it, each with the words it rests on.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyoxigraph

from endpoint.protocol.negotiation import GRAPHS, Choice
from endpoint.protocol.requests import Query
from ontology.vocabulary import PREFIXES, Mint, compact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from endpoint.execution.engine import Engine
    from endpoint.protocol.negotiation import Format

    Row = dict[str, dict[str, str]]

_PACT = PREFIXES["pact"]
_STATEMENTS = 100  # statements that a page lists
_FACTS = 500  # facts that a page lists
_LABEL = "skos:prefLabel|rdfs:label|dcterms:title|oa:exact"
_PREFIXES = "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("pact", "skos", "rdfs", "dcterms", "oa"))
_OF = f"""{_PREFIXES}
SELECT ?property ?value ?label WHERE {{
  <IRI> ?property ?value . OPTIONAL {{ ?value {_LABEL} ?label }}
}} ORDER BY ?property ?value ?label LIMIT {_FACTS}"""
_ABOUT = f"""{_PREFIXES}
SELECT ?statement ?property ?value ?label WHERE {{
  {{ SELECT DISTINCT ?statement WHERE {{
      ?statement a pact:Statement ; ?role <IRI> .
      FILTER(?role IN (pact:inArticle, pact:speaker, pact:onBehalfOf, pact:relayedBy, pact:stanceHolder, pact:about,
                       pact:involves))
    }} ORDER BY ?statement LIMIT {_STATEMENTS + 1} }}
  ?statement ?property ?value . OPTIONAL {{ ?value {_LABEL} ?label }}
}} ORDER BY ?statement ?property ?value ?label"""
_THIS = f"""{_PREFIXES}
SELECT (<IRI> AS ?statement) ?property ?value ?label WHERE {{
  <IRI> a pact:Statement ; ?property ?value . OPTIONAL {{ ?value {_LABEL} ?label }}
}} ORDER BY ?property ?value ?label"""
_MEMBERSHIPS = f"""{_PREFIXES}
SELECT ?membership ?member ?memberLabel ?partnership ?partnershipLabel ?pillarLabel ?status ?evidence ?words ?source
WHERE {{
  ?membership a pact:Membership ; pact:member ?member ; pact:partnership ?partnership ; pact:status ?code .
  FILTER(<IRI> IN (?member, ?partnership))
  ?member skos:prefLabel ?memberLabel . ?partnership skos:prefLabel ?partnershipLabel . ?code skos:prefLabel ?status .
  OPTIONAL {{ ?membership pact:pillar/skos:prefLabel ?pillarLabel }}
  OPTIONAL {{ ?membership pact:accordingTo ?evidence . ?evidence pact:text ?words }}
  OPTIONAL {{ ?membership dcterms:source ?source }}
}} ORDER BY ?memberLabel ?partnershipLabel ?status ?evidence LIMIT {_STATEMENTS}"""
_MENTIONS = f"""{_PREFIXES}
SELECT ?subject ?property ?label WHERE {{
  ?subject ?property <IRI> . OPTIONAL {{ ?subject {_LABEL} ?label }}
}} ORDER BY ?property ?subject ?label LIMIT {_STATEMENTS}"""
_GRAPH = """
SELECT (COUNT(*) AS ?triples) (SAMPLE(?subject) AS ?one) WHERE { GRAPH <IRI> { ?subject ?property ?value } }"""
_SOME = """
CONSTRUCT { <IRI> ?p ?o . ?s ?q <IRI> }
WHERE { { <IRI> ?p ?o } UNION { SELECT ?s ?q { ?s ?q <IRI> } LIMIT 1000 } }"""
_DEEP = ("article", "graph")  # prefixes of paths, which would stand in names with a backslash before each slash
_TYPE = PREFIXES["rdf"] + "type"
_ARTICLE = "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH <IRI> { ?s ?p ?o } }"


class NotFound(Exception):
    """The graph says nothing of an IRI."""


@dataclass(slots=True)
class _Thing:
    """Values of a subject by property, each with its label where it has one."""

    values: dict[str, list[tuple[dict[str, str], str | None]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, property_: str, value: dict[str, str], label: str | None) -> None:
        """Take one more fact; the first label of a value counts."""
        if all(known != value for known, _ in self.values[property_]):
            self.values[property_].append((value, label))

    def of(self, name: str) -> list[tuple[dict[str, str], str | None]]:
        """Return the values of a property of our vocabulary."""
        return self.values.get(_PACT + name, [])

    def label(self) -> str | None:
        """Return the name of the thing, in English where there are several."""
        for namespace, name in (("skos", "prefLabel"), ("rdfs", "label"), ("dcterms", "title"), ("oa", "exact")):
            values = [value for value, _ in self.values.get(PREFIXES[namespace] + name, [])]
            if values:
                english = [value for value in values if value.get("xml:lang", "en").startswith("en")]
                return (english or values)[0]["value"]
        return None


class Pages:
    """Makes the pages of one base from the engine's snapshot."""

    def __init__(self, base: str, engine: Engine, root: str = "") -> None:
        self._base = base
        self._engine = engine
        self._root = root

    def under(self, root: str) -> Pages:
        """Return what makes the pages where a proxy shows the endpoint under the path ``root``."""
        return Pages(self._base, self._engine, root) if root != self._root else self

    async def html(self, path: str, client: str = "") -> str:
        """Return the page of the IRI at ``path`` under the base; raises NotFound where nothing is said of it."""
        iri = self._iri(path)
        if path.startswith("graph/"):
            return await self._graph_page(iri, client)
        thing = _Thing()
        for row in await self._rows(_OF, iri, client):
            thing.add(row["property"]["value"], row["value"], row["label"]["value"] if "label" in row else None)
        if not thing.values:
            return await self._mention_page(iri, path, client)
        statements = self._grouped(await self._rows(_ABOUT, iri, client))
        own = self._grouped(await self._rows(_THIS, iri, client))
        memberships = await self._rows(_MEMBERSHIPS, iri, client)
        title = thing.label() or next((value["value"] for value, _ in thing.of("text")), None) or path
        parts = [self._kinds(thing), self._links(thing)]
        if own:
            parts.append(self._statement(iri, own[iri], heading=False))
        if memberships:
            parts.append(self._memberships(memberships))
        if statements:
            more = len(statements) > _STATEMENTS
            shown = sorted(list(statements)[:_STATEMENTS], key=_offsets)
            count = f"the first {_STATEMENTS}" if more else str(len(shown))
            parts.append(f"<h2>Statements <small>({count})</small></h2>")
            parts += [self._statement(statement, statements[statement]) for statement in shown]
        parts.append(self._facts(thing))
        return page(title, iri, "".join(parts), alternates=True, root=self._root)

    async def rdf(self, path: str, format_: Format, client: str = "") -> bytes:
        """Return what is said of the IRI at ``path`` as RDF; the whole graph of an article or of a graph's IRI."""
        iri = self._iri(path)
        if path.startswith("graph/"):
            text = _ARTICLE.replace("IRI", iri)
        elif re.fullmatch(r"article/[^/]+", path):
            text = _ARTICLE.replace("IRI", f"{self._base}graph/{path}")
        else:
            text = _SOME.replace("IRI", iri)
        choice = Choice(format_, format_.media_types[0])
        answer = await self._engine.run(
            Query(text, self._base, "CONSTRUCT", None, choice, union=True, bounded=False), client
        )
        body = b"".join([chunk async for chunk in answer.chunks()])
        if not body.strip() or not await self._said(iri, path, client):
            raise NotFound(iri)
        if format_.engine == "TURTLE":
            return await asyncio.to_thread(_with_prefixes, body, iri, Mint(self._base).prefixes)
        return body

    async def _said(self, iri: str, path: str, client: str) -> bool:
        pattern = (
            f"GRAPH <{iri}> {{}}" if path.startswith("graph/") else f"{{ <{iri}> ?p ?o }} UNION {{ ?s ?p <{iri}> }}"
        )
        return bool(await self._engine.rows(f"SELECT * WHERE {{ {pattern} }} LIMIT 1", client=client))

    def _iri(self, path: str) -> str:
        iri = self._base + path
        if not re.fullmatch(r"[^<>\"{}|^`\\\x00-\x20]*", iri):
            iri = self._base + quote(path, safe="/%!$&'()*+,;=:@~-._")
        return iri

    async def _rows(self, text: str, iri: str, client: str) -> list[Row]:
        return await self._engine.rows(text.replace("<IRI>", f"<{iri}>"), client=client)

    @staticmethod
    def _grouped(rows: Iterable[Row]) -> dict[str, _Thing]:
        things: dict[str, _Thing] = {}
        for row in rows:
            thing = things.setdefault(row["statement"]["value"], _Thing())
            thing.add(row["property"]["value"], row["value"], row["label"]["value"] if "label" in row else None)
        return things

    async def _graph_page(self, iri: str, client: str) -> str:
        row = (await self._rows(_GRAPH, iri, client))[0]
        if not int(row["triples"]["value"]):
            raise NotFound(iri)
        inner = (
            f"<p class=kind>Named graph</p><p>It holds {escape(row['triples']['value'])} triples; "
            "programs get them here as Turtle, JSON-LD, N-Triples or RDF/XML.</p>"
        )
        article = re.fullmatch(re.escape(self._base) + r"graph/(article/[^/]+)", iri)
        if article:
            inner += (
                f"<p>What it says can be read on the page of {self._link(self._base + article[1], 'its article')}.</p>"
            )
        return page(iri.removeprefix(self._base), iri, inner, alternates=True, root=self._root)

    async def _mention_page(self, iri: str, path: str, client: str) -> str:
        """Return the page of what is only spoken of; raises NotFound where it is not."""
        rows = await self._rows(_MENTIONS, iri, client)
        if not rows:
            raise NotFound(iri)
        lines = [
            f"<tr><th scope=row>{self._link(row['property']['value'], compact(row['property']['value']))}"
            f"<td>{self._value(row['subject'], row['label']['value'] if 'label' in row else None)}"
            for row in rows
        ]
        words = "<p>Nothing is said of it here but that it is the value of these properties.</p>"
        inner = f"{words}<div class=scroll><table class=facts><tbody>{''.join(lines)}</tbody></table></div>"
        return page(path, iri, inner, alternates=True, root=self._root)

    def _kinds(self, thing: _Thing) -> str:
        kinds = thing.values.get(PREFIXES["rdf"] + "type", [])
        names = [re.sub(r"(?<=[a-z])(?=[A-Z])", " ", value["value"].rpartition("#")[2]) for value, _ in kinds]
        return f"<p class=kind>{escape(', '.join(names))}</p>" if names else ""

    def _links(self, thing: _Thing) -> str:
        found = []
        for name, words in (("url", "Read the article"), ("publisher", None)):
            for value, label in thing.values.get(PREFIXES["schema"] + name, []):
                found.append(self._link(value["value"], words or label or value["value"]))
        dates = [value["value"] for value, _ in thing.values.get(PREFIXES["schema"] + "datePublished", [])]
        line = " · ".join([*found, *(escape(date) for date in dates)])
        return f"<p class=meta>{line}</p>" if line else ""

    def _statement(self, iri: str, thing: _Thing, *, heading: bool = True) -> str:
        who = self._named(thing.of("speaker")) or "The article itself"
        for name, words in (("onBehalfOf", "for"), ("relayedBy", "through")):
            if thing.of(name):
                who += f" <span class=role>{words}</span> {self._named(thing.of(name))}"
        words = next((value["value"] for value, _ in thing.of("text")), "")
        span = next((value["value"] for value, _ in thing.of("contentSpan")), "")
        anchor = escape(span.partition("#")[2])
        codes = [
            label
            for name in ("reportMode", "kind", "stance", "certainty", "polarity", "temporality", "sourceNaming")
            for _, label in thing.of(name)
            if label and label not in ("certain", "affirmed")
        ]
        lines = [f'<blockquote id="{anchor}">{escape(words)}</blockquote>']
        evidence = []
        for name, said in (
            ("sourceSpan", "source"),
            ("cueSpan", "cue"),
            ("relaySpan", "relay"),
            ("hedgeSpan", "hedge"),
        ):
            evidence += [f"{said}: <q>{escape(label)}</q> {_place(value)}" for value, label in thing.of(name) if label]
        place = f"characters {_place({'value': span})}" if span else ""
        about = self._named(thing.of("about"))
        article = next(((value["value"], label or "article") for value, label in thing.of("inArticle")), None)
        details = [
            f"about {about}" if about else "",
            escape(", ".join(codes)),
            "; ".join(evidence),
            place,
            self._link(*article) if article else "",
        ]
        top = f"<h3>{who}</h3>" if heading else f"<p class=who>{who}</p>"
        link = f' <a class=permalink href="{self._local(iri)}">statement</a>' if heading else ""
        return (
            f"<article class=statement>{top}{''.join(lines)}"
            f"<p class=meta>{' · '.join(detail for detail in details if detail)}{link}</p></article>"
        )

    def _memberships(self, rows: Sequence[Row]) -> str:
        lines = []
        for row in rows:
            evidence = "registry"
            if "evidence" in row:
                evidence = self._link(row["evidence"]["value"], row.get("words", row["evidence"])["value"])
            elif "source" in row:
                evidence = self._link(row["source"]["value"], row["source"]["value"])
            pillar = f" ({escape(row['pillarLabel']['value'])})" if "pillarLabel" in row else ""
            lines.append(
                f"<tr><td>{self._link(row['member']['value'], row['memberLabel']['value'])}"
                f"<td>{escape(row['status']['value'])}"
                f"<td>{self._link(row['partnership']['value'], row['partnershipLabel']['value'])}{pillar}<td>{evidence}"
            )
        return (
            "<h2>Memberships</h2><div class=scroll><table><thead>"
            "<tr><th>Member<th>Status<th>Partnership<th>According to"
            f"</thead><tbody>{''.join(lines)}</tbody></table></div>"
        )

    def _facts(self, thing: _Thing) -> str:
        lines = []
        for property_, values in sorted(thing.values.items()):
            shown = ", ".join(self._value(value, label) for value, label in values)
            lines.append(f"<tr><th scope=row>{self._link(property_, compact(property_))}<td>{shown}")
        return f"<h2>All facts</h2><div class=scroll><table class=facts><tbody>{''.join(lines)}</tbody></table></div>"

    def _value(self, value: dict[str, str], label: str | None) -> str:
        if value["type"] == "uri":
            return self._link(value["value"], label or compact(value["value"]).strip("<>"))
        language = f" <small>{escape(value['xml:lang'])}</small>" if "xml:lang" in value else ""
        return escape(value["value"]) + language

    def _named(self, values: Sequence[tuple[dict[str, str], str | None]]) -> str:
        return ", ".join(self._value(value, label) for value, label in values)

    def _local(self, iri: str) -> str:
        if iri.startswith(self._base):
            return escape(f"{self._root}/{iri[len(self._base) :]}")
        namespace = _PACT.removesuffix("#")
        if iri.startswith(namespace):
            return escape(f"{self._root}/ns{iri[len(namespace) :]}")
        return escape(iri) if iri.startswith(("http://", "https://")) else ""

    def _link(self, iri: str, words: str) -> str:
        target = self._local(iri)
        return f'<a href="{target}">{escape(words)}</a>' if target else escape(words)


def page(title: str, iri: str, inner: str, *, alternates: bool, root: str = "") -> str:
    """Return a whole HTML document around ``inner``, which has to be HTML already; ``root`` is the proxy's path."""
    root = escape(root)
    links = "".join(
        f'<link rel=alternate type="{format_.media_types[0]}" href="?format={format_.name}">'
        for format_ in GRAPHS[:4]
        if alternates
    )
    offers = " · ".join(
        f'<a href="?format={format_.name}">{words}</a>'
        for format_, words in zip(GRAPHS, ("Turtle", "N-Triples", "RDF/XML", "JSON-LD"), strict=False)
    )
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} – Pactgraph</title>{links}"
        f'<link rel=icon href="{root}/static/icon.svg"><link rel=stylesheet href="{root}/static/page.css"></head><body>'
        f'<header><a href="{root}/">Pactgraph</a></header><main>'
        f"<h1>{escape(title)}</h1><p class=iri><code>{escape(iri)}</code></p>{inner}</main>"
        f"<footer>{'This page as ' + offers if alternates else ''}</footer></body></html>"
    )


def _with_prefixes(turtle: bytes, iri: str, prefixes: Mapping[str, str]) -> bytes:
    """Return Turtle as a person reads it: with the prefixes that it uses, what is asked for first, types before all."""

    def order(triple: pyoxigraph.Triple) -> tuple[bool, str, bool, str, str]:
        subject, predicate = str(triple.subject), triple.predicate.value
        return subject != f"<{iri}>", subject, predicate != _TYPE, predicate, str(triple.object)

    triples = sorted((quad.triple for quad in pyoxigraph.parse(turtle, pyoxigraph.RdfFormat.TURTLE)), key=order)
    text = turtle.decode()
    used = {name: space for name, space in prefixes.items() if f"<{space}" in text and name not in _DEEP}
    written = pyoxigraph.serialize(triples, format=pyoxigraph.RdfFormat.TURTLE, prefixes=used) or b""
    lines = written.splitlines(keepends=True)
    head, rest = sorted(lines[: len(used)]), lines[len(used) :]  # it writes the prefixes in no order
    return b"".join([*head, *([b"\n"] if head else []), *rest])


def _offsets(iri: str) -> tuple[str, int, int]:
    match = re.search(r"^(.*)/statement/(\d+)-(\d+)", iri)
    return (match[1], int(match[2]), int(match[3])) if match else (iri, 0, 0)


def _place(value: dict[str, str]) -> str:
    match = re.search(r"#char=(\d+),(\d+)$", value["value"])
    return f"{match[1]}–{match[2]}" if match else ""
