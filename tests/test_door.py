"""Who may be connected, what a client may send, and how slow it may be."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import time
import urllib.parse
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from serving import publish, running, settings

from endpoint.http.door import Door
from endpoint.settings import Limits
from endpoint.workers.process import allow_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASK = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: h\r\n\r\n"
SLOW = {"head": 1.0, "body": 1.0, "stall": 2.0}


class Guest:
    """A connection that is looked at."""

    def __init__(self) -> None:
        self.looks = 0

    def look(self, now: float) -> None:
        del now
        self.looks += 1


def in_loop(check: Any) -> None:
    async def run() -> None:
        check()

    asyncio.run(run())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root: Path = tmp_path_factory.mktemp("door") / "store"
    publish(root, quads=7000)
    return root


@contextmanager
def served(store: Path, **limits: Any) -> Iterator[int]:
    with running(settings(store, limits=limits)) as url:
        port = urllib.parse.urlsplit(url).port
        assert port
        yield port


@pytest.fixture(scope="module")
def port(store: Path) -> Iterator[int]:
    with served(store, connected=5) as port:
        yield port


@pytest.fixture(scope="module")
def hasty(store: Path) -> Iterator[int]:
    """Give the port of a server that has little patience."""
    with served(store, **SLOW) as port:
        yield port


def connected(port: int, client: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 30, (client, 0))


def sent(port: int, data: bytes) -> bytes:
    """Send bytes and return the first line of what comes back."""
    with connected(port) as connection, connection.makefile("rb") as stream:
        connection.sendall(data)
        return stream.readline()


def test_there_are_so_many_connections_in_all_and_of_one_client_but_proxies_stand_for_many() -> None:
    def check() -> None:
        door = Door(Limits(connections=5, connected=2), lambda client: client == "proxy")
        guests = [Guest() for _ in range(6)]
        assert [door.enter(guest, "a") for guest in guests[:2]] == [None, None]
        refusal = door.enter(guests[2], "a")
        assert refusal is not None
        assert refusal[0] == 429
        door.leave(guests[2])
        assert [door.enter(guest, "proxy") for guest in guests[3:]] == [None, None, None]
        assert len(door) == 5
        refusal = door.enter(guests[2], "b")
        assert refusal is not None
        assert refusal[0] == 503
        door.leave(guests[0])
        assert door.enter(guests[2], "b") is None

    in_loop(check)


def test_as_many_files_are_allowed_as_the_system_lets() -> None:
    allowed = allow_files(64)
    assert allowed == 64
    assert 64 <= allow_files(1 << 40) < 1 << 40


def test_a_client_with_too_many_connections_is_refused_and_others_are_not(port: int) -> None:
    with ExitStack() as stack:
        held = [stack.enter_context(connected(port, "127.0.0.3")) for _ in range(6)]
        with held[-1].makefile("rb") as stream:
            assert stream.readline() == b"HTTP/1.1 429 Too Many Requests\r\n"
            assert b"retry-after: 2\r\n" in stream.read()
        for client in ("127.0.0.4", "127.0.0.1"):
            with connected(port, client) as other, other.makefile("rb") as stream:
                other.sendall(ASK)
                assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
        with held[0].makefile("rb") as stream:
            held[0].sendall(ASK)
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 2000, 431),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 50_000, 431),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 90 + b"Host: h\r\n\r\n", 200),
        (b"GET /" + b"y" * 2_000_000, 414),
        (b"GET /" + b"y" * 10_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414),
        (b"GET /sparql?query=ASK%7B%7D" + b"%20" * 20_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 200),
        (b"GET /sparql?query=ASK%7B%7D" + b"+" * 66_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414),
        (b"\x00\x01\x02\r\n\r\n", 400),
    ],
)
def test_a_head_has_its_bounds(port: int, request_: bytes, status: int) -> None:
    assert sent(port, request_).startswith(b"HTTP/1.1 %d " % status)


def test_requests_that_come_at_once_are_answered_in_their_order(port: int) -> None:
    number = 300
    with connected(port) as connection, connection.makefile("rb") as stream:
        texts = [f"SELECT ({n} AS ?n) {{}}" for n in range(number)]
        connection.sendall(
            b"".join(
                b"GET /sparql?%b HTTP/1.1\r\nHost: h\r\nAccept: text/csv\r\n\r\n"
                % urllib.parse.urlencode({"query": text}).encode()
                for text in texts
            )
        )
        for n in range(number):
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
            lines = [line.lower() for line in iter(stream.readline, b"\r\n")]
            length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
            assert stream.read(length) == b"n\r\n%d\r\n" % n


def test_a_body_in_many_pieces_is_read_whole(port: int) -> None:
    text = b"ASK {}" + b" " * 200_000
    head = b"POST /sparql HTTP/1.1\r\nHost: h\r\nContent-Type: application/sparql-query\r\nContent-Length: %d\r\n\r\n"
    with connected(port) as connection, connection.makefile("rb") as stream:
        data = head % len(text) + text + ASK
        for start in range(0, len(data), 30_000):
            connection.sendall(data[start : start + 30_000])
        for _ in range(2):
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
            lines = [line.lower() for line in iter(stream.readline, b"\r\n")]
            length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
            assert b"true" in stream.read(length)


@pytest.mark.parametrize(
    "start",
    [
        b"GET /sparql?query=ASK{} HTTP/1.1\r\nX-Slow: a",
        b"POST /sparql HTTP/1.1\r\nHost: h\r\nContent-Type: application/sparql-query\r\nContent-Length: 1000\r\n\r\na",
    ],
)
def test_a_request_that_comes_too_slowly_is_refused(hasty: int, start: bytes) -> None:
    with connected(hasty) as connection, connection.makefile("rb") as stream:
        connection.sendall(start)
        assert stream.readline() == b"HTTP/1.1 408 Request Timeout\r\n"
        assert b"connection: close\r\n" in stream.read()


@pytest.mark.parametrize("first", [b"", ASK])
def test_a_client_that_asks_nothing_is_sent_away(hasty: int, first: bytes) -> None:
    with connected(hasty) as connection:
        connection.sendall(first)
        while connection.recv(65536):
            pass


def test_a_client_that_takes_nothing_of_its_answers_is_cut_off(hasty: int) -> None:
    query = urllib.parse.urlencode({"query": "SELECT * { ?s ?p ?o }"}).encode()
    with closing(socket.socket()) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(30)
        connection.connect(("127.0.0.1", hasty))
        connection.sendall(b"GET /sparql?%b HTTP/1.1\r\nHost: h\r\n\r\n" % query * 20)
        assert is_cut(connection)


def is_cut(connection: socket.socket) -> bool:
    """Send now and then: an answer to it, if only a reset, tells that the other end is gone."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            connection.sendall(b"\r\n")
        except ConnectionError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("more", [{}, {"Connection": "close"}, {"Expect": "100-continue"}, {"X-Request-Id": "mine"}])
def test_the_health_is_told_at_once_as_it_is_told_in_any_other_way(port: int, more: dict[str, str]) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/health", headers=more)
        response = connection.getresponse()
        state = json.loads(response.read())
    assert response.status == 200
    assert state["live"]
    assert state["ready"]
    assert {"snapshot", "held", "age", "workers", "running", "waiting"} <= state.keys()
    assert response.getheader("Content-Type") == "application/json"
    assert response.getheader("Cache-Control") == "no-store"
    assert response.getheader("X-Content-Type-Options") == "nosniff"
    assert (response.getheader("Connection") == "close") == ("Connection" in more)


def test_the_health_is_told_between_other_requests_on_one_connection(port: int) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for path in ("/health", "/sparql?query=ASK%7B%7D", "/health", "/health"):
            connection.request("GET", path)
            response = connection.getresponse()
            assert response.status == 200
            response.read()
