"""Tables of articles: CSV and TSV."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from readings import BODY, FORMATS, TITLE, articles, only, refusal, sample

from loader.document import Article


def test_each_row_of_a_table_is_an_article_with_the_line_that_it_starts_in() -> None:
    first, torn, last = sample("table.csv")
    assert first == Article(
        text='Harbour partners weigh "a second" pillar\nThe three partners met in Canberra.\n“We are interested,” the '
        "minister said.",
        source=str(FORMATS / "table.csv"),
        line=2,
        url="https://news.example.org/1",
        published=date(2024, 3, 6),
        outlet="The Daily Example",
    )
    assert str(torn).endswith(
        "table.csv:6: The row has 6 cells, but the first row names 5; a cell that holds what parts the cells needs "
        "quotes around it."
    )
    assert isinstance(last, Article)
    assert (last.line, last.text, last.published) == (7, "Two\nThey will meet again.", None)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_what_parts_the_cells_is_told_from_the_first_row(read_file: Any, delimiter: str) -> None:
    rows = [["", "Headline", "Body_Text", "note"], ["0", TITLE, BODY, "x"]]
    article = only(read_file("a.tsv", "\ufeff" + "\r\n".join(map(delimiter.join, rows))))
    assert article.text == f"{TITLE}\n{BODY}"


def test_columns_of_other_names_are_mapped(read_file: Any) -> None:
    content = f"head,story\n{TITLE},{BODY}\n"
    assert only(read_file("a.csv", content, field_map={"title": "head", "text": "story"})).title == TITLE


def test_a_cell_may_be_as_long_as_an_article(read_file: Any) -> None:
    long = "word " * 60_000
    assert only(read_file("a.csv", f"title,text\n{TITLE},{long}\n")).text == f"{TITLE}\n{long.strip()}"


def test_a_table_in_another_encoding_is_read_by_its_name(read_file: Any) -> None:
    content = f"title;text\r\n{TITLE};Café\r\n".encode("cp1252")
    assert only(read_file("a.csv", content, encoding="cp1252")).text == f"{TITLE}\nCafé"
    assert refusal(read_file("a.csv", content)) == (
        f"a.csv:2: Byte 0xE9, byte {len(TITLE) + 5} of the line, is not UTF-8, and nothing after it is read; "
        "give --encoding."
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "a.csv: The file is empty."),
        ("\n \n", "a.csv: The file is empty."),
        (
            "url,title\nhttps://example.org/,T\n",
            "a.csv:1: The first row names no text (text, body, content, articlebody",
        ),
        (f"1,2024,{BODY}\n", "a.csv:1: The first row names no title (title, headline, webtitle, …); if a column has"),
    ],
)
def test_a_table_that_names_no_title_or_text_is_refused_whole(read_file: Any, content: str, sentence: str) -> None:
    assert refusal(read_file("a.csv", content)).startswith(sentence)


def test_broken_quotes_cost_the_rest_and_not_what_stands_before(read_file: Any) -> None:
    found = read_file("a.csv", f'title,text\n{TITLE},{BODY}\nTwo,"never closed\nThree,{BODY}\n')
    assert [article.title for article in articles(found)] == [TITLE]
    assert str(found[1]).startswith(
        "a.csv:3: The table is broken in the row that starts here, and was read no further:"
    )
