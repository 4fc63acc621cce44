"""Linking decisions as a mapping set of SSSOM (the Simple Standard for Sharing Ontological Mappings, 1.1): TSV and RDF.

One row for each decision. An accepted link is ``skos:exactMatch``; one that a person rejected has the modifier
``Not``; a candidate that nobody accepted is ``skos:mappingRelation``, the weakest there is; an entity that is not in
the authority maps to ``sssom:NoTermFound``. A row with a ``reviewer_id`` is a person's and is never overwritten.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, Quad

from loader.linking.rows import MANUAL, Row, Verdict, order
from loader.mapping.matches import (
    EXACT_MATCH,
    MAPPINGS,
    MODIFIER,
    OWL,
    PROPERTY,
    SEMAPV,
    SOURCE,
    SSSOM,
    TARGET,
    WIKIDATA,
)
from loader.mapping.terms import DERIVED_FROM, TYPE, term
from loader.summary import Problem
from ontology.vocabulary import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ontology.vocabulary import Mint

COLUMNS = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "predicate_modifier",
    "object_id",
    "object_label",
    "mapping_justification",
    "confidence",
    "match_string",
    "object_source",
    "object_source_version",
    "mapping_tool",
    "reviewer_id",
    "review_date",
    "comment",
)


_FOLDERS = ("actor", "partnership", "pillar", "technology")


def write(rows: Iterable[Row], mint: Mint) -> str:
    """Return a mapping set as TSV: its metadata, the columns, and the rows, sorted by subject and target.

    Each row is one line, so that it can be told by its number.
    """
    head = [
        f"#mapping_set_id: {mint.links_graph}",
        f"#mapping_set_description: {_ABOUT}",
        f"#license: {_LICENCE}",
        '#sssom_version: "1.1"',
        "#curie_map:",
        *(f"#  {name}: {mint.base}{name}/" for name in _FOLDERS),
        *(f"#  {name}: {PREFIXES[name]}" for name in ("skos", "wd")),
        f"#  semapv: {SEMAPV}",
        f"#  sssom: {SSSOM}",
        *(f"#  {name}: {place}" for name, place in _people(mint).items()),
    ]
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=order):
        writer.writerow([" ".join(cell.split()) for cell in _cells(row, mint)])
    return "\n".join(head) + "\n" + out.getvalue()


def read(text: str, source: str, mint: Mint) -> tuple[tuple[Row, ...], tuple[Problem, ...]]:
    """Return the rows of a mapping set, and what there is to say of it, each with its line.

    Columns that nobody here knows are told of and left out; so are rows that cannot be read, and rows by which a
    person says two things of one entity that cannot both be.
    """
    lines = text.splitlines()
    first = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    if first == len(lines):
        return (), ()
    declared = (_PREFIX.match(line) for line in lines[:first])
    people = _people(mint) | {found[1]: found[2] for found in declared if found}
    reader = csv.reader(lines[first:], delimiter="\t")
    problems: list[Problem] = []
    head = next(reader)
    unknown = [name for name in head if name not in COLUMNS]
    if unknown:
        problems.append(
            Problem(source, first + 1, f"The columns {', '.join(unknown)} are unknown; they are left out.", fatal=False)
        )
    missing = [name for name in ("subject_id", "predicate_id", "object_id") if name not in head]
    if missing:
        problems.append(Problem(source, first + 1, f"It has no column {', '.join(missing)}; no row can be read."))
        return (), tuple(problems)
    rows: list[tuple[int, Row]] = []
    for cells in reader:
        line = first + reader.line_num
        if not any(cells):
            continue
        try:
            if len(cells) != len(head):
                message = f"It has {len(cells)} cells, and the head has {len(head)}; they are parted by tabs."
                raise ValueError(message)  # noqa: TRY301 (told with the others below)
            rows.append((line, _row(dict(zip(head, cells, strict=True)), mint, people)))
        except ValueError as error:
            problems.append(Problem(source, line, f"{error} The row is left out."))
    kept, contradictions = _consistent(rows, source)
    return kept, tuple(sorted((*problems, *contradictions), key=lambda each: each.line or 0))


def quads(rows: Iterable[Row], mint: Mint) -> list[Quad]:
    """Return a mapping set as the graph of links, sorted; its IRI is that of the graph.

    As SSSOM writes it in RDF, except that each row, an ``owl:Axiom``, has an IRI of its own (`record`).
    """
    graph = NamedNode(mint.links_graph)
    found: set[Quad] = {Quad(graph, predicate, value, graph) for predicate, value in _SET}
    for row in rows:
        node = NamedNode(record(row, mint))
        target = NamedNode(WIKIDATA + row.target if row.target else SSSOM + "NoTermFound")
        facts: list[tuple[NamedNode, NamedNode | Literal]] = [
            (TYPE, NamedNode(OWL + "Axiom")),
            (SOURCE, NamedNode(row.subject)),
            (PROPERTY, EXACT_MATCH if row.verdict is not Verdict.CANDIDATE else term("skos", "mappingRelation")),
            (TARGET, target),
            (_slot("mapping_justification"), NamedNode(SEMAPV + row.justification.split(":", 1)[1])),
        ]
        if row.verdict is Verdict.REJECTED:
            facts.append((MODIFIER, _slot("NegatedPredicate")))
        if row.confidence is not None:
            facts.append((_slot("confidence"), confidence_literal(row.confidence)))
        if row.reviewed:
            facts.append((_slot("review_date"), Literal(row.reviewed, datatype=term("xsd", "date"))))
        facts += [(_slot("reviewer_id"), NamedNode(_iri(each, mint))) for each in row.reviewer.split("|") if each]
        facts += [(NamedNode(iri), Literal(getattr(row, name))) for iri, name in _TEXTS.items() if getattr(row, name)]
        found.update(Quad(node, predicate, value, graph) for predicate, value in facts)
        found.add(Quad(graph, MAPPINGS, node, graph))
    return sorted(found, key=str)


def confidence_literal(confidence: float) -> Literal:
    """Return a confidence as RDF has it."""
    return Literal(decimal(confidence), datatype=term("xsd", "double"))


def rows(links: Iterable[Quad], mint: Mint) -> tuple[Row, ...]:
    """Return the rows that a graph of links holds, in order: the inverse of `quads`.

    Ids elsewhere, which rest on a row and are none themselves, are left out.
    """
    facts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for quad in links:
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, (NamedNode, Literal)):
            facts[quad.subject.value][quad.predicate.value].append(quad.object.value)
    found = (_read(said, mint) for said in facts.values() if DERIVED_FROM.value not in said and SOURCE.value in said)
    return tuple(sorted(found, key=order))


def _read(said: Mapping[str, list[str]], mint: Mint) -> Row:
    one = {predicate: values[0] for predicate, values in said.items()}
    target = one[TARGET.value].removeprefix(WIKIDATA)
    is_nil = target == SSSOM + "NoTermFound"
    verdict = Verdict.ACCEPTED if one[PROPERTY.value] == EXACT_MATCH.value else Verdict.CANDIDATE
    verdict = Verdict.NIL if is_nil else Verdict.REJECTED if MODIFIER.value in one else verdict
    justification, confidence = one[SSSOM + "mapping_justification"], one.get(SSSOM + "confidence")
    return Row(
        one[SOURCE.value],
        verdict,
        "" if is_nil else target,
        justification="semapv:" + justification.removeprefix(SEMAPV),
        confidence=float(confidence) if confidence else None,
        reviewer="|".join(sorted(_curie(each, mint) for each in said.get(SSSOM + "reviewer_id", ()))),
        reviewed=one.get(SSSOM + "review_date", ""),
        **{name: one.get(iri, "") for iri, name in _TEXTS.items()},
    )


def record(row: Row, mint: Mint) -> str:
    """Return the IRI of a row: one for each pair of entity and target."""
    digest = hashlib.sha256(f"{row.subject} {row.target}".encode()).hexdigest()[:16]
    return f"{mint.base}link/{digest}"


def _cells(row: Row, mint: Mint) -> list[str]:
    predicate = "skos:mappingRelation" if row.verdict is Verdict.CANDIDATE else "skos:exactMatch"
    return [
        compact(row.subject, mint),
        row.label,
        predicate,
        "Not" if row.verdict is Verdict.REJECTED else "",
        f"wd:{row.target}" if row.target else "sssom:NoTermFound",
        row.target_label,
        row.justification,
        "" if row.confidence is None else decimal(row.confidence),
        row.match.replace("|", "\\|"),
        "wd:Q2013",
        row.version,
        "pactgraph",
        row.reviewer,
        row.reviewed,
        row.comment,
    ]


def _row(cells: dict[str, str], mint: Mint, people: Mapping[str, str]) -> Row:
    subject = cells["subject_id"]
    folder, _, name = subject.partition(":")
    if folder in _FOLDERS:
        subject = f"{mint.base}{folder}/{name}"
    if not subject.startswith(mint.base) or not _PLAIN.fullmatch(subject):
        message = f"{cells['subject_id']!r} is no entity under {mint.base}."
        raise ValueError(message)
    target = cells["object_id"].removeprefix("wd:").removeprefix(WIKIDATA)
    is_nil = target == "sssom:NoTermFound"
    if not is_nil and not _QID.fullmatch(target):
        message = f"{cells['object_id']!r} is neither a Wikidata id (wd:Q17) nor sssom:NoTermFound."
        raise ValueError(message)
    predicate, modifier = cells["predicate_id"], cells.get("predicate_modifier", "")
    if predicate not in ("skos:exactMatch", "skos:mappingRelation") or modifier not in ("", "Not"):
        message = f"{predicate} {modifier}".strip() + " is no predicate of a link; skos:exactMatch is, also with Not."
        raise ValueError(message)
    if is_nil and modifier:
        message = "A row cannot say Not of sssom:NoTermFound."
        raise ValueError(message)
    confidence = cells.get("confidence", "")
    justification = cells.get("mapping_justification", "") or MANUAL
    if not justification.startswith("semapv:"):
        message = f"{justification!r} is no justification; one is written semapv:ManualMappingCuration."
        raise ValueError(message)
    return Row(
        subject,
        verdict_of(predicate, modifier, cells["object_id"]),
        "" if is_nil else target,
        cells.get("subject_label", ""),
        cells.get("object_label", ""),
        justification,
        _between(confidence) if confidence else None,
        cells.get("match_string", "").replace("\\|", "|"),
        cells.get("object_source_version", ""),
        _reviewers(cells.get("reviewer_id", ""), mint, people),
        _reviewed(cells.get("review_date", ""), cells.get("reviewer_id", "")),
        cells.get("comment", ""),
    )


def _between(confidence: str) -> float:
    try:
        number = float(confidence)
    except ValueError:
        message = f"The confidence {confidence!r} is no number."
        raise ValueError(message) from None
    if not 0 <= number <= 1:
        message = f"The confidence {confidence} is not between 0 and 1."
        raise ValueError(message)
    return number


def _reviewers(cell: str, mint: Mint, people: Mapping[str, str]) -> str:
    """Return who reviewed a row, each as a CURIE that every file of ours declares, or as an IRI; sorted."""
    found = set()
    for each in filter(None, cell.split("|")):
        prefix, _, name = each.partition(":")
        if prefix not in people and prefix not in ("http", "https"):
            message = f"The reviewer {each!r} is no CURIE, or its prefix is not in the file's curie_map."
            raise ValueError(message)
        found.add(_curie(people.get(prefix, f"{prefix}:") + name, mint))
    return "|".join(sorted(found))


def _reviewed(day: str, reviewer: str) -> str:
    if day and not reviewer:
        message = f"It was reviewed on {day}, but no reviewer_id says by whom."
        raise ValueError(message)
    if day and not _DAY.fullmatch(day):
        message = f"The review_date {day!r} is no date; 2026-01-31 is one."
        raise ValueError(message)
    return day


def _people(mint: Mint) -> dict[str, str]:
    """Return the prefixes by which reviewers are named."""
    return {"orcid": "https://orcid.org/", "reviewer": f"{mint.base}reviewer/"}


def _curie(iri: str, mint: Mint) -> str:
    """Return a reviewer's IRI as a CURIE, where we have a prefix for it."""
    for prefix, place in _people(mint).items():
        if iri.startswith(place):
            return f"{prefix}:{iri.removeprefix(place)}"
    return iri


def _iri(curie: str, mint: Mint) -> str:
    prefix, _, name = curie.partition(":")
    return _people(mint).get(prefix, f"{prefix}:") + name


def verdict_of(predicate: str, modifier: str, target: str) -> Verdict:
    """Return what a row says by its predicate, the modifier of that, and what it maps to, as they are written."""
    if target == "sssom:NoTermFound":
        return Verdict.NIL
    if modifier:
        return Verdict.REJECTED
    return Verdict.CANDIDATE if predicate == "skos:mappingRelation" else Verdict.ACCEPTED


def _consistent(rows: list[tuple[int, Row]], source: str) -> tuple[tuple[Row, ...], list[Problem]]:
    """Leave out a person's rows that cannot stand beside an earlier row of a person on the same entity."""
    kept: list[Row] = []
    problems: list[Problem] = []
    said: dict[str, list[tuple[int, Row]]] = {}
    for line, row in rows:
        if row.is_reviewed:
            clash = next((at for at, other in said.get(row.subject, []) if _contradict(row, other)), None)
            if clash is not None:
                problems.append(
                    Problem(source, line, f"It contradicts the review of line {clash}; the row is left out.")
                )
                continue
            said.setdefault(row.subject, []).append((line, row))
        kept.append(row)
    return tuple(kept), problems


def _contradict(row: Row, other: Row) -> bool:
    verdicts = {row.verdict, other.verdict}
    if verdicts == {Verdict.ACCEPTED}:
        return row.target != other.target
    if verdicts == {Verdict.ACCEPTED, Verdict.NIL}:
        return True
    return verdicts == {Verdict.ACCEPTED, Verdict.REJECTED} and row.target == other.target


def compact(iri: str, mint: Mint) -> str:
    """Return how a row names an entity: "actor:japan"."""
    folder, _, name = iri.removeprefix(mint.base).partition("/")
    return f"{folder}:{name}"


def decimal(number: float) -> str:
    """Return a confidence as it is written: at most three places, no trailing noughts."""
    return f"{number:.3f}".rstrip("0").rstrip(".")


def _slot(name: str) -> NamedNode:
    return NamedNode(SSSOM + name)


_ABOUT = "Links to Wikidata. What is missing here is missing in the authority, no more."
_LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
_SET = (
    (TYPE, _slot("MappingSet")),
    (term("dcterms", "description"), Literal(_ABOUT)),
    (term("dcterms", "license"), NamedNode(_LICENCE)),
    (_slot("sssom_version"), Literal("1.1")),
    (_slot("mapping_tool"), Literal("pactgraph")),
    (_slot("object_source"), NamedNode(WIKIDATA + "Q2013")),
)
_TEXTS = {
    SSSOM + "subject_label": "label",
    SSSOM + "object_label": "target_label",
    SSSOM + "match_string": "match",
    SSSOM + "object_source_version": "version",
    f"{PREFIXES['rdfs']}comment": "comment",
}
_DAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
_PREFIX = re.compile(r"#\s+([A-Za-z][\w.-]*): *\"?(https?://[^\s\"]+)")
_QID = re.compile(r"Q[1-9][0-9]{0,17}")
_PLAIN = re.compile(r"[^\s<>\"{}|\\^`]+")
