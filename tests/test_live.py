"""Live look-up against a fake Wikidata on loopback: what is asked, how politely, and how each failure is told."""

from __future__ import annotations

import gzip
import json
import threading
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from authorities import make_authority

from loader.linking.cache import Cache
from loader.linking.courier import Courier, LiveError, Settings
from loader.linking.live import Beside, MediaWiki, Reconciliation
from ontology.authority import open_authority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Reply = tuple[int, dict[str, str], bytes]
CONTACT = "tests@example.org"
SLOW = 0  # no status: the service lets wait
NOW = 1_700_000_000.0


def reply(said: Any, status: int = 200, **headers: str) -> Reply:
    return status, {"Content-Type": "application/json", **headers}, json.dumps(said).encode()


FOUND = reply({"search": [{"id": "Q7184"}, {"id": "Q99"}]})
ENTITY = {
    "type": "item",
    "id": "Q7184",
    "labels": {"mul": {"language": "mul", "value": "NATO"}},
    "sitelinks": {"enwiki": {}},
}
LONGER = {"type": "item", "id": "Q99", "labels": {"en": {"language": "en", "value": "NATO Summit"}}}
ENTITIES = reply({"entities": {"Q7184": ENTITY, "Q99": LONGER}})


class Fake:
    """A service that gives prepared replies in turn, and a clock that moves by sleeping only."""

    def __init__(self, url: str, asked: list[tuple[str, str, str]], folder: Path) -> None:
        self.url, self.asked, self.folder = url, asked, folder
        self.time, self.slept = NOW, []

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.time += seconds

    def courier(self, **settings: Any) -> Courier:
        cache = Cache(self.folder / "cache.sqlite")
        return Courier(
            Settings(**{"contact": CONTACT, **settings}), cache, "pactgraph/0", lambda: self.time, self.sleep
        )

    def wiki(self, **settings: Any) -> MediaWiki:
        return MediaWiki(self.courier(**settings), self.url)


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    @contextmanager
    def serve(*replies: Reply) -> Iterator[Fake]:
        asked: list[tuple[str, str, str]] = []
        left, ended = list(replies), threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                asked.append((self.path, self.rfile.read(length).decode(), self.headers["User-Agent"]))
                status, headers, body = left.pop(0)
                if status == SLOW:
                    ended.wait(30)
                    return
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 (the library's name)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Fake(f"http://127.0.0.1:{server.server_port}/w/api.php", asked, tmp_path)
        finally:
            ended.set()
            server.shutdown()
            thread.join()
            server.server_close()

    return serve


def test_a_name_is_searched_and_its_entities_fetched_with_a_contact_and_a_pause(fake: Any) -> None:
    with fake(FOUND, ENTITIES) as service:
        hits = service.wiki().candidates("NATO")
        search, entities = (
            {k: v[0] for k, v in parse_qs(urlsplit(path).query).items()} for path, _, _ in service.asked
        )
    assert [(hit.entity.id, hit.entity.label, hit.exact, hit.entity.prior) for hit in hits] == [
        ("Q7184", "NATO", True, 1)
    ]
    assert (search["action"], search["search"], search["maxlag"]) == ("wbsearchentities", "NATO", "5")
    assert search["formatversion"] == entities["formatversion"] == "2"
    assert entities["ids"] == "Q7184|Q99"
    assert "mul" in entities["languages"].split("|")
    assert all(CONTACT in agent for _, _, agent in service.asked)
    assert service.slept == [1.0]


def test_nothing_is_asked_without_a_contact(tmp_path: Path) -> None:
    with pytest.raises(LiveError, match="--contact"):
        Courier(Settings(contact=""), Cache(tmp_path / "c"))
    Courier(Settings(contact="", offline=True), Cache(tmp_path / "c"))  # which asks nobody


@pytest.mark.parametrize(
    "busy",
    [
        reply({}, 429, **{"Retry-After": "7"}),
        reply({}, 429, **{"Retry-After": formatdate(NOW + 7, usegmt=True)}),
        reply({}, 503, **{"Retry-After": "7"}),
        reply({"error": {"code": "maxlag", "lag": 6}}, **{"Retry-After": "7"}),
        reply({"error": {"code": "ratelimited"}}, **{"Retry-After": "7"}),
    ],
)
def test_a_busy_service_is_asked_again_when_it_says(fake: Any, busy: Reply) -> None:
    with fake(busy, FOUND, ENTITIES) as service:
        assert [hit.entity.id for hit in service.wiki().candidates("NATO")] == ["Q7184"]
    assert service.slept == [7.0, 1.0]


def test_a_service_that_lags_without_saying_for_how_long_is_given_five_seconds(fake: Any) -> None:
    with fake(reply({"error": {"code": "maxlag", "lag": 6}}), FOUND, ENTITIES) as service:
        assert service.wiki().candidates("NATO")
    assert service.slept == [5.0, 1.0]


def test_an_answer_may_be_packed_and_one_that_is_damaged_is_asked_for_again(fake: Any) -> None:
    status, headers, body = FOUND
    packed = gzip.compress(body)
    whole, damaged = ((status, {**headers, "Content-Encoding": "gzip"}, each) for each in (packed, packed[:-9]))
    with fake(damaged, whole, ENTITIES) as service:
        assert [hit.entity.id for hit in service.wiki().candidates("NATO")] == ["Q7184"]
    assert len(service.asked) == 3


def test_a_service_that_asks_for_a_long_wait_is_asked_nothing_more(fake: Any) -> None:
    with fake(reply({}, 429, **{"Retry-After": "3600"})) as service:
        wiki = service.wiki()
        for text in ("NATO", "another"):
            with pytest.raises(LiveError, match="asks to wait 3600 s"):
                wiki.candidates(text)
    assert len(service.asked) == 1
    assert service.slept == []


def test_a_service_that_stays_busy_is_given_up(fake: Any) -> None:
    with fake(*[reply({}, 503)] * 4) as service, pytest.raises(LiveError, match="status 503; asked 4 times"):
        service.wiki().candidates("NATO")
    assert service.slept == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>Sorry</html>"), "text/html that is no whole JSON"),
        ((200, {"Content-Type": "application/json"}, FOUND[2][:-3]), "no whole JSON"),
        (reply({"error": {"code": "badvalue"}}), "error badvalue"),
        (reply({}, 403), "status 403"),
        (reply({"batchcomplete": ""}), "without 'search'"),
    ],
)
def test_a_wrong_answer_is_an_error_and_never_no_match(fake: Any, broken: Reply, sentence: str) -> None:
    with fake(broken) as service, pytest.raises(LiveError, match=sentence):
        service.wiki().candidates("NATO")


def test_an_answer_that_breaks_off_is_asked_for_again(fake: Any) -> None:
    short = (200, {"Content-Type": "application/json", "Content-Length": "100000"}, FOUND[2])
    with fake(short, short, FOUND, ENTITIES) as service:
        assert len(service.wiki().candidates("NATO")) == 1


def test_a_service_that_lets_wait_is_not_waited_for(fake: Any) -> None:
    with fake((SLOW, {}, b"")) as service, pytest.raises(LiveError, match=r"does not answer .*timed out"):
        service.wiki(patience=0.2, tries=1).candidates("NATO")


def test_a_service_that_is_not_there_is_an_error(fake: Any) -> None:
    with fake() as service:
        wiki = service.wiki(tries=2)
    with pytest.raises(LiveError, match="does not answer"):
        wiki.candidates("NATO")


def test_a_redirect_is_followed_on_the_same_host_only(fake: Any) -> None:
    inside, outside = (302, {"Location": "/elsewhere"}, b""), (302, {"Location": "http://example.invalid/"}, b"")
    with fake(inside, FOUND, ENTITIES) as service:
        assert len(service.wiki().candidates("NATO")) == 1
        assert service.asked[1][0] == "/elsewhere"
    with fake(outside) as service, pytest.raises(LiveError, match="status 302"):
        service.wiki(fresh=0).candidates("NATO")


def test_a_merged_id_gives_the_entity_that_it_went_into(fake: Any) -> None:
    merged = reply({"entities": {"Q5": {**ENTITY, "redirects": {"from": "Q5", "to": "Q7184"}}, "Q6": {"missing": ""}}})
    with fake(reply({"search": [{"id": "Q5"}, {"id": "Q6"}]}), merged) as service:
        assert [hit.entity.id for hit in service.wiki().candidates("Nato")] == ["Q7184"]


def test_what_was_asked_is_kept_and_offline_takes_it_alone(fake: Any) -> None:
    with fake(FOUND, ENTITIES, reply({"search": []})) as service:
        first = service.wiki().candidates("NATO")
        assert service.wiki().candidates("nobody") == ()
        asked = len(service.asked)
        assert service.wiki().candidates("NATO") == first
        service.time += 1e9
        offline = service.wiki(offline=True)
        assert offline.candidates("NATO") == first
        assert offline.candidates("nobody") == ()
        with pytest.raises(LiveError, match="never asked before"):
            offline.candidates("another")
        assert len(service.asked) == asked


@pytest.mark.parametrize("version", ["0.2", "1.0-draft"])
def test_a_reconciliation_service_is_asked_as_its_manifest_says(fake: Any, version: str) -> None:
    spaces = {"identifierSpace": "http://x/", "schemaSpace": "http://y/"}  # which the draft has no more
    manifest = reply(
        {"versions": [version], "name": "Names"} | (spaces if version == "0.2" else {"view": {"url": "http://x/{id}"}})
    )
    found = [
        {"id": "118540238", "name": "Goethe", "score": 90, "match": False, "type": [{"id": "p", "name": "Person"}]}
    ]
    answer = {"q0": {"result": found}} if version == "0.2" else {"results": [{"candidates": found}]}
    with fake(manifest, reply(answer), reply({"wrong": 1})) as service:
        names = Reconciliation(service.courier(), service.url)
        assert [(hit.entity.id, hit.exact) for hit in names.candidates("Goethe")] == [("118540238", True)]
        with pytest.raises(LiveError, match="no form of the reconciliation API"):
            names.candidates("another")
    path, body, _ = service.asked[1]
    if version == "0.2":
        assert json.loads(parse_qs(body)["queries"][0]) == {"q0": {"query": "Goethe", "limit": 50}}
    else:
        assert path.endswith("/match")
        assert json.loads(body)["queries"][0]["conditions"] == [{"matchType": "name", "propertyValue": "Goethe"}]


@pytest.mark.parametrize("manifest", [{}, {"name": "A page"}, {"view": {"url": "http://x/{id}"}}, []])
def test_what_gives_no_manifest_is_no_reconciliation_service(fake: Any, manifest: Any) -> None:
    with fake(reply(manifest)) as service, pytest.raises(LiveError, match="no manifest of a reconciliation service"):
        Reconciliation(service.courier(), service.url)


def test_only_names_that_the_file_lacks_are_asked_for(fake: Any, tmp_path: Path) -> None:
    held = open_authority(make_authority(tmp_path / "held.sqlite"))
    with fake(reply({"search": []})) as service:
        both = Beside(held, service.wiki())
        assert both.candidates("Japan") == held.candidates("Japan")
        assert service.asked == []
        assert both.candidates("Elsewhere") == ()
        assert len(service.asked) == 1
    assert both.entity("Q17") == held.entity("Q17")
