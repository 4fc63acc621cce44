"""The example questions that the page offers: one file each, the question itself in the first comment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Question:
    """A question in words (``title``) and as SPARQL (``text``); ``name`` is the file's without its ending."""

    name: str
    title: str
    text: str


def questions() -> tuple[Question, ...]:
    """Return the questions in the order in which they are offered."""
    files = sorted((Path(__file__).parents[1] / "static" / "examples").glob("*.rq"))
    found = []
    for file in files:
        text = file.read_text(encoding="utf-8")
        found.append(Question(file.stem, text.partition("\n")[0].removeprefix("#").strip(), text))
    return tuple(found)
