"""Mail, and web pages saved as mail."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from readings import FORMATS, LONG, TITLE, only, page, refusal, sample

from loader.document import Article


def test_a_mail_is_an_article_with_its_subject_for_a_title() -> None:
    assert only(sample("mail.eml")) == Article(
        text="Harbour partners weigh a second pillar – and a third\nThe three partners met in Canberra.\n“We are "
        "interested,” the minister said.",
        source=str(FORMATS / "mail.eml"),
        identifier="harbour-1@mail.example.org",
        published=date(2024, 3, 6),
    )


def test_a_mail_that_has_only_html_is_read_by_its_lines(read_file: Any) -> None:
    mail = f"Subject: {TITLE}\nMIME-Version: 1.0\nContent-Type: text/html\n\n<p>One &amp; two.</p><p>Three.</p>"
    assert only(read_file("a.eml", mail)).text == f"{TITLE}\nOne & two.\nThree."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "The file is empty."),
        ("From: ada@example.org\n\nText.", "The mail has no subject, which would be the title."),
        (f"Subject: {TITLE}\n\n \n", "The mail has no text."),
        (f"Subject: {TITLE}\nContent-Type: text/plain; charset=no-such\n\nText.", "The mail cannot be taken apart: "),
    ],
)
def test_a_mail_without_an_article_is_refused(read_file: Any, content: str, sentence: str) -> None:
    assert sentence in refusal(read_file("a.eml", content))


SAVED = """\
From: <Saved by a browser>
Snapshot-Content-Location: https://news.example.org/1
Subject: A page
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="part"

--part
Content-Type: text/html
Content-Transfer-Encoding: 8bit
Content-Location: https://news.example.org/1

%s
--part
Content-Type: image/gif
Content-Transfer-Encoding: base64

R0lGODlhAQABAAAAACw=
--part--
"""


def test_a_page_that_a_browser_saved_in_one_file_is_read_as_a_page(read_file: Any) -> None:
    content = page('<meta charset="windows-1252">', f"<p>{LONG}</p><p>“Again” – {LONG}</p>")
    article = only(read_file("a.mhtml", SAVED % content))
    assert article.text == f"{TITLE}\n{LONG.strip()}\n“Again” – {LONG.strip()}"
    assert article.url == "https://news.example.org/1"
    assert refusal(read_file("a.mht", SAVED % "")) == "a.mht: The file holds no web page."
