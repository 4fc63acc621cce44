"""Web pages: their article, and what their head says of it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from readings import BODY, FORMATS, LONG, TITLE, only, page, refusal, sample

if TYPE_CHECKING:
    from pathlib import Path


def test_a_web_page_gives_its_article_without_its_menus(capfd: pytest.CaptureFixture[str]) -> None:
    article = only(sample("page.html"))
    title, first, heading, second, *items = article.text.split("\n")
    assert title == "Harbour partners weigh a second pillar & a third"
    assert first.startswith(
        "The three partners met in Canberra on Wednesday to weigh a second pillar of their agreement,"
    )
    assert heading == "What comes next"
    assert second.startswith("“We are interested,” the minister said, and added that the ministers would meet again")
    assert items == [
        "Undersea drones, which all three of them want to build together",
        "Quantum clocks for ships that cannot hear a satellite",
    ]
    assert (article.published, article.url) == (date(2024, 3, 6), "https://news.example.org/2024/harbour")
    assert (article.outlet, article.authors, article.language) == ("The Daily Example", ("Ada Example",), "en-AU")
    assert capfd.readouterr() == ("", "")


def test_a_dash_inside_a_line_of_a_page_stays(read_file: Any) -> None:
    line, item = f"CANBERRA (Example Wire) - {LONG.strip()}", f"{LONG}- so far"
    [article] = read_file("a.html", page("", f"<h1>{TITLE}</h1><p>{line}</p><ul><li>{item}</li></ul>"))
    assert article.text.split("\n")[1:] == [line, item]


RESTRICTED = {"@type": "NewsArticle", "headline": TITLE, "isAccessibleForFree": False}
FIRST = f"<h1>{TITLE}</h1><p>{LONG}</p><p>Subscribe now.</p>"


def test_a_page_for_subscribers_is_read_with_a_remark(read_file: Any) -> None:
    head = f'<script type="application/ld+json">{json.dumps(RESTRICTED)}</script>'
    remark, article = read_file("a.html", page(head, FIRST))
    assert "for subscribers; its text may be cut off" in str(remark)
    assert not remark.fatal
    assert article.title == TITLE


def test_the_whole_text_in_json_ld_stands_in_for_one_that_is_cut_off(read_file: Any) -> None:
    whole = RESTRICTED | {"articleBody": f"{LONG}\n\n{LONG}\n\n{LONG}"}
    head = f'<script type="application/ld+json">{json.dumps(whole)}</script>'
    article = only(read_file("a.html", page(head, FIRST)))
    assert article.text.split("\n") == [TITLE, *[LONG.strip()] * 3]


def test_reading_a_web_page_asks_no_network() -> None:
    code = (
        "import sys\n"
        "from loader.articles import read_articles\n"
        "asking = {'socket.' + call for call in ('connect', 'getaddrinfo', 'gethostbyname', 'sendto', 'sendmsg')}\n"
        "sys.addaudithook(lambda event, given: event in asking and print(event, given))\n"
        "print(len(list(read_articles([sys.argv[1]]))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, FORMATS / "page.html"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"


LINKED = '<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "%s"}</script>'
OPEN_GRAPH = '<meta property="article:published_time" content="2024-03-05T23:00:00Z">'


@pytest.mark.parametrize(
    ("head", "published"),
    [
        (LINKED % "2024-03-06T23:30:00-05:00" + OPEN_GRAPH, date(2024, 3, 6)),
        (LINKED % "last week" + OPEN_GRAPH, date(2024, 3, 5)),
        (OPEN_GRAPH, date(2024, 3, 5)),
        ('<link rel="canonical" href="https://example.org/2024/03/04/talks">', date(2024, 3, 4)),
        ("", None),
    ],
)
def test_the_date_of_a_page_is_what_its_head_says_and_never_a_date_in_its_text(
    read_file: Any, head: str, published: date | None
) -> None:
    body = f"<p>It began on 5 May 2017. {LONG}</p><p>{LONG}</p>"
    assert only(read_file("a.html", page(head, body))).published == published


def test_the_outlet_and_the_address_of_a_page_are_what_its_head_says(read_file: Any) -> None:
    article = only(
        read_file(
            "a.html",
            page(
                '<meta property="og:site_name" content="The Daily Example"><meta name="author" content="Ada Example">'
                '<meta property="og:url" content="https://example.org/talks"><link rel="license" href="https://cc.example/0">'
                '<link rel="canonical" href="/talks">'
            ),
        )
    )
    assert (article.outlet, article.url, article.authors) == (
        "The Daily Example",
        "https://example.org/talks",
        ("Ada Example",),
    )
    assert article.license == "https://cc.example/0"
    bare = only(read_file("a.html", page()))
    assert (bare.outlet, bare.url, bare.authors, bare.license, bare.language) == (None, None, (), None, "en")


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("iso-8859-1", "cp1252"),
        ("windows-1252", "cp1252"),
        ("shift_jis", "cp932"),
        ("nonsense", "utf-8"),
        ("utf-8", "utf-8"),
    ],
)
def test_a_page_is_decoded_as_it_declares(read_file: Any, declared: str, encoding: str) -> None:
    words = "日本の談話" if encoding == "cp932" else "“Café”"
    content = page(f'<meta charset="{declared}">', f"<p>{words} {LONG}</p><p>{LONG}</p>").encode(encoding)
    assert words in only(read_file("a.html", content)).text


def test_a_page_without_a_right_declaration_is_decoded_by_its_bytes(read_file: Any) -> None:
    words = "Der Präsident sagte, man müsse über die Häfen reden, und fügte hinzu, daß er morgen zurückkehre. " * 4
    content = page('<meta charset="utf-8">', f"<p>{words}</p><p>{words}</p>").encode("cp1252")
    assert "Der Präsident" in only(read_file("a.html", content)).text


def test_the_body_in_json_ld_stands_in_where_the_page_shows_none(read_file: Any) -> None:
    linked = json.dumps({"@type": "Article", "headline": TITLE, "articleBody": f"{BODY}\n\nMore."})
    script = f'<script type="application/ld+json">{linked}</script>'
    assert only(read_file("a.html", page(script, '<div id="app"></div>'))).text == f"{TITLE}\n{BODY}\nMore."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "The file is empty."),
        ("hello there", "The file is not a web page."),
        ("<html></html>", "There is no article text on the page."),
        (
            page("", "<nav><a href='/'>Home</a></nav><form><label>Name</label></form>"),
            "There is no article text on the page.",
        ),
        (page("", "<div>" * 50_000 + LONG), "There is no article text on the page."),
        (b"%PDF-1.7", "The file is not a web page but a PDF document."),
        (b"<html>" + bytes(range(256)) * 9, "The file is no web page: its bytes are not text in any known encoding."),
    ],
)
def test_a_page_without_an_article_is_refused(
    read_file: Any, content: str | bytes, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert refusal(read_file("a.html", content)) == f"a.html: {sentence}"
    assert capfd.readouterr() == ("", "")


def test_broken_json_ld_and_control_characters_do_not_cost_the_page(read_file: Any) -> None:
    scripts = (
        '<script type="application/ld+json">{"@type": </script><script type="application/ld+json">'
        + "[" * 9999
        + "</script>"
    )
    article = only(read_file("a.html", page(scripts, f"<p>A&#1; bell\x07 rang. {LONG}</p><p>{LONG}</p>")))
    assert article.text.split("\n")[1].startswith("A bell rang. The three partners")


def test_the_page_reader_is_not_imported_until_a_page_is_read(seed: Path) -> None:
    code = (
        "import sys, loader.articles as a; list(a.read_articles([sys.argv[1]])); "
        "print(sorted({'trafilatura', 'htmldate', 'lxml', 'charset_normalizer', 'spacy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, seed], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
