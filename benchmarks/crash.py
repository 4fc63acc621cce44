"""Kill -9 at random moments of import, load and unload, and of a server that takes writes: what is there afterwards.

    python benchmarks/crash.py [--points 100] [--seed 1]

Each point writes graphs of a known size, by `pactgraph import` or by PUT and update over HTTP, or loads articles, or
unloads a graph, and kills one process of those that then run: the command, the server, or any process below it.
Afterwards the next write has to work, every graph whose write was acknowledged has to be there whole (or gone, where it
was unloaded), every other one whole or not at all, and neither a way back nor an old snapshot may be left. Articles
are whole where loading them again adds nothing to them. The exit code is 1 where any of this fails. Ends by itself;
loopback only.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import pyoxigraph

from ontology.layout import Layout

PACTGRAPH = str(Path(sys.executable).with_name("pactgraph"))
SIZE = 2000  # triples of a graph
DATA = "https://crash.example/"
TOKEN = "a token of this run"  # noqa: S105 (it opens nothing but the server of this run)


def triples(name: str) -> str:
    """Return the triples of a graph as N-Triples."""
    return "".join(f"<{DATA}{name}> <{DATA}p> <{DATA}o{n}> .\n" for n in range(SIZE))


def family(root: int) -> list[int]:
    """Return a process with all that descend from it, as far as they still run."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(folder.name))
    found = [root]
    for pid in found:
        found += parents.get(pid, [])
    return found


def imported(work: Path, name: str, *, kill_after: float | None = None) -> bool:
    """Import a graph, perhaps killed on the way; return whether it was acknowledged."""
    file = work / f"{name}.nt"
    file.write_text(triples(name), encoding="utf-8")
    command = [PACTGRAPH, "import", "-q", "--wait", "20", "--graph", DATA + name, "--store", str(work / "store")]
    with subprocess.Popen([*command, str(file)]) as process:
        try:
            return process.wait(kill_after) == 0
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait() == 0


def killed(work: Path, command: list[str], chance: random.Random) -> bool:
    """Run a command on the store and kill a process of it soon after its first change; return whether it ended well.

    The moment hangs on what the command does and not on the clock alone, so that it is a moment of writing; for that,
    the write before has to be published.
    """
    unpublished = Layout(work / "store").unpublished
    with subprocess.Popen([PACTGRAPH, *command, "-q", "--wait", "20", "--store", str(work / "store")]) as process:
        while process.poll() is None and not unpublished.exists():
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.3))
        with contextlib.suppress(ProcessLookupError):
            if process.poll() is None:
                os.kill(chance.choice(family(process.pid)), signal.SIGKILL)
        return process.wait() == 0


def articles_of(work: Path, name: str) -> Path:
    """Write a folder of three short articles and return it."""
    folder = work / name
    folder.mkdir()
    for number in range(3):
        text = f"Talks in round {number} of {name}\n\nJapan said it would join AUKUS. Australia welcomed the plan.\n"
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    return folder


def article_sizes(work: Path) -> dict[str, int]:
    """Return how many triples the published graph of each article holds."""
    sizes: Counter[str] = Counter()
    with Layout(work / "store").lease() as folder:
        for quad in pyoxigraph.Store.read_only(str(folder)):
            if "/graph/article/" in str(quad.graph_name):
                sizes[str(quad.graph_name)] += 1
    return dict(sizes)


def loading(work: Path, name: str, chance: random.Random) -> tuple[bool, list[str]]:
    """Kill a load, then load the same again; return whether the first was acknowledged, and what is wrong."""
    before = article_sizes(work)
    command = ["load", str(articles_of(work, name)), "--date", "2024-05-03", "--outlet", "Crash", "--workers", "1"]
    acknowledged = killed(work, command, chance)
    seen = article_sizes(work)
    again = [PACTGRAPH, *command, "-q", "--wait", "20", "--store", str(work / "store")]
    wrong = [] if subprocess.run(again, check=False).returncode == 0 else ["the next load failed"]
    whole = article_sizes(work)
    wrong += [
        f"{graph}: {size} of {whole.get(graph, 0)} triples" for graph, size in seen.items() if size != whole.get(graph)
    ]
    wrong += [f"{graph} is gone" for graph in before if graph not in seen]
    for what, sizes in (("the load", seen if acknowledged else whole), ("the next load", whole)):
        if len(sizes) != len(before) + 3:
            wrong.append(f"{len(sizes) - len(before)} of 3 articles after {what}")
    return acknowledged, wrong


def served(work: Path, name: str, chance: random.Random, after: int = 0) -> tuple[str, dict[str, bool]]:
    """Write over HTTP until a process of the server is killed; return which, and what was acknowledged.

    It is killed in a moment at random once ``after`` writes are acknowledged.
    """
    log = work / "log"
    command = [PACTGRAPH, "serve", "--store", str(work / "store"), "--port", "0"]
    with log.open("wb") as errors:
        server = subprocess.Popen(command, env=os.environ | {"PACTGRAPH_TOKEN": TOKEN}, stderr=errors)
    written: dict[str, bool] = {}
    try:
        port = 0
        end = time.monotonic() + 60
        while not port and time.monotonic() < end:
            time.sleep(0.05)
            with contextlib.suppress(IndexError, ValueError, OSError):
                found = int(log.read_text().split("http://127.0.0.1:")[1].split("/")[0])
                with contextlib.closing(http.client.HTTPConnection("127.0.0.1", found, timeout=5)) as probe:
                    probe.request("GET", "/health")
                    port = found if probe.getresponse().status == 200 else 0
        writer = threading.Thread(target=_write, args=(port, name, written), daemon=True)
        writer.start()
        while sum(written.copy().values()) < after and writer.is_alive():
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.2) if after else chance.uniform(0.05, 1.5))
        victim = chance.choice(family(server.pid))
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        writer.join(60)
        return "server" if victim == server.pid else "below server", written
    finally:
        server.kill()
        server.wait()


def _write(port: int, name: str, written: dict[str, bool]) -> None:
    """Write graph after graph, by PUT and by update in turns, until one fails or eight are written."""
    for number in range(8):
        graph = f"{name}-{number}"
        written[graph] = False
        body, path, method, kind = triples(graph), f"/graphs?graph={DATA}{graph}", "PUT", "application/n-triples"
        if number % 2:
            body = f"INSERT DATA {{ GRAPH <{DATA}{graph}> {{ {body} }} }}"
            path, method, kind = "/update", "POST", "application/sparql-update"
        try:
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
                connection.request(method, path, body, {"Content-Type": kind, "Authorization": f"Bearer {TOKEN}"})
                written[graph] = connection.getresponse().status in (200, 201, 204)
        except (OSError, http.client.HTTPException):
            return


def faults(work: Path, written: dict[str, bool], unloaded: dict[str, bool]) -> list[str]:
    """Return what is wrong with the store after the next write has gone through.

    ``written`` and ``unloaded`` tell of each graph whether its writing, or its removal, was acknowledged.
    """
    layout = Layout(work / "store")
    found = [f"left over: {path.name}" for path in (layout.rollback, layout.unpublished) if path.exists()]
    snapshots = [path.name for path in layout.snapshots.iterdir() if path.is_dir()]
    if len(snapshots) != 1:
        found.append(f"snapshots {snapshots}")
    with layout.lease() as folder:
        store = pyoxigraph.Store.read_only(str(folder))
        for graph, acknowledged in written.items():
            count = sum(1 for _ in store.quads_for_pattern(None, None, None, pyoxigraph.NamedNode(DATA + graph)))
            right = {SIZE} if acknowledged else {0, SIZE}
            if graph in unloaded:
                right = {0} if unloaded[graph] else {0, SIZE}
            if count not in right:
                found.append(f"{graph}: {count} of {SIZE} triples, acknowledged {acknowledged}")
    return found


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=math.inf, help="no more points after so long")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    chance = random.Random(chosen.seed)
    table: Counter[tuple[str, str]] = Counter()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        written = {"first": imported(work, "first")}
        unloaded: dict[str, bool] = {}
        end = time.monotonic() + chosen.seconds
        for point in range(chosen.points):
            if time.monotonic() > end:
                break
            wrong: list[str] = []
            if point % 2:
                victim, new = served(work, f"put{point}", chance)
            elif point % 8 == 2:
                victim, new = "unload", {}
                graph = f"next{point - 1}"
                unloaded[graph] = killed(work, ["unload", DATA + graph], chance)
            elif point % 8 == 6:
                victim, new = "load", {}
                _, wrong = loading(work, f"articles{point}", chance)
            else:
                victim, new = "import", {f"file{point}": False}
                new[f"file{point}"] = imported(work, f"file{point}", kill_after=chance.uniform(0.5, 4))
            written |= new
            written[f"next{point}"] = imported(work, f"next{point}")
            wrong += [] if written[f"next{point}"] else ["the next write failed"]
            wrong += faults(work, written, unloaded)
            failed += bool(wrong)
            table[victim, "acknowledged"] += sum(new.values())
            table[victim, "not acknowledged"] += len(new) - sum(new.values())
            table[victim, "kills"] += 1
            table[victim, "faults"] += len(wrong)
            for line in wrong:
                print(f"point {point}, {victim}: {line}", flush=True)
    print(f"{sum(count for (_, what), count in table.items() if what == 'kills')} points, {failed} with a fault")
    for (victim, what), count in sorted(table.items()):
        print(f"{victim:14} {what:18} {count}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
