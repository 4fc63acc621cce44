"""What is read out of whole articles: floors on cases of our own and on annotated articles, where they are at hand."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from loader.document import Article, EntityKind
from loader.extraction import Extractor
from loader.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loader.document import Document, Entity, Statement

CASES = Path(__file__).parent / "cases" / "statements" / "cases.txt"
FIELDS = ("content", "speakers", "stance", "about", "certainty", "time")
HEADLINE = "A headline of no account"
# What the extraction reaches on the cases, less a little; what it misses is told in docs/quality.md.
FLOORS = {
    "content": 0.95,
    "found": 0.95,
    "speakers": 0.95,
    "stance": 0.95,
    "about": 0.95,
    "certainty": 0.95,
    "time": 0.95,
}
FLOORS |= {"memberships": 0.95}
GOLD_FLOORS = {
    "seed": {
        "attributed overlap": 0.95,
        "attributed + speaker": 0.95,
        "stance macro-F1 end to end": 0.9,
        "about (partnerships, pillars)": 0.95,
        "memberships": 0.9,
        "on_behalf_of": 0.9,
        "relayed_by": 0.9,
        "mode accuracy": 0.95,
    },
    "dev": {
        "attributed overlap": 0.93,
        "attributed + speaker": 0.92,
        "stance macro-F1 end to end": 0.92,
        "about (partnerships, pillars)": 0.84,
        "memberships": 0.9,
        "on_behalf_of": 0.95,
        "relayed_by": 0.74,
        "mode accuracy": 0.96,
    },
}


class Case(NamedTuple):
    """A text, its statements field by field, and its memberships."""

    name: str
    text: str
    statements: list[list[str]]
    memberships: list[str]


@cache
def cases() -> tuple[Case, ...]:
    """Return the cases of the file."""
    found = []
    for block in re.split(r"\n(?=# )", CASES.read_text(encoding="utf-8"))[1:]:
        name, *lines = block.strip().split("\n")
        text = "\n".join(line for line in lines if line[:2] not in ("= ", "+ "))
        statements = [line[2:].split(" | ") for line in lines if line.startswith("= ")]
        memberships = [line[2:] for line in lines if line.startswith("+ ")]
        found.append(Case(name.removeprefix("# "), text, statements, memberships))
    return tuple(found)


@cache
def extractor() -> Extractor:
    """Return the extractor, its model loaded once."""
    return Extractor(Registry.load())


def keys(entities: Iterable[Entity]) -> str:
    """Return the keys of entities as a case has them."""
    return " ".join("?" if e.kind is EntityKind.UNNAMED_SOURCE else e.key for e in entities) or "-"


def fields(document: Document, statement: Statement) -> list[str]:
    """Return a statement as a line of the file has it."""
    return [
        statement.content.of(document.article.text),
        keys(statement.speakers),
        statement.stance or "-",
        keys(statement.about),
        statement.certainty,
        statement.temporality,
    ]


@cache
def outcome() -> dict[str, tuple[int, int]]:
    """Return for every field how many values are right and how many there are, over all cases."""
    right: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    articles = [Article(f"{HEADLINE}\n{case.text}", "-") for case in cases()]
    for case, document in zip(cases(), extractor().read_all(articles), strict=True):
        found = {line[0]: line for line in (fields(document, s) for s in document.statements if s.cue)}
        whole["found"] += len(found)
        for expected in case.statements:
            line = found.get(expected[0])
            for name, value, place in zip(FIELDS, expected, range(len(FIELDS)), strict=True):
                whole[name] += 1
                right[name] += line is not None and line[place] == value
        attributed = {statement.key for statement in document.statements if statement.cue}
        memberships = {
            f"{m.member.key} | {m.partnership.key} | {m.status}"
            for m in document.memberships
            if m.according_to in attributed
        }
        whole["memberships"] += len(memberships | set(case.memberships))
        right["memberships"] += len(memberships & set(case.memberships))
    right["found"] = right["content"]
    return {name: (right[name], whole[name]) for name in whole}


def test_there_are_cases_enough_and_each_has_its_own_name() -> None:
    assert len(cases()) >= 60
    assert len({case.name for case in cases()}) == len(cases())
    assert all(len(line) == len(FIELDS) for case in cases() for line in case.statements)


@pytest.mark.parametrize("name", [*FIELDS, "found", "memberships"])
def test_of_the_cases_no_more_is_missed_than_is_known(name: str) -> None:
    right, whole = outcome()[name]
    assert right / whole >= FLOORS[name], f"{name}: {right} of {whole}"


def test_the_seed_article_keeps_its_statements_and_memberships(seed: Path) -> None:
    document = extractor().read(Article(seed.read_text(encoding="utf-8").rstrip(), str(seed)))
    attributed = [statement for statement in document.statements if statement.cue]
    assert len(attributed) >= 13
    assert sum(statement.stance is not None for statement in attributed) >= 8
    assert all(statement.speakers for statement in attributed)
    statuses = {(m.member.key, str(m.status)) for m in document.memberships}
    assert {("japan", "interested"), ("japan", "prospective"), ("new-zealand", "candidate")} <= statuses


@pytest.mark.parametrize("part", ["seed", "dev"])
def test_annotated_articles_are_read_no_worse_than_before(gold: Path, part: str) -> None:
    path = Path(__file__).parent.parent / "benchmarks" / "quality.py"
    spec = importlib.util.spec_from_file_location("quality", path)
    assert spec is not None
    assert spec.loader is not None
    quality = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(quality)
    figures = quality.measure(gold, part, extractor())
    missed = {name: figures[name] for name, floor in GOLD_FLOORS[part].items() if figures[name] < floor}
    assert not missed
