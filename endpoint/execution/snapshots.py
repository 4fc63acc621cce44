"""The snapshots that are opened: which one answers, the next one that takes over, those that end with their last query.

For each snapshot there is a generation of workers (see generation.py). A newer snapshot starts a generation of its own,
which takes over once a worker of it is ready; so each answer comes from one snapshot, and no query waits for one to
load. A snapshot is served from disk at once, and from memory as soon as it is loaded there, where it fits the budget.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Protocol

from endpoint.workers import generation
from endpoint.workers.generation import Control, Generation
from ontology.layout import Layout, NoStore, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from endpoint.settings import Settings
    from endpoint.workers.nursery import Nursery

_LOG = logging.getLogger("pactgraph.endpoint")
_POLL = 0.25  # seconds between two looks at the name of the current snapshot
_SMALL = 8 << 20  # bytes on disk up to which a snapshot is loaded into memory at once: a fraction of a second
_SETTLED = 2.0  # seconds a snapshot has to stand before it is worth loading into memory
_GROWTH = 2.5  # bytes in memory for each byte on disk: 0.5 kB a quad in memory, 0.23 kB on disk
_OWN = 0.6  # part of that which each worker comes to hold for itself, since reading counts references


class Owner(generation.Owner, Protocol):
    """What the snapshots tell the engine that they belong to, with what each generation does."""

    def switched(self, old: Generation | None) -> None:
        """Take note that another generation answers than the old one."""


class Snapshots:
    """Opens one snapshot after the other. Belongs to one event loop; ``current`` is the generation that answers."""

    def __init__(self, settings: Settings, nursery: Nursery, owner: Owner) -> None:
        self.layout = Layout(settings.store)
        self.current: Generation | None = None
        self._settings = settings
        self._nursery = nursery
        self._owner = owner
        self._generations: set[Generation] = set()
        self._too_large: set[str] = set()
        self._watcher: asyncio.Task[None] | None = None
        self._closed = False
        self._switched = asyncio.Event()
        self._opening = asyncio.Lock()

    async def start(self) -> None:
        """Open the first snapshot, an empty one where none is published, and look for newer ones from then on.

        Raises StoreError where the store or its snapshot cannot be read.
        """
        self.layout.check()
        await self.renew()
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def stop(self) -> None:
        """Open no more."""
        self._closed = True
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher

    def end(self) -> None:
        """End every process of every generation."""
        for each in list(self._generations):
            each.end()

    async def fresh(self, number: int) -> None:
        """Wait until snapshot ``number`` or a later one answers."""
        while self.current is None or (self.current.number or 0) < number:
            self._switched.clear()
            await self.renew()
            if self.current is None or (self.current.number or 0) < number:
                await self._switched.wait()

    def forget(self, generation: Generation) -> None:
        """Drop a generation that has ended."""
        self._generations.discard(generation)

    def keeper_lost(self, generation: Generation) -> None:
        """Replace a generation whose keeper was killed from outside; its workers die with it."""
        generation.retired = True
        generation.end()
        if generation is self.current and not self._closed:
            self.current = None

    async def renew(self) -> None:
        """Open the current snapshot if it is a newer one, and let it take over."""
        async with self._opening:
            if self._closed:
                return
            number = self.layout.current_number()
            here = self.current
            if here is None or here.number != number:
                await self._open_anew(number)
            elif not here.in_memory and self._worth_memory(here):
                try:
                    await self._open(number, in_memory=True)
                except StoreError as error:
                    self._too_large.add(here.tag)
                    _LOG.warning("snapshot %s stays on disk: %s", number, error)

    async def _open_anew(self, number: int | None) -> None:
        """Open a snapshot in memory where that takes no time, else on disk."""
        if number is None or self._small(number):
            try:
                await self._open(number, in_memory=True)
            except StoreError:
                if number is None:
                    raise
            else:
                return
        await self._open(number, in_memory=False)

    async def _open(self, number: int | None, *, in_memory: bool) -> None:
        generation = self._generation(number, in_memory=in_memory)
        try:
            generation.take(self.layout)
        except NoStore:
            generation = self._generation(None, in_memory=True)
        self._generations.add(generation)
        try:
            end, _ = await self._nursery.birth(
                {
                    "do": "keep",
                    "path": str(generation.path) if generation.path is not None else None,
                    "memory": (self._settings.memory or 1) if generation.in_memory else 0,
                    "limit": self._settings.limits.memory,
                }
            )
            generation.start(Control(end))
            await generation.ready
        except BaseException:
            generation.end()
            raise
        old, self.current = self.current, generation
        _LOG.info("snapshot %s answers, %s", generation.number, "in memory" if in_memory else "on disk")
        if old is not None:
            old.retire()
        self._owner.switched(old)
        self._switched.set()

    def _generation(self, number: int | None, *, in_memory: bool) -> Generation:
        return Generation(self._owner, self, number, workers=self._settings.limits.processes, in_memory=in_memory)

    @property
    def _growth(self) -> float:
        """The bytes that all processes together come to hold for each byte of the snapshot on disk."""
        return _GROWTH * (1 + _OWN * self._settings.limits.processes)

    def _small(self, number: int) -> bool:
        return _bytes_under(self.layout.snapshot(number)) <= min(_SMALL, self._settings.memory / self._growth)

    def _worth_memory(self, generation: Generation) -> bool:
        if generation.path is None or generation.tag in self._too_large:
            return False
        settled = time.time() - generation.since >= _SETTLED
        return settled and self._growth * _bytes_under(generation.path) <= self._settings.memory

    async def _watch(self) -> None:
        failures = 0
        while True:
            await asyncio.sleep(_POLL * min(1 + failures, 40))
            try:
                await self.renew()
            except StoreError as error:
                failures += 1
                _LOG.warning("the newest snapshot cannot be opened: %s", error)
            else:
                failures = 0


def _bytes_under(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    except FileNotFoundError:
        return 0
