"""The frames that the endpoint's processes speak in: a letter, four bytes of length (big endian), the payload.

=====  ==============================================================================================
``Q``  a query for a worker, as Python marshals it, or a change for the scribe, as JSON; ``B`` the body of a change
``R``  a worker is ready: the number of its thread that runs queries (eight bytes), again when that is another one
``H``  the kind of a result and its content coding, as JSON
``D``  bytes of an answer
``W``  a whole answer, for one that is short: the seconds it took, its bytes before compression, whether it is a
       graph, whether it is compressed, and the answer itself
``E``  the end: JSON with what there is to report
``X``  an error instead of an answer or of its rest, as JSON
``T``  a connection is lent to a worker (see lent.py), as Python marshals it; ``Z`` those that are lent are wanted back
``Y``  a worker gives a connection back: its number (eight bytes), the length of what is still to be sent over it (four
       bytes), that, and what has been read from it
``A``  a query from a connection that is lent goes on as one of the process that talks HTTP: the connection's number
       (eight bytes)
``K``  that is known there; connections lent before it are not lent any more
``L``  the scribe holds the writer's lock
``C``  the scribe is past the point of no return
=====  ==============================================================================================
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

HEADER = struct.Struct(">cI")
RETURN = struct.Struct(">QI")
WHOLE = struct.Struct(">dQ??")
CHUNK = 65536


def frame(letter: bytes, payload: bytes) -> bytes:
    """Return a frame."""
    return HEADER.pack(letter, len(payload)) + payload


NODE = "urn:pactgraph:node"
"""The function of the workers that returns the blank node of a label: VALUES can hold none, a service can send some."""


class Inbox:
    """Takes frames from a socket, one after the other, and tells whether there is one already."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._data = b""

    @property
    def is_empty(self) -> bool:
        """Whether nothing of a next frame has been read."""
        return not self._data

    def frame(self) -> tuple[bytes, bytes]:
        """Wait for a frame, and return its letter and its payload; both are empty when the other end has closed."""
        while len(self._data) < HEADER.size:
            if not self._more():
                return b"", b""
        letter, length = HEADER.unpack_from(self._data)
        end = HEADER.size + length
        while len(self._data) < end:
            if not self._more():
                return b"", b""
        payload, self._data = self._data[HEADER.size : end], self._data[end:]
        return letter, payload

    def _more(self) -> bool:
        data = self._channel.recv(CHUNK)
        self._data += data
        return bool(data)
