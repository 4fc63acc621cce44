"""The vocabulary as a page for people: ``python -m ontology.reference`` writes ``docs/vocabulary.md``.

The page is a function of ``pactgraph.ttl`` and ``shapes.ttl`` alone, in the order in which they name things.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from typing import TYPE_CHECKING, TypeAlias

from pyoxigraph import RdfFormat, parse
from rdflib import OWL, RDF, RDFS, SH, SKOS

from ontology.vocabulary import ONTOLOGY, PREFIXES, SHAPES, compact

if TYPE_CHECKING:
    from collections.abc import Iterator

Described: TypeAlias = dict[str, dict[str, list[str]]]
"""What a file says of each subject, by property; subjects and values in the order of the file."""

_DCTERMS = "http://purl.org/dc/terms/"
_INCLUDES = "https://schema.org/rangeIncludes"


def reference() -> str:
    """Return the page, in Markdown."""
    terms, shapes = _described("pactgraph.ttl"), _described("shapes.ttl")
    parts = [
        *_head(terms[ONTOLOGY]),
        "## Classes\n",
        *(part for name in _of_type(terms, str(OWL.Class)) for part in _class(name, terms)),
        "## Properties\n",
        *(part for kind in _property_kinds(terms) for part in _properties(kind, terms, shapes)),
        "## Codes\n",
        "A code is the value of one property. The shapes refuse any other value.\n",
        *(part for name in _of_type(terms, str(SKOS.ConceptScheme)) for part in _codes(name, terms)),
        "## Datatypes\n",
        *(part for name in _of_type(terms, str(RDFS.Datatype)) for part in _entry(name, terms)),
        *_rules(shapes),
    ]
    return "\n".join(parts)


def _described(name: str) -> Described:
    described: Described = {}
    for quad in parse(files("ontology").joinpath(name).read_bytes(), RdfFormat.TURTLE):
        subject, value = (getattr(term, "value", "") for term in (quad.subject, quad.object))
        described.setdefault(subject, {}).setdefault(quad.predicate.value, []).append(value)
    return described


def _of_type(described: Described, kind: str) -> list[str]:
    return [name for name, told in described.items() if kind in told.get(str(RDF.type), [])]


def _property_kinds(terms: Described) -> list[str]:
    """Return the classes that properties are told of, each once, in the order of the properties."""
    properties = [*_of_type(terms, str(OWL.ObjectProperty)), *_of_type(terms, str(OWL.DatatypeProperty))]
    in_order = [name for name in terms if name in set(properties)]
    return list(dict.fromkeys(terms[name][str(RDFS.domain)][0] for name in in_order))


def _head(ontology: dict[str, list[str]]) -> Iterator[str]:
    yield f"# {ontology[f'{_DCTERMS}title'][0]}\n"
    yield "<!-- Written by `python -m ontology.reference > docs/vocabulary.md`; what to change is pactgraph.ttl. -->\n"
    yield f"{ontology[f'{_DCTERMS}description'][0]}\n"
    yield f"Namespace `{PREFIXES['pact']}`, prefix `pact:`, version {ontology[str(OWL.versionInfo)][0]}."
    yield f"License <{ontology[f'{_DCTERMS}license'][0]}>. {ontology[str(SKOS.editorialNote)][0]}\n"


def _entry(name: str, terms: Described) -> Iterator[str]:
    told = terms[name]
    yield f"### {compact(name)}\n"
    yield f"{_markup(told[str(SKOS.definition)][0])}\n"
    yield from (f"{_markup(comment)}\n" for comment in told.get(str(RDFS.comment), []))
    yield from (f"*Example.* {_markup(example)}\n" for example in told.get(str(SKOS.example), []))


def _class(name: str, terms: Described) -> Iterator[str]:
    yield from _entry(name, terms)
    told = terms[name]
    yield from _facts(
        ("Subclass of", told.get(str(RDFS.subClassOf), [])),
        ("See also", told.get(str(RDFS.seeAlso), [])),
        ("Properties", [term for term in terms if terms[term].get(str(RDFS.domain)) == [name]]),
    )


def _properties(kind: str, terms: Described, shapes: Described) -> Iterator[str]:
    yield f"### Of {compact(kind)}\n"
    for name, told in terms.items():
        if told.get(str(RDFS.domain)) == [kind]:
            yield from (line.replace("### ", "#### ", 1) for line in _entry(name, terms))
            yield from _facts(
                ("Values", [*told.get(str(RDFS.range), []), *told.get(_INCLUDES, [])]),
                ("Subproperty of", told.get(str(RDFS.subPropertyOf), [])),
                ("See also", told.get(str(RDFS.seeAlso), [])),
                how_often=_how_often(name, shapes),
            )


def _how_often(name: str, shapes: Described) -> str:
    """Say how many values of a property the shapes ask for."""
    constraints = [told for told in shapes.values() if told.get(str(SH.path)) == [name]]
    least = any(told.get(str(SH.minCount)) == ["1"] and str(SH.maxCount) in told for told in constraints)
    most = any(told.get(str(SH.maxCount)) == ["1"] for told in constraints)
    return "exactly one" if least and most else "at most one" if most else "any number"


def _codes(name: str, terms: Described) -> Iterator[str]:
    yield f"### {compact(name)}\n"
    yield f"{_markup(terms[name][str(SKOS.definition)][0])}\n"
    yield "| code | meaning | example |\n|---|---|---|"
    for code, told in terms.items():
        if told.get(str(SKOS.inScheme)) == [name]:
            meaning, example = (_markup(told[str(term)][0]) for term in (SKOS.definition, SKOS.example))
            yield f"| `{compact(code)}` | {meaning} | {example} |"
    yield ""


def _rules(shapes: Described) -> Iterator[str]:
    yield "## Rules that join several properties\n"
    yield f"The shapes <{SHAPES}> ask for the number and kind of values that are told above, and for more:"
    yield "where one of these rules is broken, a report names the node and says\n"
    yield "| node | what a report says |\n|---|---|"
    for shape in _of_type(shapes, str(SH.NodeShape)):
        told = shapes[shape]
        targets = ", ".join(f"`{compact(target)}`" for target in told.get(str(SH.targetClass), []))
        for node in (shape, *told.get(str(SH.property), []), *told.get(str(SH.sparql), [])):
            yield from (f"| {targets} | {_markup(message)} |" for message in shapes[node].get(str(SH.message), []))
    yield ""


def _facts(*facts: tuple[str, list[str]], how_often: str = "") -> Iterator[str]:
    parts = [f"{label}: {', '.join(f'`{compact(name)}`' for name in names)}" for label, names in facts if names]
    yield ". ".join([*parts, *([f"In the shapes: {how_often}"] if how_often else [])]) + ".\n" if parts else ""


def _markup(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<")


if __name__ == "__main__":
    sys.stdout.write(reference())
