"""LOAD of documents from where the owner allows, against a real server on the loopback address."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from serving import ARTICLE, BASE, HTTP, publish, running, settings

from endpoint.execution.loads import Below

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

TOKEN = {"Authorization": "Bearer right"}
DOCUMENTS = {
    "/data/a.ttl": (200, "text/turtle", b"<x> <urn:p> 1 , [ <urn:q> 'two' ] ."),
    "/data/b": (200, "application/n-triples", b'<urn:b> <urn:p> "b" .'),
    "/data/c.ttl": (200, "application/octet-stream", b"<urn:c> <urn:p> 'c' ."),
    "/data/bad": (200, "text/turtle", b"<urn:b> <urn:p> "),
    "/data/page": (200, "text/html", b"<p>"),
    "/data/away": (302, "/other/a.ttl", b""),
    "/data/on": (302, "/data/b", b""),
    "/other/a.ttl": (200, "text/turtle", b"<urn:other> <urn:p> 1 ."),
}


class Documents(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, what, body = DOCUMENTS.get(self.path, (404, "text/plain", b""))
        self.send_response(status)
        self.send_header("Location" if status == 302 else "Content-Type", what)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def documents() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Documents)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with documents() as place:
        yield place


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, web: str) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("store")
    publish(root, add=ARTICLE)
    with running(settings(root, token="right", loads=(f"{web}/data/",))) as base:
        yield base


def update(url: str, text: str) -> httpx.Response:
    return HTTP.post(f"{url}/update", data={"update": text}, headers=TOKEN, timeout=60)


def rows(url: str, pattern: str) -> list[str]:
    query = f"SELECT ?o {{ {pattern} }} ORDER BY STR(?o)"
    return HTTP.get(f"{url}/sparql", params={"query": query, "format": "csv"}, timeout=60).text.split()[1:]


def test_a_document_is_loaded_into_the_graph_that_is_named(url: str, web: str) -> None:
    text = f"PREFIX g: <urn:> LOAD <{web}/data/a.ttl> INTO GRAPH g:one ; LOAD SILENT <{web}/data/on> INTO GRAPH g:one"
    assert update(url, text).status_code == 204
    assert rows(url, f"GRAPH <urn:one> {{ <{web}/data/x> <urn:p> ?o FILTER(!isBlank(?o)) }}") == ["1"]
    assert rows(url, "GRAPH <urn:one> { ?s <urn:p> [ <urn:q> ?o ] }") == ["two"]
    assert rows(url, "GRAPH <urn:one> { <urn:b> <urn:p> ?o }") == ["b"]


def test_a_document_may_go_into_the_default_graph_and_be_known_by_its_name_alone(url: str, web: str) -> None:
    assert update(url, f"LOAD <{web}/data/c.ttl> ; INSERT DATA {{ GRAPH <urn:c> {{ <urn:s> <urn:p> 1 }} }}").is_success
    graph = HTTP.get(f"{url}/graphs?default", headers={"Accept": "application/n-triples"}).text
    assert '<urn:c> <urn:p> "c"' in graph
    assert rows(url, "GRAPH <urn:c> { ?s ?p ?o }") == ["1"]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/other/a.ttl", 403, "refused"),
        ("/data/../other/a.ttl", 403, "refused"),
        ("/data/away", 502, "not allowed"),
        ("/data/none", 502, "404"),
        ("/data/bad", 502, "cannot be read"),
        ("/data/page", 502, "text/html"),
    ],
)
def test_what_cannot_be_loaded_is_told_and_nothing_is_stored(
    url: str, web: str, path: str, status: int, words: str
) -> None:
    before = f"INSERT DATA {{ GRAPH <urn:lost> {{ <urn:s> <urn:p> 1 }} }} ; LOAD <{web}{path}> INTO GRAPH <urn:lost>"
    answer = update(url, before)
    assert (answer.status_code, words in answer.text) == (status, True)
    assert rows(url, "GRAPH <urn:lost> { ?s ?p ?o }") == []
    silent = update(url, f"LOAD SILENT <{web}{path}> INTO GRAPH <urn:lost>")
    assert (silent.status_code, rows(url, "GRAPH <urn:lost> { ?s ?p ?o }")) == (204, [])


def test_nothing_is_loaded_into_a_graph_of_the_loaders(url: str, web: str) -> None:
    assert update(url, f"LOAD <{web}/data/b> INTO GRAPH <{BASE}graph/registry>").status_code == 403


def test_an_update_that_cannot_be_read_loads_nothing(url: str, web: str) -> None:
    assert update(url, f"LOAD <{web}/data/none> ; INSERT BOGUS").status_code == 400


def test_an_address_is_on_the_list_or_below_one_that_ends_with_a_slash() -> None:
    allowed = Below(("http://a.example/x", "http://b.example/d/"))
    assert "http://a.example/x" in allowed
    assert "http://b.example/d/e.ttl" in allowed
    for address in ("http://a.example/x/y", "http://b.example/d", "http://b.example/d/../e", "http://b.example.org/d/"):
        assert address not in allowed
