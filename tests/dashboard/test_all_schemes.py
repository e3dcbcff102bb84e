"""All schemes on the Compare page, in Streamlit's own test harness."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from streamlit.testing.v1 import AppTest

from cutwise.papers import paper
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device, Edge
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard import session
from cutwise_dashboard.desk.history import Desk
from cutwise_dashboard.published import PublishedFigure, opened

APP = str(Path(__file__).parents[2] / "dashboard" / "app.py")
EXPONENT = re.compile(r"\d[eE][+-]?\d")


def compare_page(stated: StatedQuestion, **views: object) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    app.session_state[session.DESK] = Desk(history=[stated])
    for key, value in views.items():
        app.session_state[key] = value
    app.run()
    app.switch_page("app_pages/compare.py").run()
    assert not app.exception, app.exception
    return app


def told(app: AppTest) -> str:
    parts = (app.main.markdown, app.main.caption, app.main.info, app.main.error)
    return " ".join(block.value for part in parts for block in part)


def test_it_says_what_a_third_tier_saves() -> None:
    """Four of eight chains at once: the concurrency is a half."""
    plain = StatedQuestion()
    devices = tuple(Device(name=f"u{i}", samples=64) for i in range(8))
    edges = tuple(Edge(name=f"e{i}") for i in range(4))
    tiers = replace(plain, scenario=replace(plain.scenario, devices=devices, edges=edges))
    app = compare_page(tiers, **{"view.schemes.shown.": "split_llm"})
    assert "4 of 8 models at once (× 0.50)" in told(app)
    assert "Memory by tier" in [heading.value for heading in app.main.subheader]


def test_without_a_kept_question_it_says_how_to_keep_one() -> None:
    assert "Press **Compare** above" in told(compare_page(StatedQuestion()))


def test_a_figure_s_schemes_are_compared_and_the_paper_s_own_is_open() -> None:
    found = PublishedFigure(paper("p1"), paper("p1").figure("least"))
    app = compare_page(opened(StatedQuestion(), found, found.figure.counted))
    chosen = app.main.multiselect[0].value
    assert set(chosen) >= {"fast_split", "best_static", "regression", "device_only"}
    assert "split_learning" not in chosen
    box = next(box for box in app.main.selectbox if box.label == "Scheme opened")
    assert box.value == "fast_split"
    assert "P1, training delay" in told(app)


def test_no_comparison_is_an_exponent_however_slow_a_scheme_is() -> None:
    """A rate of 1 bit/s makes whatever is sent take years."""
    plain = StatedQuestion()
    slow = replace(plain, scenario=changed(plain.scenario, {"channel.uplink_bps": 1.0}))
    assert not EXPONENT.search(told(compare_page(slow)))


def test_opened_on_the_plan_page_a_scheme_keeps_its_options_and_loses_a_pinned_cut() -> None:
    asked = replace(StatedQuestion(), scheme="gsfl", options={"groups": 2}, cut="conv1")
    app = compare_page(asked, **{"view.schemes.shown.": "gsfl"})
    next(one for one in app.main.button if one.label == "Open on the Plan page").click().run()
    desk = app.session_state[session.DESK]
    assert desk.stated == replace(asked, cut="")
    desk.undo({})
    assert desk.stated == asked


def test_another_scheme_opened_on_the_plan_page_is_one_step() -> None:
    app = compare_page(StatedQuestion(), **{"view.schemes.shown.": "federated"})
    next(one for one in app.main.button if one.label == "Open on the Plan page").click().run()
    desk = app.session_state[session.DESK]
    assert desk.stated == replace(StatedQuestion(), scheme="federated")
    assert desk.at == 1
