"""The store's directory: who may write, what a reader holds, and what is removed when."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ontology.layout import VERSION, Layout, NewerStore, NoStore, StoreError, StoreLocked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "store")
    layout.create()
    return layout


def publish(layout: Layout) -> int:
    """Publish a snapshot that holds a file with its number."""
    number = layout.next_number()
    layout.snapshot(number).mkdir()
    (layout.snapshot(number) / "number").write_text(str(number))
    layout.publish(number)
    return number


def there(layout: Layout) -> set[str]:
    return {path.name for path in layout.snapshots.iterdir()}


class Process:
    """A Python process that runs code with ``layout`` at hand, says a line when it is ready, and waits to be told."""

    def __init__(self, layout: Layout, code: str) -> None:
        head = "import sys\nfrom pathlib import Path\nfrom ontology.layout import Layout\n"
        head += f"layout = Layout(Path({str(layout.root)!r}))\n"
        self.process = subprocess.Popen(
            [sys.executable, "-c", head + code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> str:
        out, _ = self.process.communicate("go\n", timeout=60)
        assert self.process.returncode == 0
        return out.strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


HOLD_A_LEASE = """
with layout.lease() as folder:
    print(folder.name, flush=True)
    sys.stdin.readline()
    print((folder / "number").read_text())
"""
HOLD_THE_LOCK = """
with layout.writer():
    print("locked", flush=True)
    sys.stdin.readline()
"""


# ---- a new store, and what is none


def test_a_new_store_names_its_layout_and_has_no_snapshot(layout: Layout) -> None:
    assert layout.format.read_text() == f"pactgraph-store {VERSION}\n"
    assert layout.current_number() is None
    assert {path.name for path in layout.root.iterdir()} == {"format", "snapshots"}


def test_making_a_store_that_is_there_changes_nothing(layout: Layout) -> None:
    number = publish(layout)
    layout.create()
    assert layout.current_number() == number
    with layout.lease() as folder:
        assert folder == layout.snapshot(number)


def test_an_empty_directory_becomes_a_store(tmp_path: Path) -> None:
    Layout(tmp_path).create()
    Layout(tmp_path).check()


def test_a_directory_of_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StoreError, match="is not empty and holds no Pactgraph store"):
        Layout(tmp_path).create()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_refused_as_a_store(tmp_path: Path) -> None:
    file = tmp_path / "store"
    file.write_text("a file")
    with pytest.raises(StoreError, match="is a file and no directory"):
        Layout(file).create()
    with pytest.raises(NoStore, match="There is no store at"):
        Layout(file).check()


def test_where_nothing_is_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(NoStore, match=r"There is no store at .*; make one with `pactgraph load`") as caught:
        Layout(tmp_path / "nowhere").check()
    assert caught.value.path == tmp_path / "nowhere"
    with pytest.raises(NoStore), Layout(tmp_path / "nowhere").lease():
        pass


@pytest.mark.parametrize(
    "content", [b"", b"sqlite 3\n", b"pactgraph-store\n", b"pactgraph-store 0", b"\xff\xfe\x00", b"a b c"]
)
def test_a_format_of_something_else_is_no_store(layout: Layout, content: bytes) -> None:
    layout.format.write_bytes(content)
    with pytest.raises(StoreError, match="does not name a Pactgraph store"):
        layout.check()


def test_a_newer_layout_is_refused_by_readers_and_writers(layout: Layout) -> None:
    publish(layout)
    layout.format.write_text(f"pactgraph-store {VERSION + 1}\n")
    with pytest.raises(NewerStore, match="upgrade Pactgraph"), layout.lease():
        pass
    with pytest.raises(NewerStore, match="upgrade Pactgraph"):
        layout.create()


def test_many_processes_may_make_one_store_at_once(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "deep" / "store")
    code = "print('ready', flush=True)\nsys.stdin.readline()\nlayout.create()\nlayout.check()"
    makers = [Process(layout, code) for _ in range(4)]
    assert [maker.line() for maker in makers] == ["ready"] * 4
    for maker in makers:
        assert maker.process.stdin is not None
        maker.process.stdin.write("go\n")
        maker.process.stdin.flush()
    assert [maker.end() for maker in makers] == [""] * 4
    assert {path.name for path in layout.root.iterdir()} == {"format", "snapshots"}


def test_many_threads_may_make_one_store_at_once(tmp_path: Path) -> None:
    for attempt in range(20):
        layout, start = Layout(tmp_path / str(attempt)), threading.Barrier(4)

        def make(layout: Layout = layout, start: threading.Barrier = start) -> None:
            start.wait()
            layout.create()

        with ThreadPoolExecutor(4) as pool:
            for made in [pool.submit(make) for _ in range(4)]:
                made.result()
        layout.check()


def test_a_store_that_another_finishes_making_between_two_looks_is_taken(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = Path.iterdir

    def late(folder: Path) -> Iterator[Path]:
        monkeypatch.setattr(Path, "iterdir", listing)
        Layout(folder).create()
        return listing(folder)

    layout.root.mkdir(exist_ok=True)
    layout.format.unlink(missing_ok=True)
    monkeypatch.setattr(Path, "iterdir", late)
    layout.create()
    layout.check()


# ---- snapshots


def test_a_reader_of_a_store_without_a_snapshot_is_told_to_load(layout: Layout) -> None:
    with pytest.raises(NoStore, match="holds nothing yet; load an article"), layout.lease():
        pass


def test_a_snapshot_that_nobody_reads_goes_with_the_next(layout: Layout) -> None:
    assert [publish(layout) for _ in range(3)] == [1, 2, 3]
    assert there(layout) == {"3", "3.lease"}


def test_a_snapshot_that_is_read_stays_until_a_publish_after_its_release(layout: Layout) -> None:
    publish(layout)
    with layout.lease() as folder:
        publish(layout)
        publish(layout)
        assert (folder / "number").read_text() == "1"
        assert there(layout) == {"1", "1.lease", "3", "3.lease"}
    assert folder.exists(), "a release alone removes nothing: the reader has no business there"
    publish(layout)
    assert there(layout) == {"4", "4.lease"}


def test_a_snapshot_that_another_process_reads_stays_until_it_ends(layout: Layout) -> None:
    publish(layout)
    reader = Process(layout, HOLD_A_LEASE)
    assert reader.line() == "1"
    publish(layout)
    assert layout.snapshot(1).exists()
    assert reader.end() == "1"
    publish(layout)
    assert there(layout) == {"3", "3.lease"}


def test_a_reader_that_dies_holds_nothing(layout: Layout) -> None:
    publish(layout)
    reader = Process(layout, HOLD_A_LEASE)
    assert reader.line() == "1"
    reader.kill()
    publish(layout)
    assert there(layout) == {"2", "2.lease"}


def test_a_lease_is_given_up_when_its_reader_fails(layout: Layout) -> None:
    publish(layout)
    with pytest.raises(RuntimeError, match="the reader failed"), layout.lease():
        raise RuntimeError("the reader failed")
    publish(layout)
    assert there(layout) == {"2", "2.lease"}


def test_several_readers_hold_one_snapshot_and_the_last_lets_it_go(layout: Layout) -> None:
    publish(layout)
    with layout.lease() as first:
        with layout.lease() as second:
            assert first == second
            publish(layout)
        publish(layout)
        assert first.exists()
    publish(layout)
    assert not first.exists()


def test_a_new_reader_takes_the_newest_snapshot_beside_one_that_is_still_read(layout: Layout) -> None:
    publish(layout)
    with layout.lease():
        publish(layout)
        with layout.lease() as folder:
            assert folder.name == "2"


def test_numbers_are_never_used_again(layout: Layout) -> None:
    publish(layout)
    publish(layout)
    layout.snapshot(7).mkdir()  # a checkpoint whose writer died before it published it
    assert layout.next_number() == 8
    assert publish(layout) == 8
    assert there(layout) == {"8", "8.lease"}


def test_a_lease_without_its_snapshot_is_cleared_away(layout: Layout) -> None:
    (layout.snapshots / "3.lease").touch()
    assert publish(layout) == 4
    assert there(layout) == {"4", "4.lease"}


def test_what_is_not_a_snapshot_is_left_alone(layout: Layout) -> None:
    (layout.snapshots / "notes").mkdir()
    (layout.snapshots / "lost+found").mkdir()
    publish(layout)
    publish(layout)
    assert there(layout) == {"2", "2.lease", "notes", "lost+found"}


@pytest.mark.parametrize("lost", ["1", "1.lease"])
def test_a_reader_of_a_snapshot_that_is_lost_is_told_so(layout: Layout, lost: str) -> None:
    publish(layout)
    path = layout.snapshots / lost
    if path.is_dir():
        (path / "number").unlink()
        path.rmdir()
    else:
        path.unlink()
    with pytest.raises(StoreError, match=r"lacks .*; load once to mend it"), layout.lease():
        pass
    publish(layout)
    with layout.lease() as folder:
        assert folder.name == "2"


def test_a_current_file_of_something_else_is_reported(layout: Layout) -> None:
    publish(layout)
    layout.current.write_bytes(b"caf\xe9")
    with pytest.raises(StoreError, match="does not name a snapshot"), layout.lease():
        pass


def test_readers_in_other_processes_always_find_a_whole_snapshot_while_one_writes(layout: Layout) -> None:
    publish(layout)
    code = """
print("ready", flush=True)
last = 0
while last < 60:
    with layout.lease() as folder:
        number = int((folder / "number").read_text())
        assert str(number) == folder.name and number >= last, (number, folder, last)
        last = number
print("done")
"""
    readers = [Process(layout, code) for _ in range(3)]
    assert [reader.line() for reader in readers] == ["ready"] * 3
    while publish(layout) < 60:
        pass
    assert [reader.end() for reader in readers] == ["done"] * 3
    publish(layout)
    assert there(layout) == {"61", "61.lease"}


# ---- the one writer


def test_a_second_writer_is_told_who_writes(layout: Layout) -> None:
    writer = Process(layout, HOLD_THE_LOCK)
    assert writer.line() == "locked"
    with pytest.raises(StoreLocked, match="; waited 0 s, try again later") as caught, layout.writer(wait=0):
        pass
    assert f"being written by process {writer.process.pid};" in str(caught.value)
    assert caught.value.pid == writer.process.pid
    writer.end()
    with layout.writer(wait=0):
        assert layout.lock.read_text() != ""
    assert layout.lock.read_text() == ""


def test_a_writer_waits_for_another_to_end(layout: Layout) -> None:
    writer = Process(layout, HOLD_THE_LOCK)
    assert writer.line() == "locked"
    timer = threading.Timer(0.2, writer.end)
    timer.start()
    with layout.writer(wait=30):
        pass
    timer.join()


def test_a_writer_that_dies_leaves_the_lock_free(layout: Layout) -> None:
    writer = Process(layout, HOLD_THE_LOCK)
    assert writer.line() == "locked"
    writer.kill()
    with layout.writer(wait=0):
        pass


def test_two_threads_of_one_process_are_two_writers(layout: Layout) -> None:
    with layout.writer(), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: layout.writer(wait=0).__enter__())
        with pytest.raises(StoreLocked):
            waiting.result()


def test_readers_do_not_wait_for_the_writer(layout: Layout) -> None:
    publish(layout)
    with layout.writer(), layout.lease() as folder:
        assert folder.name == "1"


# ---- a writer's way back


@pytest.fixture
def database(layout: Layout) -> Layout:
    """A store whose database is a folder with one file."""
    layout.data.mkdir()
    write(layout, "before")
    return layout


def write(layout: Layout, content: str) -> None:
    (layout.data / "file").write_text(content)


def content(layout: Layout) -> str:
    return (layout.data / "file").read_text()


def backup(layout: Layout) -> Callable[[str], None]:
    def copy(folder: str) -> None:
        Path(folder).mkdir()
        (Path(folder) / "file").write_text(content(layout))

    return copy


def test_a_change_that_is_not_settled_is_undone(database: Layout) -> None:
    database.keep(backup(database))
    write(database, "half")
    database.restore()
    assert content(database) == "before"
    assert not database.rollback.exists()


def test_a_change_that_is_settled_stands(database: Layout) -> None:
    database.keep(backup(database))
    write(database, "after")
    database.settle()
    database.restore()
    assert content(database) == "after"


def test_half_a_way_back_is_none(database: Layout) -> None:
    def dies(folder: str) -> None:
        Path(folder).mkdir()
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        database.keep(dies)
    database.restore()
    assert content(database) == "before"
    database.keep(backup(database))
    database.settle()


def test_a_release_publishes_the_database_and_says_its_number(database: Layout) -> None:
    database.unpublished.touch()
    assert database.release(backup(database)) == 1
    assert not database.unpublished.exists()
    with database.lease() as folder:
        assert (folder / "file").read_text() == "before"


def test_a_release_that_fails_leaves_the_last_snapshot_and_no_part_of_a_new_one(database: Layout) -> None:
    database.release(backup(database))
    database.unpublished.touch()

    def dies(folder: str) -> None:
        backup(database)(folder)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        database.release(dies)
    assert database.current_number() == 1
    assert there(database) == {"1", "1.lease"}
    assert database.unpublished.exists()
