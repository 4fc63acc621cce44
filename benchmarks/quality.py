"""How well statements are read out of annotated articles.

::

    PACTGRAPH_GOLD=/path/to/gold python benchmarks/quality.py

``PACTGRAPH_GOLD`` names a folder with ``score.py`` and folders of annotated articles (``seed``, ``dev``: a text and a
JSON file for each article). Every article is read as the loader reads it, the records are scored by ``score.py``, and
its table is printed for each folder, with the mean confidence beside the share of statements that are right.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from loader.document import Article
from loader.extraction import Extractor
from loader.mapping.records import record
from loader.registry import Registry
from ontology.vocabulary import Mint

_LINE = re.compile(r"^  (?P<name>.+?)\s{2,}(?:P\s+\S+\s+R\s+\S+\s+F1\s+)?(?P<figure>\d\.\d{3})", re.MULTILINE)


def main() -> None:
    """Run the benchmark."""
    folder = os.environ.get("PACTGRAPH_GOLD")
    if not folder:
        sys.exit("PACTGRAPH_GOLD does not name the folder of annotated articles.")
    extractor = Extractor(Registry.load())
    for part in ("seed", "dev"):
        if (Path(folder) / part).is_dir():
            table, sure, right = read_and_score(Path(folder), part, extractor)
            print(
                f"==== {part}\n{table}\n  mean confidence of attributed statements {sure:.3f}, share right {right:.3f}"
            )


def measure(folder: Path, part: str, extractor: Extractor) -> dict[str, float]:
    """Return the figures of one folder by their names: the F1 of what has one, else the accuracy."""
    table, _, _ = read_and_score(folder, part, extractor)
    return {match["name"]: float(match["figure"]) for match in _LINE.finditer(table)}


def read_and_score(folder: Path, part: str, extractor: Extractor) -> tuple[str, float, float]:
    """Return the table of one folder, the mean confidence of its attributed statements, and the share that is right."""
    confidences: list[float] = []
    rights: list[bool] = []
    with tempfile.TemporaryDirectory() as made:
        for path in sorted((folder / part).glob("*.json")):
            gold = json.loads(path.read_text(encoding="utf-8"))
            found = _read(path, gold, extractor)
            (Path(made) / path.name).write_text(json.dumps(found, default=str), encoding="utf-8")
            for statement in found["statements"]:
                if statement["cueSpan"]:
                    confidences.append(statement["confidence"])
                    rights.append(_is_right(statement, gold["statements"]))
        scorer = [sys.executable, str(folder / "score.py"), str(folder / part), made]
        table = subprocess.run(scorer, capture_output=True, text=True, check=True).stdout
    count = max(1, len(rights))
    return table, sum(confidences) / count, sum(rights) / count


def _read(path: Path, gold: dict[str, Any], extractor: Extractor) -> dict[str, Any]:
    published = gold["meta"].get("published")
    text = path.with_suffix(".txt").read_text(encoding="utf-8").rstrip()
    article = Article(text, str(path), published=date.fromisoformat(published) if published else None)
    return record(extractor.read(article), Mint("https://pactgraph.example/"))


def _is_right(statement: dict[str, Any], annotated: list[dict[str, Any]]) -> bool:
    """Whether half of a content is that of one annotated statement, and they share source words."""

    def shared(one: dict[str, Any]) -> int:
        return min(statement["end"], one["end"]) - max(statement["start"], one["start"])

    best = max((one for one in annotated if one["cueSpan"]), key=shared, default=None)
    if best is None or shared(best) * 2 < statement["end"] - statement["start"]:
        return False
    own, other = _characters(statement["sourceSpan"]), _characters(best["sourceSpan"])
    return bool(own & other) or not (own or other)


def _characters(spans: list[Any]) -> set[int]:
    pairs = [spans] if spans and isinstance(spans[0], int) else spans or []
    return {place for start, end in pairs for place in range(start, end)}


if __name__ == "__main__":
    main()
