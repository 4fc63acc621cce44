"""Plain text: which files are one, and what they are refused for."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readings import BODY, TITLE, only, refusal

from loader.articles import (
    InputError,
    Options,
    read_articles,
)
from ontology.vocabulary import canonical

if TYPE_CHECKING:
    from pathlib import Path


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


def test_blank_lines_in_a_text_file_stay_where_they_are(read_file: Any) -> None:
    assert only(read_file("a.txt", f"{TITLE}\n\n  {BODY}\n\n\nMore.\n\n")).text == f"{TITLE}\n\n  {BODY}\n\n\nMore."


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


def test_right_to_left_text_and_emoji_count_by_code_points(read_file: Any) -> None:
    title, body = "قمة أوكوس 🇯🇵🇦🇺", "قال الوزير: «نحن مهتمون» 👩🏽‍🚀 בירושלים"
    text = only(read_file("a.txt", f"{title}\n{body}")).text
    assert text == f"{title}\n{body}"
    assert text[len(title) + 1 :] == body
    record = json.dumps({"title": title, "text": body})  # the emoji as escaped pairs of surrogates
    assert only(read_file("a.json", record)).text == text


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
def test_what_is_no_text_is_refused_with_its_line(read_file: Any, content: str | bytes, sentence: str) -> None:
    assert refusal(read_file("a.txt", content)) == sentence


def test_another_encoding_is_refused_with_the_first_bad_byte_and_what_would_help(read_file: Any) -> None:
    content = (
        "Gespräche\nDer Minister sagte: „Wir prüfen den Vorschlag für die Häfen natürlich sehr gründlich.“ Übermorgen "
    )
    message = refusal(read_file("a.txt", content.encode("cp1252")))
    assert message.startswith("a.txt:1: Byte 0xE4 at offset 5 is not UTF-8; the file may be in ")
    assert message.endswith("the file may be in cp1252: if it is, give --encoding cp1252.")
    assert only(read_file("a.txt", content.encode("cp1252"), encoding="cp1252")).text == content.rstrip()


def test_a_wrong_encoding_option_is_refused_with_the_byte_it_fails_at(read_file: Any) -> None:
    assert refusal(read_file("a.txt", b"T\n\x81\xff", encoding="ascii")).startswith(
        "a.txt:2: Byte 0x81 at offset 2 cannot be read as ascii"
    )


@pytest.mark.parametrize("name", ["utf-9", "hex", "base64", "rot13", "a\0b"])
def test_an_encoding_that_does_not_exist_is_an_error_at_once(name: str) -> None:
    with pytest.raises(InputError, match="no text encoding"):
        Options(encoding=name)


def test_five_million_characters_on_one_line_are_over_the_limit_unless_it_is_raised(read_file: Any) -> None:
    content = TITLE + "\n" + "x" * 5_000_000
    message = refusal(read_file("a.txt", content))
    assert message == (
        "a.txt: The text has 5,000,039 characters, more than the limit of 1,000,000; split it or raise --limit."
    )
    assert len(only(read_file("a.txt", content, limit=6_000_000)).text) == 5_000_039


def test_a_file_that_memory_could_not_bear_is_not_read_whole(read_file: Any) -> None:
    packed = gzip.compress(b"a" * (40 * 2**20))
    assert "longer than 33,554,432 bytes" in refusal(read_file("a.txt.gz", packed))


def test_a_hundred_thousand_quotation_marks_are_a_text_like_any_other(read_file: Any) -> None:
    marks = '"' * 100_000
    assert only(read_file("a.txt", f"{TITLE}\n{marks}")).text.endswith(marks)
    assert only(read_file("a.md", f"{TITLE}\n\n{marks}")).text.endswith(marks)


def test_a_text_file_that_seems_to_be_markdown_is_read_as_it_is_with_a_remark(read_file: Any) -> None:
    remark, article = read_file("a.txt", f"# {TITLE}\n\nThe [three](https://news.example.org/) met.")
    assert "--input-format md" in str(remark)
    assert not remark.fatal
    assert article.text == f"# {TITLE}\n\nThe [three](https://news.example.org/) met."
    assert len(read_file("a.txt", f"{TITLE}\n\n* one\n* two*, and 2 ** 3 ** 4")) == 1
