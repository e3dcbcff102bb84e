"""What a stated question names that does not exist, or sets outside its bounds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from cutwise.budgets import beyond, most
from cutwise.errors import CutwiseError, ScenarioError, UnknownNameError, key_shown
from cutwise.importers.base import checked_dims, samples
from cutwise.schemes import SCHEMES, baseline_names
from cutwise.schemes.options import scheme_with
from cutwise.stated.shipped_scenarios import shipped_scenarios
from cutwise.stated.stated_question import BEST_BASELINE, ModelReference, StatedQuestion

HALVES = re.compile("[\ud800-\udfff]")
"""Halves of surrogate pairs, which stand alone in no text."""
HEXADECIMAL = re.compile(r"[0-9a-f]{1,64}")


def mistakes_in(stated: StatedQuestion) -> list[str]:
    """One sentence for each mistake, with its path in a question file; none where it can be asked.

    The cut names ops, which only the model itself can check, and the figure is a paper's.

    >>> mistakes_in(StatedQuestion(scheme="gsfl", options={"groups": -1}))
    ['options.groups: -1 is below the smallest value 0']
    """
    return [
        *text_mistakes(stated),
        *model_mistakes(stated.model),
        *_unknown("preset", stated.preset, shipped_scenarios()),
        *_unknown("scheme", stated.scheme, SCHEMES),
        *(_option_mistakes(stated) if stated.scheme in SCHEMES else ()),
        *_unknown("baseline", stated.baseline, ("", BEST_BASELINE, *baseline_names())),
    ]


def text_mistakes(stated: StatedQuestion) -> list[str]:
    """One sentence for each text of the question that is too long, or cannot be written again.

    >>> text_mistakes(StatedQuestion(cut="\\ud800"))
    ['cut: has characters that no file can hold; give it anew']
    """
    given = [
        ("cut", stated.cut), ("device", stated.device), ("figure", stated.figure),
        ("model.name", stated.model.name), *((f"kept.{n}", link) for n, link in enumerate(stated.kept)),
    ]  # fmt: skip
    texts = [(path, text) for path, text in given if isinstance(text, str)]
    found = [
        f"{path}: {beyond('text_characters', len(text))}"
        for path, text in texts
        if len(text) > most("text_characters")
    ]
    found += [
        f"{path}: has characters that no file can hold; give it anew"
        for path, text in texts
        if HALVES.search(text)
    ]
    if len(stated.kept) > most("kept_questions"):
        found.append(f"kept: {beyond('kept_questions', len(stated.kept))}")
    return found


def model_mistakes(model: ModelReference) -> Iterator[str]:
    """One sentence for each thing about a model that names none.

    >>> list(model_mistakes(ModelReference(digest="no")))[0][:30]
    'model.digest: give the SHA-256'
    """
    if model.sample and model.digest:
        yield "model: give a sample, or the digest of a file, not both"
    elif model.sample:
        yield from _unknown("model.sample", model.sample, samples())
    elif not HEXADECIMAL.fullmatch(model.digest):
        yield "model.digest: give the SHA-256 of the model's file in hexadecimal digits, or a sample's name"
    try:
        checked_dims(model.dims)
    except CutwiseError as error:
        yield f"model.{error}"


def _unknown(path: str, name: str, known: Iterable[str]) -> list[str]:
    names, what = tuple(known), path.rpartition(".")[2]
    return [] if name in names else [f"{path}: {UnknownNameError(what, name, filter(None, names))}"]


def _option_mistakes(stated: StatedQuestion) -> list[str]:
    """What is wrong with each option alone, and with all of them together."""
    alone = [
        f"options.{key_shown(name)}: {why}"
        for name, value in stated.options.items()
        for why in _refusal(stated.scheme, {name: value})
    ]
    return alone or [f"options: {why}" for why in _refusal(stated.scheme, stated.options)]


def _refusal(scheme: str, options: Any) -> list[str]:
    try:
        scheme_with(scheme, options)
    except ScenarioError as error:
        names = "|".join(map(re.escape, options))
        return [re.sub(rf"^({re.escape(scheme)}\.)?({names}): ", "", mistake) for mistake in error.mistakes]
    except CutwiseError as error:
        return [str(error)]
    return []
