"""Who speaks in an attribution, how far the article names them, for whom they speak, and who relays their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import Entity, EntityKind, SourceNaming
from loader.extraction.meaning.denotation import Denotation, distinct
from loader.extraction.meaning.floor import Floor
from loader.extraction.meaning.signers import author, signers
from loader.extraction.text.nouns import NounKind, noun_of
from loader.extraction.text.reading import Voices
from loader.extraction.text.syntax import SUBJECTS
from ontology.vocabulary import slug

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loader.document import Span
    from loader.extraction.text.reading import Attribution, Reading
    from loader.extraction.text.tokens import Token

_TITLE_REACH = 6  # tokens before a name in which "spokesman" may stand
_BODY_REACH = 8  # tokens before "spokesman" in which the body may stand
_BARE = frozenset({"its", "their", "a", "the", ",", '"', "”", "''", "’"})
_FOR = frozenset({"for", "of", "from", "at", "with", "to"})
_RELAYING = frozenset(
    {"as", "quoted", "cited", "reported", "by", "the", "told", "according", "to", "quoting", "citing", "an", "a", "on"}
    | {"interview", "with", "via", "through", "from", "says", "said", "reports", "carried", "published", "that", "and"}
    | {"in"}
)
_PAPERS = frozenset({"statement", "letter", "report", "release", "communiqué", "communique", "message", "post", "note"})
_CARRIED = frozenset({"published", "posted", "carried"})  # by whom tells nothing of whose words they are
_I = frozenset({"i", "we", "my", "our", "me", "us"})
_WE = frozenset({"we", "our", "us"})
_STATES = frozenset({"nations", "countries", "governments", "states"})
_MISSIONS = ("embassy-", "consulate-", "permanent-mission-", "high-commission-")
_OF_GOVERNMENT = frozenset({"ministry", "embassy", "consulate", "mission", "department", "office", "kremlin"})
_SEATS = frozenset({"white-house", "blue-house", "downing-street", "elysee-palace"})  # of those who govern


def identify(reading: Reading, attributions: Sequence[Attribution]) -> tuple[Voices, ...]:
    """Return the voices behind each attribution, in the same order.

    A named person is "named", a state or body "institution"; a person without a name is "spokesperson" where they
    speak for a body, else "anonymous"; a document stands for the body that issued it, if the article tells; without
    source words there is "none". A pronoun that nothing could be found for is an unnamed source of its own.
    """
    speakers = _Speakers(reading)
    return tuple(speakers.voices(attribution) for attribution in attributions)


class _Speakers:
    """What an article tells of those who speak in it."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._denotation = Denotation(reading)
        self._spokesmen = self._find_spokesmen()
        self._official = self._find_official()
        self._author = author(reading)
        self._signers = signers(reading)
        self._labels = Floor(reading)
        self._issuers: tuple[Entity, ...] = ()  # who said the last words "in a statement"
        self._paper = False  # whether the last words were those of a paper

    def _find_official(self) -> set[str]:
        """Return the paths of the unnamed persons whom the article somewhere calls the spokesperson of a body."""
        found: set[str] = set()
        for mention in self._reading.unnamed:
            if mention.entity.affiliation is not None and mention.entity.path not in found:
                noun = noun_of(self._reading.tokens(mention.span).root)
                if noun is not None and noun.kind is NounKind.SPOKESPERSON:
                    found.add(mention.entity.path)
        return found

    def _find_spokesmen(self) -> dict[str, Entity]:
        """Return the named persons whom the article calls a spokesperson, by path, with the body they speak for."""
        found: dict[str, Entity] = {}
        for mention in self._reading.mentions:
            entity = mention.entity
            if entity.kind is EntityKind.PERSON and entity.path not in found:
                tokens = self._reading.tokens(mention.span)
                for head in _called(tokens.start, tokens.root):
                    noun = noun_of(head)
                    if noun is not None and noun.kind is NounKind.SPOKESPERSON:
                        body = self._body_of(head) or entity.affiliation or self._body_before(head)
                        if body is not None:
                            found[entity.path] = body
                        break
        return found

    def _body_of(self, head: Token) -> Entity | None:
        """Return the actor that the words around "spokesman" name."""
        doc = head.doc
        for i in range(head.i - 1, max(0, head.i - _BODY_REACH) - 1, -1):
            found = self._denotation.named(i)
            if len(found) == 1 and found[0].kind.is_actor:
                return found[0]
            if doc[i].pos_ not in ("ADJ", "NOUN", "PROPN", "PART"):
                break
        for link in head.children:
            for target in link.children if link.dep_ == "prep" and link.lower_ in _FOR else ():
                found = self._denotation.named(target.i)
                if len(found) == 1 and found[0].kind.is_actor:
                    return found[0]
        return None

    def _body_before(self, head: Token) -> Entity | None:
        """Return the body that was subject of the sentence before a bare "Spokesman X" or "its spokesman", if any."""
        doc = head.doc
        before = doc[head.i - 1] if head.i > head.sent.start else None
        named = any(link.dep_ == "prep" and link.lower_ in _FOR for link in head.children)
        is_bare = not named and (before is None or before.lower_ in _BARE)
        if not is_bare or head.sent.start == 0:
            return None
        previous = doc[head.sent.start - 1].sent
        if "\n\n" in doc[previous.start : head.i].text.strip():
            return None
        for token in previous:
            found = self._denotation.named(token.i) if token.dep_ in SUBJECTS or token.head.lower_ == "to" else ()
            if len(found) == 1 and found[0].kind in (EntityKind.ORGANIZATION, EntityKind.STATE, EntityKind.PARTNERSHIP):
                return found[0]
        return None

    def voices(self, attribution: Attribution) -> Voices:
        """Return the voices behind one attribution."""
        relayed = tuple(self._outlet(span) for span in attribution.relays)
        if attribution.source is None or attribution.source_token is None:
            return Voices(SourceNaming.NONE, relayed_by=relayed)
        speakers, is_document = self._denotation.of(attribution.source, attribution.source_token)
        own = _own(attribution.source_token) if not attribution.quotes else ""
        floor = self._floor(attribution.source, attribution.source_token)
        if floor is not None:
            speakers, is_document = (floor,), False
        elif self._signers and own in _WE:
            speakers, is_document = self._signers, False
        elif self._author is not None and own in _I:
            speakers, is_document = (self._author,), False
        if self._is_paper(attribution, speakers, is_document=is_document) and self._issuers:
            speakers, is_document = self._issuers, True
        speakers = self._actors(speakers, attribution.source)
        if _cue_names_paper(attribution) or (is_document and speakers):
            self._issuers = speakers
        self._paper = is_document
        bodies = (body for speaker in speakers if (body := self._principal(speaker)) is not None)
        behalf = tuple(body for body in distinct(bodies) if body not in speakers)
        naming = SourceNaming.DOCUMENT if is_document else self._naming(speakers)
        return Voices(naming, speakers, behalf, relayed, (attribution.source,))

    def _floor(self, source: Span, token: Token) -> Entity | None:
        """Return who has the floor of a transcript where the source is their "I" or "we", outside all quotations."""
        if token.lower_ not in _I or any(quotation.outer.covers(source) for quotation in self._reading.quotations):
            return None
        return self._labels.speaker(source.start)

    def _is_paper(self, attribution: Attribution, speakers: tuple[Entity, ...], *, is_document: bool) -> bool:
        """Whether the source is a paper spoken of before: "according to the statement", "it read"."""
        token = attribution.source_token
        if token is None:
            return False
        if token.lower_ == "it":  # "a statement of the ministry said", and then "it added"
            named = self._reading.mentions_in(attribution.content) if attribution.quotes else ()
            own = any(mention.entity in speakers for mention in named)  # nobody calls himself so in his own words
            return self._paper or own or attribution.cue_token.lower_ in ("read", "reads")
        first = token.doc[token.left_edge.i].lower_
        published = any(child.dep_ == "acl" and child.lower_ in _CARRIED for child in token.children)
        return is_document and (published or not speakers) and first in ("the", "that", "this", "its", "their")

    def _actors(self, speakers: tuple[Entity, ...], source: Span) -> tuple[Entity, ...]:
        """Return those who can speak; words that denote a field or a pillar alone stand for somebody unnamed."""
        actors = tuple(speaker for speaker in speakers if speaker.kind.is_actor)
        if actors or not speakers:
            return actors
        words = " ".join(source.of(self._reading.article.text).split())
        return (Entity(EntityKind.UNNAMED_SOURCE, f"{source.start}-{source.end}", words),)

    def _naming(self, speakers: tuple[Entity, ...]) -> SourceNaming:
        kinds = {speaker.kind for speaker in speakers}
        if EntityKind.PERSON in kinds:
            return SourceNaming.NAMED
        if kinds != {EntityKind.UNNAMED_SOURCE}:
            return SourceNaming.INSTITUTION
        official = all(speaker.path in self._official for speaker in speakers)
        return SourceNaming.SPOKESPERSON if official else SourceNaming.ANONYMOUS

    def _principal(self, speaker: Entity) -> Entity | None:
        """Return the actor on whose behalf somebody speaks, None where they speak for themselves."""
        body = None
        if speaker.kind is EntityKind.PERSON:
            body = self._spokesmen.get(speaker.path)
        elif speaker.kind is EntityKind.UNNAMED_SOURCE:
            body = speaker.affiliation if speaker.path in self._official else None
        elif speaker.kind is EntityKind.ORGANIZATION and speaker.key.startswith(_MISSIONS):
            body = speaker
        return _state_behind(body) if body is not None else None

    def _outlet(self, span: Span) -> Entity:
        """Return the outlet that a relay names: the registry's, a named body as an outlet, else its own words."""
        tokens = self._reading.tokens(span)
        found = [entity for token in tokens for entity in self._denotation.named(token.i)]
        for entity in found:
            if entity.kind is EntityKind.NEWS_OUTLET:
                return entity if entity.registered else self._known_outlet(entity)
        for entity in reversed(found):
            if entity.kind is EntityKind.ORGANIZATION:
                if entity.registered:
                    return entity
                return Entity(EntityKind.NEWS_OUTLET, entity.key, entity.label, entity.affiliation, entity.based_in)
        words = [token for token in tokens if token.lower_ not in _RELAYING and not token.is_punct]
        chosen = [token for token in words if token.text[0].isupper()] or words or list(tokens)
        media = next((token for token in words if token.lower_ == "media"), None)
        if media is not None:  # "Russian media"
            chosen = [token for token in words if token.i <= media.i]
        before = chosen[0].nbor(-1) if chosen[0].i > tokens.start else None
        if before is not None and before.text == "The" and not before.is_sent_start:  # "told The Sun"
            known = self._known_outlet(Entity(EntityKind.NEWS_OUTLET, slug(chosen[0].text), chosen[0].text))
            chosen = chosen if known.registered else [before, *chosen]
        label = " ".join(self._reading.article.text[chosen[0].idx : chosen[-1].idx + len(chosen[-1])].split())
        return self._known_outlet(Entity(EntityKind.NEWS_OUTLET, slug(label), label))

    def _known_outlet(self, outlet: Entity) -> Entity:
        """Return the registry's outlet whose name begins with an article that the text leaves out ("the Hindu")."""
        match = self._reading.registry.find(f"The {outlet.label}")
        return match.entity if match is not None and match.entity.kind is EntityKind.NEWS_OUTLET else outlet


def _cue_names_paper(attribution: Attribution) -> bool:
    """Whether words are said in a paper: "said in a statement", "in a letter"."""
    for link in attribution.cue_token.children:
        if link.dep_ == "prep" and link.lower_ == "in":
            for noun in link.children:
                if noun.dep_ == "pobj" and noun.lemma_ in _PAPERS:
                    return True
    return False


def _own(token: Token) -> str:
    """Return the word of a source; "we" for "our four nations", which are those who sign."""
    is_ours = token.lower_ in _STATES and any(child.lower_ == "our" for child in token.children)
    return "we" if is_ours else token.lower_


def _called(start: int, root: Token) -> list[Token]:
    """Return the nouns that call the person with this name something: before it, beside it, said of it."""
    doc = root.doc
    found = [child for child in root.children if child.dep_ in ("appos", "compound", "nmod", "amod")]
    if root.dep_ == "appos":
        found.append(root.head)
    for i in range(start - 1, max(0, start - _TITLE_REACH) - 1, -1):
        if doc[i].pos_ not in ("NOUN", "PROPN", "ADJ"):
            break
        found.append(doc[i])
    if root.dep_ == "nsubj" and root.head.lemma_ == "be":
        found += [child for child in root.head.children if child.dep_ == "attr"]
    return found


def _state_behind(body: Entity) -> Entity:
    """Return the state for an embassy, a ministry or the seat of its government; any other body itself."""
    state = body.affiliation if body.kind is EntityKind.ORGANIZATION else None
    governing = body.key in _SEATS or bool(_OF_GOVERNMENT & set(body.key.split("-")))
    return state if state is not None and state.kind is EntityKind.STATE and governing else body
