"""Markdown and its front matter."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from readings import BODY, TITLE, only, refusal, sample


def test_markdown_is_unwrapped_to_its_words() -> None:
    article = only(sample("front-matter.md"))
    assert article.text.split("\n") == [
        "Harbour partners: a second pillar?",
        "The three partners met in Canberra on Wednesday to weigh a second pillar of their agreement.",
        "What comes next",
        '"We are interested," the minister said.',
        '"Very much so."',
        "Undersea drones",
        "Quantum clocks for ships",
        "Partner | Since",
        "Ruritania | 2021",
        "A line in HTML.",
        "It cost 5 * 3 & more, a_b says not so.",
    ]


def test_front_matter_gives_the_metadata_as_they_are_written() -> None:
    article = only(sample("front-matter.md"))
    assert (article.published, article.url) == (date(2024, 3, 6), "https://news.example.org/2024/harbour")
    assert (article.outlet, article.authors) == ("The Daily Example", ("Ada Example", "Ben Sample"))
    assert (article.language, article.license, article.identifier) == ("en-AU", "CC BY 4.0", "front-matter")


def test_the_first_line_of_markdown_is_the_title_where_no_field_is(read_file: Any) -> None:
    assert only(read_file("a.md", f"# {TITLE}\n\n{BODY}")).text == f"{TITLE}\n{BODY}"
    assert only(read_file("a.md", f"---\ndate: 2024-03-06\n...\n{TITLE}\n\n{BODY}")).text == f"{TITLE}\n{BODY}"
    assert only(read_file("a.md", f"---\n---\n{TITLE}\n\n{BODY}")).text == f"{TITLE}\n{BODY}"


def test_a_scalar_of_the_front_matter_is_what_is_written_not_what_yaml_makes_of_it(read_file: Any) -> None:
    article = only(read_file("a.md", f"---\ntitle: 1984\nid: 0x1F\npublished: true\nauthor: null\n---\n{BODY}"))
    assert (article.title, article.identifier, article.published, article.authors) == ("1984", "0x1F", None, ())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("---\ntitle: x\n", "a.md:1: The front matter that opens here is not closed by a second line of ---."),
        (
            "+++\ntitle = 'x'\n+++\n",
            "a.md:1: The front matter is TOML (+++); write it as YAML between two lines of ---.",
        ),
        ("---\n- a\n- b\n---\nT\n\nB", "a.md:2: The front matter is not a list of fields such as title: …"),
        ("---\n" + "a: b\n" * 20_000 + "---\nB", "a.md:1: The front matter is not closed within 65,536 characters."),
        ("---\ntitle: x\n---\n\n![a](b.jpg)\n", "a.md: There is a title but no text."),
        ("<!-- nothing -->", "a.md: There is no text."),
        (" \n", "a.md: The file is empty."),
    ],
)
def test_markdown_that_cannot_be_read_is_refused_with_its_line(read_file: Any, content: str, sentence: str) -> None:
    assert refusal(read_file("a.md", content)) == sentence


@pytest.mark.parametrize(
    ("fields", "place", "reason"),
    [
        ("date: 2024-03-06\ntitle: Talks: a start", "a.md:3", "mapping values are not allowed here"),
        ("a: &a [x,x]\nb: [*a,*a]", "a.md:3", "aliases (*name) are not taken"),
        ("a: &a [*a]", "a.md:2", "aliases (*name) are not taken"),
        ("a: " + "[" * 30_000, "a.md:2", "it is nested too deeply"),
        ("a: \x01", "a.md", "it has a character that YAML does not allow"),
        ("? [a]\n: b", "a.md:2", "found unhashable key"),
    ],
)
def test_front_matter_that_is_no_yaml_or_a_trap_is_refused(
    read_file: Any, fields: str, place: str, reason: str
) -> None:
    message = refusal(read_file("a.md", f"---\n{fields}\n---\nT\n\nB"))
    hint = "a value with a colon needs quotes around it."
    assert message == f"{place}: The front matter is not valid YAML: {reason}; {hint}"
