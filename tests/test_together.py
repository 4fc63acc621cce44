"""Loader and endpoint on one store: what is loaded is answered, while it is loaded, in the article's own words."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from conftest import PACTGRAPH, SEED

if TYPE_CHECKING:
    from pathlib import Path

COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?a a <https://pactgraph.example/ns#Article> }"
CLIENTS = 8


def ask(url: str, query: str) -> list[dict[str, Any]]:
    """Send a query by POST and give its rows; an answer other than 200, or one cut short, raises."""
    data = urllib.parse.urlencode({"query": query}).encode()
    request = urllib.request.Request(f"{url}/sparql", data, {"Accept": "application/sparql-results+json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        rows: list[dict[str, Any]] = json.load(answer)["results"]["bindings"]
    return rows


def load(article: Path, store: Path) -> None:
    """Load an article with the command line."""
    subprocess.run([PACTGRAPH, "load", str(article), "--store", str(store), "--quiet"], check=True)


def test_the_words_of_every_answer_are_those_of_the_articles_file(tmp_path: Path, serve: Any) -> None:
    load(SEED, tmp_path / "store")
    text = SEED.read_text(encoding="utf-8")
    question = """PREFIX pact: <https://pactgraph.example/ns#> PREFIX oa: <http://www.w3.org/ns/oa#>
      SELECT ?text ?start ?end WHERE { ?s pact:text ?text ; pact:contentSpan ?c . ?c oa:start ?start ; oa:end ?end }"""
    with serve(tmp_path / "store") as url:
        rows = ask(url, question)
    assert len(rows) >= 14
    for row in rows:
        assert row["text"]["value"] == text[int(row["start"]["value"]) : int(row["end"]["value"])]


def test_an_article_is_seen_without_a_restart_while_clients_go_on_asking(tmp_path: Path, serve: Any) -> None:
    store = tmp_path / "store"
    second = tmp_path / "second.txt"
    second.write_text("Another article\nThe official said that Japan would join AUKUS.\n", encoding="utf-8")
    load(SEED, store)
    failures: list[str] = []
    counts: list[set[int]] = [set() for _ in range(CLIENTS)]
    done = threading.Event()

    def client(number: int, url: str) -> None:
        while not done.is_set():
            try:
                counts[number].add(int(ask(url, COUNT)[0]["n"]["value"]))
            except Exception as error:  # noqa: BLE001 (whatever goes wrong for a client is the finding)
                failures.append(repr(error))
            time.sleep(0.02)

    with serve(store) as url:
        threads = [threading.Thread(target=client, args=(number, url)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        load(second, store)
        end = time.monotonic() + 60
        while not all(2 in seen for seen in counts) and time.monotonic() < end:
            time.sleep(0.02)
        done.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert all(seen == {1, 2} for seen in counts), counts
