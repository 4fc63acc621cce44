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
``L``  the scribe holds the writer's lock
``C``  the scribe is past the point of no return
=====  ==============================================================================================
"""

from __future__ import annotations

import struct

HEADER = struct.Struct(">cI")
WHOLE = struct.Struct(">dQ??")
CHUNK = 65536


def frame(letter: bytes, payload: bytes) -> bytes:
    """Return a frame."""
    return HEADER.pack(letter, len(payload)) + payload


NODE = "urn:pactgraph:node"
"""The function of the workers that returns the blank node of a label: VALUES can hold none, a service can send some."""
