"""Propositions: what one cue attributes, split into statements as the guidelines split it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loader.document import ReportMode, Span
from loader.extraction.reading import Attribution

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.extraction.findings import Finding, Marks
    from loader.extraction.reading import Quotation, Reading

_LETTERS = re.compile(r"\w")
_DIRECT = 0.95  # share of letters inside quote marks from which words are quoted as a whole


def split(reading: Reading, marks: Marks, finding: Finding) -> Iterator[Attribution]:
    """Yield one attribution for each proposition of a finding, all with its cue and source."""
    for part in finding.parts:
        for piece in _sentences(reading, part):
            span = marks.tidy(piece.start, piece.end)
            if span is not None:
                yield _attribution(marks, finding, span)


def _sentences(reading: Reading, part: Span) -> Iterator[Span]:
    tokens = reading.tokens(part)
    start = part.start
    for token in tokens:
        if token.is_sent_start and token.idx > start:
            yield Span(start, token.idx)
            start = token.idx
    if start < part.end:
        yield Span(start, part.end)


def _attribution(marks: Marks, finding: Finding, span: Span) -> Attribution:
    inside = marks.among(span)
    text = marks.text
    letters = [m.start() for m in _LETTERS.finditer(text, span.start, span.end)]
    quoted = sum(any(q.inner.start <= at < q.inner.end for q in inside) for at in letters)
    share = quoted / len(letters) if letters else 0.0
    mode = ReportMode.DIRECT if share >= _DIRECT else ReportMode.MIXED if quoted else ReportMode.INDIRECT
    return Attribution(
        content=span,
        mode=mode,
        kind=finding.kind,
        cue=finding.span,
        cue_token=finding.cue.token,
        source=finding.source.span if finding.source else None,
        source_token=finding.source.token if finding.source else None,
        quotes=tuple(q.inner for q in inside if q.inner.covers(span)),
        verbatim=tuple(_verbatim(inside, span)),
        relays=finding.relays,
        negated_cue=finding.cue.negated,
        rule=finding.rule,
    )


def _verbatim(inside: tuple[Quotation, ...], span: Span) -> Iterator[Span]:
    for quotation in inside:
        start, end = max(quotation.inner.start, span.start), min(quotation.inner.end, span.end)
        if start < end:
            yield Span(start, end)
