"""Relays: the words by which a sentence credits another outlet with a statement ("as quoted by AFP")."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loader.document import EntityKind, Span
from loader.extraction.sources import Source, phrase
from loader.extraction.syntax import child

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.tokens import Token

    from loader.extraction.findings import Finding, Marks
    from loader.extraction.reading import Reading

_CREDITING = frozenset({"quoted", "cited", "reported", "carried", "published", "relayed"})
_QUOTING = frozenset({"quoting", "citing"})
_TELLING = frozenset({"tell", "inform", "speak", "talk", "write", "say"})
_OCCASION = frozenset({"interview", "comment", "remark", "conversation", "statement", "message", "email", "call"})


def find_relays(reading: Reading, marks: Marks, finding: Finding) -> Finding:
    """Return the finding with its relay spans in order, cut off from content and source.

    A relay is "as quoted by X", "cited by X" behind the source, the outlet that was told, the outlet of an interview
    or of comments, or "According to X" where X in turn quotes the source.
    """
    finding = _quoting(marks, finding)
    spans = [*finding.relays, *_credits(finding), *_told(reading, finding)]
    if not spans:
        return finding
    relays = tuple(sorted(set(spans)))
    source = finding.source
    for relay in relays:
        if source is not None and source.span.overlaps(relay) and source.span.start < relay.start:
            kept = marks.tidy(source.span.start, relay.start)
            source = Source(source.token, kept) if kept else source
    parts = [piece for part in finding.parts for piece in _without(marks, part, relays)]
    return replace(finding, relays=relays, source=source, parts=tuple(parts) or finding.parts)


def _without(marks: Marks, part: Span, relays: tuple[Span, ...]) -> Iterator[Span]:
    """Yield what is left of a part of the content outside the relays: a relay stands at its start or end."""
    start, end = part.start, part.end
    for relay in relays:
        if relay.start <= start < relay.end:
            start = relay.end
        elif start < relay.start < end:
            rest = marks.tidy(relay.end, end) if relay.end < end else None
            if rest is None or rest.end - rest.start < relay.start - start:
                end = relay.start
            else:
                start = relay.end
    kept = marks.tidy(start, end) if start < end else None
    if kept is not None:
        yield kept


def _credits(finding: Finding) -> Iterator[Span]:
    """Yield "as quoted by X" in the sentences of cue and content, and "cited by X" behind the source."""
    token = finding.cue.token
    source = finding.source
    for other in token.sent:
        if other.lower_ not in _CREDITING or other.i == token.i:
            continue
        agent = child(other, "agent") or next((c for c in other.rights if c.lower_ == "by"), None)
        outlet = child(agent, "pobj") if agent is not None else None
        if outlet is None:
            continue
        before = token.doc[other.i - 1] if other.i else None
        end = phrase(outlet).span.end
        if before is not None and before.lower_ == "as":
            yield Span(before.idx, end)
        elif other.dep_ == "acl" and source is not None and _heads(other, source.token):
            yield Span(other.idx, end)


def _heads(token: Token, ancestor: Token) -> bool:
    return any(other == ancestor for other in token.ancestors)


def _told(reading: Reading, finding: Finding) -> Iterator[Span]:
    """Yield the outlet that was told, or that an interview or comments were given to."""
    token = finding.cue.token
    if token.lemma_ == "tell":
        heads = [c for c in token.rights if c.dep_ in ("dobj", "dative")]
        yield from (span for head in heads[:1] for span in _outlets(reading, head))
    for link in token.rights:
        if link.dep_ != "prep" or link.lower_ not in ("in", "to", "with", "on", "during"):
            continue
        inner = child(link, "pobj")
        if inner is None:
            continue
        if token.lemma_ in _TELLING and link.lower_ in ("to", "with"):
            yield from _outlets(reading, inner)
        if inner.lemma_ in _OCCASION:
            for second in inner.rights:
                given = child(second, "pobj")
                if second.dep_ == "prep" and second.lower_ in ("with", "to", "for") and given is not None:
                    yield from _outlets(reading, given)


def _outlets(reading: Reading, head: Token) -> Iterator[Span]:
    """Yield the names of outlets in the phrase of a head."""
    span = phrase(head).span
    for mention in reading.mentions_in(span):
        if mention.entity.kind is EntityKind.NEWS_OUTLET:
            yield mention.span


def _quoting(marks: Marks, finding: Finding) -> Finding:
    """Turn "According to X, quoting Y" round: Y is the source, X the relay."""
    token = finding.cue.token
    if finding.rule != "according" or finding.source is None:
        return finding
    outlet = finding.source.token
    sentence = token.sent
    for other in token.doc[outlet.i + 1 : min(outlet.i + 12, sentence.end)]:
        if other.lower_ not in _QUOTING:
            continue
        quoted = child(other, "dobj", "pobj") or child(other, "nsubj")
        if quoted is None or quoted.i < other.i:
            return finding
        source = phrase(quoted)
        start, end = token.idx, max(outlet.idx + len(outlet), min(finding.source.span.end, other.idx))
        words = token.doc[token.i : other.i + 1].text[: end - start]
        end = start + len(words.rstrip(" ,"))
        ends = source.span.end
        shorter = [
            marks.tidy(ends, part.end) if part.start <= other.idx < part.end and ends < part.end else part
            for part in finding.parts
        ]
        cue = replace(finding.cue, token=other, first=other.i, last=other.i)
        return replace(
            finding,
            cue=cue,
            span=Span(other.idx, other.idx + len(other)),
            source=source,
            relays=(Span(start, end),),
            parts=tuple(part for part in shorter if part is not None) or finding.parts,
        )
    return finding
