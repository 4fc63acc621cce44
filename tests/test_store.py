"""A store of articles, written by one process at a time and read through snapshots."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from annotated import annotated_document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad

from loader.database import Damaged
from loader.document import (
    Article,
    Document,
    Entity,
    EntityKind,
    ReportMode,
    Section,
    SourceNaming,
    Span,
    Statement,
)
from loader.exports import export, snapshot
from loader.mapping import contributions, quads
from loader.registry import Registry
from loader.store import Change, Collision, NoSuchArticle, Store
from ontology.layout import Layout, NewerStore, StoreError, StoreLocked
from ontology.vocabulary import PREFIXES, Mint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MINT = Mint()
JAPAN = Entity(EntityKind.STATE, "japan", "Japan", registered=True)
AUKUS = Entity(EntityKind.PARTNERSHIP, "aukus", "AUKUS", registered=True)


def document(
    text: str, *speakers: Entity, url: str | None = None, published: date | None = None, outlet: str | None = None
) -> Document:
    """Make a document with one statement a speaker, each of another word; there must be as many words."""
    article = Article(text, "a.txt", url=url, published=published, outlet=outlet)
    starts = [0, *(place + 1 for place, letter in enumerate(text) if letter == " ")]
    statements = [
        Statement(
            Span(start, start + 1),
            ReportMode.INDIRECT,
            SourceNaming.NAMED,
            Section.BODY,
            cue=Span(start, start + 1),
            speakers=(speaker,),
            about=(AUKUS,),
        )
        for start, speaker in zip(starts, speakers, strict=False)
    ]
    return Document(article, tuple(statements))


def person(label: str, key: str = "ann-lee", affiliation: Entity | None = None) -> Entity:
    """Make a person whom the registry lacks."""
    return Entity(EntityKind.PERSON, key, label, affiliation=affiliation)


def put(store: Store, *documents: Document) -> list[Change]:
    """Store documents in the given order."""
    return [store.put(quads(each, store.mint), contributions(each, store.mint)) for each in documents]


def exported(path: Path, *, provenance: bool = False) -> bytes:
    """Return the canonical export of what a store has published."""
    out = path.with_name(path.name + ".nq")
    export(path, out, provenance=provenance)
    return out.read_bytes()


def loaded(path: Path, documents: Iterable[Document], registry: Registry | None = None) -> bytes:
    """Load documents into a store one after another and return its export."""
    with Store.open(path, registry=registry) as store, store.run():
        put(store, *documents)
    return exported(path)


def facts(path: Path, subject: str, prefix: str, name: str) -> list[str]:
    """Return what a published store says of a subject, as plain strings, in order."""
    with snapshot(path) as (store, _):
        found = store.quads_for_pattern(NamedNode(subject), NamedNode(PREFIXES[prefix] + name), None)
        return sorted(quad.object.value for quad in found)


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
        assert exported(path) == before


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


# ---- one writer


def child(code: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Run Python code in another process, with what the tests import at hand."""
    head = "import sys; from pathlib import Path; import test_store as t; from loader.database import DiskFull; "
    head += "from loader.store import Store\n"
    command = [sys.executable, "-c", head + textwrap.dedent(code), *map(str, arguments)]
    folders = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent.parent)])
    environment = {**os.environ, "PYTHONPATH": folders, "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, **options)


def test_a_second_writer_waits_and_is_then_told_who_writes(tmp_path: Path) -> None:
    path = tmp_path / "store"
    writer = child(
        """
        with Store.open(Path(sys.argv[1])) as store:
            print("open", flush=True)
            sys.stdin.read()
        """,
        path,
        stdin=subprocess.PIPE,
    )
    assert writer.stdout
    assert writer.stdin
    assert writer.stdout.readline() == "open\n"
    with pytest.raises(StoreLocked, match=f"process {writer.pid}") as caught, Store.open(path, wait=0.2):
        pass
    assert caught.value.pid == writer.pid
    threading.Timer(0.3, writer.stdin.close).start()
    with Store.open(path, wait=20) as store:
        assert put(store, document("a")) == [Change.ADDED]
    assert writer.wait(10) == 0
    writer.stdout.close()


def test_readers_go_on_while_a_writer_writes(tmp_path: Path) -> None:
    path = tmp_path / "store"
    loaded(path, [document("a")])
    with Store.open(path) as store:
        put(store, document("b"))
        with snapshot(path) as (reader, _):
            assert len(list(reader.quads_for_pattern(None, None, None, NamedNode(MINT.graph(MINT.article("b")))))) == 0
            store.publish()
            assert len(list(reader.quads_for_pattern(None, None, None, NamedNode(MINT.graph(MINT.article("b")))))) == 0
        with snapshot(path) as (reader, _):
            assert len(list(reader.quads_for_pattern(None, None, None, NamedNode(MINT.graph(MINT.article("b")))))) > 0


def test_a_long_run_shows_its_articles_before_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with Store.open(path) as store, store.run(every=0.1):
        put(store, document("a"))
        end = time.monotonic() + 20
        while Layout(path).current_number() is None and time.monotonic() < end:
            time.sleep(0.02)
        with snapshot(path) as (reader, _):
            assert reader.contains_named_graph(NamedNode(MINT.graph(MINT.article("a"))))


def test_what_a_run_stored_before_it_was_broken_off_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "store"

    def broken_off() -> None:
        with Store.open(path) as store, store.run():
            put(store, document("a"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert MINT.article("a").encode() in exported(path)


@pytest.mark.parametrize("seconds", [0.05, 0.4, 0.9])
def test_a_writer_killed_at_any_moment_leaves_whole_articles(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "store"
    writer = child(
        """
        with Store.open(Path(sys.argv[1])) as store, store.run(every=0.1):
            print("open", flush=True)
            for number in range(10_000):
                t.put(store, t.document(f"{number} b", t.JAPAN, t.person("Ann Lee")))
        """,
        path,
    )
    assert writer.stdout
    assert writer.stdout.readline() == "open\n"
    time.sleep(seconds)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    with Store.open(path) as store:
        number = 0
        while store.put(*whole(f"{number} b")) is Change.UNCHANGED:
            number += 1
        store.unload(MINT.article(f"{number} b"))
        store.publish()
    # the store is that of a writer who loaded so many articles and stopped
    expected = loaded(tmp_path / "other", (document(f"{n} b", JAPAN, person("Ann Lee")) for n in range(number)))
    assert exported(path) == expected


def whole(text: str) -> tuple[list[Quad], object]:
    """Map a document with a person whom the registry lacks."""
    made = document(text, JAPAN, person("Ann Lee"))
    return quads(made, MINT), contributions(made, MINT)


# ---- stores that cannot be used


def test_a_store_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store"
    loaded(path, [])
    Layout(path).format.write_text("pactgraph-store 99\n")
    with pytest.raises(NewerStore, match="upgrade Pactgraph"), Store.open(path):
        pass


def test_a_file_in_the_place_of_a_store_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.write_text("not a store")
    for place in (path, path / "below"):
        with pytest.raises(StoreError, match=r"is a file|Not a directory"), Store.open(place):
            pass
    assert path.read_text() == "not a store"


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="not empty"), Store.open(tmp_path):
        pass


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_store_that_may_not_be_written_says_so(tmp_path: Path) -> None:
    path = tmp_path / "store"
    loaded(path, [])
    for folder in (tmp_path, *tmp_path.parents):
        folder.chmod(folder.stat().st_mode | 0o055)
    code = """
    t.os.setegid(65534)
    t.os.seteuid(65534)
    try:
        with Store.open(Path(sys.argv[1]), wait=0):
            print("opened")
    except t.StoreError as error:
        print(error)
    """
    for place in (path, tmp_path / "new"):
        told, _ = child(code, place).communicate(timeout=60)
        assert "cannot be written (Permission denied)" in told


def test_a_damaged_database_says_so_and_where_the_last_whole_snapshot_is(tmp_path: Path) -> None:
    path = tmp_path / "store"
    loaded(path, [document("a")])
    (Layout(path).data / "CURRENT").write_text("rubbish\n")
    with pytest.raises(Damaged, match=r"is damaged .* last whole snapshot is .*snapshots"), Store.open(path):
        pass


def test_a_full_disk_says_so_and_keeps_what_was_loaded(tmp_path: Path) -> None:
    path = tmp_path / "store"
    loaded(path, [document("first", JAPAN)])
    writer = child(
        """
        try:
            with Store.open(Path(sys.argv[1])) as store, store.run():
                for number in range(10_000):
                    t.put(store, t.document(f"{number} b", t.JAPAN))
                    t.filled(number)
        except DiskFull as error:
            print(number, error)
        """,
        path,
    )
    told, _ = writer.communicate(timeout=120)
    number, sentence = told.split(" ", 1)
    assert "what was loaded before stays" in sentence
    with Store.open(path) as store:
        store.publish()
    kept = [document("first", JAPAN), *(document(f"{each} b", JAPAN) for each in range(int(number)))]
    assert exported(path) == loaded(tmp_path / "other", kept)


def filled(number: int) -> None:
    """Let no file of this process grow any more, as on a full disk, once some articles are stored."""
    if number == 20:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
