"""How well and how fast sources, cues and contents are found in news that others annotated.

::

    PACTGRAPH_GOLD=/path/to/gold python benchmarks/attribution.py --polnear /path/to/PolNeAR/data

``PACTGRAPH_GOLD`` names a folder with ``attribution/convert_polnear.py``, ``enrich_gold.py`` and ``evaluate.py``;
``--polnear`` the folder with ``dev/text`` and ``dev/attributions``. Only the part ``dev`` is read. Statements that
share a cue are one attribution there. Every profile is read and scored, beside the parser alone (for the time) and,
where it is installed, textacy's extraction of quotations. The exit code is 1 where a figure is below its floor; where
the data is absent a sentence says so and nothing is measured.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import spacy

from loader.document import Article, Span
from loader.extraction import Extractor, Profile, make_extractor
from loader.extraction.text.parse import MODEL
from loader.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loader.document import Document, Statement

# F1 in percent, on dev; they only rise.
FLOORS = {
    ("best", "all"): {"content_match": 78.8, "joint": 73.0, "content_exact": 49.5},
    ("best", "speech"): {"content_match": 85.4, "joint": 81.0, "content_exact": 56.9},
    ("best", "direct"): {"content_match": 94.4, "joint": 90.5, "content_exact": 89.9},
    ("fast", "all"): {"content_match": 78.5, "joint": 72.6, "content_exact": 48.5},
}
SUBSETS = {"all": [], "speech": ["--subset", "speech"], "direct": ["--type", "direct"]}
LINK = re.compile(r"[\s,;]*\b(?:and|but|while|whereas)\b[\s,]*(?:(?:that|so|then|to)\b)?\s*")
FIGURES = ("content_match", "joint", "content_exact")
ROUNDS = 3


def main() -> None:
    """Run the benchmark."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--polnear", type=Path, help="the data folder of a PolNeAR checkout")
    options.add_argument("--first", type=int, default=1000, help="how many articles")
    options.add_argument("--rounds", type=int, default=ROUNDS, help="how often the time is taken")
    chosen = options.parse_args()
    gold = os.environ.get("PACTGRAPH_GOLD")
    if not gold or not (Path(gold) / "attribution" / "evaluate.py").is_file():
        print("PACTGRAPH_GOLD names no folder with attribution/evaluate.py; nothing was measured.")
        return
    if chosen.polnear is None or not (chosen.polnear / "dev" / "text").is_dir():
        print("--polnear names no folder with dev/text; nothing was measured.")
        return
    with tempfile.TemporaryDirectory() as folder:
        below = measure(Path(gold) / "attribution", chosen.polnear, Path(folder), chosen.first, chosen.rounds)
    for line in below:
        print(f"BELOW ITS FLOOR: {line}")
    sys.exit(1 if below else 0)


def measure(scorers: Path, polnear: Path, work: Path, first: int, rounds: int) -> list[str]:
    """Print all figures; return those below their floors."""
    articles = annotated(scorers, polnear, work, first)
    readers: dict[str, Callable[[], Any]] = {"model alone": model_alone(articles)}
    for profile in Profile:
        readers[str(profile)] = reading(make_extractor(Registry.load(), profile=profile), articles)
    try:
        readers["textacy"] = textacy(articles)
    except ImportError as error:
        print(f"textacy is left out: {error}.")
    results, times = timed(readers, rounds)
    print(f"{len(articles)} articles, {sum(len(a.text.split()) for a in articles):,} words; F1 in percent")
    below: list[str] = []
    for name, result in results.items():
        if name == "model alone":
            continue
        lines = list(result if name == "textacy" else as_lines(result))
        (work / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        for subset, extra in SUBSETS.items():
            figures = scored(scorers, work, name, extra)
            print(f"  {name:12} {subset:8}" + "".join(f"  {key} {figures[key]:5.1f}" for key in FIGURES))
            floors = FLOORS.get((name, subset), {}) if first >= len(articles) else {}
            below += [
                f"{name}, {subset}: {key} {figures[key]:.1f}, not {f}" for key, f in floors.items() if figures[key] < f
            ]
    bins(scorers, work, results[str(Profile.BEST)])
    base = times["model alone"]
    for name, seconds in times.items():
        rate = len(articles) / seconds
        print(f"  {name:12} {rate:6.2f} articles per CPU second, {base / seconds:.2f} times the model's")
    return below


def annotated(scorers: Path, polnear: Path, work: Path, first: int) -> list[Article]:
    """Convert the dev part, and only that, into ``work/polnear_dev``; return its articles, named by their ids."""
    (work / "data").mkdir()
    (work / "data" / "dev").symlink_to((polnear / "dev").resolve(), target_is_directory=True)
    run(scorers / "convert_polnear.py", work / "data", work)
    run(scorers / "enrich_gold.py", work / "polnear_dev")
    path = work / "polnear_dev" / "docs.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)[:first]
    path.write_text("".join(lines), encoding="utf-8")
    return [Article(each["text"], each["doc_id"]) for each in map(json.loads, lines)]


def run(*command: object) -> str:
    """Run a Python script; return what it printed."""
    done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def timed(readers: dict[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, Any], dict[str, float]]:
    """Run each reader in turn, several rounds; return what it gave and its median of CPU seconds."""
    results: dict[str, Any] = {}
    taken: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(rounds):
        for name, read in readers.items():
            started = time.process_time()
            results[name] = read()
            taken[name].append(time.process_time() - started)
    return results, {name: statistics.median(seconds) for name, seconds in taken.items()}


def model_alone(articles: list[Article]) -> Callable[[], int]:
    """Return what runs the parser's model as its package has it, and nothing of ours."""
    model = spacy.load(MODEL)
    return lambda: sum(len(doc) for doc in model.pipe((article.text for article in articles), batch_size=8))


def reading(extractor: Extractor, articles: list[Article]) -> Callable[[], list[Document]]:
    """Return what reads the articles."""
    return lambda: list(extractor.read_all(articles))


def textacy(articles: list[Article]) -> Callable[[], list[dict[str, Any]]]:
    """Return what extracts quotations with textacy; an article that it raises an error for has none."""
    from textacy.extract.triples import direct_quotations  # noqa: PLC0415 (not everybody has it)

    model = spacy.load(MODEL)

    def read() -> list[dict[str, Any]]:
        found = []
        for article, doc in zip(articles, model.pipe(article.text for article in articles), strict=True):
            try:
                for speaker, cue, content in direct_quotations(doc):
                    places = [[{"start": t.idx, "end": t.idx + len(t)} for t in part] for part in (speaker, cue)]
                    span = [{"start": content.start_char, "end": content.end_char}]
                    found.append({"doc_id": article.source, "source": places[0], "cue": places[1], "content": span})
            except ValueError:
                continue
        return found

    return read


def as_lines(documents: list[Document]) -> Iterator[dict[str, Any]]:
    """Yield the attributions of documents as the scorer wants them: the contents under one cue together.

    Propositions that only a conjunction parts are one content there.
    """
    for document in documents:
        groups: dict[Span, list[Statement]] = {}
        for statement in document.statements:
            if statement.cue:
                groups.setdefault(statement.cue, []).append(statement)
        for cue, together in groups.items():
            contents = joined(document.article.text, sorted({statement.content for statement in together}))
            yield {
                "doc_id": document.article.source,
                "source": pairs(together[0].sources) or None,
                "cue": pairs([cue]),
                "content": pairs(contents),
            }


def joined(text: str, contents: list[Span]) -> list[Span]:
    """Return the contents with those together that nothing but a conjunction parts."""
    found: list[Span] = []
    for span in contents:
        if found and LINK.fullmatch(text, found[-1].end, span.start):
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def pairs(spans: Any) -> list[dict[str, int]]:
    return [{"start": span.start, "end": span.end} for span in spans]


def scored(scorers: Path, work: Path, name: str, extra: list[str]) -> dict[str, float]:
    """Return the F1 of each figure."""
    out = work / "figures.json"
    run(
        scorers / "evaluate.py", "--gold", work / "polnear_dev", "--pred", work / f"{name}.jsonl", "--json", out, *extra
    )
    figures = json.loads(out.read_text(encoding="utf-8"))
    return {key: figures[key]["F1"] for key in FIGURES}


def bins(scorers: Path, work: Path, documents: list[Document]) -> None:
    """Print mean confidence and the share that is right in ten bins.

    A statement is right if half of its words are those of one annotated content, and it shares words of its source.
    """
    spec = importlib.util.spec_from_file_location("evaluate", scorers / "evaluate.py")
    assert spec is not None  # noqa: S101 (the file is there, see main)
    assert spec.loader is not None  # noqa: S101 (likewise)
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    texts = {document.article.source: scorer.Doc(document.article.text) for document in documents}
    gold, _ = scorer.load(str(work / "polnear_dev" / "gold.jsonl"), texts, is_pred=False)
    judged: list[tuple[float, bool]] = []
    for document in documents:
        doc = texts[document.article.source]
        for statement in document.statements:
            if statement.cue and statement.confidence is not None:
                words = doc.toks([(statement.content.start, statement.content.end)])
                source = doc.toks([(span.start, span.end) for span in statement.sources])
                best = max(gold[document.article.source], key=lambda g: len(words & g["c"]), default=None)
                right = best is not None and 2 * len(words & best["c"]) >= len(words) > 0
                right = right and (bool(source & best["s"]) or not (source or best["s"]))
                judged.append((statement.confidence, bool(right)))
    gaps = []
    for number in range(10):
        inside = [
            (sure, right) for sure, right in judged if number <= 10 * sure < number + 1 or (number == 9 and sure == 1)
        ]
        if inside:
            sure, share = (statistics.fmean(column) for column in zip(*inside, strict=True))
            gaps.append(abs(sure - share))
            share_of = f"{number / 10:.1f}-{(number + 1) / 10:.1f}: {len(inside):5} statements"
            print(f"  confidence {share_of}, mean {sure:.2f}, right {share:.2f}")
    if gaps:
        print(f"  mean difference over the bins {statistics.fmean(gaps):.3f}")


if __name__ == "__main__":
    main()
