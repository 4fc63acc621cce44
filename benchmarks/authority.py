"""Measure building an authority of made entities, its size and its look-ups.

Run ``python benchmarks/authority.py 1000000``; prints entities per CPU second, bytes per entity, memory, and the
median and the 99th percentile of looking up names that are there.
"""

from __future__ import annotations

import gzip
import json
import random
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from loader.linking.builder import build
from ontology.authority import open_authority

SYLLABLES = ["ka", "ri", "mo", "ten", "sul", "ba", "do", "el", "fin", "gar", "hu", "in", "jo", "lu", "ne", "os"]


def name(chance: random.Random) -> str:
    return " ".join("".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))).capitalize() for _ in range(2))


def entity(number: int, chance: random.Random) -> str:
    said = {
        "type": "item",
        "id": f"Q{number}",
        "labels": {"en": {"language": "en", "value": name(chance)}},
        "descriptions": {"en": {"language": "en", "value": f"made entity number {number}"}},
        "aliases": {"en": [{"language": "en", "value": name(chance)} for _ in range(4)]},
        "claims": {
            "P31": [{"rank": "normal", "mainsnak": {"snaktype": "value", "datavalue": {"value": {"id": "Q5"}}}}]
        },
    }
    return json.dumps(said)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        chance = random.Random(1)  # noqa: S311 (no secret)
        source, out = Path(folder) / "made.jsonl.gz", Path(folder) / "made.sqlite"
        with gzip.open(source, "wt", compresslevel=1) as file:
            for number in range(1, count + 1):
                file.write(entity(number, chance) + "\n")
        wall, cpu = time.perf_counter(), time.process_time()
        made = build([source], out)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        size = out.stat().st_size
        print(f"{made.counts.entities:,} entities, {made.counts.names:,} names")
        print(f"build: {wall:.1f} s, {cpu:.1f} CPU s, {count / cpu:,.0f} entities per CPU second")
        print(f"size: {size / 1e6:.1f} MB, {size / count:.0f} bytes per entity")
        print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        authority = open_authority(out)
        texts = [each.text for n in chance.sample(range(1, count + 1), 2000) for each in authority.names(f"Q{n}")[:1]]
        took = []
        for text in texts:
            start = time.perf_counter()
            authority.candidates(text)
            took.append((time.perf_counter() - start) * 1e6)
        took.sort()
        print(f"look-up: median {statistics.median(took):.0f} µs, 99 % within {took[len(took) * 99 // 100]:.0f} µs")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 100_000)
