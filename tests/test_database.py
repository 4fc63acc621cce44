"""One writer to a store at a time, who leaves whole articles however it ends; and stores that cannot be used."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest
from pyoxigraph import NamedNode, Quad
from storing import JAPAN, MINT, child, document, exported, loaded, person, put

from loader.mapping.quads import contributions, quads
from loader.storage.database import Damaged
from loader.storage.exports import snapshot
from loader.storage.store import Change, Store
from ontology.layout import Layout, NewerStore, StoreError, StoreLocked

if TYPE_CHECKING:
    from pathlib import Path

# ---- one writer


def test_a_second_writer_waits_and_is_then_told_who_writes(tmp_path: Path) -> None:
    path = tmp_path / "store"
    writer = child(
        """
        with Store.open(Path(sys.argv[1])) as store:
            print("open", flush=True)
            sys.stdin.read()
        """,
        path,
        stdin=subprocess.PIPE,
    )
    assert writer.stdout
    assert writer.stdin
    assert writer.stdout.readline() == "open\n"
    with pytest.raises(StoreLocked, match=f"process {writer.pid}") as caught, Store.open(path, wait=0.2):
        pass
    assert caught.value.pid == writer.pid
    threading.Timer(0.3, writer.stdin.close).start()
    with Store.open(path, wait=60) as store:
        assert put(store, document("a")) == [Change.ADDED]
    assert writer.wait(60) == 0
    writer.stdout.close()


def test_readers_go_on_while_a_writer_writes(tmp_path: Path) -> None:
    path = tmp_path / "store"
    loaded(path, [document("a")])
    with Store.open(path) as store:
        put(store, document("b"))
        with snapshot(path) as (reader, _):
            assert len(list(reader.quads_for_pattern(None, None, None, NamedNode(MINT.graph(MINT.article("b")))))) == 0
            store.publish()
            assert len(list(reader.quads_for_pattern(None, None, None, NamedNode(MINT.graph(MINT.article("b")))))) == 0
        with snapshot(path) as (reader, _):
            assert len(list(reader.quads_for_pattern(None, None, None, NamedNode(MINT.graph(MINT.article("b")))))) > 0


def test_a_long_run_shows_its_articles_before_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with Store.open(path) as store, store.run(every=0.1):
        put(store, document("a"))
        end = time.monotonic() + 20
        while Layout(path).current_number() is None and time.monotonic() < end:
            time.sleep(0.02)
        with snapshot(path) as (reader, _):
            assert reader.contains_named_graph(NamedNode(MINT.graph(MINT.article("a"))))


def test_what_a_run_stored_before_it_was_broken_off_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "store"

    def broken_off() -> None:
        with Store.open(path) as store, store.run():
            put(store, document("a"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert MINT.article("a").encode() in exported(path)


@pytest.mark.parametrize("seconds", [0.05, 0.4, 0.9])
def test_a_writer_killed_at_any_moment_leaves_whole_articles(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "store"
    writer = child(
        """
        with Store.open(Path(sys.argv[1])) as store, store.run(every=0.1):
            print("open", flush=True)
            for number in range(10_000):
                t.put(store, t.document(f"{number} b", t.JAPAN, t.person("Ann Lee")))
        """,
        path,
    )
    assert writer.stdout
    assert writer.stdout.readline() == "open\n"
    time.sleep(seconds)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    with Store.open(path) as store:
        number = 0
        while store.put(*whole(f"{number} b")) is Change.UNCHANGED:
            number += 1
        store.unload(MINT.article(f"{number} b"))
        store.publish()
    # the store is that of a writer who loaded so many articles and stopped
    expected = loaded(tmp_path / "other", (document(f"{n} b", JAPAN, person("Ann Lee")) for n in range(number)))
    assert exported(path) == expected


def test_a_very_large_article_is_stored_as_any_other_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [document("a b", JAPAN, person("Ann Lee")), document("c")]
    expected = loaded(tmp_path / "one", documents)
    monkeypatch.setattr("loader.storage.database._LARGE", 10)
    assert loaded(tmp_path / "other", documents) == expected
    with Store.open(tmp_path / "other") as store:
        assert put(store, documents[0]) == [Change.UNCHANGED]


def test_a_very_large_article_that_breaks_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store"
    before = loaded(path, [document("c")])
    monkeypatch.setattr("loader.storage.database._LARGE", 10)
    monkeypatch.setattr("loader.storage.database.SLICE", 3)
    made, namings = whole("a b")

    class BrokenOff(Exception):
        pass

    def break_off(count: int) -> None:
        if count > 5:
            raise BrokenOff

    with Store.open(path) as store:
        bulk = store._database.bulk
        monkeypatch.setattr(store._database, "bulk", lambda quads: bulk(quads, break_off))
        with pytest.raises(BrokenOff):
            store.put(made, namings)
    assert exported(path) == before


def whole(text: str) -> tuple[list[Quad], object]:
    """Map a document with a person whom the registry lacks."""
    made = document(text, JAPAN, person("Ann Lee"))
    return quads(made, MINT), contributions(made, MINT)


# ---- stores that cannot be used


def test_a_store_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store"
    loaded(path, [])
    Layout(path).format.write_text("pactgraph-store 99\n")
    with pytest.raises(NewerStore, match="upgrade Pactgraph"), Store.open(path):
        pass


def test_a_file_in_the_place_of_a_store_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.write_text("not a store")
    for place in (path, path / "below"):
        with pytest.raises(StoreError, match=r"is a file|Not a directory"), Store.open(place):
            pass
    assert path.read_text() == "not a store"


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="not empty"), Store.open(tmp_path):
        pass


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_store_that_may_not_be_written_says_so(tmp_path: Path) -> None:
    path = tmp_path / "store"
    loaded(path, [])
    for folder in (tmp_path, *tmp_path.parents):
        folder.chmod(folder.stat().st_mode | 0o055)
    code = """
    os.setegid(65534)
    os.seteuid(65534)
    try:
        with Store.open(Path(sys.argv[1]), wait=0):
            print("opened")
    except StoreError as error:
        print(error)
    """
    for place in (path, tmp_path / "new"):
        told, _ = child(code, place).communicate(timeout=60)
        assert "cannot be written (Permission denied)" in told


def test_a_damaged_database_says_so_and_where_the_last_whole_snapshot_is(tmp_path: Path) -> None:
    path = tmp_path / "store"
    loaded(path, [document("a")])
    (Layout(path).data / "CURRENT").write_text("rubbish\n")
    with pytest.raises(Damaged, match=r"is damaged .* last whole snapshot is .*snapshots"), Store.open(path):
        pass


def test_a_full_disk_says_so_and_keeps_what_was_loaded(tmp_path: Path) -> None:
    path = tmp_path / "store"
    loaded(path, [document("first", JAPAN)])
    writer = child(
        """
        try:
            with Store.open(Path(sys.argv[1])) as store, store.run():
                for number in range(10_000):
                    t.put(store, t.document(f"{number} b", t.JAPAN))
                    t.filled(number)
        except DiskFull as error:
            print(number, error)
        """,
        path,
    )
    told, _ = writer.communicate(timeout=120)
    number, sentence = told.split(" ", 1)
    assert "what was loaded before stays" in sentence
    with Store.open(path) as store:
        store.publish()
    kept = [document("first", JAPAN), *(document(f"{each} b", JAPAN) for each in range(int(number)))]
    assert exported(path) == loaded(tmp_path / "other", kept)
