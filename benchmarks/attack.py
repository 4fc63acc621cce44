"""Normal traffic on `pactgraph serve` while 26 kinds of hostile requests come in: what falls, and what gets slow.

    python benchmarks/attack.py [--seconds 600] [--rounds 5] [--articles 2000] [--json FILE]

Starts a server of its own, as a user would (default settings, a token for writes), on made-up data, on loopback only,
and ends by itself. Each round measures normal traffic alone for a quarter of its time, and under attack for the
rest. Normal traffic are 16 clients, each from an address of its own (127.0.0.N), that look things up, ASK and
join, five times a second each; every answer is compared with the right one. The kinds of attack are in hostile.py; they
run at once, each from an address of its own, in a process of low priority, since they would come from other machines.

Told are, for each kind, how its attempts ended; wrong answers (goal 0), restarts of the server (goal 0), normal
requests that were refused (goal 0), how late the process of the normal clients itself came to act, which is in their
times (all of it runs on one machine), the 99th percentile of normal times under attack beside the quiet one (goal: the
median over the rounds below 3), that of /health (goal: below 50 ms), and the peak memory of all the server's processes
(their proportional share of pages) beside the budget that its settings add up to. The exit code is 1 where an
answer was wrong, the server fell, or the memory was more than the budget; times are no reason, since the machine may be
busy with other things.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import hostile

from endpoint.settings import MEBIBYTE, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

PACTGRAPH = str(Path(sys.executable).with_name("pactgraph"))
CLIENTS = 16
PACE = 0.2  # seconds between two requests of a normal client, on average
TOKEN = "a token of this run"  # noqa: S105 (it opens nothing but the server of this run)
DATA = "https://data.example/"
ACTORS, TOPICS, STATEMENTS = 40, 12, 4


def actor(article: int, statement: int) -> int:
    """Return the number of the actor who speaks in a statement."""
    return (7 * article + 3 * statement) % ACTORS


def topic(article: int, statement: int) -> int:
    """Return the number of the topic of a statement."""
    return (5 * article + statement) % TOPICS


def quads(articles: int) -> Iterator[str]:
    """Yield the data as lines of N-Quads: a graph for each article, and one for what they speak of."""
    for kind, count in (("actor", ACTORS), ("topic", TOPICS)):
        for n in range(count):
            yield f'<{DATA}{kind}/{n}> <{DATA}label> "{kind} {n}" <{DATA}registry> .\n'
    for n in range(articles):
        graph = f"<{DATA}graph/{n}>"
        for k in range(STATEMENTS):
            subject = f"<{DATA}{n}/{k}>"
            yield f"{subject} <{DATA}speaker> <{DATA}actor/{actor(n, k)}> {graph} .\n"
            yield f"{subject} <{DATA}about> <{DATA}topic/{topic(n, k)}> {graph} .\n"
            yield f'{subject} <{DATA}text> "what {actor(n, k)} said of {topic(n, k)} in {n}" {graph} .\n'
            yield f"{subject} <{DATA}in> <{DATA}{n}> {graph} .\n"


def normal(chance: random.Random, articles: int) -> tuple[str, set[tuple[str, ...]] | bool]:
    """Return a normal question with its right answer: the rows, or whether it is so."""
    n, k = chance.randrange(articles), chance.randrange(STATEMENTS)
    who, what = actor(n, k), topic(n, k)
    kind = chance.randrange(4)
    if kind == 0:
        rows = {
            (f"{DATA}speaker", f"{DATA}actor/{who}"),
            (f"{DATA}about", f"{DATA}topic/{what}"),
            (f"{DATA}text", f"what {who} said of {what} in {n}"),
            (f"{DATA}in", f"{DATA}{n}"),
        }
        return f"SELECT ?p ?o {{ GRAPH ?g {{ <{DATA}{n}/{k}> ?p ?o }} }}", rows
    if kind == 1:
        other = chance.randrange(ACTORS)
        return f"ASK {{ <{DATA}{n}/{k}> <{DATA}speaker> <{DATA}actor/{other}> }}", other == who
    if kind == 2:
        query = (
            f"SELECT ?who ?what {{ <{DATA}{n}/{k}> <{DATA}speaker> ?a ; <{DATA}about> ?t . "
            f"?a <{DATA}label> ?who . ?t <{DATA}label> ?what }}"
        )
        return query, {(f"actor {who}", f"topic {what}")}
    query = f"SELECT ?s ?who {{ ?s <{DATA}in> <{DATA}{n}> ; <{DATA}speaker>/<{DATA}label> ?who }}"
    return query, {(f"{DATA}{n}/{k}", f"actor {actor(n, k)}") for k in range(STATEMENTS)}


# ---- normal traffic, in a process of its own


def be_normal(port: int, articles: int, number: int, orders: Any, results: Any) -> None:
    """Be the normal clients: measure from one order, a name, to the next; None is the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_normal_traffic(port, articles, random.Random(number), orders, results))


async def _normal_traffic(port: int, articles: int, chance: random.Random, orders: Any, results: Any) -> None:
    loop = asyncio.get_running_loop()
    log = _Log()
    tasks = [
        loop.create_task(_client(port, f"127.0.0.{10 + n}", random.Random(chance.random()), articles, log))
        for n in range(CLIENTS)
    ]
    tasks += [loop.create_task(_watch_health(port, log)), loop.create_task(_watch_itself(log))]
    while await loop.run_in_executor(None, orders.get) is not None:
        results.put(log.taken())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    results.put(log.taken())


@dataclass(slots=True)
class _Log:
    """What was seen since it was last taken."""

    times: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def taken(self) -> dict[str, Any]:
        seen = {name: getattr(self, name) for name in ("times", "health", "late", "refused", "wrong")}
        self.__init__()  # type: ignore[misc]  # begins anew
        return seen


async def _client(port: int, address: str, chance: random.Random, articles: int, log: _Log) -> None:
    target = hostile.Target(port, address, "")
    while True:
        with contextlib.suppress(OSError, hostile.Broken):
            async with hostile.connected(target) as (reader, writer):
                await _session(reader, writer, chance, articles, log)


async def _session(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, chance: random.Random, articles: int, log: _Log
) -> None:
    """Ask on one connection, some twenty times, as a client with a pool of connections does."""
    for _ in range(20):
        await asyncio.sleep(chance.uniform(0.5, 1.5) * PACE)
        query, right = normal(chance, articles)
        started = time.perf_counter()
        try:
            writer.write(hostile.posted(query.encode(), headers="Accept: application/sparql-results+json\r\n"))
            status, body = await hostile.answer_of(reader)
        except (OSError, hostile.Broken):
            log.refused["broken off"] += 1
            raise
        log.times.append(time.perf_counter() - started)
        if status != 200:
            log.refused[str(status)] += 1
        elif not is_right(body, right):
            log.wrong.append(f"{query}: {body[:200]!r}")


def is_right(body: bytes, right: set[tuple[str, ...]] | bool) -> bool:  # noqa: FBT001 (the answer to an ASK)
    """Tell whether a body in JSON says what is right."""
    try:
        answer = json.loads(body)
        if isinstance(right, bool):
            return answer["boolean"] is right
        names = answer["head"]["vars"]
        rows = [tuple(row[name]["value"] for name in names) for row in answer["results"]["bindings"]]
    except (ValueError, KeyError):
        return False
    return len(rows) == len(right) and set(rows) == right


async def _watch_health(port: int, log: _Log) -> None:
    target = hostile.Target(port, "127.0.0.9", "")
    while True:
        await asyncio.sleep(PACE)
        started = time.perf_counter()
        with contextlib.suppress(OSError, hostile.Broken):
            async with hostile.connected(target) as (reader, writer):
                writer.write(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
                status, _ = await hostile.answer_of(reader)
                if status != 200:
                    log.refused[f"health {status}"] += 1
        log.health.append(time.perf_counter() - started)


async def _watch_itself(log: _Log) -> None:
    """Measure how late this process comes to act: by so much the times that it takes are too long at worst."""
    pause = 0.01
    while True:
        started = time.perf_counter()
        await asyncio.sleep(pause)
        log.late.append(time.perf_counter() - started - pause)


# ---- hostile traffic, in another


def be_hostile(port: int, number: int, orders: Any, results: Any) -> None:
    """Attack from the order "attack" to the next; None is the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(10)
    asyncio.run(_hostile_traffic(port, random.Random(number), orders, results))


async def _hostile_traffic(port: int, chance: random.Random, orders: Any, results: Any) -> None:
    loop = asyncio.get_running_loop()
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    attack: asyncio.Task[None] | None = None
    while (order := await loop.run_in_executor(None, orders.get)) is not None:
        if attack is not None:
            attack.cancel()
            await asyncio.gather(attack, return_exceptions=True)
        attack = None
        if order == "attack":
            attack = loop.create_task(hostile.attack(port, TOKEN, chance, lambda kind, end: ends[kind].update([end])))
        results.put(None)
    results.put(dict(ends))


# ---- the server


@dataclass(slots=True)
class Server:
    """The server under attack, and the most memory that its processes were seen to hold."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    peak: int = 0
    most: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Look at the memory twice a second until the end."""
        while not self.ended.wait(0.5):
            held = [memory_of(pid) for pid in family(self.process.pid)]
            self.peak, self.most = max(self.peak, sum(held)), max(self.most, len(held))


def family(root: int) -> list[int]:
    """Return a process with all that descend from it, as far as they still run."""
    parents: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                parents[int((folder / "stat").read_text().rpartition(")")[2].split()[1])].append(int(folder.name))
    found = [root]
    for pid in found:
        found += parents[pid]
    return found


def memory_of(pid: int) -> int:
    """Return the bytes that a process holds, pages that it shares with others counted in part; 0 where it is gone."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return 0


def start(store: Path, log: Path) -> Server:
    """Start the server as a user would and wait until it answers from memory."""
    environment = os.environ | {"PACTGRAPH_TOKEN": TOKEN}
    command = [PACTGRAPH, "serve", "--store", str(store), "--port", "0"]
    with log.open("wb") as errors:
        process = subprocess.Popen(command, env=environment, stderr=errors)
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            port = int(log.read_text().split("http://127.0.0.1:")[1].split("/")[0])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                if json.load(answer)["held"] == "in memory":
                    return Server(process, port, log)
        time.sleep(0.1)
    process.kill()
    sys.exit(f"The server did not start: {log.read_text()}")


def budget(settings: Settings) -> int:
    """Return the bytes that all the server's processes may hold together by its settings."""
    limits = settings.limits
    of_queries = getattr(limits, "together", limits.workers * limits.memory)
    return settings.memory + of_queries + limits.memory + settings.cache + 1024 * MEBIBYTE  # and 1 GiB for itself


# ---- the run


def percentile(times: list[float], part: float) -> float:
    """Return a percentile in milliseconds; 0 where nothing was measured."""
    return 1000 * sorted(times)[min(len(times) - 1, int(part * len(times)))] if times else 0.0


def run(server: Server, chosen: argparse.Namespace) -> dict[str, Any]:
    """Alternate quiet and attack; return all that was seen."""
    context = multiprocessing.get_context("spawn")
    calm, calmed, wild, wilded = (context.Queue() for _ in range(4))
    peace = context.Process(target=be_normal, args=(server.port, chosen.articles, chosen.seed, calm, calmed))
    war = context.Process(target=be_hostile, args=(server.port, chosen.seed, wild, wilded))
    peace.start()
    war.start()
    wild.put("rest")
    wilded.get(timeout=60)
    seen: dict[str, list[dict[str, Any]]] = {"quiet": [], "attack": []}
    part = chosen.seconds / chosen.rounds
    try:
        for _ in range(chosen.rounds):
            for name, seconds in (("quiet", part / 4), ("attack", part * 3 / 4)):
                wild.put(name)
                wilded.get(timeout=60)
                time.sleep(min(2, seconds / 4))  # what the last part left behind ends
                calm.put("begin")
                between = calmed.get(timeout=60)
                time.sleep(seconds)
                calm.put("end")
                seen[name].append(calmed.get(timeout=60))
                for what in ("wrong", "refused"):  # counted even while no time is taken
                    seen[name][-1][what] += between[what]
                print(told(name, seen[name][-1]), flush=True)
        wild.put("rest")
        wilded.get(timeout=60)
        wild.put(None)
        calm.put(None)
        return {"ends": wilded.get(timeout=60), **seen}
    finally:
        for process in (peace, war):
            process.join(10)
            process.kill()


def told(name: str, seen: dict[str, Any]) -> str:
    """Return a line on one part of the run."""
    times, health, late = seen["times"], seen["health"], seen["late"]
    return (
        f"{name:7} {len(times):6} requests, p50 {percentile(times, 0.5):6.1f} ms, "
        f"p99 {percentile(times, 0.99):6.1f} ms; health p99 {percentile(health, 0.99):6.1f} ms; "
        f"own lateness p99 {percentile(late, 0.99):5.1f} ms; "
        f"refused {dict(seen['refused'])}, wrong {len(seen['wrong'])}"
    )


def report(seen: dict[str, Any], server: Server, most: int, *, fell: bool) -> dict[str, Any]:
    """Print what came of it, and return it as plain values."""
    width = max(map(len, seen["ends"]))
    print("\nHow the hostile attempts ended:")
    for kind, ends in sorted(seen["ends"].items()):
        print(f"  {kind:{width}}  " + ", ".join(f"{end}: {count}" for end, count in ends.most_common()))
    ratios = [
        percentile(attack["times"], 0.99) / max(0.001, percentile(quiet["times"], 0.99))
        for quiet, attack in zip(seen["quiet"], seen["attack"], strict=True)
    ]
    parts = [*seen["quiet"], *seen["attack"]]
    wrong = [line for one in parts for line in one["wrong"]]
    result = {
        "requests": sum(len(one["times"]) for one in parts),
        "wrong answers": len(wrong),
        "refused": dict(sum((Counter(one["refused"]) for one in parts), Counter())),
        "restarts": int(fell),
        "quiet p50 ms": round(statistics.median(percentile(one["times"], 0.5) for one in seen["quiet"]), 1),
        "attack p50 ms": round(statistics.median(percentile(one["times"], 0.5) for one in seen["attack"]), 1),
        "quiet p99 ms": round(statistics.median(percentile(one["times"], 0.99) for one in seen["quiet"]), 1),
        "attack p99 ms": round(statistics.median(percentile(one["times"], 0.99) for one in seen["attack"]), 1),
        "p99 ratio": round(statistics.median(ratios), 2),
        "health p99 ms": round(percentile([each for one in seen["attack"] for each in one["health"]], 0.99), 1),
        "own lateness p99 ms": round(percentile([each for one in seen["attack"] for each in one["late"]], 0.99), 1),
        "peak memory MiB": server.peak >> 20,
        "memory budget MiB": most >> 20,
        "most processes": server.most,
        "kinds": {kind: dict(ends) for kind, ends in sorted(seen["ends"].items())},
    }
    print()
    for name, value in result.items():
        if name != "kinds":
            print(f"{name:19} {value}")
    for line in wrong[:5]:
        print("WRONG", line)
    return result


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the result there, too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "data.nq").write_text("".join(quads(chosen.articles)), encoding="utf-8")
        subprocess.run([PACTGRAPH, "import", "-q", str(work / "data.nq"), "--store", str(work / "store")], check=True)
        server = start(work / "store", work / "log")
        most = budget(Settings(store=work / "store"))
        watcher = threading.Thread(target=server.watch)
        watcher.start()
        try:
            seen = run(server, chosen)
            fell = server.process.poll() is not None
        finally:
            server.ended.set()
            watcher.join()
            server.process.send_signal(signal.SIGINT)
            try:
                code = server.process.wait(30)
            except subprocess.TimeoutExpired:
                server.process.kill()
                code = server.process.wait()
        result = report(seen, server, most, fell=fell)
        print(f"exit code          {code}\n--- the end of the server's log\n{server.log.read_text()[-1500:]}")
    if chosen.json:
        chosen.json.write_text(json.dumps(result | {"exit code": code}, indent=1), encoding="utf-8")
    sys.exit(1 if result["wrong answers"] or fell or code or server.peak > most else 0)


if __name__ == "__main__":
    main()
