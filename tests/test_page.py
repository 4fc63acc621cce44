"""How the lines of an article are sorted."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.document import NoText
from loader.extraction.text.page import read_page

PROSE = "Ministers from both countries met in the capital on Tuesday and spoke for two hours about the new fleet."


def parts(text: str) -> tuple[str, str | None, list[str], list[str]]:
    """Return headline, standfirst, body and boilerplate as words."""
    page = read_page(text)
    return (
        page.headline.of(text),
        page.standfirst.of(text) if page.standfirst else None,
        [span.of(text) for span in page.body],
        [span.of(text) for span in page.boilerplate],
    )


def test_the_first_line_is_the_headline_and_the_rest_the_body() -> None:
    assert parts(f"Two navies sign a pact\n{PROSE}\n{PROSE}") == ("Two navies sign a pact", None, [PROSE, PROSE], [])


def test_one_sentence_that_the_report_says_again_is_the_standfirst() -> None:
    summary = "An envoy from Norway has voiced support for the fishing plan in the Barents region."
    body = (
        "The envoy from Norway told reporters that her government backs the fishing plan in the Barents region. "
        + PROSE
    )
    assert parts(f"Norway backs plan\n{summary}\n{body}")[1] == summary


def test_a_first_paragraph_that_nothing_restates_is_body() -> None:
    first = "As lawmakers in Oslo voted on a budget, fishermen blocked three harbours in the far north."
    assert parts(f"Harbours blocked\n{first}\n{PROSE}\n{PROSE}")[1] is None


def test_a_first_paragraph_of_two_sentences_is_body() -> None:
    assert parts(f"A pact\nIt was signed. It was signed in Oslo.\n{PROSE}")[1] is None


def test_a_summary_before_a_dateline_is_the_standfirst() -> None:
    assert (
        parts(f"A pact\nThe deal follows a year of talks.\nOSLO (Reuters) - {PROSE}")[1]
        == "The deal follows a year of talks."
    )


def test_a_line_of_title_case_without_a_verb_is_no_standfirst() -> None:
    assert parts(f"Remarks in Oslo\nGrand Hotel Banquet Hall Oslo, Norway\n{PROSE}")[1] is None


@pytest.mark.parametrize(
    "line", ["Friday, August 21, 2015", "21 August 2015", "March 4, 2024, 5:30 p.m.", "2024-03-04", "5:01 P.M. EST"]
)
def test_a_bare_date_line_is_in_no_part(line: str) -> None:
    assert parts(f"A pact\n{line}\n{PROSE}\n{PROSE}") == ("A pact", None, [PROSE, PROSE], [])


@pytest.mark.parametrize(
    "line",
    [
        "Read next: Ministers to hold talks on harbour dues",
        "Read more: Harbour dues explained",
        "Also read | Harbour dues explained",
        "See also: Harbour dues explained",
        "RELATED: Harbour dues explained",
        "Sign up for our morning newsletter",
        "Subscribe to the weekly briefing.",
        "Advertisement",
        "Follow us on social media",
        "Share this article",
        "What they’re saying",
        "The big picture",
        "Reactions abroad",
        "Map of the northern harbours. Image: Jane Roe.",
        "A trawler leaves port. (AP Photo/Jane Roe)",
        "A trawler leaves port. John Moore/Getty Images",
        "Photo: Jane Roe",
        "(Reuters)",
        "AFP",
        "Reporting by Jane Roe; editing by John Doe",
        "Jane Roe contributed to this report.",
        "Copyright 2024 Harbour Times. All rights reserved.",
        "© 2024 Harbour Times",
        "###",
        "- 30 -",
        "ENDS",
        "* * *",
    ],
)
def test_a_line_that_is_no_part_of_the_report_is_boilerplate(line: str) -> None:
    assert parts(f"A pact\n{PROSE}\n{line}\n{PROSE}") == ("A pact", None, [PROSE, PROSE], [line])


@pytest.mark.parametrize(
    "line",
    [
        "Read the treaty and you find no word about fish, the minister said.",
        "Related companies said they would pay the dues.",
        "Advertisement spending rose by a third last year, the ministry said.",
        "Photo shops in Oslo are closing.",
        "Copyright holders said the law was too weak.",
        "“We will see.”",
        "“Not now”",
        "No one spoke.",
        "The talks have failed",
        "THE MINISTER: Because —",
        "(c) the fee that each harbour pays under section 2 of this order;",
    ],
)
def test_prose_is_never_boilerplate(line: str) -> None:
    assert parts(f"A pact\n{PROSE}\n{line}\n{PROSE}")[3] == []


def test_a_byline_above_the_report_is_boilerplate_and_by_in_a_sentence_is_not() -> None:
    assert parts(f"A pact\nBy Jane Roe and John van Doe\n{PROSE}")[3] == ["By Jane Roe and John van Doe"]
    assert parts(f"A pact\n{PROSE}\nBy Monday Norway will have signed.")[3] == []


def test_items_of_a_list_are_no_labels() -> None:
    assert parts(f"A pact\n{PROSE}\nIt names three harbours:\nTromsø\n{PROSE}")[3] == []


def test_line_breaks_of_a_hard_wrapped_text_part_no_paragraphs() -> None:
    wrapped = (
        "A pact\n"
        "Ministers from both countries met in the capital on Tuesday and spoke\n"
        "for two hours about the new fleet, which is to be built in the north\n"
        "of the country by a yard that has not built a warship since the war,\n"
        "and whose owners have asked the state for a loan that it refused to\n"
        "give.\n"
        "\n"
        "They will meet again."
    )
    assert len(read_page(wrapped).body) == 2
    assert len(read_page(f"A pact\n{PROSE}\n{PROSE}\nThey will meet again.").body) == 3


def test_a_text_without_a_word_is_refused() -> None:
    with pytest.raises(NoText, match="at least one line"):
        read_page(" \n ")


@given(st.text(alphabet=st.sampled_from("Ab .,\n\"'#-:By12"), max_size=300))
def test_every_part_is_whole_lines_and_no_two_overlap(text: str) -> None:
    if not text.strip():
        return
    page = read_page(text)
    spans = sorted(
        [page.headline, *page.body, *page.boilerplate, *([page.standfirst] if page.standfirst else [])],
        key=lambda span: span.start,
    )
    for span in spans:
        before, after = text[: span.start].rpartition("\n")[2], text[span.end :].partition("\n")[0]
        assert not before.strip(), text
        assert not after.strip(), text
    for one, other in pairwise(spans):
        assert not one.overlaps(other)
