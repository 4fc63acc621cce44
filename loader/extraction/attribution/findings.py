"""Findings: what one cue attributes, before it is split into propositions, and how its spans are trimmed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loader.document import Span, StatementKind
from loader.extraction.text.syntax import trimmed

if TYPE_CHECKING:
    from loader.extraction.attribution.contents import Content
    from loader.extraction.attribution.cues import Cue
    from loader.extraction.attribution.sources import Source
    from loader.extraction.text.reading import Quotation, Reading


# The frame of the lexicon by the name that its finding goes under.
_FRAMES = {
    "clause": "that",
    "around": "that",
    "infinitive": "to",
    "object-infinitive": "to-object",
    "passive-infinitive": "passive-to",
    "noun-infinitive": "to",
    "adjective-infinitive": "to",
    "noun-clause": "that",
    "adjective-clause": "that",
    "object": "np",
    "predicate": "small-clause",
    "passive-object": "np",
    "gerund": "ing",
    "request": "p:for",
    "topic": "about-object",
}
_PARTING = frozenset({",", ";", ":", "-", "–", "—"})


@dataclass(frozen=True, slots=True)
class Finding:
    """What one cue attributes: ``parts`` are the spans of its content in order, ``span`` is that of the cue."""

    cue: Cue
    span: Span
    parts: tuple[Span, ...]
    source: Source | None
    rule: str
    kind: StatementKind
    relays: tuple[Span, ...] = ()
    released: int = -1  # a verb inside the clause that goes with the cue and shares its source


class Marks:
    """Where the quotations of a reading stand, for quick look-up; they do not overlap."""

    def __init__(self, reading: Reading) -> None:
        self.text = reading.article.text
        self.quotations = reading.quotations
        self.speeches = tuple(quotation for quotation in reading.quotations if not quotation.scare)
        self._left_out = tuple(reading.page.boilerplate)
        self._starts = [quotation.outer.start for quotation in self.quotations]
        self._speech_starts = [quotation.outer.start for quotation in self.speeches]

    def among(self, span: Span) -> tuple[Quotation, ...]:
        """Return the quotations that a span touches."""
        first = max(0, bisect_right(self._starts, span.start) - 1)
        last = bisect_left(self._starts, span.end)
        return tuple(q for q in self.quotations[first:last] if q.outer.overlaps(span))

    def is_left_out(self, span: Span) -> bool:
        """Whether a span stands in boilerplate."""
        at = bisect_right(self._left_out, span) - 1
        return any(line.overlaps(span) for line in self._left_out[max(0, at) : at + 2])

    def speech_around(self, span: Span) -> Quotation | None:
        """Return the quotation that a span lies wholly inside, scare quotes apart."""
        at = bisect_right(self._speech_starts, span.start) - 1
        if at >= 0 and self.speeches[at].outer.covers(span):
            return self.speeches[at]
        return None

    def tidy(self, start: int, end: int) -> Span | None:
        """Return the span of a content by the conventions: no blanks, stops or enclosing marks, pairs of marks whole.

        It ends with its line. None if nothing is left.
        """
        line = self.text.find("\n", start, end)
        if line > start:
            end = line
        start, end = trimmed(self.text, start, end)
        for quotation in self.among(Span(start, end)) if start < end else ():
            inner, outer = quotation.inner, quotation.outer
            if outer.start <= start and end <= outer.end:
                start, end = max(start, inner.start), min(end, inner.end)
                break
            if outer.start < start < outer.end:
                start = outer.start
            if outer.start < end < outer.end:
                end = outer.end
        start, end = trimmed(self.text, start, end)
        return Span(start, end) if start < end else None


def assemble(reading: Reading, marks: Marks, cue: Cue, content: Content, source: Source | None) -> Finding | None:
    """Return the finding of a cue, with the tokens of its content made spans; None if no words are left."""
    doc = reading.doc
    span = Span(doc[cue.first].idx, doc[cue.last].idx + len(doc[cue.last]))
    parts: list[Span] = []
    for first, run_end in content.runs:
        last = run_end
        while last > first and (doc[last].dep_ == "cc" or doc[last].text in _PARTING):
            last -= 1
        start, end = doc[first].idx, doc[last].idx + len(doc[last])
        if start < span.end and span.start < end:  # the cue's own words are none of the content
            start = span.end
        if start >= end:
            continue
        part = marks.tidy(start, end)
        if part is not None:
            parts.append(part)
    if len(parts) > 1:  # a stranded subject is elided: '"Israel", he said, "is not bound"'
        longest = max(parts, key=lambda part: part.end - part.start)
        parts = [part for part in parts if part is longest or len(reading.tokens(part)) > 2]
    if not parts:
        return None
    kind = cue.entry.kind(_FRAMES.get(content.frame, content.frame))
    return Finding(cue, span, tuple(parts), source, content.frame, kind, released=content.released)
