"""Quoting: an outlet that gives another's words ("AFP quoted X as saying that …", "was quoted by AFP as saying")."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from loader.document import EntityKind, Span
from loader.extraction.attribution import contents, cues
from loader.extraction.attribution.contents import Content
from loader.extraction.attribution.findings import assemble
from loader.extraction.attribution.sources import Source, agent_of, phrase
from loader.extraction.text.syntax import child, children, group, is_passive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.extraction.attribution.findings import Finding, Marks
    from loader.extraction.text.reading import Reading
    from loader.extraction.text.tokens import Token

_OUTLETS = (EntityKind.NEWS_OUTLET, EntityKind.ORGANIZATION)
_QUOTING = frozenset({"quote", "cite"})
_STEPS = 5  # from "as" up to the verb that quotes
_MARKS = frozenset(['"', "``", "“", "‘", "«", "„", ":"])
_PARTING = frozenset({",", "”", '"', "''", "’", "»", "?", "!"})


def saying_of(token: Token) -> Token | None:
    """Return "saying" of "quoted X as saying", None for any other verb."""
    if token.lemma_ not in _QUOTING:
        return None
    for link in (*token.rights, *_hung(token)):
        inner = child(link, "pcomp") if link.lower_ == "as" else None
        if inner is not None and inner.tag_ == "VBG":
            return inner
    return None


def _hung(token: Token) -> Iterator[Token]:
    """Yield each "as" that a parse hangs on who is quoted: "cited people familiar with the matter as saying"."""
    thing = child(token, "dobj")
    if thing is not None:
        yield from (link for link in thing.subtree if link.lower_ == "as" and link.i > thing.i)


def is_quoted(token: Token) -> bool:
    """Whether a token is the "saying" of "quoted X as saying"."""
    if token.dep_ != "pcomp" or token.head.lower_ != "as":
        return False
    above = islice(token.head.ancestors, _STEPS)
    return any(saying_of(verb) == token for verb in above if verb.lemma_ in _QUOTING)


def of_quoting(reading: Reading, marks: Marks, token: Token) -> Finding | None:
    """Return what somebody is quoted as saying: they are the source, who quotes them is the relay.

    What they say follows, stands before, or is the quotation beside the words.
    """
    saying = saying_of(token)
    entry = cues.verb(saying) if saying is not None else None
    if saying is None or entry is None:
        return None
    passive = is_passive(token)
    quoted = child(token, "nsubjpass") if passive else child(token, "dobj")
    if quoted is None:
        return None
    content = contents.of_verb(saying, entry) or _behind(saying) or _before(token)
    if content is None:
        return None
    first = group(token)[0] if passive and saying.i - token.i < 3 else saying.i
    found = assemble(
        reading, marks, cues.Cue(saying, entry, first, saying.i), content, _without_as(phrase(quoted), saying)
    )
    relay = _relay(reading, token, saying)
    return replace(found, relays=(relay,)) if found is not None and relay is not None else found


def _without_as(source: Source, saying: Token) -> Source:
    """Return the words of who is quoted without the "as" that a parse hung on them."""
    start = saying.head.idx
    if not source.span.start < start < source.span.end:
        return source
    words = saying.doc.text[source.span.start : start].rstrip(" ,")
    return Source(source.token, Span(source.span.start, source.span.start + len(words)))


def _relay(reading: Reading, token: Token, saying: Token) -> Span | None:
    """Return the words of who quotes: the subject, or "by X" of the passive; a pronoun or a person is no outlet."""
    source: Source | None
    if is_passive(token):
        agent = agent_of(token) or next((child(c, "pobj") for c in saying.rights if c.lower_ == "by"), None)
        source = phrase(agent) if agent is not None else None
    else:
        subject = child(token, "nsubj")
        source = phrase(subject, token) if subject is not None else None
    if source is None or source.token.pos_ == "PRON":
        return None
    at = source.token.idx
    own = next((mention.entity for mention in reading.mentions_over(Span(at, at + 1))), None)
    known = own is not None or any(word[0].isupper() for word in source.span.of(reading.article.text).split())
    return source.span if known and (own is None or own.kind in _OUTLETS) else None


def _behind(saying: Token) -> Content | None:
    """Return the quotation that "saying" leads to where the parse has none as its clause."""
    doc, i = saying.doc, saying.i + 1
    while i < min(saying.i + 3, saying.sent.end) and doc[i].text in (",", ":"):
        i += 1
    if i >= saying.sent.end or doc[i].text not in _MARKS:
        return None
    return Content(((i, saying.sent.end - 1),), "clause")


def _before(token: Token) -> Content | None:
    """Return the clause before the words: "Tokyo would join, Kyodo quoted a source as saying"."""
    subject = next(iter(children(token, "nsubj", "nsubjpass")), None)
    if subject is None:
        return None
    start = min(subject.left_edge.i, group(token)[0])
    if start <= token.sent.start or token.doc[start - 1].text not in _PARTING:
        return None
    return Content(((token.sent.start, start - 1),), "around")
