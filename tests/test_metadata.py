"""Whose word counts about an article, and which of it means something."""

from __future__ import annotations

import gzip
import io
import json
import re
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st
from readings import BODY, TITLE, articles, only, refusal

from loader.articles import (
    InputError,
    Metadata,
    defaults,
    read_articles,
)
from loader.formats.metadata import web_address


def test_a_sidecar_overrules_the_file_and_a_default_fills_what_both_lack(read_file: Any) -> None:
    Path("a.meta.json").write_text(json.dumps({"outlet": "Sidecar", "author": "Ada", "title": "No", "text": "No"}))
    content = f"---\ntitle: {TITLE}\noutlet: File\nlanguage: en-GB\n---\n{BODY}"
    given = defaults(outlet="Default", language="fr", date="6 March 2024", license="CC0", author="Default")
    article = only(read_file("a.md", content, defaults=given))
    assert article.text == f"{TITLE}\n{BODY}"
    assert (article.outlet, article.authors, article.language) == ("Sidecar", ("Ada",), "en-GB")
    assert (article.published, article.license) == (date(2024, 3, 6), "CC0")


def test_a_sidecar_gives_a_text_file_all_its_metadata(read_file: Any) -> None:
    record = {"id": "w-1", "date": "2024-03-06", "url": "https://example.org/1", "site": "Example", "lang": "en-US"}
    Path("a.meta.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(record).encode())
    for name, content in [
        ("a.txt", f"{TITLE}\n{BODY}".encode()),
        ("a.txt.gz", gzip.compress(f"{TITLE}\n{BODY}".encode())),
    ]:
        article = only(read_file(name, content))
        assert (article.identifier, article.published, article.url) == (
            "w-1",
            date(2024, 3, 6),
            "https://example.org/1",
        )
        assert (article.outlet, article.language, article.authors) == ("Example", "en-US", ())


@pytest.mark.parametrize(
    ("sidecar", "place", "start"),
    [
        (b'{"date": "2024-03-06",\n}', "a.meta.json:2", "The JSON is broken at column 1"),
        (b"[]", "a.meta.json:1", "The metadata must be one object"),
        (b"\xff\xfe\xff", "a.meta.json:1", "Byte 0xFF at offset 2 cannot be read as utf-16"),
        (b'{"date":\n"\xff"}', "a.meta.json:2", "Byte 0xFF at offset 10 is not UTF-8"),
        (b"[" * 100_000, "a.meta.json", "The JSON is nested too deeply."),
        (b" " * (2**20 + 1), "a.meta.json", "The file is longer than 1,048,576 bytes"),
    ],
)
def test_a_broken_sidecar_refuses_its_article(read_file: Any, sidecar: bytes, place: str, start: str) -> None:
    Path("a.meta.json").write_bytes(sidecar)
    message = refusal(read_file("a.txt", f"{TITLE}\n{BODY}"))
    assert message.startswith(f"{place}: {start}")
    assert message.endswith("The article beside it was not read.")


def test_metadata_that_are_not_clear_are_reported_and_left_out_and_the_article_follows(read_file: Any) -> None:
    record = {"title": TITLE, "text": BODY, "date": "06/03/2024", "url": "example.org/1", "language": "Anglais"}
    given = defaults(date="2020-01-01", url="https://example.org/default", language="fr")
    *problems, article = read_file("a.jsonl", json.dumps(record), defaults=given)
    assert [(str(problem), problem.fatal) for problem in problems] == [
        ("a.jsonl:1: The date “06/03/2024” is not clear, and left out; write it as 2024-03-06.", False),
        ("a.jsonl:1: The URL “example.org/1” is not a web address, and left out; it starts with https://.", False),
        ("a.jsonl:1: The language “Anglais” is not a tag such as en-AU, and left out.", False),
    ]
    assert (article.published, article.url, article.language) == (None, None, "en")


def test_a_default_address_goes_to_one_article_only(read_file: Any) -> None:
    lines = [
        {"title": "One", "text": BODY},
        {"title": "Two", "text": BODY, "url": "https://example.org/2"},
        {"title": "Three", "text": BODY},
    ]
    content = "\n".join(map(json.dumps, lines))
    one, two, three = read_file("a.jsonl", content, defaults=defaults(url="https://example.org/1"))
    assert (one.url, two.url) == ("https://example.org/1", "https://example.org/2")
    assert str(three) == "a.jsonl:3: --url was given to a.jsonl:1 already, and an address belongs to one article."


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-03-06", date(2024, 3, 6)),
        (" 2024-3-6 ", date(2024, 3, 6)),
        ("2024-03-06T23:30:00-05:00", date(2024, 3, 6)),
        ("2024-03-06T00:30:00.123456+1100", date(2024, 3, 6)),
        ("2024-03-06 16:17:00-05:00", date(2024, 3, 6)),
        ("2024-03-06t01:02Z", date(2024, 3, 6)),
        ("20240306", date(2024, 3, 6)),
        ("20240306T233000Z", date(2024, 3, 6)),
        ("2024/03/06", date(2024, 3, 6)),
        ("Wed, 06 Mar 2024 23:30:00 -0500", date(2024, 3, 6)),
        ("Wed, 06 Mar 2024 23:30:00 GMT", date(2024, 3, 6)),
        ("March 6, 2024", date(2024, 3, 6)),
        ("Sept. 6th, 2024 at 4:05 p.m. EST", date(2024, 9, 6)),
        ("Wednesday, 6 March 2024", date(2024, 3, 6)),
        ("06/03/2024", None),
        ("2024-02-30", None),
        ("2024-13-01", None),
        ("0000-01-01", None),
        ("2024-03", None),
        ("March 2024", None),
        ("1709683200", None),
        ("yesterday", None),
        ("2024-03-06T99:99", None),
        ("2024-03-06 or so", None),
        ("٢٠٢٤-٠٣-٠٦", None),
    ],
)
def test_a_date_is_the_day_as_it_is_written_or_none(read_file: Any, written: str, meant: date | None) -> None:
    found = read_file("a.json", json.dumps({"title": TITLE, "text": BODY, "date": written}))
    assert articles(found)[0].published == meant
    assert len(found) == (1 if meant else 2)


@given(moment=st.datetimes(), minutes=st.integers(-14 * 60, 14 * 60))
def test_every_timestamp_gives_its_own_calendar_date(moment: datetime, minutes: int) -> None:
    written = moment.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat()
    record = json.dumps({"title": TITLE, "text": BODY, "date": written})
    assert only(list(read_articles(["-"], stdin=io.BytesIO(record.encode())))).published == moment.date()


@pytest.mark.parametrize(
    ("written", "accepted"),
    [
        ("https://example.org/news?id=1&b=c#top", True),
        ("HTTP://example.org", True),
        ("https://例え.example/日本", True),
        ("https://[2001:db8::1]:8443/a", True),
        ("https://example.org/a%20b", True),
        ("example.org/1", False),
        ("/news/1", False),
        ("ftp://example.org/1", False),
        ("urn:newsml:1", False),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https://example.org/a b", False),
        ("https://example.org/%zz", False),
        ("https://example.org/<a>", False),
        ("https://user:word@example.org/", False),
        ("https://example.org:99999/", False),
        ("https://[2001:db8/", False),
        ("https://example.org/" + "a" * 8000, False),
    ],
)
def test_an_address_is_a_web_address_or_left_out(read_file: Any, written: str, accepted: bool) -> None:
    found = read_file("a.json", json.dumps({"title": TITLE, "text": BODY, "url": written}))
    assert articles(found)[0].url == (written if accepted else None)
    assert len(found) == (1 if accepted else 2)


@given(st.text("htps:/%?#[]@&=;.,'éـ😀\ue000\ufffd aA09-_~|\\^", min_size=1, max_size=30))
def test_every_address_that_is_taken_can_be_written_as_an_iri(rest: str) -> None:
    address = web_address("https://example.org/" + rest)
    if address is not None:
        assert pyoxigraph.NamedNode(address).value == address


def test_defaults_that_mean_nothing_are_an_error_at_once() -> None:
    for given_by_user in ({"date": "06/03/2024"}, {"url": "example.org"}, {"language": "Anglais"}):
        with pytest.raises(InputError, match=re.escape(next(iter(given_by_user.values())))) as caught:
            defaults(**given_by_user)
        assert "left out" not in str(caught.value)
    assert defaults(date="", outlet=" ", author=None) == Metadata()
