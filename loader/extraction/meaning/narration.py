"""What the article says in its own voice: clauses that tell of a partnership, a pillar or a relation between actors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loader.document import Certainty, EntityKind, Span
from loader.extraction.lexicon import rows
from loader.extraction.meaning.topics import about, in_hand, taking_part
from loader.extraction.text.clauses import children, is_clause, subject_of
from loader.extraction.text.cover import Cover
from loader.extraction.text.nouns import NounKind, noun_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loader.document import Entity
    from loader.extraction.meaning.participants import Participants
    from loader.extraction.text.reading import Attribution, Reading
    from loader.extraction.text.tokens import Token, TokenSpan


@dataclass(frozen=True, slots=True)
class Telling:
    """A clause in the article's own voice; ``hedge`` and ``certainty`` are set where it is inferred from words."""

    content: Span
    hedge: Span | None = None
    certainty: Certainty = Certainty.CERTAIN


_FRAMES = {words: Certainty(level) for words, place, level, _source in rows("hedges") if place == "frame"}
# What an article infers from: words and deeds, not people.
_GROUNDS = frozenset(
    {"statement", "announcement", "remark", "comment", "decision", "move", "step", "report", "document", "visit", "act"}
    | {"development", "meeting", "agreement", "speech", "gesture", "declaration", "deal", "response", "policy", "data"}
    | {"letter", "message", "evidence", "signal", "fact", "result", "this", "that", "which", "it"}
)
_EVIDENCE = frozenset(
    {"research", "study", "analysis", "evidence", "data", "survey", "poll", "finding", "figure", "result", "report"}
    | {"document", "letter", "record", "intelligence", "estimate", "model", "sign", "experiment", "paper"}
)
_AIMED = frozenset({"focus", "address", "cover"})  # what a pact is for, though mere talk where persons do it
# Told without a proposition of its own.
_TALK = frozenset(
    {
        "discuss",
        "review",
        "outline",
        "talk",
        "exchange",
        "address",
        "explore",
        "cover",
        "focus",
        "touch",
        "note",
        "thank",
    }
    | {
        "identify",
        "speak",
        "say",
        "tell",
        "comment",
        "decline",
        "ask",
        "answer",
        "reply",
        "respond",
        "mention",
        "elaborate",
        "specify",
        "issue",
        "release",
    }
)
_SAID = frozenset(
    {"commit", "pledge", "vow", "promise", "threaten", "reaffirm", "affirm", "welcome", "condemn", "praise", "express"}
    | {"underscore", "emphasize", "emphasise", "stress", "urge", "add", "warn", "claim", "insist", "announce", "state"}
)  # an attribution that was not found is no telling
_OPENINGS = frozenset({"worth", "noted", "recalled", "remembered", "important", "notable", "clear"})
_LONGEST = 200  # tokens: a longer "sentence" is a list or no prose
_CLOSING = frozenset("\"”'’)")
_LEADING = frozenset(
    {"that", "and", "but", "or", "as", "while", "because", "since", "although", "though", "so", "when", "after"}
)
_CLAUSES = frozenset({"conj", "advcl", "parataxis", "pcomp"})
_ASKING = frozenset({"how", "why", "what", "where", "when", "who"})
_CONDITIONS = frozenset({"if", "whether", "unless", "how", "why", "what"})
# Acts and bonds that take several.
_JOINT = frozenset(
    {
        "meet",
        "agree",
        "sign",
        "work",
        "fight",
        "cooperate",
        "clash",
        "negotiate",
        "hold",
        "establish",
        "conclude",
        "trade",
    }
    | {
        "agreement",
        "treaty",
        "talk",
        "relation",
        "tie",
        "cooperation",
        "fire",
        "war",
        "deal",
        "pact",
        "border",
        "exercise",
    }
)
_JOURNEYS = frozenset({"visit", "travel", "fly", "tour", "arrive"})
_REFUSING = frozenset({"decline", "refuse"})
_FINITE = ("VBZ", "VBD", "VBP", "MD")
_LONGEST_NAME = 6  # tokens up to the word "statement" in the name of one
_FIRST_PERSON = frozenset({"i", "we", "our", "my", "us", "me", "ours", "you", "your"})
_RELATED = frozenset({EntityKind.STATE, EntityKind.PERSON})


def is_inference(attribution: Attribution) -> bool:
    """Whether an attribution only says what the article infers ("this statement suggests that …")."""
    if attribution.cue_token.lemma_ not in _FRAMES or attribution.cue_token.pos_ != "VERB":
        return False
    source = attribution.source_token
    if source is None or (source.lower_ not in _GROUNDS and source.lemma_ not in _GROUNDS):
        return False
    stated = source.lemma_ == "statement" and attribution.cue_token.tag_ == "VBD"  # "the statement indicated that"
    return not stated and source.lemma_ not in ("report", "document", "letter", "data")


def softening(attribution: Attribution) -> Certainty | None:
    """Return how firm a finding is that a study or data only "suggest", None where the cue says more than that."""
    source = attribution.source_token
    if source is None or source.lemma_.lower() not in _EVIDENCE or attribution.cue_token.pos_ != "VERB":
        return None
    return _FRAMES.get(attribution.cue_token.lemma_)


def find_tellings(participants: Participants, attributions: Sequence[Attribution]) -> tuple[Telling, ...]:
    """Return the clauses of headline, standfirst and body that no attribution touches and that tell of something.

    A clause tells of something if it names a partnership or pillar, or if two actors take part in it of whom one is
    its subject. Words inside quotation marks are nobody's telling; neither is a question.
    """
    reading = participants.reading
    taken = Cover(_taken(reading, attributions))
    found: list[Telling] = []
    headline = None if _names_a_document(reading) else reading.page.headline
    for part in sorted(filter(None, (headline, reading.page.standfirst, *reading.page.body))):
        for sentence in _sentences(reading.tokens(part)):
            if len(sentence) > _LONGEST or _is_in_first_person(participants, sentence):
                continue
            said = taken.touches(Span(sentence.start_char, sentence.end_char))
            for clause in _clauses(sentence):
                if said and not _stands_first_or_beside(clause):
                    continue
                content = _content(reading, clause)
                if content is None or taken.touches(content):
                    continue
                below = _inference(clause)
                what = _content(reading, below) if below is not None else None
                if below is not None and what is not None and _tells(participants, below, what):
                    verb = Span(clause.idx, clause.idx + len(clause))
                    found.append(Telling(what, verb, _FRAMES[clause.lemma_]))
                elif _tells(participants, clause, content):
                    found.append(Telling(content))
    return tuple(found)


def _names_a_document(reading: Reading) -> bool:
    """Whether the headline is the name of what stands below it: "Joint Statement to Mark One Year of AUKUS".

    So are "FACT SHEET: Strengthening the Quad" and "Why AUKUS matters", which promise to tell and do not.
    """
    words = reading.tokens(reading.page.headline)
    if len(words) and words[0].lower_ in _ASKING:
        return True
    for token in words[:_LONGEST_NAME]:
        if token.tag_ in _FINITE:
            return False
        noun = noun_of(token)
        if noun is not None and noun.kind is NounKind.DOCUMENT and token.i + 1 < len(token.doc):
            if token.nbor().text == ":":
                return not any(other.tag_ in _FINITE for other in words)
            return token.nbor().pos_ in ("ADP", "PART") or token.nbor().lower_ == "to"
    return False


def inferred(attribution: Attribution) -> Telling:
    """Return what the article infers, with the verb that says so as its hedge."""
    certainty = _FRAMES[attribution.cue_token.lemma_]
    return Telling(attribution.content, attribution.cue, certainty)


def _taken(reading: Reading, attributions: Sequence[Attribution]) -> Iterator[Span]:
    for attribution in attributions:
        yield attribution.content
        yield attribution.cue
    for quotation in reading.quotations:
        if not quotation.scare:
            yield quotation.inner
    yield from reading.page.boilerplate


def _sentences(tokens: TokenSpan) -> Iterator[TokenSpan]:
    at = tokens.start
    while at < tokens.end:
        sentence: TokenSpan = tokens.doc[at].sent
        yield sentence
        at = sentence.end


def _is_in_first_person(participants: Participants, sentence: TokenSpan) -> bool:
    """Whether somebody speaks for themselves: a transcript, a letter, not the article's voice."""
    words = (token for token in sentence if token.lower_ in _FIRST_PERSON)
    return any(token.tag_ in ("PRP", "PRP$") and not participants.at(token) for token in words)  # not "Pillar I"


def _stands_first_or_beside(clause: Token) -> bool:
    """Whether a clause of a sentence in which somebody is quoted is the article's: it leads in, or is coordinated."""
    return clause.dep_ in ("conj", "ROOT", "parataxis", "ccomp") or clause.left_edge.i == clause.sent.start


def _clauses(sentence: TokenSpan) -> Iterator[Token]:
    """Yield the verbs whose clauses can stand alone: the root, coordinated ones with a subject, adverbial clauses."""
    root = _below_opening(sentence.root)
    if any(token.text == "?" for token in sentence[-2:]):
        return
    if is_clause(root) or any(is_clause(token) for token in sentence):
        yield root
    for token in sentence:
        if token == root or not is_clause(token) or not is_clause(root):
            continue
        own = any(child.dep_ in ("nsubj", "nsubjpass") for child in token.children)
        leads = token.dep_ in ("advcl", "acl") and token.tag_ in ("VBN", "VBG") and token.i == sentence.start
        open_ = any(child.dep_ in ("mark", "advmod") and child.lower_ in _CONDITIONS for child in token.children)
        if (
            _is_aside(token)
            or leads
            or (token.dep_ in _CLAUSES and own and not open_ and token.head.pos_ in ("VERB", "AUX", "ADP", "SCONJ"))
        ):
            yield token


def _is_aside(token: Token) -> bool:
    """Whether a relative clause after a comma tells something of its own: "the groups, which were set up in May"."""
    if token.dep_ != "relcl" or token.left_edge.i == 0 or token.left_edge.nbor(-1).text != ",":
        return False
    return token.left_edge.lower_ == "which" and token.left_edge.dep_ in ("nsubj", "nsubjpass")


def _below_opening(root: Token) -> Token:
    """Step past "It is worth noting that" to what is noted."""
    subject = next(children(root, "nsubj", "nsubjpass", "expl"), None)
    words = (root, *root.children)
    if subject is None or subject.lower_ != "it" or not any(word.lower_ in _OPENINGS for word in words):
        return root
    return next((token for token in root.subtree if token.dep_ == "ccomp" and token.i > root.i), root)


def _content(reading: Reading, verb: Token) -> Span | None:
    """Return the words of a clause without the clauses coordinated with it and the word that joins it."""
    inner = {token.i for token in verb.subtree}
    for child in verb.children:
        if child.dep_ == "conj" and any(children(child, "nsubj", "nsubjpass", "expl")):
            inner -= {token.i for token in child.subtree}
            inner -= {other.i for other in children(verb, "cc")}
    asides = [other for other in verb.subtree if other != verb and _is_aside(other)] if verb.dep_ == "ROOT" else []
    for aside in asides:
        if aside.right_edge.i >= verb.right_edge.i - 1:  # told apart, at the end
            inner -= {token.i for token in aside.subtree}
    if _is_aside(verb):
        inner -= {verb.left_edge.i}
    first = last = verb.i
    while first - 1 in inner:
        first -= 1
    while last + 1 in inner:
        last += 1
    doc = reading.doc
    while first < last and (doc[first].lower_ in _LEADING and doc[first].dep_ in ("cc", "mark", "prep", "advmod")):
        first += 1
    while first < last and (doc[first].is_punct or doc[first].is_space):
        first += 1
    while last > first and (doc[last].is_space or (doc[last].is_punct and doc[last].text not in _CLOSING)):
        last -= 1
    return Span(doc[first].idx, doc[last].idx + len(doc[last]))


def _inference(verb: Token) -> Token | None:
    """Return the clause that "this statement suggests that …" infers, None where the verb infers nothing."""
    if verb.lemma_ not in _FRAMES:
        return None
    subject = next(children(verb, "nsubj"), None)
    if subject is None or (subject.lower_ not in _GROUNDS and subject.lemma_ not in _GROUNDS):
        return None
    return next(children(verb, "ccomp"), None)


def _tells(participants: Participants, verb: Token, content: Span) -> bool:
    """Whether a clause names a partnership or pillar, or tells of a relation between actors."""
    went_on = verb.lemma_ == "go" and any(child.lower_ == "on" for child in verb.children)
    silent = verb.lemma_ in _REFUSING and any(act.lemma_ in _TALK | _SAID for act in children(verb, "xcomp"))
    talks = verb.lemma_ in _TALK | _SAID and not (verb.lemma_ in _AIMED and _is_of_topic(participants, verb))
    if talks or went_on or silent or _is_first_person(verb):
        return False
    if any(topic.kind is not EntityKind.TECHNOLOGY for topic in about(participants, content)):
        return True
    if in_hand(participants, content):
        return True
    subject = subject_of(verb)
    own: tuple[Entity, ...] = participants.denoted_by(subject) if subject is not None else ()
    if len(own) > 1 and any(token.lemma_ in _JOINT for token in verb.subtree):
        return True
    if own and _is_journey(verb):
        return True
    actors = [actor for actor in taking_part(participants, content) if actor.kind in _RELATED or actor.registered]
    return any(actor in own for actor in actors) and any(not _same(actor, own) for actor in actors)


def _is_of_topic(participants: Participants, verb: Token) -> bool:
    """Whether the subject of a verb is a partnership or pillar: "the first pillar focuses on submarines"."""
    subject = subject_of(verb)
    meant = participants.denoted_by(subject) if subject is not None else ()
    return any(entity.kind in (EntityKind.PARTNERSHIP, EntityKind.PILLAR) for entity in meant)


def _is_journey(verb: Token) -> bool:
    """Whether somebody goes to another country: "is scheduled to visit Washington"."""
    acts = [verb, *children(verb, "xcomp")]
    return any(
        noun.ent_type_ == "GPE" for act in acts if act.lemma_ in _JOURNEYS for noun in act.subtree if noun.i > act.i
    )


def _same(actor: Entity, own: tuple[Entity, ...]) -> bool:
    """Whether an actor is one of the others or serves one of them: no relation between actors."""
    return actor in own or actor.affiliation in own or any(other.affiliation == actor for other in own)


def _is_first_person(verb: Token) -> bool:
    subject = subject_of(verb)
    return subject is not None and subject.lower_ in ("i", "we", "you")
