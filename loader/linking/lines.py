"""The files in which Wikidata's data come: packed or not, an entity in JSON on each line."""

from __future__ import annotations

import bz2
import gzip
import json
import re
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator
    from pathlib import Path


_NAMED = re.compile(rb'\s*\{(?:"type": ?"item", ?)?"id": ?"(Q[0-9]+)"')


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was skipped: where it stands and what is wrong with it."""

    source: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.sentence}" if self.line else f"{self.source}: {self.sentence}"


class Unreadable(Exception):
    """An input that cannot be read at all; the message is one sentence."""


def is_json(path: Path) -> bool:
    """Whether a file is taken to hold entities in JSON: any that is no table and no answer of SPARQL."""
    return not bare_name(path).endswith((".tsv", ".parquet", ".srj"))


def bare_name(path: Path) -> str:
    """Return the name of a file without the ending of its packing."""
    return path.name.removesuffix(".gz").removesuffix(".bz2").removesuffix(".zst")


def parser() -> Callable[[bytes], Any]:
    """Return what reads a line of JSON: orjson, which takes half the time, where it is installed."""
    try:
        from orjson import loads  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415 (not everybody has it)
    except ImportError:
        return _loads
    return cast("Callable[[bytes], Any]", loads)


def _loads(line: bytes) -> Any:
    """Read JSON, and refuse halves of characters, which no file can hold, as orjson does."""
    said = json.loads(line)
    if b"\\ud" in line or b"\\uD" in line:
        json.dumps(said, ensure_ascii=False).encode()
    return said


def broken() -> tuple[type[Exception], ...]:
    """Return the errors by which an archive that is damaged or ends early shows while it is read."""
    try:
        from zstandard import ZstdError  # noqa: PLC0415 (not everybody has it)
    except ImportError:
        return EOFError, zlib.error, OSError
    return EOFError, zlib.error, OSError, cast("type[Exception]", ZstdError)


def unpacked(path: Path, raw: IO[bytes]) -> Any:
    """Return the lines of an open file, unpacked as its name says. Raises Unreadable where a package is missing."""
    if path.name.endswith(".gz"):
        return gzip.open(raw)
    if path.name.endswith(".bz2"):
        return bz2.open(raw)
    if path.name.endswith(".zst"):
        try:
            from io import BufferedReader  # noqa: PLC0415 (only where it is needed)

            from zstandard import ZstdDecompressor  # noqa: PLC0415 (only where it is needed)
        except ImportError:
            message = f"{path} is packed with Zstandard; `pip install zstandard` lets Pactgraph read it."
            raise Unreadable(message) from None
        return BufferedReader(ZstdDecompressor().stream_reader(raw))
    return raw


def read_json(
    path: Path, wanted: Container[str], progress: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    """Give (line, entity in JSON) of a dump or of JSON lines, packed or not, for whoever wants more than names.

    A line that begins with the id of an entity that is not ``wanted`` is passed over unread, which is what most of a
    dump is, unless it tells of a redirect. Only that it is an object with an id or redirects is certain of an entity.
    ``progress`` hears how many bytes of the file were read. Raises Unreadable, also where an archive ends early.
    """
    line = 0
    try:
        parse = parser()
        with path.open("rb") as raw:
            before = 0
            for line, text in enumerate(unpacked(path, raw), 1):
                if line % 1000 == 0:
                    progress(raw.tell() - before)
                    before = raw.tell()
                named = _NAMED.match(text)
                if named and named[1].decode() not in wanted and b'"redirects"' not in text:
                    continue
                entity = text.strip().removesuffix(b",")
                if entity in {b"", b"[", b"]"}:
                    continue
                try:
                    said = parse(entity)
                except (ValueError, RecursionError) as error:
                    yield line, Problem(path.name, line, f"is no whole JSON ({error}).")
                    continue
                has_id = isinstance(said, dict) and ("redirects" in said or isinstance(said.get("id"), str))
                yield line, said if has_id else Problem(path.name, line, "is no entity of Wikidata.")
    except broken() as error:
        why = getattr(error, "strerror", None) or f"the archive is damaged or ends early after line {line} ({error})"
        message = f"{path} cannot be read: {why}."
        raise Unreadable(message) from None
