"""Published figures as questions: the one that opens a scenario, and what a question asked for one holds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from cutwise.errors import UnknownNameError
from cutwise.frozen import Frozen
from cutwise.importers import sample_named
from cutwise.papers import Figure, Paper, paper, schemes_of
from cutwise.papers.paper import FOLDER
from cutwise.schemes import baseline_names
from cutwise.stated.stated_question import ModelReference, StatedQuestion


@dataclass(frozen=True, slots=True)
class PublishedFigure(Frozen):
    """A paper and one of its figures."""

    paper: Paper
    figure: Figure


def figure_asked(stated: StatedQuestion) -> PublishedFigure | None:
    """The published figure that a question was opened for; None for none, and about another model."""
    key, _, name = stated.figure.partition("/")
    try:
        found = paper(key)
        figure = found.figure(name)
    except UnknownNameError:
        return None
    model = reference_of(found)
    same = (stated.model.sample, stated.model.digest) == (model.sample, model.digest)
    return PublishedFigure(found, figure) if same else None


def opened(stated: StatedQuestion, found: PublishedFigure, counted: Sequence[str]) -> StatedQuestion:
    """The question of a figure: the paper's model, scheme with options and preset, compared as it compares.

    The baseline is the first of the schemes it is read beside that is one; what was kept stays.
    """
    known = [name for name in counted if name in baseline_names()]
    return replace(
        stated,
        model=reference_of(found.paper),
        scenario=found.paper.at_preset(found.figure.name),
        scheme=found.paper.scheme,
        options=dict(found.paper.options),
        cut="",
        device="",
        baseline=known[0] if known else stated.baseline,
        figure=f"{found.paper.key.lower()}/{found.figure.name}",
    )


def reference_of(found: Paper) -> ModelReference:
    """The paper's model: a shipped one, or the configuration beside its file by digest."""
    if name := sample_named(found.model):
        return ModelReference(sample=name)
    return ModelReference(digest=hashlib.sha256(model_file(found)).hexdigest(), name=found.model)


def model_file(found: Paper) -> bytes:
    """The configuration beside a paper's file."""
    return files("cutwise.assets").joinpath(FOLDER).joinpath(found.model).read_bytes()


def as_published(stated: StatedQuestion, found: PublishedFigure) -> StatedQuestion:
    """The same question before anything of it was changed."""
    return opened(stated, found, ())


def schemes_compared(stated: StatedQuestion) -> tuple[str, ...]:
    """The schemes that the figure of a question is set beside, the paper's first; empty without a figure."""
    found = figure_asked(stated)
    return schemes_of(found.paper, found.figure) if found else ()
