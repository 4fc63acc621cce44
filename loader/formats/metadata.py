"""What metadata mean: a calendar date, a web address, a language tag, or a reason why not; nothing is guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date
from urllib.parse import urlsplit

from loader.formats.record import InputError, Metadata, Refused
from loader.formats.text import line_of
from ontology.vocabulary import canonical_url

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<m>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_ZONE = r"(?:\s*(?:[+-]\d{2}(?::?\d{2})?|\(?[a-z]{1,5}\)?)){0,2}"
_TIME = rf"(?:(?:\s*t\s*|,?\s+(?:at\s+)?)\d{{1,2}}:[0-5]\d(?::[0-6]\d(?:[.,]\d+)?)?(?:\s*[ap]\.?m\.?)?{_ZONE})?"
_DATES = tuple(
    re.compile(form + _TIME, re.IGNORECASE | re.ASCII)
    for form in (
        r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",  # ISO 8601, RFC 3339: 2024-03-06, 2024-03-06T23:30:00-05:00
        r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})",  # the year first leaves one order
        r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:t?\d{4}(?:\d{2})?(?:z|[+-]\d{2}:?\d{2})?)?",  # ISO 8601, basic
        rf"{_WEEKDAY}{_DAY}\s+{_MONTH},?\s+(?P<y>\d{{4}})",  # RFC 5322: Wed, 06 Mar 2024 10:00:00 GMT; 6 March 2024
        rf"{_WEEKDAY}{_MONTH}\s+{_DAY},?\s+(?P<y>\d{{4}})",  # March 6, 2024
    )
)

# An http(s) IRI by RFC 3987: no user, and no character that would have to be encoded.
_ENCODED = r"%[0-9A-Fa-f]{2}"
_OTHERS = r"\xa0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U0001fffd\U00020000-\U0002fffd\U00030000-\U0003fffd"
_PATH = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@/{_OTHERS}-]|{_ENCODED})*"
_QUERY = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?{_OTHERS}-]|{_ENCODED})*"
_HOST = rf"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~{_OTHERS}-]+)"
_ADDRESS = re.compile(rf"[Hh][Tt][Tt][Pp][Ss]?://{_HOST}(?::\d{{1,5}})?(?:/{_PATH})?(?:\?{_QUERY})?(?:#{_QUERY})?")
_LONGEST_ADDRESS = 8000  # octets, what RFC 9110 (4.1) asks every recipient to take

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")  # the common part of BCP 47
_ENGLISH = frozenset({"english", "eng"})  # what services call it; BCP 47 has the shortest code of ISO 639


@dataclass(frozen=True, slots=True)
class Facts:
    """What metadata say, understood: a field that was not understood is unknown, and ``problems`` has a sentence."""

    published: date | None
    url: str | None
    language: str | None
    problems: tuple[str, ...]


def understand(metadata: Metadata) -> Facts:
    """Return what the metadata say of date, address and language.

    Raises Refused where they hold half a surrogate pair, which nothing that is written afterwards could.
    """
    try:
        "\n".join([*metadata.authors, *(str(getattr(metadata, each.name)) for each in fields(metadata))]).encode()
    except UnicodeEncodeError:
        raise Refused("The metadata hold one half of a surrogate pair; write the character whole.") from None
    published = metadata.date and published_on(metadata.date)
    url = metadata.url and web_address(metadata.url)
    language = metadata.language and language_tag(metadata.language)
    problems = []
    if metadata.date and not published:
        problems.append(f"The date {_shown(metadata.date)} is not clear, and left out; write it as 2024-03-06.")
    if metadata.url and not url:
        problems.append(f"The URL {_shown(metadata.url)} is not a web address, and left out; it starts with https://.")
    if metadata.language and not language:
        problems.append(f"The language {_shown(metadata.language)} is not a tag such as en-AU, and left out.")
    return Facts(published or None, url or None, language or None, tuple(problems))


def published_on(text: str) -> date | None:
    """Return the calendar date as it is written, whatever the time zone beside it; None if it is not clear.

    Clear are ISO 8601 dates and timestamps, other dates with the year first, RFC 5322 dates, and dates with the month's
    English name. Not clear are 06/03/2024, a month or a year alone, and a count of seconds.
    """
    for form in _DATES:
        found = form.fullmatch(text.strip())
        if found:
            month = found["m"]
            number = int(month) if month.isdigit() else _MONTHS.index(month[:3].lower()) + 1
            try:
                return date(int(found["y"]), number, int(found["d"]))
            except ValueError:  # such as 2024-02-30
                return None
    return None


def web_address(text: str) -> str | None:
    """Return the http or https address without blanks around it; None if it is not one."""
    address = text.strip()
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        return None
    try:
        urlsplit(address).port  # noqa: B018 (raises for a port above 65535, and for a bad IPv6 address)
        canonical_url(address)
    except ValueError:
        return None
    return address


def language_tag(text: str) -> str | None:
    """Return the language tag, with hyphens (``en_AU`` gives ``en-AU``); None if it is not one."""
    tag = text.strip().replace("_", "-")
    if tag.casefold() in _ENGLISH:
        return "en"
    return tag if _LANGUAGE.fullmatch(tag) else None


def defaults(
    *,
    date: str | None = None,
    outlet: str | None = None,
    url: str | None = None,
    author: str | None = None,
    language: str | None = None,
    license: str | None = None,
) -> Metadata:
    """Return what the user says of articles whose files do not say it.

    Raises InputError, with one sentence, for a date, URL or language that is not clear.
    """
    given = Metadata(
        date=date or None,
        outlet=line_of(outlet or "") or None,
        url=url or None,
        authors=tuple(filter(None, [line_of(author or "")])),
        language=language or None,
        license=line_of(license or "") or None,
    )
    problems = understand(given).problems
    if problems:
        raise InputError(problems[0].replace(", and left out", ""))
    return given


def _shown(text: str) -> str:
    short = text if len(text) <= 80 else text[:79] + "…"
    return ascii(short) if not short.isprintable() else f"“{short}”"
