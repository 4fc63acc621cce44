"""Turns: which cue each quotation goes with."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

from loader.document import Span
from loader.extraction.attribution import cues, sources
from loader.extraction.attribution.extents import is_time
from loader.extraction.attribution.findings import Finding
from loader.extraction.text.syntax import child, group

if TYPE_CHECKING:
    from loader.extraction.attribution.findings import Marks
    from loader.extraction.text.reading import Quotation, Reading
    from loader.extraction.text.tokens import Token

_STOP = re.compile(r"[.!?][\"”’']*(?=\s|$)")
_LEAD = 2  # words before a quotation that make it part of a sentence
_SENTENCE = 30  # characters: a shorter quotation is no paragraph of its own
_FAR = 4000  # characters: lines are looked through no farther
_STRANDED = 6  # tokens: the longest subject left alone before its cue
_REACH = 60  # tokens that a cue is looked for beside a quotation


def find_turns(
    reading: Reading, marks: Marks, clausal: list[Finding], taken: tuple[Finding, ...] = ()
) -> list[Finding]:
    """Give every quotation that is speech to a cue: one that attributes already, one beside it, or the one before.

    Quotations that the findings ``taken`` hold already, or stand in, are left to them.
    """
    held = sorted((part.start, part.end) for finding in taken for part in finding.parts)
    turns = _Turns(reading, marks, clausal)
    for number, quotation in enumerate(marks.speeches):
        at = bisect_left(held, (quotation.inner.end, 0)) - 1
        if at < 0 or held[at][1] <= quotation.inner.start:
            turns.take(number, quotation)
    return list(turns.by_cue.values())


class _Turns:
    """The cues of an article by their token, as quotations are given to them one after another."""

    def __init__(self, reading: Reading, marks: Marks, clausal: list[Finding]) -> None:
        self.reading = reading
        self.marks = marks
        self.text = marks.text
        self.by_cue = {finding.cue.token.i: finding for finding in clausal}
        self.parts = sorted((part.start, part.end, f.cue.token.i) for f in clausal for part in f.parts)
        self.cues = sorted(f.span.start for f in clausal)
        self.last: tuple[Token, int] | None = None  # the cue of the turn before, and where its sentence ends
        self.waiting: list[Quotation] = []  # paragraphs of a quotation that goes on

    def take(self, number: int, quotation: Quotation) -> None:
        """Give one quotation to its cue."""
        speeches = self.marks.speeches
        if quotation.continued:
            self.waiting.append(quotation)
            return
        around = None if self._introduced(quotation) else self._around(quotation)
        if around is not None:
            self.last = (around, self._sentence_end(max(quotation.outer.end, around.idx)))
            self.waiting.clear()
            return
        before = speeches[number - 1].outer.end if number else 0
        after = speeches[number + 1].outer.start if number + 1 < len(speeches) else len(self.text)
        whole = quotation.inner
        token = _after(self.reading, quotation, after)
        if token is not None:
            whole = self._with_lead(quotation, before)
        else:
            token = _before(self.reading, quotation, before)
            if token is not None:
                whole = self._with_rest(quotation, after)
        if token is None:
            first = self.waiting[0] if self.waiting else quotation
            token = self._resumed(first, quotation) or self._narrated(quotation)
        if token is not None:
            if len(self.waiting) == 0 and self._elides(token, whole):
                self.by_cue[token.i] = replace(self.by_cue[token.i], parts=())
            self._give(token, [*(q.inner for q in self.waiting), whole])
            self.last = (token, self._sentence_end(max(quotation.outer.end, token.idx)))
        self.waiting.clear()

    def _introduced(self, quotation: Quotation) -> bool:
        """Whether a verb with a subject of its own stands right before the quotation; other contents end there."""
        index = _index_at(self.reading, quotation.outer.start) - 1
        doc = self.reading.doc
        if index < 1 or doc[index].text not in (",", ":"):
            return False
        token = doc[index - 1]
        subject = child(token, "nsubj")
        if (
            subject is None
            or not cues.is_quoting(token)
            or self.marks.speech_around(Span(token.idx, token.idx + 1)) is not None
        ):
            return False
        start = min(doc[subject.left_edge.i].idx, token.idx)
        at = bisect_right(self.parts, (start - 1, len(self.text), 0)) - 1
        for first, last, place in self.parts[max(0, at - 2) : at + 1]:
            finding = self.by_cue[place]
            if place != token.i and first < start < last:
                parts = [self.marks.tidy(p.start, start) if p.start < start < p.end else p for p in finding.parts]
                self.by_cue[place] = replace(finding, parts=tuple(p for p in parts if p is not None))
        return True

    def _around(self, quotation: Quotation) -> Token | None:
        """Return the cue whose content the quotation is only a part of."""
        outer = quotation.outer
        at = bisect_right(self.parts, (outer.start - 1, len(self.text), 0)) - 1
        for start, end, index in reversed(self.parts[max(0, at - 2) : at + 1]):
            finding = self.by_cue[index]
            if start < outer.start and outer.end <= end + 2 and finding.rule not in ("object", "around"):
                return finding.cue.token
        return None

    def _with_lead(self, quotation: Quotation, limit: int) -> Span:
        """Return the quotation with the words before it in its sentence: 'As for Japan, "we won," he said'."""
        outer = quotation.outer
        start = max(limit, self.text.rfind("\n", max(0, outer.start - _FAR), outer.start) + 1)
        for match in _STOP.finditer(self.text, start, outer.start):
            start = match.end()
        lead = self.marks.tidy(start, outer.start)
        if lead is None or len(lead.of(self.text).split()) < _LEAD:
            return quotation.inner
        at = bisect_right(self.cues, lead.start - 1)
        if at < len(self.cues) and self.cues[at] < lead.end:
            return quotation.inner
        return self.marks.tidy(lead.start, outer.end) or quotation.inner

    def _with_rest(self, quotation: Quotation, limit: int) -> Span:
        """Return the quotation with the words behind it in its sentence: 'he said "a mess" was made of it'."""
        outer = quotation.outer
        behind = self.text[outer.end : outer.end + 2]
        if self.text[quotation.inner.end - 1] in ".!?,…" or not (behind[:1] == " " and behind[1:].islower()):
            return quotation.inner
        end = min(limit, self._sentence_end(outer.end))
        return self.marks.tidy(outer.start, end) or quotation.inner

    def _give(self, token: Token, spans: list[Span]) -> None:
        known = self.by_cue.get(token.i)
        if known is not None:
            quoted = [q.outer for span in spans for q in self.marks.among(span)]
            outside = [p for p in known.parts if not any(outer.overlaps(p) for outer in quoted)]
            rule = known.rule + "+quote" if outside else "quote"
            self.by_cue[token.i] = replace(known, parts=tuple(sorted({*outside, *spans})), rule=rule)
            return
        doc = self.reading.doc
        first, last = group(token)
        last = cues.with_medium(token, last)
        entry = cues.verb(token) or cues.Entry(str(token.lemma_), {})
        source = sources.of_verb(token)
        if source is None or is_time(source.token) or self.marks.speech_around(source.span) is not None:
            source = _beside(self.reading, token, self.marks.speeches)
        span = Span(doc[first].idx, doc[last].idx + len(doc[last]))
        cue = cues.Cue(token, entry, first, last)
        self.by_cue[token.i] = Finding(cue, span, tuple(spans), source, "quote", entry.kind("quote"))

    def _elides(self, token: Token, whole: Span) -> bool:
        """Whether the quotation goes on with a sentence whose subject alone stood before the cue (convention 3)."""
        known = self.by_cue.get(token.i)
        before = [part for part in known.parts if part.end <= whole.start] if known else []
        if len(before) != 1:
            return False
        words = self.reading.tokens(before[0])
        verbal = any(word.pos_ in ("VERB", "AUX") for word in words)
        return not verbal and len(words) <= _STRANDED and self.text[whole.start].islower()

    def _sentence_end(self, at: int) -> int:
        """Where the sentence that goes on at ``at`` ends: behind its full stop, or with its line."""
        line = _line_end(self.text, at)
        match = _STOP.search(self.text, at, line)
        return match.end() if match else line

    def _resumed(self, first: Quotation, quotation: Quotation) -> Token | None:
        """Return the cue of the turn before, if the quotation takes it up: right after it, or as the next paragraph.

        ``first`` is the first paragraph of the quotation, ``quotation`` the last.
        """
        if self.last is None:
            return None
        token, end = self.last
        between = self.text[end : first.outer.start] if end <= first.outer.start else ""
        if "\n" not in between and not between.strip(" \t-–—―…."):
            return token
        whole = not self.text[quotation.outer.end : _line_end(self.text, quotation.outer.end)].strip(" .")
        return token if not between.strip() and between.count("\n") <= 2 and whole else None

    def _narrated(self, quotation: Quotation) -> Token | None:
        """Return the last cue of the paragraph before a quotation that stands as a sentence of its own."""
        near = max(0, quotation.outer.start - _FAR)
        start = max(near, self.text.rfind("\n", near, quotation.outer.start) + 1)
        whole = not self.text[quotation.outer.end : _line_end(self.text, quotation.outer.end)].strip(" .")
        if start == quotation.outer.start and whole and quotation.inner.end - quotation.inner.start > _SENTENCE:
            before = self.text.rstrip()[:start].rstrip()
            start = max(near, before.rfind("\n") + 1)  # a paragraph of its own goes on with the one before
        at = bisect_right(self.parts, (quotation.outer.start, 0, 0)) - 1
        while at >= 0 and self.parts[at][0] >= start:
            finding = self.by_cue[self.parts[at][2]]
            if (
                finding.source is not None
                and _speaks(finding.cue.token)
                and finding.parts[-1].end <= quotation.outer.start
            ):
                return finding.cue.token
            at -= 1
        return None


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at, at + _FAR)
    return end if end >= 0 else min(len(text), at + _FAR)


def _speaks(token: Token) -> bool:
    """Whether a cue can go on with a quotation in the next sentence: no relative clause told of its speaker."""
    return token.dep_ not in ("relcl", "acl")


def _after(reading: Reading, quotation: Quotation, limit: int) -> Token | None:
    """Find a cue behind the quotation in its sentence: '"A," X said', '"A?" asked X'."""
    text = reading.article.text
    end = quotation.outer.end
    closing = text[quotation.inner.start : quotation.inner.end].rstrip(_NESTED)[-1:] or "-"
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
        if cues.is_quoting(token) and token.dep_ not in ("relcl", "acl"):
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
        if cues.is_quoting(token) and token.dep_ != "amod":
            return token
    return None


def _index_at(reading: Reading, at: int) -> int:
    found = reading.doc.touched(at, at + 1) if at < len(reading.article.text) else None
    return found.start if found is not None else len(reading.doc)


def _beside(reading: Reading, token: Token, speeches: tuple[Quotation, ...]) -> sources.Source | None:
    """Return the noun phrase right behind or right before a cue whose subject the parse does not show.

    A bracket behind a name is passed over ("Ann Lee (D-Md.) said"), and the words of a title belong to the phrase.
    """
    doc = reading.doc
    for at in (token.i + 1, _before_bracket(token)):
        if 0 <= at < len(doc):
            other = doc[at]
            while other.dep_ in ("det", "compound", "amod", "poss", "nummod", "case") and other.head.i > other.i:
                other = other.head
            named = other.pos_ in ("NOUN", "PROPN", "PRON") and not is_time(other) and other.dep_ != "pobj"
            if named and not any(q.outer.start <= other.idx < q.outer.end for q in speeches):
                source = sources.phrase(other, token)
                first = reading.tokens(source.span).start
                while other.pos_ == "PROPN" and first > 0 and doc[first - 1].pos_ in ("PROPN", "NOUN"):
                    first -= 1
                return sources.Source(other, Span(doc[first].idx, source.span.end))
    return None


def _before_bracket(token: Token) -> int:
    """Index of the token before a word, or before the bracket that stands before the word."""
    doc, at = token.doc, token.i - 1
    if at < 0 or doc[at].text != ")":
        return int(at)
    opening = next((i for i in range(at, max(-1, at - _BRACKET), -1) if doc[i].text == "("), 0)
    return opening - 1


_NESTED = "’'” \""  # what a quotation ends with that another one ends: “We were ‘taken captive,’”
_BRACKET = 8  # tokens between the brackets behind a name
