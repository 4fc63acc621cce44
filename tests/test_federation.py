"""SERVICE calls of allowed services, against a real second SPARQL service on the loopback address."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pyoxigraph
import pytest
import serving
from serving import HTTP

from endpoint.execution.federation import read_plan
from endpoint.execution.remote import check_service, is_public
from endpoint.protocol.requests import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx

FACTS = """
@prefix wd: <http://www.wikidata.org/entity/> . @prefix wdt: <http://www.wikidata.org/prop/direct/> .
wd:Q20 wdt:P36 wd:Q585 ; wdt:P463 wd:Q7184 , [ wdt:P31 wd:Q1 ] . wd:Q17 wdt:P36 wd:Q1490 .
"""
LINKS = """
@prefix actor: <https://pactgraph.example/actor/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<https://links.example/g> {
  actor:norway skos:exactMatch <http://www.wikidata.org/entity/Q20> .
  actor:atlantis skos:exactMatch <http://www.wikidata.org/entity/Q0> . }
"""
PREFIXES = """PREFIX actor: <https://pactgraph.example/actor/> PREFIX wdt: <http://www.wikidata.org/prop/direct/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX wd: <http://www.wikidata.org/entity/>
"""


class Fake(BaseHTTPRequestHandler):
    """Answers a SELECT from a small store; how else it may behave is the server's ``trick``."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        query = parse_qs(body)["query"][0]
        self.server.asked.append(query)  # type: ignore[attr-defined] (the fixture's own server)
        trick = self.server.trick  # type: ignore[attr-defined] (the fixture's own server)
        if trick is None:
            found: Any = self.server.store.query(query)  # type: ignore[attr-defined] (the fixture's own server)
            answer = found.serialize(format=pyoxigraph.QueryResultsFormat.JSON)
            self.reply(200, answer)
        else:
            trick(self)

    def reply(self, status: int, body: bytes, media_type: str = "application/sparql-results+json", **more: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": media_type, "Content-Length": str(len(body)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Fake)
        self.asked: list[str] = []
        self.trick: Callable[[Fake], None] | None = None
        self.store = pyoxigraph.Store()
        self.store.load(FACTS.encode(), pyoxigraph.RdfFormat.TURTLE)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/sparql"


@contextmanager
def fake() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def other() -> Iterator[Server]:
    with fake() as server:
        yield server


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, other: Server) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("federation") / "store"
    serving.publish(root, add=serving.ARTICLE + LINKS)
    limits = {"service_seconds": 5.0, "service_rows": 50, "service_bytes": 20000}
    with serving.running(serving.settings(root, services=(other.url,), limits=limits)) as url:
        yield url


@pytest.fixture(autouse=True)
def fresh(other: Server) -> None:
    other.asked.clear()
    other.trick = None


def ask(address: str, query: str) -> httpx.Response:
    return HTTP.post(f"{address}/sparql", data={"query": PREFIXES + query}, headers={"Accept": "text/csv"}, timeout=60)


def rows(address: str, query: str) -> list[str]:
    answer = ask(address, query)
    assert answer.status_code == 200, answer.text
    return sorted(answer.text.splitlines()[1:])


def test_our_actors_are_joined_with_the_facts_of_the_service(address: str, other: Server) -> None:
    query = f"SELECT ?a ?c {{ ?a skos:exactMatch ?w . SERVICE <{other.url}> {{ ?w wdt:P36 ?c }} }}"
    assert rows(address, query) == ["https://pactgraph.example/actor/norway,http://www.wikidata.org/entity/Q585"]


def test_the_service_is_asked_only_for_the_values_at_hand(address: str, other: Server) -> None:
    rows(address, f"SELECT * {{ ?a skos:exactMatch ?w . SERVICE <{other.url}> {{ ?w wdt:P36 ?c }} }}")
    assert len(other.asked) == 1
    assert "entity/Q20" in other.asked[0]
    assert "entity/Q17" not in other.asked[0]


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("?a skos:exactMatch ?w OPTIONAL { SERVICE <S> { ?w wdt:P36 ?c } }", 2),
        ("{ ?a skos:exactMatch ?w } UNION { SERVICE <S> { ?w wdt:P36 ?c } }", 4),
        ("?a skos:exactMatch ?w MINUS { SERVICE <S> { ?w wdt:P36 ?c } }", 1),
        ("?a skos:exactMatch ?w FILTER NOT EXISTS { SERVICE <S> { ?w wdt:P36 ?c } }", 1),
        ("SERVICE <S> { ?w wdt:P36 ?c } FILTER(?c = wd:Q1490)", 1),
        ("SERVICE <S> { ?w wdt:P463 ?m . ?m wdt:P31 ?k }", 1),
        ("?a skos:exactMatch ?w SERVICE <S> { ?w wdt:P463 ?m } FILTER(isBlank(?m))", 1),
        ("VALUES ?w { wd:Q17 wd:Q99 } SERVICE <S> { ?w wdt:P36 ?c }", 1),
        ("?a skos:exactMatch wd:Q99 SERVICE <S> { ?w wdt:P36 ?c }", 0),
        ("SERVICE <S> { ?w wdt:P36 ?c } SERVICE <S> { ?w wdt:P463 ?m }", 2),
    ],
)
def test_the_clause_means_what_the_specification_says(address: str, other: Server, pattern: str, count: int) -> None:
    assert len(rows(address, f"SELECT * {{ {pattern.replace('<S>', f'<{other.url}>')} }}")) == count


def test_a_service_that_is_not_allowed_is_refused_and_nobody_is_called(address: str, other: Server) -> None:
    answer = ask(address, f"SELECT * {{ SERVICE <{other.url}/more> {{ ?s ?p ?o }} }}")
    assert answer.status_code == 403
    assert "its owner allows" in answer.text
    assert ask(address, "SELECT * { ?a skos:exactMatch ?s SERVICE ?s { ?x ?p ?o } }").status_code == 403
    assert other.asked == []


def test_a_silent_call_that_is_refused_or_fails_binds_nothing(address: str, other: Server) -> None:
    query = "SELECT * {{ ?a skos:exactMatch ?w . SERVICE SILENT <{}> {{ ?w wdt:P36 ?c }} }}"
    assert len(rows(address, query.format("https://elsewhere.example/sparql"))) == 2
    other.trick = lambda request: request.reply(500, b"down", "text/plain")
    assert len(rows(address, query.format(other.url))) == 2


@pytest.mark.parametrize(
    ("trick", "status", "sentence"),
    [
        (lambda r: r.reply(500, b"down", "text/plain"), 502, "status 500"),
        (lambda r: r.reply(429, b"slow", "text/plain", **{"Retry-After": "7"}), 502, "wait 7 seconds"),
        (lambda r: r.reply(200, b"<html>", "text/html"), 502, "text/html"),
        (lambda r: r.reply(200, b'{"head": {"vars": ["w"'), 502, "cannot be read"),
        (lambda r: r.reply(200, b" " * 30000), 502, "more than 20000 bytes"),
        (lambda r: r.reply(302, b"", Location="http://10.0.0.1/"), 502, "redirects to http://10.0.0.1/"),
        (lambda r: r.reply(200, b'{"head": {}, "boolean": true}'), 502, "yes or no"),
    ],
)
def test_a_service_that_fails_is_told_in_a_sentence(
    address: str, other: Server, trick: Callable[[Fake], None], status: int, sentence: str
) -> None:
    other.trick = trick
    answer = ask(address, f"SELECT * {{ SERVICE <{other.url}> {{ ?w wdt:P36 ?c }} }}")
    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text


def test_what_a_service_answers_is_not_kept(address: str, other: Server) -> None:
    query = f"SELECT * {{ SERVICE <{other.url}> {{ wd:Q17 wdt:P36 ?c }} }}"
    assert [rows(address, query), rows(address, query)] == [["http://www.wikidata.org/entity/Q1490"]] * 2
    assert len(other.asked) == 2


def test_a_query_with_an_error_calls_nobody(address: str, other: Server) -> None:
    assert ask(address, f"SELECT ?x {{ SERVICE <{other.url}> {{ ?w wdt:P36 }} }}").status_code == 400
    assert other.asked == []


def test_service_inside_graph_is_refused() -> None:
    with pytest.raises(ProtocolError, match="inside GRAPH"):
        read_plan("SELECT * { GRAPH ?g { SERVICE <https://a.example/> { ?s ?p ?o } } }", ("https://a.example/",))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/sparql",
        "a.example",
        "https://user:secret@a.example/",
        "https://a.example/#x",
        "http://localhost:8080/sparql",
        "http://10.1.2.3/sparql",
        "http://169.254.169.254/latest",
        "http://[fe80::1]/sparql",
    ],
)
def test_what_cannot_be_called_cannot_be_allowed(url: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        check_service(url)


@pytest.mark.parametrize("url", ["https://query.wikidata.org/sparql", "http://127.0.0.1:3030/x", "http://[::1]:1/x"])
def test_public_services_and_loopback_in_figures_can_be_allowed(url: str) -> None:
    check_service(url)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:0a00:0001::", False),
        ("fd00::1", False),
        ("224.0.0.1", False),
    ],
)
def test_only_addresses_of_the_public_internet_are_public(address: str, public: bool) -> None:
    import ipaddress

    assert is_public(ipaddress.ip_address(address)) is public
