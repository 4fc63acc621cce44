"""A limit on how long work may take in this process: an alarm that ends it from within."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_AGAIN = 1.0  # seconds: an alarm that goes off where Python lets no error through (a finaliser) goes off again


class TooLate(BaseException):
    """The time is up. No `Exception`, so that no handler for the errors of the work takes it for one of them."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise TooLate within the block once it has taken ``seconds`` of wall time.

    The work may have been broken off anywhere, so what it works with is to be made anew. Outside of the main thread,
    which alone hears signals, and where ``seconds`` is infinite, nothing is watched. An alarm of the caller's own goes
    on afterwards.
    """
    if seconds == float("inf") or threading.current_thread() is not threading.main_thread():
        yield
        return
    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, _raise)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(0.001, left - (time.monotonic() - started)), interval)


def _raise(_: int, __: FrameType | None) -> None:
    raise TooLate
