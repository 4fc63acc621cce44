"""The lines of an article by what they are for: headline, standfirst, body, and what is no part of the report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loader.document import NoText, Span
from loader.extraction.lexicon import rows
from loader.extraction.text.parse import is_hard_wrapped
from loader.extraction.text.reading import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

_STOPS = ".!?…"
_MARKS = "\"'”’»)]"
_SHORT_LINE = 25  # words: longer lines are prose, whatever they start with
_LABEL = 5  # words: the longest section label
_STANDFIRST = 45  # words: the longest standfirst
_PROSE = 12  # words: a line of so many is a paragraph
_RESTATED = 0.5  # share of a standfirst's words that one sentence of the body says again
_HEAD = 60  # body paragraphs in which a standfirst may be restated: bounds the search

_WORD = re.compile(r"\w+(?:[.'’-]\w+)*")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*\s+(?=[\"'“‘«(\[]?[A-Z0-9])")
_ABBREVIATION = re.compile(
    r"(?:\b[A-Z]|\b(?:Mr|Mrs|Ms|Dr|St|Gen|Sen|Rep|Gov|Col|Lt|Sgt|Jr|Sr|Prof|Rev|No|vs|Inc|Co|Ltd))\.$"
)

_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?\.?|July?\.?|Aug(?:ust|\.)?"
    r"|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_DAY = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\.?)"
_CLOCK = r"\d{1,2}[:.]\d{2}(?:\s*[ap]\.?m\.?)?(?:\s*\(?[A-Z]{2,5}\)?)?"
_DATE = (
    rf"(?:{_DAY},?\s+)?(?:{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?(?:\s+\d{{4}})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH},?(?:\s+\d{{4}})?|{_MONTH}\s+\d{{4}})"
    r"|\d{4}-\d{2}-\d{2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}"
)
_DATE_LINE = re.compile(
    rf"^\(?(?:(?:{_DATE}|{_DAY})(?:\s*[,|·•-]?\s*(?:at\s+)?{_CLOCK})?|{_CLOCK})\.?\)?$", re.IGNORECASE
)
_DATELINE = re.compile(r"^[A-Z][A-Z .,'’/-]{2,40}(?:,\s*[A-Z][\w .]{1,30})?(?:\s*\([^)]{2,40}\))?\s*[—–-]{1,2}\s")
_NAME = r"[A-Z][\w.'’-]*"
_NAMES = rf"{_NAME}(?:\s+(?:{_NAME}|de|del|van|von|der|bin|al|el))*"
_BYLINE = re.compile(
    rf"^(?:By|Written by|From|Story by)\s+{_NAMES}(?:(?:,|\s+and|\s+&)\s+{_NAMES})*(?:\s*[|,–—-]\s*.{{2,60}})?$"
)
_AGENCY = re.compile(
    r"^\(?(?:AFP|AP|Reuters|UPI|DPA|dpa|TASS|Xinhua|Yonhap|Kyodo|ANSA|EFE|PTI|ANI|IANS|BBC|CNN|Bloomberg)\)?$"
)
_IN_BRACKETS = re.compile(r"^[(\[][^()\[\]]{2,60}[)\]]\.?$")
_CREDIT = re.compile(
    r"(?:^|[.\s(])(?:File )?(?:Image|Photo|Picture|Photograph|Photo credit|Image credit|Credit)s?:\s*[^.:]{2,60}\.?\)?$"
    r"|(?:AFP|AP|EPA|Reuters|REUTERS|Bloomberg|Getty)\s*(?:/|via|Photo/)\s*(?:Getty|AP|[A-Z]\w+)[^.!?]{0,40}\.?\)?$"
    r"|\((?:AP|AFP|Reuters|EPA)?\s*(?:Photo|Image|Picture|File)s?(?:\s+by|/|:)[^)]{2,60}\)\.?$"
    r"|/\s*Getty Images\.?\)?$"
)
_RULE = re.compile(r"^[\W_]{1,60}$")
_FINITE = frozenset(
    {"is", "are", "was", "were", "am", "be", "has", "have", "had", "will", "would", "can", "could", "may", "might"}
    | {"must", "shall", "should", "says", "said", "do", "does", "did"}
)


@dataclass(frozen=True, slots=True)
class _Line:
    """One line that is not blank, with the words in it."""

    span: Span
    text: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Sign:
    """A row of the boilerplate table."""

    where: str
    words: str
    condition: str
    kind: str

    def shown_by(self, line: _Line, folded: str) -> bool:
        """Whether the line (``folded``: lower case, straight quotes) shows this sign."""
        short = len(line.words) <= _SHORT_LINE
        if self.where == "end":
            return short and folded.rstrip(".)").endswith(self.words)
        rest = folded[len(self.words) :]
        if not folded.startswith(self.words) or rest[:1].isalnum():
            return False
        if self.condition == "colon":
            return bool(re.match(r"\s*[:|–—]|\s+-\s|$", rest))
        if self.condition == "year":
            return short and bool(re.search(r"\b(?:19|20)\d\d\b", rest))
        return short and (self.condition != "open" or not folded.endswith(".") or folded.endswith("..."))


_SIGNS = tuple(_Sign(where, words, condition, kind) for where, words, condition, kind, _ in rows("boilerplate"))
_WHOLE = frozenset(sign.words for sign in _SIGNS if sign.where == "whole")
_ENDS = tuple(sign for sign in _SIGNS if sign.where == "end")
_STARTS = {
    first: tuple(sign for sign in _SIGNS if sign.where == "start" and sign.words[0] == first)
    for first in {sign.words[0] for sign in _SIGNS if sign.where == "start"}
}


def read_page(text: str) -> Page:
    """Sort the lines of a canonical text into headline, standfirst, body paragraphs and boilerplate.

    A bare date line is in none of them. In a hard-wrapped text a body paragraph is the run of lines between blank
    ones. Raises NoText for a text without a word in it.
    """
    lines = tuple(_paragraphs(text))
    if not lines:
        message = "an article needs at least one line of text"
        raise NoText(message)
    headline, rest = lines[0], lines[1:]
    body: list[_Line] = []
    boilerplate: list[Span] = []
    marked = False  # a byline or date line stands before the next paragraph
    after_deck = None
    for index, line in enumerate(rest):
        following = rest[index + 1] if index + 1 < len(rest) else None
        before = rest[index - 1] if index else None
        if _DATE_LINE.match(line.text):
            marked = True
        elif _is_byline(line, early=not body):
            boilerplate.append(line.span)
            marked = not _AGENCY.match(line.text)
        elif _is_apparatus(line) or _is_label(line, before, following, first=not body):
            boilerplate.append(line.span)
        else:
            if len(body) == 1 and marked:
                after_deck = line
            body.append(line)
            marked = False
    standfirst = None
    if len(body) > 1 and _is_standfirst(body, before_mark=after_deck is not None):
        standfirst = body.pop(0).span
    return Page(headline.span, standfirst, tuple(line.span for line in body), tuple(boilerplate))


def _paragraphs(text: str) -> Iterator[_Line]:
    """Yield the lines that are not blank; of a hard-wrapped text the headline and the runs between blank lines."""
    wrapped = is_hard_wrapped(text)
    start: int | None = None
    offset = 0
    end = 0
    for number, raw in enumerate(text.split("\n")):
        stripped = raw.strip()
        begin = offset + len(raw) - len(raw.lstrip())
        if not wrapped or number == 0:
            if stripped:
                yield _line(text, begin, begin + len(stripped))
        elif stripped:
            start = begin if start is None else start
            end = begin + len(stripped)
        elif start is not None:
            yield _line(text, start, end)
            start = None
        offset += len(raw) + 1
    if start is not None:
        yield _line(text, start, end)


def _line(text: str, start: int, end: int) -> _Line:
    part = text[start:end]
    return _Line(Span(start, end), part, tuple(_WORD.findall(part)))


def _is_byline(line: _Line, *, early: bool) -> bool:
    if len(line.words) > 16 or line.text[-1] in ".!?":
        return bool(_AGENCY.match(line.text))
    if _AGENCY.match(line.text):
        return True
    return early and len(line.words) > 2 and bool(_BYLINE.match(line.text))


def _is_apparatus(line: _Line) -> bool:
    """Whether the line alone shows that it is no part of the report."""
    if _RULE.match(line.text):
        return True
    folded = line.text.lower().replace("’", "'")
    if folded in _WHOLE or folded.rstrip(".:!") in _WHOLE:
        return True
    if any(sign.shown_by(line, folded) for sign in _STARTS.get(folded[0], ())):
        return True
    if any(sign.shown_by(line, folded) for sign in _ENDS):
        return True
    if len(line.words) <= _STANDFIRST and _CREDIT.search(line.text):
        return True
    return bool(_IN_BRACKETS.match(line.text)) and len(line.words) <= 4


def _is_label(line: _Line, before: _Line | None, following: _Line | None, *, first: bool) -> bool:
    """Whether a short line only names the section that follows it."""
    if following is None or not 1 <= len(line.words) <= _LABEL or len(following.words) < _PROSE:
        return False
    if line.text[0] in "\"'“‘«-–—•*" or ":" in line.text or line.text[-1] in _STOPS + _MARKS + "-–—;,":
        return False
    if before is not None and before.text.endswith((":", ";", ",")):  # an item of a list
        return False
    if first and len(line.words) > 3:  # may be a standfirst without a stop
        return False
    capital = line.text[0].isupper() or line.text[0].isdigit()
    return capital and not any(word.lower() in _FINITE for word in line.words)


def _is_standfirst(body: list[_Line], *, before_mark: bool) -> bool:
    """Whether the first paragraph sums up what the others tell.

    One sentence, of at most 45 words, without a dateline, before a paragraph of prose; and either a byline, a date or
    a dateline parts it from the report, or it has no full stop, or one sentence of the report says half of it again.
    """
    first, second = body[0], body[1]
    if not 4 <= len(first.words) <= _STANDFIRST or len(second.words) < _PROSE or _DATELINE.match(first.text):
        return False
    last = first.text.rstrip(_MARKS + "*_")[-1:]
    if first.text[0] in "\"'“‘«" or last in ":,;" or len(_sentences(first.text)) > 1:
        return False
    if last not in _STOPS and sum(word.islower() for word in first.words) < 3:  # a place, a name, a form of address
        return False
    if before_mark or _DATELINE.match(second.text) or last not in _STOPS:
        return True
    return len(second.words) > len(first.words) and _is_restated(first, body[1:_HEAD])


def _is_restated(line: _Line, later: list[_Line]) -> bool:
    """Whether one sentence of the later paragraphs says at least half of the line's words again."""
    said = _stems(line.text)
    return len(said) >= 4 and any(
        len(said & _stems(sentence)) >= _RESTATED * len(said) for other in later for sentence in _sentences(other.text)
    )


def _sentences(text: str) -> list[str]:
    """Part a paragraph at stops that no abbreviation explains."""
    found: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if _ABBREVIATION.search(text[start : match.start() + 1]):
            continue
        found.append(text[start : match.end()].strip())
        start = match.end()
    if text[start:].strip():
        found.append(text[start:].strip())
    return found


def _stems(text: str) -> frozenset[str]:
    """Return the words of a text that carry content, cut to five letters so that "Japan" meets "Japanese"."""
    return frozenset(
        word.lower().removesuffix("'s").removesuffix("’s")[:5]
        for word in _WORD.findall(text)
        if len(word) > 3 or word.isupper()
    )
