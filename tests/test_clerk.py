"""Work on long requests: done elsewhere, with the same outcome, and never for ever."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from serving import HTTP, publish, running, settings

from endpoint.execution.engine import Engine
from endpoint.protocol.requests import ProtocolError, Request
from endpoint.sparql import syntax
from endpoint.workers.reading import SHORT, read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LONG = 10 * SHORT


@asynccontextmanager
async def engine_on(root: Path) -> AsyncIterator[Engine]:
    publish(root, quads=7)
    engine = Engine(settings(root))
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


def asked(text: str) -> Request:
    headers = {"content-type": "application/sparql-query"}
    return Request("POST", "http://h.example/sparql", headers=headers, body=text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p ?o }",
        "SELECT * FROM <http://e.example/g> { ?s ?p ?o }",
        "SELECT * { ?s ?p ?o FILTER(?o < NOW()) }",
        "SELECT * { ?s ?p ?o SERVICE SILENT <http://e.example/> { ?s ?p ?o } }",
        "INSERT DATA { <a:b> <a:c> <a:d> }",
    ],
)
def test_what_the_clerk_reads_is_what_is_read_at_once(tmp_path: Path, text: str) -> None:
    async def check() -> None:
        async with engine_on(tmp_path / "store") as engine:
            here, there = [
                await engine.clerk.call("me", size, read, asked(text), 1 << 20, calls=False, union=True)
                for size in (SHORT, LONG)
            ]
            assert here == there

    if text.startswith("SELECT"):
        asyncio.run(check())
    else:
        with pytest.raises(ProtocolError):  # an update in a query's place
            read(Request("GET", "", f"update={text}"), 1 << 20, calls=False, union=True)


def test_only_what_is_long_goes_to_another_process_which_lives_on(tmp_path: Path) -> None:
    async def check() -> None:
        async with engine_on(tmp_path / "store") as engine:
            assert await engine.clerk.call("me", SHORT, os.getpid) == os.getpid()
            clerk = await engine.clerk.call("me", LONG, os.getpid)
            assert clerk != os.getpid()
            assert await engine.clerk.call("me", LONG, os.getpid) == clerk

    asyncio.run(check())


def test_a_refusal_comes_back_whole(tmp_path: Path) -> None:
    async def check() -> None:
        async with engine_on(tmp_path / "store") as engine:
            text = "SELECT * { SERVICE <http://e.example/> { ?s ?p ?o } }" + "#" * LONG
            for request, status in ((asked(text), 403), (Request("PUT", "http://h.example/sparql"), 405)):
                with pytest.raises(ProtocolError) as caught:
                    await engine.clerk.call("me", LONG, read, request, 1 << 20, calls=False, union=True)
                assert caught.value.status == status
                assert caught.value.headers == ({"Allow": "GET, HEAD, OPTIONS, POST, QUERY"} if status == 405 else {})

    asyncio.run(check())


def test_a_clerk_that_is_killed_is_replaced(tmp_path: Path) -> None:
    async def check() -> None:
        async with engine_on(tmp_path / "store") as engine:
            first = await engine.clerk.call("me", LONG, os.getpid)
            os.kill(first, signal.SIGKILL)
            assert await engine.clerk.call("me", LONG, os.getpid) not in (first, os.getpid())
            asleep = asyncio.create_task(engine.clerk.call("me", LONG, time.sleep, 60))
            await asyncio.sleep(0)
            asleep.cancel()
            await asyncio.gather(asleep, return_exceptions=True)
            assert await asyncio.wait_for(engine.clerk.call("me", LONG, len, "abc"), 30) == 3

    asyncio.run(check())


def test_one_client_has_few_long_requests_wait(tmp_path: Path) -> None:
    async def check() -> None:
        async with engine_on(tmp_path / "store") as engine:
            calls = [asyncio.create_task(engine.clerk.call("me", LONG, time.sleep, 60)) for _ in range(16)]
            await asyncio.sleep(0)
            with pytest.raises(ProtocolError) as caught:
                await engine.clerk.call("me", LONG, len, "abc")
            assert caught.value.status == 429
            assert "Retry-After" in caught.value.headers
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            assert await asyncio.wait_for(engine.clerk.call("me", LONG, len, "abc"), 30) == 3

    asyncio.run(check())


def test_a_long_query_is_answered_as_a_short_one_is(tmp_path: Path) -> None:
    publish(tmp_path / "store", quads=7)
    short = "SELECT (COUNT(*) AS ?n) FROM <http://e.example/g1> { ?s ?p ?o }"
    with running(settings(tmp_path / "store")) as url:
        for text in (short, short + "\n" + "# a comment\n" * (SHORT // 2)):
            for method, where in (("POST", "data"), ("GET", "params")):
                ways: dict[str, Any] = {where: {"query": text}}
                answer = HTTP.request(method, f"{url}/sparql", headers={"Accept": "text/csv"}, timeout=30, **ways)
                assert answer.text == "n\r\n1\r\n"


def test_a_query_that_takes_long_to_read_holds_up_nobody(tmp_path: Path) -> None:
    publish(tmp_path / "store", quads=7)
    text = "ASK { " + "SERVICE SILENT <http://127.0.0.1:9/> { " * 900 + "}" * 901
    start = time.process_time()
    assert len(syntax.calls(text)) == 900
    once = time.process_time() - start

    async def check() -> None:
        async with engine_on(tmp_path / "store") as engine:
            before = time.thread_time()
            for _ in range(5):
                await engine.clerk.call("me", len(text), read, asked(text), 1 << 20, calls=False, union=True)
            assert time.thread_time() - before < 5 * once

    asyncio.run(check())
