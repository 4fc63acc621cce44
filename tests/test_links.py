"""The links of a store follow its articles: whatever the way there, they are those of linking everything anew."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from authorities import EVERYBODY, EVIDENCE, make_authority, names
from pyoxigraph import NamedNode

from loader.document import Article, Document, Entity, EntityKind, ReportMode, Section, SourceNaming, Span, Statement
from loader.extraction import Extractor
from loader.linking.exchange import Text
from loader.linking.review import NAME, BadJudgement
from loader.linking.rows import DOUBT, Verdict
from loader.linking.sssom import read, rows
from loader.linking.writer import Record
from loader.links import follow, judge, link, link_texts
from loader.mapping.quads import contributions, quads
from loader.registry import Registry
from loader.storage.exports import export
from loader.storage.store import Store
from ontology.authority import Entity as Known
from ontology.authority import open_authority
from ontology.vocabulary import Mint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ontology.authority import Authority

MINT = Mint()
MATCH = NamedNode("http://www.w3.org/2004/02/skos/core#exactMatch")
JAPAN = Entity(EntityKind.STATE, "japan", "Japan", registered=True)
AUKUS = Entity(EntityKind.PARTNERSHIP, "aukus", "AUKUS", registered=True)
UNION = Record(
    Known("Q45670", "Maritime Union", "trade union", "organisation", country="Q17"),
    names("Maritime Union"),
    externals=(("viaf", "123"), ("domain", "union.example")),
    evidence=EVIDENCE,
)
ANN = Record(Known("Q77", "Ann Lee", "politician", "person", country="Q17"), names("Ann Lee"), evidence=EVIDENCE)
BODY = Entity(EntityKind.ORGANIZATION, "maritime-union", "Maritime Union", based_in=JAPAN)
TWIN = Entity(EntityKind.ORGANIZATION, "maritime-union-of-japan", "Maritime Union", based_in=JAPAN)
LONE = Entity(EntityKind.PERSON, "ann-lee", "Ann Lee")
HELD = Entity(EntityKind.PERSON, "ann-lee", "Ann Lee", affiliation=TWIN)
CLUB = Entity(EntityKind.ORGANIZATION, "rowing-club", "Rowing Club")
ROWER = Entity(EntityKind.PERSON, "ann-lee", "Ann Lee", affiliation=CLUB)
SEAT = Entity(EntityKind.ORGANIZATION, "rowing-club", "Rowing Club", based_in=JAPAN)
NOBODY = Entity(EntityKind.PERSON, "nobody-known", "Nobody Known")


def document(word: str, speaker: Entity) -> Document:
    """Make an article of one statement, by somebody."""
    span = Span(0, 1)
    said = Statement(
        span, ReportMode.INDIRECT, SourceNaming.NAMED, Section.BODY, cue=span, speakers=(speaker,), about=(AUKUS,)
    )
    return Document(Article(f"{word} it", "a.txt"), (said,))


ARTICLES = [
    document(word, speaker)
    for word, speaker in zip("abcdefghi", (BODY, TWIN, LONE, HELD, HELD, NOBODY, JAPAN, ROWER, SEAT), strict=True)
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    path = make_authority(tmp_path_factory.mktemp("authority") / "small.sqlite", (*EVERYBODY, UNION, ANN))
    with open_authority(path) as held:
        yield held


@pytest.fixture(scope="module")
def registry() -> Registry:
    kept = ("actor/japan>", "partnership/aukus>", "actor/nikkei>")
    facts = Registry.load().quads(MINT)
    return Registry([each for each in facts if str(each.subject).endswith(kept)])


def put(store: Store, *documents: Document) -> None:
    for each in documents:
        store.put(quads(each, store.mint), contributions(each, store.mint))


def iri(each: Document) -> str:
    return MINT.article(each.article.text, each.article.url)


def shown(path: Path) -> tuple[str, bytes]:
    """Return the review file and the export of a store."""
    out = path.with_name(path.name + ".nq")
    export(path, out)
    return (path / NAME).read_text(encoding="utf-8"), out.read_bytes()


def anew(path: Path, documents: Iterable[Document], registry: Registry, authority: Authority) -> tuple[str, bytes]:
    """Return what linking everything at once makes of some articles."""
    with Store.open(path, registry=registry) as store:
        put(store, *documents)
        link(store, registry, authority)
    return shown(path)


def verdicts(path: Path) -> dict[str, tuple[Verdict, str]]:
    found, problems = read((path / NAME).read_text(encoding="utf-8"), NAME, MINT)
    assert not problems
    return {row.subject.rpartition("/")[2]: (row.verdict, row.target) for row in found}


@pytest.mark.parametrize("seed", range(5))
def test_links_that_follow_are_those_of_linking_anew_whatever_the_way_there(
    seed: int, tmp_path: Path, registry: Registry, authority: Authority
) -> None:
    chance = random.Random(seed)
    here: set[int] = set()
    for _ in range(6):
        with Store.open(tmp_path / "store", registry=registry) as store:
            for at in chance.sample(range(len(ARTICLES)), chance.randint(1, 3)):
                if at in here:
                    store.unload(iri(ARTICLES[at]))
                else:
                    put(store, ARTICLES[at])
                here ^= {at}
            if chance.random() < 0.7:
                follow(store, registry, authority)
    with Store.open(tmp_path / "store", registry=registry) as store:
        follow(store, registry, authority)
        assert not store.decisions.awaited()
        assert follow(store, registry, authority) is None
        store.publish()
    rest = [ARTICLES[at] for at in sorted(here, reverse=True)]
    assert shown(tmp_path / "store") == anew(tmp_path / "other", rest, registry, authority)


def test_a_name_that_two_claim_is_nobodys_until_one_of_them_is_gone(
    tmp_path: Path, registry: Registry, authority: Authority
) -> None:
    path, (first, second, *_) = tmp_path / "store", ARTICLES
    with Store.open(path, registry=registry) as store:
        put(store, first)
        follow(store, registry, authority)
        assert verdicts(path)["maritime-union"] == (Verdict.ACCEPTED, "Q45670")
        put(store, second)
        follow(store, registry, authority)
        assert verdicts(path)["maritime-union"] == (Verdict.CANDIDATE, "Q45670")
        assert {row.comment for row in rows(store.quads(MINT.links_graph), MINT) if row.target == "Q45670"} == {DOUBT}
        store.unload(iri(first))
        follow(store, registry, authority)
        assert verdicts(path)["maritime-union-of-japan"] == (Verdict.ACCEPTED, "Q45670")
        assert "maritime-union" not in verdicts(path)


def test_a_person_is_judged_anew_when_articles_tell_where_their_body_sits(
    tmp_path: Path, registry: Registry, authority: Authority
) -> None:
    with Store.open(tmp_path / "store", registry=registry) as store:
        put(store, ARTICLES[7])
        follow(store, registry, authority)
        assert verdicts(tmp_path / "store")["ann-lee"] == (Verdict.CANDIDATE, "Q77")
        put(store, ARTICLES[8])
        follow(store, registry, authority)
        assert verdicts(tmp_path / "store")["ann-lee"] == (Verdict.ACCEPTED, "Q77")


def test_links_of_an_actor_that_no_article_names_any_more_are_gone_with_their_ids_elsewhere(
    tmp_path: Path, registry: Registry, authority: Authority
) -> None:
    body = f"{MINT.base}actor/maritime-union"
    with Store.open(tmp_path / "store", registry=registry) as store:
        put(store, ARTICLES[0])
        follow(store, registry, authority)
        assert store.quads(MINT.registry_graph, body, MATCH)
        assert "123" in str(store.decisions.on(body))
        store.unload(iri(ARTICLES[0]))
        follow(store, registry, authority)
        assert not store.quads(MINT.registry_graph, body)
        assert not store.decisions.on(body)


def test_a_persons_word_on_an_actor_waits_in_the_file_while_no_article_names_it(
    tmp_path: Path, registry: Registry, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Registry, "load", lambda: registry)
    path, nobody = tmp_path / "store", f"{MINT.base}actor/nobody-known"
    anew(path, ARTICLES[5:6], registry, authority)
    judge(path, MINT.base, "actor/nobody-known", "accepted", "Q45670", "reviewer:me", authority)
    with Store.open(path, registry=registry) as store:
        assert "123" in str(store.decisions.on(nobody))  # its id elsewhere is there at once
        store.unload(iri(ARTICLES[5]))
        follow(store, registry, authority)
        assert not store.decisions.on(nobody)
        assert not store.quads(MINT.registry_graph, nobody)
        assert verdicts(path)["nobody-known"] == (Verdict.ACCEPTED, "Q45670")
        put(store, ARTICLES[5])
        follow(store, registry, authority)
        assert store.quads(MINT.registry_graph, nobody, MATCH)


@pytest.mark.parametrize("is_same", [True, False], ids=["the store's authority", "another authority"])
def test_what_a_person_accepts_has_its_ids_elsewhere_at_once_and_takes_the_id_from_the_machine(
    is_same: bool, tmp_path: Path, registry: Registry, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Registry, "load", lambda: registry)
    path = tmp_path / "store"
    anew(path, (ARTICLES[0], ARTICLES[5]), registry, authority)
    assert verdicts(path)["maritime-union"] == (Verdict.ACCEPTED, "Q45670")
    other = make_authority(tmp_path / "other.sqlite", (UNION,), name="other")
    offered = authority if is_same else open_authority(other)
    judge(path, MINT.base, "actor/nobody-known", "accepted", "Q45670", "reviewer:me", offered)
    with Store.open(path) as store:
        assert "123" in str(store.decisions.on(f"{MINT.base}actor/nobody-known"))
        assert "123" not in str(store.decisions.on(f"{MINT.base}actor/maritime-union"))
    assert verdicts(path)["maritime-union"] == (Verdict.CANDIDATE, "Q45670")
    judge(path, MINT.base, "actor/nobody-known", "rejected", "Q45670", "reviewer:me", offered)
    assert verdicts(path)["maritime-union"] == (Verdict.ACCEPTED, "Q45670")
    with pytest.raises(BadJudgement):
        judge(path, MINT.base, "actor/not-here", "accepted", "Q1", "reviewer:me", offered)


def test_a_review_that_was_edited_by_hand_is_read_again(
    tmp_path: Path, registry: Registry, authority: Authority
) -> None:
    path = tmp_path / "store"
    text, _ = anew(path, ARTICLES, registry, authority)
    (line,) = (line for line in text.splitlines() if line.startswith("actor:japan\t"))
    judged = line.split("\t")
    judged[3], judged[-3] = "Not", "reviewer:me"
    (path / NAME).write_text(text.replace(line, "\t".join(judged)), encoding="utf-8")
    with Store.open(path, registry=registry) as store:
        assert follow(store, registry, authority) is not None
        assert not store.quads(MINT.registry_graph, f"{MINT.base}actor/japan", MATCH)
        assert follow(store, registry, authority) is None


def test_a_review_that_cannot_be_read_whole_is_kept_beside_the_one_that_is_written(
    tmp_path: Path, registry: Registry, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Registry, "load", lambda: registry)
    path = tmp_path / "store"
    text, _ = anew(path, ARTICLES, registry, authority)
    mine = "actor:japan\tJapan\tskos:nearlyMatch\t\twd:Q17\t\t\t\t\t\t\t\treviewer:me\t\tnobody shall lose this\n"
    (path / NAME).write_text(text + mine, encoding="utf-8")
    problems = judge(path, MINT.base, "actor/nobody-known", "nil", "", "reviewer:me", authority)
    assert [problem.line for problem in problems] == [len(text.splitlines()) + 1, None]
    (aside,) = path.glob("links.*.sssom.tsv")
    assert aside.read_text(encoding="utf-8") == text + mine
    assert aside.name in problems[1].message
    assert "nearlyMatch" not in (path / NAME).read_text(encoding="utf-8")
    assert verdicts(path)["nobody-known"] == (Verdict.NIL, "")


def test_links_by_another_authority_stay_and_only_those_of_actors_that_are_gone_go(
    tmp_path: Path, registry: Registry, authority: Authority
) -> None:
    path = tmp_path / "store"
    anew(path, ARTICLES[:2], registry, authority)
    with (
        open_authority(make_authority(tmp_path / "other.sqlite", (), name="other")) as other,
        Store.open(path, registry=registry) as store,
    ):
        store.unload(iri(ARTICLES[0]))
        put(store, ARTICLES[5])
        done = follow(store, registry, other)
        assert done is not None
        assert done.other == "test"
        assert verdicts(path)["maritime-union-of-japan"] == (Verdict.ACCEPTED, "Q45670")
        assert "maritime-union" not in verdicts(path)
        assert store.decisions.awaited() == (f"{MINT.base}actor/nobody-known",)
        follow(store, registry, authority)
        assert not store.decisions.awaited()
    assert shown(path) == anew(tmp_path / "fresh", (ARTICLES[5], ARTICLES[1]), registry, authority)


def test_rows_come_back_out_of_the_graph_as_they_went_in(
    tmp_path: Path, registry: Registry, authority: Authority
) -> None:
    anew(tmp_path / "store", ARTICLES, registry, authority)
    text = (tmp_path / "store" / NAME).read_text(encoding="utf-8")
    with Store.open(tmp_path / "store", registry=registry) as store:
        assert rows(store.quads(MINT.links_graph), MINT) == read(text, NAME, MINT)[0]


# ---- texts


def test_a_text_without_a_word_has_no_links(authority: Authority) -> None:
    texts = [Text("empty", " \n ", 1), Text("a", "Japan spoke", 2)]
    found = dict(each for each in link_texts(texts, authority, given=False) if isinstance(each, tuple))
    assert [len(found[text]) for text in texts] == [0, 1]


def test_no_other_error_of_reading_a_text_is_taken_for_a_lack_of_words(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_: object) -> None:
        message = "another fault"
        raise ValueError(message)

    monkeypatch.setattr(Extractor, "read_all", break_off)
    with pytest.raises(ValueError, match="another fault"):
        list(link_texts([Text("a", "Japan spoke", 1)], authority, given=False))
