"""Changes of the store as the process that talks HTTP sees them: one at a time, each in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from endpoint.execution.loads import Loads
from endpoint.protocol.requests import ProtocolError, rejected_syntax
from endpoint.workers.frames import HEADER, frame
from endpoint.workers.reading import read_update
from ontology.layout import StoreError

if TYPE_CHECKING:
    import socket

    from endpoint.execution.engine import Engine
    from endpoint.protocol.graphstore import GraphWrite
    from endpoint.protocol.requests import Update
    from endpoint.settings import Settings

_QUEUE = 64  # changes that wait at most


class Invalid(ProtocolError):
    """The change breaks rules of the shapes; ``report`` lists them."""

    def __init__(self, sentence: str, report: object) -> None:
        self.report = report
        super().__init__(422, sentence)


@dataclass(frozen=True, slots=True)
class Change:
    """What a change came to: the number of the snapshot that shows it, and whether its graph was there before."""

    snapshot: int
    existed: bool


class Writer:
    """Carries out updates and changes of graphs; all of it is on disk and visible when a call returns."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._loads = Loads(settings)

    async def update(self, update: Update, *, validate: bool = False) -> Change:
        """Carry out an update.

        Raises ProtocolError: 400 for a syntax error, 403 where it would change a graph of the loader's, 422 where
        the result breaks the shapes, 503 where another writer holds the store, 504 past the time limit, and 502
        to 504 where a document that it loads is not to be had.
        """
        if self._loads.wanted(update.text):
            await self._check_syntax(update.text, update.base)
            update = replace(update, text=await self._loads.filled(update.text))
        changes = await self._engine.clerk.call("", len(update.text), read_update, update)
        text, written = changes.text, changes.written
        if changes.refusal is not None:  # for what it calls; for its syntax where that is wrong
            await self._check_syntax(text, update.base)
            raise ProtocolError(*changes.refusal)
        self._check(written.graphs)
        job = {
            "update": text,
            "base": update.base,
            "told": written.told,
            "graphs": sorted(written.graphs) if written.told else None,
        }
        try:
            return await self._change(job | {"validate": validate}, b"")
        except _SyntaxRejected as error:
            raise rejected_syntax(text, error.sentence, "update") from None

    async def _check_syntax(self, text: str, base: str) -> None:
        """Raise ProtocolError 400 for an update that cannot be read; nothing of it is run."""
        try:
            await self._in_scribe({"update": text, "base": base, "check": True}, b"")
        except _SyntaxRejected as error:
            raise rejected_syntax(text, error.sentence, "update") from None

    async def write(self, write: GraphWrite, *, validate: bool = False) -> Change:
        """Carry out one operation of the Graph Store Protocol; raises ProtocolError as ``update`` does."""
        if write.graph is not None:
            self._check({write.graph})
        job = {
            "method": write.method,
            "graph": write.graph,
            "base": write.graph or write.base,
            "parts": [{"media_type": part.media_type, "start": part.start, "end": part.end} for part in write.parts],
            "if_match": write.if_match,
            "if_none_match": write.if_none_match,
            "told": True,
            "graphs": [write.graph] if write.graph is not None else [],
            "validate": validate,
        }
        return await self._change(job, write.body)

    @property
    def _reserved(self) -> str:
        return self._settings.base + "graph/"

    def _check(self, graphs: set[str] | frozenset[str]) -> None:
        for graph in sorted(graphs):
            if graph.startswith(self._reserved):
                message = (
                    f"The graph {graph} is the loader's; only graphs outside {self._reserved} can be written here."
                )
                raise ProtocolError(403, message)

    async def _change(self, job: dict[str, Any], body: bytes) -> Change:
        if self._waiting >= _QUEUE:
            raise ProtocolError(503, "Too many changes wait already; try again in a moment.", {"Retry-After": "5"})
        self._waiting += 1
        try:
            async with self._turn:
                report = await self._in_scribe(job, body)
        finally:
            self._waiting -= 1
        change = Change(report["snapshot"], report.get("existed", True))
        await self._engine.snapshots.fresh(change.snapshot)
        return change

    async def _in_scribe(self, job: dict[str, Any], body: bytes) -> dict[str, Any]:
        settings = self._settings
        job |= {
            "store": str(settings.store),
            "reserved": self._reserved,
            "wait": settings.lock,
            "memory": settings.limits.memory,
        }
        try:
            end, pid = await self._engine.nursery.birth({"do": "write"})
        except StoreError as error:
            raise ProtocolError(503, f"Nothing was stored: {error}.", {"Retry-After": "1"}) from None
        return await _Scribe(pid, settings.lock, settings.limits.seconds).run(end, job, body)


class _SyntaxRejected(ProtocolError):
    """The engine's words on the syntax of an update."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


class _Scribe:
    """One process that makes one change; killed when it takes too long, but not once the change stands."""

    def __init__(self, pid: int, wait: float, seconds: float) -> None:
        self._pid = pid
        self._wait = wait
        self._seconds = seconds
        self._stands = False

    async def run(self, end: socket.socket, job: dict[str, Any], body: bytes) -> dict[str, Any]:
        """Have the change made and return the scribe's report."""
        reader, writer = await asyncio.open_unix_connection(sock=end)
        try:
            writer.write(frame(b"Q", json.dumps(job).encode()) + frame(b"B", body))
            return await self._report(reader)
        finally:
            if not self._stands and not reader.at_eof():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)
            writer.close()

    async def _report(self, reader: asyncio.StreamReader) -> dict[str, Any]:
        limit: float | None = self._wait + 10
        while True:
            try:
                async with asyncio.timeout(limit):
                    letter, payload = await _frame(reader)
            except TimeoutError:
                message = f"The update was stopped after {self._seconds:g} seconds; nothing of it was stored."
                raise ProtocolError(504, message) from None
            except (asyncio.IncompleteReadError, ConnectionError):
                message = "The update was stopped: it took too much memory, or its process was killed."
                raise ProtocolError(503, message + " Look whether it was stored before you send it again.") from None
            if letter == b"L":
                limit = self._seconds
            elif letter == b"C":
                self._stands, limit = True, None
            elif letter == b"X":
                raise self._refusal(json.loads(payload))
            elif letter == b"E":
                report: dict[str, Any] = json.loads(payload)
                return report

    @staticmethod
    def _refusal(told: dict[str, Any]) -> ProtocolError:
        if told.get("detail") == "syntax":
            return _SyntaxRejected(told["message"])
        if told["status"] == 422:
            return Invalid(told["message"], told["detail"])
        return ProtocolError(told["status"], told["message"], {"Retry-After": "5"} if told["status"] == 503 else None)


async def _frame(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    letter, length = HEADER.unpack(await reader.readexactly(HEADER.size))
    return letter, await reader.readexactly(length)
