"""Feeds: RSS and Atom."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from readings import BODY, FORMATS, TITLE, articles, only, refusal, sample

from loader.articles import read_articles
from loader.document import Article

TEXT = "The three partners met in Canberra.\n“We are interested,” the minister said."


def test_an_item_of_rss_is_an_article_with_its_whole_content() -> None:
    first, second = articles(sample("feed.rss"))
    assert first == Article(
        text=f"Harbour partners weigh a second pillar & a third\n{TEXT}",
        source=str(FORMATS / "feed.rss"),
        line=7,
        identifier="harbour-1",
        url="https://news.example.org/1",
        published=date(2024, 3, 6),
        authors=("Ada Example",),
        language="en-AU",
    )
    assert second.text == "One that is complete in itself\nThey will meet again, he said."
    assert (second.url, second.authors) == ("https://news.example.org/2", ("Ben Sample",))


def test_an_entry_of_atom_is_an_article_and_a_summary_is_no_text() -> None:
    first, second = sample("feed.atom")
    assert isinstance(first, Article)
    assert first.text == f"Harbour partners weigh\n{TEXT}"
    assert (first.url, first.identifier) == ("https://news.example.org/1", "tag:news.example.org,2024:1")
    assert (first.published, first.authors, first.language) == (date(2024, 3, 6), ("Ada Example",), "en")
    assert "The record has no text but a field “summary”; to read that, say --map text=summary." in str(second)


RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>A</title></channel>'
    f'<item rdf:about="https://example.org/1"><title>{TITLE}</title><link>https://example.org/1</link>'
    f"<description>{BODY}</description><dc:date>2024-03-06T10:00:00Z</dc:date>"
    "<dc:publisher>The Daily Example</dc:publisher></item></rdf:RDF>"
)


def test_rss_1_is_read_and_standard_input_is_known_as_a_feed() -> None:
    data = f"<?xml version='1.0'?>\n<!-- made by a program -->\n{RDF}".encode()
    article = only(list(read_articles(["-"], stdin=io.BytesIO(data))))
    assert (article.text, article.url) == (f"{TITLE}\n{BODY}", "https://example.org/1")
    assert (article.published, article.outlet) == (date(2024, 3, 6), "The Daily Example")


ENTITY = '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/hostname"><!ENTITY b "bb">]>'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "a.xml: The file is empty."),
        (
            "<urlset><url/></urlset>",
            "a.xml:1: The XML is no RSS or Atom feed (it starts with <urlset>), and no other is",
        ),
        ("<rss><channel/></rss>", "a.xml: The feed has no items."),
        ("<rss><channel>\n<item>&nbsp;</item></channel></rss>", "a.xml:2: The XML is broken at column "),
        (
            f"{ENTITY}<rss><item><title>A</title><description>&a; x</description></item></rss>",
            "a.xml:1: The item uses an",
        ),
        (
            f"{ENTITY}<rss><item><title>A</title><description>&b; x</description></item></rss>",
            "a.xml:1: The item uses an",
        ),
    ],
)
def test_xml_that_is_no_feed_or_a_trap_is_refused(read_file: Any, content: str, sentence: str) -> None:
    assert refusal(read_file("a.xml", content)).startswith(sentence)


def test_broken_xml_costs_the_rest_and_not_what_stands_before(read_file: Any) -> None:
    item = f"<item><title>{TITLE}</title><description>{BODY}</description></item>"
    found = read_file("a.rss", f"<rss><channel>{item}\n<item><title>B & C</title></item>{item}</channel></rss>")
    assert [article.title for article in articles(found)] == [TITLE]
    assert str(found[1]).startswith("a.rss:2: The XML is broken at column ")
