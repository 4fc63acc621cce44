"""JSON of every shape: lists, envelopes, lines, and the fields in use."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from readings import BODY, LONG, TITLE, articles, only, refusal

from loader.articles import (
    ArticleError,
    InputError,
    Markup,
    field_map,
    read_articles,
)
from loader.document import Article

if TYPE_CHECKING:
    from pathlib import Path


def test_plain_fields_are_found_under_the_names_in_use(read_file: Any) -> None:
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
    assert only(read_file("a.json", json.dumps(record))) == Article(
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


def test_the_fields_object_of_the_guardians_api_is_looked_into(read_file: Any) -> None:
    fields = {"headline": TITLE, "byline": "Ada Example in Canberra", "body": f"<p>{BODY}</p>\n<p>More.</p>"}
    result = {"id": "world/1", "webTitle": "Another", "webPublicationDate": "2024-04-08T01:53:35Z", "fields": fields}
    response = {"response": {"status": "ok", "results": [result | {"webUrl": "https://news.example.org/1"}]}}
    assert only(read_file("a.json", json.dumps(response))) == Article(
        text=f"{TITLE}\n{BODY}\nMore.",
        source="a.json",
        line=None,
        identifier="world/1",
        url="https://news.example.org/1",
        published=date(2024, 4, 8),
        authors=("Ada Example in Canberra",),
    )


PARAGRAPHS = "The first paragraph.\n\nThe second."


@pytest.mark.parametrize(
    "answer",
    [
        {"articles": {"results": [{"lang": "eng", "title": TITLE, "body": PARAGRAPHS}], "page": 1}},  # Event Registry
        {"response": {"docs": [{"headline": {"main": TITLE, "kicker": "A"}, "text": PARAGRAPHS}]}},  # New York Times
        {"status": "ok", "results": [{"title": TITLE, "content": PARAGRAPHS, "language": "english"}]},  # NewsData
        {"requested_url": "https://example.org/", "title": TITLE, "plain_text": PARAGRAPHS},  # tables of CC-News
    ],
)
def test_what_the_usual_services_answer_is_read_as_it_is(read_file: Any, answer: dict[str, Any]) -> None:
    article = only(read_file("a.json", json.dumps(answer)))
    assert article.text == f"{TITLE}\nThe first paragraph.\nThe second."
    assert article.language == "en"


def test_a_text_that_a_service_cut_off_is_read_with_a_remark(read_file: Any) -> None:
    answer = {"articles": [{"title": TITLE, "content": "The three partners met in Canb… [+1234 chars]"}]}
    remark, article = read_file("a.json", json.dumps(answer))
    assert str(remark) == "a.json: The text is cut off: 1,234 more characters of it are not in the file."
    assert not remark.fatal
    assert article.text == f"{TITLE}\nThe three partners met in Canb…"


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (
            {"title": TITLE, "lead_paragraph": BODY},
            "The record has no text but a field “lead_paragraph”; to read that,",
        ),
        ({"title": "[Removed]", "content": "[Removed]"}, "withheld the text, and wrote “[Removed]” in its place."),
        ({"articles": [], "totalResults": 0}, "The list is empty."),
    ],
)
def test_a_record_that_has_no_text_says_what_it_has(read_file: Any, record: dict[str, Any], sentence: str) -> None:
    assert sentence in refusal(read_file("a.json", json.dumps(record)))


def test_a_field_map_says_where_a_field_is_and_nothing_else_is_looked_at(read_file: Any) -> None:
    record = {
        "meta": {"head": TITLE, "by": [{"n": "Ada"}]},
        "dotted.name": "2024-03-06",
        "title": "No",
        "body": "No",
        "paras": [BODY, "", "More."],
    }
    mapped = field_map("title=meta.head, text=paras, author=meta.by.0.n, date=dotted.name,url=meta.none.deeper")
    article = only(read_file("a.json", json.dumps(record), field_map=mapped))
    assert article.text == f"{TITLE}\n{BODY}\nMore."
    assert (article.authors, article.published, article.url) == (("Ada",), date(2024, 3, 6), None)
    message = refusal(read_file("a.json", json.dumps(record), field_map={"text": "absent"}))
    assert message == "a.json:1: The record has no text in “absent”, where --map says it is."


@pytest.mark.parametrize("given", ["headline", "title=", "titel=headline", "title=a,title=b"])
def test_a_field_map_that_says_nothing_is_an_error_at_once(given: str) -> None:
    with pytest.raises(InputError):
        field_map(given)


def test_a_title_that_the_body_repeats_stands_once(read_file: Any) -> None:
    record = {"title": TITLE, "text": f"{TITLE.upper()}\n\n{BODY}"}
    assert only(read_file("a.json", json.dumps(record))).text == f"{TITLE}\n{BODY}"


def test_a_body_wrapped_by_hand_is_unwrapped_and_lines_of_their_own_stay(read_file: Any) -> None:
    wrapped = (
        "The three partners met in\nCanberra on Wednesday, and\nsaid that they would meet\nagain.\n\nNobody said when."
    )
    assert only(read_file("a.json", json.dumps({"title": "T", "text": wrapped}))).text.split("\n") == [
        "T",
        "The three partners met in Canberra on Wednesday, and said that they would meet again.",
        "Nobody said when.",
    ]
    listed = "They named:\n\nUndersea drones\nQuantum clocks\nHypersonics\nCyber\n\nNobody said when."
    assert only(read_file("a.json", json.dumps({"title": "T", "text": listed}))).text == "T\n" + listed.replace(
        "\n\n", "\n"
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("<p>One &amp; two.</p><p>Three<br>four</p>", ["One & two.", "Three", "four"]),
        ("**Strong** words.\n\nA [link](https://example.org).", ["Strong words.", "A link."]),
        ("He paid 5 < 7 and 2 * 3 * 4.\n\nAn a_b_c.", ["He paid 5 < 7 and 2 * 3 * 4.", "An a_b_c."]),
        ("**Strong** words.\nOn lines\nof their own.", ["**Strong** words.", "On lines", "of their own."]),
    ],
)
def test_a_body_is_read_in_what_its_own_marks_show(read_file: Any, text: str, lines: list[str]) -> None:
    assert only(read_file("a.json", json.dumps({"title": TITLE, "text": text}))).text.split("\n") == [TITLE, *lines]


def test_markup_is_what_the_user_says_where_the_user_says_it(read_file: Any) -> None:
    record = json.dumps({"title": {"rendered": "Partners&#8217; talks"}, "content": {"rendered": "<p>*One*</p>"}})
    assert only(read_file("a.json", record)).text == "Partners’ talks\n*One*"
    assert only(read_file("a.json", record, markup=Markup.PLAIN)).text == "Partners&#8217; talks\n<p>*One*</p>"
    assert (
        only(read_file("a.json", json.dumps({"title": "T", "text": "*One*"}), markup=Markup.MARKDOWN)).text == "T\nOne"
    )


def test_a_list_and_an_envelope_and_lines_give_their_records_in_order(read_file: Any) -> None:
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
        found = articles(read_file(name, content))
        assert [article.identifier for article in found] == ["0", "1", "2"], (name, content)
        assert [article.line for article in found] == numbers, (name, content)


def test_a_file_of_one_record_names_it_and_a_file_of_many_does_not(read_file: Any) -> None:
    record = json.dumps({"title": TITLE, "text": BODY})
    assert only(read_file("a.json", record)).identifier == "a"
    assert [article.identifier for article in articles(read_file("a.json", f"[{record}]"))] == [None]
    assert [article.identifier for article in articles(read_file("a.jsonl", record))] == [None]


def test_two_records_with_one_id_and_one_address_both_come_through(read_file: Any) -> None:
    record = json.dumps({"id": "x", "title": TITLE, "text": BODY, "url": "https://example.org/1"})
    found = read_file("a.jsonl", f"{record}\n{record}")
    assert [article.line for article in articles(found)] == [1, 2]


def test_a_bad_line_is_refused_and_the_others_are_read(read_file: Any) -> None:
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
    found = read_file("a.jsonl", "\n".join(lines).encode("latin-1", "replace"))
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


def test_a_list_gives_what_stands_before_the_place_where_it_breaks(read_file: Any) -> None:
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
        found = read_file("a.json", f"[{good}{rest}")
        assert isinstance(found[0], Article)
        assert [str(error) for error in found[1:]] == [sentence]


def test_a_bad_byte_in_a_json_document_is_refused_with_its_offset(read_file: Any) -> None:
    good = json.dumps({"title": TITLE, "text": BODY}).encode()
    found = read_file("a.json", b"[" + good + b',\n{"title": "\xff"}]')
    offset = 1 + len(good) + len(',\n{"title": "')
    assert isinstance(found[0], Article)
    assert str(found[1]) == (
        f"a.json:2: Byte 0xFF at offset {offset} cannot be read as utf-8, and nothing after it is read; "
        "give the right --encoding."
    )


def test_an_empty_json_file_says_so(read_file: Any) -> None:
    for name in ("a.json", "a.jsonl"):
        assert refusal(read_file(name, "")) == f"{name}: The file is empty."
        assert refusal(read_file(name, "\n \n")) == f"{name}: The file is empty."
    assert refusal(read_file("a.json", "[]")) == "a.json:1: The list is empty."


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_json_may_have_a_byte_order_mark(read_file: Any, name: str, encoding: str) -> None:
    record = json.dumps({"title": "日本 😀", "text": BODY}, ensure_ascii=False)
    assert [article.title for article in articles(read_file(name, f"{record}\n{record}".encode(encoding)))] == [
        "日本 😀"
    ] * 2


def test_json_in_another_encoding_is_read_by_its_name(read_file: Any) -> None:
    record = json.dumps({"title": "日本の談話", "text": BODY}, ensure_ascii=False)
    for name in ("a.json", "a.jsonl"):
        assert [a.title for a in articles(read_file(name, record.encode("cp932"), encoding="cp932"))] == ["日本の談話"]
        found = read_file(name, record.encode("utf-8") + b"\n\xff\xff", encoding="cp932")
        assert "cannot be read as cp932" in refusal(found[-1:])


def test_a_value_longer_than_the_bound_is_refused_without_reading_it_whole(read_file: Any) -> None:
    good = json.dumps({"title": TITLE, "text": BODY})
    long = json.dumps({"title": TITLE, "text": "x" * (34 * 2**20)})
    found = read_file("a.jsonl.gz", gzip.compress(f"{good}\n{long}\n{good}".encode(), 1))
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
