"""The content codings of answers, Zstandard (RFC 8878) and gzip, and which a client likes (RFC 9110, 12.5.3)."""

from __future__ import annotations

import sys
import zlib
from typing import Any

from endpoint.protocol.negotiation import NotNegotiable, weighted

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CODINGS = ("zstd", "gzip")
"""The codings that there are, the better one first; the empty name stands for none."""
_FAST = 3  # the level of Zstandard; its window then stays below the 8 MB that every client has to take (RFC 9659)
_GZIP, _LEVEL = 31, 4  # the container and the level of zlib


def coding(accept_encoding: str | None) -> str:
    """Return what an ``Accept-Encoding`` header likes best of CODINGS; "" where it likes the plain bytes better."""
    if not accept_encoding:
        return ""
    try:
        quality = dict(weighted(accept_encoding))
    except NotNegotiable:  # the plain bytes are always right
        return ""
    gzip = quality.get("gzip", quality.get("x-gzip", quality.get("*", 0.0)))  # the one that everybody knows
    wanted = {"zstd": quality.get("zstd", 0.0), "gzip": gzip}
    best = max(CODINGS, key=wanted.__getitem__)
    return best if wanted[best] > 0 and wanted[best] >= quality.get("identity", 0.0) else ""


class Compressor:
    """Compresses one answer part by part; what is returned for a part can be read without the next one."""

    def __init__(self, name: str) -> None:
        self._zstd = name == "zstd"
        self._inner: Any = (
            zstd.ZstdCompressor(level=_FAST) if self._zstd else zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        )

    def part(self, data: bytes, *, last: bool) -> bytes:
        """Return a part compressed; ``last`` says that no other follows."""
        if self._zstd:
            mode = self._inner.FLUSH_FRAME if last else self._inner.FLUSH_BLOCK
            whole: bytes = self._inner.compress(data, mode)
            return whole
        begun: bytes = self._inner.compress(data)
        end: bytes = self._inner.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
        return begun + end


def compressed(name: str, data: bytes) -> bytes:
    """Return a whole answer compressed."""
    return zstd.compress(data, _FAST) if name == "zstd" else zlib.compress(data, _LEVEL, _GZIP)
