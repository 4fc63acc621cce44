"""How fast articles are loaded, and where the time goes.

::

    python benchmarks/loading.py ARTICLES.jsonl.gz --first 500

loads the first articles of a file into a store of its own, in a process of its own, and prints articles per second,
the share of each step and the peak memory, beside the same articles through the parser alone (the floor: what no
stage of ours can save). Ratios carry over to other machines; seconds do not.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

PARSER = """
import sys, time, json
from loader.articles import read_articles
from loader.document import Article
from loader.extraction.text.parse import load_model, parse
texts = [each.text for each in read_articles([sys.argv[1]]) if isinstance(each, Article)]
model = load_model()
started = time.process_time()
words = sum(len(doc) for doc in parse(model, texts))
print(json.dumps({"seconds": time.process_time() - started, "tokens": words, "articles": len(texts)}))
"""


def main() -> None:
    """Run the benchmark."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("articles", type=Path, help="a .jsonl or .jsonl.gz file")
    options.add_argument("--first", type=int, default=500, help="how many articles")
    options.add_argument("--workers", type=int, default=1, help="processes that read articles")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample.jsonl"
        opened = gzip.open if chosen.articles.suffix == ".gz" else open
        with opened(chosen.articles, "rt", encoding="utf-8") as source:
            sample.write_text("".join(islice(source, chosen.first)), encoding="utf-8")
        parser = json.loads(run([sys.executable, "-c", PARSER, str(sample)])[0])
        store = Path(folder) / "store"
        command = [str(Path(sys.executable).with_name("pactgraph")), "load", str(sample), "--store", str(store)]
        started = time.perf_counter()
        told, peak = run([*command, "--json", "--workers", str(chosen.workers)])
        report(json.loads(told), parser, time.perf_counter() - started, peak, size(store / "data"))


def run(command: list[str]) -> tuple[str, int]:
    """Run a command; return what it printed, and the peak memory in MB of the largest process so far."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode > 1:
        sys.exit(done.stderr)
    return done.stdout, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def size(folder: Path) -> int:
    """Return how many MB the files of a folder take."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) >> 20


def report(summary: dict[str, Any], parser: dict[str, Any], wall: float, peak: int, disk: int) -> None:
    """Print the figures."""
    articles = summary["added"] + summary["revised"]
    steps = {name: seconds for name, seconds in summary["seconds"].items() if name != "in_all"}
    whole = sum(steps.values())
    counts = f"{summary['statements']:,} statements, {summary['quads']:,} quads"
    print(f"{articles} articles, {parser['tokens']:,} tokens, {counts}")
    print(f"{articles / wall:.2f} articles per second of wall time with {summary['workers']} worker(s), start included")
    print(f"{peak} MB peak memory of the largest process, {disk} MB on disk")
    for name, seconds in steps.items():
        print(f"  {name:12} {seconds:8.1f} s  {seconds / whole:6.1%}  {1000 * seconds / articles:7.1f} ms per article")
    ours = steps["extraction"] / parser["seconds"]
    print(f"extraction takes {ours:.2f} times the parser's own {parser['seconds']:.1f} s of processor time")


if __name__ == "__main__":
    main()
