"""Pages in Streamlit's own test harness, opened on a question."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.desk.history import Desk
from cutwise_dashboard.session import DESK

APP = str(Path(__file__).parents[2] / "dashboard" / "app.py")


def opened(stated: StatedQuestion | None = None, page: str = "plan") -> AppTest:
    """The page of this name on this question, the first one if none is given; fails where it raises."""
    app = AppTest.from_file(APP, default_timeout=60)
    app.session_state[DESK] = Desk(history=[stated or StatedQuestion()])
    app.run()
    if page != "plan":
        app.switch_page(f"app_pages/{page}.py").run()
    assert not app.exception, app.exception
    return app


def texts(app: AppTest) -> tuple[str, ...]:
    """Everything in words that the main part shows: figures, sentences, tables."""
    assert not app.exception, app.exception
    found = [f"{metric.label} {metric.value} {metric.delta}" for metric in app.main.metric]
    kinds = (app.main.markdown, app.main.caption, app.main.error, app.main.info, app.main.warning)
    found += [element.value for kind in kinds for element in kind]
    found += [frame.value.to_csv() for frame in app.main.dataframe]
    return tuple(found)
