"""Queries on snapshots in worker processes: their ends, their limits, their snapshots."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from serving import publish, settings

from endpoint.execution.accounts import Accounts
from endpoint.execution.engine import Engine
from endpoint.protocol.negotiation import GRAPHS, RESULTS, Choice
from endpoint.protocol.requests import GraphRead, ProtocolError, Query
from endpoint.workers.answer import Answer
from endpoint.workers.frames import frame
from ontology.layout import Layout, NoStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CSV = Choice(RESULTS[2], "text/csv")
NT = Choice(GRAPHS[1], "application/n-triples")
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?d && ?f != ?i && ?c != ?h) }"
GREEDY = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?a ?d ?f"


def query(text: str, **parts: Any) -> Query:
    return Query(text, "http://h.example/sparql", "SELECT", CSV, NT, **parts)


async def ask(engine: Engine, text: str, client: str = "me", **parts: Any) -> str:
    answer = await engine.run(query(text, **parts), client)
    return b"".join([chunk async for chunk in answer.chunks()]).decode().replace("\r\n", "\n")


async def error_of(engine: Engine, text: str, client: str = "me") -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        await ask(engine, text, client)
    return caught.value


@asynccontextmanager
async def engine_on(root: Path, accounts: Accounts | None = None, **changes: Any) -> AsyncIterator[Engine]:
    engine = Engine(settings(root, **changes), accounts)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


async def until(condition: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        await asyncio.sleep(0.01)


def processes_of(engine: Engine) -> list[int]:
    assert engine.current is not None
    return list(engine.current.workers)


def state_of(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name: the state, the parent, …"""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()


def lives(pid: int) -> bool:
    try:
        return state_of(pid)[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def store(tmp_path: Path) -> Path:
    publish(tmp_path / "store", quads=700)
    return tmp_path / "store"


@pytest.mark.parametrize("memory", [0, 1 << 30])
def test_a_query_is_answered_from_disk_and_from_memory(store: Path, memory: int) -> None:
    async def check() -> None:
        async with engine_on(store, memory=memory) as engine:
            assert engine.current is not None
            assert engine.current.in_memory is (memory > 0)
            assert await ask(engine, COUNT) == "n\n700\n"
            assert await ask(engine, COUNT, default_graphs=("http://e.example/g1",)) == "n\n100\n"
            assert await ask(engine, COUNT, named_graphs=("http://e.example/g1",)) == "n\n0\n"
            assert await ask(engine, "SELECT (COUNT(*) AS ?n) FROM <http://e.example/g1> { ?s ?p ?o }") == "n\n100\n"

    asyncio.run(check())


def test_the_bare_dataset_has_an_empty_default_graph(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store, default_graph="plain") as engine:
            assert await ask(engine, COUNT) == "n\n0\n"
            assert await ask(engine, "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }") == "n\n700\n"

    asyncio.run(check())


def test_a_store_without_a_snapshot_is_empty_until_there_is_one(tmp_path: Path) -> None:
    async def check() -> None:
        Layout(tmp_path).create()
        async with engine_on(tmp_path) as engine:
            assert await ask(engine, COUNT) == "n\n0\n"
            publish(tmp_path, quads=3)
            await until(lambda: engine.current is not None and engine.current.number == 1)
            assert await ask(engine, COUNT) == "n\n3\n"

    asyncio.run(check())


def test_a_place_without_a_store_is_told(tmp_path: Path) -> None:
    async def check() -> None:
        with pytest.raises(NoStore, match="There is no store"):
            await Engine(settings(tmp_path / "none")).start()

    asyncio.run(check())


def test_empty_graphs_are_there_in_memory_too(store: Path) -> None:
    import pyoxigraph

    layout = Layout(store)
    with layout.writer():
        database = pyoxigraph.Store(layout.data)
        database.add_graph(pyoxigraph.NamedNode("urn:empty"))
        database.backup(str(layout.snapshot(2)))
        layout.publish(2)

    async def check() -> None:
        async with engine_on(store) as engine:
            answer = await engine.run(GraphRead("urn:empty", NT), "me")
            assert answer.whole == b""
            with pytest.raises(ProtocolError, match="urn:none"):
                await engine.run(GraphRead("urn:none", NT), "me")

    asyncio.run(check())


def test_a_new_snapshot_takes_over_and_the_old_one_is_dropped(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store) as engine:
            old = processes_of(engine)
            publish(store, quads=7, first=700)
            await until(lambda: engine.current is not None and engine.current.number == 2)
            assert await ask(engine, COUNT) == "n\n707\n"
            await until(lambda: not any(lives(pid) for pid in old))
            publish(store)  # a later publication removes what nobody reads
            assert not Layout(store).snapshot(1).exists()

    asyncio.run(check())


def test_an_answer_under_way_stays_with_its_snapshot(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store) as engine:
            rows = "SELECT ?a ?d { ?a ?b ?c . ?d ?e ?f }"
            answer = await engine.run(query(rows), "me")
            publish(store, quads=70, first=700)
            await until(lambda: engine.current is not None and engine.current.number == 2)
            lines = b"".join([chunk async for chunk in answer.chunks()]).count(b"\n")
            assert lines == 700 * 700 + 1

    asyncio.run(check())


def test_a_query_past_its_time_is_killed_and_told(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store, limits={"seconds": 0.5}) as engine:
            before = processes_of(engine)
            error = await error_of(engine, ENDLESS)
            assert error.status == 504
            assert "0.5 seconds" in error.sentence
            await until(lambda: sum(lives(pid) for pid in before) == len(before) - 1)
            assert await ask(engine, COUNT) == "n\n700\n"
            await until(lambda: engine.current is not None and len(engine.current.free) == 4)
            assert not engine.admission.running

    asyncio.run(check())


def test_a_query_past_its_memory_is_killed_and_told(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store, limits={"memory": 64 << 20}) as engine:
            error = await error_of(engine, GREEDY)
            assert (error.status, "64 MiB" in error.sentence) == (503, True)
            assert await ask(engine, COUNT) == "n\n700\n"

    asyncio.run(check())


def test_an_answer_past_its_length_is_stopped(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store, limits={"result": 100_000}) as engine:
            error = await error_of(engine, "SELECT * { ?a ?b ?c . ?d ?e ?f }")
            assert (error.status, "LIMIT" in error.sentence) == (503, True)
            assert await ask(engine, COUNT) == "n\n700\n"

    asyncio.run(check())


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * {" + "{" * 60_000 + "}" * 60_000 + "}",
        "SELECT * { FILTER(" + "(" * 50_000 + "1" + ")" * 50_000 + ") }",
        "ASK { FILTER(" + "!" * 100_000 + "true) }",
    ],
)
def test_a_query_that_breaks_the_engine_breaks_one_process_only(store: Path, text: str) -> None:
    async def check() -> None:
        async with engine_on(store) as engine:
            assert (await error_of(engine, text)).status == 400
            assert await ask(engine, COUNT) == "n\n700\n"

    asyncio.run(check())


def test_an_abandoned_query_frees_its_worker(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store) as engine:
            task = asyncio.create_task(ask(engine, ENDLESS))
            await until(lambda: engine.admission.running["me"] == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(lambda: engine.current is not None and len(engine.current.free) == 4)
            assert not engine.admission.running

    asyncio.run(check())


def test_a_client_that_reads_slowly_holds_no_memory_and_loses_no_time(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store, limits={"seconds": 4.0}) as engine:
            answer = await engine.run(query("SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 75000"), "me")
            size, largest = 0, 0
            pauses = 3
            async for chunk in answer.chunks():
                size += len(chunk)
                largest = max(largest, answer._size)
                if pauses:
                    pauses -= 1
                    await asyncio.sleep(1.5)  # longer in all than the query may take
            assert size > 3_000_000
            assert largest < 2_000_000

    asyncio.run(check())


def test_one_client_leaves_a_worker_to_the_others(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store, limits={"workers": 2, "seconds": 60.0}) as engine:
            hogs = [asyncio.create_task(error_of(engine, ENDLESS, "hog")) for _ in range(5)]
            await until(lambda: engine.admission.waiting["hog"] == 4)
            assert await ask(engine, COUNT, "other") == "n\n700\n"
            assert engine.admission.waiting["hog"] == 4
            for hog in hogs:
                hog.cancel()
            await asyncio.gather(*hogs, return_exceptions=True)
            assert not engine.admission.waiting

    asyncio.run(check())


async def call_off(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_heavy_clients_together_leave_a_worker_to_light_ones(store: Path) -> None:
    async def check() -> None:
        now = [0.0]
        async with engine_on(store, Accounts(lambda: now[0]), limits={"workers": 3, "seconds": 60.0}) as engine:
            await until(lambda: engine.current is not None and len(engine.current.free) == 4)
            hogs = [asyncio.create_task(error_of(engine, ENDLESS, client)) for client in ("a", "b")]
            await until(lambda: sum(engine.admission.running.values()) == 2)
            now[0] += 5  # from now on both are heavy
            more = [asyncio.create_task(error_of(engine, ENDLESS, client)) for client in ("a", "b")]
            await until(lambda: sum(engine.admission.waiting.values()) == 2)
            assert engine.current is not None
            assert len(engine.current.free) == 2
            assert await ask(engine, COUNT, "light") == "n\n700\n"
            assert sum(engine.admission.waiting.values()) == 2
            await call_off(*hogs, *more)

    asyncio.run(check())


def test_a_heavy_client_alone_has_all_workers_but_one(store: Path) -> None:
    async def check() -> None:
        now = [0.0]
        limits = {"workers": 8, "seconds": 60.0}
        async with engine_on(store, Accounts(lambda: now[0]), limits=limits) as engine:
            await until(lambda: engine.current is not None and len(engine.current.free) == 9)
            hogs = [asyncio.create_task(error_of(engine, ENDLESS, "a"))]
            await until(lambda: engine.admission.running["a"] == 1)
            now[0] += 5
            hogs += [asyncio.create_task(error_of(engine, ENDLESS, "a")) for _ in range(7)]
            await until(lambda: engine.admission.waiting["a"] == 1)
            assert engine.admission.running["a"] == 7
            await call_off(*hogs)

    asyncio.run(check())


def test_a_free_worker_goes_to_the_client_that_used_least(store: Path) -> None:
    async def check() -> None:
        now = [0.0]
        accounts = Accounts(lambda: now[0])
        for client, seconds in (("much", 3.0), ("some", 2.0), ("little", 1.0)):
            accounts.begin(client)
            now[0] += seconds
            accounts.end(client)
        order: list[str] = []
        async with engine_on(store, accounts, limits={"workers": 1, "seconds": 60.0}) as engine:
            busy = asyncio.create_task(error_of(engine, ENDLESS, "busy"))
            await until(lambda: engine.admission.running["busy"] == 1)

            async def wait(client: str) -> None:
                await ask(engine, COUNT, client)
                order.append(client)

            waiting = []
            for client in ("much", "some", "none", "little", "none"):
                waiting.append(asyncio.create_task(wait(client)))
                await until(lambda: sum(engine.admission.waiting.values()) == len(waiting))
            await call_off(busy)
            await asyncio.gather(*waiting)
        assert order == ["none", "none", "little", "some", "much"]

    asyncio.run(check())


def test_beyond_the_queue_clients_are_told_to_come_back(store: Path) -> None:
    async def check() -> None:
        limits = {"workers": 1, "queue": 3, "waiting": 2, "seconds": 5.0}
        async with engine_on(store, limits=limits) as engine:
            tasks = [asyncio.create_task(error_of(engine, ENDLESS, client)) for client in ("a", "a", "a", "b")]
            await until(lambda: sum(engine.admission.waiting.values()) == 3)
            mine = await error_of(engine, COUNT, "c")
            assert (mine.status, mine.headers["Retry-After"]) == (503, "2")
            tasks.pop().cancel()
            await until(lambda: sum(engine.admission.waiting.values()) == 2)
            greedy = await error_of(engine, COUNT, "a")
            assert (greedy.status, greedy.headers["Retry-After"]) == (429, "2")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(check())


@pytest.mark.parametrize("victim", ["worker", "keeper", "nursery"])
def test_any_process_may_be_killed_from_outside(store: Path, victim: str) -> None:
    async def check() -> None:
        async with engine_on(store) as engine:
            assert engine.nursery.process is not None
            worker = processes_of(engine)[0]
            keeper = int(state_of(worker)[1])
            pids = {"worker": worker, "keeper": keeper, "nursery": engine.nursery.process.pid}
            old = [worker, keeper]
            os.kill(pids[victim], signal.SIGKILL)
            assert await ask(engine, COUNT) == "n\n700\n"
            await until(lambda: engine.current is not None and len(engine.current.free) == 4)
            assert await ask(engine, COUNT) == "n\n700\n"
            if victim != "worker":
                await until(lambda: not any(lives(pid) for pid in old))

    asyncio.run(check())


def test_a_query_whose_worker_is_killed_from_outside_is_asked_again(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store, limits={"workers": 1, "seconds": 4.0}) as engine:
            task = asyncio.create_task(error_of(engine, ENDLESS))
            await until(lambda: engine.admission.running["me"] == 1)
            os.kill(processes_of(engine)[0], signal.SIGKILL)
            assert (await task).status == 504  # asked again, it ran into its limit

    asyncio.run(check())


def test_workers_stand_behind_the_process_that_talks_http(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store) as engine:
            await until(lambda: engine.current is not None and len(engine.current.free) == 4)
            expected = min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5)
            assert [os.getpriority(os.PRIO_PROCESS, pid) for pid in processes_of(engine)] == [expected] * 4
            assert await ask(engine, COUNT) == "n\n700\n"

    asyncio.run(check())


def test_no_process_is_left_after_the_end(store: Path) -> None:
    pids: list[int] = []

    async def check() -> None:
        async with engine_on(store) as engine:
            assert engine.nursery.process is not None
            busy = asyncio.create_task(error_of(engine, ENDLESS))
            await until(lambda: engine.admission.running["me"] == 1)
            pids.extend([*processes_of(engine), engine.nursery.process.pid])
        assert (await busy).status == 503

    asyncio.run(check())
    end = time.monotonic() + 60
    while any(lives(pid) for pid in pids):
        assert time.monotonic() < end, "a process was left"
        time.sleep(0.01)


def test_a_snapshot_that_cannot_be_opened_leaves_the_old_one_answering(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store) as engine:
            layout = Layout(store)
            broken = layout.snapshot(layout.next_number())
            broken.mkdir()
            (broken / "CURRENT").write_text("MANIFEST-999999\n")
            layout.publish(int(broken.name))
            await asyncio.sleep(0.6)
            assert await ask(engine, COUNT) == "n\n700\n"
            publish(store, quads=1, first=700)
            await until(lambda: engine.current is not None and engine.current.number == 3)
            assert await ask(engine, COUNT) == "n\n701\n"

    asyncio.run(check())


def test_a_snapshot_beyond_the_budget_stays_on_disk(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store, memory=1) as engine:
            assert engine.current is not None
            assert not engine.current.in_memory
            assert await ask(engine, COUNT) == "n\n700\n"

    asyncio.run(check())


def test_a_worker_is_read_from_again_when_a_long_answer_has_come_whole_at_once(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store, limits={"workers": 1}) as engine:
            worker = await engine.admission.worker("me")
            answer = Answer(worker, query(COUNT), "me", 20.0)
            worker.answer = answer  # as if it had been sent to the process, and the process had answered
            end = json.dumps({"seconds": 0.1, "bytes": 600_000}).encode()
            head = frame(b"H", json.dumps({"kind": "results"}).encode())
            worker.data_received(head + frame(b"D", bytes(600_000)) + frame(b"E", end))
            assert answer.whole == bytes(600_000)
            assert await ask(engine, COUNT) == "n\n700\n"

    asyncio.run(check())
