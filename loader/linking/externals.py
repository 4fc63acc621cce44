"""Ids that linked entities have elsewhere (GeoNames, ISO 3166, VIAF, …), each through an accepted link to Wikidata.

Nothing is matched with those data sets by name. The link is the hub: an id is as sure as its link, names it, and is
gone when it goes (SSSOM, justification ``semapv:MappingChaining``).
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, Quad

from loader.linking.rows import Verdict
from loader.linking.sssom import confidence_literal, record
from loader.mapping.matches import EXACT_MATCH, OWL, PROPERTY, SEMAPV, SOURCE, SSSOM, TARGET
from loader.mapping.terms import DERIVED_FROM, IDENTIFIER, TYPE, term

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loader.linking.rows import Row
    from ontology.authority import Authority
    from ontology.vocabulary import Mint


def chained(rows: Iterable[Row], authority: Authority, mint: Mint) -> list[Quad]:
    """Return what the accepted ones of ``rows`` lead to in the authority, as rows of the graph of links, sorted.

    An id whose data set has IRIs maps to one: ``skos:closeMatch`` to GeoNames, which knows the place and not its
    government, ``skos:exactMatch`` to the others. Any other is a text under ``dcterms:identifier``. The scheme is
    under ``schema:propertyID``.
    """
    found: set[Quad] = set()
    for row in rows:
        if row.verdict is Verdict.ACCEPTED:
            for scheme, value in authority.externals(row.target):
                found.update(_quads(row, scheme, value, mint))
    return sorted(found, key=str)


def kept(links: Iterable[Quad], rows: Iterable[Row], mint: Mint) -> list[Quad]:
    """Return those ids of a graph of links whose own link is still among the accepted ones of ``rows``, sorted."""
    hubs = {NamedNode(record(row, mint)) for row in rows if row.verdict is Verdict.ACCEPTED}
    held = list(links)
    nodes = {quad.subject for quad in held if quad.predicate == DERIVED_FROM and quad.object in hubs}
    return sorted((quad for quad in held if quad.subject in nodes), key=str)


def _quads(row: Row, scheme: str, value: str, mint: Mint) -> list[Quad]:
    digest = hashlib.sha256(f"{row.subject} {scheme} {value}".encode()).hexdigest()[:16]
    node, graph = NamedNode(f"{mint.base}link/{digest}"), NamedNode(mint.links_graph)
    target, predicate = _target(scheme, value)
    facts: list[tuple[NamedNode, NamedNode | Literal]] = [
        (TYPE, NamedNode(OWL + "Axiom")),
        (SOURCE, NamedNode(row.subject)),
        (PROPERTY, predicate),
        (TARGET, target),
        (term("schema", "propertyID"), Literal(scheme)),
        (NamedNode(SSSOM + "mapping_justification"), NamedNode(SEMAPV + "MappingChaining")),
        (DERIVED_FROM, NamedNode(record(row, mint))),
        (term("rdfs", "comment"), Literal(f"through wd:{row.target}")),
    ]
    if isinstance(target, Literal):
        facts += [(NamedNode(SSSOM + "object_type"), _LITERAL), (NamedNode(SSSOM + "object_label"), target)]
    if row.confidence is not None:
        facts.append((NamedNode(SSSOM + "confidence"), confidence_literal(row.confidence)))
    if row.label:
        facts.append((NamedNode(SSSOM + "subject_label"), Literal(row.label)))
    return [Quad(node, each, said, graph) for each, said in facts]


def _target(scheme: str, value: str) -> tuple[NamedNode | Literal, NamedNode]:
    """Return what an id maps to, and by which predicate; one that fits no IRI stays a text."""
    compact = value.replace(" ", "")  # ISNI is written in groups of four
    if scheme not in _IRIS or not _PLAIN.fullmatch(compact):
        return Literal(value), IDENTIFIER
    return NamedNode(_IRIS[scheme].format(compact)), term("skos", "closeMatch") if scheme in _PLACES else EXACT_MATCH


_IRIS = {
    "geonames": "https://sws.geonames.org/{}/",
    "viaf": "https://viaf.org/viaf/{}",
    "gnd": "https://d-nb.info/gnd/{}",
    "isni": "https://isni.org/isni/{}",
    "loc": "http://id.loc.gov/authorities/names/{}",
    "ror": "https://ror.org/{}",
    "opensanctions": "https://www.opensanctions.org/entities/{}/",
}
_LITERAL = term("rdfs", "Literal")
_PLACES = {"geonames"}
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
