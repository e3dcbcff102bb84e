"""A look at TOML or JSON before it is parsed, in time that grows with its length alone."""

from __future__ import annotations

import re
from itertools import accumulate

from cutwise.budgets import beyond, most

# What is no structure: comments and texts. Each goes on to where a parser ends it or gives up, which is the
# end of the line or of all where nothing closes it; possessive, so that no mark is looked at twice.
NO_STRUCTURE = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"{3,5}+|\\?\Z)'
    r"|'''(?:[^']++|'(?!''))*+(?:'{3,5}+|\Z)"
    r'|"(?:[^"\\\n]++|\\[^\n])*+(?:["\\\n]|\Z)'
    r"|'[^'\n]*+(?:['\n]|\Z)"
    r"|\#[^\n]*+",
    re.DOTALL,
)
NO_JSON_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
NO_BRACKETS = re.compile(r"[^\[\]{}]++")
OPENING = "[{"
SEPARATORS = "=,:[{"
MOST_DOTS = 10_000
"""Whatever an operator allows: a key of more dots takes a parser more than a gigabyte."""


def mistake_in_text(text: str) -> str:
    """What is wrong with a text before it is parsed, empty where nothing is.

    Bounded are how deep it nests, brackets and dotted keys each, and how many keys and values it has.

    >>> mistake_in_text("a." * 50 + "b = 1")
    'nests lists, tables or dotted keys more than 32 deep; a scenario needs no more than five'
    """
    is_json = text.lstrip().startswith("{")
    bare = (NO_JSON_STRUCTURE if is_json else NO_STRUCTURE).sub('""', text)
    if sum(map(bare.count, SEPARATORS)) > most("text_values"):
        return beyond("text_values")
    brackets = NO_BRACKETS.sub("", bare)
    deepest = max(accumulate(1 if sign in OPENING else -1 for sign in brackets), default=0)
    if deepest > most("text_parts_deep") or _has_long_key(bare):
        return beyond("text_parts_deep")
    return ""


def _has_long_key(bare: str) -> bool:
    """True for more dots than are allowed, with nothing between them that ends a key."""
    most_dots = min(most("text_parts_deep"), MOST_DOTS)
    return re.search(rf"(?:\.[^.=,\n\[\]{{}}]*+){{{most_dots}}}", bare) is not None
