"""The nouns every stage speaks: an article, the actors it names, and what it says they said.

All values are frozen. Offsets are Unicode code points into the article's canonical text, 0-based, the end not
included. Codes are the last part of the vocabulary's names: ``ReportMode.DIRECT`` is ``pact:mode-direct``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import date


class NoText(ValueError):
    """An article with no line of text, in which nothing can be read."""


class ReportMode(StrEnum):
    """How the article gives the words (``pact:reportMode``)."""

    DIRECT = "direct"
    INDIRECT = "indirect"
    MIXED = "mixed"
    NARRATOR = "narrator"


class SourceNaming(StrEnum):
    """How far the article identifies the source (``pact:sourceNaming``)."""

    NAMED = "named"
    INSTITUTION = "institution"
    SPOKESPERSON = "spokesperson"
    ANONYMOUS = "anonymous"
    DOCUMENT = "document"
    NONE = "none"


class StatementKind(StrEnum):
    """What the source does in the statement (``pact:kind``)."""

    SPEECH = "speech"
    ATTITUDE = "attitude"
    PROMISE = "promise"
    INTENT = "intent"
    QUESTION = "question"


class Medium(StrEnum):
    """The medium that the article says the source used (``pact:medium``)."""

    WRITTEN_STATEMENT = "written-statement"
    REPORT = "report"
    INTERVIEW = "interview"
    SPOKEN = "spoken"
    SOCIAL = "social"


class Stance(StrEnum):
    """The attitude that the content expresses (``pact:stance``)."""

    SUPPORTIVE = "supportive"
    INTERESTED = "interested"
    COMMITTED = "committed"
    NEUTRAL = "neutral"
    CONCERNED = "concerned"
    OPPOSED = "opposed"


class Certainty(StrEnum):
    """How firmly the source presents the proposition (``pact:certainty``)."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"


class Polarity(StrEnum):
    """Whether the proposition is affirmed or negated (``pact:polarity``)."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"


class Temporality(StrEnum):
    """Whether the proposition concerns past, present or future as seen from the article (``pact:temporality``)."""

    PAST = "past"
    PRESENT = "present"
    FUTURE = "future"


class Section(StrEnum):
    """The part of the article that a statement stands in (``pact:section``)."""

    HEADLINE = "headline"
    STANDFIRST = "standfirst"
    BODY = "body"


class MembershipStatus(StrEnum):
    """The status of a membership (``pact:status``)."""

    MEMBER = "member"
    PARTNER = "partner"
    INVITED = "invited"
    PROSPECTIVE = "prospective"
    CANDIDATE = "candidate"
    INTERESTED = "interested"
    DECLINED = "declined"
    FORMER = "former"


class Anchor(StrEnum):
    """What a time is reckoned from (``pact:anchor``)."""

    ABSOLUTE = "absolute"
    PUBLICATION = "publication"
    EVENT = "event"


class EntityKind(StrEnum):
    """The class of an entity, by its name in the vocabulary."""

    STATE = "State"
    ORGANIZATION = "Organization"
    NEWS_OUTLET = "NewsOutlet"
    PERSON = "Person"
    UNNAMED_SOURCE = "UnnamedSource"
    PARTNERSHIP = "Partnership"
    PILLAR = "Pillar"
    TECHNOLOGY = "Technology"

    @property
    def is_actor(self) -> bool:
        """Whether such an entity can speak or take part (a partnership can; a pillar or technology cannot)."""
        return self not in (EntityKind.PILLAR, EntityKind.TECHNOLOGY)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A run of characters of one canonical text: ``start`` included, ``end`` not, in code points."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            message = f"a span needs 0 <= start < end, not {self.start} and {self.end}"
            raise ValueError(message)

    def of(self, text: str) -> str:
        """Return the characters of ``text`` that the span covers."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """Whether the two spans share a character."""
        return self.start < other.end and other.start < self.end

    def covers(self, other: Span) -> bool:
        """Whether ``other`` lies wholly inside this span."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class Article:
    """One article as it was read: its canonical text and what is known about it.

    ``text`` is canonical: title, LF, then the body with one LF between paragraphs. ``source`` and ``line`` say
    where it was read (a path, or ``-`` for standard input; the line in a file of many), for reports only.
    Everything else is None or empty where it is not known; nothing is guessed.
    """

    text: str
    source: str
    line: int | None = None
    identifier: str | None = None
    url: str | None = None
    published: date | None = None
    outlet: str | None = None
    authors: tuple[str, ...] = ()
    language: str = "en"
    license: str | None = None

    @property
    def title(self) -> str:
        """The first line of the text."""
        return self.text.split("\n", 1)[0]


@dataclass(frozen=True, slots=True)
class Entity:
    """An actor, partnership, pillar or technology, as far as it is known.

    ``key`` is the last part of its IRI: the registry's slug, or a slug minted from the label for what the registry
    lacks. For an unnamed source, which lives in one article only, it is the offsets of the first mention
    (``59-107``). ``affiliation`` is the actor that it belongs to or serves; ``based_in`` a state.
    """

    kind: EntityKind
    key: str
    label: str
    affiliation: Entity | None = None
    based_in: Entity | None = None
    registered: bool = False

    @property
    def path(self) -> str:
        """The entity's place under the base IRI (``actor/japan``, ``pillar/aukus-pillar-ii``, ``source/59-107``)."""
        return f"{_FOLDER.get(self.kind, 'actor')}/{self.key}"


_FOLDER = {
    EntityKind.PARTNERSHIP: "partnership",
    EntityKind.PILLAR: "pillar",
    EntityKind.TECHNOLOGY: "technology",
    EntityKind.UNNAMED_SOURCE: "source",
}


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of the article that denote an entity."""

    span: Span
    entity: Entity


class StatementKey(NamedTuple):
    """What tells one statement of an article from another: the content, and where the cue starts (-1: no cue)."""

    start: int
    end: int
    cue: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One proposition that the article presents, with the source it is attributed to (``pact:Statement``).

    ``model`` names the language model that found the words of content, cue and source; None where the rules did.
    """

    content: Span
    mode: ReportMode
    naming: SourceNaming
    section: Section
    certainty: Certainty = Certainty.CERTAIN
    polarity: Polarity = Polarity.AFFIRMED
    temporality: Temporality = Temporality.PRESENT
    kind: StatementKind | None = None
    medium: Medium | None = None
    stance: Stance | None = None
    cue: Span | None = None
    sources: tuple[Span, ...] = ()
    quotes: tuple[Span, ...] = ()
    verbatim: tuple[Span, ...] = ()
    relays: tuple[Span, ...] = ()
    hedges: tuple[Span, ...] = ()
    speakers: tuple[Entity, ...] = ()
    on_behalf_of: tuple[Entity, ...] = ()
    relayed_by: tuple[Entity, ...] = ()
    stance_holders: tuple[Entity, ...] = ()
    about: tuple[Entity, ...] = ()
    involves: tuple[Entity, ...] = ()
    utterance_times: tuple[Span, ...] = ()
    event_times: tuple[Span, ...] = ()
    restates: tuple[StatementKey, ...] = ()
    derived_from: tuple[StatementKey, ...] = ()
    edited: bool = False
    confidence: float | None = None
    model: str | None = None

    @property
    def key(self) -> StatementKey:
        """What other statements and memberships refer to this one by."""
        return StatementKey(self.content.start, self.content.end, self.cue.start if self.cue else -1)


@dataclass(frozen=True, slots=True)
class Membership:
    """The relation of one actor to a partnership that a statement tells of (``pact:Membership``)."""

    member: Entity
    partnership: Entity
    status: MembershipStatus
    according_to: StatementKey
    pillar: Entity | None = None


@dataclass(frozen=True, slots=True)
class TimeReference:
    """A time as the article words it (``pact:TimeReference``).

    ``timex`` is the TIMEX3 value before anchoring (``XXXX-02``), ``offset`` an ISO 8601 duration from the anchor
    (``P1M``, ``-P7D``). ``earliest`` and ``latest`` are known together or not at all.
    """

    span: Span
    anchor: Anchor
    timex: str
    offset: str | None = None
    earliest: date | None = None
    latest: date | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """An article with everything that was read out of it, each list in order of the text."""

    article: Article
    statements: tuple[Statement, ...] = ()
    memberships: tuple[Membership, ...] = ()
    times: tuple[TimeReference, ...] = ()
    boilerplate: tuple[Span, ...] = ()
    mentions: tuple[Mention, ...] = ()
