"""What leaves a store."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import DefaultGraph, RdfFormat, parse
from rdflib import URIRef
from storing import JAPAN, document, exported, loaded, person

from loader.storage.exports import FORMATS, Unexportable, export, ordered, status
from loader.storage.store import Store
from ontology.layout import NoStore

if TYPE_CHECKING:
    from pathlib import Path

ARTICLES = [document("a b", JAPAN, person("Ann Lee")), document("c", person("Bob Ray", "bob-ray"))]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Make a store with two articles, a user's graph and a triple in no graph."""
    path = tmp_path / "store"
    loaded(path, ARTICLES)
    mine = tmp_path / "mine.nt"
    mine.write_text('<http://a.example/s> <http://a.example/p> "one\\n\\ttwo\\u2028" .\n')
    with Store.open(path) as opened, opened.run():
        opened.import_rdf(mine)
        opened.import_rdf(mine, "http://a.example/other")
        node = URIRef("http://a.example/s")
        opened.dataset().default_graph.add((node, node, node))
    return path


def test_lines_are_sorted_and_each_is_one_quad(store: Path, tmp_path: Path) -> None:
    count = export(store, tmp_path / "out.nq")
    lines = (tmp_path / "out.nq").read_bytes().splitlines(keepends=True)
    assert lines == sorted(lines)
    assert len(lines) == count == len(set(parse(path=str(tmp_path / "out.nq"), format=RdfFormat.N_QUADS)))


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_holds_the_same_triples(store: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"out.{form}"
    count = export(store, out, form=form)
    read = list(parse(path=str(out), format=FORMATS[form]))
    assert len(read) == count
    expected = list(parse(exported(store), format=RdfFormat.N_QUADS))
    if FORMATS[form].supports_datasets:
        assert set(read) == set(expected)
        assert len({quad.graph_name for quad in read}) == len({quad.graph_name for quad in expected})
    else:
        assert {quad.triple for quad in read} == {quad.triple for quad in expected}
        assert {quad.graph_name for quad in read} == {DefaultGraph()}


@pytest.mark.parametrize("form", FORMATS)
def test_equal_articles_give_equal_bytes_in_every_format(tmp_path: Path, form: str) -> None:
    loaded(tmp_path / "one", ARTICLES)
    loaded(tmp_path / "two", reversed(ARTICLES))
    files = [tmp_path / f"{name}.{form}" for name in ("one", "two")]
    for file in files:
        export(tmp_path / file.stem, file, form=form)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_name_that_ends_in_gz_is_compressed_the_same_way_each_time(store: Path, tmp_path: Path) -> None:
    for name in ("one.nq.gz", "two.nq.gz"):
        export(store, tmp_path / name)
    assert (tmp_path / "one.nq.gz").read_bytes() == (tmp_path / "two.nq.gz").read_bytes()
    assert gzip.decompress((tmp_path / "one.nq.gz").read_bytes()) == exported(store)


def test_an_export_goes_to_an_open_file_as_well(store: Path) -> None:
    out = io.BytesIO()
    export(store, out)
    assert out.getvalue() == exported(store)


def test_a_file_that_cannot_be_written_says_so_and_an_old_one_stays(store: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(Unexportable, match=r"missing/out\.nq cannot be written: No such file or directory"):
        export(store, tmp_path / "missing" / "out.nq")
    with pytest.raises(Unexportable, match="no format"):
        export(store, tmp_path / "out.csv", form="csv")
    with pytest.raises(Unexportable, match="cannot be written"):
        export(store, store)
    assert sorted(tmp_path.iterdir()) == before


def test_a_property_that_xml_cannot_name_is_the_formats_fault(store: Path, tmp_path: Path) -> None:
    with Store.open(store) as opened, opened.run():
        opened.dataset().update("INSERT DATA { GRAPH <http://u> { <http://s> <http://a/1> 1 } }")
    old = tmp_path / "out.rdf"
    old.write_text("old")
    with pytest.raises(Unexportable, match="RDF/XML cannot say: the property <http://a/1> ends in no XML name"):
        export(store, old, form="rdf")
    assert old.read_text() == "old"


def test_a_character_that_xml_cannot_hold_is_the_formats_fault_too(store: Path, tmp_path: Path) -> None:
    with Store.open(store) as opened, opened.run():
        opened.dataset().update(r'INSERT DATA { GRAPH <http://u> { <http://s> <http://a/p> "\u0007" } }')
    with pytest.raises(Unexportable, match="control character"):
        export(store, tmp_path / "out.rdf", form="rdf")
    export(store, tmp_path / "out.ttl", form="ttl")


def test_a_store_without_a_snapshot_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoStore, match="There is no store"):
        export(tmp_path / "none", tmp_path / "out.nq")


def test_the_status_counts_what_is_published(store: Path) -> None:
    found = status(store)
    assert (found.articles, found.statements, found.memberships, found.user_graphs) == (2, 3, 0, 2)
    assert found.quads == len(exported(store).splitlines()) + provenance_lines(store)


def provenance_lines(store: Path) -> int:
    """Count the quads that tell of runs."""
    return len(exported(store, provenance=True).splitlines()) - len(exported(store).splitlines())


@given(st.lists(st.binary(max_size=3).map(lambda line: line.replace(b"\n", b"") + b"\n")), st.integers(1, 9))
def test_lines_are_sorted_whatever_fits_into_memory(lines: list[bytes], chunk: int) -> None:
    assert list(ordered(lines, chunk)) == sorted(lines)
