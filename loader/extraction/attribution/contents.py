"""Contents: which words a cue attributes, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from loader.extraction.attribution.cues import is_medium, verb
from loader.extraction.attribution.extents import (
    contrast,
    cut_off_subject,
    is_time,
    named_so,
    object_clause,
    spread,
    stray_clause,
)
from loader.extraction.attribution.sources import agent_of
from loader.extraction.text.nouns import PERSONAL, noun_of
from loader.extraction.text.syntax import SUBJECTS, child, children, is_passive, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.extraction.attribution.cues import Entry
    from loader.extraction.text.tokens import Token


@dataclass(frozen=True, slots=True)
class Content:
    """Tokens (first and last, both included, maybe several runs) that a cue attributes, and the frame that found them.

    ``lead`` is the last token that belongs to the cue (a preposition or "to"), None where the cue ends with its verb.
    ``released`` is a verb below the content that goes with the cue instead and shares its source, -1 if there is none.
    """

    runs: tuple[tuple[int, int], ...]
    frame: str
    lead: Token | None = None
    released: int = -1


def of_verb(token: Token, entry: Entry) -> Content | None:
    """Return the content of a verb by the first frame of its entry that its dependents fill."""
    for frame in _FRAMES:
        found = frame(token, entry)
        if found is not None:
            first, last = found.runs[-1]
            run = spread(token, first, last, found.frame.split(" ", 1)[0])
            return replace(found, runs=(*found.runs[:-1], run))
    return None


def _span(first: Token, last: Token, frame: str, lead: Token | None = None) -> Content:
    return Content(((first.left_edge.i, last.right_edge.i),), frame, lead)


def without_mark(clause: Token) -> int:
    """Index of the first token of a clause after "that" and punctuation."""
    start = clause.left_edge.i
    doc = clause.doc
    while start < clause.i and (doc[start].is_punct or doc[start].is_space) and doc[start].text not in "([":
        start += 1
    if start + 1 < clause.i and doc[start].lower_ in _WEEKDAYS and doc[start].dep_ not in SUBJECTS:
        start += 1  # "said [Wednesday] leaders were invited"
    mark = child(clause, "mark")
    if mark is not None and mark.lower_ == "that" and start <= mark.i < clause.i:
        between = doc[start : mark.i]
        if all(word.pos_ == "ADV" or word.is_punct or is_time(word) for word in between):
            return mark.i + 1  # "said [earlier] that"
    return start


def _clause(token: Token, entry: Entry) -> Content | None:
    """Find a finite clause after the verb: "said that", "asked whether", "knows what"."""
    if not entry.allows("that", "that-object"):
        return None
    for clause in (*children(token, "ccomp"), *_displaced(token)):
        if clause.i > token.i and is_finite(clause) and not _is_behind_infinitive(token, clause, entry):
            last, released = _end(token, clause)
            last = max(last, contrast(token, last))
            first = cut_off_subject(token, clause) or without_mark(clause)
            return Content(((first, last),), "clause", released=released)
    for clause in children(token, "xcomp"):
        if clause.tag_ == "VBG" and clause.i > token.i and any(is_finite(c) for c in children(clause, "ccomp")):
            return _span(clause, clause, "clause")  # "said cutting output must be a goal"
    return None


def _stray(token: Token, entry: Entry) -> Content | None:
    """Find a finite clause that a parse hangs on another word than the cue."""
    if not entry.allows("quote", "that-object") or not entry.allows("that", "that-object") or is_passive(token):
        return None
    run = stray_clause(token) or _modified(token)
    return Content((run,), "clause") if run is not None else None


def _modified(token: Token) -> tuple[int, int] | None:
    """Return the clause behind a cue that a parse takes for an adjective: "implied voters were wrong"."""
    subject, own = token.head, child(token, "nsubj")
    if token.dep_ != "amod" or own is None or own.i > token.i or subject.dep_ not in SUBJECTS or subject.i < token.i:
        return None
    verb = subject.head
    return (token.i + 1, verb.right_edge.i) if verb.i > subject.i and is_finite(verb) else None


def _displaced(token: Token) -> Iterator[Token]:
    """Yield the "that" clauses that a parse hangs on a time or a medium: "said in a letter that"."""
    for other in token.rights:
        if other.dep_ == "advcl" and _is_that_clause(other) and other.doc[other.left_edge.i - 1].lower_ not in _SO:
            yield other  # "tweeted in the morning that"
        inner = child(other, "pobj") if other.dep_ == "prep" else other
        credit = other.dep_ == "advcl" and other.tag_ == "VBN"  # "as quoted by AFP"
        if inner is None or not (credit or other.dep_ in ("prep", "npadvmod")):
            continue
        yield from (clause for clause in inner.rights if _is_that_clause(clause))


_WEEKDAYS = frozenset({"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})
_SO = frozenset({"so", "such", "now"})


def _is_that_clause(clause: Token) -> bool:
    """Whether a clause is opened by "that" and has a subject of its own beside it."""
    mark = child(clause, "mark")
    return mark is not None and mark.lower_ == "that" and child(clause, *SUBJECTS) is not None


def _is_behind_infinitive(token: Token, clause: Token, entry: Entry) -> bool:
    """Whether the infinitive that a cue takes stands before the clause: "promised to lift the rules, not what …"."""
    first = child(token, "xcomp")
    opened = first is not None and token.i < first.i < clause.left_edge.i and child(first, "aux") is not None
    return opened and entry.allows("to") and not _is_that_clause(clause)


def is_finite(clause: Token) -> bool:
    """Whether a clause is no infinitive and has a subject or a finite verb."""
    if any(c.dep_ == "aux" and c.tag_ == "TO" for c in clause.children):
        return False
    parted = clause.left_edge.i > 0 and clause.left_edge.nbor(-1).text == ","
    if clause.tag_ == "VBG" and parted and child(clause, "aux") is None:
        return False  # "said, his voice rising"
    mark = child(clause, "mark")
    if child(clause, *SUBJECTS, "attr", "auxpass") is not None or (mark is not None and mark.lower_ in _MARKING):
        return True
    return clause.tag_ in ("VBD", "VBP", "VBZ", "MD", "VBN") or any(c.tag_ == "MD" for c in clause.children)


_MARKING = frozenset({"that", "whether"})


def _end(cue: Token, clause: Token) -> tuple[int, int]:
    """Return the last token of a content clause, and the cue verb that cuts it short (-1: none).

    A parse often hangs what follows on the clause although it goes with the cue: "said it was late and called X a
    fool", "said it was late, adding that ...", "said it was late, while others said ...", 'said it was "late" as she
    left'.
    """
    doc = clause.doc
    last = clause.right_edge.i
    for other in doc[clause.i + 1 : last + 1]:
        left = other.left_edge.i
        if left <= clause.i or other.pos_ not in ("VERB", "AUX"):
            continue
        comma = doc[left - 1].text in (",", "-", "--", "—", "–", "―") or doc[left].text == ","
        subject = child(other, "nsubj", "nsubjpass", "expl")
        entry = verb(other)
        speaks = entry is not None and entry.allows("that", "that-object", "small-clause", "np", "quote", "of-object")
        adding = other.dep_ in ("advcl", "acl", "conj") and other.tag_ == "VBG" and subject is None
        if adding and speaks and (comma or _is_saying(clause, other)):
            return left - 1, other.i
        if _is_beyond_relative(cue, other):
            return _before_link(clause, other), -1
        if other.dep_ == "conj" and speaks and subject is None and _goes_with(cue, clause, other):
            return _before_link(clause, other), other.i
        linked = other.dep_ == "conj" and doc[left - 1].dep_ == "cc" and doc[left - 2].text == ","
        apart = (
            (_tells(other) and (comma or linked)) or (_contrasts(other) and comma) or (linked and _turns_to(cue, other))
        )
        if other.dep_ in ("advcl", "conj") and subject is not None and apart:
            return (_before_link(clause, other) if linked else left - 1), -1  # "insists it is, and X has said it will"
        if (
            other.dep_ == "advcl"
            and doc[left - 1].text in ("”", '"', "''", "’")
            and doc[left].lower_ in ("as", "after", "when", "while", "before")
        ):
            return left - 1, -1
    return last, -1


def _is_saying(thing: Token, other: Token) -> bool:
    """Whether a participle behind an object goes with the cue: "criticised the attack saying it was wrong"."""
    behind = other.dep_ == "acl" and other.head == thing and other.left_edge == other
    return behind and child(other, "ccomp") is not None and not is_medium(thing)


def _before_link(clause: Token, other: Token) -> int:
    """Index of the last token before a coordinated verb and its conjunction."""
    cut = int(other.left_edge.i) - 1
    while cut > clause.i and (clause.doc[cut].dep_ == "cc" or clause.doc[cut].is_punct):
        cut -= 1
    return cut


def _is_beyond_relative(cue: Token, other: Token) -> bool:
    """Whether a verb hung on a passive relative clause goes with the cue: "reaffirmed the aim that was set and met"."""
    head = other.head
    return (
        other.dep_ == "conj"
        and other.tag_ == cue.tag_ == "VBD"
        and head.dep_ == "relcl"
        and is_passive(head)
        and child(other, *SUBJECTS, "auxpass") is None
        and child(other, "dobj") is not None
    )


_MARKS = frozenset(['"', "''", "``", "“", "‘"])


def _goes_with(cue: Token, clause: Token, other: Token) -> bool:
    """Whether a verb coordinated below a content goes with the cue instead: of its tense, not the content's."""
    head = other.head
    if other.tag_ != cue.tag_ and not (cue.tag_ == "VBN" and other.tag_ == "VBD"):
        told = child(other, "ccomp") is not None and other.tag_ == "VBD" and cue.tag_ == head.tag_ == "VBZ"
        return told and child(other, "aux", "auxpass") is None  # "says it is late, but conceded that"
    return (
        head.tag_ != other.tag_
        or (other.tag_ == "VBD" and child(head, "aux", "auxpass") is not None)
        or (verb(head) is None and head == clause and other.tag_ in ("VBD", "VBG"))
    )


def _tells(token: Token) -> bool:
    """Whether a clause reports by itself: "while other voters said they had"."""
    entry = verb(token)
    if entry is None or not entry.allows("quote"):
        return False
    if token.lemma_ in ("say", "tell", "report") and child(token, "ccomp") is not None:
        return True
    doc = token.doc
    return token.i + 2 < len(doc) and doc[token.i + 1].text in (",", ":") and doc[token.i + 2].text in _MARKS


def _contrasts(token: Token) -> bool:
    """Whether a clause sets what another says against it: "while Collin Koh argued that", "although Seoul denied"."""
    mark, subject, entry = child(token, "mark"), child(token, "nsubj"), verb(token)
    if mark is None or mark.lower_ not in _CONTRASTING or subject is None or entry is None:
        return False
    if subject.pos_ not in ("NOUN", "PROPN"):
        return False
    asks = any(
        link.lower_ in entry.prepositions and child(link, "pobj") is not None for link in children(token, "prep")
    )
    urges = entry.allows("to-object") and child(token, "dobj", "xcomp") is not None
    noun = noun_of(subject)
    somebody = subject.ent_type_ == "PERSON" or (noun is not None and noun.kind in PERSONAL)
    told = entry.allows("that", "ing") and child(token, "ccomp") is not None
    return told or (somebody and (asks or urges))


def _turns_to(cue: Token, other: Token) -> bool:
    """Whether a clause behind ", and" tells what somebody else said by then: "said he would, and Kim vowed to"."""
    subject, entry = child(other, "nsubj"), verb(other)
    named = subject is not None and subject.pos_ == "PROPN" and subject.ent_type_ == "PERSON"
    telling = entry is not None and entry.allows("quote") and child(other, "ccomp", "xcomp") is not None
    return named and telling and other.tag_ == cue.tag_ == "VBD"


_CONTRASTING = frozenset({"while", "whereas", "although", "though"})


def _infinitive(token: Token, entry: Entry) -> Content | None:
    """Find an infinitive: "plans to leave" (the cue ends with "to"), "urged X to leave"."""
    for clause in children(token, "xcomp", "ccomp", "advcl"):
        to = next((c for c in clause.children if c.tag_ == "TO"), None)
        if to is None or clause.i < token.i:
            continue
        subject = child(clause, "nsubj", "nsubjpass")
        thing = child(token, "dobj", "dative")
        if subject is None and thing is not None and token.i < thing.i < to.i:
            subject = thing
        if subject is not None and entry.allows("to-object"):
            return Content(((subject.left_edge.i, clause.right_edge.i),), "object-infinitive")
        if subject is None and (clause.dep_ != "advcl" or (to.i == token.i + 1 and entry.allows("p:to"))):
            if is_passive(token) and entry.allows("passive-to"):
                return Content(((to.i + 1, clause.right_edge.i),), "passive-infinitive", to)
            if entry.allows("to") and not is_passive(token):
                lead = to if to.i == token.i + 1 else None
                denied = next((c.i for c in clause.children if c.dep_ == "neg" and c.i < to.i), to.i + 1)
                last, released = _end(token, clause)
                return Content(((denied, last),), "infinitive", lead, released=released)  # "vowed [not to join]"
    return None


def _gerund(token: Token, entry: Entry) -> Content | None:
    """Find a gerund: "denied having used"."""
    if not entry.allows("ing"):
        return None
    clause = next((c for c in children(token, "xcomp", "ccomp") if _is_gerund(c) and c.i > token.i), None)
    particle = child(token, "prt")
    if clause is None and particle is not None:  # "ruled out joining", which a parse takes for a circumstance
        clause = next((c for c in children(token, "advcl") if c.left_edge.i == particle.i + 1 and _is_gerund(c)), None)
    return _span(clause, clause, "gerund") if clause is not None else None


def _is_gerund(clause: Token) -> bool:
    return clause.tag_ == "VBG" or any(c.dep_ in ("aux", "auxpass") and c.tag_ == "VBG" for c in clause.children)


def _predicate(token: Token, entry: Entry) -> Content | None:
    """Find an object and what it is called or taken for: "called X a mistake", "accused X of Y"."""
    thing = child(token, "dobj")
    if entry.allows("small-clause"):
        parts = [c for c in token.rights if c.dep_ in ("dobj", "dative", "oprd", "ccomp", "acomp", "attr", "xcomp")]
        kinds = {c.dep_ for c in parts}
        if parts and parts[-1].tag_ != "VB" and (len(parts) > 1 or kinds & {"oprd", "ccomp"}):
            return _span(parts[0], parts[-1], "predicate")
        if parts and is_passive(token) and kinds & {"oprd", "attr", "acomp"}:
            return _span(parts[0], parts[-1], "predicate")
        run = named_so(token) if thing is not None and not is_passive(token) else None
        if run is not None:
            return Content((run,), "predicate")
    for frame, prepositions in _LINKED:
        if entry.allows(frame):
            link = next(
                (c for c in children(token, "prep", "dative") if c.lower_ in prepositions and c.i > token.i), None
            )
            if link is None and thing is not None:
                link = _link_below(thing, prepositions, charging=frame == "of-object")
            if link is None:
                continue
            if thing is not None and thing.i < link.i and thing.i > token.i:
                last, released = _end(token, link)
                return Content(((thing.left_edge.i, last),), "predicate", released=released)
            if is_passive(token) and frame != "for-object":
                inner = child(link, "pobj", "pcomp", "amod", "advcl")
                if inner is not None:
                    agent, last = agent_of(token), link.right_edge.i
                    if agent is not None and link.i + 1 < agent.head.i <= last:
                        last = agent.head.i - 1  # "dismissed as [unrealistic] by the minister"
                    return Content(((link.i + 1, last),), "passive-predicate", link)
    return None


def _link_below(thing: Token, prepositions: tuple[str, ...], *, charging: bool) -> Token | None:
    """Return the preposition of a frame that a parse hangs on the object: "accused the media [of lying]", or None.

    After "of" only what somebody is charged with is taken: a gerund, or the last of several phrases with "of".
    """
    if not charging:
        return next((c for c in children(thing, "prep") if c.lower_ in prepositions), None)
    links = [
        t for t in thing.doc[thing.i + 1 : thing.right_edge.i + 1] if t.lower_ in prepositions and t.dep_ == "prep"
    ]
    gerund = next((link for link in links if child(link, "pcomp") is not None), None)
    return gerund or (links[-1] if len(links) > 1 or (links and thing.ent_type_ == "PERSON") else None)


_LINKED = (
    ("as-object", ("as",)),
    ("of-object", ("of",)),
    ("for-object", ("for",)),
    ("p:to-object", ("to",)),
    ("with-object", ("with",)),
)


def _request(token: Token, entry: Entry) -> Content | None:
    """Find what somebody is called on, or called for, to do: "called on X to resign", "called for X to be tried"."""
    for link in children(token, "prep", "prt"):
        inner = child(link, "pobj")
        if link.lower_ not in ("on", "upon", "for") or not entry.allows(f"p:{link.lower_}") or inner is None:
            continue
        for clause in (*children(token, "xcomp", "advcl", "ccomp"), *children(inner, "acl", "relcl")):
            if clause.i > inner.i and any(c.tag_ == "TO" for c in clause.children):
                lead = link if link.i == token.i + 1 else None
                return Content(((link.i + 1, max(clause.right_edge.i, link.right_edge.i)),), "request", lead)
    for clause in children(token, "advcl", "xcomp", "ccomp"):
        subject = child(clause, "nsubj", "nsubjpass")
        mark = child(clause, "mark")
        if mark is not None and subject is not None and mark.lower_ == "for" and entry.allows("p:for"):
            lead = mark if mark.i == token.i + 1 else None
            return Content(((mark.i + 1, clause.right_edge.i),), "request", lead)
    return None


def _topic(token: Token, entry: Entry) -> Content | None:
    """Find what somebody is told or asked about: "told reporters about X", "was asked about X"."""
    if not entry.allows("about-object"):
        return None
    told = any(c.dep_ == "ccomp" and c.i < token.i for c in token.children)  # "…, X told reporters on his plane"
    topical = ("about",) if told else ("about", "on")
    link = next((c for c in children(token, "prep") if c.lower_ in topical and c.i > token.i), None)
    hearer = child(token, "dobj")
    if link is None and hearer is not None and entry.allows("of-object") and hearer.i > token.i:
        link = next((c for c in children(hearer, "prep") if c.lower_ == "of"), None)  # "reminded voters of the vote"
    thing = child(link, "pobj", "pcomp") if link is not None else None
    if link is None or thing is None or is_time(thing):  # "told reporters on Thursday"
        return None
    lead = link if link.i == token.i + 1 else None
    return Content(((link.i + 1, link.right_edge.i),), "topic", lead)


def _preposition(token: Token, entry: Entry) -> Content | None:
    """Find the object of a preposition that the verb takes: "called for", "commented on"."""
    for link in children(token, "prep", "prt", "advmod", "agent"):
        if link.lower_ in entry.prepositions and link.i > token.i:
            inner = child(link, "pobj", "pcomp")
            if inner is not None and not is_time(inner):
                near = link.i - token.i in (1, len(entry.lemma.split()))  # "look forward to"
                return Content(((link.i + 1, link.right_edge.i),), f"preposition {link.lower_}", link if near else None)
    return None


def _object(token: Token, entry: Entry) -> Content | None:
    """Find a noun phrase as object: "condemned the attack"; as subject of the passive: "was condemned by"."""
    if not entry.allows("np"):
        return None
    thing = next((c for c in children(token, "dobj") if not is_time(c)), None)
    if thing is not None and thing.i > token.i and thing.lower_ not in _REFLEXIVE:
        clause = object_clause(thing) if entry.allows("that") else None
        if clause is not None:
            return Content((clause,), "clause")
        last = thing
        for link in children(token, "prep"):
            goes_on = link.lower_ in _CONTINUING or (token.lemma_ == "congratulate" and link.lower_ == "on")
            if link.left_edge.i == last.right_edge.i + 1 and goes_on:
                last = link
        end, released = _end(token, thing) if last == thing else (last.right_edge.i, -1)
        return Content(((thing.left_edge.i, end),), "object", released=released)
    if is_passive(token) and agent_of(token) is not None:
        subject = child(token, "nsubjpass")
        if subject is not None and subject.lower_ not in ("who", "which", "that"):
            return _span(subject, subject, "passive-object")
    return None


_CONTINUING = frozenset(
    [
        "as",
        "for",
        "to",
        "with",
        "of",
        "before",
        "against",
        "over",
        "from",
        "into",
        "than",
        "between",
        "toward",
        "towards",
    ]
)
_REFLEXIVE = frozenset({"himself", "herself", "itself", "themselves", "myself", "yourself", "ourselves", "each"})

_FRAMES = (_clause, _request, _infinitive, _predicate, _gerund, _topic, _preposition, _object, _stray)


def clause_of(token: Token) -> Token:
    """Return the head of the clause that a token stands in."""
    while token.pos_ not in ("VERB", "AUX") and token.head != token:
        token = token.head
    return token


def according(token: Token, last: int) -> Content | None:
    """Return the clause that "according to X" stands in: what follows the phrase, or all but it."""
    head = clause_of(token.head)
    phrase = range(token.left_edge.i, max(last, token.right_edge.i) + 1)
    first = token.i < head.i and token.left_edge.i <= head.left_edge.i + 1
    indices = [t.i for t in head.subtree if t.i not in phrase and (not first or t.i > token.i)]
    found = tuple(runs(indices))
    return Content(found, "according") if found else None
