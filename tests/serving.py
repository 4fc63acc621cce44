"""A small store of our own making, a writer for it, and the endpoint on a loopback port, for the endpoint's tests."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pyoxigraph
import uvicorn

from endpoint.app import create_app
from endpoint.http.connection import connection
from endpoint.settings import Limits, Settings
from ontology.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = "https://pactgraph.example/"
HTTP = httpx.Client(timeout=60, limits=httpx.Limits(max_keepalive_connections=0))
"""What asks a server, each time on a connection of its own; made once, as that takes longer than most requests."""
ARTICLE = """
@prefix pact: <https://pactgraph.example/ns#> .
@prefix actor: <https://pactgraph.example/actor/> .
@prefix a: <https://pactgraph.example/article/00000000000000a1/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix schema: <https://schema.org/> .
@prefix oa: <http://www.w3.org/ns/oa#> .

<https://pactgraph.example/graph/registry> {
  actor:norway a pact:State ; skos:prefLabel "Norway"@en .
  actor:daily a pact:NewsOutlet ; skos:prefLabel "The Daily"@en .
  <https://pactgraph.example/partnership/aukus> a pact:Partnership ; skos:prefLabel "AUKUS"@en .
}
<https://pactgraph.example/graph/ontology> {
  pact:stance-supportive a skos:Concept ; skos:prefLabel "supportive"@en .
  pact:mode-direct a skos:Concept ; skos:prefLabel "direct"@en .
  pact:status-interested a skos:Concept ; skos:prefLabel "interested"@en .
}
<https://pactgraph.example/graph/article/00000000000000a1> {
  <https://pactgraph.example/article/00000000000000a1> a pact:Article ; dcterms:title "Oslo & <friends>"@en ;
    schema:url <https://news.example/oslo?a=1&b=2> .
  a:statement\\/10-40 a pact:Statement ; pact:inArticle <https://pactgraph.example/article/00000000000000a1> ;
    pact:text "we back the <b>pact</b> \\"fully\\"" ; pact:speaker actor:norway ; pact:relayedBy actor:daily ;
    pact:about <https://pactgraph.example/partnership/aukus> ; pact:stanceHolder actor:norway ;
    pact:stance pact:stance-supportive ; pact:reportMode pact:mode-direct ;
    pact:contentSpan <https://pactgraph.example/article/00000000000000a1#char=10,40> ;
    pact:cueSpan <https://pactgraph.example/article/00000000000000a1#char=42,46> .
  <https://pactgraph.example/article/00000000000000a1#char=42,46> a pact:Span ;
    oa:start 42 ; oa:end 46 ; oa:exact "said" .
  a:membership\\/10-40-norway-aukus a pact:Membership ; pact:member actor:norway ;
    pact:partnership <https://pactgraph.example/partnership/aukus> ; pact:status pact:status-interested ;
    pact:accordingTo a:statement\\/10-40 .
}
"""


def publish(root: Path, *, add: str = "", quads: int = 0, first: int = 0) -> int:
    """Add TriG and plain quads to the store at ``root`` as its writer does, and return the new snapshot's number."""
    layout = Layout(root)
    layout.create()
    with layout.writer():
        store = pyoxigraph.Store(layout.data)
        if add:
            store.load(add.encode(), pyoxigraph.RdfFormat.TRIG)
        lines = "".join(
            f'<http://e.example/{n}> <http://e.example/p{n % 5}> "value {n}" <http://e.example/g{n % 7}> .\n'
            for n in range(first, first + quads)
        )
        if lines:
            store.load(lines.encode(), pyoxigraph.RdfFormat.N_QUADS)
        store.flush()
        number = layout.next_number()
        store.backup(str(layout.snapshot(number)))
        layout.publish(number)
        del store
    return number


def settings(root: Path, **changes: Any) -> Settings:
    """Return settings with few workers, so that the tests stay small."""
    limits = changes.pop("limits", {})
    return Settings(store=root, limits=Limits(**({"workers": 3, "seconds": 60.0} | limits)), **changes)


@contextmanager
def running(chosen: Settings, **options: Any) -> Iterator[str]:
    """Serve a store on a loopback port until the block ends; give the base URL."""
    app = create_app(chosen)
    usual = {"host": "127.0.0.1", "port": 0, "log_level": "error", "lifespan": "on", "http": connection(app.sparql)}
    config = uvicorn.Config(app, **(usual | options))
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        end = time.monotonic() + 30
        while not server.started:
            assert thread.is_alive(), "the server ended before it started"
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)
    assert not thread.is_alive()
