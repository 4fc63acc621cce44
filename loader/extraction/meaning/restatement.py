"""Headlines and standfirsts that only sum up what the body says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loader.document import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loader.document import Statement
    from loader.extraction.text.reading import Reading

_CONTENT_WORDS = frozenset({"NOUN", "PROPN", "VERB", "ADJ", "NUM"})
_LEAST = 0.4  # share of the summary's content words that the statement and its sentence say again
_STEM = 5  # letters: "Japan" meets "Japanese", "collaborate" "collaboration"


def with_restatements(reading: Reading, statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Return the statements, those of headline and standfirst with the body statement that they restate.

    The nearest in words is taken, among those with the same speaker, or whose speaker the summary's holder is; the
    words of its cue and sources count too.
    """
    body = [(statement, _words(reading, statement)) for statement in statements if statement.section is Section.BODY]
    return tuple(
        statement if statement.section is Section.BODY else _restating(reading, statement, body)
        for statement in statements
    )


def _restating(reading: Reading, statement: Statement, body: Sequence[tuple[Statement, frozenset[str]]]) -> Statement:
    own = _words(reading, statement)
    best: Statement | None = None
    most = 0.0
    for other, words in body:
        if not own or (statement.stance is not None and other.stance is not None and other.stance != statement.stance):
            continue
        if statement.polarity is not other.polarity:
            continue
        score = len(own & words) / len(own) + 0.25 * bool(_voices(statement) & _voices(other))
        score += 0.1 * (statement.stance == other.stance) + 0.05 * (statement.mode == other.mode)
        if len(own & words) >= _LEAST * len(own) and score > most:
            best, most = other, score
    return replace(statement, restates=(best.key,)) if best is not None else statement


def _voices(statement: Statement) -> frozenset[str]:
    named = (*statement.speakers, *statement.on_behalf_of, *statement.stance_holders)
    return frozenset(entity.path for entity in named)


def _words(reading: Reading, statement: Statement) -> frozenset[str]:
    spans = [statement.content, *statement.sources, *([statement.cue] if statement.cue else [])]
    return frozenset(
        token.lemma_.lower()[:_STEM]
        for span in spans
        for token in reading.tokens(span)
        if token.pos_ in _CONTENT_WORDS and len(token) > 1
    )
