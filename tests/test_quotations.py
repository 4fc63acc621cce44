"""Quotation marks: which of them pair, and what is speech."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.extraction.text.page import read_page
from loader.extraction.text.quotations import find_quotations


def inner(text: str) -> list[str]:
    """Return the words of each quotation."""
    return [quotation.inner.of(text) for quotation in find_quotations(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"We won," he said. "Go home."', ["We won,", "Go home."]),
        ("“We won,” he said.", ["We won,"]),
        ("«Oui», dit-il.", ["Oui"]),
        ("»Ja«, sagt er.", ["Ja"]),
        ("„Ja“, sagt er. „Nein”, sagt sie.", ["Ja", "Nein"]),
        ("''We won,'' she wrote.", ["We won,"]),
        ("``We won,'' she wrote.", ["We won,"]),
        ("'We won,' he said.", ["We won,"]),
        ("‘We won,’ he said.", ["We won,"]),
        ('“We won," he said.', ["We won,"]),
    ],
)
def test_marks_of_every_style_pair(text: str, expected: list[str]) -> None:
    assert inner(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "It's the leaders' view that Japan's vow won't hold.",
        "It’s the leaders’ view that Japan’s vow won’t hold.",
        "The rock 'n' roll of the '80s isn't 'em.",
        'A man of 6\'2" with a 5" gun stood there.',
    ],
)
def test_apostrophes_and_primes_are_no_marks(text: str) -> None:
    assert inner(text) == []


def test_a_digit_before_a_closing_mark_is_no_prime() -> None:
    assert inner('"It fell near posts 250 and 251", said the agency.') == ["It fell near posts 250 and 251"]


def test_a_possessive_inside_single_marks_does_not_close_them() -> None:
    assert inner("He cited 'the leaders' vow' twice.") == ["the leaders' vow"]


def test_only_the_outermost_marks_make_a_quotation() -> None:
    assert inner("\"They called it a 'historic' step,\" he said.") == ["They called it a 'historic' step,"]


def test_a_quotation_left_open_ends_with_its_paragraph() -> None:
    (quotation,) = find_quotations('He said: "We won\nThe next line is the article\u2019s.')
    assert (quotation.inner.start, quotation.inner.end, quotation.continued) == (10, 16, False)


def test_a_quotation_left_open_goes_on_where_the_next_paragraph_opens_one() -> None:
    text = "“We won.\n“Go home,” he said."
    assert [(q.inner.of(text), q.continued) for q in find_quotations(text)] == [("We won.", True), ("Go home,", False)]


def test_a_quotation_left_open_goes_on_to_a_closing_mark_alone() -> None:
    text = "“We won.\nGo home,” he said."
    assert [(q.inner.of(text), q.continued) for q in find_quotations(text)] == [("We won.", True), ("Go home,", False)]


def test_a_quotation_may_run_over_the_lines_of_a_wrapped_text() -> None:
    wrapped = (
        "A headline\n"
        "The minister of the interior said on the evening of the same day that\n"
        'the report was wrong. "We have nothing at all to hide from anybody who\n'
        'asks us, and we will answer every question that is put to us," he told\n'
        "the members of the committee who had come to hear him that afternoon.\n"
    )
    assert inner(wrapped) == [
        "We have nothing at all to hide from anybody who\nasks us, and we will answer every question that is put to us,"
    ]


@pytest.mark.parametrize(
    ("text", "scare"),
    [
        ('The so-called "dream team" met.', True),
        ('He spoke of a "serious mistake" in Oslo.', True),
        ('On the show "Meet the Press," he left.', True),
        ('"No," he said.', False),
        ('He said: "No."', False),
        ('He said, "We will go."', False),
        ('He left. "Never again."', False),
    ],
)
def test_words_at_arms_length_are_no_speech(text: str, *, scare: bool) -> None:
    assert [quotation.scare for quotation in find_quotations(text)] == [scare]


def test_quotations_in_boilerplate_are_left_out() -> None:
    text = 'Headline\nThe pact was signed in Oslo on Monday by all of them.\nRead next: "The end of it"'
    page = read_page(text)
    assert page.boilerplate
    assert find_quotations(text, page) == ()


@given(st.text(alphabet="ab \n\"'“”‘’«»„.,:6", max_size=80))
def test_any_text_gives_quotations_in_order_inside_it(text: str) -> None:
    end = 0
    for quotation in find_quotations(text):
        assert end <= quotation.outer.start <= quotation.inner.start < quotation.inner.end <= quotation.outer.end
        assert quotation.outer.end <= len(text)
        end = quotation.outer.end


def test_a_hundred_thousand_marks_are_paired() -> None:
    assert len(find_quotations('"a" ' * 50_000)) == 50_000
