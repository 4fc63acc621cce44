"""Makes an authority file: what sources say of entities is gathered in any order, then written sorted.

The working file is a SQLite database beside the authority, ``NAME.work``; it takes rows without an index, so that
gathering costs the same for every row. ``finish`` sorts them into the authority, which is therefore the same to the
byte for the same rows in any order, and puts it in its place by a rename.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from ontology.authority import APPLICATION, KINDS, SCHEMA, VERSION, acronym_form, fold, number_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from ontology.authority import Entity, Name

LANGUAGES: Final = {"en": 0, "mul": 1}
"""Whose labels are preferred, the lowest first; "mul" is Wikidata's code for a name that is the same everywhere."""

_WORK: Final = """
CREATE TABLE IF NOT EXISTS entity (
    id INTEGER, rank INTEGER, label TEXT, description TEXT, type TEXT, status TEXT, prior INTEGER, country INTEGER,
    start TEXT, end TEXT, classes TEXT);
CREATE TABLE IF NOT EXISTS name (entity INTEGER, text TEXT, language TEXT, kind TEXT);
CREATE TABLE IF NOT EXISTS external (entity INTEGER, scheme TEXT, value TEXT);
CREATE TABLE IF NOT EXISTS tenure (person INTEGER, office INTEGER, start TEXT, end TEXT);
CREATE TABLE IF NOT EXISTS evidence (entity INTEGER, source TEXT, locator TEXT);
CREATE TABLE IF NOT EXISTS subclass (class INTEGER, above INTEGER);
CREATE TABLE IF NOT EXISTS redirect (old INTEGER, new INTEGER);
CREATE TABLE IF NOT EXISTS progress (source TEXT PRIMARY KEY, place TEXT);
"""
_ROWS: Final = {"name": 4, "external": 3, "tenure": 4, "evidence": 3}
_BATCH = 20_000
_COUNTRY = 7  # the column of a working row
_ADOPT: Final = """
INSERT INTO entity SELECT DISTINCT entity, 0, '', '', 'other', 'verified', 0, NULL, NULL, NULL, '' FROM name
WHERE entity NOT IN (SELECT id FROM entity)
"""
_SORT: Final = (
    """
INSERT INTO made.redirect SELECT old, new FROM target WHERE new IN (SELECT id FROM made.entity) ORDER BY old
""",
    """
INSERT INTO made.name SELECT DISTINCT coalesce(t.new, n.entity), text, language, kind FROM name n
LEFT JOIN target t ON t.old = n.entity WHERE coalesce(t.new, n.entity) IN (SELECT id FROM made.entity)
ORDER BY 1, 2, 3, 4
""",
    """
WITH called AS MATERIALIZED (SELECT DISTINCT entity, text FROM made.name),
folded AS MATERIALIZED (SELECT fold(text) AS key, entity, acronym_form(text) AS form FROM called)
INSERT INTO made.key SELECT DISTINCT key, entity, form FROM folded WHERE key <> '' ORDER BY 1, 2, 3
""",
    """
INSERT INTO made.external SELECT DISTINCT coalesce(t.new, x.entity), scheme, value FROM external x
LEFT JOIN target t ON t.old = x.entity WHERE coalesce(t.new, x.entity) IN (SELECT id FROM made.entity)
ORDER BY 1, 2, 3
""",
    """
INSERT INTO made.tenure SELECT DISTINCT coalesce(p.new, t.person), coalesce(o.new, t.office), start, end FROM tenure t
LEFT JOIN target p ON p.old = t.person LEFT JOIN target o ON o.old = t.office
WHERE coalesce(p.new, t.person) IN (SELECT id FROM made.entity) ORDER BY 1, 2, 3, 4
""",
    """
INSERT INTO made.evidence SELECT DISTINCT coalesce(t.new, v.entity), source, locator FROM evidence v
LEFT JOIN target t ON t.old = v.entity WHERE coalesce(t.new, v.entity) IN (SELECT id FROM made.entity)
ORDER BY 1, 2, 3
""",
)


@dataclass(frozen=True, slots=True)
class Tenure:
    """That a person held an office (an id) from ``start`` to ``end``, ISO 8601, as precise as known."""

    office: str
    start: str | None = None
    end: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What one source says of one entity; several records of an entity are united."""

    entity: Entity
    names: tuple[Name, ...] = ()
    externals: tuple[tuple[str, str], ...] = ()
    tenures: tuple[Tenure, ...] = ()
    evidence: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """How much an authority holds; ``cycles`` are the ids whose redirects lead nowhere, which are left out."""

    entities: int
    names: int
    redirects: int
    cycles: tuple[str, ...] = ()


class Writer:
    """Gathers records and writes them as an authority at ``path``; close it, or use it as a context.

    With ``resume``, what an earlier writer gathered before it was stopped is kept; else it is thrown away.
    """

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        self.path = path
        self.work = path.with_name(path.name + ".work")
        path.parent.mkdir(parents=True, exist_ok=True)
        if not resume:
            self.work.unlink(missing_ok=True)
        self._connection = sqlite3.connect(self.work)
        self._connection.executescript(
            f"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN; {_WORK} COMMIT;"
        )
        self._entities: list[tuple[Any, ...]] = []
        self._rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _ROWS}

    def __enter__(self) -> Writer:  # noqa: PYI034 (there is no other)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the working file; what was not committed is not in it."""
        self._connection.close()

    def add(self, record: Record, rank: int = 0) -> None:
        """Gather a record. Where records of an entity differ, the lowest ``rank`` tells its label, type and dates."""
        entity = record.entity
        number = number_of(entity.id)
        self._entities.append(
            (
                number,
                rank,
                entity.label,
                entity.description,
                entity.type,
                entity.status,
                entity.prior,
                number_of(entity.country) if entity.country else None,
                entity.start,
                entity.end,
                " ".join(entity.classes),
            )
        )
        rows = self._rows
        rows["name"] += [(number, each.text, each.language, each.kind) for each in record.names]
        rows["external"] += [(number, scheme, value) for scheme, value in record.externals]
        rows["tenure"] += [(number, number_of(t.office), t.start or "", t.end or "") for t in record.tenures]
        rows["evidence"] += [(number, source, locator) for source, locator in record.evidence]
        if len(self._entities) >= _BATCH:
            self._flush()

    def add_name(self, identifier: str, name: Name) -> None:
        """Gather one more name of an entity that a record tells of, here or in another source."""
        self._rows["name"].append((number_of(identifier), name.text, name.language, name.kind))
        if len(self._rows["name"]) >= _BATCH * 8:
            self._flush()

    def redirect(self, old: str, new: str) -> None:
        """Gather that an id was merged into another."""
        self._connection.execute("INSERT INTO redirect VALUES (?, ?)", (number_of(old), number_of(new)))

    def subclass(self, lower: str, upper: str) -> None:
        """Gather that a class lies right below another."""
        self._connection.execute("INSERT INTO subclass VALUES (?, ?)", (number_of(lower), number_of(upper)))

    def below(self, classes: Iterable[str]) -> frozenset[str]:
        """Return these classes with all that lie below them, as far as was gathered; circles do no harm."""
        self._connection.execute("CREATE INDEX IF NOT EXISTS subclass_above ON subclass (above)")
        found = {number_of(each) for each in classes}
        ahead = sorted(found)
        while ahead:
            rows = self._connection.execute("SELECT class FROM subclass WHERE above = ?", (ahead.pop(),)).fetchall()
            new = {row[0] for row in rows} - found
            found |= new
            ahead += sorted(new)
        return frozenset(f"Q{number}" for number in found)

    def commit(self, source: str, place: str) -> None:
        """Make what was gathered durable, with how far ``source`` was read."""
        self._flush()
        self._connection.execute("INSERT OR REPLACE INTO progress VALUES (?, ?)", (source, place))
        self._connection.commit()

    def place(self, source: str) -> str | None:
        """Return how far a source was read when it was last committed, or None."""
        row = self._connection.execute("SELECT place FROM progress WHERE source = ?", (source,)).fetchone()
        return None if row is None else str(row[0])

    def ids(self, rank: int | None = None) -> Iterator[int]:
        """Give the numbers of the entities that were gathered, of all records or of a rank."""
        self._flush()
        for (number,) in self._connection.execute("SELECT id FROM entity WHERE ?1 IS NULL OR rank = ?1", (rank,)):
            yield number

    def finish(self, meta: Mapping[str, str], *, adopt: bool = False) -> Counts:
        """Write the authority with what it says of itself (``name``, ``version``, ``date``, …); return its counts.

        Names of an id that no record tells of are left out, or with ``adopt`` make an entity of it.
        """
        self._flush()
        fresh = self.path.with_name(self.path.name + ".new")
        fresh.unlink(missing_ok=True)
        targets, cycles = _resolve(self._connection.execute("SELECT old, new FROM redirect ORDER BY old, new"))
        _make(fresh)
        work = self._connection
        work.create_function("fold", 1, fold, deterministic=True)
        work.create_function("acronym_form", 1, acronym_form, deterministic=True)
        work.execute("CREATE TEMP TABLE target (old INTEGER PRIMARY KEY, new INTEGER)")
        work.executemany("INSERT INTO target VALUES (?, ?)", targets.items())
        work.commit()
        work.execute("ATTACH ? AS made", (str(fresh),))
        work.executescript("PRAGMA made.journal_mode = OFF; PRAGMA made.synchronous = OFF;")
        if adopt:
            work.execute(_ADOPT)
        work.executemany("INSERT INTO made.entity VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self._united())
        for statement in _SORT:
            work.execute(statement)
        work.executemany("UPDATE made.entity SET label = ? WHERE id = ?", _labels(work))
        entities, names, redirects = (
            work.execute(f"SELECT count(*) FROM made.{table}").fetchone()[0]  # noqa: S608 (our own names)
            for table in ("entity", "name", "redirect")
        )
        counts = Counts(entities, names, redirects, cycles)
        facts = {**meta, "entities": str(counts.entities), "names": str(counts.names)}
        work.executemany("INSERT INTO made.meta VALUES (?, ?)", sorted(facts.items()))
        work.commit()
        work.execute("DETACH made")
        self.close()
        fresh.replace(self.path)
        for suffix in ("", "-wal", "-shm"):
            self.work.with_name(self.work.name + suffix).unlink(missing_ok=True)
        return counts

    def _united(self) -> Iterator[tuple[Any, ...]]:
        """Give one row for each entity: of what its records say, the first that is said, by rank, then content."""
        rows = self._connection.execute(
            "SELECT coalesce(t.new, e.id), rank, label, description, type, status, prior, country, start, end, classes "
            "FROM entity e LEFT JOIN target t ON t.old = e.id ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"
        )
        for number, records in groupby(rows, key=itemgetter(0)):
            columns = list(zip(*records, strict=True))
            label, description, country, start, end = (
                next(filter(None, columns[at]), "" if at < _COUNTRY else None) for at in (2, 3, _COUNTRY, 8, 9)
            )
            kind = next((each for each in columns[4] if each != "other"), "other")
            status = "verified" if "verified" in columns[5] else "candidate"
            classes = " ".join(sorted({each for some in columns[10] for each in some.split()}, key=number_of))
            yield number, label, description, kind, status, max(columns[6]), country, start, end, classes

    def _flush(self) -> None:
        if self._entities:
            self._connection.executemany("INSERT INTO entity VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self._entities)
            self._entities.clear()
        for table, width in _ROWS.items():
            if self._rows[table]:
                marks = ",".join("?" * width)
                self._connection.executemany(f"INSERT INTO {table} VALUES ({marks})", self._rows[table])  # noqa: S608 (our own names)
                self._rows[table].clear()


def _make(path: Path) -> None:
    """Make an authority file that holds nothing yet."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"PRAGMA page_size = 4096; PRAGMA synchronous = OFF; PRAGMA application_id = {APPLICATION}; "
            f"PRAGMA user_version = {VERSION}; BEGIN; {SCHEMA} COMMIT;"
        )


def _resolve(redirects: Iterable[tuple[int, int]]) -> tuple[dict[int, int], tuple[str, ...]]:
    """Return where each redirect ends, and the ids that go in a circle. Of two of one id the lower counts."""
    step: dict[int, int] = {}
    for old, new in redirects:
        step.setdefault(old, new)
    ends: dict[int, int | None] = {}
    for old in step:
        path: dict[int, None] = {}
        at = old
        while at in step and at not in ends and at not in path:
            path[at] = None
            at = step[at]
        end = None if at in path else ends.get(at, at)
        ends.update(dict.fromkeys(path, end))
    cycles = tuple(f"Q{old}" for old, end in sorted(ends.items()) if end is None)
    return {old: end for old, end in ends.items() if end is not None}, cycles


def _labels(work: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    """Give the labels of entities that no record labels: the best of their names, English first, then "mul"."""
    rows = work.execute(
        "SELECT id, text, language, kind FROM made.entity JOIN made.name ON entity = id WHERE label = '' ORDER BY id"
    ).fetchall()
    for number, names in groupby(rows, key=itemgetter(0)):
        best = min(names, key=lambda row: (KINDS.index(row[3]), LANGUAGES.get(row[2], 2), row[2], row[1]))
        yield best[1], number
