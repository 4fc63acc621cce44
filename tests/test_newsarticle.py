"""The JSON of schema.org and of ninjs."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from readings import BODY, FORMATS, TITLE, articles, only, refusal, sample

from loader.document import Article


def test_a_schema_org_article_is_known_by_its_type() -> None:
    assert only(sample("newsarticle.json")) == Article(
        text=f"{TITLE}\n{BODY}\nThey will meet again.",
        source=str(FORMATS / "newsarticle.json"),
        identifier="https://news.example.org/2024/harbour#article",
        url="https://news.example.org/2024/harbour",
        published=date(2024, 3, 6),
        outlet="The Daily Example",
        authors=("Ada Example", "Ben Sample"),
        license="https://creativecommons.org/licenses/by/4.0/",
    )


def test_a_live_blog_without_a_text_of_its_own_is_its_updates(read_file: Any) -> None:
    updates = [{"@type": "BlogPosting", "headline": f"At {hour}", "articleBody": BODY} for hour in (11, 10)]
    blog = {"@type": "LiveBlogPosting", "headline": TITLE, "liveBlogUpdate": updates}
    assert only(read_file("a.json", json.dumps(blog))).text == f"{TITLE}\nAt 11\n{BODY}\nAt 10\n{BODY}"


def test_a_graph_gives_its_articles_with_the_nodes_that_they_refer_to() -> None:
    first, second = articles(sample("graph.json"))
    assert (first.text, first.outlet, first.authors) == (
        f"{TITLE}\n{BODY}\nThey will meet again.", "The Daily Example", ("Ada Example",),
    )  # fmt: skip
    assert second.text == "What I saw at the harbour\nThree ministers, and the rain."


@pytest.mark.parametrize(
    ("name", "identifier", "language", "body"),
    [
        ("ninjs-1.json", "urn:newsml:example.org:20240306:aukus-1", "en-AU",
         f'{BODY}\n"We are interested," the minister said.'),
        ("ninjs-2.json", "urn:newsml:example.org:20240306:aukus-2", "en",
         "The three partners met in Canberra & Sydney.\nUndersea drones\nQuantum clocks"),
        ("ninjs-3.json", "https://wire.example.org/items/3", "en", f"{BODY}\nThey will meet again."),
    ],
)  # fmt: skip
def test_ninjs_items_of_every_generation_are_known_by_their_shape(
    name: str, identifier: str, language: str, body: str
) -> None:
    article = only(sample(name))
    assert article.text == f"{TITLE}\n{body}"
    assert (article.identifier, article.language, article.url) == (identifier, language, None)
    assert (article.published, article.outlet, article.authors) == (date(2024, 3, 6), "Example Wire", ("Ada Example",))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"pubstatus": "canceled"}, "The provider has set the item's pubstatus to canceled; it is not for use."),
        ({"type": "picture"}, "The item is of type picture, not an article."),
    ],
)
def test_a_ninjs_item_that_is_no_article_is_refused(read_file: Any, change: dict[str, str], sentence: str) -> None:
    item = json.loads((FORMATS / "ninjs-1.json").read_text()) | change
    assert refusal(read_file("a.json", json.dumps(item))) == f"a.json:1: {sentence}"
