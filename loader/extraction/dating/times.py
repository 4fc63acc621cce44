"""The times that an article names: where their words stand, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import Temporality, TimeReference
from loader.extraction.dating.dates import find, reckon
from loader.extraction.dating.reckoning import Direction
from loader.extraction.text.clauses import auxiliaries, governing_verb, tense

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.document import Span
    from loader.extraction.dating.dates import Phrase
    from loader.extraction.text.reading import Reading
    from loader.extraction.text.tokens import Token

# Verbs of saying tell of what has been said also in the present tense ("says on Friday").
_SAYING = frozenset({"say", "tell", "report", "announce", "add", "write", "claim", "state", "note", "warn"})
# After these words a number of four digits is a year.
_BEFORE_YEAR = frozenset(
    {"in", "since", "by", "until", "till", "during", "of", "from", "for", "to", "through", "before", "after", "and"}
    | {"or", "between", "early", "late", "mid", "the", "'s", "’s", "this", "that", "than", "(", ",", "-", "–", "into"}
    | {"around", "about", "past", "beyond", "as", "election", "spring", "summer", "autumn", "fall", "winter"}
)


def find_times(reading: Reading) -> tuple[TimeReference, ...]:
    """Return the times named in headline, standfirst and body, in order of the text.

    Bare durations ("for three years", "an 18-month period") are no times, and neither is a date line. A time without
    a year or a date is reckoned from ``article.published``, on the side that the tense of its sentence tells; where
    either is missing it stays open.
    """
    page = reading.page
    parts = sorted([page.headline, *([page.standfirst] if page.standfirst else []), *page.body])
    return tuple(time for part in parts for time in _times_in(reading, part))


def _times_in(reading: Reading, part: Span) -> Iterator[TimeReference]:
    text = reading.article.text
    for phrase in find(text, part.start, part.end):
        if phrase.span == part:
            continue
        tokens = reading.tokens(phrase.span)
        if _is_something_else(phrase, tokens[0], tokens[-1]):
            continue
        found = reckon(phrase.span.of(text), reading.article.published, direction_of(tokens.root))
        if found is not None:
            yield TimeReference(phrase.span, found.anchor, found.timex, found.offset, found.earliest, found.latest)


def _is_something_else(phrase: Phrase, first: Token, last: Token) -> bool:
    """Whether the words only look like a time: "May said", "we may", "the March on Washington", "2000 people"."""
    after = last.nbor() if last.i + 1 < len(last.doc) else None
    before = first.nbor(-1) if first.i else None
    if phrase.form == "month":
        return _is_name_or_verb(first, before, after)
    if phrase.form == "year" and first == last:
        return _is_count(first, before, after)
    if phrase.form == "weekday" and first == last:
        return after is not None and after.text in ("Agreement", "Times", "Night") and after.dep_ != "npadvmod"
    return False


def _is_name_or_verb(first: Token, before: Token | None, after: Token | None) -> bool:
    if first.text not in ("May", "March"):
        return False
    if first.text == "March":
        led = before is not None and (before.lower_ in ("the", "a", "'s", "’s") or before.pos_ == "PROPN")
        return first.pos_ == "VERB" or (led and after is not None and after.lower_ in ("on", "for", "against", "from"))
    if first.i == first.sent.start and first.tag_ == "MD":
        return after is None or after.pos_ not in ("PUNCT", "NUM")
    person = first.ent_type_ == "PERSON" or first.dep_ in ("nsubj", "poss", "appos")
    return first.tag_ == "MD" or person or (before is not None and before.ent_type_ == "PERSON")


def _is_count(first: Token, before: Token | None, after: Token | None) -> bool:
    if before is None or first.i == first.sent.start:
        return after is not None and after.tag_ == "NNS"
    if before.lower_ not in _BEFORE_YEAR and first.ent_type_ != "DATE":
        return True
    plural = after is not None and after.tag_ == "NNS" and first.dep_ == "nummod" and first.head.i > first.i
    return plural and before.lower_ not in ("the", "'s", "’s")


def direction_of(token: Token) -> Direction | None:
    """Return on which side of the day of publication the clause of a word of time lies, None if it does not tell."""
    verb = governing_verb(token)
    for _ in range(4):
        if verb is None:
            break
        helpers = auxiliaries(verb)
        found = tense(verb)
        open_infinitive = found is None and verb.dep_ in ("xcomp", "acl") and any(h.lower_ == "to" for h in helpers)
        if found is Temporality.FUTURE or open_infinitive or (found is None and any(h.tag_ == "MD" for h in helpers)):
            return Direction.FUTURE
        if found is not None:
            behind = found is Temporality.PAST or _is_perfect_or_saying(verb)
            return Direction.PAST if behind else None
        verb = governing_verb(verb.head) if verb.head != verb else None
    return None


def _is_perfect_or_saying(verb: Token) -> bool:
    return verb.lemma_ in _SAYING or any(helper.lemma_ == "have" for helper in auxiliaries(verb))
