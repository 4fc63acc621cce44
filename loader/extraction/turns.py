"""Turns: which cue each quotation goes with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loader.document import Span, StatementKind
from loader.extraction import cues, sources
from loader.extraction.findings import Finding
from loader.extraction.syntax import group

if TYPE_CHECKING:
    from spacy.tokens import Token

    from loader.extraction.findings import Marks
    from loader.extraction.reading import Quotation, Reading

_SPEECH = StatementKind.SPEECH
_REACH = 60  # tokens that a cue is looked for beside a quotation


def find_turns(reading: Reading, marks: Marks, clausal: list[Finding]) -> list[Finding]:
    """Give every quotation that is speech to a cue: one that attributes already, one beside it, or the one before."""
    by_cue: dict[int, Finding] = {finding.cue.token.i: finding for finding in clausal}
    text = reading.article.text
    last: tuple[int, int] | None = None  # cue token and end of the paragraph of the turn before
    waiting: list[Quotation] = []
    speeches = marks.speeches
    for number, quotation in enumerate(speeches):
        covering = next(
            (
                f
                for f in by_cue.values()
                if any(p.start < quotation.outer.start and quotation.outer.end <= p.end + 2 for p in f.parts)
                and not quotation.inner.covers(f.span)
            ),
            None,
        )
        if covering is not None:
            last = (covering.cue.token.i, _line_end(text, quotation.outer.end))
            continue
        before_limit = speeches[number - 1].outer.end if number else 0
        after_limit = speeches[number + 1].outer.start if number + 1 < len(speeches) else len(text)
        if quotation.continued:
            waiting.append(quotation)
            continue
        token = _after(reading, quotation, after_limit) or _before(reading, quotation, before_limit)
        if token is None and last is not None and _follows(text, quotation, last[1]):
            token = reading.doc[last[0]]
        if token is None:
            token = _narrated(marks, quotation, clausal)
        if token is None:
            waiting.clear()
            continue
        spans = [q.inner for q in (*waiting, quotation)]
        waiting.clear()
        entry = cues.verb(token) or cues.noun(token) or cues.Entry(token.lemma_, _SPEECH, frozenset())
        known = by_cue.get(token.i)
        if known is not None:
            outside = [p for p in known.parts if not any(q.outer.overlaps(p) for q in speeches if q.inner in spans)]
            by_cue[token.i] = replace(
                known, parts=tuple(sorted({*outside, *spans})), rule=known.rule + "+quote" if outside else "quote"
            )
        else:
            first, final = group(token)
            doc = reading.doc
            cue = cues.Cue(token, entry, first, final)
            source = sources.of_verb(token)
            if source is None or any(q.outer.overlaps(source.span) for q in speeches):
                source = _beside(reading, token, speeches)
            by_cue[token.i] = Finding(
                cue, Span(doc[first].idx, doc[final].idx + len(doc[final])), tuple(spans), source, "quote", entry.kind
            )
        last = (token.i, _line_end(text, max(quotation.outer.end, token.idx)))
    return list(by_cue.values())


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return end if end >= 0 else len(text)


def _quoting(token: Token) -> bool:
    if not cues.is_verbal(token):
        return False
    entry = cues.verb(token)
    return entry is not None and entry.allows("quote")


def _after(reading: Reading, quotation: Quotation, limit: int) -> Token | None:
    """Find a cue behind the quotation in its sentence: '"A," X said', '"A?" asked X'."""
    text = reading.article.text
    end = quotation.outer.end
    closing = text[quotation.inner.end - 1]
    if not (closing in ",?!—-…" or text[end : end + 1] == ","):
        return None
    doc = reading.doc
    index = _index_at(reading, end)
    stop = min(limit, _line_end(text, end))
    for token in doc[index : index + _REACH]:
        if token.idx >= stop:
            return None
        if token.text in (".", ";", "?", "!"):
            return None
        if _quoting(token) and token.dep_ not in ("relcl", "acl"):
            return token
    return None


def _before(reading: Reading, quotation: Quotation, limit: int) -> Token | None:
    """Find a cue before the quotation in its sentence, or at the end of the line before: 'X said: "A"'."""
    text = reading.article.text
    start = quotation.outer.start
    index = _index_at(reading, start) - 1
    doc = reading.doc
    fresh = True
    for at in range(index, max(-1, index - _REACH), -1):
        token = doc[at]
        if token.idx < limit:
            return None
        if token.is_space:
            continue
        if token.text in (".", "?", "!", "”"):
            return None
        if "\n" in text[token.idx : start] and fresh and token.text != ":":
            return None
        fresh = False
        if _quoting(token):
            return token
    return None


def _follows(text: str, quotation: Quotation, last_end: int) -> bool:
    """Whether the quotation goes on from the one before: in its paragraph, or as the whole paragraph after it."""
    if quotation.outer.start <= last_end:
        return True
    between = text[last_end : quotation.outer.start]
    return not between.strip() and quotation.outer.end >= _line_end(text, quotation.outer.end) - 1


def _narrated(marks: Marks, quotation: Quotation, clausal: list[Finding]) -> Token | None:
    """Return the last cue of the paragraph before a quotation that stands as a sentence of its own."""
    text = marks.text
    start = text.rfind("\n", 0, quotation.outer.start) + 1
    earlier = [
        f
        for f in clausal
        if start <= f.span.start < quotation.outer.start
        and f.source is not None
        and f.parts[-1].end <= quotation.outer.start
        and marks.speech_around(f.span) is None
    ]
    return earlier[-1].cue.token if earlier else None


def _index_at(reading: Reading, at: int) -> int:
    found = reading.doc.char_span(at, at + 1, alignment_mode="expand") if at < len(reading.article.text) else None
    return found.start if found is not None else len(reading.doc)


def _beside(reading: Reading, token: Token, speeches: tuple[Quotation, ...]) -> sources.Source | None:
    """Return the noun phrase right behind or right before a cue whose subject the parse does not show."""
    doc = reading.doc
    for at in (token.i + 1, token.i - 1):
        if 0 <= at < len(doc):
            other = doc[at]
            while other.dep_ in ("det", "compound", "amod", "poss", "nummod", "case") and other.head.i > other.i:
                other = other.head
            if other.pos_ in ("NOUN", "PROPN", "PRON") and not any(
                q.outer.start <= other.idx < q.outer.end for q in speeches
            ):
                return sources.phrase(other, token)
    return None
