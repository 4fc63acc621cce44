"""Readings of short texts for the tests of extraction: the real model, the real registry, each loaded once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from loader.document import Article, EntityKind, ReportMode, Span, StatementKind
from loader.extraction.reference.mentions import find_mentions
from loader.extraction.text import tokens
from loader.extraction.text.page import read_page
from loader.extraction.text.parse import load_model
from loader.extraction.text.quotations import find_quotations
from loader.extraction.text.reading import Attribution, Reading
from loader.registry import Registry

if TYPE_CHECKING:
    from spacy.language import Language

    from loader.document import Entity

model = cache(load_model)
registry = cache(Registry.load)


def reading(*lines: str) -> Reading:
    """Return the reading of an article with these paragraphs, under a headline that names nobody."""
    return read("\n".join(("Ten things to know today", *lines)))


def read(text: str) -> Reading:
    """Return the reading of a canonical text."""
    doc = tokens.read(_model()(text))
    page = read_page(text)
    quotations = find_quotations(text, page)
    found = find_mentions(doc, page, registry(), quotations)
    return Reading(
        Article(text, "test"), doc, page, registry(), quotations, found.mentions, found.groups, found.unnamed
    )


def _model() -> Language:
    return model()


def denoted(parsed: Reading, words: str, nth: int = 0) -> str:
    """Return the keys of what the ``nth`` occurrence of the words denotes, "" for nothing, unnamed ones by label."""
    start = -1
    for _ in range(nth + 1):
        start = parsed.article.text.index(words, start + 1)
    span = Span(start, start + len(words))
    named = [mention.entity for mention in parsed.mentions if span == mention.span]
    named += [entity for group in parsed.groups if span == group.span for entity in group.entities]
    unnamed = [mention.entity for mention in parsed.unnamed if span == mention.span]
    return " ".join([entity.key for entity in named] + [f"({entity.label})" for entity in unnamed])


def attribution(parsed: Reading, source: str | None, *relays: str, nth: int = 0) -> Attribution:
    """Return an attribution of this article's last words to the ``nth`` occurrence of these source words."""
    text = parsed.article.text
    start = -1
    for _ in range(nth + 1):
        start = text.index(source, start + 1) if source is not None else start
    span = Span(start, start + len(source)) if source is not None else None
    end = Span(len(text) - 2, len(text) - 1)
    last = parsed.doc[len(parsed.doc) - 1]
    return Attribution(
        end,
        ReportMode.INDIRECT,
        StatementKind.SPEECH,
        end,
        last,
        span,
        parsed.tokens(span).root if span is not None else None,
        relays=tuple(Span(text.index(words), text.index(words) + len(words)) for words in relays),
    )


def name(entity: Entity) -> str:
    """Return an entity's key; an unnamed source's label and affiliation."""
    if entity.kind is not EntityKind.UNNAMED_SOURCE:
        return entity.key
    return f"{entity.label} <{entity.affiliation.key if entity.affiliation else ''}>"
