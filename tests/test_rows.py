"""Rows are counted for certain in whatever the engine writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import HTTP, publish, running, settings

from endpoint.workers.rows import Rows, TooManyRows

if TYPE_CHECKING:
    from pathlib import Path

_FORMATS = ("CSV", "JSON", "TSV", "XML")
_TEXT = st.lists(st.sampled_from([*'ab"\\{},:[]<>\n\r\t?/', "</result>", "},{", '\\"']), max_size=8).map("".join)
_TERM = st.one_of(st.none(), _TEXT, st.just("<<>>"))


def result(rows: list[list[str | None]]) -> Any:
    """Return the engine's result that has these rows; ``<<>>`` stands for a triple."""

    def written(cell: str | None) -> str:
        if cell is None:
            return "UNDEF"
        return '<<( <urn:a> <urn:b> "},{" )>>' if cell == "<<>>" else str(pyoxigraph.Literal(cell))

    lines = " ".join(f"({' '.join(map(written, row))})" for row in rows)
    return pyoxigraph.Store().query(f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {lines} }} }}")


def is_too_many(format_: str, data: bytes, most: int, size: int) -> bool:
    counter = Rows(format_, most)
    try:
        for at in range(0, len(data), size):
            counter.take(data[at : at + size])
    except TooManyRows:
        assert counter.over
        return True
    return False


@given(st.lists(st.lists(_TERM, min_size=2, max_size=2), max_size=6), st.sampled_from(_FORMATS), st.integers(1, 40))
def test_one_row_more_than_the_limit_is_one_too_many(rows: list[list[str | None]], name: str, size: int) -> None:
    data = result(rows).serialize(format=getattr(pyoxigraph.QueryResultsFormat, name))
    assert not is_too_many(name, data, max(1, len(rows)), size)
    if len(rows) > 1:
        assert is_too_many(name, data, len(rows) - 1, size)


def test_triples_are_counted_one_by_one() -> None:
    triple = pyoxigraph.Triple(pyoxigraph.NamedNode("urn:s"), pyoxigraph.NamedNode("urn:p"), pyoxigraph.Literal("o"))
    assert len(list(Rows("", 2).triples([triple, triple]))) == 2
    with pytest.raises(TooManyRows):
        list(Rows("", 2).triples([triple] * 3))


def test_an_answer_with_too_many_rows_is_refused_whole_or_broken_off_but_never_cut(tmp_path: Path) -> None:
    publish(tmp_path, quads=3000)
    short, long_ = "SELECT ?s { ?s ?p ?o } LIMIT 51", "SELECT ?s ?o { ?s ?p ?o }"
    graph = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 51"
    formats = [(text, name) for text in (short, long_) for name in ("json", "xml", "csv", "tsv")]
    with running(settings(tmp_path, limits={"rows": 50})) as url:
        for text, name in [*formats, (graph, "ttl"), (graph, "jsonld")]:
            try:
                answer = HTTP.get(f"{url}/sparql", params={"query": text, "format": name})
            except httpx.RemoteProtocolError:
                assert text == long_
            else:
                assert (answer.status_code, "50 rows" in answer.text) == (503, True)
        for text, name in [(short, "csv"), (graph, "nt")]:
            answer = HTTP.get(f"{url}/sparql", params={"query": text.replace("51", "50"), "format": name})
            assert (answer.status_code, len(answer.text.splitlines())) == (200, 51 if name == "csv" else 50)
        assert HTTP.get(f"{url}/.well-known/void").status_code == 200
