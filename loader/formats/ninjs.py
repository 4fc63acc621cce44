"""ninjs, the IPTC's news in JSON: 1.x with a field for each body, 2.x and 3.x with lists of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.formats.fields import Draft, folded, folded_name, markup_of, name_of, names_of, words
from loader.formats.record import Markup, Metadata, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MARKS = frozenset({"versioncreated", "bodies", "headlines", "bodytext", "bodyhtml", "bodyxhtml", "pubstatus"})
_NO_TEXT = frozenset({"audio", "video", "picture", "graphic", "planning", "event"})  # types; what they say is a caption
_MAIN = ("main", "text", "")  # the roles, and the endings of names in 1.x, that come first


def is_ninjs(record: Mapping[str, object]) -> bool:
    """Whether a record has the shape of a ninjs item: it says so, or has a URI and fields that only ninjs has."""
    standard = record.get("$standard") or record.get("standard")
    if isinstance(standard, dict) and words(standard.get("name")) == "ninjs":
        return True
    return "uri" in record and any(folded_name(name) in _MARKS for name in record)


def item(record: Mapping[str, object]) -> Draft:
    """Return the article in a ninjs item. Raises Refused for one that is no text, or that its provider holds back.

    The date is that of the version (``versioncreated``), for that is the text at hand. The body in plain text is
    preferred, then one in HTML.
    """
    held = folded(record)
    status = words(held.get("pubstatus"))
    if status in {"canceled", "withheld"}:
        message = f"The provider has set the item's pubstatus to {status}; it is not for use."
        raise Refused(message)
    kind = words(held.get("type"))
    if kind in _NO_TEXT:
        message = f"The item is of type {kind}, not an article."
        raise Refused(message)
    titles = [*_listed(held.get("headlines")), *_numbered(record, "headline"), ("", "", words(held.get("title")))]
    bodies = sorted(
        [*_listed(held.get("bodies")), *_numbered(record, "body")],
        key=lambda body: markup_of(body[1]) is Markup.HTML,
    )
    title = next((text for _, _, text in _main_first(titles) if text), None)
    text, media = next(((text, media) for _, media, text in _main_first(bodies) if text), (None, ""))
    metadata = Metadata(
        date=words(held.get("versioncreated")) or words(held.get("firstcreated")),
        outlet=name_of(held.get("infosource"))
        or name_of(held.get("infosources"))
        or name_of(held.get("copyrightholder")),
        authors=names_of(held.get("byline")) or names_of(held.get("by")),
        language=words(held.get("language")),
        license=words(held.get("usageterms")),
        identifier=words(held.get("uri")),
    )
    return Draft(words(title), text, markup_of(media), metadata)


def _listed(value: object) -> list[tuple[str, str, str | None]]:
    """Return role, media type and text of each part of a list (2.x, 3.x)."""
    found: list[tuple[str, str, str | None]] = []
    for part in value if isinstance(value, list) else ():
        if isinstance(part, dict):
            held = folded(part)
            text = held.get("value")
            media = words(held.get("contenttype")) or ""
            found.append((words(held.get("role")) or "", media, text if isinstance(text, str) else None))
    return found


def _numbered(record: Mapping[str, object], stem: str) -> list[tuple[str, str, str | None]]:
    """Return ending, media type as far as the ending says it, and text of each field of a family (1.x)."""
    found: list[tuple[str, str, str | None]] = []
    for name, text in record.items():
        family, _, ending = name.partition("_")
        if family == stem and isinstance(text, str):
            found.append((ending, "html" if "html" in ending else "", text))
    return found


def _main_first(parts: Iterable[tuple[str, str, str | None]]) -> list[tuple[str, str, str | None]]:
    return sorted(parts, key=lambda part: part[0] not in _MAIN)
