"""The content codings of answers."""

from __future__ import annotations

import gzip
import sys

import pytest

from endpoint.protocol.codings import CODINGS, Compressor, coding, compressed

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

READ = {"gzip": gzip.decompress, "zstd": zstd.decompress}
PARTS = [b"a" * 100_000, b"", bytes(range(256)) * 50, b"z"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, ""),
        ("", ""),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip;q=0", ""),
        ("*", "gzip"),
        ("*;q=0", ""),
        ("br", ""),
        ("identity, gzip;q=0.5", ""),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("ZSTD;q=0.5, gzip;q=0.8", "gzip"),
        ("gzip, zstd;q=0", "gzip"),
        ("gzip;q=many", ""),
    ],
)
def test_the_coding_is_the_one_that_is_liked_best(header: str | None, expected: str) -> None:
    assert coding(header) == expected


@pytest.mark.parametrize("name", CODINGS)
def test_a_whole_answer_can_be_read_again(name: str) -> None:
    whole = b"".join(PARTS)
    assert READ[name](compressed(name, whole)) == whole
    assert len(compressed(name, whole)) < len(whole) / 10


@pytest.mark.parametrize("name", CODINGS)
def test_an_answer_in_parts_can_be_read_again(name: str) -> None:
    compressor = Compressor(name)
    body = b"".join(compressor.part(part, last=number == len(PARTS)) for number, part in enumerate(PARTS, 1))
    assert READ[name](body) == b"".join(PARTS)


def test_a_part_can_be_read_before_the_next_one_comes() -> None:
    first = Compressor("zstd").part(b"first", last=False)
    assert zstd.ZstdDecompressor().decompress(first) == b"first"
