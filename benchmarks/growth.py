"""Whether hostile texts hold up the reading: how its time grows with their length.

::

    python benchmarks/growth.py --words 3000

reads a text of each kind and one of twice the length, prints the processor time of both by step, and ends with 1 where
twice the length takes more than three times as long. Kinds are named to read some alone. What is measured is time, so
run it on a machine that does nothing else; ``tests/test_growth.py`` counts work instead, of which there is as much on
any machine.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from loader.document import Article
from loader.pipeline import Settings, Workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOST = 3.0  # times as long for twice the length, with some room for noise
_SAID = "The minister said on Monday that Japan would join AUKUS next year, and he added that it was ready. "
_NAMES = 26 * 26 * 26


def _named(count: int) -> Iterator[str]:
    """Yield names that differ."""
    for number in range(count):
        letters = "".join(chr(97 + number % _NAMES // 26**place % 26) for place in range(3))
        yield f"Mr. Al{letters} Be{letters} said that Japan was ready. "


KINDS: dict[str, Callable[[int], str]] = {
    # name: a text of about so many words
    "one paragraph": lambda n: _SAID * (n // 19),
    "one sentence": lambda n: "The minister said that " + "Japan would join the pact because it was asked " * (n // 9),
    "quotation marks": lambda n: 'word " ' * (n // 2),
    "short quotations": lambda n: '"yes" he said ' * (n // 3),
    "open quotations": lambda n: "“We are ready.\n" * (n // 3),
    "names": lambda n: "".join(_named(n // 8)),
    "nested brackets": lambda n: "( [ { " * (n // 6) + "word " + ") ] } " * (n // 6),
    "nested speech": lambda n: "The minister said that Jones told Reuters that " * (n // 8),
    "capitals": lambda n: _SAID.upper() * (n // 19),
    "no punctuation": lambda n: _SAID.replace(",", "").replace(".", "") * (n // 19),
    "pronouns": lambda n: "He said that he knew that they said it. " * (n // 9),
    "offices": lambda n: "The official said it was ready. A spokesperson from the embassy said so. " * (n // 13),
    "dates": lambda n: "On December 9, 2024 and on Monday, March 3, he said it. " * (n // 11),
    "characters without width": lambda n: _SAID.replace("a", "a\u200b") * (n // 19),
    "lists": lambda n: "Japan, Korea, India, France, " * (n // 4) + "said that they agreed.",
    "turns on one line": lambda n: "MR. JONES: We agree. Q What? " * (n // 6),
    "short lines": lambda n: "He said so.\n" * (n // 3),
    "memberships": lambda n: "Japan is a member of AUKUS. South Korea joined the Quad and NATO. " * (n // 12),
    "sources": lambda n: "According to Reuters, " * (n // 3),
    "one word": lambda n: "a" * (6 * n),
    "blanks": lambda n: "He said so." + "\n " * n + "end",
}


def main() -> None:
    """Run the benchmark."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("kinds", nargs="*", help="kinds of texts; else all")
    options.add_argument("--words", type=int, default=3000, help="the length of the shorter text")
    chosen = options.parse_args()
    workshop = Workshop(Settings())
    list(workshop([Article(f"Ten things to know\n{_SAID}", "first")]))
    slow = []
    for name in chosen.kinds or KINDS:
        once, twice = (_spent(workshop, KINDS[name](count)) for count in (chosen.words, 2 * chosen.words))
        factor = sum(twice.values()) / sum(once.values())
        steps = "  ".join(f"{step} {once[step]:.2f} {twice[step]:.2f}" for step in once)
        print(f"{name:25} {factor:5.2f} times as long   {steps}", flush=True)
        if factor > _MOST:
            slow.append(name)
    if slow:
        print(f"More than {_MOST:g} times as long for twice the length: {', '.join(slow)}.")
    sys.exit(1 if slow else 0)


def _spent(workshop: Workshop, text: str) -> dict[str, float]:
    """Return the seconds that a text takes, by step; of wall time as the workshop tells them, cut to processor time."""
    started, since = time.process_time(), time.perf_counter()
    (made,) = workshop([Article(f"Ten things to know\n{text}", "text")])
    share = (time.process_time() - started) / (time.perf_counter() - since)
    spent = made.seconds  # type: ignore[union-attr]  # only articles that were not read have none
    return {step: share * getattr(spent, step) for step in ("extraction", "mapping", "validation")}


if __name__ == "__main__":
    main()
