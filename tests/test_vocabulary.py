"""The namespace, the minting of IRIs, and the Turtle they stand for."""

from __future__ import annotations

import json
import re
import unicodedata
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyoxigraph import RdfFormat
from rdflib import OWL, RDF, RDFS, SKOS, BNode, Graph, URIRef

from ontology.reference import reference
from ontology.vocabulary import (
    PACT,
    PREFIXES,
    Mint,
    article_id,
    canonical,
    canonical_url,
    compact,
    content_hash,
    slug,
)

if TYPE_CHECKING:
    from random import Random

MINT = Mint("https://data.example.org/")
SEED = files("seeds").joinpath("000_a1f631c494d1a9e1.txt").read_bytes()
URL_PARTS = st.from_regex(r"[A-Za-z0-9.:&=_~%/@+-]{0,12}", fullmatch=True)


CONTEXT = files("ontology").joinpath("context.jsonld").read_text(encoding="utf-8")
TURTLE = Graph().parse(str(files("ontology").joinpath("pactgraph.ttl")))
SHAPES = Graph().parse(str(files("ontology").joinpath("shapes.ttl")))
DEFINED = {term for term in TURTLE.subjects(unique=True) if str(term).startswith(str(PACT))}


# ---- the vocabulary itself


def test_every_term_of_the_turtle_is_in_the_namespace_and_no_other() -> None:
    names = (set(PACT.__annotations__) | set(PACT._extras)) - {"_NS", "_fail", "_extras"}
    assert {PACT[name] for name in names} == DEFINED


def test_every_class_property_and_code_has_a_label_a_definition_and_an_example() -> None:
    schemes = set(TURTLE.subjects(RDF.type, SKOS.ConceptScheme))
    for term in DEFINED:
        label = TURTLE.value(term, RDFS.label, any=False) or TURTLE.value(term, SKOS.prefLabel, any=False)
        assert label, term
        assert TURTLE.value(term, SKOS.definition, any=False), term
        assert term in schemes or TURTLE.value(term, SKOS.example, any=False), term


def test_every_code_is_in_one_scheme_and_named_for_it() -> None:
    kinds: dict[str, set[object]] = {}
    for code in TURTLE.subjects(RDF.type, SKOS.Concept):
        scheme = TURTLE.value(code, SKOS.inScheme, any=False)
        assert scheme in DEFINED
        kinds.setdefault(str(code).removeprefix(str(PACT)).split("-")[0], set()).add(scheme)
    assert all(len(schemes) == 1 for schemes in kinds.values())


def test_a_property_has_domain_and_range_among_known_classes() -> None:
    classes = set(TURTLE.subjects(RDF.type, OWL.Class))
    properties = {*TURTLE.subjects(RDF.type, OWL.ObjectProperty), *TURTLE.subjects(RDF.type, OWL.DatatypeProperty)}
    includes = URIRef("https://schema.org/rangeIncludes")
    for term in properties:
        assert TURTLE.value(term, RDFS.domain, any=False) in classes, term
        ranges = [*TURTLE.objects(term, RDFS.range), *TURTLE.objects(term, includes)]
        assert ranges, term
        assert all(kind in classes or not str(kind).startswith(str(PACT)) for kind in ranges), term


def test_the_vocabulary_has_no_blank_node_so_that_its_graph_is_the_same_bytes_everywhere() -> None:
    assert not [triple for triple in TURTLE if any(isinstance(term, BNode) for term in triple)]


def test_the_shapes_speak_of_no_term_that_the_vocabulary_lacks() -> None:
    text = files("ontology").joinpath("shapes.ttl").read_text(encoding="utf-8")  # the queries in it, too
    used = {PACT[name] for name in re.findall(r"\bpact:([A-Za-z][\w-]*)", text)}
    assert used <= DEFINED


def test_the_code_lists_of_the_shapes_are_those_of_the_vocabulary() -> None:
    shacl_in = URIRef("http://www.w3.org/ns/shacl#in")
    schemes = {frozenset(TURTLE.subjects(SKOS.inScheme, scheme)) for scheme in TURTLE.objects(None, SKOS.inScheme)}
    lists = {
        frozenset(SHAPES.items(listed))
        for shape, listed in SHAPES.subject_objects(shacl_in)
        if isinstance(shape, URIRef)
    }
    assert lists == schemes


# ---- the closed namespace


def test_an_unknown_term_raises() -> None:
    with pytest.raises(AttributeError, match="speeker"):
        _ = PACT.speeker
    with pytest.raises(AttributeError, match="mode-shouted"):
        _ = PACT["mode-shouted"]


def test_a_code_is_reached_by_its_hyphenated_name() -> None:
    assert str(PACT["mode-direct"]) == "https://pactgraph.example/ns#mode-direct"


def test_the_prefix_table_names_the_vocabulary_and_ends_each_namespace_in_a_separator() -> None:
    assert PREFIXES["pact"] == str(PACT)
    assert all(namespace.endswith(("#", "/")) for namespace in PREFIXES.values())


def test_the_prefixes_of_the_data_follow_the_base() -> None:
    assert MINT.prefixes["actor"] == "https://data.example.org/actor/"
    assert MINT.prefixes["pact"] == PREFIXES["pact"]


@pytest.mark.parametrize(
    ("iri", "written"),
    [
        ("https://pactgraph.example/ns#mode-direct", "pact:mode-direct"),
        ("http://www.w3.org/ns/oa#start", "oa:start"),
        ("https://pactgraph.example/ns#", "<https://pactgraph.example/ns#>"),
        ("https://schema.org/a/b", "<https://schema.org/a/b>"),
        ("https://user.example/a", "<https://user.example/a>"),
    ],
)
def test_an_iri_is_written_with_its_prefix_where_that_is_one_word(iri: str, written: str) -> None:
    assert compact(iri) == written


# ---- canonical text


def test_byte_order_mark_line_ends_and_blanks_at_the_end_do_not_change_an_article() -> None:
    damaged = b"\xef\xbb\xbf" + SEED.replace(b"\n", b"\r\n") + b"\r\n \r\n"
    assert canonical(damaged) == canonical(SEED)


def test_canonical_text_is_not_normalised_so_that_offsets_index_the_file() -> None:
    text = "e\u0301\U0001f1ef\U0001f1f5 日本"
    assert canonical(text.encode()) == text
    assert len(text) == 7  # code points: not bytes, not UTF-16 units


@given(st.text())
@example("\ufeff\ufeff a\r\r\n\u2028")
def test_canonical_text_is_its_own_canonical_text(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once
    assert "\r" not in once


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_bytes_and_the_text_they_encode_have_one_canonical_text(text: str) -> None:
    assert canonical(text.encode()) == canonical(text)


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    with pytest.raises(UnicodeDecodeError):
        canonical(b"caf\xe9")


# ---- identity of an article


def test_the_seed_article_keeps_its_identity() -> None:
    assert article_id(canonical(SEED)) == "05908f127f035a79"
    assert Mint().article(canonical(SEED)) == "https://pactgraph.example/article/05908f127f035a79"


def test_one_text_at_two_addresses_is_two_articles() -> None:
    ours, theirs = (article_id("Title\nBody", f"https://{host}/1") for host in ("a.example", "b.example"))
    assert len({ours, theirs, article_id("Title\nBody")}) == 3


def test_the_identity_with_an_address_is_the_hash_of_text_line_feed_and_canonical_address() -> None:
    assert article_id("T\nB", "http://www.a.example/x/#f") == content_hash("T\nB\nhttps://a.example/x")[:16]


@pytest.mark.parametrize(
    ("url", "canonical_form"),
    [
        ("HTTP://www.Example.org:80/a/?utm_source=x&b=2&a=1#frag", "https://example.org/a?a=1&b=2"),
        ("https://example.org", "https://example.org/"),
        (" https://example.org/A?fbclid=1&GCLID=2&mc_eid=3 ", "https://example.org/A"),
        ("https://example.org:8080/a", "https://example.org:8080/a"),
        ("urn:newsml:example.org:20240102:1", "urn:newsml:example.org:20240102:1"),
    ],
)
def test_an_address_has_one_canonical_form(url: str, canonical_form: str) -> None:
    assert canonical_url(url) == canonical_form


@given(URL_PARTS, URL_PARTS, URL_PARTS)
@example("www.www.example.org:80:443", "/a//", "b&a&&utm_x")
def test_a_canonical_address_is_its_own_canonical_form(host: str, path: str, query: str) -> None:
    once = canonical_url(f"http://www.x{host.replace('/', '')}/{path}?{query}")
    assert canonical_url(once) == once


@pytest.mark.parametrize("url", ["", "example.org/a", "/a", "https://", "https:///a", "http:// x/a", "https://a.b/c d"])
def test_what_is_no_absolute_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not an absolute URL"):
        canonical_url(url)


def test_the_texts_of_one_address_share_a_work() -> None:
    assert MINT.work("http://www.a.example/x?utm_medium=mail") == MINT.work("https://a.example/x")
    assert MINT.work("https://a.example/x") != MINT.work("https://a.example/y")


# ---- slugs


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Japan", "japan"),
        ("Côte d’Ivoire", "cote-d-ivoire"),
        ("Fumio Kishida", "fumio-kishida"),
        ("Korean People's Army", "korean-peoples-army"),
        ("Japan’s", "japan"),
        ("São Tomé and Príncipe", "sao-tome-and-principe"),
        ("AUKUS Pillar II", "aukus-pillar-ii"),
        ("e\u0301", "e"),
    ],
)
def test_a_label_folds_to_its_slug(label: str, expected: str) -> None:
    assert slug(label) == expected


@pytest.mark.parametrize("label", ["習近平", "Łódź", "!!!", "", "Бригада 1"])
def test_a_label_that_does_not_fold_gets_a_hash(label: str) -> None:
    assert re.fullmatch("x-[0-9a-f]{12}", slug(label))


def test_two_labels_that_do_not_fold_get_two_slugs() -> None:
    assert len({slug("習近平"), slug("李克強"), slug("Łódź")}) == 3


@given(st.text())
def test_every_slug_is_words_joined_by_hyphens_and_its_own_slug(label: str) -> None:
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", slug(label))
    assert slug(slug(label)) == slug(label)


@given(st.text())
def test_composed_and_decomposed_letters_have_one_slug(label: str) -> None:
    assert slug(unicodedata.normalize("NFD", label)) == slug(unicodedata.normalize("NFC", label))


# ---- minting


@pytest.mark.parametrize(
    ("base", "complaint"),
    [
        ("", "not an absolute IRI"),
        ("data/", "not an absolute IRI"),
        ("//example.org/", "not an absolute IRI"),
        ("https://exa mple.org/", "not an absolute IRI"),
        ("https://example.org", "does not end in a slash"),
        ("https://example.org/#", "a query or a fragment"),
        ("https://example.org/?a=/", "a query or a fragment"),
    ],
)
def test_a_base_that_cannot_carry_iris_is_refused(base: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Mint(base)


def test_what_an_article_says_is_minted_under_the_article() -> None:
    article = MINT.article("T\nB")
    minted = [
        MINT.span(article, 1, 2),
        MINT.statement(article, 1, 2),
        MINT.source(article, 1, 2),
        MINT.time(article, 1, 2),
        MINT.membership(MINT.statement(article, 1, 2), MINT.entity("actor/japan"), MINT.entity("partnership/aukus")),
    ]
    assert [iri.removeprefix(article) for iri in minted] == [
        "#char=1,2",
        "/statement/1-2",
        "/source/1-2",
        "/time/1-2",
        "/membership/1-2-japan-aukus",
    ]


def test_a_membership_ends_in_its_pillar_where_it_has_one() -> None:
    statement = MINT.statement(MINT.article("T"), 3, 9)
    member, partnership = MINT.entity("actor/japan"), MINT.entity("partnership/aukus")
    minted = MINT.membership(statement, member, partnership, MINT.entity("pillar/aukus-pillar-ii"))
    assert minted.endswith("/membership/3-9-japan-aukus-pillar-ii")


def test_a_base_that_contains_the_word_statement_does_not_confuse_a_membership() -> None:
    mint = Mint("https://example.org/statement/")
    statement = mint.statement(mint.article("T"), 3, 9)
    minted = mint.membership(statement, mint.entity("actor/japan"), mint.entity("partnership/aukus"))
    assert minted == mint.article("T") + "/membership/3-9-japan-aukus"


def test_of_two_sources_of_the_same_words_the_later_gets_the_start_of_its_cue() -> None:
    minted = MINT.statements("A", [(10, 20, 30), (10, 20, 5), (10, 21, 30), (40, 50, -1)])
    assert minted == {
        (10, 20, 5): "A/statement/10-20",
        (10, 20, 30): "A/statement/10-20-30",
        (10, 21, 30): "A/statement/10-21",
        (40, 50, -1): "A/statement/40-50",
    }


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), unique=True), st.randoms(use_true_random=False))
def test_every_statement_has_an_iri_of_its_own_whatever_the_order_of_the_keys(
    keys: list[tuple[int, int, int]], random: Random
) -> None:
    minted = MINT.statements("A", keys)
    shuffled = list(keys)
    random.shuffle(shuffled)
    assert MINT.statements("A", shuffled) == minted
    assert len(set(minted.values())) == len(keys)


def test_a_statement_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="1-2 and a cue at 0"):
        MINT.statements("A", [(1, 2, 0), (1, 2, 0)])


@pytest.mark.parametrize("path", ["source/1-2", "actor/", "actor/Japan", "actor/a/b", "graph/registry", "japan", ""])
def test_only_the_path_of_an_entity_is_minted_as_one(path: str) -> None:
    with pytest.raises(ValueError, match="not the path of an entity"):
        MINT.entity(path)


def test_an_article_has_a_graph_and_the_graph_tells_its_article() -> None:
    article = MINT.article("T")
    assert MINT.graph(article) == f"https://data.example.org/graph/article/{article_id('T')}"
    assert MINT.article_of(MINT.graph(article)) == article


def test_no_other_graph_tells_of_an_article() -> None:
    others = [MINT.registry_graph, MINT.meta_graph, "https://other.example/graph/article/05908f127f035a79"]
    assert [MINT.article_of(graph) for graph in others] == [None, None, None]


def test_the_graphs_of_the_loader_are_reserved_and_a_users_are_not() -> None:
    ours = [MINT.ontology_graph, MINT.registry_graph, MINT.auto_graph, MINT.links_graph, MINT.meta_graph]
    ours += [MINT.facts_graph]
    assert all(MINT.is_reserved(graph) for graph in [*ours, MINT.graph(MINT.article("T"))])
    assert not MINT.is_reserved(MINT.user_graph("my file.ttl"))
    assert MINT.user_graph("my file.ttl") == "https://data.example.org/user/my%20file.ttl"


# ---- the page about it, and the context for JSON


def test_the_page_about_the_vocabulary_is_up_to_date() -> None:
    page = Path(__file__).parent.parent / "docs" / "vocabulary.md"
    written = page.read_text(encoding="utf-8")
    assert written == reference(), "write it anew: python -m ontology.reference > docs/vocabulary.md"


def test_the_page_about_the_vocabulary_tells_of_every_term() -> None:
    told = set(re.findall(r"^#+ (pact:[\w-]+)$|^\| `(pact:[\w-]+)` \|", reference(), re.MULTILINE))
    assert {first or second for first, second in told} >= {compact(str(term)) for term in DEFINED}


def test_every_term_has_a_short_name_in_the_context_and_every_short_name_is_a_term() -> None:
    context = json.loads(CONTEXT)["@context"]
    named = {entry["@id"] if isinstance(entry, dict) else entry for entry in context.values() if entry != 1.1}
    ours = {name for name in named if name.startswith("pact:")}
    schemes = {compact(str(scheme)) for scheme in TURTLE.subjects(RDF.type, SKOS.ConceptScheme)}
    assert ours == {compact(str(term)) for term in DEFINED} - schemes - {"pact:PLOVER", "pact:span"}


def test_a_graph_comes_back_from_json_with_our_context_as_it_was() -> None:
    turtle = Path(__file__).parent / "graphs" / "harbour-pact.ttl"
    written = Graph().parse(str(turtle)).serialize(format="json-ld", context=json.loads(CONTEXT)["@context"])
    assert '"reportMode": "mixed"' in written
    assert set(pyoxigraph.parse(written, RdfFormat.JSON_LD)) == set(pyoxigraph.parse(path=turtle))
