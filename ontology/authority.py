"""The authority file: who and what a name may stand for, as one read-only SQLite file, agreed on here.

The loader's builder writes such a file, the linker and the endpoint read it. It is ``SCHEMA`` under the application
id ``APPLICATION`` and the user version ``VERSION``; ids are those of Wikidata, kept as numbers. ``name`` is in the
order of entities, ``key`` in that of folded names: one row for each folded name of an entity, with the case that an
acronym has to be written in.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

APPLICATION: Final = 0x50414354  # "PACT"
VERSION: Final = 1
TYPES: Final = (
    "person",
    "organisation",
    "state",
    "place",
    "partnership",
    "technology",
    "office",
    "outlet",
    "event",
    "other",
)
KINDS: Final = ("label", "official", "short", "native", "alias", "demonym")
SCHEMA: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entity (
    id INTEGER PRIMARY KEY, label TEXT NOT NULL, description TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL,
    prior INTEGER NOT NULL, country INTEGER, start TEXT, end TEXT, classes TEXT NOT NULL);
CREATE TABLE redirect (old INTEGER PRIMARY KEY, new INTEGER NOT NULL);
CREATE TABLE name (
    entity INTEGER NOT NULL, text TEXT NOT NULL, language TEXT NOT NULL, kind TEXT NOT NULL,
    PRIMARY KEY (entity, text, language, kind)) WITHOUT ROWID;
CREATE TABLE key (
    key TEXT NOT NULL, entity INTEGER NOT NULL, form TEXT NOT NULL, PRIMARY KEY (key, entity, form)) WITHOUT ROWID;
CREATE TABLE external (
    entity INTEGER NOT NULL, scheme TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (entity, scheme, value)) WITHOUT ROWID;
CREATE INDEX external_value ON external (scheme, value);
CREATE TABLE tenure (
    person INTEGER NOT NULL, office INTEGER NOT NULL, start TEXT NOT NULL, end TEXT NOT NULL,
    PRIMARY KEY (person, office, start, end)) WITHOUT ROWID;
CREATE INDEX tenure_office ON tenure (office, start);
CREATE TABLE evidence (
    entity INTEGER NOT NULL, source TEXT NOT NULL, locator TEXT NOT NULL,
    PRIMARY KEY (entity, source, locator)) WITHOUT ROWID;
"""

_ID = re.compile(r"Q[1-9][0-9]{0,17}")
_ACRONYM_LETTERS = 8  # longer names in capitals are words in capitals
_SPOKEN_LETTERS = 4  # from here on an acronym may be read as a word and written like one: Nato, Aukus
_MAPPED: Final = (1 << 31) - (1 << 16)  # the most that SQLite maps into memory
_ENTITY = "SELECT id, label, description, type, status, prior, country, start, end, classes FROM entity "


class AuthorityError(Exception):
    """An authority file that cannot be used; ``path`` is where it should be. The message is one sentence."""

    def __init__(self, path: Path, sentence: str) -> None:
        self.path = path
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing with an id in Wikidata: what is known of it, to tell it from its namesakes.

    ``id`` is bare ("Q17"), ``type`` one of TYPES, ``status`` "verified" (two independent sources, or a dump of
    Wikidata) or "candidate". ``prior`` is how well known it is: the number of its sitelinks, in the core an estimate on
    that scale, 0 where unknown. ``country`` is the id of its country. ``start`` and ``end`` bound its life, as ISO 8601
    dates as precise as known ("1949", "1949-04-04"). ``classes`` are the ids that it is an instance of.
    """

    id: str
    label: str
    description: str = ""
    type: str = "other"
    status: str = "verified"
    prior: int = 0
    country: str | None = None
    start: str | None = None
    end: str | None = None
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Name:
    """A name of an entity; ``language`` a BCP 47 tag ("mul": in every language), ``kind`` one of KINDS."""

    text: str
    language: str
    kind: str


@dataclass(frozen=True, slots=True)
class Hit:
    """An entity that a text may name; ``name`` is the name that matched, ``exact`` to the letter."""

    entity: Entity
    name: str
    exact: bool


@dataclass(frozen=True, slots=True)
class Office:
    """An office that a person held from ``start`` to ``end`` (ISO 8601, None where unknown or still held)."""

    id: str
    label: str
    country: str | None = None
    start: str | None = None
    end: str | None = None


class Authority:
    """An open authority file. May be used from several threads, and pickled: the copy opens the file again."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self.meta: dict[str, str] = dict(self._all("SELECT key, value FROM meta ORDER BY key"))

    def __reduce__(self) -> tuple[Any, ...]:
        return open_authority, (self.path,)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @property
    def name(self) -> str:
        """What the authority is called: "core", or as its builder named it."""
        return self.meta.get("name", "")

    @property
    def version(self) -> str:
        """Which authority of this name it is; equal versions hold equal data."""
        return self.meta.get("version", "")

    @property
    def date(self) -> str:
        """The day of the newest of its sources, as an ISO 8601 date; empty where unknown."""
        return self.meta.get("date", "")

    def entity(self, identifier: str) -> Entity | None:
        """Return the entity of an id ("Q17"), through a redirect if need be; None if it is not in this file."""
        number = self._number(identifier)
        rows = [] if number is None else self._all(_ENTITY + "WHERE id = ?", number)
        return _entity(rows[0]) if rows else None

    def names(self, identifier: str) -> tuple[Name, ...]:
        """Return the names of an entity, by kind (KINDS), language and text."""
        number = self._number(identifier)
        rows = self._all("SELECT text, language, kind FROM name WHERE entity = ?", number)
        return tuple(sorted((Name(*row) for row in rows), key=_name_order))

    def candidates(self, text: str, limit: int = 50) -> tuple[Hit, ...]:
        """Return whom a text may name: exact matches first, then those of the same ``fold``.

        Each in the order of falling prior, then rising id. Acronyms match by case: "who" does not name the WHO; one
        of four letters or more may be written like a word, as "Nato".
        """
        text = text.strip()
        written = cased(text)
        rows = self._all("SELECT entity, form FROM key WHERE key = ?", fold(text))
        found = sorted({number for number, form in rows if not form or _is_written(form, written)})
        exact = {n for n in found if self._all("SELECT 1 FROM name WHERE entity = ? AND text = ? LIMIT 1", n, text)}
        hits = sorted(self._entities(found), key=lambda each: (number_of(each.id) not in exact, *_by_prior(each)))
        return tuple(self._hit(each, text, exact=number_of(each.id) in exact) for each in hits[:limit])

    def suggest(self, prefix: str, limit: int = 10, type: str | None = None) -> tuple[Hit, ...]:
        """Return entities with a name that begins with ``prefix`` (folded), by falling prior, then rising id."""
        start = fold(prefix)
        if not start:
            return ()
        rows = self._all(
            "SELECT e.id, min(k.key) FROM key k JOIN entity e ON e.id = k.entity WHERE k.key >= ?1 AND k.key < ?2 "
            "AND (?3 IS NULL OR e.type = ?3) GROUP BY e.id ORDER BY e.prior DESC, e.id LIMIT ?4",
            start,
            start + "\U0010ffff",
            type,
            limit,
        )
        keys = dict(rows)
        entities = sorted(self._entities(list(keys)), key=_by_prior)
        return tuple(self._hit(each, keys[number_of(each.id)], exact=False) for each in entities)

    def all_names(self) -> Iterator[tuple[str, str, str, str]]:
        """Give every name as (text, id, kind, language), sorted by text, then id."""
        order = "SELECT text, entity, kind, language FROM name ORDER BY text, entity, kind, language"
        for text, number, kind, language in self._each(order):
            yield text, f"Q{number}", kind, language

    def entities(self, type: str | None = None) -> Iterator[Entity]:
        """Give every entity, or those of one type, by rising id."""
        yield from map(_entity, self._each(_ENTITY + "WHERE ?1 IS NULL OR type = ?1 ORDER BY id", type))

    def types(self) -> tuple[str, ...]:
        """Return the types that occur, in the order of TYPES."""
        there = {row[0] for row in self._all("SELECT DISTINCT type FROM entity")}
        return tuple(each for each in TYPES if each in there)

    def externals(self, identifier: str) -> tuple[tuple[str, str], ...]:
        """Return the ids of an entity elsewhere as (scheme, value), sorted: ("iso3166-1-alpha-2", "JP")."""
        return self._pairs("SELECT scheme, value FROM external WHERE entity = ? ORDER BY scheme, value", identifier)

    def schemes(self) -> tuple[str, ...]:
        """Return the schemes of ids elsewhere that occur, sorted."""
        rows = self._all(  # one step in the index for each, for a file of millions of ids
            "WITH RECURSIVE step(at) AS (SELECT min(scheme) FROM external UNION ALL "
            "SELECT (SELECT min(scheme) FROM external WHERE scheme > at) FROM step WHERE at NOTNULL) "
            "SELECT at FROM step WHERE at NOTNULL"
        )
        return tuple(row[0] for row in rows)

    def by_external(self, scheme: str, value: str) -> tuple[Entity, ...]:
        """Return the entities with an id elsewhere, by rising id: ("domain", "nikkei.com")."""
        rows = self._all("SELECT entity FROM external WHERE scheme = ? AND value = ? ORDER BY entity", scheme, value)
        return tuple(self._entities([row[0] for row in rows]))

    def evidence(self, identifier: str) -> tuple[tuple[str, str], ...]:
        """Return where an entity's id was read, as (source, locator), sorted."""
        return self._pairs("SELECT source, locator FROM evidence WHERE entity = ? ORDER BY source, locator", identifier)

    def offices(self, person: str) -> tuple[Office, ...]:
        """Return the offices that a person held, in the order of time."""
        rows = self._all(
            "SELECT t.office, coalesce(e.label, ''), e.country, t.start, t.end FROM tenure t "
            "LEFT JOIN entity e ON e.id = t.office WHERE t.person = ? ORDER BY t.start, t.end, t.office",
            self._number(person),
        )
        return tuple(
            Office(f"Q{n}", label, _id(country), start or None, end or None) for n, label, country, start, end in rows
        )

    def holders(self, office: str, on: dt.date | None = None) -> tuple[Entity, ...]:
        """Return who held an office on a day, or ever; in the order in which they took it.

        A tenure whose start is unknown is told of no day. One known to the year or month covers the whole of it.
        """
        rows = self._all(
            "SELECT person, start, end FROM tenure WHERE office = ? ORDER BY start, person", self._number(office)
        )
        numbers = dict.fromkeys(person for person, start, end in rows if on is None or covers(start, end, on))
        entities = {number_of(each.id): each for each in self._entities(list(numbers))}
        return tuple(entities[number] for number in numbers if number in entities)

    # ---- rows

    def _each(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._connection.execute(query, values)
        except sqlite3.DatabaseError as error:
            message = f"The authority {self.path} cannot be read ({error}); build it again."
            raise AuthorityError(self.path, message) from error

    def _all(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return list(self._each(query, *values))

    def _pairs(self, query: str, identifier: str) -> tuple[tuple[str, str], ...]:
        return tuple((first, second) for first, second in self._all(query, self._number(identifier)))

    def _number(self, identifier: str) -> int | None:
        """Return the number of an id, through its redirect; None for what is no id. Redirects lead to no redirect."""
        if not _ID.fullmatch(identifier):
            return None
        number = number_of(identifier)
        rows = self._all("SELECT new FROM redirect WHERE old = ?", number)
        return int(rows[0][0]) if rows else number

    def _entities(self, numbers: list[int]) -> list[Entity]:
        """Return the entities of these numbers that are here, by rising number."""
        found: list[Entity] = []
        for at in range(0, len(numbers), 500):
            some = numbers[at : at + 500]
            found += map(_entity, self._all(_ENTITY + f"WHERE id IN ({','.join('?' * len(some))})", *some))
        return sorted(found, key=lambda each: number_of(each.id))

    def _hit(self, entity: Entity, text: str, *, exact: bool) -> Hit:
        """Return a hit with the best of the names that match."""
        if exact:
            return Hit(entity, text, exact=True)
        key = fold(text)
        name = next((name.text for name in self.names(entity.id) if fold(name.text) == key), entity.label)
        return Hit(entity, name, exact=False)


def open_authority(path: Path) -> Authority:
    """Open an authority file to read, and never write to it. Raises AuthorityError for what is none."""
    if not path.is_file():
        raise AuthorityError(path, f"There is no authority at {path}; build one with `pactgraph authority build`.")
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False, cached_statements=64
    )
    try:
        (application,), (version,) = (
            connection.execute(f"PRAGMA {each}").fetchone() for each in ("application_id", "user_version")
        )
        if application == APPLICATION and version == VERSION:
            connection.execute(f"PRAGMA mmap_size = {_MAPPED}")
            return Authority(path, connection)
    except sqlite3.DatabaseError:
        application = version = 0
    connection.close()
    if application == APPLICATION and version > VERSION:
        message = f"{path} is an authority of format {version}, but this Pactgraph knows {VERSION}; upgrade Pactgraph."
        raise AuthorityError(path, message)
    raise AuthorityError(path, f"{path} is no authority of Pactgraph; build one with `pactgraph authority build`.")


def fold(text: str) -> str:
    """Return the key under which names that differ in case, punctuation or spacing are one.

    NFKC, case folded, hyphens and dashes as spaces, other punctuation and invisible characters left out, one space
    between words; accents stay. Idempotent. Empty for a text without letters, digits or symbols.
    """
    return _settle(text, str.casefold)


def cased(text: str) -> str:
    """Return a text as ``fold`` does, but in its own case."""
    return _settle(text, str)


def acronym_form(text: str) -> str:
    """Return the form that a name has to be written in if it is an acronym ("U.S." → "US"), else an empty text.

    An acronym is one word of two to eight letters and digits with a capital and without a small letter.
    """
    if text.upper() != text:  # nearly every name has a small letter, which no folding takes away
        return ""
    form = cased(text)
    is_one = 2 <= len(form) <= _ACRONYM_LETTERS and form.isalnum() and form == form.upper() and form != form.lower()
    return form if is_one else ""


def covers(start: str | None, end: str | None, day: dt.date) -> bool:
    """Whether a time from ``start`` to ``end`` (ISO 8601, as precise as known) has this day in it.

    False without a start; without an end it goes on.
    """
    iso = day.isoformat()
    return bool(start) and str(start) <= iso and (not end or iso[: len(end)] <= end)


def number_of(identifier: str) -> int:
    """Return the number of an id: 17 of "Q17"."""
    return int(identifier[1:])


def _settle(text: str, change: Any) -> str:
    if text.isascii():
        return " ".join(change(text.translate(_BARE)).split())
    nfkc = partial(unicodedata.normalize, "NFKC")
    before = None
    while text != before:  # twice for nearly every text: folding can make something to fold
        before = text
        text = nfkc(change(nfkc(text.translate(_BARE))))
    return " ".join(text.split())


def _bare(character: str) -> str:
    """Return what stays of a character: a space of a dash or slash, nothing of other punctuation and the invisible."""
    category = unicodedata.category(character)
    if category == "Pd" or character in "/\\_":
        return " "
    if category == "Cc" and character.isspace():
        return " "
    return "" if category[0] == "P" or category in {"Cc", "Cf"} or character in "®™©" else character


def _is_written(form: str, written: str) -> bool:
    """Whether a text writes an acronym of this form."""
    return written == form or (len(form) >= _SPOKEN_LETTERS and written == form.capitalize())


def _entity(row: tuple[Any, ...]) -> Entity:
    number, label, description, type_, status, prior, country, start, end, classes = row
    return Entity(
        f"Q{number}", label, description, type_, status, prior, _id(country), start, end, tuple(classes.split())
    )


def _id(number: int | None) -> str | None:
    return None if number is None else f"Q{number}"


def _by_prior(entity: Entity) -> tuple[int, int]:
    return -entity.prior, number_of(entity.id)


def _name_order(name: Name) -> tuple[int, str, str]:
    return KINDS.index(name.kind), name.language, name.text


class _Bare(dict[int, str]):
    """What stays of each character by its number, worked out where it occurs first: a table of a million else."""

    def __missing__(self, number: int) -> str:
        self[number] = _bare(chr(number))
        return self[number]


_BARE: Final = _Bare()
