"""What a document becomes in RDF."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from annotated import annotated_document
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, RdfFormat, Store, parse

from loader.document import (
    Anchor,
    Article,
    Document,
    Entity,
    EntityKind,
    Membership,
    MembershipStatus,
    ReportMode,
    Section,
    SourceNaming,
    Span,
    Statement,
    StatementKey,
    TimeReference,
)
from loader.mapping.literals import duration
from loader.mapping.quads import Unmappable, entities, new_outlet, quads
from ontology.vocabulary import PREFIXES, Mint

if TYPE_CHECKING:
    from pathlib import Path

    from pyoxigraph import Quad

MINT = Mint()
TEXT = "Norland backs Pact X\nNorland said it backs Pact X, and Sudland said it backs Pact X."
NORLAND = Entity(EntityKind.STATE, "norland", "Norland", registered=True)
SUDLAND = Entity(EntityKind.STATE, "sudland", "Sudland")
PACT_X = Entity(EntityKind.PARTNERSHIP, "pact-x", "Pact X", registered=True)
ARTICLE = Article(TEXT, "a.txt")
NODE = MINT.article(TEXT)


def said(start: int, end: int, cue: int, **more: Any) -> Statement:
    """Make an indirect statement of the body about Pact X, its cue of four letters."""
    plain = Statement(
        Span(start, end),
        ReportMode.INDIRECT,
        SourceNaming.INSTITUTION,
        Section.BODY,
        cue=Span(cue, cue + 4),
        speakers=(NORLAND,),
        about=(PACT_X,),
    )
    return replace(plain, **more)


def values(found: list[Quad], subject: str, prefix: str, name: str) -> list[str]:
    """Return what a subject has for a property, as plain strings."""
    predicate = NamedNode(PREFIXES[prefix] + name)
    return [quad.object.value for quad in found if quad.subject.value == subject and quad.predicate == predicate]


def test_the_gold_document_gives_the_gold_graph(gold: Path) -> None:
    flat = annotated_document(gold / "seed" / "seed.json")
    # the flat form leaves four facts out that the graph has
    by_start = {statement.content.start: statement for statement in flat.statements}
    told = {440: {"derived_from": (by_start[255].key,)}, 1158: {"edited": True}}
    offsets = {1831: "P1M", 2064: "-P1Y"}
    document = replace(
        flat,
        article=replace(flat.article, identifier="000_a1f631c494d1a9e1", license=None),
        statements=tuple(replace(known, **told.get(known.content.start, {})) for known in flat.statements),
        times=tuple(replace(time, offset=offsets.get(time.span.start)) for time in flat.times),
    )
    expected = {
        quad
        for quad in parse(path=str(gold / "seed" / "gold.trig"), format=RdfFormat.TRIG)
        if quad.graph_name == NamedNode("https://pactgraph.example/graph/article/05908f127f035a79")
    }
    assert len(expected) == 608
    assert quads(document, MINT) == sorted(expected, key=str)


def test_the_store_gives_back_every_quad_as_it_was_given(gold: Path) -> None:
    for path in sorted((gold / "dev").glob("*.json")):
        found = quads(annotated_document(path), MINT)
        store = Store()
        store.extend(found)
        assert sorted(store, key=str) == found


def test_every_subject_lies_under_the_article(gold: Path) -> None:
    for path in sorted((gold / "dev").glob("*.json")):
        found = quads(annotated_document(path), MINT)
        graph = found[0].graph_name
        article = MINT.article_of(graph.value)
        assert article
        assert {quad.graph_name for quad in found} == {graph}
        outside = {quad.subject.value for quad in found if quad.subject.value != article}
        assert [subject for subject in outside if not subject.startswith((article + "/", article + "#"))] == []


def test_an_article_has_what_is_known_about_it_and_nothing_else() -> None:
    known = Article(
        TEXT,
        "a.txt",
        identifier="n-1",
        url="https://www.example.org/a?utm_source=x",
        published=date(2024, 3, 6),
        outlet="The Daily Norland",
        authors=("A. Writer",),
        language="en-GB",
        license="https://creativecommons.org/licenses/by/4.0/",
    )
    found = quads(Document(known), MINT)
    node = MINT.article(TEXT, known.url)
    assert values(found, node, "dcterms", "title") == ["Norland backs Pact X"]
    assert values(found, node, "dcterms", "language") == ["en-GB"]
    assert values(found, node, "dcterms", "identifier") == ["n-1"]
    assert values(found, node, "schema", "datePublished") == ["2024-03-06"]
    assert values(found, node, "schema", "publisher") == ["https://pactgraph.example/actor/the-daily-norland"]
    assert values(found, node, "schema", "url") == ["https://www.example.org/a?utm_source=x"]
    assert values(found, node, "schema", "author") == ["A. Writer"]
    assert values(found, node, "dcterms", "license") == ["https://creativecommons.org/licenses/by/4.0/"]
    assert values(found, node, "dcterms", "isVersionOf") == [MINT.work("https://example.org/a")]
    assert values(found, node, "pact", "textLength") == [str(len(TEXT))]
    bare = quads(Document(ARTICLE), MINT)
    assert {quad.predicate.value.rsplit("/", 1)[1] for quad in bare} == {
        "22-rdf-syntax-ns#type",
        "title",
        "language",
        "ns#contentHash",
        "ns#textLength",
    }


def test_the_publisher_is_the_outlet_that_the_registry_knows() -> None:
    document = Document(replace(ARTICLE, outlet="AFP"))
    afp = Entity(EntityKind.NEWS_OUTLET, "agence-x", "Agence X", registered=True)
    assert values(quads(document, MINT, afp), NODE, "schema", "publisher") == [MINT.entity("actor/agence-x")]
    assert new_outlet(document) == Entity(EntityKind.NEWS_OUTLET, "afp", "AFP")
    assert new_outlet(Document(ARTICLE)) is None


def test_of_two_sources_with_the_same_words_the_later_has_its_cue_in_its_name() -> None:
    first, second = said(42, 51, 29), said(42, 51, 64, speakers=(SUDLAND,))
    for statements in ((first, second), (second, first)):
        found = quads(Document(ARTICLE, statements), MINT)
        assert values(found, f"{NODE}/statement/42-51", "pact", "speaker") == [MINT.entity("actor/norland")]
        assert values(found, f"{NODE}/statement/42-51-64", "pact", "speaker") == [MINT.entity("actor/sudland")]


def test_a_membership_is_named_after_the_statement_it_rests_on() -> None:
    first, second = said(42, 51, 29), said(42, 51, 64, speakers=(SUDLAND,))
    membership = Membership(SUDLAND, PACT_X, MembershipStatus.INTERESTED, second.key)
    found = quads(Document(ARTICLE, (first, second), (membership,)), MINT)
    node = f"{NODE}/membership/42-51-64-sudland-pact-x"
    assert values(found, node, "pact", "accordingTo") == [f"{NODE}/statement/42-51-64"]
    assert values(found, NODE, "schema", "about") == [MINT.entity("partnership/pact-x")]


def test_an_unnamed_source_belongs_to_its_article() -> None:
    unnamed = Entity(EntityKind.UNNAMED_SOURCE, "21-28", "an official", affiliation=NORLAND)
    found = quads(Document(ARTICLE, (said(42, 51, 29, speakers=(unnamed,)),)), MINT)
    assert values(found, f"{NODE}/statement/42-51", "pact", "speaker") == [f"{NODE}/source/21-28"]
    assert values(found, f"{NODE}/source/21-28", "pact", "affiliation") == [MINT.entity("actor/norland")]
    assert values(found, f"{NODE}/source/21-28", "skos", "prefLabel") == ["an official"]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (Document(ARTICLE, (said(42, 51, 29), said(42, 51, 29))), "Two statements"),
        (Document(ARTICLE, (said(42, 51, 29, restates=(StatementKey(1, 2, -1),)),)), "does not have"),
        (Document(ARTICLE, (said(42, 51, 29, event_times=(Span(0, 3),)),)), "does not have"),
        (Document(ARTICLE, (said(42, 510, 29),)), "past the end"),
        (Document(ARTICLE, times=(TimeReference(Span(0, 3), Anchor.EVENT, "X", "P1M1D"),)), "mixes months and days"),
        (Document(replace(ARTICLE, language="en_GB")), "language"),
        (Document(replace(ARTICLE, url="example.org/a")), "not an absolute URL"),
    ],
)
def test_a_document_that_no_graph_can_be_made_of_is_refused_with_the_reason(document: Document, reason: str) -> None:
    with pytest.raises(Unmappable, match=reason):
        quads(document, MINT)


def test_the_entities_of_a_document_include_those_they_belong_to() -> None:
    body = Entity(EntityKind.ORGANIZATION, "ministry", "Ministry", affiliation=SUDLAND, based_in=NORLAND)
    unnamed = Entity(EntityKind.UNNAMED_SOURCE, "21-28", "an official", affiliation=body)
    found = entities(Document(ARTICLE, (said(42, 51, 29, speakers=(unnamed,)),)))
    assert [entity.path for entity in found] == [
        "actor/ministry",
        "actor/norland",
        "actor/sudland",
        "partnership/pact-x",
        "source/21-28",
    ]


@pytest.mark.parametrize(
    ("written", "canonical"),
    [("P1M", "P1M"), ("P12M", "P1Y"), ("-P18M", "-P1Y6M"), ("P2W", "P14D"), ("-P7D", "-P7D"), ("PT48H", "P2D")],
)
def test_a_duration_is_written_as_the_store_would_write_it(written: str, canonical: str) -> None:
    assert duration(written).value == canonical


@given(st.booleans(), st.integers(0, 40), st.integers(0, 40), st.booleans())
def test_any_duration_survives_the_store(back: bool, larger: int, smaller: int, long: bool) -> None:
    written = f"P{larger}Y{smaller}M" if long else f"P{larger}DT{smaller}H"
    literal = duration(("-" if back else "") + written)
    assert kept(literal) == literal


def test_the_graph_tells_which_language_model_found_a_statement() -> None:
    by_model, by_rules = said(42, 51, 29, model="small: 8b"), said(0, 9, 29)
    told = quads(Document(ARTICLE, (by_rules, by_model)), MINT)
    prov = PREFIXES["prov"]
    found = [f"{quad.subject} {quad.predicate} {quad.object}" for quad in told if prov in str(quad)]
    assert found == [
        f"<{NODE}/reader> <{PREFIXES['rdf']}type> <{prov}SoftwareAgent>",
        f"<{NODE}/reading> <{PREFIXES['rdf']}type> <{prov}Activity>",
        f"<{NODE}/reading> <{prov}used> <{NODE}>",
        f"<{NODE}/reading> <{prov}wasAssociatedWith> <{NODE}/reader>",
        f"<{NODE}/statement/42-51> <{prov}wasGeneratedBy> <{NODE}/reading>",
    ]
    assert [str(quad.object) for quad in told if quad.predicate.value == f"{PREFIXES['schema']}name"] == ['"small: 8b"']


@given(st.floats(0, 1))
def test_any_confidence_survives_the_store(confidence: float) -> None:
    found = quads(Document(ARTICLE, (said(42, 51, 29, confidence=confidence),)), MINT)
    store = Store()
    store.extend(found)
    assert sorted(store, key=str) == found


def kept(literal: Literal) -> object:
    """Return a literal after a way through the store."""
    store = Store()
    node = NamedNode("https://example.org/")
    store.update(f"INSERT DATA {{ {node} {node} {literal} }}")
    return next(iter(store)).object
