"""The reading of articles: from files, folders and standard input to `Article` values, one after another.

``docs/input.md`` describes every format with an example.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from loader.document import Article
from loader.formats.encoding import BLOCK, decode
from loader.formats.feed import read_feed
from loader.formats.fields import field_map, metadata_of
from loader.formats.inputs import STANDARD_INPUT, InputFile, Inputs, find_inputs, reason, shown
from loader.formats.mail import read_mail, read_saved_page
from loader.formats.markdown import read_markdown
from loader.formats.metadata import defaults, understand
from loader.formats.objects import decoder, looks_spread, read_json, read_json_lines
from loader.formats.record import Format, InputError, Markup, Metadata, Options, Record, Refused
from loader.formats.table import read_table
from loader.formats.text import read_text
from loader.formats.web import read_page

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator

__all__ = [
    "STANDARD_INPUT",
    "ArticleError",
    "Format",
    "InputError",
    "InputFile",
    "Inputs",
    "Markup",
    "Metadata",
    "Options",
    "defaults",
    "field_map",
    "find_inputs",
    "read_articles",
]

_LONGEST_SIDECAR = 2**20  # bytes
_ONE_BY_ONE = {
    Format.TEXT: read_text,
    Format.MARKDOWN: read_markdown,
    Format.HTML: read_page,
    Format.MAIL: read_mail,
    Format.SAVED_PAGE: read_saved_page,
}
_ONE_AFTER_ANOTHER = {
    Format.JSON: read_json,
    Format.JSON_LINES: read_json_lines,
    Format.TABLE: read_table,
    Format.FEED: read_feed,
}
_GZIP = b"\x1f\x8b"
_JSON_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\{\s*"|\[\s*\{)')
_FEED_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.{0,1000}?-->\s*)*<(?:rss|feed|rdf:RDF)[\s>]", re.DOTALL
)
_HTML_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|\?xml)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ArticleError:
    """Something that is wrong with one article; the reading goes on after it.

    ``source`` is the file as it was named (``-`` for standard input), ``line`` the line in it (1-based), None where no
    one line is to blame. ``message`` is one sentence, or two, that say what is wrong and what helps. ``fatal`` is False
    where the article itself follows, without what the message is about.
    """

    source: str
    line: int | None
    message: str
    fatal: bool = True

    def __str__(self) -> str:
        """Return the message with its place before it, as compilers write it."""
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        return f"{place}: {self.message}"


def read_articles(
    paths: Inputs | Iterable[str | os.PathLike[str]],
    *,
    options: Options | None = None,
    stdin: BinaryIO | None = None,
    progress: Callable[[int], object] | None = None,
) -> Iterator[Article | ArticleError]:
    """Yield the articles of files, folders and standard input in order, and an error for each that cannot be had.

    ``paths`` may be the outcome of `find_inputs`, whose ``size`` is the whole of what ``progress`` is told: it is
    called with the number of bytes on disk that have been read since the last call. ``stdin`` is what ``-`` stands
    for. One record is in memory at a time, so a file of many may have any size. What a file does not say of an
    article is taken from ``options.defaults``; a sidecar overrules the file.

    Raises InputError at once, before anything is read, where reading cannot start.
    """
    chosen = options or Options()
    inputs = paths if isinstance(paths, Inputs) else find_inputs(paths, chosen.format)
    if any(file.path is None for file in inputs.files) and stdin is None:
        raise InputError("Standard input (-) was named, but there is none to read.")
    return _Reading(chosen, stdin, progress or (lambda _: None)).articles(inputs)


class _Reading:
    """One run over the inputs; what it remembers is which article was given the default URL."""

    def __init__(self, options: Options, stdin: BinaryIO | None, progress: Callable[[int], object]) -> None:
        self._options = options
        self._stdin = stdin
        self._progress = progress
        self._url_given_to: str | None = None

    def articles(self, inputs: Inputs) -> Iterator[Article | ArticleError]:
        """Yield what every file gives, in order."""
        for file in inputs.files:
            if file.problem:
                yield ArticleError(file.name, None, file.problem)
            else:
                yield from self._articles_of(file)

    def _articles_of(self, file: InputFile) -> Iterator[Article | ArticleError]:
        sidecar = _sidecar_of(file)
        if isinstance(sidecar, ArticleError):
            yield sidecar
            self._progress(file.size)
            return
        line: int | None = None
        try:
            with self._opened(file) as (stream, tell):
                for found in _records(file, stream, self._options):
                    line = found.line
                    if isinstance(found, Refused):
                        yield ArticleError(file.name, line, str(found))
                    else:
                        yield from self._article(file, found, sidecar)
                    tell()
        except (EOFError, gzip.BadGzipFile, zlib.error):
            yield ArticleError(file.name, line, "The gzip data after this are damaged or cut off; they were not read.")
        except OSError as error:
            yield ArticleError(file.name, line, f"The file cannot be read: {reason(error)}.")

    def _article(self, file: InputFile, record: Record, sidecar: Metadata) -> Iterator[Article | ArticleError]:
        """Yield the article, after an error for each of its metadata that is not clear, and for what is to be known."""
        line = None if record.alone else record.line
        own = sidecar.filled_from(record.metadata)
        whole = own.filled_from(self._options.defaults)
        if whole.url and not own.url:
            if self._url_given_to:
                message = f"--url was given to {self._url_given_to} already, and an address belongs to one article."
                yield ArticleError(file.name, line, message)
                return
            self._url_given_to = file.name if line is None else f"{file.name}:{line}"
        try:
            facts = understand(whole)
        except Refused as refused:
            yield ArticleError(file.name, line, str(refused))
            return
        for problem in (*facts.problems, *filter(None, [record.remark])):
            yield ArticleError(file.name, line, problem, fatal=False)
        article = Article(
            text=record.text,
            source=file.name,
            line=line,
            identifier=whole.identifier or (file.stem if record.alone else None),
            url=facts.url,
            published=facts.published,
            outlet=whole.outlet,
            authors=whole.authors,
            license=whole.license,
        )
        yield article if facts.language is None else replace(article, language=facts.language)

    @contextmanager
    def _opened(self, file: InputFile) -> Iterator[tuple[io.BufferedReader, Callable[[], None]]]:
        """Open a file, unpacked if it is packed, and give what tells the progress so far."""
        told = 0
        with Path(file.path).open("rb") if file.path else nullcontext(_buffered(self._stdin)) as raw:
            packed = file.compressed or (file.path is None and raw.peek(2)[:2] == _GZIP)

            def tell() -> None:
                nonlocal told
                if file.path:
                    place = raw.tell()
                    self._progress(place - told)
                    told = place

            yield io.BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw, tell
            tell()


def _records(file: InputFile, stream: io.BufferedReader, options: Options) -> Iterator[Record | Refused]:
    kind = file.format or _kind_of(stream)
    if kind is Format.JSON_LINES and looks_spread(stream):
        kind = Format.JSON
    if kind in _ONE_AFTER_ANOTHER:
        yield from _ONE_AFTER_ANOTHER[kind](stream, options)
    else:
        try:
            yield _ONE_BY_ONE[kind](_whole(stream, options.most_bytes), options)
        except Refused as refused:
            yield refused


def _kind_of(stream: io.BufferedReader) -> Format:
    """Return the format of standard input by its first characters: JSON, a feed, a web page, front matter, or text."""
    start = stream.peek(BLOCK)
    if _JSON_START.match(start):
        return Format.JSON_LINES if _is_json(start.split(b"\n", 1)[0]) else Format.JSON
    if _FEED_START.match(start):
        return Format.FEED
    if _HTML_START.match(start):
        return Format.HTML
    return Format.MARKDOWN if start.startswith((b"---\n", b"---\r\n")) else Format.TEXT


def _is_json(line: bytes) -> bool:
    try:
        decoder().decode(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return True


def _whole(stream: BinaryIO, most: int) -> bytes:
    data = stream.read(most + 1)
    if len(data) > most:
        message = f"The file is longer than {most:,} bytes, the most that is read of one article."
        raise Refused(message)
    return data


def _sidecar_of(file: InputFile) -> Metadata | ArticleError:
    """Return the metadata beside a file, empty where there are none, or what is wrong with them.

    Broken metadata refuse the article: without the address that they may give, it would be another article.
    """
    path = file.sidecar
    if path is None or not path.exists():
        return Metadata()
    line: int | None = None
    try:
        with path.open("rb") as stream:
            fields = decoder().decode(decode(_whole(stream, _LONGEST_SIDECAR), None).lstrip("\ufeff"))
        if isinstance(fields, dict):
            return metadata_of(fields)
        line, message = 1, "The metadata must be one object with fields such as date and url."
    except json.JSONDecodeError as error:
        line, message = error.lineno, f"The JSON is broken at column {error.colno}: {error.msg.lower()}."
    except RecursionError:
        message = "The JSON is nested too deeply."
    except Refused as refused:
        line, message = refused.line, str(refused)
    except OSError as error:
        message = f"The file cannot be read: {reason(error)}."
    return ArticleError(shown(path), line, f"{message} The article beside it was not read.")


def _buffered(stream: BinaryIO | None) -> io.BufferedReader:
    if isinstance(stream, io.BufferedReader):
        return stream
    return io.BufferedReader(stream, BLOCK)  # type: ignore[arg-type]  # whatever can be read into will do
