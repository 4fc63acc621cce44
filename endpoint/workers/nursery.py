"""The process that forks all others, as the process that talks HTTP sees it (see host.py for its other side)."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from endpoint.workers.generation import Control
from ontology.layout import StoreError

if TYPE_CHECKING:
    Birth = asyncio.Future[tuple[socket.socket, int]]


class Nursery:
    """Starts with the first birth, and again with the next one when it was killed. Belongs to one event loop.

    ``store`` is named where a birth fails.
    """

    def __init__(self, store: Path) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._store = store
        self._control: Control | None = None
        self._births: deque[Birth] = deque()

    async def birth(self, order: dict[str, Any]) -> tuple[socket.socket, int]:
        """Have a process forked for ``order``; return the socket to it and its process id; raises StoreError."""
        control = self._control or self._start()
        birth: Birth = asyncio.get_running_loop().create_future()
        self._births.append(birth)
        control.send(order)
        return await birth

    async def close(self) -> None:
        """End the process; those that it forked end when their sockets close."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self.process is not None:
            await asyncio.get_running_loop().run_in_executor(None, self.process.wait)
            self.process = None

    def _start(self) -> Control:
        ours, theirs = socket.socketpair()
        root = str(Path(__file__).resolve().parents[2])
        program = (
            f"import sys; sys.path.insert(0, {root!r}); from endpoint.workers.host import main; main({theirs.fileno()})"
        )
        self.process = subprocess.Popen(  # noqa: S603 (our own interpreter and program)
            [sys.executable, "-c", program], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )
        theirs.close()
        self._control = Control(ours)
        self._control.handle = self._heard
        self._control.listen()
        return self._control

    def _heard(self, message: dict[str, Any] | None, end: socket.socket | None) -> None:
        if message is None:  # it was killed
            self._control = None
            if self.process is not None:
                self.process.wait()
            while self._births:
                birth = self._births.popleft()
                if not birth.done():
                    birth.set_exception(StoreError(self._store, "the process that holds snapshots ended"))
        elif end is not None:
            birth = self._births.popleft()
            if birth.done():
                end.close()
            else:
                birth.set_result((end, message["pid"]))
