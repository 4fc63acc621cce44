"""What the tests of reading share: samples, and what is asked of the outcome."""

from __future__ import annotations

from pathlib import Path

from loader.articles import (
    ArticleError,
    read_articles,
)
from loader.document import Article

FORMATS = Path(__file__).parent / "cases" / "formats"
PAGE = Path(__file__).parent.parent / "docs" / "input.md"
TITLE = "Harbour partners weigh a second pillar"
BODY = "The three partners met in Canberra."
LONG = "The three partners met in Canberra on Wednesday, an official told reporters who waited in the rain. " * 3


def only(found: list[Article | ArticleError]) -> Article:
    assert len(found) == 1, found
    assert isinstance(found[0], Article), found[0]
    return found[0]


def refusal(found: list[Article | ArticleError]) -> str:
    assert len(found) == 1, found
    assert isinstance(found[0], ArticleError), found[0]
    assert found[0].fatal
    return str(found[0])


def articles(found: list[Article | ArticleError]) -> list[Article]:
    return [each for each in found if isinstance(each, Article)]


def sample(name: str) -> list[Article | ArticleError]:
    return list(read_articles([FORMATS / name]))


def page(head: str = "", body: str = f"<p>{LONG}</p><p>{LONG}</p>") -> str:
    return (
        f"<!doctype html><html><head><title>{TITLE}</title>{head}</head><body><article>{body}</article></body></html>"
    )
