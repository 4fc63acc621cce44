"""Measure building an authority out of a made dump of Wikidata, its size and its look-ups.

Run ``python benchmarks/authority.py 1000000``. The dump is packed with gzip and shaped like the real one: items of some
8 KB with labels in several languages, aliases, statements with references, and sitelinks, of which most have none. A
build of it is killed in the middle and taken up again; another chooses by sitelinks. Printed are entities per CPU
second, bytes per entity, the most memory of a build, and how long it takes to look a name up.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from loader.linking.builder import build
from loader.linking.dump import Choice
from ontology.authority import open_authority

SYLLABLES = ["ka", "ri", "mo", "ten", "sul", "ba", "do", "el", "fin", "gar", "hu", "in", "jo", "lu", "ne", "os"]
LANGUAGES = ["en", "de", "fr", "es", "nl", "it", "pt", "sv", "ru", "ja", "ar", "zh", "uk", "pl", "ast", "mul"]
CLASSES = ["Q5", "Q13442814", "Q4167836", "Q486972", "Q43229", "Q16521", "Q11424", "Q3305213"]
SITES = ["enwiki", "dewiki", "frwiki", "eswiki", "svwiki", "cebwiki", "ruwiki", "jawiki", "commonswiki", "zhwiki"]


def name(chance: random.Random) -> str:
    return " ".join("".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))).capitalize() for _ in range(2))


def statement(property_: str, value: Any, kind: str, chance: random.Random) -> dict[str, Any]:
    """Return a statement as a dump has it, with a reference."""
    digest = f"{chance.getrandbits(160):040x}"
    stated = {"value": {"entity-type": "item", "numeric-id": 54919, "id": "Q54919"}, "type": "wikibase-entityid"}
    source = {"snaktype": "value", "property": "P248", "hash": digest, "datavalue": stated, "datatype": "wikibase-item"}
    value = {"value": value, "type": kind}
    return {
        "mainsnak": {"snaktype": "value", "property": property_, "hash": digest, "datavalue": value, "datatype": kind},
        "type": "statement",
        "id": f"Q1${digest[:32]}",
        "rank": "normal",
        "references": [{"hash": digest, "snaks": {"P248": [source]}, "snaks-order": ["P248"]}],
    }


def statements(chance: random.Random) -> dict[str, list[dict[str, Any]]]:
    """Return the statements of an entity: its class, a country, ids elsewhere, and others that nobody here reads."""
    item = {"entity-type": "item", "id": f"Q{chance.randint(1, 300)}"}
    said = {
        "P31": [statement("P31", item | {"id": chance.choice(CLASSES)}, "wikibase-entityid", chance)],
        "P17": [statement("P17", item, "wikibase-entityid", chance)],
        "P214": [statement("P214", str(chance.getrandbits(40)), "string", chance)],
    }
    for number in range(chance.randint(2, 14)):
        property_ = f"P{1000 + number}"
        said[property_] = [statement(property_, str(chance.getrandbits(60)), "string", chance)]
    return said


def write_dump(path: Path, count: int) -> int:
    """Write a dump of so many items; return its size unpacked."""
    chance = random.Random(1)
    blocks = [json.dumps(statements(chance), separators=(",", ":")) for _ in range(2000)]
    size = 0
    with gzip.open(path, "wb", compresslevel=1) as file:
        for number in range(1, count + 1):
            label, languages = name(chance), chance.sample(LANGUAGES, chance.randint(1, 12))
            labels = {each: {"language": each, "value": label} for each in languages}
            about = {each: {"language": each, "value": f"made entity number {number}"} for each in languages[:6]}
            other = [{"language": languages[0], "value": name(chance)} for _ in range(chance.randint(0, 4))]
            links = chance.sample(SITES, min(len(SITES), int(chance.expovariate(1.2))))
            sites = {each: {"site": each, "title": label, "badges": []} for each in links}
            parts = (labels, about, {languages[0]: other}, sites)
            texts = [json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in parts]
            line = (
                f'{{"type":"item","id":"Q{number}","labels":{texts[0]},"descriptions":{texts[1]},"aliases":{texts[2]},'
                f'"claims":{chance.choice(blocks)},"sitelinks":{texts[3]},"lastrevid":{number}}},\n'
            ).encode()
            size += len(line)
            file.write(line)
    return size


def build_here(source: Path, out: Path, sitelinks: int) -> None:
    """Build in a process of its own, so that its CPU time and its memory can be told apart."""
    made = build([source], out, choice=Choice(sitelinks=sitelinks))
    status = Path("/proc/self/status").read_text(encoding="ascii")  # what getrusage tells is that of the parent, too
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps({"entities": made.counts.entities, "names": made.counts.names, "peak": peak}))


def started(source: Path, out: Path, sitelinks: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, "--build", str(source), str(out), str(sitelinks)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def spent() -> float:
    """Return the CPU seconds of all builds that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def lines_read(out: Path) -> int:
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{out}.work?mode=ro", uri=True)) as work:
        row = work.execute("SELECT place FROM progress WHERE source = '0'").fetchone()
        return int(row[0]) if row else 0
    return 0


def interrupted(source: Path, out: Path, count: int) -> tuple[dict[str, Any], float]:
    """Build, killed in the middle and taken up again; return what was made and the CPU seconds of both together."""
    before = spent()
    process = started(source, out)
    while process.poll() is None and lines_read(out) < count // 2:
        time.sleep(0.5)
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        print(f"killed after {lines_read(out):,} lines that will not be read again: {spent() - before:.0f} CPU s")
        process = started(source, out)
    told, _ = process.communicate()
    return json.loads(told), spent() - before


def look_up(path: Path, count: int) -> None:
    chance = random.Random(2)
    with open_authority(path) as authority:
        ids = chance.sample(range(1, count + 1), min(count, 5000))
        texts = [each.text for number in ids for each in authority.names(f"Q{number}")[:1]]
        for what, some in (("names that are there", texts), ("names that nobody has", [f"{each} x" for each in texts])):
            took = []
            for text in some:
                start = time.process_time()
                authority.candidates(text)
                took.append((time.process_time() - start) * 1e6)
            took.sort()
            far = took[len(took) * 99 // 100]
            print(f"look-up of {what}: median {statistics.median(took):.0f} µs, 99 % within {far:.0f} µs of CPU")


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "made.json.gz", Path(folder) / "made.sqlite"
        unpacked = write_dump(source, count)
        packed = source.stat().st_size
        print(f"dump: {count:,} items, {unpacked / count:,.0f} bytes each, {packed / count:,.0f} packed", flush=True)
        made, cpu = interrupted(source, out, count)
        size = out.stat().st_size
        print(f"all: {made['entities']:,} entities, {made['names']:,} names, {count / cpu:,.0f} items per CPU second")
        print(f"size: {size / 1e6:,.0f} MB, {size / count:.0f} bytes per entity; memory: {made['peak']:.0f} MB at most")
        look_up(out, count)
        before, few = spent(), Path(folder) / "few.sqlite"
        told, _ = started(source, few, 3).communicate()
        chosen, cpu = json.loads(told), spent() - before
        print(f"with 3 sitelinks: {chosen['entities']:,} entities, {count / cpu:,.0f} items per CPU second", end="; ")
        print(f"{few.stat().st_size / 1e6:,.0f} MB; memory: {chosen['peak']:.0f} MB at most")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--build"]:
        build_here(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 100_000)
