"""Stance: the attitude that a content expresses, and whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import EntityKind, Stance, StatementKind
from loader.extraction.meaning.judgement import LINKING, PARTS_OF_SPEECH, look_up, look_up_phrase, of_judgement
from loader.extraction.meaning.modality import is_negated
from loader.extraction.meaning.participants import first_person, is_first_person, speakers, stands_for_speaker
from loader.extraction.text.clauses import auxiliaries, children, head_of, is_clause, owner_of, proposition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.document import Entity, Span
    from loader.extraction.meaning.participants import Participants
    from loader.extraction.text.reading import Attribution, Voices
    from loader.extraction.text.tokens import Token

Held = tuple[Stance, tuple["Entity", ...]]

_WILLS = frozenset({"will", "shall", "'ll", "’ll", "wo", "would", "'d", "’d"})
_WARMTH = frozenset({"welcome", "appreciate", "value", "applaud", "love", "embrace", "favour", "favor", "prefer"})
_NEAR = 3  # tokens
_NEEDING = frozenset({"need", "require"})
_DEMANDS = frozenset({"must", "should", "ought"})
_GOING_ON = frozenset({"continue", "remain", "proceed", "persist", "resume", "stay"})
_AFFIRMING = frozenset({"affirm", "reaffirm"})
_PREVENTING = frozenset({"prevent", "stop", "block", "thwart", "foil", "resist", "halt", "counter"})
_AGAINST = frozenset(
    {"corresponding", "retaliatory", "resolute", "forceful", "military", "punitive", "reciprocal", "counter", "tough"}
)
_HARSH = frozenset({"militarily", "forcefully", "harshly", "decisively", "mercilessly"})
_PURPOSES = frozenset({"dedicated", "goal", "aim", "purpose", "objective", "priority"})
_HEEDING = frozenset({"think", "remember", "realize", "realise", "reflect", "beware", "forget", "bear", "heed"})
_AIDING = frozenset({"help", "support", "assist", "protect", "defend", "cooperate", "strengthen", "deepen"})
_HAVING = frozenset(
    {"have", "express", "share", "voice", "reiterate", "offer", "show", "reaffirm", "convey", "welcome"}
)
_HAD = frozenset({"interest", "concern", "commitment", "doubt", "hope", "confidence", "obligation", "support", "fear"})
_VIEWS = frozenset({"position", "view", "stance", "policy"})  # "this is the position of": theirs who are named
_FINITE = frozenset({"VBD", "VBZ", "VBP", "MD"})
_ENDING = frozenset(
    {"abandon", "axe", "cancel", "ditch", "dump", "end", "exit", "kill", "leave", "quit", "scrap", "tear"}
) | {
    "terminate",
    "withdraw",
}
_JOINING = frozenset({"join", "participate", "enter", "accede"})
_PACTS = (EntityKind.PARTNERSHIP, EntityKind.PILLAR)


def find_stance(
    participants: Participants,
    content: Span,
    attribution: Attribution | None,
    voices: Voices,
    within: Held | None = None,
) -> Held | None:
    """Return the stance of a content with its holders, None where it expresses none.

    The cue's own class decides ("welcomed", "pledged to"); then the attitude that the content gives its subject, a
    plan of the speaker's own, a demand; then words of blame or praise in it. ``within`` is the stance of the
    attribution that this one only explains ("criticized the attack, saying …").
    """
    reading = participants.reading
    head = proposition(head_of(reading, content))
    if attribution is not None:
        found = _of_cue(participants, attribution, head, voices)
        if found is not None or attribution.negated_cue:
            return found
    for rule in (_of_attitude, _of_plan, _of_demand, of_judgement):
        found = rule(participants, content, head, attribution, voices)
        if found is not None:
            return found if found[1] else None
    return within


# ---- the cue


def _of_cue(participants: Participants, attribution: Attribution, head: Token, voices: Voices) -> Held | None:
    """Return the stance that the cue's words name; where they name several, the noun's ("expressed concern")."""
    tokens = [token for token in participants.reading.tokens(attribution.cue) if token.pos_ in PARTS_OF_SPEECH]
    found: Stance | None = None
    for token in tokens:
        if any(child.lower_ == "no" for child in token.children):  # "has no doubt"
            return None
        stance = look_up("cue", token) or look_up_phrase("cue", token)
        if stance is not None and (found is None or token.pos_ in ("NOUN", "ADJ")):
            found = stance
    if found is None or not _fits(found, attribution, head):
        return None
    if found is Stance.COMMITTED and head.lemma_ in _JOINING and is_negated(head):
        found = Stance.OPPOSED  # "vowed not to join"
    if found is Stance.SUPPORTIVE and _is_infinitive(head):
        found = Stance.INTERESTED  # "would like to"
    affirming = attribution.cue_token.lemma_ in _AFFIRMING and not is_clause(head)
    if found is Stance.SUPPORTIVE and affirming and look_up("cue", head) is Stance.COMMITTED:
        return Stance.COMMITTED, _holders(participants, head, head, voices)  # "reaffirmed the commitment to"
    if any(child.dep_ == "neg" for child in attribution.cue_token.children):
        found = Stance.OPPOSED if found is Stance.SUPPORTIVE else None
        if found is None:
            return None
    if found is Stance.CONCERNED and attribution.cue_token.lemma_ == "warn":
        threat = _of_plan(participants, attribution.content, head, attribution, voices)
        if threat is not None and threat[0] is Stance.OPPOSED and not is_negated(head):
            return threat  # "warned that it would retaliate"
    holders = speakers(voices)
    if found is Stance.COMMITTED and is_clause(head):  # "pledged that the state would go on"
        named = next(children(head, "nsubj"), None)
        bound = _actors(participants.denoted_by(named)) if named is not None and named.pos_ == "PROPN" else ()
        holders = bound or holders
    return (found, holders) if holders else None


def _fits(stance: Stance, attribution: Attribution, head: Token) -> bool:
    """Whether a cue that can be an attitude is one here: "agreed to go", not "agreed that it rains"."""
    lemma = attribution.cue_token.lemma_.lower()
    finite = (is_clause(head) and head.tag_ in ("VBD", "VBZ", "VBP", "MD")) or any(
        helper.tag_ in ("VBD", "VBZ", "VBP", "MD") for helper in auxiliaries(head)
    )
    if lemma in ("agree", "decide", "resolve", "suggest", "insist", "accept", "affirm", "reaffirm", "assure", "credit"):
        return not finite
    if lemma in ("ask", "press", "question", "wonder"):
        return _is_infinitive(head) or lemma == "question"
    if lemma == "welcome" and (head.ent_type_ == "PERSON" or head.pos_ == "PRON"):  # a guest
        return False
    if lemma in ("swear", "offer", "doubt", "advocate"):
        return attribution.kind is not StatementKind.SPEECH or not finite
    return not (stance is Stance.SUPPORTIVE and lemma in ("value", "prize", "root") and finite)


def _is_infinitive(head: Token) -> bool:
    return head.tag_ == "VB" and not any(helper.tag_ == "MD" for helper in auxiliaries(head))


# ---- an attitude told in the content


def _of_attitude(
    participants: Participants, content: Span, head: Token, attribution: Attribution | None, voices: Voices
) -> Held | None:
    """Read "Japan is interested in", "they remain steadfast in support of", "the government's support for"."""
    negated = is_negated(head)
    for word in _attitude_words(head):
        stance = look_up("attitude", word) or look_up_phrase("attitude", word)
        if stance is None or not content.start <= word.idx < content.end:
            continue
        modal = word == head and any(helper.lower_ in _DEMANDS for helper in auxiliaries(head))
        judged = word.lemma_ == "consider" and any(children(word, "ccomp", "oprd"))  # "considers it vital"
        if modal or judged:  # "they must resist": not theirs, but a demand
            continue
        planned = _of_plan(participants, content, head, attribution, voices) if word == head else None
        if planned is not None and stance is Stance.SUPPORTIVE and word.lemma_ not in _WARMTH:  # "we will support"
            return planned
        holders = _holders(participants, word, head, voices)
        if word.lower_ in _PURPOSES:  # "the first pillar is dedicated to": what it is for, nobody's promise
            holders = tuple(holder for holder in holders if holder.kind is not EntityKind.PARTNERSHIP)
        if not holders:
            continue
        if negated:
            return (Stance.OPPOSED, holders) if stance is Stance.SUPPORTIVE else None
        return stance, holders
    return None


def _holders(participants: Participants, word: Token, head: Token, voices: Voices) -> tuple[Entity, ...]:
    """Return whose attitude a word of the content tells: its owner's ("their goal is"), else the subject's."""
    owner = owner_of(word) if word.pos_ == "NOUN" else None
    if owner is not None and (word == head or word.dep_ in ("nsubj", "attr")):
        if is_first_person(owner):
            return first_person(voices, plural=owner.lower_ != "my")
        return participants.owners(owner) or (first_person(voices, plural=True) if owner.tag_ == "PRP$" else ())
    if not is_clause(head):
        link = next(children(word, "prep"), None)
        named = next(children(link, "pobj"), None) if link is not None and link.lower_ == "of" else None
        own = named is not None and _actors(participants.denoted_by(named))
        return own or speakers(voices)
    if word.lemma_ in _VIEWS:
        link = next(children(word, "prep"), None)
        named = next(children(link, "pobj"), None) if link is not None and link.lower_ == "of" else None
        return _actors(participants.denoted_by(named)) if named is not None else ()
    subject = participants.subject(head, voices)
    if subject is None:
        return speakers(voices) if head.left_edge.pos_ in ("VERB", "AUX", "PART", "ADV") else ()
    return _actors(subject)


def _actors(entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
    return tuple(entity for entity in entities if entity.kind.is_actor)


def _attitude_words(head: Token) -> Iterator[Token]:
    """Yield the predicate and what completes it: "is interested", "has an interest", "remain steadfast in support"."""
    yield head
    if not is_clause(head):
        return
    if head.lemma_ in LINKING or head.dep_ == "xcomp":
        for complement in children(head, "acomp", "attr", "oprd", "xcomp"):
            yield complement
            for link in children(complement, "prep"):
                yield from children(link, "pobj")
        for link in children(head, "prep"):
            if link.lower_ in ("in", "with", "against"):
                yield link
                yield from children(link, "pobj")
        subject = next(children(head, "nsubj"), None)
        attitudes = (Stance.INTERESTED, Stance.COMMITTED)
        if subject is not None and subject.pos_ == "NOUN" and look_up("attitude", subject) in attitudes:
            yield subject
    if head.lemma_ in _HAVING:
        yield from (noun for noun in children(head, "dobj") if noun.lemma_ in _HAD)


# ---- a plan, a threat, a refusal


def _of_plan(
    participants: Participants, _content: Span, head: Token, attribution: Attribution | None, voices: Voices
) -> Held | None:
    """Read "we will", "it would", "is going to" said of oneself: committed, or opposed where the act is against one."""
    verb = _planned_act(head)
    if attribution is None or verb is None:
        return None
    holders = participants.subject(head, voices)
    if holders is None:
        holders = speakers(voices)
    if not holders or not stands_for_speaker(holders, voices):
        subject = next(children(head, "nsubj"), None)
        going_on = verb.lemma_ in _GOING_ON and subject is not None and subject.pos_ == "NOUN"
        return (Stance.COMMITTED, speakers(voices)) if going_on and _speaks_as_body(voices) else None
    if (
        is_negated(head)
        or is_negated(verb)
        or any(_is_sanction(act) for act in (verb, *children(verb, "xcomp", "conj")))
    ):
        return Stance.OPPOSED, holders
    return Stance.COMMITTED, holders


def _planned_act(head: Token) -> Token | None:
    """Return the verb that somebody will do, None where nobody plans to do anything."""
    helpers = auxiliaries(head)
    verb = head
    planned = is_clause(head) and any(helper.lower_ in _WILLS for helper in helpers)
    if head.lower_ == "going" and helpers:
        verb = next(children(head, "xcomp"), head)
        planned = verb != head
    undone = any(helper.lemma_ == "have" for helper in helpers) or any(children(verb, "auxpass")) or _is_wish(helpers)
    state = verb.lemma_ in ("be", "have", "see", "know", "need") and (
        verb.lemma_ == "need" or not any(children(verb, "xcomp"))
    )
    return verb if planned and not undone and not state else None


def _is_wish(helpers: tuple[Token, ...]) -> bool:
    return any(helper.lower_ in ("would", "'d", "’d") for helper in helpers) and any(
        helper.nbor().lower_ in ("like", "love", "prefer") for helper in helpers
    )


def _is_sanction(verb: Token) -> bool:
    if verb.lemma_ == "do" and any(act.lemma_ in _PREVENTING for act in _purposes(verb)):
        return True  # "we will do everything to prevent it"
    if any(child.lower_ in _HARSH for child in children(verb, "advmod")):
        return True
    if verb.lemma_ == "take" and any(map(_is_measure, children(verb, "dobj"))):
        return True
    kind = (noun for link in children(verb, "prep") if link.lower_ == "in" for noun in children(link, "pobj"))
    if verb.lemma_ in ("respond", "reply") and any(noun.lemma_ == "kind" for noun in kind):
        return True
    return (look_up("sanction", verb) or look_up_phrase("sanction", verb)) is not None


def _purposes(verb: Token) -> Iterator[Token]:
    """Yield the infinitives that tell what something is done for, at the verb or at its object."""
    yield from children(verb, "xcomp", "advcl")
    for thing in children(verb, "dobj"):
        yield from children(thing, "acl", "relcl")


def _is_measure(noun: Token) -> bool:
    """Whether somebody takes measures against another: "countermeasures", "corresponding military measures"."""
    against = {child.lower_ for child in children(noun, "amod", "compound", "nmod")} & _AGAINST
    return noun.lemma_ == "countermeasure" or (noun.lemma_ in ("measure", "step", "action") and bool(against))


def _speaks_as_body(voices: Voices) -> bool:
    return voices.naming in ("institution", "spokesperson") or bool(voices.on_behalf_of)


# ---- a demand


def _is_having_to(word: Token) -> bool:
    """Whether a verb is the "has" of "has to meet the standards"."""
    if word.lemma_ != "have" or word.tag_ not in ("VBZ", "VBP") or is_negated(word):
        return False
    return any(act.tag_ == "VB" and act.i - word.i < _NEAR for act in children(word, "xcomp"))


def _is_demanded(head: Token) -> bool:
    """Whether a clause says what must be or what is needed; an impersonal requirement demands nothing."""
    if head.dep_ != "aux" and any(_is_having_to(word) for word in (head, head.head)):
        return True
    if head.lemma_ in _NEEDING and head.tag_ != "VB" and not is_negated(head):
        return any(children(head, "dobj", "xcomp")) and any(children(head, "nsubj"))
    if head.lemma_ == "be" and not any(children(head, "nsubj")):
        return False
    return any(helper.lower_ in _DEMANDS for helper in auxiliaries(head))


def _of_demand(
    participants: Participants, content: Span, head: Token, attribution: Attribution | None, voices: Voices
) -> Held | None:
    """Read "must": interested, but opposed where it carries blame, concerned where it only warns."""
    if attribution is None or not is_clause(head):
        return None
    if not _is_demanded(head):
        return None
    helpers = auxiliaries(head)
    missed = any(helper.lemma_ == "have" for helper in helpers) and helpers[0].lower_ != "must"
    if missed or (any(children(head, "nsubjpass")) and _is_sanction(head)):
        return Stance.OPPOSED, speakers(voices)  # "they should have asked first", "they should be punished"
    if head.lemma_ in _HEEDING:
        return Stance.CONCERNED, speakers(voices)  # "they should remember what happened"
    blamed = of_judgement(participants, content, head, attribution, voices)
    if blamed is not None and blamed[0] in (Stance.OPPOSED, Stance.CONCERNED):
        return blamed
    return Stance.OPPOSED if _ends_pact(participants, head) else Stance.INTERESTED, speakers(voices)


def _ends_pact(participants: Participants, head: Token) -> bool:
    """Whether what is demanded is the end of a partnership, or to be out of it: "scrap AUKUS", "tear it up"."""
    if head.lemma_ not in _ENDING or is_negated(head):
        return False
    things = [*children(head, "dobj"), *(t for link in children(head, "prep") for t in children(link, "pobj"))]
    return any(
        thing.lower_ == "it" or any(entity.kind in _PACTS for entity in participants.at(thing)) for thing in things
    )
