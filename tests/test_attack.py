"""What a server gives its users while others attack it: a short form of benchmarks/attack.py, which tells more."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from endpoint.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ARTICLES = 50
ROUNDS = 2
# The kinds that the server ends soon; the others need the half minute that it gives a query.
KINDS = (
    "a million values",
    "deep nesting",
    "silent calls",
    "100 MB declared",
    "compressed bombs",
    "floods of headers",
    "pipelined garbage",
    "percent-encoded garbage",
)


@pytest.fixture(scope="module")
def attack() -> Iterator[Any]:
    """Return the benchmark as a module."""
    folder = str(Path(__file__).parent.parent / "benchmarks")
    sys.path.insert(0, folder)
    try:
        yield importlib.import_module("attack")
    finally:
        sys.path.remove(folder)


async def besiege(attack: Any, port: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Attack with each kind while normal clients ask; return how the attempts ended, and the wrong answers."""
    hostile = attack.hostile
    ends: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []

    async def assail(number: int, kind: str) -> None:
        target, chance = hostile.Target(port, f"127.0.1.{number}", attack.TOKEN), random.Random(number)
        for _ in range(ROUNDS):
            end = "broken off"
            with contextlib.suppress(OSError, hostile.Broken, asyncio.IncompleteReadError, TimeoutError):
                async with asyncio.timeout(hostile.PATIENCE):
                    end = await hostile.KINDS[kind][0](target, chance)
            ends[kind, end] += 1

    async def ask(number: int) -> None:
        chance = random.Random(number)
        while True:
            query, right = attack.normal(chance, ARTICLES)
            with contextlib.suppress(OSError, hostile.Broken):
                status, body = await asked(attack, port, f"127.0.0.{number}", query)
                if status == 200 and not attack.is_right(body, right):
                    wrong.append(f"{query}: {body[:200]!r}")
            await asyncio.sleep(0.05)

    clients = [asyncio.ensure_future(ask(number)) for number in (10, 11, 12)]
    await asyncio.gather(*(assail(number, kind) for number, kind in enumerate(KINDS, 1)))
    for client in clients:
        client.cancel()
    await asyncio.gather(*clients, return_exceptions=True)
    return ends, wrong


async def asked(attack: Any, port: int, client: str, query: str) -> tuple[int, bytes]:
    """Ask as a normal client; return the status and the body."""
    async with attack.hostile.connected(attack.hostile.Target(port, client, "")) as (reader, writer):
        writer.write(attack.hostile.posted(query.encode(), headers="Accept: application/sparql-results+json\r\n"))
        status, body = await attack.hostile.answer_of(reader)
        return status, body


async def healthy(attack: Any, port: int) -> int:
    """Return the status of /health."""
    async with attack.hostile.connected(attack.hostile.Target(port, "127.0.0.9", "")) as (reader, writer):
        writer.write(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
        status, _ = await attack.hostile.answer_of(reader)
        return int(status)


def test_normal_clients_are_answered_rightly_while_others_attack_and_the_server_lives_on(
    attack: Any, tmp_path: Path
) -> None:
    data, store = tmp_path / "data.nq", tmp_path / "store"
    data.write_text("".join(attack.quads(ARTICLES)), encoding="utf-8")
    subprocess.run([attack.PACTGRAPH, "import", "-q", str(data), "--store", str(store)], check=True)
    server = attack.start(store, tmp_path / "log")
    watcher = threading.Thread(target=server.watch)
    watcher.start()
    try:
        ends, wrong = asyncio.run(besiege(attack, server.port))
        query, right = attack.normal(random.Random(1), ARTICLES)
        status, body = asyncio.run(asked(attack, server.port, "127.0.0.13", query))
        health = asyncio.run(healthy(attack, server.port))
        fell = server.process.poll() is not None
    finally:
        server.ended.set()
        watcher.join()
        server.process.send_signal(signal.SIGINT)
        try:
            code = server.process.wait(60)
        finally:
            server.process.kill()
    log = server.log.read_text()
    assert not fell, log
    assert code == 0, log
    assert wrong == []
    assert status == 200
    assert attack.is_right(body, right)
    assert health == 200
    assert {kind for kind, _ in ends} == set(KINDS)
    assert not [end for end in ends if end[1].startswith("200,")]
    assert 0 < server.peak <= attack.budget(Settings(store=store))
