"""Labels: speakers set before or behind their words by a mark alone ("WALLACE: If I may", '"We won." — Ann Lee')."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from loader.document import EntityKind, Span, StatementKind
from loader.extraction.attribution.cues import Cue, Entry, is_verb
from loader.extraction.attribution.findings import Finding
from loader.extraction.attribution.sources import Source, phrase
from loader.extraction.text.nouns import PERSONAL, NounKind, noun_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.extraction.attribution.findings import Marks
    from loader.extraction.text.reading import Reading
    from loader.extraction.text.tokens import Token

_ENTRY = Entry(":", {})
_NAME = r"[A-Z][\w.'’-]*(?:[ ,]+(?:of|the|de|van|von|al|bin|for|&|[A-Z][\w.'’-]*)){0,6}"
_BLANK = r"[ \t\u00a0]"
_LABEL = re.compile(rf"(?:[\"“”]|'')?({_NAME})(:){_BLANK}+(?=\S)")  # an open transcript begins each line with a mark
_TAG = re.compile(rf"{_BLANK}*\n?{_BLANK}*([—–―]|--?){_BLANK}*({_NAME}){_BLANK}*(?=\n|$)")
_CREDIT = re.compile(rf"(:|{_BLANK}[—–-]){_BLANK}+({_NAME}|[a-z]+|[A-Z]+ [a-z]+)$")
_TELLING = 4  # words
# Headings that stand before a colon and name nobody.
_HEADING = frozenset(
    [
        "update",
        "breaking",
        "correction",
        "note",
        "photo",
        "photos",
        "video",
        "watch",
        "listen",
        "read",
        "related",
        "exclusive",
        "analysis",
        "opinion",
        "editorial",
        "live",
        "factbox",
        "explainer",
        "timeline",
        "summary",
        "background",
        "q",
        "a",
        "question",
        "answer",
        "topic",
        "title",
        "subject",
        "date",
        "time",
        "place",
        "source",
        "image",
        "picture",
        "map",
        "chart",
        "key",
        "tags",
        "location",
        "contact",
        "media",
        "warning",
        "clarification",
        "advertisement",
        "more",
        "poem",
        "letter",
        "review",
        "transcript",
        "interview",
        "profile",
        "feature",
        "sports",
        "weather",
        "recipe",
        "day",
        "week",
        "part",
        "chapter",
    ]
)
_PAPERS = frozenset({"poll", "survey", "report", "study", "source", "sources", "officials", "police", "experts"})


def find_labels(reading: Reading, marks: Marks, speaking: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Yield a finding for each line that a speaker's name and a colon open, and for each quotation signed with a name.

    In the headline the name of a person or body will do, or a paper such as "Report", or a name whose last word is
    among those of the sources of the body (``speaking``); a quotation behind its colon goes with whoever it names.
    In the body a name is a label only where it opens at least two lines, as in a transcript.
    """
    text = marks.text
    lines = [match.span() for match in re.finditer(r"[^\n]+", text)]
    found = [(start, end, match) for start, end in lines if (match := _LABEL.match(text, start, end))]
    often = Counter(match.group(1) for _, _, match in found)
    for start, end, match in found:
        headline = start == reading.page.headline.start
        labelled = headline or often[match.group(1)] > 1 or _is_known_person(reading, Span(*match.span(1)))
        if marks.is_left_out(Span(start, end)) or not labelled:
            continue
        name = Span(match.start(1), _before_verb(text, match.start(1), match.end(1)) if headline else match.end(1))
        head = _head(reading, name.start, name.end)
        content = marks.tidy(match.end(), end)
        if content is None or head is None or (headline and not _speaks(reading, head, content, speaking)):
            continue
        yield _finding(reading, Span(*match.span(2)), Source(head, name), content)
    yield from _announced(reading, marks)
    yield from _credited(reading, marks)
    for quotation in marks.speeches:
        tag = _TAG.match(text, quotation.outer.end)
        head = _head(reading, tag.start(2), tag.end(2)) if tag else None
        if tag is not None and head is not None:
            yield _finding(reading, Span(*tag.span(1)), Source(head, Span(*tag.span(2))), quotation.inner)


def _is_known_person(reading: Reading, name: Span) -> bool:
    """Whether a name in full is that of a person whom the report names elsewhere, too: "Mao Ning: China opposes"."""
    own = next((m for m in reading.mentions_over(name) if m.span == name), None)
    if own is None or own.entity.kind is not EntityKind.PERSON or " " not in name.of(reading.article.text):
        return False
    return any(mention.entity == own.entity and mention.span != name for mention in reading.mentions)


def _before_verb(text: str, start: int, end: int) -> int:
    """Where the name ends that a headline gives a verb of speech to before its colon: "Minister Slams Sweden: …"."""
    words = list(re.finditer(r"\S+", text[start:end]))
    for number, word in enumerate(words[1:], start=1):
        low = word.group().lower()
        if low.endswith("s") and (is_verb(low[:-1]) or (low.endswith("es") and is_verb(low[:-2]))):
            return start + words[number - 1].end()
    return end


def _finding(reading: Reading, mark: Span, source: Source, content: Span) -> Finding:
    token = reading.tokens(mark)[0]
    return Finding(Cue(token, _ENTRY, token.i, token.i), mark, (content,), source, "label", StatementKind.SPEECH)


def _head(reading: Reading, start: int, end: int) -> Token | None:
    words = {word.lower().strip(".") for word in reading.article.text[start:end].split()}
    if words & _HEADING:
        return None
    return reading.tokens(Span(start, end)).root


def _speaks(reading: Reading, head: Token, content: Span, speaking: frozenset[str]) -> bool:
    """Whether the name before the colon of a headline can speak, and what follows tells something.

    The tagger takes many a verb of a headline for a name, so words enough will do behind a paper or a known speaker.
    """
    words = reading.tokens(content)
    if head.lower_ in _PAPERS or head.text in speaking:
        return len(words) >= _TELLING
    verbal = any(token.pos_ in ("VERB", "AUX") for token in words)
    noun = noun_of(head)
    named = head.ent_type_ in ("PERSON", "ORG", "NORP", "GPE") or (noun is not None and noun.kind in PERSONAL)
    return named and (verbal or len(words) >= _TELLING)


def _announced(reading: Reading, marks: Marks) -> Iterator[Finding]:
    """Yield the quotation that ends a headline behind a colon: "A Lesson From Berg: 'Go On'", "Berg Chides X: 'Go'"."""
    headline = reading.page.headline
    for quotation in marks.among(headline):
        before = marks.text[headline.start : quotation.outer.start].rstrip()
        if quotation.outer.start < headline.start or not before.endswith(":"):
            continue
        if marks.text[quotation.outer.end : headline.end].strip(" ."):
            continue
        colon = headline.start + len(before) - 1
        words = reading.tokens(Span(headline.start, colon)) if colon > headline.start else ()
        head = next(
            (
                word
                for word in words
                if word.dep_ == "nsubj"
                or (word.dep_ == "pobj" and word.head.lower_ in ("from", "by") and word.pos_ == "PROPN")
            ),
            None,
        )
        if head is not None and not any(":" in word.text for word in words):
            yield _finding(reading, Span(colon, colon + 1), phrase(head), quotation.inner)


def _credited(reading: Reading, marks: Marks) -> Iterator[Finding]:
    """Yield what a headline credits to the name behind its colon: "France to oppose the deal: Macron"."""
    headline = reading.page.headline
    match = _CREDIT.search(marks.text, headline.start, headline.end)
    head = _head(reading, match.start(2), match.end(2)) if match is not None else None
    content = marks.tidy(headline.start, match.start(1)) if match is not None else None
    if match is None or head is None or content is None or ":" in content.of(marks.text):
        return
    words = reading.tokens(content)
    told = len(words) >= _TELLING and any(token.pos_ in ("VERB", "AUX") for token in words)
    name = Span(*match.span(2))
    noun = noun_of(head)
    actor = any(mention.entity.kind.is_actor for mention in reading.mentions_over(name))
    if told and (actor or (noun is not None and noun.kind in (*PERSONAL, NounKind.DOCUMENT))):
        yield _finding(reading, Span(*match.span(1)), Source(head, name), content)
