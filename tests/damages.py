"""Damages of a sound article, one rule of the shapes each, and the sentence that tells of it."""

from __future__ import annotations

from typing import NamedTuple


class Damage(NamedTuple):
    """An update that breaks a rule; the report names the rule and says the words."""

    sentence: str
    update: str
    rule: str
    words: str

    def __str__(self) -> str:
        return self.sentence.replace(" ", "_")


DAMAGES = [
    # ---- an article
    Damage(
        "an article without a title",
        "DELETE { ?s dcterms:title ?o } WHERE { ?s dcterms:title ?o }",
        "Article/dcterms:title/minCount",
        "dcterms:title is missing; an article has at least one",
    ),
    Damage(
        "an article with two titles",
        "INSERT { ?s dcterms:title 'Another'@en } WHERE { ?s a pact:Article }",
        "Article/dcterms:title/maxCount",
        "dcterms:title is given twice; an article has at most one",
    ),
    Damage(
        "a language that is no tag",
        "DELETE { ?s dcterms:language ?o } INSERT { ?s dcterms:language 'English' } WHERE { ?s dcterms:language ?o }",
        "Article/dcterms:language/pattern",
        'dcterms:language is "English", which is not of the form',
    ),
    Damage(
        "a hash that is none",
        "DELETE { ?s pact:contentHash ?o } INSERT { ?s pact:contentHash 'sha256:0' } WHERE { ?s pact:contentHash ?o }",
        "Article/pact:contentHash/pattern",
        "is not of the form ^sha256:",
    ),
    Damage(
        "a length that is a string",
        "DELETE { ?s pact:textLength ?o } INSERT { ?s pact:textLength '9999' } WHERE { ?s pact:textLength ?o }",
        "Article/pact:textLength/datatype",
        'pact:textLength is "9999", which is not an xsd:integer',
    ),
    Damage(
        "a length that is an ill-formed integer",
        "DELETE { ?s pact:textLength ?o } INSERT { ?s pact:textLength 'many'^^xsd:integer }"
        " WHERE { ?s pact:textLength ?o }",
        "Article/pact:textLength/datatype",
        "which is not an xsd:integer",
    ),
    Damage(
        "an article of no characters",
        "DELETE { ?s pact:textLength ?o } INSERT { ?s pact:textLength 0 } WHERE { ?s pact:textLength ?o }",
        "Article/pact:textLength/minInclusive",
        "which is less than 1",
    ),
    Damage(
        "a publisher that is a state",
        "INSERT { ?s schema:publisher ?a } WHERE { ?s a pact:Article . ?a a pact:State }",
        "Article/schema:publisher/class",
        "which is not a pact:NewsOutlet",
    ),
    Damage(
        "a work that is a literal",
        "INSERT { ?s dcterms:isVersionOf 'the first' } WHERE { ?s a pact:Article }",
        "Article/dcterms:isVersionOf/nodeKind",
        'dcterms:isVersionOf is "the first", which is not an IRI',
    ),
    # ---- a statement and its source
    Damage(
        "a statement in no article",
        "DELETE { ?s pact:inArticle ?o } WHERE { ?s pact:inArticle ?o ; pact:section pact:section-headline }",
        "Statement/pact:inArticle/minCount",
        "pact:inArticle is missing; a statement has at least one",
    ),
    Damage(
        "a speaker that is a pillar",
        "INSERT { ?s pact:speaker ?p } WHERE { ?s pact:reportMode pact:mode-direct . ?p a pact:Pillar }",
        "Statement/pact:speaker/class",
        "which is not a pact:Actor",
    ),
    Damage(
        "a speaker that nobody describes",
        "INSERT { ?s pact:speaker actor:nobody } WHERE { ?s pact:reportMode pact:mode-direct }",
        "Statement/pact:speaker/class",
        "pact:speaker is <https://data.example/actor/nobody>, which is not a pact:Actor",
    ),
    Damage(
        "a speaker that is a literal",
        "INSERT { ?s pact:speaker 'Tokyo' } WHERE { ?s pact:reportMode pact:mode-direct }",
        "Statement/pact:speaker/class",
        'pact:speaker is "Tokyo", which is not a pact:Actor',
    ),
    Damage(
        "a narrator with a speaker",
        "INSERT { ?s pact:speaker ?a } WHERE { ?s pact:reportMode pact:mode-narrator . ?a a pact:State }",
        "NarratorIsNoSource/or",
        "in the article's own voice there is no speaker",
    ),
    Damage(
        "a report without a cue",
        "DELETE { ?s pact:cueSpan ?o } WHERE { ?s pact:cueSpan ?o ; pact:reportMode pact:mode-indirect }",
        "AttributionHasCueAndSpeaker/or",
        "outside the article's own voice there is a cue",
    ),
    Damage(
        "a report without a speaker",
        "DELETE { ?s pact:speaker ?o } WHERE { ?s pact:speaker ?o ; pact:sourceNaming pact:naming-institution }",
        "AttributionHasCueAndSpeaker/or",
        "and a speaker unless",
    ),
    Damage(
        "an unnamed source that is called named",
        "DELETE { ?s pact:sourceNaming ?o } INSERT { ?s pact:sourceNaming pact:naming-institution }"
        " WHERE { ?s pact:sourceNaming ?o FILTER(?o = pact:naming-anonymous) }",
        "Statement/sparql",
        "every speaker is unnamed",
    ),
    Damage(
        "a named source that is called a spokesperson",
        "DELETE { ?s pact:sourceNaming ?o } INSERT { ?s pact:sourceNaming pact:naming-spokesperson }"
        " WHERE { ?s pact:sourceNaming ?o FILTER(?o = pact:naming-institution) }",
        "Statement/sparql",
        "every speaker here has a name",
    ),
    Damage(
        "a relay without words",
        "DELETE { ?s pact:relaySpan ?o } WHERE { ?s pact:relaySpan ?o }",
        "RelayHasWords/xone",
        "a relaying outlet and the words that credit it come together",
    ),
    Damage(
        "words of a relay without an outlet",
        "DELETE { ?s pact:relayedBy ?o } WHERE { ?s pact:relayedBy ?o }",
        "RelayHasWords/xone",
        "a relaying outlet and the words that credit it come together",
    ),
    Damage(
        "a quotation without verbatim words",
        "DELETE { ?s pact:verbatimSpan ?o } WHERE { ?s pact:verbatimSpan ?o }",
        "QuotationIsMarked/or",
        "a direct or mixed quotation says which words are verbatim",
    ),
    Damage(
        "a code that does not exist",
        "DELETE { ?s pact:kind ?o } INSERT { ?s pact:kind pact:kind-song }"
        " WHERE { ?s a pact:Statement OPTIONAL { ?s pact:kind ?o } }",
        "Statement/pact:kind/in",
        "pact:kind is pact:kind-song, which is not one of pact:kind-speech, pact:kind-attitude",
    ),
    Damage(
        "a code of another list",
        "DELETE { ?s pact:section ?o } INSERT { ?s pact:section pact:polarity-negated } WHERE { ?s pact:section ?o }",
        "Statement/pact:section/in",
        "pact:section is pact:polarity-negated, which is not one of",
    ),
    # ---- a statement and what it says
    Damage(
        "a statement that says nothing",
        "DELETE { ?s pact:about ?a ; pact:involves ?i } WHERE { ?s pact:reportMode pact:mode-narrator"
        " OPTIONAL { ?s pact:about ?a } OPTIONAL { ?s pact:involves ?i } }",
        "StatementSaysSomething/or",
        "a statement is about something, involves somebody or has a cue",
    ),
    Damage(
        "a statement about a state",
        "INSERT { ?s pact:about ?a } WHERE { ?s pact:stanceHolder ?a . ?a a pact:State }",
        "Statement/pact:about/or",
        "a statement is about partnerships, pillars and technologies",
    ),
    Damage(
        "a statement that involves a partnership",
        "INSERT { ?s pact:involves ?p } WHERE { ?s pact:about ?p . ?p a pact:Partnership }",
        "Statement/pact:involves/not",
        "a statement involves actors other than partnerships",
    ),
    Damage(
        "a stance without a holder",
        "DELETE { ?s pact:stanceHolder ?o } WHERE { ?s pact:stanceHolder ?o ; pact:section pact:section-headline }",
        "StanceHasHolder/xone",
        "a stance and its holder come together",
    ),
    Damage(
        "a holder without a stance",
        "DELETE { ?s pact:stance ?o } WHERE { ?s pact:stance ?o ; pact:section pact:section-headline }",
        "StanceHasHolder/xone",
        "a stance and its holder come together",
    ),
    Damage(
        "two stances",
        "INSERT { ?s pact:stance pact:stance-neutral } WHERE { ?s pact:stance ?o }",
        "Statement/pact:stance/maxCount",
        "pact:stance is given twice; a statement has at most one",
    ),
    Damage(
        "a possibility without a hedge",
        "DELETE { ?s pact:hedgeSpan ?o } WHERE { ?s pact:hedgeSpan ?o }",
        "HedgeLowersCertainty/xone",
        "a hedge and a certainty below pact:certainty-certain come together",
    ),
    Damage(
        "a certainty with a hedge",
        "DELETE { ?s pact:certainty ?o } INSERT { ?s pact:certainty pact:certainty-certain }"
        " WHERE { ?s pact:certainty ?o FILTER(?o != pact:certainty-certain) }",
        "HedgeLowersCertainty/xone",
        "a hedge and a certainty below pact:certainty-certain come together",
    ),
    Damage(
        "a confidence above one",
        "DELETE { ?s pact:confidence ?o } INSERT { ?s pact:confidence 1.5 }"
        " WHERE { ?s pact:section pact:section-headline OPTIONAL { ?s pact:confidence ?o } }",
        "Statement/pact:confidence/maxInclusive",
        "which is more than 1",
    ),
    Damage(
        "a confidence in words",
        "INSERT { ?s pact:confidence 'high' } WHERE { ?s pact:section pact:section-headline }",
        "Statement/pact:confidence/datatype",
        'pact:confidence is "high", which is not an xsd:decimal',
    ),
    Damage(
        "two statements that restate each other",
        "INSERT { ?o pact:restates ?s } WHERE { ?s pact:restates ?o }",
        "Statement/sparql",
        "two statements restate each other, or one restates itself",
    ),
    # ---- a statement and its words
    Damage(
        "a text that is not the content's",
        "DELETE { ?s pact:text ?o } INSERT { ?s pact:text ?p }"
        " WHERE { ?s pact:text ?o ; pact:section pact:section-headline BIND(CONCAT(?o, '!') AS ?p) }",
        "Statement/sparql",
        "the text differs from the words of the content span",
    ),
    Damage(
        "a text of no characters",
        "DELETE { ?s pact:text ?o } INSERT { ?s pact:text '' }"
        " WHERE { ?s pact:text ?o ; pact:section pact:section-headline }",
        "Statement/pact:text/minLength",
        "which is shorter than 1 characters",
    ),
    Damage(
        "a statement drawn from boilerplate",
        "INSERT { ?article pact:boilerplateSpan ?span }"
        " WHERE { ?s pact:inArticle ?article ; pact:cueSpan ?span ; pact:section pact:section-headline }",
        "Statement/sparql",
        "a span of the statement overlaps boilerplate",
    ),
    Damage(
        "verbatim words outside the content",
        "INSERT { ?s pact:verbatimSpan ?o } WHERE { ?s pact:cueSpan ?o ; pact:reportMode pact:mode-direct }",
        "Statement/sparql",
        "verbatim words lie outside the content",
    ),
    Damage(
        "a content outside the quotation",
        "INSERT { ?s pact:quoteSpan ?o } WHERE { ?s pact:cueSpan ?o ; pact:reportMode pact:mode-direct }",
        "Statement/sparql",
        "the content lies outside the quotation",
    ),
    Damage(
        "a statement with the offsets of other words in its IRI",
        "DELETE { ?s ?p ?o } INSERT { ?t ?p ?o } WHERE { ?s pact:section pact:section-headline ; ?p ?o"
        " BIND(IRI(CONCAT(STR(?s), '0')) AS ?t) }",
        "Statement/sparql",
        "the IRI is not the article's with /statement/ and the offsets of the content",
    ),
    # ---- a span
    Damage(
        "a start that is off by one",
        "DELETE { ?s oa:start ?o } INSERT { ?s oa:start ?p } WHERE { ?a pact:section pact:section-headline ;"
        " pact:contentSpan ?s . ?s oa:start ?o BIND(?o - 1 AS ?p) }",
        "Span/sparql",
        "the length of the exact text is not end - start",
    ),
    Damage(
        "a fragment that does not agree with the offsets",
        "DELETE { ?s oa:start ?o ; oa:end ?e } INSERT { ?s oa:start ?p ; oa:end ?f }"
        " WHERE { ?a pact:section pact:section-headline ; pact:contentSpan ?s . ?s oa:start ?o ; oa:end ?e"
        " BIND(?o + 1 AS ?p) BIND(?e + 1 AS ?f) }",
        "Span/sparql",
        "the fragment does not agree with start and end",
    ),
    Damage(
        "a span past the end of the article",
        "DELETE { ?s pact:textLength ?o } INSERT { ?s pact:textLength 50 } WHERE { ?s pact:textLength ?o }",
        "Span/sparql",
        "the span runs past the end of its article",
    ),
    Damage(
        "a span that ends before it starts",
        "DELETE { ?s oa:start ?o ; oa:end ?e } INSERT { ?s oa:start ?e ; oa:end ?o }"
        " WHERE { ?a pact:section pact:section-headline ; pact:contentSpan ?s . ?s oa:start ?o ; oa:end ?e }",
        "Span/oa:start/lessThan",
        "which is not less than oa:end",
    ),
    Damage(
        "a span without its words",
        "DELETE { ?s oa:exact ?o } WHERE { ?a pact:section pact:section-headline ; pact:contentSpan ?s ."
        " ?s oa:exact ?o }",
        "Span/oa:exact/minCount",
        "oa:exact is missing; a span has at least one",
    ),
    Damage(
        "a span that is a blank node",
        "INSERT { _:span a pact:Span ; oa:start 0 ; oa:end 1 ; oa:exact 'B' } WHERE {}",
        "Span/nodeKind",
        "the node is not an IRI",
    ),
    # ---- actors and the registry
    Damage(
        "an unnamed source that is linked to an outside entity",
        "INSERT { ?s skos:exactMatch wd:Q1 } WHERE { ?s a pact:UnnamedSource }",
        "UnnamedSource/skos:exactMatch/maxCount",
        "an unnamed source is never identified with an outside entity",
    ),
    Damage(
        "an unnamed source that is named as an actor",
        "INSERT { actor:someone a pact:UnnamedSource ; skos:prefLabel 'someone'@en } WHERE {}",
        "UnnamedSource/pattern",
        "the node is not of the form /source/",
    ),
    Damage(
        "a page of Wikidata for an entity",
        "INSERT { ?s skos:exactMatch <https://www.wikidata.org/wiki/Q17> } WHERE { ?s a pact:Person }",
        "Actor/skos:exactMatch/or",
        "a Wikidata entity is http://www.wikidata.org/entity/Q…",
    ),
    Damage(
        "two labels of one language",
        "INSERT { ?s skos:prefLabel 'Somebody else'@en } WHERE { ?s a pact:Person }",
        "Actor/skos:prefLabel/uniqueLang",
        "skos:prefLabel is given more than once in one language",
    ),
    Damage(
        "an outlet without a label",
        "DELETE { ?s skos:prefLabel ?o } WHERE { ?s a pact:NewsOutlet ; skos:prefLabel ?o }",
        "Actor/skos:prefLabel/minCount",
        "skos:prefLabel is missing; an actor has at least one",
    ),
    Damage(
        "a pillar of no partnership",
        "DELETE { ?s pact:pillarOf ?o } WHERE { ?s pact:pillarOf ?o }",
        "Pillar/pact:pillarOf/minCount",
        "pact:pillarOf is missing; a pillar has at least one",
    ),
    # ---- a membership
    Damage(
        "a membership that rests on nothing",
        "DELETE { ?s pact:accordingTo ?o } WHERE { ?s pact:accordingTo ?o }",
        "MembershipHasSource/or",
        "a membership rests on a statement",
    ),
    Damage(
        "a pillar of another partnership",
        "DELETE { ?s pact:partnership ?o } INSERT { ?s pact:partnership partnership:third ."
        " partnership:third a pact:Partnership ; skos:prefLabel 'Third'@en }"
        " WHERE { ?s pact:partnership ?o ; pact:pillar ?p }",
        "Membership/sparql",
        "the pillar belongs to another partnership",
    ),
    Damage(
        "a status that does not exist",
        "DELETE { ?s pact:status ?o } INSERT { ?s pact:status 'member' } WHERE { ?s pact:status ?o }",
        "Membership/pact:status/in",
        'pact:status is "member", which is not one of pact:status-member',
    ),
    # ---- a time
    Damage(
        "bounds that no date of publication allows",
        "INSERT { ?s pact:earliest '2024-02-01'^^xsd:date ; pact:latest '2024-02-29'^^xsd:date }"
        " WHERE { ?s pact:anchor pact:anchor-publication }",
        "TimeReference/sparql",
        "no article here gives its date of publication",
    ),
    Damage(
        "bounds the wrong way round",
        "DELETE { ?s pact:latest ?o } INSERT { ?s pact:latest '1999-12-31'^^xsd:date } WHERE { ?s pact:latest ?o }",
        "TimeReference/pact:earliest/lessThanOrEquals",
        "which is more than pact:latest",
    ),
    Damage(
        "one bound alone",
        "DELETE { ?s pact:latest ?o } WHERE { ?s pact:latest ?o }",
        "BoundsComeTogether/xone",
        "pact:earliest and pact:latest come together",
    ),
    Damage(
        "a day that no calendar has",
        "DELETE { ?s pact:latest ?o } INSERT { ?s pact:latest '2021-02-30'^^xsd:date } WHERE { ?s pact:latest ?o }",
        "TimeReference/pact:latest/datatype",
        "which is not an xsd:date",
    ),
    Damage(
        "an offset that is a number",
        "INSERT { ?s pact:offset 30 } WHERE { ?s pact:anchor pact:anchor-absolute }",
        "TimeReference/pact:offset/or",
        "an xsd:yearMonthDuration or an xsd:dayTimeDuration",
    ),
]
