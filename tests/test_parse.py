"""Parsing: texts of any length, a few at a time."""

from __future__ import annotations

from typing import Any

import pytest
from parsed import model

from loader.extraction.text.parse import parse

LINES = [
    "Norland weighs its part",
    "Ann Lee, the minister, said on Monday that Norland would join the pact, and that it was ready.",
    "",
    "\u201cWe are ready,\u201d she said. Sudland has denied that it was asked.",
    "The two met in Port Example. They will meet again.",
]
TEXT = "\n".join(LINES)
SHORT = 120  # characters at once: the text has three pieces


@pytest.mark.parametrize(
    "text", [TEXT, TEXT.replace("\n", " "), TEXT.replace(" ", ""), "x" * 500, " " * 500, "\n" * 500, ""]
)
def test_a_long_text_is_parsed_in_pieces_and_none_of_its_characters_is_lost(text: str) -> None:
    (doc,) = parse(model(), [text], at_once=SHORT)
    assert doc.text == text
    assert [doc.text[token.idx : token.idx + len(token)] for token in doc] == [token.text for token in doc]


def test_a_piece_begins_with_a_line_so_that_every_sentence_is_whole() -> None:
    (doc,) = parse(model(), [TEXT], at_once=SHORT)
    assert [sentence.text for sentence in doc.sents] == [sentence.text for sentence in model()(TEXT).sents]
    assert all(token.head.sent == token.sent for token in doc)
    assert {entity.text for entity in doc.ents} >= {"Ann Lee", "Monday"}


def test_a_text_that_is_cut_nowhere_is_parsed_as_the_model_parses_it() -> None:
    (doc,) = parse(model(), [TEXT])
    assert doc.to_json() == model()(TEXT).to_json()


def test_what_is_parsed_together_does_not_hang_on_the_other_texts() -> None:
    texts = [TEXT, "Short\nOne line.", "", TEXT * 3, "Another\nLine said so."]
    together = [doc.to_json() for doc in parse(model(), texts, at_once=SHORT)]
    assert together == [doc.to_json() for text in texts for doc in parse(model(), [text], at_once=SHORT)]


def test_no_more_than_a_bounded_number_of_characters_is_parsed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    whole = model().pipe

    def watched(texts: list[str], **more: Any) -> object:
        seen.append(sum(map(len, texts)))
        return whole(texts, **more)

    monkeypatch.setattr(model(), "pipe", watched)
    docs = list(parse(model(), ["A\nB said c."] * 40 + [TEXT * 4], at_once=SHORT))
    assert [doc.text for doc in docs] == ["A\nB said c."] * 40 + [TEXT * 4]
    assert max(seen) <= SHORT
