"""What the graph of metadata says: how an article's graph came about, which text stands, by which run it was loaded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, Quad

from loader.mapping.actors import naming_quads
from loader.mapping.terms import AWAITS, CONFORMS_TO, DERIVED_FROM, IDENTIFIER, REVISION_OF, STATUS, TYPE, pact, term

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from loader.mapping.actors import Naming
    from ontology.vocabulary import Mint


def article_quads(article: str, namings: Iterable[Naming], vocabulary: NamedNode, mint: Mint) -> set[Quad]:
    """Return what is said of an article's graph, and how the article names actors; ``vocabulary`` is its version."""
    graph, meta = NamedNode(mint.graph(article)), NamedNode(mint.meta_graph)
    found = {
        Quad(graph, TYPE, term("prov", "Entity"), meta),
        Quad(graph, DERIVED_FROM, NamedNode(article), meta),
        Quad(graph, CONFORMS_TO, vocabulary, meta),
    }
    return found.union(*(naming_quads(naming, article, mint) for naming in namings))


def order_quads(texts: Mapping[str, str], mint: Mint) -> set[Quad]:
    """Return which of the texts of one address stands and which revises which.

    ``texts`` are articles with their ISO dates, empty where unknown. They stand in order of date, then of IRI; a text
    without a date comes first.
    """
    meta = NamedNode(mint.meta_graph)
    ordered = sorted(texts, key=lambda text: (texts[text], text))
    found = set()
    for earlier, text in zip([None, *ordered], ordered, strict=False):
        status = pact("article-current" if text == ordered[-1] else "article-corrected")
        found.add(Quad(NamedNode(text), STATUS, status, meta))
        if earlier:
            found.add(Quad(NamedNode(text), REVISION_OF, NamedNode(earlier), meta))
    return found


def started_run(mint: Mint) -> list[Quad]:
    """Return a new run of the loader that starts now, in this process; the subject of each quad is the run."""
    now, meta = datetime.now(UTC), NamedNode(mint.meta_graph)
    run = NamedNode(f"{mint.base}activity/{now:%Y%m%dT%H%M%S.%fZ}-{os.getpid()}")
    return [
        Quad(run, TYPE, term("prov", "Activity"), meta),
        Quad(run, term("schema", "softwareVersion"), Literal(software()), meta),
        Quad(run, term("prov", "startedAtTime"), _instant(now), meta),
    ]


def ended_run(run: NamedNode, mint: Mint) -> Quad:
    """Return that the run ends now."""
    return Quad(run, term("prov", "endedAtTime"), _instant(datetime.now(UTC)), NamedNode(mint.meta_graph))


def digest_quad(graph: NamedNode, digest: str, mint: Mint) -> Quad:
    """Return the mark by which a later writer sees whether a graph is up to date; ``digest`` is SHA-256, in hex."""
    return Quad(graph, IDENTIFIER, Literal(f"sha256:{digest}"), NamedNode(mint.meta_graph))


def awaiting_quad(actor: str, mint: Mint) -> Quad:
    """Return the mark by which the linker sees that an actor is to be judged anew."""
    return Quad(NamedNode(mint.links_graph), AWAITS, NamedNode(actor), NamedNode(mint.meta_graph))


@dataclass(frozen=True, slots=True)
class LinkedBy:
    """What a store's linking decisions were made by.

    ``authority`` is its name and version. ``digest`` is the SHA-256, in hex, of everything else that they hang on
    beside the actors of the articles.
    """

    authority: str
    digest: str

    def quads(self, mint: Mint) -> list[Quad]:
        """Return what the graph of metadata holds of it."""
        links, meta = NamedNode(mint.links_graph), NamedNode(mint.meta_graph)
        return [Quad(links, _SOURCE, Literal(self.authority), meta), digest_quad(links, self.digest, mint)]

    @classmethod
    def read(cls, quads: Iterable[Quad]) -> LinkedBy | None:
        """Read it back; None where nothing is said."""
        said = {quad.predicate: getattr(quad.object, "value", "") for quad in quads}
        if _SOURCE not in said or IDENTIFIER not in said:
            return None
        return cls(said[_SOURCE], said[IDENTIFIER].removeprefix("sha256:"))


def _instant(moment: datetime) -> Literal:
    """Return a time to the second, in the form that the store keeps."""
    return Literal(f"{moment:%Y-%m-%dT%H:%M:%SZ}", datatype=term("xsd", "dateTime"))


_SOURCE = term("dcterms", "source")


def software() -> str:
    """Return the version of Pactgraph."""
    try:
        return version("pactgraph")
    except PackageNotFoundError:
        return "unreleased"  # run from its sources, without being installed
