"""The forms that times take in news, and the search for them: no parser, only words.

Each form is a row of one table: its name, its words, and what they come to. Words are looked for left to right; of
forms that begin at the same place the one that stands first in the table holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loader.document import Anchor, Span
from loader.extraction.dating import reckoning
from loader.extraction.dating.reckoning import Direction, Reckoning, Words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of time at a place in a text, with the name of the form they have."""

    span: Span
    form: str


_MONTH = (
    r"(?:Jan(?:uary\b|\b\.?)|Feb(?:ruary\b|\b\.?)|Mar(?:ch\b|\b\.?)|Apr(?:il\b|\b\.?)|May\b|June?\b|July?\b"
    r"|Aug(?:ust\b|\b\.?)|Sep(?:tember\b|t\b\.?|\b\.?)|Oct(?:ober\b|\b\.?)|Nov(?:ember\b|\b\.?)|Dec(?:ember\b|\b\.?))"
)
# Alone, a month is written in full or with its stop: "Mar" and "Jun" are also names.
_LONE_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan\.|Feb\.|Aug\.|Sept?\.|Oct\.|Nov\.|Dec\.)"
)
_WEEKDAY = (
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|(?:Mon|Tues?|Wed|Thurs?|Fri|Sat|Sun)\.(?=,? (?:[A-Z0-9]|at\b)))"
)
_YEAR = r"(?:1[5-9]|20|21)\d\d(?!\w)"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?\b(?![,.]\d|:\d)"
_UNIT = r"(?:hour|day|week|month|quarter|year|decade)"
_LONG_UNIT = r"(?:week|month|quarter|year|decade)"
_NUMBER = (
    r"(?:\d{1,3}|(?i:a dozen|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|eighteen|twenty"
    r"|thirty|forty|fifty))"
)
_SOME = r"(?i:several|a few|some|many|a couple of|a number of|the next few|the next several)"
_ABOUT = r"(?P<about>(?i:about|around|nearly|almost|more than|over|less than|roughly|at least|just over|only|barely) )?"
_QUALIFIER = r"(?i:(?:early|late|mid|the end of|the beginning of|the start of|the middle of)[ -](?:in )?)"
_PART = r"(?: (?P<p>morning|afternoon|evening|night)\b)?"
_DASH = r" ?[-–—] ?"
_RELATIVE_YEAR = r"(?i:(?:this|last|next|the same) year)"
_RELATIVE = r"(?P<r>(?i:this past|this coming|last|next|this|past))"
_MONTH_YEAR = (
    rf"(?:{_QUALIFIER}?{_MONTH}(?:,? {_YEAR}| of (?:{_YEAR}|{_RELATIVE_YEAR})| {_RELATIVE_YEAR})?)(?<! )(?!\w)"
)
_SEASON = r"(?i:spring|summer|autumn|fall|winter)"

_Reckon = Callable[[Words, "date | None", "Direction | None"], "Reckoning | None"]


def _month_range(words: Words, published: date | None, direction: Direction | None) -> Reckoning | None:
    """Read "December of 2008 through January of this year" and "March to May 2024"."""
    first = reckon(words["a"], published, direction)
    last = reckon(words["b"], published, direction)
    if first is None or last is None:
        return None
    dated = re.compile(r"\d{4}|year")
    if not dated.search(words["a"]) and dated.search(words["b"]) and last.earliest:
        later = reckoning.month_number(words["a"]) > last.earliest.month
        first = reckon(f"{words['a']} {last.earliest.year - later}", published, direction)
        if first is None:
            return None
    anchor = first.anchor if first.anchor == last.anchor else Anchor.PUBLICATION
    value = f"{first.timex}/{last.timex}"
    if first.earliest is None or last.latest is None or first.earliest > last.latest:
        return Reckoning(anchor, value)
    return Reckoning(anchor, value, None, first.earliest, last.latest)


_FORMS: tuple[tuple[str, str, _Reckon], ...] = (
    (
        "iso",
        rf"(?P<y>{_YEAR})-(?P<m>\d\d)-(?P<d>\d\d)(?:T[0-9:.]{{2,12}}(?:Z|[+-]\d\d:?\d\d)?)?(?![-\d])",
        reckoning.iso,
    ),
    ("numeric", rf"(?P<a>\d\d?)(?P<s>[/.])(?P<b>\d\d?)[/.](?P<y>{_YEAR})", reckoning.numeric),
    (
        "month-range",
        rf"(?P<a>{_MONTH_YEAR})(?: (?:through|to|until|till) |{_DASH})(?P<b>{_MONTH_YEAR})(?! \d)",
        _month_range,
    ),
    (
        "month-day",
        (
            rf"(?:(?P<w>{_WEEKDAY}){_PART},? (?:the )?)?{_QUALIFIER}?(?P<m>{_MONTH}) (?:the )?(?P<d>{_DAY})"
            rf"(?:(?:{_DASH}| to | through )(?P<e>{_DAY}))?(?:(?:,|,? of)? (?P<y>{_YEAR})|,? (?P<r>{_RELATIVE_YEAR}))?"
        ),
        reckoning.month_day,
    ),
    (
        "day-month",
        (
            rf"(?:(?P<w>{_WEEKDAY}),? (?:the )?)?(?P<d>{_DAY})(?:(?:{_DASH}| to )(?P<e>{_DAY}))?(?: of)? "
            rf"(?P<m>{_MONTH})(?!\w)(?:,? (?P<y>{_YEAR})|(?: of|,)? (?P<r>{_RELATIVE_YEAR}))?"
        ),
        reckoning.month_day,
    ),
    (
        "month-of-year",
        rf"{_QUALIFIER}?(?P<m>{_MONTH})(?:,? (?P<y>{_YEAR})| of (?P<y2>{_YEAR})| (?:of )?(?P<r>{_RELATIVE_YEAR}))",
        reckoning.month_of_year,
    ),
    ("month", rf"(?:{_RELATIVE} |{_QUALIFIER})?(?P<m>{_LONE_MONTH})(?!\w)", reckoning.lone_month),
    (
        "weekday",
        rf"(?:(?i:early|late|earlier|later)(?: on)? )?(?:{_RELATIVE} )?(?P<w>{_WEEKDAY}){_PART}",
        reckoning.weekday,
    ),
    (
        "day",
        (
            r"(?i:the day before yesterday|the day after tomorrow"
            r"|(?:(?:early|late|earlier|later) )?"
            r"(?:(?:yesterday|tomorrow|today)(?: (?:morning|afternoon|evening|night))?"
            r"|tonight|this (?:morning|afternoon|evening)|last (?:night|evening)))\b"
        ),
        reckoning.deictic_day,
    ),
    (
        "unit",
        (
            rf"(?:(?P<q>(?i:earlier|later|early|late))(?: in)? )?"
            rf"(?:(?P<r>(?i:last|next|this past|this coming|this|the past"
            rf"|the coming|the upcoming|the current|the last)) (?P<u>{_LONG_UNIT})|(?P<r2>(?i:last)) (?P<u2>weeks))\b"
            r"(?! of\b)(?!-)"
        ),
        reckoning.relative_unit,
    ),
    (
        "part-of-unit",
        (
            rf"(?i:the (?:very )?(?:end|start|beginning|middle|rest|remainder|course|close|turn) of)"
            rf" (?P<r>(?i:the current|the coming|the|this|next|last)) (?P<u>{_LONG_UNIT})\b"
        ),
        reckoning.part_of_unit,
    ),
    (
        "weekend",
        r"(?P<r>(?i:this past|this coming|the past|the coming|last|next|this|the)) weekend\b",
        reckoning.weekend,
    ),
    ("ago", rf"(?:{_ABOUT}(?P<n>{_NUMBER}) (?P<u>{_UNIT})s?|(?:{_SOME} )?{_UNIT}s) ago\b", reckoning.ago),
    (
        "hence",
        (
            rf"(?i:in) (?:{_ABOUT}(?P<n>{_NUMBER})(?P<about2>(?:-| or | to ){_NUMBER})? "
            rf"(?P<u>{_UNIT})s?|{_SOME} {_UNIT}s)"
            r"(?! of\b)(?:['’] time\b|\b(?!['’]))"
        ),
        reckoning.hence,
    ),
    ("from-now", rf"{_ABOUT}(?P<n>{_NUMBER}) (?P<u>{_UNIT})s? from now\b", reckoning.hence),
    ("within", rf"(?i:within)(?: the)? (?P<n>{_NUMBER}) (?P<u>{_UNIT})s?\b(?! of\b)", reckoning.within),
    (
        "stretch",
        (
            rf"(?:(?i:over|in|during|within|for|throughout) )?(?i:the) (?P<r>(?i:past|last|previous|next|coming))"
            rf" (?:{_ABOUT}(?P<n>{_NUMBER})|(?i:several|few|couple of|some)) (?P<u>{_UNIT})s?\b"
        ),
        reckoning.stretch,
    ),
    (
        "future",
        (
            rf"(?:(?i:in|over|during|for) )?(?i:the) (?:(?i:coming|upcoming) {_UNIT}s(?: and {_UNIT}s)?"
            rf"|{_UNIT}s(?: and {_UNIT}s)? (?i:ahead|to come)"
            r"|(?i:near future|not too distant future|foreseeable future))\b"
        ),
        reckoning.vague_future,
    ),
    ("past", rf"(?i:in|over|during) (?i:recent) {_UNIT}s\b", reckoning.vague_past),
    (
        "event",
        (
            rf"(?:(?i:the) (?P<r>(?i:same|following|next|previous)) "
            r"(?P<u>day|week|month|year|morning|afternoon|evening)\b"
            rf"|(?P<n>{_NUMBER}) (?P<u2>{_UNIT})s? (?P<r2>(?i:later|earlier|afterwards?))\b"
            r"|(?i:the) (?P<u3>day|week|month|year) (?P<r3>before|after)(?=[,.;]|$))"
        ),
        reckoning.from_event,
    ),
    ("decade", r"(?i:the )(?:(?i:early|late|mid)[ -])?(?P<y>(?:1[5-9]|20)\d0)s\b", reckoning.decade),
    (
        "quarter",
        (
            rf"(?:(?i:the )?(?P<o>(?i:first|second|third|fourth|1st|2nd|3rd|4th)) (?P<k>(?i:quarter|half)) of"
            rf"|(?P<o2>Q[1-4])(?: of)?) (?:(?P<y>{_YEAR})|(?P<r>{_RELATIVE_YEAR}))"
        ),
        reckoning.quarter,
    ),
    ("fiscal", rf"(?:(?i:fiscal(?: year)?) |FY ?)(?P<y>{_YEAR})", reckoning.fiscal),
    (
        "season",
        (
            rf"(?:(?:(?P<r>(?i:this past|last|next|this|the)) )?(?:(?i:early|late|mid)[ -])?(?P<s>{_SEASON})(?: of)?"
            rf" (?P<y>{_YEAR})|(?P<r2>(?i:this past|last|next|this)) (?P<s2>{_SEASON})\b(?! of\b)"
            rf"|(?i:in the) (?P<s3>{_SEASON})(?! of\b)\b)"
        ),
        reckoning.season,
    ),
    ("year-range", rf"(?P<a>{_YEAR})[-–—](?P<b>{_YEAR}|\d\d)(?![-–\d])", reckoning.year_range),
    ("year", rf"{_QUALIFIER}?(?P<y>{_YEAR})(?!%|,\d|\.\d|-\w)", reckoning.year),
)

_SINGLE = {name: (re.compile(words), function) for name, words, function in _FORMS}
_UNNAMED = re.compile(r"\(\?P<\w+>|\(\?P=\w+\)")
_ANY = re.compile(
    r"(?<![\w$£€¥#@/.-])(?:"
    + "|".join(f"(?P<{name.replace('-', '_')}>{_UNNAMED.sub('(?:', words)})" for name, words, _ in _FORMS)
    + ")"
)
_PARTS = tuple(sorted({part.rstrip("23") for pattern, _ in _SINGLE.values() for part in pattern.groupindex}))


# No time without one of these words; the search looks only so far around them.
_CORE_WORDS = (
    "january february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thurs thur fri "
    "sat sun hour day week month quarter half year decade hours days weeks months quarters years decades weekend today "
    "tonight yesterday tomorrow morning afternoon evening night spring summer autumn fall winter future"
)
_CORE = frozenset(_CORE_WORDS.split())
_WORD = re.compile(r"[A-Za-z]+|\d+")
_AROUND = 72  # characters: more than any form has before or after such a word


def find(text: str, start: int = 0, end: int | None = None) -> Iterator[Phrase]:
    """Yield the words of time in a stretch of text, in order, without overlap; what they denote is not yet asked."""
    for first, last in _windows(text, start, len(text) if end is None else end):
        for match in _ANY.finditer(text, first, last):
            yield Phrase(Span(*match.span()), (match.lastgroup or "").replace("_", "-"))


def _windows(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches that hold a word of time, ends on blanks, no two touching."""
    first = last = -1
    for word in _WORD.finditer(text, start, end):
        letters = word[0]
        if letters.lower() not in _CORE and not _is_year(letters):
            continue
        if last < 0 or word.start() - _AROUND > last:
            if last >= 0:
                yield first, last
            first = max(start, word.start() - _AROUND)
        blank = text.find(" ", word.end() + _AROUND, end)
        last = end if blank < 0 or word.end() + _AROUND >= end else blank
        if last == end:
            break
    if last >= 0:
        yield first, last


def _is_year(word: str) -> bool:
    return len(word) == 4 and word[:2] in ("15", "16", "17", "18", "19", "20", "21")


def reckon(words: str, published: date | None = None, direction: Direction | None = None) -> Reckoning | None:
    """Return what one phrase of time comes to.

    ``published`` is the day of publication, None where it is not known: then only absolute times have bounds.
    Returns None where the words are no time.

    >>> reckon("next month").timex, reckon("next month").offset
    ('XXXX-XX', 'P1M')
    """
    for pattern, function in _SINGLE.values():
        match = pattern.fullmatch(words)
        if match:
            parts = dict.fromkeys(_PARTS, "") | {"words": words.lower()}
            for name, value in match.groupdict().items():
                if value:
                    parts[name.rstrip("23")] = value if name in ("a", "b") else value.lower().strip()
            return function(parts, published, direction)
    return None
