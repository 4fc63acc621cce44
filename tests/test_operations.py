"""What whoever runs the endpoint sees and may do."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from serving import ARTICLE, HTTP, publish, running, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = {"Authorization": "Bearer right"}
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?d && ?f != ?i && ?c != ?h) }"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    publish(tmp_path, add=ARTICLE, quads=700)
    with running(settings(tmp_path, token="right", slow=0.5)) as base:
        yield base


def ask(url: str, query: str, **headers: str) -> httpx.Response:
    return HTTP.get(f"{url}/sparql", params={"query": query}, headers=headers, timeout=60)


def value(url: str, name: str) -> float:
    text = HTTP.get(f"{url}/metrics").text
    return sum(float(line.split()[-1]) for line in text.splitlines() if re.match(rf"pactgraph_{name}(\{{|\s)", line))


def test_every_answer_tells_its_own_time(url: str) -> None:
    for path, status in (
        ("/sparql", 200),
        ("/sparql?query=CONSTRUCT+WHERE+%7B?s+?p+?o%7D", 200),
        ("/sparql?query=SELEKT", 400),
        ("/graphs?default", 200),
        ("/graphs?graph=urn:none", 404),
        ("/metrics", 200),
        ("/ns", 200),
        ("/nothing", 404),
    ):
        answer = HTTP.get(url + path)
        assert answer.status_code == status
        assert re.search(r";dur=\d+\.\d+", answer.headers["server-timing"])


def test_metrics_follow_what_happens(url: str) -> None:
    ask(url, COUNT)
    ask(url, COUNT)
    ask(url, "SELEC")
    text = HTTP.get(f"{url}/metrics")
    assert text.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'pactgraph_requests_total{path="/sparql",method="GET",status="200"} 2' in text.text
    assert 'pactgraph_requests_total{path="/sparql",method="GET",status="400"} 1' in text.text
    assert 'pactgraph_request_seconds_count{form="SELECT"} 2' in text.text
    assert 'pactgraph_cache_total{result="hit"} 1' in text.text
    assert value(url, "snapshot_number") == 1
    assert value(url, "workers") == 4


def test_every_line_of_the_metrics_is_of_a_family_that_was_announced(url: str) -> None:
    ask(url, COUNT)
    announced: set[str] = set()
    for line in HTTP.get(f"{url}/metrics").text.splitlines():
        if line.startswith("# TYPE "):
            announced.add(line.split()[2])
        elif not line.startswith("#"):
            name = re.match(r"[a-z_]+", line)
            assert name is not None
            assert re.sub(r"_(bucket|sum|count)$", "", name[0]) in announced or name[0] in announced
            float(line.split()[-1])


def test_a_repeated_query_is_answered_from_what_is_kept(url: str) -> None:
    first, second = ask(url, COUNT), ask(url, f"# again\n  {COUNT}")
    assert first.json() == second.json()
    assert first.headers["etag"] == second.headers["etag"]
    assert "query;dur=" in first.headers["server-timing"]
    assert re.fullmatch(r"cache;dur=\d+\.\d+", second.headers["server-timing"])


def test_a_kept_answer_is_not_given_for_a_new_snapshot(url: str, tmp_path: Path) -> None:
    first = ask(url, COUNT)
    publish(tmp_path, quads=1, first=700)
    end = time.monotonic() + 5
    while ask(url, COUNT).json() == first.json():
        assert time.monotonic() < end
    assert ask(url, COUNT).headers["etag"] != first.headers["etag"]


def test_equal_queries_at_once_run_once(tmp_path: Path) -> None:
    publish(tmp_path, quads=700)
    heavy = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(STRLEN(CONCAT(?c, ?f)) > 3) }"
    with running(settings(tmp_path)) as url:
        threads = [threading.Thread(target=ask, args=(url, heavy)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        text = HTTP.get(f"{url}/metrics").text
    assert 'pactgraph_request_seconds_count{form="SELECT"} 6' in text
    assert "pactgraph_cache_entries 1" in text


def test_a_running_query_is_seen_and_stopped_by_whoever_has_the_token(url: str) -> None:
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(ask(url, ENDLESS)))
    thread.start()
    end = time.monotonic() + 10
    while not (seen := HTTP.get(f"{url}/queries", headers=TOKEN).json()["running"]) or not seen[0]["memory"]:
        assert time.monotonic() < end, seen
    assert HTTP.get(f"{url}/queries").status_code == 401
    assert (seen[0]["query"], seen[0]["client"], seen[0]["form"]) == (ENDLESS, "127.0.0.1", "SELECT")
    assert HTTP.delete(f"{url}/queries/{seen[0]['id']}").status_code == 401
    assert HTTP.delete(f"{url}/queries/{seen[0]['id']}", headers=TOKEN).status_code == 204
    thread.join(10)
    assert (answers[0].status_code, "owner" in answers[0].text) == (503, True)
    assert HTTP.delete(f"{url}/queries/{seen[0]['id']}", headers=TOKEN).status_code == 404
    assert value(url, "queries_killed_total") == 1


def test_each_answer_names_its_request_and_the_log_tells_of_it(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pactgraph.access")
    given = ask(url, COUNT, **{"X-Request-Id": "abc-1"})
    made = ask(url, COUNT, **{"X-Request-Id": "not an <id>"})
    assert given.headers["x-request-id"] == "abc-1"
    assert re.fullmatch(r"[0-9a-f]{16}", made.headers["x-request-id"])
    entries = [json.loads(record.message) for record in caplog.records if record.name == "pactgraph.access"]
    entry = next(entry for entry in entries if entry["id"] == "abc-1")
    assert (entry["status"], entry["form"], entry["path"]) == (200, "SELECT", "/sparql")
    assert re.fullmatch(r"[0-9a-f]{16}", entry["query"])


def test_a_slow_query_is_logged_with_its_text(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "pactgraph.slow")
    with pytest.raises(httpx.ReadTimeout):
        HTTP.get(f"{url}/sparql", params={"query": ENDLESS}, timeout=1.0)
    end = time.monotonic() + 10
    while not caplog.records:
        assert time.monotonic() < end
        time.sleep(0.05)
    entry = json.loads(caplog.records[0].message)
    assert entry["text"] == ENDLESS
    assert entry["seconds"] >= 0.5


def test_a_function_that_is_not_known_is_an_error_of_its_expression_only(url: str) -> None:
    answer = ask(url, "SELECT (<http://x.example/f>(1) AS ?x) (1 AS ?y) {}")
    assert [set(row) for row in answer.json()["results"]["bindings"]] == [{"y"}]
