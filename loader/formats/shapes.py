"""From a JSON value to records: schema.org, ninjs, an envelope with articles inside, or plain fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loader.formats import ninjs
from loader.formats.fields import NAMES, draft_of, folded, folded_name, mapped, value_of
from loader.formats.fragment import fragment_lines
from loader.formats.markup import lines_in, recognised
from loader.formats.newsarticle import articles_in
from loader.formats.record import Markup, Record, Refused
from loader.formats.text import compose, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.formats.fields import Draft
    from loader.formats.record import Options

_ENVELOPES = ("articles", "items", "results", "data", "documents", "docs", "records", "response")
_MARKUP_SHARE = 4  # times the limit of the text is the most that mark-up may make of it
_DEEPEST = 3  # envelopes inside each other, as in {"response": {"results": […]}}
_SUMMARIES = ("description", "summary", "abstract", "snippet", "lead_paragraph", "excerpt")
_WITHHELD = frozenset({"[removed]", "only available in paid plans"})  # what NewsAPI and NewsData have in a text's place
_CUT = re.compile(r"\s*\[\+?(\d+) char(?:acter)?s\]\s*\Z")  # how NewsAPI and GNews end a text that they cut off


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
        if isinstance(inside, list) and all(isinstance(part, dict) for part in inside):
            return inside
        if isinstance(inside, dict) and (name == "response" or _inside(inside) is not None):
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
    _check(draft, raw, options)
    title, body, remark = draft.title, *_uncut(draft.text or "")
    if len(body) > _MARKUP_SHARE * options.limit:
        within(body, options.limit)  # not even without its mark-up; do not spend time on it
    markup = next((each for each in (options.markup, draft.markup) if each is not Markup.AUTO), recognised(body))
    if markup is Markup.HTML:
        title = " ".join(fragment_lines(title or ""))
    text = compose(title, lines_in(body, markup), options.limit)
    return Record(text, draft.metadata, line, alone=alone, remark=remark)


def _uncut(body: str) -> tuple[str, str | None]:
    """Return the body without the mark of one that was cut off, and a remark where it had one."""
    cut = _CUT.search(body)
    if cut is None:
        return body, None
    return body[: cut.start()], f"The text is cut off: {int(cut[1]):,} more characters of it are not in the file."


def _check(draft: Draft, raw: dict[str, object], options: Options) -> None:
    """Raise Refused, saying where it was looked for, unless there is a title and a text."""
    if (draft.text or "").strip().casefold() in _WITHHELD:
        message = f"The service that the record comes from withheld the text, and wrote “{draft.text}” in its place."
        raise Refused(message)
    for field, found in (("title", draft.title), ("text", draft.text)):
        if not (found or "").strip():
            held = folded(raw) if field == "text" else {}
            summary = next((name for name in _SUMMARIES if folded_name(name) in held), None)
            if field in options.field_map:
                message = f"The record has no {field} in “{options.field_map[field]}”, where --map says it is."
            elif summary:
                message = f"The record has no text but a field “{summary}”; to read that, say --map text={summary}."
            else:
                names = ", ".join(NAMES[field][:4])
                message = f"The record has no {field} ({names}, …); if it is in another field, say --map {field}=NAME."
            raise Refused(message)
