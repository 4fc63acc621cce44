"""Connections that are lent to workers: their clients see nothing of it but the time it saves."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import threading
import time
import urllib.parse
from typing import TYPE_CHECKING

import httpx
import pytest
from serving import ARTICLE, publish, running, settings

from endpoint.execution.lending import Lending
from endpoint.workers.ledger import FORMS, Ledger, made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from endpoint.execution.lending import Loan, Offer
    from endpoint.workers.ledger import Work

ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?d && ?f != ?i && ?c != ?h) }"
TOKEN = "secret"


class Seen:
    """What was lent and what was taken over, of all endpoints of this process; how to wait for it."""

    def __init__(self) -> None:
        self.lent: list[Loan] = []
        self.taken_over = 0


@pytest.fixture(autouse=True)
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    kept = Seen()
    lend, take_over = Lending._lend, Lending._take_over

    def noted(self: Lending, loan: Loan, offer: Offer) -> bool:
        done = lend(self, loan, offer)
        kept.lent += [loan] if done else []
        return done

    def noted_too(self: Lending, loan: Loan, work: Work) -> None:
        kept.taken_over += 1
        take_over(self, loan, work)

    monkeypatch.setattr(Lending, "_lend", noted)
    monkeypatch.setattr(Lending, "_take_over", noted_too)
    return kept


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    root: Path = tmp_path_factory.mktemp("lending") / "store"
    publish(root, add=ARTICLE, quads=700)
    with running(settings(root, limits={"seconds": 3.0}, token=TOKEN)) as url:
        split = urllib.parse.urlsplit(url)
        yield split.hostname or "", split.port or 0


def ask(connection: http.client.HTTPConnection, text: str, **more: str) -> tuple[int, bytes]:
    headers = {"Accept": "text/csv", **more}
    connection.request("GET", f"/sparql?query={urllib.parse.quote(text, safe='')}", headers=headers)
    response = connection.getresponse()
    return response.status, response.read()


def number(n: int) -> str:
    return f"SELECT ({n} AS ?n) {{}}"


def lent_after(connection: http.client.HTTPConnection, seen: Seen, first: int = 0) -> int:
    """Ask one short query after the other until the connection is lent; return a number that was not asked."""
    before, n, end = len(seen.lent), first, time.monotonic() + 60
    while len(seen.lent) == before:
        assert time.monotonic() < end, "it is not lent"
        assert ask(connection, number(n)) == (200, b"n\r\n%d\r\n" % n)
        n += 1
    return n


def test_what_a_worker_answers_itself_is_what_the_usual_way_answers(server: tuple[str, int], seen: Seen) -> None:
    steady, usual = http.client.HTTPConnection(*server), http.client.HTTPConnection(*server)
    volatile = {"date", "server-timing", "x-request-id"}
    texts = [f"SELECT * {{ <http://e.example/{n}> ?p ?o }} ORDER BY ?p" for n in range(20)]
    texts += [
        f"CONSTRUCT {{ ?s <urn:p> ?o }} {{ ?s <http://e.example/p{n}> ?o }} ORDER BY ?o LIMIT 20" for n in range(5)
    ]
    texts += [f"ASK {{ <http://e.example/{n}> ?p 'é𝄞+%2B=&#;' }}" for n in range(5)]
    for text in texts:
        answers = []
        for connection, more in ((steady, {}), (usual, {"X-Request-Id": "mine"})):
            path = f"/sparql?query={urllib.parse.quote(text, safe='')}"
            connection.request("GET", path, headers={"Accept-Encoding": "gzip"} | more)
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders() if name.lower() not in volatile}
            answers.append((response.status, fields, response.read()))
        assert answers[0] == answers[1]
    assert seen.lent
    steady.close()
    usual.close()


def test_answers_of_workers_are_counted(server: tuple[str, int], seen: Seen) -> None:
    def count() -> int:
        text = httpx.get(f"http://{server[0]}:{server[1]}/metrics").text
        return sum(
            int(line.split()[-1]) for line in text.splitlines() if line.startswith("pactgraph_request_seconds_count")
        )

    connection = http.client.HTTPConnection(*server)
    before = count()
    n = lent_after(connection, seen, 1000)
    for each in range(n, n + 20):
        ask(connection, number(each))
    assert count() - before >= n + 20 - 1000
    connection.close()


@pytest.mark.parametrize(
    ("text", "status", "part"),
    [
        ("SELECT * { ?s ?p ", 400, b"line 1, column"),
        (ENDLESS, 504, b"stopped after 3 seconds"),
        ("SELECT * { GRAPH ?g { ?s ?p ?o } } ORDER BY ?s ?p ?o", 200, b"value 0"),
        ("SELECT (NOW() > 1 AS ?n) {}", 200, b"n"),
        ("SELECT (1 AS ?n) FROM <http://e.example/g1> {}", 200, b"n\r\n1"),
        ("SELECT * { SERVICE <http://s.example/> { ?s ?p ?o } }", 403, b""),
    ],
)
def test_what_is_not_a_short_plain_query_goes_the_usual_way(
    server: tuple[str, int], seen: Seen, text: str, status: int, part: bytes
) -> None:
    connection, other = http.client.HTTPConnection(*server), http.client.HTTPConnection(*server)
    lent_after(connection, seen, 2000)
    text += f" # {len(seen.lent)}"
    got = ask(connection, text)
    assert got[0] == status
    assert part in got[1]
    if status == 200 and "NOW" not in text:
        assert got == ask(other, text, **{"X-Request-Id": "mine"})
    n = lent_after(connection, seen, 3000)  # and the connection serves on
    assert ask(connection, number(n)) == (200, b"n\r\n%d\r\n" % n)
    connection.close()
    other.close()


def test_a_query_that_is_asked_again_is_answered_from_the_cache(server: tuple[str, int], seen: Seen) -> None:
    connection = http.client.HTTPConnection(*server)
    n = lent_after(connection, seen, 4000)
    for _ in range(3):
        path = f"/sparql?query={urllib.parse.quote(number(n), safe='')}"
        connection.request("GET", path, headers={"Accept": "text/csv"})
        response = connection.getresponse()
        assert response.read() == b"n\r\n%d\r\n" % n
    assert (response.getheader("Server-Timing") or "").startswith("cache")
    connection.close()


def test_requests_that_come_at_once_are_answered_in_their_order(server: tuple[str, int], seen: Seen) -> None:
    connection = http.client.HTTPConnection(*server)
    n = lent_after(connection, seen, 5000)
    head = "HTTP/1.1\r\nHost: h\r\nAccept: text/csv\r\n\r\n"
    whole = "".join(f"GET /sparql?query={urllib.parse.quote(number(n + k), safe='')} {head}" for k in range(6)).encode()
    assert connection.sock is not None
    for k in range(0, len(whole), 100):  # cut anywhere
        connection.sock.sendall(whole[k : k + 100])
    with connection.sock.makefile("rb") as stream:
        for k in range(6):
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
            lines = [line.lower() for line in iter(stream.readline, b"\r\n")]
            length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
            assert stream.read(length) == b"n\r\n%d\r\n" % (n + k)
    connection.close()


def test_a_query_of_a_lent_connection_is_stopped_when_its_client_hangs_up(tmp_path: Path, seen: Seen) -> None:
    publish(tmp_path / "store", quads=700)
    with running(settings(tmp_path / "store", limits={"seconds": 600.0})) as url:
        split = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(split.hostname or "", split.port or 0)
        lent_after(connection, seen)
        connection.request("GET", f"/sparql?query={urllib.parse.quote(ENDLESS, safe='')}")
        end = time.monotonic() + 60
        while not httpx.get(f"{url}/health", timeout=30).json()["running"]:
            assert time.monotonic() < end, "it does not run"
        connection.close()
        while httpx.get(f"{url}/health", timeout=30).json()["running"]:
            assert time.monotonic() < end, "it runs on"


def test_a_lent_connection_answers_from_what_has_been_written(tmp_path: Path, seen: Seen) -> None:
    publish(tmp_path / "store", quads=70)
    with running(settings(tmp_path / "store", token=TOKEN)) as url:
        split = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(split.hostname or "", split.port or 0)
        n = 0
        for value in range(3):
            n = lent_after(connection, seen, n)
            headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/sparql-update"}
            body = f"INSERT DATA {{ GRAPH <urn:g> {{ <urn:s> <urn:p> {value} }} }}"
            assert httpx.post(f"{url}/update", content=body, headers=headers, timeout=60).status_code == 204
            assert ask(connection, "SELECT (COUNT(*) AS ?n) { <urn:s> <urn:p> ?o }") == (
                200,
                b"n\r\n%d\r\n" % (value + 1),
            )
        connection.close()


def test_a_worker_that_is_killed_costs_no_answer(tmp_path: Path, seen: Seen) -> None:
    publish(tmp_path / "store", quads=70)
    with running(settings(tmp_path / "store")) as url:
        split = urllib.parse.urlsplit(url)
        connections = [http.client.HTTPConnection(split.hostname or "", split.port or 0, timeout=60) for _ in range(4)]
        wrong: list[object] = []
        broken = [0]
        over = threading.Event()

        def go_on(k: int) -> None:
            n = k * 1_000_000
            while not over.is_set():
                n += 1
                try:
                    answer = ask(connections[k], number(n))
                except (http.client.HTTPException, ConnectionError):  # killed in the very moment of sending
                    broken[0] += 1
                    connections[k].close()
                    continue
                if answer != (200, b"n\r\n%d\r\n" % n):
                    wrong.append(answer)

        threads = [threading.Thread(target=go_on, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(5):
            before, end = len(seen.lent), time.monotonic() + 60
            while len(seen.lent) == before and time.monotonic() < end:
                time.sleep(0.005)
            with contextlib.suppress(ProcessLookupError):  # it is the one of the last time
                os.kill(seen.lent[-1].worker.pid, signal.SIGKILL)
        over.set()
        for thread in threads:
            thread.join(60)
        assert not wrong
        assert broken[0] < 5
        for connection in connections:
            connection.close()


def test_others_get_a_worker_that_is_lent(tmp_path: Path, seen: Seen) -> None:
    publish(tmp_path / "store", quads=70)
    with running(settings(tmp_path / "store", limits={"workers": 1})) as url:
        split = urllib.parse.urlsplit(url)
        where = split.hostname or "", split.port or 0
        over = threading.Event()
        wrong: list[object] = []

        def go_on() -> None:
            connection, n = http.client.HTTPConnection(*where), 0
            while not over.is_set():
                n += 1
                answer = ask(connection, number(n))
                if answer != (200, b"n\r\n%d\r\n" % n):
                    wrong.append(answer)
            connection.close()

        thread = threading.Thread(target=go_on)
        thread.start()
        end = time.monotonic() + 60
        while not seen.lent and time.monotonic() < end:
            time.sleep(0.005)
        for n in range(20):
            other = http.client.HTTPConnection(*where, timeout=20, source_address=("127.0.0.2", 0))
            assert ask(other, number(-n)) == (200, b"n\r\n%d\r\n" % -n)
            other.close()
        over.set()
        thread.join(60)
        assert not wrong


def test_the_server_ends_while_connections_are_lent(tmp_path: Path, seen: Seen) -> None:
    publish(tmp_path / "store", quads=70)
    with running(settings(tmp_path / "store")) as url:
        split = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(split.hostname or "", split.port or 0)
        lent_after(connection, seen)
    assert isinstance(connection.sock, socket.socket)
    assert connection.sock.recv(1) == b""
    connection.close()


def test_a_query_belongs_to_whoever_takes_its_token_up() -> None:
    mine, theirs = made()
    worker, other = Ledger(*[os.dup(each) for each in mine[1:]]), Ledger(*[os.dup(each) for each in theirs[1:]])
    for descriptor in {*mine, *theirs}:
        os.close(descriptor)
    for first, second in ((worker, other), (other, worker)):
        worker.begin(7, 1.5, b"GET / HTTP/1.1\r\n\r\n")
        assert other.work() == (1, 7, 1.5, b"GET / HTTP/1.1\r\n\r\n")
        assert first.take()
        assert not second.take()
        worker.answered(FORMS.index("ASK"), 0.25)
        assert other.work().state == 0
        assert other.counted() == ([("ASK", 0.25)], 0.25)
    for _ in range(512):
        assert not worker.is_full
        worker.answered(0, 0.0)
    assert worker.is_full
    assert len(other.counted()[0]) == 512
    assert not worker.is_full
    worker.close()
    other.close()
