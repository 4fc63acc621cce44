"""The layout of a store's directory: what the loader writes and the endpoint reads, agreed on here.

::

    STORE/
      format              "pactgraph-store 1": the layout's version
      lock                held by the one writer (flock, exclusive)
      data/               the Oxigraph database; opened by the writer alone
      snapshots/7/        a checkpoint of data/ for readers; never written again
      snapshots/7.lease   held by every reader of snapshot 7 (flock, shared)
      current             "7": the snapshot that new readers take; replaced by rename
      unpublished         there from the first change until a snapshot shows it
      rollback/           the database as it was before a change that is not whole yet

A writer commits to ``data/``, makes a checkpoint under the next number and then replaces ``current``. A reader takes
the lease of the current snapshot and keeps it while it reads; the writer removes a snapshot that is no longer
current once it can take its lease for itself. A writer that finds ``rollback/`` puts it in the place of ``data/``
before it opens it: the process that made the change died on the way.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from threading import get_ident
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

VERSION = 1
_MARK = "pactgraph-store"


class StoreError(Exception):
    """A store that cannot be used; ``path`` is its directory. The message is one sentence a user can act on."""

    def __init__(self, path: Path, message: str) -> None:
        self.path = path
        super().__init__(message)


class NoStore(StoreError):
    """There is no store at the path."""


class NewerStore(StoreError):
    """The store was written by a later version of Pactgraph."""


class StoreLocked(StoreError):
    """Another process writes to the store; ``pid`` is its process id where it left one."""

    def __init__(self, path: Path, pid: int | None, seconds: float) -> None:
        self.pid = pid
        who = f"process {pid}" if pid else "another process"
        super().__init__(path, f"The store at {path} is being written by {who}; waited {seconds:g} s, try again later.")


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of the store under ``root``."""

    root: Path

    @property
    def format(self) -> Path:
        """The file that names the layout's version."""
        return self.root / "format"

    @property
    def lock(self) -> Path:
        """The file that the one writer locks."""
        return self.root / "lock"

    @property
    def data(self) -> Path:
        """The database that the writer opens."""
        return self.root / "data"

    @property
    def snapshots(self) -> Path:
        """The folder of checkpoints."""
        return self.root / "snapshots"

    @property
    def current(self) -> Path:
        """The file that names the snapshot for new readers."""
        return self.root / "current"

    def create(self) -> None:
        """Make the directories of a new store, or check those of an old one.

        Raises StoreError for a directory that holds something else, NewerStore for a later layout.
        """
        if self.root.exists() and not self.root.is_dir():
            message = f"{self.root} is a file and no directory; name another --store."
            raise StoreError(self.root, message)
        if not self.format.exists():
            strange = self.root.exists() and any(not _is_ours(path.name) for path in self.root.iterdir())
            if strange and not self.format.exists():  # another may have made the store since the first look
                message = f"{self.root} is not empty and holds no Pactgraph store; name another --store."
                raise StoreError(self.root, message)
            self.snapshots.mkdir(parents=True, exist_ok=True)
            _replace(self.format, f"{_MARK} {VERSION}\n")
        self.check()
        self.snapshots.mkdir(exist_ok=True)

    def check(self) -> None:
        """Raise NoStore, NewerStore or StoreError unless a store of this layout is here."""
        try:
            mark, version = self.format.read_text(encoding="utf-8").split()
            number = int(version)
        except (FileNotFoundError, NotADirectoryError):
            message = f"There is no store at {self.root}; make one with `pactgraph load`."
            raise NoStore(self.root, message) from None
        except ValueError:
            mark, number = "", 0
        if mark != _MARK or number < 1:
            message = f"{self.format} does not name a Pactgraph store; name another --store."
            raise StoreError(self.root, message)
        if number > VERSION:
            message = (
                f"The store at {self.root} has layout {number}, but this Pactgraph knows layouts up to {VERSION}; "
                f"upgrade Pactgraph."
            )
            raise NewerStore(self.root, message)

    def current_number(self) -> int | None:
        """Return the number of the published snapshot, or None before the first.

        Raises StoreError where the file that names it holds no number.
        """
        try:
            return int(self.current.read_text(encoding="ascii"))
        except FileNotFoundError:
            return None
        except ValueError:
            message = f"{self.current} does not name a snapshot; remove it and load once to mend the store."
            raise StoreError(self.root, message) from None

    def snapshot(self, number: int) -> Path:
        """Return the folder of a snapshot."""
        return self.snapshots / str(number)

    @contextmanager
    def writer(self, wait: float = 30.0) -> Iterator[None]:
        """Be the one writer of the store; wait up to ``wait`` seconds for another to end.

        Raises StoreLocked after that.
        """
        handle = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._acquire(handle, wait)
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
            yield
            os.ftruncate(handle, 0)
        finally:
            os.close(handle)

    def _acquire(self, handle: int, wait: float) -> None:
        end = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= end:
                    pid = os.pread(handle, 32, 0).strip()
                    raise StoreLocked(self.root, int(pid) if pid.isdigit() else None, wait) from None
                time.sleep(0.05)
            else:
                return

    def next_number(self) -> int:
        """Return the number for the next snapshot: one more than any that is there or was published."""
        return max([*self._numbers(), self.current_number() or 0]) + 1

    def publish(self, number: int) -> None:
        """Make ``number`` the snapshot for new readers and remove those that nobody reads any more."""
        self._lease_of(number).touch()
        _replace(self.current, f"{number}\n")
        for other in self._numbers():
            if other != number:
                self._remove(other)

    # ---- a writer's way back, and its way to the readers; all of it under `writer`

    @property
    def rollback(self) -> Path:
        """The database as it was before a change that is not whole yet."""
        return self.root / "rollback"

    @property
    def unpublished(self) -> Path:
        """The file that is there from the first change until a snapshot shows it."""
        return self.root / "unpublished"

    @property
    def _half_rollback(self) -> Path:
        return self.root / "rollback.new"

    def restore(self) -> None:
        """Undo what a writer left half done; before the database is opened."""
        shutil.rmtree(self._half_rollback, ignore_errors=True)
        if self.rollback.exists():
            shutil.rmtree(self.data, ignore_errors=True)
            self.rollback.rename(self.data)

    def keep(self, backup: Callable[[str], object]) -> None:
        """Keep the database as it is, to `restore` it, until `settle`; ``backup`` writes it to a new folder."""
        shutil.rmtree(self._half_rollback, ignore_errors=True)
        backup(str(self._half_rollback))
        self._half_rollback.rename(self.rollback)
        _sync(self.root)

    def settle(self) -> None:
        """Let the change stand, which has to be on disk: from here on there is no way back."""
        self.rollback.rename(self._half_rollback)
        _sync(self.root)
        shutil.rmtree(self._half_rollback)

    def release(self, backup: Callable[[str], object]) -> int:
        """Make a snapshot of the database with ``backup``, publish it and return its number."""
        number = self.next_number()
        folder = self.snapshot(number)
        try:
            backup(str(folder))
            _sync(self.snapshots)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)  # part of a snapshot is none
            raise
        self.publish(number)
        self.unpublished.unlink(missing_ok=True)
        return number

    @contextmanager
    def lease(self) -> Iterator[Path]:
        """Hold the current snapshot for reading and give its folder; it is not removed while the lease is held.

        Raises NoStore where nothing has been published yet.
        """
        self.check()
        while True:
            number = self.current_number()
            if number is None:
                message = f"The store at {self.root} holds nothing yet; load an article with `pactgraph load`."
                raise NoStore(self.root, message)
            folder = self.snapshot(number)
            try:
                handle = os.open(self._lease_of(number), os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                if number == self.current_number():
                    message = f"The store at {self.root} lacks the lease of snapshot {number}; load once to mend it."
                    raise StoreError(self.root, message) from None
                continue  # removed between the two lines above: take the next one
            try:
                fcntl.flock(handle, fcntl.LOCK_SH)
                if folder.exists():
                    yield folder
                    return
                if number == self.current_number():
                    message = f"The store at {self.root} lacks snapshot {number}; load once to mend it."
                    raise StoreError(self.root, message)
            finally:
                os.close(handle)

    def _lease_of(self, number: int) -> Path:
        return self.snapshots / f"{number}.lease"

    def _numbers(self) -> list[int]:
        """Return the numbers of which there is a snapshot or a lease, in order; other files are not ours to touch."""
        names = (path.name.removesuffix(".lease") for path in self.snapshots.iterdir())
        return sorted({int(name) for name in names if name.isdecimal()})

    def _remove(self, number: int) -> None:
        lease = self._lease_of(number)
        handle = os.open(lease, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # somebody reads it still; a later publish removes it
        else:
            if self.snapshot(number).exists():
                shutil.rmtree(self.snapshot(number))
            lease.unlink()
        finally:
            os.close(handle)


def _is_ours(name: str) -> bool:
    """Whether a directory may hold a file of this name and yet become a store: another process is making it."""
    return name in {"snapshots", "lock"} or name.startswith("format.")


def _replace(path: Path, content: str) -> None:
    """Write a small file so that a reader sees the old content or the new, never a part."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{get_ident()}")  # two may write it at once
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
