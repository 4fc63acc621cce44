"""The arbiter: trained on a corpus of the user's, the same bytes each time, and no model that is none is read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from commands import run
from parsed import model, registry

from loader.document import Article
from loader.extraction import Extractor, make_extractor
from loader.extraction.attribution.arbiter import FORMAT, Arbiter, ModelError, fit, read_arbiter
from loader.extraction.training import CorpusError, train
from loader.mapping.records import record
from ontology.vocabulary import Mint

SPEECH = "Peru will join, the minister said."
PLAN = "The council plans to leave."
LINES = [
    f"Talks {number}\n{place} will {deed}, the minister said. The council {verb} to {other}."
    for number, (place, deed, verb, other) in enumerate(
        [
            ("Peru", "join", "plans", "leave"),
            ("Chile", "wait", "plans", "stay"),
            ("Japan", "help", "wants", "stop"),
            ("India", "agree", "plans", "vote"),
            ("Ghana", "pay", "wants", "wait"),
            ("Spain", "vote", "plans", "help"),
        ]
    )
]


def write(folder: Path) -> Path:
    """Write a corpus in which what is said counts and what is planned does not."""
    extractor = Extractor(registry(), model())
    for number, text in enumerate(LINES):
        flat = record(extractor.read(Article(text, "-")), Mint("https://pactgraph.example/"))
        flat["statements"] = [each for each in flat["statements"] if each["kind"] == ["kind-speech"]]
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
        (folder / f"{number}.json").write_text(json.dumps(flat), encoding="utf-8")
    return folder


@cache
def trained() -> Arbiter:
    with TemporaryDirectory() as folder:
        return train(write(Path(folder)), registry()).arbiter


def test_what_a_corpus_does_not_count_is_dropped_and_what_it_counts_is_kept() -> None:
    text = f"More talks\n{SPEECH} {PLAN}"
    by_rules = Extractor(registry(), model()).read(Article(text, "-"))
    assert {str(s.kind) for s in by_rules.statements if s.cue} == {"speech", "intent"}
    found = Extractor(registry(), model(), trained()).read(Article(text, "-"))
    assert [s.content.of(text) for s in found.statements if s.cue] == ["Peru will join"]


def test_the_same_corpus_gives_the_same_bytes_in_whatever_order_it_was_written(tmp_path: Path) -> None:
    one = train(write(tmp_path), registry())
    assert one.arbiter.to_bytes() == trained().to_bytes()
    assert (one.articles, one.annotated) == (6, 6)


def test_a_model_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(trained().to_bytes())
    assert read_arbiter(path) == trained()
    assert make_extractor(registry(), arbiter=read_arbiter(path)).read(Article(LINES[0], "-")).statements


def test_the_card_says_what_the_model_was_made_of(tmp_path: Path) -> None:
    card = train(write(tmp_path), registry()).card("talks")
    assert "`talks`: 6 articles, 6 annotated statements" in card
    assert "finds nothing that the rules miss" in card


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"format": "other"}',
        json.dumps({"format": FORMAT, "threshold": 0.5, "bias": "x", "weights": {}}),
        json.dumps({"format": FORMAT, "threshold": 0.5, "bias": 0, "weights": [1]}),
        f'{{"format": "{FORMAT}", "threshold": 0.5, "bias": NaN, "weights": {{}}}}',
        "[" * 100_000,
    ],
)
def test_a_file_without_a_model_is_one_sentence(content: str, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=r"holds (no model|weights)"):
        read_arbiter(path)
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        read_arbiter(tmp_path / "none.json")


@pytest.mark.parametrize(
    "flat",
    [
        "",
        "{}",
        '{"statements": [{}]}',
        '{"statements": [{"start": 0, "end": 9999, "cueSpan": [[1, 2]], "sourceSpan": []}]}',
    ],
)
def test_a_corpus_of_another_form_is_one_sentence(flat: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Title\nText.", encoding="utf-8")
    (tmp_path / "a.json").write_text(flat, encoding="utf-8")
    with pytest.raises(CorpusError, match="not in the form that extraction writes"):
        train(tmp_path, registry())


def test_a_folder_without_pairs_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="holds no text with its statements"):
        train(tmp_path, registry())


def test_nothing_is_learnt_where_all_is_alike() -> None:
    with pytest.raises(ValueError, match="that it counts and attributions that it does not"):
        fit([(("rule=clause",), True)] * 4, 0)


def test_the_command_line_trains_and_reads_with_what_was_trained(tmp_path: Path) -> None:
    corpus, out = tmp_path / "corpus", tmp_path / "model.json"
    corpus.mkdir()
    write(corpus)
    done = run("train", str(corpus), "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == trained().to_bytes()
    assert out.with_suffix(".md").read_text(encoding="utf-8").startswith("# Model card")
    article = tmp_path / "article.txt"
    article.write_text(f"More talks\n{SPEECH} {PLAN}", encoding="utf-8")
    done = run("extract", str(article), "--out", str(tmp_path / "read"), "--tagger", str(out))
    assert done.returncode == 0, done.stderr
    flat = json.loads((tmp_path / "read" / "article.json").read_text(encoding="utf-8"))
    assert [each["text"] for each in flat["statements"] if each["cueSpan"]] == ["Peru will join"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train", "nowhere", "--out", "model.json"], "nowhere holds no text with its statements beside it"),
        (["extract", "x", "--out", "y", "--tagger", "nowhere"], "The model nowhere cannot be read: No such file"),
    ],
)
def test_a_mistake_is_one_sentence(words: list[str], sentence: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
