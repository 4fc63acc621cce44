"""The faster components write what spaCy's own write."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import spacy
from spacy.attrs import DEP, ENT_IOB, ENT_TYPE, HEAD, LEMMA, MORPH, POS, SENT_START, TAG

from loader.extraction.text.annotations import quicken
from loader.extraction.text.parse import MODEL

if TYPE_CHECKING:
    from spacy.language import Language

ALL = [TAG, POS, MORPH, LEMMA, DEP, HEAD, SENT_START, ENT_IOB, ENT_TYPE]
CASES = Path(__file__).parent / "cases"
TEXTS = [
    "Let's go. There's no plan, and there are none. I'm gonna leave; you gotta see it. It ain't so.",
    "Prime Minister Fumio Kishida of Japan met U.S. President Joe Biden in Washington, D.C., on March 6, 2024.",
    "She did it.\n\n  Do you?  'd he have?\nI'd've said “that” is all that she has.",
    "\n \n",
    "Paris",
    "",
]


@cache
def models() -> tuple[Language, Language]:
    """Return the model as spaCy has it, and the same made faster."""
    fast = spacy.load(MODEL)
    quicken(fast)
    return spacy.load(MODEL), fast


def written(model: Language, texts: list[str]) -> list[list[list[int]]]:
    return [doc.to_array(ALL).tolist() for doc in model.pipe(texts)]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_annotated_as_by_the_model_itself(text: str) -> None:
    own, fast = models()
    assert fast(text).to_array(ALL).tolist() == own(text).to_array(ALL).tolist()


def test_the_seed_and_the_cases_are_annotated_as_by_the_model_itself(seed: Path) -> None:
    texts = [seed.read_text(encoding="utf-8"), (CASES / "statements" / "cases.txt").read_text(encoding="utf-8")]
    own, fast = models()
    assert written(fast, texts) == written(own, texts)


def test_what_was_read_before_changes_nothing(seed: Path) -> None:
    texts = [*TEXTS, seed.read_text(encoding="utf-8")]
    _, fast = models()
    once = written(fast, texts)
    assert written(fast, texts[::-1])[::-1] == once


def test_forms_that_were_forgotten_are_worked_out_again(seed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [seed.read_text(encoding="utf-8"), *TEXTS]
    own, fast = models()
    monkeypatch.setattr("loader.extraction.text.annotations._FORMS", 5)
    assert written(fast, texts * 2) == written(own, texts * 2)


def test_the_vector_of_a_form_is_the_models_own_to_the_last_bit(seed: Path) -> None:
    own, fast = models()
    text = seed.read_text(encoding="utf-8")
    assert fast(text).tensor.tobytes() == own(text).tensor.tobytes()


def test_a_model_without_the_parts_stays_as_it_is() -> None:
    blank = spacy.blank("en")
    quicken(blank)
    assert blank.pipe_names == []
