"""The fields of a record: which of them holds the title, the text, the date, under the names that are in use."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from loader.formats.record import InputError, Markup, Metadata
from loader.formats.text import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What each field is called: in our own files, NewsAPI, NewsData, Event Registry, news-please, JSON Feed, the APIs of
# the Guardian, the New York Times and WordPress, tables of Common Crawl's news, common front matter. Names are compared
# without case, "-", "_" and blanks; the first that holds something counts.
NAMES: dict[str, tuple[str, ...]] = {
    field: tuple(names.split())
    for field, names in {
        "title": "title headline webtitle",
        "text": "text body content articlebody articletext fulltext maintext bodytext plaintext contenttext bodyhtml "
        "contenthtml",
        "date": "date published publishedat publishedtime publishedon publisheddate datepublished datepublish "
        "publicationdate publishdate pubdate webpublicationdate",
        "url": "url sourceurl canonicalurl link permalink weburl articleurl requestedurl",
        "outlet": "outlet site sitename publisher publication newspaper source",
        "author": "author authors byline creator",
        "language": "language lang inlanguage",
        "license": "license licence",
        "id": "id identifier uri guid uuid",
    }.items()
}
_INSIDE = (
    "@value",
    "name",
    "rendered",
    "value",
    "text",
    "title",
    "main",
    "original",
    "url",
    "@id",
)  # where an object keeps its words
_FIELDS = {"date": "date", "url": "url", "outlet": "outlet", "authors": "author", "language": "language"} | {
    "license": "license",
    "identifier": "id",
}
_BYLINE = re.compile(r"by\s+(?=\S)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


def field_map(text: str) -> dict[str, str]:
    """Return what ``title=headline,text=content.rendered`` says: our field's name, and the path to it in a record.

    A path is the names of nested fields, or positions in lists from 0, joined by dots. Raises InputError for anything
    else.
    """
    mapped: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, path = (piece.strip() for piece in part.partition("="))
        if not equals or not path:
            message = f"“{part}” maps nothing; write it as title=headline,text=body."
            raise InputError(message)
        if name not in NAMES:
            message = f"There is no field “{name}” to map to; the fields are {', '.join(NAMES)}."
            raise InputError(message)
        if name in mapped:
            message = f"The field “{name}” is mapped twice; name one source for it."
            raise InputError(message)
        mapped[name] = path
    return mapped


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as a record gives it: ``text`` as it is written, in ``markup``.

    ``is_restricted`` says that its publisher shows the whole of it to some readers only.
    """

    title: str | None
    text: str | None
    markup: Markup
    metadata: Metadata
    is_restricted: bool = False


def draft_of(record: Mapping[str, object]) -> Draft:
    """Return what the usual names hold, in the record or in an object ``fields`` inside it (the Guardian's API)."""
    held = folded(record)
    more = held.get("fields")
    if isinstance(more, dict):
        held = folded(more) | held
    name, text = _usual(held, "text")
    title = words(_usual(held, "title")[1])
    return Draft(title, body_of(text), markup_of(name), _metadata({field: _usual(held, field)[1] for field in NAMES}))


def metadata_of(record: Mapping[str, object]) -> Metadata:
    """Return the metadata that the usual names hold, as they are written."""
    held = folded(record)
    return _metadata({field: _usual(held, field)[1] for field in NAMES})


def mapped(draft: Draft, record: Mapping[str, object], names: Mapping[str, str]) -> Draft:
    """Return the draft with every field that is mapped taken from where the map says, and from nowhere else."""
    values = {field: _at(record, path) for field, path in names.items()}
    given = _metadata({field: values.get(field) for field in NAMES})
    metadata = {
        each.name: getattr(given if _FIELDS[each.name] in values else draft.metadata, each.name)
        for each in fields(given)
    }
    own = "text" in values
    return Draft(
        title=words(values["title"]) if "title" in values else draft.title,
        text=body_of(values["text"]) if own else draft.text,
        markup=markup_of(names["text"]) if own else draft.markup,
        metadata=Metadata(**metadata),
        is_restricted=draft.is_restricted,
    )


def value_of(record: Mapping[str, object], field: str) -> object:
    """Return what the first usual name of one of our fields holds, None if none does."""
    return _usual(folded(record), field)[1]


def folded(record: Mapping[str, object]) -> dict[str, object]:
    """Return what the record holds by its names as they are compared; of names that fold to one, the first."""
    held: dict[str, object] = {}
    for name, value in record.items():
        if not _is_void(value):
            held.setdefault(folded_name(name), value)
    return held


def folded_name(name: str) -> str:
    """Return the name of a field as it is compared: no case, no ``-``, ``_`` or blanks, no prefix such as ``dc:``."""
    return name.rpartition(":")[2].replace("-", "").replace("_", "").replace(" ", "").casefold()


def words(value: object) -> str | None:
    """Return the words of a value on one line: of a list the first, of an object its name or value; None if none."""
    return next(_all_words(value), None)


def name_of(value: object) -> str | None:
    """Return the words of a value unless they are an address."""
    return next((name for name in _all_words(value) if not _ADDRESS.match(name)), None)


def names_of(value: object) -> tuple[str, ...]:
    """Return the names in a value, each once, without a leading "By" and without addresses."""
    found = (_BYLINE.sub("", name, count=1) if _BYLINE.match(name) else name for name in _all_words(value))
    return tuple(dict.fromkeys(name for name in found if not _ADDRESS.match(name)))


def body_of(value: object) -> str | None:
    """Return the text of a body: a string, an object that holds one, or a list of paragraphs; None if there is none."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return next((inner for inner in (value.get(name) for name in _INSIDE) if isinstance(inner, str)), None)
    if isinstance(value, list):
        parts = [body_of(part) for part in value if not isinstance(part, list)]
        return "\n\n".join(part for part in parts if part) or None
    return None


def markup_of(said: str) -> Markup:
    """Return what a body is written in, as far as its media type or its field's name says it."""
    kind = said.lower()
    if "html" in kind:
        return Markup.HTML
    if "markdown" in kind:
        return Markup.MARKDOWN
    return Markup.PLAIN if kind.startswith("text/") else Markup.AUTO


def _metadata(values: Mapping[str, object]) -> Metadata:
    return Metadata(
        date=words(values["date"]),
        url=words(values["url"]),
        outlet=name_of(values["outlet"]),
        authors=names_of(values["author"]),
        language=words(values["language"]),
        license=words(values["license"]),
        identifier=words(values["id"]),
    )


def _all_words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        line = line_of(value)
        if line:
            yield line
    elif isinstance(value, dict):
        first = next(
            (words(value[name]) for name in _INSIDE if not isinstance(value.get(name), dict | list | None)), None
        )
        if first:
            yield first
    elif isinstance(value, list):
        for part in value:
            if not isinstance(part, list):
                yield from _all_words(part)


def _usual(held: Mapping[str, object], field: str) -> tuple[str, object]:
    return next(((name, held[name]) for name in NAMES[field] if name in held), ("", None))


def _at(record: Mapping[str, object], path: str) -> object:
    """Return what is at the end of a path, None where it leads nowhere; a name with dots in it is tried first."""
    if path in record:
        return record[path]
    here: object = record
    for step in path.split("."):
        if isinstance(here, dict):
            here = here.get(step)
        elif isinstance(here, list) and step.isdecimal() and int(step) < len(here):
            here = here[int(step)]
        else:
            return None
    return here


def _is_void(value: object) -> bool:
    return (
        value is None or isinstance(value, bool) or value in ({}, []) or (isinstance(value, str) and not value.strip())
    )
