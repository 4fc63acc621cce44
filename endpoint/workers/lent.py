"""A worker's side of the connections that are lent to it: it reads plain requests from them and answers these itself.

A short query costs less than the way of its request through another process and of its answer back. So a client that
asks one plain query after another has its connection lent to a worker (see lending.py for the other side). The worker
gives it back, with what it has read of it, as soon as there is anything but another plain query that was not asked
before; nothing else is decided here. A query that takes long, fails, or has a long answer becomes one of the process
that talks HTTP (see ledger.py), and all connections go back there.
"""

from __future__ import annotations

import marshal
import os
import select
import socket
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, NamedTuple

from endpoint.protocol.plain import Key, head_of, read_plain
from endpoint.sparql import syntax
from endpoint.workers.frames import CHUNK, HEADER, RETURN, WHOLE, frame
from endpoint.workers.ledger import FORMS, IDLE, LONGEST, SENDING, Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE = 0.01  # seconds that a connection may be without a request
_KNOWN = 20_000  # requests that are known to have been asked before
_OK = b"HTTP/1.1 200 OK\r\n"
_END = b"\r\n\r\n"


class Terms(NamedTuple):
    """How a connection's requests are to be answered.

    ``number`` is the connection's; ``fields`` are the header fields, as bytes, that its requests have to have, and
    ``base``, ``coding`` what these say. ``results`` and ``graph`` are the formats of the two kinds of results: the
    engine's name, the media type, the header lines. ``usual`` are the server's own header lines, that of the date left
    out, which is there where ``is_dated``.
    ``job`` is what is the same in all jobs, ``longest`` the longest query in bytes, ``snapshot`` the snapshot's tag.
    """

    number: int
    fields: bytes
    base: str
    coding: str
    results: tuple[str, str, bytes] | None
    graph: tuple[str, str, bytes] | None
    usual: bytes
    is_dated: bool
    job: dict[str, Any]
    longest: int
    snapshot: str


class _Guest:
    """A connection that is lent."""

    __slots__ = ("descriptor", "since", "terms")

    def __init__(self, descriptor: int, terms: Terms, since: float) -> None:
        self.descriptor = descriptor
        self.terms = terms
        self.since = since


class Lent:
    """The connections that are lent to this worker; ``answer`` runs a job and writes its frames to what it is given."""

    def __init__(
        self, channel: socket.socket, side: int, ledger: Ledger, answer: Callable[[dict[str, Any], Any], None]
    ) -> None:
        self._channel = channel
        self._side = socket.socket(fileno=side)
        self._ledger = ledger
        self._run = answer
        self._guests: dict[int, _Guest] = {}
        self._known: set[int] = set()
        self._is_over = False  # whether a query was taken over, and the other side has not said that it knows
        self._date = b"", 0
        self._poll = select.epoll()
        self._poll.register(channel, select.EPOLLIN)

    def take(self, payload: bytes) -> None:
        """Take a connection, with a request that has been read from it already."""
        _, descriptors, _, _ = socket.recv_fds(self._side, 1, 1)
        request, *terms = marshal.loads(payload)  # noqa: S302 (from the process that started us)
        if self._is_over:  # it was lent before the other side knew; there it goes another way
            os.close(descriptors[0])
            return
        guest = _Guest(descriptors[0], Terms(*terms), time.monotonic())
        self._ledger.taken = guest.terms.number
        self._guests[guest.descriptor] = guest
        self._poll.register(guest.descriptor, select.EPOLLIN)
        self._answer(guest, request)

    def serve(self) -> None:
        """Answer requests until a frame has come, or no connection is lent any more."""
        channel = self._channel.fileno()
        looked = time.monotonic()
        while self._guests:
            ready = self._poll.poll(_PATIENCE, 64)
            now = time.monotonic()
            for descriptor, _ in ready:
                if descriptor == channel:
                    return
                guest = self._guests.get(descriptor)
                if guest is not None:
                    guest.since = now
                    self._attend(guest)
            if now - looked >= _PATIENCE:
                looked = now
                for guest in [guest for guest in self._guests.values() if now - guest.since >= _PATIENCE]:
                    self._give_back(guest)

    def begin_anew(self) -> None:
        """Take note that the other side knows of the query that was taken over."""
        self._is_over = False

    def give_all_back(self) -> None:
        """Give every connection back."""
        for guest in list(self._guests.values()):
            self._give_back(guest)

    def _attend(self, guest: _Guest) -> None:
        """Read from a connection, and answer."""
        try:
            request = os.read(guest.descriptor, CHUNK)
        except BlockingIOError:
            return
        except OSError:  # whoever gets it back is told the same
            request = b""
        if request:
            self._answer(guest, request)
        else:
            self._give_back(guest)

    def _answer(self, guest: _Guest, request: bytes) -> None:
        """Answer what has been read, or give it back."""
        start = time.monotonic()
        terms = guest.terms
        known = hash(request)
        plain = None
        if known not in self._known and len(request) <= LONGEST and request.find(_END) == len(request) - len(_END):
            plain = read_plain(request, terms.longest)
        if plain is None or plain.method != "GET" or plain.may_name_dataset or plain.fields != terms.fields:
            self._give_back(guest, unread=request)
            return
        format_ = terms.results if plain.form in ("SELECT", "ASK") else terms.graph
        if format_ is None or self._ledger.is_full:
            self._give_back(guest, unread=request)
            return
        if self._ledger.is_recalled:
            self._give_back(guest, unread=request)
            self.give_all_back()
            return
        self._ledger.begin(terms.number, start, request)
        way = _Way(self, guest, plain.text, format_)
        job = terms.job | {"query": plain.text, "results": None, "graph": None, "coding": terms.coding}
        job["results" if format_ is terms.results else "graph"] = format_[0]
        self._run(job, way)
        if way.is_ours:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known.add(known)
            self._ledger.answered(FORMS.index(plain.form), time.monotonic() - start)
            if way.unsent is not None:
                self._give_back(guest, unsent=way.unsent)
        else:
            self._ledger.set(IDLE)
            self._is_over = True
            for each in list(self._guests.values()):
                self._drop(each)

    def settle(self, guest: _Guest, *, whole: bool) -> bool:
        """Return whether an answer that is ready may go out from here; it may where it is ``whole`` and still ours.

        Else it goes out in frames, the process that talks HTTP being told where it did not know.
        """
        if not self._ledger.take():
            return False
        if whole:
            self._ledger.set(SENDING)
            return True
        self._channel.sendall(frame(b"A", guest.terms.number.to_bytes(8, "big")))
        return False

    def date(self) -> bytes:
        """Return the header line of the date."""
        now = int(time.time())
        if self._date[1] != now:
            self._date = f"date: {formatdate(now, usegmt=True)}\r\n".encode(), now
        return self._date[0]

    def forward(self, frames: bytes) -> None:
        """Send frames to the process that talks HTTP."""
        self._channel.sendall(frames)

    def _give_back(self, guest: _Guest, *, unsent: bytes = b"", unread: bytes = b"") -> None:
        self._drop(guest)
        self._channel.sendall(frame(b"Y", RETURN.pack(guest.terms.number, len(unsent)) + unsent + unread))

    def _drop(self, guest: _Guest) -> None:
        del self._guests[guest.descriptor]
        self._poll.unregister(guest.descriptor)
        os.close(guest.descriptor)


class _Way:
    """Where the frames of one answer go: out as a response where that is the whole answer, else through the channel.

    ``unsent`` is what the client did not take of a response at once, None where it took all.
    """

    def __init__(self, lent: Lent, guest: _Guest, text: str, format_: tuple[str, str, bytes]) -> None:
        self.is_ours = False
        self.unsent: bytes | None = None
        self._lent = lent
        self._guest = guest
        self._text = text
        self._format = format_
        self._is_settled = False

    def sendall(self, frames: bytes) -> None:
        """Take frames."""
        if not self._is_settled:
            self._is_settled = True
            self.is_ours = self._lent.settle(self._guest, whole=frames[:1] == b"W")
        if self.is_ours:
            self._respond(frames)
        else:
            self._lent.forward(frames)

    def _respond(self, frames: bytes) -> None:
        seconds, _, _, is_coded = WHOLE.unpack_from(frames, HEADER.size)
        body = frames[HEADER.size + WHOLE.size :]
        terms = self._guest.terms
        key = Key(terms.snapshot, syntax.normal(self._text), terms.base, (), (), self._format[1], terms.coding)
        head = head_of(self._format[2], key.tag, terms.coding if is_coded else None, len(body), (0.0, seconds))
        response = b"".join((_OK, self._lent.date() if terms.is_dated else b"", terms.usual, head, body))
        try:
            sent = os.write(self._guest.descriptor, response)
        except BlockingIOError:
            sent = 0
        except OSError:  # the client is gone, as whoever gets the connection back will see
            self.unsent = b""
            return
        if sent < len(response):
            self.unsent = response[sent:]
