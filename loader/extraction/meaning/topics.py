"""What a content is about, and who takes part in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import EntityKind, Span
from loader.extraction.meaning.joining import is_company
from loader.extraction.meaning.participants import first_person, is_first_person, speakers
from loader.extraction.meaning.standings import standing_noun
from loader.extraction.text.clauses import auxiliaries, children, controller_of, head_of, is_clause, subject_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loader.document import Entity
    from loader.extraction.meaning.participants import Participants
    from loader.extraction.text.reading import Attribution, Reading, Voices
    from loader.extraction.text.tokens import Token

_TOPICS = (EntityKind.PARTNERSHIP, EntityKind.PILLAR, EntityKind.TECHNOLOGY)
_PROGRAMS = frozenset({"program", "programme", "initiative", "framework", "scheme", "arrangement"})
_PACTS = frozenset({"pact", "alliance", "bloc", "grouping", "partnership"})
_OF_PACTS = frozenset(
    {"security", "defence", "defense", "military", "trilateral", "three-way", "regional", "new", "own", "trade"}
)
_BODIES = frozenset({"association", "organisation", "organization"})
_WORKS = frozenset({"Programme", "Program", "Project", "Corridor", "Initiative"})
_OPEN_TO_ALL = 60  # members: what has more is no pact or bloc
_TAKEN_UP_WITHIN = 400  # characters: about three sentences
# What tells of joining or being a member, and what may say of what.
_MEMBERSHIP = frozenset({"membership", "accession"})
_STANDING = frozenset({"member", "observer", "partner", "candidate", "contender"})
_FITTING = frozenset({"candidate", "contender"})
_OF_BODY = frozenset({"of", "in", "to", "from", "for", "on"})
_KINDS = frozenset({"dialogue", "partner", "observer", "candidate"})
_JOINED = frozenset({"agreement", "framework", "club", "body", "group", "grouping", "forum", "union", "community"})
_AGREEMENTS = frozenset({"Agreement", "Treaty", "Pact", "Accord", "Accords", "Compact"})
_WHEN = frozenset({"in", "on", "by", "after", "before", "at", "during", "since", "as", "until"})
# Nouns of joint action that leave open with whom.
_JOINT = frozenset({"collaboration", "cooperation", "participation", "involvement", "engagement", "partnership"})
_WITH = frozenset({"with", "in", "on", "between", "among", "into", "for"})
# Nouns whose infinitive is an act of the one who speaks ("the commitment to").
_PROMISES = frozenset({"commitment", "pledge", "promise", "plan", "intention", "determination", "decision", "desire"})
_PLACE_VERBS = frozenset({"visit", "travel", "fly", "arrive", "tour", "go", "head"})
_PLACE_PREPOSITIONS = frozenset({"in", "at", "near", "from", "to"})


def about(participants: Participants, content: Span) -> tuple[Entity, ...]:
    """Return the partnerships, pillars and technologies that the content names or means, in order.

    Meant are what an elided subject stands for ("Formed in 2021, AUKUS …") and what "the program", "the pact" take up.
    """
    found: list[Entity] = []
    head = head_of(participants.reading, content)
    subject = subject_of(head) if is_clause(head) else None
    if subject is not None and not content.start <= subject.idx < content.end:
        found += [entity for entity in participants.denoted_by(subject) if entity.kind in _TOPICS]
    for _, entities in participants.within(content):
        found += [entity for entity in entities if entity.kind in _TOPICS and entity not in found]
    return tuple(found) or _taken_up(participants, content)


def _taken_up(participants: Participants, content: Span) -> tuple[Entity, ...]:
    """Return the partnership or pillar named last before "the program" or "the pact" that names none of its own."""
    for token in participants.reading.tokens(content):
        lemma = token.lemma_.lower()
        if lemma not in _PROGRAMS | _PACTS | _BODIES | {"project"} or participants.at(token):
            continue
        words = {child.lower_ for child in token.children if not child.is_punct and child.dep_ != "relcl"}
        if not words & {"the", "this"} or words - {"the", "this"} - _OF_PACTS:
            continue
        if lemma in _BODIES or lemma == "project":
            body = _body_before(participants, token.idx, work=lemma == "project")
            if body:
                return body
            continue
        named = _named_before(participants, token.idx, _TAKEN_UP_WITHIN, pacts=lemma in _PACTS)
        if not named and lemma in _PACTS:  # the only one that the article has named may be far off
            named = _named_before(participants, token.idx, token.idx, pacts=True)
            named = named if len({entity.path for entity in named}) == 1 else []
        pillar = len(named) > 1 and participants.reading.registry.partnership(named[-2]) == named[-1]
        return (named[-2],) if pillar else tuple(named[-1:])  # "Pillar II of AUKUS"
    return ()


def _body_before(participants: Participants, end: int, *, work: bool) -> tuple[Entity, ...]:
    """Return what "the association" takes up, the body named last; for "the project", a partnership that is a work."""
    before = Span(max(0, end - _TAKEN_UP_WITHIN), end)
    kinds = (EntityKind.PARTNERSHIP, *(() if work else (EntityKind.ORGANIZATION,)))
    named = [e for _, entities in participants.within(before) for e in entities if e.kind in kinds]
    if not named or named[-1].kind is not EntityKind.PARTNERSHIP:
        return ()
    return (named[-1],) if not work or _WORKS & set(named[-1].label.split()) else ()


def in_hand(participants: Participants, content: Span) -> tuple[Entity, ...]:
    """Return the partnership or pillar in hand where somebody joins or is a member, and the words do not say of what.

    A content is not about it, since nothing in it stands for it; but a membership can rest on it.
    """
    for token in participants.reading.tokens(content):
        if _is_joining_open(token):
            if any(thing.lemma_ == "agreement" for thing in children(token, "dobj")):
                return _agreement_before(participants, token.idx)
            named = _named_before(participants, token.idx, _TAKEN_UP_WITHIN, pacts=token.lemma_ not in _FITTING)
            if not named:
                named = _named_before(participants, token.idx, token.idx, pacts=True)
                named = named if len({entity.path for entity in named}) == 1 else []
            return tuple(named[-1:])
    return ()


def _agreement_before(participants: Participants, end: int) -> tuple[Entity, ...]:
    """Return the partnership named last before a place by a name that says that it is an agreement."""
    text = participants.reading.article.text
    for span, entities in reversed(participants.within(Span(0, end)) if end else ()):
        if entities[0].kind is EntityKind.PARTNERSHIP and _AGREEMENTS & set(span.of(text).split()):
            return entities[:1]
    return ()


def _is_joining_open(token: Token) -> bool:
    """Whether a word tells of joining or of being a member and leaves open of what: "was invited to join"."""
    if token.lemma_ in ("join", "rejoin"):
        named = any(thing.lemma_ not in _JOINED for thing in children(token, "dobj"))
        open_ = token.pos_ == "VERB" and not named and not any(children(token, "agent", "auxpass"))
        return open_ and not any(link.lower_ not in _WHEN for link in children(token, "prep")) and not is_company(token)
    noun = standing_noun(token)
    told = token.lemma_ in _MEMBERSHIP or (token.lemma_ in _STANDING and _is_said_of_somebody(noun))
    if token.lemma_ == "partner" and not any(child.lower_ == "dialogue" for child in children(token, "compound")):
        return False
    if token.pos_ != "NOUN" or not told:
        return False
    links = [link.lower_ for link in (*children(token, "prep"), *children(noun, "prep"))]
    plain = all(
        child.dep_ != "compound" or child.lower_ in _KINDS
        for child in (*token.children, *noun.children)
        if child != token
    )
    return plain and not any(link in _OF_BODY for link in links)


def _is_said_of_somebody(noun: Token) -> bool:
    if noun.dep_ == "pobj":
        return noun.head.lower_ == "as"
    return noun.dep_ == "attr" and noun.head.lemma_ in ("be", "become", "remain")


def _named_before(participants: Participants, end: int, reach: int, *, pacts: bool) -> list[Entity]:
    """Return the partnerships and pillars named in some characters before a place; no pillar where it is a pact."""
    before = Span(max(0, end - reach), end)
    named = [e for _, entities in participants.within(before) for e in entities if e.kind in _TOPICS[:2]]
    if not pacts:
        return named
    members = participants.reading.registry.members
    return [e for e in named if e.kind is EntityKind.PARTNERSHIP and len(members(e)) < _OPEN_TO_ALL]


def leaves_partner_open(reading: Reading, content: Span) -> bool:
    """Whether a content speaks of collaboration or participation and not with whom or in what.

    Such a content, where it only goes on with the proposition before it, is about what that one is about.
    """
    for token in reading.tokens(content):
        if token.lemma_ in _JOINT and not any(child.lower_ in _WITH for child in children(token, "prep")):
            return not any(child.dep_ in ("compound", "poss") and child.pos_ == "PROPN" for child in token.children)
    return False


def involves(
    participants: Participants, content: Span, attribution: Attribution | None, voices: Voices
) -> tuple[Entity, ...]:
    """Return the actors that take part in what the content says, an elided subject included, in order.

    A state that only tells whose officer somebody is ("the Japanese prime minister") does not take part, nor does a
    capital that somebody travels to.
    """
    reading = participants.reading
    found: list[Entity] = []
    elided = _elided_subject(participants, content, attribution, voices)
    _add(found, elided)
    for span, entities in participants.within(content):
        tokens = reading.tokens(span)
        if _is_title(participants, tokens.root, entities) or _is_place(tokens.root):
            continue
        _add(found, entities)
    for token in reading.tokens(content):
        if is_first_person(token) and not participants.at(token) and attribution is not None:
            plural = token.lower_[0] in "wuo"
            stood_for = first_person(voices, plural=plural)
            _add(
                found, (e for e in stood_for if not plural or e.kind is not EntityKind.PERSON)
            )  # "we" are more than one
    return tuple(found)


def goes_on_without_verb(reading: Reading, content: Span) -> bool:
    """Whether a content is only the rest of the one before it ("…, but not as a weapon")."""
    tokens = reading.tokens(content)
    return tokens[0].lower_ in ("not", "nor", "neither") and not is_clause(tokens.root)


def _add(found: list[Entity], entities: Iterable[Entity]) -> None:
    for entity in entities:
        taking_part = entity.kind.is_actor and entity.kind is not EntityKind.PARTNERSHIP
        if taking_part and entity.kind is not EntityKind.UNNAMED_SOURCE and entity not in found:
            found.append(entity)


def taking_part(participants: Participants, content: Span) -> tuple[Entity, ...]:
    """Return the actors that a content names, also those who are only gone to ("will visit Washington")."""
    found: list[Entity] = []
    for span, entities in participants.within(content):
        if not _is_title(participants, participants.reading.tokens(span).root, entities):
            _add(found, entities)
    return tuple(found)


def _elided_subject(
    participants: Participants, content: Span, attribution: Attribution | None, voices: Voices
) -> tuple[Entity, ...]:
    """Return whom a content without a subject of its own is said of: "[they] pledged to support Ukraine"."""
    head = head_of(participants.reading, content)
    if not is_clause(head):
        promised = head.lemma_ in _PROMISES and any(child.tag_ == "VB" for child in children(head, "acl"))
        owned = any(children(head, "poss")) and not any(child.tag_ == "PRP$" for child in head.children)
        return speakers(voices) if promised and not owned and attribution is not None else ()
    subject = subject_of(head)
    if subject is not None and content.start <= subject.idx < content.end:
        return ()
    if attribution is None:
        return participants.denoted_by(subject) if subject is not None else ()
    infinitive = any(helper.lower_ == "to" for helper in auxiliaries(head)) or head.tag_ in ("VB", "VBG")
    if infinitive and attribution.cue.start < content.start:
        return _who_is_to_act(participants, content, head, voices)
    if subject is not None and not attribution.cue.start <= subject.idx < attribution.cue.end:
        return participants.subject(head, voices) or ()
    return speakers(voices)


def _who_is_to_act(participants: Participants, content: Span, head: Token, voices: Voices) -> tuple[Entity, ...]:
    """Return whose act an infinitive or gerund is: the speaker's, unless the words name another."""
    controlled = controller_of(head)
    if controlled is not None:  # "warned Japan against joining"
        return participants.denoted_by(controlled)
    return () if _has_subject_before(participants.reading, content, head) else speakers(voices)


def _has_subject_before(reading: Reading, content: Span, head: Token) -> bool:
    """Whether a content names who is to act before its infinitive: "ministers to publish a plan"."""
    to = next((helper for helper in auxiliaries(head) if helper.lower_ == "to"), head)
    before = [token for token in reading.tokens(content) if token.i < to.i]
    return any(token.pos_ in ("NOUN", "PROPN", "PRON") for token in before)


def _is_title(participants: Participants, token: Token, entities: tuple[Entity, ...]) -> bool:
    """Whether a state or body only says whose officer the person named beside it is."""
    if not any(entity.kind in (EntityKind.STATE, EntityKind.ORGANIZATION) for entity in entities):
        return False
    noun = token
    for _ in range(4):
        if noun.head == noun or noun.dep_ not in ("compound", "amod", "poss", "nmod", "pobj", "prep", "appos"):
            return False
        if noun.dep_ == "prep" and noun.lower_ not in ("of", "for"):
            return False
        noun = noun.head
        if noun.dep_ != "prep" and any(entity.kind is EntityKind.PERSON for entity in participants.at(noun)):
            return True
    return False


def _is_place(token: Token) -> bool:
    """Whether a name is only where something happens or somebody goes ("visit Washington", "fly to Tokyo")."""
    if token.dep_ == "dobj":
        return token.head.lemma_ in ("visit", "tour") and token.ent_type_ == "GPE"
    if token.dep_ != "pobj" or token.head.lower_ not in _PLACE_PREPOSITIONS:
        return False
    return token.head.head.lemma_ in _PLACE_VERBS and token.head.lower_ == "to"
