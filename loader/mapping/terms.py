"""The vocabularies' terms as the store's own nodes."""

from __future__ import annotations

from pyoxigraph import NamedNode

from ontology.vocabulary import PACT, PREFIXES


def pact(name: str) -> NamedNode:
    """Return a term of our vocabulary; raises AttributeError for a name that it lacks."""
    return NamedNode(str(PACT[name]))


def term(prefix: str, name: str) -> NamedNode:
    """Return a term of another vocabulary, by its prefix."""
    return NamedNode(PREFIXES[prefix] + name)


TYPE = term("rdf", "type")
LABEL = term("rdfs", "label")
CLASS = term("dcterms", "type")
IDENTIFIER = term("dcterms", "identifier")
PART_OF = term("dcterms", "isPartOf")
VERSION_OF = term("dcterms", "isVersionOf")
CONFORMS_TO = term("dcterms", "conformsTo")
DERIVED_FROM = term("prov", "wasDerivedFrom")
GENERATED_BY = term("prov", "wasGeneratedBy")
REVISION_OF = term("prov", "wasRevisionOf")
USED = term("prov", "used")
ASSOCIATED_WITH = term("prov", "wasAssociatedWith")
NAME = term("schema", "name")
SPECIALIZATION = term("prov", "specializationOf")
ROLE = term("prov", "hadRole")
AWAITS = term("dcterms", "requires")  # from the graph of links to an actor that is to be judged anew
DATE = term("schema", "datePublished")
PUBLISHER = term("schema", "publisher")
AFFILIATION = term("schema", "affiliation")
LOCATION = term("schema", "location")
HASH = pact("contentHash")
STATUS = pact("articleStatus")
