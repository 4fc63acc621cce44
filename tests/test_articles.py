"""The reading of articles: every format, whose word counts about an article, and what is wrong said in a sentence."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
import sys
import tracemalloc
from dataclasses import asdict
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.articles import (
    ArticleError,
    Format,
    InputError,
    Markup,
    Metadata,
    Options,
    defaults,
    field_map,
    find_inputs,
    read_articles,
)
from loader.document import Article
from loader.formats.fields import NAMES, folded_name
from loader.formats.metadata import web_address
from loader.formats.record import CHARACTERS
from ontology.vocabulary import Mint, canonical

if TYPE_CHECKING:
    from collections.abc import Callable

FORMATS = Path(__file__).parent / "cases" / "formats"
PAGE = Path(__file__).parent.parent / "docs" / "input.md"
TITLE = "Harbour partners weigh a second pillar"
BODY = "The three partners met in Canberra."
LONG = "The three partners met in Canberra on Wednesday, an official told reporters who waited in the rain. " * 3


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Article | ArticleError]]:
    """Return a function that writes a file of the name and content, and reads it."""
    monkeypatch.chdir(tmp_path)

    def write_and_read(name: str, content: str | bytes, **options: Any) -> list[Article | ArticleError]:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_articles([name], options=Options(**options)))

    return write_and_read


def only(found: list[Article | ArticleError]) -> Article:
    assert len(found) == 1, found
    assert isinstance(found[0], Article), found[0]
    return found[0]


def refusal(found: list[Article | ArticleError]) -> str:
    assert len(found) == 1, found
    assert isinstance(found[0], ArticleError), found[0]
    assert found[0].fatal
    return str(found[0])


def articles(found: list[Article | ArticleError]) -> list[Article]:
    return [each for each in found if isinstance(each, Article)]


def sample(name: str) -> list[Article | ArticleError]:
    return list(read_articles([FORMATS / name]))


# Text


def test_a_text_file_is_its_own_canonical_text(seed: Path) -> None:
    article = only(list(read_articles([seed])))
    assert article.text == canonical(seed.read_bytes())
    assert article.title == "Japan expresses interest in AUKUS defense tech partnership"
    assert (article.source, article.line, article.identifier) == (str(seed), None, seed.stem)
    assert (article.url, article.published, article.outlet, article.authors, article.license) == (
        None,
        None,
        None,
        (),
        None,
    )
    assert article.language == "en"


def test_blank_lines_in_a_text_file_stay_where_they_are(read: Any) -> None:
    assert only(read("a.txt", f"{TITLE}\n\n  {BODY}\n\n\nMore.\n\n")).text == f"{TITLE}\n\n  {BODY}\n\n\nMore."


LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))


@given(
    lines=st.lists(LETTERS, min_size=1, max_size=6),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.sampled_from(["", "\ufeff"]),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-32"]),
)
def test_words_sliced_from_the_canonical_text_are_the_files_own(
    lines: list[str], end: str, mark: str, encoding: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = [TITLE, *lines, "So he said."]
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_bytes((mark + end.join(lines) + end).encode(encoding))
    text = only(list(read_articles([path]))).text
    start = 0
    for line in lines:
        assert text[start : start + len(line)] == line
        start += len(line) + 1
    assert start == len(text) + 1


def test_right_to_left_text_and_emoji_count_by_code_points(read: Any) -> None:
    title, body = "قمة أوكوس 🇯🇵🇦🇺", "قال الوزير: «نحن مهتمون» 👩🏽‍🚀 בירושלים"
    text = only(read("a.txt", f"{title}\n{body}")).text
    assert text == f"{title}\n{body}"
    assert text[len(title) + 1 :] == body
    record = json.dumps({"title": title, "text": body})  # the emoji as escaped pairs of surrogates
    assert only(read("a.json", record)).text == text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "a.txt: The file is empty."),
        ("\ufeff \n\n", "a.txt: The file is empty."),
        (TITLE + "\n", "a.txt:1: The file has a title (its first line) but no text."),
        (f"\n{TITLE}\n{BODY}", "a.txt:1: The first line is blank; it must be the title."),
        (f"{TITLE}\nIt\x08 rang.", "a.txt:2: Column 3 holds the control character U+0008; remove it."),
        (f"{TITLE}\n\nBeep\x1b", "a.txt:3: Column 5 holds the control character U+001B; remove it."),
        (b"Talks\nThe\0 end", "a.txt: The file is binary: it has a NUL at byte 9, which no text has."),
        (b"%PDF-1.7\n1 0 obj", "a.txt: The file is not text but a PDF document."),
        (b"PK\x03\x04word/document.xml", "a.txt: The file is not text but a ZIP archive or an office document."),
        (gzip.compress(b"x", mtime=0), "a.txt: The file is not text but gzip data; give its name the suffix .gz."),
        (
            f"{TITLE}\n{BODY}".encode("utf-16-le"),
            "a.txt: The file is not UTF-8; it looks like UTF-16 without a byte-order mark: give --encoding utf-16-le.",
        ),
        (
            bytes(range(1, 256)) * 20,
            "a.txt:2: The file is binary: byte 0x80 at offset 127 is not UTF-8, and it is full of control characters.",
        ),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(read: Any, content: str | bytes, sentence: str) -> None:
    assert refusal(read("a.txt", content)) == sentence


def test_another_encoding_is_refused_with_the_first_bad_byte_and_what_would_help(read: Any) -> None:
    content = (
        "Gespräche\nDer Minister sagte: „Wir prüfen den Vorschlag für die Häfen natürlich sehr gründlich.“ Übermorgen "
    )
    message = refusal(read("a.txt", content.encode("cp1252")))
    assert message.startswith("a.txt:1: Byte 0xE4 at offset 5 is not UTF-8; the file may be in ")
    guess = re.findall(r"[\w-]+", message)[-1]
    assert message.endswith(f"give --encoding {guess}.")
    assert only(read("a.txt", content.encode("cp1252"), encoding="cp1252")).text == content.rstrip()


def test_a_wrong_encoding_option_is_refused_with_the_byte_it_fails_at(read: Any) -> None:
    assert refusal(read("a.txt", b"T\n\x81\xff", encoding="ascii")).startswith(
        "a.txt:2: Byte 0x81 at offset 2 cannot be read as ascii"
    )


@pytest.mark.parametrize("name", ["utf-9", "hex", "base64", "rot13", "a\0b"])
def test_an_encoding_that_does_not_exist_is_an_error_at_once(name: str) -> None:
    with pytest.raises(InputError, match="no text encoding"):
        Options(encoding=name)


def test_five_million_characters_on_one_line_are_over_the_limit_unless_it_is_raised(read: Any) -> None:
    content = TITLE + "\n" + "x" * 5_000_000
    message = refusal(read("a.txt", content))
    assert message == (
        "a.txt: The text has 5,000,039 characters, more than the limit of 1,000,000; split it or raise the limit."
    )
    assert len(only(read("a.txt", content, limit=6_000_000)).text) == 5_000_039


def test_a_file_that_memory_could_not_bear_is_not_read_whole(read: Any) -> None:
    packed = gzip.compress(b"a" * (40 * 2**20))
    assert "longer than 33,554,432 bytes" in refusal(read("a.txt.gz", packed))


def test_a_hundred_thousand_quotation_marks_are_a_text_like_any_other(read: Any) -> None:
    marks = '"' * 100_000
    assert only(read("a.txt", f"{TITLE}\n{marks}")).text.endswith(marks)
    assert only(read("a.md", f"{TITLE}\n\n{marks}")).text.endswith(marks)


# Markdown


def test_markdown_is_unwrapped_to_its_words() -> None:
    article = only(sample("front-matter.md"))
    assert article.text.split("\n") == [
        "Harbour partners: a second pillar?",
        "The three partners met in Canberra on Wednesday to weigh a second pillar of their agreement.",
        "What comes next",
        '"We are interested," the minister said.',
        '"Very much so."',
        "Undersea drones",
        "Quantum clocks for ships",
        "Partner | Since",
        "Ruritania | 2021",
        "A line in HTML.",
        "It cost 5 * 3 & more, a_b says not so.",
    ]


def test_front_matter_gives_the_metadata_as_they_are_written() -> None:
    article = only(sample("front-matter.md"))
    assert (article.published, article.url) == (date(2024, 3, 6), "https://news.example.org/2024/harbour")
    assert (article.outlet, article.authors) == ("The Daily Example", ("Ada Example", "Ben Sample"))
    assert (article.language, article.license, article.identifier) == ("en-AU", "CC BY 4.0", "front-matter")


def test_the_first_line_of_markdown_is_the_title_where_no_field_is(read: Any) -> None:
    assert only(read("a.md", f"# {TITLE}\n\n{BODY}")).text == f"{TITLE}\n{BODY}"
    assert only(read("a.md", f"---\ndate: 2024-03-06\n...\n{TITLE}\n\n{BODY}")).text == f"{TITLE}\n{BODY}"
    assert only(read("a.md", f"---\n---\n{TITLE}\n\n{BODY}")).text == f"{TITLE}\n{BODY}"


def test_a_scalar_of_the_front_matter_is_what_is_written_not_what_yaml_makes_of_it(read: Any) -> None:
    article = only(read("a.md", f"---\ntitle: 1984\nid: 0x1F\npublished: true\nauthor: null\n---\n{BODY}"))
    assert (article.title, article.identifier, article.published, article.authors) == ("1984", "0x1F", None, ())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("---\ntitle: x\n", "a.md:1: The front matter that opens here is not closed by a second line of ---."),
        (
            "+++\ntitle = 'x'\n+++\n",
            "a.md:1: The front matter is TOML (+++); write it as YAML between two lines of ---.",
        ),
        ("---\n- a\n- b\n---\nT\n\nB", "a.md:2: The front matter is not a list of fields such as title: …"),
        ("---\n" + "a: b\n" * 20_000 + "---\nB", "a.md:1: The front matter is not closed within 65,536 characters."),
        ("---\ntitle: x\n---\n\n![a](b.jpg)\n", "a.md: There is a title but no text."),
        ("<!-- nothing -->", "a.md: There is no text."),
        (" \n", "a.md: The file is empty."),
    ],
)
def test_markdown_that_cannot_be_read_is_refused_with_its_line(read: Any, content: str, sentence: str) -> None:
    assert refusal(read("a.md", content)) == sentence


@pytest.mark.parametrize(
    ("fields", "place", "reason"),
    [
        ("date: 2024-03-06\ntitle: Talks: a start", "a.md:3", "mapping values are not allowed here"),
        ("a: &a [x,x]\nb: [*a,*a]", "a.md:3", "aliases (*name) are not taken"),
        ("a: &a [*a]", "a.md:2", "aliases (*name) are not taken"),
        ("a: " + "[" * 30_000, "a.md:2", "it is nested too deeply"),
        ("a: \x01", "a.md", "it has a character that YAML does not allow"),
        ("? [a]\n: b", "a.md:2", "found unhashable key"),
    ],
)
def test_front_matter_that_is_no_yaml_or_a_trap_is_refused(read: Any, fields: str, place: str, reason: str) -> None:
    message = refusal(read("a.md", f"---\n{fields}\n---\nT\n\nB"))
    hint = "a value with a colon needs quotes around it."
    assert message == f"{place}: The front matter is not valid YAML: {reason}; {hint}"


# JSON


def test_plain_fields_are_found_under_the_names_in_use(read: Any) -> None:
    record = {
        "_id": 17,
        "headline": f"  {TITLE}\n",
        "content": f"{BODY}\r\n\r\nThey will\u2028meet again.",
        "publishedAt": "2024-03-06T23:30:00-05:00",
        "link": "https://news.example.org/1",
        "source": {"id": None, "name": "The Daily Example"},
        "authors": [{"name": "By Ada Example"}, "Ben Sample", "https://social.example.org/ada"],
        "lang": "en_GB",
        "licence": "CC0",
    }
    assert only(read("a.json", json.dumps(record))) == Article(
        text=f"{TITLE}\n{BODY}\nThey will\nmeet again.",
        source="a.json",
        identifier="17",
        url="https://news.example.org/1",
        published=date(2024, 3, 6),
        outlet="The Daily Example",
        authors=("Ada Example", "Ben Sample"),
        language="en-GB",
        license="CC0",
    )


def test_a_field_map_says_where_a_field_is_and_nothing_else_is_looked_at(read: Any) -> None:
    record = {
        "meta": {"head": TITLE, "by": [{"n": "Ada"}]},
        "dotted.name": "2024-03-06",
        "title": "No",
        "body": "No",
        "paras": [BODY, "", "More."],
    }
    mapped = field_map("title=meta.head, text=paras, author=meta.by.0.n, date=dotted.name,url=meta.none.deeper")
    article = only(read("a.json", json.dumps(record), field_map=mapped))
    assert article.text == f"{TITLE}\n{BODY}\nMore."
    assert (article.authors, article.published, article.url) == (("Ada",), date(2024, 3, 6), None)
    message = refusal(read("a.json", json.dumps(record), field_map={"text": "absent"}))
    assert message == "a.json:1: The record has no text in “absent”, where --map says it is."


@pytest.mark.parametrize("given", ["headline", "title=", "titel=headline", "title=a,title=b"])
def test_a_field_map_that_says_nothing_is_an_error_at_once(given: str) -> None:
    with pytest.raises(InputError):
        field_map(given)


def test_a_title_that_the_body_repeats_stands_once(read: Any) -> None:
    record = {"title": TITLE, "text": f"{TITLE.upper()}\n\n{BODY}"}
    assert only(read("a.json", json.dumps(record))).text == f"{TITLE}\n{BODY}"


def test_a_body_wrapped_by_hand_is_unwrapped_and_lines_of_their_own_stay(read: Any) -> None:
    wrapped = (
        "The three partners met in\nCanberra on Wednesday, and\nsaid that they would meet\nagain.\n\nNobody said when."
    )
    assert only(read("a.json", json.dumps({"title": "T", "text": wrapped}))).text.split("\n") == [
        "T",
        "The three partners met in Canberra on Wednesday, and said that they would meet again.",
        "Nobody said when.",
    ]
    listed = "They named:\n\nUndersea drones\nQuantum clocks\nHypersonics\nCyber\n\nNobody said when."
    assert only(read("a.json", json.dumps({"title": "T", "text": listed}))).text == "T\n" + listed.replace("\n\n", "\n")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("<p>One &amp; two.</p><p>Three<br>four</p>", ["One & two.", "Three", "four"]),
        ("**Strong** words.\n\nA [link](https://example.org).", ["Strong words.", "A link."]),
        ("He paid 5 < 7 and 2 * 3 * 4.\n\nAn a_b_c.", ["He paid 5 < 7 and 2 * 3 * 4.", "An a_b_c."]),
        ("**Strong** words.\nOn lines\nof their own.", ["**Strong** words.", "On lines", "of their own."]),
    ],
)
def test_a_body_is_read_in_what_its_own_marks_show(read: Any, text: str, lines: list[str]) -> None:
    assert only(read("a.json", json.dumps({"title": TITLE, "text": text}))).text.split("\n") == [TITLE, *lines]


def test_markup_is_what_the_user_says_where_the_user_says_it(read: Any) -> None:
    record = json.dumps({"title": {"rendered": "Partners&#8217; talks"}, "content": {"rendered": "<p>*One*</p>"}})
    assert only(read("a.json", record)).text == "Partners’ talks\n*One*"
    assert only(read("a.json", record, markup=Markup.PLAIN)).text == "Partners&#8217; talks\n<p>*One*</p>"
    assert only(read("a.json", json.dumps({"title": "T", "text": "*One*"}), markup=Markup.MARKDOWN)).text == "T\nOne"


def test_a_list_and_an_envelope_and_lines_give_their_records_in_order(read: Any) -> None:
    records = [{"id": n, "title": f"Title {n}", "text": BODY} for n in range(3)]
    lines = "\n\n".join(json.dumps(record) for record in records)
    for name, content, numbers in [
        ("a.json", json.dumps(records, indent=1), [2, 7, 12]),
        ("a.json", json.dumps({"status": "ok", "articles": records}), [1, 1, 1]),
        ("a.json", json.dumps({"response": {"status": "ok", "results": records}}), [1, 1, 1]),
        ("a.json", lines, [1, 3, 5]),
        ("a.jsonl", lines, [1, 3, 5]),
        ("a.ndjson", lines.replace("\n", "\r\n"), [1, 3, 5]),
        ("a.jsonl", json.dumps(records, indent=1), [2, 7, 12]),
        ("a.jsonl", json.dumps(records), [1, 1, 1]),
    ]:
        found = articles(read(name, content))
        assert [article.identifier for article in found] == ["0", "1", "2"], (name, content)
        assert [article.line for article in found] == numbers, (name, content)


def test_a_file_of_one_record_names_it_and_a_file_of_many_does_not(read: Any) -> None:
    record = json.dumps({"title": TITLE, "text": BODY})
    assert only(read("a.json", record)).identifier == "a"
    assert [article.identifier for article in articles(read("a.json", f"[{record}]"))] == [None]
    assert [article.identifier for article in articles(read("a.jsonl", record))] == [None]


def test_two_records_with_one_id_and_one_address_both_come_through(read: Any) -> None:
    record = json.dumps({"id": "x", "title": TITLE, "text": BODY, "url": "https://example.org/1"})
    found = read("a.jsonl", f"{record}\n{record}")
    assert [article.line for article in articles(found)] == [1, 2]


def test_a_bad_line_is_refused_and_the_others_are_read(read: Any) -> None:
    good = json.dumps({"title": TITLE, "text": BODY})
    lines = [
        good,
        good[:30],
        '{"title": "T", "text": "B" "x": 1}',
        '"words"',
        "[1, null]",
        json.dumps({"title": TITLE}),
        json.dumps({"text": BODY}),
        json.dumps({"title": "T", "text": "\ud800 half"}),
        "[" * 100_000,
        '{"title": "T", "text": "caf\xe9"}',
        json.dumps({"title": "T", "text": "B", "author": "\udc00"}),
        json.dumps({"title": "T", "text": [], "body": "  "}),
        "[]",
        good,
    ]
    found = read("a.jsonl", "\n".join(lines).encode("latin-1", "replace"))
    assert [article.line for article in articles(found)] == [1, 14]
    looked_for = "title, headline, webtitle, …"
    assert [str(error) for error in found if isinstance(error, ArticleError)] == [
        "a.jsonl:2: The JSON is cut off inside a value (column 11).",
        "a.jsonl:3: The JSON is broken at column 28: expecting ',' delimiter.",
        "a.jsonl:4: The record is a string or number, not an object with fields such as title and text.",
        "a.jsonl:5: The record is a string or number, not an object with fields such as title and text.",
        "a.jsonl:5: The record is null, not an object with fields such as title and text.",
        (
            "a.jsonl:6: The record has no text (text, body, content, articlebody, …); "
            "if it is in another field, say --map text=NAME."
        ),
        f"a.jsonl:7: The record has no title ({looked_for}); if it is in another field, say --map title=NAME.",
        "a.jsonl:8: The text holds U+D800, one half of a surrogate pair; write the character whole.",
        "a.jsonl:9: The JSON is nested too deeply.",
        "a.jsonl:10: Byte 0xE9, byte 28 of the line, is not UTF-8; give --encoding.",
        "a.jsonl:11: The metadata hold one half of a surrogate pair; write the character whole.",
        (
            "a.jsonl:12: The record has no text (text, body, content, articlebody, …); "
            "if it is in another field, say --map text=NAME."
        ),
        "a.jsonl:13: The list is empty.",
    ]


def test_a_list_gives_what_stands_before_the_place_where_it_breaks(read: Any) -> None:
    good = json.dumps({"title": TITLE, "text": BODY})
    for rest, sentence in [
        (",\n" + good[:30], "a.json:2: The JSON is cut off inside a value (column 11)."),
        (",\n", "a.json:2: The JSON is cut off inside a value (column 1)."),
        ("", f"a.json:1: The JSON is cut off inside a value (column {len(good) + 2})."),
        ("\n" + good, "a.json:2: The JSON is broken at column 1: expecting a comma or ]."),
        (",\n{'title': 1}]", ("a.json:2: The JSON is broken at column 2: "
         "expecting property name enclosed in double quotes.")),
        (",\n" + "[" * 100_000, "a.json:2: The JSON is nested too deeply."),
    ]:  # fmt: skip
        found = read("a.json", f"[{good}{rest}")
        assert isinstance(found[0], Article)
        assert [str(error) for error in found[1:]] == [sentence]


def test_a_bad_byte_in_a_json_document_is_refused_with_its_offset(read: Any) -> None:
    good = json.dumps({"title": TITLE, "text": BODY}).encode()
    found = read("a.json", b"[" + good + b',\n{"title": "\xff"}]')
    offset = 1 + len(good) + len(',\n{"title": "')
    assert isinstance(found[0], Article)
    assert str(found[1]) == (
        f"a.json:2: Byte 0xFF at offset {offset} cannot be read as utf-8, and nothing after it is read; "
        "give the right --encoding."
    )


def test_an_empty_json_file_says_so(read: Any) -> None:
    for name in ("a.json", "a.jsonl"):
        assert refusal(read(name, "")) == f"{name}: The file is empty."
        assert refusal(read(name, "\n \n")) == f"{name}: The file is empty."
    assert refusal(read("a.json", "[]")) == "a.json:1: The list is empty."


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_json_may_have_a_byte_order_mark(read: Any, name: str, encoding: str) -> None:
    record = json.dumps({"title": "日本 😀", "text": BODY}, ensure_ascii=False)
    assert [article.title for article in articles(read(name, f"{record}\n{record}".encode(encoding)))] == [
        "日本 😀"
    ] * 2


def test_json_in_another_encoding_is_read_by_its_name(read: Any) -> None:
    record = json.dumps({"title": "日本の談話", "text": BODY}, ensure_ascii=False)
    for name in ("a.json", "a.jsonl"):
        assert [a.title for a in articles(read(name, record.encode("cp932"), encoding="cp932"))] == ["日本の談話"]
        found = read(name, record.encode("utf-8") + b"\n\xff\xff", encoding="cp932")
        assert "cannot be read as cp932" in refusal(found[-1:])


def test_a_value_longer_than_the_bound_is_refused_without_reading_it_whole(read: Any) -> None:
    good = json.dumps({"title": TITLE, "text": BODY})
    long = json.dumps({"title": TITLE, "text": "x" * (34 * 2**20)})
    found = read("a.jsonl.gz", gzip.compress(f"{good}\n{long}\n{good}".encode(), 1))
    assert [article.line for article in articles(found)] == [1, 3]
    assert "2: The line is longer than 33,554,432 bytes" in refusal(found[1:2])


def test_memory_stays_the_same_however_long_the_file_is(tmp_path: Path) -> None:
    def peak(count: int, name: str) -> int:
        path = tmp_path / name
        with gzip.open(path, "wt", compresslevel=1) as file:
            file.write("[" if ".json." in name else "")
            for number in range(count):
                file.write(json.dumps({"id": str(number), "title": TITLE, "text": LONG * 20}))
                file.write("," if ".json." in name and number + 1 < count else "\n")
            file.write("]" if ".json." in name else "")
        tracemalloc.start()
        read = sum(isinstance(found, Article) for found in read_articles([path]))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert read == count
        return most

    for name in ("a.jsonl.gz", "a.json.gz"):
        assert peak(600, name) < 1.5 * peak(150, name) + 2**20


# schema.org and ninjs


def test_a_schema_org_article_is_known_by_its_type() -> None:
    assert only(sample("newsarticle.json")) == Article(
        text=f"{TITLE}\n{BODY}\nThey will meet again.",
        source=str(FORMATS / "newsarticle.json"),
        identifier="https://news.example.org/2024/harbour#article",
        url="https://news.example.org/2024/harbour",
        published=date(2024, 3, 6),
        outlet="The Daily Example",
        authors=("Ada Example", "Ben Sample"),
        license="https://creativecommons.org/licenses/by/4.0/",
    )


def test_a_graph_gives_its_articles_with_the_nodes_that_they_refer_to() -> None:
    first, second = articles(sample("graph.json"))
    assert (first.text, first.outlet, first.authors) == (
        f"{TITLE}\n{BODY}\nThey will meet again.", "The Daily Example", ("Ada Example",),
    )  # fmt: skip
    assert second.text == "What I saw at the harbour\nThree ministers, and the rain."


@pytest.mark.parametrize(
    ("name", "identifier", "language", "body"),
    [
        ("ninjs-1.json", "urn:newsml:example.org:20240306:aukus-1", "en-AU",
         f'{BODY}\n"We are interested," the minister said.'),
        ("ninjs-2.json", "urn:newsml:example.org:20240306:aukus-2", "en",
         "The three partners met in Canberra & Sydney.\nUndersea drones\nQuantum clocks"),
        ("ninjs-3.json", "https://wire.example.org/items/3", "en", f"{BODY}\nThey will meet again."),
    ],
)  # fmt: skip
def test_ninjs_items_of_every_generation_are_known_by_their_shape(
    name: str, identifier: str, language: str, body: str
) -> None:
    article = only(sample(name))
    assert article.text == f"{TITLE}\n{body}"
    assert (article.identifier, article.language, article.url) == (identifier, language, None)
    assert (article.published, article.outlet, article.authors) == (date(2024, 3, 6), "Example Wire", ("Ada Example",))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"pubstatus": "canceled"}, "The provider has set the item's pubstatus to canceled; it is not for use."),
        ({"type": "picture"}, "The item is of type picture, not an article."),
    ],
)
def test_a_ninjs_item_that_is_no_article_is_refused(read: Any, change: dict[str, str], sentence: str) -> None:
    item = json.loads((FORMATS / "ninjs-1.json").read_text()) | change
    assert refusal(read("a.json", json.dumps(item))) == f"a.json:1: {sentence}"


# Web pages


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


def page(head: str = "", body: str = f"<p>{LONG}</p><p>{LONG}</p>") -> str:
    return (
        f"<!doctype html><html><head><title>{TITLE}</title>{head}</head><body><article>{body}</article></body></html>"
    )


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
    read: Any, head: str, published: date | None
) -> None:
    body = f"<p>It began on 5 May 2017. {LONG}</p><p>{LONG}</p>"
    assert only(read("a.html", page(head, body))).published == published


def test_the_outlet_and_the_address_of_a_page_are_what_its_head_says(read: Any) -> None:
    article = only(
        read(
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
    bare = only(read("a.html", page()))
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
def test_a_page_is_decoded_as_it_declares(read: Any, declared: str, encoding: str) -> None:
    words = "日本の談話" if encoding == "cp932" else "“Café”"
    content = page(f'<meta charset="{declared}">', f"<p>{words} {LONG}</p><p>{LONG}</p>").encode(encoding)
    assert words in only(read("a.html", content)).text


def test_a_page_without_a_right_declaration_is_decoded_by_its_bytes(read: Any) -> None:
    words = "Der Präsident sagte, man müsse über die Häfen reden, und fügte hinzu, daß er morgen zurückkehre. " * 4
    content = page('<meta charset="utf-8">', f"<p>{words}</p><p>{words}</p>").encode("cp1252")
    assert "Der Präsident" in only(read("a.html", content)).text


def test_the_body_in_json_ld_stands_in_where_the_page_shows_none(read: Any) -> None:
    linked = json.dumps({"@type": "Article", "headline": TITLE, "articleBody": f"{BODY}\n\nMore."})
    script = f'<script type="application/ld+json">{linked}</script>'
    assert only(read("a.html", page(script, '<div id="app"></div>'))).text == f"{TITLE}\n{BODY}\nMore."


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
    read: Any, content: str | bytes, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert refusal(read("a.html", content)) == f"a.html: {sentence}"
    assert capfd.readouterr() == ("", "")


def test_broken_json_ld_and_control_characters_do_not_cost_the_page(read: Any) -> None:
    scripts = (
        '<script type="application/ld+json">{"@type": </script><script type="application/ld+json">'
        + "[" * 9999
        + "</script>"
    )
    article = only(read("a.html", page(scripts, f"<p>A&#1; bell\x07 rang. {LONG}</p><p>{LONG}</p>")))
    assert article.text.split("\n")[1].startswith("A bell rang. The three partners")


def test_the_page_reader_is_not_imported_until_a_page_is_read(seed: Path) -> None:
    code = (
        "import sys, loader.articles as a; list(a.read_articles([sys.argv[1]])); "
        "print(sorted({'trafilatura', 'htmldate', 'lxml', 'charset_normalizer', 'spacy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, seed], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Whose word counts


def test_a_sidecar_overrules_the_file_and_a_default_fills_what_both_lack(read: Any) -> None:
    Path("a.meta.json").write_text(json.dumps({"outlet": "Sidecar", "author": "Ada", "title": "No", "text": "No"}))
    content = f"---\ntitle: {TITLE}\noutlet: File\nlanguage: en-GB\n---\n{BODY}"
    given = defaults(outlet="Default", language="fr", date="6 March 2024", license="CC0", author="Default")
    article = only(read("a.md", content, defaults=given))
    assert article.text == f"{TITLE}\n{BODY}"
    assert (article.outlet, article.authors, article.language) == ("Sidecar", ("Ada",), "en-GB")
    assert (article.published, article.license) == (date(2024, 3, 6), "CC0")


def test_a_sidecar_gives_a_text_file_all_its_metadata(read: Any) -> None:
    record = {"id": "w-1", "date": "2024-03-06", "url": "https://example.org/1", "site": "Example", "lang": "en-US"}
    Path("a.meta.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(record).encode())
    for name, content in [
        ("a.txt", f"{TITLE}\n{BODY}".encode()),
        ("a.txt.gz", gzip.compress(f"{TITLE}\n{BODY}".encode())),
    ]:
        article = only(read(name, content))
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
def test_a_broken_sidecar_refuses_its_article(read: Any, sidecar: bytes, place: str, start: str) -> None:
    Path("a.meta.json").write_bytes(sidecar)
    message = refusal(read("a.txt", f"{TITLE}\n{BODY}"))
    assert message.startswith(f"{place}: {start}")
    assert message.endswith("The article beside it was not read.")


def test_metadata_that_are_not_clear_are_reported_and_left_out_and_the_article_follows(read: Any) -> None:
    record = {"title": TITLE, "text": BODY, "date": "06/03/2024", "url": "example.org/1", "language": "English"}
    given = defaults(date="2020-01-01", url="https://example.org/default", language="fr")
    *problems, article = read("a.jsonl", json.dumps(record), defaults=given)
    assert [(str(problem), problem.fatal) for problem in problems] == [
        ("a.jsonl:1: The date “06/03/2024” is not clear, and left out; write it as 2024-03-06.", False),
        ("a.jsonl:1: The URL “example.org/1” is not a web address, and left out; it starts with https://.", False),
        ("a.jsonl:1: The language “English” is not a tag such as en-AU, and left out.", False),
    ]
    assert (article.published, article.url, article.language) == (None, None, "en")


def test_a_default_address_goes_to_one_article_only(read: Any) -> None:
    lines = [
        {"title": "One", "text": BODY},
        {"title": "Two", "text": BODY, "url": "https://example.org/2"},
        {"title": "Three", "text": BODY},
    ]
    content = "\n".join(map(json.dumps, lines))
    one, two, three = read("a.jsonl", content, defaults=defaults(url="https://example.org/1"))
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
def test_a_date_is_the_day_as_it_is_written_or_none(read: Any, written: str, meant: date | None) -> None:
    found = read("a.json", json.dumps({"title": TITLE, "text": BODY, "date": written}))
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
def test_an_address_is_a_web_address_or_left_out(read: Any, written: str, accepted: bool) -> None:
    found = read("a.json", json.dumps({"title": TITLE, "text": BODY, "url": written}))
    assert articles(found)[0].url == (written if accepted else None)
    assert len(found) == (1 if accepted else 2)


@given(st.text("htps:/%?#[]@&=;.,'éـ😀\ue000\ufffd aA09-_~|\\^", min_size=1, max_size=30))
def test_every_address_that_is_taken_can_be_written_as_an_iri(rest: str) -> None:
    address = web_address("https://example.org/" + rest)
    if address is not None:
        assert pyoxigraph.NamedNode(address).value == address


def test_defaults_that_mean_nothing_are_an_error_at_once() -> None:
    for given_by_user in ({"date": "06/03/2024"}, {"url": "example.org"}, {"language": "English"}):
        with pytest.raises(InputError, match=re.escape(next(iter(given_by_user.values())))) as caught:
            defaults(**given_by_user)
        assert "left out" not in str(caught.value)
    assert defaults(date="", outlet=" ", author=None) == Metadata()


# Files, folders and standard input


def write(path: Path, content: str = f"{TITLE}\n{BODY}") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def test_a_folder_is_read_to_any_depth_in_order_of_its_names(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/é.TXT", "c.md", "c.html", "d.json", "a.txt"):
        write(tmp_path / name)
    for name in (".hidden.txt", ".git/a.txt", "a.meta.json", "notes.pdf", "graph.ttl", "a/README"):
        write(tmp_path / name)
    inputs = find_inputs([tmp_path])
    names = [str(Path(file.name).relative_to(tmp_path)) for file in inputs.files]
    assert names == ["a/z.txt", "a/é.TXT", "a.txt", "b.txt", "c.html", "c.md", "d.json"]
    assert inputs.skipped == 3
    assert inputs.size == 7 * len(f"{TITLE}\n{BODY}".encode())


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a" / "a.txt")
    only(list(read_articles([path, tmp_path, str(path), tmp_path / "a" / ".." / "a" / "a.txt"])))


def test_a_path_that_is_not_there_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt")
    with pytest.raises(InputError, match=re.escape(f"There is no file or folder {tmp_path / 'b.txt'}.")) as caught:
        read_articles([path, tmp_path / "b.txt"])
    assert caught.value.path == str(tmp_path / "b.txt")


def test_a_folder_without_articles_is_an_error_that_counts_what_was_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "notes.pdf")
    with pytest.raises(InputError, match=r"no \.txt, \.md, \.json, \.jsonl or \.html file \(1 passed over\)\."):
        read_articles([tmp_path])
    with pytest.raises(InputError, match="Name at least one file"):
        read_articles([])


def test_what_was_named_and_cannot_be_read_is_reported_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = write(tmp_path / "z.txt")
    write(tmp_path / "graph.ttl")
    write(tmp_path / "letter.docx")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    locked = write(tmp_path / "locked.txt")

    def open_all_but_one(path: str, *args: Any, **kwargs: Any) -> Any:
        if path == str(locked):
            raise PermissionError(13, "Permission denied", path)
        return io.open(path, *args, **kwargs)  # noqa: UP020 (the builtin is what is replaced)

    monkeypatch.setattr("builtins.open", open_all_but_one)
    names = ["graph.ttl", "letter.docx", "gone.txt", "loop.txt", "pipe.txt", "locked.txt"]
    found = list(read_articles([*(tmp_path / name for name in names), good]))
    assert [str(error).removeprefix(f"{tmp_path}/") for error in found[:-1]] == [
        "graph.ttl: This is RDF, not an article; use `pactgraph import` for it.",
        "letter.docx: The suffix “.docx” names no known format; say which it is with --input-format.",
        "gone.txt: The file cannot be read: no such file or directory.",
        "loop.txt: The file cannot be read: too many levels of symbolic links.",
        "pipe.txt: This is a pipe or a device, not a file; read it through standard input, with - for its name.",
        "locked.txt: The file cannot be read: permission denied.",
    ]
    assert isinstance(found[-1], Article)


def test_a_folder_with_links_in_a_circle_is_read_once(tmp_path: Path) -> None:
    write(tmp_path / "a" / "a.txt")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "loop").symlink_to("loop")
    (tmp_path / "b.txt").symlink_to(tmp_path / "a" / "a.txt")
    (tmp_path / "c.txt").mkdir()
    found = list(read_articles([tmp_path]))
    assert [Path(article.source).name for article in articles(found)] == ["a.txt", "b.txt"]
    assert len(found) == 2


def test_a_folder_that_cannot_be_read_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.txt")
    write(tmp_path / "b" / "b.txt")
    real = os.listdir

    def deny(path: str) -> list[str]:
        if path.endswith("/b"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "listdir", deny)
    first, second = read_articles([tmp_path])
    assert isinstance(first, Article)
    assert str(second) == f"{tmp_path}/b: The folder cannot be read: permission denied."


def test_a_folder_deeper_than_the_stack_is_read(tmp_path: Path) -> None:
    top = tmp_path / "top"
    subprocess.run(["mkdir", "-p", str(top) + "/d" * 1100], check=True)
    try:
        write(Path(str(top) + "/d" * 1100 + "/a.txt"))
        only(list(read_articles([top])))
    finally:
        subprocess.run(["rm", "-r", str(top)], check=True)


def test_a_file_name_that_is_no_utf_8_can_be_printed_and_stored(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    Path(os.fsdecode(path)).write_text(f"{TITLE}\n{BODY}")
    article = only(list(read_articles([tmp_path])))
    assert article.source == f"{tmp_path}/caf\\xe9.txt"
    assert article.identifier == "caf\\xe9"


def test_the_format_that_is_named_decides_for_files_named_one_by_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dat", f"# {TITLE}\n\n*{BODY}*")
    assert only(list(read_articles([path], options=Options(format=Format.MARKDOWN)))).text == f"{TITLE}\n{BODY}"


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.json", "a.jsonl", "a.html"])
def test_every_format_may_be_packed(tmp_path: Path, name: str) -> None:
    content = {"a.html": page(), "a.txt": f"{TITLE}\n{BODY}", "a.md": f"{TITLE}\n\n{BODY}"}
    data = content.get(name, json.dumps({"title": TITLE, "text": BODY})).encode()
    plain = only(list(read_articles([write(tmp_path / name, data.decode())])))
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(data))
    packed = only(list(read_articles([tmp_path / f"{name}.gz"])))
    assert (packed.text, packed.identifier) == (plain.text, plain.identifier)


def test_damaged_gzip_data_are_reported_at_the_line_they_end_after(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"id": str(n), "title": TITLE, "text": os.urandom(999).hex()}) + "\n" for n in range(99))
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(lines.encode())[:60_000])
    found = list(read_articles([path]))
    last = articles(found)[-1]
    assert str(found[-1]) == f"{path}:{last.line}: The gzip data after this are damaged or cut off; they were not read."
    for damaged in (b"no gzip", gzip.compress(b"x", mtime=0)[:-9] + b"123456789", b"\x1f\x8b\x08\x00aaaaaaaaaaaaaaaa"):
        (tmp_path / "a.txt.gz").write_bytes(damaged)
        assert "damaged or cut off" in refusal(list(read_articles([tmp_path / "a.txt.gz"])))


class Pipe(io.RawIOBase):
    """A stream that cannot be sought and gives a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part, self._data = self._data[:50], self._data[50:]
        buffer[: len(part)] = part
        return len(part)


RECORD = json.dumps({"title": TITLE, "text": BODY})


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (f"{TITLE}\n{BODY}", 1),
        (f"---\ntitle: {TITLE}\n---\n{BODY}", 1),
        (RECORD, 1),
        (f"{RECORD}\n{RECORD}\n", 2),
        (f"[{RECORD},\n{RECORD}]", 2),
        (json.dumps(json.loads(RECORD), indent=2), 1),
        (f"<!DOCTYPE html><html><title>{TITLE}</title><body><p>{LONG}</p><p>{LONG}</p></body></html>", 1),
    ],
)
@pytest.mark.parametrize("wrap", [io.BytesIO, Pipe])
@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_shows_its_format_by_its_first_characters(
    content: str, count: int, wrap: Callable[[bytes], Any], packed: bool
) -> None:
    data = gzip.compress(content.encode()) if packed else content.encode()
    found = list(read_articles(["-"], stdin=wrap(data)))
    assert [article.title for article in articles(found)] == [TITLE] * count
    assert {(article.source, article.identifier) for article in articles(found)} == {("-", None)}


def test_standard_input_may_be_given_its_format(seed: Path) -> None:
    data = b"[Update] Japan says\n" + seed.read_bytes()
    assert only(list(read_articles(["-"], stdin=io.BytesIO(data)))).title == "[Update] Japan says"
    found = list(read_articles(["-"], stdin=io.BytesIO(data), options=Options(format=Format.JSON_LINES)))
    assert str(found[0]) == "-:1: The JSON is broken at column 2: expecting value."
    with pytest.raises(InputError, match="Standard input"):
        read_articles(["-"])


def test_a_bad_line_of_json_lines_on_standard_input_does_not_cost_the_rest() -> None:
    found = list(read_articles(["-"], stdin=io.BytesIO(f"{RECORD}\n{RECORD[:9]}\n{RECORD}".encode())))
    assert [type(each).__name__ for each in found] == ["Article", "ArticleError", "Article"]


def test_progress_adds_up_to_the_size_of_the_inputs(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    write(tmp_path / "b.txt", "only a title")
    write(tmp_path / "c.jsonl", f"{RECORD}\n" * 40)
    (tmp_path / "d.jsonl.gz").write_bytes(gzip.compress(f"{RECORD}\n".encode() * 4000, 1))
    write(tmp_path / "e.txt")
    write(tmp_path / "e.meta.json", "{")
    inputs = find_inputs([tmp_path])
    told: list[int] = []
    for _ in read_articles(inputs, progress=told.append):
        pass
    assert sum(told) == inputs.size
    assert min(told) >= 0


def test_the_outcome_is_the_same_every_time() -> None:
    assert list(read_articles([FORMATS])) == list(read_articles([FORMATS]))


DAMAGE = [
    b"\0",
    b"\xff",
    b"[",
    b"}",
    b'"',
    b"\\",
    b"\\ud800",
    b"\r",
    b"---\n",
    b"<",
    b"&#1;",
    b"```",
    b"\xef\xbb\xbf",
    b"| ",
]


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_the_bytes_are_there_come_articles_or_sentences(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([path for path in sorted(FORMATS.iterdir()) if path.suffix != ".html"]))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.sampled_from([0, 1, 30]))] = data.draw(st.sampled_from(DAMAGE))
    form = data.draw(st.sampled_from([None, *(form for form in Format if form is not Format.HTML)]))
    options = Options(format=form, markup=data.draw(st.sampled_from(Markup)))
    for found in read_articles(["-"], stdin=io.BytesIO(bytes(content)), options=options):
        if isinstance(found, ArticleError):
            str(found).encode()
            assert found.message.rstrip("…").strip().endswith((".", "title:"))
        else:
            assert canonical(found.text) == found.text
            assert found.title.strip()
            assert found.text.partition("\n")[2].strip()
            Mint().article(found.text, found.url)


# What the documentation says


BLOCK = re.compile(r"^```(\w+) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown(found: Article | ArticleError) -> str:
    """Return what was read as the documentation shows it: what is known, a blank line, the text."""
    if isinstance(found, ArticleError):
        return str(found)
    known = {key: value for key, value in asdict(found).items() if key != "text" and value not in (None, ())}
    lines = [f"{key}: {', '.join(value) if isinstance(value, tuple) else value}" for key, value in known.items()]
    return "\n".join([*lines, "", found.text])


def test_every_example_of_the_documentation_reads_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    expected = {name: content for kind, name, content in blocks if kind == "text" and name.startswith("from=")}
    given = {
        name: content for kind, name, content in blocks if f"from={name}" in expected or name.endswith(".meta.json")
    }
    assert len(expected) >= 9
    assert {name.removeprefix("from=") for name in expected} <= given.keys()
    for name, content in given.items():
        Path(name).write_text(content, encoding="utf-8")
    for name, outcome in expected.items():
        options = Options(field_map=field_map("title=head.main,text=story")) if "mapped" in name else Options()
        found = list(read_articles([name.removeprefix("from=")], options=options))
        assert "\n\n".join(map(shown, found)) == outcome.rstrip("\n"), name


def test_the_documentation_names_every_limit_and_every_usual_field() -> None:
    words = PAGE.read_text(encoding="utf-8")
    assert f"{CHARACTERS:,}" in words
    assert f"{Options().most_bytes:,}" in words
    for field, names in NAMES.items():
        row = re.search(rf"^\| `{field}` \| (.*) \|$", words, re.MULTILINE)
        assert row, field
        assert tuple(map(folded_name, row[1].split(", "))) == names
