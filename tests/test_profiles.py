"""How the command line chooses what reads: a faster profile, a language model elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from commands import run
from test_llm import TEXT, chat, serving

if TYPE_CHECKING:
    from pathlib import Path

JOINS = {"content": "Japan will join AUKUS", "cue": "said", "source": "Prime Minister Fumio Kishida", "kind": "speech"}


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "talks.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_model_elsewhere_is_asked_with_the_key_of_the_environment(article: Path, tmp_path: Path) -> None:
    with serving(chat({"statements": [JOINS, {**JOINS, "content": "Japan left"}]})) as fake:
        options = ["--llm", fake.url, "--llm-model", "small", "--out", str(tmp_path / "out")]
        done = run("extract", str(article), *options, PACTGRAPH_LLM_KEY="secret")
    assert done.returncode == 0, done.stderr
    assert "1 of the model's 2 statements were refused." in done.stderr
    [statement] = json.loads((tmp_path / "out" / "talks.json").read_text(encoding="utf-8"))["statements"]
    assert (statement["text"], statement["speakerName"], statement["confidence"]) == (
        "Japan will join AUKUS",
        "Fumio Kishida",
        None,
    )
    [(_, headers, body)] = fake.requests
    assert headers["Authorization"] == "Bearer secret"
    assert body["model"] == "small"


def test_the_fast_profile_reads_into_a_store(article: Path, tmp_path: Path) -> None:
    done = run("load", str(article), "--profile", "fast", "--store", str(tmp_path / "store"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["statements"] >= 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--profile", "slow"], "'slow' is no profile; fast and best are."),
        (["--llm", "http://127.0.0.1:1/"], "--llm needs --llm-model, the name of the model that is to answer."),
        (["--llm-model", "small"], "--llm-model needs --llm, the address where the model answers."),
        (["--llm", "nowhere", "--llm-model", "small"], "'nowhere' is no address of a server"),
    ],
)
def test_a_choice_that_is_none_is_one_sentence(options: list[str], sentence: str, article: Path) -> None:
    done = run("extract", str(article), "--out", str(article.parent / "out"), *options)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_nothing_is_asked_where_nobody_named_a_server(article: Path, tmp_path: Path) -> None:
    with serving(chat({"statements": []})) as fake:
        done = run("extract", str(article), "--out", str(tmp_path / "out"), PACTGRAPH_LLM_KEY="secret")
    assert done.returncode == 0, done.stderr
    assert fake.requests == []
