"""A store of articles, written by one process at a time and read through snapshots."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from annotated import annotated_document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad

from loader.document import (
    Entity,
    EntityKind,
)
from loader.mapping.quads import quads
from loader.registry import Registry
from loader.storage.exports import snapshot
from loader.storage.store import Change, Collision, NoSuchArticle, Store
from ontology.layout import Layout, StoreError
from ontology.vocabulary import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
from storing import JAPAN, MINT, document, exported, facts, loaded, person, put

# ---- articles


def test_an_article_loaded_twice_changes_nothing_and_makes_no_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with Store.open(path) as store, store.run():
        assert put(store, document("a b", JAPAN, person("Ann Lee"))) == [Change.ADDED]
    before, number = exported(path, provenance=True), Layout(path).current_number()
    with Store.open(path) as store:
        with store.run():
            assert put(store, document("a b", JAPAN, person("Ann Lee"))) == [Change.UNCHANGED]
        assert store.publish() is None
    assert (exported(path, provenance=True), Layout(path).current_number()) == (before, number)


def test_an_article_read_differently_replaces_exactly_its_graph(tmp_path: Path) -> None:
    first, other = document("a b", JAPAN, person("Ann Lee")), document("c d", JAPAN)
    again = document("a b", JAPAN)
    path = tmp_path / "store"
    with Store.open(path) as store, store.run():
        assert put(store, first, other, again) == [Change.ADDED, Change.ADDED, Change.REPLACED]
    assert exported(path) == loaded(tmp_path / "other", [other, again])


def test_what_the_store_gives_back_is_what_it_was_given(tmp_path: Path, gold: Path) -> None:
    found = quads(annotated_document(gold / "seed" / "seed.json"), MINT)
    with Store.open(tmp_path / "store") as store, store.run():
        store.put(found)
    with snapshot(tmp_path / "store") as (reader, _):
        assert sorted(reader.quads_for_pattern(None, None, None, found[0].graph_name), key=str) == found


def test_unloading_leaves_what_was_there_before(tmp_path: Path) -> None:
    kept, gone = document("a b", person("Ann Lee")), document("c d", person("A. Lee"), person("Bob Ray", "bob-ray"))
    path = tmp_path / "store"
    before = loaded(path, [kept])
    article = MINT.article(gone.article.text)
    for name in (article, article.rsplit("/", 1)[1], MINT.graph(article)):
        assert loaded(path, [gone]) != before
        with Store.open(path) as store, store.run():
            assert store.unload(name) == (article,)
            with pytest.raises(NoSuchArticle):
                store.unload(name)
        assert exported(path) == before
        with snapshot(path) as (reader, _):
            assert not reader.contains_named_graph(NamedNode(MINT.graph(article)))


def test_unloading_an_address_removes_every_text_of_it(tmp_path: Path) -> None:
    path = tmp_path / "store"
    texts = [document(f"a {number}", url="https://example.org/a") for number in range(3)]
    empty = loaded(path, [])
    loaded(path, texts)
    with Store.open(path) as store, store.run():
        assert len(store.unload("http://www.example.org/a?utm_source=x")) == 3
    assert exported(path) == empty


@pytest.mark.parametrize("name", ["0123456789abcdef", "https://example.org/none", "no such thing"])
def test_unloading_what_is_not_there_says_so(tmp_path: Path, name: str) -> None:
    with Store.open(tmp_path / "store") as store, pytest.raises(NoSuchArticle, match="holds no article"):
        store.unload(name)


def test_quads_that_are_not_one_articles_are_refused(tmp_path: Path) -> None:
    two = [*quads(document("a"), MINT), *quads(document("b"), MINT)]
    reserved = [
        Quad(NamedNode("http://a.example/"), NamedNode("http://a.example/"), Literal("a"), NamedNode(MINT.meta_graph))
    ]
    with Store.open(tmp_path / "store") as store:
        for wrong in (two, reserved, []):
            with pytest.raises(ValueError, match="one article"):
                store.put(wrong)


def test_two_texts_with_one_id_are_not_merged(tmp_path: Path) -> None:
    found = quads(document("a b", JAPAN), MINT)
    forged = [
        Quad(quad.subject, quad.predicate, Literal("sha256:" + "0" * 64), quad.graph_name)
        if quad.predicate.value.endswith("#contentHash")
        else quad
        for quad in found
    ]
    with Store.open(tmp_path / "store") as store:
        store.put(found)
        with pytest.raises(Collision, match="another text"):
            store.put(forged)


# ---- what hangs on the set of articles


def test_an_actor_has_the_label_class_and_affiliation_that_most_articles_give(tmp_path: Path) -> None:
    ministry = Entity(EntityKind.ORGANIZATION, "ministry", "Ministry")
    documents = [
        document("a", person("Ann Lee", affiliation=JAPAN)),
        document("b", person("Anne Lee", affiliation=ministry)),
        document("c", person("Anne Lee", affiliation=JAPAN)),
        document("d", Entity(EntityKind.ORGANIZATION, "ann-lee", "ANN LEE")),
    ]
    path = tmp_path / "store"
    loaded(path, documents)
    actor = MINT.entity("actor/ann-lee")
    assert facts(path, actor, "skos", "prefLabel") == ["Anne Lee"]
    assert facts(path, actor, "rdf", "type") == [PREFIXES["pact"] + "Person"]
    assert facts(path, actor, "pact", "affiliation") == [MINT.entity("actor/japan")]
    assert facts(path, MINT.entity("actor/ministry"), "skos", "prefLabel") == ["Ministry"]


def test_an_outlet_that_publishes_is_an_outlet_whatever_others_call_it(tmp_path: Path) -> None:
    body = Entity(EntityKind.ORGANIZATION, "the-post", "The Post")
    documents = [document("a", body), document("b", body), document("c", outlet="The Post")]
    path = tmp_path / "store"
    loaded(path, documents)
    assert facts(path, MINT.entity("actor/the-post"), "rdf", "type") == [PREFIXES["pact"] + "NewsOutlet"]


def test_an_actor_goes_with_the_last_article_that_names_it(tmp_path: Path) -> None:
    first, second = document("a", person("Ann Lee")), document("b", person("A. Lee"))
    path = tmp_path / "store"
    loaded(path, [first, second])
    actor = MINT.entity("actor/ann-lee")
    assert facts(path, actor, "skos", "prefLabel") == ["A. Lee"]
    for unloaded, label in ((second, ["Ann Lee"]), (first, [])):
        with Store.open(path) as store, store.run():
            store.unload(MINT.article(unloaded.article.text))
        assert facts(path, actor, "skos", "prefLabel") == label


def test_an_actor_of_the_registry_stays_in_the_registry(tmp_path: Path) -> None:
    path = tmp_path / "store"
    loaded(
        path, [document("a b", replace(JAPAN, label="Nippon", registered=False), person("Ann Lee"))], Registry.load()
    )
    with snapshot(path) as (store, mint):
        auto = {quad.subject.value for quad in store.quads_for_pattern(None, None, None, NamedNode(mint.auto_graph))}
    assert auto == {MINT.entity("actor/ann-lee")}
    assert facts(path, MINT.entity("actor/japan"), "skos", "prefLabel") == ["Japan"]


def test_an_actor_leaves_the_graph_beside_the_registry_when_the_registry_takes_it_in(tmp_path: Path) -> None:
    named = document("a", replace(JAPAN, label="Nippon", registered=False))
    path = tmp_path / "store"
    loaded(path, [named])
    assert facts(path, MINT.entity("actor/japan"), "skos", "prefLabel") == ["Nippon"]
    later = loaded(path, [], Registry.load())
    assert facts(path, MINT.entity("actor/japan"), "skos", "prefLabel") == ["Japan"]
    assert later == loaded(tmp_path / "other", [named], Registry.load())


def test_texts_of_one_address_revise_each_other_by_date_and_then_by_id(tmp_path: Path) -> None:
    url = "https://example.org/a"
    texts = [
        document("undated", url=url),
        document("first", url=url, published=date(2024, 3, 6)),
        document("second", url=url, published=date(2024, 3, 7)),
    ]
    path = tmp_path / "store"
    with Store.open(path) as store, store.run():
        assert put(store, *reversed(texts)) == [Change.ADDED, Change.REVISED, Change.REVISED]
    undated, first, second = (MINT.article(text.article.text, url) for text in texts)
    assert facts(path, second, "prov", "wasRevisionOf") == [first]
    assert facts(path, first, "prov", "wasRevisionOf") == [undated]
    assert facts(path, undated, "prov", "wasRevisionOf") == []
    assert facts(path, second, "pact", "articleStatus") == [PREFIXES["pact"] + "article-current"]
    assert facts(path, first, "pact", "articleStatus") == [PREFIXES["pact"] + "article-corrected"]
    with Store.open(path) as store, store.run():
        store.unload(second)
    assert facts(path, first, "pact", "articleStatus") == [PREFIXES["pact"] + "article-current"]


LABELS = ("Ann Lee", "A. Lee", "Anne Lee")
POOL = [
    document(
        f"{letter}{place} x",
        person(
            label, affiliation=(None, JAPAN, Entity(EntityKind.ORGANIZATION, "body", f"Body {place % 2}"))[place % 3]
        ),
        url="https://example.org/a" if place % 2 else None,
        published=date(2024, 1, 1 + place // 4) if place % 4 else None,
    )
    for place, (letter, label) in enumerate(itertools.product("abc", LABELS))
]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(len(POOL))), st.sets(st.integers(0, len(POOL) - 1), max_size=4))
def test_any_order_of_loading_and_unloading_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, order: Sequence[int], extra: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("order")
    kept = [place for place in order if place not in extra]
    expected = loaded(folder / "straight", [POOL[place] for place in sorted(kept)])
    with Store.open(folder / "winding") as store, store.run():
        put(store, *(POOL[place] for place in order))
        for place in extra:
            store.unload(MINT.article(POOL[place].article.text, POOL[place].article.url))
    assert exported(folder / "winding") == expected


def test_times_of_runs_are_told_only_where_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "store"
    plain = loaded(path, [document("a", JAPAN)])
    assert b"activity/" not in plain
    full = exported(path, provenance=True)
    assert set(plain.splitlines()) < set(full.splitlines())
    assert b"startedAtTime" in full
    assert b"endedAtTime" in full
    assert b"wasGeneratedBy" in full


# ---- what stands in every store


def test_a_store_holds_the_vocabulary_and_the_registry_and_no_blank_node(tmp_path: Path) -> None:
    registry = Registry.load()
    path = tmp_path / "store"
    loaded(path, [], registry)
    with snapshot(path) as (store, mint):
        vocabulary = list(store.quads_for_pattern(None, None, None, NamedNode(mint.ontology_graph)))
        known = list(store.quads_for_pattern(None, None, None, NamedNode(mint.registry_graph)))
    assert len(vocabulary) > 500
    assert sorted(known, key=str) == registry.quads(MINT)
    assert b"_:" not in exported(path)


def test_a_store_opened_again_writes_neither_anew(tmp_path: Path) -> None:
    path = tmp_path / "store"
    loaded(path, [], Registry.load())
    number = Layout(path).current_number()
    loaded(path, [], Registry.load())
    assert Layout(path).current_number() == number


def test_another_base_mints_other_iris_and_is_not_mixed_with_the_first(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with Store.open(path, base="https://graph.example.org/") as store, store.run():
        put(store, document("a", person("Ann Lee")))
    content = exported(path).decode()
    assert "https://graph.example.org/actor/ann-lee" in content
    assert "https://pactgraph.example/actor" not in content
    with pytest.raises(StoreError, match=r"made with the base https://graph\.example\.org/"), Store.open(path):
        pass


def test_a_library_user_reads_and_writes_the_store_as_an_rdflib_dataset(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with Store.open(path) as store, store.run():
        put(store, document("a", JAPAN))
        dataset = store.dataset()
        rows = list(dataset.query("SELECT ?a { ?a a <https://pactgraph.example/ns#Article> }"))
        assert [str(row[0]) for row in rows] == [MINT.article("a")]
        dataset.update("INSERT DATA { GRAPH <http://u.example/> { <http://u.example/> a <http://u.example/> } }")
    assert b"<http://u.example/>" in exported(path)
    with Store.open(path):
        pass  # the dataset does not keep the database open
