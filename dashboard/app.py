"""The page's entry: `cutwise serve`, or `streamlit run dashboard/app.py`."""

from __future__ import annotations

import sys
from importlib.resources import files

import streamlit as st

from cutwise_dashboard import page_head, process_memory, session
from cutwise_dashboard.boundary import around, section
from cutwise_dashboard.components import strip
from cutwise_dashboard.executor.run_turns import TURNS

# Sessions are threads of one process, and a page is a hundred messages that the event loop sends in between:
# with Python's own 5 ms, whoever moves a slider beside a busy session waits that long for each turn.
THREAD_TURN_S = 0.0005

ICON = files("cutwise.assets") / "icon.png"


def draw() -> None:
    """The whole page, in the thread of its session."""
    with around("The page"):
        sys.setswitchinterval(THREAD_TURN_S)
        process_memory.give_back()
        st.set_page_config(
            page_title="Cutwise", page_icon=str(ICON), layout="wide", initial_sidebar_state="collapsed"
        )
        with TURNS.turn():
            _draw_in_turn()
        process_memory.set_aside()


def _draw_in_turn() -> None:
    page = st.navigation(
        {
            "": (
                st.Page("app_pages/plan.py", title="Plan", default=True),
                st.Page("app_pages/explore.py", title="Explore"),
                st.Page("app_pages/compare.py", title="Compare"),
                st.Page("app_pages/simulate.py", title="Simulate"),
                st.Page("app_pages/learn.py", title="Learn"),
                st.Page("app_pages/model.py", title="Model", visibility="hidden"),
                st.Page("app_pages/network.py", title="Network", visibility="hidden"),
            ),
            "Evidence": (
                st.Page("app_pages/papers.py", title="Papers"),
                st.Page("app_pages/truth.py", title="Truth"),
            ),
        },
        position="top",
    )
    desk = session.desk()
    session.take(strip.outboxes())
    session.keep_views()
    with section("The question"):
        page_head.show(desk, page.url_path)
    with section("The address"):
        session.write_address(desk)
    if wanted := desk.page_wanted():
        st.switch_page(f"app_pages/{wanted}.py")
    with section("The page"):
        page.run()


if __name__ == "__main__":  # a session runs this file
    draw()
else:  # the server imports it, and finds an application to serve
    from cutwise_dashboard.serving.door import layers_under_streamlit

    app = st.App(__file__, middleware=layers_under_streamlit())
