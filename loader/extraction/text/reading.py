"""What the parts of extraction hand each other: an article as parsed, and the attributions found in it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loader.document import Article, Entity, Mention, ReportMode, Span, StatementKind
    from loader.extraction.text.tokens import Doc, Token, TokenSpan
    from loader.registry import Registry


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of an article by what they are for; every span is one whole line or a run of lines."""

    headline: Span
    standfirst: Span | None
    body: tuple[Span, ...]
    boilerplate: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words between quote marks: ``inner`` without the marks, ``outer`` with them.

    ``scare`` is true for a few words that the article only distances itself from or takes over inside a
    paraphrase; ``continued`` for a paragraph whose quotation goes on in the next one.
    """

    inner: Span
    outer: Span
    scare: bool = False
    continued: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Words that denote several entities at once ("the leaders", "both countries", "they", "its members")."""

    span: Span
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class Denotations:
    """What the words of one article denote: the three fields of :class:`Reading` that bear these names."""

    mentions: tuple[Mention, ...] = ()
    groups: tuple[Group, ...] = ()
    unnamed: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One article, parsed: what every part of extraction reads and none changes.

    ``doc`` is spaCy's parse of the canonical text; its character offsets are the article's. ``mentions`` are in
    order of the text and do not overlap; a pronoun or a definite phrase ("the embassy", "it") that was resolved is
    a mention of the entity it stands for. ``groups`` are words that stand for several entities ("the leaders",
    "both countries", "they"); they overlap no mention and no other group. ``unnamed`` are words for persons without
    a name ("a spokesperson from Japan's embassy", "the official", "she"), all words for one person with the same
    entity of kind UNNAMED_SOURCE; they may cover mentions ("Japan"), and few of these persons ever speak.
    """

    article: Article
    doc: Doc
    page: Page
    registry: Registry
    quotations: tuple[Quotation, ...] = ()
    mentions: tuple[Mention, ...] = ()
    groups: tuple[Group, ...] = ()
    unnamed: tuple[Mention, ...] = ()

    def tokens(self, span: Span) -> TokenSpan:
        """Return the tokens that a span touches."""
        found = self.doc.touched(span.start, span.end)
        if found is None:
            message = f"no tokens at {span.start}-{span.end}"
            raise ValueError(message)
        return found

    def mentions_in(self, span: Span) -> tuple[Mention, ...]:
        """Return the mentions that lie inside a span, in order of the text."""
        first = bisect_left(self.mentions, span.start, key=lambda mention: mention.span.start)
        last = bisect_right(self.mentions, span.end, key=lambda mention: mention.span.end)
        return self.mentions[first:last]

    def mentions_over(self, span: Span) -> tuple[Mention, ...]:
        """Return the mentions that share characters with a span, in order of the text."""
        first = bisect_right(self.mentions, span.start, key=lambda mention: mention.span.end)
        last = bisect_left(self.mentions, span.end, key=lambda mention: mention.span.start)
        return self.mentions[first:last]


@dataclass(frozen=True, slots=True)
class Attribution:
    """One proposition with the words that attribute it, before anybody asks whom they denote.

    ``cue_token`` is the head of the cue (the verb of saying, the noun, "according"); ``source_token`` the head of the
    source words, None where no source is given. ``kind`` comes from the cue's class in the lexicon.
    """

    content: Span
    mode: ReportMode
    kind: StatementKind
    cue: Span
    cue_token: Token
    source: Span | None = None
    source_token: Token | None = None
    quotes: tuple[Span, ...] = ()
    verbatim: tuple[Span, ...] = ()
    relays: tuple[Span, ...] = ()
    edited: bool = False
    negated_cue: bool = False  # a denial: "denied", "rejected"
    rule: str = ""  # which rule found it; confidence is calibrated on it
    model: str | None = None  # the language model that found it


@dataclass(frozen=True, slots=True)
class Voices:
    """Who is behind an attribution: ``relayed_by`` has one outlet for each of its relay spans."""

    naming: str
    speakers: tuple[Entity, ...] = ()
    on_behalf_of: tuple[Entity, ...] = ()
    relayed_by: tuple[Entity, ...] = ()
    sources: tuple[Span, ...] = field(default=())
