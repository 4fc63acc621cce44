"""Tokens as plain values: every answer is spaCy's own."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from parsed import model

from loader.extraction.text.tokens import read

if TYPE_CHECKING:
    from pathlib import Path

    from spacy.tokens import Doc as Parse

    from loader.extraction.text.tokens import Doc

CASES = [
    "Ten things\nThe minister, a spokesman (who left) said, said: “We, and 3 others, are ready.”\n\n Not OK - Kim.",
    "said said said, that , that. ! ? ( [ word ) ] and or but not",
    "   \n\n  ",
    "one",
    "",
]
VALUES = (
    *("i", "idx", "text", "lower_", "lemma_", "pos_", "tag_", "dep_", "ent_type_", "whitespace_", "text_with_ws"),
    *("is_alpha", "is_lower", "is_punct", "is_space", "is_stop", "is_upper", "like_num", "is_sent_start"),
    *("n_lefts", "n_rights"),
)
TOKENS = ("head", "left_edge", "right_edge")
SEVERAL = ("children", "lefts", "rights", "subtree", "ancestors", "conjuncts")


@pytest.fixture(params=[*CASES, "the seed"])
def both(request: pytest.FixtureRequest, seed: Path) -> tuple[Parse, Doc]:
    text = seed.read_text(encoding="utf-8") if request.param == "the seed" else request.param
    parse = model()(text)
    return parse, read(parse)


def test_a_token_says_of_itself_and_of_others_what_spacy_says(both: tuple[Parse, Doc]) -> None:
    parse, doc = both
    assert len(doc) == len(parse)
    for theirs, ours in zip(parse, doc, strict=True):
        assert [getattr(ours, name) for name in VALUES] == [getattr(theirs, name) for name in VALUES]
        assert [getattr(ours, name).i for name in TOKENS] == [getattr(theirs, name).i for name in TOKENS]
        for name in SEVERAL:
            assert [other.i for other in getattr(ours, name)] == [other.i for other in getattr(theirs, name)], name
        assert (ours.sent.start, ours.sent.end) == (theirs.sent.start, theirs.sent.end)
        assert len(ours) == len(theirs)


def test_sentences_and_entities_are_spacys(both: tuple[Parse, Doc]) -> None:
    parse, doc = both
    if len(parse):  # spaCy raises for the sentences of nothing
        assert [(s.start, s.end, s.text) for s in doc.sents] == [(s.start, s.end, s.text) for s in parse.sents]
    assert [(e.start, e.end, e.label_) for e in doc.ents] == [(e.start, e.end, e.label_) for e in parse.ents]


def test_a_run_of_tokens_has_the_words_ends_and_root_of_spacys(both: tuple[Parse, Doc]) -> None:
    parse, doc = both
    for start, length in product(range(len(parse)), (1, 2, 3, 7, 20)):
        theirs, ours = parse[start : start + length], doc[start : start + length]
        assert (ours.text, ours.root.i) == (theirs.text, theirs.root.i)
        assert (ours.start_char, ours.end_char, len(ours)) == (theirs.start_char, theirs.end_char, len(theirs))
        assert (ours[0].i, ours[-1].i, ours[1:].text) == (theirs[0].i, theirs[-1].i, theirs[1:].text)


def test_the_tokens_that_a_span_touches_are_those_that_spacy_expands_it_to(both: tuple[Parse, Doc]) -> None:
    parse, doc = both
    for start, length in product(range(-1, min(len(parse.text) + 2, 400)), (1, 2, 9)):
        end = start + length
        theirs, ours = parse.char_span(start, end, alignment_mode="expand"), doc.touched(start, end)
        assert (theirs is None) == (ours is None)
        assert theirs is None or ours is None or (ours.start, ours.end) == (theirs.start, theirs.end)


def test_a_neighbour_before_the_first_or_behind_the_last_token_is_an_error() -> None:
    doc = read(model()("one two"))
    assert doc[0].nbor().text == "two"
    for token, far in ((doc[0], -1), (doc[1], 1)):
        with pytest.raises(IndexError):
            token.nbor(far)
