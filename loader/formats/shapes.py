"""From a JSON value to records: schema.org, ninjs, an envelope with articles inside, or plain fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.formats import ninjs
from loader.formats.fields import NAMES, draft_of, mapped, value_of
from loader.formats.fragment import fragment_lines
from loader.formats.markup import lines_in, recognised
from loader.formats.newsarticle import articles_in
from loader.formats.record import Markup, Record, Refused
from loader.formats.text import compose, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.formats.fields import Draft
    from loader.formats.record import Options

_ENVELOPES = ("articles", "items", "results", "data", "documents", "records", "response")
_MARKUP_SHARE = 4  # times the limit of the text is the most that mark-up may make of it
_DEEPEST = 3  # envelopes inside each other, as in {"response": {"results": […]}}


def records_in(value: object, line: int, options: Options, *, alone: bool = False) -> Iterator[Record | Refused]:
    """Yield the records of a JSON value that starts at a line, and a Refused for each that is no article.

    ``alone`` says that the file holds no other value.
    """
    articles = list(_articles(value, _DEEPEST))
    for article in articles:
        try:
            yield _record(article, line, options, alone=alone and len(articles) == 1)
        except Refused as refused:
            yield Refused(str(refused), line)
    if not articles:
        yield Refused("The list is empty.", line)


def _articles(value: object, depth: int) -> Iterator[object]:
    """Yield what is, or should be, an article: drafts of JSON-LD, and the values that are no envelope."""
    if isinstance(value, list) and depth:
        for part in value:
            yield from _articles(part, depth - 1)
        return
    if isinstance(value, dict):
        linked = articles_in(value)
        if linked:
            yield from ([(draft, value) for draft in linked])
            return
        inside = _inside(value) if depth else None
        if inside is not None:
            yield from _articles(inside, depth - 1)
            return
    yield value


def _inside(value: dict[str, object]) -> object:
    """Return what an envelope holds: it has no text of its own, but a list of objects. None for any other value."""
    if value_of(value, "text") or ninjs.is_ninjs(value):
        return None
    for name in _ENVELOPES:
        inside = value.get(name)
        if isinstance(inside, list) and inside and all(isinstance(part, dict) for part in inside):
            return inside
        if name == "response" and isinstance(inside, dict):
            return inside
    return None


def _record(article: object, line: int, options: Options, *, alone: bool) -> Record:
    if isinstance(article, tuple):
        draft, raw = article
    elif isinstance(article, dict):
        draft, raw = ninjs.item(article) if ninjs.is_ninjs(article) else draft_of(article), article
    else:
        kind = {str: "a string or number", list: "a list", bool: "true or false"}.get(type(article), "null")
        message = f"The record is {kind}, not an object with fields such as title and text."
        raise Refused(message)
    draft = mapped(draft, raw, options.field_map)
    _check(draft, options)
    title, body = draft.title, draft.text or ""
    if len(body) > _MARKUP_SHARE * options.limit:
        within(body, options.limit)  # not even without its mark-up; do not spend time on it
    markup = next((each for each in (options.markup, draft.markup) if each is not Markup.AUTO), recognised(body))
    if markup is Markup.HTML:
        title = " ".join(fragment_lines(title or ""))
    return Record(compose(title, lines_in(body, markup), options.limit), draft.metadata, line, alone=alone)


def _check(draft: Draft, options: Options) -> None:
    """Raise Refused, saying where it was looked for, unless there is a title and a text."""
    for field, found in (("title", draft.title), ("text", draft.text)):
        if not (found or "").strip():
            if field in options.field_map:
                message = f"The record has no {field} in “{options.field_map[field]}”, where --map says it is."
            else:
                names = ", ".join(NAMES[field][:4])
                message = f"The record has no {field} ({names}, …); if it is in another field, say --map {field}=NAME."
            raise Refused(message)
