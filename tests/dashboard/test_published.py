"""A paper's scenario opened as one question, and its banner: numbers from plans made here."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import cutwise
from cutwise.papers import paper, papers
from cutwise.scenario.changes import changed
from cutwise.schemes import SCHEMES
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.models import model_of, read_upload
from cutwise_dashboard.published import (
    PublishedFigure,
    figure_asked,
    model_file,
    opened,
    reference_of,
    schemes_compared,
)
from cutwise_dashboard.views.paper_banner import sentence

FIGURES = [PublishedFigure(one, figure) for one in papers().values() for figure in one.figures]
P1 = PublishedFigure(paper("p1"), paper("p1").figure("least"))


@pytest.mark.parametrize("found", FIGURES, ids=lambda found: f"{found.paper.key}-{found.figure.name}")
def test_a_figure_opens_with_model_scheme_options_scenario_and_baseline(found: PublishedFigure) -> None:
    kept = StatedQuestion(kept=("somewhere",), cut="conv1", device="jetson-nano", baseline="first_layer")
    question = opened(kept, found, found.figure.counted)
    assert (question.scheme, dict(question.options)) == (found.paper.scheme, dict(found.paper.options))
    assert question.scenario == found.paper.at_preset(found.figure.name)
    assert question.figure == f"{found.paper.key.lower()}/{found.figure.name}"
    assert (question.kept, question.cut, question.device) == (("somewhere",), "", "")
    baselines = [name for name in found.figure.counted if SCHEMES[name].is_baseline]
    assert question.baseline == (baselines[0] if baselines else "first_layer")
    assert figure_asked(question) == found
    assert schemes_compared(question)[0] == found.paper.scheme
    assert set(found.figure.counted) <= set(schemes_compared(question))


@pytest.mark.parametrize("key", ["p2", "p3", "p4", "p5"])
def test_the_model_of_a_paper_is_a_shipped_one_or_its_file_by_digest(key: str) -> None:
    reference = reference_of(paper(key))
    if reference.digest:
        assert read_upload(reference.name, model_file(paper(key)))[0] == reference
    model = model_of(reference)
    assert model is not None
    assert model.digest == paper(key).graph().digest


def test_no_figure_stays_with_another_model_and_none_is_made_up() -> None:
    question = opened(StatedQuestion(), P1, ())
    assert figure_asked(replace(question, model=StatedQuestion().model)) is None
    assert figure_asked(replace(question, figure="p9/least")) is None
    assert figure_asked(replace(question, figure="p1/<b>")) is None
    assert schemes_compared(StatedQuestion()) == ()


def saved_percent(uplink_bps: float) -> float:
    """P1's least saving at a rate, from plans of each scheme: one minus its delay over the least of three."""
    graph = paper("p1").graph()
    scenario = changed(paper("p1").reconstructed(), {"channel.uplink_bps": uplink_bps})
    own = cutwise.plan(graph, scenario, "fast_split").delay_s
    rivals = [cutwise.plan(graph, scenario, name) for name in ("best_static", "regression", "device_only")]
    return 100 * min(1 - own / rival.delay_s for rival in rivals if rival.status != "infeasible")


def test_the_banner_says_published_and_ours_of_the_question_as_asked() -> None:
    question = opened(StatedQuestion(), P1, ())
    told = sentence(question, P1)
    assert "P1, training delay, less than its baselines by at least 24.62 %" in told
    assert f"Here {saved_percent(2e8):.4g} % beside one cut for all: met within two points." in told
    assert "Changed" not in told

    slower = replace(question, scenario=changed(question.scenario, {"channel.uplink_bps": 5e7}))
    told = sentence(slower, P1)
    assert f"Here {saved_percent(5e7):.4g} % beside" in told
    assert told.endswith("Changed since opened: Uplink 200 Mbit/s → 50 Mbit/s.")


def test_where_more_is_taken_than_by_the_rival_the_banner_says_so_without_a_minus() -> None:
    worse = replace(opened(StatedQuestion(), P1, ()), scheme="first_layer", options={})
    told = sentence(worse, P1)
    assert "more than with" in told or "× more" in told
    assert "-" not in told.partition("Here")[2].partition("Changed")[0]


def _banner_alone(question) -> None:
    from cutwise_dashboard.views import paper_banner

    paper_banner.show(question)


def test_a_banner_shows_names_from_files_as_they_are() -> None:
    question = opened(StatedQuestion(), P1, ())
    device = replace(question.scenario.devices[0], name="**bold** [x](y)", samples=7)
    odd = replace(
        question, scenario=replace(question.scenario, devices=(device, *question.scenario.devices[1:]))
    )
    app = AppTest.from_function(_banner_alone, kwargs={"question": odd}).run()
    assert not app.exception
    assert "**bold**" not in app.info[0].value
    assert not AppTest.from_function(_banner_alone, kwargs={"question": StatedQuestion()}).run().info
