"""Short queries beside long ones: who has to wait, whom the kernel lets run, and what all may hold in memory."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from serving import HTTP, publish, running, settings

from endpoint.execution.accounts import Accounts
from endpoint.execution.engine import Engine
from endpoint.execution.lanes import Lanes
from endpoint.protocol.negotiation import GRAPHS, RESULTS, Choice
from endpoint.protocol.requests import ProtocolError, Query
from endpoint.workers.process import memory_of, processor_time, run_at_a_time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?d && ?f != ?i && ?c != ?h) }"
LONG = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(STRLEN(CONCAT(STR(?a), STR(?d))) > 0) }"
STREAM = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
GREEDY = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?a ?d ?f"


def query(text: str) -> Query:
    return Query(text, "http://h.example/", "SELECT", Choice(RESULTS[2], "text/csv"), Choice(GRAPHS[1], "text/plain"))


async def ask(engine: Engine, text: str, client: str) -> str:
    answer = await engine.run(query(text), client)
    return b"".join([chunk async for chunk in answer.chunks()]).decode().replace("\r\n", "\n")


@asynccontextmanager
async def engine_on(root: Path, **limits: Any) -> AsyncIterator[Engine]:
    engine = Engine(settings(root, limits={"workers": 4, "seconds": 60.0} | limits))
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


async def until(condition: Any, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        await asyncio.sleep(0.01)


async def end(tasks: list[asyncio.Task[str]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root: Path = tmp_path_factory.mktemp("lanes") / "store"
    publish(root, quads=700)
    return root


def test_long_queries_of_many_clients_leave_workers_to_short_ones(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store) as engine:
            assert await ask(engine, COUNT, "guest") == "n\n700\n"
            hogs = [asyncio.create_task(ask(engine, ENDLESS, f"hog {n}")) for n in range(8)]
            await until(lambda: len(engine.admission.lanes.waiting) == 6)
            assert engine.admission.lanes.are_crowded
            for n in range(5):
                assert await ask(engine, f"{COUNT} #{n}", "guest") == "n\n700\n"
            assert not any(hog.done() for hog in hogs)
            await end(hogs)
            await until(lambda: not engine.admission.running and not engine.admission.waiting and not engine.answers)

    asyncio.run(check())


def test_a_query_that_was_put_back_is_answered_when_there_is_room(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store) as engine:
            hogs = [asyncio.create_task(ask(engine, ENDLESS, f"hog {n}")) for n in range(2)]
            await until(lambda: engine.admission.lanes.are_crowded)
            late = asyncio.create_task(ask(engine, LONG, "late"))
            await until(lambda: engine.admission.lanes.waiting)
            assert engine.admission.waiting["late"] == 1
            await end(hogs)
            assert await late == "n\n490000\n"
            assert not engine.admission.waiting

    asyncio.run(check())


def test_what_one_client_asks_alone_is_not_begun_anew(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store) as engine:
            hogs = [asyncio.create_task(ask(engine, ENDLESS, "hog")) for _ in range(2)]
            await until(lambda: engine.admission.lanes.are_crowded)
            assert await ask(engine, LONG, "hog") == "n\n490000\n"
            late = asyncio.create_task(ask(engine, ENDLESS, "hog"))
            await until(lambda: len(engine.answers) == 3)
            assert await ask(engine, COUNT, "guest") == "n\n700\n"
            other = asyncio.create_task(ask(engine, LONG, "late"))
            await until(lambda: engine.admission.lanes.waiting)  # now it is in somebody's way
            await end([*hogs, late])
            assert await other == "n\n490000\n"

    asyncio.run(check())


def test_long_queries_of_one_client_alone_stand_back_behind_its_short_ones(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store, workers=6) as engine:
            assert await ask(engine, COUNT, "me") == "n\n700\n"
            assert engine.current is not None
            usual = os.getpriority(os.PRIO_PROCESS, min(engine.current.workers))
            long = [asyncio.create_task(ask(engine, ENDLESS, "me")) for _ in range(4)]  # the slow lane has room for 3
            await until(lambda: len(engine.answers) == 4)
            threads = [answer.worker.thread for answer in engine.answers.values()]

            async def stand_back() -> None:
                while any(os.getpriority(os.PRIO_PROCESS, thread) == usual for thread in threads):
                    await ask(engine, f"{COUNT} #{time.monotonic()}", "me")

            await asyncio.wait_for(stand_back(), 60)
            await end(long)

    asyncio.run(check())


def test_an_answer_that_has_begun_is_never_begun_anew(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store) as engine:
            hogs = [asyncio.create_task(ask(engine, ENDLESS, f"hog {n}")) for n in range(2)]
            await until(lambda: engine.admission.lanes.are_crowded)
            stream = asyncio.create_task(engine.run(query(STREAM), "reader"))
            await until(lambda: engine.admission.lanes.waiting)  # it filled what is held, or used its slice
            assert not stream.done()
            await end(hogs)
            answer = await stream
            chunks = answer.chunks()
            assert (await anext(chunks)).startswith(b"a,b,c,d,e,f,g,h,i\r\n")
            answer.abandon()

    asyncio.run(check())


def test_a_client_that_leaves_while_its_query_waits_again_is_forgotten(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store) as engine:
            tasks = [asyncio.create_task(ask(engine, ENDLESS, f"hog {n}")) for n in range(3)]
            await until(lambda: len(engine.admission.lanes.waiting) == 1)
            gone = engine.admission.lanes.waiting[0].client
            tasks[int(gone[-1])].cancel()
            await until(lambda: gone not in engine.admission.waiting)
            await end(tasks)

    asyncio.run(check())


def test_a_long_query_stands_back_and_the_next_one_of_its_worker_does_not(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store, workers=2) as engine:
            assert await ask(engine, COUNT, "me") == "n\n700\n"
            assert engine.current is not None
            before = {worker.pid: worker.thread for worker in engine.current.workers.values()}
            usual = os.getpriority(os.PRIO_PROCESS, min(before))
            long = asyncio.create_task(ask(engine, ENDLESS, "long"))
            await until(lambda: engine.answers)
            worker = next(iter(engine.answers.values())).worker

            async def stands_back() -> None:
                while os.getpriority(os.PRIO_PROCESS, worker.thread) == usual:
                    await ask(engine, f"{COUNT} #{time.monotonic()}", "me")

            await asyncio.wait_for(stands_back(), 30)
            await end([long])
            await until(lambda: engine.current is not None and len(engine.current.free) == 3)
            for each in engine.current.workers.values():
                assert os.getpriority(os.PRIO_PROCESS, each.thread) == usual

    asyncio.run(check())


def test_a_worker_goes_on_with_another_thread_after_a_long_query(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store, workers=2) as engine:
            long = asyncio.create_task(ask(engine, LONG, "long"))
            await until(lambda: engine.answers)
            worker = next(iter(engine.answers.values())).worker
            thread, usual = worker.thread, os.getpriority(os.PRIO_PROCESS, worker.thread)
            os.setpriority(os.PRIO_PROCESS, thread, 19)
            assert await long == "n\n490000\n"
            await until(lambda: worker.thread != thread)
            assert os.getpriority(os.PRIO_PROCESS, worker.thread) == usual
            assert await ask(engine, COUNT, "me") == "n\n700\n"
            assert not worker.doomed

    asyncio.run(check())


def slice_of(thread: int) -> float:
    """Return the milliseconds that the kernel lets a thread run at a time."""
    file = Path(f"/proc/{thread}/sched")
    lines = file.read_text(encoding="ascii").splitlines() if file.exists() else []
    found = [float(line.rpartition(":")[2]) for line in lines if line.startswith("se.slice")]
    if not found:
        pytest.skip("this kernel does not tell its slices")
    return found[0] / (1e6 if found[0] > 1000 else 1)


def test_a_short_query_runs_for_shorter_times_than_a_long_one_and_both_are_as_nice_as_before() -> None:
    pid = os.posix_spawn("/bin/sleep", ["sleep", "600"], {})
    try:
        nice = os.getpriority(os.PRIO_PROCESS, pid)
        slices = []
        for seconds in (0.0003, 0.01):
            run_at_a_time(seconds, pid)
            slices.append(slice_of(pid))
            assert os.getpriority(os.PRIO_PROCESS, pid) == nice
        assert slices[0] < slices[1]
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    run_at_a_time(0.01, pid)  # it has ended: nothing comes of it


def test_all_queries_together_stay_within_their_memory(store: Path) -> None:
    async def check() -> None:
        limits = {"memory": 1 << 30, "together": 200 << 20}
        async with engine_on(store, **limits) as engine:
            asked = [asyncio.create_task(ask(engine, GREEDY, f"client {n}")) for n in range(2)]
            with pytest.raises(ProtocolError) as caught:
                await asyncio.wait_for(asyncio.gather(*asked), 50)
            assert caught.value.status == 503
            assert "all queries together" in caught.value.sentence
            assert engine.killed["memory"] >= 1
            await end(asked)

    asyncio.run(check())


def test_the_kernel_would_kill_a_query_before_the_process_that_talks_http(store: Path) -> None:
    def score(pid: int | str) -> int:
        return int(Path(f"/proc/{pid}/oom_score_adj").read_text(encoding="ascii"))

    def parent(pid: int) -> int:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])

    async def check() -> None:
        async with engine_on(store) as engine:
            await until(lambda: engine.current is not None and len(engine.current.free) == 5)
            assert engine.current is not None
            for worker in engine.current.workers.values():
                assert score(worker.pid) > score(parent(worker.pid)) > score("self")

    asyncio.run(check())


def test_unknown_clients_leave_a_worker_to_those_whose_last_query_was_short(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store) as engine:
            assert await ask(engine, COUNT, "guest") == "n\n700\n"
            engine.admission.lanes.close(ProtocolError(503, ""))  # nobody looks, so nothing moves to the slow lane
            await until(lambda: engine.current is not None and len(engine.current.free) == 5)
            hogs = [asyncio.create_task(ask(engine, ENDLESS, f"hog {n}")) for n in range(5)]
            await until(lambda: sum(engine.admission.waiting.values()) == 2)
            assert await ask(engine, COUNT, "guest") == "n\n700\n"
            assert sum(engine.admission.running.values()) == 3
            await end(hogs)

    asyncio.run(check())


def test_the_last_process_is_for_clients_whose_last_query_was_short(store: Path) -> None:
    async def check() -> None:
        async with engine_on(store, workers=1) as engine:
            assert await ask(engine, COUNT, "guest") == "n\n700\n"
            await until(lambda: engine.current is not None and len(engine.current.free) == 2)
            hogs = [asyncio.create_task(ask(engine, ENDLESS, f"hog {n}")) for n in range(3)]
            await until(lambda: sum(engine.admission.running.values()) == 1 and len(engine.admission.waiting) == 2)
            assert await ask(engine, f"{COUNT} #2", "guest") == "n\n700\n"
            assert sum(engine.admission.running.values()) == 1
            await end(hogs)
            await until(lambda: engine.current is not None and len(engine.current.free) == 2)

    asyncio.run(check())


def test_a_client_whose_queries_are_stopped_is_charged_for_the_workers_that_end_with_them(store: Path) -> None:
    async def check() -> None:
        accounts = Accounts(lambda: 0.0)
        engine = Engine(settings(store, limits={"workers": 2, "seconds": 60.0}), accounts)
        await engine.start()
        try:
            for number in range(5):
                assert accounts.is_light("hasty"), number
                hog = asyncio.create_task(ask(engine, ENDLESS, "hasty"))
                await until(lambda: engine.admission.running["hasty"] == 1)
                await end([hog])
            assert not accounts.is_light("hasty")
        finally:
            await engine.close()

    asyncio.run(check())


def test_a_hang_up_ends_a_query_long_before_its_time_is_over(tmp_path: Path) -> None:
    publish(tmp_path / "store", quads=700)
    token = {"Authorization": "Bearer letter"}
    with running(settings(tmp_path / "store", token="letter", limits={"seconds": 60.0})) as url:
        for method in ("GET", "POST"):
            ways: dict[str, Any] = {"GET": {"params": {"query": ENDLESS}}, "POST": {"data": {"query": ENDLESS}}}
            with pytest.raises(httpx.ReadTimeout):
                HTTP.request(method, f"{url}/sparql", timeout=0.5, **ways[method])
            end = time.monotonic() + 10
            while HTTP.get(f"{url}/queries", headers=token, timeout=10).json()["running"]:
                assert time.monotonic() < end, f"a query by {method} runs on"
                time.sleep(0.05)


def test_who_has_proven_to_ask_short_queries_is_known_until_a_long_one() -> None:
    accounts = Accounts(lambda: 0.0)
    assert not accounts.is_proven("me")
    accounts.begin("me")
    accounts.end("me")
    accounts.prove("me", short=True)
    assert accounts.is_proven("me")
    accounts.charge("me", 2.0)
    assert accounts.used("me") == 2.0
    accounts.prove("me", short=False)
    assert not accounts.is_proven("me")
    accounts.prove("me", short=True, idle=0.5)  # the processor was busy with others
    assert accounts.used("me") == 1.5
    accounts.prove("me", short=True, idle=9.0)
    assert accounts.used("me") == 0.0


def test_the_time_and_memory_of_a_process_that_has_ended_are_none() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(pid, 0)
    assert processor_time(pid) == 0.0
    assert memory_of(pid) == 0
    assert processor_time(os.getpid()) > 0
    assert memory_of(os.getpid()) > 0


@pytest.mark.parametrize(("workers", "quick"), [(1, 1), (2, 1), (3, 1), (4, 2), (8, 4)])
def test_the_slow_lane_leaves_workers_to_the_quick_one(store: Path, workers: int, quick: int) -> None:
    limits = settings(store, limits={"workers": workers}).limits
    owner: Any = None
    with contextlib.closing(asyncio.new_event_loop()):
        assert Lanes(limits, owner).quick == quick
