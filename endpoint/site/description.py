"""What the endpoint says of itself: the SPARQL service description and VoID, computed from the snapshot.

https://www.w3.org/TR/sparql11-service-description/ and https://www.w3.org/TR/void/.
"""

from __future__ import annotations

import asyncio
import re
from html import escape
from typing import TYPE_CHECKING

import pyoxigraph
from pyoxigraph import Literal, NamedNode, Triple

from endpoint.protocol.negotiation import GRAPHS, RESULTS
from endpoint.site.pages import page
from ontology.vocabulary import ONTOLOGY, PREFIXES, SHAPES, compact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from endpoint.execution.engine import Engine
    from endpoint.protocol.negotiation import Format
    from endpoint.settings import Settings

    Node = NamedNode | Literal

SD = "http://www.w3.org/ns/sparql-service-description#"
VOID = "http://rdfs.org/ns/void#"
DCAT = "http://www.w3.org/ns/dcat#"
_FORMATS = "http://www.w3.org/ns/formats/"
_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_KEPT = 8  # service descriptions that are kept
_SHOWN = 200  # named graphs that the service description lists by name
_FORMAT_IRIS = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "ttl": "Turtle",
    "nt": "N-Triples",
    "rdf": "RDF_XML",
    "jsonld": "JSON-LD",
    "nq": "N-Quads",
    "trig": "TriG",
    "n3": "N3",
}
_UNION = "The union of all named graphs."
_STORED = "What stands in no named graph."
_NAMED_GRAPHS = f"SELECT DISTINCT ?graph WHERE {{ GRAPH ?graph {{}} }} ORDER BY ?graph LIMIT {_SHOWN}"
_TOTALS = """
SELECT (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?subjects) (COUNT(DISTINCT ?p) AS ?properties)
       (COUNT(DISTINCT ?o) AS ?objects)
WHERE { SELECT DISTINCT ?s ?p ?o WHERE { ?s ?p ?o } }"""
_CLASSES = "SELECT ?class (COUNT(DISTINCT ?s) AS ?entities) WHERE { ?s a ?class } GROUP BY ?class ORDER BY ?class"
_PROPERTIES = """
SELECT ?property (COUNT(*) AS ?triples)
WHERE { SELECT DISTINCT ?s ?property ?o WHERE { ?s ?property ?o } } GROUP BY ?property ORDER BY ?property"""
_EXAMPLES = f"""SELECT ?s WHERE {{ ?s a <{PREFIXES["pact"]}Statement> }} ORDER BY ?s LIMIT 3"""


class Description:
    """Service description and VoID; each is made once for a snapshot, when somebody asks."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._counted: tuple[str, list[Triple]] | None = None
        self._counting = asyncio.Lock()
        self._made: dict[tuple[str, str, str], bytes] = {}

    async def service(self, url: str, format_: Format) -> bytes:
        """Return the service description of the endpoint at ``url``."""
        current = self._engine.current
        key = current.tag if current is not None else "", url, format_.name
        made = self._made.get(key) if current is not None else None
        if made is None:
            rows = await self._engine.rows(_NAMED_GRAPHS)
            made = written(self._service(url, [row["graph"]["value"] for row in rows]), format_)
            if len(self._made) >= _KEPT:
                del self._made[next(iter(self._made))]
            self._made[key] = made
        return made

    async def void(self, endpoint: str, format_: Format) -> bytes:
        """Return the description of the data, with counts; ``endpoint`` is the URL of /sparql.

        Raises ProtocolError where counting takes longer than a query may.
        """
        return written([*self._dataset(endpoint), *await self._counted_now()], format_)

    async def html(self, endpoint: str, root: str = "") -> str:
        """Return the description of the data as a page, shown by a proxy under the path ``root``."""
        dataset = self._settings.base + "dataset"
        facts = _texts([*self._dataset(endpoint), *await self._counted_now()])
        lines = [(name, value) for subject, name, value in facts if subject == dataset and "Partition" not in name]
        for what, number in (("class", "entities"), ("property", "triples")):
            named = {subject: value for subject, name, value in facts if name == VOID + what}
            lines += [(named[part], value) for part, name, value in facts if name == VOID + number and part in named]
        rows = "".join(
            f"<tr><th scope=row>{escape(compact(name.replace(VOID, 'void:')))}<td>{escape(value)}"
            for name, value in lines
        )
        inner = f"<div class=scroll><table class=facts><tbody>{rows}</tbody></table></div>"
        return page("The data", dataset, inner, alternates=True, root=root)

    async def _counted_now(self) -> list[Triple]:
        async with self._counting:
            tag = self._engine.current.tag if self._engine.current is not None else ""
            if self._counted is None or self._counted[0] != tag:
                self._counted = (tag, await self._counts())
            return self._counted[1]

    def _service(self, url: str, graphs: Sequence[str]) -> list[Triple]:
        """Describe one service, or two where updates do not see the default graph that queries see (SD, 3.2.4)."""
        settings = self._settings
        union, writes = settings.default_graph == "union", settings.token is not None
        languages = ["SPARQL11Query", *(["SPARQL11Update"] if writes and not union else [])]
        features = ["EmptyGraphs", *(["UnionDefaultGraph"] if union else [])]
        features += ["BasicFederatedQuery"] if settings.services else []
        triples = [
            *_one_service(f"{url}#service", url, languages, features, f"{url}#dataset"),
            *_one_dataset(f"{url}#dataset", f"{url}#default-graph", _UNION if union else _STORED, graphs, url),
        ]
        if writes and union:
            place, dataset = re.sub(r"/sparql/?$", "/update", url), f"{url}#stored-dataset"
            triples += _one_service(f"{url}#update-service", place, ["SPARQL11Update"], ["EmptyGraphs"], dataset)
            triples += _one_dataset(dataset, f"{url}#stored-default-graph", _STORED, graphs, url)
        writer = f"{url}#update-service" if union else f"{url}#service"
        formats = [(f"{url}#service", "resultFormat", each) for each in (*RESULTS, *GRAPHS)]
        formats += [(writer, "inputFormat", each) for each in GRAPHS if writes]
        return triples + [
            _triple(service, SD + name, NamedNode(_FORMATS + _FORMAT_IRIS[each.name]))
            for service, name, each in formats
        ]

    def _dataset(self, endpoint: str) -> list[Triple]:
        dataset = self._settings.base + "dataset"
        dcterms = PREFIXES["dcterms"]
        return [
            _triple(dataset, _TYPE.value, NamedNode(VOID + "Dataset")),
            _triple(dataset, _TYPE.value, NamedNode(DCAT + "Dataset")),
            _triple(
                dataset, dcterms + "title", Literal("Statements on partnerships, from news articles", language="en")
            ),
            _triple(
                dataset,
                dcterms + "description",
                Literal(
                    "Who said what about which partnership, with the words of the article as evidence. The quoted "
                    "words belong to their publishers; each article carries its own licence.",
                    language="en",
                ),
            ),
            _triple(dataset, dcterms + "conformsTo", NamedNode(SHAPES)),
            _triple(dataset, VOID + "vocabulary", NamedNode(ONTOLOGY)),
            _triple(dataset, VOID + "uriSpace", Literal(self._settings.base)),
            _triple(dataset, VOID + "sparqlEndpoint", NamedNode(endpoint)),
        ]

    async def _counts(self) -> list[Triple]:
        dataset = self._settings.base + "dataset"
        ask = self._engine.rows
        totals = (await ask(_TOTALS))[0]
        triples = [
            _count(dataset, "triples", totals["triples"]["value"]),
            _count(dataset, "distinctSubjects", totals["subjects"]["value"]),
            _count(dataset, "distinctObjects", totals["objects"]["value"]),
            _count(dataset, "properties", totals["properties"]["value"]),
        ]
        classes = [row for row in await ask(_CLASSES) if row["class"]["type"] == "uri"]
        triples.append(_count(dataset, "classes", str(len(classes))))
        for number, row in enumerate(classes, 1):
            part = f"{dataset}#class-{number}"
            triples += [
                _triple(dataset, VOID + "classPartition", NamedNode(part)),
                _triple(part, VOID + "class", NamedNode(row["class"]["value"])),
                _count(part, "entities", row["entities"]["value"]),
            ]
        for number, row in enumerate(await ask(_PROPERTIES), 1):
            part = f"{dataset}#property-{number}"
            triples += [
                _triple(dataset, VOID + "propertyPartition", NamedNode(part)),
                _triple(part, VOID + "property", NamedNode(row["property"]["value"])),
                _count(part, "triples", row["triples"]["value"]),
            ]
        for row in await ask(_EXAMPLES):
            triples.append(_triple(dataset, VOID + "exampleResource", NamedNode(row["s"]["value"])))
        return triples


def _texts(triples: Iterable[Triple]) -> list[tuple[str, str, str]]:
    return [
        (each.subject.value, each.predicate.value, each.object.value)
        for each in triples
        if isinstance(each.subject, NamedNode) and isinstance(each.object, NamedNode | Literal)
    ]


def _one_service(
    service: str, place: str, languages: Iterable[str], features: Iterable[str], dataset: str
) -> list[Triple]:
    return [
        _triple(service, _TYPE.value, NamedNode(SD + "Service")),
        _triple(service, SD + "endpoint", NamedNode(place)),
        *(_triple(service, SD + "supportedLanguage", NamedNode(SD + language)) for language in languages),
        *(_triple(service, SD + "feature", NamedNode(SD + feature)) for feature in features),
        _triple(service, SD + "defaultDataset", NamedNode(dataset)),
    ]


def _one_dataset(dataset: str, default: str, words: str, graphs: Sequence[str], url: str) -> list[Triple]:
    triples = [
        _triple(dataset, _TYPE.value, NamedNode(SD + "Dataset")),
        _triple(dataset, SD + "defaultGraph", NamedNode(default)),
        _triple(default, _TYPE.value, NamedNode(SD + "Graph")),
        _triple(default, PREFIXES["rdfs"] + "comment", Literal(words, language="en")),
    ]
    for number, graph in enumerate(graphs, 1):
        entry, content = f"{url}#named-graph-{number}", f"{url}#graph-{number}"
        triples += [
            _triple(dataset, SD + "namedGraph", NamedNode(entry)),
            _triple(entry, _TYPE.value, NamedNode(SD + "NamedGraph")),
            _triple(entry, SD + "name", NamedNode(graph)),
            _triple(entry, SD + "graph", NamedNode(content)),
            _triple(content, _TYPE.value, NamedNode(SD + "Graph")),
        ]
    return triples


def written(triples: Iterable[Triple], format_: Format) -> bytes:
    """Return the triples in one of the formats for graphs."""
    chosen: pyoxigraph.RdfFormat = getattr(pyoxigraph.RdfFormat, format_.engine or "")
    prefixes = {**PREFIXES, "sd": SD, "void": VOID, "dcat": DCAT}
    body = pyoxigraph.serialize(triples, format=chosen, prefixes=prefixes)
    return body if body is not None else b""


def _triple(subject: str, predicate: str, value: Node) -> Triple:
    return Triple(NamedNode(subject), NamedNode(predicate), value)


def _count(subject: str, name: str, number: str) -> Triple:
    return _triple(subject, VOID + name, Literal(int(number)))
