"""The cue lexicon: every line can be used, and words are found in their forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loader.document import StatementKind
from loader.extraction.attribution import cues
from loader.extraction.lexicon import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from loader.extraction.text.reading import Reading

FRAMES = {"quote", "that", "that-object", "to", "to-object", "ing", "np", "small-clause", "passive-to", "denial"}
LINKED = {"as-object", "of-object", "for-object", "with-object", "about-object", "p:to-object"}


def test_each_line_of_the_lexicon_names_a_kind_a_source_and_frames_that_exist() -> None:
    for lemma, part, kind, frames, source in rows("cues"):
        assert part in ("verb", "noun", "adj"), lemma
        assert StatementKind(kind)
        assert source, lemma
        for frame in frames.split():
            assert frame in FRAMES | LINKED or frame.startswith("p:"), (lemma, frame)


def test_each_frame_of_a_word_stands_once_in_the_lexicon() -> None:
    frames = [(lemma, part, frame) for lemma, part, _, frames, _ in rows("cues") for frame in frames.split()]
    assert len(frames) == len(set(frames))


@pytest.mark.parametrize(
    ("sentence", "word", "meant"),
    [
        ("Norway said it would go.", "said", ("say", "that", StatementKind.SPEECH)),
        ("Norway pledged to go.", "pledged", ("pledge", "to", StatementKind.PROMISE)),
        ("Norway is hoping to go.", "hoping", ("hope", "to", StatementKind.INTENT)),
        ("Norway welcomed the plan.", "welcomed", ("welcome", "np", StatementKind.ATTITUDE)),
        ("Norway asked whether they would go.", "asked", ("ask", "that", StatementKind.QUESTION)),
        ("Norway pointed out that they would go.", "pointed", ("point out", "that", StatementKind.SPEECH)),
    ],
)
def test_a_verb_is_found_in_its_forms(
    read: Callable[[str], Reading], sentence: str, word: str, meant: tuple[str, str, StatementKind]
) -> None:
    token = next(token for token in read(f"A headline\n{sentence}").doc if token.text == word)
    entry = cues.verb(token)
    assert entry is not None
    lemma, frame, kind = meant
    assert (entry.lemma, entry.kind(frame)) == (lemma, kind)


def test_a_verb_outside_the_lexicon_is_no_cue(read: Callable[[str], Reading]) -> None:
    token = next(token for token in read("A headline\nNorway oiled the hinge.").doc if token.text == "oiled")
    assert cues.verb(token) is None
