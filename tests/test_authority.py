"""The authority file and its reader."""

from __future__ import annotations

import pickle
import random
import sqlite3
from datetime import date
from typing import TYPE_CHECKING

import pytest
from authorities import EVERYBODY, JAPAN, KISHIDA, make_authority, names
from hypothesis import given
from hypothesis import strategies as st

from loader.linking.writer import Record
from ontology.authority import (
    VERSION,
    AuthorityError,
    Entity,
    Hit,
    Name,
    Office,
    acronym_form,
    cased,
    fold,
    open_authority,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ontology.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    path = tmp_path_factory.mktemp("authority") / "test.sqlite"
    return open_authority(make_authority(path, redirects={"Q900000001": "Q900000002", "Q900000002": "Q17"}))


def ids(hits: tuple[Hit, ...]) -> list[str]:
    return [hit.entity.id for hit in hits]


def test_an_authority_says_what_it_is(authority: Authority) -> None:
    assert (authority.name, authority.version, authority.date) == ("test", "1", "2026-09-18")
    assert authority.types() == ("person", "state", "partnership", "office", "outlet")
    every = {scheme for each in authority.entities() for scheme, _ in authority.externals(each.id)}
    assert authority.schemes() == tuple(sorted(every))
    assert {"geonames", "iso3166-1-alpha-2"} <= every


def test_an_entity_comes_back_as_it_was_gathered(authority: Authority) -> None:
    assert authority.entity("Q17") == JAPAN.entity
    assert authority.names("Q17") == (
        Name("Japan", "en", "label"),
        Name("日本", "ja", "native"),
        Name("State of Japan", "en", "alias"),
        Name("Japanese", "en", "demonym"),
    )
    assert authority.externals("Q17") == (("geonames", "1861060"), ("iso3166-1-alpha-2", "JP"))
    assert authority.evidence("Q17") == (("made for tests", "-"),)


@pytest.mark.parametrize("identifier", ["Q18", "P17", "17", "", "Q017", "http://www.wikidata.org/entity/Q17"])
def test_what_is_no_id_here_is_nothing_and_no_error(authority: Authority, identifier: str) -> None:
    assert authority.entity(identifier) is None
    assert authority.names(identifier) == authority.externals(identifier) == authority.evidence(identifier) == ()


def test_redirects_are_followed_to_their_end(authority: Authority) -> None:
    assert authority.entity("Q900000001") == authority.entity("Q900000002") == JAPAN.entity
    assert authority.names("Q900000001") == authority.names("Q17")


def test_candidates_are_found_whatever_case_and_punctuation(authority: Authority) -> None:
    assert authority.candidates("Japan") == (Hit(JAPAN.entity, "Japan", exact=True),)
    assert authority.candidates(" JAPAN ") == (Hit(JAPAN.entity, "Japan", exact=False),)
    assert ids(authority.candidates("fumio-kishida")) == ["Q359480"]
    assert authority.candidates("nobody at all") == authority.candidates("…") == authority.candidates("") == ()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=10))
def test_an_acronym_is_one_word_of_few_letters_with_a_capital_and_no_small_one(text: str) -> None:
    form = cased(text)
    is_one = 2 <= len(form) <= 8 and form.isalnum() and form == form.upper() and form != form.lower()
    assert acronym_form(text) == (form if is_one else "")


@pytest.mark.parametrize(
    ("text", "found"),
    [("US", True), ("U.S.", True), ("us", False), ("Us", False), ("USA", True), ("usa", False)],
)
def test_an_acronym_matches_by_case(authority: Authority, text: str, found: bool) -> None:
    assert ids(authority.candidates(text)) == (["Q30"] if found else [])


@pytest.mark.parametrize(("text", "found"), [("NATO", True), ("Nato", True), ("nato", False), ("N.A.T.O.", True)])
def test_a_long_acronym_may_be_written_like_a_word(authority: Authority, text: str, found: bool) -> None:
    assert ids(authority.candidates(text)) == (["Q7184"] if found else [])


def test_exact_names_come_before_folded_ones_then_the_better_known_then_the_lower_number(tmp_path: Path) -> None:
    records = [
        Record(Entity("Q10", "georgia", prior=900), names("georgia")),
        Record(Entity("Q230", "Georgia", prior=300), names("Georgia")),
        Record(Entity("Q1428", "Georgia", prior=200), names("Georgia")),
        Record(Entity("Q7", "Georgia", prior=200), names("Georgia")),
    ]
    authority = open_authority(make_authority(tmp_path / "a", records))
    hits = authority.candidates("Georgia")
    assert [(hit.entity.id, hit.exact) for hit in hits] == [
        ("Q230", True),
        ("Q7", True),
        ("Q1428", True),
        ("Q10", False),
    ]
    assert ids(authority.candidates("Georgia", limit=2)) == ["Q230", "Q7"]


def test_suggestions_begin_with_the_prefix_and_the_best_known_comes_first(authority: Authority) -> None:
    assert ids(authority.suggest("ja")) == ["Q17", "Q274948"]
    assert ids(authority.suggest("nat")) == ["Q7184"]
    assert ids(authority.suggest("ni", type="outlet")) == ["Q1077694"]
    assert ids(authority.suggest("u", limit=1)) == ["Q30"]
    assert authority.suggest("") == ()


def test_all_names_are_given_in_order(authority: Authority) -> None:
    given_names = list(authority.all_names())
    assert given_names == sorted(given_names)
    assert ("Nikkei", "Q1077694", "alias", "en") in given_names
    assert len(given_names) == sum(len(record.names) for record in EVERYBODY)


def test_an_office_is_held_at_a_date(authority: Authority) -> None:
    assert authority.offices("Q359480") == (
        Office("Q274948", "Prime Minister of Japan", "Q17", "2021-10-04", "2024-10-01"),
    )
    assert authority.holders("Q274948", date(2024, 4, 9)) == authority.holders("Q274948") == (KISHIDA.entity,)
    assert authority.holders("Q274948", date(2021, 10, 3)) == authority.holders("Q274948", date(2025, 1, 1)) == ()


def test_an_id_elsewhere_leads_back(authority: Authority) -> None:
    assert [each.id for each in authority.by_external("domain", "nikkei.com")] == ["Q1077694"]
    assert authority.by_external("domain", "example.org") == ()


def test_a_pickled_authority_opens_the_file_again(authority: Authority) -> None:
    assert pickle.loads(pickle.dumps(authority)).entity("Q17") == JAPAN.entity  # noqa: S301 (our own bytes)


def test_an_open_authority_cannot_be_written_to(authority: Authority) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        authority._connection.execute("DELETE FROM entity")


def test_a_file_that_is_no_authority_is_refused_in_one_sentence(tmp_path: Path) -> None:
    missing, text, database, newer = (tmp_path / name for name in ("missing", "text", "database", "newer"))
    text.write_text("Q17 Japan\n" * 1000)
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE t (x)")
    make_authority(newer)
    with sqlite3.connect(newer) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    for path, sentence in (
        (missing, "There is no authority at"),
        (text, "is no authority"),
        (database, "is no authority"),
        (newer, "upgrade Pactgraph"),
    ):
        with pytest.raises(AuthorityError, match=sentence) as error:
            open_authority(path)
        assert error.value.path == path


def test_a_damaged_authority_is_an_error_and_never_no_match(tmp_path: Path) -> None:
    path = make_authority(tmp_path / "a")
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\x55" * (len(whole) - 4096))
    with pytest.raises(AuthorityError, match="cannot be read"):
        open_authority(path).candidates("Japan")


def test_equal_records_make_equal_bytes_in_any_order(tmp_path: Path) -> None:
    shuffled = list(EVERYBODY)
    random.Random(5).shuffle(shuffled)
    redirects = {"Q900000001": "Q17", "Q900000002": "Q30"}
    first = make_authority(tmp_path / "first", redirects=redirects)
    second = make_authority(tmp_path / "second", shuffled, dict(reversed(redirects.items())))
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second"]


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Indo-Pacific", "indo pacific"),
        ("U.S.", "us"),
        ("People’s  Republic", "peoples republic"),
        ("Straße", "strasse"),
        ("ＮＡＴＯ", "nato"),
        ("\u200fإسرائيل\u200f", "إسرائيل"),
        ("São Tomé", "são tomé"),
        ("…", ""),
    ],
)
def test_names_that_differ_in_case_punctuation_or_spacing_fold_to_one(text: str, folded: str) -> None:
    assert fold(text) == folded
