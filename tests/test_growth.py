"""Work grows with the length of a text, not with its square: a short form of benchmarks/growth.py, which measures time.

What is counted is calls of functions, of which there are as many on any machine.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from parsed import model, registry

from loader.document import Article
from loader.extraction import Extractor
from loader.mapping.quads import quads
from ontology.vocabulary import Mint

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = 250
KINDS = [
    *("one paragraph", "one sentence", "short quotations", "open quotations", "names", "nested speech"),
    *("pronouns", "dates", "turns on one line", "memberships"),
]  # not "offices": how far back one looks for whom they mean is bounded, but further than these texts are long


@pytest.fixture(scope="module")
def growth() -> Iterator[Any]:
    folder = str(Path(__file__).parent.parent / "benchmarks")
    sys.path.insert(0, folder)
    try:
        calls("He said so.")  # what is worked out once is no part of any text's work
        yield importlib.import_module("growth")
    finally:
        sys.path.remove(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_four_times_the_words_are_about_four_times_the_work(kind: str, growth: Any) -> None:
    text = growth.KINDS[kind]
    once, more = calls(text(WORDS)), calls(text(4 * WORDS))
    assert more < 4.4 * once, f"{more / once:.2f} times the calls"


def calls(text: str) -> int:
    """Count the calls of functions while a parsed text is read and mapped."""
    article = Article(f"Ten things to know today\n{text}", "text")
    reader = Extractor(registry(), model())
    doc = model()(article.text)
    count = 0

    def called(_: Any, event: str, __: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        quads(reader._document(article, doc), Mint())
    finally:
        sys.setprofile(before)
    return count
