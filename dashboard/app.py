"""The page's entry: `cutwise serve`, or `streamlit run dashboard/app.py`."""

from __future__ import annotations

import sys
from importlib.resources import files

import streamlit as st

from cutwise_dashboard.controls import PAGE_CHANGED

# Sessions are threads of one process, and a page is a hundred messages that the event loop sends in between:
# with Python's own 5 ms, whoever moves a slider beside a busy session waits that long for each turn.
THREAD_TURN_S = 0.0005

ICON = files("cutwise.assets") / "icon.png"

sys.setswitchinterval(THREAD_TURN_S)
st.set_page_config(page_title="Cutwise", page_icon=str(ICON), layout="wide")
page = st.navigation(
    [
        st.Page("app_pages/plan.py", title="Plan", default=True),
        st.Page("app_pages/schemes.py", title="Schemes"),
        st.Page("app_pages/model.py", title="Model"),
        st.Page("app_pages/fleet.py", title="Fleet"),
        st.Page("app_pages/papers.py", title="Papers"),
    ],
    position="top",
)
st.session_state[PAGE_CHANGED] = st.session_state.get("page.shown") != page.url_path
st.session_state["page.shown"] = page.url_path
page.run()
