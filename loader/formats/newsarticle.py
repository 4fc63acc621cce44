"""schema.org: the article in JSON-LD, on its own, in a graph, or beside the page that holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.formats.fields import Draft, body_of, name_of, names_of, words
from loader.formats.record import Markup, Metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PREFIXES = ("schema:", "http://schema.org/", "https://schema.org/")
_OTHER_TYPES = frozenset({"BlogPosting", "LiveBlogPosting", "Report"})  # the rest end in "Article"
_MOST_NODES = 1000  # of one record; a page has some ten


def articles_in(value: object) -> list[Draft]:
    """Return the articles among the nodes of a JSON-LD document, in its order; none in any other value."""
    nodes = [_unprefixed(node) for node in _nodes(value)]
    named = {node["@id"]: node for node in reversed(nodes) if isinstance(node.get("@id"), str)}
    return [_draft(node, named) for node in nodes if is_article(node)]


def is_article(node: Mapping[str, object]) -> bool:
    """Whether a node's type is an article's (https://schema.org/Article and what is under it)."""
    types = node.get("@type")
    names = types if isinstance(types, list) else [types]
    plain = [_unprefixed_name(name) for name in names if isinstance(name, str)]
    return any(name.endswith("Article") or name in _OTHER_TYPES for name in plain)


def _draft(node: Mapping[str, object], named: Mapping[object, Mapping[str, object]]) -> Draft:
    def get(name: str) -> object:
        return _resolved(node.get(name), named)

    language = node.get("inLanguage")
    if isinstance(language, dict):
        language = language.get("alternateName") or language.get("name")
    identifier = node.get("identifier")
    if isinstance(identifier, dict):
        identifier = identifier.get("value", identifier)
    metadata = Metadata(
        date=words(node.get("datePublished")),
        url=_address(node.get("url")) or _address(node.get("mainEntityOfPage")),
        outlet=name_of(get("publisher")) or name_of(get("sourceOrganization")),
        authors=names_of(get("author")) or names_of(get("creator")),
        language=words(language),
        license=_address(node.get("license")),
        identifier=words(identifier) or words(node.get("@id")),
    )
    text = body_of(node.get("articleBody")) or body_of(node.get("text")) or _updates(node)
    title = words(node.get("headline")) or words(node.get("name"))
    is_restricted = str(node.get("isAccessibleForFree")).casefold() == "false"
    return Draft(title, text, Markup.AUTO, metadata, is_restricted)


def _updates(node: Mapping[str, object]) -> str | None:
    """Return the text of a live blog that has none but in its updates: each one's headline and text, in its order."""
    updates = node.get("liveBlogUpdate")
    parts = []
    for update in updates if isinstance(updates, list) else [updates]:
        if isinstance(update, dict):
            parts += [words(update.get("headline")), body_of(update.get("articleBody")) or body_of(update.get("text"))]
    return "\n\n".join(filter(None, parts)) or None


def _nodes(value: object) -> Iterator[Mapping[str, object]]:
    """Yield the nodes of a document in its order: itself, those of its graph, and what a page says it is about."""
    waiting = [value]
    found = 0
    while waiting and found < _MOST_NODES:
        here = waiting.pop()
        if isinstance(here, list):
            waiting.extend(reversed(here))
        elif isinstance(here, dict):
            found += 1
            yield here
            waiting.extend(here[name] for name in ("mainEntity", "@graph") if name in here)


def _resolved(value: object, named: Mapping[object, Mapping[str, object]]) -> object:
    """Return the value with the nodes that it only refers to."""
    if isinstance(value, list):
        return [_resolved(part, named) for part in value if not isinstance(part, list)]
    if isinstance(value, dict) and isinstance(value.get("@id"), str) and "name" not in value:
        return named.get(value["@id"], value)
    return value


def _address(value: object) -> str | None:
    if isinstance(value, list):
        return next(filter(None, map(_address, value)), None)
    if isinstance(value, dict):
        return next(
            (found for found in (words(value.get(name)) for name in ("@id", "url", "@value", "name")) if found), None
        )
    return words(value)


def _unprefixed(node: Mapping[str, object]) -> dict[str, object]:
    return {_unprefixed_name(name): value for name, value in node.items()}


def _unprefixed_name(name: str) -> str:
    return next((name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)), name)
