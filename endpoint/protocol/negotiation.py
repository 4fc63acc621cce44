"""Which of the formats that we can write a client would like best (RFC 9110, sections 12.4 and 12.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class NotNegotiable(ValueError):
    """A header of preferences that does not follow its grammar; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write an answer: ``name`` as in ``?format=``, its media types (the proper one first).

    ``engine`` is the name of the engine's format, None for what we write ourselves (HTML).
    """

    name: str
    media_types: tuple[str, ...]
    engine: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """A format and the media type under which the client asked for it."""

    format: Format
    media_type: str

    @property
    def content_type(self) -> str:
        """The value of the Content-Type header."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


@dataclass(frozen=True, slots=True)
class _Range:
    media: str
    quality: float

    def precision(self, media_type: str) -> int:
        if self.media == media_type:
            return 2
        if self.media == f"{media_type.partition('/')[0]}/*":
            return 1
        return 0 if self.media == "*/*" else -1


RESULTS = (
    Format("json", ("application/sparql-results+json", "application/json"), "JSON"),
    Format("xml", ("application/sparql-results+xml", "application/xml", "text/xml"), "XML"),
    Format("csv", ("text/csv",), "CSV"),
    Format("tsv", ("text/tab-separated-values",), "TSV"),
)
GRAPHS = (
    Format("ttl", ("text/turtle", "application/x-turtle"), "TURTLE"),
    Format("nt", ("application/n-triples",), "N_TRIPLES"),
    Format("rdf", ("application/rdf+xml", "application/xml", "text/xml"), "RDF_XML"),
    Format("jsonld", ("application/ld+json", "application/json"), "JSON_LD"),
    Format("nq", ("application/n-quads",), "N_QUADS"),
    Format("trig", ("application/trig",), "TRIG"),
    Format("n3", ("text/n3",), "N3"),
)
HTML = Format("html", ("text/html", "application/xhtml+xml"), None)
_OTHER_NAMES = {
    "turtle": "ttl",
    "ntriples": "nt",
    "n-triples": "nt",
    "json-ld": "jsonld",
    "nquads": "nq",
    "n-quads": "nq",
}
_OTHER_NAMES |= {"rdfxml": "rdf", "rdf+xml": "rdf", "rdf xml": "rdf", "sparql-results+json": "json"}
_OF_GRAPHS = {"json": "jsonld", "xml": "rdf"}  # what these names mean where there is a graph to be written
_ELEMENTS = 100  # of a header that are looked at: nobody means more
_QUALITY = re.compile(
    r"0?\.[0-9]+|0\.?|1(?:\.0*)?"
)  # old clients of Java say .2, others write more than three decimals
_PIECE = re.compile(r'((?:[^,;"]|"(?:[^"\\]|\\.)*")*)([,;]|$)')
_MEDIA = re.compile(r"[\w!#$&^.+\-]+/[\w!#$&^.+\-]+|[\w!#$&^.+\-]+/\*|\*/\*")


def negotiate(accept: str | None, offers: Sequence[Format]) -> Choice | None:
    """Return what the ``Accept`` header likes best among the offers, or None where it takes none of them.

    The most precise range that fits a media type decides its quality; among equals the one named more precisely,
    then the earlier offer. Without the header the first offer. Raises NotNegotiable for a malformed header.
    """
    if accept is None or not accept.strip():
        return Choice(offers[0], offers[0].media_types[0])
    ranges = tuple(_ranges(accept))
    best: tuple[float, int] = (0.0, -1)
    choice = None
    for offer in offers:
        for media_type in offer.media_types:
            fitting = [(wanted.precision(media_type), wanted.quality) for wanted in ranges]
            precision, quality = max(fitting, default=(-1, 0.0))
            if precision < 2 and media_type != offer.media_types[0]:
                continue  # a wildcard stands for the proper media types only
            if precision >= 0 and quality > 0 and (quality, precision) > best:
                best, choice = (quality, precision), Choice(offer, media_type)
    return choice


def by_name(name: str, offers: Iterable[Format]) -> Choice | None:
    """Return the offer of that name (``?format=``) or of that media type, or None."""
    wanted = name.strip().lower()
    wanted = _OTHER_NAMES.get(wanted, wanted)
    offers = tuple(offers)
    for names in (wanted, _OF_GRAPHS.get(wanted)):
        for offer in offers:
            if names == offer.name or names in offer.media_types:
                return Choice(offer, offer.media_types[0])
    return None


def listed(offers: Iterable[Format]) -> str:
    """Return the offers' media types as words for a sentence."""
    return ", ".join(offer.media_types[0] for offer in offers)


def weighted(header: str) -> list[tuple[str, float]]:
    """Return the elements of a header with their weights; one asking for another charset than UTF-8 weighs 0.

    Raises NotNegotiable for a weight that is none.
    """
    elements: list[tuple[str, float]] = []
    name, quality, first = "", 1.0, True
    for match in _PIECE.finditer(header):
        piece, end = match.group(1).strip(), match.group(2)
        if first:
            name, quality, first = piece.lower(), 1.0, False
        else:
            key, _, value = piece.partition("=")
            value = value.strip().strip('"').lower()
            if key.strip().lower() == "q":
                if not _QUALITY.fullmatch(value):
                    message = f"The weight q={value} is not a number from 0 to 1."
                    raise NotNegotiable(message)
                quality *= float(value)
            elif key.strip().lower() == "charset" and value not in ("utf-8", "utf8"):
                quality = 0.0
        if end != ";":
            if name:
                elements.append((name, quality))
            first = True
        if not end or len(elements) >= _ELEMENTS:
            break
    return elements


def _ranges(accept: str) -> list[_Range]:
    ranges = []
    for media, quality in weighted(accept):
        if media == "*":  # written by old java.net clients for */*
            ranges.append(_Range("*/*", quality))
            continue
        if not _MEDIA.fullmatch(media):
            message = f"The Accept header names {media!r}, which is no media type."
            raise NotNegotiable(message)
        ranges.append(_Range(media, quality))
    return ranges
