"""Extraction: from an article to a document with its statements. spaCy stays behind this package.

An article goes through the rooms in this order: ``text`` (the parse and what is asked of it), ``reference`` (whom and
what its words denote), ``attribution`` (which words are attributed, by which cue, to whom), ``dating`` (its times), and
``meaning`` (who speaks, about what, with which stance). ``lexicon`` holds the tables that all of them read.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from loader.document import Document
from loader.extraction.attribution.attributions import find_attributions
from loader.extraction.attribution.llm import LanguageModel
from loader.extraction.dating.times import find_times
from loader.extraction.meaning.speakers import identify
from loader.extraction.meaning.statements import compose
from loader.extraction.reference.mentions import find_mentions
from loader.extraction.text import tokens
from loader.extraction.text.page import read_page
from loader.extraction.text.parse import load_model, parse
from loader.extraction.text.quotations import find_quotations
from loader.extraction.text.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from spacy.language import Language
    from spacy.tokens import Doc

    from loader.document import Article
    from loader.extraction.attribution.arbiter import Arbiter
    from loader.extraction.attribution.server import Server
    from loader.extraction.text.reading import Attribution
    from loader.registry import Registry

    Attributor: TypeAlias = Callable[[Reading], tuple[Attribution, ...]]

__all__ = ["Extractor", "Profile", "make_extractor"]

_BATCH = 16  # articles parsed together: more gain no speed


class Profile(StrEnum):
    """How much time reading may take: ``FAST`` knows names by the registry and by titles only."""

    FAST = "fast"
    BEST = "best"


def make_extractor(
    registry: Registry,
    *,
    profile: Profile = Profile.BEST,
    server: Server | None = None,
    arbiter: Arbiter | None = None,
) -> Extractor:
    """Return an extractor with a model of its own.

    With a server, a language model there finds the attributions; with an arbiter it keeps those of the rules that it
    takes for right. Raises OSError where the package of the parser's model is not installed.
    """
    model = load_model(names=profile is not Profile.FAST)
    if server is not None:
        return Extractor(registry, model, LanguageModel(server))
    return Extractor(registry, model, arbiter or find_attributions)


class Extractor:
    """Reads articles into documents, with the entities of a registry.

    The model is loaded when the extractor is made, unless one is handed in; it must be one of `load_model`. An
    extractor may be used for any number of articles; the same article always gives the same document, unless
    ``attribute``, which finds who said what in a reading, is not the rules but asks somebody else.
    """

    def __init__(
        self, registry: Registry, model: Language | None = None, attribute: Attributor = find_attributions
    ) -> None:
        self._registry = registry
        self._attribute = attribute
        self._model = load_model() if model is None else model

    def read(self, article: Article) -> Document:
        """Return the document of one article. Raises NoText for a text without a word in it."""
        return next(self.read_all((article,)))

    def read_all(self, articles: Iterable[Article]) -> Iterator[Document]:
        """Yield the document of each article, in order, parsing them in batches.

        Raises NoText for a text without a word in it.
        """
        batch: list[Article] = []
        for article in articles:
            batch.append(article)
            if len(batch) == _BATCH:
                yield from self._read(batch)
                batch = []
        yield from self._read(batch)

    def _read(self, batch: list[Article]) -> Iterator[Document]:
        docs = parse(self._model, (article.text for article in batch))
        for article, doc in zip(batch, docs, strict=True):
            yield self._document(article, doc)

    def _document(self, article: Article, doc: Doc) -> Document:
        page = read_page(article.text)
        words = tokens.read(doc)
        quotations = find_quotations(article.text, page)
        denotations = find_mentions(words, page, self._registry, quotations)
        reading = Reading(
            article=article,
            doc=words,
            page=page,
            registry=self._registry,
            quotations=quotations,
            mentions=denotations.mentions,
            groups=denotations.groups,
            unnamed=denotations.unnamed,
        )
        attributions = self._attribute(reading)
        times = find_times(reading)
        statements, memberships = compose(reading, attributions, identify(reading, attributions), times)
        return Document(
            article=article,
            statements=statements,
            memberships=memberships,
            times=times,
            boilerplate=page.boilerplate,
            mentions=reading.mentions,
        )
