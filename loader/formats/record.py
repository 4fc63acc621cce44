"""What every format hands to the door: a record, or the reason why there is none."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CHARACTERS = 1_000_000
"""The longest canonical text that is read unless told otherwise: some 200 times a long newspaper article."""

_LEAST_BYTES = 32 * 2**20  # a record may carry more than its text: pictures as data URLs, mark-up, rights


class InputError(Exception):
    """Reading cannot start: a path that is not there, a setting that means nothing.

    ``path`` is what the user named, if it was a path. The message is one sentence a user can act on.
    """

    def __init__(self, message: str, path: str | None = None) -> None:
        self.path = path
        super().__init__(message)


class Refused(Exception):
    """There is no article to be had here: a reader raises it, or yields it where more may follow.

    ``line`` is the line of the file that shows why (1-based), None where no line does. The message is one sentence.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(message)


class Format(StrEnum):
    """The formats, each by the suffix that names it."""

    TEXT = "txt"
    MARKDOWN = "md"
    JSON = "json"
    JSON_LINES = "jsonl"
    HTML = "html"
    TABLE = "csv"
    FEED = "rss"
    MAIL = "eml"
    SAVED_PAGE = "mhtml"


class Markup(StrEnum):
    """What the text fields of JSON records are written in."""

    AUTO = "auto"  # as the field's name or media type says, else as the text's own marks show
    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is said about an article, in the words of whoever said it; None or empty where nothing is said."""

    date: str | None = None
    url: str | None = None
    outlet: str | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None
    license: str | None = None
    identifier: str | None = None

    def filled_from(self, other: Metadata) -> Metadata:
        """Return this metadata with what it lacks taken from ``other``."""
        return Metadata(**{each.name: getattr(self, each.name) or getattr(other, each.name) for each in fields(self)})


@dataclass(frozen=True, slots=True)
class Record:
    """One article as its format gives it: the canonical text, and the metadata as written.

    ``line`` is where it starts in a file of many. ``alone`` says that the file holds no other, so that the file's name
    names the article too. ``remark`` is a sentence on what its reader should know, such as that the text is cut off.
    """

    text: str
    metadata: Metadata
    line: int | None = None
    alone: bool = False
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How to read: what the command line sets.

    ``defaults`` fill what a file lacks (see `loader.formats.metadata.defaults`). ``field_map`` says which field of a
    JSON record holds what (see `loader.formats.fields.field_map`). ``format`` is for standard input and for files that
    are named one by one, whatever their suffix; ``encoding`` for text formats that are not UTF-8; ``markup`` for JSON
    records. A text of more than ``limit`` characters is refused. Raises InputError for an encoding or a limit that
    means nothing.
    """

    defaults: Metadata = Metadata()
    field_map: Mapping[str, str] = field(default_factory=dict)
    format: Format | None = None
    encoding: str | None = None
    markup: Markup = Markup.AUTO
    limit: int = CHARACTERS

    def __post_init__(self) -> None:
        if self.limit < 1:
            message = f"The limit of characters must be at least 1, not {self.limit}."
            raise InputError(message)
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
                b"a".decode(self.encoding, "ignore")  # "hex" and "zlib" are codecs, but not of text
            except (LookupError, ValueError):  # ValueError: a name with a NUL
                message = f"There is no text encoding named {self.encoding!r}; names are such as utf-16 or cp1252."
                raise InputError(message) from None

    @property
    def most_bytes(self) -> int:
        """The longest record, or file of one article, that is read at all, so that memory stays bounded."""
        return max(_LEAST_BYTES, 4 * self.limit)
