"""The vocabulary as a page and as RDF, from the file that defines it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

import pyoxigraph

from endpoint.site.description import written
from endpoint.site.pages import page
from ontology.vocabulary import ONTOLOGY, PREFIXES, Mint, compact

if TYPE_CHECKING:
    from endpoint.protocol.negotiation import Format

_KINDS = (
    ("Classes", "owl", ("Class",)),
    ("Properties", "owl", ("ObjectProperty", "DatatypeProperty")),
    ("Code lists and codes", "skos", ("ConceptScheme", "Concept")),
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The triples of the vocabulary's file."""

    triples: tuple[pyoxigraph.Triple, ...]

    @classmethod
    def load(cls) -> Vocabulary:
        """Read the file that is packaged with the ontology."""
        data = resources.files("ontology").joinpath("pactgraph.ttl").read_bytes()
        return cls(tuple(quad.triple for quad in pyoxigraph.parse(data, pyoxigraph.RdfFormat.TURTLE)))

    @property
    def classes(self) -> list[str]:
        """The IRIs of the classes, sorted."""
        return self._of_type("owl", "Class")

    @property
    def properties(self) -> list[str]:
        """The IRIs of the properties, sorted."""
        return sorted({*self._of_type("owl", "ObjectProperty"), *self._of_type("owl", "DatatypeProperty")})

    @property
    def version(self) -> str:
        """The last part of the IRI of this version of the vocabulary."""
        wanted = PREFIXES["owl"] + "versionIRI"
        return next(
            triple.object.value.rpartition("/")[2]
            for triple in self.triples
            if triple.predicate.value == wanted and isinstance(triple.object, pyoxigraph.NamedNode)
        )

    @staticmethod
    def prefixes(base: str) -> dict[str, str]:
        """Return the prefixes that queries over data under ``base`` use."""
        return Mint(base).prefixes

    def written(self, format_: Format) -> bytes:
        """Return the vocabulary in a format for graphs."""
        return written(self.triples, format_)

    def html(self, root: str = "") -> str:
        """Return the page that explains each term, shown by a proxy under the path ``root``."""
        facts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for triple in self.triples:
            if isinstance(triple.subject, pyoxigraph.NamedNode) and not isinstance(
                triple.object, pyoxigraph.BlankNode | pyoxigraph.Triple
            ):
                facts[triple.subject.value][triple.predicate.value].append(triple.object.value)
        parts = [f"<p>{escape(' '.join(facts[ONTOLOGY][PREFIXES['dcterms'] + 'description']))}</p>"]
        for title, prefix, names in _KINDS:
            terms = [term for name in names for term in self._of_type(prefix, name)]
            parts.append(f"<h2>{escape(title)}</h2><div class=scroll><table class=facts><tbody>")
            parts += [self._term(term, facts[term]) for term in dict.fromkeys(terms)]
            parts.append("</tbody></table></div>")
        return page("Vocabulary", ONTOLOGY, "".join(parts), alternates=True, root=root)

    @staticmethod
    def _term(term: str, facts: dict[str, list[str]]) -> str:
        skos, rdfs = PREFIXES["skos"], PREFIXES["rdfs"]
        lines = [escape(" ".join(facts[skos + "definition"]))]
        for words, property_ in (("of", rdfs + "domain"), ("gives", rdfs + "range"), ("kind of", rdfs + "subClassOf")):
            if facts[property_]:
                lines.append(f"{words} {escape(', '.join(compact(iri) for iri in facts[property_]))}")
        lines += [f"Example: {escape(example)}" for example in facts[skos + "example"]]
        anchor = escape(term.rpartition("#")[2])
        return f'<tr id="{anchor}"><th scope=row><code>{escape(compact(term))}</code><td>{"<br>".join(lines)}'

    def _of_type(self, prefix: str, name: str) -> list[str]:
        type_, wanted = PREFIXES["rdf"] + "type", PREFIXES[prefix] + name
        return sorted(
            triple.subject.value
            for triple in self.triples
            if triple.predicate.value == type_
            and isinstance(triple.object, pyoxigraph.NamedNode)
            and triple.object.value == wanted
            and isinstance(triple.subject, pyoxigraph.NamedNode)
            and triple.subject.value.startswith(PREFIXES["pact"])
        )
