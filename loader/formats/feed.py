"""Feeds: RSS (0.9 to 2.0) and Atom, each item an article. No network, no document type, no entities."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from loader.formats.record import Refused
from loader.formats.shapes import records_in

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    Element = Any  # lxml has no type stubs

    from loader.formats.record import Options, Record

_ATOM = frozenset({"http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"})
_OURS = _ATOM | {  # of other vocabularies nothing is read: the "title" of Media RSS is that of a picture
    "",
    "http://purl.org/rss/1.0/",
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://purl.org/rss/1.0/modules/content/",
    "http://purl.org/dc/elements/1.1/",
}
_ROOTS = frozenset({"rss", "feed", "RDF"})
_ITEMS = frozenset({"item", "entry"})
_OF_ALL = frozenset({"language", "publisher"})  # what a feed may say once for all its items
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_MARKS = re.compile(r"<[a-zA-Z/!]|&[#\w]+;")
_MAILBOX = re.compile(r"\S+@\S+(?:\s+\((?P<name>[^)]+)\))?")  # an author in RSS 2.0: ada@example.org (Ada Example)


def read_feed(stream: io.BufferedReader, options: Options) -> Iterator[Record | Refused]:
    """Yield the articles of a feed, each with the line that its item starts in.

    The text is the content of an item; where it has none, its RSS description, which may be the whole text by RSS 2.0,
    but never an Atom summary. One item is in memory at a time. After broken XML the rest is not read.
    """
    from lxml import etree  # type: ignore[import-untyped]  # noqa: PLC0415 (no stubs; slow, and most runs read no feed)

    if not stream.peek(1):
        yield Refused("The file is empty.")
        return
    known: dict[str, object] = {}
    count = 0
    events = etree.iterparse(stream, events=("start", "end"), resolve_entities=False, no_network=True)
    try:
        for event, element in events:
            name = _name(element)
            parent = element.getparent()
            if event == "start":
                if parent is None:
                    _check(name, element)
                    known["language"] = element.get(_LANGUAGE)
            elif name in _ITEMS:
                count += 1
                yield from _records(element, known, options)
                _forget(element)
            elif name in _OF_ALL and parent is not None and _name(parent) in {"channel", "feed"}:
                known[name] = element.text
    except etree.XMLSyntaxError as error:
        told = next(iter(events.error_log), None)  # the first is the reason, and the error itself may be a consequence
        problem = (told.message if told else str(error)).rstrip(".")
        place = f" at column {told.column}" if told else ""
        yield Refused(f"The XML is broken{place}, and was read no further: {problem}.", told.line if told else None)
    except Refused as refused:
        yield refused
    else:
        if not count:
            yield Refused("The feed has no items.")


def _records(item: Element, known: dict[str, object], options: Options) -> Iterator[Record | Refused]:
    from lxml import etree  # noqa: PLC0415 (as above)

    if next(item.iter(etree.Entity), None) is None:
        yield from records_in(known | _fields(item), item.sourceline, options)
    else:
        yield Refused("The item uses an entity that its file defines; write the characters instead.", item.sourceline)


def _forget(element: Element) -> None:
    """Let go of an item that was read and of all before it, so that memory does not grow with the feed."""
    element.clear(keep_tail=False)
    while element.getprevious() is not None:
        del element.getparent()[0]


def _check(name: str, root: Element) -> None:
    if name not in _ROOTS:
        message = (
            f"The XML is no RSS or Atom feed (it starts with <{root.tag.rpartition('}')[2]}>), and no other is read."
        )
        raise Refused(message, root.sourceline)


def _fields(item: Element) -> dict[str, object]:
    """Return what an item says, under the names that records use; of elements that come twice, the first."""
    fields: dict[str, object] = {"id": item.get(_ABOUT), "language": item.get(_LANGUAGE)}
    authors: list[str] = []
    for part in item:
        name = _name(part)
        if name in {"creator", "author"}:
            authors += _author(part)
        elif name == "link" and part.get("href") is not None:
            if part.get("rel", "alternate") == "alternate":
                _set(fields, "link", part.get("href"))
        elif name == "guid":
            _set(fields, "id", part.text)
            if part.get("isPermaLink", "true") == "true":
                _set(fields, "permalink", part.text)
        elif name == "encoded":
            fields["content_html"] = part.text
        elif name == "content" and part.get("src") is None:
            kind = part.get("type", "text")
            _set(fields, "content_text" if kind in {"text", "text/plain"} else "content_html", _marked_up(part))
        elif name == "date":
            _set(fields, "published", part.text)
        elif name in {"title", "pubDate", "published", "issued", "id", "link", "description", "summary", "language"}:
            _set(fields, "published" if name == "issued" else name, _marked_up(part))
        elif name in {"publisher", "source"}:
            _set(fields, name, part.text)
    if not fields.get("content_html") and not fields.get("content_text"):
        described = str(fields.pop("description", None) or "")
        fields["content_html" if _MARKS.search(described) else "content"] = described
    return {**{name: value for name, value in fields.items() if value}, "authors": authors}


def _set(fields: dict[str, object], name: str, value: str | None) -> None:
    if not fields.get(name):
        fields[name] = value


def _author(part: Element) -> list[str]:
    """Return the names that an element gives: Atom has them inside, RSS 2.0 a mailbox, Dublin Core the name itself."""
    inside = [each.text for each in part if _name(each) == "name" and each.text]
    if inside:
        return inside
    text = (part.text or "").strip()
    mailbox = _MAILBOX.fullmatch(text)
    return [name for name in [mailbox["name"] if mailbox else text] if name]


def _marked_up(part: Element) -> str:
    """Return the words of an element, with the mark-up of XHTML as mark-up."""
    from lxml import etree  # noqa: PLC0415 (as above)

    if len(part) == 0:
        return part.text or ""
    return (part.text or "") + "".join(etree.tostring(each, encoding="unicode", method="html") for each in part)


def _name(element: Element) -> str:
    """Return the local name of an element of the vocabularies that are read, "" for any other."""
    space, _, name = element.tag.rpartition("}") if isinstance(element.tag, str) else ("", "", "")
    return name if space.removeprefix("{") in _OURS or name == "RDF" else ""
