"""The extractor: an article in, a document out, in order and the same every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from loader.document import Article, ReportMode
from loader.extraction import Extractor
from loader.extraction.text.parse import is_hard_wrapped, load_model
from loader.mapping.records import record
from loader.registry import Registry
from ontology.vocabulary import Mint

SEED = Path(__file__).parent.parent / "seeds" / "000_a1f631c494d1a9e1.txt"


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    return Extractor(Registry.load(), load_model())


def test_the_seed_article_gives_its_attributed_statements(extractor: Extractor) -> None:
    text = SEED.read_text(encoding="utf-8").rstrip()
    document = extractor.read(Article(text, str(SEED)))
    attributed = [s for s in document.statements if s.mode is not ReportMode.NARRATOR]
    assert 13 <= len(attributed) <= 16
    assert {relay.of(text) for s in attributed for relay in s.relays} == {"as quoted by AFP", "cited by Japan's Nikkei"}
    assert all(not s.content.overlaps(line) for s in document.statements for line in document.boilerplate)


def test_articles_come_back_in_order_and_the_same_alone_or_together(extractor: Extractor) -> None:
    articles = [Article(f"Pact {n}\nNorway said the pact number {n} was dead.", "-") for n in range(20)]
    together = list(extractor.read_all(articles))
    assert [document.article for document in together] == articles
    assert together == [extractor.read(article) for article in articles]


def test_a_text_without_a_word_is_refused_with_a_sentence(extractor: Extractor) -> None:
    with pytest.raises(ValueError, match="needs"):
        extractor.read(Article("", "-"))


def test_a_headline_alone_is_a_document_with_its_statement(extractor: Extractor) -> None:
    document = extractor.read(Article("Norway says pact is dead", "-"))
    assert [s.content.of(document.article.text) for s in document.statements] == ["pact is dead"]


def test_each_line_begins_a_sentence_unless_the_text_is_wrapped(extractor: Extractor) -> None:
    model = load_model()
    short = "Norway leaves\nThe pact is dead\nNobody wants it"
    assert [s.text.strip() for s in model(short).sents] == short.split("\n")
    wrapped = (
        "A headline\n"
        "The minister of the interior said on the evening of the same day that\n"
        "the report was wrong and that it would be withdrawn by the department\n"
        "as soon as the committee had heard the two officers who had written it\n"
        "in the spring of that year."
    )
    assert is_hard_wrapped(wrapped)
    assert [len(s.text.split()) for s in model(wrapped).sents] == [2, 47]


def test_a_run_of_characters_without_a_blank_is_read_in_good_time(extractor: Extractor) -> None:
    text = "Headline\n" + '"' * 3000
    assert extractor.read(Article(text, "-")).article.text == text
    document = load_model()(text)
    assert "".join(token.text_with_ws for token in document) == text
    assert len(document) < 200  # marks without a letter among them are one token, 64 by 64, not one each


def test_no_sentence_grows_without_end() -> None:
    document = load_model()("Headline\n" + "he said, " * 1000)
    assert max(len(sentence) for sentence in document.sents) <= 250


def test_the_speaker_behind_a_pronoun_is_written_by_name(extractor: Extractor) -> None:
    text = (
        "Lima talks\nPeru's foreign minister, Ana Torres, met Japan's prime minister, Fumio Kishida, in Lima.\n"
        "Torres said Peru would join the pact. She added that talks would go on in May.\n"
        "Kishida welcomed the step. “We are glad,” he said."
    )
    flat = record(extractor.read(Article(text, "-")), Mint("https://pactgraph.example/"))
    named = {text[start:end]: each["speakerName"] for each in flat["statements"] for start, end in each["sourceSpan"]}
    assert (named["She"], named["he"]) == ("Ana Torres", "Fumio Kishida")
