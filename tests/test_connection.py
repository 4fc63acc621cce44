"""Requests that are known by their bytes: the same answer as before, and nothing but the very same request."""

from __future__ import annotations

import http.client
import socket
import time
import urllib.parse
from typing import TYPE_CHECKING

import pytest
from serving import publish, running, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNT = "/sparql?query=" + urllib.parse.quote("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root: Path = tmp_path_factory.mktemp("known") / "store"
    publish(root, quads=70)
    return root


@pytest.fixture(scope="module")
def server(store: Path) -> Iterator[tuple[str, int]]:
    with running(settings(store)) as url:
        split = urllib.parse.urlsplit(url)
        assert split.hostname
        assert split.port
        yield split.hostname, split.port


def get(connection: http.client.HTTPConnection, accept: str = "text/csv") -> tuple[dict[str, str], bytes]:
    connection.request("GET", COUNT, headers={"Accept": accept})
    response = connection.getresponse()
    assert response.status == 200
    return dict(response.getheaders()), response.read()


def test_the_same_request_has_the_same_answer_and_headers_each_time(server: tuple[str, int]) -> None:
    connection = http.client.HTTPConnection(*server)
    answers = [get(connection) for _ in range(6)]
    assert {body for _, body in answers} == {b"n\r\n70\r\n"}
    repeated = [{name.lower(): value for name, value in headers.items()} for headers, _ in answers[1:]]
    assert len({headers.pop("x-request-id") for headers in repeated}) == 5
    for headers in repeated:
        headers.pop("date")
        assert headers.pop("server-timing").startswith("cache;dur=")
        assert headers == repeated[0]
    assert get(connection, "text/tab-separated-values")[1] == b"?n\n70\n"
    connection.close()


def test_a_known_request_is_answered_in_one_piece_or_two_or_twice(server: tuple[str, int]) -> None:
    request = f"GET {COUNT} HTTP/1.1\r\nHost: h\r\nAccept: text/csv\r\n\r\n".encode()
    with socket.create_connection(server) as client, client.makefile("rb") as stream:
        for pieces in [(request,)] * 4 + [(request[:30], request[30:]), (request + request,)]:
            for piece in pieces:
                client.sendall(piece)
            for _ in range(b"".join(pieces).count(request)):
                assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
                lines = iter(stream.readline, b"\r\n")
                length = next(int(line[15:]) for line in list(lines) if line.startswith(b"content-length:"))
                assert stream.read(length) == b"n\r\n70\r\n"


@pytest.mark.parametrize("more", ["Connection: close", "Content-Length: 3", "X-Request-Id: mine"])
def test_what_changes_more_than_the_answer_is_never_known_by_its_bytes(server: tuple[str, int], more: str) -> None:
    body = b"abc" if more.startswith("Content-Length") else b""
    request = f"GET {COUNT} HTTP/1.1\r\nHost: h\r\n{more}\r\n\r\n".encode()
    for _ in range(4):
        with socket.create_connection(server) as client, client.makefile("rb") as stream:
            client.sendall(request)
            client.sendall(body)
            answers = 1 if more == "Connection: close" else 2
            for _ in range(answers):
                assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
                lines = [line.lower() for line in iter(stream.readline, b"\r\n")]
                assert (b"x-request-id: mine\r\n" in lines) is more.startswith("X-Request-Id")
                stream.read(next(int(line[15:]) for line in lines if line.startswith(b"content-length:")))
                if answers == 2:
                    client.sendall(request + body)
            if answers == 1:
                assert stream.read() == b""


def test_a_known_request_is_answered_from_the_snapshot_that_is_current(tmp_path: Path) -> None:
    publish(tmp_path / "store", quads=5)
    with running(settings(tmp_path / "store")) as url:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
        assert {get(connection)[1] for _ in range(4)} == {b"n\r\n5\r\n"}
        publish(tmp_path / "store", quads=4, first=5)
        end = time.monotonic() + 60
        while get(connection)[1] != b"n\r\n9\r\n":
            assert time.monotonic() < end, "the new snapshot did not take over"
            time.sleep(0.05)
        assert {get(connection)[1] for _ in range(4)} == {b"n\r\n9\r\n"}
        connection.close()


def said(server: tuple[str, int], request: bytes) -> bytes:
    """Return all that comes back until the connection ends, as it does after a refusal."""
    with socket.create_connection(server, timeout=60) as client, client.makefile("rb") as stream:
        client.sendall(request)
        return stream.read()


POST = b"POST /sparql HTTP/1.1\r\nHost: h\r\nContent-Type: application/sparql-query\r\n"
CHUNKS = b"5\r\nASK{}\r\n0\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
        (b"GET /\r\n\r\n", 505),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS + b"\r\n", 501),
        (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS + b"\r\n", 400),
        (POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + b"\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + CHUNKS + b"\r\n", 400),
        (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nASK{} ", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + b"X: y\r\n" * 101 + b"\r\n", 431),
        (b"GET /health HTTP/1.1\r\nHost: h\r\nX: a\nContent-Length: 5\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nHost: h\r\nContent-Length : 5\r\n\r\n", 400),
    ],
)
def test_a_head_that_two_readers_may_read_in_two_ways_is_refused_and_ends_the_connection(
    server: tuple[str, int], request_: bytes, status: int
) -> None:
    assert said(server, request_).startswith(b"HTTP/1.1 %d " % status)


def test_fields_behind_a_body_are_no_header_fields(server: tuple[str, int]) -> None:
    trailer = b"Content-Encoding: gzip\r\nAccept: text/csv\r\nX-Request-Id: mine\r\n\r\n"
    end = b"GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    answer = said(server, POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + trailer + end)
    assert b'{"head":{},"boolean":true}' in answer
    assert b"mine" not in answer


def test_the_host_of_an_absolute_url_counts_more_than_that_of_the_field(server: tuple[str, int]) -> None:
    line = b"GET http://other.example/sparql?format=nt HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    assert b"<http://other.example/sparql#service>" in said(server, line)


def test_the_server_as_a_whole_tells_its_methods(server: tuple[str, int]) -> None:
    answer = said(server, b"OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert b"\r\nallow: DELETE, GET, HEAD, OPTIONS, POST, PUT, QUERY\r\n" in answer
    assert said(server, b"GET * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 400 ")
