"""Relays: the words by which a sentence credits another outlet with a statement ("as quoted by AFP")."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loader.document import EntityKind, Span
from loader.extraction.attribution.outlets import is_outlet, outlet_after
from loader.extraction.attribution.sources import Source, phrase
from loader.extraction.text.nouns import INSTITUTIONAL, PERSONAL, NounKind, noun_of
from loader.extraction.text.syntax import child

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.extraction.attribution.findings import Finding, Marks
    from loader.extraction.text.reading import Reading
    from loader.extraction.text.tokens import Token

_CREDITING = frozenset({"quoted", "cited", "reported", "carried", "published", "relayed"})
_QUOTING = frozenset({"quoting", "citing"})
_REPORTING = frozenset({"report", "say", "quote", "write", "tell"})
_GOVERNING = frozenset({NounKind.GOVERNMENT, NounKind.MINISTRY, NounKind.LEADERS, NounKind.COUNTRY})
_NEAR = 5  # tokens
_TELLING = frozenset({"tell", "inform", "speak", "talk", "write", "say"})
_OCCASION = frozenset({"interview", "comment", "remark", "conversation", "statement", "message", "email", "call"}) | {
    "commentary",
    "dispatch",
    "article",
    "column",
    "essay",
    "speech",
    "address",
}


def find_relays(reading: Reading, marks: Marks, finding: Finding) -> Finding:
    """Return the finding with its relay spans in order, cut off from content and source.

    A relay is "as quoted by X", "cited by X" behind the source, "according to X" behind a cue of its own, the outlet
    that was told, the outlet of an interview or of comments, or "According to X" and "X reported" where X in turn
    quotes the source.
    """
    finding = _citing(reading, marks, _quoting(marks, finding))
    spans = [*finding.relays, *_credits(finding), *_according(reading, finding), *_told(reading, finding)]
    spans += _spoken_to(reading, finding)
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


def opened(reading: Reading, marks: Marks, found: list[Finding]) -> list[Finding]:
    """Return the findings with those left out by which an outlet only reports what another says, or does by words.

    "Oslo denounced the drills, KCNA reported": the words are Oslo's, and the outlet relays them.
    """
    by_cue = {finding.cue.token.i: finding for finding in found}
    relayed: dict[int, Span] = {}
    left_out: set[int] = set()
    for finding in found:
        source, cue = finding.source, finding.cue.token
        reports = cue.lemma_ in _REPORTING or cue.lower_ == "according"
        if source is None or not reports or len(finding.parts) != 1:
            continue
        inner = by_cue.get(_head_of(reading, finding).i) or next(
            (by_cue[c.i] for c in cue.children if c.dep_ == "ccomp" and c.i in by_cue), None
        )
        if (
            inner is None
            or inner is finding
            or inner.source is None
            or not (is_outlet(reading, source.token, source.span) or _is_hearsay(finding))
        ):
            continue
        if _citing(reading, marks, _quoting(marks, finding)) is not finding:
            continue  # "X reported, citing an official": the official says it
        inside = finding.parts[0].covers(inner.span) and finding.parts[0].covers(inner.source.span)
        if inside and not is_outlet(reading, inner.source.token, inner.source.span):
            left_out.add(cue.i)
            if not _is_hearsay(finding):
                relayed[inner.cue.token.i] = source.span
    return [
        replace(finding, relays=(*finding.relays, relayed[at])) if (at := finding.cue.token.i) in relayed else finding
        for finding in found
        if finding.cue.token.i not in left_out
    ]


def _is_hearsay(finding: Finding) -> bool:
    """Whether the source is only that there are reports: "According to reports, Oslo denounced the drills"."""
    source = finding.source
    return finding.rule == "according" and source is not None and source.token.lower_ in ("report", "reports")


def _head_of(reading: Reading, finding: Finding) -> Token:
    """Return the verb of what a cue attributes."""
    return reading.tokens(finding.parts[0]).root


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
        elif other.dep_ == "acl" and source is not None and _heads(other, source.token) and not _governs(outlet):
            yield Span(other.idx, end)


def _governs(token: Token) -> bool:
    """Whether a noun means no outlet: "a statement published by the British government"."""
    noun = noun_of(token)
    return noun is not None and (noun.kind in PERSONAL or noun.kind in _GOVERNING)


def _heads(token: Token, ancestor: Token) -> bool:
    return any(other == ancestor for other in token.ancestors)


def _according(reading: Reading, finding: Finding) -> Iterator[Span]:
    """Yield "according to X" behind a cue that has a source of its own: "Li said, according to Xinhua"."""
    if finding.rule == "according":
        return
    for token in finding.cue.token.subtree:
        if token.lower_ == "according" and token.i > finding.cue.last:
            named = outlet_of_according(reading, token)
            if named is not None:
                yield Span(token.idx, named.end)


def outlet_of_according(reading: Reading, token: Token) -> Span | None:
    """Return the name of the outlet in "according to X", None where X is none or is not known as one."""
    outlet = child(token.nbor(), "pobj") if token.i + 1 < len(token.doc) and token.nbor().lower_ == "to" else None
    if outlet is None:
        return None
    named = phrase(outlet).span
    found = [m.span for m in reading.mentions_in(named) if m.entity.kind is EntityKind.NEWS_OUTLET]
    noun = noun_of(outlet)
    if noun is not None and noun.kind is NounKind.DOCUMENT:  # "according to a report from KCNA"
        return found[0] if found else None
    return next((span for span in found if span.start <= outlet.idx < span.end), None)


def _told(reading: Reading, finding: Finding) -> Iterator[Span]:
    """Yield the outlet that was told, or that an interview or comments were given to."""
    token = finding.cue.token
    interview = any(word.lower_ == "interview" for word in token.subtree)
    if token.lemma_ == "tell":
        named = outlet_after(reading, token.i + 1, token.sent.end, interviewed=interview)
        if named is not None:
            yield named
    for link in token.rights:
        if link.dep_ != "prep" or link.lower_ not in ("in", "to", "with", "on", "during"):
            continue
        inner = child(link, "pobj")
        if inner is None:
            continue
        if token.lemma_ in _TELLING and link.lower_ in ("to", "with"):
            yield from _outlets(reading, link)
        if inner.lemma_ in _OCCASION:
            yield from _occasion(reading, inner)


def _occasion(reading: Reading, noun: Token) -> Iterator[Span]:
    """Yield the outlet of "an interview with X", "comments to X", "remarks carried by X", "an AFP interview"."""
    for second in noun.rights:
        if second.dep_ == "prep" and second.lower_ in ("with", "to", "for"):
            yield from _outlets(reading, second, interviewed=noun.lemma_ == "interview")
        elif second.dep_ == "acl" and second.lower_ in _CREDITING | {"published", "aired", "broadcast"}:
            for agent in second.rights:
                if agent.lower_ in ("by", "on", "in"):
                    yield from _outlets(reading, agent)
    for mention in reading.mentions_in(Span(noun.doc[noun.left_edge.i].idx, noun.idx + len(noun))):
        if mention.entity.kind is EntityKind.NEWS_OUTLET:
            yield mention.span


def _spoken_to(reading: Reading, finding: Finding) -> Iterator[Span]:
    """Yield the outlet of a clause beside cue or source: "X, speaking to Reuters, said", "In an interview …"."""
    token, source = finding.cue.token, finding.source
    verbs = [c for c in token.children if c.dep_ == "advcl"]
    verbs += [c for c in source.token.children if c.dep_ in ("acl", "relcl")] if source is not None else []
    for verb in verbs:
        if verb.lemma_ in ("speak", "talk") and not any(
            part.covers(Span(verb.idx, verb.idx + 1)) for part in finding.parts
        ):
            for link in verb.rights:
                if link.dep_ == "prep" and link.lower_ in ("to", "with"):
                    yield from _outlets(reading, link)
    for link in token.lefts:
        inner = child(link, "pobj") if link.dep_ == "prep" and link.lower_ in ("in", "during") else None
        if inner is not None and inner.lemma_ in _OCCASION:
            yield from _occasion(reading, inner)


def _outlets(reading: Reading, link: Token, *, interviewed: bool = False) -> Iterator[Span]:
    """Yield the name of the outlet behind a preposition."""
    named = outlet_after(reading, link.i + 1, link.sent.end, interviewed=interviewed)
    if named is not None:
        yield named


def _citing(reading: Reading, marks: Marks, finding: Finding) -> Finding:
    """Turn "X reported, citing Y" round: Y is the source, the outlet X the relay."""
    cue, outlet = finding.cue.token, finding.source
    if outlet is None or finding.rule == "according" or not is_outlet(reading, outlet.token, outlet.span):
        return finding
    for other in cue.sent:
        if other.lower_ not in _QUOTING or other.tag_ != "VBG" or other.i == cue.i:
            continue
        quoted = child(other, "dobj")
        last = other.right_edge
        if quoted is None or not _may_speak(reading, quoted):
            continue
        span = Span(other.idx, last.idx + len(last))
        if other.head not in (cue, outlet.token) and not _stands_between(cue, other) and not _stands_last(cue, other):
            continue
        source = phrase(quoted)
        span = Span(other.idx, max(source.span.end, min(span.end, source.span.end)))
        parts = [piece for part in finding.parts for piece in _without(marks, part, (span,))]
        parts = [_without_that(marks, part) for part in parts]
        return replace(
            finding,
            cue=replace(finding.cue, token=other, first=other.i, last=other.i),
            span=Span(other.idx, other.idx + len(other)),
            source=source,
            relays=(outlet.span,),
            parts=tuple(parts) or finding.parts,
        )
    return finding


def _without_that(marks: Marks, part: Span) -> Span:
    """Return a part of the content without the "that" that a parse left at its head."""
    words = part.of(marks.text)
    kept = marks.tidy(part.start + 5, part.end) if words.startswith("that ") else None
    return kept or part


def _stands_between(cue: Token, other: Token) -> bool:
    """Whether "citing …" stands right behind the cue and its comma: "reported, citing an official, that …"."""
    between = cue.doc[cue.i + 1 : other.i]
    return 0 < len(between) < _NEAR and all(
        t.is_punct or t.ent_type_ in ("DATE", "TIME") or t.lower_ == "on" for t in between
    )


def _stands_last(cue: Token, other: Token) -> bool:
    """Whether "citing …" ends the sentence behind a comma, wherever a parse hangs it: "reported that …, citing X"."""
    rest = cue.doc[other.right_edge.i + 1 : cue.sent.end]
    return other.i > cue.i and other.nbor(-1).text == "," and all(token.is_punct or token.is_space for token in rest)


def _may_speak(reading: Reading, quoted: Token) -> bool:
    """Whether what an outlet cites is a person, a body or a paper, and no reason ("citing safety concerns")."""
    noun = noun_of(quoted)
    if noun is not None:
        return noun.kind in PERSONAL or noun.kind in INSTITUTIONAL or noun.kind is NounKind.DOCUMENT
    if quoted.ent_type_ in ("PERSON", "ORG"):
        return True
    own = reading.mentions_over(Span(quoted.idx, quoted.idx + 1))
    return any(mention.entity.kind.is_actor for mention in own)


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
