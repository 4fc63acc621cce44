"""Which articles are refused because they are not in English."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loader.articles import read_articles
from loader.document import Article
from loader.language import other_language
from loader.pipeline import Settings, extract

if TYPE_CHECKING:
    from pathlib import Path

ENGLISH = (
    "Ministers meet\nThe three partners met in Canberra on Wednesday, an official told reporters who had waited in the "
    "rain. “We are interested,” the minister said, and added that they would meet again before the summer."
)
GERMAN = (
    "Minister treffen sich\nDie drei Partner haben sich am Mittwoch in Canberra getroffen, sagte ein Beamter vor "
    "Reportern, die im Regen gewartet hatten. „Wir sind interessiert“, sagte der Minister, was AUKUS angeht, und man "
    "werde sich vor dem Sommer wieder treffen, wie er in einem Gespräch mit der Zeitung erklärte."
)
FRENCH = (
    "Les ministres se rencontrent\nLes trois partenaires se sont réunis mercredi à Canberra, a déclaré un responsable "
    "aux journalistes qui attendaient sous la pluie. « Nous sommes intéressés », a dit le ministre, et on se reverra "
    "avant l'été, selon lui, pour parler de la coopération avec AUKUS et de ses projets."
)
JAPANESE = "日本、AUKUS参加を検討\n岸田首相は水曜日、AUKUSの第2の柱への参加を検討していると述べた。"
UKRAINIAN = "Міністри зустрілися\nТри партнери зустрілися в середу в Канберрі, повідомив журналістам посадовець."


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("text", [GERMAN, FRENCH, JAPANESE, UKRAINIAN])
def test_a_text_in_another_language_is_not_read_whatever_it_says_of_itself(text: str, language: str) -> None:
    assert other_language(Article(text, "a.txt", language=language)) is not None


@pytest.mark.parametrize("language", ["en", "en-AU", "de"])
def test_a_text_in_english_is_read_whatever_it_says_of_itself(language: str) -> None:
    assert other_language(Article(ENGLISH, "a.txt", language=language)) is None


def test_names_in_another_script_and_addresses_make_a_text_no_less_english() -> None:
    text = f"{ENGLISH} They were 岸田文雄 and Володимир Зеленський: " + "https://example.org/die/das/der/und/nicht " * 9
    assert other_language(Article(text, "a.txt")) is None


def test_a_text_too_short_to_tell_is_read_unless_it_says_that_it_is_not_in_english() -> None:
    assert other_language(Article("AUKUS\nJapan macht mit.", "a.txt")) is None
    assert other_language(Article("AUKUS\nJapan macht mit.", "a.txt", language="en-GB")) is None
    sentence = other_language(Article("AUKUS\nJapan macht mit.", "a.txt", language="de-AT"))
    assert sentence == "The language of the article is de-AT; only English is read."


def test_an_article_in_another_language_is_told_and_the_rest_is_written(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(GERMAN, encoding="utf-8")
    (tmp_path / "b.txt").write_text(ENGLISH, encoding="utf-8")
    summary = extract(read_articles([tmp_path]), tmp_path / "out", settings=Settings())
    assert (summary.written, summary.refused) == (1, 1)
    assert [problem.message for problem in summary.problems] == [
        "The text is not in English; no other language is read."
    ]
