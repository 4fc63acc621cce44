"""The endpoint beside `oxigraph serve` and rdflib-endpoint, on one machine, in one run, in turns: rates as ratios.

    python benchmarks/endpoint.py --oxigraph PATH [--rdflib PATH] [--articles 50000] [--seconds 1] [--rounds 3]

Needs wrk (https://github.com/wg/wrk, in Debian's packages) and the oxigraph server (`pip install oxigraph`, in an
environment of its own; `pip install rdflib-endpoint[cli]` likewise). The data are made up, the same each time: one
named graph of 20 quads an article. Each kind of request is asked of every server in turns, several rounds: for a second
or so where an answer takes milliseconds, a few times by each client where it takes longer. A ratio is the median of the
rounds' ratios to Oxigraph on disk, which is the first server; in brackets that to Oxigraph in memory. Each new query
ends with a number of its own, so that it was never asked before; the repeated ones come from few (see REPEATED), asked
once before. The processor time is that of all processes of the server, by request.

rdflib-endpoint reads every named graph for most of these queries, so it gets a fiftieth of the data, and one client.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

sys.path.insert(0, str(Path(__file__).parent.parent))

import pyoxigraph

from ontology.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACT = "https://pactgraph.example/ns#"
BASE = "https://pactgraph.example/"
ACTORS, TOPICS = 400, 60
PART = 50  # what part of the data rdflib-endpoint gets
ROWS = 100_000
LABEL = "http://www.w3.org/2004/02/skos/core#prefLabel"
LOOKUP = "SELECT ?p ?o WHERE {{ GRAPH ?g {{ <{base}article/{n}/statement/0> ?p ?o }} }}"
ASK = "ASK {{ GRAPH ?g {{ <{base}article/{n}/statement/1> <{pact}speaker> ?o }} }}"
JOIN = (
    "SELECT ?text ?who ?topic WHERE {{ GRAPH ?g {{ ?s <{pact}speaker> <{base}actor/{a}> ; <{pact}about> ?t ; "
    "<{pact}text> ?text }} GRAPH <{base}graph/registry> {{ <{base}actor/{a}> <{label}> ?who . "
    "?t <{label}> ?topic }} }} LIMIT 20"
)
AGGREGATE = (
    "SELECT ?topic (COUNT(DISTINCT ?who) AS ?n) "
    "WHERE {{ GRAPH ?g {{ ?s <{pact}speaker> ?who ; <{pact}about> ?topic }} }} GROUP BY ?topic"
)
COUNT = "SELECT ?who (COUNT(?s) AS ?n) WHERE {{ GRAPH ?g {{ ?s <{pact}speaker> ?who }} }} GROUP BY ?who"
LARGE = "SELECT ?s ?text WHERE {{ GRAPH ?g {{ ?s <{pact}text> ?text }} }} LIMIT {rows}"
QUICK = {"look-up": LOOKUP, "ask": ASK, "join": JOIN}
SLOW = {"aggregate": AGGREGATE, "count": COUNT}
KINDS = QUICK | SLOW | {"large": LARGE}
REPEATED = 500  # different requests among the repeated quick ones; of the slow ones, there is one
TIMES = {1: 2}  # how often each of so many clients asks a slow query in one round; once else


def quads(articles: int) -> Iterator[str]:
    """Yield the N-Quads of the data, line by line."""
    chance = random.Random(1)
    registry = f"<{BASE}graph/registry>"
    for kind, number in (("actor", ACTORS), ("topic", TOPICS)):
        for n in range(number):
            yield f'<{BASE}{kind}/{n}> <{LABEL}> "{kind} {n}"@en {registry} .\n'
    for n in range(articles):
        article = f"{BASE}article/{n}"
        graph = f"<{BASE}graph/article/{n}>"
        yield f'<{article}> <http://purl.org/dc/terms/title> "Article {n}" {graph} .\n'
        yield f"<{article}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{PACT}Article> {graph} .\n"
        for s in range(2):
            statement = f"<{article}/statement/{s}>"
            words = " ".join(f"word{chance.randrange(5000)}" for _ in range(14))
            for name, value in (
                ("inArticle", f"<{article}>"),
                ("speaker", f"<{BASE}actor/{chance.randrange(ACTORS)}>"),
                ("about", f"<{BASE}topic/{chance.randrange(TOPICS)}>"),
                ("text", f'"{words}"'),
                ("reportMode", f"<{PACT}mode-direct>"),
                ("certainty", f"<{PACT}certainty-certain>"),
                ("polarity", f"<{PACT}polarity-affirmed>"),
                ("temporality", f"<{PACT}time-present>"),
                ("contentSpan", f"<{article}#char={s * 100},{s * 100 + 80}>"),
            ):
                yield f"{statement} <{PACT}{name}> {value} {graph} .\n"


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Failed(Exception):
    """A server gave no answer; the message says which, and what it said."""


class Server:
    """A running server: the URL of its queries, its process, how many articles it holds."""

    def __init__(self, name: str, command: list[str], url: str, ready: str, articles: int) -> None:
        self.name, self.url, self.articles = name, url, articles
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 300
        while True:
            try:
                with urllib.request.urlopen(ready, timeout=5):
                    return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > end:
                    message = f"{name} did not start: {' '.join(command)}"
                    raise SystemExit(message) from None
                time.sleep(0.1)

    def stop(self) -> None:
        """End the server."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def memory(self) -> int:
        """Return the proportional set size of the server's processes in bytes (Linux)."""
        total = 0
        for pid in self._processes():
            try:
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            except OSError:
                continue
            total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
        return total

    def processor(self) -> dict[int, float]:
        """Return the seconds of processor time that each of the server's processes has used."""
        times = {}
        for pid in self._processes():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            times[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return times

    def _processes(self) -> Iterator[int]:
        waiting = [self._process.pid]
        while waiting:
            pid = waiting.pop()
            yield pid
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                try:
                    waiting += [int(child) for child in children.read_text(encoding="ascii").split()]
                except OSError:
                    continue


@dataclass(frozen=True, slots=True)
class Reading:
    """What one server did in one round: requests per second, and its processor time in ms a request."""

    rate: float
    processor: float


def during(ask: Callable[..., tuple[float, int]], server: Server, *more: object) -> Reading:
    """Return what a server did while ``ask``, which returns the requests per second and in all, asked it."""
    before = server.processor()
    rate, requests = ask(server, *more)
    used = sum(spent - before.get(pid, 0.0) for pid, spent in server.processor().items())
    return Reading(rate, 1000 * used / max(1, requests))


def lua(server: Server, kind: str, *, repeated: bool) -> str:
    """Return the wrk script that asks a quick kind with random parameters; one that is not repeated bears a number."""
    template = KINDS[kind].format(base=BASE, pact=PACT, label=LABEL, n="@N@", a="@A@")
    most = min(REPEATED, server.articles) if repeated else server.articles
    path = urllib.parse.quote(template + ("" if repeated else " #@U@"), safe="")
    for mark, value in (("N", "n"), ("A", "a"), ("U", "number")):
        path = path.replace(f"%40{mark}%40", f'" .. {value} .. "')
    return (
        f"local first = {random.getrandbits(40)}\nlocal number = 0\n"
        f"function init(args) math.randomseed(first) end\n"
        f"function request()\n  local n = math.random(0, {most - 1})\n  local a = n % {ACTORS}\n"
        f'  first = first + 1\n  number = string.format("%.0f", first)\n'
        f'  return wrk.format("GET", wrk.path .. "?query={path}")\nend\n'
    )


def wrk(server: Server, script: Path, clients: int, seconds: int) -> tuple[float, int]:
    """Return requests per second and in all; ends the program where one was not answered with 200."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "60s", "-s", str(script), server.url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Requests/sec:      0.00" in output:
        message = f"{server.name} failed:\n{output}"
        raise SystemExit(message)
    found = re.search(r"(\d+) requests in", output)
    rate = next(float(line.split()[1]) for line in output.splitlines() if line.startswith("Requests/sec"))
    return rate, int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class Taken:
    """One answer: its rows, and the seconds to its first byte."""

    rows: int
    first: float


def fetch(server: Server, query: str) -> Taken:
    """Ask one query of a server and read its answer."""
    host = urllib.parse.urlsplit(server.url)
    connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=300)
    start = time.perf_counter()
    accept = "application/sparql-results+json" if query.startswith("ASK") else "text/csv"
    connection.request("GET", f"{host.path}?query={urllib.parse.quote(query)}", headers={"Accept": accept})
    response = connection.getresponse()
    response.read(1)
    first = time.perf_counter() - start
    if response.status != 200:
        message = f"{response.status} {response.read(200)!r}"
        raise Failed(message)
    rows = 0
    while data := response.read(1 << 20):
        rows += data.count(b"\n")
    connection.close()
    return Taken(rows - 1, first)


def together(server: Server, queries: list[str], clients: int, taken: list[Taken]) -> tuple[float, int]:
    """Have clients ask queries at once, each its share one after the other; return the rate and their number."""
    shares = [queries[n::clients] for n in range(clients)]
    failures: list[Exception] = []

    def ask(share: list[str]) -> None:
        try:
            taken.extend(fetch(server, query) for query in share)
        except (Failed, OSError, http.client.HTTPException) as error:  # told below
            failures.append(error)

    threads = [threading.Thread(target=ask, args=(share,)) for share in shares]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        message = f"{server.name}: {failures[0]}"
        raise Failed(message)
    return len(queries) / (time.perf_counter() - start), len(queries)


def load(work: Path, chosen: argparse.Namespace) -> None:
    """Write the data, and load them into the store of each server that has one."""
    data, few, disk = work / "data.nq", work / "few.nq", work / "oxigraph"
    for path, articles in ((data, chosen.articles), (few, max(1, chosen.articles // PART))):
        with path.open("w", encoding="utf-8") as file:
            file.writelines(quads(articles))
    subprocess.run([chosen.oxigraph, "load", "-l", str(disk), "-f", str(data)], check=True, capture_output=True)
    layout = Layout(work / "store")
    layout.create()
    with layout.writer():
        store = pyoxigraph.Store(str(layout.data))
        store.bulk_load(path=str(data))
        store.optimize()
        layout.release(store.backup)
        del store


def start_servers(work: Path, chosen: argparse.Namespace) -> list[Server]:
    """Start each server with the data; the first one is the one that others are compared with."""
    data, few, disk = work / "data.nq", work / "few.nq", work / "oxigraph"
    if not disk.exists():
        load(work, chosen)
    ports = [free_port() for _ in range(4)]
    roots = [f"http://127.0.0.1:{port}" for port in ports]
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import uvicorn; from pathlib import Path; "
        "from endpoint.app import create_app; from endpoint.http.connection import connection; "
        "from endpoint.settings import Settings; app = create_app(Settings(store=Path(sys.argv[2]))); "
        "uvicorn.run(app, http=connection(app.sparql), port=int(sys.argv[3]), log_level='error', access_log=False)"
    )
    ours = [sys.executable, "-c", program, str(Path(__file__).parent.parent), str(work / "store"), str(ports[2])]
    serve = [chosen.oxigraph, "serve", "-b"]
    on_disk, in_memory = [*serve, f"127.0.0.1:{ports[0]}", "-l", str(disk)], [*serve, f"127.0.0.1:{ports[1]}"]
    servers = [
        Server("Oxigraph on disk", on_disk, f"{roots[0]}/query", f"{roots[0]}/", chosen.articles),
        Server("Oxigraph in memory", in_memory, f"{roots[1]}/query", f"{roots[1]}/", chosen.articles),
        Server("Pactgraph", ours, f"{roots[2]}/sparql", f"{roots[2]}/health", chosen.articles),
    ]
    if chosen.rdflib:
        command = [chosen.rdflib, "serve", "--host", "127.0.0.1", "--port", str(ports[3]), str(few)]
        articles = max(1, chosen.articles // PART)
        servers.append(Server("rdflib-endpoint", command, f"{roots[3]}/", f"{roots[3]}/?query=ASK%7B%7D", articles))
    request = urllib.request.Request(
        f"{roots[1]}/store", data.read_bytes(), {"Content-Type": "application/n-quads"}, method="POST"
    )
    urllib.request.urlopen(request, timeout=600).close()
    end = time.monotonic() + 300
    held = ""
    while held != "in memory" and time.monotonic() < end:
        time.sleep(0.2)
        held = json.load(urllib.request.urlopen(f"{roots[2]}/health", timeout=10))["held"]
    print(f"Pactgraph holds its snapshot {held}.\n", flush=True)
    return servers


def quick(servers: list[Server], work: Path, chosen: argparse.Namespace) -> None:
    """Ask the kinds whose answers take milliseconds, and print a line of the table for each."""
    for kind, repeated in itertools.product(QUICK, (False, True)):
        scripts = {}
        for server in servers:
            scripts[server.name] = work / f"{server.name}.lua"
            scripts[server.name].write_text(lua(server, kind, repeated=repeated), encoding="utf-8")
            wrk(server, scripts[server.name], 8, chosen.seconds)
        for clients in chosen.clients:
            rounds: list[dict[str, Reading]] = []
            for _ in range(chosen.rounds):
                rounds.append({})
                for server in servers:
                    scripts[server.name].write_text(lua(server, kind, repeated=repeated), encoding="utf-8")
                    rounds[-1][server.name] = during(wrk, server, scripts[server.name], clients, chosen.seconds)
            tell(f"{kind}, {'repeated' if repeated else 'new'}", clients, rounds)


def slow(servers: list[Server], chosen: argparse.Namespace) -> None:
    """Ask the kinds whose answers take longer, a number of times each, and print a line of the table for each."""
    numbers = itertools.count(random.getrandbits(40))
    kinds = [("large", False), *itertools.product(SLOW, (False, True))]
    for clients, (kind, repeated) in itertools.product((n for n in chosen.clients if n <= chosen.most), kinds):
        try:
            ask_slow(servers, chosen.rounds, clients, kind, numbers if not repeated else None)
        except Failed as failure:
            print(f"    {kind}, {'repeated' if repeated else 'new'}, {clients} clients: {failure}", flush=True)


def ask_slow(servers: list[Server], number: int, clients: int, kind: str, numbers: Iterator[int] | None) -> None:
    """Ask one slow kind in a number of rounds; each query bears one of the numbers, if there are any."""
    text = KINDS[kind].format(base=BASE, pact=PACT, rows=ROWS)
    for server in servers:
        fetch(server, text)
    rounds: list[dict[str, Reading]] = []
    answers: dict[str, list[Taken]] = {server.name: [] for server in servers}
    grown: dict[str, list[int]] = {server.name: [] for server in servers}
    for _ in range(number):
        rounds.append({})
        for server in servers:
            queries = [
                text if numbers is None else f"{text} #{next(numbers)}" for _ in range(TIMES.get(clients, 1) * clients)
            ]
            before = server.memory()
            with Peak(server) as peak:
                rounds[-1][server.name] = during(together, server, queries, clients, answers[server.name])
            grown[server.name].append(peak.most - before)
    tell(f"{kind}, {'repeated' if numbers is None else 'new'}", clients, rounds)
    if kind == "large":
        for name, taken in answers.items():
            first = statistics.median(one.first for one in taken) * 1000
            rows = {one.rows for one in taken}
            print(f"    {name}: {rows} rows, first byte after {first:.1f} ms,", end=" ")
            print(f"memory grew by {statistics.median(grown[name]) / 1e6:.0f} MB", flush=True)


class Peak:
    """Looks at a server's memory ten times a second while the block lasts; ``most`` is the largest in bytes."""

    def __init__(self, server: Server) -> None:
        self.most = server.memory()
        self._server = server
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(0.25):
            self.most = max(self.most, self._server.memory())


def tell(kind: str, clients: int, rounds: list[dict[str, Reading]]) -> None:
    """Print a line of the table: rates, ratios to the first server and to the second, processor time."""
    cells = []
    first, second, *_ = rounds[0]
    for name in rounds[0]:
        rate = statistics.median(one[name].rate for one in rounds)
        ratio = [statistics.median(one[name].rate / one[base].rate for one in rounds) for base in (first, second)]
        processor = statistics.median(one[name].processor for one in rounds)
        shown = f" **{ratio[0]:.2f}** ({ratio[1]:.2f})" if name not in (first, second) else ""
        cells.append(f"{rate:,.4g}/s {processor:.3g} ms{shown}")
    print(f"| {kind} | {clients} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oxigraph", default=shutil.which("oxigraph"), help="the oxigraph server's program")
    parser.add_argument("--rdflib", default=shutil.which("rdflib-endpoint"), help="the program of rdflib-endpoint")
    parser.add_argument("--articles", type=int, default=50_000)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=lambda text: [int(n) for n in text.split(",")], default=[1, 8, 32])
    parser.add_argument("--most", type=int, default=8, help="the most clients that ask slow queries at once")
    parser.add_argument("--work", type=Path, help="keep the loaded data in this folder, and take them from it")
    chosen = parser.parse_args()
    if not chosen.oxigraph or not shutil.which("wrk"):
        parser.error("wrk and the oxigraph server are needed; see the top of this file")
    with tempfile.TemporaryDirectory() as folder:
        work = chosen.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        servers = start_servers(work, chosen)
        try:
            peers = servers[:3]
            print(f"| request | clients | {' | '.join(server.name for server in peers)} |")
            print(f"|---|---|{'---|' * len(peers)}")
            quick(peers, work, chosen)
            slow(peers, chosen)
            for server in peers:
                print(f"{server.name}: {server.memory() / 1e6:.0f} MB of memory")
            for server in servers[3:]:
                print(f"{server.name}, with {server.articles} articles:")
                for kind, template in KINDS.items():
                    query = template.format(base=BASE, pact=PACT, label=LABEL, n=1, a=1, rows=ROWS)
                    try:
                        rate, _ = together(server, [f"{query} #{n}" for n in range(3)], 1, [])
                        print(f"    {kind}: {rate:.3g}/s", flush=True)
                    except Failed as failure:
                        print(f"    {kind}: {failure}", flush=True)
        finally:
            for server in servers:
                server.stop()


if __name__ == "__main__":
    main()
