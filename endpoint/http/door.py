"""Who may be connected, and how slow a client may be: what an endpoint owes to the others who knock.

A client that holds a thousand connections, that sends a byte each second or that never takes its answer costs little
each time and much in all. The door counts connections and looks at each of them once a second; what a request costs
is not touched by it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from endpoint.workers.process import allow_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from endpoint.settings import Limits

_LOOK = 1.0  # seconds between two looks at all connections
_OTHER_FILES = 256  # files that are open besides the connections


class Guest(Protocol):
    """A connection as the door sees it."""

    def look(self, now: float) -> None:
        """End the connection where its client is too slow; ``now`` is the loop's time."""


class Door:
    """Counts the connections of one endpoint, and has slow ones end.

    ``is_proxy`` tells of a client's address whether many others come through it: those are not counted together.
    """

    def __init__(self, limits: Limits, is_proxy: Callable[[str], bool]) -> None:
        self.limits = limits
        self._is_proxy = is_proxy
        self._of_one = limits.connections // 10 if limits.connected is None else limits.connected
        self._most = min(limits.connections, allow_files(limits.connections + _OTHER_FILES) - _OTHER_FILES)
        self._guests: dict[Guest, str] = {}
        self._of: Counter[str] = Counter()
        self._next: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._guests)

    def enter(self, guest: Guest, client: str) -> tuple[int, str] | None:
        """Let a connection in; return the status and the sentence with which it is to be refused instead."""
        if len(self._guests) >= self._most:
            return 503, "Too many connections are open; try again in a moment."
        if client and self._of[client] >= self._of_one and not self._is_proxy(client):
            return 429, f"You have {self._of[client]} open connections, the most that one client may have."
        self._guests[guest] = client
        self._of[client] += 1
        if self._next is None:
            self._next = asyncio.get_running_loop().call_later(_LOOK, self._look)
        return None

    def leave(self, guest: Guest) -> None:
        """Take note that a connection has ended, whether it had been let in or not."""
        client = self._guests.pop(guest, None)
        if client is not None:
            self._of[client] -= 1
            if not self._of[client]:
                del self._of[client]

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for guest in list(self._guests):
            guest.look(now)
        self._next = loop.call_later(_LOOK, self._look) if self._guests else None
