"""The endpoint over HTTP: a real server on a loopback port, a real store."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from serving import ARTICLE, BASE, HTTP, publish, running, settings

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?d && ?f != ?i && ?c != ?h) }"
MANY = "SELECT ?a ?d { ?a ?b ?c . ?d ?e ?f }"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("store")
    publish(root, add=ARTICLE, quads=700)
    return root


@pytest.fixture(scope="module")
def url(store: Path) -> Iterator[str]:
    with running(settings(store)) as base:
        yield base


def get(url: str, path: str = "/sparql", accept: str | None = None, **parameters: str) -> httpx.Response:
    headers = {"Accept": accept} if accept is not None else {}
    return HTTP.get(url + path, params=parameters or None, headers=headers)


# ---- queries


@pytest.mark.parametrize("way", ["get", "form", "direct", "query"])
def test_a_query_is_answered_however_it_comes(url: str, way: str) -> None:
    text, accept = COUNT, {"Accept": "text/csv"}
    answer = {
        "get": lambda: HTTP.get(f"{url}/sparql", params={"query": text}, headers=accept),
        "form": lambda: HTTP.post(f"{url}/sparql", data={"query": text}, headers=accept),
        "direct": lambda: HTTP.post(
            f"{url}/sparql", content=text, headers=accept | {"Content-Type": "application/sparql-query"}
        ),
        "query": lambda: HTTP.request(
            "QUERY", f"{url}/sparql", content=text, headers=accept | {"Content-Type": "application/sparql-query"}
        ),
    }[way]()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert int(answer.text.split()[1]) > 700


@pytest.mark.parametrize(
    ("query", "accept", "content_type"),
    [
        ("ASK {}", "*/*", "application/sparql-results+json"),
        ("SELECT * {} ", "application/sparql-results+xml", "application/sparql-results+xml"),
        ("SELECT * {} ", "text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "*/*", "text/turtle; charset=utf-8"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/n-triples", "application/n-triples"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/rdf+xml", "application/rdf+xml"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/ld+json", "application/ld+json"),
        ("DESCRIBE <http://e.example/1>", "application/n-quads", "application/n-quads"),
    ],
)
def test_the_answer_has_the_format_that_was_asked_for(url: str, query: str, accept: str, content_type: str) -> None:
    answer = get(url, accept=accept, query=query)
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    assert "Accept" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("query", "accept"), [("SELECT * {}", "text/turtle"), ("CONSTRUCT WHERE {}", "text/csv"), ("ASK {}", "image/png")]
)
def test_a_format_that_cannot_be_is_refused_with_those_that_can(url: str, query: str, accept: str) -> None:
    answer = get(url, accept=accept, query=query)
    assert answer.status_code == 406
    assert ("text/turtle" if query.startswith("CONSTRUCT") else "text/csv") in answer.text


def test_a_syntax_error_is_a_sentence_with_its_place(url: str) -> None:
    answer = get(url, query="SELECT *\nWHERE { ?s ?p }")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert "line 2, column" in answer.text


def test_a_query_of_a_megabyte_is_refused_and_so_is_a_body_without_end(url: str) -> None:
    long = "ASK {} #" + "x" * 1_000_000
    answer = HTTP.post(f"{url}/sparql", content=long, headers={"Content-Type": "application/sparql-query"})
    assert answer.status_code == 413
    endless = (b"query=ASK%7B%7D&x=" + b"y" * 100_000 for _ in range(50))
    answer = HTTP.post(f"{url}/sparql", content=endless, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 413


def test_a_compressed_body_is_refused(url: str) -> None:
    headers = {"Content-Type": "application/sparql-query", "Content-Encoding": "gzip"}
    assert HTTP.post(f"{url}/sparql", content=gzip.compress(b"ASK {}"), headers=headers).status_code == 415


def test_head_tells_what_get_would(url: str) -> None:
    parameters = {"query": COUNT, "format": "csv"}
    head = HTTP.head(f"{url}/sparql", params=parameters)
    got = HTTP.get(f"{url}/sparql", params=parameters)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "etag"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize("path", ["/sparql", "/update", "/graphs"])
def test_options_tells_the_methods_and_lets_other_origins_ask(url: str, path: str) -> None:
    answer = HTTP.options(url + path)
    assert answer.status_code == 204
    assert "POST" in answer.headers["allow"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Authorization" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    "path", ["/health", "/metrics", "/ns", "/.well-known/void", "/", "/openapi.json", "/article/x"]
)
def test_what_is_read_besides_has_head_and_options_too(url: str, path: str) -> None:
    preflight = {"Origin": "http://other.example", "Access-Control-Request-Method": "GET"}
    told, refused = HTTP.options(url + path, headers=preflight), HTTP.put(url + path)
    assert (told.status_code, refused.status_code) == (204, 405)
    assert told.headers["access-control-allow-origin"] == "*"
    assert told.headers["allow"] == refused.headers["allow"] == "GET, HEAD, OPTIONS"
    got, head = HTTP.get(url + path), HTTP.head(url + path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize(("method", "path"), [("PUT", "/sparql"), ("GET", "/update"), ("PATCH", "/graphs")])
def test_a_method_that_does_not_belong_is_refused_with_those_that_do(url: str, method: str, path: str) -> None:
    answer = HTTP.request(method, url + path)
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


def test_the_same_answer_is_not_sent_twice(url: str) -> None:
    first = get(url, query=COUNT)
    again = HTTP.get(f"{url}/sparql", params={"query": COUNT}, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = HTTP.get(f"{url}/sparql", params={"query": COUNT + " "}, headers={"If-None-Match": '"x"'})
    assert other.status_code == 200
    assert get(url, query=COUNT, format="csv").headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("query", [COUNT, "CONSTRUCT WHERE { ?s ?p ?o }"])
@pytest.mark.parametrize(
    ("name", "value", "status"),
    [("If-None-Match", "*", 304), ("If-Match", "*", 200), ("If-Match", '"other"', 412), ("If-None-Match", '"x"', 200)],
)
def test_a_condition_on_an_answer_is_honoured(url: str, query: str, name: str, value: str, status: int) -> None:
    for method in ("GET", "HEAD"):
        answer = HTTP.request(method, f"{url}/sparql", params={"query": query}, headers={name: value})
        assert (answer.status_code, "etag" in answer.headers) == (status, status != 412)
    bad = HTTP.get(f"{url}/sparql", params={"query": query + "}"}, headers={name: value})
    assert bad.status_code == 400


def test_an_answer_that_changes_by_itself_is_never_kept(url: str) -> None:
    answer = get(url, query="SELECT (RAND() AS ?r) {}")
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_long_answers_are_compressed_as_the_client_likes(url: str) -> None:
    long = HTTP.get(f"{url}/sparql", params={"query": "SELECT * { ?s ?p ?o }"}, headers={"Accept-Encoding": "gzip"})
    assert long.headers["content-encoding"] == "gzip"
    plain = HTTP.get(f"{url}/sparql", params={"query": "SELECT * { ?s ?p ?o }"}, headers={"Accept-Encoding": ""})
    assert "content-encoding" not in plain.headers
    assert long.json() == plain.json()
    better = {"Accept-Encoding": "gzip, deflate, br, zstd"}
    with HTTP.stream("GET", f"{url}/sparql", params={"query": "SELECT * { ?s ?p ?o }"}, headers=better) as packed:
        assert packed.headers["content-encoding"] == "zstd"
        body = b"".join(packed.iter_raw())
    assert json.loads(zstd.decompress(body)) == plain.json()
    short = HTTP.get(f"{url}/sparql", params={"query": "ASK {}"}, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in short.headers


def test_the_dataset_of_the_request_is_honoured(url: str) -> None:
    graphs = {"default-graph-uri": ["http://e.example/g1", "http://e.example/g2"]}
    answer = HTTP.get(f"{url}/sparql", params={"query": COUNT, "format": "csv"} | graphs)
    assert answer.text.split() == ["n", "200"]


def test_a_service_is_refused_and_a_silent_one_binds_nothing(url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.5)
        there = f"http://127.0.0.1:{canary.getsockname()[1]}/"
        loud = get(url, query=f"SELECT * {{ SERVICE <{there}> {{ ?s ?p ?o }} }}")
        silent = get(url, query=f"SELECT * {{ SERVICE SILENT <{there}> {{ ?s ?p ?o }} }}", format="csv")
        assert loud.status_code == 403
        assert there in loud.text
        assert (silent.status_code, silent.text.strip()) == (200, "")
        with pytest.raises(TimeoutError):
            canary.accept()


def test_a_query_that_cannot_be_read_is_told_so_whomever_it_would_call(url: str) -> None:
    answer = get(url, query="SELECT * {\n SERVICE <http://127.0.0.1:1/> { ?s ?p } }")
    assert (answer.status_code, "line 2" in answer.text) == (400, True)


def test_select_star_keeps_the_order_of_the_query(url: str) -> None:
    answer = get(url, query="SELECT * { GRAPH ?g { ?s ?p ?o } } LIMIT 1", format="csv")
    assert answer.text.partition("\r")[0] == "g,s,p,o"


def test_relative_iris_are_read_against_the_urls(url: str) -> None:
    answer = get(url, query="SELECT (<x> AS ?x) {}", format="csv")
    assert answer.text.split() == ["x", f"{url}/x"]


def test_a_host_that_is_none_is_refused(url: str) -> None:
    answer = HTTP.get(f"{url}/sparql", params={"query": "ASK {}"}, headers={"Host": "a b<c>"})
    assert answer.status_code == 400


# ---- limits


def test_a_query_past_its_time_gets_504_and_the_server_goes_on(store: Path) -> None:
    with running(settings(store, limits={"seconds": 0.5})) as url:
        answer = get(url, query=ENDLESS)
        assert (answer.status_code, "0.5 seconds" in answer.text) == (504, True)
        assert get(url, query=COUNT).status_code == 200


def test_half_an_answer_never_looks_like_a_whole_one(store: Path) -> None:
    with running(settings(store, limits={"result": 3_000_000})) as url:
        with pytest.raises(httpx.RemoteProtocolError):
            get(url, query=MANY)
        assert get(url, query=COUNT).status_code == 200


def test_over_http_1_0_an_answer_comes_whole_or_not_at_all(store: Path) -> None:
    with running(settings(store, limits={"result": 3_000_000})) as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /sparql?query=SELECT+*+%7B%3Fa+%3Fb+%3Fc+.+%3Fd+%3Fe+%3Ff%7D HTTP/1.0\r\n\r\n")
            reply = b""
            while data := connection.recv(65536):
                reply += data
        assert b" 503 " in reply.partition(b"\r\n")[0]


def test_a_client_that_hangs_up_frees_its_query(url: str) -> None:
    port = int(url.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/sparql", body=ENDLESS, headers={"Content-Type": "application/sparql-query"})
    until(lambda: get(url, "/health").json()["running"] == 1)
    connection.close()
    until(lambda: get(url, "/health").json()["running"] == 0)
    until(lambda: get(url, "/health").json()["workers"] == 4)


def test_a_client_that_takes_nothing_is_cut_off(store: Path) -> None:
    with running(settings(store, limits={"stall": 0.3})) as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(
                b"GET /sparql?query=SELECT+*+%7B%3Fa+%3Fb+%3Fc+.+%3Fd+%3Fe+%3Ff%7D HTTP/1.1\r\nHost: h\r\n\r\n"
            )
            until(lambda: get(url, "/health").json()["running"] == 1)
            until(lambda: get(url, "/health").json()["running"] == 0)


def test_slow_queries_do_not_hold_up_the_health_of_the_endpoint(store: Path) -> None:
    with running(settings(store, limits={"seconds": 2.0})) as url:
        threads = [threading.Thread(target=lambda: get(url, query=ENDLESS)) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: get(url, "/health").json()["waiting"] >= 1)
        assert get(url, "/health").json()["ready"] is True
        for thread in threads:
            thread.join(60)


def until(condition: object, seconds: float = 60) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


# ---- writing


@pytest.mark.parametrize(("method", "path"), [("POST", "/update"), ("PUT", "/graphs"), ("DELETE", "/graphs")])
def test_without_a_token_nothing_can_be_written(url: str, method: str, path: str) -> None:
    headers = {"Content-Type": "application/sparql-update", "Authorization": "Bearer x"}
    answer = HTTP.request(method, url + path, content="CLEAR ALL", headers=headers)
    assert answer.status_code == 403
    assert "read-only" in answer.text


@pytest.mark.parametrize("header", [None, "Basic eDp4", "Bearer wrong", "Bearer"])
def test_without_the_right_token_nothing_can_be_written(store: Path, header: str | None) -> None:
    with running(settings(store, token="right")) as url:
        headers = {"Content-Type": "application/sparql-update"} | ({"Authorization": header} if header else {})
        answer = HTTP.post(f"{url}/update", content="CLEAR ALL", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


# ---- reading graphs


def test_a_graph_is_read_whole(url: str) -> None:
    answer = get(url, "/graphs", "application/n-triples", graph="http://e.example/g1")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/n-triples")
    assert answer.text.count("\n") == 100
    assert (
        HTTP.head(f"{url}/graphs", params={"graph": "http://e.example/g1"})
        .headers["content-type"]
        .startswith("text/turtle")
    )


def test_a_graph_that_is_not_there_is_not_found(url: str) -> None:
    assert get(url, "/graphs", graph="http://e.example/none").status_code == 404
    assert get(url, "/graphs/none").status_code == 404


@pytest.mark.parametrize("query", ["", "graph=a&default", "graph=a&graph=b", "graph=", "graph=a%20b", "graph=%20a"])
def test_a_request_has_to_name_one_graph(url: str, query: str) -> None:
    assert HTTP.get(f"{url}/graphs?{query}").status_code == 400


# ---- the rest


def test_health_tells_what_answers(url: str) -> None:
    answer = get(url, "/health")
    assert answer.status_code == 200
    state = answer.json()
    assert (state["live"], state["ready"], state["held"], state["workers"]) == (True, True, "in memory", 4)


@pytest.mark.parametrize("path", ["/", "/actor/norway", "/static/query.js", "/ns", "/nothing"])
def test_every_page_tells_the_browser_what_it_may_do(url: str, path: str) -> None:
    headers = get(url, path, "text/html, */*").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_the_interface_is_described_as_it_is(url: str) -> None:
    described = get(url, "/openapi.json").json()
    assert {"/sparql", "/update", "/graphs", "/health"} <= set(described["paths"])
    for path in ("/docs", "/redoc"):
        assert get(url, path).status_code == 404


def test_behind_a_proxy_the_root_path_is_left_out(store: Path) -> None:
    with running(settings(store), root_path="/pact") as url:
        assert get(url, "/sparql", query="ASK {}").status_code == 200
        assert f"<{url}/pact/sparql>" in get(url, "/sparql").text


# ---- a writer beside readers


def test_readers_never_fail_while_a_writer_publishes_and_see_its_news(tmp_path: Path) -> None:
    publish(tmp_path, quads=1000)
    failures: list[str] = []
    done = threading.Event()
    answered = [0] * 8

    def ask(number: int, url: str) -> None:
        with httpx.Client(timeout=30) as client:
            last = 0
            while not done.is_set():
                answer = client.get(f"{url}/sparql", params={"query": COUNT, "format": "csv"})
                if answer.status_code != 200:
                    failures.append(f"{answer.status_code} {answer.text}")
                    continue
                count = int(answer.text.split()[1])
                if count < last:
                    failures.append(f"{count} after {last}")
                last = count
                answered[number] += 1

    with running(settings(tmp_path)) as url:
        threads = [threading.Thread(target=ask, args=(number, url)) for number in range(8)]
        for thread in threads:
            thread.start()
        try:
            for step in range(6):
                publish(tmp_path, quads=10, first=1000 + 10 * step)
                wanted = f"{1010 + 10 * step}"
                until(lambda: get(url, query=COUNT, format="csv").text.split()[1] == wanted)  # noqa: B023 (it runs at once)
        finally:
            done.set()
            for thread in threads:
                thread.join()
    assert failures == []
    assert min(answered) > 0


# ---- the end


def test_the_server_ends_on_an_interrupt_and_leaves_no_process(store: Path) -> None:
    program = textwrap.dedent(f"""
        from pathlib import Path
        import uvicorn
        from endpoint.app import create_app
        from endpoint.settings import Settings
        server = uvicorn.Server(uvicorn.Config(create_app(Settings(store=Path({str(store)!r}))), port=0))
        server.run()
    """)
    root = str(Path(__file__).parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=root, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stderr is not None
    line = next(line for line in process.stderr if "running on" in line)
    port = int(line.split("127.0.0.1:")[1].split()[0])
    url = f"http://127.0.0.1:{port}"
    assert get(url, query=COUNT).status_code == 200
    hanging = http.client.HTTPConnection("127.0.0.1", port)
    hanging.request("POST", "/sparql", body=ENDLESS, headers={"Content-Type": "application/sparql-query"})
    until(lambda: get(url, "/health").json()["running"] == 1)
    members = [
        int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and _session(int(p.name)) == process.pid
    ]
    assert len(members) > 3
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    time.sleep(0.3)
    hanging.close()
    assert process.wait(20) in (0, -signal.SIGINT)
    process.stderr.close()
    until(lambda: not any(_session(pid) == process.pid for pid in members))


def _session(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return -1
    return -1 if fields[0] == "Z" else int(fields[3])


def test_the_json_of_the_questions_holds_what_the_page_needs(url: str) -> None:
    told = json.loads(get(url, "/questions.json").text)
    assert told["base"] == BASE
    assert len(told["questions"]) >= 6
    assert told["prefixes"]["actor"] == f"{BASE}actor/"
    assert f"{told['prefixes']['pact']}speaker" in told["terms"]["properties"]
