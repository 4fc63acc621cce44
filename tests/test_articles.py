"""The reading of articles: files, folders and standard input, and what the documentation says of it."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.articles import (
    ArticleError,
    Format,
    InputError,
    Markup,
    Options,
    field_map,
    find_inputs,
    read_articles,
)
from loader.document import Article
from loader.formats.fields import NAMES, folded_name
from loader.formats.record import CHARACTERS
from ontology.vocabulary import Mint, canonical

if TYPE_CHECKING:
    from collections.abc import Callable

from readings import BODY, FORMATS, LONG, PAGE, TITLE, articles, only, page, refusal


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
    with pytest.raises(InputError, match=r"no \.txt, \.md, .* \.csv or \.rss file \(1 passed over\)\."):
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

    opened = Path.open

    def open_all_but_one(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", open_all_but_one)
    names = ["graph.ttl", "letter.docx", "gone.txt", "loop.txt", "pipe.txt", "locked.txt"]
    found = list(read_articles([*(tmp_path / name for name in names), good]))
    assert [str(error).removeprefix(f"{tmp_path}/") for error in found[:-1]] == [
        "graph.ttl: This is RDF, not an article; use `pactgraph import` for it.",
        "letter.docx: Office documents are not read; save it as plain text or as a web page.",
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
    assert [Path(article.source).name for article in articles(found)] == ["a.txt"]  # b.txt is a link to it


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
    slow = {Format.HTML, Format.SAVED_PAGE}
    form = data.draw(st.sampled_from([None, *(form for form in Format if form not in slow)]))
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
