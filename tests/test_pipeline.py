"""The steps in order, over real files and a real store; extraction is a toy where its quality does not matter."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pyoxigraph import RdfFormat, parse
from storing import MINT, child, exported

from loader.articles import Options, defaults, read_articles
from loader.document import (
    Article,
    Certainty,
    Document,
    Entity,
    EntityKind,
    Membership,
    MembershipStatus,
    ReportMode,
    Section,
    SourceNaming,
    Span,
    Statement,
)
from loader.mapping.namesakes import distinguish
from loader.pipeline import Form, Settings, confident, extract, load
from loader.processes import Plan
from loader.registry import Registry
from loader.storage.exports import Unexportable, snapshot
from loader.storage.store import Store
from loader.summary import Outcome, Summary
from ontology.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

REGISTRY = Registry.load()
JAPAN = REGISTRY.entity("actor/japan")
AUKUS = REGISTRY.entity("partnership/aukus")


class Toy:
    """Reads "NAME says WORDS" lines; a line "die", "raise", "sleep N" or "odd" does what it says."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def read_all(self, articles: Iterable[Article]) -> Iterator[Document]:
        for article in articles:
            yield Document(article, tuple(self._statements(article.text)))

    def _statements(self, text: str) -> Iterator[Statement]:
        start = 0
        for line in text.split("\n"):
            if line == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if line == "raise":
                raise IndexError(line)
            if line.startswith("sleep "):
                time.sleep(float(line.split()[1]))
            name, says, words = line.partition(" says ")
            if says:
                yield self._statement(start, name, words)
            start += len(line) + 1

    def _statement(self, start: int, name: str, words: str) -> Statement:
        match = self.registry.find(name)
        person = Entity(EntityKind.PERSON, name.lower().replace(" ", "-"), name)
        cue = start + len(name) + 1
        return Statement(
            Span(cue + 5, cue + 5 + len(words)),
            ReportMode.INDIRECT,
            SourceNaming.NAMED,
            Section.BODY,
            cue=Span(cue, cue + 4),
            speakers=(match.entity if match else person,),
            certainty=Certainty.POSSIBLE if words == "odd" else Certainty.CERTAIN,  # without a hedge: no shape takes it
            confidence=0.5 if words == "perhaps" else 0.9,
        )


TOY = Settings(extractor=Toy)
PLANS = [Plan(workers=1), Plan(workers=1, items=1), Plan(workers=2, items=2)]


def write(folder: Path, **texts: str) -> Path:
    """Write articles, each with a title before its lines."""
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(f"Title of {name}\n{text}\n")
    return folder


def loaded(store: Path, *paths: Path, plan: Plan | None = None, settings: Settings = TOY, **options: Any) -> Summary:
    """Load files into a store."""
    articles = read_articles(paths, options=Options(**options))
    with Store.open(store, registry=REGISTRY) as opened:
        return load(articles, opened, settings=settings, plan=plan)


def problems(summary: Summary) -> list[str]:
    """Return the problems with the names of their files alone."""
    return [f"{problem.source.rsplit('/', 1)[-1]}: {problem.message}" for problem in summary.problems]


# ---- loading


def test_articles_of_a_folder_are_loaded_and_counted(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="Japan says yes\nAnn Lee says no", b="Japan says well")
    summary = loaded(tmp_path / "store", folder)
    assert (summary.read, summary.added, summary.statements, summary.problems) == (2, 2, 3, ())
    assert summary.is_whole
    with snapshot(tmp_path / "store") as (store, _):
        assert summary.quads == sum(
            len(list(store.quads_for_pattern(None, None, None, graph)))
            for graph in store.named_graphs()
            if MINT.article_of(graph.value)
        )


def test_the_same_folder_twice_changes_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="Japan says yes\nAnn Lee says no", b="Japan says well")
    loaded(tmp_path / "store", folder)
    before, number = exported(tmp_path / "store", provenance=True), Layout(tmp_path / "store").current_number()
    again = loaded(tmp_path / "store", folder)
    assert (again.unchanged, again.added, again.statements) == (2, 0, 3)
    assert (exported(tmp_path / "store", provenance=True), Layout(tmp_path / "store").current_number()) == (
        before,
        number,
    )


@pytest.mark.parametrize("plan", PLANS)
def test_neither_order_nor_workers_nor_batches_change_the_bytes(tmp_path: Path, plan: Plan) -> None:
    texts = {f"n{number}": f"Ann Lee says {number}\nJapan says {number % 3}" for number in range(12)}
    folder = write(tmp_path / "in", **texts)
    files = sorted(folder.iterdir())
    loaded(tmp_path / "one", folder, plan=Plan())
    loaded(tmp_path / "two", *reversed(files), plan=plan)
    assert exported(tmp_path / "two") == exported(tmp_path / "one")


@pytest.mark.parametrize("plan", PLANS)
def test_problems_are_told_in_the_order_of_the_input(tmp_path: Path, plan: Plan) -> None:
    folder = write(
        tmp_path / "in", a="Japan says odd", b="Japan says yes", c="raise", d="Japan says odd", e="x says yes"
    )
    (folder / "f.txt").write_bytes(b"")
    summary = loaded(tmp_path / "store", folder, plan=plan)
    assert (summary.read, summary.added, summary.refused, summary.failed) == (6, 2, 2, 2)
    told = problems(summary)
    assert [each[0] for each in told] == ["a", "c", "d", "f"]
    assert "It breaks the shapes: https://pactgraph.example/article/" in told[0]
    assert told[1].startswith("c.txt: It could not be read: IndexError: raise (test_pipeline.py:")
    assert not summary.is_whole


def test_an_article_that_breaks_a_shape_stores_nothing_and_leaves_what_was_there(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="Japan says yes")
    loaded(tmp_path / "store", folder)
    before = exported(tmp_path / "store")
    write(folder, b="Japan says yes\nAnn Lee says odd")
    summary = loaded(tmp_path / "store", folder)
    assert (summary.unchanged, summary.refused) == (1, 1)
    assert exported(tmp_path / "store") == before
    (sentence,) = problems(summary)
    focus, words = sentence.split(": ", 2)[2].rsplit(": ", 1)
    assert focus.startswith("https://pactgraph.example/article/")
    assert "hedge" in words


@pytest.mark.parametrize("items", [1, 8])
def test_an_article_that_kills_its_process_or_hangs_costs_nothing_else(tmp_path: Path, items: int) -> None:
    folder = write(tmp_path / "in", a="Japan says a", b="die", c="Japan says c", d="sleep 60", e="Japan says e")
    summary = loaded(tmp_path / "store", folder, plan=Plan(workers=2, seconds=3.0, items=items))
    assert (summary.added, summary.failed) == (3, 2)
    told = problems(summary)
    assert told[0].startswith("b.txt: The process that read it was killed (SIGKILL)")
    assert told[1].startswith("d.txt: It was skipped: reading it took longer than 3 s")


def test_of_an_article_that_takes_too_long_in_this_process_nothing_is_stored(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="Japan says a", d="sleep 60", e="Japan says e")
    summary = loaded(tmp_path / "store", folder, plan=Plan(workers=1, seconds=1.0))
    assert (summary.added, summary.failed, summary.is_whole) == (2, 1, False)
    (folder / "d.txt").unlink()
    loaded(tmp_path / "other", folder)
    assert exported(tmp_path / "store") == exported(tmp_path / "other")


def test_an_article_that_comes_twice_is_loaded_once_and_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="Japan says yes")
    (folder / "b.txt").write_bytes((folder / "a.txt").read_bytes())
    summary = loaded(tmp_path / "store", folder)
    assert (summary.added, summary.duplicate, summary.read) == (1, 1, 2)
    assert problems(summary) == [
        "b.txt: It is the same text at the same address as an article before it; only the first was taken."
    ]
    assert summary.is_whole


def test_a_changed_text_of_the_same_address_is_a_revision(tmp_path: Path) -> None:
    lines = tmp_path / "in.jsonl"
    record = {"title": "T", "text": "Japan says yes", "url": "https://example.org/a", "date": "2024-03-06"}
    lines.write_text(json.dumps(record) + "\n" + json.dumps({**record, "text": "Japan says no", "date": "2024-03-07"}))
    summary = loaded(tmp_path / "store", lines)
    assert (summary.added, summary.revised) == (1, 1)
    assert b"wasRevisionOf" in exported(tmp_path / "store")


def test_the_publisher_is_the_registrys_outlet_or_a_new_one(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="Japan says yes")
    afp = REGISTRY.entity("actor/afp")
    assert afp
    for outlet, slug in (
        ("Agence France-Presse", "afp"),
        ("The Norland Post", "the-norland-post"),
        ("Japan", "japan-outlet"),
    ):
        store = tmp_path / slug
        assert loaded(store, folder, defaults=defaults(outlet=outlet)).added == 1
        assert f"<https://schema.org/publisher> <https://pactgraph.example/actor/{slug}>".encode() in exported(store)


def test_a_confidence_that_is_too_low_leaves_the_statement_out(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="Japan says perhaps\nJapan says yes")
    assert loaded(tmp_path / "store", folder, settings=replace(TOY, least=0.6)).statements == 1
    assert loaded(tmp_path / "other", folder, settings=TOY).statements == 2


def test_what_rests_on_a_statement_goes_with_it() -> None:
    assert JAPAN
    assert AUKUS
    sure = Statement(Span(0, 3), ReportMode.NARRATOR, SourceNaming.NONE, Section.BODY, confidence=0.9)
    unsure = replace(sure, content=Span(4, 6), confidence=0.1, restates=(sure.key,))
    other = replace(sure, content=Span(4, 7), confidence=None, restates=(unsure.key, sure.key))
    members = tuple(Membership(JAPAN, AUKUS, MembershipStatus.MEMBER, each.key) for each in (sure, unsure))
    cut = confident(Document(Article("She said it", "a.txt"), (sure, unsure, other), members), 0.5)
    assert [statement.content for statement in cut.statements] == [Span(0, 3), Span(4, 7)]
    assert cut.statements[1].restates == (sure.key,)
    assert cut.memberships == members[:1]


def test_a_namesake_of_the_registry_is_another_actor() -> None:
    assert JAPAN
    person = Entity(EntityKind.PERSON, "japan", "Japan", affiliation=Entity(EntityKind.STATE, "japan", "Japan"))
    statement = Statement(Span(0, 3), ReportMode.NARRATOR, SourceNaming.NONE, Section.BODY, involves=(person, JAPAN))
    document = distinguish(Document(Article("She said it", "a.txt"), (statement,)), REGISTRY)
    other, same = document.statements[0].involves
    assert (other.path, other.affiliation) == ("actor/japan-person", JAPAN)
    assert same is JAPAN


def test_outcomes_are_told_one_after_another(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="Japan says yes", b="Japan says odd")
    told: list[Outcome] = []
    with Store.open(tmp_path / "store", registry=REGISTRY) as store:
        load(read_articles([folder]), store, settings=TOY, told=told.append)
    assert told == [Outcome.ADDED, Outcome.REFUSED]


def test_a_long_input_is_read_as_it_is_needed(tmp_path: Path) -> None:
    taken = 0

    def articles() -> Iterator[Article]:
        nonlocal taken
        for number in range(80):
            taken += 1
            yield Article(f"Title\nJapan says {number}", "in.txt", line=number + 1)

    ahead: list[int] = []
    with Store.open(tmp_path / "store", registry=REGISTRY) as store:
        done = iter(range(80))
        load(
            articles(),
            store,
            settings=TOY,
            plan=Plan(workers=2, items=2),
            told=lambda _: ahead.append(taken - next(done)),
        )
    assert max(ahead) < 40


def test_a_load_that_is_killed_leaves_whole_articles_and_can_be_run_again(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", **{f"n{number:03}": f"Ann Lee says {number}" for number in range(30)})
    process = child(
        """
        import test_pipeline as p
        p.loaded(Path(sys.argv[1]), Path(sys.argv[2]), plan=p.Plan(workers=1))
        """,
        tmp_path / "store",
        folder,
    )
    end = time.monotonic() + 60
    while Layout(tmp_path / "store").current_number() is None and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout
    process.stdout.close()
    summary = loaded(tmp_path / "store", folder)
    assert summary.added + summary.unchanged == 30
    loaded(tmp_path / "other", folder)
    assert exported(tmp_path / "store") == exported(tmp_path / "other")


# ---- extracting


def extracted(out: Path, *paths: Path, settings: Settings = TOY, plan: Plan | None = None) -> Summary:
    """Extract files into a folder."""
    return extract(read_articles(paths), out, settings=settings, plan=plan)


def test_each_file_of_one_article_gives_a_record_of_its_name(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="Japan says yes\nJapan says odd", b="nothing")
    summary = extracted(tmp_path / "out", folder, settings=replace(TOY, form=Form.RECORD))
    assert (summary.written, summary.statements) == (2, 2)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.json", "b.json"]
    found = json.loads((tmp_path / "out" / "a.json").read_text())
    assert [statement["text"] for statement in found["statements"]] == ["yes", "odd"]
    assert set(found) == {"meta", "statements", "memberships", "times", "boilerplate"}


def test_each_record_of_a_file_of_many_gives_one_of_its_identifier(tmp_path: Path) -> None:
    lines = tmp_path / "in.jsonl"
    records = [
        {"id": name, "title": f"T{n}", "text": "Japan says yes"} for n, name in enumerate(["x", "a/../b", "..", None])
    ]
    lines.write_text("".join(json.dumps(record) + "\n" for record in records))
    summary = extracted(tmp_path / "out", lines, settings=replace(TOY, form=Form.RECORD))
    assert summary.written == 4
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    hashed = [MINT.article(f"T{n}\nJapan says yes").rsplit("/", 1)[1] + ".json" for n in (2, 3)]
    assert names == sorted(["x.json", "a%2F..%2Fb.json", *hashed])


def test_two_outputs_of_one_name_are_an_error_of_the_second(tmp_path: Path) -> None:
    first, second = write(tmp_path / "one", a="Japan says yes"), write(tmp_path / "two", a="Japan says no")
    summary = extracted(tmp_path / "out", first, second, settings=replace(TOY, form=Form.RECORD))
    assert (summary.written, summary.refused) == (1, 1)
    assert problems(summary) == [f"a.txt: Its output would be a.json, which is that of {first / 'a.txt'} already."]
    assert "yes" in (tmp_path / "out" / "a.json").read_text()


def test_quads_are_written_as_they_would_be_stored_and_held_against_the_shapes(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="Japan says yes", b="Japan says odd")
    summary = extracted(tmp_path / "out", folder)
    assert (summary.written, summary.refused) == (1, 1)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.nq"]
    loaded(tmp_path / "store", folder)
    lines = (tmp_path / "out" / "a.nq").read_bytes().splitlines()
    assert set(lines) <= set(exported(tmp_path / "store").splitlines())
    assert len(list(parse(path=str(tmp_path / "out" / "a.nq"), format=RdfFormat.N_QUADS))) == summary.quads


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="Japan says yes")
    with pytest.raises(Unexportable, match="cannot be written: Not a directory"):
        extracted(folder / "a.txt" / "out", folder)


# ---- with the extractor itself


def test_the_seed_article_goes_all_the_way(tmp_path: Path, seed: Path) -> None:
    summary = loaded(tmp_path / "store", seed, settings=Settings())
    assert (summary.added, summary.problems) == (1, ())
    assert summary.statements > 10
    again = loaded(tmp_path / "store", seed, settings=Settings(), plan=Plan(workers=2))
    assert again.unchanged == 1
