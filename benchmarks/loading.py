"""How fast articles are loaded, and where the time goes.

::

    python benchmarks/loading.py ARTICLES.jsonl.gz --first 500

loads the first articles of a file into a store of its own, in a process of its own, and prints articles per second of
wall time, the share of each step and the peak memory. Then it takes the processor time of the stages in this process:
the parser alone (the floor: what no stage of ours can save), and what extraction, mapping and validation add to it,
each the smallest of some rounds after one that is not counted. Ratios carry over to other machines; seconds do not.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from loader.articles import read_articles
from loader.document import Article
from loader.extraction import Extractor
from loader.extraction.text.parse import load_model, parse
from loader.mapping.actors import actor_quads
from loader.mapping.namesakes import distinguish
from loader.mapping.quads import contributions, known_outlet, rows
from loader.registry import Registry
from ontology.conformance import Conformance, row
from ontology.vocabulary import Mint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loader.document import Document
    from ontology.values import Row

Result = TypeVar("Result")

AT_ONCE = 8  # articles held against the shapes together, as loading does


def main() -> None:
    """Run the benchmark."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("articles", type=Path, help="a .jsonl or .jsonl.gz file")
    options.add_argument("--first", type=int, default=500, help="how many articles")
    options.add_argument("--workers", type=int, default=1, help="processes that read articles")
    options.add_argument("--rounds", type=int, default=2, help="how often the processor time is taken")
    options.add_argument("--stages-only", action="store_true", help="load nothing, take the processor time alone")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample.jsonl"
        opened = gzip.open if chosen.articles.suffix == ".gz" else open
        with opened(chosen.articles, "rt", encoding="utf-8") as source:
            sample.write_text("".join(islice(source, chosen.first)), encoding="utf-8")
        if not chosen.stages_only:
            store = Path(folder) / "store"
            command = [str(Path(sys.executable).with_name("pactgraph")), "load", str(sample), "--store", str(store)]
            started = time.perf_counter()
            told, peak = run([*command, "--json", "--workers", str(chosen.workers)])
            report(json.loads(told), time.perf_counter() - started, peak, size(store / "data"))
        articles = [each for each in read_articles([sample]) if isinstance(each, Article)]
        stages(articles, chosen.rounds)


def run(command: list[str]) -> tuple[str, int]:
    """Run a command; return what it printed, and the peak memory in MB of the largest process so far."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode > 1:
        sys.exit(done.stderr)
    return done.stdout, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def size(folder: Path) -> int:
    """Return how many MB the files of a folder take."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) >> 20


def report(summary: dict[str, Any], wall: float, peak: int, disk: int) -> None:
    """Print the figures."""
    articles = summary["added"] + summary["revised"]
    steps = {name: seconds for name, seconds in summary["seconds"].items() if name != "in_all"}
    whole = sum(steps.values())
    counts = f"{summary['statements']:,} statements, {summary['quads']:,} quads"
    print(f"{articles} articles, {counts}")
    print(f"{articles / wall:.2f} articles per second of wall time with {summary['workers']} worker(s), start included")
    print(f"{peak} MB peak memory of the largest process, {disk} MB on disk")
    for name, seconds in steps.items():
        print(f"  {name:12} {seconds:8.1f} s  {seconds / whole:6.1%}  {1000 * seconds / articles:7.1f} ms per article")


def stages(articles: list[Article], rounds: int) -> None:
    """Print the processor time of the stages, and their ratio to the parser's."""
    registry, model, mint = Registry.load(), load_model(), Mint()
    extractor, conformance = Extractor(registry, model), Conformance(registry.quads(mint))
    texts = [article.text for article in articles]
    taken: dict[str, list[float]] = {}
    gc.set_threshold(20_000, 5, 10)  # as loading has it
    read = list(extractor.read_all(articles))  # and the parser knows the words from now on
    known = [distinguish(document, registry) for document in read]
    mapped = [mapping(document, registry, mint) for document in known]
    for _ in range(rounds):
        timed(taken, "parser", lambda: sum(len(doc) for doc in parse(model, texts)))
        timed(taken, "extraction", lambda: list(extractor.read_all(articles)))
        timed(taken, "mapping", lambda: [mapping(document, registry, mint) for document in known])
        timed(taken, "validation", lambda: [conformance.reports(some) for some in batched(mapped)])
    least = {name: min(seconds) for name, seconds in taken.items()}
    floor = least["parser"]
    least["extraction"] -= floor
    words = sum(len(text.split()) for text in texts)
    print(f"processor time of {len(articles)} articles of {words / len(articles):.0f} words each")
    for name, seconds in least.items():
        print(f"  {name:12} {1000 * seconds / len(articles):7.1f} ms per article  {seconds / floor:5.2f}")
    print(f"our stages together take {sum(least.values()) / floor - 1:.2f} times the parser's own time")


def timed(taken: dict[str, list[float]], name: str, work: Callable[[], Result]) -> Result:
    """Note how much processor time some work takes; return its result."""
    started = time.process_time()
    result = work()
    taken.setdefault(name, []).append(time.process_time() - started)
    return result


def mapping(document: Document, registry: Registry, mint: Mint) -> tuple[list[Row], str]:
    """Return a document's quads with those of the actors that it names, and its text."""
    outlet = known_outlet(document, registry)
    namings = contributions(document, mint, outlet)
    others = [row(quad) for naming in namings for quad in actor_quads({naming: 1}, mint)]
    return [*rows(document, mint, outlet), *others], document.article.text


def batched(mapped: list[tuple[list[Row], str]]) -> Iterator[list[tuple[list[Row], str]]]:
    """Yield some articles at a time."""
    for first in range(0, len(mapped), AT_ONCE):
        yield mapped[first : first + AT_ONCE]


if __name__ == "__main__":
    main()
