"""When a source spoke, and when what it said holds: which of the named times belongs to which."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from loader.document import Span
from loader.extraction.text.clauses import ancestors_to, children, governing_verb, head_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loader.document import TimeReference
    from loader.extraction.text.reading import Attribution, Reading
    from loader.extraction.text.tokens import Token, TokenSpan

_ASIDE = frozenset({"relcl", "acl", "advcl", "appos"})
# A sentence that begins with one of these speaks of what was said just before.
_UTTERANCES = frozenset(
    {
        "statement",
        "announcement",
        "remark",
        "comment",
        "declaration",
        "warning",
        "speech",
        "message",
        "post",
        "interview",
    }
)
_NEAR = 400  # characters between a cue and a time that tells when it was said
_OCCASIONS = frozenset({"trip", "visit", "meeting", "summit", "talk", "conference", "tour", "stay", "session"})
_OF_OCCASIONS = frozenset({"visit", "travel", "meet", "tour", "attend", "host", "hold", "go", "fly", "arrive"})


class Occasions:
    """The times of one reading, for quick look-up."""

    def __init__(self, reading: Reading, times: Iterable[TimeReference]) -> None:
        self.reading = reading
        self._spans = [time.span for time in times]
        self._starts = [span.start for span in self._spans]

    def within(self, span: Span) -> tuple[Span, ...]:
        """Return the times that lie inside a span, in order."""
        first, last = bisect_left(self._starts, span.start), bisect_left(self._starts, span.end)
        return tuple(time for time in self._spans[first:last] if time.end <= span.end)

    def of_event(self, content: Span) -> tuple[Span, ...]:
        """Return the times of what a content says: those of its main clause, not of an aside or a condition in it."""
        head = head_of(self.reading, content)
        return tuple(time for time in self.within(content) if not self._is_aside(time, head, content))

    def _is_aside(self, time: Span, head: Token, content: Span) -> bool:
        for token in ancestors_to(self.reading.tokens(time).root, head):
            if not content.start <= token.idx < content.end:
                return False
            if token.dep_ in _ASIDE and token.tag_ != "VB" and token.pos_ in ("VERB", "AUX"):
                return True
        return False

    def of_utterance(self, attribution: Attribution) -> tuple[Span, ...]:
        """Return when the source spoke: times that hang on the cue, or on the document that is the source.

        A sentence right after it may tell ("The statement on Wednesday …").
        """
        sentence = attribution.cue_token.sent
        start, end = attribution.cue.start - _NEAR, attribution.cue.end + _NEAR
        found = []
        for time in self.within(Span(max(sentence.start_char, start), min(sentence.end_char, end))):
            if time.overlaps(attribution.content):
                continue
            root = self.reading.tokens(time).root
            if governing_verb(root) == attribution.cue_token or _dates(root, attribution.source_token):
                found.append(time)
        return tuple(found) or self._in_next_sentence(sentence)

    def _in(self, sentence: TokenSpan) -> tuple[Span, ...]:
        return self.within(Span(sentence.start_char, sentence.end_char))

    def _in_next_sentence(self, sentence: TokenSpan) -> tuple[Span, ...]:
        doc = self.reading.doc
        if sentence.end >= len(doc) or "\n" in doc[sentence.end - 1].text_with_ws:
            return ()
        following = doc[sentence.end].sent
        subject = next((token for token in following[:4] if token.lemma_ in _UTTERANCES), None)
        if subject is None or following[0].lower_ not in ("this", "the", "that") or subject.dep_ != "nsubj":
            return ()
        return tuple(time for time in self._in(following) if _is_under(self.reading.tokens(time).root, subject))

    def of_occasion(self, content: Span, earlier: Iterable[tuple[Span, tuple[Span, ...]]]) -> tuple[Span, ...]:
        """Return when "the trip", "the meeting" is that a content names: the times of what told of it before.

        ``earlier`` are the contents told before in the same sentence, with their times.
        """
        named = [
            token
            for token in self.reading.tokens(content)
            if token.lemma_ in _OCCASIONS and token.dep_ == "pobj" and token.head.lower_ in ("during", "at", "on")
        ]
        if not any(child.lower_ in ("the", "that", "this") for token in named for child in children(token, "det")):
            return ()
        for span, times in earlier:
            if times and any(token.lemma_ in _OF_OCCASIONS for token in self.reading.tokens(span)):
                return times
        return ()


def _dates(time: Token, source: Token | None) -> bool:
    """Whether a time says when a document was made that is the source ("a report compiled last year")."""
    return source is not None and source.pos_ == "NOUN" and source.ent_type_ != "PERSON" and _is_under(time, source)


def _is_under(token: Token, top: Token) -> bool:
    return any(other.head == top for other in ancestors_to(token, top)) or token == top
