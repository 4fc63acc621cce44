"""Reads what Wikidata gives away, line by line: dumps and entities in JSON, SPARQL results, tables of names.

A line that cannot be read is a Problem with its number, and the next line is read; an archive that ends early is a
Problem where it ends. Memory holds one line at a time (SPARQL results: the whole answer).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from loader.linking.lines import Problem, Unreadable, bare_name, broken, parser, unpacked
from loader.linking.writer import LANGUAGES, Record, Tenure
from ontology.authority import Entity, Name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_MANY = 30  # classes whose mentions are not looked for, since reading the line takes no longer
MAX_NAME = 1000  # characters; a longer name names nobody in a text
_ID = re.compile(r"(?:https?://www\.wikidata\.org/(?:entity|wiki)/)?(Q[1-9][0-9]{0,17})")
_TIME = re.compile(r"([+-][0-9]{1,16})-([0-9]{2})-([0-9]{2})T")
_INTERNAL: Final = {"Q17442446"}  # Wikimedia-internal item
_INTERNAL_WORDS = re.compile(
    r"^(Wikimedia (disambiguation page|category|template|list article|module|project page)|Wikimedia list)"
)
_NO_SITELINKS = re.compile(rb'"sitelinks": ?(?:\{\}|\[\])')
_TYPES: Final = {  # ids of classes that two or more public tables give
    "Q5": "person",
    "Q6256": "state",
    "Q43229": "organisation",
    "Q783794": "organisation",
    "Q4830453": "organisation",
    "Q2659904": "organisation",
    "Q484652": "partnership",
    "Q11032": "outlet",
    "Q15265344": "outlet",
    "Q294414": "office",
    "Q2221906": "place",
    "Q82794": "place",
    "Q1656682": "event",
}
_HINTS: Final = (
    ("P39", "person"),
    ("P297", "state"),
    ("P6782", "organisation"),
    ("P1278", "organisation"),
    ("P1566", "place"),
)
_EXTERNALS: Final = {
    "P214": "viaf",
    "P227": "gnd",
    "P213": "isni",
    "P6782": "ror",
    "P1278": "lei",
    "P1566": "geonames",
    "P297": "iso3166-1-alpha-2",
    "P298": "iso3166-1-alpha-3",
    "P299": "iso3166-1-numeric",
    "P244": "loc",
    "P10632": "opensanctions",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A name of an entity that another source tells of."""

    id: str
    name: Name


@dataclass(frozen=True, slots=True)
class Redirect:
    """That an id was merged into another."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Which entities are kept, and which of their names: of these classes (P31), this well known, in these languages.

    Empty sets choose all. Names in "mul" are always kept. With ``subclasses``, the classes below these (P279) count,
    too; that takes a reading of its own.
    """

    classes: frozenset[str] = field(default_factory=frozenset)
    sitelinks: int = 0
    languages: frozenset[str] = field(default_factory=frozenset)
    subclasses: bool = False

    def has(self, language: str) -> bool:
        """Whether names in a language are kept."""
        return not self.languages or language in self.languages or language == "mul"

    def may_have(self, line: bytes) -> bool:
        """Whether the entity on a line of JSON may be chosen, without reading it: a fortieth of the work.

        A redirect always may. An entity with fewer sitelinks, each of which names its ``site``, or that mentions none
        of the classes, may not.
        """
        if not line.rstrip().endswith((b"}", b"},")):
            return True  # it broke off, which is to be told
        if self.sitelinks:
            sites = line.count(b'"site":')
            if sites < self.sitelinks and (sites or _NO_SITELINKS.search(line)):
                return False
        if not self.classes or len(self.classes) > _MANY:
            return True
        return any(each in line for each in self._mentions) or b'"redirects"' in line

    @property
    def _mentions(self) -> list[bytes]:
        return [f'"{each}"'.encode() for each in sorted(self.classes)]


Item = Record | Named | Redirect | Problem


def read_input(path: Path, choice: Choice, after: int = 0) -> Iterator[tuple[int, int, Item | None]]:
    """Give (line, bytes of the file read so far, what the line says), from the line after ``after`` on.

    None stands for a line that says nothing that is chosen. Raises Unreadable.
    """
    name = bare_name(path)
    try:
        raw = path.open("rb")
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
        raise Unreadable(message) from None
    with raw:
        if name.endswith(".parquet"):
            yield from _parquet(path, choice, after)
            return
        stream = unpacked(path, raw)
        if name.endswith(".srj"):
            for line, item in enumerate(_answer(path, stream, choice), 1):
                if line > after:
                    yield line, raw.tell(), item
            return
        is_table, parse = name.endswith(".tsv"), parser()
        line = 0
        try:
            for line, text in enumerate(stream, 1):
                if line > after:
                    if is_table:
                        yield line, raw.tell(), _row(path.name, line, text, choice)
                    elif not choice.may_have(text):
                        yield line, raw.tell(), None
                    else:
                        for each in _entity_line(path.name, line, text, choice, parse):
                            yield line, raw.tell(), each
        except broken() as error:
            yield line + 1, raw.tell(), Problem(path.name, line + 1, f"the archive is damaged or ends early ({error}).")


def read_subclasses(path: Path) -> Iterator[tuple[int, str, str | None]]:
    """Give (bytes of the file read so far, class, class right above it, P279) of a file of entities in JSON.

    Only lines that mention the property are read; of every ten thousandth other one (…, "", None) tells that it passed.
    What is wrong with a line or with the archive is told by `read_input`. Raises Unreadable.
    """
    parse = parser()
    try:
        with path.open("rb") as raw:
            for line, text in enumerate(unpacked(path, raw)):
                if b'"P279"' not in text:
                    if line % 10_000 == 0:
                        yield raw.tell(), "", None
                    continue
                try:
                    said = parse(text.strip().removesuffix(b","))
                    above = list(_ids(said["claims"], "P279"))
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                    continue
                for each in above:
                    if _ID.fullmatch(str(said.get("id"))):
                        yield raw.tell(), said["id"], each
    except broken():
        if not path.is_file():
            message = f"{path} cannot be read."
            raise Unreadable(message) from None


def _row(source: str, line: int, text: bytes, choice: Choice) -> Item | None:
    """Read a row of (id, language, value)."""
    try:
        cells = text.decode("utf-8").rstrip("\r\n").split("\t")
    except UnicodeDecodeError:
        return Problem(source, line, "is not UTF-8.")
    if line == 1 and cells and not _ID.fullmatch(cells[0]):
        return None  # the names of the columns
    return _named(source, line, cells, choice)


def _named(source: str, line: int, cells: list[str], choice: Choice) -> Item | None:
    found = _ID.fullmatch(cells[0]) if len(cells) == 3 else None
    if not found:
        return Problem(source, line, "is no row of id, language and value.")
    if not choice.has(cells[1]):
        return None
    if not cells[2].strip() or len(cells[2]) > MAX_NAME:
        return Problem(source, line, f"{found[1]} has a name of {len(cells[2]):,} characters.")
    return Named(found[1], Name(cells[2].strip(), cells[1], "alias"))


def _parquet(path: Path, choice: Choice, after: int) -> Iterator[tuple[int, int, Item | None]]:
    try:
        import pyarrow.parquet as reader  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415 (not everybody has it)
    except ImportError:
        message = f"{path} is Parquet; `pip install pyarrow` lets Pactgraph read it."
        raise Unreadable(message) from None
    line = 0
    for batch in reader.ParquetFile(path).iter_batches(columns=["id", "language", "value"]):
        for row in batch.to_pylist():
            line += 1
            if line > after:
                yield line, 0, _named(path.name, line, [str(row[key]) for key in ("id", "language", "value")], choice)


def _answer(path: Path, stream: Any, choice: Choice) -> Iterator[Item]:
    """Read SPARQL results in JSON: ``item`` with ``itemLabel``, ``itemDescription``, ``itemAltLabel``, ``class``."""
    try:
        rows = json.load(stream)["results"]["bindings"]
    except (ValueError, KeyError, TypeError, EOFError, OSError) as error:
        yield Problem(path.name, 1, f"is no SPARQL answer in JSON ({error}).")
        return
    for line, row in enumerate(rows, 1):
        cells = {key: value.get("value", "") for key, value in row.items()}
        found = _ID.fullmatch(cells.get("item", ""))
        label = cells.get("itemLabel", "")
        if not found or not label or _ID.fullmatch(label):
            yield Problem(path.name, line, "has no item of Wikidata with a label.")
            continue
        language = row["itemLabel"].get("xml:lang", "en")
        aliases = [each.strip() for each in cells.get("itemAltLabel", "").split(",")]
        names = [Name(label, language, "label"), *(Name(each, language, "alias") for each in aliases if each)]
        classes = tuple(match[1] for match in [_ID.fullmatch(cells.get("class", ""))] if match)
        kind = next((_TYPES[each] for each in classes if each in _TYPES), "other")
        entity = Entity(found[1], label, cells.get("itemDescription", ""), kind, classes=classes)
        kept = tuple(each for each in names if choice.has(each.language) and len(each.text) <= MAX_NAME)
        yield Record(entity, kept, evidence=((path.name, str(line)),))


def _entity_line(
    source: str, line: int, text: bytes, choice: Choice, parse: Callable[[bytes], Any]
) -> Iterator[Item | None]:
    text = text.strip().removesuffix(b",")
    if text in {b"", b"[", b"]"}:
        return
    try:
        said = parse(text)
    except (ValueError, RecursionError) as error:
        yield Problem(source, line, f"is no whole JSON ({error}).")
        return
    if not isinstance(said, dict):
        yield Problem(source, line, "is no JSON object, as each entity is.")
        return
    try:
        if "redirects" in said:
            yield Redirect(_ID.fullmatch(said["redirects"]["from"])[1], _ID.fullmatch(said["redirects"]["to"])[1])  # type: ignore[index] # told below
        if said.get("type", "item") != "item" or ("redirects" in said and "id" not in said):
            return
        if not isinstance(said.get("id"), str):
            yield Problem(source, line, "is an object without an id, as no entity is.")
        elif said["id"].startswith("Q"):
            yield from read_entity(source, line, said, choice)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{said.get('id', 'It')} is not written as Wikidata's dumps write entities ({error})."
        yield Problem(source, line, message)


def read_entity(source: str, line: int, said: dict[str, Any], choice: Choice) -> Iterator[Item | None]:
    """Give what an entity in JSON says, if it is chosen, and what of it is left out; ``line`` is where it stands."""
    identifier = _ID.fullmatch(said["id"])
    if not identifier:
        yield Problem(source, line, f"{said['id']!r} is no id of Wikidata.")
        return
    claims = said.get("claims") or {}
    classes = tuple(_ids(claims, "P31"))
    descriptions = said.get("descriptions") or {}
    description = _best(descriptions)
    links = len(said.get("sitelinks") or ())
    internal = _INTERNAL & set(classes) or _INTERNAL_WORDS.match(_best({"en": descriptions.get("en")}))
    if internal or links < choice.sitelinks or (choice.classes and not choice.classes & set(classes)):
        yield None
        return
    labels = said.get("labels") or {}
    said_of = [("label", each["language"], each["value"]) for each in labels.values()]
    said_of += [
        ("alias", each["language"], each["value"]) for some in (said.get("aliases") or {}).values() for each in some
    ]
    for property_, kind in (("P1813", "short"), ("P1549", "demonym")):
        values = (each for each in _values(claims, property_) if isinstance(each, dict))
        said_of += [(kind, each["language"], each["text"]) for each in values]
    kept = []
    for kind, language, text in said_of:
        if len(text) > MAX_NAME:
            message = f"{identifier[1]} has a name of {len(text):,} characters, which is left out."
            yield Problem(source, line, message)
        elif choice.has(language) and text.strip():
            kept.append(Name(text, language, kind))
    label = _best(labels)
    if not kept or not label or len(label) > MAX_NAME:
        yield Problem(source, line, f"{identifier[1]} has no name that can be kept.")
        return
    hints = [kind for property_, kind in _HINTS if property_ in claims]
    kinds = [_TYPES[each] for each in classes if each in _TYPES] + hints
    entity = Entity(
        identifier[1],
        label,
        description,
        kinds[0] if kinds else "other",
        "verified",
        links,
        next(iter(_ids(claims, "P17", "P27")), None),
        next(iter(_times(claims, "P569", "P571")), None),
        next(iter(_times(claims, "P570", "P576")), None),
        classes,
    )
    externals = {
        (scheme, value) for p, scheme in _EXTERNALS.items() for value in _values(claims, p) if isinstance(value, str)
    }
    yield Record(entity, tuple(kept), tuple(externals), tuple(_tenures(claims)), ((source, identifier[1]),))


def _best(said: dict[str, Any]) -> str:
    """Return the text in the preferred language: English, then "mul", then the first by its tag."""
    there = [key for key, value in said.items() if value]
    if not there:
        return ""
    return str(said[min(there, key=lambda key: (LANGUAGES.get(key, 2), key))]["value"]).strip()


def _statements(claims: dict[str, Any], property_: str) -> list[dict[str, Any]]:
    """Return the statements of a property that hold, the preferred ones first."""
    if property_ not in claims:
        return []
    valid = [each for each in claims[property_] if each.get("rank") != "deprecated"]
    return sorted(valid, key=lambda each: each.get("rank") != "preferred")


def _values(claims: dict[str, Any], *properties: str) -> Iterator[Any]:
    for property_ in properties:
        for each in _statements(claims, property_):
            snak = each.get("mainsnak", {})
            if snak.get("snaktype", "value") == "value" and "datavalue" in snak:
                yield snak["datavalue"]["value"]


def _ids(claims: dict[str, Any], *properties: str) -> Iterator[str]:
    for value in _values(claims, *properties):
        if isinstance(value, dict) and _ID.fullmatch(str(value.get("id", ""))):
            yield value["id"]


def _times(claims: dict[str, Any], *properties: str) -> Iterator[str]:
    for value in _values(claims, *properties):
        found = _time(value)
        if found:
            yield found


def _time(value: Any) -> str | None:
    """Return an ISO 8601 date, as precise as it is known; None for what is less precise than a year or before it."""
    found = _TIME.match(value.get("time", "")) if isinstance(value, dict) else None
    precision = value.get("precision", 11) if found else 0
    if not found or precision < 9 or found[1][0] == "-" or len(found[1]) > 5:
        return None
    parts = [found[1][1:].zfill(4), found[2], found[3]][: precision - 8]
    return "-".join(part for part in parts if part != "00")


def _tenures(claims: dict[str, Any]) -> Iterator[Tenure]:
    for statement in _statements(claims, "P39"):
        for office in _ids({"P39": [statement]}, "P39"):
            qualifiers = {
                key: [{"mainsnak": snak} for snak in snaks]
                for key, snaks in (statement.get("qualifiers") or {}).items()
            }
            start, end = (next(_times(qualifiers, p), None) for p in ("P580", "P582"))
            yield Tenure(office, start, end)
