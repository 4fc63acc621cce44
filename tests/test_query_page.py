"""The query page in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser import browsing, installed
from serving import ARTICLE, publish, running, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(installed() is None, reason="no Chromium is installed"),
]
READY = "document.querySelector('#example')?.disabled === false"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("store")
    publish(root, add=ARTICLE, quads=3000)
    with running(settings(root)) as base:
        yield base


@pytest.mark.parametrize("width", [1200, 390])
def test_a_question_is_chosen_asked_and_answered_without_another_host(url: str, tmp_path: Path, width: int) -> None:
    with browsing(tmp_path / "profile", width=width) as page:
        page.open(f"{url}/")
        page.until(READY)
        assert page.ask("document.querySelectorAll('#example option').length") >= 6
        page.ask("document.querySelector('#examples button').click()")
        page.until("document.querySelectorAll('.rows tbody tr').length > 0")
        assert "Norway" in page.ask("document.querySelector('.rows').innerText")
        assert page.ask("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.errors == []
        assert [asked for asked in page.requests if not asked.startswith((url, "data:", "blob:"))] == []


def test_typing_a_property_offers_those_of_the_vocabulary_and_asks_no_other_host(url: str, tmp_path: Path) -> None:
    text = "PREFIX pact: <https://pactgraph.example/ns#> SELECT * WHERE { ?s pact:speake ?o }"
    with browsing(tmp_path / "profile") as page:
        page.open(f"{url}/")
        page.until(READY)
        page.ask("window.editor = document.querySelector('.CodeMirror').CodeMirror, 1")
        page.ask(f"editor.setValue({text!r})")
        page.ask(f"editor.setCursor({{ line: 0, ch: {text.index(' ?o')} }}), editor.focus()")
        page.ask("editor.autocomplete(), 1")
        page.until("document.body.innerText.includes('pact:speaker') || editor.getValue().includes('pact:speaker')")
        assert [asked for asked in page.requests if not asked.startswith((url, "data:", "blob:"))] == []


def test_thousands_of_rows_do_not_freeze_the_page(url: str, tmp_path: Path) -> None:
    with browsing(tmp_path / "profile") as page:
        page.open(f"{url}/")
        page.until(READY)
        page.ask("document.querySelector('.CodeMirror').CodeMirror.setValue('SELECT * { ?s ?p ?o }')")
        page.ask("document.querySelector('.CodeMirror').CodeMirror.query().catch(() => {}) && 1")
        page.until("document.querySelectorAll('.rows tbody tr').length === 500")
        page.ask("document.querySelector('.rows button').click()")
        page.until("document.querySelectorAll('.rows tbody tr').length === 1000")


def test_an_error_is_shown_with_its_place(url: str, tmp_path: Path) -> None:
    with browsing(tmp_path / "profile") as page:
        page.open(f"{url}/")
        page.until(READY)
        page.ask("document.querySelector('.CodeMirror').CodeMirror.setValue('SELECT * { ?s ?p }')")
        page.ask("document.querySelector('.CodeMirror').CodeMirror.query().catch(() => {}) && 1")
        page.until("document.body.innerText.includes('line 1, column 19')")


def test_the_page_of_a_thing_is_readable_on_a_phone(url: str, tmp_path: Path) -> None:
    with browsing(tmp_path / "profile", width=390) as page:
        page.open(f"{url}/actor/norway")
        page.until("document.querySelector('h1')")
        assert page.ask("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.errors == []
