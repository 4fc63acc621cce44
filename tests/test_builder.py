"""Building an authority from what Wikidata gives away: dumps, entities, answers, tables, and their damages."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.linking.builder import build
from loader.linking.dump import Choice, read_entity
from loader.linking.lines import Problem, Unreadable
from loader.linking.writer import Record, Writer
from ontology.authority import Authority, Office, open_authority

if TYPE_CHECKING:
    from pathlib import Path


def statement(value: Any, rank: str = "normal", **qualifiers: Any) -> dict[str, Any]:
    more = {key: [{"snaktype": "value", "datavalue": {"value": each}}] for key, each in qualifiers.items()}
    return {"mainsnak": {"snaktype": "value", "datavalue": {"value": value}}, "rank": rank, "qualifiers": more}


def item(qid: str, label: str = "", language: str = "en", aliases: tuple[str, ...] = (), **said: Any) -> dict[str, Any]:
    links = {f"wiki{n}": {} for n in range(said.pop("links", 0))}
    return {
        "type": "item",
        "id": qid,
        "labels": {language: {"language": language, "value": label}} if label else {},
        "aliases": {"en": [{"language": "en", "value": each} for each in aliases]},
        "descriptions": {"en": {"language": "en", "value": said.pop("description", "a thing")}},
        "claims": {key: value if isinstance(value, list) else [statement(value)] for key, value in said.items()},
        "sitelinks": links,
    }


def day(time: str, precision: int = 11) -> dict[str, Any]:
    return {"time": f"+{time}T00:00:00Z", "precision": precision}


PERSON = item(
    "Q1000",
    "Ann Example",
    aliases=("A. Example",),
    links=7,
    P31={"id": "Q5"},
    P27={"id": "Q17"},
    P569=day("1950-00-00", 9),
    P214="123",
    P39=[statement({"id": "Q2000"}, P580=day("2020-01-02"), P582=day("2022-05-00", 10))],
)
OFFICE = item("Q2000", "Chief Example", links=3)


def dump(*entities: dict[str, Any]) -> bytes:
    return b"[\n" + b",\n".join(json.dumps(each).encode() for each in entities) + b"\n]\n"


def made(tmp_path: Path, content: bytes, name: str = "dump.json", **choice: Any) -> tuple[Authority, list[Problem]]:
    source, problems = tmp_path / name, []
    source.write_bytes(content)
    build([source], tmp_path / "out.sqlite", choice=Choice(**choice), tell=problems.append)
    return open_authority(tmp_path / "out.sqlite"), problems


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_a_dump_is_read_whatever_it_is_packed_with(tmp_path: Path, pack: Any) -> None:
    suffix = {bytes: "", gzip.compress: ".gz", bz2.compress: ".bz2"}[pack]
    authority, problems = made(tmp_path, pack(dump(PERSON, OFFICE)), f"dump.json{suffix}")
    person = authority.entity("Q1000")
    assert problems == []
    assert person
    assert (person.type, person.prior, person.country, person.start, person.classes) == (
        "person",
        7,
        "Q17",
        "1950",
        ("Q5",),
    )
    assert authority.offices("Q1000") == (Office("Q2000", "Chief Example", None, "2020-01-02", "2022-05"),)
    assert authority.holders("Q2000", date(2022, 5, 31)) == (person,)
    assert authority.externals("Q1000") == (("viaf", "123"),)
    assert [hit.entity.id for hit in authority.candidates("A. Example")] == ["Q1000"]


def test_a_label_for_all_languages_is_a_label(tmp_path: Path) -> None:
    authority, _ = made(
        tmp_path, dump(item("Q1", "Everywhere", "mul"), item("Q2", "Nur deutsch", "de")), languages=frozenset({"en"})
    )
    assert [each.label for each in authority.entities()] == ["Everywhere"]


def test_what_is_chosen_is_kept(tmp_path: Path) -> None:
    content = dump(PERSON, OFFICE, item("Q3", "Little known", P31={"id": "Q5"}))
    authority, _ = made(tmp_path, content, classes=frozenset({"Q5"}), sitelinks=2)
    assert [each.id for each in authority.entities()] == ["Q1000"]


@given(
    st.integers(0, 4),
    st.integers(0, 4),
    st.sets(st.sampled_from(("Q5", "Q6256", "Q43229"))),
    st.sampled_from(("Q5", "Q55", "Q43229")),
    st.booleans(),
)
def test_a_line_that_is_not_read_is_one_that_would_not_be_chosen(
    links: int, least: int, classes: set[str], kind: str, names_sites: bool
) -> None:
    said = item("Q1", 'a "sitelinks": {} trap', P31={"id": kind})
    said["sitelinks"] = {f"wiki{n}": {"site": f"wiki{n}"} if names_sites else {} for n in range(links)}
    choice = Choice(classes=frozenset(classes), sitelinks=least)
    for separators in ((",", ":"), (", ", ": ")):
        line = json.dumps(said, separators=separators).encode()
        assert choice.may_have(line) or list(read_entity("-", 1, said, choice)) == [None]
        if names_sites or not links:
            assert choice.may_have(line) == (links >= least and (not classes or kind in classes))
    assert choice.may_have(b'{"type":"item","redirects":{"from":"Q1","to":"Q2"}}')


@pytest.mark.parametrize("has_orjson", [True, False])
def test_whatever_reads_the_json_makes_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_orjson: bool
) -> None:
    if has_orjson:
        pytest.importorskip("orjson")
    else:
        monkeypatch.setitem(sys.modules, "orjson", None)
    authority, problems = made(tmp_path, dump(PERSON, OFFICE) + b'{"id": "Q3", \n')
    assert [each.line for each in problems] == [5]
    assert hashlib.sha256(authority.path.read_bytes()).hexdigest() == hashlib.sha256(same(tmp_path)).hexdigest()


def same(tmp_path: Path) -> bytes:
    """Return the authority of the two entities, out of entities that were read beforehand."""
    with Writer(tmp_path / "same.sqlite") as writer:
        for each in (PERSON, OFFICE):
            for record in read_entity("dump.json", 1, each, Choice()):
                assert isinstance(record, Record)
                writer.add(record)
        with open_authority(tmp_path / "out.sqlite") as held:
            writer.finish({key: held.meta[key] for key in ("name", "version", "date", "sources")})
    return (tmp_path / "same.sqlite").read_bytes()


def test_a_class_may_stand_for_all_below_it_through_circles_and_bad_lines(tmp_path: Path) -> None:
    classes = (
        item("Q10", "settlement", P279={"id": "Q20"}),
        item("Q11", "town", P279=[statement({"id": "Q10"}), statement({"id": "Q12"})]),
        item("Q12", "circle", P279={"id": "Q11"}),
        item("Q13", "retired", P279=[statement({"id": "Q10"}, "deprecated")]),
    )
    places = [item(f"Q{n}00", f"Place {n}", P31={"id": f"Q{n}"}) for n in (10, 11, 12, 13, 14)]
    content = dump(*classes, *places) + b'{"id": "Q15", "P279": \n{"id": "Q16", "claims": {"P279": 7}}\n'
    found, problems = made(tmp_path, content, classes=frozenset({"Q10"}), subclasses=True)
    assert [each.id for each in found.entities()] == ["Q1000", "Q1100", "Q1200"]
    assert [each.line for each in problems] == [12]
    alone, _ = made(tmp_path, content, classes=frozenset({"Q10"}))
    assert [each.id for each in alone.entities()] == ["Q1000"]


def test_pages_about_pages_are_left_out(tmp_path: Path) -> None:
    pages = item("Q5000", "Georgia", description="Wikimedia disambiguation page")
    internal = item("Q5001", "Template", P31={"id": "Q17442446"})
    authority, problems = made(tmp_path, dump(pages, internal, OFFICE))
    assert [each.id for each in authority.entities()] == ["Q2000"]
    assert problems == []


def test_a_corrupt_line_is_told_by_its_number_and_the_rest_is_read(tmp_path: Path) -> None:
    whole = dump(PERSON, OFFICE).replace(b"\n]", b',\n{"id": "Q3", "labels"\n{"id": 7, "type": "item"}\n]')
    authority, problems = made(tmp_path, whole)
    assert [each.line for each in problems] == [4, 5]
    assert authority.meta["entities"] == "2"


@pytest.mark.parametrize("has_orjson", [True, False])
@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b'{"id": "Q2", "labels":', "is no whole JSON"),
        (b"\xff\xfe{", "is no whole JSON"),
        (b'{"id":"Q2","labels":{"en":{"language":"en","value":"half \\ud800 a pair"}}}', "is no whole JSON"),
        (b'"a text"', "is no JSON object"),
        (b'{"type":"item"}', "without an id"),
        (b'{"id":"Qx"}', "is no id of Wikidata"),
        (b'{"id":"Q2","labels":{"en":"text"}}', "Q2 is not written as Wikidata's dumps"),
        (b'{"id":"Q2","claims":[7]}', "Q2 has no name"),
        (b'{"redirects":{"from":"Q2"}}', "It is not written as Wikidata's dumps"),
    ],
)
def test_each_kind_of_bad_line_is_told_in_words_with_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: bytes, sentence: str, has_orjson: bool
) -> None:
    if has_orjson:
        pytest.importorskip("orjson")
    else:
        monkeypatch.setitem(sys.modules, "orjson", None)
    authority, (problem,) = made(tmp_path, dump(OFFICE)[:-3] + b",\n" + line + b",\n" + dump(PERSON)[2:])
    assert problem.line == 3
    assert sentence in problem.sentence
    assert len(list(authority.entities())) == 2


def test_of_a_file_that_is_none_of_ours_a_hundred_lines_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    _, problems = made(tmp_path, b"no entity\n" * 1234)
    assert len(problems) == 101
    assert str(problems[-1]) == "dump.json: 1,134 more problems in it are not told one by one."


def test_a_redirect_may_stand_alone_on_its_line(tmp_path: Path) -> None:
    authority, problems = made(tmp_path, dump(OFFICE)[:-3] + b',\n{"redirects":{"from":"Q9","to":"Q2000"}}\n]')
    assert not problems
    held = authority.entity("Q9")
    assert held is not None
    assert held.id == "Q2000"


def test_an_archive_that_ends_early_is_told_and_what_came_before_is_kept(tmp_path: Path) -> None:
    many = [item(f"Q{n}", f"Thing number {n * 7919 % 10007}") for n in range(1, 3000)]
    packed = gzip.compress(dump(*many))
    authority, problems = made(tmp_path, packed[: len(packed) // 2], "dump.json.gz")
    assert len(problems) == 1
    assert "ends early" in str(problems[0])
    assert problems[0].line > 1000
    assert int(authority.meta["entities"]) >= problems[0].line - 3


def test_the_first_of_two_entities_of_one_id_counts(tmp_path: Path) -> None:
    authority, problems = made(tmp_path, dump(OFFICE, item("Q2000", "Another"), PERSON))
    assert [(each.line, "Q2000" in each.sentence) for each in problems] == [(3, True)]
    assert [each.label for each in authority.entities()] == ["Ann Example", "Chief Example"]


def test_redirects_lead_on_and_circles_are_told(tmp_path: Path) -> None:
    lines = [
        {"id": "Q1000", "redirects": {"from": "Q9", "to": "Q1000"}, **{k: v for k, v in PERSON.items() if k != "id"}},
        *({"type": "redirect", "redirects": {"from": a, "to": b}} for a, b in (("Q7", "Q8"), ("Q8", "Q7"))),
    ]
    authority, problems = made(tmp_path, b"\n".join(json.dumps(each).encode() for each in lines), "entities.jsonl")
    found = authority.entity("Q9")
    assert found
    assert found.id == "Q1000"
    assert [each.sentence.split()[0] for each in problems] == ["Q7", "Q8"]


def test_a_name_of_ten_thousand_characters_is_left_out_and_the_entity_kept(tmp_path: Path) -> None:
    authority, problems = made(tmp_path, dump(item("Q1", "Good", aliases=("x" * 10_000, "Fine"))))
    assert [each.text for each in authority.names("Q1")] == ["Good", "Fine"]
    assert "10,000 characters" in str(problems[0])


def test_names_from_right_to_left_are_found(tmp_path: Path) -> None:
    authority, _ = made(tmp_path, dump(item("Q1", "إسرائيل", "ar"), item("Q2", "\u200fירושלים\u200e", "he")))
    assert [hit.entity.id for text in ("إسرائيل", "ירושלים") for hit in authority.candidates(text)] == ["Q1", "Q2"]


def test_an_answer_of_sparql_is_read(tmp_path: Path) -> None:
    def cell(value: str) -> dict[str, str]:
        return {"type": "literal", "value": value}

    row = {
        "item": cell("http://www.wikidata.org/entity/Q4"),
        "itemLabel": cell("Four"),
        "itemAltLabel": cell("IV, Quattro"),
    }
    empty = {"item": cell("http://www.wikidata.org/entity/Q5"), "itemLabel": cell("Q5")}
    answer = json.dumps({"head": {"vars": ["item"]}, "results": {"bindings": [row, empty]}}).encode()
    authority, problems = made(tmp_path, answer, "answer.srj")
    assert [each.text for each in authority.names("Q4")] == ["Four", "IV", "Quattro"]
    assert [each.line for each in problems] == [2]


def test_a_table_of_names_adds_to_a_dump_and_stands_alone(tmp_path: Path) -> None:
    table = b"id\tlanguage\tvalue\nQ2000\ten\tBig Boss\nQ77\ten\tNobody\nbad row\n"
    alone, problems = made(tmp_path, table, "names.tsv")
    assert [(each.id, each.label) for each in alone.entities()] == [("Q77", "Nobody"), ("Q2000", "Big Boss")]
    assert [each.line for each in problems] == [4]
    (tmp_path / "dump.json").write_bytes(dump(OFFICE))
    build([tmp_path / "dump.json", tmp_path / "names.tsv"], tmp_path / "both.sqlite")
    both = open_authority(tmp_path / "both.sqlite")
    assert [each.id for each in both.entities()] == ["Q2000"]
    assert [hit.entity.label for hit in both.candidates("Big Boss")] == ["Chief Example"]


def test_a_build_that_was_stopped_goes_on_and_makes_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loader.linking.builder._EVERY", 10)
    source = tmp_path / "dump.json"
    source.write_bytes(dump(*(item(f"Q{n}", f"Thing {n}") for n in range(1, 100)), item("Q5", "Five again")))
    told: list[Problem] = []
    build([source], tmp_path / "whole.sqlite", tell=told.append)

    def late(_: Problem) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build([source], tmp_path / "stopped.sqlite", tell=late)
    assert (tmp_path / "stopped.sqlite.work").exists()
    again: list[Problem] = []
    build([source], tmp_path / "stopped.sqlite", tell=again.append)
    assert again == told
    assert (tmp_path / "stopped.sqlite").read_bytes() == (tmp_path / "whole.sqlite").read_bytes()


def test_parquet_without_its_reader_is_refused_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (tmp_path / "names.parquet").write_bytes(b"PAR1")
    with pytest.raises(Unreadable, match="pip install pyarrow"):
        build([tmp_path / "names.parquet"], tmp_path / "out.sqlite")
    with pytest.raises(Unreadable, match="cannot be read"):
        build([tmp_path / "missing.json"], tmp_path / "out.sqlite")
