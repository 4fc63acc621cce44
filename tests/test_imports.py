"""The user's own RDF in a store: every format, all of a file or nothing, in bounded memory."""

from __future__ import annotations

import gzip
import signal
from typing import TYPE_CHECKING

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse, serialize
from storing import MINT, child, document, exported, loaded, put

import loader.storage.database
import loader.storage.store
from loader.storage.exports import snapshot
from loader.storage.imports import Unimportable, read_rdf
from loader.storage.store import NoSuchArticle, Store
from ontology.layout import Layout

if TYPE_CHECKING:
    from pathlib import Path

TRIPLES = b"""<http://a.example/s> <http://a.example/p> "one"@en .
<http://a.example/s> <http://a.example/p> <http://a.example/o> .
"""
FORMS = {
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".ttl": RdfFormat.TURTLE,
    ".trig": RdfFormat.TRIG,
    ".rdf": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
    ".json": RdfFormat.JSON_LD,
}


def write(path: Path, data: bytes | str) -> Path:
    """Write a file, compressed if its name says so."""
    content = data.encode() if isinstance(data, str) else data
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def imported(store: Path, *files: Path, graph: str | None = None) -> None:
    """Import files into a store and publish."""
    with Store.open(store) as opened, opened.run():
        for file in files:
            opened.import_rdf(file, graph)


def held(store: Path, graph: str) -> list[str]:
    """Return a graph's triples in a published store, in order."""
    with snapshot(store) as (reader, _):
        return sorted(str(quad.triple) for quad in reader.quads_for_pattern(None, None, None, NamedNode(graph)))


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("ending", FORMS)
def test_every_format_can_be_imported_plain_and_compressed(tmp_path: Path, ending: str, packed: str) -> None:
    triples = [quad.triple for quad in parse(TRIPLES, format=RdfFormat.N_TRIPLES)]
    file = write(tmp_path / f"mine{ending}{packed}", serialize(triples, format=FORMS[ending]) or b"")
    imported(tmp_path / "store", file)
    graph = f"https://pactgraph.example/user/mine{ending}{packed}"
    assert held(tmp_path / "store", graph) == sorted(map(str, triples))


def test_triples_go_to_the_graph_that_the_user_names(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.nt", TRIPLES)
    imported(tmp_path / "store", file, graph="http://a.example/graph")
    assert len(held(tmp_path / "store", "http://a.example/graph")) == 2


def test_quads_keep_their_graphs_and_the_rest_goes_to_the_users(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.trig", "<http://a.example/g> { <http://s> <http://p> 1 } <http://s> <http://p> 2 .")
    imported(tmp_path / "store", file, graph="http://a.example/rest")
    assert len(held(tmp_path / "store", "http://a.example/g")) == 1
    assert len(held(tmp_path / "store", "http://a.example/rest")) == 1


def test_imported_data_stays_beside_the_articles_and_can_be_removed(tmp_path: Path) -> None:
    store = tmp_path / "store"
    before = loaded(store, [document("a")])
    file = write(tmp_path / "mine.nt", TRIPLES)
    imported(store, file)
    assert exported(store).count(b"\n") == before.count(b"\n") + 2
    with Store.open(store) as opened, opened.run():
        assert opened.unload("https://pactgraph.example/user/mine.nt") == ("https://pactgraph.example/user/mine.nt",)
        with pytest.raises(NoSuchArticle):
            opened.unload(MINT.meta_graph)
    assert exported(store) == before


def test_a_file_imported_twice_changes_nothing(tmp_path: Path) -> None:
    store = tmp_path / "store"
    file = write(tmp_path / "mine.ttl", "[] <http://p> [ <http://q> _:named ] , [ <http://q> 1 ] .")
    imported(store, file)
    before, number = exported(store), Layout(store).current_number()
    imported(store, file)
    assert (exported(store), Layout(store).current_number()) == (before, number)
    assert b"_:" not in before


def test_a_blank_node_is_named_after_the_file_and_its_label(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.ttl", "_:x <http://p> [] .")
    (quad,) = read_rdf(file, "http://g", MINT)
    root = "https://pactgraph.example/.well-known/genid/"
    assert quad.subject.value.startswith(root)
    assert quad.subject.value.endswith("/x")
    assert quad.object.value.endswith("/-0")
    other = write(tmp_path / "other.ttl", "_:x <http://p> [] . # another file")
    assert next(read_rdf(other, "http://g", MINT)).subject != quad.subject
    packed = write(tmp_path / "mine.ttl.gz", "_:x <http://p> [] .")
    assert next(read_rdf(packed, "http://g", MINT)).subject == quad.subject


def test_many_nameless_blank_nodes_have_the_same_names_each_time(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.ttl", "[] <http://p> [] .\n" * 500)
    first = [str(quad) for quad in read_rdf(file, "http://g", MINT)]
    assert [str(quad) for quad in read_rdf(file, "http://g", MINT)] == first
    assert len(set(first)) == 500


def test_relative_iris_are_relative_to_the_graph(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.ttl", "<a> <b> <> .")
    (quad,) = read_rdf(file, MINT.user_graph(file.name), MINT)
    assert quad.subject.value == "https://pactgraph.example/user/a"
    assert quad.object.value == "https://pactgraph.example/user/mine.ttl"


OWN = "<http://s> <http://p> <http://o> <https://pactgraph.example/graph/article/0123456789abcdef> .\n"
BAD = {
    "syntax.nt": (b'<http://s> <http://p> "open .\n', 1),
    "late.ttl": (b"<http://s> <http://p> 1 .\n" * 50 + b"<http://s> <http://p> 1 1 .\n", 51),
    "own.nq": (OWN.encode(), None),
    "own.trig": (b"GRAPH <https://pactgraph.example/graph/meta> { <http://s> <http://p> 1 }", None),
    "relative.nt": (b"<s> <http://p> 1 .\n", 1),
    "bytes.ttl": (b'<http://s> <http://p> "\xff" .\n', 1),
    "broken.rdf": (b"<rdf:RDF", None),
    "broken.jsonld": (b'{"@id": }', 1),
    "far.jsonld": (b'{"@context": "https://schema.org/", "name": "x"}', None),
    "table.csv": (b"a,b\n", None),
    "nameless": (b"", None),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_at_fault_is_refused_with_its_place_and_nothing_of_it_is_stored(tmp_path: Path, name: str) -> None:
    store = tmp_path / "store"
    before = loaded(store, [document("a")])
    content, line = BAD[name]
    file = write(tmp_path / name, content)
    with Store.open(store) as opened, opened.run():
        with pytest.raises(Unimportable) as caught:
            opened.import_rdf(file)
        assert put(opened, document("a")) == ["unchanged"]
    assert (caught.value.path, caught.value.line) == (file, line)
    assert str(caught.value).startswith(f"{file}:{line}: " if line else f"{file}: ")
    assert exported(store) == before


def test_compressed_rubbish_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "plain.nt.gz").write_bytes(TRIPLES)
    (tmp_path / "half.nt.gz").write_bytes(gzip.compress(TRIPLES * 99)[:40])
    for name in ("plain.nt.gz", "half.nt.gz", "missing.nt", "."):
        with pytest.raises(Unimportable, match=r"cannot be read|says no format"):
            list(read_rdf(tmp_path / name, "http://g", MINT))


@pytest.mark.parametrize("graph", ["https://pactgraph.example/graph/registry", "no iri"])
def test_a_graph_that_is_the_loaders_or_no_iri_is_refused(tmp_path: Path, graph: str) -> None:
    file = write(tmp_path / "mine.nt", TRIPLES)
    with Store.open(tmp_path / "store") as store, pytest.raises(Unimportable):
        store.import_rdf(file, graph)


# ---- large files


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a file of more than 100 quads as a large one, and read it in slices of 50."""
    monkeypatch.setattr(loader.storage.store, "_SMALL", 100)
    monkeypatch.setattr(loader.storage.database, "SLICE", 50)


def many(count: int) -> str:
    """Write as many different triples."""
    return "".join(f'<http://a.example/{number}> <http://p> "{number}" .\n' for number in range(count))


@pytest.mark.usefixtures("small_slices")
def test_a_large_file_is_stored_slice_by_slice_and_its_progress_told(tmp_path: Path) -> None:
    told: list[int] = []
    file = write(tmp_path / "mine.ttl", many(230))
    with Store.open(tmp_path / "store") as store, store.run():
        assert store.import_rdf(file, told=told.append) == 230
    assert told == [50, 100, 150, 200, 230]
    assert len(held(tmp_path / "store", MINT.user_graph("mine.ttl"))) == 230
    assert not Layout(tmp_path / "store").rollback.exists()


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize(
    "end",
    ["<http://s> <http://p> 1 1 .", "GRAPH <https://pactgraph.example/graph/meta> { <http://s> <http://p> 1 }"],
)
def test_a_large_file_at_fault_at_its_end_leaves_the_store_as_it_was(tmp_path: Path, end: str) -> None:
    store = tmp_path / "store"
    loaded(store, [document("a")])
    file = write(tmp_path / "mine.trig", many(230) + end)
    with Store.open(store) as opened, opened.run():
        with pytest.raises(Unimportable):
            opened.import_rdf(file)
        assert opened.publish() is None
        put(opened, document("b"))
    assert exported(store) == loaded(tmp_path / "other", [document("a"), document("b")])


def test_a_process_killed_in_the_middle_of_a_large_file_leaves_nothing_of_it(tmp_path: Path) -> None:
    store = tmp_path / "store"
    before = loaded(store, [document("a")])
    file = write(tmp_path / "mine.nt", many(120_000))
    writer = child(
        """
        def told(count):
            print(count, flush=True)
            sys.stdin.read()

        with Store.open(Path(sys.argv[1])) as store, store.run():
            store.import_rdf(Path(sys.argv[2]), told=told)
        """,
        store,
        file,
        stdin=-1,
    )
    assert writer.stdout
    assert writer.stdin
    assert writer.stdout.readline() == "100000\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    writer.stdin.close()
    assert exported(store) == before
    loaded(store, [])
    assert exported(store) == before
