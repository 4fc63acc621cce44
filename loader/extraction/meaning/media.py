"""The medium that the article says a source used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import Medium
from loader.extraction.lexicon import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.extraction.text.reading import Attribution, Reading
    from loader.extraction.text.tokens import Token

_TABLE = {(words, place): Medium(medium) for words, place, medium, _source in rows("media")}
_GOING_ON = frozenset({"add", "continue", "go", "further"})
_LINKS = frozenset({"in", "on", "at", "during", "to", "by", "via", "through", "with"})


def find_medium(reading: Reading, attribution: Attribution) -> Medium | None:
    """Return the medium named by the cue, by what hangs on it ("told reporters", "in an interview"), or by the source.

    None where the article names none.
    """
    cue = attribution.cue_token
    found = _TABLE.get((cue.lemma_.lower(), "verb")) if cue.pos_ == "VERB" else None
    if found is not None:
        return found
    for noun in _beside(reading, attribution):
        found = _TABLE.get((noun.lemma_.lower(), "cue")) or _TABLE.get((noun.lower_, "cue"))
        if found is not None:
            return found
    source = attribution.source_token
    return _TABLE.get((source.lemma_.lower(), "source")) if source is not None and source.pos_ == "NOUN" else None


def goes_on(attribution: Attribution) -> bool:
    """Whether a cue only goes on with what its source said before ("added", "went on")."""
    return attribution.cue_token.lemma_ in _GOING_ON


def _beside(reading: Reading, attribution: Attribution) -> Iterator[Token]:
    """Yield the nouns of the cue and those that a preposition or the verb of the cue governs, outside the content."""
    cue = attribution.cue_token
    for token in reading.tokens(attribution.cue):
        if token.pos_ in ("NOUN", "PROPN") and token != cue:
            yield token
    for child in cue.children:
        if child.idx in range(attribution.content.start, attribution.content.end):
            continue
        if child.dep_ in ("dobj", "dative") and cue.lemma_ == "tell":
            yield child
        if child.dep_ in ("prep", "dative") and child.lower_ in _LINKS:
            yield from (noun for noun in child.children if noun.dep_ == "pobj")
