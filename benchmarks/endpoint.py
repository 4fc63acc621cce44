"""The endpoint beside `oxigraph serve`, on one machine, in one run, in turns: requests per second as ratios.

    python benchmarks/endpoint.py --oxigraph PATH [--articles 50000] [--seconds 2] [--rounds 3] [--clients 1,8,32]

Needs wrk (https://github.com/wg/wrk, in Debian's packages) and the oxigraph server (`pip install oxigraph`, in an
environment of its own). The data are made up, the same each time: one named graph of 20 quads an article. Each kind of
request is asked of every server for a few seconds, in turns, several rounds; the ratio is the median of the rounds'
ratios to the peer on disk. Each query has a number of its own, so that no answer was given before; the repeated ones
come from few (see REPEATED), asked once before.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import pyoxigraph

from ontology.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator

PACT = "https://pactgraph.example/ns#"
BASE = "https://pactgraph.example/"
ACTORS, TOPICS = 400, 60
LABEL = "http://www.w3.org/2004/02/skos/core#prefLabel"
LOOKUP = "SELECT ?p ?o WHERE {{ GRAPH ?g {{ <{base}article/{n}/statement/0> ?p ?o }} }}"
ASK = "ASK {{ GRAPH ?g {{ <{base}article/{n}/statement/1> <{pact}speaker> ?o }} }}"
JOIN = (
    "SELECT ?text ?who ?topic WHERE {{ GRAPH ?g {{ ?s <{pact}speaker> <{base}actor/{a}> ; <{pact}about> ?t ; "
    "<{pact}text> ?text }} GRAPH <{base}graph/registry> {{ <{base}actor/{a}> <{label}> ?who . "
    "?t <{label}> ?topic }} }} LIMIT 20 #{n}"
)
AGGREGATE = "SELECT ?who (COUNT(?s) AS ?n) WHERE {{ GRAPH ?g {{ ?s <{pact}speaker> ?who }} }} GROUP BY ?who #{n}"
LARGE = "SELECT ?s ?text WHERE {{ GRAPH ?g {{ ?s <{pact}text> ?text }} }} LIMIT 100000 #{n}"
REPEATED = {"look-up": 500, "ask": 500, "join": 500, "aggregate": 1}  # different requests among the repeated ones
KINDS = {"look-up": LOOKUP, "ask": ASK, "join": JOIN, "aggregate": AGGREGATE}


def quads(articles: int) -> Iterator[str]:
    """Yield the N-Quads of the data, line by line."""
    chance = random.Random(1)  # noqa: S311 (data, not secrets)
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


class Server:
    """A running server: the URL of its queries, its process."""

    def __init__(self, name: str, command: list[str], url: str, ready: str) -> None:
        self.name, self.url = name, url
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 120
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
        self._process.wait(30)

    def memory(self) -> int:
        """Return the proportional set size of the server's processes in bytes (Linux)."""
        total, waiting = 0, [self._process.pid]
        while waiting:
            pid = waiting.pop()
            try:
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
                total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
                waiting += [int(child) for child in children.split()]
            except OSError:
                continue
        return total


def lua(kind: str, articles: int, distinct: int) -> str:
    """Return the wrk script that asks ``kind`` with random parameters; ``distinct`` 0 for as many as there are."""
    template = KINDS[kind].format(base=BASE, pact=PACT, label=LABEL, n="@N@", a="@A@")
    path = urllib.parse.quote(template, safe="").replace("%40N%40", '" .. n .. "').replace("%40A%40", '" .. a .. "')
    most = min(distinct, articles) if distinct else articles
    return (
        f"local seed = os.time()\nfunction setup(thread) seed = seed + 1 thread:set('seed', seed) end\n"
        f"function init(args) math.randomseed(seed) end\n"
        f"function request()\n  local n = math.random(0, {most - 1})\n  local a = n % {ACTORS}\n"
        f'  return wrk.format("GET", wrk.path .. "?query={path}")\nend\n'
    )


def wrk(server: Server, script: Path, clients: int, seconds: float) -> float:
    """Return requests per second; ends the program where one was not answered with 200."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script), server.url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Requests/sec:      0.00" in output:
        message = f"{server.name} answered nothing in {seconds} s; give it more --seconds:\n{output}"
        raise SystemExit(message)
    if "Non-2xx" in output:
        message = f"{server.name} failed:\n{output}"
        raise SystemExit(message)
    return float(next(line.split()[1] for line in output.splitlines() if line.startswith("Requests/sec")))


def large(server: Server, number: int) -> dict[str, float]:
    """Read 100,000 rows: rows per second, seconds to the first byte, growth of memory on the way."""
    host = urllib.parse.urlsplit(server.url)
    before, most = server.memory(), 0
    connection = http.client.HTTPConnection(host.hostname or "", host.port)
    start = time.perf_counter()
    query = urllib.parse.quote(LARGE.format(pact=PACT, n=number))
    connection.request("GET", f"{host.path}?query={query}", headers={"Accept": "text/tab-separated-values"})
    response = connection.getresponse()
    response.read(1)
    first = time.perf_counter() - start
    rows, chunks = 0, 0
    while data := response.read(1 << 20):
        rows += data.count(b"\n")
        chunks += 1
        if chunks % 4 == 0:
            most = max(most, server.memory())
    seconds = time.perf_counter() - start
    connection.close()
    return {"rows/s": rows / seconds, "first byte ms": first * 1000, "growth MB": max(0, most - before) / 1e6}


def start_servers(work: Path, data: Path, oxigraph: str) -> list[Server]:
    """Load the data into each server and start it; the first one is the one that others are compared with."""
    disk = work / "oxigraph"
    subprocess.run([oxigraph, "load", "-l", str(disk), "-f", str(data)], check=True, capture_output=True)
    layout = Layout(work / "store")
    layout.create()
    with layout.writer():
        store = pyoxigraph.Store(str(layout.data))
        store.bulk_load(path=str(data))
        store.optimize()
        layout.release(store.backup)
        del store
    ports = [free_port() for _ in range(3)]
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import uvicorn; from pathlib import Path; "
        "from endpoint.app import create_app; from endpoint.connection import connection; "
        "from endpoint.settings import Settings; app = create_app(Settings(store=Path(sys.argv[2]))); "
        "uvicorn.run(app, http=connection(app.sparql), port=int(sys.argv[3]), log_level='error', access_log=False)"
    )
    root = str(Path(__file__).parent.parent)
    servers = [
        Server(
            "oxigraph on disk",
            [oxigraph, "serve", "-l", str(disk), "-b", f"127.0.0.1:{ports[0]}"],
            f"http://127.0.0.1:{ports[0]}/query",
            f"http://127.0.0.1:{ports[0]}/",
        ),
        Server(
            "oxigraph in memory",
            [oxigraph, "serve", "-b", f"127.0.0.1:{ports[1]}"],
            f"http://127.0.0.1:{ports[1]}/query",
            f"http://127.0.0.1:{ports[1]}/",
        ),
        Server(
            "pactgraph",
            [sys.executable, "-c", program, root, str(work / "store"), str(ports[2])],
            f"http://127.0.0.1:{ports[2]}/sparql",
            f"http://127.0.0.1:{ports[2]}/health",
        ),
    ]
    request = urllib.request.Request(
        f"http://127.0.0.1:{ports[1]}/store", data.read_bytes(), {"Content-Type": "application/n-quads"}, method="POST"
    )
    urllib.request.urlopen(request, timeout=600).close()
    health = f"http://127.0.0.1:{ports[2]}/health"
    end = time.monotonic() + 120
    while json.load(urllib.request.urlopen(health, timeout=10))["held"] != "in memory" and time.monotonic() < end:
        time.sleep(0.2)
    print("pactgraph holds its snapshot", json.load(urllib.request.urlopen(health, timeout=10))["held"])
    return servers


def measure(servers: list[Server], work: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    """Ask everything of everybody in turns, and print as it goes."""
    results: dict[str, Any] = {}
    for kind in chosen.kinds:
        for repeated in (False, True):
            script = work / f"{kind}{repeated}.lua"
            script.write_text(lua(kind, chosen.articles, REPEATED[kind] if repeated else 0), encoding="utf-8")
            if repeated:
                for server in servers:
                    wrk(server, script, 8, chosen.seconds)
            for clients in chosen.clients:
                rates: dict[str, list[float]] = {server.name: [] for server in servers}
                for _ in range(chosen.rounds):
                    for server in servers:
                        rates[server.name].append(wrk(server, script, clients, chosen.seconds))
                name = f"{kind}{' repeated' if repeated else ''}, {clients} clients"
                results[name] = ratios(rates)
                print(name, results[name], flush=True)
    for server in servers:
        large(server, 0)
    rounds = [{server.name: large(server, number) for server in servers} for number in range(1, chosen.rounds + 1)]
    for measured in ("rows/s", "first byte ms", "growth MB"):
        values = {server.name: [one[server.name][measured] for one in rounds] for server in servers}
        results[f"large, {measured}"] = {name: round(statistics.median(v), 1) for name, v in values.items()}
        print(f"large, {measured}", results[f"large, {measured}"])
        if measured == "rows/s":
            print("large, ratio", ratios(values))
    results["memory MB"] = {server.name: round(server.memory() / 1e6) for server in servers}
    print("memory MB", results["memory MB"])
    return results


def ratios(rates: dict[str, list[float]]) -> dict[str, str]:
    """Return the median rate of each server, and the median of its ratios to the first."""
    first = next(iter(rates.values()))
    return {
        name: f"{statistics.median(values):.1f}/s "
        f"({statistics.median(mine / theirs for mine, theirs in zip(values, first, strict=True)):.2f})"
        for name, values in rates.items()
    }


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oxigraph", default=shutil.which("oxigraph"), help="the oxigraph server's program")
    parser.add_argument("--articles", type=int, default=50_000)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=[*KINDS])
    parser.add_argument("--clients", type=lambda text: [int(n) for n in text.split(",")], default=[1, 8, 32])
    chosen = parser.parse_args()
    if not chosen.oxigraph or not shutil.which("wrk"):
        parser.error("wrk and the oxigraph server are needed; see the top of this file")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        data = work / "data.nq"
        with data.open("w", encoding="utf-8") as file:
            file.writelines(quads(chosen.articles))
        servers = start_servers(work, data, chosen.oxigraph)
        try:
            measure(servers, work, chosen)
        finally:
            for server in servers:
                server.stop()


if __name__ == "__main__":
    main()
