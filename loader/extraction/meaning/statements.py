"""Statements: what was found of each attribution and of the article's own voice, put together by the shapes' rules."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from loader.document import Certainty, EntityKind, ReportMode, Section, SourceNaming, Span, Stance, Statement
from loader.extraction.meaning.confidence import confidence
from loader.extraction.meaning.media import find_medium, goes_on
from loader.extraction.meaning.memberships import find_memberships
from loader.extraction.meaning.modality import read_modality
from loader.extraction.meaning.narration import Telling, find_tellings, inferred, is_inference, softening
from loader.extraction.meaning.occasions import Occasions
from loader.extraction.meaning.participants import Participants
from loader.extraction.meaning.restatement import with_restatements
from loader.extraction.meaning.rosters import find_rosters
from loader.extraction.meaning.stance import find_stance
from loader.extraction.meaning.topics import about, goes_on_without_verb, involves, leaves_partner_open
from loader.extraction.text.cover import Cover
from loader.extraction.text.reading import Voices

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loader.document import Membership, StatementKey, TimeReference
    from loader.extraction.meaning.stance import Held
    from loader.extraction.text.reading import Attribution, Reading

_TAKING_PART = (EntityKind.STATE, EntityKind.ORGANIZATION, EntityKind.NEWS_OUTLET, EntityKind.PERSON)
_NOBODY = Voices(SourceNaming.NONE)
_DERIVED_WITHIN = 600  # characters: an inference rests on what was said at most so far before it


def compose(
    reading: Reading,
    attributions: Sequence[Attribution],
    voices: Sequence[Voices],
    times: Iterable[TimeReference],
) -> tuple[tuple[Statement, ...], tuple[Membership, ...]]:
    """Return the statements of an article in order of the text, and the memberships that they tell of.

    ``voices`` has one item for each attribution. Every statement keeps the rules of the shapes; an attribution that
    cannot (its words stand in boilerplate) is left out.
    """
    composer = _Composer(reading, times)
    inferences: list[Attribution] = []
    for attribution, voice in zip(attributions, voices, strict=True):
        if is_inference(attribution):
            inferences.append(attribution)
        else:
            composer.add_attributed(attribution, voice)
    for attribution in inferences:
        composer.add_told(inferred(attribution))
    for telling in find_tellings(composer.participants, attributions):
        composer.add_told(telling)
    for roster in composer.rosters:
        composer.add_listed(roster.span)
    statements = with_restatements(reading, composer.statements())
    return statements, find_memberships(composer.participants, statements, composer.rosters)


class _Composer:
    """The statements of one reading as they come together."""

    def __init__(self, reading: Reading, times: Iterable[TimeReference]) -> None:
        self.reading = reading
        self.participants = Participants(reading)
        self.rosters = find_rosters(self.participants)
        for roster in self.rosters:
            if roster.described is not None:
                self.participants.take(roster.described, (roster.partnership,))
        self.occasions = Occasions(reading, times)
        self._found: dict[StatementKey, Statement] = {}
        self._stances: dict[int, Held] = {}  # by the place of the cue's word
        self._boilerplate = Cover(reading.page.boilerplate)
        self._last: tuple[Attribution, Statement] | None = None

    def statements(self) -> tuple[Statement, ...]:
        return tuple(self._found[key] for key in sorted(self._found))

    # ---- what somebody said

    def add_attributed(self, attribution: Attribution, voices: Voices) -> None:
        spans = [attribution.content, attribution.cue, *([attribution.source] if attribution.source else [])]
        if any(self._boilerplate.touches(span) for span in (*spans, *attribution.relays)):
            return
        content = attribution.content
        modality = read_modality(self.reading, content, attribution)
        softened = softening(attribution)
        if softened is not None and modality.certainty is Certainty.CERTAIN:
            modality = replace(modality, certainty=softened, hedges=(attribution.cue,))
        held = find_stance(self.participants, content, attribution, voices, self._stance_above(attribution))
        held = held if held and held[1] else None  # an attitude that is nobody's is not told
        if held is not None:
            self._stances.setdefault(attribution.cue_token.i, held)
        statement = Statement(
            content=content,
            mode=_mode(attribution),
            naming=_naming(voices),
            section=self._section(content),
            certainty=modality.certainty,
            polarity=modality.polarity,
            temporality=modality.temporality,
            kind=attribution.kind,
            medium=find_medium(self.reading, attribution),
            stance=held[0] if held else None,
            cue=attribution.cue,
            sources=voices.sources or ((attribution.source,) if attribution.source else ()),
            quotes=tuple(quote for quote in attribution.quotes if quote.covers(content)),
            verbatim=tuple(span for span in attribution.verbatim if content.covers(span)),
            hedges=modality.hedges,
            speakers=voices.speakers,
            on_behalf_of=voices.on_behalf_of,
            stance_holders=held[1] if held else (),
            about=about(self.participants, content),
            involves=involves(self.participants, content, attribution, voices),
            utterance_times=self.occasions.of_utterance(attribution),
            event_times=self.occasions.of_event(content),
            edited=attribution.edited,
            model=attribution.model,
        )
        if statement.stance is Stance.COMMITTED and not statement.involves:  # who binds itself takes part
            bound = tuple(holder for holder in statement.stance_holders if holder.kind in _TAKING_PART)
            statement = replace(statement, involves=bound)
        if voices.relayed_by and attribution.relays:
            statement = replace(statement, relays=attribution.relays, relayed_by=voices.relayed_by)
        statement = self._from_before(attribution, statement)
        statement = replace(statement, confidence=confidence(statement, attribution.rule))
        self._found.setdefault(statement.key, statement)
        self._last = attribution, statement

    def _stance_above(self, attribution: Attribution) -> Held | None:
        """Return the stance of the cue that this one explains ("criticized the attack, saying …")."""
        cue = attribution.cue_token
        if cue.tag_ != "VBG" or cue.dep_ not in ("advcl", "xcomp", "acl"):
            return None
        return next((self._stances[word.i] for word in islice(cue.ancestors, 3) if word.i in self._stances), None)

    def _from_before(self, attribution: Attribution, statement: Statement) -> Statement:
        """Take over what goes on from the statement before: medium, topic of a bare "collaboration", time of a trip."""
        times = self._times_of_occasion(attribution, statement)
        if times:
            statement = replace(statement, event_times=times)
        if self._last is None:
            return statement
        before, last = self._last
        if statement.medium is None and goes_on(attribution) and statement.speakers == last.speakers:
            statement = replace(statement, medium=last.medium)
        same = before.cue == attribution.cue and last.content.end <= statement.content.start
        if same and goes_on_without_verb(self.reading, statement.content):
            return replace(statement, about=statement.about or last.about, involves=statement.involves or last.involves)
        topics = tuple(topic for topic in last.about if topic.kind is not EntityKind.TECHNOLOGY)
        if same and topics and not statement.about and leaves_partner_open(self.reading, statement.content):
            statement = replace(statement, about=topics)
        return statement

    def _times_of_occasion(self, attribution: Attribution, statement: Statement) -> tuple[Span, ...]:
        if statement.event_times:
            return ()
        sentence = attribution.cue_token.sent
        if not sentence.start_char < statement.content.start:
            return ()
        before = Span(sentence.start_char, statement.content.start)
        return self.occasions.of_occasion(statement.content, [(before, self.occasions.within(before))])

    # ---- what the article says itself

    def add_told(self, telling: Telling) -> None:
        content = telling.content
        modality = read_modality(self.reading, content)
        certainty, hedges = modality.certainty, modality.hedges
        if telling.hedge is not None and telling.certainty is not Certainty.CERTAIN:
            certainty = min(certainty, telling.certainty, key=_FIRMNESS.index)
            hedges = (telling.hedge, *hedges)
        held = find_stance(self.participants, content, None, _NOBODY)
        held = held if held and held[1] else None
        statement = Statement(
            content=content,
            mode=ReportMode.NARRATOR,
            naming=SourceNaming.NONE,
            section=self._section(content),
            certainty=certainty,
            polarity=modality.polarity,
            temporality=modality.temporality,
            stance=held[0] if held else None,
            hedges=hedges,
            stance_holders=held[1] if held else (),
            about=about(self.participants, content),
            involves=involves(self.participants, content, None, _NOBODY),
            event_times=self.occasions.of_event(content),
            derived_from=self._grounds(telling),
        )
        if statement.about or statement.involves:
            statement = replace(statement, confidence=confidence(statement, ""))
            self._found.setdefault(statement.key, statement)

    def add_listed(self, span: Span) -> None:
        """Let the article tell a list of members that no statement holds a part of: "AUKUS, comprising …, said …"."""
        if not self._boilerplate.touches(span) and not any(s.content.overlaps(span) for s in self._found.values()):
            self.add_told(Telling(span))

    def _grounds(self, telling: Telling) -> tuple[StatementKey, ...]:
        """Return what an inference rests on: the last statement of a source before it."""
        if telling.hedge is None:
            return ()
        before = [s for s in self._found.values() if s.cue and s.content.end <= telling.content.start]
        last = max(before, key=lambda statement: statement.key, default=None)
        near = last is not None and telling.content.start - last.content.end <= _DERIVED_WITHIN
        return (last.key,) if last is not None and near else ()

    def _section(self, content: Span) -> Section:
        page = self.reading.page
        if page.headline.overlaps(content):
            return Section.HEADLINE
        return Section.STANDFIRST if page.standfirst and page.standfirst.overlaps(content) else Section.BODY


_FIRMNESS = (Certainty.POSSIBLE, Certainty.PROBABLE, Certainty.CERTAIN)


def _mode(attribution: Attribution) -> ReportMode:
    """Return the mode; without words that are the source's own inside the content there is nothing direct in it."""
    quoted = any(attribution.content.covers(span) for span in attribution.verbatim)
    return attribution.mode if quoted else ReportMode.INDIRECT


def _naming(voices: Voices) -> SourceNaming:
    """Return the naming that fits the speakers: an unnamed one is a spokesperson or anonymous, a named one neither."""
    naming = SourceNaming(voices.naming)
    if not voices.speakers:
        return naming if naming is SourceNaming.DOCUMENT else SourceNaming.NONE
    unnamed = [speaker.kind is EntityKind.UNNAMED_SOURCE for speaker in voices.speakers]
    veiled = naming in (SourceNaming.SPOKESPERSON, SourceNaming.ANONYMOUS)
    if all(unnamed):
        return naming if veiled else SourceNaming.ANONYMOUS
    if (veiled and not any(unnamed)) or naming is SourceNaming.NONE:
        persons = any(speaker.kind is EntityKind.PERSON for speaker in voices.speakers)
        return SourceNaming.NAMED if persons else SourceNaming.INSTITUTION
    return naming
