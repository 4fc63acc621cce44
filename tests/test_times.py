from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.document import Anchor
from loader.extraction.dating.dates import find, reckon
from loader.extraction.dating.reckoning import Direction
from loader.extraction.dating.times import find_times

if TYPE_CHECKING:
    from collections.abc import Callable

    from loader.extraction.text.reading import Reading

PAST, FUTURE = Direction.PAST, Direction.FUTURE
THURSDAY = date(2023, 12, 28)


@pytest.mark.parametrize(
    ("words", "anchor", "timex", "offset"),
    [
        ("Wednesday", "publication", "XXXX-WXX-3", None),
        ("late Tuesday", "publication", "XXXX-WXX-2", None),
        ("Tuesday night", "publication", "XXXX-WXX-2TNI", None),
        ("next month", "publication", "XXXX-XX", "P1M"),
        ("last year", "publication", "XXXX", "-P1Y"),
        ("last week", "publication", "XXXX-WXX", "-P7D"),
        ("this week", "publication", "XXXX-WXX", "P0D"),
        ("earlier this year", "publication", "XXXX", "P0Y"),
        ("next quarter", "publication", "XXXX-QX", "P3M"),
        ("yesterday", "publication", "XXXX-XX-XX", "-P1D"),
        ("tonight", "publication", "XXXX-XX-XXTNI", "P0D"),
        ("tomorrow morning", "publication", "XXXX-XX-XXTMO", "P1D"),
        ("the day before yesterday", "publication", "XXXX-XX-XX", "-P2D"),
        ("February", "publication", "XXXX-02", None),
        ("December 9", "publication", "XXXX-12-09", None),
        ("9 December", "publication", "XXXX-12-09", None),
        ("9th of December", "publication", "XXXX-12-09", None),
        ("Dec. 9-11", "publication", "XXXX-12-09/XXXX-12-11", None),
        ("two weeks ago", "publication", "XXXX-WXX", "-P14D"),
        ("18 months ago", "publication", "XXXX-XX", "-P1Y6M"),
        ("in three months", "publication", "XXXX-XX", "P3M"),
        ("a year from now", "publication", "XXXX", "P1Y"),
        ("several years ago", "publication", "PAST_REF", None),
        ("in several years", "publication", "FUTURE_REF", None),
        ("in the months and years ahead", "publication", "FUTURE_REF", None),
        ("in recent weeks", "publication", "PAST_REF", None),
        ("over the past three years", "publication", "P3Y", "-P3Y"),
        ("in the next 10 days", "publication", "P10D", "P10D"),
        ("the end of the year", "publication", "XXXX", "P0Y"),
        ("this summer", "publication", "XXXX-SU", None),
        ("the second half of next year", "publication", "XXXX-H2", None),
        ("the same day", "event", "XXXX-XX-XX", "P0D"),
        ("two days later", "event", "XXXX-XX-XX", "P2D"),
        ("the previous year", "event", "XXXX", "-P1Y"),
        ("within 48 hours", "event", "PT48H", None),
    ],
)
def test_without_a_date_of_publication_a_relative_time_stays_open(
    words: str, anchor: str, timex: str, offset: str | None
) -> None:
    found = reckon(words)
    assert found is not None
    assert (found.anchor, found.timex, found.offset) == (anchor, timex, offset)
    assert (found.earliest, found.latest) == (None, None)


@pytest.mark.parametrize(
    ("words", "timex", "earliest", "latest"),
    [
        ("2021", "2021", "2021-01-01", "2021-12-31"),
        ("early 2022", "2022", "2022-01-01", "2022-12-31"),
        ("March 2024", "2024-03", "2024-03-01", "2024-03-31"),
        ("February of 2024", "2024-02", "2024-02-01", "2024-02-29"),
        ("February 2023", "2023-02", "2023-02-01", "2023-02-28"),
        ("Sept. 15, 2021", "2021-09-15", "2021-09-15", "2021-09-15"),
        ("9 December 2021", "2021-12-09", "2021-12-09", "2021-12-09"),
        ("Wednesday, December 9, 2020", "2020-12-09", "2020-12-09", "2020-12-09"),
        ("2024-03-06", "2024-03-06", "2024-03-06", "2024-03-06"),
        ("2024-03-06T12:30:00Z", "2024-03-06", "2024-03-06", "2024-03-06"),
        ("13/06/2024", "2024-06-13", "2024-06-13", "2024-06-13"),
        ("06/13/2024", "2024-06-13", "2024-06-13", "2024-06-13"),
        ("6.3.2024", "2024-03-06", "2024-03-06", "2024-03-06"),
        ("the 1990s", "199", "1990-01-01", "1999-12-31"),
        ("the first quarter of 2023", "2023-Q1", "2023-01-01", "2023-03-31"),
        ("Q4 2023", "2023-Q4", "2023-10-01", "2023-12-31"),
        ("the first half of 2024", "2024-H1", "2024-01-01", "2024-06-30"),
        ("2010-2015", "2010/2015", "2010-01-01", "2015-12-31"),
        ("2021-22", "2021/2022", "2021-01-01", "2022-12-31"),
        ("December 9-11, 2021", "2021-12-09/2021-12-11", "2021-12-09", "2021-12-11"),
        ("November to February 2024", "2023-11/2024-02", "2023-11-01", "2024-02-29"),
    ],
)
def test_an_absolute_time_has_calendar_bounds(words: str, timex: str, earliest: str, latest: str) -> None:
    found = reckon(words)
    assert found is not None
    assert found.anchor is Anchor.ABSOLUTE
    assert (found.timex, str(found.earliest), str(found.latest)) == (timex, earliest, latest)


@pytest.mark.parametrize("words", ["06/03/2024", "summer 2023", "fiscal year 2024", "FY2024"])
def test_what_an_absolute_time_leaves_open_has_no_bounds(words: str) -> None:
    found = reckon(words)
    assert found is not None
    assert (found.anchor, found.earliest, found.latest) == (Anchor.ABSOLUTE, None, None)


@pytest.mark.parametrize("words", ["February 30", "30 February 2024", "February 29, 2023", "31/11/2024", "9.13.2024"])
def test_a_day_that_no_calendar_has_is_no_time(words: str) -> None:
    assert reckon(words) is None


@pytest.mark.parametrize(
    ("published", "words", "direction", "earliest", "latest"),
    [
        (THURSDAY, "Wednesday", PAST, "2023-12-27", "2023-12-27"),
        (THURSDAY, "Thursday", PAST, "2023-12-28", "2023-12-28"),
        (THURSDAY, "Friday", PAST, "2023-12-22", "2023-12-22"),
        (THURSDAY, "Thursday", FUTURE, "2024-01-04", "2024-01-04"),
        (THURSDAY, "last Thursday", None, "2023-12-21", "2023-12-21"),
        (THURSDAY, "this Friday", None, "2023-12-29", "2023-12-29"),
        (THURSDAY, "next Friday", None, "2023-12-29", "2024-01-05"),
        (THURSDAY, "next month", PAST, "2024-01-01", "2024-01-31"),
        (THURSDAY, "last year", PAST, "2022-01-01", "2022-12-31"),
        (THURSDAY, "tomorrow", FUTURE, "2023-12-29", "2023-12-29"),
        (THURSDAY, "later this year", FUTURE, "2023-12-28", "2023-12-31"),
        (THURSDAY, "earlier this week", PAST, "2023-12-25", "2023-12-31"),
        (THURSDAY, "last weekend", PAST, "2023-12-23", "2023-12-24"),
        (THURSDAY, "the weekend", PAST, "2023-12-23", "2023-12-24"),
        (THURSDAY, "the weekend", FUTURE, "2023-12-30", "2023-12-31"),
        (THURSDAY, "next quarter", FUTURE, "2024-01-01", "2024-03-31"),
        (THURSDAY, "February", PAST, "2023-02-01", "2023-02-28"),
        (THURSDAY, "February", FUTURE, "2024-02-01", "2024-02-29"),
        (THURSDAY, "January of next year", FUTURE, "2024-01-01", "2024-01-31"),
        (THURSDAY, "December of 2022 through January of this year", PAST, "2022-12-01", "2023-01-31"),
        (THURSDAY, "January 3", FUTURE, "2024-01-03", "2024-01-03"),
        (THURSDAY, "December 9", PAST, "2023-12-09", "2023-12-09"),
        (THURSDAY, "two weeks ago", PAST, "2023-12-11", "2023-12-17"),
        (THURSDAY, "in two months", FUTURE, "2024-02-01", "2024-02-29"),
        (THURSDAY, "over the past two years", PAST, "2021-12-28", "2023-12-28"),
        (date(2024, 1, 5), "last month", PAST, "2023-12-01", "2023-12-31"),
        (date(2024, 1, 1), "yesterday", PAST, "2023-12-31", "2023-12-31"),
        (date(2024, 1, 2), "December 30", PAST, "2023-12-30", "2023-12-30"),
        (date(2023, 12, 30), "January 2", None, "2024-01-02", "2024-01-02"),
        (date(2024, 2, 28), "tomorrow", FUTURE, "2024-02-29", "2024-02-29"),
        (date(2023, 2, 28), "tomorrow", FUTURE, "2023-03-01", "2023-03-01"),
        (date(2023, 6, 1), "Feb. 29", PAST, "2020-02-29", "2020-02-29"),
        (date(2024, 3, 31), "over the past month", PAST, None, None),
        (date(2024, 3, 31), "over the past one month", PAST, "2024-02-29", "2024-03-31"),
    ],
)
def test_a_date_of_publication_and_the_tense_settle_a_relative_time(
    published: date, words: str, direction: Direction | None, earliest: str | None, latest: str | None
) -> None:
    found = reckon(words, published, direction)
    if earliest is None:
        assert found is None
        return
    assert found is not None
    assert (str(found.earliest), str(found.latest)) == (earliest, latest)


def test_a_tense_that_would_skip_next_week_for_last_year_is_not_believed() -> None:
    found = reckon("July 20", date(2024, 7, 11), PAST)
    assert found is not None
    assert (found.timex, found.earliest) == ("XXXX-07-20", None)


def test_a_weekday_without_a_tense_stays_open_even_when_the_date_is_known() -> None:
    found = reckon("Friday", THURSDAY, None)
    assert found is not None
    assert (found.timex, found.earliest) == ("XXXX-WXX-5", None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The report, compiled last year, was published on March 6, 2024.", ["last year", "March 6, 2024"]),
        ("The fleet of 1,990 ships cost $2000 in 2021.", ["2021"]),
        ("Talks began on Monday morning and ended the same day.", ["Monday morning", "the same day"]),
        ("It grew by 2015% from 2010-2015.", ["2010-2015"]),
        ("Version 2.2021 and room 2021-a are no years.", []),
        ("They met from March to May 2024.", ["March to May 2024"]),
        ("She will go in the week of the summit.", []),
        ("A 2010s-style house.", []),
    ],
)
def test_only_whole_words_of_time_are_found(text: str, words: list[str]) -> None:
    assert [phrase.span.of(text) for phrase in find(text)] == words


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("May said on Tuesday that talks may begin in May.", ["Tuesday", "May"]),
        ("Theresa May met officials in March.", ["March"]),
        ("The March on Washington drew a crowd.", []),
        ("About 2000 people came.", []),
        ("The alliance has fought in 2000 villages.", []),
        ("The 2021 agreement still holds.", ["2021"]),
        ("The second meeting took a second.", []),
        ("They may join, and they might leave.", []),
        ("The 18-month period lasted for three years.", []),
        ("He signed it under the Good Friday Agreement.", []),
    ],
)
def test_words_that_only_look_like_a_time_are_passed_over(
    read: Callable[..., Reading], sentence: str, words: list[str]
) -> None:
    text = f"A headline\n{sentence}"
    assert [time.span.of(text) for time in find_times(read(text))] == words


@pytest.mark.parametrize(
    ("sentence", "earliest"),
    [
        ("Ministers met on Friday.", "2023-12-22"),
        ("Ministers will meet on Friday.", "2023-12-29"),
        ("Ministers are scheduled to meet on Friday.", "2023-12-29"),
        ("Ministers plan to meet on Friday.", "2023-12-29"),
        ("The minister says on Friday that it is over.", "2023-12-22"),
        ("Ministers have met since February.", "2023-02-01"),
        ("The treaty is to be signed in February.", "2024-02-01"),
        ("Ministers meet on Friday.", "None"),
    ],
)
def test_the_tense_of_the_clause_tells_the_side(read: Callable[..., Reading], sentence: str, earliest: str) -> None:
    (time,) = find_times(read(f"A headline\n{sentence}", THURSDAY))
    assert str(time.earliest) == earliest


def test_a_date_line_is_no_time_of_the_article(read: Callable[..., Reading]) -> None:
    text = "Ministers met\nFriday, August 21, 2015\nThe ministers met yesterday in the old harbour."
    assert [time.span.of(text) for time in find_times(read(text))] == ["yesterday"]


_WORDS = (
    "last next week month May March 9 31 2021 2024 Friday in the of , / two ago later Sept. - to through year this "
    "1990s quarter first Q3 2024-02-30 06/03/2024 30 February within hours"
)
_PIECES = st.sampled_from((*_WORDS.split(), "\n"))


@given(st.lists(_PIECES, max_size=14).map(" ".join), st.dates(), st.sampled_from([None, PAST, FUTURE]))
def test_every_time_lies_inside_its_text_with_its_bounds_in_order(
    text: str, published: date, direction: Direction | None
) -> None:
    phrases = list(find(text))
    assert all(first.span.end <= second.span.start for first, second in pairwise(phrases))
    for phrase in phrases:
        words = phrase.span.of(text)
        assert words == words.strip()
        found = reckon(words, published, direction)
        if found is None:
            continue
        assert (found.earliest is None) == (found.latest is None)
        assert found.earliest is None or found.latest is None or found.earliest <= found.latest
        bare = reckon(words, None, direction)
        assert bare is not None
        assert bare.anchor is not Anchor.PUBLICATION or bare.earliest is None


@given(st.dates(min_value=date(2, 1, 1), max_value=date(4000, 1, 1)), st.integers(0, 6))
def test_a_past_weekday_is_one_of_the_last_seven_days(published: date, number: int) -> None:
    name = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[number]
    found = reckon(name, published, PAST)
    assert found is not None
    assert found.earliest is not None
    assert timedelta(0) <= published - found.earliest < timedelta(7)
    assert found.earliest.weekday() == number


@given(st.lists(st.sampled_from(("of", "the", "ships", "$5", *_WORDS.split())), max_size=60).map(" ".join))
def test_times_are_found_wherever_they_stand_in_a_long_text(text: str) -> None:
    alone = [phrase.span.of(text) for phrase in find(text)]
    padding = "and so on " * 30
    padded = padding + text + " " + padding
    assert [phrase.span.of(padded) for phrase in find(padded)] == alone
