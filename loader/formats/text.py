"""Plain text: an article's canonical text made of a title and lines, and the file that is such a text itself."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from loader.formats.encoding import decode
from loader.formats.record import Metadata, Record, Refused
from ontology.vocabulary import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loader.formats.record import Options

# What XML 1.0 cannot carry (section 2.2, Char), and so no RDF/XML and no SPARQL result in XML.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\ufffe\uffff]")  # without what ends a line, and without surrogates

# What makes a text file seem Markdown: front matter, a heading for its first line, or, in a text of several paragraphs,
# a link. A star does not: plain texts have it for footnotes and lists.
_MARKDOWN = re.compile(r"---[ \t]*\n[\w -]+:|#{1,6} \S|(?=.*\n[ \t]*\n).*\]\(https?://", re.DOTALL)
_AS_IT_IS = "The text seems to be Markdown and is read as it is; --input-format md leaves its marks out."

_WIDEST_WRAP = 120  # columns; nobody wraps by hand wider than that
_FEWEST_BREAKS = 3  # fewer line breaks inside paragraphs than this tell nothing
_SHARE_OF_BREAKS = 0.9  # of the breaks inside paragraphs are where the next word did not fit


def read_text(data: bytes, options: Options) -> Record:
    """Read a text file: it is the canonical text itself, its first line the title. Raises Refused."""
    text = canonical(decode(data, options.encoding))
    if not text:
        raise Refused("The file is empty.")
    unfit = _UNFIT.search(text)
    if unfit:
        line = text.count("\n", 0, unfit.start()) + 1
        column = unfit.start() - text.rfind("\n", 0, unfit.start())
        message = f"Column {column} holds the control character U+{ord(unfit[0]):04X}; remove it."
        raise Refused(message, line)
    title, _, body = text.partition("\n")
    if not title.strip():
        raise Refused("The first line is blank; it must be the title.", 1)
    if not body:
        raise Refused("The file has a title (its first line) but no text.", 1)
    seems = _MARKDOWN.match(text) is not None and options.format is None
    return Record(within(text, options.limit), Metadata(), alone=True, remark=_AS_IT_IS if seems else None)


def compose(title: str | None, lines: Iterable[str], limit: int) -> str:
    """Return the canonical text of a title and a body's lines, as `line_of` leaves them.

    Without a title the first line is it. A first line that only repeats the title is left out. Raises Refused where
    there is no title or no body, for half a surrogate pair, and for more than ``limit`` characters.
    """
    body = [line for line in lines if line]
    headline = line_of(title or "") or (body.pop(0) if body else "")
    if not headline:
        raise Refused("There is no text.")
    if body and body[0].casefold() == headline.casefold():
        del body[0]
    if not body:
        raise Refused("There is a title but no text.")
    text = canonical("\n".join((headline, *body)))
    unfit = _UNFIT.search(text)
    if unfit:
        message = f"The text holds U+{ord(unfit[0]):04X}, one half of a surrogate pair; write the character whole."
        raise Refused(message)
    return within(text, limit)


def within(text: str, limit: int) -> str:
    """Return the text, or raise Refused if it has more than ``limit`` characters."""
    if len(text) > limit:
        message = f"The text has {len(text):,} characters, more than the limit of {limit:,}; split it or raise --limit."
        raise Refused(message)
    return text


def without_controls(text: str) -> str:
    """Return the text with a blank for each control character that does not end a line."""
    return _CONTROL.sub(" ", text)


def line_of(text: str) -> str:
    """Return the text as one line: each run of blanks and line ends one blank, no control characters."""
    return " ".join(without_controls(text).lstrip("\ufeff").split())


def plain_lines(text: str) -> list[str]:
    """Return the lines of a plain body without blank ones, each cut of blanks at its ends.

    A body with blank lines between its paragraphs whose lines are also wrapped by hand is unwrapped first: there a
    line end means nothing.
    """
    paragraphs: list[list[str]] = [[]]
    for raw in without_controls(text).lstrip("\ufeff").splitlines():
        line = raw.strip()
        if line:
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    if len(paragraphs) > 1 and _is_wrapped(paragraphs):
        return [" ".join(paragraph) for paragraph in paragraphs if paragraph]
    return [line for paragraph in paragraphs for line in paragraph]


def _is_wrapped(paragraphs: Sequence[Sequence[str]]) -> bool:
    """Whether the lines end where the next word did not fit: as a wrapping editor leaves them, and nobody else."""
    width = max((len(line) for paragraph in paragraphs for line in paragraph), default=0)
    breaks = [
        len(line) + 1 + len(following.split(maxsplit=1)[0]) > width
        for paragraph in paragraphs
        for line, following in pairwise(paragraph)
    ]
    return width <= _WIDEST_WRAP and len(breaks) >= _FEWEST_BREAKS and sum(breaks) >= _SHARE_OF_BREAKS * len(breaks)
