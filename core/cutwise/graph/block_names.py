"""Names of blocks: the module paths they stand for, or what they contain where there are none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

CONTENT_NAMES: tuple[tuple[str, frozenset[str]], ...] = (
    ("embed", frozenset({"embedding"})),
    ("attention", frozenset({"attention"})),
    ("attention", frozenset({"softmax", "matmul"})),
    ("concat", frozenset({"conv2d", "concat"})),
    ("residual", frozenset({"conv2d", "add"})),
    ("conv", frozenset({"conv2d"})),
    ("conv", frozenset({"conv1d"})),
    ("recurrent", frozenset({"lstm"})),
    ("recurrent", frozenset({"gru"})),
    ("mlp", frozenset({"linear", "add"})),
    ("linear", frozenset({"linear"})),
)
"""The first entry whose kinds all occur names a block that has no module path."""


def block_name(labels: Sequence[str], kinds: frozenset[str], *, is_first: bool, is_last: bool) -> str:
    """What to call ops that stand for the module paths `labels`.

    >>> block_name(["features/0", "features/1"], frozenset({"conv2d"}), is_first=True, is_last=False)
    'features/0–1'
    >>> block_name(["conv1", "bn1"], frozenset({"conv2d"}), is_first=True, is_last=False)
    'stem'
    """
    known = [label for label in dict.fromkeys(labels) if label]
    if len(known) == 1:
        return known[0]
    if numbered := _range_name(known):
        return numbered
    if is_first:
        return "embed" if "embedding" in kinds else "stem"
    if is_last:
        return "head"
    if known:
        return f"{known[0]}–{last_part(known[-1])}"
    return next((name for name, needed in CONTENT_NAMES if needed <= kinds), "part")


def _range_name(labels: Sequence[str]) -> str:
    found = [re.fullmatch(r"(.*?)(\d+)", label) for label in labels]
    stems = {match[1] if match else None for match in found}
    if len(stems) != 1 or not found[0] or not found[-1]:
        return ""
    return f"{found[0][0]}–{found[-1][2]}"


def without_root(names: Sequence[str]) -> list[str]:
    """Names without the modules that all paths share; a bare number keeps the module it counts.

    >>> without_root(["model/h/0", "model/h/1", "head"])
    ['h/0', 'h/1', 'head']
    """
    parents = [parts_of(name)[:-1] for name in names if "/" in name]
    depth = 0
    while parents and all(len(p) > depth and p[depth] == parents[0][depth] for p in parents):
        depth += 1
    return [_short(name, depth) if "/" in name else name for name in names]


def _short(name: str, depth: int) -> str:
    parts = parts_of(name)
    while depth and parts[depth][0].isdigit():
        depth -= 1
    return "/".join(parts[depth:])


def unique(names: Sequence[str]) -> list[str]:
    """Names with a number after those that occur more than once.

    >>> unique(["stem", "conv", "conv"])
    ['stem', 'conv 1', 'conv 2']
    """
    counts = Counter(names)
    seen: Counter[str] = Counter()
    taken: dict[str, None] = {}
    for name in names:
        seen[name] += 1
        wanted = name if counts[name] == 1 else f"{name} {seen[name]}"
        while wanted in taken:
            seen[name] += 1
            wanted = f"{name} {seen[name]}"
        taken[wanted] = None
    return list(taken)


def parts_of(path: str) -> list[str]:
    """The modules of a path, outermost first; none for the empty path."""
    return path.split("/") if path else []


def parent_of(path: str) -> str:
    """The path of the module around `path`."""
    return path.rpartition("/")[0]


def last_part(path: str) -> str:
    """The innermost module of a path."""
    return path.rpartition("/")[2]
