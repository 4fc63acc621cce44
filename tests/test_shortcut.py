"""Plain requests that are answered from their bytes: the same answers as the usual way gives, and in the same order."""

from __future__ import annotations

import http.client
import re
import socket
import time
import urllib.parse
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import ARTICLE, HTTP, publish, running, settings

from endpoint.protocol.plain import decoded, read_plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Answer = tuple[int, dict[str, str], bytes]

ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?d && ?f != ?i && ?c != ?h) }"
QUERIES = (
    "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 5",
    "SELECT (COUNT(*) AS ?n) { GRAPH <http://e.example/g1> { ?s ?p ?o } }",
    'SELECT ?o { ?s ?p ?o FILTER(STRSTARTS(STR(?o), "value 1")) } ORDER BY ?o',
    "SELECT * FROM <http://e.example/g2> { ?s ?p ?o } ORDER BY ?s",
    "ASK { ?s <http://e.example/p1> ?o }",
    "ASK { ?s <http://e.example/p1> 'é𝄞+%2B=&#;' }",
    "CONSTRUCT { ?s <urn:p> ?o } WHERE { ?s <http://e.example/p2> ?o } ORDER BY ?s LIMIT 3",
    "DESCRIBE <http://e.example/1>",
    "SELECT * { ?s ?p ",
    "INSERT DATA { <urn:a> <urn:b> <urn:c> }",
    "SELECT * { SERVICE <http://s.example/> { ?s ?p ?o } }",
    "SELECT * { SERVICE SILENT <http://s.example/> { ?s ?p ?o } }",
    'SELECT (NOW() > "2020-01-01T00:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> AS ?later) {}',
    "SELECT ?s ?o ?y { ?s ?p ?o . ?x <http://e.example/p1> ?y } ORDER BY ?s ?o ?y",
    "",
    "#" + "x" * 300_000,
)
ACCEPTED = ("*/*", "text/csv", "application/sparql-results+xml, text/turtle", "text/turtle;q=0.5", "image/png", "x y")
VOLATILE = {"date", "server-timing", "x-request-id"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    root: Path = tmp_path_factory.mktemp("plain") / "store"
    publish(root, add=ARTICLE, quads=140)
    with running(settings(root, limits={"running": 2})) as url:
        split = urllib.parse.urlsplit(url)
        yield split.hostname or "", split.port or 0


def ask(connection: http.client.HTTPConnection, text: str, more: dict[str, str]) -> Answer:
    connection.request("GET", f"/sparql?query={urllib.parse.quote(text, safe='')}", headers=more)
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders() if name.lower() not in VOLATILE}
    return response.status, headers, response.read()


@pytest.mark.parametrize("text", QUERIES, ids=range(len(QUERIES)))
def test_the_shortcut_leads_to_the_answer_that_the_usual_way_gives(server: tuple[str, int], text: str) -> None:
    plain, usual = http.client.HTTPConnection(*server), http.client.HTTPConnection(*server)
    for accept in ACCEPTED[: 1 if len(text) > 1000 else None]:
        for coding in ("identity", "gzip"):
            given_ = {"Accept": accept, "Accept-Encoding": coding}
            first = ask(plain, text, given_)
            again = ask(plain, text, given_)
            other = ask(usual, text, given_ | {"X-Request-Id": "mine"})  # a name of its own takes it the usual way
            assert again[::2] == other[::2]
            assert first[::2] == other[::2]
            chunked = {"transfer-encoding", "content-length"}
            assert {k: v for k, v in first[1].items() if k not in chunked} == {
                k: v for k, v in other[1].items() if k not in chunked
            }
            assert again[1] == other[1]
    plain.close()
    usual.close()


def post(server: tuple[str, int], body: bytes, fields: str, cut: int = 0) -> tuple[bytes, dict[str, str], bytes]:
    """Send a POST in one piece, or in two; return the status line, the header fields and the body of its response."""
    head = f"POST /sparql HTTP/1.1\r\nHost: h\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(server, timeout=60) as client, client.makefile("rb") as stream:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in ((head + body)[:cut], (head + body)[cut:]) if cut else (head + body,):
            client.sendall(piece)
        status, *lines = [stream.readline(), *(line.decode().strip() for line in iter(stream.readline, b"\r\n"))]
        headers = dict(line.lower().split(": ", 1) for line in lines)
        if "content-length" in headers:
            return status, headers, stream.read(int(headers["content-length"]))
        answer = b"".join(iter(lambda: stream.read(int(stream.readline(), 16) + 2)[:-2], b""))
        return status, {name: value for name, value in headers.items() if name != "transfer-encoding"}, answer


@pytest.mark.parametrize("text", [text for text in QUERIES if len(text) < 1000], ids=str)
def test_the_shortcut_of_a_post_leads_to_the_answer_that_the_usual_way_gives(
    server: tuple[str, int], text: str
) -> None:
    form = f"query={urllib.parse.quote_plus(text)}".encode()
    for kind, body in (("application/sparql-query", text.encode()), ("application/x-www-form-urlencoded", form)):
        fields = f"Content-Type: {kind}\r\nAccept: {ACCEPTED[0]}\r\n"
        answers = [
            post(server, body, fields),
            post(server, body, fields),
            post(server, body, fields, 30),
            post(server, body, fields, -len(body)),
            post(server, body, fields + "X-Request-Id: mine\r\n"),
        ]
        told = [
            (status, {k: v for k, v in headers.items() if k not in {*VOLATILE, "content-length"}}, answer)
            for status, headers, answer in answers
        ]
        assert told == told[-1:] * len(told)


FIELDS = b"Host: h\r\nContent-Type: application/sparql-query\r\n"
FORM = FIELDS.replace(b"sparql-query", b"x-www-form-urlencoded")


@pytest.mark.parametrize(
    ("fields", "body", "is_plain"),
    [
        (FIELDS + b"Content-Length: 6\r\n", b"ASK {}", True),
        (b"content-length: 6\r\n" + FIELDS, b"ASK {}", True),
        (FIELDS + b"Content-Length: 6\r\nAccept: text/csv\r\n", b"ASK {}", True),
        (FIELDS + b"Content-Length: 6\r\n", b"ASK {} ", False),
        (FIELDS + b"Content-Length: 7\r\n", b"ASK {}", False),
        (FIELDS + b"Content-Length:6\r\n", b"ASK {}", False),
        (FIELDS, b"ASK {}", False),
        (FIELDS.replace(b"query", b"update") + b"Content-Length: 6\r\n", b"ASK {}", False),
        (FIELDS + b"Content-Type: text/csv\r\nContent-Length: 6\r\n", b"ASK {}", False),
        (FIELDS + b"Content-Length: 6\r\n", b"ASK\xff{}", False),
        (FIELDS.replace(b"sparql-query", b"x-www-form-urlencoded") + b"Content-Length: 12\r\n", b"query=ASK+{}", True),
        (
            FIELDS.replace(b"sparql-query", b"x-www-form-urlencoded") + b"Content-Length: 14\r\n",
            b"query=ASK{}&a=",
            False,
        ),
    ],
)
def test_a_post_is_plain_where_its_whole_body_is_a_query(fields: bytes, body: bytes, *, is_plain: bool) -> None:
    plain = read_plain(b"POST /sparql HTTP/1.1\r\n" + fields + b"\r\n" + body, 1000)
    assert (plain is not None) is is_plain
    if plain is not None:
        assert (plain.form, plain.method) == ("ASK", "POST")
        assert b"length" not in plain.fields.lower()
        assert plain.fields.startswith(FIELDS[:30])
        assert plain.fields.endswith(b"\r\n\r\n")
        assert plain.fields.count(b"\r\n\r\n") == 1


@given(st.text(), st.booleans())
def test_percent_encoding_is_read_as_forms_have_it(text: str, plus: bool) -> None:
    try:
        quoted = (urllib.parse.quote_plus if plus else urllib.parse.quote)(text).encode()
    except UnicodeEncodeError:
        return
    assert decoded(quoted) == text
    assert decoded(quoted.lower()) == urllib.parse.unquote_plus(quoted.lower().decode(), errors="strict")


@given(st.text(alphabet="a%2F+&#;= \x00é"))
def test_a_request_line_with_anything_unusual_is_not_plain(text: str) -> None:
    line = b"GET /sparql?query=ASK" + text.encode() + b" HTTP/1.1\r\n"
    is_right = re.fullmatch(r"(?:[a2F+;=]|%[2Fa][2Fa])*", text) is not None
    is_text = is_right and urllib.parse.unquote_plus(text, errors="replace").isascii()
    assert (read_plain(line, 1000) is not None) is is_text


def test_bytes_that_are_no_text_are_refused(server: tuple[str, int]) -> None:
    connection = http.client.HTTPConnection(*server)
    connection.request("GET", "/sparql?query=ASK%20%7B%20%FF%20%7D")
    response = connection.getresponse()
    assert (response.status, response.read()) == (400, b"The URL holds percent-encoded bytes that are not UTF-8.\n")
    connection.close()


def test_requests_that_come_while_another_is_under_way_are_answered_in_their_order(server: tuple[str, int]) -> None:
    texts = [f"SELECT ({n} AS ?n) {{ ?a ?b ?c . ?d ?e ?f }} LIMIT 1" for n in range(8)]
    with socket.create_connection(server) as client, client.makefile("rb") as stream:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for n, text in enumerate(texts):
            more = "X-Request-Id: mine\r\n" if n % 3 == 2 else ""
            path = f"/sparql?query={urllib.parse.quote(text)}"
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\nAccept: text/csv\r\n{more}\r\n".encode())
        for n in range(len(texts)):
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
            lines = [line.lower() for line in iter(stream.readline, b"\r\n")]
            length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
            assert stream.read(length) == f"n\r\n{n}\r\n".encode()


def test_a_client_that_hangs_up_frees_its_query(server: tuple[str, int]) -> None:
    url = f"http://{server[0]}:{server[1]}"
    request = f"GET /sparql?query={urllib.parse.quote(ENDLESS)} HTTP/1.1\r\nHost: h\r\n\r\n".encode()
    for _ in range(3):
        with socket.create_connection(server) as client:
            client.sendall(request)
            end = time.monotonic() + 30
            while not HTTP.get(f"{url}/health").json()["running"]:
                assert time.monotonic() < end, "the query does not run"
    end = time.monotonic() + 30
    while HTTP.get(f"{url}/health").json()["running"]:
        assert time.monotonic() < end, "the query runs on"
    answer = HTTP.get(f"{url}/sparql", params={"query": "ASK {}"}, headers={"Accept": "text/csv"})
    assert answer.text == "true"


def test_the_answer_under_way_is_sent_before_the_server_ends(tmp_path: Path) -> None:
    publish(tmp_path / "store", quads=700)
    slow = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(?a != ?d) }"
    with running(settings(tmp_path / "store")) as url:
        split = urllib.parse.urlsplit(url)
        client = socket.create_connection((split.hostname or "", split.port or 0))
        path = f"/sparql?query={urllib.parse.quote(slow)}"
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\nAccept: text/csv\r\n\r\n".encode())
        end = time.monotonic() + 30
        while not HTTP.get(f"{url}/health").json()["running"]:
            assert time.monotonic() < end, "the query does not run"
    with client, client.makefile("rb") as stream:
        whole = stream.read()
    assert whole.startswith(b"HTTP/1.1 200 OK\r\n")
    assert whole.endswith(b"n\r\n489300\r\n")
