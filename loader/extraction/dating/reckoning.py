"""What words of time come to: a TIMEX3 value, its anchor, its offset, and its bounds where they are known.

Values follow TIMEX3 (Pustejovsky et al. 2003; ISO-TimeML): ``2021-12-09``, ``2008-W35``, ``XXXX-WXX-3``,
``2015-08-20TAF``, ``2023-SU``, ``FUTURE_REF``. What the words and the date of publication leave open stays X, and
such a time has no bounds. Each function takes the parts of one form of words (a part that is not there is the empty
string), the date of publication if it is known, and the side of it that the sentence speaks of if that is known.
It returns None where the words are no time after all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from loader.document import Anchor
from loader.extraction.dating.almanac import (
    OPEN,
    calendar_day,
    day_after,
    duration,
    month_bounds,
    offset,
    shift,
    unit_bounds,
)

Words = dict[str, str]


class Direction(StrEnum):
    """On which side of the day of publication the sentence puts a time."""

    PAST = "past"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What a time's words come to: ``earliest`` and ``latest`` are both known or both None."""

    anchor: Anchor
    timex: str
    offset: str | None = None
    earliest: date | None = None
    latest: date | None = None


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SEASONS = {"spring": "SP", "summer": "SU", "autumn": "FA", "fall": "FA", "winter": "WI"}
_PARTS = {"morning": "TMO", "afternoon": "TAF", "evening": "TEV", "night": "TNI"}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "fifteen": 15,
    "eighteen": 18,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "a dozen": 12,
}
# The distance of a relative word from the anchor's own unit.
_STEPS = {"last": -1, "past": -1, "previous": -1, "this": 0, "current": 0, "next": 1, "coming": 1, "upcoming": 1}
_DAYS_FROM = {"today": 0, "tonight": 0, "yesterday": -1, "tomorrow": 1}


def month_number(word: str) -> int:
    """Return 1 for a word that begins as January does, and so on to 12."""
    return _MONTHS.index(word[:3].lower()) + 1


def _weekday_number(word: str) -> int:
    return _DAYS.index(word[:3].lower()) + 1


def _day_number(word: str) -> int:
    return int(re.sub(r"\D", "", word))


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word.lower()]


def _relative(unit: str, step: int, published: date | None) -> Reckoning:
    """Reckon a whole unit from the unit that holds the day of publication."""
    distance = offset(unit, step)
    found = unit_bounds(published, unit, step) if published and unit != "hour" else None
    if found is None:
        return Reckoning(Anchor.PUBLICATION, OPEN[unit], distance)
    return Reckoning(Anchor.PUBLICATION, found[0], distance, *found[1])


def _nearest(candidates: list[date], published: date, direction: Direction | None) -> date | None:
    """Return the candidate that the direction picks; without a direction the one within half a year.

    A direction that would skip a date a few weeks away for one a year away is not believed: then None.
    """
    past = max((day for day in candidates if day <= published), default=None)
    future = min((day for day in candidates if day >= published), default=None)
    chosen, other = (past, future) if direction is Direction.PAST else (future, past)
    if direction is None:
        near = [day for day in (past, future) if day and abs((day - published).days) <= 182]
        return min(near, key=lambda day: abs((day - published).days)) if near else None
    if chosen and other and abs((chosen - published).days) > 300 and abs((other - published).days) < 45:
        return None
    return chosen


def _day_of_month(
    month: int, day: int, published: date | None, direction: Direction | None, last: int | None = None
) -> Reckoning:
    """Reckon a day without its year (``last``: the end of a run of days) from the day of publication."""
    open_value = f"XXXX-{month:02}-{day:02}" + (f"/XXXX-{month:02}-{last:02}" if last else "")
    found = None
    if published:
        days = [calendar_day(published.year + step, month, day) for step in range(-4, 5)]
        found = _nearest([candidate for candidate in days if candidate], published, direction)
    if found is None:
        return Reckoning(Anchor.PUBLICATION, open_value)
    end = calendar_day(found.year, month, last) if last else found
    if end is None or end < found:
        return Reckoning(Anchor.PUBLICATION, open_value)
    value = found.isoformat() if end == found else f"{found.isoformat()}/{end.isoformat()}"
    return Reckoning(Anchor.PUBLICATION, value, None, found, end)


def _fixed(first: date | None, last: date | None = None, value: str | None = None) -> Reckoning | None:
    """Return an absolute time; None where the calendar has no such day."""
    if first is None:
        return None
    end = last or first
    if end < first:
        return None
    if value is None:
        value = first.isoformat() if end == first else f"{first.isoformat()}/{end.isoformat()}"
    return Reckoning(Anchor.ABSOLUTE, value, None, first, end)


def iso(words: Words, _published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "2024-03-06", with or without a time of day."""
    return _fixed(calendar_day(int(words["y"]), int(words["m"]), int(words["d"])))


def numeric(words: Words, _published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read 13/06/2024 and 06/13/2024; 06/03/2024 is a day of March or of June and stays open."""
    year, one, two = int(words["y"]), int(words["a"]), int(words["b"])
    day_first, month_first = calendar_day(year, two, one), calendar_day(year, one, two)
    if day_first and month_first and day_first != month_first and words["s"] == "/":
        return Reckoning(Anchor.ABSOLUTE, f"{year}-XX-XX")
    return _fixed(day_first if words["s"] == "." else day_first or month_first)


def month_day(words: Words, published: date | None, direction: Direction | None) -> Reckoning | None:
    """Read "December 9", "9 December 2021", "Sept. 9-11, 2021": without a year, the nearest on the side spoken of."""
    month, day = month_number(words["m"]), _day_number(words["d"])
    last = _day_number(words["e"]) if words["e"] else None
    if words["y"]:
        end = calendar_day(int(words["y"]), month, last) if last else None
        return None if last and end is None else _fixed(calendar_day(int(words["y"]), month, day), end)
    if calendar_day(2024, month, day) is None:  # 2024 is a leap year: 29 February is a day
        return None
    if words["r"]:
        step = _STEPS.get(words["r"].split()[0])
        if published is None or step is None:
            return Reckoning(Anchor.PUBLICATION, f"XXXX-{month:02}-{day:02}")
        fixed = _fixed(calendar_day(published.year + step, month, day))
        return fixed and Reckoning(Anchor.PUBLICATION, fixed.timex, None, fixed.earliest, fixed.latest)
    return _day_of_month(month, day, published, direction, last)


def month_of_year(words: Words, published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "March 2024", "December of 2008", "January of this year"."""
    month = month_number(words["m"])
    if words["y"]:
        bounds = month_bounds(int(words["y"]), month)
        return _fixed(*bounds, f"{words['y']}-{month:02}") if bounds else None
    step = _STEPS.get(words["r"].split()[0])
    anchor = Anchor.EVENT if step is None else Anchor.PUBLICATION
    bounds = month_bounds(published.year + step, month) if published and step is not None else None
    if bounds is None:
        return Reckoning(anchor, f"XXXX-{month:02}")
    return Reckoning(anchor, f"{bounds[0]:%Y-%m}", None, *bounds)


def lone_month(words: Words, published: date | None, direction: Direction | None) -> Reckoning | None:
    """Read "February", "last March": the nearest on the side spoken of."""
    month = month_number(words["m"])
    value = f"XXXX-{month:02}"
    word = words["r"].split()
    side = {"last": Direction.PAST, "past": Direction.PAST, "next": Direction.FUTURE, "coming": Direction.FUTURE}
    if word:
        direction = side.get(word[-1])
        if word == ["this"] and published:
            bounds = month_bounds(published.year, month)
            return bounds and Reckoning(Anchor.PUBLICATION, f"{bounds[0]:%Y-%m}", None, *bounds)
    if published is None or direction is None:
        return Reckoning(Anchor.PUBLICATION, value)
    strict = bool(word)
    if direction is Direction.PAST:
        year = published.year - (month > published.month or (strict and month == published.month))
    else:
        year = published.year + (month < published.month or (strict and month == published.month))
    bounds = month_bounds(year, month)
    return bounds and Reckoning(Anchor.PUBLICATION, f"{bounds[0]:%Y-%m}", None, *bounds)


def weekday(words: Words, published: date | None, direction: Direction | None) -> Reckoning | None:
    """Read "Wednesday", "late Tuesday night", "last Friday": in news the nearest on the side spoken of."""
    number = _weekday_number(words["w"])
    part = _PARTS.get(words["p"], "")
    value = f"XXXX-WXX-{number}{part}"
    word = words["r"].split()
    if published is None:
        return Reckoning(Anchor.PUBLICATION, value)
    ago, ahead = (published.isoweekday() - number) % 7, (number - published.isoweekday()) % 7
    day: date | None = None
    if word and word[-1] == "next":  # "next Friday" is the first or the second from now: both are inside the bounds
        first, second = day_after(published, ahead or 7), day_after(published, (ahead or 7) + 7)
        return Reckoning(Anchor.PUBLICATION, value, None, first, second) if first and second else None
    if word and word[-1] in ("last", "past"):
        day = day_after(published, -(ago or 7))
    elif word and word[-1] in ("this", "coming"):
        day = day_after(published, number - published.isoweekday()) if word == ["this"] else None
        day = day or day_after(published, ahead or 7)
    elif direction is Direction.PAST:
        day = day_after(published, -ago)
    elif direction is Direction.FUTURE:
        day = day_after(published, ahead or 7)
    if day is None:
        return Reckoning(Anchor.PUBLICATION, value)
    return Reckoning(Anchor.PUBLICATION, day.isoformat() + part, None, day, day)


def deictic_day(words: Words, published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "today", "yesterday morning", "tonight", "the day after tomorrow"."""
    phrase, part = words["words"], ""
    step = {"the day before yesterday": -2, "the day after tomorrow": 2}.get(phrase)
    if step is None:
        step = next((days for word, days in _DAYS_FROM.items() if word in phrase), -1 if "last" in phrase else 0)
        found = re.search(r"morning|afternoon|evening|night", phrase)
        part = _PARTS[found[0]] if found else ""
    time = _relative("day", step, published)
    return Reckoning(time.anchor, time.timex + part, time.offset, time.earliest, time.latest)


def relative_unit(words: Words, published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "next month", "last year", "later this week": a later part begins with the day of publication."""
    unit, word = words["u"].rstrip("s"), words["r"].split()[-1]
    time = _relative(unit, _STEPS[word], published)
    later = words["q"] == "later"
    if later and _STEPS[word] == 0 and published and time.latest:
        return Reckoning(time.anchor, time.timex, time.offset, published, time.latest)
    return time


def part_of_unit(words: Words, published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "the end of the year", "the rest of this month": the bounds are those of the whole unit."""
    word = words["r"].split()[-1]
    return _relative(words["u"], _STEPS.get(word, 0), published)


def weekend(words: Words, published: date | None, direction: Direction | None) -> Reckoning | None:
    """Read "last weekend", "the weekend": a Saturday and the Sunday after it."""
    word = words["r"].split()
    value, step = "XXXX-WXX-WE", _STEPS.get(word[-1]) if word else None
    if step is None:
        if published is None or direction is None:
            return Reckoning(Anchor.PUBLICATION, value)
        step = -1 if direction is Direction.PAST and published.isoweekday() < 6 else 0
    time = _relative("week", step, published)
    if time.latest is None:
        return Reckoning(Anchor.PUBLICATION, value, time.offset)
    return Reckoning(time.anchor, f"{time.timex}-WE", time.offset, time.latest - timedelta(days=1), time.latest)


def ago(words: Words, published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "two weeks ago": the whole unit so far back; a vague number leaves it open."""
    if not words["n"]:
        return Reckoning(Anchor.PUBLICATION, "PAST_REF")
    unit = words["u"]
    time = _relative(unit, -_count(words["n"]), published)
    if words["about"] or unit == "hour":
        return Reckoning(Anchor.PUBLICATION, OPEN[unit], time.offset)
    return time


def hence(words: Words, published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "in three months", "two years from now": the whole unit so far ahead."""
    if not words["n"]:
        return Reckoning(Anchor.PUBLICATION, "FUTURE_REF")
    unit = words["u"]
    time = _relative(unit, _count(words["n"]), published)
    if words["about"] or unit == "hour":
        return Reckoning(Anchor.PUBLICATION, OPEN[unit], time.offset)
    return time


def within(words: Words, _published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "within 48 hours": reckoned from something that the words do not name."""
    return Reckoning(Anchor.EVENT, duration(words["u"], _count(words["n"])))


def stretch(words: Words, published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "over the past three years": a stretch that ends or begins on the day of publication."""
    unit = words["u"]
    sign = -1 if words["r"] in ("past", "last", "previous") else 1
    if not words["n"]:
        return Reckoning(Anchor.PUBLICATION, "PAST_REF" if sign < 0 else "FUTURE_REF")
    size = _count(words["n"])
    value, distance = duration(unit, size), offset(unit, sign * size)
    other = shift(published, unit, sign * size) if published and unit != "hour" else None
    if published is None or other is None or words["about"]:
        return Reckoning(Anchor.PUBLICATION, value, distance)
    return Reckoning(Anchor.PUBLICATION, value, distance, min(published, other), max(published, other))


def vague_future(_words: Words, _published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "in the coming months", "in the years ahead"."""
    return Reckoning(Anchor.PUBLICATION, "FUTURE_REF")


def vague_past(_words: Words, _published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "in recent years"."""
    return Reckoning(Anchor.PUBLICATION, "PAST_REF")


def from_event(words: Words, _published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "the same day", "two weeks later": reckoned from an event that the text tells of."""
    unit = words["u"]
    unit = {"morning": "day", "afternoon": "day", "evening": "day", "night": "day"}.get(unit, unit)
    word = words["r"] or "same"
    sign = {"same": 0, "earlier": -1, "previous": -1, "before": -1}.get(word, 1)
    size = _count(words["n"]) if words["n"] else 1
    return Reckoning(Anchor.EVENT, OPEN[unit], offset(unit, sign * size))


def decade(words: Words, _published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "the 1990s"."""
    start = int(words["y"])
    return _fixed(date(start, 1, 1), date(start + 9, 12, 31), words["y"][:3])


def quarter(words: Words, published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "the first quarter of 2024", "Q3 2024", "the second half of next year"."""
    number = _ORDINALS.get(words["o"]) or int(words["o"][-1])
    half = words["k"] == "half"
    if half and number > 2:
        return None
    year, anchor = (int(words["y"]), Anchor.ABSOLUTE) if words["y"] else (None, Anchor.PUBLICATION)
    step = _STEPS.get(words["r"].split()[0]) if words["r"] else None
    if published and step is not None:
        year = published.year + step
    value = f"{'H' if half else 'Q'}{number}"
    if year is None:
        return Reckoning(anchor, f"XXXX-{value}")
    size = 6 if half else 3
    first, last = month_bounds(year, size * (number - 1) + 1), month_bounds(year, size * number)
    return Reckoning(anchor, f"{year}-{value}", None, first[0], last[1]) if first and last else None


def fiscal(words: Words, _published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "fiscal year 2024": it begins when its country says, so it has no bounds."""
    return Reckoning(Anchor.ABSOLUTE, f"FY{words['y']}")


def season(words: Words, published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "the summer of 2023": other months on the other half of the globe, so it has no bounds."""
    name = _SEASONS[words["s"]]
    if words["y"]:
        return Reckoning(Anchor.ABSOLUTE, f"{words['y']}-{name}")
    word = words["r"].split()
    step = _STEPS.get(word[-1]) if word else None
    year = f"{published.year:04}" if published and step == 0 else "XXXX"
    return Reckoning(Anchor.PUBLICATION, f"{year}-{name}")


def year_range(words: Words, _published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "2010-2015" and "2021-22"."""
    first = int(words["a"])
    last = int(words["b"]) if len(words["b"]) == 4 else first - first % 100 + int(words["b"])
    if last <= first:
        return None
    return _fixed(date(first, 1, 1), date(last, 12, 31), f"{first}/{last}")


def year(words: Words, _published: date | None, _direction: Direction | None) -> Reckoning | None:
    """Read "2021", "early 2022": the bounds are those of the year."""
    return _fixed(date(int(words["y"]), 1, 1), date(int(words["y"]), 12, 31), words["y"])
