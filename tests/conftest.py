"""What several tests share: the gold data, where it is at hand, and a real server on a loopback port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from loader.articles import Options, read_articles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import date

    from loader.articles import ArticleError
    from loader.document import Article, StatementKind
    from loader.extraction.text.reading import Attribution, Reading

# No example is timed: the machine may be busy. The same examples each time: a failure is found where it was made.
settings.register_profile("pactgraph", deadline=None, derandomize=True)
settings.load_profile("pactgraph")

SEED = Path(__file__).parent.parent / "seeds" / "000_a1f631c494d1a9e1.txt"
PACTGRAPH = str(Path(sys.executable).with_name("pactgraph"))


@pytest.fixture(scope="session")
def gold() -> Path:
    """Return the folder of annotated articles that PACTGRAPH_GOLD names."""
    folder = os.environ.get("PACTGRAPH_GOLD")
    if not folder:
        pytest.skip("PACTGRAPH_GOLD does not name the folder of annotated articles")
    assert (Path(folder) / "seed").is_dir(), f"PACTGRAPH_GOLD is {folder}, which holds no seed/"
    return Path(folder)


@pytest.fixture(scope="session")
def seed() -> Path:
    """Return the seed article's file."""
    return SEED


@pytest.fixture(scope="session")
def read() -> Callable[..., Reading]:
    """Return a function that parses a text (and the day it was published) into a Reading with what its words denote."""
    from loader.document import Article
    from loader.extraction.reference.mentions import find_mentions
    from loader.extraction.text import tokens
    from loader.extraction.text.page import read_page
    from loader.extraction.text.parse import load_model, parse
    from loader.extraction.text.quotations import find_quotations
    from loader.extraction.text.reading import Reading
    from loader.registry import Registry

    model, registry = load_model(), Registry.load()

    def build(text: str, published: date | None = None) -> Reading:
        page, doc = read_page(text), tokens.read(next(parse(model, [text])))
        quotations = find_quotations(text, page)
        words = find_mentions(doc, page, registry, quotations)
        article = Article(text, "-", published=published)
        return Reading(article, doc, page, registry, quotations, words.mentions, words.groups, words.unnamed)

    return build


@pytest.fixture(scope="session")
def attribute(read: Callable[..., Reading]) -> Callable[..., tuple[Reading, Attribution]]:
    """Return a function that reads a marked sentence: "<Japan> {said} [it would join]" with source, cue and content.

    The sentence stands below a headline; the marks are no part of the text. A content inside quote marks is direct.
    """
    from loader.document import ReportMode, Span, StatementKind
    from loader.extraction.text.reading import Attribution

    def build(
        sentence: str, kind: StatementKind = StatementKind.SPEECH, before: str = "A headline\n", *, denied: bool = False
    ) -> tuple[Reading, Attribution]:
        spans: dict[str, Span] = {}
        text = before
        for piece in re.split(r"([<{\[].*?[>}\]])", sentence):
            marked = piece[:1] in ("<", "{", "[")
            if marked:
                spans[piece[0]] = Span(len(text), len(text) + len(piece) - 2)
            text += piece[1:-1] if marked else piece
        reading = read(text)
        content, cue, source = spans["["], spans["{"], spans.get("<")
        direct = text[content.start - 1] in '"“'
        verb = next((t for t in reading.tokens(cue) if t.pos_ in ("VERB", "NOUN", "ADJ")), reading.tokens(cue).root)
        return reading, Attribution(
            content,
            ReportMode.DIRECT if direct else ReportMode.INDIRECT,
            kind,
            cue,
            verb,
            source,
            reading.tokens(source).root if source else None,
            verbatim=(content,) if direct else (),
            negated_cue=denied,
        )

    return build


@contextmanager
def serving(store: Path, *options: str) -> Iterator[str]:
    """Run ``pactgraph serve`` on a store until the block ends; give its base URL."""
    command = [PACTGRAPH, "serve", "--store", str(store), "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield answering(process)
    finally:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output


def answering(process: subprocess.Popen[str]) -> str:
    """Return the base URL of ``pactgraph serve`` once it answers; fail with its output if it ends before."""
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        told.append(line)
        if found := re.search(r"Serving on (\S+)/ ", line):
            with urllib.request.urlopen(f"{found[1]}/health", timeout=120):  # it listens before it has started
                return found[1]
    pytest.fail(f"the server ended with exit code {process.wait()}:\n{''.join(told)}")


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[str]]:
    """Return the way to run ``pactgraph serve`` on a store: ``with serve(store) as url``."""
    return serving


@pytest.fixture
def read_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Article | ArticleError]]:
    """Return a function that writes a file of the name and content, and reads it."""
    monkeypatch.chdir(tmp_path)

    def write_and_read(name: str, content: str | bytes, **options: Any) -> list[Article | ArticleError]:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_articles([name], options=Options(**options)))

    return write_and_read
