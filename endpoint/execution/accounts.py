"""What each client used of the workers lately: the measure by which they are shared out when they are short."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_HALF_LIFE = 10.0  # seconds after which half of what a client used is forgotten
_RATE = math.log(2) / _HALF_LIFE
_LIGHT = 0.5  # worker seconds up to which a client is light: many short queries a second, or one of half a second
_FORGOTTEN = 0.001  # worker seconds below which an account is as good as none
_FEW = 1000  # accounts that are kept without looking for forgotten ones


@dataclass(slots=True)
class _Account:
    used: float
    since: float
    running: int
    is_proven: bool = False


class Accounts:
    """The worker seconds that each client used, half of them forgotten every ten seconds.

    ``clock`` returns seconds, and never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._accounts: dict[str, _Account] = {}
        self._many = _FEW

    def begin(self, client: str) -> None:
        """Take note that a worker works for the client from now on."""
        account = self._settled(client)
        account.running += 1
        self._accounts[client] = account
        if len(self._accounts) > self._many:
            self._forget()

    def end(self, client: str) -> None:
        """Take note that one worker less works for the client from now on."""
        account = self._settled(client)
        account.running = max(0, account.running - 1)
        self._accounts[client] = account

    def charge(self, client: str, seconds: float) -> None:
        """Take note that the client cost so much more than the time of a worker."""
        account = self._settled(client)
        account.used += seconds
        self._accounts[client] = account

    def prove(self, client: str, *, short: bool, idle: float = 0.0) -> None:
        """Take note that the client's latest query turned out to be short, or not to be.

        ``idle`` of its worker seconds were none of work, but of waiting for a processor.
        """
        account = self._accounts.get(client)
        if account is not None:
            account.is_proven = short
            account.used = max(0.0, account.used - idle)

    def is_proven(self, client: str) -> bool:
        """Whether the client's latest query was a short one."""
        account = self._accounts.get(client)
        return account is not None and account.is_proven

    def used(self, client: str) -> float:
        """Return the worker seconds of the client, with those of its queries that still run."""
        return self._settled(client).used

    def is_light(self, client: str) -> bool:
        """Whether the client used so little that it may have the workers that are kept for such clients."""
        return self.used(client) < _LIGHT

    def __len__(self) -> int:
        return len(self._accounts)

    def _settled(self, client: str) -> _Account:
        """Return the account as it is now: what was used has faded, what runs was used up to now and faded alike."""
        now = self._clock()
        account = self._accounts.get(client)
        if account is None:
            return _Account(0.0, now, 0)
        left = math.exp(_RATE * (account.since - now))
        account.used = account.used * left + account.running * (1 - left) / _RATE
        account.since = now
        return account

    def _forget(self) -> None:
        for client in list(self._accounts):
            account = self._settled(client)
            if not account.running and account.used < _FORGOTTEN:
                del self._accounts[client]
        self._many = max(_FEW, 2 * len(self._accounts))
