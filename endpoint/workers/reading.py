"""What a request asks for, as far as its text tells; read in the process that talks HTTP, or in the clerk, if long.

All work that grows with the length of a query stands here, so that it can be done elsewhere (see clerk.py).
"""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from endpoint.protocol.requests import (
    Describe,
    ProtocolError,
    Query,
    Update,
    read_operation,
    rewrite_refused_calls,
    with_using,
)
from endpoint.sparql import syntax
from endpoint.sparql.updates import Written, written_graphs
from endpoint.workers.frames import HEADER, frame

if TYPE_CHECKING:
    import socket

    from endpoint.protocol.requests import Request

SHORT = 4096  # bytes of a request that is read where it stands, within a millisecond or two
_FEDERATED = 32768  # bytes of a query that calls other services
_BEHIND = 15  # how much nicer the clerk is than the process that talks HTTP


@dataclass(frozen=True, slots=True)
class Reading:
    """A request's operation, and what its text says of it.

    ``calls`` tells whether a query calls services that may be called; other calls are cut out of it, and where that
    cannot be, ``refusal`` holds the status and the sentence. ``volatile`` is as in `syntax.is_volatile`, ``normal`` as
    in `syntax.normal`.
    """

    operation: Query | Update | Describe
    calls: bool = False
    refusal: tuple[int, str] | None = None
    volatile: bool = False
    normal: str = ""


def read(request: Request, longest: int, *, calls: bool, union: bool) -> Reading:
    """Read a request for a query or an update of at most ``longest`` bytes.

    ``calls`` says whether any service may be called, ``union`` whether a query that names no dataset is asked of the
    union of all graphs. Raises ProtocolError as `protocol.read_operation` does, and 413 for a long query with calls.
    """
    operation = read_operation(request, longest=longest)
    if not isinstance(operation, Query):
        return Reading(operation)
    query = replace(operation, union=union and not operation.names_dataset)
    if calls and syntax.calls(query.text):
        if len(query.text) > _FEDERATED:
            raise ProtocolError(413, f"A query that calls other services may have {_FEDERATED} characters.")
        return Reading(query, calls=True)
    try:
        text = rewrite_refused_calls(query.text, (), ("SERVICE",))
    except ProtocolError as error:
        if len(query.text) > SHORT:
            raise
        return Reading(query, refusal=(error.status, error.sentence))
    query = query if text is query.text else replace(query, text=text)
    return Reading(query, volatile=syntax.is_volatile(text), normal=syntax.normal(text))


@dataclass(frozen=True, slots=True)
class Changes:
    """An update with its dataset and without the calls that are refused; where those cannot go, ``refusal`` tells."""

    text: str
    refusal: tuple[int, str] | None
    written: Written


def read_update(update: Update) -> Changes:
    """Read what an update would write; raises ProtocolError 400 as `protocol.with_using` does."""
    text = with_using(update)
    try:  # the engine would call without our limits, so updates call nobody
        text = rewrite_refused_calls(text, ())
    except ProtocolError as error:
        return Changes(text, (error.status, error.sentence), Written(frozenset(), told=False))
    return Changes(text, None, written_graphs(text))


def work(channel: socket.socket) -> None:
    """Be the clerk: do one piece of work after another until the channel closes."""
    os.nice(_BEHIND)
    stream = channel.makefile("rb")
    while header := stream.read(HEADER.size):
        function, arguments, options = pickle.loads(stream.read(HEADER.unpack(header)[1]))  # noqa: S301 (from our own process)
        try:
            done = ("done", function(*arguments, **options))
        except ProtocolError as error:
            done = ("refused", (error.status, error.sentence, error.headers))
        channel.sendall(frame(b"E", pickle.dumps(done)))
