"""The words we use: the closed namespace ``pact:``, the prefixes, and the minting of every IRI.

An IRI is a function of the base, the article's text and its address, and of nothing else, so loading an article twice
gives the same triples, and no node is blank.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote

from pyoxigraph import NamedNode
from rdflib import Namespace, URIRef
from rdflib.namespace import DefinedNamespace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEFAULT_BASE = "https://pactgraph.example/"
ONTOLOGY = "https://pactgraph.example/ns"
SHAPES = "https://pactgraph.example/shapes"


class PACT(DefinedNamespace):
    """The vocabulary of ``pactgraph.ttl``; a name that it lacks raises AttributeError.

    Codes have a hyphen and are written ``PACT["mode-direct"]``.
    """

    _NS = Namespace("https://pactgraph.example/ns#")
    _fail = True

    # classes
    Statement: URIRef
    Actor: URIRef
    Partnership: URIRef
    Pillar: URIRef
    Article: URIRef
    State: URIRef
    Organization: URIRef
    NewsOutlet: URIRef
    Person: URIRef
    UnnamedSource: URIRef
    Technology: URIRef
    Membership: URIRef
    Span: URIRef
    TimeReference: URIRef

    # a statement: who says it, how
    inArticle: URIRef
    speaker: URIRef
    onBehalfOf: URIRef
    relayedBy: URIRef
    reportMode: URIRef
    sourceNaming: URIRef
    kind: URIRef
    medium: URIRef
    section: URIRef
    restates: URIRef

    # a statement: what it says
    about: URIRef
    involves: URIRef
    stance: URIRef
    stanceHolder: URIRef
    certainty: URIRef
    polarity: URIRef
    temporality: URIRef
    utteranceTime: URIRef
    eventTime: URIRef
    text: URIRef
    editedQuote: URIRef
    confidence: URIRef

    # a statement: the words it rests on
    span: URIRef
    contentSpan: URIRef
    quoteSpan: URIRef
    verbatimSpan: URIRef
    cueSpan: URIRef
    sourceSpan: URIRef
    relaySpan: URIRef
    hedgeSpan: URIRef

    # actors, partnerships, pillars, memberships
    affiliation: URIRef
    basedIn: URIRef
    capital: URIRef
    demonym: URIRef
    pillarOf: URIRef
    focusArea: URIRef
    member: URIRef
    partnership: URIRef
    pillar: URIRef
    status: URIRef
    accordingTo: URIRef

    # times
    timeSpan: URIRef
    anchor: URIRef
    timex: URIRef
    offset: URIRef
    earliest: URIRef
    latest: URIRef

    # an article
    contentHash: URIRef
    textLength: URIRef
    boilerplateSpan: URIRef
    articleStatus: URIRef

    # code lists, and the datatype of a stance's notation
    reportModes: URIRef
    kinds: URIRef
    sourceNamings: URIRef
    stances: URIRef
    certainties: URIRef
    polarities: URIRef
    temporalities: URIRef
    media: URIRef
    sections: URIRef
    statuses: URIRef
    anchors: URIRef
    articleStatuses: URIRef
    PLOVER: URIRef

    _extras = [  # noqa: RUF012 (rdflib asks for a list here)
        *("mode-direct", "mode-indirect", "mode-mixed", "mode-narrator"),
        *("kind-speech", "kind-attitude", "kind-promise", "kind-intent", "kind-question"),
        *("naming-named", "naming-institution", "naming-spokesperson"),
        *("naming-anonymous", "naming-document", "naming-none"),
        *("stance-supportive", "stance-interested", "stance-committed"),
        *("stance-neutral", "stance-concerned", "stance-opposed"),
        *("certainty-certain", "certainty-probable", "certainty-possible"),
        *("polarity-affirmed", "polarity-negated"),
        *("time-past", "time-present", "time-future"),
        *("medium-written-statement", "medium-report", "medium-interview", "medium-spoken", "medium-social"),
        *("section-headline", "section-standfirst", "section-body"),
        *("status-member", "status-partner", "status-invited", "status-prospective"),
        *("status-candidate", "status-interested", "status-declined", "status-former"),
        *("anchor-absolute", "anchor-publication", "anchor-event"),
        *("article-current", "article-corrected", "article-retracted"),
    ]


PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "pact": "https://pactgraph.example/ns#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "owl": "http://www.w3.org/2002/07/owl#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "dcterms": "http://purl.org/dc/terms/",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "oa": "http://www.w3.org/ns/oa#",
        "org": "http://www.w3.org/ns/org#",
        "prov": "http://www.w3.org/ns/prov#",
        "schema": "https://schema.org/",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "wd": "http://www.wikidata.org/entity/",
    }
)
"""Prefixes of the vocabularies that our graphs use; those of the data hang on the base (``Mint.prefixes``)."""


def compact(iri: str) -> str:
    """Return an IRI as people write it: with its prefix (``pact:speaker``), or between angle brackets."""
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace) and _LOCAL_NAME.fullmatch(iri, len(namespace)):
            return f"{prefix}:{iri[len(namespace) :]}"
    return f"<{iri}>"


def canonical(data: bytes | str) -> str:
    """Return the canonical text of an article: what its offsets index and its identity is taken from.

    Bytes are UTF-8. Byte-order marks at the start are dropped, CRLF and CR become LF, blanks are cut at the very end
    of the whole, and there is no Unicode normalisation. Applying it twice changes nothing. Raises UnicodeDecodeError
    for bytes that are not UTF-8.
    """
    text = data.decode("utf-8") if isinstance(data, bytes) else data
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").rstrip()


def content_hash(text: str) -> str:
    """Return the hexadecimal SHA-256 of a canonical text's UTF-8 bytes (the value of ``pact:contentHash``)."""
    return hashlib.sha256(text.encode()).hexdigest()


def article_id(text: str, url: str | None = None) -> str:
    """Return the 16 hexadecimal digits that name an article: one canonical text at one address.

    The same story in two outlets is two articles; the same file twice is one. ``url`` may be given in any of the
    forms that `canonical_url` takes for one. Raises ValueError for a URL that is not absolute.
    """
    return content_hash(text if url is None else f"{text}\n{canonical_url(url)}")[:16]


def canonical_url(url: str) -> str:
    """Return the one form of an article's address that its versions share.

    Of a web address: https, lower-case host without "www." and default port, path without a slash at the end,
    parameters in order and without those that only track the reader, no fragment. Any other absolute IRI stays as
    it is. Applying it twice changes nothing. Raises ValueError for anything else.
    """
    address = url.strip()
    web = _WEB_ADDRESS.fullmatch(address)
    if web is None:
        if _is_absolute(address) and not address.lower().startswith(("http:", "https:")):
            return address
        message = f"{url!r} is not an absolute URL; write it with its scheme, as in https://example.org/news/1."
        raise ValueError(message)
    host = _DEFAULT_PORT.sub("", _WWW.sub("", web["host"].lower()))
    path = web["path"].rstrip("/") or "/"
    parameters = sorted(part for part in (web["query"] or "").split("&") if part and not _TRACKING.match(part))
    return f"https://{host}{path}" + ("?" + "&".join(parameters) if parameters else "")


def slug(label: str) -> str:
    """Return the last part of an IRI for what the registry lacks: lower-case ASCII words joined by hyphens.

    Accents fold (``cote-d-ivoire``) and a possessive goes (``korean-peoples-army``). A label with letters or digits
    that do not fold to ASCII, or with no letter or digit at all, gives ``x-`` and 12 digits of its hash.
    """
    folded = unicodedata.normalize("NFKD", label)
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    if any(character.isalnum() and not character.isascii() for character in plain):
        return _hashed_slug(label)
    words = _POSSESSIVE.sub("s", _LAST_POSSESSIVE.sub("", plain)).lower()
    return _NO_WORD.sub("-", words).strip("-") or _hashed_slug(label)


def _hashed_slug(label: str) -> str:
    return "x-" + content_hash(unicodedata.normalize("NFC", label))[:12]


def _is_absolute(iri: str) -> bool:
    try:
        NamedNode(iri)  # raises ValueError for what is no absolute IRI
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Mint:
    """Mints every IRI of the data under one base, which is absolute and ends in ``/``.

    Offsets are code points of the canonical text, the end not included. An ``article``, ``statement``, ``member``,
    ``partnership`` or ``pillar`` that is handed in is an IRI, and so is everything that is returned.
    """

    base: str = DEFAULT_BASE

    def __post_init__(self) -> None:
        if not _is_absolute(self.base):
            message = f"The base {self.base!r} is not an absolute IRI; write it in full, as in {DEFAULT_BASE}."
            raise ValueError(message)
        if "#" in self.base or "?" in self.base:
            message = f"The base {self.base!r} has a query or a fragment; a base is a scheme, a host and a path."
            raise ValueError(message)
        if not self.base.endswith("/"):
            message = f"The base {self.base!r} does not end in a slash; write {self.base}/."
            raise ValueError(message)

    @property
    def prefixes(self) -> dict[str, str]:
        """`PREFIXES` and those of the data under this base."""
        return {**PREFIXES, **{name: f"{self.base}{name}/" for name in (*_FOLDERS, "article", "graph")}}

    # ---- what one article says

    def article(self, text: str, url: str | None = None) -> str:
        """Return the article with this canonical text, at this address if it is known (see `article_id`)."""
        return f"{self.base}article/{article_id(text, url)}"

    def work(self, url: str) -> str:
        """Return the work whose texts were found at this address over time (see `canonical_url`)."""
        return f"{self.base}work/{content_hash(canonical_url(url))[:16]}"

    def span(self, article: str, start: int, end: int) -> str:
        """Return a run of characters of the article (RFC 5147)."""
        return f"{article}#char={start},{end}"

    def statement(self, article: str, start: int, end: int, cue: int | None = None) -> str:
        """Return the statement whose content is ``start`` to ``end``.

        ``cue``, where the cue starts, is given for the later one where two sources say the same words; `statements`
        tells which that is.
        """
        return f"{article}/statement/{start}-{end}" + ("" if cue is None else f"-{cue}")

    def statements(self, article: str, keys: Iterable[tuple[int, int, int]]) -> dict[tuple[int, int, int], str]:
        """Return the IRI of each of an article's statements, given as start, end and start of the cue (-1: no cue).

        Of statements with the same content, the one whose cue comes first has the plain IRI. The order in which the
        keys are given does not matter. Raises ValueError if one is given twice.
        """
        minted: dict[tuple[int, int, int], str] = {}
        taken: set[tuple[int, int]] = set()
        for key in sorted(keys):
            start, end, cue = key
            if key in minted:
                message = f"Two statements of {article} have content {start}-{end} and a cue at {cue}."
                raise ValueError(message)
            minted[key] = self.statement(article, start, end, cue if (start, end) in taken else None)
            taken.add((start, end))
        return minted

    def source(self, article: str, start: int, end: int) -> str:
        """Return an unnamed source, which lives in this article alone, by its first mention."""
        return f"{article}/source/{start}-{end}"

    def time(self, article: str, start: int, end: int) -> str:
        """Return a time reference by its words."""
        return f"{article}/time/{start}-{end}"

    def reading(self, article: str) -> str:
        """Return the activity in which a language model read the article."""
        return f"{article}/reading"

    def reader(self, article: str) -> str:
        """Return the language model that read the article, as this article's reader."""
        return f"{article}/reader"

    def membership(self, statement: str, member: str, partnership: str, pillar: str | None = None) -> str:
        """Return the membership that a statement tells of: one for each member and pillar, or else partnership."""
        article, offsets = statement.rsplit("/statement/", 1)
        return f"{article}/membership/{offsets}-{_last_part(member)}-{_last_part(pillar or partnership)}"

    # ---- what outlives an article

    def entity(self, path: str) -> str:
        """Return an actor, partnership, pillar or technology by its path (``actor/japan``).

        Raises ValueError for any other path; an unnamed source is minted by `source`.
        """
        if not _ENTITY_PATH.fullmatch(path):
            message = f"{path!r} is not the path of an entity; one of {', '.join(_FOLDERS)}, a slash and a slug is."
            raise ValueError(message)
        return self.base + path

    # ---- graphs

    @property
    def ontology_graph(self) -> str:
        """The vocabulary."""
        return f"{self.base}graph/ontology"

    @property
    def registry_graph(self) -> str:
        """What is known beforehand, and accepted links."""
        return f"{self.base}graph/registry"

    @property
    def auto_graph(self) -> str:
        """Actors that loaded articles name and the registry lacks."""
        return f"{self.base}graph/registry/auto"

    @property
    def links_graph(self) -> str:
        """Every linking decision."""
        return f"{self.base}graph/links"

    @property
    def facts_graph(self) -> str:
        """What Wikidata states of linked entities, as it was copied last."""
        return f"{self.base}graph/links/facts"

    @property
    def meta_graph(self) -> str:
        """Runs, times, versions, and the status of articles."""
        return f"{self.base}graph/meta"

    def graph(self, article: str) -> str:
        """Return the graph of what one article says."""
        return f"{self.base}graph/article/{_last_part(article)}"

    def article_of(self, graph: str) -> str | None:
        """Return the article whose graph this is, None for any other graph."""
        identifier = graph.removeprefix(f"{self.base}graph/article/")
        return f"{self.base}article/{identifier}" if _ARTICLE_ID.fullmatch(identifier) else None

    def user_graph(self, name: str) -> str:
        """Return the graph for a user's own file of this name where they choose none."""
        return f"{self.base}user/{quote(name, safe='')}"

    def is_reserved(self, iri: str) -> bool:
        """Whether a graph of this name is the loader's to write, and nobody else's."""
        return iri.startswith(f"{self.base}graph/")


_FOLDERS = ("actor", "partnership", "pillar", "technology")
_ENTITY_PATH = re.compile(rf"(?:{'|'.join(_FOLDERS)})/[a-z0-9]+(?:-[a-z0-9]+)*")
_ARTICLE_ID = re.compile(r"[0-9a-f]{16}")
_WEB_ADDRESS = re.compile(r"(?i)https?://(?P<host>[^/?#\s]+)(?P<path>[^?#\s]*)(?:\?(?P<query>[^#\s]*))?(?:#\S*)?")
_WWW = re.compile(r"^(?:www\.)+(?=.)")
_DEFAULT_PORT = re.compile(r"(?::(?:80|443))+$")
_TRACKING = re.compile(r"(?i)utm_|fbclid|gclid|mc_[ce]id")
_LAST_POSSESSIVE = re.compile(r"[’']s$", re.IGNORECASE)
_POSSESSIVE = re.compile(r"[’']s\b", re.IGNORECASE)
_LOCAL_NAME = re.compile(r"[A-Za-z0-9](?:[\w-]*\w)?", re.ASCII)
_NO_WORD = re.compile(r"[^0-9a-z]+")


def _last_part(iri: str) -> str:
    return re.split("[/#]", iri)[-1]
