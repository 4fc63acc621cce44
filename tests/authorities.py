"""Small authority files for tests: ``make_authority(path)`` makes one of a few entities, or of those handed in.

The ids are real; what is said of them here is made for the tests and ships nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.linking.writer import Record, Tenure, Writer
from ontology.authority import Entity, Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def names(label: str, *aliases: str, **others: tuple[str, ...]) -> tuple[Name, ...]:
    """Return an English label, English aliases, and by kind others: ``demonym=("Japanese",)``."""
    more = (Name(text, "en", kind) for kind, texts in others.items() for text in texts)
    return (Name(label, "en", "label"), *(Name(text, "en", "alias") for text in aliases), *more)


EVIDENCE = (("made for tests", "-"),)
JAPAN = Record(
    Entity("Q17", "Japan", "island country in East Asia", "state", prior=400, country="Q17", classes=("Q6256",)),
    (*names("Japan", "State of Japan", demonym=("Japanese",)), Name("日本", "ja", "native")),
    externals=(("iso3166-1-alpha-2", "JP"), ("geonames", "1861060")),
    evidence=EVIDENCE,
)
UNITED_STATES = Record(
    Entity("Q30", "United States", "country in North America", "state", prior=420, country="Q30"),
    names("United States", "United States of America", "US", "U.S.", "USA", "America", demonym=("American",)),
    externals=(("iso3166-1-alpha-2", "US"),),
    evidence=EVIDENCE,
)
NATO = Record(
    Entity("Q7184", "NATO", "military alliance", "partnership", prior=200, start="1949-04-04"),
    names("NATO", "North Atlantic Treaty Organization", "Atlantic Alliance"),
    evidence=EVIDENCE,
)
AUKUS = Record(Entity("Q108556886", "AUKUS", "security partnership", "partnership", "candidate"), names("AUKUS"))
KISHIDA = Record(
    Entity("Q359480", "Fumio Kishida", "Japanese politician", "person", prior=80, country="Q17", start="1957-07-29"),
    names("Fumio Kishida", "Kishida Fumio"),
    tenures=(Tenure("Q274948", "2021-10-04", "2024-10-01"),),
    evidence=EVIDENCE,
)
PREMIER = Record(
    Entity("Q274948", "Prime Minister of Japan", "head of government of Japan", "office", prior=70, country="Q17"),
    names("Prime Minister of Japan", "Japanese Prime Minister"),
    evidence=EVIDENCE,
)
NIKKEI = Record(
    Entity("Q1077694", "The Nikkei", "Japanese newspaper", "outlet", prior=30, country="Q17"),
    names("The Nikkei", "Nikkei", "Nihon Keizai Shimbun"),
    externals=(("domain", "nikkei.com"),),
    evidence=EVIDENCE,
)
EVERYBODY = (JAPAN, UNITED_STATES, NATO, AUKUS, KISHIDA, PREMIER, NIKKEI)


def make_authority(
    path: Path,
    records: Iterable[Record] = EVERYBODY,
    redirects: Mapping[str, str] | None = None,
    name: str = "test",
    version: str = "1",
) -> Path:
    """Make an authority file of records, and of redirects from old ids to new ones; return its path."""
    with Writer(path) as writer:
        for record in records:
            writer.add(record)
        for old, new in (redirects or {}).items():
            writer.redirect(old, new)
        writer.finish({"name": name, "version": version, "date": "2026-09-18"})
    return path
